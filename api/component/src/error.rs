//! Why an artifact is refused.

use crate::describe::WASM_BYTES_MAX;

/// How much of a name an error repeats.
const NAME_SHOWN_MAX: usize = 100;

/// How much of a tool's message an error repeats.
const MESSAGE_SHOWN_MAX: usize = 600;

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
    /// A core module imports the WASI from before preview 1, whose functions have the same names and other arguments.
    #[error(
        "the core module imports `{name}` from `wasi_unstable`, which is older than WASI preview 1 and differs from it; build it again with a toolchain of 2020 or later, best for target wasm32-wasip2"
    )]
    ImportOutdated {
        /// The import's name.
        name: String,
    },
    /// A core module that is neither for WASI preview 1 nor says what it is for.
    #[error(
        "this is a core module, not a component, and nothing says how to run it: it imports nothing of `wasi_snapshot_preview1` and exports no `_start`; build a component, for example for target wasm32-wasip2"
    )]
    ModuleNotWasi,
    /// A core module that could not be made a component.
    #[error(
        "the core module cannot be made a component: {message}; build a component for target wasm32-wasip2 instead"
    )]
    Wrap {
        /// What the wrapping tool says.
        message: String,
    },
    /// A component whose interfaces cannot be written as WIT.
    #[error("its interfaces cannot be read as WIT: {message}")]
    Wit {
        /// What the decoder says.
        message: String,
    },
}

impl From<wasmparser::Error> for Error {
    fn from(error: wasmparser::Error) -> Self {
        Self::Invalid { offset: error.offset(), message: error.message().to_string() }
    }
}

/// As much of a name as an error repeats.
pub(crate) fn shown(name: &str) -> String {
    name.chars().take(NAME_SHOWN_MAX).collect()
}

/// As much as an error repeats of what a tool of others said.
pub(crate) fn message(error: impl std::fmt::Display) -> String {
    format!("{error:#}").chars().take(MESSAGE_SHOWN_MAX).collect()
}
