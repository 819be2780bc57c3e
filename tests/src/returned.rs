//! Writes down what the API returned in a test, for one judge to hold all of it against Kubernetes' own schemas later.
//!
//! Only where `INSULA_RETURNED` names a folder, as `cargo xtask test` does: a file for each test, in it one JSON document
//! a line. It judges nothing and drops nothing but what is no object; `tests/clients/python/schemas.py` does both.
//! The tests of `apiserver` include this very file, so it leans on nothing of ours.

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

/// What one process writes at most. A test that reads more than this sees the same objects over and over.
const BYTES_MAX: usize = 16 << 20;

static WRITTEN_BYTES: AtomicUsize = AtomicUsize::new(0);

/// The folder, if what is returned is to be written down.
pub(crate) fn folder() -> Option<PathBuf> {
    std::env::var_os("INSULA_RETURNED").map(PathBuf::from)
}

/// Notes the text of an answer, if it is JSON: one document, or one a line as in a watch. `asked` says what it answered.
pub(crate) fn note(asked: &str, text: &str) {
    let Some(folder) = folder() else { return };
    // Every test runs on a thread of its own that has its name.
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("unnamed");
    let documents = serde_json::Deserializer::from_str(text).into_iter::<Value>().map_while(Result::ok);
    let lines: String = documents
        .filter(|document| document.is_object())
        .map(|document| format!("{}\n", json!({"test": test, "asked": asked, "document": document})))
        .collect();
    if lines.is_empty() || WRITTEN_BYTES.fetch_add(lines.len(), Ordering::Relaxed) > BYTES_MAX {
        return;
    }
    let path = folder.join(format!("{}.{}.json", test.replace("::", "."), std::process::id()));
    let file = std::fs::File::options().create(true).append(true).open(&path);
    let written = file.and_then(|mut file| file.write_all(lines.as_bytes()));
    written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
