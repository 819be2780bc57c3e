//! The rows themselves, in the order of `api::resource::ALL`.

use api::resource;

use crate::{custom, policy, webhook};

use super::{
    Acts, Generation, Kind, NameRule, Origin, Subresource, autoscaler, config, controller_revision, cron_job,
    daemon_set, deployment, disruption_budget, endpoint_slice, event, ingress, ingress_class, job, lease, limit_range,
    mutable, namespace, network_policy, node, nothing, persistent_volume, persistent_volume_claim, pod, priority_class,
    rbac, replica_set, resource_quota, runtime_class, secret, service, service_account, stateful_set, storage_class,
    typed, unacted, without_status,
};

use Subresource::{
    Attach, Binding, EphemeralContainers, Eviction, Exec, Finalize, Log, PortForward, Proxy, Scale,
    Status as StatusPart, Token,
};

/// What most kinds are like: a subdomain for a name, nothing to default, anything may change.
pub(super) const PLAIN: Kind = Kind {
    resource: &resource::CONFIG_MAPS,
    singular: "",
    short_names: &[],
    categories: &[],
    subresources: &[],
    name_rule: NameRule::Subdomain,
    generation: Generation::None,
    fields: &[],
    defaults: nothing,
    prepare: nothing,
    validate: typed::<api::core::ConfigMap>,
    validate_update: mutable,
    unacted: &[],
    acts: Acts::Yes,
    also: &[],
    custom: None,
    origin: Origin::Stored,
};

