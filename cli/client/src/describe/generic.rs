//! The page of any kind: what the object holds, in words.

use serde_json::Value;

use super::{Page, pairs};
use crate::value::{items, members, plain, text};

/// Deepest level that is shown; objects nest no deeper than the server lets them.
const DEPTH_MAX: usize = 32;
/// Members of `metadata` that the heading has shown, or that say nothing.
const SHOWN: [&str; 6] = ["name", "namespace", "labels", "annotations", "managedFields", "selfLink"];

pub(super) fn write(page: &mut Page, object: &Value) {
    page.field(0, "Name", text(object, "/metadata/name"));
    page.some(0, "Namespace", text(object, "/metadata/namespace"));
    page.list(0, "Labels", pairs(object, "/metadata/labels"));
    page.list(0, "Annotations", pairs(object, "/metadata/annotations"));
    page.field(0, "API Version", text(object, "/apiVersion"));
    page.field(0, "Kind", text(object, "/kind"));
    page.heading(0, "Metadata");
    members(object, "/metadata")
        .filter(|(key, _)| !SHOWN.contains(&key.as_str()))
        .for_each(|(k, v)| value(page, 1, k, v));
    if text(object, "/kind") == "Secret" {
        return secret(page, object);
    }
    let rest = members(object, "").filter(|(key, _)| !["apiVersion", "kind", "metadata"].contains(&key.as_str()));
    rest.for_each(|(key, member)| value(page, 0, key, member));
}

/// A Secret's values are not for shoulders to look over.
fn secret(page: &mut Page, object: &Value) {
    page.field(0, "Type", text(object, "/type"));
    page.heading(0, "Data");
    for (key, value) in members(object, "/data") {
        let encoded = plain(value);
        let padding = encoded.chars().rev().take_while(|c| *c == '=').count();
        page.field(1, key, format!("{} bytes", (encoded.len() / 4 * 3).saturating_sub(padding)));
    }
}

fn value(page: &mut Page, level: usize, key: &str, member: &Value) {
    let key = words(key);
    match member {
        _ if level > DEPTH_MAX => page.field(level, &key, "..."),
        Value::Object(members) if members.is_empty() => page.field(level, &key, "{}"),
        Value::Array(elements) if elements.is_empty() => page.field(level, &key, "[]"),
        Value::Object(members) => {
            page.heading(level, &key);
            members.iter().for_each(|(key, member)| value(page, level + 1, key, member));
        }
        Value::Array(elements) if elements.iter().any(Value::is_object) => {
            page.heading(level, &key);
            for (at, element) in items(member, "").enumerate() {
                if at > 0 {
                    page.heading(level + 1, "-");
                }
                members_of(page, level + 1, element);
            }
        }
        Value::Array(elements) => page.list(level, &key, elements.iter().map(plain).collect()),
        Value::String(text) if text.contains('\n') => {
            page.heading(level, &key);
            text.lines().for_each(|line| page.line(level + 1, line));
        }
        other => page.field(level, &key, plain(other)),
    }
}

fn members_of(page: &mut Page, level: usize, element: &Value) {
    match element {
        Value::Object(all) => all.iter().for_each(|(key, member)| value(page, level, key, member)),
        other => page.line(level, &plain(other)),
    }
}

/// `creationTimestamp` as `Creation Timestamp`; what is no name of a field, such as a key of data, stays.
fn words(key: &str) -> String {
    if !key.chars().all(|c| c.is_ascii_alphanumeric()) {
        return key.to_owned();
    }
    let mut words = String::new();
    let mut was_lower = false;
    for (at, character) in key.chars().enumerate() {
        if character.is_ascii_uppercase() && was_lower {
            words.push(' ');
        }
        was_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
        words.push(if at == 0 { character.to_ascii_uppercase() } else { character });
    }
    words
}
