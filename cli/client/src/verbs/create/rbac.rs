//! Roles and their bindings.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Making, make};
use crate::failure::usage;
use crate::session::Session;

const GROUP: &str = "rbac.authorization.k8s.io";

#[derive(Debug, clap::Args)]
pub(super) struct Role {
    #[command(flatten)]
    making: Making,
    /// Its name.
    name: String,
    /// What may be done: get,list,watch
    #[arg(long, value_name = "VERB", value_delimiter = ',', required = true)]
    verb: Vec<String>,
    /// With what: pods, deployments.apps, pods/log
    #[arg(long, value_name = "RESOURCE[.GROUP][/SUB]", value_delimiter = ',')]
    resource: Vec<String>,
    /// Only with objects of these names.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    resource_name: Vec<String>,
    /// Paths that are no objects, /healthz; for a ClusterRole.
    #[arg(long = "non-resource-url", value_name = "PATH", value_delimiter = ',')]
    paths: Vec<String>,
}

impl Role {
    /// Asks the cluster for the groups of the kinds, as a kind is often named without its group.
    pub(super) async fn run(self, kind: &str) -> Result<()> {
        if self.resource.is_empty() == self.paths.is_empty() {
            return Err(usage("give --resource, or --non-resource-url"));
        }
        let rules = match self.paths.is_empty() {
            true => {
                let session = Session::open(&self.making.place).await?;
                let find = |word: &str| match word {
                    "*" => Ok(("*".to_owned(), "*".to_owned())),
                    word => session.kinds.find(word).map(|found| (found.group.clone(), found.plural.clone())),
                };
                rules(&self.verb, &self.resource, &self.resource_name, find)?
            }
            false => vec![json!({ "verbs": self.verb, "nonResourceURLs": self.paths })],
        };
        let object = json!({
            "apiVersion": format!("{GROUP}/v1"), "kind": kind, "metadata": { "name": self.name }, "rules": rules,
        });
        make(&self.making, object).await
    }
}

/// A rule for each group; `find` tells group and plural of a word.
fn rules(
    verbs: &[String],
    resources: &[String],
    names: &[String],
    find: impl Fn(&str) -> Result<(String, String)>,
) -> Result<Vec<Value>> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for resource in resources {
        let (word, sub) = resource.split_once('/').map_or((resource.as_str(), None), |(word, sub)| (word, Some(sub)));
        let (group, plural) = find(word)?;
        let plural = sub.map_or_else(|| plural.clone(), |sub| format!("{plural}/{sub}"));
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, all)) => all.push(plural),
            None => groups.push((group, vec![plural])),
        }
    }
    let rule = |(group, resources): (String, Vec<String>)| {
        let mut rule = json!({ "verbs": verbs, "apiGroups": [group], "resources": resources });
        if !names.is_empty() {
            rule["resourceNames"] = json!(names);
        }
        rule
    };
    Ok(groups.into_iter().map(rule).collect())
}

#[derive(Debug, clap::Args)]
pub(super) struct Binding {
    #[command(flatten)]
    making: Making,
    /// Its name.
    name: String,
    /// The ClusterRole that is given.
    #[arg(long, value_name = "NAME", required_unless_present = "role")]
    clusterrole: Option<String>,
    /// The Role that is given; for a RoleBinding.
    #[arg(long, value_name = "NAME", conflicts_with = "clusterrole")]
    role: Option<String>,
    /// To these users.
    #[arg(long, value_name = "NAME")]
    user: Vec<String>,
    /// To these groups.
    #[arg(long, value_name = "NAME")]
    group: Vec<String>,
    /// To these ServiceAccounts.
    #[arg(long, value_name = "NAMESPACE:NAME")]
    serviceaccount: Vec<String>,
}

impl Binding {
    pub(super) fn object(self, kind: &str) -> Result<(Making, Value)> {
        if kind == "ClusterRoleBinding" && self.role.is_some() {
            return Err(usage("a ClusterRoleBinding gives a ClusterRole: --clusterrole"));
        }
        let (role_kind, role) = match (self.role, self.clusterrole) {
            (Some(role), _) => ("Role", role),
            (None, role) => ("ClusterRole", role.unwrap_or_default()),
        };
        let of = |kind: &str, names: Vec<String>| -> Vec<Value> {
            names.into_iter().map(|name| json!({ "kind": kind, "apiGroup": GROUP, "name": name })).collect()
        };
        let mut subjects = [of("User", self.user), of("Group", self.group)].concat();
        for account in &self.serviceaccount {
            let Some((namespace, name)) = account.split_once(':') else {
                return Err(usage(format!("{account:?} is not of the form NAMESPACE:NAME")));
            };
            subjects.push(json!({ "kind": "ServiceAccount", "namespace": namespace, "name": name }));
        }
        let object = json!({
            "apiVersion": format!("{GROUP}/v1"), "kind": kind, "metadata": { "name": self.name },
            "roleRef": { "apiGroup": GROUP, "kind": role_kind, "name": role }, "subjects": subjects,
        });
        Ok((self.making, object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_of_one_group_are_one_rule() {
        let words = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let find = |word: &str| {
            let (plural, group) = word.split_once('.').unwrap_or((word, ""));
            Ok((group.to_owned(), plural.to_owned()))
        };
        assert_eq!(
            rules(&words("get"), &words("pods,deployments.apps,pods/log"), &[], find).expect("are found"),
            [
                json!({"verbs": ["get"], "apiGroups": [""], "resources": ["pods", "pods/log"]}),
                json!({"verbs": ["get"], "apiGroups": ["apps"], "resources": ["deployments"]}),
            ]
        );
    }
}
