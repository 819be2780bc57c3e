//! What a WebAssembly artifact is, read from its bytes alone.
//!
//! Everything here is pure: no file, no engine, no network. A registry asks [`describe`] what was pushed,
//! a scheduler asks [`Description::missing`] whether a host could run it. Nothing here runs or compiles a guest;
//! that it validates says that it is well formed, not that it behaves.
//!
//! The one idea: a component's world is a set of interface ids such as `wasi:http/incoming-handler@0.2.12`, and two
//! ids are interchangeable when their versions lie on the same semver track (`0.2.x`, `1.x`).

mod describe;
mod interface;

pub use describe::{Description, Error, Kind, WASM_BYTES_MAX, describe};
pub use interface::{Interface, ParseInterfaceError, Version};
