//! The author's side of the loop: a project made of a template ([`template`]), and a component made of a project ([`build`]).
//!
//! What to run is decided in pure modules: `language` tells what a folder holds, `recipe` what makes a component of it,
//! `pins` which tools that takes. `tools` fetches them and `build` runs them, and kills what it has started when it is
//! dropped. The tools are pinned, those of Rust excepted, which are the machine's: what the machine has of the others is
//! never used, so that a component is the same wherever it is made.
//!
//! Absent on purpose: clusters, registries, and any opinion on whether a host would run the component; whoever calls
//! knows what hosts grant.

mod build;
mod embedded;
mod error;
mod language;
mod pins;
mod process;
mod recipe;
pub mod template;
mod tools;

pub use build::{Built, Project, build};
pub use error::Error;
pub use language::Language;
pub use recipe::Pace;
