//! The only unsafe code of this crate: trusting machine code, and naming CPU features to the code generator.

#![expect(
    unsafe_code,
    reason = "mapping machine code is unsafe whatever one does; the newtype below says who vouches for it"
)]

use std::path::{Path, PathBuf};

use wasmtime::Config;
use wasmtime::component::Component;

use crate::cpu;

/// A file of machine code that someone vouches for.
///
/// Code runs with the rights of this process, so it must come from [`crate::compile`] and must not have changed since.
#[derive(Clone, Debug)]
pub struct VerifiedCode(PathBuf);

impl VerifiedCode {
    /// Vouches for `path`: its signature was checked, over all of it, by a key that signs nothing but the output of
    /// [`crate::compile`]; and from then until the last [`crate::Code`] of it is gone, nobody writes to it.
    #[must_use]
    pub fn vouched_for(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

/// Maps compiled code into the process. A file of another engine, or for other CPU features, is refused by its header.
pub(crate) fn map(engine: &wasmtime::Engine, code: &VerifiedCode) -> wasmtime::Result<Component> {
    // SAFETY: the maker of a `VerifiedCode` vouches that the file is the output of this crate's compiler, unchanged
    // and not to be changed while it is mapped.
    unsafe { Component::deserialize_file(engine, code.path()) }
}

/// Lets the code generator use `feature`, which must be one of [`cpu::known`]'s.
pub(crate) fn enable_feature(config: &mut Config, target: &str, feature: &str) -> bool {
    let known = cpu::known(target).contains(&feature);
    if known {
        // SAFETY: the known flags only say which instructions may be used. Whether a machine has them is checked by
        // the engine when code is mapped.
        unsafe { config.cranelift_flag_enable(feature) };
    }
    known
}
