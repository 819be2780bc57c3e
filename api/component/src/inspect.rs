//! All that an artifact tells of itself, for people and their tools.
//!
//! [`Inspection`] serialises to the JSON that `insula inspect -o json` prints. Its field names are a promise: fields
//! may be added, none is renamed, removed or given another meaning.

mod layout;

use serde::Serialize;
use wit_component::{DecodedWasm, WitPrinter};

use crate::decode::{decode, guarded};
use crate::{Description, Error, World, adapt, describe};
use layout::Layout;

/// What an artifact tells of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// `kind`, `imports`, `exports` and `size_bytes`, beside the fields below.
    #[serde(flatten)]
    pub description: Description,
    /// The known worlds it can be run in.
    pub worlds: Vec<World>,
    /// The sections of the file, those of one name together, in the order of their first.
    pub sections: Vec<Section>,
    /// The core modules, at any depth, in the order of the file.
    pub core_modules: Vec<CoreModule>,
    /// How many components are nested in it, at any depth.
    pub nested_components: usize,
    /// What it was made with, each entry once, sorted; at most 200 are told.
    pub producers: Vec<Producer>,
    /// Whether functions have their names, so that backtraces can be read.
    pub has_names: bool,
    /// Whether it has DWARF, so that backtraces have files and lines.
    pub has_debug_info: bool,
    /// Whether it carries a world for tools in `component-type`, as core modules do before they become components.
    pub has_component_type: bool,
}

/// The sections of one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Section {
    /// `core module`, `type`, `custom producers` and so on.
    pub name: String,
    /// How many there are.
    pub count: usize,
    /// What they hold together, without their heads.
    pub size_bytes: usize,
}

/// A core module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CoreModule {
    /// Its part of the file.
    pub size_bytes: usize,
    /// The memories it defines; imported ones belong to another module.
    pub memories: Vec<Memory>,
}

/// A linear memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Its size when an instance begins.
    pub initial_bytes: u64,
    /// The most it can grow to; absent where only its addresses bound it.
    pub maximum_bytes: Option<u64>,
}

/// An entry of a `producers` section.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Producer {
    /// `language`, `processed-by` or `sdk`.
    pub field: String,
    /// `Rust`, `wit-component`.
    pub name: String,
    /// Often empty for languages.
    pub version: String,
}

/// Reads all of it. Time as for [`describe`](crate::describe()), twice.
///
/// # Errors
///
/// As [`describe`](crate::describe()).
pub fn inspect(wasm: &[u8]) -> Result<Inspection, Error> {
    let description = describe(wasm)?;
    let mut layout = Layout::read(wasm)?;
    layout.producers.sort();
    layout.producers.dedup();
    Ok(Inspection {
        worlds: World::of(&description),
        description,
        sections: layout.sections,
        core_modules: layout.core_modules,
        nested_components: layout.nested_components,
        producers: layout.producers,
        has_names: layout.has_names,
        has_debug_info: layout.has_debug_info,
        has_component_type: layout.has_component_type,
    })
}

/// The imports and exports with their types, as WIT text; of a core module, those of the component made of it.
///
/// # Errors
///
/// As [`describe`](crate::describe()), and what has no text in WIT.
pub fn wit(wasm: &[u8]) -> Result<String, Error> {
    describe(wasm)?;
    let decoded = decode(&adapt(wasm)?)?;
    let (DecodedWasm::Component(resolve, _) | DecodedWasm::WitPackage(resolve, _)) = &decoded;
    let main = decoded.package();
    let others: Vec<_> = resolve.packages.iter().map(|(id, _)| id).filter(|id| *id != main).collect();
    let mut printer = WitPrinter::default();
    guarded(|| printer.print(resolve, main, &others)).map_err(|message| Error::Wit { message })?;
    Ok(printer.output.to_string())
}

#[cfg(test)]
mod tests;
