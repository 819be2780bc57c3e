//! The one thread that writes logs.
//!
//! It wakes for output and sleeps otherwise; a line that was begun and not ended is written when its container
//! has been silent for a moment, whatever others print meanwhile. A file that is full becomes `1.log` and a new one begins; every line is in exactly
//! one of them (C48).

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::line::{Splitter, stamp};
use super::{Followed, Message, Place, Sink, Stream, directory};
use crate::files;

/// Size of one file. Two of them, and two of before the last restart, bound a container at 16 MiB.
pub(crate) const FILE_BYTES_MAX: u64 = 4 << 20;
/// Files kept open; a container that prints again later is opened again.
const OPEN_MAX: usize = 64;
/// Silence after which a line without an end is written.
const SILENCE: Duration = Duration::from_millis(100);
/// What one container may write in a second, and how much of it at once: a guest that prints without end must
/// not wear out the disk or hide what its neighbours print.
const BYTES_PER_SECOND: u64 = 1 << 20;
const BURST_BYTES: u64 = 8 << 20;

pub(crate) struct Writer {
    root: PathBuf,
    followed: Followed,
    open: HashMap<Place, Open>,
    clock: u64,
}

struct Open {
    file: File,
    bytes: u64,
    used: u64,
    splitters: [Splitter; 2],
    /// When something was last printed.
    printed: Instant,
    budget: Budget,
    dropped: u64,
}

/// A token bucket in bytes.
struct Budget {
    left: u64,
    at: Instant,
}

impl Budget {
    fn take(&mut self, bytes: u64, now: Instant) -> bool {
        let millis = u64::try_from(now.duration_since(self.at).as_millis()).unwrap_or(u64::MAX);
        let earned = millis.saturating_mul(BYTES_PER_SECOND / 1000);
        if earned > 0 {
            self.left = self.left.saturating_add(earned).min(BURST_BYTES);
            self.at = now;
        }
        let fits = bytes <= self.left;
        if fits {
            self.left -= bytes;
        }
        fits
    }
}

impl Writer {
    pub(crate) fn new(root: PathBuf, followed: Followed) -> Self {
        Self { root, followed, open: HashMap::new(), clock: 0 }
    }

