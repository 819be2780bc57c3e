//! Reads what an artifact needs and offers, and refuses what no host could ever run.

use wasmparser::{
    ComponentTypeRef, Encoding, FuncValidatorAllocations, Parser, Payload, TypeBounds, ValidPayload, Validator,
    WasmFeatures,
};

use crate::Interface;

/// The largest artifact that is read. Components of interpreted languages carry their interpreter (13 to 18 MB for
/// JavaScript and Python); far above that, something other than a service was packed.
pub const WASM_BYTES_MAX: usize = 64 << 20;

/// Components and modules nested in each other. Toolchains produce two or three levels.
const NESTING_MAX: usize = 16;

/// Imports and exports of the outermost component, together. Worlds have some dozens.
const NAMES_MAX: usize = 1_000;

/// How much of a name an error repeats.
const NAME_SHOWN_MAX: usize = 100;

/// The module names under which a core module imports WASI preview 1.
const PREVIEW_1: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];

/// What kind of artifact the bytes hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A component: it says itself what it imports and exports.
    Component,
    /// A core module for WASI preview 1: it becomes a component by wrapping, and has no interfaces until then.
    Module,
}

/// What an artifact needs and offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Component or core module.
    pub kind: Kind,
    /// Interfaces a host must grant, sorted.
    pub imports: Vec<Interface>,
    /// Interfaces offered, sorted. Exports that are no interface are left out.
    pub exports: Vec<Interface>,
    /// Size of the artifact.
    pub size_bytes: usize,
}

/// Why an artifact was refused. Every variant is the author's to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes do not begin like WebAssembly.
    #[error("not WebAssembly: the file does not begin with `\\0asm`; build a component for target wasm32-wasip2")]
    NotWasm,
    /// Larger than [`WASM_BYTES_MAX`].
    #[error("{size_bytes} bytes of WebAssembly; at most {WASM_BYTES_MAX} are accepted")]
    TooLarge {
        /// What was offered.
        size_bytes: usize,
    },
    /// Some other bound was exceeded.
    #[error("more than {max} {what}")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// The bound.
        max: usize,
    },
    /// The bytes are damaged, or use a proposal that is not supported.
    #[error("invalid WebAssembly at offset {offset:#x}: {message}")]
    Invalid {
        /// Where in the file.
        offset: usize,
        /// What the validator says.
        message: String,
    },
    /// A component imports something that is no interface, which nothing can grant.
    #[error(
        "the component imports `{name}`, which is no interface; only interfaces such as `wasi:http/types@0.2.12` can be granted"
    )]
    ImportNotInterface {
        /// The import's name.
        name: String,
    },
    /// A core module imports something other than WASI preview 1.
    #[error(
        "the core module imports `{name}` from `{module}`; only `wasi_snapshot_preview1` can be wrapped; build a component instead"
    )]
    ImportNotWasi {
        /// The module imported from.
        module: String,
        /// The import's name.
        name: String,
    },
}

impl From<wasmparser::Error> for Error {
    fn from(error: wasmparser::Error) -> Self {
        Self::Invalid { offset: error.offset(), message: error.message().to_string() }
    }
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
}

/// Says what `wasm` is, after validating all of it.
///
/// Time is linear in the size (about 10 ms for each megabyte), so callers on an event loop move this off it.
///
/// # Errors
///
/// What cannot run on any host is refused: see [`Error`].
pub fn describe(wasm: &[u8]) -> Result<Description, Error> {
    if wasm.len() > WASM_BYTES_MAX {
        return Err(Error::TooLarge { size_bytes: wasm.len() });
    }
    if !wasm.starts_with(b"\0asm") {
        return Err(Error::NotWasm);
    }
    let mut outline = Outline { kind: Kind::Component, imports: Vec::new(), exports: Vec::new(), names: 0 };
    let mut validator = Validator::new_with_features(WasmFeatures::default());
    let mut allocations = FuncValidatorAllocations::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        match validator.payload(&payload)? {
            ValidPayload::Ok => {}
            ValidPayload::Parser(_) => {
                depth += 1;
                bounded(depth, NESTING_MAX, "components nested in each other")?;
            }
            ValidPayload::Func(function, body) => {
                let mut function = function.into_validator(allocations);
                function.validate(&body)?;
                allocations = function.into_allocations();
            }
            ValidPayload::End(_) => depth = depth.saturating_sub(1),
        }
        // `Parser(_)` above has already entered the nested part whose header this payload announced.
        if depth == 0 {
            outline.read(payload)?;
        }
    }
    outline.finish(wasm.len())
}

/// What was seen of the outermost component or module.
struct Outline {
    kind: Kind,
    imports: Vec<Interface>,
    exports: Vec<Interface>,
    names: usize,
}

impl Outline {
    fn read(&mut self, payload: Payload<'_>) -> Result<(), Error> {
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } => self.kind = Kind::Module,
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    self.count_name()?;
                    if !PREVIEW_1.contains(&import.module) {
                        return Err(Error::ImportNotWasi { module: shown(import.module), name: shown(import.name) });
                    }
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import?;
                    self.count_name()?;
                    match import.name.name.parse() {
                        Ok(interface) => self.imports.push(interface),
                        // Types that a world's own functions use from its interfaces: equal to what is granted already.
                        Err(_) if matches!(import.ty, ComponentTypeRef::Type(TypeBounds::Eq(_))) => {}
                        Err(_) => return Err(Error::ImportNotInterface { name: shown(import.name.name) }),
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export?;
                    self.count_name()?;
                    self.exports.extend(export.name.name.parse::<Interface>());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn count_name(&mut self) -> Result<(), Error> {
        self.names += 1;
        bounded(self.names, NAMES_MAX, "imports and exports")
    }

    fn finish(mut self, size_bytes: usize) -> Result<Description, Error> {
        self.imports.sort();
        self.exports.sort();
        Ok(Description { kind: self.kind, imports: self.imports, exports: self.exports, size_bytes })
    }
}

fn bounded(count: usize, max: usize, what: &'static str) -> Result<(), Error> {
    if count > max { Err(Error::TooMany { what, max }) } else { Ok(()) }
}

fn shown(name: &str) -> String {
    name.chars().take(NAME_SHOWN_MAX).collect()
}

#[cfg(test)]
mod tests;
