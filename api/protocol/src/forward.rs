//! One connection into a Pod, carried by one call: the same at both ends of it.
//!
//! HTTP/2's own windows slow either side down; nothing is kept here but the piece that is under way.

use prost::bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt};
use tonic::Status;

use crate::v1::ForwardChunk;

/// Bytes of one chunk: what a socket gives at a time.
const PIECE_BYTES: usize = 16 << 10;

/// Carries bytes between `io` and a call until both directions have ended.
///
/// # Errors
/// Why it ended before that: what the other end says, or that the call or `io` broke. The other end is told of the
/// latter.
pub async fn carry(
    io: impl AsyncRead + AsyncWrite,
    mut chunks: impl Stream<Item = Result<ForwardChunk, Status>> + Unpin,
    call: mpsc::Sender<ForwardChunk>,
) -> Result<(), String> {
    let (mut reader, mut writer) = tokio::io::split(io);
    let out = async {
        let mut buffer = vec![0; PIECE_BYTES];
        loop {
            let chunk = match reader.read(&mut buffer).await {
                Ok(0) => ForwardChunk { end: true, ..ForwardChunk::default() },
                Ok(read) => {
                    let bytes = Bytes::copy_from_slice(buffer.get(..read).unwrap_or_default());
                    ForwardChunk { bytes, ..ForwardChunk::default() }
                }
                Err(error) => ForwardChunk { error: error.to_string(), ..ForwardChunk::default() },
            };
            let (is_end, error) = (chunk.end, chunk.error.clone());
            if call.send(chunk).await.is_err() {
                return Err("the call has ended".to_owned());
            }
            if !error.is_empty() {
                return Err(error);
            }
            if is_end {
                return Ok(());
            }
        }
    };
    let back = async {
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|status| format!("the call broke off: {}", status.message()))?;
            if !chunk.error.is_empty() {
                return Err(chunk.error);
            }
            // One that takes nothing more may still have something to say.
            let taken = writer.write_all(&chunk.bytes).await;
            if taken.is_err() {
                return Ok(());
            }
            if chunk.end {
                drop(writer.shutdown().await);
                return Ok(());
            }
        }
        Err("the other end broke off".to_owned())
    };
    tokio::try_join!(out, back).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_stream::wrappers::ReceiverStream;

    fn chunks(receiver: mpsc::Receiver<ForwardChunk>) -> impl Stream<Item = Result<ForwardChunk, Status>> + Unpin {
        ReceiverStream::new(receiver).map(Ok)
    }

    #[tokio::test]
    async fn both_directions_end_on_their_own() {
        let ((near, far), (to_far, at_far)) = (tokio::io::duplex(64), mpsc::channel(1));
        let (to_near, at_near) = mpsc::channel(1);
        let (mut client, client_end) = tokio::io::duplex(64);
        let one = tokio::spawn(carry(client_end, chunks(at_near), to_far));
        let two = tokio::spawn(carry(near, chunks(at_far), to_near));
        let pod = tokio::spawn(async move {
            let (mut far, mut asked) = (far, String::new());
            far.read_to_string(&mut asked).await.expect("reads to the end");
            far.write_all(asked.to_uppercase().as_bytes()).await.expect("writes");
        });
        client.write_all(&[b'x'; 1000]).await.expect("writes");
        client.shutdown().await.expect("ends its side");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("hears the answer after its own end");
        assert_eq!(answer, "X".repeat(1000));
        pod.await.expect("ends");
        assert_eq!((one.await.expect("ends"), two.await.expect("ends")), (Ok(()), Ok(())));
    }

    #[tokio::test]
    async fn what_the_other_end_says_is_why_it_ended() {
        let ((_client, io), (sender, receiver)) = (tokio::io::duplex(64), mpsc::channel(2));
        let error = ForwardChunk { error: "the Pod is gone".to_owned(), ..ForwardChunk::default() };
        sender.send(error).await.expect("is open");
        let (out, _heard) = mpsc::channel(1);
        assert_eq!(carry(io, chunks(receiver), out).await, Err("the Pod is gone".to_owned()));
        let ((_client, io), (sender, receiver)) = (tokio::io::duplex(64), mpsc::channel(2));
        drop(sender);
        let (out, _heard) = mpsc::channel(1);
        assert_eq!(carry(io, chunks(receiver), out).await, Err("the other end broke off".to_owned()));
    }
}
