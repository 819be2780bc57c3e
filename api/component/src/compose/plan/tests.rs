//! Which export satisfies which import, from lists of interfaces alone.

use super::*;
use crate::Kind;

/// A part of one line: `name: imports -> exports`.
fn part(line: &str) -> (String, Description) {
    let (name, rest) = line.split_once(": ").expect("a name");
    let (imports, exports) = rest.split_once("->").expect("an arrow");
    let ids = |list: &str| list.split_whitespace().map(|id| id.parse().expect("an interface")).collect();
    let (imports, exports) = (ids(imports), ids(exports));
    (name.to_owned(), Description { kind: Kind::Component, imports, exports, size_bytes: 0 })
}

/// The plan as text, or the refusal.
fn planned(lines: &[&str], scope: Scope) -> String {
    let parts: Vec<_> = lines.iter().map(|line| part(line)).collect();
    let sketches: Vec<_> = parts.iter().map(|(name, description)| Sketch { name, description }).collect();
    let front = match scope {
        Scope::All => Ok(0),
        Scope::Own => front(&sketches),
    };
    match front.and_then(|front| plan(&sketches, front, scope)) {
        Err(error) => error.to_string(),
        Ok(plan) => {
            let name = |at: usize| sketches[at].name;
            let wires = plan
                .wires
                .iter()
                .map(|w| format!("{} {} = {} {}", name(w.importer), w.import, name(w.exporter), w.export));
            let order: Vec<_> = plan.order.iter().map(|at| name(*at)).collect();
            format!("{}: {}", order.join(" "), wires.collect::<Vec<_>>().join("; "))
        }
    }
}

#[test]
fn plugs_satisfy_the_socket_and_each_other() {
    for (lines, wanted) in [
        (&["web: a:b/c@1.0.0 ->", "x: -> a:b/c@1.0.0"][..], "x web: web a:b/c@1.0.0 = x a:b/c@1.0.0"),
        (&["web: a:b/c@1.2.0 ->", "x: -> a:b/c@1.3.0"], "x web: web a:b/c@1.2.0 = x a:b/c@1.3.0"),
        (&["web: a:b/c@1.0.0 ->", "x: -> a:b/c@1.0.0 a:b/c@1.9.0"], "x web: web a:b/c@1.0.0 = x a:b/c@1.0.0"),
        (
            &["web: a:b/c@1.0.0 ->", "x: d:e/f -> a:b/c@1.0.0", "y: -> d:e/f"],
            "y x web: web a:b/c@1.0.0 = x a:b/c@1.0.0; x d:e/f = y d:e/f",
        ),
        (
            // What a plug takes and gives itself is passed through it, not to itself.
            &["web: wasi:http/handler@0.3.0 ->", "x: wasi:http/handler@0.3.0 -> wasi:http/handler@0.3.0"],
            "x web: web wasi:http/handler@0.3.0 = x wasi:http/handler@0.3.0",
        ),
    ] {
        assert_eq!(planned(lines, Scope::All), wanted);
    }
}

#[test]
fn what_does_not_match_is_told_with_what_comes_nearest() {
    for (lines, wanted) in [
        (
            &["web: a:b/c@1.0.0 ->", "x: -> a:b/c@2.0.0"][..],
            "x exports a:b/c@2.0.0, and no other component imports that; the nearest imports are a:b/c@1.0.0",
        ),
        (&["web: a:b/c@1.0.0 ->", "x: -> a:b/d@1.0.0"], "the nearest imports are a:b/c@1.0.0"),
        (&["web: a:b/c@1.0.0 ->", "x: -> z:z/z"], "no other component imports anything like it"),
        (&["web: a:b/c@1.0.0 ->", "x: ->"], "x exports no interface"),
        (&["web: a:b/c ->", "x: -> a:b/c", "y: -> a:b/c"], "web imports a:b/c, and x and y all export it"),
        (&["web: a:b/c ->", "x: d:e/f -> a:b/c", "y: a:b/c -> d:e/f"], "x → y → x import from each other in a circle"),
    ] {
        let found = planned(lines, Scope::All);
        assert!(found.contains(wanted), "{found}");
    }
}

#[test]
fn a_pod_has_one_front_and_libraries() {
    const WEB: &str = "web: wasi:io/streams@0.2.6 shop:stock/api@1.0.0 -> wasi:http/incoming-handler@0.2.6";
    const JOB: &str = "job: shop:stock/api@1.0.0 -> wasi:cli/run@0.3.0";
    const STOCK: &str = "stock: wasi:io/streams@0.2.0 -> shop:stock/api@1.1.0";
    for (lines, wanted) in [
        (&[STOCK, WEB][..], "stock web: web shop:stock/api@1.0.0 = stock shop:stock/api@1.1.0"),
        (&[JOB, STOCK], "stock job: job shop:stock/api@1.0.0 = stock shop:stock/api@1.1.0"),
        (&[WEB], "web: "),
        (&[WEB, JOB], "web and job all export"),
        (&[STOCK], "none of stock exports"),
        (&[WEB, "fs: -> wasi:filesystem/types@0.2.0"], "fs exports wasi:filesystem/types@0.2.0; a library"),
        (&[WEB, "idle: ->"], "idle exports no interface; a library"),
        (&[WEB, STOCK, "extra: -> shop:extra/api"], "extra exports shop:extra/api, and no other component imports"),
    ] {
        let found = planned(lines, Scope::Own);
        assert!(found.contains(wanted), "{found}");
    }
}
