//! Merges the worlds of the parts, so that what several of them import is imported once.
//!
//! The types are the one difficulty of composing: two parts import the same interface, each with the functions that it
//! uses and perhaps in another version, and must get the same instance, or their resources would be of different
//! types. The parts' worlds are therefore read as WIT and united interface by interface.

use std::collections::BTreeMap;

use wit_component::DecodedWasm;
use wit_parser::{
    PackageId, PackageName, Resolve, Span, Type, TypeDefKind, TypeId, TypeOwner, WorldId, WorldItem, WorldKey,
};

use super::plan::Plan;
use super::{ComposeError, Opened};
use crate::decode::decode;
use crate::error::message;
use crate::{Interface, Version};

/// The parts' worlds in one.
pub(super) struct Merged {
    resolve: Resolve,
    /// By part.
    worlds: Vec<WorldId>,
    whole: WorldId,
}

impl Merged {
    pub(super) fn of(parts: &[Opened<'_>], plan: &Plan) -> Result<Self, ComposeError> {
        let mut resolve = Resolve::default();
        let opened = parts.iter().enumerate().map(|(at, part)| world_of(part, at));
        let mut opened = opened.collect::<Result<Vec<_>, _>>()?;
        align(&mut opened);
        let mut worlds = Vec::new();
        for (part, (theirs, world)) in parts.iter().zip(opened) {
            let refused = |error| {
                let what = format!("its interfaces differ from those of the components before it: {}", message(error));
                ComposeError::Unsupported { part: part.name.to_owned(), what }
            };
            let remap = resolve.merge(theirs).map_err(refused)?;
            worlds.push(remap.map_world(world, Span::default()).map_err(|error| failed(message(error)))?);
        }
        let package = resolve.push_source("whole.wit", "package insula-composition:whole;\nworld whole {}\n");
        let package = package.map_err(|error| failed(message(error)))?;
        let whole = resolve.packages[package].worlds.get("whole").copied();
        let whole = whole.ok_or_else(|| failed("it has no world"))?;
        let mut merged = Self { resolve, worlds, whole };
        merged.unite(plan);
        let united = merged.resolve.merge_world_imports_based_on_semver(whole);
        united.map_err(|error| failed(format!("its imports do not go together: {}", message(error))))?;
        Ok(merged)
    }

    /// Gives the whole what its parts import and no part satisfies.
    fn unite(&mut self, plan: &Plan) {
        let mut imports = Vec::new();
        for (at, world) in self.worlds.iter().enumerate() {
            // Names may have another version of their track by now.
            let wired = |name: &str| {
                let name = name.parse::<Interface>();
                let mut wires = plan.wires.iter().filter(|wire| wire.importer == at);
                name.is_ok_and(|name| wires.any(|wire| name.satisfied_by(&wire.import)))
            };
            for (key, item) in &self.resolve.worlds[*world].imports {
                if matches!(item, WorldItem::Interface { .. }) && !wired(&self.resolve.name_world_key(key)) {
                    imports.push((key.clone(), item.clone()));
                }
            }
        }
        let whole = &mut self.resolve.worlds[self.whole];
        for (key, item) in imports {
            whole.imports.entry(key).or_insert(item);
        }
    }

    /// The whole's world as a WIT package in binary. It has no exports: those need no types written down.
    pub(super) fn imports(&self) -> Result<Vec<u8>, ComposeError> {
        let package = self.resolve.worlds[self.whole].package;
        let package = package.ok_or_else(|| failed("its world is of no package"))?;
        wit_component::encode(&self.resolve, package)
            .map_err(|error| failed(format!("its imports have no type: {}", message(error))))
    }

    /// The interface, in some version of its track, and the name in it that an imported type of part `at` stands for.
    pub(super) fn origin(&self, at: usize, name: &str) -> Option<(Interface, String)> {
        let imports = &self.resolve.worlds[*self.worlds.get(at)?].imports;
        let WorldItem::Type { id, .. } = imports.get(&WorldKey::Name(name.to_owned()))? else { return None };
        let TypeDefKind::Type(Type::Id(used)) = self.resolve.types.get(*id)?.kind else { return None };
        self.owner(used)
    }

    fn owner(&self, id: TypeId) -> Option<(Interface, String)> {
        let ty = self.resolve.types.get(id)?;
        let TypeOwner::Interface(interface) = ty.owner else { return None };
        Some((self.resolve.id_of(interface)?.parse().ok()?, ty.name.clone()?))
    }
}

/// A part's world, in a package of a name that no other part has: decoders call all of them `root:component`.
fn world_of(part: &Opened<'_>, at: usize) -> Result<(Resolve, WorldId), ComposeError> {
    let decoded = decode(&part.wasm).map_err(|reason| ComposeError::Part { part: part.name.to_owned(), reason })?;
    let DecodedWasm::Component(mut resolve, world) = decoded else {
        let what = "it holds interfaces alone, and nothing that runs".to_owned();
        return Err(ComposeError::Unsupported { part: part.name.to_owned(), what });
    };
    if let Some(package) = resolve.worlds[world].package {
        let own = PackageName { namespace: "insula-composition".to_owned(), name: format!("part{at}"), version: None };
        rename(&mut resolve, package, own);
    }
    Ok((resolve, world))
}

fn rename(resolve: &mut Resolve, package: PackageId, name: PackageName) {
    let before = std::mem::replace(&mut resolve.packages[package].name, name.clone());
    resolve.package_names.shift_remove(&before);
    resolve.package_names.insert(name, package);
}

/// Gives packages on one semver track one version, the newest, so that merging unites what different parts know of
/// them; each knows only the functions that it uses.
fn align(worlds: &mut [(Resolve, WorldId)]) {
    let mut newest: BTreeMap<PackageName, Version> = BTreeMap::new();
    let all = |resolve: &Resolve| resolve.packages.iter().map(|(id, package)| (id, package.name.clone())).collect();
    for (_, name) in worlds.iter().flat_map(|(resolve, _)| -> Vec<(PackageId, PackageName)> { all(resolve) }) {
        if let (track, Some(version)) = (on_track(&name), name.version) {
            let known = newest.entry(track).or_insert_with(|| version.clone());
            *known = version.max(known.clone());
        }
    }
    for (resolve, _) in worlds {
        let packages: Vec<(PackageId, PackageName)> = all(resolve);
        for (package, name) in packages {
            let version = newest.get(&on_track(&name)).cloned();
            let aligned = PackageName { version, ..name };
            // One that imports two versions of a track has them apart, until the whole's imports are merged.
            if !resolve.package_names.contains_key(&aligned) {
                rename(resolve, package, aligned);
            }
        }
    }
}

/// The package's name with the same version for all versions of its track.
fn on_track(name: &PackageName) -> PackageName {
    PackageName { version: name.version.as_ref().map(PackageName::version_compat_track), ..name.clone() }
}

/// A refusal that no part alone is to blame for.
pub(super) fn failed(what: impl Into<String>) -> ComposeError {
    ComposeError::Unsupported { part: "the composition".to_owned(), what: what.into() }
}
