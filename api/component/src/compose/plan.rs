//! Decides which export satisfies which import, from descriptions alone.

use crate::remedy::Remedy;
use crate::{Description, Interface};

use super::ComposeError;

/// What is known of a part when it is decided.
#[derive(Clone, Copy)]
pub(super) struct Sketch<'a> {
    pub(super) name: &'a str,
    pub(super) description: &'a Description,
}

/// Which interfaces are linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// All: who plugs `wasi:filesystem` in means it.
    All,
    /// All but those of WASI.
    Own,
}

/// What to build.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The part whose exports are the whole's.
    pub(super) front: usize,
    /// The parts as they are to be instantiated: each after those it imports from, the front last.
    pub(super) order: Vec<usize>,
    /// The front's imports first.
    pub(super) wires: Vec<Wire>,
}

/// An import that another part's export satisfies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wire {
    pub(super) importer: usize,
    pub(super) import: Interface,
    pub(super) exporter: usize,
    pub(super) export: Interface,
}

/// Links `parts` to each other, as far as `front` needs them; that must be all of them.
pub(super) fn plan(parts: &[Sketch<'_>], front: usize, scope: Scope) -> Result<Plan, ComposeError> {
    let mut wires = Vec::new();
    let others = (0..parts.len()).filter(|at| *at != front);
    for importer in std::iter::once(front).chain(others) {
        wires.extend(wires_of(parts, importer, scope)?);
    }
    let mut walk = Walk { parts, wires: &wires, order: Vec::new(), path: Vec::new() };
    walk.visit(front)?;
    let order = walk.order;
    if let Some(unused) = (0..parts.len()).find(|at| !order.contains(at)) {
        return Err(unused_part(parts, unused));
    }
    Ok(Plan { front, order, wires })
}

/// The one part that is called from outside; all others must be libraries.
pub(super) fn front(parts: &[Sketch<'_>]) -> Result<usize, ComposeError> {
    let is_front = |part: &Sketch<'_>| part.description.serves_http() || part.description.runs();
    let names = |parts: &[Sketch<'_>]| parts.iter().map(|part| part.name.to_owned()).collect();
    let (fronts, libraries): (Vec<Sketch<'_>>, Vec<Sketch<'_>>) = parts.iter().partition(|part| is_front(part));
    let front = match fronts.as_slice() {
        [] => return Err(ComposeError::NoFront { parts: names(parts) }),
        [front] => front.name,
        _ => return Err(ComposeError::Fronts { parts: names(&fronts) }),
    };
    for library in libraries {
        let exports = &library.description.exports;
        if exports.is_empty() || exports.iter().any(is_wasi) {
            return Err(ComposeError::NotLibrary { part: library.name.to_owned(), exports: exports.clone() });
        }
    }
    Ok(parts.iter().position(|part| part.name == front).unwrap_or_default())
}

fn is_wasi(interface: &Interface) -> bool {
    interface.namespace == "wasi"
}

/// What of one part's imports the others satisfy.
fn wires_of(parts: &[Sketch<'_>], importer: usize, scope: Scope) -> Result<Vec<Wire>, ComposeError> {
    let Some(part) = parts.get(importer) else { return Ok(Vec::new()) };
    let mut wires = Vec::new();
    for import in part.description.imports.iter().filter(|import| scope == Scope::All || !is_wasi(import)) {
        let found: Vec<(usize, &Interface)> = parts
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != importer)
            .filter_map(|(at, other)| best(import, &other.description.exports).map(|export| (at, export)))
            .collect();
        match found.as_slice() {
            [] => {}
            [(exporter, export)] => {
                let (exporter, export) = (*exporter, (*export).clone());
                wires.push(Wire { importer, import: import.clone(), exporter, export });
            }
            _ => {
                let name = |(at, _): &(usize, &Interface)| parts.get(*at).map(|part| part.name.to_owned());
                return Err(ComposeError::Ambiguous {
                    importer: part.name.to_owned(),
                    import: Box::new(import.clone()),
                    exporters: found.iter().filter_map(name).collect(),
                });
            }
        }
    }
    Ok(wires)
}

/// The export that fits an import best: the same version, else the newest of the track.
fn best<'a>(import: &Interface, exports: &'a [Interface]) -> Option<&'a Interface> {
    let fitting = exports.iter().filter(|export| import.satisfied_by(export));
    fitting.max_by_key(|export| (*export == import, export.version.clone()))
}

/// Depth first, exporters before importers.
struct Walk<'a> {
    parts: &'a [Sketch<'a>],
    wires: &'a [Wire],
    order: Vec<usize>,
    path: Vec<usize>,
}

impl Walk<'_> {
    /// Recursion is as deep as there are parts.
    fn visit(&mut self, at: usize) -> Result<(), ComposeError> {
        if self.order.contains(&at) {
            return Ok(());
        }
        if let Some(begin) = self.path.iter().position(|before| *before == at) {
            let circle = self.path.iter().skip(begin).chain(std::iter::once(&at));
            let names = circle.filter_map(|at| self.parts.get(*at)).map(|part| part.name.to_owned());
            return Err(ComposeError::Cycle { parts: names.collect() });
        }
        self.path.push(at);
        for wire in self.wires.iter().filter(|wire| wire.importer == at) {
            self.visit(wire.exporter)?;
        }
        self.path.pop();
        self.order.push(at);
        Ok(())
    }
}

/// Says what comes nearest to what the part exports, of all that the others import.
fn unused_part(parts: &[Sketch<'_>], unused: usize) -> ComposeError {
    let (name, exports) =
        parts.get(unused).map(|part| (part.name.to_owned(), part.description.exports.clone())).unwrap_or_default();
    let others = parts.iter().enumerate().filter(|(at, _)| *at != unused);
    let imports: Vec<Interface> = others.flat_map(|(_, other)| other.description.imports.clone()).collect();
    let mut nearest: Vec<Interface> = exports
        .iter()
        .flat_map(|export| match Remedy::of(export, &imports) {
            Remedy::Versions(near) | Remedy::Package(near) => near,
            Remedy::Nothing => Vec::new(),
        })
        .collect();
    nearest.sort();
    nearest.dedup();
    ComposeError::Unused { part: name, exports, nearest }
}

#[cfg(test)]
mod tests;
