//! Echoes lines over TCP on `$PORT`, each with `$HOSTNAME` and a space before it if that is set, to many at once; so is
//! what has no end of line when the other side has no more to say.
//!
//! `connect HOST:PORT` connects instead, sends each argument after it as a line, and prints what comes until the end.

use std::env;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use wstd::io::{AsyncRead as _, AsyncWrite as _};
use wstd::iter::AsyncIterator as _;
use wstd::net::TcpListener;

/// Bytes of a line; a longer one is answered in pieces.
const LINE_BYTES_MAX: usize = 8 << 10;

#[insula_sdk::main]
async fn main() -> Result<(), io::Error> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [verb, address, lines @ ..] if verb == "connect" => connect(address, lines),
        _ => listen().await,
    }
}

async fn listen() -> io::Result<()> {
    let port = env::var("PORT").map_err(|error| io::Error::other(format!("PORT: {error}")))?;
    let prefix = env::var("HOSTNAME").map(|name| name + " ").unwrap_or_default();
    let listener = TcpListener::bind(&format!("0.0.0.0:{port}")).await?;
    println!("listening on {}", listener.local_addr()?);
    let mut incoming = listener.incoming();
    while let Some(stream) = incoming.next().await {
        let (stream, prefix) = (stream?, prefix.clone());
        wstd::runtime::spawn(async move {
            if let Err(error) = echo(&stream, &prefix).await {
                eprintln!("a connection ended: {error}");
            }
        })
        .detach();
    }
    Ok(())
}

async fn echo(stream: &wstd::net::TcpStream, prefix: &str) -> io::Result<()> {
    let (mut reader, mut writer) = stream.split();
    let (mut line, mut piece) = (Vec::new(), [0; 1024]);
    loop {
        let length = reader.read(&mut piece).await?;
        line.extend_from_slice(&piece[..length]);
        while let Some(end) = line.iter().position(|byte| *byte == b'\n').map(|at| at + 1).or_else(|| piece_end(&line))
        {
            let rest = line.split_off(end);
            writer.write_all(&[prefix.as_bytes(), &line].concat()).await?;
            line = rest;
        }
        if length == 0 {
            if !line.is_empty() {
                writer.write_all(&[prefix.as_bytes(), &line].concat()).await?;
            }
            return writer.flush().await;
        }
    }
}

/// Where a line is cut that is longer than any should be.
fn piece_end(line: &[u8]) -> Option<usize> {
    (line.len() >= LINE_BYTES_MAX).then_some(LINE_BYTES_MAX)
}

fn connect(address: &str, lines: &[String]) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    for line in lines {
        writeln!(stream, "{line}")?;
    }
    stream.shutdown(Shutdown::Write)?;
    let (mut stdout, mut piece) = (io::stdout(), [0; 1024]);
    loop {
        match stream.read(&mut piece)? {
            0 => return stdout.flush(),
            length => stdout.write_all(&piece[..length])?,
        }
        stdout.flush()?;
    }
}
