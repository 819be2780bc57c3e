//! What a WebAssembly artifact is, read from its bytes alone, and what can be made of several.
//!
//! Everything here is pure: no file, no engine, no network. A registry asks [`describe`] what was pushed,
//! a scheduler asks [`Description::missing`] whether a host could run it, a compiler asks [`adapt`] for the component
//! to compile, and people ask [`inspect`] for the rest. [`compose`] and [`link`] make one component of several.
//! Nothing here runs or compiles a guest; that it validates says that it is well formed, not that it behaves.
//!
//! The one idea: a component's world is a set of interface ids such as `wasi:http/incoming-handler@0.2.12`, and two
//! ids are interchangeable when their versions lie on the same semver track (`0.2.x`, `1.x`). Core modules for WASI
//! preview 1 are no exception: they are described as the component that [`adapt`] makes of them.

mod adapt;
mod compose;
mod decode;
mod describe;
mod error;
mod inspect;
mod interface;
mod outline;
mod remedy;
mod world;

pub use adapt::adapt;
pub use compose::{ComposeError, Composed, Connection, PARTS_MAX, Part, compose, link};
pub use describe::{Description, Kind, WASM_BYTES_MAX, describe};
pub use error::Error;
pub use inspect::{CoreModule, Inspection, Memory, Producer, Section, inspect, wit};
pub use interface::{Interface, ParseInterfaceError, Version};
pub use remedy::{Remedy, refusal};
pub use world::World;
