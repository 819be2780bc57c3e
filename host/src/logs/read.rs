//! Reading a container's log: the end of it, since a time, up to so many bytes, and on as it grows.
//!
//! Files are read on a thread for blocking work and handed over in bounded chunks, so that a reader who is
//! slow holds up only himself. Following is push: the writer rings, nobody looks every second.
//!
//! Files get other names while they are read. So they are opened newest first, because names only move to older
//! files, and what is open is known by its inode, which nobody else has as long as it is open (C48).

use std::collections::BTreeSet;
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
/// The files of one run of a container, newest first.
const CURRENT: [&str; 2] = ["0.log", "1.log"];
/// The files of the run before it.
const PREVIOUS: [&str; 2] = ["previous.log", "previous.1.log"];

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

/// Where reading goes on: in a file that stays open, so that what it holds can be read whatever becomes of its name.
struct Cursor {
    directory: PathBuf,
    current: Option<(File, u64)>,
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
        let names = if self.output.options.previous { PREVIOUS } else { CURRENT };
        let mut files = self.files(&names)?;
        let starts = starts(&mut files, self.output.options.tail_lines)?;
        for (file, start) in files.into_iter().zip(starts) {
            if !self.read(file, start)? {
                return Ok(false);
            }
        }
        self.output.flush()
    }

    fn files(&self, newest_first: &[&str]) -> io::Result<Vec<File>> {
        oldest_first(newest_first, |name| open(&self.directory.join(name)))
    }

    /// Reads a file from an offset to its end, and stays there; false once nothing more is wanted.
    fn read(&mut self, mut file: File, start: u64) -> io::Result<bool> {
        file.seek(SeekFrom::Start(start))?;
        let read = self.output.lines(&mut file)?;
        self.current = Some((file, start + read));
        Ok(!self.output.is_done())
    }

    /// Reads what was added: the rest of the file it was in, whatever its name is now, and those after it.
    fn go_on(&mut self) -> io::Result<bool> {
        for (file, start) in self.rest()? {
            if !self.read(file, start)? {
                return Ok(false);
            }
        }
        self.output.flush()
    }

    /// The file it was in, from where it stood, and those that are newer.
    fn rest(&mut self) -> io::Result<Vec<(File, u64)>> {
        let from_start = |files: Vec<File>| files.into_iter().map(|file| (file, 0));
        let Some((current, at)) = self.current.take() else {
            // Nothing was printed before: what there is now is of this run.
            return Ok(from_start(self.files(&CURRENT)?).collect());
        };
        let inode = current.metadata()?.ino();
        let mut files = self.files(&[CURRENT, PREVIOUS].concat())?;
        let mut place = None;
        for (index, file) in files.iter().enumerate() {
            if file.metadata()?.ino() == inode {
                place = Some(index);
            }
        }
        let newer = match place {
            Some(index) => files.split_off(index + 1),
            // Its name is gone, and so everything that is left of this run came after it.
            None => self.files(&CURRENT)?,
        };
        Ok(std::iter::once((current, at)).chain(from_start(newer)).collect())
    }
}

/// Opens files by name from the newest to the oldest, and returns each once, oldest first.
///
/// A file that is renamed meanwhile is found a second time under its older name, and never missed.
fn oldest_first(
    newest_first: &[&str],
    mut open: impl FnMut(&str) -> io::Result<Option<File>>,
) -> io::Result<Vec<File>> {
    let mut opened = Vec::new();
    for name in newest_first {
        opened.extend(open(name)?);
    }
    let (mut files, mut seen) = (Vec::new(), BTreeSet::new());
    for file in opened.into_iter().rev() {
        if seen.insert(file.metadata()?.ino()) {
            files.push(file);
        }
    }
    Ok(files)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A container's directory, and what someone who follows it has read.
    struct Bench {
        dir: tempfile::TempDir,
        cursor: Cursor,
        chunks: mpsc::Receiver<io::Result<Bytes>>,
    }

    impl Bench {
        fn new() -> Self {
            let dir = tempfile::tempdir().expect("makes a directory");
            let (sender, chunks) = mpsc::channel(CHUNKS_WAITING_MAX);
            let output = Output { options: Options::default(), left: u64::MAX, chunk: Vec::new(), sender };
            let cursor = Cursor { directory: dir.path().to_owned(), current: None, output };
            Self { dir, cursor, chunks }
        }

        fn print(&self, line: &str) {
            let mut file = File::options().append(true).create(true).open(self.path("0.log")).expect("opens");
            io::Write::write_all(&mut file, format!("t stdout {line}\n").as_bytes()).expect("writes");
        }

        fn path(&self, name: &str) -> PathBuf {
            self.dir.path().join(name)
        }

        fn rename(&self, from: &str, to: &str) {
            fs::rename(self.path(from), self.path(to)).expect("renames");
        }

        fn rotate(&self) {
            self.rename("0.log", "1.log");
        }

        fn read(&mut self, read: impl FnOnce(&mut Cursor) -> io::Result<bool>) -> String {
            assert!(read(&mut self.cursor).expect("reads"), "goes on");
            let chunk = self.chunks.try_recv().map(|chunk| chunk.expect("reads").to_vec()).unwrap_or_default();
            String::from_utf8(chunk).expect("is UTF-8").replace('\n', " ")
        }
    }

    // C48
    #[test]
    fn a_rotation_between_two_opens_loses_nothing() {
        let bench = Bench::new();
        bench.print("old");
        bench.rotate();
        bench.print("one");
        let mut opened = 0;
        let files = oldest_first(&CURRENT, |name| {
            let file = open(&bench.path(name));
            opened += 1;
            if opened == 1 {
                bench.rotate();
                bench.print("two");
            }
            file
        });
        let mut files = files.expect("opens");
        let texts: Vec<String> = files.iter_mut().map(|file| io::read_to_string(file).expect("reads")).collect();
        assert_eq!(texts, ["t stdout one\n"], "once, and the one after it comes with the next ring");
    }

    // C48
    #[test]
    fn a_follower_two_rotations_behind_reads_every_line() {
        let mut bench = Bench::new();
        bench.print("one");
        assert_eq!(bench.read(Cursor::begin), "one ");
        bench.print("two");
        bench.rotate();
        bench.print("three");
        bench.rotate();
        bench.print("four");
        assert_eq!(bench.read(Cursor::go_on), "two three four ");
        bench.print("five");
        assert_eq!(bench.read(Cursor::go_on), "five ");
    }

    // C48
    #[test]
    fn a_follower_goes_on_over_rotation_and_restart() {
        let mut bench = Bench::new();
        bench.print("one");
        bench.rotate();
        bench.print("two");
        assert_eq!(bench.read(Cursor::begin), "one two ");
        bench.print("three");
        bench.rename("1.log", "previous.1.log");
        bench.rename("0.log", "previous.log");
        bench.print("four");
        bench.rotate();
        bench.print("five");
        assert_eq!(bench.read(Cursor::go_on), "three four five ");
    }

    // C48
    #[test]
    fn what_was_printed_before_a_restart_is_not_read_as_if_it_were_new() {
        let mut bench = Bench::new();
        bench.print("before");
        bench.rename("0.log", "previous.log");
        assert_eq!(bench.read(Cursor::begin), "");
        bench.print("after");
        assert_eq!(bench.read(Cursor::go_on), "after ");
    }
}
