//! What the roles of every cluster hold: facts, as tables.

/// A ClusterRole with rules of its own. Words stand between spaces; the core group is `core`.
pub(super) struct Role {
    pub(super) name: &'static str,
    /// Labels by which other roles gather it.
    pub(super) gathered_by: &'static [&'static str],
    /// Verbs, groups, resources.
    pub(super) resources: &'static [(&'static str, &'static str, &'static str)],
    /// Verbs, paths.
    pub(super) paths: &'static [(&'static str, &'static str)],
}

const NONE: Role = Role { name: "", gathered_by: &[], resources: &[], paths: &[] };

const TO_ADMIN: &str = "rbac.authorization.k8s.io/aggregate-to-admin";
const TO_EDIT: &str = "rbac.authorization.k8s.io/aggregate-to-edit";
const TO_VIEW: &str = "rbac.authorization.k8s.io/aggregate-to-view";

const READ: &str = "get list watch";
const WRITE: &str = "create delete deletecollection patch update";
const READ_WRITE: &str = "create delete deletecollection get list patch update watch";

/// Roles that gather others: name, the label that is looked for, labels of its own.
pub(super) const GATHERED: &[(&str, &str, &[&str])] =
    &[("admin", TO_ADMIN, &[]), ("edit", TO_EDIT, &[TO_ADMIN]), ("view", TO_VIEW, &[TO_EDIT])];

/// Who has which role from the start: role (and name of the binding), groups.
pub(super) const BINDINGS: &[(&str, &str)] = &[
    ("cluster-admin", "system:masters"),
    ("system:basic-user", "system:authenticated"),
    ("system:discovery", "system:authenticated"),
    ("system:monitoring", "system:monitoring"),
    ("system:public-info-viewer", "system:authenticated system:unauthenticated"),
    ("system:service-account-issuer-discovery", "system:serviceaccounts"),
];

/// Roles with rules of their own.
pub(super) const ROLES: &[Role] = &[
    Role { name: "cluster-admin", resources: &[("*", "*", "*")], paths: &[("*", "*")], ..NONE },
    Role {
        name: "system:aggregate-to-admin",
        gathered_by: &[TO_ADMIN],
        resources: &[
            ("create", "authorization.k8s.io", "localsubjectaccessreviews"),
            (READ_WRITE, "rbac.authorization.k8s.io", "roles rolebindings"),
        ],
        ..NONE
    },
    Role {
        name: "system:aggregate-to-edit",
        gathered_by: &[TO_EDIT],
        resources: &[
            (READ, "core", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy"),
            ("impersonate", "core", "serviceaccounts"),
            (WRITE, "core", "pods pods/attach pods/exec pods/portforward pods/proxy"),
            ("create", "core", "pods/eviction serviceaccounts/token"),
            (WRITE, "core", "configmaps events persistentvolumeclaims secrets serviceaccounts services services/proxy"),
            (
                WRITE,
                "apps",
                "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale \
                 statefulsets statefulsets/scale",
            ),
            (WRITE, "autoscaling", "horizontalpodautoscalers"),
            (WRITE, "batch", "cronjobs jobs"),
            (WRITE, "policy", "poddisruptionbudgets"),
            (WRITE, "networking.k8s.io", "ingresses networkpolicies"),
            (READ_WRITE, "coordination.k8s.io", "leases"),
        ],
        ..NONE
    },
    Role {
        name: "system:aggregate-to-view",
        gathered_by: &[TO_VIEW],
        resources: &[
            (
                READ,
                "core",
                "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods serviceaccounts \
                 services services/status",
            ),
            (
                READ,
                "core",
                "bindings events limitranges namespaces/status pods/log pods/status resourcequotas \
                 resourcequotas/status",
            ),
            (READ, "core", "namespaces"),
            (READ, "events.k8s.io", "events"),
            (READ, "discovery.k8s.io", "endpointslices"),
            (
                READ,
                "apps",
                "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status \
                 replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
            ),
            (READ, "autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
            (READ, "batch", "cronjobs cronjobs/status jobs jobs/status"),
            (READ, "policy", "poddisruptionbudgets poddisruptionbudgets/status"),
            (READ, "networking.k8s.io", "ingresses ingresses/status networkpolicies"),
        ],
        ..NONE
    },
    Role {
        name: "system:aggregated-metrics-reader",
        gathered_by: &[TO_ADMIN, TO_EDIT, TO_VIEW],
        resources: &[(READ, "metrics.k8s.io", "nodes pods")],
        ..NONE
    },
    Role {
        name: "system:basic-user",
        resources: &[
            ("create", "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews"),
            ("create", "authentication.k8s.io", "selfsubjectreviews"),
        ],
        ..NONE
    },
    Role {
        name: "system:discovery",
        paths: &[("get", "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/")],
        ..NONE
    },
    Role { name: "system:public-info-viewer", paths: &[("get", "/healthz /livez /readyz /version /version/")], ..NONE },
    Role {
        name: "system:monitoring",
        paths: &[("get", "/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*")],
        ..NONE
    },
    Role {
        name: "system:service-account-issuer-discovery",
        paths: &[(
            "get",
            "/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/",
        )],
        ..NONE
    },
    Role {
        name: "system:auth-delegator",
        resources: &[
            ("create", "authentication.k8s.io", "tokenreviews"),
            ("create", "authorization.k8s.io", "subjectaccessreviews"),
        ],
        ..NONE
    },
    // Bound to nobody: hosts speak the host protocol, where each is given what its own Pods need and nothing else.
    Role {
        name: "system:node",
        resources: &[
            ("create", "authentication.k8s.io", "tokenreviews"),
            ("create", "authorization.k8s.io", "localsubjectaccessreviews subjectaccessreviews"),
            (READ, "core", "services"),
            ("create get list watch", "core", "nodes"),
            ("patch update", "core", "nodes nodes/status"),
            ("create delete get list watch", "core", "pods"),
            ("patch update", "core", "pods/status"),
            ("create", "core", "pods/eviction serviceaccounts/token"),
            (READ, "core", "configmaps secrets"),
            ("create patch update", "core events.k8s.io", "events"),
            ("get", "core", "persistentvolumeclaims persistentvolumes"),
            ("create delete get patch update", "coordination.k8s.io", "leases"),
            (READ, "node.k8s.io", "runtimeclasses"),
        ],
        ..NONE
    },
    // Ours: the cluster's registry lies beside the API and is guarded by its path.
    Role { name: "insula:registry-pull", paths: &[("get head", "/v2 /v2/*")], ..NONE },
    Role { name: "insula:registry-push", paths: &[("*", "/v2 /v2/*")], ..NONE },
];
