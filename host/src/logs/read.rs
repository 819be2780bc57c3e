//! Reading a container's log: the end of it, since a time, up to so many bytes, and on as it grows.
//!
//! Files are read on a thread for blocking work and handed over in bounded chunks, so that a reader who is
//! slow holds up only himself. Following is push: the writer rings, nobody looks every second.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use jiff::Timestamp;
use protocol::CHUNK_BYTES;
use tokio::sync::{mpsc, watch};

use super::line::Line;

/// Chunks that wait for a slow reader.
const CHUNKS_WAITING_MAX: usize = 4;

/// What is to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) follow: bool,
    pub(crate) previous: bool,
    pub(crate) timestamps: bool,
    pub(crate) tail_lines: Option<u64>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) limit_bytes: Option<u64>,
}

/// A log being read; dropping it ends the reading.
pub(crate) struct Reading {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
}

impl Reading {
    pub(crate) fn start(directory: PathBuf, bell: Option<watch::Receiver<u64>>, options: Options) -> Self {
        let (sender, chunks) = mpsc::channel(CHUNKS_WAITING_MAX);
        tokio::spawn(run(directory, bell, options, sender));
        Self { chunks }
    }

    /// The next chunk; none at the end.
    pub(crate) async fn next(&mut self) -> Option<io::Result<Bytes>> {
        self.chunks.recv().await
    }
}

/// Where reading goes on: files by inode, because a file that is full gets another name.
struct Cursor {
    directory: PathBuf,
    current: Option<(u64, u64)>,
    output: Output,
}

struct Output {
    options: Options,
    left: u64,
    chunk: Vec<u8>,
    sender: mpsc::Sender<io::Result<Bytes>>,
}

async fn run(
    directory: PathBuf,
    mut bell: Option<watch::Receiver<u64>>,
    options: Options,
    sender: mpsc::Sender<io::Result<Bytes>>,
) {
    let left = options.limit_bytes.unwrap_or(u64::MAX);
    let output = Output { options, left, chunk: Vec::new(), sender: sender.clone() };
    let mut cursor = Cursor { directory, current: None, output };
    let mut first = true;
    loop {
        if let Some(bell) = &mut bell {
            bell.mark_unchanged();
        }
        let read = tokio::task::spawn_blocking(move || {
            let more = if first { cursor.begin() } else { cursor.go_on() };
            (cursor, more)
        });
        let Ok((back, more)) = read.await else { return };
        cursor = back;
        first = false;
        match more {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                // The receiver may be gone, which is as good an end.
                drop(sender.send(Err(error)).await);
                return;
            }
        }
        let Some(bell) = &mut bell else { return };
        tokio::select! {
            rung = bell.changed() => if rung.is_err() { return },
            () = sender.closed() => return,
        }
    }
}