    /// Writes until nobody can send any more.
    pub(crate) fn run(mut self, messages: &Receiver<Message>) {
        loop {
            let next = match self.flush_silent(Instant::now()) {
                Some(wait) => messages.recv_timeout(wait),
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match next {
                Ok(message) => self.take(message, Instant::now()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.flush(|_| true);
    }

    /// Writes unfinished lines of containers that have been silent for long enough; returns how long the next of them
    /// may stay silent, if there is one.
    fn flush_silent(&mut self, now: Instant) -> Option<Duration> {
        let silence = |open: &Open| now.saturating_duration_since(open.printed);
        self.flush(|open| silence(open) >= SILENCE);
        let unfinished = self.open.values().filter(|open| open.has_partial());
        unfinished.map(|open| SILENCE.saturating_sub(silence(open))).min()
    }

    fn take(&mut self, message: Message, now: Instant) {
        match message {
            Message::Output { sink, stream, bytes } => {
                sink.written(bytes.len());
                if let Err(error) = self.output(&sink, stream, &bytes, now) {
                    // Said once per opening: the file is closed, and its lines are counted as dropped.
                    tracing::warn!(uid = %sink.place.uid, container = %sink.place.container, %error, "output is lost");
                    self.open.remove(&sink.place);
                    sink.dropped_bytes.fetch_add(bytes.len() as u64, std::sync::atomic::Ordering::Relaxed);
                }
            }
            Message::Restarted(place) => self.restarted(&place),
            Message::Removed(uid) => self.removed(&uid),
            Message::Flush(done) => {
                self.flush(|_| true);
                if done.try_send(()).is_err() {
                    tracing::trace!("nobody waits for the flush any more");
                }
            }
        }
    }

    fn output(&mut self, sink: &Arc<Sink>, stream: Stream, bytes: &[u8], at: Instant) -> io::Result<()> {
        let now = Timestamp::now();
        let directory = directory(&self.root, &sink.place);
        let open = self.opened(&sink.place, &directory)?;
        open.dropped += sink.take_dropped();
        open.printed = at;
        let mut out = Vec::new();
        if !open.budget.take(bytes.len() as u64, at) {
            open.dropped += bytes.len() as u64;
            return Ok(());
        }
        if open.dropped > 0 {
            let text = format!("insula: {} bytes of output were dropped here: too much at once", open.dropped);
            stamp(&mut out, now, "stderr", text.as_bytes());
            open.dropped = 0;
        }
        let (index, name) = stream_name(stream);
        open.splitters[index].push(bytes, |line| stamp(&mut out, now, name, line));
        open.append(&directory, &out)?;
        if !out.is_empty() {
            ring(&self.followed, &sink.place);
        }
        Ok(())
    }

    /// The open file of a container; the one unused for longest is closed for it if there are too many.
    fn opened(&mut self, place: &Place, directory: &Path) -> io::Result<&mut Open> {
        self.clock += 1;
        if !self.open.contains_key(place) && self.open.len() >= OPEN_MAX {
            let oldest = self.open.iter().min_by_key(|(_, open)| open.used).map(|(place, _)| place.clone());
            if let Some(oldest) = oldest {
                self.close(&oldest);
            }
        }
        let clock = self.clock;
        let open = match self.open.entry(place.clone()) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => entry.insert(Open::at(directory)?),
        };
        open.used = clock;
        Ok(open)
    }

    fn close(&mut self, place: &Place) {
        if let Some(mut open) = self.open.remove(place) {
            open.flush(&directory(&self.root, place));
            ring(&self.followed, place);
        }
    }

    fn flush(&mut self, which: impl Fn(&Open) -> bool) {
        for (place, open) in self.open.iter_mut().filter(|(_, open)| open.has_partial() && which(open)) {
            open.flush(&directory(&self.root, place));
            ring(&self.followed, place);
        }
    }

    fn restarted(&mut self, place: &Place) {
        self.close(place);
        let directory = directory(&self.root, place);
        for (from, to) in [("1.log", "previous.1.log"), ("0.log", "previous.log")] {
            let (from, to) = (directory.join(from), directory.join(to));
            let moved = if from.exists() { fs::rename(&from, &to) } else { remove_file(&to) };
            if let Err(error) = moved {
                tracing::warn!(path = %to.display(), %error, "the previous log is not kept");
            }
        }
        ring(&self.followed, place);
    }

    fn removed(&mut self, uid: &str) {
        self.open.retain(|place, _| &*place.uid != uid);
        let place = Place { uid: uid.into(), container: "".into() };
        match fs::remove_dir_all(directory(&self.root, &place)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(uid, %error, "the logs of a Pod that is gone stay behind");
            }
            _ => {}
        }
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        followed.retain(|place, _| &*place.uid != uid);
    }
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn stream_name(stream: Stream) -> (usize, &'static str) {
    match stream {
        Stream::Stdout => (0, "stdout"),
        Stream::Stderr => (1, "stderr"),
    }
}

fn ring(followed: &Followed, place: &Place) {
    let followed = followed.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(bell) = followed.get(place) {
        bell.send_modify(|rung| *rung += 1);
    }
}

impl Open {
    fn at(directory: &Path) -> io::Result<Self> {
        files::private_dir(directory)?;
        let file = append_to(directory)?;
        let bytes = file.metadata()?.len();
        let now = Instant::now();
        let budget = Budget { left: BURST_BYTES, at: now };
        Ok(Self { file, bytes, used: 0, splitters: Default::default(), printed: now, budget, dropped: 0 })
    }

    fn has_partial(&self) -> bool {
        self.splitters.iter().any(Splitter::has_partial)
    }

    /// Appends whole lines; a file that would become too big makes room first.
    fn append(&mut self, directory: &Path, lines: &[u8]) -> io::Result<()> {
        if self.bytes > 0 && self.bytes + lines.len() as u64 > FILE_BYTES_MAX {
            fs::rename(directory.join("0.log"), directory.join("1.log"))?;
            self.file = append_to(directory)?;
            self.bytes = 0;
        }
        self.file.write_all(lines)?;
        self.bytes += lines.len() as u64;
        Ok(())
    }

    fn flush(&mut self, directory: &Path) {
        let (now, mut out) = (Timestamp::now(), Vec::new());
        for stream in [Stream::Stdout, Stream::Stderr] {
            let (index, name) = stream_name(stream);
            self.splitters[index].flush(|line| stamp(&mut out, now, name, line));
        }
        if let Err(error) = self.append(directory, &out) {
            tracing::warn!(path = %directory.display(), %error, "output is lost");
        }
    }
}

fn append_to(directory: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().append(true).create(true).mode(files::PRIVATE).open(directory.join("0.log"))
}

#[cfg(test)]
mod tests {
    use super::*;

    // F49
    #[test]
    fn a_containers_budget_refills_with_time() {
        let start = Instant::now();
        let mut budget = Budget { left: BURST_BYTES, at: start };
        assert!(budget.take(BURST_BYTES, start));
        assert!(!budget.take(1, start));
        assert!(budget.take(BYTES_PER_SECOND / 2, start + Duration::from_secs(1)));
        assert!(!budget.take(BURST_BYTES + 1, start + Duration::from_secs(100)), "never more than a burst");
    }

    #[test]
    fn an_unfinished_line_is_written_however_much_others_print() {
        let dir = tempfile::tempdir().expect("makes a directory");
        let (queue, _messages) = std::sync::mpsc::sync_channel(1);
        let mut writer = Writer::new(dir.path().to_owned(), Followed::default());
        let sink = |container: &str| {
            Arc::new(Sink {
                place: Place { uid: "u".into(), container: container.into() },
                queue: queue.clone(),
                waiting_messages: 1.into(),
                waiting_bytes: 1000.into(),
                dropped_bytes: 0.into(),
            })
        };
        let (quiet, noisy) = (sink("quiet"), sink("noisy"));
        let print = |writer: &mut Writer, sink: &Arc<Sink>, text: &str, at| {
            let bytes = text.as_bytes().into();
            writer.take(Message::Output { sink: sink.clone(), stream: Stream::Stdout, bytes }, at);
        };
        let start = Instant::now();
        print(&mut writer, &quiet, "is it there? ", start);
        assert_eq!(writer.flush_silent(start), Some(SILENCE));
        print(&mut writer, &noisy, "no", start + SILENCE / 2);
        assert_eq!(writer.flush_silent(start + SILENCE / 2), Some(SILENCE / 2));
        print(&mut writer, &noisy, "ise", start + SILENCE);
        assert_eq!(writer.flush_silent(start + SILENCE), Some(SILENCE), "for the one that goes on");
        let read = |sink: &Arc<Sink>| fs::read_to_string(directory(dir.path(), &sink.place).join("0.log"));
        assert!(read(&quiet).expect("reads").ends_with(" stdout is it there? \n"));
        assert_eq!(read(&noisy).expect("reads"), "");
        assert_eq!(writer.flush_silent(start + SILENCE * 2), None);
        assert!(read(&noisy).expect("reads").ends_with(" stdout noise\n"));
    }
}
