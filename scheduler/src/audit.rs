//! Writes the audit log: one line of JSON per event, in files that are turned over by size.
//!
//! A thread of its own writes, so that a slow disk holds up nobody: what does not fit into the queue is counted and
//! dropped by whoever has it, and the next line that is written says how many were lost.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use apiserver::AuditEvent;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use tokio::sync::mpsc;

/// Size at which a file is turned over: some hundred thousand events.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Files that are kept besides the one that is written: half a gigabyte together.
const OLD_FILES_MAX: u32 = 7;

/// The files of one log.
pub(crate) struct Log {
    path: PathBuf,
    file: BufWriter<File>,
    bytes: u64,
    file_bytes_max: u64,
}

impl Log {
    /// Goes on with the file of this path, or begins it.
    ///
    /// # Errors
    /// I/O, with the path.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let (file, bytes) = open(path)?;
        Ok(Self { path: path.to_owned(), file, bytes, file_bytes_max: FILE_BYTES_MAX })
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        if self.bytes > 0 && self.bytes + line.len() as u64 >= self.file_bytes_max {
            self.turn_over()?;
        }
        self.file.write_all(line.as_bytes())?;
        self.file.write_all(b"\n")?;
        self.bytes += line.len() as u64 + 1;
        Ok(())
    }

    /// `audit.log` becomes `audit.log.1`, that `audit.log.2`, and the oldest goes.
    fn turn_over(&mut self) -> io::Result<()> {
        self.file.flush()?;
        for number in (1..OLD_FILES_MAX).rev() {
            match fs::rename(numbered(&self.path, number), numbered(&self.path, number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&self.path, numbered(&self.path, 1))?;
        (self.file, self.bytes) = open(&self.path)?;
        Ok(())
    }
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    path.with_added_extension(number.to_string())
}

/// Only the user the program runs as may read who did what.
fn open(path: &Path) -> io::Result<(BufWriter<File>, u64)> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let file = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(named)?;
    let bytes = file.metadata().map_err(named)?.len();
    Ok((BufWriter::new(file), bytes))
}

/// Between two looks at the queue, which is long enough for what comes meanwhile.
const REST: Duration = Duration::from_millis(2);

/// Writes events until nobody can send one any more. Blocks.
pub(crate) fn write(mut log: Log, mut events: mpsc::Receiver<AuditEvent>, dropped: &Arc<AtomicU64>) {
    let mut told = 0;
    let mut is_failing = false;
    while let Some(event) = events.blocking_recv() {
        let lost = dropped.load(Ordering::Relaxed);
        let mut result = if lost > told { log.write(&gap(lost - told)) } else { Ok(()) };
        result = result.and_then(|()| log.write(&event.to_value().to_string()));
        if events.is_empty() {
            // Whoever follows the file sees each event soon, and a burst costs few writes and few wakes.
            result = result.and_then(|()| log.file.flush());
            std::thread::sleep(REST);
        }
        match result {
            Ok(()) => {
                told = lost;
                is_failing = false;
            }
            Err(error) => {
                dropped.fetch_add(1, Ordering::Relaxed);
                if !std::mem::replace(&mut is_failing, true) {
                    tracing::error!(%error, path = %log.path.display(), "the audit log cannot be written");
                }
            }
        }
    }
    if let Err(error) = log.file.flush() {
        tracing::error!(%error, "the end of the audit log was lost");
    }
}

/// Tells metrics how many events were lost.
#[derive(Debug)]
pub(crate) struct Dropped(pub(crate) Arc<AtomicU64>);

impl Collector for Dropped {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let counter = ConstCounter::new(self.0.load(Ordering::Relaxed));
        let about = "Events of the audit log that were lost because they came faster than they could be written";
        let encoder = encoder.encode_descriptor("insula_audit_events_dropped", about, None, counter.metric_type())?;
        counter.encode(encoder)
    }
}

/// A line that says how many events are missing before it.
fn gap(lost: u64) -> String {
    serde_json::json!({"kind": "AuditGap", "apiVersion": "insula.dev/v1", "dropped": lost}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn files_are_turned_over_and_their_number_is_bounded() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("audit.log");
        let mut log = Log::open(&path).expect("opens");
        log.file_bytes_max = 100;
        for number in 0..1_000 {
            log.write(&format!("line {number} of some length")).expect("writes");
        }
        log.file.flush().expect("writes");
        let files = fs::read_dir(dir.path()).expect("lists").count();
        assert_eq!(files, OLD_FILES_MAX as usize + 1);
        let newest = fs::read_to_string(&path).expect("reads");
        assert!(newest.ends_with("line 999 of some length\n") && newest.len() <= 130, "{newest}");
        assert_eq!(fs::metadata(&path).expect("is there").permissions().mode() & 0o777, 0o600);
        drop(log);
        let mut again = Log::open(&path).expect("opens");
        again.write("after a restart").expect("writes");
        again.file.flush().expect("writes");
        assert!(fs::read_to_string(&path).expect("reads").starts_with(&newest), "it goes on");
    }
}
