//! Makes one component of several, so that a call from one to another is a function call.
//!
//! [`compose`] is told which component is the front and which are plugged into it; [`link`] finds out. Both decide
//! first, from descriptions alone, which export satisfies which import (`plan`), and build then (`merge`, `assemble`).
//! The parts go into the result unchanged, each instantiated once; what no part satisfies is imported by the whole,
//! once for each semver track, and what the front exports is exported. The validator judges the result: types that
//! do not fit are found there. The same parts in the same order make the same bytes.

mod assemble;
mod error;
mod merge;
mod plan;

use std::borrow::Cow;

use crate::describe::WASM_BYTES_MAX;
use crate::{Description, Error, Interface, adapt, describe};
pub use error::ComposeError;
use plan::{Plan, Scope, Wire};

/// Components in one composition. Pods have two or three containers, and every part costs its instance a memory.
pub const PARTS_MAX: usize = 16;

/// A component, or a core module for WASI preview 1, to be composed with others.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// What it is called in reports and refusals: a file's or a container's name.
    pub name: &'a str,
    /// Its bytes.
    pub wasm: &'a [u8],
}

/// A composition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// The component.
    pub wasm: Vec<u8>,
    /// What it needs and offers.
    pub description: Description,
    /// The part whose exports it has.
    pub front: String,
    /// Which part satisfies what of whom, the front's imports first.
    pub connections: Vec<Connection>,
}

/// An import of one part that an export of another satisfies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The part that imports.
    pub importer: String,
    /// What it imports.
    pub import: Interface,
    /// The part that exports.
    pub exporter: String,
    /// What that exports: the same interface, in a version of the same semver track.
    pub export: Interface,
}

/// Plugs components into `socket`: their exports satisfy its imports, and each other's, wherever interfaces match.
///
/// # Errors
///
/// A plug that satisfies nothing, two that satisfy the same, and all that [`ComposeError`] names.
pub fn compose(socket: Part<'_>, plugs: &[Part<'_>]) -> Result<Composed, ComposeError> {
    let parts: Vec<Part<'_>> = std::iter::once(socket).chain(plugs.iter().copied()).collect();
    let opened = open(&parts)?;
    build(&opened, &plan::plan(&sketches(&opened), 0, Scope::All)?)
}

/// Links the components of one Pod: the one that exports `wasi:http` or `wasi:cli/run` is the front, and the others,
/// which export interfaces of their own, are its libraries. Interfaces of WASI are the host's to grant, not linked.
///
/// The result does not depend on the order of `parts`.
///
/// # Errors
///
/// No front or several, a library that nobody imports, and all that [`ComposeError`] names.
pub fn link(parts: &[Part<'_>]) -> Result<Composed, ComposeError> {
    let mut parts = parts.to_vec();
    parts.sort_by_key(|part| part.name);
    let opened = open(&parts)?;
    let sketches = sketches(&opened);
    build(&opened, &plan::plan(&sketches, plan::front(&sketches)?, Scope::Own)?)
}

/// A part, read.
struct Opened<'a> {
    name: &'a str,
    wasm: Cow<'a, [u8]>,
    description: Description,
}

fn open<'a>(parts: &[Part<'a>]) -> Result<Vec<Opened<'a>>, ComposeError> {
    if parts.len() > PARTS_MAX {
        return Err(ComposeError::TooMany { parts: parts.len() });
    }
    if let Some(twice) = parts.iter().enumerate().find(|(at, part)| parts.iter().take(*at).any(|p| p.name == part.name))
    {
        return Err(ComposeError::SameName { name: twice.1.name.to_owned() });
    }
    let size_bytes = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.wasm.len()));
    if size_bytes > WASM_BYTES_MAX {
        return Err(ComposeError::TooLarge { size_bytes });
    }
    let open = |part: &Part<'a>| -> Result<Opened<'a>, Error> {
        let wasm = adapt(part.wasm)?;
        Ok(Opened { name: part.name, description: describe(&wasm)?, wasm })
    };
    let refused = |part: &Part<'_>, reason| ComposeError::Part { part: part.name.to_owned(), reason };
    parts.iter().map(|part| open(part).map_err(|reason| refused(part, reason))).collect()
}

fn sketches<'a>(opened: &'a [Opened<'a>]) -> Vec<plan::Sketch<'a>> {
    opened.iter().map(|part| plan::Sketch { name: part.name, description: &part.description }).collect()
}

fn build(opened: &[Opened<'_>], plan: &Plan) -> Result<Composed, ComposeError> {
    let wasm = assemble::assemble(opened, plan)?;
    let description = describe(&wasm).map_err(|error| {
        let named = |wire: &Wire| {
            let (importer, exporter) = (opened.get(wire.importer), opened.get(wire.exporter));
            let name = |part: Option<&Opened<'_>>| part.map_or("", |part| part.name).to_owned();
            format!("{} of {} to {} of {}", wire.import, name(importer), wire.export, name(exporter))
        };
        ComposeError::Mismatch { wires: plan.wires.iter().map(named).collect(), message: error.to_string() }
    })?;
    let name = |at: usize| opened.get(at).map_or_else(String::new, |part| part.name.to_owned());
    let connections = plan.wires.iter().map(|wire| Connection {
        importer: name(wire.importer),
        import: wire.import.clone(),
        exporter: name(wire.exporter),
        export: wire.export.clone(),
    });
    Ok(Composed { connections: connections.collect(), front: name(plan.front), wasm, description })
}

#[cfg(test)]
mod tests;
