//! The exit status of preview 1, whole.
//!
//! The published adapter tells `wasi:cli/exit` whether a module failed, as the stable function of that interface takes
//! no more, and so every status but 0 becomes 1. What a module calls `proc_exit` is therefore led past it, to a second
//! adapter of a few bytes, which calls `exit-with-code`.

use std::error::Error;

use wasm_encoder::reencode::{Reencode as _, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection, Module, RawSection,
    TypeSection, ValType,
};
use wasmparser::{Parser, Payload, TypeRef};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::outline::PREVIEW_1;

/// The module name under which `proc_exit` is imported instead.
pub(super) const NAME: &str = "insula-preview1-exit";

const FUNCTION: &str = "proc_exit";

/// `wasi:cli/exit` of the version in which `exit-with-code` may be had. Both functions, so that it can take the place
/// of the older version that the published adapter imports.
const WIT: &str = "
    package wasi:cli@0.2.12;
    interface exit {
        exit: func(status: result);
        exit-with-code: func(status-code: u8);
    }
    world exits {
        import exit;
    }";
const INTERFACE: &str = "wasi:cli/exit@0.2.12";

/// `wasm`, a valid core module, with its import of `proc_exit` led to the second adapter; none if it has no such.
pub(super) fn redirect(wasm: &[u8]) -> Result<Option<Vec<u8>>, Box<dyn Error>> {
    let mut module = Module::new();
    let mut found = false;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        let Some((id, range)) = payload.as_section() else { continue };
        let Payload::ImportSection(section) = payload else {
            module.section(&RawSection { id, data: &wasm[range] });
            continue;
        };
        let mut imports = ImportSection::new();
        for import in section.into_imports() {
            let import = import?;
            let exits = (import.module, import.name) == (PREVIEW_1, FUNCTION) && matches!(import.ty, TypeRef::Func(_));
            found |= exits;
            let from = if exits { NAME } else { import.module };
            imports.import(from, import.name, RoundtripReencoder.entity_type(import.ty)?);
        }
        module.section(&imports);
    }
    Ok(found.then(|| module.finish()))
}

/// The second adapter: it calls the host with the low byte of a status, as a process has it, and does not come back.
pub(super) fn adapter() -> Result<Vec<u8>, Box<dyn Error>> {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32], []);
    let mut imports = ImportSection::new();
    imports.import(INTERFACE, "exit-with-code", EntityType::Function(0));
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut exports = ExportSection::new();
    exports.export(FUNCTION, ExportKind::Func, 1);
    let mut body = Function::new([]);
    body.instructions().local_get(0).i32_const(0xff).i32_and().call(0).unreachable().end();
    let mut code = CodeSection::new();
    code.function(&body);
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
    let mut wasm = module.finish();

    let mut resolve = Resolve::default();
    let package = resolve.push_source("exit.wit", WIT)?;
    let world = resolve.select_world(&[package], Some("exits"))?;
    embed_component_metadata(&mut wasm, &resolve, world, StringEncoding::UTF8)?;
    Ok(wasm)
}
