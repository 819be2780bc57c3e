//! Says what an artifact needs and offers, and refuses what no host could ever run.

use serde::Serialize;

use crate::outline::Outline;
use crate::{Error, Interface, adapt};

/// The largest artifact that is read. Components of interpreted languages carry their interpreter (13 to 18 MB for
/// JavaScript and Python); far above that, something other than a service was packed.
pub const WASM_BYTES_MAX: usize = 64 << 20;

/// What kind of artifact the bytes hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A component: it says itself what it imports and exports.
    Component,
    /// A core module for WASI preview 1: [`adapt`](crate::adapt()) makes a component of it.
    Module,
}

/// What an artifact needs and offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Description {
    /// Component or core module.
    pub kind: Kind,
    /// Interfaces a host must grant, sorted; of a core module, those of the component that is made of it.
    pub imports: Vec<Interface>,
    /// Interfaces offered, sorted. Exports that are no interface are left out.
    pub exports: Vec<Interface>,
    /// Size of the artifact as it was given.
    pub size_bytes: usize,
}

impl Description {
    /// The imports that nothing in `granted` satisfies.
    #[must_use]
    pub fn missing(&self, granted: &[Interface]) -> Vec<Interface> {
        self.imports.iter().filter(|wanted| !granted.iter().any(|g| wanted.satisfied_by(g))).cloned().collect()
    }

    /// Whether it answers HTTP requests, by WASI 0.2 or 0.3.
    #[must_use]
    pub fn serves_http(&self) -> bool {
        self.exports.iter().any(|export| {
            export.is("wasi", "http", "incoming-handler", 0, 2) || export.is("wasi", "http", "handler", 0, 3)
        })
    }

    /// Whether it is a program that runs and ends, by WASI 0.2 or 0.3.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.exports.iter().any(|export| export.is("wasi", "cli", "run", 0, 2) || export.is("wasi", "cli", "run", 0, 3))
    }
}

/// Says what `wasm` is, after validating all of it.
///
/// Time is linear in the size (about 10 ms for each megabyte), so callers on an event loop move this off it.
///
/// # Errors
///
/// What cannot run on any host is refused: see [`Error`].
pub fn describe(wasm: &[u8]) -> Result<Description, Error> {
    let outline = Outline::read(wasm)?;
    let kind = outline.kind;
    let Outline { imports, exports, .. } = match kind {
        Kind::Component => outline,
        Kind::Module => Outline::read(&adapt::wrap(wasm, outline.module)?)?,
    };
    Ok(Description { kind, imports, exports, size_bytes: wasm.len() })
}

#[cfg(test)]
mod tests;
