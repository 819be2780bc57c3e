//! Components written as text, made one.

use super::*;
use crate::wit;

/// Exports `shop:stock/api`, and imports one function of the clock.
const STOCK: &str = r#"(component
    (import "wasi:clocks/monotonic-clock@0.2.0" (instance (export "now" (func (result u64)))))
    (alias export 0 "now" (func $now))
    (core func $now (canon lower (func $now)))
    (core module $m
        (import "clock" "now" (func $now (result i64)))
        (func (export "count") (param i32) (result i32) (drop (call $now)) (local.get 0)))
    (core instance $clock (export "now" (func $now)))
    (core instance $i (instantiate $m (with "clock" (instance $clock))))
    (func $count (param "id" u32) (result u32) (canon lift (core func $i "count")))
    (instance $api (export "count" (func $count)))
    (export "shop:stock/api@1.1.0" (instance $api)))"#;

/// Imports `shop:stock/api`, another function of a newer clock, and exports a handler.
const WEB: &str = r#"(component
    (import "wasi:clocks/monotonic-clock@0.2.6" (instance (export "resolution" (func (result u64)))))
    (import "shop:stock/api@1.0.0" (instance (export "count" (func (param "id" u32) (result u32)))))
    (alias export 1 "count" (func $count))
    (core func $count (canon lower (func $count)))
    (core module $m
        (import "stock" "count" (func $count (param i32) (result i32)))
        (func (export "run") (result i32) (call $count (i32.const 7))))
    (core instance $stock (export "count" (func $count)))
    (core instance $i (instantiate $m (with "stock" (instance $stock))))
    (func $run (result u32) (canon lift (core func $i "run")))
    (instance $handler (export "handle" (func $run)))
    (export "wasi:http/incoming-handler@0.2.6" (instance $handler))
    (export "plain" (func $run)))"#;

fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("is text of WebAssembly")
}

fn part<'a>(name: &'a str, wasm: &'a [u8]) -> Part<'a> {
    Part { name, wasm }
}

fn names(interfaces: &[Interface]) -> Vec<String> {
    interfaces.iter().map(ToString::to_string).collect()
}

#[test]
fn a_plug_satisfies_an_import_and_the_rest_stays() {
    let (web, stock) = (wasm(WEB), wasm(STOCK));
    let composed = compose(part("web.wasm", &web), &[part("stock.wasm", &stock)]).expect("fits");
    assert_eq!(names(&composed.description.imports), ["wasi:clocks/monotonic-clock@0.2.6"], "one clock for both");
    assert_eq!(names(&composed.description.exports), ["wasi:http/incoming-handler@0.2.6"]);
    assert_eq!(composed.front, "web.wasm");
    let connection = Connection {
        importer: "web.wasm".to_owned(),
        import: "shop:stock/api@1.0.0".parse().expect("an interface"),
        exporter: "stock.wasm".to_owned(),
        export: "shop:stock/api@1.1.0".parse().expect("an interface"),
    };
    assert_eq!(composed.connections, [connection]);
    assert_eq!(describe(&composed.wasm), Ok(composed.description.clone()));
    let text = wit(&composed.wasm).expect("has WIT");
    for wanted in ["now: func() -> u64;", "resolution: func() -> u64;", "export plain: func() -> u32;"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert_eq!(compose(part("web.wasm", &web), &[part("stock.wasm", &stock)]), Ok(composed), "always the same bytes");
}

#[test]
fn a_composition_can_be_composed_again() {
    let (web, stock) = (wasm(WEB), wasm(STOCK));
    let inner = compose(part("web", &web), &[part("stock", &stock)]).expect("fits");
    let clock = wasm(
        r#"(component
            (core module $m (func (export "f") (result i64) (i64.const 1)))
            (core instance $i (instantiate $m))
            (func $f (result u64) (canon lift (core func $i "f")))
            (instance $clock (export "now" (func $f)) (export "resolution" (func $f)))
            (export "wasi:clocks/monotonic-clock@0.2.3" (instance $clock)))"#,
    );
    let whole = compose(part("inner", &inner.wasm), &[part("clock", &clock)]).expect("fits");
    assert!(whole.description.imports.is_empty());
    assert!(whole.description.serves_http());
}

/// A resource crosses from the host through both parts, so both must get it from one import.
#[test]
fn resources_of_the_host_are_the_same_for_all_parts() {
    let io = r#"(import "wasi:io/streams@0.2.0" (instance $io
        (export "output-stream" (type (sub resource)))))
        (alias export $io "output-stream" (type $stream))"#;
    let library = wasm(&format!(
        r#"(component {io}
            (core module $m (func (export "f") (param i32)))
            (core instance $i (instantiate $m))
            (func $f (param "to" (own $stream)) (canon lift (core func $i "f")))
            (component $shape
                (import "stream" (type $s (sub resource)))
                (import "f" (func $f (param "to" (own $s))))
                (export $t "output-stream" (type $s))
                (export "print" (func $f) (func (param "to" (own $t)))))
            (instance $api (instantiate $shape (with "stream" (type $stream)) (with "f" (func $f))))
            (export "log:out/sink" (instance $api)))"#
    ));
    let front = wasm(&format!(
        r#"(component {io}
            (import "log:out/sink" (instance
                (alias outer 1 $stream (type $s))
                (export "output-stream" (type $t (eq $s)))
                (export "print" (func (param "to" (own $t))))))
            (instance $run)
            (export "wasi:cli/run@0.2.0" (instance $run)))"#
    ));
    let composed = link(&[part("front", &front), part("library", &library)]).expect("fits");
    assert_eq!(names(&composed.description.imports), ["wasi:io/streams@0.2.0"]);
}

