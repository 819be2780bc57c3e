//! What templates print; kubectl prints the same, as an end-to-end test shows for many of these.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn object() -> Value {
    json!({
        "kind": "List",
        "items": [
            { "metadata": { "name": "a", "labels": { "app.kubernetes.io/name": "x", "tier": "front" } },
              "spec": { "ports": [80, 443], "on": true },
              "status": { "conditions": [{ "type": "Ready", "status": "True" }, { "type": "Old", "status": "False" }] } },
            { "metadata": { "name": "b" }, "spec": { "ports": [8080] } },
        ],
    })
}

fn print(template: &str) -> String {
    template
        .parse::<Template>()
        .and_then(|t| t.text(&object()).map_err(|e| e.to_string()))
        .unwrap_or_else(|e| format!("! {e}"))
}

#[test]
fn templates_print_what_they_find() {
    for (template, wanted) in [
        ("{.kind}", "List"),
        ("{$.kind}", "List"),
        ("{kind}", "List"),
        ("kind: {.kind}.", "kind: List."),
        ("{.items[*].metadata.name}", "a b"),
        ("{.items[0].metadata.name}", "a"),
        ("{.items[-1].metadata.name}", "b"),
        ("{.items[0:1].metadata.name}", "a"),
        ("{.items[-1:].metadata.name}", "b"),
        ("{.items[::2].metadata.name}", "a"),
        ("{.items[0,1].metadata.name}", "a b"),
        ("{.items[0]['kind','metadata'].name}", "a"),
        ("{.items[0].metadata['name','labels'].tier}", "front"),
        ("{.items[*].spec.ports[*]}", "80 443 8080"),
        ("{.items[0].spec.ports}", "[80,443]"),
        ("{.items[0].spec.on}", "true"),
        ("{..name}", "a b"),
        (r"{.items[0].metadata.labels.app\.kubernetes\.io/name}", "x"),
        ("{.items[0].metadata.labels['app.kubernetes.io/name']}", "x"),
        (r#"{.items[?(@.metadata.name=="b")].spec.ports[0]}"#, "8080"),
        (r#"{.items[0].status.conditions[?(@.type == 'Ready')].status}"#, "True"),
        (r#"{.items[?(@.metadata.name!="b")].metadata.name}"#, "a"),
        ("{.items[?(@.spec.on==true)].metadata.name}", "a"),
        ("{.items[?(@.spec.ports[0]>=443)].metadata.name}", "b"),
        ("{.items[?(@.status)].metadata.name}", "a"),
        (r#"{range .items[*]}{.metadata.name}{"\t"}{.spec.ports[0]}{"\n"}{end}"#, "a\t80\nb\t8080\n"),
        (r#"{range .items}{.metadata.name}:{range .spec.ports[*]}{@},{end};{end}"#, "a:80,443,;b:8080,;"),
        (r#"{.items[0].metadata.name}{"-"}{.items[1].metadata.name}"#, "a-b"),
        ("{.none}", ""),
        ("{.items[*].none.more}", ""),
        ("plain", "plain"),
        ("", ""),
    ] {
        assert_eq!(print(template), wanted, "{template}");
    }
}

#[test]
fn mistakes_are_named() {
    for (template, wanted) in [
        ("{.a", "not closed"),
        ("{.items[0}", "not closed"),
        ("{.items[9]}", "no element [9]"),
        ("{.items[-3]}", "no element [-3]"),
        ("{range .items[*]}x", "{range} without {end}"),
        ("x{end}", "{end} without {range}"),
        ("{.items[?(@.a==b)]}", "neither a path"),
        (r#"{"a}"#, "not closed"),
        ("{.items[a]}", "no index"),
        ("{#}", "begins no expression"),
        ("{.items[::0]}", "neither an index nor a slice"),
    ] {
        let error = print(template);
        assert!(error.starts_with("! ") && error.contains(wanted), "{template}: {error}");
    }
}

#[test]
fn a_single_path_needs_no_braces() {
    for text in ["metadata.name", ".metadata.name", "{.metadata.name}", "{metadata.name}"] {
        let object = json!({ "metadata": { "name": "a" } });
        assert_eq!(Template::relaxed(text).expect(text).values(&object).expect(text), [&json!("a")], "{text}");
    }
    for text in ["", "{}", "{.a}{.b}"] {
        assert!(Template::relaxed(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_template_makes_it_stumble(template in r#"[{}\[\].,:?()@$*'"\\=<>a-c0-2 -]{0,30}"#) {
        if let Ok(template) = template.parse::<Template>() {
            let _printed = template.text(&object());
        }
    }
}
