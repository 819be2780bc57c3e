//! Fields that are stored and served, but that nothing here acts on yet.
//!
//! Nothing is ignored in silence: whoever sets one of these is told so in a `Warning` header. A
//! field leaves this list when something acts on it.

use serde_json::Value;

use super::{Acts, Kind};
use crate::limits::WARNINGS_MAX;

/// Fields under one place of an object.
pub(crate) struct Unacted {
    /// Where, `spec.template.spec`.
    at: &'static str,
    /// Path below it (`[]` is every element of a list), and values that mean "not used".
    fields: &'static [(&'static str, &'static [&'static str])],
}

#[cfg(test)]
impl Unacted {
    pub(super) fn place(&self) -> &'static str {
        self.at
    }

    pub(super) fn values(&self) -> &'static [(&'static str, &'static [&'static str])] {
        self.fields
    }

    pub(super) fn lists_the_same(&self, other: &Self) -> bool {
        std::ptr::eq(self.fields, other.fields)
    }
}

const NEVER: &[&str] = &[];
const OFF: &[&str] = &["false"];
const EMPTY: &[&str] = &["{}", "[]", "\"\""];

const POD_SPEC: &[(&str, &[&str])] = &[
    ("activeDeadlineSeconds", NEVER),
    ("dnsConfig", EMPTY),
    ("dnsPolicy", &["\"ClusterFirst\""]),
    ("hostAliases", EMPTY),
    ("hostIPC", OFF),
    ("hostNetwork", OFF),
    ("hostPID", OFF),
    ("hostUsers", &["true"]),
    ("hostname", EMPTY),
    ("imagePullSecrets", EMPTY),
    ("initContainers", EMPTY),
    ("os", EMPTY),
    ("readinessGates", EMPTY),
    ("resourceClaims", EMPTY),
    ("resources", EMPTY),
    ("securityContext", EMPTY),
    ("setHostnameAsFQDN", OFF),
    ("shareProcessNamespace", OFF),
    ("subdomain", EMPTY),
    ("volumes[].emptyDir.medium", EMPTY),
    ("volumes[].emptyDir.sizeLimit", EMPTY),
    ("volumes[].persistentVolumeClaim", NEVER),
    ("containers[].lifecycle", EMPTY),
    ("containers[].livenessProbe.exec", NEVER),
    ("containers[].livenessProbe.grpc", NEVER),
    ("containers[].livenessProbe.httpGet.host", EMPTY),
    ("containers[].livenessProbe.httpGet.scheme", &["\"HTTP\""]),
    ("containers[].livenessProbe.tcpSocket", NEVER),
    ("containers[].ports[].hostIP", EMPTY),
    ("containers[].ports[].hostPort", &["0"]),
    ("containers[].ports[].protocol", &["\"TCP\""]),
    ("containers[].readinessProbe.exec", NEVER),
    ("containers[].readinessProbe.grpc", NEVER),
    ("containers[].readinessProbe.httpGet.host", EMPTY),
    ("containers[].readinessProbe.httpGet.scheme", &["\"HTTP\""]),
    ("containers[].readinessProbe.tcpSocket", NEVER),
    ("containers[].resizePolicy", EMPTY),
    ("containers[].resources.limits.cpu", NEVER),
    ("containers[].resources.limits.ephemeral-storage", NEVER),
    ("containers[].securityContext", EMPTY),
    ("containers[].startupProbe.exec", NEVER),
    ("containers[].startupProbe.grpc", NEVER),
    ("containers[].startupProbe.httpGet.host", EMPTY),
    ("containers[].startupProbe.httpGet.scheme", &["\"HTTP\""]),
    ("containers[].startupProbe.tcpSocket", NEVER),
    ("containers[].stdin", OFF),
    ("containers[].stdinOnce", OFF),
    ("containers[].terminationMessagePath", &["\"/dev/termination-log\""]),
    ("containers[].terminationMessagePolicy", &["\"File\""]),
    ("containers[].tty", OFF),
    ("containers[].volumeDevices", EMPTY),
    ("containers[].workingDir", EMPTY),
];

const JOB_SPEC: &[(&str, &[&str])] = &[("scheduling", EMPTY), ("successPolicy", EMPTY)];

/// What Pods say that is not acted on.
pub(super) const POD: &[Unacted] = &[Unacted { at: "spec", fields: POD_SPEC }];
/// The same in a template.
pub(super) const TEMPLATED: &[Unacted] = &[Unacted { at: "spec.template.spec", fields: POD_SPEC }];
/// What autoscalers go by that nobody measures.
pub(super) const AUTOSCALER: &[Unacted] =
    &[Unacted { at: "spec", fields: &[("metrics[].external", NEVER), ("metrics[].object", NEVER)] }];