/// A type of the world itself is passed on from the interface it is of, wherever that comes from.
#[test]
fn types_that_a_world_uses_follow_their_interface() {
    let front = wasm(
        r#"(component
            (import "a:b/types" (instance $types
                (type (record (field "x" u32)))
                (export "point" (type (eq 0)))))
            (alias export $types "point" (type $point))
            (import "point" (type $p (eq $point)))
            (instance $run)
            (export "wasi:cli/run@0.2.0" (instance $run)))"#,
    );
    let library = wasm(
        r#"(component
            (type $r (record (field "x" u32)))
            (component $shape (import "point" (type $p (eq $r))) (export "point" (type $p)))
            (instance $types (instantiate $shape (with "point" (type $r))))
            (export "a:b/types" (instance $types)))"#,
    );
    let composed = link(&[part("front", &front), part("library", &library)]).expect("fits");
    assert!(composed.description.imports.is_empty());
}

#[test]
fn a_preview_1_command_can_be_plugged_into() {
    let job = wasm(
        r#"(module (import "wasi_snapshot_preview1" "random_get" (func $get (param i32 i32) (result i32)))
            (memory (export "memory") 1) (func (export "_start") (drop (call $get (i32.const 0) (i32.const 4)))))"#,
    );
    let random = wasm(
        r#"(component
            (core module $m
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
                (func (export "f") (param i64) (result i32) (i32.const 0)))
            (core instance $i (instantiate $m))
            (alias core export $i "memory" (core memory $memory))
            (func $f (param "len" u64) (result (list u8))
                (canon lift (core func $i "f") (memory $memory) (realloc (core func $i "realloc"))))
            (instance $random (export "get-random-bytes" (func $f)))
            (export "wasi:random/random@0.2.0" (instance $random)))"#,
    );
    let composed = compose(part("job", &job), &[part("random", &random)]).expect("fits");
    assert!(composed.description.runs());
    assert!(!names(&composed.description.imports).iter().any(|import| import.starts_with("wasi:random")));
}

#[test]
fn types_that_do_not_fit_are_told_with_what_was_linked() {
    let (web, stock) = (wasm(WEB), wasm(&STOCK.replace(r#"(param "id" u32)"#, r#"(param "id" s32)"#)));
    let error = compose(part("web", &web), &[part("stock", &stock)]).expect_err("differs").to_string();
    assert!(error.starts_with("stock: its interfaces differ") && error.contains("`count`"), "{error}");
    let renamed = wasm(&STOCK.replace(r#"(export "count" (func $count)))"#, r#"(export "sum" (func $count)))"#));
    let error = compose(part("web", &web), &[part("stock", &renamed)]).expect_err("differs").to_string();
    assert!(error.contains("shop:stock/api@1.0.0 of web to shop:stock/api@1.1.0 of stock"), "{error}");
    assert!(error.contains("count"), "{error}");
}

#[test]
fn the_order_of_a_pods_containers_does_not_matter() {
    let (web, stock) = (wasm(WEB), wasm(STOCK));
    let one = link(&[part("web", &web), part("stock", &stock)]).expect("fits");
    let other = link(&[part("stock", &stock), part("web", &web)]).expect("fits");
    assert_eq!(one, other);
    assert_eq!(one.front, "web");
}

#[test]
fn parts_are_bounded_and_named_in_refusals() {
    let (web, stock) = (wasm(WEB), wasm(STOCK));
    let refused = |parts: &[Part<'_>]| link(parts).expect_err("is refused");
    assert_eq!(refused(&[part("a", &web), part("a", &stock)]), ComposeError::SameName { name: "a".to_owned() });
    let many: Vec<String> = (0..=PARTS_MAX).map(|n| n.to_string()).collect();
    let many: Vec<Part<'_>> = many.iter().map(|name| part(name, &web)).collect();
    assert_eq!(refused(&many), ComposeError::TooMany { parts: PARTS_MAX + 1 });
    let large = vec![0; WASM_BYTES_MAX];
    assert!(matches!(refused(&[part("a", &web), part("b", &large)]), ComposeError::TooLarge { .. }));
    let error = refused(&[part("web", &web), part("stock", b"\x7fELF")]).to_string();
    assert!(error.starts_with("stock: not WebAssembly"), "{error}");
    let package = wasm(r#"(component (type (component (export "a:b/c" (instance)))) (export "c" (type 0)))"#);
    assert!(compose(part("web", &web), &[part("wit", &package)]).is_err());
}

// F46
#[test]
fn no_byte_of_a_part_can_be_changed_into_a_panic() {
    let (web, stock) = (wasm(WEB), wasm(STOCK));
    for at in 8..stock.len() {
        for byte in [0x00, 0x01, 0x7f, 0xff, stock[at] ^ 0x01] {
            let mut bytes = stock.clone();
            bytes[at] = byte;
            drop(compose(part("web", &web), &[part("stock", &bytes)]));
        }
    }
}
