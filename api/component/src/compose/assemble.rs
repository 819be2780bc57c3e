//! Builds the component that holds the parts.
//!
//! Imports first, with the types that `merge` found for them; then each part, instantiated with what is there.

use std::convert::Infallible;

use wasm_encoder::reencode::{ReencodeComponent, RoundtripReencoder};
use wasm_encoder::{ComponentBuilder, ComponentExportKind, ComponentExternName};
use wasmparser::{ComponentExternalKind, ComponentType, ComponentTypeDeclaration, ComponentTypeRef, Parser, Payload};

use super::merge::{Merged, failed};
use super::plan::Plan;
use super::{ComposeError, Opened};
use crate::Interface;
use crate::decode::guarded;
use crate::error::message;

/// The component that `plan` describes. It is not validated.
pub(super) fn assemble(parts: &[Opened<'_>], plan: &Plan) -> Result<Vec<u8>, ComposeError> {
    // The merging and encoding of worlds assert what they take for granted.
    guarded(|| Ok::<_, Infallible>(build(parts, plan))).map_err(failed)?
}

fn build(parts: &[Opened<'_>], plan: &Plan) -> Result<Vec<u8>, ComposeError> {
    let merged = Merged::of(parts, plan)?;
    let mut outer = ComponentBuilder::default();
    let mut whole = Whole { imported: import_world(&mut outer, &merged.imports()?)?, instances: Vec::new() };
    for at in &plan.order {
        let Some(part) = parts.get(*at) else { continue };
        let arguments = whole.arguments(&mut outer, *at, part, (plan, &merged))?;
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
        at: usize,
        part: &Opened<'_>,
        built: (&Plan, &Merged),
    ) -> Result<Vec<Argument>, ComposeError> {
        let refused = |what: String| ComposeError::Unsupported { part: part.name.to_owned(), what };
        let (plan, merged) = built;
        let mut arguments: Vec<Argument> = Vec::new();
        for (name, _) in names(part, Side::Imports)? {
            let argument = if let Ok(interface) = name.parse::<Interface>() {
                let index = self.instance(outer, at, &interface, plan).or_else(|| self.granted(&interface));
                let index = index.ok_or_else(|| refused(format!("nothing is imported for {interface}")))?;
                (name, ComponentExportKind::Instance, index)
            } else {
                let found =
                    merged.origin(at, &name).and_then(|(interface, ty)| Some((given(&arguments, &interface)?, ty)));
                let (from, ty) = found.ok_or_else(|| {
                    refused(format!("it imports the type `{name}`, which is of no interface that it imports before"))
                })?;
                (name, ComponentExportKind::Type, outer.alias_export(from, &ty, ComponentExportKind::Type))
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

/// The instance among `arguments` that is the interface, in any version of its track.
fn given(arguments: &[Argument], interface: &Interface) -> Option<u32> {
    let is_it = |name: &str| name.parse().is_ok_and(|given: Interface| given.satisfied_by(interface));
    arguments.iter().find(|(name, _, _)| is_it(name)).map(|(_, _, index)| *index)
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
