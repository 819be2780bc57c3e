//! `docs/kinds.md`, made of the table of kinds: what is served, and what follows from it.
//!
//! A test holds page and table together; `UPDATE_EXPECT=1` writes the page anew. Nothing of this is in the program.

use std::fmt::Write as _;

use expect_test::expect_file;
use serde_json::{Value, json};

use super::unacted::Unacted;
use super::{Acts, Kind, Origin, ROWS};
use crate::field::Problems;

const HEAD: &str = "\
# Kinds, field by field

Made of the apiserver's table of kinds; do not edit (`UPDATE_EXPECT=1 cargo test -p apiserver kinds::page` writes it anew).

What is listed as *stored with a warning* is kept, served and returned as it was sent, nothing follows from it, and who
writes it is told so by a `Warning` header. All other fields of a kind that acts are acted on, or refused with a reason
where their values are not supported: [these fields](#fields-that-are-refused) are, whatever they say. Unknown fields follow
`fieldValidation`.

";

#[test]
fn the_page_of_kinds_says_what_the_table_says() {
    expect_file!["../../../../docs/kinds.md"].assert_eq(&page());
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    page += "| kind | served as | short names | parts | objects |\n|---|---|---|---|---|\n";
    for kind in rows() {
        let also = kind.also.iter().map(|served| served.resource.api_version());
        let versions: Vec<_> = std::iter::once(kind.resource.api_version()).chain(also).collect();
        let parts: Vec<_> = kind.subresources.iter().map(|part| part.name()).collect();
        let acts = match kind.acts {
            Acts::Yes if kind.origin == Origin::Measured => "are measured, read only".to_owned(),
            Acts::Yes if kind.origin == Origin::Derived => "are derived from EndpointSlices, read only".to_owned(),
            Acts::Yes => "act".to_owned(),
            Acts::Partly(sentence) => format!("are stored with a warning: {sentence}"),
        };
        let (name, short) = (kind.resource.kind, kind.short_names.join(", "));
        line(&mut page, &format!("| {name} | {} | {short} | {} | {acts} |", versions.join(", "), parts.join(", ")));
    }
    page += "\n## Fields that are stored with a warning\n";
    let pod = rows().find(|kind| kind.resource.kind == "Pod").map_or(&[][..], |kind| kind.unacted);
    for kind in rows().filter(|kind| !kind.unacted.is_empty()) {
        line(&mut page, &format!("\n### {}\n", kind.resource.kind));
        for group in kind.unacted {
            let is_pods = !std::ptr::eq(kind.unacted, pod) && pod.iter().any(|pods| pods.lists_the_same(group));
            if is_pods {
                line(&mut page, &format!("- below `{}` what is listed for [Pod](#pod)", group.place()));
            } else {
                fields(&mut page, group);
            }
        }
    }
    page += "\n## Fields that are refused\n\nKubernetes takes them; here nothing could follow from them.\n\n";
    for (kind, field, object) in refused() {
        line(&mut page, &format!("- {kind}: `{field}`: {}", refusal(kind, object)));
    }
    page
}

/// What is refused whatever it says: kind, field, and a sound object but for it.
fn refused() -> [(&'static str, &'static str, Value); 3] {
    let container = json!({"name": "c", "image": "web:v1"});
    let devices = json!({"name": "c", "image": "web:v1", "resources": {"claims": [{"name": "gpu"}]}});
    let pod = |spec: Value| json!({"metadata": {"name": "p", "namespace": "n"}, "spec": spec});
    let hook = json!({"conversionReviewVersions": ["v1"], "clientConfig": {"url": "https://a.example"}});
    let definition = json!({
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}},
            }],
            "conversion": {"strategy": "Webhook", "webhook": hook},
        },
    });
    [
        ("Pod", "spec.containers[].resources.claims", pod(json!({"containers": [devices]}))),
        (
            "Pod",
            "spec.ephemeralContainers",
            pod(json!({"containers": [container], "ephemeralContainers": [{"name": "e", "image": "web:v1"}]})),
        ),
        ("CustomResourceDefinition", "spec.conversion.strategy: Webhook", definition),
    ]
}

/// The one reason why an object is refused.
fn refusal(kind: &str, mut object: Value) -> String {
    let kind = rows().find(|row| row.resource.kind == kind).expect("a kind of the table");
    (kind.prepare)(&mut object);
    (kind.defaults)(&mut object);
    let mut problems = Problems::default();
    (kind.validate)(&object, &mut problems).expect("decodes");
    assert_eq!(problems.list().len(), 1, "{}", problems.summary());
    problems.summary()
}

fn rows() -> impl Iterator<Item = &'static Kind> {
    ROWS.iter()
}

fn fields(page: &mut String, group: &Unacted) {
    for (path, fine) in group.values() {
        let dot = if group.place().is_empty() { "" } else { "." };
        let but = if fine.is_empty() { String::new() } else { format!(", unless it is `{}`", fine.join("` or `")) };
        line(page, &format!("- `{}{dot}{path}`{but}", group.place()));
    }
}

fn line(page: &mut String, text: &str) {
    writeln!(page, "{text}").expect("a String takes everything");
}
