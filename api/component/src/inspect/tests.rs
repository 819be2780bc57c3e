//! What small artifacts written as text tell of themselves.

use serde_json::json;

use super::*;

const SERVICE: &str = r#"(component
    (import "wasi:cli/environment@0.2.10" (instance))
    (core module $main
        (memory 2 4)
        (func $named)
        (@producers (language "Rust" "2024") (processed-by "rustc" "1.95.0") (sdk "insula-sdk" "0.1.0"))
        (@custom ".debug_info" "x"))
    (core module (@producers (processed-by "rustc" "1.95.0")))
    (component (component))
    (instance $handler)
    (export "wasi:http/incoming-handler@0.2.10" (instance $handler)))"#;

fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("is text of WebAssembly")
}

#[test]
fn an_inspection_is_this_json() {
    let bytes = wasm(SERVICE);
    let inspection = inspect(&bytes).expect("is inspected");
    let json = serde_json::to_value(&inspection).expect("is JSON");
    assert_eq!(json["kind"], "component");
    assert_eq!(json["size_bytes"], bytes.len());
    assert_eq!(json["imports"], json!(["wasi:cli/environment@0.2.10"]));
    assert_eq!(json["exports"], json!(["wasi:http/incoming-handler@0.2.10"]));
    assert_eq!(json["worlds"], json!(["wasi:http/proxy@0.2"]));
    assert_eq!(json["core_modules"][0]["memories"], json!([{ "initial_bytes": 131_072, "maximum_bytes": 262_144 }]));
    assert_eq!(json["core_modules"][1]["memories"], json!([]));
    assert_eq!(json["nested_components"], 2);
    let producers = json!([
        { "field": "language", "name": "Rust", "version": "2024" },
        { "field": "processed-by", "name": "rustc", "version": "1.95.0" },
        { "field": "sdk", "name": "insula-sdk", "version": "0.1.0" },
    ]);
    assert_eq!(json["producers"], producers);
    assert_eq!((&json["has_names"], &json["has_debug_info"]), (&json!(true), &json!(true)));
    assert_eq!(json["has_component_type"], false);
    let modules = inspection.sections.iter().find(|section| section.name == "core module").expect("is told");
    assert_eq!(modules.count, 2);
    assert_eq!(modules.size_bytes, inspection.core_modules.iter().map(|module| module.size_bytes).sum::<usize>());
}

#[test]
fn a_module_tells_of_its_own_file_and_of_the_interfaces_it_will_have() {
    let text = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
        (memory (export "memory") 1) (func (export "_start")) (@custom "component-type:x" ""))"#;
    // An empty world is damaged, so the section is only looked for once it is gone.
    assert!(inspect(&wasm(text)).is_err());
    let bytes = wasm(&text.replace(r#" (@custom "component-type:x" "")"#, ""));
    let inspection = inspect(&bytes).expect("is inspected");
    assert_eq!(inspection.worlds, [World::CliCommand02]);
    assert_eq!(inspection.core_modules.len(), 1, "the adapter is not in the file");
    assert_eq!(inspection.core_modules[0].memories, [Memory { initial_bytes: 65_536, maximum_bytes: None }]);
    assert!(inspection.sections.iter().any(|section| section.name == "code"));
    assert!(!inspection.has_names && !inspection.has_debug_info);
    assert!(wit(&bytes).expect("has WIT").contains("export wasi:cli/run@0.2"));
}

#[test]
fn interfaces_are_told_with_their_types() {
    let component = r#"(component
        (import "shop:stock/api@1.0.0" (instance
            (type (record (field "count" u32) (field "name" string)))
            (export "item" (type (eq 0))))))"#;
    let text = wit(&wasm(component)).expect("has WIT");
    for wanted in ["package root:component;", "import shop:stock/api@1.0.0;", "record item {", "count: u32,"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}

#[test]
fn memories_without_bounds_do_not_overflow() {
    let inspection = inspect(&wasm("(component (core module (memory i64 0 281474976710656)))")).expect("is inspected");
    let memory = inspection.core_modules[0].memories[0];
    assert_eq!(memory.maximum_bytes, Some(u64::MAX), "2^64 is told as the largest number there is");
}

// F46
#[test]
fn no_byte_can_be_changed_into_a_panic() {
    let whole = wasm(SERVICE);
    for at in 0..whole.len() {
        for byte in [0x00, 0x01, 0x7f, 0x80, 0xff, whole[at] ^ 0x01] {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            drop((inspect(&bytes), wit(&bytes)));
        }
        drop((inspect(&whole[..at]), wit(&whole[..at])));
    }
}
