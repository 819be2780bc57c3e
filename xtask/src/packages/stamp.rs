//! What a thing was made of, kept beside it as a hash, so that it is made again when that changes and only then.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::Path;

use anyhow::{Context, Result};

/// What a thing is made of.
///
/// The hash guards against forgetting, not against attackers, and another release of Rust may hash otherwise: then
/// things are made once more.
pub(crate) struct Inputs(DefaultHasher);

impl Inputs {
    pub(crate) fn new() -> Self {
        Self(DefaultHasher::new())
    }

    pub(crate) fn text(&mut self, text: &str) {
        text.hash(&mut self.0);
    }

    pub(crate) fn file(&mut self, path: &Path) -> Result<()> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        (path.file_name(), bytes).hash(&mut self.0);
        Ok(())
    }

    pub(crate) fn folder(&mut self, path: &Path) -> Result<()> {
        let entries = std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        paths.sort();
        paths.iter().try_for_each(|path| if path.is_dir() { self.folder(path) } else { self.file(path) })
    }

    /// Whether the thing of that stamp was made of these.
    pub(crate) fn made(&self, stamp: &Path) -> bool {
        std::fs::read_to_string(stamp).is_ok_and(|made_of| made_of == self.hash())
    }

    /// To be written when the thing is whole.
    pub(crate) fn write(&self, stamp: &Path) -> Result<()> {
        std::fs::write(stamp, self.hash()).with_context(|| format!("cannot write {}", stamp.display()))
    }

    fn hash(&self) -> String {
        format!("{:016x}", self.0.finish())
    }
}
