//! Roles and who has them.

use jiff::Timestamp;
use serde_json::Value;

use super::{AGE, Column, NAME, Printer, age, read, text};

const CREATED_AT: Column =
    Column { name: "Created At", kind: "string", format: "date", priority: 0, description: "When it was created." };

/// Roles and ClusterRoles.
pub(super) static ROLE: Printer = Printer {
    columns: &[NAME, CREATED_AT],
    cells: |object, _| vec![read::name(object), read::text(object, "/metadata/creationTimestamp").into()],
};

/// RoleBindings and ClusterRoleBindings.
pub(super) static BINDING: Printer = Printer {
    columns: &[
        NAME,
        text("Role", "The role that is bound."),
        AGE,
        text("Users", "Users that have it.").wide(),
        text("Groups", "Groups that have it.").wide(),
        text("ServiceAccounts", "ServiceAccounts that have it.").wide(),
    ],
    cells: binding,
};

fn binding(object: &Value, now: Timestamp) -> Vec<Value> {
    let role = format!("{}/{}", read::text(object, "/roleRef/kind"), read::text(object, "/roleRef/name"));
    let subjects = read::list(object, "/subjects");
    let of = |kind: &str, shown: fn(&Value) -> String| {
        let shown: Vec<String> =
            subjects.iter().filter(|subject| read::text(subject, "/kind") == kind).map(shown).collect();
        Value::from(shown.join(", "))
    };
    let name = |subject: &Value| read::text(subject, "/name").to_owned();
    let account = |subject: &Value| format!("{}/{}", read::text(subject, "/namespace"), read::text(subject, "/name"));
    vec![
        read::name(object),
        role.into(),
        age::of(object, now),
        of("User", name),
        of("Group", name),
        of("ServiceAccount", account),
    ]
}
