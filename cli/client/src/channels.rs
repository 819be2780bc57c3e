//! The channels of a session with a container: one byte before each message says which it belongs to (KEP-4006).

use anyhow::{Result, bail};
use futures::{SinkExt, Stream, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_tungstenite::tungstenite::Message;

use crate::say;
use crate::value::{items, text};

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
/// A `Status` that says how the command ended.
const ERROR: u8 = 3;
/// Ends another channel; since version 5.
const CLOSE: u8 = 255;
/// Bytes of one message.
const CHUNK_BYTES: usize = 32 << 10;

/// What came from the other side.
#[derive(Debug, PartialEq)]
enum Came<'a> {
    Out(&'a [u8]),
    Err(&'a [u8]),
    /// The session's end: the exit code.
    Ended(u8),
    Nothing,
}

/// Reads a message.
///
/// # Errors
/// The session ended with something else than an exit code: a refusal, a lost container.
fn read(message: &[u8]) -> Result<Came<'_>> {
    let Some((channel, data)) = message.split_first() else { return Ok(Came::Nothing) };
    match *channel {
        STDOUT => Ok(Came::Out(data)),
        STDERR => Ok(Came::Err(data)),
        ERROR => ended(&serde_json::from_slice(data).unwrap_or_default()).map(Came::Ended),
        _ => Ok(Came::Nothing),
    }
}

/// The exit code in a `Status`.
fn ended(status: &Value) -> Result<u8> {
    if text(status, "/status") == "Success" {
        return Ok(0);
    }
    let code = items(status, "/details/causes").find(|cause| text(cause, "/reason") == "ExitCode");
    match code.and_then(|cause| text(cause, "/message").parse::<i64>().ok()) {
        // Shells know codes up to 255.
        Some(code) => Ok(u8::try_from(code).unwrap_or(u8::MAX)),
        None => bail!(
            "{}",
            if text(status, "/message").is_empty() { "the session ended" } else { text(status, "/message") }
        ),
    }
}

/// Joins an input and `out` to a session, until it ends; returns the exit code. The command's errors go to ours.
///
/// # Errors
/// The connection or the session broke off.
pub(crate) async fn run(
    connection: kube::client::Connection,
    input: Option<impl AsyncRead + Unpin>,
    mut out: impl FnMut(&[u8]) -> Result<()>,
) -> Result<u8> {
    let can_close = connection.supports_stream_close();
    let (mut sink, mut stream) = connection.into_stream().split();
    let send = async {
        let Some(mut input) = input else { return std::future::pending().await };
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let read = input.read(&mut buffer).await?;
            let message = match (read, can_close) {
                (0, true) => vec![CLOSE, STDIN],
                (0, false) => return std::future::pending().await,
                (read, _) => [&[STDIN], &buffer[..read]].concat(),
            };
            sink.send(Message::Binary(message.into())).await?;
            if read == 0 {
                return std::future::pending::<Result<u8>>().await;
            }
        }
    };
    tokio::select! {
        sent = send => sent,
        received = receive(&mut stream, &mut out) => received,
    }
}

async fn receive<E>(
    stream: &mut (impl Stream<Item = Result<Message, E>> + Unpin),
    out: &mut impl FnMut(&[u8]) -> Result<()>,
) -> Result<u8>
where
    E: std::error::Error + Send + Sync + 'static,
{
    while let Some(message) = stream.next().await {
        let Message::Binary(data) = message? else { continue };
        match read(&data)? {
            Came::Out(bytes) => out(bytes)?,
            Came::Err(bytes) => say::raw_error(bytes)?,
            Came::Ended(code) => return Ok(code),
            Came::Nothing => {}
        }
    }
    bail!("the session broke off before the command had ended")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_says_what_a_message_is() {
        assert_eq!(read(b"\x01out").expect("reads"), Came::Out(b"out"));
        assert_eq!(read(b"\x02err").expect("reads"), Came::Err(b"err"));
        assert_eq!(read(b"").expect("reads"), Came::Nothing);
        assert_eq!(read(b"\x03{\"status\":\"Success\"}").expect("reads"), Came::Ended(0));
        let failed = br#"{"status":"Failure","details":{"causes":[{"reason":"ExitCode","message":"7"}]}}"#;
        assert_eq!(read(&[b"\x03", failed.as_slice()].concat()).expect("reads"), Came::Ended(7));
        let refused = b"\x03{\"status\":\"Failure\",\"message\":\"no shell\"}";
        assert_eq!(read(refused).expect_err("refused").to_string(), "no shell");
    }
}
