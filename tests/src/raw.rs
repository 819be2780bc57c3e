//! A load generator that costs little beside what it measures: raw HTTP/1.1 on kept connections.
//!
//! It understands just enough of a response (RFC 9112) to know that it is whole and was 200.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What came back.
#[derive(Debug, Default)]
pub struct Report {
    /// Answers with 200.
    pub ok: u64,
    /// Everything else.
    pub failed: u64,
    elapsed: Duration,
    latencies_micros: Vec<u32>,
}

impl Report {
    /// Good answers a second.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of a bench are far below 2^52")]
    pub fn rate(&self) -> f64 {
        self.ok as f64 / self.elapsed.as_secs_f64()
    }

    /// A quantile of the latency.
    #[must_use]
    pub fn quantile(&self, percent: usize) -> Duration {
        let at = (self.latencies_micros.len() * percent / 100).min(self.latencies_micros.len().saturating_sub(1));
        Duration::from_micros(u64::from(self.latencies_micros.get(at).copied().unwrap_or(0)))
    }
}

/// Sends `GET /` on so many connections for so long.
pub async fn run(addr: SocketAddr, connections: usize, duration: Duration) -> Report {
    let begin = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        workers.spawn(work(addr, begin + duration));
    }
    let mut report = Report::default();
    while let Some(done) = workers.join_next().await {
        let done = done.unwrap_or_else(|_| Report { failed: 1, ..Report::default() });
        report.ok += done.ok;
        report.failed += done.failed;
        report.latencies_micros.extend(done.latencies_micros);
    }
    report.latencies_micros.sort_unstable();
    report.elapsed = begin.elapsed();
    report
}

async fn work(addr: SocketAddr, end: Instant) -> Report {
    let mut report = Report::default();
    let request = format!("GET / HTTP/1.1\r\nhost: {addr}\r\n\r\n");
    let Ok(mut stream) = TcpStream::connect(addr).await else { return Report { failed: 1, ..report } };
    drop(stream.set_nodelay(true));
    let mut buffer = Vec::with_capacity(4096);
    while Instant::now() < end {
        let begin = Instant::now();
        match ask(&mut stream, request.as_bytes(), &mut buffer).await {
            Ok(true) => {
                report.ok += 1;
                report.latencies_micros.push(u32::try_from(begin.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            Ok(false) => report.failed += 1,
            Err(_) => return Report { failed: report.failed + 1, ..report },
        }
    }
    report
}

async fn ask(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> std::io::Result<bool> {
    stream.write_all(request).await?;
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if is_whole(buffer) {
            return Ok(buffer.starts_with(b"HTTP/1.1 200"));
        }
    }
}

fn is_whole(buffer: &[u8]) -> bool {
    let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4) else { return false };
    let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")).and_then(|n| n.trim().parse().ok());
    match length {
        Some(length) => buffer.len() - head >= length,
        None => buffer.ends_with(b"0\r\n\r\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_whole_with_its_last_byte() {
        let sized = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        assert!(is_whole(sized) && !is_whole(&sized[..sized.len() - 1]));
        let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
        assert!(is_whole(chunked) && !is_whole(&chunked[..chunked.len() - 1]));
    }
}
