//! Why components cannot be made one.

use crate::describe::WASM_BYTES_MAX;
use crate::remedy::listed;
use crate::{Error, Interface};

use super::PARTS_MAX;

/// Why components cannot be made one. Every variant is the author's to mend, and names the parts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// A part is not what can be composed.
    #[error("{part}: {reason}")]
    Part {
        /// Which.
        part: String,
        /// What is wrong with it.
        reason: Error,
    },
    /// More than [`PARTS_MAX`].
    #[error("{parts} components to compose; at most {PARTS_MAX} are accepted")]
    TooMany {
        /// How many there are.
        parts: usize,
    },
    /// Together larger than [`WASM_BYTES_MAX`].
    #[error("{size_bytes} bytes of WebAssembly together; at most {WASM_BYTES_MAX} are accepted")]
    TooLarge {
        /// What was offered.
        size_bytes: usize,
    },
    /// Two parts are called the same, so that nothing said of them would be clear.
    #[error("two components are called {name}; each needs a name of its own")]
    SameName {
        /// The name.
        name: String,
    },
    /// A part whose exports nobody imports.
    #[error("{}", unused(part, exports, nearest))]
    Unused {
        /// Which.
        part: String,
        /// What it exports.
        exports: Vec<Interface>,
        /// Imports of the other parts that come nearest.
        nearest: Vec<Interface>,
    },
    /// Several parts export what one imports.
    #[error(
        "{importer} imports {import}, and {} all export it; leave one of them out, or compose them one after the other",
        exporters.join(" and ")
    )]
    Ambiguous {
        /// Who imports.
        importer: String,
        /// What; in a box, so that a refusal stays small.
        import: Box<Interface>,
        /// Who could satisfy it.
        exporters: Vec<String>,
    },
    /// Parts that import from each other in a circle: none could be instantiated first.
    #[error("{} import from each other in a circle; move what they share into a component of its own", parts.join(" → "))]
    Cycle {
        /// The circle, from a part back to itself.
        parts: Vec<String>,
    },
    /// The interfaces have the same names and other types.
    #[error("the interfaces match by name and not by type; linked were {}; {message}", wires.join(", "))]
    Mismatch {
        /// What was linked.
        wires: Vec<String>,
        /// What does not fit.
        message: String,
    },
    /// A part has something that cannot be passed on.
    #[error("{part}: {what}")]
    Unsupported {
        /// Which.
        part: String,
        /// What that is.
        what: String,
    },
    /// No part answers anything from outside.
    #[error(
        "none of {} exports `wasi:http/incoming-handler`, `wasi:http/handler` or `wasi:cli/run`, so nothing would call them",
        parts.join(", ")
    )]
    NoFront {
        /// The parts.
        parts: Vec<String>,
    },
    /// Several parts answer from outside.
    #[error("{} all export `wasi:http` or `wasi:cli/run`; only one component of a linked Pod can be its front", parts.join(" and "))]
    Fronts {
        /// The parts.
        parts: Vec<String>,
    },
    /// A part that is neither front nor library.
    #[error(
        "{part} exports {}; a library of a linked Pod exports interfaces of its own, none of WASI",
        offered(exports)
    )]
    NotLibrary {
        /// Which.
        part: String,
        /// What it exports.
        exports: Vec<Interface>,
    },
}

fn offered(exports: &[Interface]) -> String {
    if exports.is_empty() { "no interface".to_owned() } else { listed(exports, ", ") }
}

fn unused(part: &str, exports: &[Interface], nearest: &[Interface]) -> String {
    let exports = offered(exports);
    if nearest.is_empty() {
        return format!("{part} exports {exports}, and no other component imports anything like it");
    }
    let nearest = listed(nearest, ", ");
    format!("{part} exports {exports}, and no other component imports that; the nearest imports are {nearest}")
}
