//! The identity of every resource: group, version, kind, plural, scope, and the key it is stored under.
//!
//! What a kind *does* (defaults, validation, columns, subresources) is a row of the apiserver's
//! table; this module only names things, so that the planner, the loops and the API agree on keys.

pub mod intern;

use std::fmt;

/// One resource of the Kubernetes API.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Resource {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// API version, `v1`.
    pub version: &'static str,
    /// Kind in CamelCase, `Pod`.
    pub kind: &'static str,
    /// Plural name in URLs, `pods`.
    pub plural: &'static str,
    /// Whether objects live in a namespace.
    pub scope: Scope,
}

/// Where objects of a resource live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// In the cluster.
    Cluster,
}

const fn core(kind: &'static str, plural: &'static str, scope: Scope) -> Resource {
    Resource { group: "", version: "v1", kind, plural, scope }
}

const fn apps(kind: &'static str, plural: &'static str) -> Resource {
    Resource { group: "apps", version: "v1", kind, plural, scope: Scope::Namespaced }
}

const fn batch(kind: &'static str, plural: &'static str) -> Resource {
    Resource { group: "batch", version: "v1", kind, plural, scope: Scope::Namespaced }
}

const fn in_group(group: &'static str, kind: &'static str, plural: &'static str, scope: Scope) -> Resource {
    Resource { group, version: "v1", kind, plural, scope }
}

