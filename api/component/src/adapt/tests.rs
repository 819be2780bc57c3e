//! Preview 1 modules written as text become components, and what is none is told so.

use super::*;
use crate::{Kind, describe};

const HELLO: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 8) "hello\n")
    (func (export "_start")
        (i32.store (i32.const 0) (i32.const 8))
        (i32.store (i32.const 4) (i32.const 6))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))))"#;

const REACTOR: &str = r#"(module
    (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_initialize")))"#;

fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("is text of WebAssembly")
}

fn names(interfaces: &[crate::Interface]) -> Vec<String> {
    interfaces.iter().map(ToString::to_string).collect()
}

#[test]
fn a_command_becomes_a_component_that_runs() {
    let module = wasm(HELLO);
    let component = adapt(&module).expect("is wrapped");
    assert!(Parser::is_component(&component) && matches!(component, Cow::Owned(_)));
    let (before, after) = (describe(&module).expect("is described"), describe(&component).expect("is valid"));
    assert_eq!((before.kind, before.size_bytes), (Kind::Module, module.len()));
    assert_eq!((after.kind, after.size_bytes), (Kind::Component, component.len()));
    assert_eq!((&before.imports, &before.exports), (&after.imports, &after.exports), "one description of both");
    assert!(before.runs() && !before.serves_http());
    let imports = names(&before.imports);
    for wanted in ["wasi:cli/stdout@0.2", "wasi:io/streams@0.2", "wasi:cli/stderr@0.2"] {
        assert!(imports.iter().any(|import| import.starts_with(wanted)), "{wanted}: {imports:?}");
    }
    for unused in ["wasi:random", "wasi:sockets"] {
        assert!(!imports.iter().any(|import| import.starts_with(unused)), "{unused}: {imports:?}");
    }
}

const EXITS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start")
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 20)))
        (call $exit (i32.const 7))))"#;

#[test]
fn the_whole_status_of_an_exit_is_told() {
    let module = wasm(EXITS);
    let redirected = exit::redirect(&module).expect("is read").expect("it exits");
    assert!(Outline::read(&redirected).is_ok(), "it is as valid as before");
    assert_eq!(exit::redirect(&wasm(HELLO)).expect("is read"), None, "what does not exit stays as it is");
    let component = adapt(&module).expect("is wrapped");
    let exits: Vec<String> = names(&describe(&component).expect("is valid").imports);
    let exits: Vec<&String> = exits.iter().filter(|import| import.starts_with("wasi:cli/exit@")).collect();
    assert!(exits.iter().any(|import| *import == "wasi:cli/exit@0.2.12"), "{exits:?}");
}

#[test]
fn the_same_module_becomes_the_same_component() {
    let module = wasm(HELLO);
    assert_eq!(adapt(&module), adapt(&module));
}

#[test]
fn a_reactor_becomes_a_component_that_exports_what_its_world_says() {
    let description = describe(&wasm(REACTOR)).expect("is described");
    assert!(description.exports.is_empty(), "it carries no world");
    assert!(names(&description.imports).iter().any(|import| import.starts_with("wasi:random/random@0.2")));
}

/// A module as binding generators leave it: it says its world in a custom section.
fn with_world(module: &str, world: &str) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_source("world.wit", world).expect("is WIT");
    let world = resolve.select_world(&[package], None).expect("has one world");
    let mut bytes = wasm(module);
    wit_component::embed_component_metadata(&mut bytes, &resolve, world, wit_component::StringEncoding::UTF8)
        .expect("is a module");
    bytes
}

fn library() -> Vec<u8> {
    let module = r#"(module
        (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
        (import "shop:stock/clock@1.0.0" "now" (func (result i64)))
        (memory (export "memory") 1)
        (func (export "shop:stock/api@1.0.0#count") (param i32) (result i32) (local.get 0)))"#;
    let world = "package shop:stock@1.0.0;
        interface api { count: func(id: u32) -> u32; }
        interface clock { now: func() -> u64; }
        world library { import clock; export api; }";
    with_world(module, world)
}

#[test]
fn a_module_that_carries_its_world_exports_what_that_says() {
    let description = describe(&library()).expect("is described");
    assert_eq!(names(&description.exports), ["shop:stock/api@1.0.0"]);
    let imports = names(&description.imports);
    assert!(imports.contains(&"shop:stock/clock@1.0.0".to_owned()), "{imports:?}");
    assert!(imports.iter().any(|import| import.starts_with("wasi:random/random@0.2")), "{imports:?}");
}

#[test]
fn a_program_that_needs_nothing_of_wasi_is_a_command() {
    let description = describe(&wasm(r#"(module (memory (export "memory") 1) (func (export "_start")))"#));
    assert!(description.expect("is described").runs());
}

#[test]
fn a_component_stays_as_it_is() {
    let component = wasm("(component)");
    assert!(matches!(adapt(&component), Ok(Cow::Borrowed(same)) if same == component));
}

#[test]
fn what_can_not_be_wrapped_is_told_why() {
    let error = |text| adapt(&wasm(text)).expect_err("is refused").to_string();
    assert!(error("(module)").contains("nothing says how to run it"));
    assert!(error(r#"(module (export "_start" (memory 0)) (memory 1))"#).contains("nothing says how to run it"));
    assert!(error(r#"(module (import "env" "call" (func)))"#).contains("`call` from `env`"));
    assert!(error(r#"(module (import "wasi_unstable" "fd_write" (func)))"#).contains("older than WASI preview 1"));
    let wrong_type = error(r#"(module (import "wasi_snapshot_preview1" "fd_write" (func)) (func (export "_start")))"#);
    assert!(wrong_type.contains("cannot be made a component"), "{wrong_type}");
    let unknown = error(
        r#"(module (import "wasi_snapshot_preview1" "fd_levitate" (func))
            (memory (export "memory") 1) (func (export "_start")))"#,
    );
    assert!(unknown.contains("fd_levitate"), "{unknown}");
    assert_eq!(adapt(b"\x7fELF"), Err(Error::NotWasm));
    assert!(matches!(adapt(b"\0asm\x01\0\0\0\x01"), Err(Error::Invalid { .. })));
}

// F46
#[test]
fn no_byte_of_a_module_can_be_changed_into_a_panic() {
    survives_changes(&wasm(HELLO));
    survives_changes(&library());
}

fn survives_changes(whole: &[u8]) {
    for at in 0..whole.len() {
        for byte in [0x00, 0x01, 0x7f, 0x80, 0xff, whole[at] ^ 0x01, whole[at].wrapping_add(1)] {
            let mut bytes = whole.to_vec();
            bytes[at] = byte;
            if let Ok(component) = adapt(&bytes) {
                // Whatever the wrapping made of it, the validator has the last word.
                drop(describe(&component));
            }
        }
        assert!(at < 8 || adapt(&whole[..at]).is_err() || adapt(&whole[..at]) != adapt(whole));
    }
}
