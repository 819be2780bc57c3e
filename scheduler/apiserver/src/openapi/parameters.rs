//! The parameters of operations: name, type, and what they do.

use serde_json::{Value, json};

/// A query parameter: name, JSON type, description.
pub(super) type Query = (&'static str, &'static str, &'static str);

const PRETTY: Query = ("pretty", "string", "If 'true', then the output is pretty printed.");
const DRY_RUN: Query = ("dryRun", "string", "When present, indicates that modifications should not be persisted: All.");
const FIELD_MANAGER: Query =
    ("fieldManager", "string", "A name associated with the actor that is making these changes.");
const FIELD_VALIDATION: Query = (
    "fieldValidation",
    "string",
    "Instructs the server on how to handle unknown or duplicate fields: Ignore, Warn or Strict.",
);

const FORCE: Query = ("force", "boolean", "Whether an apply takes fields that others manage.");

/// Of writes.
pub(super) const WRITE: &[Query] = &[PRETTY, DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION];
/// Of patches.
pub(super) const PATCH: &[Query] = &[PRETTY, DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION, FORCE];
/// Of reads of one object.
pub(super) const READ: &[Query] = &[PRETTY];
/// Of lists and watches.
pub(super) const LIST: &[Query] = &[
    PRETTY,
    ("allowWatchBookmarks", "boolean", "Requests watch events with type BOOKMARK."),
    ("continue", "string", "The token of the previous page of a list."),
    ("fieldSelector", "string", "Restricts the objects by their fields."),
    ("labelSelector", "string", "Restricts the objects by their labels."),
    ("limit", "integer", "The most objects to return in one page."),
    ("resourceVersion", "string", "Constrains what resource versions may be served."),
    ("resourceVersionMatch", "string", "How resourceVersion is applied to lists."),
    ("sendInitialEvents", "boolean", "Begins a watch with the objects that are there, and marks their end."),
    ("timeoutSeconds", "integer", "How long a list or watch may take."),
    ("watch", "boolean", "Watch for changes and return them as a stream."),
];
/// Of deletions.
pub(super) const DELETE: &[Query] = &[
    PRETTY,
    DRY_RUN,
    ("gracePeriodSeconds", "integer", "The seconds an object has before it is gone."),
    ("propagationPolicy", "string", "Whether and how owned objects go too: Orphan, Background or Foreground."),
];
/// Of logs.
pub(super) const LOG: &[Query] = &[
    ("container", "string", "The container whose logs are read."),
    ("follow", "boolean", "Stream what is logged from now on."),
    ("limitBytes", "integer", "The most bytes to return."),
    ("previous", "boolean", "Return the logs of the container that ran before."),
    ("sinceSeconds", "integer", "Only what was logged in the last seconds."),
    ("sinceTime", "string", "Only what was logged since a time."),
    ("tailLines", "integer", "Only so many lines from the end."),
    ("timestamps", "boolean", "Begin every line with its time."),
];

/// The parameters in OpenAPI's form.
pub(super) fn query(parameters: &[Query]) -> Value {
    let draw = |(name, kind, description): &Query| json!({"name": name, "in": "query", "description": description, "schema": {"type": kind, "uniqueItems": true}});
    parameters.iter().map(draw).collect()
}

/// The parameters within a path, `/api/v1/namespaces/{namespace}/pods/{name}`.
pub(super) fn path(path: &str) -> Value {
    let names = ["namespace", "name"].into_iter().filter(|name| path.contains(&format!("{{{name}}}")));
    let draw =
        |name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string", "uniqueItems": true}});
    names.map(draw).collect()
}