/// One row for each entry of `api::resource::ALL`.
pub(crate) static ROWS: [Kind; 41] = [
    Kind {
        resource: &resource::NAMESPACES,
        singular: "namespace",
        short_names: &["ns"],
        subresources: &[Finalize, StatusPart],
        name_rule: NameRule::Label,
        fields: &[("status.phase", ""), ("name", "")],
        defaults: namespace::defaults,
        prepare: namespace::prepare,
        validate: namespace::validate,
        ..PLAIN
    },
    Kind {
        resource: &resource::NODES,
        singular: "node",
        short_names: &["no"],
        subresources: &[StatusPart],
        fields: &[("spec.unschedulable", "false")],
        validate: node::validate,
        validate_update: node::validate_update,
        unacted: unacted::NODE,
        ..PLAIN
    },
    Kind {
        resource: &resource::PODS,
        singular: "pod",
        short_names: &["po"],
        categories: &["all"],
        subresources: &[Attach, Binding, EphemeralContainers, Eviction, Exec, Log, PortForward, Proxy, StatusPart],
        generation: Generation::Counts,
        fields: &[
            ("spec.nodeName", ""),
            ("spec.restartPolicy", ""),
            ("spec.schedulerName", ""),
            ("spec.serviceAccountName", ""),
            ("spec.hostNetwork", "false"),
            ("status.phase", ""),
            ("status.podIP", ""),
            ("status.nominatedNodeName", ""),
        ],
        defaults: pod::defaults,
        prepare: pod::prepare,
        validate: pod::validate,
        validate_update: pod::validate_update,
        unacted: unacted::POD,
        ..PLAIN
    },
    Kind {
        resource: &resource::SERVICES,
        singular: "service",
        short_names: &["svc"],
        categories: &["all"],
        subresources: &[Proxy, StatusPart],
        name_rule: NameRule::Label1035,
        fields: &[("spec.clusterIP", ""), ("spec.type", "")],
        defaults: service::defaults,
        prepare: service::prepare,
        validate: service::validate,
        validate_update: service::validate_update,
        unacted: unacted::SERVICE,
        ..PLAIN
    },
    Kind {
        resource: &resource::CONFIG_MAPS,
        singular: "configmap",
        short_names: &["cm"],
        validate: config::validate,
        validate_update: config::validate_update,
        ..PLAIN
    },
    Kind {
        resource: &resource::SECRETS,
        singular: "secret",
        fields: &[("type", "")],
        defaults: secret::defaults,
        validate: secret::validate,
        validate_update: secret::validate_update,
        ..PLAIN
    },
    Kind {
        resource: &resource::SERVICE_ACCOUNTS,
        singular: "serviceaccount",
        short_names: &["sa"],
        subresources: &[Token],
        validate: service_account::validate,
        unacted: unacted::SERVICE_ACCOUNT,
        ..PLAIN
    },
    Kind {
        resource: &resource::EVENTS,
        singular: "event",
        short_names: &["ev"],
        fields: event::FIELDS,
        validate: event::validate,
        also: event::ALSO,
        ..PLAIN
    },
    Kind {
        resource: &resource::DEPLOYMENTS,
        singular: "deployment",
        short_names: &["deploy"],
        categories: &["all"],
        subresources: &[Scale, StatusPart],
        generation: Generation::Counts,
        defaults: deployment::defaults,
        prepare: without_status,
        validate: deployment::validate,
        validate_update: deployment::validate_update,
        unacted: unacted::TEMPLATED,
        ..PLAIN
    },
    Kind {
        resource: &resource::REPLICA_SETS,
        singular: "replicaset",
        short_names: &["rs"],
        categories: &["all"],
        subresources: &[Scale, StatusPart],
        generation: Generation::Counts,
        fields: &[("status.replicas", "0")],
        defaults: replica_set::defaults,
        prepare: without_status,
        validate: replica_set::validate,
        validate_update: replica_set::validate_update,
        unacted: unacted::TEMPLATED,
        ..PLAIN
    },
    Kind {
        resource: &resource::JOBS,
        singular: "job",
        categories: &["all"],
        subresources: &[StatusPart],
        generation: Generation::Counts,
        fields: &[("status.successful", "0")],
        defaults: job::defaults,
        prepare: job::prepare,
        validate: job::validate,
        validate_update: job::validate_update,
        unacted: unacted::JOB,
        ..PLAIN
    },
    Kind {
        resource: &resource::CRON_JOBS,
        singular: "cronjob",
        short_names: &["cj"],
        categories: &["all"],
        subresources: &[StatusPart],
        generation: Generation::Counts,
        defaults: cron_job::defaults,
        prepare: without_status,
        validate: cron_job::validate,
        unacted: unacted::CRON_JOB,
        ..PLAIN
    },
    Kind {
        resource: &resource::ENDPOINT_SLICES,
        singular: "endpointslice",
        generation: Generation::Counts,
        defaults: endpoint_slice::defaults,
        validate: endpoint_slice::validate,
        validate_update: endpoint_slice::validate_update,
        ..PLAIN
    },
    Kind {
        resource: &resource::ENDPOINTS,
        singular: "endpoints",
        short_names: &["ep"],
        validate: typed::<api::core::Endpoints>,
        origin: Origin::Derived,
        ..PLAIN
    },
    Kind { resource: &resource::LEASES, singular: "lease", validate: lease::validate, ..PLAIN },
    Kind {
        resource: &resource::PERSISTENT_VOLUMES,
        singular: "persistentvolume",
        short_names: &["pv"],
        subresources: &[StatusPart],
        defaults: persistent_volume::defaults,
        prepare: persistent_volume::prepare,
        validate: persistent_volume::validate,
        validate_update: persistent_volume::validate_update,
        acts: Acts::Partly("stored, but not bound to claims yet"),
        ..PLAIN
    },
    Kind {
        resource: &resource::PERSISTENT_VOLUME_CLAIMS,
        singular: "persistentvolumeclaim",
        short_names: &["pvc"],
        subresources: &[StatusPart],
        defaults: persistent_volume_claim::defaults,
        prepare: persistent_volume_claim::prepare,
        validate: persistent_volume_claim::validate,
        validate_update: persistent_volume_claim::validate_update,
        acts: Acts::Partly("counted by quotas and bounded by LimitRanges, but no volume is bound to it yet"),
        ..PLAIN
    },
    Kind {
        resource: &resource::RESOURCE_QUOTAS,
        singular: "resourcequota",
        short_names: &["quota"],
        subresources: &[StatusPart],
        prepare: without_status,
        defaults: resource_quota::defaults,
        validate: resource_quota::validate,
        validate_update: resource_quota::validate_update,
        ..PLAIN
    },
    Kind {
        resource: &resource::LIMIT_RANGES,
        singular: "limitrange",
        short_names: &["limits"],
        defaults: limit_range::defaults,
        validate: limit_range::validate,
        ..PLAIN
    },
    Kind {
        resource: &resource::STATEFUL_SETS,
        singular: "statefulset",
        short_names: &["sts"],
        categories: &["all"],
        subresources: &[Scale, StatusPart],
        name_rule: NameRule::Label,
        generation: Generation::Counts,
        defaults: stateful_set::defaults,
        prepare: without_status,
        validate: stateful_set::validate,
        validate_update: stateful_set::validate_update,
        unacted: unacted::STATEFUL_SET,
        ..PLAIN
    },
    Kind {
        resource: &resource::DAEMON_SETS,
        singular: "daemonset",
        short_names: &["ds"],
        categories: &["all"],
        subresources: &[StatusPart],
        generation: Generation::Counts,
        defaults: daemon_set::defaults,
        prepare: without_status,
        validate: daemon_set::validate,
        validate_update: daemon_set::validate_update,
        unacted: unacted::TEMPLATED,
        ..PLAIN
    },
    Kind {
        resource: &resource::CONTROLLER_REVISIONS,
        singular: "controllerrevision",
        validate: controller_revision::validate,
        validate_update: controller_revision::validate_update,
        ..PLAIN
    },
    Kind {
        resource: &resource::HORIZONTAL_POD_AUTOSCALERS,
        singular: "horizontalpodautoscaler",
        short_names: &["hpa"],
        categories: &["all"],
        subresources: &[StatusPart],
        prepare: without_status,
        defaults: autoscaler::defaults,
        validate: autoscaler::validate,
        unacted: unacted::AUTOSCALER,
        also: autoscaler::ALSO,
        ..PLAIN
    },
    Kind {
        resource: &resource::POD_DISRUPTION_BUDGETS,
        singular: "poddisruptionbudget",
        short_names: &["pdb"],
        subresources: &[StatusPart],
        generation: Generation::Counts,
        prepare: disruption_budget::prepare,
        validate: disruption_budget::validate,
        ..PLAIN
    },
    Kind {
        resource: &resource::INGRESSES,
        singular: "ingress",
        short_names: &["ing"],
        subresources: &[StatusPart],
        generation: Generation::Counts,
        prepare: without_status,
        validate: ingress::validate,
        acts: Acts::Partly("stored, but no requests are routed by it yet"),
        ..PLAIN
    },
    Kind {
        resource: &resource::INGRESS_CLASSES,
        singular: "ingressclass",
        generation: Generation::Counts,
        defaults: ingress_class::defaults,
        validate: ingress_class::validate,
        validate_update: ingress_class::validate_update,
        acts: Acts::Partly("given to Ingresses if it is the default, but nothing serves them yet"),
        ..PLAIN
    },
    Kind {
        resource: &resource::NETWORK_POLICIES,
        singular: "networkpolicy",
        short_names: &["netpol"],
        generation: Generation::Counts,
        defaults: network_policy::defaults,
        validate: network_policy::validate,
        acts: Acts::Partly("stored, but no traffic is denied by it yet"),
        ..PLAIN
    },
    Kind {
        resource: &resource::STORAGE_CLASSES,
        singular: "storageclass",
        short_names: &["sc"],
        defaults: storage_class::defaults,
        validate: storage_class::validate,
        validate_update: storage_class::validate_update,
        acts: Acts::Partly("given to claims if it is the default, but no volumes are made by it yet"),
        ..PLAIN
    },
    Kind {
        resource: &resource::PRIORITY_CLASSES,
        singular: "priorityclass",
        short_names: &["pc"],
        generation: Generation::Counts,
        defaults: priority_class::defaults,
        validate: priority_class::validate,
        validate_update: priority_class::validate_update,
        ..PLAIN
    },
    Kind {
        resource: &resource::RUNTIME_CLASSES,
        singular: "runtimeclass",
        generation: Generation::Counts,
        defaults: runtime_class::defaults,
        validate: runtime_class::validate,
        validate_update: runtime_class::validate_update,
        ..PLAIN
    },
    Kind {
        resource: &resource::ROLES,
        singular: "role",
        name_rule: NameRule::PathSegment,
        validate: rbac::role,
        ..PLAIN
    },
    Kind {
        resource: &resource::ROLE_BINDINGS,
        singular: "rolebinding",
        name_rule: NameRule::PathSegment,
        defaults: rbac::binding_defaults,
        validate: rbac::binding,
        validate_update: rbac::binding_update,
        ..PLAIN
    },
    Kind {
        resource: &resource::CLUSTER_ROLES,
        singular: "clusterrole",
        name_rule: NameRule::PathSegment,
        validate: rbac::cluster_role,
        ..PLAIN
    },
    Kind {
        resource: &resource::CLUSTER_ROLE_BINDINGS,
        singular: "clusterrolebinding",
        name_rule: NameRule::PathSegment,
        defaults: rbac::binding_defaults,
        validate: rbac::cluster_binding,
        validate_update: rbac::binding_update,
        ..PLAIN
    },
    Kind {
        resource: &resource::CUSTOM_RESOURCE_DEFINITIONS,
        singular: "customresourcedefinition",
        short_names: &["crd", "crds"],
        categories: &["api-extensions"],
        subresources: &[StatusPart],
        generation: Generation::Counts,
        defaults: custom::kind_rules::defaults,
        prepare: custom::kind_rules::prepare,
        validate: custom::kind_rules::validate,
        validate_update: custom::kind_rules::validate_update,
        ..PLAIN
    },
    Kind {
        resource: &resource::VALIDATING_ADMISSION_POLICIES,
        singular: "validatingadmissionpolicy",
        categories: &["api-extensions"],
        subresources: &[StatusPart],
        generation: Generation::Counts,
        prepare: without_status,
        validate: policy::validate_policy,
        ..PLAIN
    },
    Kind {
        resource: &resource::VALIDATING_ADMISSION_POLICY_BINDINGS,
        singular: "validatingadmissionpolicybinding",
        categories: &["api-extensions"],
        generation: Generation::Counts,
        validate: policy::validate_binding,
        ..PLAIN
    },
    Kind {
        resource: &resource::VALIDATING_WEBHOOK_CONFIGURATIONS,
        singular: "validatingwebhookconfiguration",
        categories: &["api-extensions"],
        generation: Generation::Counts,
        defaults: webhook::defaults,
        validate: webhook::validate_validating,
        ..PLAIN
    },
    Kind {
        resource: &resource::MUTATING_WEBHOOK_CONFIGURATIONS,
        singular: "mutatingwebhookconfiguration",
        categories: &["api-extensions"],
        generation: Generation::Counts,
        defaults: webhook::defaults,
        validate: webhook::validate_mutating,
        ..PLAIN
    },
    Kind { resource: &resource::NODE_METRICS, origin: Origin::Measured, ..PLAIN },
    Kind { resource: &resource::POD_METRICS, origin: Origin::Measured, ..PLAIN },
];