/// `v1 Namespace`
pub static NAMESPACES: Resource = core("Namespace", "namespaces", Scope::Cluster);
/// `v1 Node`
pub static NODES: Resource = core("Node", "nodes", Scope::Cluster);
/// `v1 Pod`
pub static PODS: Resource = core("Pod", "pods", Scope::Namespaced);
/// `v1 Service`
pub static SERVICES: Resource = core("Service", "services", Scope::Namespaced);
/// `v1 ConfigMap`
pub static CONFIG_MAPS: Resource = core("ConfigMap", "configmaps", Scope::Namespaced);
/// `v1 Secret`
pub static SECRETS: Resource = core("Secret", "secrets", Scope::Namespaced);
/// `v1 ServiceAccount`
pub static SERVICE_ACCOUNTS: Resource = core("ServiceAccount", "serviceaccounts", Scope::Namespaced);
/// `v1 Event`
pub static EVENTS: Resource = core("Event", "events", Scope::Namespaced);
/// `apps/v1 Deployment`
pub static DEPLOYMENTS: Resource = apps("Deployment", "deployments");
/// `apps/v1 ReplicaSet`
pub static REPLICA_SETS: Resource = apps("ReplicaSet", "replicasets");
/// `batch/v1 Job`
pub static JOBS: Resource = batch("Job", "jobs");
/// `batch/v1 CronJob`
pub static CRON_JOBS: Resource = batch("CronJob", "cronjobs");
/// `discovery.k8s.io/v1 EndpointSlice`
pub static ENDPOINT_SLICES: Resource = Resource {
    group: "discovery.k8s.io",
    version: "v1",
    kind: "EndpointSlice",
    plural: "endpointslices",
    scope: Scope::Namespaced,
};
/// `v1 Endpoints`: derived from EndpointSlices, never stored.
pub static ENDPOINTS: Resource = core("Endpoints", "endpoints", Scope::Namespaced);
/// `coordination.k8s.io/v1 Lease`
pub static LEASES: Resource =
    Resource { group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases", scope: Scope::Namespaced };

/// `v1 PersistentVolume`
pub static PERSISTENT_VOLUMES: Resource = core("PersistentVolume", "persistentvolumes", Scope::Cluster);
/// `v1 PersistentVolumeClaim`
pub static PERSISTENT_VOLUME_CLAIMS: Resource =
    core("PersistentVolumeClaim", "persistentvolumeclaims", Scope::Namespaced);
/// `v1 ResourceQuota`
pub static RESOURCE_QUOTAS: Resource = core("ResourceQuota", "resourcequotas", Scope::Namespaced);
/// `v1 LimitRange`
pub static LIMIT_RANGES: Resource = core("LimitRange", "limitranges", Scope::Namespaced);
/// `apps/v1 StatefulSet`
pub static STATEFUL_SETS: Resource = apps("StatefulSet", "statefulsets");
/// `apps/v1 DaemonSet`
pub static DAEMON_SETS: Resource = apps("DaemonSet", "daemonsets");
/// `apps/v1 ControllerRevision`
pub static CONTROLLER_REVISIONS: Resource = apps("ControllerRevision", "controllerrevisions");
/// `autoscaling/v2 HorizontalPodAutoscaler`
pub static HORIZONTAL_POD_AUTOSCALERS: Resource = Resource {
    group: "autoscaling",
    version: "v2",
    kind: "HorizontalPodAutoscaler",
    plural: "horizontalpodautoscalers",
    scope: Scope::Namespaced,
};
/// `policy/v1 PodDisruptionBudget`
pub static POD_DISRUPTION_BUDGETS: Resource =
    in_group("policy", "PodDisruptionBudget", "poddisruptionbudgets", Scope::Namespaced);
/// `networking.k8s.io/v1 Ingress`
pub static INGRESSES: Resource = in_group(NETWORKING, "Ingress", "ingresses", Scope::Namespaced);
/// `networking.k8s.io/v1 IngressClass`
pub static INGRESS_CLASSES: Resource = in_group(NETWORKING, "IngressClass", "ingressclasses", Scope::Cluster);
/// `networking.k8s.io/v1 NetworkPolicy`
pub static NETWORK_POLICIES: Resource = in_group(NETWORKING, "NetworkPolicy", "networkpolicies", Scope::Namespaced);
/// `storage.k8s.io/v1 StorageClass`
pub static STORAGE_CLASSES: Resource = in_group("storage.k8s.io", "StorageClass", "storageclasses", Scope::Cluster);
/// `scheduling.k8s.io/v1 PriorityClass`
pub static PRIORITY_CLASSES: Resource =
    in_group("scheduling.k8s.io", "PriorityClass", "priorityclasses", Scope::Cluster);
/// `node.k8s.io/v1 RuntimeClass`
pub static RUNTIME_CLASSES: Resource = in_group("node.k8s.io", "RuntimeClass", "runtimeclasses", Scope::Cluster);
/// `rbac.authorization.k8s.io/v1 Role`
pub static ROLES: Resource = in_group(RBAC, "Role", "roles", Scope::Namespaced);
/// `rbac.authorization.k8s.io/v1 RoleBinding`
pub static ROLE_BINDINGS: Resource = in_group(RBAC, "RoleBinding", "rolebindings", Scope::Namespaced);
/// `rbac.authorization.k8s.io/v1 ClusterRole`
pub static CLUSTER_ROLES: Resource = in_group(RBAC, "ClusterRole", "clusterroles", Scope::Cluster);
/// `rbac.authorization.k8s.io/v1 ClusterRoleBinding`
pub static CLUSTER_ROLE_BINDINGS: Resource =
    in_group(RBAC, "ClusterRoleBinding", "clusterrolebindings", Scope::Cluster);
/// `apiextensions.k8s.io/v1 CustomResourceDefinition`
pub static CUSTOM_RESOURCE_DEFINITIONS: Resource =
    in_group("apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", Scope::Cluster);
/// `admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy`
pub static VALIDATING_ADMISSION_POLICIES: Resource =
    in_group(ADMISSION, "ValidatingAdmissionPolicy", "validatingadmissionpolicies", Scope::Cluster);
/// `admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding`
pub static VALIDATING_ADMISSION_POLICY_BINDINGS: Resource =
    in_group(ADMISSION, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", Scope::Cluster);
/// `admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration`
pub static VALIDATING_WEBHOOK_CONFIGURATIONS: Resource =
    in_group(ADMISSION, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", Scope::Cluster);
/// `admissionregistration.k8s.io/v1 MutatingWebhookConfiguration`
pub static MUTATING_WEBHOOK_CONFIGURATIONS: Resource =
    in_group(ADMISSION, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", Scope::Cluster);

/// `metrics.k8s.io/v1beta1 NodeMetrics`: measured, never stored.
pub static NODE_METRICS: Resource = Resource {
    group: "metrics.k8s.io",
    version: "v1beta1",
    kind: "NodeMetrics",
    plural: "nodes",
    scope: Scope::Cluster,
};
/// `metrics.k8s.io/v1beta1 PodMetrics`: measured, never stored.
pub static POD_METRICS: Resource = Resource {
    group: "metrics.k8s.io",
    version: "v1beta1",
    kind: "PodMetrics",
    plural: "pods",
    scope: Scope::Namespaced,
};

const NETWORKING: &str = "networking.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

/// Every resource the cluster serves, in the order discovery lists them.
pub static ALL: [&Resource; 41] = [
    &NAMESPACES,
    &NODES,
    &PODS,
    &SERVICES,
    &CONFIG_MAPS,
    &SECRETS,
    &SERVICE_ACCOUNTS,
    &EVENTS,
    &DEPLOYMENTS,
    &REPLICA_SETS,
    &JOBS,
    &CRON_JOBS,
    &ENDPOINT_SLICES,
    &ENDPOINTS,
    &LEASES,
    &PERSISTENT_VOLUMES,
    &PERSISTENT_VOLUME_CLAIMS,
    &RESOURCE_QUOTAS,
    &LIMIT_RANGES,
    &STATEFUL_SETS,
    &DAEMON_SETS,
    &CONTROLLER_REVISIONS,
    &HORIZONTAL_POD_AUTOSCALERS,
    &POD_DISRUPTION_BUDGETS,
    &INGRESSES,
    &INGRESS_CLASSES,
    &NETWORK_POLICIES,
    &STORAGE_CLASSES,
    &PRIORITY_CLASSES,
    &RUNTIME_CLASSES,
    &ROLES,
    &ROLE_BINDINGS,
    &CLUSTER_ROLES,
    &CLUSTER_ROLE_BINDINGS,
    &CUSTOM_RESOURCE_DEFINITIONS,
    &VALIDATING_ADMISSION_POLICIES,
    &VALIDATING_ADMISSION_POLICY_BINDINGS,
    &VALIDATING_WEBHOOK_CONFIGURATIONS,
    &MUTATING_WEBHOOK_CONFIGURATIONS,
    &NODE_METRICS,
    &POD_METRICS,
];

impl Resource {
    /// `v1` or `apps/v1`, as in an object's `apiVersion`.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `pods` or `deployments.apps`: how messages name a resource.
    #[must_use]
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Whether objects of this resource live in a namespace.
    #[must_use]
    pub fn is_namespaced(&self) -> bool {
        self.scope == Scope::Namespaced
    }

    /// The prefix every object of this resource is stored under, with a trailing slash:
    /// `/registry/pods/`, `/registry/deployments.apps/`.
    #[must_use]
    pub fn prefix(&self) -> String {
        format!("/registry/{}/", self.qualified())
    }

    /// The prefix of one namespace, `/registry/pods/shop/`; the whole resource when cluster-scoped.
    #[must_use]
    pub fn prefix_in(&self, namespace: &str) -> String {
        if self.is_namespaced() { format!("{}{namespace}/", self.prefix()) } else { self.prefix() }
    }

    /// The key of one object: `/registry/pods/shop/web-1`, `/registry/nodes/a`.
    #[must_use]
    pub fn key(&self, namespace: &str, name: &str) -> String {
        format!("{}{name}", self.prefix_in(namespace))
    }
}

/// The resource with this group and kind, if the cluster serves it.
#[must_use]
pub fn find_kind(group: &str, kind: &str) -> Option<&'static Resource> {
    ALL.into_iter().find(|r| r.group == group && r.kind == kind)
}

/// The resource with this group and plural, if the cluster serves it.
#[must_use]
pub fn find_plural(group: &str, plural: &str) -> Option<&'static Resource> {
    ALL.into_iter().find(|r| r.group == group && r.plural == plural)
}

/// A namespace and a name; the namespace is empty for cluster-scoped objects.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamespacedName {
    /// Namespace, or empty.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl NamespacedName {
    /// Joins a namespace and a name.
    #[must_use]
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    /// The namespace and name an object carries; absent parts are empty.
    #[must_use]
    pub fn of(meta: &crate::meta::ObjectMeta) -> Self {
        Self::new(meta.namespace.clone().unwrap_or_default(), meta.name.clone().unwrap_or_default())
    }
}

impl fmt::Display for NamespacedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() { f.write_str(&self.name) } else { write!(f, "{}/{}", self.namespace, self.name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_groups_and_namespaces_apart() {
        assert_eq!(PODS.key("shop", "web"), "/registry/pods/shop/web");
        assert_eq!(NODES.key("", "a"), "/registry/nodes/a");
        assert_eq!(DEPLOYMENTS.key("shop", "web"), "/registry/deployments.apps/shop/web");
    }
}
