//! What Kubernetes says about each type and field, for `kubectl explain`.
//!
//! The text is kept out of the table, because only OpenAPI needs it and it is larger than all the rest.

use std::collections::HashMap;

/// Each distinct text on a line of its own, then one indented line for each place that carries it.
static DESCRIPTIONS: &str = include_str!("descriptions.txt");

/// The texts by place: `io.k8s.api.core.v1.PodSpec` or `io.k8s.api.core.v1.PodSpec.volumes`.
pub(crate) struct Descriptions(HashMap<&'static str, &'static str>);

impl Descriptions {
    /// Reads the whole file; short-lived, so that an idle server holds none of it.
    pub(crate) fn read() -> Self {
        let mut places = HashMap::new();
        let mut text = "";
        for line in DESCRIPTIONS.lines() {
            match line.strip_prefix('\t') {
                Some(place) => drop(places.insert(place, text)),
                None => text = line,
            }
        }
        Self(places)
    }

    /// The text of a place, with its line breaks restored; empty if there is none.
    pub(crate) fn get(&self, place: &str) -> String {
        let escaped = self.0.get(place).copied().unwrap_or_default();
        let mut text = String::with_capacity(escaped.len());
        let mut chars = escaped.chars();
        while let Some(c) = chars.next() {
            match (c, if c == '\\' { chars.next() } else { None }) {
                ('\\', Some('n')) => text.push('\n'),
                ('\\', Some(other)) => text.push(other),
                _ => text.push(c),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_fields_are_described() {
        let texts = Descriptions::read();
        assert_eq!(texts.get("io.k8s.api.core.v1.PodSpec"), "PodSpec is a description of a pod.");
        assert!(texts.get("io.k8s.api.core.v1.PodSpec.nodeName").contains("NodeName"));
        assert!(texts.get("io.k8s.api.core.v1.ServicePort.appProtocol").contains("\n\n* Un-prefixed"));
        assert_eq!(texts.get("io.k8s.api.core.v1.Nothing"), "");
    }
}
