//! Nobody grants what they do not hold.
//!
//! Who writes a role must hold all of its rules, or the verb `escalate` on it; who writes a binding must hold all the
//! rules of the role, or the verb `bind` on it. A ClusterRole that gathers others by label may come to hold anything,
//! so its writer must be able to do everything.

use api::rbac::{PolicyRule, RoleRef};
use api::resource::{CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES};
use api::{Resource, resource};
use serde_json::Value;

use super::Access;
use super::attributes::{Attributes, Wanted};
use super::cover::{self, Gap};
use super::rule::{everything, quoted, shown};
use crate::auth::User;
use crate::objects::Approval;
use crate::status::Status;
use crate::value;

/// What must hold for a user to write objects of a resource; `None` if nothing must.
pub(crate) fn approval(access: &Access, user: &User, resource: &'static Resource) -> Option<Approval> {
    if user.is_master() || ![&ROLES, &CLUSTER_ROLES, &ROLE_BINDINGS, &CLUSTER_ROLE_BINDINGS].contains(&resource) {
        return None;
    }
    let (access, user) = (access.clone(), user.clone());
    Some(Approval::new(move |present, object| {
        if present.is_some_and(|present| is_housekeeping(present, object)) {
            return Ok(());
        }
        let writer = Writer { access: &access, user: &user, resource, object };
        if resource.kind.ends_with("Binding") { writer.may_bind() } else { writer.may_define() }
    }))
}

/// Whether only what belongs to garbage collection differs. Labels count: they may add a role to others.
fn is_housekeeping(present: &Value, object: &Value) -> bool {
    let essence = |object: &Value| {
        let mut essence = object.clone();
        for key in ["finalizers", "ownerReferences", "managedFields", "resourceVersion"] {
            value::set_meta(&mut essence, key, Value::Null);
        }
        essence
    };
    essence(present) == essence(object)
}

/// Someone who writes a role or a binding.
struct Writer<'a> {
    access: &'a Access,
    user: &'a User,
    resource: &'static Resource,
    object: &'a Value,
}

impl Writer<'_> {
    fn name(&self) -> &str {
        value::text(self.object, &["metadata", "name"])
    }

    fn namespace(&self) -> &str {
        value::text(self.object, &["metadata", "namespace"])
    }

    fn may_define(&self) -> Result<(), Status> {
        if self.may("escalate", self.resource, self.name()) {
            return Ok(());
        }
        let mut wanted: Vec<PolicyRule> = read(self.object, "rules").unwrap_or_default();
        if self.object.get("aggregationRule").is_some() {
            wanted.extend(everything());
        }
        self.must_hold(&wanted)
    }

    fn may_bind(&self) -> Result<(), Status> {
        let role: RoleRef = read(self.object, "roleRef").unwrap_or_default();
        let Some(kind) = resource::find_kind(self.resource.group, &role.kind) else { return Ok(()) };
        if self.may("bind", kind, &role.name) {
            return Ok(());
        }
        let rules = self.access.read(|index| index.rules_of(&role, self.namespace()).map(<[_]>::to_vec));
        let rules = rules.ok_or_else(|| Status::not_found(kind, &role.name))?;
        self.must_hold(&rules)
    }

    fn may(&self, verb: &str, resource: &Resource, name: &str) -> bool {
        let wanted = Wanted {
            group: resource.group.into(),
            version: resource.version.into(),
            resource: resource.plural.into(),
            namespace: self.namespace().into(),
            name: name.into(),
            ..Wanted::default()
        };
        self.access.decide(self.user, &Attributes::resource(verb, wanted)).is_allowed()
    }

    fn must_hold(&self, wanted: &[PolicyRule]) -> Result<(), Status> {
        let held = self.access.rules(self.user, self.namespace());
        let why = match cover::check(&held, wanted) {
            Ok(()) => return Ok(()),
            Err(Gap::TooWide) => {
                format!("it has more than {} combinations of verbs, groups, resources and names", cover::PARTS_MAX)
            }
            Err(Gap::Missing(rules)) => {
                let mut rules: Vec<String> = rules.iter().map(shown).collect();
                rules.sort();
                rules.join("\n")
            }
        };
        let (name, groups) = (&self.user.name, quoted(&self.user.groups));
        let message = format!(
            "user {name:?} (groups={groups}) is attempting to grant RBAC permissions not currently held:\n{why}"
        );
        Err(Status::forbidden(self.resource, self.name(), &message))
    }
}

fn read<T: serde::de::DeserializeOwned>(object: &Value, field: &str) -> Option<T> {
    serde_json::from_value(object.get(field)?.clone()).ok()
}