/// StatefulSets.
pub(super) const STATEFUL_SET: &[Unacted] = &[
    Unacted {
        at: "spec",
        fields: &[
            ("persistentVolumeClaimRetentionPolicy.whenDeleted", &["\"Retain\""]),
            ("persistentVolumeClaimRetentionPolicy.whenScaled", &["\"Retain\""]),
            ("volumeClaimTemplates", EMPTY),
        ],
    },
    Unacted { at: "spec.template.spec", fields: POD_SPEC },
];
/// Jobs.
pub(super) const JOB: &[Unacted] =
    &[Unacted { at: "spec", fields: JOB_SPEC }, Unacted { at: "spec.template.spec", fields: POD_SPEC }];
/// CronJobs.
pub(super) const CRON_JOB: &[Unacted] = &[
    Unacted { at: "spec.jobTemplate.spec", fields: JOB_SPEC },
    Unacted { at: "spec.jobTemplate.spec.template.spec", fields: POD_SPEC },
];
/// Services.
pub(super) const SERVICE: &[Unacted] = &[Unacted {
    at: "spec",
    fields: &[
        ("externalIPs", EMPTY),
        ("externalName", EMPTY),
        ("externalTrafficPolicy", &["\"Cluster\""]),
        ("internalTrafficPolicy", &["\"Cluster\""]),
        ("loadBalancerClass", EMPTY),
        ("loadBalancerIP", EMPTY),
        ("loadBalancerSourceRanges", EMPTY),
        ("ports[].protocol", &["\"TCP\""]),
        ("sessionAffinity", &["\"None\""]),
        ("trafficDistribution", EMPTY),
        ("type", &["\"ClusterIP\"", "\"NodePort\""]),
    ],
}];
/// Nodes.
pub(super) const NODE: &[Unacted] =
    &[Unacted { at: "spec", fields: &[("configSource", EMPTY), ("externalID", EMPTY)] }];
/// ServiceAccounts.
pub(super) const SERVICE_ACCOUNT: &[Unacted] =
    &[Unacted { at: "", fields: &[("imagePullSecrets", EMPTY), ("secrets", EMPTY)] }];

/// A warning for each field of `object` that is set and not acted on.
pub(crate) fn warnings(kind: &Kind, object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let resource = kind.resource;
    let told = match kind.acts {
        Acts::Yes => None,
        Acts::Partly(sentence) => Some(sentence),
    };
    found.extend(told.map(|told| format!("{} {}: {told}", resource.api_version(), resource.kind)));
    for group in kind.unacted {
        let keys = group.at.split('.').filter(|key| !key.is_empty());
        let Some(root) = keys.clone().try_fold(object, |value, key| value.get(key)) else { continue };
        for (path, fine) in group.fields {
            walk(root, path, group.at, fine, &mut found);
        }
    }
    found.truncate(WARNINGS_MAX);
    found
}

fn walk(value: &Value, path: &str, shown: &str, fine: &[&str], found: &mut Vec<String>) {
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    let (key, is_list) = head.strip_suffix("[]").map_or((head, false), |key| (key, true));
    let Some(next) = value.get(key) else { return };
    let shown = if shown.is_empty() { key.to_owned() } else { format!("{shown}.{key}") };
    match (rest, is_list) {
        (Some(rest), true) => {
            for (at, element) in next.as_array().into_iter().flatten().enumerate() {
                walk(element, rest, &format!("{shown}[{at}]"), fine, found);
            }
        }
        (Some(rest), false) => walk(next, rest, &shown, fine, found),
        (None, _) => {
            if !next.is_null() && !fine.contains(&next.to_string().as_str()) {
                found.push(format!("{shown}: stored, but not acted on yet"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use api::resource::{DEPLOYMENTS, PODS};
    use serde_json::json;

    use super::*;
    use crate::kinds;

    #[test]
    fn only_what_is_used_is_warned_about() {
        let spec = json!({
            "hostNetwork": true,
            "hostPID": false,
            "securityContext": {},
            "containers": [{"name": "a"}, {"livenessProbe": {"exec": {"command": ["a"]}}}],
        });
        let pod = json!({"spec": spec});
        let texts = warnings(kinds::of(&PODS), &pod);
        assert_eq!(
            texts,
            [
                "spec.hostNetwork: stored, but not acted on yet",
                "spec.containers[1].livenessProbe.exec: stored, but not acted on yet",
            ]
        );
        let account =
            json!({"automountServiceAccountToken": true, "serviceAccountName": "builder", "os": {"name": "linux"}});
        assert_eq!(warnings(kinds::of(&PODS), &json!({"spec": account})).len(), 1);
        let usual = json!({"automountServiceAccountToken": false, "serviceAccountName": "default"});
        assert_eq!(warnings(kinds::of(&PODS), &json!({"spec": usual})), [""; 0]);
        let deployment = json!({"spec": {"template": {"spec": spec}}});
        assert!(warnings(kinds::of(&DEPLOYMENTS), &deployment)[0].starts_with("spec.template.spec.hostNetwork"));
    }
}
