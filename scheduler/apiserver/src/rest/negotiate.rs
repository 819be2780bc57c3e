//! Which form of an answer a client wants: the object, its metadata, or a table for people.

use http::{HeaderMap, header};

use crate::status::Status;

/// The form of an answer. The encoding is JSON, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The object itself.
    Object,
    /// `meta.k8s.io/v1 PartialObjectMetadata`.
    Partial,
    /// `meta.k8s.io/v1 Table`.
    Table,
}

/// What can be answered, for the message of a refusal.
const OFFERED: &str = "application/json";

/// Picks the first form a client accepts, in its own order of preference.
pub(super) fn form(headers: &HeaderMap) -> Result<Form, Status> {
    let mut accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    if accepts.peek().is_none() {
        return Ok(Form::Object);
    }
    let ranges = accepts.flat_map(|value| value.split(',')).map(str::trim).filter(|range| !range.is_empty());
    ranges.into_iter().find_map(accept).ok_or_else(|| Status::not_acceptable(OFFERED))
}

fn accept(range: &str) -> Option<Form> {
    let mut parts = range.split(';').map(str::trim);
    if !matches!(parts.next()?, "application/json" | "application/*" | "*/*") {
        return None;
    }
    let (mut as_, mut version, mut group) = (None, "v1", "meta.k8s.io");
    for (key, value) in parts.filter_map(|part| part.split_once('=')) {
        match key {
            "as" => as_ = Some(value),
            "v" => version = value,
            "g" => group = value,
            "q" if value.parse() == Ok(0.0) => return None,
            _ => {}
        }
    }
    match (as_, version, group) {
        (None, ..) => Some(Form::Object),
        (Some("Table"), "v1", "meta.k8s.io") => Some(Form::Table),
        (Some("PartialObjectMetadata" | "PartialObjectMetadataList"), "v1", "meta.k8s.io") => Some(Form::Partial),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn accepting(text: &str) -> HeaderMap {
        [(header::ACCEPT, HeaderValue::from_str(text).expect("a value"))].into_iter().collect()
    }

    #[test]
    fn the_first_known_form_wins() {
        for (text, expected) in [
            ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", Some(Form::Table)),
            ("application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json", Some(Form::Object)),
            ("application/vnd.kubernetes.protobuf,application/json", Some(Form::Object)),
            ("application/vnd.kubernetes.protobuf", None),
            ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", Some(Form::Partial)),
            ("*/*", Some(Form::Object)),
            ("text/html;q=0.9, */*;q=0.8", Some(Form::Object)),
            ("application/json;q=0", None),
        ] {
            assert_eq!(form(&accepting(text)).ok(), expected, "{text}");
        }
        assert_eq!(form(&HeaderMap::new()), Ok(Form::Object));
    }
}