impl Cursor {
    /// Reads what is there; false once nothing more is wanted.
    fn begin(&mut self) -> io::Result<bool> {
        let names: [&str; 2] =
            if self.output.options.previous { ["previous.1.log", "previous.log"] } else { ["1.log", "0.log"] };
        let mut files = Vec::new();
        for name in names {
            match File::open(self.directory.join(name)) {
                Ok(file) => files.push(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        // A file may have been renamed between the two opens; the same one is not read twice.
        files.dedup_by_key(|file| file.metadata().map(|m| m.ino()).unwrap_or_default());
        let starts = starts(&mut files, self.output.options.tail_lines)?;
        for (file, start) in files.iter_mut().zip(starts) {
            file.seek(SeekFrom::Start(start))?;
            let read = self.output.lines(file)?;
            self.current = Some((file.metadata()?.ino(), start + read));
            if self.output.is_done() {
                return Ok(false);
            }
        }
        self.output.flush()
    }

    /// Reads what was added: the rest of the file it was in, whatever its name is now, and those after it.
    fn go_on(&mut self) -> io::Result<bool> {
        let mut skip = self.current.is_some();
        let mut found = Vec::new();
        for name in ["previous.1.log", "previous.log", "1.log", "0.log"] {
            let Some(file) = open(&self.directory.join(name))? else { continue };
            let inode = file.metadata()?.ino();
            if self.current.is_some_and(|(current, _)| current == inode) {
                skip = false;
                found.clear();
            }
            found.push((inode, file));
        }
        if skip {
            // The file it was in is gone: go on with the newest, nothing older is left.
            found = found.split_off(found.len().saturating_sub(1));
        }
        for (inode, mut file) in found {
            let start = self.current.filter(|(current, _)| *current == inode).map_or(0, |(_, at)| at);
            file.seek(SeekFrom::Start(start))?;
            let read = self.output.lines(&mut file)?;
            self.current = Some((inode, start + read));
            if self.output.is_done() {
                return Ok(false);
            }
        }
        self.output.flush()
    }
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where to begin in each file so that the last `tail` lines are read.
fn starts(files: &mut [File], tail: Option<u64>) -> io::Result<Vec<u64>> {
    let mut starts = vec![0; files.len()];
    let Some(mut wanted) = tail else { return Ok(starts) };
    for (file, start) in files.iter_mut().zip(&mut starts).rev() {
        let (at, found) = last_lines(file, wanted)?;
        *start = at;
        wanted -= found;
    }
    Ok(starts)
}

/// The offset of the last `wanted` lines of a file and how many there are, read from its end.
fn last_lines(file: &mut File, wanted: u64) -> io::Result<(u64, u64)> {
    let end = file.metadata()?.len();
    let (mut at, mut seen) = (end, 0);
    let mut block = vec![0; CHUNK_BYTES];
    while at > 0 {
        let size = usize::try_from(at).unwrap_or(usize::MAX).min(CHUNK_BYTES);
        at -= size as u64;
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut block[..size])?;
        for (index, _) in block[..size].iter().enumerate().rev().filter(|(_, c)| **c == b'\n') {
            let line_start = at + index as u64 + 1;
            if line_start == end {
                if wanted == 0 {
                    return Ok((end, 0));
                }
                continue;
            }
            seen += 1;
            if seen == wanted {
                return Ok((line_start, seen));
            }
        }
    }
    // The first line has no end before it.
    if end > 0 && wanted > 0 { Ok((0, seen + 1)) } else { Ok((end, 0)) }
}

impl Output {
    /// Hands on the whole lines from where the file stands; returns the bytes they had.
    fn lines(&mut self, file: &mut File) -> io::Result<u64> {
        let (mut reader, mut read, mut line) = (BufReader::new(file), 0, Vec::new());
        loop {
            line.clear();
            let bytes = reader.read_until(b'\n', &mut line)?;
            if bytes == 0 || line.last() != Some(&b'\n') {
                return Ok(read);
            }
            read += bytes as u64;
            line.pop();
            self.line(&String::from_utf8_lossy(&line))?;
            if self.is_done() {
                return Ok(read);
            }
        }
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        let line = Line::parse(text);
        if self.options.since.is_some_and(|since| !line.is_since(since)) {
            return Ok(());
        }
        let stamp = if self.options.timestamps { [line.time, " "] } else { ["", ""] };
        for part in [stamp[0], stamp[1], line.text, "\n"] {
            let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(part.len());
            self.chunk.extend_from_slice(&part.as_bytes()[..room]);
            self.left -= room as u64;
        }
        if self.chunk.len() >= CHUNK_BYTES || self.left == 0 {
            self.flush()?;
        }
        Ok(())
    }

    /// Hands on what is there; false if nobody takes it any more.
    fn flush(&mut self) -> io::Result<bool> {
        if self.chunk.is_empty() {
            return Ok(!self.sender.is_closed());
        }
        let chunk = Bytes::from(std::mem::take(&mut self.chunk));
        Ok(self.sender.blocking_send(Ok(chunk)).is_ok())
    }

    fn is_done(&self) -> bool {
        self.left == 0 || self.sender.is_closed()
    }
}
