//! Roles and bindings, found by whom they are for. Pure.
//!
//! A binding is filed under each of its subjects, and a ServiceAccount is the user it authenticates as. So a decision
//! looks at the bindings of the asker and of the asker's groups, first of the cluster, then of the namespace, and
//! never at anyone else's.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use api::rbac::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};
use api::resource::{CLUSTER_ROLES, ROLE_BINDINGS, ROLES};
use api::{NamespacedName, Resource};

use super::attributes::{Attributes, Target};
use super::rule;
use crate::auth::{User, account_name};

/// The four kinds as they are now.
#[derive(Debug, Default)]
pub(crate) struct Index {
    cluster_roles: HashMap<String, Arc<[PolicyRule]>>,
    roles: HashMap<String, HashMap<String, Arc<[PolicyRule]>>>,
    cluster: Bindings,
    namespaces: HashMap<String, Bindings>,
}

/// Bindings of the cluster or of one namespace.
#[derive(Debug, Default)]
struct Bindings {
    by_name: HashMap<String, Arc<Binding>>,
    /// In order of name, so that of several bindings that allow a thing the same one is always named.
    by_user: HashMap<String, BTreeMap<String, Arc<Binding>>>,
    by_group: HashMap<String, BTreeMap<String, Arc<Binding>>>,
}

/// A binding of either kind.
#[derive(Debug)]
struct Binding {
    name: String,
    /// Empty for one of the cluster.
    namespace: String,
    role: RoleRef,
    subjects: Vec<Subject>,
}

/// Whom a binding is filed under.
enum Holder<'a> {
    User(std::borrow::Cow<'a, str>),
    Group(&'a str),
}

/// The answer, with its reason.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// No rule is asked.
    Master,
    /// A binding allows it.
    Allowed(Grant),
    /// Nothing allows it. Roles that bindings of the asker name and that are not there.
    Denied { missing: Vec<String> },
}

/// Why something is allowed.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    binding: Arc<Binding>,
    /// Which of the binding's subjects the asker is.
    subject: usize,
}

impl Verdict {
    pub(crate) fn is_allowed(&self) -> bool {
        !matches!(self, Self::Denied { .. })
    }
}

/// As Kubernetes says it in `status.reason` of reviews and in audit annotations; empty if there is nothing to say.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Master => f.write_str("members of system:masters may do everything"),
            Self::Denied { missing } if missing.is_empty() => Ok(()),
            Self::Denied { missing } => {
                let missing: Vec<String> = missing.iter().map(|role| format!("{role} not found")).collect();
                write!(f, "RBAC: {}", missing.join(", "))
            }
            Self::Allowed(Grant { binding, subject }) => {
                let Binding { name, namespace, role, subjects } = &**binding;
                let by = if namespace.is_empty() {
                    format!("ClusterRoleBinding {name:?}")
                } else {
                    format!("RoleBinding \"{name}/{namespace}\"")
                };
                let to = subjects.get(*subject).map(described).unwrap_or_default();
                write!(f, "RBAC: allowed by {by} of {} {:?} to {to}", role.kind, role.name)
            }
        }
    }
}

fn described(subject: &Subject) -> String {
    match subject.kind.as_str() {
        "ServiceAccount" => {
            format!("ServiceAccount \"{}/{}\"", subject.name, subject.namespace.as_deref().unwrap_or_default())
        }
        kind => format!("{kind} {:?}", subject.name),
    }
}

impl Index {
    /// Takes over a ClusterRole, or its absence.
    pub(crate) fn set_cluster_role(&mut self, name: &str, role: Option<ClusterRole>) {
        put(&mut self.cluster_roles, name, role.map(|role| role.rules.unwrap_or_default().into()));
    }

    /// Takes over a Role, or its absence.
    pub(crate) fn set_role(&mut self, name: &NamespacedName, role: Option<Role>) {
        let roles = self.roles.entry(name.namespace.clone()).or_default();
        put(roles, &name.name, role.map(|role| role.rules.unwrap_or_default().into()));
        if roles.is_empty() {
            self.roles.remove(&name.namespace);
        }
    }

    /// Takes over a ClusterRoleBinding, or its absence.
    pub(crate) fn set_cluster_binding(&mut self, name: &str, binding: Option<ClusterRoleBinding>) {
        let binding = binding.map(|binding| Binding {
            name: name.to_owned(),
            namespace: String::new(),
            role: binding.role_ref,
            subjects: binding.subjects.unwrap_or_default(),
        });
        self.cluster.set(name, binding);
    }

    /// Takes over a RoleBinding, or its absence.
    pub(crate) fn set_binding(&mut self, name: &NamespacedName, binding: Option<RoleBinding>) {
        let bindings = self.namespaces.entry(name.namespace.clone()).or_default();
        let binding = binding.map(|binding| Binding {
            name: name.name.clone(),
            namespace: name.namespace.clone(),
            role: binding.role_ref,
            subjects: binding.subjects.unwrap_or_default(),
        });
        bindings.set(&name.name, binding);
        if bindings.by_name.is_empty() {
            self.namespaces.remove(&name.namespace);
        }
    }

    /// Forgets all objects of a resource.
    pub(super) fn clear(&mut self, resource: &Resource) {
        match resource {
            r if *r == ROLES => self.roles.clear(),
            r if *r == ROLE_BINDINGS => self.namespaces.clear(),
            r if *r == CLUSTER_ROLES => self.cluster_roles.clear(),
            _ => self.cluster = Bindings::default(),
        }
    }

