//! What is read from small artifacts written as text, and what is refused.

use proptest::prelude::*;

use super::*;
use crate::outline::{NAMES_MAX, NESTING_MAX};

fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

fn names(interfaces: &[Interface]) -> Vec<String> {
    interfaces.iter().map(ToString::to_string).collect()
}

const SERVICE: &str = r#"(component
    (import "wasi:http/types@0.2.10" (instance $types (export "fields" (type (sub resource)))))
    (import "wasi:cli/environment@0.2.10" (instance))
    (alias export $types "fields" (type $fields))
    (import "fields" (type (eq $fields)))
    (core module (import "inner" "import" (func)))
    (component (import "nested" (func)))
    (instance $handler)
    (export "wasi:http/incoming-handler@0.2.10" (instance $handler))
    (export "plain" (instance $handler)))"#;

#[test]
fn a_component_tells_its_outermost_interfaces_sorted() {
    let bytes = wasm(SERVICE);
    let description = describe(&bytes).unwrap();
    assert_eq!(description.kind, Kind::Component);
    assert_eq!(names(&description.imports), ["wasi:cli/environment@0.2.10", "wasi:http/types@0.2.10"]);
    assert_eq!(names(&description.exports), ["wasi:http/incoming-handler@0.2.10"]);
    assert_eq!(description.size_bytes, bytes.len());
    assert!(description.serves_http());
}

// F50
#[test]
fn what_is_not_granted_is_named() {
    let description = describe(&wasm(SERVICE)).unwrap();
    let granted = |ids: &[&str]| ids.iter().map(|id| id.parse().unwrap()).collect::<Vec<Interface>>();
    assert!(description.missing(&granted(&["wasi:http/types@0.2.12", "wasi:cli/environment@0.2.0"])).is_empty());
    let missing = description.missing(&granted(&["wasi:cli/environment@0.2.0", "wasi:http/types@0.3.0"]));
    assert_eq!(names(&missing), ["wasi:http/types@0.2.10"]);
    assert_eq!(description.missing(&[]).len(), 2);
}

#[test]
fn serving_http_depends_on_the_export_and_its_version() {
    for (export, expected) in [
        ("wasi:http/incoming-handler@0.2.0", true),
        ("wasi:http/handler@0.3.2", true),
        ("wasi:http/handler@0.3.0-rc-2025-09-16", false),
        ("wasi:http/incoming-handler@0.3.0", false),
        ("wasi:http/outgoing-handler@0.2.0", false),
        ("wasi:cli/run@0.2.0", false),
    ] {
        let bytes = wasm(&format!(r#"(component (instance $i) (export "{export}" (instance $i)))"#));
        assert_eq!(describe(&bytes).unwrap().serves_http(), expected, "{export}");
    }
}

#[test]
fn what_no_host_could_run_is_refused_by_name() {
    let error = |text| describe(&wasm(text)).unwrap_err().to_string();
    assert!(error(r#"(module (import "env" "host_call" (func)))"#).contains("`host_call` from `env`"));
    assert!(error(r#"(component (import "host-call" (func)))"#).contains("`host-call`"));
    assert!(error(r#"(component (import "thing" (type (sub resource))))"#).contains("`thing`"));
}

#[test]
fn sizes_and_counts_are_bounded() {
    assert_eq!(describe(&vec![0; WASM_BYTES_MAX + 1]), Err(Error::TooLarge { size_bytes: WASM_BYTES_MAX + 1 }));
    let nested = |levels| wasm(&format!("{}{}", "(component ".repeat(levels), ")".repeat(levels)));
    assert!(describe(&nested(NESTING_MAX)).is_ok());
    assert!(matches!(describe(&nested(NESTING_MAX + 2)), Err(Error::TooMany { .. })));
    let imports = |n| {
        let lines: String = (0..n).map(|i| format!(r#"(import "a:b/i{i}" (instance))"#)).collect();
        wasm(&format!("(component {lines})"))
    };
    assert!(describe(&imports(NAMES_MAX)).is_ok());
    assert!(describe(&imports(NAMES_MAX + 1)).is_err());
}

#[test]
fn other_files_are_refused() {
    for bytes in [&b""[..], b"\x7fELF", b"#!/bin/sh", b"{}", b"\0as"] {
        assert_eq!(describe(bytes), Err(Error::NotWasm));
    }
    for bytes in [&b"\0asm"[..], b"\0asm\x0d\0", b"\0asm\xff\xff\xff\xff", b"\0asm\x0d\0\x01\0\x0b\x05"] {
        assert!(matches!(describe(bytes), Err(Error::Invalid { .. })), "{bytes:?}");
    }
    let whole = wasm(SERVICE);
    for length in 8..whole.len() {
        // A prefix may end exactly between two sections; it must never be mistaken for the whole.
        assert_ne!(describe(&whole[..length]), describe(&whole));
    }
}

proptest! {
    // F46
    #[test]
    fn mutated_bytes_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = wasm(SERVICE);
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        drop(describe(&bytes));
    }
}
