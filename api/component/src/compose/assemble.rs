//! Builds the component that holds the parts.
//!
//! The types of what the whole imports are the one difficulty: two parts import the same interface, each with the
//! functions that it uses, and must get the same instance. The parts' worlds are therefore read as WIT and merged,
//! interface by interface and version by version, and the merged world's imports are written out again.

use wasm_encoder::reencode::{ReencodeComponent, RoundtripReencoder};
use wasm_encoder::{ComponentBuilder, ComponentExportKind, ComponentExternName};
use wasmparser::{ComponentExternalKind, ComponentType, ComponentTypeDeclaration, ComponentTypeRef, Parser, Payload};
use wit_component::DecodedWasm;
use wit_parser::{Resolve, Span, Type, TypeDefKind, TypeId, TypeOwner, WorldId, WorldItem, WorldKey};

use super::plan::Plan;
use super::{ComposeError, Opened};
use crate::Interface;
use crate::error::message;

/// The component that `plan` describes. It is not validated.
pub(super) fn assemble(parts: &[Opened<'_>], plan: &Plan) -> Result<Vec<u8>, ComposeError> {
    let merged = Merged::of(parts, plan)?;
    let mut outer = ComponentBuilder::default();
    let mut whole = Whole { imported: import_world(&mut outer, &merged.imports()?)?, instances: Vec::new() };
    for at in &plan.order {
        let Some(part) = parts.get(*at) else { continue };
        let arguments = whole.arguments(&mut outer, part, *at, plan, &merged)?;
        let component = outer.component_raw(Some(part.name), &part.wasm);
        let arguments = arguments.iter().map(|(name, kind, index)| (name.as_str(), *kind, *index));
        let instance = outer.instantiate(Some(part.name), component, arguments.collect::<Vec<_>>());
        whole.instances.push((*at, instance));
        if *at == plan.front {
            export_all(&mut outer, part, instance)?;
        }
    }
    Ok(outer.finish())
}

/// The parts' worlds in one.
struct Merged {
    resolve: Resolve,
    /// By part.
    worlds: Vec<WorldId>,
    whole: WorldId,
}

impl Merged {
    fn of(parts: &[Opened<'_>], plan: &Plan) -> Result<Self, ComposeError> {
        let mut resolve = Resolve::default();
        let mut worlds = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let (theirs, world) = decode(part, at)?;
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
            let wired = |name: &str| plan.wires.iter().any(|w| w.importer == at && w.import.to_string() == name);
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
    fn imports(&self) -> Result<Vec<u8>, ComposeError> {
        let package = self.resolve.worlds[self.whole].package;
        let package = package.ok_or_else(|| failed("its world is of no package"))?;
        wit_component::encode(&self.resolve, package)
            .map_err(|error| failed(format!("its imports have no type: {}", message(error))))
    }

    /// The interface and the name in it that an imported type of part `at` stands for.
    fn origin(&self, at: usize, name: &str) -> Option<(String, String)> {
        let imports = &self.resolve.worlds[*self.worlds.get(at)?].imports;
        let WorldItem::Type { id, .. } = imports.get(&WorldKey::Name(name.to_owned()))? else { return None };
        let TypeDefKind::Type(Type::Id(used)) = self.resolve.types.get(*id)?.kind else { return None };
        self.owner(used)
    }

    fn owner(&self, id: TypeId) -> Option<(String, String)> {
        let ty = self.resolve.types.get(id)?;
        let TypeOwner::Interface(interface) = ty.owner else { return None };
        Some((self.resolve.id_of(interface)?, ty.name.clone()?))
    }
}

/// A part's world, in a package of a name that no other part has: decoders call all of them `root:component`.
fn decode(part: &Opened<'_>, at: usize) -> Result<(Resolve, WorldId), ComposeError> {
    let failed = |what: String| ComposeError::Unsupported { part: part.name.to_owned(), what };
    let decoded = wit_component::decode(&part.wasm)
        .map_err(|error| failed(format!("its interfaces cannot be read as WIT: {}", message(error))))?;
    let DecodedWasm::Component(mut resolve, world) = decoded else {
        return Err(failed("it holds interfaces alone, and nothing that runs".to_owned()));
    };
    if let Some(id) = resolve.worlds[world].package {
        let package = &mut resolve.packages[id];
        resolve.package_names.shift_remove(&package.name);
        package.name.namespace = "insula-composition".to_owned();
        package.name.name = format!("part{at}");
        resolve.package_names.insert(package.name.clone(), id);
    }
    Ok((resolve, world))
}

/// Writes the imports of a world, given as a WIT package, into the component; returns the instances they are.
///
/// What a component type declares is what a component has in its sections, with the same index spaces; only the way
/// of writing differs, so it is read and written again.
fn import_world(outer: &mut ComponentBuilder, package: &[u8]) -> Result<Vec<(Interface, u32)>, ComposeError> {
    let mut imported = Vec::new();
    for payload in Parser::new(0).parse_all(package) {
        let Payload::ComponentTypeSection(types) = payload.map_err(|e| failed(message(e)))? else { continue };
        for ty in types {
            // The world is the one type in a type of its own.
            let ComponentType::Component(holder) = ty.map_err(|e| failed(message(e)))? else { continue };
            for inner in holder.into_vec() {
                let ComponentTypeDeclaration::Type(ComponentType::Component(world)) = inner else { continue };
                for declaration in world.into_vec() {
                    imported.extend(declare(outer, declaration).map_err(failed)?);
                }
            }
        }
    }
    Ok(imported)
}

/// A refusal that no part alone is to blame for.
fn failed(what: impl Into<String>) -> ComposeError {
    ComposeError::Unsupported { part: "the composition".to_owned(), what: what.into() }
}

/// Writes one declaration; returns the instance if it imports one.
fn declare(
    outer: &mut ComponentBuilder,
    declaration: ComponentTypeDeclaration<'_>,
) -> Result<Option<(Interface, u32)>, String> {
    let mut reencode = RoundtripReencoder;
    match declaration {
        ComponentTypeDeclaration::Type(ty) => {
            let (_, encoder) = outer.ty(None);
            reencode.parse_component_type(encoder, ty).map_err(|error| error.to_string())?;
            Ok(None)
        }
        ComponentTypeDeclaration::Alias(alias) => {
            let alias = reencode.component_alias(alias).map_err(|error| error.to_string())?;
            outer.alias(None, alias);
            Ok(None)
        }
        ComponentTypeDeclaration::Import(import) => {
            let ty = reencode.component_type_ref(import.ty).map_err(|error| error.to_string())?;
            let index = outer.import(ComponentExternName::from(import.name.name), ty);
            let interface = import.name.name.parse().map_err(|error| format!("{error}"))?;
            Ok(matches!(import.ty, ComponentTypeRef::Instance(_)).then_some((interface, index)))
        }
        ComponentTypeDeclaration::CoreType(_) | ComponentTypeDeclaration::Export { .. } => {
            Err("its world has more than imports of interfaces".to_owned())
        }
    }
}

/// What exists in the component so far.
struct Whole {
    /// What it imports, as instances.
    imported: Vec<(Interface, u32)>,
    /// Parts, as instances.
    instances: Vec<(usize, u32)>,
}

type Argument = (String, ComponentExportKind, u32);

impl Whole {
    /// What a part is instantiated with: an instance for each interface, and the types its world uses of them.
    fn arguments(
        &self,
        outer: &mut ComponentBuilder,
        part: &Opened<'_>,
        at: usize,
        plan: &Plan,
        merged: &Merged,
    ) -> Result<Vec<Argument>, ComposeError> {
        let failed = |what: String| ComposeError::Unsupported { part: part.name.to_owned(), what };
        let mut arguments: Vec<Argument> = Vec::new();
        for name in names(part, Side::Imports)? {
            let argument = if let Ok(interface) = name.0.parse::<Interface>() {
                let index = self.instance(outer, at, &interface, plan).or_else(|| self.granted(&interface));
                let index = index.ok_or_else(|| failed(format!("nothing is imported for {interface}")))?;
                (name.0, ComponentExportKind::Instance, index)
            } else {
                let origin = merged.origin(at, &name.0);
                let (interface, ty) = origin.ok_or_else(|| {
                    failed(format!(
                        "it imports the type `{}`, which is of no interface; only such can be linked",
                        name.0
                    ))
                })?;
                let given = arguments.iter().find(|(name, _, _)| *name == interface);
                let from = given.map(|(_, _, index)| *index);
                let from =
                    from.ok_or_else(|| failed(format!("it imports the type `{}` before {interface}", name.0)))?;
                (name.0, ComponentExportKind::Type, outer.alias_export(from, &ty, ComponentExportKind::Type))
            };
            arguments.push(argument);
        }
        Ok(arguments)
    }

    /// The instance that another part exports for it, if the plan says so.
    fn instance(&self, outer: &mut ComponentBuilder, at: usize, import: &Interface, plan: &Plan) -> Option<u32> {
        let wire = plan.wires.iter().find(|wire| wire.importer == at && wire.import == *import)?;
        let (_, from) = self.instances.iter().find(|(part, _)| *part == wire.exporter)?;
        Some(outer.alias_export(*from, &wire.export.to_string(), ComponentExportKind::Instance))
    }

    /// The instance that the whole imports for it.
    fn granted(&self, import: &Interface) -> Option<u32> {
        let equal = self.imported.iter().find(|(given, _)| given == import);
        let found = equal.or_else(|| self.imported.iter().find(|(given, _)| import.satisfied_by(given)))?;
        Some(found.1)
    }
}

/// Makes a part's exports the whole's.
fn export_all(outer: &mut ComponentBuilder, part: &Opened<'_>, instance: u32) -> Result<(), ComposeError> {
    for (name, kind) in names(part, Side::Exports)? {
        let index = outer.alias_export(instance, &name, kind);
        outer.export(name.as_str(), kind, index, None);
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Side {
    Imports,
    Exports,
}

/// The names of a part's outermost imports or exports, in the order of the file.
fn names(part: &Opened<'_>, side: Side) -> Result<Vec<(String, ComponentExportKind)>, ComposeError> {
    let damaged = |error: wasmparser::Error| ComposeError::Part { part: part.name.to_owned(), reason: error.into() };
    let mut names = Vec::new();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(&part.wasm) {
        match payload.map_err(damaged)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if depth == 0 && matches!(side, Side::Imports) => {
                for import in imports {
                    let import = import.map_err(damaged)?;
                    names.push((import.name.name.to_owned(), kind(import.ty.kind())));
                }
            }
            Payload::ComponentExportSection(exports) if depth == 0 && matches!(side, Side::Exports) => {
                for export in exports {
                    let export = export.map_err(damaged)?;
                    names.push((export.name.name.to_owned(), kind(export.kind)));
                }
            }
            _ => {}
        }
    }
    Ok(names)
}

fn kind(kind: ComponentExternalKind) -> ComponentExportKind {
    kind.into()
}
