//! The walk over an artifact: validates all of it, and notes what the outermost component or module says of itself.

use wasmparser::{
    ComponentTypeRef, Encoding, ExternalKind, FuncValidatorAllocations, Parser, Payload, TypeBounds, ValidPayload,
    Validator, WasmFeatures,
};

use crate::describe::{Kind, WASM_BYTES_MAX};
use crate::error::shown;
use crate::{Error, Interface};

/// Components and modules nested in each other. Toolchains produce two or three levels.
pub(crate) const NESTING_MAX: usize = 16;

/// Imports and exports of the outermost component, together. Worlds have some dozens.
pub(crate) const NAMES_MAX: usize = 1_000;

/// The module name under which a core module imports WASI preview 1.
pub(crate) const PREVIEW_1: &str = "wasi_snapshot_preview1";

/// The same of the WASI before that.
const PREVIEW_0: &str = "wasi_unstable";

/// Custom sections in which binding generators say the world of a core module begin so.
const WORLD_SECTION: &str = "component-type";

/// What was seen of the outermost component or module.
pub(crate) struct Outline {
    pub(crate) kind: Kind,
    pub(crate) imports: Vec<Interface>,
    pub(crate) exports: Vec<Interface>,
    pub(crate) module: Module,
    names: usize,
}

/// What only core modules have.
#[derive(Default)]
pub(crate) struct Module {
    /// It imports WASI preview 1.
    preview_1: bool,
    /// It exports `_start`.
    pub(crate) is_command: bool,
    /// It carries the world it is for.
    has_world: bool,
    /// The first import that is not of WASI.
    foreign: Option<Error>,
}

impl Outline {
    /// Validates all of `wasm`. Time is linear in the size.
    pub(crate) fn read(wasm: &[u8]) -> Result<Self, Error> {
        check_head(wasm)?;
        let (imports, exports, module) = (Vec::new(), Vec::new(), Module::default());
        let mut outline = Self { kind: Kind::Component, imports, exports, module, names: 0 };
        let mut validator = Validator::new_with_features(WasmFeatures::default());
        let mut allocations = FuncValidatorAllocations::default();
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            match validator.payload(&payload)? {
                ValidPayload::Ok => {}
                ValidPayload::Parser(_) => {
                    depth += 1;
                    bounded(depth, NESTING_MAX, "components nested in each other")?;
                }
                ValidPayload::Func(function, body) => {
                    let mut function = function.into_validator(allocations);
                    function.validate(&body)?;
                    allocations = function.into_allocations();
                }
                ValidPayload::End(_) => depth = depth.saturating_sub(1),
            }
            // `Parser(_)` above has already entered the nested part whose header this payload announced.
            if depth == 0 {
                outline.note(payload)?;
            }
        }
        outline.imports.sort();
        outline.exports.sort();
        Ok(outline)
    }

    fn note(&mut self, payload: Payload<'_>) -> Result<(), Error> {
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } => self.kind = Kind::Module,
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    self.count_name()?;
                    self.module.note_import(import.module, import.name);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    self.module.is_command |= export.name == "_start" && export.kind == ExternalKind::Func;
                }
            }
            Payload::CustomSection(section) => self.module.has_world |= section.name().starts_with(WORLD_SECTION),
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import?;
                    self.count_name()?;
                    match import.name.name.parse() {
                        Ok(interface) => self.imports.push(interface),
                        // Types that a world's own functions use from its interfaces: equal to what is granted already.
                        Err(_) if matches!(import.ty, ComponentTypeRef::Type(TypeBounds::Eq(_))) => {}
                        Err(_) => return Err(Error::ImportNotInterface { name: shown(import.name.name) }),
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export?;
                    self.count_name()?;
                    self.exports.extend(export.name.name.parse::<Interface>());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn count_name(&mut self) -> Result<(), Error> {
        self.names += 1;
        bounded(self.names, NAMES_MAX, "imports and exports")
    }
}

impl Module {
    fn note_import(&mut self, module: &str, name: &str) {
        match module {
            PREVIEW_1 => self.preview_1 = true,
            PREVIEW_0 => self.refuse(Error::ImportOutdated { name: shown(name) }),
            _ => self.refuse(Error::ImportNotWasi { module: shown(module), name: shown(name) }),
        }
    }

    fn refuse(&mut self, error: Error) {
        self.foreign.get_or_insert(error);
    }

    /// Whether something says how to make a component of it: its world, WASI preview 1, or `_start`.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        if self.has_world {
            return Ok(());
        }
        match self.foreign.take() {
            Some(error) => Err(error),
            None if self.preview_1 || self.is_command => Ok(()),
            None => Err(Error::ModuleNotWasi),
        }
    }
}

/// Whether it could be WebAssembly of a size that is read.
pub(crate) fn check_head(wasm: &[u8]) -> Result<(), Error> {
    if wasm.len() > WASM_BYTES_MAX {
        return Err(Error::TooLarge { size_bytes: wasm.len() });
    }
    if wasm.starts_with(b"\0asm") { Ok(()) } else { Err(Error::NotWasm) }
}

fn bounded(count: usize, max: usize, what: &'static str) -> Result<(), Error> {
    if count > max { Err(Error::TooMany { what, max }) } else { Ok(()) }
}
