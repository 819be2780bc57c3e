//! The log of one container, printed as it comes.

use anyhow::{Result, bail};
use http::Request;
use http_body_util::BodyExt;

use crate::client::Client;
use crate::{Refusal, say};

/// A line this long is printed in pieces.
const LINE_BYTES_MAX: usize = 1 << 20;

/// Prints what `GET path` streams, each line behind `prefix`, until it ends.
///
/// # Errors
/// The cluster refuses, the log breaks off, or standard output cannot be written.
pub async fn print(client: &Client, path: &str, prefix: Option<&str>) -> Result<()> {
    let response = client.open(Request::get(path).body(Vec::new())?).await?;
    let status = response.status();
    let mut body = response.into_body();
    if !status.is_success() {
        let body = body.collect().await.map_err(|e| anyhow::anyhow!("{e}"))?.to_bytes();
        bail!(Refusal::parse(status, &body));
    }
    let mut rest = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|e| anyhow::anyhow!("the log broke off: {e}"))?.into_data() else { continue };
        rest.extend_from_slice(&data);
        let whole = rest.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let end = if rest.len() - whole > LINE_BYTES_MAX { rest.len() } else { whole };
        say::raw(&lines(&rest[..end], prefix))?;
        rest.drain(..end);
    }
    say::raw(&lines(&rest, prefix))
}

/// The lines with whose they are.
fn lines(bytes: &[u8], prefix: Option<&str>) -> Vec<u8> {
    let Some(prefix) = prefix else { return bytes.to_vec() };
    let of = |line: &[u8]| [prefix.as_bytes(), line].concat();
    bytes.split_inclusive(|&byte| byte == b'\n').flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_says_whose_it_is() {
        assert_eq!(lines(b"a\nb\n", Some("[p] ")), b"[p] a\n[p] b\n");
        assert_eq!(lines(b"a\nb", None), b"a\nb");
        assert_eq!(lines(b"", Some("[p] ")), b"");
    }
}