    /// Whether a user may do something.
    pub(crate) fn decide(&self, user: &User, attributes: &Attributes<'_>) -> Verdict {
        if user.is_master() {
            return Verdict::Master;
        }
        let namespace = match &attributes.target {
            Target::Resource(wanted) => &*wanted.namespace,
            Target::Path(_) => "",
        };
        let mut missing = Vec::new();
        for (binding, subject) in self.bindings(user, namespace) {
            match self.rules_of(&binding.role, &binding.namespace) {
                Some(rules) if rules.iter().any(|rule| rule::allows(rule, attributes)) => {
                    return Verdict::Allowed(Grant { binding: binding.clone(), subject });
                }
                Some(_) => {}
                None => missing.push(qualified(&binding.role)),
            }
        }
        missing.sort();
        missing.dedup();
        Verdict::Denied { missing }
    }

    /// Every rule that holds for a user in a namespace; the cluster's alone if it is empty.
    pub(crate) fn rules(&self, user: &User, namespace: &str) -> Vec<PolicyRule> {
        let of = |(binding, _): (&Arc<Binding>, usize)| self.rules_of(&binding.role, &binding.namespace);
        self.bindings(user, namespace).filter_map(of).flatten().cloned().collect()
    }

    /// The rules of a role, if it is there. A Role is looked for in `namespace`.
    pub(crate) fn rules_of(&self, role: &RoleRef, namespace: &str) -> Option<&[PolicyRule]> {
        match role.kind.as_str() {
            "ClusterRole" => self.cluster_roles.get(&role.name).map(|rules| &**rules),
            _ => self.roles.get(namespace)?.get(&role.name).map(|rules| &**rules),
        }
    }

    /// The bindings that are for a user, each with the subject that the user is.
    fn bindings<'a>(&'a self, user: &'a User, namespace: &str) -> impl Iterator<Item = (&'a Arc<Binding>, usize)> {
        let own = self.namespaces.get(namespace).filter(|_| !namespace.is_empty());
        [Some(&self.cluster), own].into_iter().flatten().flat_map(move |bindings| bindings.of(user))
    }
}

/// `clusterrole.rbac.authorization.k8s.io "view"`, as messages name a role.
pub(super) fn qualified(role: &RoleRef) -> String {
    format!("{}.rbac.authorization.k8s.io {:?}", role.kind.to_lowercase(), role.name)
}

fn put<T>(map: &mut HashMap<String, T>, name: &str, value: Option<T>) {
    match value {
        Some(value) => map.insert(name.to_owned(), value),
        None => map.remove(name),
    };
}

impl Bindings {
    fn set(&mut self, name: &str, binding: Option<Binding>) {
        if let Some(before) = self.by_name.remove(name) {
            for holder in before.subjects.iter().filter_map(|subject| holder(subject, &before.namespace)) {
                let (map, key) = self.file(&holder);
                if let Some(bindings) = map.get_mut(key) {
                    bindings.remove(name);
                    if bindings.is_empty() {
                        map.remove(key);
                    }
                }
            }
        }
        let Some(binding) = binding.map(Arc::new) else { return };
        for holder in binding.subjects.iter().filter_map(|subject| holder(subject, &binding.namespace)) {
            let (map, key) = self.file(&holder);
            map.entry(key.to_owned()).or_default().insert(name.to_owned(), binding.clone());
        }
        self.by_name.insert(name.to_owned(), binding);
    }

    fn file<'a>(&mut self, holder: &'a Holder<'_>) -> (&mut HashMap<String, BTreeMap<String, Arc<Binding>>>, &'a str) {
        match holder {
            Holder::User(name) => (&mut self.by_user, name),
            Holder::Group(name) => (&mut self.by_group, name),
        }
    }

    fn of<'a>(&'a self, user: &'a User) -> impl Iterator<Item = (&'a Arc<Binding>, usize)> {
        let own = self.by_user.get(&user.name).into_iter();
        let groups = user.groups.iter().filter_map(|group| self.by_group.get(group));
        own.chain(groups).flat_map(BTreeMap::values).map(move |binding| (binding, which(binding, user)))
    }
}

/// The first subject of a binding that a user is.
fn which(binding: &Binding, user: &User) -> usize {
    let is_user = |subject: &Subject| match holder(subject, &binding.namespace) {
        Some(Holder::User(name)) => name == user.name,
        Some(Holder::Group(name)) => user.groups.iter().any(|group| group == name),
        None => false,
    };
    binding.subjects.iter().position(is_user).unwrap_or_default()
}

/// Whom a subject stands for. A ServiceAccount without a namespace is of the binding's.
fn holder<'a>(subject: &'a Subject, namespace: &str) -> Option<Holder<'a>> {
    match subject.kind.as_str() {
        "User" => Some(Holder::User(subject.name.as_str().into())),
        "Group" => Some(Holder::Group(&subject.name)),
        "ServiceAccount" => {
            let own = subject.namespace.as_deref().filter(|own| !own.is_empty()).unwrap_or(namespace);
            (!own.is_empty()).then(|| Holder::User(account_name(own, &subject.name).into()))
        }
        _ => None,
    }
}
