//! Which writes a policy or a webhook is about. Pure.

use api::selector::Selector;
use serde_json::Value;

use super::Attempt;
use crate::field::{Path, Problems};
use crate::value;

/// What a policy or a binding selects; a binding that says nothing selects all of its policy.
#[derive(Default)]
pub(crate) struct Matcher {
    /// `None`: everything.
    rules: Option<Vec<Rule>>,
    excludes: Vec<Rule>,
    namespaces: Selector,
    objects: Selector,
    /// The version in a rule stands for all versions of its resource.
    equivalent: bool,
}

struct Rule {
    groups: Vec<String>,
    versions: Vec<String>,
    resources: Vec<String>,
    operations: Vec<String>,
    names: Vec<String>,
    scope: String,
}

impl Matcher {
    /// Reads `matchConstraints`, `matchResources` or a webhook, which call their rules differently.
    pub(crate) fn read(json: &Value, rules_key: &str, path: &Path, problems: &mut Problems) -> Self {
        if !json.is_object() {
            return Self::default();
        }
        let mut rules = |key: &str| {
            let list = json[key].as_array()?;
            Some(
                list.iter()
                    .enumerate()
                    .map(|(at, rule)| Rule::read(rule, &path.child(key).index(at), problems))
                    .collect(),
            )
        };
        let (included, excludes) = (rules(rules_key), rules("excludeResourceRules").unwrap_or_default());
        let mut selector = |key: &str| read_selector(&json[key], &path.child(key), problems);
        let (namespaces, objects) = (selector("namespaceSelector"), selector("objectSelector"));
        match value::text(json, &["matchPolicy"]) {
            "" | "Equivalent" | "Exact" => {}
            other => problems.not_supported(&path.child("matchPolicy"), other, &["Equivalent", "Exact"]),
        }
        let equivalent = value::text(json, &["matchPolicy"]) != "Exact";
        Self { rules: included, excludes, namespaces, objects, equivalent }
    }

    /// Whether a write is meant; `labels` are those of its namespace.
    pub(crate) fn matches(&self, attempt: &Attempt<'_>, namespace: Option<&Value>) -> bool {
        let holds = |rule: &Rule| rule.matches(attempt, self.equivalent);
        if self.rules.as_ref().is_some_and(|rules| !rules.iter().any(holds)) || self.excludes.iter().any(holds) {
            return false;
        }
        let is_namespace = attempt.kind.resource == &api::resource::NAMESPACES;
        let own = attempt.object.or(attempt.old).filter(|_| is_namespace);
        let is_meant = |object: &Value| labelled(&self.namespaces, object);
        if own.or(namespace).is_some_and(|namespace| !is_meant(namespace)) {
            return false;
        }
        self.objects.is_empty() || attempt.object.into_iter().chain(attempt.old).any(|o| labelled(&self.objects, o))
    }

    /// The versions that the rules name which mean a write, none if one of them names its own.
    pub(crate) fn versions(&self, attempt: &Attempt<'_>) -> Vec<&str> {
        let meant: Vec<_> = self.rules.iter().flatten().filter(|rule| rule.matches(attempt, self.equivalent)).collect();
        if meant.iter().any(|rule| rule.matches(attempt, false)) {
            return Vec::new();
        }
        meant.iter().flat_map(|rule| &rule.versions).map(String::as_str).collect()
    }

    /// The resources that rules name one by one: group, version, plural.
    pub(super) fn named(&self) -> Vec<(String, String, String)> {
        let mut named = Vec::new();
        for rule in self.rules.iter().flatten() {
            for group in &rule.groups {
                for version in &rule.versions {
                    named.extend(rule.resources.iter().map(|plural| (group.clone(), version.clone(), plural.clone())));
                }
            }
        }
        named
    }
}

fn labelled(selector: &Selector, object: &Value) -> bool {
    let labels = value::at(object, &["metadata", "labels"]);
    selector.matches_by(|key| labels?.get(key)?.as_str())
}

/// Reads a label selector; one that says nothing selects everything.
pub(super) fn read_selector(json: &Value, path: &Path, problems: &mut Problems) -> Selector {
    if json.is_null() {
        return Selector::default();
    }
    let spec = serde_json::from_value(json.clone()).map_err(|error| error.to_string());
    match spec.and_then(|spec| Selector::from_spec(&spec)) {
        Ok(selector) => selector,
        Err(why) => {
            problems.invalid(path, json, why);
            Selector::default()
        }
    }
}

impl Rule {
    fn read(json: &Value, path: &Path, problems: &mut Problems) -> Self {
        let mut texts = |key: &str, needed: bool| -> Vec<String> {
            let list = json[key].as_array().map_or(&[][..], Vec::as_slice);
            if list.is_empty() && needed {
                problems.required(&path.child(key), "");
            }
            list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let rule = Self {
            groups: texts("apiGroups", true),
            versions: texts("apiVersions", true),
            resources: texts("resources", true),
            operations: texts("operations", true),
            names: texts("resourceNames", false),
            scope: value::text(json, &["scope"]).to_owned(),
        };
        for (at, operation) in rule.operations.iter().enumerate() {
            let known = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
            if !known.contains(&operation.as_str()) {
                problems.not_supported(&path.child("operations").index(at), operation, &known);
            }
        }
        if !matches!(rule.scope.as_str(), "" | "*" | "Cluster" | "Namespaced") {
            problems.not_supported(&path.child("scope"), &rule.scope, &["*", "Cluster", "Namespaced"]);
        }
        rule
    }

    fn matches(&self, attempt: &Attempt<'_>, equivalent: bool) -> bool {
        let resource = attempt.kind.resource;
        let has = |list: &[String], wanted: &str| list.iter().any(|found| found == "*" || found == wanted);
        let part = attempt.part.name();
        let is_resource = |found: &String| match found.split_once('/') {
            Some((plural, sub)) => {
                (plural == "*" || plural == resource.plural) && (sub == "*" || sub == part) && !part.is_empty()
            }
            None => (found == "*" || found == resource.plural) && part.is_empty(),
        };
        let is_scope = match self.scope.as_str() {
            "Cluster" => !resource.is_namespaced(),
            "Namespaced" => resource.is_namespaced(),
            _ => true,
        };
        has(&self.groups, resource.group)
            && (equivalent || has(&self.versions, resource.version))
            && (self.resources.iter().any(is_resource) || self.resources.iter().any(|found| found == "*/*"))
            && has(&self.operations, attempt.operation.word())
            && (self.names.is_empty() || self.names.iter().any(|name| name == attempt.name))
            && is_scope
    }
}
