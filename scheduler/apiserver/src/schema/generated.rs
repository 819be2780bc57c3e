//! The table itself, made by `xtask/schemas/generate.py`; do not edit.
//!
//! Sources: kubernetes-validate==1.37.0 and k8s-pb 0.9.0.

use super::Shape::{
    Bool, Bytes, Int32, Int64, IntOrString, Json, List, Map, MicroTime, Object, Quantity, Text, Time, Wrapped,
};
use super::{Inlined, Kind, Type, f};

pub(super) static KINDS: [Kind; 123] = [
    Kind { group: "", version: "v1", kind: "APIGroup", schema: &META_V1_API_GROUP },
    Kind { group: "", version: "v1", kind: "APIGroupList", schema: &META_V1_API_GROUP_LIST },
    Kind { group: "", version: "v1", kind: "APIResourceList", schema: &META_V1_API_RESOURCE_LIST },
    Kind { group: "", version: "v1", kind: "APIVersions", schema: &META_V1_API_VERSIONS },
    Kind { group: "", version: "v1", kind: "Binding", schema: &CORE_V1_BINDING },
    Kind { group: "", version: "v1", kind: "ComponentStatus", schema: &CORE_V1_COMPONENT_STATUS },
    Kind { group: "", version: "v1", kind: "ComponentStatusList", schema: &CORE_V1_COMPONENT_STATUS_LIST },
    Kind { group: "", version: "v1", kind: "ConfigMap", schema: &CORE_V1_CONFIG_MAP },
    Kind { group: "", version: "v1", kind: "ConfigMapList", schema: &CORE_V1_CONFIG_MAP_LIST },
    Kind { group: "", version: "v1", kind: "DeleteOptions", schema: &META_V1_DELETE_OPTIONS },
    Kind { group: "", version: "v1", kind: "Endpoints", schema: &CORE_V1_ENDPOINTS },
    Kind { group: "", version: "v1", kind: "EndpointsList", schema: &CORE_V1_ENDPOINTS_LIST },
    Kind { group: "", version: "v1", kind: "Event", schema: &CORE_V1_EVENT },
    Kind { group: "", version: "v1", kind: "EventList", schema: &CORE_V1_EVENT_LIST },
    Kind { group: "", version: "v1", kind: "LimitRange", schema: &CORE_V1_LIMIT_RANGE },
    Kind { group: "", version: "v1", kind: "LimitRangeList", schema: &CORE_V1_LIMIT_RANGE_LIST },
    Kind { group: "", version: "v1", kind: "Namespace", schema: &CORE_V1_NAMESPACE },
    Kind { group: "", version: "v1", kind: "NamespaceList", schema: &CORE_V1_NAMESPACE_LIST },
    Kind { group: "", version: "v1", kind: "Node", schema: &CORE_V1_NODE },
    Kind { group: "", version: "v1", kind: "NodeList", schema: &CORE_V1_NODE_LIST },
    Kind { group: "", version: "v1", kind: "PersistentVolume", schema: &CORE_V1_PERSISTENT_VOLUME },
    Kind { group: "", version: "v1", kind: "PersistentVolumeClaim", schema: &CORE_V1_PERSISTENT_VOLUME_CLAIM },
    Kind { group: "", version: "v1", kind: "PersistentVolumeClaimList", schema: &CORE_V1_PERSISTENT_VOLUME_CLAIM_LIST },
    Kind { group: "", version: "v1", kind: "PersistentVolumeList", schema: &CORE_V1_PERSISTENT_VOLUME_LIST },
    Kind { group: "", version: "v1", kind: "Pod", schema: &CORE_V1_POD },
    Kind { group: "", version: "v1", kind: "PodList", schema: &CORE_V1_POD_LIST },
    Kind { group: "", version: "v1", kind: "PodTemplate", schema: &CORE_V1_POD_TEMPLATE },
    Kind { group: "", version: "v1", kind: "PodTemplateList", schema: &CORE_V1_POD_TEMPLATE_LIST },
    Kind { group: "", version: "v1", kind: "ReplicationController", schema: &CORE_V1_REPLICATION_CONTROLLER },
    Kind { group: "", version: "v1", kind: "ReplicationControllerList", schema: &CORE_V1_REPLICATION_CONTROLLER_LIST },
    Kind { group: "", version: "v1", kind: "ResourceQuota", schema: &CORE_V1_RESOURCE_QUOTA },
    Kind { group: "", version: "v1", kind: "ResourceQuotaList", schema: &CORE_V1_RESOURCE_QUOTA_LIST },
    Kind { group: "", version: "v1", kind: "Secret", schema: &CORE_V1_SECRET },
    Kind { group: "", version: "v1", kind: "SecretList", schema: &CORE_V1_SECRET_LIST },
    Kind { group: "", version: "v1", kind: "Service", schema: &CORE_V1_SERVICE },
    Kind { group: "", version: "v1", kind: "ServiceAccount", schema: &CORE_V1_SERVICE_ACCOUNT },
    Kind { group: "", version: "v1", kind: "ServiceAccountList", schema: &CORE_V1_SERVICE_ACCOUNT_LIST },
    Kind { group: "", version: "v1", kind: "ServiceList", schema: &CORE_V1_SERVICE_LIST },
    Kind { group: "", version: "v1", kind: "Status", schema: &META_V1_STATUS },
    Kind { group: "", version: "v1", kind: "WatchEvent", schema: &META_V1_WATCH_EVENT },
    Kind { group: "admissionregistration.k8s.io", version: "v1", kind: "MutatingAdmissionPolicy", schema: &ADMISSIONREGISTRATION_V1_MUTATING_ADMISSION_POLICY },
    Kind { group: "admissionregistration.k8s.io", version: "v1", kind: "MutatingAdmissionPolicyBinding", schema: &ADMISSIONREGISTRATION_V1_MUTATING_ADMISSION_POLICY_BINDING },
    Kind { group: "admissionregistration.k8s.io", version: "v1", kind: "MutatingAdmissionPolicyBindingList", schema: &ADMISSIONREGISTRATION_V1_MUTATING_ADMISSION_POLICY_BINDING_LIST },
    Kind { group: "admissionregistration.k8s.io", version: "v1", kind: "MutatingAdmissionPolicyList", schema: &ADMISSIONREGISTRATION_V1_MUTATING_ADMISSION_POLICY_LIST },
    Kind { group: "admissionregistration.k8s.io", version: "v1", kind: "MutatingWebhookConfiguration", schema: &ADMISSIONREGISTRATION_V1_MUTATING_WEBHOOK_CONFIGURATION },
    Kind { group: "admissionregistration.k8s.io", version: "v1", kind: "MutatingWebhookConfigurationList", schema: &ADMISSIONREGISTRATION_V1_MUTATING_WEBHOOK_CONFIGURATION_LIST },
    Kind { group: "admissionregistration.k8s.io", version: "v1", kind: "ValidatingAdmissionPolicy", schema: &ADMISSIONREGISTRATION_V1_VALIDATING_ADMISSION_POLICY },
    Kind { group: "admissionregistration.k8s.io", version: "v1", kind: "ValidatingAdmissionPolicyBinding", schema: &ADMISSIONREGISTRATION_V1_VALIDATING_ADMISSION_POLICY_BINDING },
    Kind { group: "admissionregistration.k8s.io", version: "v1", kind: "ValidatingAdmissionPolicyBindingList", schema: &ADMISSIONREGISTRATION_V1_VALIDATING_ADMISSION_POLICY_BINDING_LIST },
    Kind { group: "admissionregistration.k8s.io", version: "v1", kind: "ValidatingAdmissionPolicyList", schema: &ADMISSIONREGISTRATION_V1_VALIDATING_ADMISSION_POLICY_LIST },
    Kind { group: "admissionregistration.k8s.io", version: "v1", kind: "ValidatingWebhookConfiguration", schema: &ADMISSIONREGISTRATION_V1_VALIDATING_WEBHOOK_CONFIGURATION },
    Kind { group: "admissionregistration.k8s.io", version: "v1", kind: "ValidatingWebhookConfigurationList", schema: &ADMISSIONREGISTRATION_V1_VALIDATING_WEBHOOK_CONFIGURATION_LIST },
    Kind { group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition", schema: &APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_DEFINITION },
    Kind { group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinitionList", schema: &APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_DEFINITION_LIST },
    Kind { group: "apps", version: "v1", kind: "ControllerRevision", schema: &APPS_V1_CONTROLLER_REVISION },
    Kind { group: "apps", version: "v1", kind: "ControllerRevisionList", schema: &APPS_V1_CONTROLLER_REVISION_LIST },
    Kind { group: "apps", version: "v1", kind: "DaemonSet", schema: &APPS_V1_DAEMON_SET },
    Kind { group: "apps", version: "v1", kind: "DaemonSetList", schema: &APPS_V1_DAEMON_SET_LIST },
    Kind { group: "apps", version: "v1", kind: "Deployment", schema: &APPS_V1_DEPLOYMENT },
    Kind { group: "apps", version: "v1", kind: "DeploymentList", schema: &APPS_V1_DEPLOYMENT_LIST },
    Kind { group: "apps", version: "v1", kind: "ReplicaSet", schema: &APPS_V1_REPLICA_SET },
    Kind { group: "apps", version: "v1", kind: "ReplicaSetList", schema: &APPS_V1_REPLICA_SET_LIST },
    Kind { group: "apps", version: "v1", kind: "StatefulSet", schema: &APPS_V1_STATEFUL_SET },
    Kind { group: "apps", version: "v1", kind: "StatefulSetList", schema: &APPS_V1_STATEFUL_SET_LIST },
    Kind { group: "authentication.k8s.io", version: "v1", kind: "SelfSubjectReview", schema: &AUTHENTICATION_V1_SELF_SUBJECT_REVIEW },
    Kind { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest", schema: &AUTHENTICATION_V1_TOKEN_REQUEST },
    Kind { group: "authentication.k8s.io", version: "v1", kind: "TokenReview", schema: &AUTHENTICATION_V1_TOKEN_REVIEW },
    Kind { group: "authorization.k8s.io", version: "v1", kind: "LocalSubjectAccessReview", schema: &AUTHORIZATION_V1_LOCAL_SUBJECT_ACCESS_REVIEW },
    Kind { group: "authorization.k8s.io", version: "v1", kind: "SelfSubjectAccessReview", schema: &AUTHORIZATION_V1_SELF_SUBJECT_ACCESS_REVIEW },
    Kind { group: "authorization.k8s.io", version: "v1", kind: "SelfSubjectRulesReview", schema: &AUTHORIZATION_V1_SELF_SUBJECT_RULES_REVIEW },
    Kind { group: "authorization.k8s.io", version: "v1", kind: "SubjectAccessReview", schema: &AUTHORIZATION_V1_SUBJECT_ACCESS_REVIEW },
    Kind { group: "autoscaling", version: "v1", kind: "HorizontalPodAutoscaler", schema: &AUTOSCALING_V1_HORIZONTAL_POD_AUTOSCALER },
    Kind { group: "autoscaling", version: "v1", kind: "HorizontalPodAutoscalerList", schema: &AUTOSCALING_V1_HORIZONTAL_POD_AUTOSCALER_LIST },
    Kind { group: "autoscaling", version: "v1", kind: "Scale", schema: &AUTOSCALING_V1_SCALE },
    Kind { group: "autoscaling", version: "v2", kind: "HorizontalPodAutoscaler", schema: &AUTOSCALING_V2_HORIZONTAL_POD_AUTOSCALER },
    Kind { group: "autoscaling", version: "v2", kind: "HorizontalPodAutoscalerList", schema: &AUTOSCALING_V2_HORIZONTAL_POD_AUTOSCALER_LIST },
    Kind { group: "batch", version: "v1", kind: "CronJob", schema: &BATCH_V1_CRON_JOB },
    Kind { group: "batch", version: "v1", kind: "CronJobList", schema: &BATCH_V1_CRON_JOB_LIST },
    Kind { group: "batch", version: "v1", kind: "Job", schema: &BATCH_V1_JOB },
    Kind { group: "batch", version: "v1", kind: "JobList", schema: &BATCH_V1_JOB_LIST },
    Kind { group: "coordination.k8s.io", version: "v1", kind: "Lease", schema: &COORDINATION_V1_LEASE },
    Kind { group: "coordination.k8s.io", version: "v1", kind: "LeaseList", schema: &COORDINATION_V1_LEASE_LIST },
    Kind { group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice", schema: &DISCOVERY_V1_ENDPOINT_SLICE },
    Kind { group: "discovery.k8s.io", version: "v1", kind: "EndpointSliceList", schema: &DISCOVERY_V1_ENDPOINT_SLICE_LIST },
    Kind { group: "events.k8s.io", version: "v1", kind: "Event", schema: &EVENTS_V1_EVENT },
    Kind { group: "events.k8s.io", version: "v1", kind: "EventList", schema: &EVENTS_V1_EVENT_LIST },
    Kind { group: "networking.k8s.io", version: "v1", kind: "IPAddress", schema: &NETWORKING_V1_IP_ADDRESS },
    Kind { group: "networking.k8s.io", version: "v1", kind: "IPAddressList", schema: &NETWORKING_V1_IP_ADDRESS_LIST },
    Kind { group: "networking.k8s.io", version: "v1", kind: "Ingress", schema: &NETWORKING_V1_INGRESS },
    Kind { group: "networking.k8s.io", version: "v1", kind: "IngressClass", schema: &NETWORKING_V1_INGRESS_CLASS },
    Kind { group: "networking.k8s.io", version: "v1", kind: "IngressClassList", schema: &NETWORKING_V1_INGRESS_CLASS_LIST },
    Kind { group: "networking.k8s.io", version: "v1", kind: "IngressList", schema: &NETWORKING_V1_INGRESS_LIST },
    Kind { group: "networking.k8s.io", version: "v1", kind: "NetworkPolicy", schema: &NETWORKING_V1_NETWORK_POLICY },
    Kind { group: "networking.k8s.io", version: "v1", kind: "NetworkPolicyList", schema: &NETWORKING_V1_NETWORK_POLICY_LIST },
    Kind { group: "networking.k8s.io", version: "v1", kind: "ServiceCIDR", schema: &NETWORKING_V1_SERVICE_CIDR },
    Kind { group: "networking.k8s.io", version: "v1", kind: "ServiceCIDRList", schema: &NETWORKING_V1_SERVICE_CIDR_LIST },
    Kind { group: "node.k8s.io", version: "v1", kind: "RuntimeClass", schema: &NODE_V1_RUNTIME_CLASS },
    Kind { group: "node.k8s.io", version: "v1", kind: "RuntimeClassList", schema: &NODE_V1_RUNTIME_CLASS_LIST },
    Kind { group: "policy", version: "v1", kind: "Eviction", schema: &POLICY_V1_EVICTION },
    Kind { group: "policy", version: "v1", kind: "PodDisruptionBudget", schema: &POLICY_V1_POD_DISRUPTION_BUDGET },
    Kind { group: "policy", version: "v1", kind: "PodDisruptionBudgetList", schema: &POLICY_V1_POD_DISRUPTION_BUDGET_LIST },
    Kind { group: "rbac.authorization.k8s.io", version: "v1", kind: "ClusterRole", schema: &RBAC_V1_CLUSTER_ROLE },
    Kind { group: "rbac.authorization.k8s.io", version: "v1", kind: "ClusterRoleBinding", schema: &RBAC_V1_CLUSTER_ROLE_BINDING },
    Kind { group: "rbac.authorization.k8s.io", version: "v1", kind: "ClusterRoleBindingList", schema: &RBAC_V1_CLUSTER_ROLE_BINDING_LIST },
    Kind { group: "rbac.authorization.k8s.io", version: "v1", kind: "ClusterRoleList", schema: &RBAC_V1_CLUSTER_ROLE_LIST },
    Kind { group: "rbac.authorization.k8s.io", version: "v1", kind: "Role", schema: &RBAC_V1_ROLE },
    Kind { group: "rbac.authorization.k8s.io", version: "v1", kind: "RoleBinding", schema: &RBAC_V1_ROLE_BINDING },
    Kind { group: "rbac.authorization.k8s.io", version: "v1", kind: "RoleBindingList", schema: &RBAC_V1_ROLE_BINDING_LIST },
    Kind { group: "rbac.authorization.k8s.io", version: "v1", kind: "RoleList", schema: &RBAC_V1_ROLE_LIST },
    Kind { group: "scheduling.k8s.io", version: "v1", kind: "PriorityClass", schema: &SCHEDULING_V1_PRIORITY_CLASS },
    Kind { group: "scheduling.k8s.io", version: "v1", kind: "PriorityClassList", schema: &SCHEDULING_V1_PRIORITY_CLASS_LIST },
    Kind { group: "storage.k8s.io", version: "v1", kind: "CSIDriver", schema: &STORAGE_V1_CSI_DRIVER },
    Kind { group: "storage.k8s.io", version: "v1", kind: "CSIDriverList", schema: &STORAGE_V1_CSI_DRIVER_LIST },
    Kind { group: "storage.k8s.io", version: "v1", kind: "CSINode", schema: &STORAGE_V1_CSI_NODE },
    Kind { group: "storage.k8s.io", version: "v1", kind: "CSINodeList", schema: &STORAGE_V1_CSI_NODE_LIST },
    Kind { group: "storage.k8s.io", version: "v1", kind: "CSIStorageCapacity", schema: &STORAGE_V1_CSI_STORAGE_CAPACITY },
    Kind { group: "storage.k8s.io", version: "v1", kind: "CSIStorageCapacityList", schema: &STORAGE_V1_CSI_STORAGE_CAPACITY_LIST },
    Kind { group: "storage.k8s.io", version: "v1", kind: "StorageClass", schema: &STORAGE_V1_STORAGE_CLASS },
    Kind { group: "storage.k8s.io", version: "v1", kind: "StorageClassList", schema: &STORAGE_V1_STORAGE_CLASS_LIST },
    Kind { group: "storage.k8s.io", version: "v1", kind: "VolumeAttachment", schema: &STORAGE_V1_VOLUME_ATTACHMENT },
    Kind { group: "storage.k8s.io", version: "v1", kind: "VolumeAttachmentList", schema: &STORAGE_V1_VOLUME_ATTACHMENT_LIST },
    Kind { group: "storage.k8s.io", version: "v1", kind: "VolumeAttributesClass", schema: &STORAGE_V1_VOLUME_ATTRIBUTES_CLASS },
    Kind { group: "storage.k8s.io", version: "v1", kind: "VolumeAttributesClassList", schema: &STORAGE_V1_VOLUME_ATTRIBUTES_CLASS_LIST },
];

static ADMISSIONREGISTRATION_V1_APPLY_CONFIGURATION: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.ApplyConfiguration",
    atomic: false,
    fields: &[
        f(0, "expression", Text),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_AUDIT_ANNOTATION: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.AuditAnnotation",
    atomic: false,
    fields: &[
        f(1, "key", Text).required(),
        f(2, "valueExpression", Text).required(),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_EXPRESSION_WARNING: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.ExpressionWarning",
    atomic: false,
    fields: &[
        f(2, "fieldRef", Text).required(),
        f(3, "warning", Text).required(),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_JSON_PATCH: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.JSONPatch",
    atomic: false,
    fields: &[
        f(0, "expression", Text),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_MATCH_CONDITION: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.MatchCondition",
    atomic: false,
    fields: &[
        f(2, "expression", Text).required(),
        f(1, "name", Text).required(),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_MATCH_RESOURCES: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.MatchResources",
    atomic: true,
    fields: &[
        f(4, "excludeResourceRules", List(&Object(&ADMISSIONREGISTRATION_V1_NAMED_RULE_WITH_OPERATIONS))).atomic(),
        f(7, "matchPolicy", Text),
        f(1, "namespaceSelector", Object(&META_V1_LABEL_SELECTOR)),
        f(2, "objectSelector", Object(&META_V1_LABEL_SELECTOR)),
        f(3, "resourceRules", List(&Object(&ADMISSIONREGISTRATION_V1_NAMED_RULE_WITH_OPERATIONS))).atomic(),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_MUTATING_ADMISSION_POLICY: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(0, "metadata", Object(&META_V1_OBJECT_META)),
        f(0, "spec", Object(&ADMISSIONREGISTRATION_V1_MUTATING_ADMISSION_POLICY_SPEC)),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_MUTATING_ADMISSION_POLICY_BINDING: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(0, "metadata", Object(&META_V1_OBJECT_META)),
        f(0, "spec", Object(&ADMISSIONREGISTRATION_V1_MUTATING_ADMISSION_POLICY_BINDING_SPEC)),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_MUTATING_ADMISSION_POLICY_BINDING_LIST: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBindingList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "items", List(&Object(&ADMISSIONREGISTRATION_V1_MUTATING_ADMISSION_POLICY_BINDING))).required(),
        f(0, "kind", Text),
        f(0, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_MUTATING_ADMISSION_POLICY_BINDING_SPEC: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBindingSpec",
    atomic: false,
    fields: &[
        f(0, "matchResources", Object(&ADMISSIONREGISTRATION_V1_MATCH_RESOURCES)),
        f(0, "paramRef", Object(&ADMISSIONREGISTRATION_V1_PARAM_REF)),
        f(0, "policyName", Text),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_MUTATING_ADMISSION_POLICY_LIST: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "items", List(&Object(&ADMISSIONREGISTRATION_V1_MUTATING_ADMISSION_POLICY))).required(),
        f(0, "kind", Text),
        f(0, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_MUTATING_ADMISSION_POLICY_SPEC: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicySpec",
    atomic: false,
    fields: &[
        f(0, "failurePolicy", Text),
        f(0, "matchConditions", List(&Object(&ADMISSIONREGISTRATION_V1_MATCH_CONDITION))).merges_by("name").keyed(&["name"]),
        f(0, "matchConstraints", Object(&ADMISSIONREGISTRATION_V1_MATCH_RESOURCES)),
        f(0, "mutations", List(&Object(&ADMISSIONREGISTRATION_V1_MUTATION))).atomic(),
        f(0, "paramKind", Object(&ADMISSIONREGISTRATION_V1_PARAM_KIND)),
        f(0, "reinvocationPolicy", Text),
        f(0, "variables", List(&Object(&ADMISSIONREGISTRATION_V1_VARIABLE))).atomic(),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_MUTATING_WEBHOOK: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.MutatingWebhook",
    atomic: false,
    fields: &[
        f(8, "admissionReviewVersions", List(&Text)).required().atomic(),
        f(2, "clientConfig", Object(&ADMISSIONREGISTRATION_V1_WEBHOOK_CLIENT_CONFIG)).required(),
        f(4, "failurePolicy", Text),
        f(12, "matchConditions", List(&Object(&ADMISSIONREGISTRATION_V1_MATCH_CONDITION))).merges_by("name").keyed(&["name"]),
        f(9, "matchPolicy", Text),
        f(1, "name", Text).required(),
        f(5, "namespaceSelector", Object(&META_V1_LABEL_SELECTOR)),
        f(11, "objectSelector", Object(&META_V1_LABEL_SELECTOR)),
        f(10, "reinvocationPolicy", Text),
        f(3, "rules", List(&Object(&ADMISSIONREGISTRATION_V1_RULE_WITH_OPERATIONS))).atomic(),
        f(6, "sideEffects", Text).required(),
        f(7, "timeoutSeconds", Int32),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_MUTATING_WEBHOOK_CONFIGURATION: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "webhooks", List(&Object(&ADMISSIONREGISTRATION_V1_MUTATING_WEBHOOK))).merges_by("name").keyed(&["name"]),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_MUTATING_WEBHOOK_CONFIGURATION_LIST: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.MutatingWebhookConfigurationList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&ADMISSIONREGISTRATION_V1_MUTATING_WEBHOOK_CONFIGURATION))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_MUTATION: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.Mutation",
    atomic: false,
    fields: &[
        f(0, "applyConfiguration", Object(&ADMISSIONREGISTRATION_V1_APPLY_CONFIGURATION)),
        f(0, "jsonPatch", Object(&ADMISSIONREGISTRATION_V1_JSON_PATCH)),
        f(0, "patchType", Text).required(),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_NAMED_RULE_WITH_OPERATIONS: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.NamedRuleWithOperations",
    atomic: true,
    fields: &[
        f(0, "apiGroups", List(&Text)).atomic(),
        f(0, "apiVersions", List(&Text)).atomic(),
        f(0, "operations", List(&Text)).atomic(),
        f(1, "resourceNames", List(&Text)).atomic(),
        f(0, "resources", List(&Text)).atomic(),
        f(0, "scope", Text),
    ],
    inlined: &[Inlined { tag: 2, schema: &ADMISSIONREGISTRATION_V1_RULE_WITH_OPERATIONS }],
};
static ADMISSIONREGISTRATION_V1_PARAM_KIND: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.ParamKind",
    atomic: true,
    fields: &[
        f(1, "apiVersion", Text),
        f(2, "kind", Text),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_PARAM_REF: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.ParamRef",
    atomic: true,
    fields: &[
        f(1, "name", Text),
        f(2, "namespace", Text),
        f(4, "parameterNotFoundAction", Text),
        f(3, "selector", Object(&META_V1_LABEL_SELECTOR)),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_RULE: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.Rule",
    atomic: false,
    fields: &[
        f(1, "apiGroups", List(&Text)).atomic(),
        f(2, "apiVersions", List(&Text)).atomic(),
        f(3, "resources", List(&Text)).atomic(),
        f(4, "scope", Text),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_RULE_WITH_OPERATIONS: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.RuleWithOperations",
    atomic: false,
    fields: &[
        f(0, "apiGroups", List(&Text)).atomic(),
        f(0, "apiVersions", List(&Text)).atomic(),
        f(1, "operations", List(&Text)).atomic(),
        f(0, "resources", List(&Text)).atomic(),
        f(0, "scope", Text),
    ],
    inlined: &[Inlined { tag: 2, schema: &ADMISSIONREGISTRATION_V1_RULE }],
};
static ADMISSIONREGISTRATION_V1_SERVICE_REFERENCE: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.ServiceReference",
    atomic: false,
    fields: &[
        f(2, "name", Text).required(),
        f(1, "namespace", Text).required(),
        f(3, "path", Text),
        f(4, "port", Int32),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_TYPE_CHECKING: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.TypeChecking",
    atomic: false,
    fields: &[
        f(1, "expressionWarnings", List(&Object(&ADMISSIONREGISTRATION_V1_EXPRESSION_WARNING))).atomic(),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_VALIDATING_ADMISSION_POLICY: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&ADMISSIONREGISTRATION_V1_VALIDATING_ADMISSION_POLICY_SPEC)),
        f(3, "status", Object(&ADMISSIONREGISTRATION_V1_VALIDATING_ADMISSION_POLICY_STATUS)),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_VALIDATING_ADMISSION_POLICY_BINDING: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&ADMISSIONREGISTRATION_V1_VALIDATING_ADMISSION_POLICY_BINDING_SPEC)).required(),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_VALIDATING_ADMISSION_POLICY_BINDING_LIST: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBindingList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&ADMISSIONREGISTRATION_V1_VALIDATING_ADMISSION_POLICY_BINDING))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_VALIDATING_ADMISSION_POLICY_BINDING_SPEC: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec",
    atomic: false,
    fields: &[
        f(3, "matchResources", Object(&ADMISSIONREGISTRATION_V1_MATCH_RESOURCES)),
        f(2, "paramRef", Object(&ADMISSIONREGISTRATION_V1_PARAM_REF)),
        f(1, "policyName", Text).required(),
        f(4, "validationActions", List(&Text)).required().set(),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_VALIDATING_ADMISSION_POLICY_LIST: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&ADMISSIONREGISTRATION_V1_VALIDATING_ADMISSION_POLICY))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_VALIDATING_ADMISSION_POLICY_SPEC: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicySpec",
    atomic: false,
    fields: &[
        f(5, "auditAnnotations", List(&Object(&ADMISSIONREGISTRATION_V1_AUDIT_ANNOTATION))).atomic(),
        f(4, "failurePolicy", Text),
        f(6, "matchConditions", List(&Object(&ADMISSIONREGISTRATION_V1_MATCH_CONDITION))).merges_by("name").keyed(&["name"]),
        f(2, "matchConstraints", Object(&ADMISSIONREGISTRATION_V1_MATCH_RESOURCES)),
        f(1, "paramKind", Object(&ADMISSIONREGISTRATION_V1_PARAM_KIND)),
        f(3, "validations", List(&Object(&ADMISSIONREGISTRATION_V1_VALIDATION))).atomic(),
        f(7, "variables", List(&Object(&ADMISSIONREGISTRATION_V1_VARIABLE))).merges_by("name").keyed(&["name"]),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_VALIDATING_ADMISSION_POLICY_STATUS: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyStatus",
    atomic: false,
    fields: &[
        f(3, "conditions", List(&Object(&META_V1_CONDITION))).keyed(&["type"]),
        f(1, "observedGeneration", Int64),
        f(2, "typeChecking", Object(&ADMISSIONREGISTRATION_V1_TYPE_CHECKING)),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_VALIDATING_WEBHOOK: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.ValidatingWebhook",
    atomic: false,
    fields: &[
        f(8, "admissionReviewVersions", List(&Text)).required().atomic(),
        f(2, "clientConfig", Object(&ADMISSIONREGISTRATION_V1_WEBHOOK_CLIENT_CONFIG)).required(),
        f(4, "failurePolicy", Text),
        f(11, "matchConditions", List(&Object(&ADMISSIONREGISTRATION_V1_MATCH_CONDITION))).merges_by("name").keyed(&["name"]),
        f(9, "matchPolicy", Text),
        f(1, "name", Text).required(),
        f(5, "namespaceSelector", Object(&META_V1_LABEL_SELECTOR)),
        f(10, "objectSelector", Object(&META_V1_LABEL_SELECTOR)),
        f(3, "rules", List(&Object(&ADMISSIONREGISTRATION_V1_RULE_WITH_OPERATIONS))).atomic(),
        f(6, "sideEffects", Text).required(),
        f(7, "timeoutSeconds", Int32),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_VALIDATING_WEBHOOK_CONFIGURATION: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "webhooks", List(&Object(&ADMISSIONREGISTRATION_V1_VALIDATING_WEBHOOK))).merges_by("name").keyed(&["name"]),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_VALIDATING_WEBHOOK_CONFIGURATION_LIST: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.ValidatingWebhookConfigurationList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&ADMISSIONREGISTRATION_V1_VALIDATING_WEBHOOK_CONFIGURATION))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_VALIDATION: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.Validation",
    atomic: false,
    fields: &[
        f(1, "expression", Text).required(),
        f(2, "message", Text),
        f(4, "messageExpression", Text),
        f(3, "reason", Text),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_VARIABLE: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.Variable",
    atomic: true,
    fields: &[
        f(2, "expression", Text).required(),
        f(1, "name", Text).required(),
    ],
    inlined: &[],
};
static ADMISSIONREGISTRATION_V1_WEBHOOK_CLIENT_CONFIG: Type = Type {
    name: "io.k8s.api.admissionregistration.v1.WebhookClientConfig",
    atomic: false,
    fields: &[
        f(2, "caBundle", Bytes),
        f(1, "service", Object(&ADMISSIONREGISTRATION_V1_SERVICE_REFERENCE)),
        f(3, "url", Text),
    ],
    inlined: &[],
};
static APPS_V1_CONTROLLER_REVISION: Type = Type {
    name: "io.k8s.api.apps.v1.ControllerRevision",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "data", Json).required().zero_is_absent(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(3, "revision", Int64),
    ],
    inlined: &[],
};
static APPS_V1_CONTROLLER_REVISION_LIST: Type = Type {
    name: "io.k8s.api.apps.v1.ControllerRevisionList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&APPS_V1_CONTROLLER_REVISION))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static APPS_V1_DAEMON_SET: Type = Type {
    name: "io.k8s.api.apps.v1.DaemonSet",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&APPS_V1_DAEMON_SET_SPEC)).required().zero_is_absent(),
        f(3, "status", Object(&APPS_V1_DAEMON_SET_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static APPS_V1_DAEMON_SET_CONDITION: Type = Type {
    name: "io.k8s.api.apps.v1.DaemonSetCondition",
    atomic: false,
    fields: &[
        f(3, "lastTransitionTime", Time).zero_is_absent(),
        f(5, "message", Text).zero_is_absent(),
        f(4, "reason", Text).zero_is_absent(),
        f(2, "status", Text),
        f(1, "type", Text),
    ],
    inlined: &[],
};
static APPS_V1_DAEMON_SET_LIST: Type = Type {
    name: "io.k8s.api.apps.v1.DaemonSetList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&APPS_V1_DAEMON_SET))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static APPS_V1_DAEMON_SET_SPEC: Type = Type {
    name: "io.k8s.api.apps.v1.DaemonSetSpec",
    atomic: false,
    fields: &[
        f(4, "minReadySeconds", Int32).zero_is_absent(),
        f(6, "revisionHistoryLimit", Int32),
        f(1, "selector", Object(&META_V1_LABEL_SELECTOR)).required(),
        f(2, "template", Object(&CORE_V1_POD_TEMPLATE_SPEC)).required(),
        f(3, "updateStrategy", Object(&APPS_V1_DAEMON_SET_UPDATE_STRATEGY)).zero_is_absent(),
    ],
    inlined: &[],
};
static APPS_V1_DAEMON_SET_STATUS: Type = Type {
    name: "io.k8s.api.apps.v1.DaemonSetStatus",
    atomic: false,
    fields: &[
        f(9, "collisionCount", Int32),
        f(10, "conditions", List(&Object(&APPS_V1_DAEMON_SET_CONDITION))).merges_by("type").keyed(&["type"]),
        f(1, "currentNumberScheduled", Int32).required(),
        f(3, "desiredNumberScheduled", Int32).required(),
        f(7, "numberAvailable", Int32).zero_is_absent(),
        f(2, "numberMisscheduled", Int32).required(),
        f(4, "numberReady", Int32).required(),
        f(8, "numberUnavailable", Int32).zero_is_absent(),
        f(5, "observedGeneration", Int64).zero_is_absent(),
        f(6, "updatedNumberScheduled", Int32).zero_is_absent(),
    ],
    inlined: &[],
};
static APPS_V1_DAEMON_SET_UPDATE_STRATEGY: Type = Type {
    name: "io.k8s.api.apps.v1.DaemonSetUpdateStrategy",
    atomic: false,
    fields: &[
        f(2, "rollingUpdate", Object(&APPS_V1_ROLLING_UPDATE_DAEMON_SET)),
        f(1, "type", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static APPS_V1_DEPLOYMENT: Type = Type {
    name: "io.k8s.api.apps.v1.Deployment",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&APPS_V1_DEPLOYMENT_SPEC)).required().zero_is_absent(),
        f(3, "status", Object(&APPS_V1_DEPLOYMENT_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static APPS_V1_DEPLOYMENT_CONDITION: Type = Type {
    name: "io.k8s.api.apps.v1.DeploymentCondition",
    atomic: false,
    fields: &[
        f(7, "lastTransitionTime", Time).zero_is_absent(),
        f(6, "lastUpdateTime", Time).zero_is_absent(),
        f(5, "message", Text).zero_is_absent(),
        f(4, "reason", Text).zero_is_absent(),
        f(2, "status", Text),
        f(1, "type", Text),
    ],
    inlined: &[],
};
static APPS_V1_DEPLOYMENT_LIST: Type = Type {
    name: "io.k8s.api.apps.v1.DeploymentList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&APPS_V1_DEPLOYMENT))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static APPS_V1_DEPLOYMENT_SPEC: Type = Type {
    name: "io.k8s.api.apps.v1.DeploymentSpec",
    atomic: false,
    fields: &[
        f(5, "minReadySeconds", Int32).zero_is_absent(),
        f(7, "paused", Bool).zero_is_absent(),
        f(9, "progressDeadlineSeconds", Int32),
        f(1, "replicas", Int32),
        f(6, "revisionHistoryLimit", Int32),
        f(2, "selector", Object(&META_V1_LABEL_SELECTOR)).required(),
        f(4, "strategy", Object(&APPS_V1_DEPLOYMENT_STRATEGY)).zero_is_absent().retains_keys(),
        f(3, "template", Object(&CORE_V1_POD_TEMPLATE_SPEC)).required(),
    ],
    inlined: &[],
};
static APPS_V1_DEPLOYMENT_STATUS: Type = Type {
    name: "io.k8s.api.apps.v1.DeploymentStatus",
    atomic: false,
    fields: &[
        f(4, "availableReplicas", Int32).zero_is_absent(),
        f(8, "collisionCount", Int32),
        f(6, "conditions", List(&Object(&APPS_V1_DEPLOYMENT_CONDITION))).merges_by("type").keyed(&["type"]),
        f(1, "observedGeneration", Int64).zero_is_absent(),
        f(7, "readyReplicas", Int32).zero_is_absent(),
        f(2, "replicas", Int32).zero_is_absent(),
        f(9, "terminatingReplicas", Int32),
        f(5, "unavailableReplicas", Int32).zero_is_absent(),
        f(3, "updatedReplicas", Int32).zero_is_absent(),
    ],
    inlined: &[],
};
static APPS_V1_DEPLOYMENT_STRATEGY: Type = Type {
    name: "io.k8s.api.apps.v1.DeploymentStrategy",
    atomic: false,
    fields: &[
        f(2, "rollingUpdate", Object(&APPS_V1_ROLLING_UPDATE_DEPLOYMENT)),
        f(1, "type", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static APPS_V1_REPLICA_SET: Type = Type {
    name: "io.k8s.api.apps.v1.ReplicaSet",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&APPS_V1_REPLICA_SET_SPEC)).required().zero_is_absent(),
        f(3, "status", Object(&APPS_V1_REPLICA_SET_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static APPS_V1_REPLICA_SET_CONDITION: Type = Type {
    name: "io.k8s.api.apps.v1.ReplicaSetCondition",
    atomic: false,
    fields: &[
        f(3, "lastTransitionTime", Time).zero_is_absent(),
        f(5, "message", Text).zero_is_absent(),
        f(4, "reason", Text).zero_is_absent(),
        f(2, "status", Text),
        f(1, "type", Text),
    ],
    inlined: &[],
};
static APPS_V1_REPLICA_SET_LIST: Type = Type {
    name: "io.k8s.api.apps.v1.ReplicaSetList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&APPS_V1_REPLICA_SET))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static APPS_V1_REPLICA_SET_SPEC: Type = Type {
    name: "io.k8s.api.apps.v1.ReplicaSetSpec",
    atomic: false,
    fields: &[
        f(4, "minReadySeconds", Int32).zero_is_absent(),
        f(1, "replicas", Int32),
        f(2, "selector", Object(&META_V1_LABEL_SELECTOR)).required(),
        f(3, "template", Object(&CORE_V1_POD_TEMPLATE_SPEC)).zero_is_absent(),
    ],
    inlined: &[],
};
static APPS_V1_REPLICA_SET_STATUS: Type = Type {
    name: "io.k8s.api.apps.v1.ReplicaSetStatus",
    atomic: false,
    fields: &[
        f(5, "availableReplicas", Int32).zero_is_absent(),
        f(6, "conditions", List(&Object(&APPS_V1_REPLICA_SET_CONDITION))).merges_by("type").keyed(&["type"]),
        f(2, "fullyLabeledReplicas", Int32).zero_is_absent(),
        f(3, "observedGeneration", Int64).zero_is_absent(),
        f(4, "readyReplicas", Int32).zero_is_absent(),
        f(1, "replicas", Int32).required(),
        f(7, "terminatingReplicas", Int32),
    ],
    inlined: &[],
};
static APPS_V1_ROLLING_UPDATE_DAEMON_SET: Type = Type {
    name: "io.k8s.api.apps.v1.RollingUpdateDaemonSet",
    atomic: false,
    fields: &[
        f(2, "maxSurge", IntOrString),
        f(1, "maxUnavailable", IntOrString),
    ],
    inlined: &[],
};
static APPS_V1_ROLLING_UPDATE_DEPLOYMENT: Type = Type {
    name: "io.k8s.api.apps.v1.RollingUpdateDeployment",
    atomic: false,
    fields: &[
        f(2, "maxSurge", IntOrString),
        f(1, "maxUnavailable", IntOrString),
    ],
    inlined: &[],
};
static APPS_V1_ROLLING_UPDATE_STATEFUL_SET_STRATEGY: Type = Type {
    name: "io.k8s.api.apps.v1.RollingUpdateStatefulSetStrategy",
    atomic: false,
    fields: &[
        f(2, "maxUnavailable", IntOrString),
        f(1, "partition", Int32),
    ],
    inlined: &[],
};
static APPS_V1_STATEFUL_SET: Type = Type {
    name: "io.k8s.api.apps.v1.StatefulSet",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&APPS_V1_STATEFUL_SET_SPEC)).required().zero_is_absent(),
        f(3, "status", Object(&APPS_V1_STATEFUL_SET_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static APPS_V1_STATEFUL_SET_CONDITION: Type = Type {
    name: "io.k8s.api.apps.v1.StatefulSetCondition",
    atomic: false,
    fields: &[
        f(3, "lastTransitionTime", Time).zero_is_absent(),
        f(5, "message", Text).zero_is_absent(),
        f(4, "reason", Text).zero_is_absent(),
        f(2, "status", Text),
        f(1, "type", Text),
    ],
    inlined: &[],
};
static APPS_V1_STATEFUL_SET_LIST: Type = Type {
    name: "io.k8s.api.apps.v1.StatefulSetList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&APPS_V1_STATEFUL_SET))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static APPS_V1_STATEFUL_SET_ORDINALS: Type = Type {
    name: "io.k8s.api.apps.v1.StatefulSetOrdinals",
    atomic: false,
    fields: &[
        f(1, "start", Int32),
    ],
    inlined: &[],
};
static APPS_V1_STATEFUL_SET_PERSISTENT_VOLUME_CLAIM_RETENTION_POLICY: Type = Type {
    name: "io.k8s.api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy",
    atomic: false,
    fields: &[
        f(1, "whenDeleted", Text).zero_is_absent(),
        f(2, "whenScaled", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static APPS_V1_STATEFUL_SET_SPEC: Type = Type {
    name: "io.k8s.api.apps.v1.StatefulSetSpec",
    atomic: false,
    fields: &[
        f(9, "minReadySeconds", Int32).zero_is_absent(),
        f(11, "ordinals", Object(&APPS_V1_STATEFUL_SET_ORDINALS)),
        f(10, "persistentVolumeClaimRetentionPolicy", Object(&APPS_V1_STATEFUL_SET_PERSISTENT_VOLUME_CLAIM_RETENTION_POLICY)),
        f(6, "podManagementPolicy", Text).zero_is_absent(),
        f(1, "replicas", Int32),
        f(8, "revisionHistoryLimit", Int32),
        f(2, "selector", Object(&META_V1_LABEL_SELECTOR)).required(),
        f(5, "serviceName", Text),
        f(3, "template", Object(&CORE_V1_POD_TEMPLATE_SPEC)).required(),
        f(7, "updateStrategy", Object(&APPS_V1_STATEFUL_SET_UPDATE_STRATEGY)).zero_is_absent(),
        f(4, "volumeClaimTemplates", List(&Object(&CORE_V1_PERSISTENT_VOLUME_CLAIM))).atomic(),
    ],
    inlined: &[],
};
static APPS_V1_STATEFUL_SET_STATUS: Type = Type {
    name: "io.k8s.api.apps.v1.StatefulSetStatus",
    atomic: false,
    fields: &[
        f(11, "availableReplicas", Int32),
        f(9, "collisionCount", Int32),
        f(10, "conditions", List(&Object(&APPS_V1_STATEFUL_SET_CONDITION))).merges_by("type").keyed(&["type"]),
        f(4, "currentReplicas", Int32).zero_is_absent(),
        f(6, "currentRevision", Text).zero_is_absent(),
        f(1, "observedGeneration", Int64).zero_is_absent(),
        f(3, "readyReplicas", Int32).zero_is_absent(),
        f(2, "replicas", Int32).required(),
        f(7, "updateRevision", Text).zero_is_absent(),
        f(5, "updatedReplicas", Int32).zero_is_absent(),
    ],
    inlined: &[],
};
static APPS_V1_STATEFUL_SET_UPDATE_STRATEGY: Type = Type {
    name: "io.k8s.api.apps.v1.StatefulSetUpdateStrategy",
    atomic: false,
    fields: &[
        f(2, "rollingUpdate", Object(&APPS_V1_ROLLING_UPDATE_STATEFUL_SET_STRATEGY)),
        f(1, "type", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHENTICATION_V1_BOUND_OBJECT_REFERENCE: Type = Type {
    name: "io.k8s.api.authentication.v1.BoundObjectReference",
    atomic: false,
    fields: &[
        f(2, "apiVersion", Text).zero_is_absent(),
        f(1, "kind", Text).zero_is_absent(),
        f(3, "name", Text).zero_is_absent(),
        f(4, "uid", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHENTICATION_V1_SELF_SUBJECT_REVIEW: Type = Type {
    name: "io.k8s.api.authentication.v1.SelfSubjectReview",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "status", Object(&AUTHENTICATION_V1_SELF_SUBJECT_REVIEW_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHENTICATION_V1_SELF_SUBJECT_REVIEW_STATUS: Type = Type {
    name: "io.k8s.api.authentication.v1.SelfSubjectReviewStatus",
    atomic: false,
    fields: &[
        f(1, "userInfo", Object(&AUTHENTICATION_V1_USER_INFO)).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHENTICATION_V1_TOKEN_REQUEST: Type = Type {
    name: "io.k8s.api.authentication.v1.TokenRequest",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&AUTHENTICATION_V1_TOKEN_REQUEST_SPEC)),
        f(3, "status", Object(&AUTHENTICATION_V1_TOKEN_REQUEST_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHENTICATION_V1_TOKEN_REQUEST_SPEC: Type = Type {
    name: "io.k8s.api.authentication.v1.TokenRequestSpec",
    atomic: false,
    fields: &[
        f(0, "attestations", Map(&List(&Text))),
        f(1, "audiences", List(&Text)).atomic(),
        f(3, "boundObjectRef", Object(&AUTHENTICATION_V1_BOUND_OBJECT_REFERENCE)),
        f(4, "expirationSeconds", Int64),
    ],
    inlined: &[],
};
static AUTHENTICATION_V1_TOKEN_REQUEST_STATUS: Type = Type {
    name: "io.k8s.api.authentication.v1.TokenRequestStatus",
    atomic: false,
    fields: &[
        f(2, "expirationTimestamp", Time),
        f(1, "token", Text),
    ],
    inlined: &[],
};
static AUTHENTICATION_V1_TOKEN_REVIEW: Type = Type {
    name: "io.k8s.api.authentication.v1.TokenReview",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&AUTHENTICATION_V1_TOKEN_REVIEW_SPEC)).required(),
        f(3, "status", Object(&AUTHENTICATION_V1_TOKEN_REVIEW_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHENTICATION_V1_TOKEN_REVIEW_SPEC: Type = Type {
    name: "io.k8s.api.authentication.v1.TokenReviewSpec",
    atomic: false,
    fields: &[
        f(2, "audiences", List(&Text)).atomic(),
        f(1, "token", Text).required().zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHENTICATION_V1_TOKEN_REVIEW_STATUS: Type = Type {
    name: "io.k8s.api.authentication.v1.TokenReviewStatus",
    atomic: false,
    fields: &[
        f(4, "audiences", List(&Text)).atomic(),
        f(1, "authenticated", Bool).zero_is_absent(),
        f(3, "error", Text).zero_is_absent(),
        f(2, "user", Object(&AUTHENTICATION_V1_USER_INFO)).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHENTICATION_V1_USER_INFO: Type = Type {
    name: "io.k8s.api.authentication.v1.UserInfo",
    atomic: false,
    fields: &[
        f(4, "extra", Map(&Wrapped(&Text))),
        f(3, "groups", List(&Text)).atomic(),
        f(2, "uid", Text).zero_is_absent(),
        f(1, "username", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHORIZATION_V1_FIELD_SELECTOR_ATTRIBUTES: Type = Type {
    name: "io.k8s.api.authorization.v1.FieldSelectorAttributes",
    atomic: false,
    fields: &[
        f(1, "rawSelector", Text).zero_is_absent(),
        f(2, "requirements", List(&Object(&META_V1_FIELD_SELECTOR_REQUIREMENT))).atomic(),
    ],
    inlined: &[],
};
static AUTHORIZATION_V1_LABEL_SELECTOR_ATTRIBUTES: Type = Type {
    name: "io.k8s.api.authorization.v1.LabelSelectorAttributes",
    atomic: false,
    fields: &[
        f(1, "rawSelector", Text).zero_is_absent(),
        f(2, "requirements", List(&Object(&META_V1_LABEL_SELECTOR_REQUIREMENT))).atomic(),
    ],
    inlined: &[],
};
static AUTHORIZATION_V1_LOCAL_SUBJECT_ACCESS_REVIEW: Type = Type {
    name: "io.k8s.api.authorization.v1.LocalSubjectAccessReview",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&AUTHORIZATION_V1_SUBJECT_ACCESS_REVIEW_SPEC)).required(),
        f(3, "status", Object(&AUTHORIZATION_V1_SUBJECT_ACCESS_REVIEW_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHORIZATION_V1_NON_RESOURCE_ATTRIBUTES: Type = Type {
    name: "io.k8s.api.authorization.v1.NonResourceAttributes",
    atomic: false,
    fields: &[
        f(1, "path", Text).zero_is_absent(),
        f(2, "verb", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHORIZATION_V1_NON_RESOURCE_RULE: Type = Type {
    name: "io.k8s.api.authorization.v1.NonResourceRule",
    atomic: false,
    fields: &[
        f(2, "nonResourceURLs", List(&Text)).atomic(),
        f(1, "verbs", List(&Text)).required().atomic(),
    ],
    inlined: &[],
};
static AUTHORIZATION_V1_RESOURCE_ATTRIBUTES: Type = Type {
    name: "io.k8s.api.authorization.v1.ResourceAttributes",
    atomic: false,
    fields: &[
        f(8, "fieldSelector", Object(&AUTHORIZATION_V1_FIELD_SELECTOR_ATTRIBUTES)),
        f(3, "group", Text).zero_is_absent(),
        f(9, "labelSelector", Object(&AUTHORIZATION_V1_LABEL_SELECTOR_ATTRIBUTES)),
        f(7, "name", Text).zero_is_absent(),
        f(1, "namespace", Text).zero_is_absent(),
        f(5, "resource", Text).zero_is_absent(),
        f(6, "subresource", Text).zero_is_absent(),
        f(2, "verb", Text).zero_is_absent(),
        f(4, "version", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHORIZATION_V1_RESOURCE_RULE: Type = Type {
    name: "io.k8s.api.authorization.v1.ResourceRule",
    atomic: false,
    fields: &[
        f(2, "apiGroups", List(&Text)).atomic(),
        f(4, "resourceNames", List(&Text)).atomic(),
        f(3, "resources", List(&Text)).atomic(),
        f(1, "verbs", List(&Text)).required().atomic(),
    ],
    inlined: &[],
};
static AUTHORIZATION_V1_SELF_SUBJECT_ACCESS_REVIEW: Type = Type {
    name: "io.k8s.api.authorization.v1.SelfSubjectAccessReview",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&AUTHORIZATION_V1_SELF_SUBJECT_ACCESS_REVIEW_SPEC)).required(),
        f(3, "status", Object(&AUTHORIZATION_V1_SUBJECT_ACCESS_REVIEW_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHORIZATION_V1_SELF_SUBJECT_ACCESS_REVIEW_SPEC: Type = Type {
    name: "io.k8s.api.authorization.v1.SelfSubjectAccessReviewSpec",
    atomic: false,
    fields: &[
        f(2, "nonResourceAttributes", Object(&AUTHORIZATION_V1_NON_RESOURCE_ATTRIBUTES)),
        f(1, "resourceAttributes", Object(&AUTHORIZATION_V1_RESOURCE_ATTRIBUTES)),
    ],
    inlined: &[],
};
static AUTHORIZATION_V1_SELF_SUBJECT_RULES_REVIEW: Type = Type {
    name: "io.k8s.api.authorization.v1.SelfSubjectRulesReview",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&AUTHORIZATION_V1_SELF_SUBJECT_RULES_REVIEW_SPEC)).required(),
        f(3, "status", Object(&AUTHORIZATION_V1_SUBJECT_RULES_REVIEW_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHORIZATION_V1_SELF_SUBJECT_RULES_REVIEW_SPEC: Type = Type {
    name: "io.k8s.api.authorization.v1.SelfSubjectRulesReviewSpec",
    atomic: false,
    fields: &[
        f(1, "namespace", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHORIZATION_V1_SUBJECT_ACCESS_REVIEW: Type = Type {
    name: "io.k8s.api.authorization.v1.SubjectAccessReview",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&AUTHORIZATION_V1_SUBJECT_ACCESS_REVIEW_SPEC)).required(),
        f(3, "status", Object(&AUTHORIZATION_V1_SUBJECT_ACCESS_REVIEW_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHORIZATION_V1_SUBJECT_ACCESS_REVIEW_SPEC: Type = Type {
    name: "io.k8s.api.authorization.v1.SubjectAccessReviewSpec",
    atomic: false,
    fields: &[
        f(5, "extra", Map(&Wrapped(&Text))),
        f(4, "groups", List(&Text)).atomic(),
        f(2, "nonResourceAttributes", Object(&AUTHORIZATION_V1_NON_RESOURCE_ATTRIBUTES)),
        f(1, "resourceAttributes", Object(&AUTHORIZATION_V1_RESOURCE_ATTRIBUTES)),
        f(6, "uid", Text).zero_is_absent(),
        f(3, "user", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHORIZATION_V1_SUBJECT_ACCESS_REVIEW_STATUS: Type = Type {
    name: "io.k8s.api.authorization.v1.SubjectAccessReviewStatus",
    atomic: false,
    fields: &[
        f(1, "allowed", Bool).required(),
        f(4, "denied", Bool).zero_is_absent(),
        f(3, "evaluationError", Text).zero_is_absent(),
        f(2, "reason", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTHORIZATION_V1_SUBJECT_RULES_REVIEW_STATUS: Type = Type {
    name: "io.k8s.api.authorization.v1.SubjectRulesReviewStatus",
    atomic: false,
    fields: &[
        f(4, "evaluationError", Text).zero_is_absent(),
        f(3, "incomplete", Bool).required(),
        f(2, "nonResourceRules", List(&Object(&AUTHORIZATION_V1_NON_RESOURCE_RULE))).required().atomic(),
        f(1, "resourceRules", List(&Object(&AUTHORIZATION_V1_RESOURCE_RULE))).required().atomic(),
    ],
    inlined: &[],
};
static AUTOSCALING_V1_CROSS_VERSION_OBJECT_REFERENCE: Type = Type {
    name: "io.k8s.api.autoscaling.v1.CrossVersionObjectReference",
    atomic: true,
    fields: &[
        f(3, "apiVersion", Text).zero_is_absent(),
        f(1, "kind", Text).required(),
        f(2, "name", Text).required(),
    ],
    inlined: &[],
};
static AUTOSCALING_V1_HORIZONTAL_POD_AUTOSCALER: Type = Type {
    name: "io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&AUTOSCALING_V1_HORIZONTAL_POD_AUTOSCALER_SPEC)).required().zero_is_absent(),
        f(3, "status", Object(&AUTOSCALING_V1_HORIZONTAL_POD_AUTOSCALER_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTOSCALING_V1_HORIZONTAL_POD_AUTOSCALER_LIST: Type = Type {
    name: "io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&AUTOSCALING_V1_HORIZONTAL_POD_AUTOSCALER))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static AUTOSCALING_V1_HORIZONTAL_POD_AUTOSCALER_SPEC: Type = Type {
    name: "io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec",
    atomic: false,
    fields: &[
        f(3, "maxReplicas", Int32).required(),
        f(2, "minReplicas", Int32),
        f(1, "scaleTargetRef", Object(&AUTOSCALING_V1_CROSS_VERSION_OBJECT_REFERENCE)).required(),
        f(4, "targetCPUUtilizationPercentage", Int32),
    ],
    inlined: &[],
};
static AUTOSCALING_V1_HORIZONTAL_POD_AUTOSCALER_STATUS: Type = Type {
    name: "io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerStatus",
    atomic: false,
    fields: &[
        f(5, "currentCPUUtilizationPercentage", Int32),
        f(3, "currentReplicas", Int32).required(),
        f(4, "desiredReplicas", Int32).required(),
        f(2, "lastScaleTime", Time),
        f(1, "observedGeneration", Int64),
    ],
    inlined: &[],
};
static AUTOSCALING_V1_SCALE: Type = Type {
    name: "io.k8s.api.autoscaling.v1.Scale",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&AUTOSCALING_V1_SCALE_SPEC)).zero_is_absent(),
        f(3, "status", Object(&AUTOSCALING_V1_SCALE_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTOSCALING_V1_SCALE_SPEC: Type = Type {
    name: "io.k8s.api.autoscaling.v1.ScaleSpec",
    atomic: false,
    fields: &[
        f(1, "replicas", Int32).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTOSCALING_V1_SCALE_STATUS: Type = Type {
    name: "io.k8s.api.autoscaling.v1.ScaleStatus",
    atomic: false,
    fields: &[
        f(1, "replicas", Int32).required(),
        f(2, "selector", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_CONTAINER_RESOURCE_METRIC_SOURCE: Type = Type {
    name: "io.k8s.api.autoscaling.v2.ContainerResourceMetricSource",
    atomic: false,
    fields: &[
        f(3, "container", Text).required(),
        f(1, "name", Text).required(),
        f(2, "target", Object(&AUTOSCALING_V2_METRIC_TARGET)).required(),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_CONTAINER_RESOURCE_METRIC_STATUS: Type = Type {
    name: "io.k8s.api.autoscaling.v2.ContainerResourceMetricStatus",
    atomic: false,
    fields: &[
        f(3, "container", Text).required(),
        f(2, "current", Object(&AUTOSCALING_V2_METRIC_VALUE_STATUS)).required(),
        f(1, "name", Text).required(),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_CROSS_VERSION_OBJECT_REFERENCE: Type = Type {
    name: "io.k8s.api.autoscaling.v2.CrossVersionObjectReference",
    atomic: false,
    fields: &[
        f(3, "apiVersion", Text).zero_is_absent(),
        f(1, "kind", Text).required(),
        f(2, "name", Text).required(),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_EXTERNAL_METRIC_SOURCE: Type = Type {
    name: "io.k8s.api.autoscaling.v2.ExternalMetricSource",
    atomic: false,
    fields: &[
        f(1, "metric", Object(&AUTOSCALING_V2_METRIC_IDENTIFIER)).required(),
        f(2, "target", Object(&AUTOSCALING_V2_METRIC_TARGET)).required(),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_EXTERNAL_METRIC_STATUS: Type = Type {
    name: "io.k8s.api.autoscaling.v2.ExternalMetricStatus",
    atomic: false,
    fields: &[
        f(2, "current", Object(&AUTOSCALING_V2_METRIC_VALUE_STATUS)).required(),
        f(1, "metric", Object(&AUTOSCALING_V2_METRIC_IDENTIFIER)).required(),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_HPA_SCALING_POLICY: Type = Type {
    name: "io.k8s.api.autoscaling.v2.HPAScalingPolicy",
    atomic: false,
    fields: &[
        f(3, "periodSeconds", Int32).required(),
        f(1, "type", Text).required(),
        f(2, "value", Int32).required(),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_HPA_SCALING_RULES: Type = Type {
    name: "io.k8s.api.autoscaling.v2.HPAScalingRules",
    atomic: false,
    fields: &[
        f(2, "policies", List(&Object(&AUTOSCALING_V2_HPA_SCALING_POLICY))).atomic(),
        f(1, "selectPolicy", Text),
        f(3, "stabilizationWindowSeconds", Int32),
        f(4, "tolerance", Quantity),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_HORIZONTAL_POD_AUTOSCALER: Type = Type {
    name: "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&AUTOSCALING_V2_HORIZONTAL_POD_AUTOSCALER_SPEC)).required().zero_is_absent(),
        f(3, "status", Object(&AUTOSCALING_V2_HORIZONTAL_POD_AUTOSCALER_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_HORIZONTAL_POD_AUTOSCALER_BEHAVIOR: Type = Type {
    name: "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior",
    atomic: false,
    fields: &[
        f(2, "scaleDown", Object(&AUTOSCALING_V2_HPA_SCALING_RULES)),
        f(1, "scaleUp", Object(&AUTOSCALING_V2_HPA_SCALING_RULES)),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_HORIZONTAL_POD_AUTOSCALER_CONDITION: Type = Type {
    name: "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerCondition",
    atomic: false,
    fields: &[
        f(3, "lastTransitionTime", Time).zero_is_absent(),
        f(5, "message", Text).zero_is_absent(),
        f(0, "observedGeneration", Int64),
        f(4, "reason", Text).zero_is_absent(),
        f(2, "status", Text).required(),
        f(1, "type", Text).required(),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_HORIZONTAL_POD_AUTOSCALER_LIST: Type = Type {
    name: "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&AUTOSCALING_V2_HORIZONTAL_POD_AUTOSCALER))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_HORIZONTAL_POD_AUTOSCALER_SPEC: Type = Type {
    name: "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec",
    atomic: false,
    fields: &[
        f(5, "behavior", Object(&AUTOSCALING_V2_HORIZONTAL_POD_AUTOSCALER_BEHAVIOR)),
        f(3, "maxReplicas", Int32).required(),
        f(4, "metrics", List(&Object(&AUTOSCALING_V2_METRIC_SPEC))).atomic(),
        f(2, "minReplicas", Int32),
        f(1, "scaleTargetRef", Object(&AUTOSCALING_V2_CROSS_VERSION_OBJECT_REFERENCE)).required(),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_HORIZONTAL_POD_AUTOSCALER_STATUS: Type = Type {
    name: "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerStatus",
    atomic: false,
    fields: &[
        f(6, "conditions", List(&Object(&AUTOSCALING_V2_HORIZONTAL_POD_AUTOSCALER_CONDITION))).merges_by("type").keyed(&["type"]),
        f(5, "currentMetrics", List(&Object(&AUTOSCALING_V2_METRIC_STATUS))).atomic(),
        f(3, "currentReplicas", Int32).zero_is_absent(),
        f(4, "desiredReplicas", Int32).required(),
        f(2, "lastScaleTime", Time),
        f(1, "observedGeneration", Int64),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_METRIC_IDENTIFIER: Type = Type {
    name: "io.k8s.api.autoscaling.v2.MetricIdentifier",
    atomic: false,
    fields: &[
        f(1, "name", Text).required(),
        f(2, "selector", Object(&META_V1_LABEL_SELECTOR)),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_METRIC_SPEC: Type = Type {
    name: "io.k8s.api.autoscaling.v2.MetricSpec",
    atomic: false,
    fields: &[
        f(7, "containerResource", Object(&AUTOSCALING_V2_CONTAINER_RESOURCE_METRIC_SOURCE)),
        f(5, "external", Object(&AUTOSCALING_V2_EXTERNAL_METRIC_SOURCE)),
        f(2, "object", Object(&AUTOSCALING_V2_OBJECT_METRIC_SOURCE)),
        f(3, "pods", Object(&AUTOSCALING_V2_PODS_METRIC_SOURCE)),
        f(4, "resource", Object(&AUTOSCALING_V2_RESOURCE_METRIC_SOURCE)),
        f(1, "type", Text).required(),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_METRIC_STATUS: Type = Type {
    name: "io.k8s.api.autoscaling.v2.MetricStatus",
    atomic: false,
    fields: &[
        f(7, "containerResource", Object(&AUTOSCALING_V2_CONTAINER_RESOURCE_METRIC_STATUS)),
        f(5, "external", Object(&AUTOSCALING_V2_EXTERNAL_METRIC_STATUS)),
        f(2, "object", Object(&AUTOSCALING_V2_OBJECT_METRIC_STATUS)),
        f(3, "pods", Object(&AUTOSCALING_V2_PODS_METRIC_STATUS)),
        f(4, "resource", Object(&AUTOSCALING_V2_RESOURCE_METRIC_STATUS)),
        f(1, "type", Text).required(),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_METRIC_TARGET: Type = Type {
    name: "io.k8s.api.autoscaling.v2.MetricTarget",
    atomic: false,
    fields: &[
        f(4, "averageUtilization", Int32),
        f(3, "averageValue", Quantity),
        f(1, "type", Text).required(),
        f(2, "value", Quantity),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_METRIC_VALUE_STATUS: Type = Type {
    name: "io.k8s.api.autoscaling.v2.MetricValueStatus",
    atomic: false,
    fields: &[
        f(3, "averageUtilization", Int32),
        f(2, "averageValue", Quantity),
        f(1, "value", Quantity),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_OBJECT_METRIC_SOURCE: Type = Type {
    name: "io.k8s.api.autoscaling.v2.ObjectMetricSource",
    atomic: false,
    fields: &[
        f(1, "describedObject", Object(&AUTOSCALING_V2_CROSS_VERSION_OBJECT_REFERENCE)).required(),
        f(3, "metric", Object(&AUTOSCALING_V2_METRIC_IDENTIFIER)).required(),
        f(2, "target", Object(&AUTOSCALING_V2_METRIC_TARGET)).required(),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_OBJECT_METRIC_STATUS: Type = Type {
    name: "io.k8s.api.autoscaling.v2.ObjectMetricStatus",
    atomic: false,
    fields: &[
        f(2, "current", Object(&AUTOSCALING_V2_METRIC_VALUE_STATUS)).required(),
        f(3, "describedObject", Object(&AUTOSCALING_V2_CROSS_VERSION_OBJECT_REFERENCE)).required(),
        f(1, "metric", Object(&AUTOSCALING_V2_METRIC_IDENTIFIER)).required(),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_PODS_METRIC_SOURCE: Type = Type {
    name: "io.k8s.api.autoscaling.v2.PodsMetricSource",
    atomic: false,
    fields: &[
        f(1, "metric", Object(&AUTOSCALING_V2_METRIC_IDENTIFIER)).required(),
        f(2, "target", Object(&AUTOSCALING_V2_METRIC_TARGET)).required(),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_PODS_METRIC_STATUS: Type = Type {
    name: "io.k8s.api.autoscaling.v2.PodsMetricStatus",
    atomic: false,
    fields: &[
        f(2, "current", Object(&AUTOSCALING_V2_METRIC_VALUE_STATUS)).required(),
        f(1, "metric", Object(&AUTOSCALING_V2_METRIC_IDENTIFIER)).required(),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_RESOURCE_METRIC_SOURCE: Type = Type {
    name: "io.k8s.api.autoscaling.v2.ResourceMetricSource",
    atomic: false,
    fields: &[
        f(1, "name", Text).required(),
        f(2, "target", Object(&AUTOSCALING_V2_METRIC_TARGET)).required(),
    ],
    inlined: &[],
};
static AUTOSCALING_V2_RESOURCE_METRIC_STATUS: Type = Type {
    name: "io.k8s.api.autoscaling.v2.ResourceMetricStatus",
    atomic: false,
    fields: &[
        f(2, "current", Object(&AUTOSCALING_V2_METRIC_VALUE_STATUS)).required(),
        f(1, "name", Text).required(),
    ],
    inlined: &[],
};
static BATCH_V1_CRON_JOB: Type = Type {
    name: "io.k8s.api.batch.v1.CronJob",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&BATCH_V1_CRON_JOB_SPEC)).required().zero_is_absent(),
        f(3, "status", Object(&BATCH_V1_CRON_JOB_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static BATCH_V1_CRON_JOB_LIST: Type = Type {
    name: "io.k8s.api.batch.v1.CronJobList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&BATCH_V1_CRON_JOB))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static BATCH_V1_CRON_JOB_SPEC: Type = Type {
    name: "io.k8s.api.batch.v1.CronJobSpec",
    atomic: false,
    fields: &[
        f(3, "concurrencyPolicy", Text).zero_is_absent(),
        f(7, "failedJobsHistoryLimit", Int32),
        f(5, "jobTemplate", Object(&BATCH_V1_JOB_TEMPLATE_SPEC)).required(),
        f(1, "schedule", Text).required(),
        f(2, "startingDeadlineSeconds", Int64),
        f(6, "successfulJobsHistoryLimit", Int32),
        f(4, "suspend", Bool),
        f(8, "timeZone", Text),
    ],
    inlined: &[],
};
static BATCH_V1_CRON_JOB_STATUS: Type = Type {
    name: "io.k8s.api.batch.v1.CronJobStatus",
    atomic: false,
    fields: &[
        f(1, "active", List(&Object(&CORE_V1_OBJECT_REFERENCE))).atomic(),
        f(4, "lastScheduleTime", Time),
        f(5, "lastSuccessfulTime", Time),
    ],
    inlined: &[],
};
static BATCH_V1_JOB: Type = Type {
    name: "io.k8s.api.batch.v1.Job",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&BATCH_V1_JOB_SPEC)).zero_is_absent(),
        f(3, "status", Object(&BATCH_V1_JOB_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static BATCH_V1_JOB_CONDITION: Type = Type {
    name: "io.k8s.api.batch.v1.JobCondition",
    atomic: false,
    fields: &[
        f(3, "lastProbeTime", Time).zero_is_absent(),
        f(4, "lastTransitionTime", Time).zero_is_absent(),
        f(6, "message", Text).zero_is_absent(),
        f(5, "reason", Text).zero_is_absent(),
        f(2, "status", Text).required(),
        f(1, "type", Text).required(),
    ],
    inlined: &[],
};
static BATCH_V1_JOB_LIST: Type = Type {
    name: "io.k8s.api.batch.v1.JobList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&BATCH_V1_JOB))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static BATCH_V1_JOB_SCHEDULING_CONFIGURATION: Type = Type {
    name: "io.k8s.api.batch.v1.JobSchedulingConfiguration",
    atomic: false,
    fields: &[
        f(0, "disruptionMode", Object(&SCHEDULING_V1ALPHA3_WORKLOAD_POD_GROUP_DISRUPTION_MODE)),
        f(0, "resourceClaims", List(&Object(&SCHEDULING_V1ALPHA3_WORKLOAD_POD_GROUP_RESOURCE_CLAIM))).merges_by("name").keyed(&["name"]),
        f(0, "schedulingConstraints", Object(&SCHEDULING_V1ALPHA3_WORKLOAD_POD_GROUP_SCHEDULING_CONSTRAINTS)),
        f(0, "schedulingPolicy", Object(&SCHEDULING_V1ALPHA3_WORKLOAD_POD_GROUP_SCHEDULING_POLICY)),
    ],
    inlined: &[],
};
static BATCH_V1_JOB_SPEC: Type = Type {
    name: "io.k8s.api.batch.v1.JobSpec",
    atomic: false,
    fields: &[
        f(3, "activeDeadlineSeconds", Int64),
        f(7, "backoffLimit", Int32),
        f(12, "backoffLimitPerIndex", Int32),
        f(9, "completionMode", Text),
        f(2, "completions", Int32),
        f(15, "managedBy", Text),
        f(5, "manualSelector", Bool),
        f(13, "maxFailedIndexes", Int32),
        f(1, "parallelism", Int32),
        f(11, "podFailurePolicy", Object(&BATCH_V1_POD_FAILURE_POLICY)),
        f(14, "podReplacementPolicy", Text),
        f(0, "scheduling", Object(&BATCH_V1_JOB_SCHEDULING_CONFIGURATION)),
        f(4, "selector", Object(&META_V1_LABEL_SELECTOR)),
        f(16, "successPolicy", Object(&BATCH_V1_SUCCESS_POLICY)),
        f(10, "suspend", Bool),
        f(6, "template", Object(&CORE_V1_POD_TEMPLATE_SPEC)).required(),
        f(8, "ttlSecondsAfterFinished", Int32),
    ],
    inlined: &[],
};
static BATCH_V1_JOB_STATUS: Type = Type {
    name: "io.k8s.api.batch.v1.JobStatus",
    atomic: false,
    fields: &[
        f(4, "active", Int32).zero_is_absent(),
        f(7, "completedIndexes", Text).zero_is_absent(),
        f(3, "completionTime", Time),
        f(1, "conditions", List(&Object(&BATCH_V1_JOB_CONDITION))).merges_by("type").atomic(),
        f(6, "failed", Int32).zero_is_absent(),
        f(10, "failedIndexes", Text),
        f(9, "ready", Int32),
        f(2, "startTime", Time),
        f(5, "succeeded", Int32).zero_is_absent(),
        f(11, "terminating", Int32),
        f(8, "uncountedTerminatedPods", Object(&BATCH_V1_UNCOUNTED_TERMINATED_PODS)),
    ],
    inlined: &[],
};
static BATCH_V1_JOB_TEMPLATE_SPEC: Type = Type {
    name: "io.k8s.api.batch.v1.JobTemplateSpec",
    atomic: false,
    fields: &[
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&BATCH_V1_JOB_SPEC)).zero_is_absent(),
    ],
    inlined: &[],
};
static BATCH_V1_POD_FAILURE_POLICY: Type = Type {
    name: "io.k8s.api.batch.v1.PodFailurePolicy",
    atomic: false,
    fields: &[
        f(1, "rules", List(&Object(&BATCH_V1_POD_FAILURE_POLICY_RULE))).required().atomic(),
    ],
    inlined: &[],
};
static BATCH_V1_POD_FAILURE_POLICY_ON_EXIT_CODES_REQUIREMENT: Type = Type {
    name: "io.k8s.api.batch.v1.PodFailurePolicyOnExitCodesRequirement",
    atomic: false,
    fields: &[
        f(1, "containerName", Text),
        f(2, "operator", Text).required(),
        f(3, "values", List(&Int32)).required().set(),
    ],
    inlined: &[],
};
static BATCH_V1_POD_FAILURE_POLICY_ON_POD_CONDITIONS_PATTERN: Type = Type {
    name: "io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern",
    atomic: false,
    fields: &[
        f(2, "status", Text),
        f(1, "type", Text).required(),
    ],
    inlined: &[],
};
static BATCH_V1_POD_FAILURE_POLICY_RULE: Type = Type {
    name: "io.k8s.api.batch.v1.PodFailurePolicyRule",
    atomic: false,
    fields: &[
        f(1, "action", Text).required(),
        f(2, "onExitCodes", Object(&BATCH_V1_POD_FAILURE_POLICY_ON_EXIT_CODES_REQUIREMENT)),
        f(3, "onPodConditions", List(&Object(&BATCH_V1_POD_FAILURE_POLICY_ON_POD_CONDITIONS_PATTERN))).atomic(),
    ],
    inlined: &[],
};
static BATCH_V1_SUCCESS_POLICY: Type = Type {
    name: "io.k8s.api.batch.v1.SuccessPolicy",
    atomic: false,
    fields: &[
        f(1, "rules", List(&Object(&BATCH_V1_SUCCESS_POLICY_RULE))).required().atomic(),
    ],
    inlined: &[],
};
static BATCH_V1_SUCCESS_POLICY_RULE: Type = Type {
    name: "io.k8s.api.batch.v1.SuccessPolicyRule",
    atomic: false,
    fields: &[
        f(2, "succeededCount", Int32),
        f(1, "succeededIndexes", Text),
    ],
    inlined: &[],
};
static BATCH_V1_UNCOUNTED_TERMINATED_PODS: Type = Type {
    name: "io.k8s.api.batch.v1.UncountedTerminatedPods",
    atomic: false,
    fields: &[
        f(2, "failed", List(&Text)).set(),
        f(1, "succeeded", List(&Text)).set(),
    ],
    inlined: &[],
};
static COORDINATION_V1_LEASE: Type = Type {
    name: "io.k8s.api.coordination.v1.Lease",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&COORDINATION_V1_LEASE_SPEC)).zero_is_absent(),
    ],
    inlined: &[],
};
static COORDINATION_V1_LEASE_LIST: Type = Type {
    name: "io.k8s.api.coordination.v1.LeaseList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&COORDINATION_V1_LEASE))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static COORDINATION_V1_LEASE_SPEC: Type = Type {
    name: "io.k8s.api.coordination.v1.LeaseSpec",
    atomic: false,
    fields: &[
        f(3, "acquireTime", MicroTime),
        f(1, "holderIdentity", Text),
        f(2, "leaseDurationSeconds", Int32),
        f(5, "leaseTransitions", Int32),
        f(7, "preferredHolder", Text),
        f(4, "renewTime", MicroTime),
        f(6, "strategy", Text),
    ],
    inlined: &[],
};
static CORE_V1_AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.AWSElasticBlockStoreVolumeSource",
    atomic: false,
    fields: &[
        f(2, "fsType", Text).zero_is_absent(),
        f(3, "partition", Int32).zero_is_absent(),
        f(4, "readOnly", Bool).zero_is_absent(),
        f(1, "volumeID", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_AFFINITY: Type = Type {
    name: "io.k8s.api.core.v1.Affinity",
    atomic: false,
    fields: &[
        f(1, "nodeAffinity", Object(&CORE_V1_NODE_AFFINITY)),
        f(2, "podAffinity", Object(&CORE_V1_POD_AFFINITY)),
        f(3, "podAntiAffinity", Object(&CORE_V1_POD_ANTI_AFFINITY)),
    ],
    inlined: &[],
};
static CORE_V1_APP_ARMOR_PROFILE: Type = Type {
    name: "io.k8s.api.core.v1.AppArmorProfile",
    atomic: false,
    fields: &[
        f(2, "localhostProfile", Text),
        f(1, "type", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_ATTACHED_VOLUME: Type = Type {
    name: "io.k8s.api.core.v1.AttachedVolume",
    atomic: false,
    fields: &[
        f(2, "devicePath", Text).required(),
        f(1, "name", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_AZURE_DISK_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.AzureDiskVolumeSource",
    atomic: false,
    fields: &[
        f(3, "cachingMode", Text),
        f(1, "diskName", Text).required(),
        f(2, "diskURI", Text).required(),
        f(4, "fsType", Text),
        f(6, "kind", Text),
        f(5, "readOnly", Bool),
    ],
    inlined: &[],
};
static CORE_V1_AZURE_FILE_PERSISTENT_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.AzureFilePersistentVolumeSource",
    atomic: false,
    fields: &[
        f(3, "readOnly", Bool).zero_is_absent(),
        f(1, "secretName", Text).required(),
        f(4, "secretNamespace", Text),
        f(2, "shareName", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_AZURE_FILE_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.AzureFileVolumeSource",
    atomic: false,
    fields: &[
        f(3, "readOnly", Bool).zero_is_absent(),
        f(1, "secretName", Text).required(),
        f(2, "shareName", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_BINDING: Type = Type {
    name: "io.k8s.api.core.v1.Binding",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "target", Object(&CORE_V1_OBJECT_REFERENCE)).required(),
    ],
    inlined: &[],
};
static CORE_V1_CSI_PERSISTENT_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.CSIPersistentVolumeSource",
    atomic: false,
    fields: &[
        f(9, "controllerExpandSecretRef", Object(&CORE_V1_SECRET_REFERENCE)),
        f(6, "controllerPublishSecretRef", Object(&CORE_V1_SECRET_REFERENCE)),
        f(1, "driver", Text).required(),
        f(4, "fsType", Text).zero_is_absent(),
        f(10, "nodeExpandSecretRef", Object(&CORE_V1_SECRET_REFERENCE)),
        f(8, "nodePublishSecretRef", Object(&CORE_V1_SECRET_REFERENCE)),
        f(7, "nodeStageSecretRef", Object(&CORE_V1_SECRET_REFERENCE)),
        f(3, "readOnly", Bool).zero_is_absent(),
        f(5, "volumeAttributes", Map(&Text)),
        f(2, "volumeHandle", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_CSI_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.CSIVolumeSource",
    atomic: false,
    fields: &[
        f(1, "driver", Text).required(),
        f(3, "fsType", Text),
        f(5, "nodePublishSecretRef", Object(&CORE_V1_LOCAL_OBJECT_REFERENCE)),
        f(2, "readOnly", Bool),
        f(4, "volumeAttributes", Map(&Text)),
    ],
    inlined: &[],
};
static CORE_V1_CAPABILITIES: Type = Type {
    name: "io.k8s.api.core.v1.Capabilities",
    atomic: false,
    fields: &[
        f(1, "add", List(&Text)).atomic(),
        f(2, "drop", List(&Text)).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_CEPH_FS_PERSISTENT_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.CephFSPersistentVolumeSource",
    atomic: false,
    fields: &[
        f(1, "monitors", List(&Text)).required().atomic(),
        f(2, "path", Text).zero_is_absent(),
        f(6, "readOnly", Bool).zero_is_absent(),
        f(4, "secretFile", Text).zero_is_absent(),
        f(5, "secretRef", Object(&CORE_V1_SECRET_REFERENCE)),
        f(3, "user", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_CEPH_FS_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.CephFSVolumeSource",
    atomic: false,
    fields: &[
        f(1, "monitors", List(&Text)).required().atomic(),
        f(2, "path", Text).zero_is_absent(),
        f(6, "readOnly", Bool).zero_is_absent(),
        f(4, "secretFile", Text).zero_is_absent(),
        f(5, "secretRef", Object(&CORE_V1_LOCAL_OBJECT_REFERENCE)),
        f(3, "user", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_CINDER_PERSISTENT_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.CinderPersistentVolumeSource",
    atomic: false,
    fields: &[
        f(2, "fsType", Text).zero_is_absent(),
        f(3, "readOnly", Bool).zero_is_absent(),
        f(4, "secretRef", Object(&CORE_V1_SECRET_REFERENCE)),
        f(1, "volumeID", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_CINDER_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.CinderVolumeSource",
    atomic: false,
    fields: &[
        f(2, "fsType", Text).zero_is_absent(),
        f(3, "readOnly", Bool).zero_is_absent(),
        f(4, "secretRef", Object(&CORE_V1_LOCAL_OBJECT_REFERENCE)),
        f(1, "volumeID", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_CLIENT_IP_CONFIG: Type = Type {
    name: "io.k8s.api.core.v1.ClientIPConfig",
    atomic: false,
    fields: &[
        f(1, "timeoutSeconds", Int32),
    ],
    inlined: &[],
};
static CORE_V1_CLUSTER_TRUST_BUNDLE_PROJECTION: Type = Type {
    name: "io.k8s.api.core.v1.ClusterTrustBundleProjection",
    atomic: false,
    fields: &[
        f(3, "labelSelector", Object(&META_V1_LABEL_SELECTOR)),
        f(1, "name", Text),
        f(5, "optional", Bool),
        f(4, "path", Text).required(),
        f(2, "signerName", Text),
        f(0, "user", Int64),
    ],
    inlined: &[],
};
static CORE_V1_COMPONENT_CONDITION: Type = Type {
    name: "io.k8s.api.core.v1.ComponentCondition",
    atomic: false,
    fields: &[
        f(4, "error", Text).zero_is_absent(),
        f(3, "message", Text).zero_is_absent(),
        f(2, "status", Text).required(),
        f(1, "type", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_COMPONENT_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.ComponentStatus",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "conditions", List(&Object(&CORE_V1_COMPONENT_CONDITION))).merges_by("type").keyed(&["type"]),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
    ],
    inlined: &[],
};
static CORE_V1_COMPONENT_STATUS_LIST: Type = Type {
    name: "io.k8s.api.core.v1.ComponentStatusList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&CORE_V1_COMPONENT_STATUS))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static CORE_V1_CONFIG_MAP: Type = Type {
    name: "io.k8s.api.core.v1.ConfigMap",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(3, "binaryData", Map(&Bytes)),
        f(2, "data", Map(&Text)),
        f(4, "immutable", Bool),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
    ],
    inlined: &[],
};
static CORE_V1_CONFIG_MAP_ENV_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.ConfigMapEnvSource",
    atomic: false,
    fields: &[
        f(0, "name", Text),
        f(2, "optional", Bool),
    ],
    inlined: &[Inlined { tag: 1, schema: &CORE_V1_LOCAL_OBJECT_REFERENCE }],
};
static CORE_V1_CONFIG_MAP_KEY_SELECTOR: Type = Type {
    name: "io.k8s.api.core.v1.ConfigMapKeySelector",
    atomic: true,
    fields: &[
        f(2, "key", Text).required(),
        f(0, "name", Text),
        f(3, "optional", Bool),
    ],
    inlined: &[Inlined { tag: 1, schema: &CORE_V1_LOCAL_OBJECT_REFERENCE }],
};
static CORE_V1_CONFIG_MAP_LIST: Type = Type {
    name: "io.k8s.api.core.v1.ConfigMapList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&CORE_V1_CONFIG_MAP))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static CORE_V1_CONFIG_MAP_NODE_CONFIG_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.ConfigMapNodeConfigSource",
    atomic: false,
    fields: &[
        f(5, "kubeletConfigKey", Text).required(),
        f(2, "name", Text).required(),
        f(1, "namespace", Text).required(),
        f(4, "resourceVersion", Text).zero_is_absent(),
        f(3, "uid", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_CONFIG_MAP_PROJECTION: Type = Type {
    name: "io.k8s.api.core.v1.ConfigMapProjection",
    atomic: false,
    fields: &[
        f(2, "items", List(&Object(&CORE_V1_KEY_TO_PATH))).atomic(),
        f(0, "name", Text),
        f(4, "optional", Bool),
    ],
    inlined: &[Inlined { tag: 1, schema: &CORE_V1_LOCAL_OBJECT_REFERENCE }],
};
static CORE_V1_CONFIG_MAP_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.ConfigMapVolumeSource",
    atomic: false,
    fields: &[
        f(3, "defaultMode", Int32),
        f(0, "defaultUser", Int64),
        f(2, "items", List(&Object(&CORE_V1_KEY_TO_PATH))).atomic(),
        f(0, "name", Text),
        f(4, "optional", Bool),
    ],
    inlined: &[Inlined { tag: 1, schema: &CORE_V1_LOCAL_OBJECT_REFERENCE }],
};
static CORE_V1_CONTAINER: Type = Type {
    name: "io.k8s.api.core.v1.Container",
    atomic: false,
    fields: &[
        f(4, "args", List(&Text)).atomic(),
        f(3, "command", List(&Text)).atomic(),
        f(7, "env", List(&Object(&CORE_V1_ENV_VAR))).merges_by("name").keyed(&["name"]),
        f(19, "envFrom", List(&Object(&CORE_V1_ENV_FROM_SOURCE))).atomic(),
        f(2, "image", Text).zero_is_absent(),
        f(14, "imagePullPolicy", Text).zero_is_absent(),
        f(12, "lifecycle", Object(&CORE_V1_LIFECYCLE)),
        f(10, "livenessProbe", Object(&CORE_V1_PROBE)),
        f(1, "name", Text).required(),
        f(6, "ports", List(&Object(&CORE_V1_CONTAINER_PORT))).merges_by("containerPort").keyed(&["containerPort", "protocol"]),
        f(11, "readinessProbe", Object(&CORE_V1_PROBE)),
        f(23, "resizePolicy", List(&Object(&CORE_V1_CONTAINER_RESIZE_POLICY))).atomic(),
        f(8, "resources", Object(&CORE_V1_RESOURCE_REQUIREMENTS)).zero_is_absent(),
        f(24, "restartPolicy", Text),
        f(25, "restartPolicyRules", List(&Object(&CORE_V1_CONTAINER_RESTART_RULE))).atomic(),
        f(15, "securityContext", Object(&CORE_V1_SECURITY_CONTEXT)),
        f(22, "startupProbe", Object(&CORE_V1_PROBE)),
        f(16, "stdin", Bool).zero_is_absent(),
        f(17, "stdinOnce", Bool).zero_is_absent(),
        f(13, "terminationMessagePath", Text).zero_is_absent(),
        f(20, "terminationMessagePolicy", Text).zero_is_absent(),
        f(18, "tty", Bool).zero_is_absent(),
        f(21, "volumeDevices", List(&Object(&CORE_V1_VOLUME_DEVICE))).merges_by("devicePath").keyed(&["devicePath"]),
        f(9, "volumeMounts", List(&Object(&CORE_V1_VOLUME_MOUNT))).merges_by("mountPath").keyed(&["mountPath"]),
        f(5, "workingDir", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_CONTAINER_EXTENDED_RESOURCE_REQUEST: Type = Type {
    name: "io.k8s.api.core.v1.ContainerExtendedResourceRequest",
    atomic: false,
    fields: &[
        f(1, "containerName", Text).required(),
        f(3, "requestName", Text).required(),
        f(2, "resourceName", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_CONTAINER_IMAGE: Type = Type {
    name: "io.k8s.api.core.v1.ContainerImage",
    atomic: false,
    fields: &[
        f(1, "names", List(&Text)).atomic(),
        f(2, "sizeBytes", Int64).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_CONTAINER_PORT: Type = Type {
    name: "io.k8s.api.core.v1.ContainerPort",
    atomic: false,
    fields: &[
        f(3, "containerPort", Int32).required(),
        f(5, "hostIP", Text).zero_is_absent(),
        f(2, "hostPort", Int32).zero_is_absent(),
        f(1, "name", Text).zero_is_absent(),
        f(4, "protocol", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_CONTAINER_RESIZE_POLICY: Type = Type {
    name: "io.k8s.api.core.v1.ContainerResizePolicy",
    atomic: false,
    fields: &[
        f(1, "resourceName", Text).required(),
        f(2, "restartPolicy", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_CONTAINER_RESTART_RULE: Type = Type {
    name: "io.k8s.api.core.v1.ContainerRestartRule",
    atomic: false,
    fields: &[
        f(1, "action", Text).required().zero_is_absent(),
        f(2, "exitCodes", Object(&CORE_V1_CONTAINER_RESTART_RULE_ON_EXIT_CODES)),
    ],
    inlined: &[],
};
static CORE_V1_CONTAINER_RESTART_RULE_ON_EXIT_CODES: Type = Type {
    name: "io.k8s.api.core.v1.ContainerRestartRuleOnExitCodes",
    atomic: false,
    fields: &[
        f(1, "operator", Text).required().zero_is_absent(),
        f(2, "values", List(&Int32)).set(),
    ],
    inlined: &[],
};
static CORE_V1_CONTAINER_STATE: Type = Type {
    name: "io.k8s.api.core.v1.ContainerState",
    atomic: false,
    fields: &[
        f(2, "running", Object(&CORE_V1_CONTAINER_STATE_RUNNING)),
        f(3, "terminated", Object(&CORE_V1_CONTAINER_STATE_TERMINATED)),
        f(1, "waiting", Object(&CORE_V1_CONTAINER_STATE_WAITING)),
    ],
    inlined: &[],
};
static CORE_V1_CONTAINER_STATE_RUNNING: Type = Type {
    name: "io.k8s.api.core.v1.ContainerStateRunning",
    atomic: false,
    fields: &[
        f(1, "startedAt", Time).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_CONTAINER_STATE_TERMINATED: Type = Type {
    name: "io.k8s.api.core.v1.ContainerStateTerminated",
    atomic: false,
    fields: &[
        f(7, "containerID", Text).zero_is_absent(),
        f(1, "exitCode", Int32).required(),
        f(6, "finishedAt", Time).zero_is_absent(),
        f(4, "message", Text).zero_is_absent(),
        f(3, "reason", Text).zero_is_absent(),
        f(2, "signal", Int32).zero_is_absent(),
        f(5, "startedAt", Time).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_CONTAINER_STATE_WAITING: Type = Type {
    name: "io.k8s.api.core.v1.ContainerStateWaiting",
    atomic: false,
    fields: &[
        f(2, "message", Text).zero_is_absent(),
        f(1, "reason", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_CONTAINER_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.ContainerStatus",
    atomic: false,
    fields: &[
        f(10, "allocatedResources", Map(&Quantity)).zero_is_absent(),
        f(14, "allocatedResourcesStatus", List(&Object(&CORE_V1_RESOURCE_STATUS))).merges_by("name").keyed(&["name"]),
        f(8, "containerID", Text).zero_is_absent(),
        f(6, "image", Text).required(),
        f(7, "imageID", Text).required(),
        f(3, "lastState", Object(&CORE_V1_CONTAINER_STATE)).zero_is_absent(),
        f(1, "name", Text).required(),
        f(4, "ready", Bool).required(),
        f(11, "resources", Object(&CORE_V1_RESOURCE_REQUIREMENTS)),
        f(5, "restartCount", Int32).required(),
        f(9, "started", Bool),
        f(2, "state", Object(&CORE_V1_CONTAINER_STATE)).zero_is_absent(),
        f(15, "stopSignal", Text),
        f(13, "user", Object(&CORE_V1_CONTAINER_USER)),
        f(12, "volumeMounts", List(&Object(&CORE_V1_VOLUME_MOUNT_STATUS))).merges_by("mountPath").keyed(&["mountPath"]),
    ],
    inlined: &[],
};
static CORE_V1_CONTAINER_USER: Type = Type {
    name: "io.k8s.api.core.v1.ContainerUser",
    atomic: false,
    fields: &[
        f(1, "linux", Object(&CORE_V1_LINUX_CONTAINER_USER)),
    ],
    inlined: &[],
};
static CORE_V1_DAEMON_ENDPOINT: Type = Type {
    name: "io.k8s.api.core.v1.DaemonEndpoint",
    atomic: false,
    fields: &[
        f(1, "Port", Int32).required(),
    ],
    inlined: &[],
};
static CORE_V1_DOWNWARD_API_PROJECTION: Type = Type {
    name: "io.k8s.api.core.v1.DownwardAPIProjection",
    atomic: false,
    fields: &[
        f(1, "items", List(&Object(&CORE_V1_DOWNWARD_API_VOLUME_FILE))).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_DOWNWARD_API_VOLUME_FILE: Type = Type {
    name: "io.k8s.api.core.v1.DownwardAPIVolumeFile",
    atomic: false,
    fields: &[
        f(2, "fieldRef", Object(&CORE_V1_OBJECT_FIELD_SELECTOR)),
        f(4, "mode", Int32),
        f(1, "path", Text).required(),
        f(3, "resourceFieldRef", Object(&CORE_V1_RESOURCE_FIELD_SELECTOR)),
        f(0, "user", Int64),
    ],
    inlined: &[],
};
static CORE_V1_DOWNWARD_API_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.DownwardAPIVolumeSource",
    atomic: false,
    fields: &[
        f(2, "defaultMode", Int32),
        f(0, "defaultUser", Int64),
        f(1, "items", List(&Object(&CORE_V1_DOWNWARD_API_VOLUME_FILE))).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_EMPTY_DIR_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.EmptyDirVolumeSource",
    atomic: false,
    fields: &[
        f(1, "medium", Text).zero_is_absent(),
        f(0, "mode", Int32),
        f(2, "sizeLimit", Quantity),
    ],
    inlined: &[],
};
static CORE_V1_ENDPOINT_ADDRESS: Type = Type {
    name: "io.k8s.api.core.v1.EndpointAddress",
    atomic: true,
    fields: &[
        f(3, "hostname", Text).zero_is_absent(),
        f(1, "ip", Text).required(),
        f(4, "nodeName", Text),
        f(2, "targetRef", Object(&CORE_V1_OBJECT_REFERENCE)),
    ],
    inlined: &[],
};
static CORE_V1_ENDPOINT_PORT: Type = Type {
    name: "io.k8s.api.core.v1.EndpointPort",
    atomic: true,
    fields: &[
        f(4, "appProtocol", Text),
        f(1, "name", Text).zero_is_absent(),
        f(2, "port", Int32).required(),
        f(3, "protocol", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_ENDPOINT_SUBSET: Type = Type {
    name: "io.k8s.api.core.v1.EndpointSubset",
    atomic: false,
    fields: &[
        f(1, "addresses", List(&Object(&CORE_V1_ENDPOINT_ADDRESS))).atomic(),
        f(2, "notReadyAddresses", List(&Object(&CORE_V1_ENDPOINT_ADDRESS))).atomic(),
        f(3, "ports", List(&Object(&CORE_V1_ENDPOINT_PORT))).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_ENDPOINTS: Type = Type {
    name: "io.k8s.api.core.v1.Endpoints",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "subsets", List(&Object(&CORE_V1_ENDPOINT_SUBSET))).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_ENDPOINTS_LIST: Type = Type {
    name: "io.k8s.api.core.v1.EndpointsList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&CORE_V1_ENDPOINTS))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static CORE_V1_ENV_FROM_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.EnvFromSource",
    atomic: false,
    fields: &[
        f(2, "configMapRef", Object(&CORE_V1_CONFIG_MAP_ENV_SOURCE)),
        f(1, "prefix", Text).zero_is_absent(),
        f(3, "secretRef", Object(&CORE_V1_SECRET_ENV_SOURCE)),
    ],
    inlined: &[],
};
static CORE_V1_ENV_VAR: Type = Type {
    name: "io.k8s.api.core.v1.EnvVar",
    atomic: false,
    fields: &[
        f(1, "name", Text).required(),
        f(2, "value", Text).zero_is_absent(),
        f(3, "valueFrom", Object(&CORE_V1_ENV_VAR_SOURCE)),
    ],
    inlined: &[],
};
static CORE_V1_ENV_VAR_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.EnvVarSource",
    atomic: false,
    fields: &[
        f(3, "configMapKeyRef", Object(&CORE_V1_CONFIG_MAP_KEY_SELECTOR)),
        f(1, "fieldRef", Object(&CORE_V1_OBJECT_FIELD_SELECTOR)),
        f(5, "fileKeyRef", Object(&CORE_V1_FILE_KEY_SELECTOR)),
        f(2, "resourceFieldRef", Object(&CORE_V1_RESOURCE_FIELD_SELECTOR)),
        f(4, "secretKeyRef", Object(&CORE_V1_SECRET_KEY_SELECTOR)),
    ],
    inlined: &[],
};
static CORE_V1_EPHEMERAL_CONTAINER: Type = Type {
    name: "io.k8s.api.core.v1.EphemeralContainer",
    atomic: false,
    fields: &[
        f(0, "args", List(&Text)).atomic(),
        f(0, "command", List(&Text)).atomic(),
        f(0, "env", List(&Object(&CORE_V1_ENV_VAR))).merges_by("name").keyed(&["name"]),
        f(0, "envFrom", List(&Object(&CORE_V1_ENV_FROM_SOURCE))).atomic(),
        f(0, "image", Text),
        f(0, "imagePullPolicy", Text),
        f(0, "lifecycle", Object(&CORE_V1_LIFECYCLE)),
        f(0, "livenessProbe", Object(&CORE_V1_PROBE)),
        f(0, "name", Text).required(),
        f(0, "ports", List(&Object(&CORE_V1_CONTAINER_PORT))).merges_by("containerPort").keyed(&["containerPort", "protocol"]),
        f(0, "readinessProbe", Object(&CORE_V1_PROBE)),
        f(0, "resizePolicy", List(&Object(&CORE_V1_CONTAINER_RESIZE_POLICY))).atomic(),
        f(0, "resources", Object(&CORE_V1_RESOURCE_REQUIREMENTS)),
        f(0, "restartPolicy", Text),
        f(0, "restartPolicyRules", List(&Object(&CORE_V1_CONTAINER_RESTART_RULE))).atomic(),
        f(0, "securityContext", Object(&CORE_V1_SECURITY_CONTEXT)),
        f(0, "startupProbe", Object(&CORE_V1_PROBE)),
        f(0, "stdin", Bool),
        f(0, "stdinOnce", Bool),
        f(2, "targetContainerName", Text).zero_is_absent(),
        f(0, "terminationMessagePath", Text),
        f(0, "terminationMessagePolicy", Text),
        f(0, "tty", Bool),
        f(0, "volumeDevices", List(&Object(&CORE_V1_VOLUME_DEVICE))).merges_by("devicePath").keyed(&["devicePath"]),
        f(0, "volumeMounts", List(&Object(&CORE_V1_VOLUME_MOUNT))).merges_by("mountPath").keyed(&["mountPath"]),
        f(0, "workingDir", Text),
    ],
    inlined: &[Inlined { tag: 1, schema: &CORE_V1_EPHEMERAL_CONTAINER_COMMON }],
};
static CORE_V1_EPHEMERAL_CONTAINER_COMMON: Type = Type {
    name: "io.k8s.api.core.v1.EphemeralContainerCommon",
    atomic: false,
    fields: &[
        f(4, "args", List(&Text)).atomic(),
        f(3, "command", List(&Text)).atomic(),
        f(7, "env", List(&Object(&CORE_V1_ENV_VAR))).merges_by("name").keyed(&["name"]),
        f(19, "envFrom", List(&Object(&CORE_V1_ENV_FROM_SOURCE))).atomic(),
        f(2, "image", Text).zero_is_absent(),
        f(14, "imagePullPolicy", Text).zero_is_absent(),
        f(12, "lifecycle", Object(&CORE_V1_LIFECYCLE)),
        f(10, "livenessProbe", Object(&CORE_V1_PROBE)),
        f(1, "name", Text),
        f(6, "ports", List(&Object(&CORE_V1_CONTAINER_PORT))).merges_by("containerPort").keyed(&["containerPort", "protocol"]),
        f(11, "readinessProbe", Object(&CORE_V1_PROBE)),
        f(23, "resizePolicy", List(&Object(&CORE_V1_CONTAINER_RESIZE_POLICY))).atomic(),
        f(8, "resources", Object(&CORE_V1_RESOURCE_REQUIREMENTS)).zero_is_absent(),
        f(24, "restartPolicy", Text),
        f(25, "restartPolicyRules", List(&Object(&CORE_V1_CONTAINER_RESTART_RULE))).atomic(),
        f(15, "securityContext", Object(&CORE_V1_SECURITY_CONTEXT)),
        f(22, "startupProbe", Object(&CORE_V1_PROBE)),
        f(16, "stdin", Bool).zero_is_absent(),
        f(17, "stdinOnce", Bool).zero_is_absent(),
        f(13, "terminationMessagePath", Text).zero_is_absent(),
        f(20, "terminationMessagePolicy", Text).zero_is_absent(),
        f(18, "tty", Bool).zero_is_absent(),
        f(21, "volumeDevices", List(&Object(&CORE_V1_VOLUME_DEVICE))).merges_by("devicePath").keyed(&["devicePath"]),
        f(9, "volumeMounts", List(&Object(&CORE_V1_VOLUME_MOUNT))).merges_by("mountPath").keyed(&["mountPath"]),
        f(5, "workingDir", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_EPHEMERAL_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.EphemeralVolumeSource",
    atomic: false,
    fields: &[
        f(1, "volumeClaimTemplate", Object(&CORE_V1_PERSISTENT_VOLUME_CLAIM_TEMPLATE)),
    ],
    inlined: &[],
};
static CORE_V1_EVENT: Type = Type {
    name: "io.k8s.api.core.v1.Event",
    atomic: false,
    fields: &[
        f(12, "action", Text).zero_is_absent(),
        f(0, "apiVersion", Text),
        f(8, "count", Int32).zero_is_absent(),
        f(10, "eventTime", MicroTime).zero_is_absent(),
        f(6, "firstTimestamp", Time).zero_is_absent(),
        f(2, "involvedObject", Object(&CORE_V1_OBJECT_REFERENCE)).required(),
        f(0, "kind", Text),
        f(7, "lastTimestamp", Time).zero_is_absent(),
        f(4, "message", Text).zero_is_absent(),
        f(1, "metadata", Object(&META_V1_OBJECT_META)).required(),
        f(3, "reason", Text).zero_is_absent(),
        f(13, "related", Object(&CORE_V1_OBJECT_REFERENCE)),
        f(14, "reportingComponent", Text),
        f(15, "reportingInstance", Text),
        f(11, "series", Object(&CORE_V1_EVENT_SERIES)),
        f(5, "source", Object(&CORE_V1_EVENT_SOURCE)).zero_is_absent(),
        f(9, "type", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_EVENT_LIST: Type = Type {
    name: "io.k8s.api.core.v1.EventList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&CORE_V1_EVENT))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static CORE_V1_EVENT_SERIES: Type = Type {
    name: "io.k8s.api.core.v1.EventSeries",
    atomic: false,
    fields: &[
        f(1, "count", Int32).zero_is_absent(),
        f(2, "lastObservedTime", MicroTime).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_EVENT_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.EventSource",
    atomic: false,
    fields: &[
        f(1, "component", Text).zero_is_absent(),
        f(2, "host", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_EVICTION_RESPONDER: Type = Type {
    name: "io.k8s.api.core.v1.EvictionResponder",
    atomic: true,
    fields: &[
        f(0, "name", Text).required(),
        f(0, "priority", Int32).required(),
    ],
    inlined: &[],
};
static CORE_V1_EXEC_ACTION: Type = Type {
    name: "io.k8s.api.core.v1.ExecAction",
    atomic: false,
    fields: &[
        f(1, "command", List(&Text)).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_FC_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.FCVolumeSource",
    atomic: false,
    fields: &[
        f(3, "fsType", Text).zero_is_absent(),
        f(2, "lun", Int32),
        f(4, "readOnly", Bool).zero_is_absent(),
        f(1, "targetWWNs", List(&Text)).atomic(),
        f(5, "wwids", List(&Text)).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_FILE_KEY_SELECTOR: Type = Type {
    name: "io.k8s.api.core.v1.FileKeySelector",
    atomic: true,
    fields: &[
        f(3, "key", Text).required(),
        f(4, "optional", Bool),
        f(2, "path", Text).required(),
        f(1, "volumeName", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_FLEX_PERSISTENT_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.FlexPersistentVolumeSource",
    atomic: false,
    fields: &[
        f(1, "driver", Text).required(),
        f(2, "fsType", Text).zero_is_absent(),
        f(5, "options", Map(&Text)),
        f(4, "readOnly", Bool).zero_is_absent(),
        f(3, "secretRef", Object(&CORE_V1_SECRET_REFERENCE)),
    ],
    inlined: &[],
};
static CORE_V1_FLEX_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.FlexVolumeSource",
    atomic: false,
    fields: &[
        f(1, "driver", Text).required(),
        f(2, "fsType", Text).zero_is_absent(),
        f(5, "options", Map(&Text)),
        f(4, "readOnly", Bool).zero_is_absent(),
        f(3, "secretRef", Object(&CORE_V1_LOCAL_OBJECT_REFERENCE)),
    ],
    inlined: &[],
};
static CORE_V1_FLOCKER_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.FlockerVolumeSource",
    atomic: false,
    fields: &[
        f(1, "datasetName", Text).zero_is_absent(),
        f(2, "datasetUUID", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_GCE_PERSISTENT_DISK_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.GCEPersistentDiskVolumeSource",
    atomic: false,
    fields: &[
        f(2, "fsType", Text).zero_is_absent(),
        f(3, "partition", Int32).zero_is_absent(),
        f(1, "pdName", Text).required(),
        f(4, "readOnly", Bool).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_GRPC_ACTION: Type = Type {
    name: "io.k8s.api.core.v1.GRPCAction",
    atomic: false,
    fields: &[
        f(0, "mode", Text),
        f(1, "port", Int32).required(),
        f(2, "service", Text),
    ],
    inlined: &[],
};
static CORE_V1_GIT_REPO_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.GitRepoVolumeSource",
    atomic: false,
    fields: &[
        f(3, "directory", Text).zero_is_absent(),
        f(1, "repository", Text).required(),
        f(2, "revision", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_GLUSTERFS_PERSISTENT_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.GlusterfsPersistentVolumeSource",
    atomic: false,
    fields: &[
        f(1, "endpoints", Text).required(),
        f(4, "endpointsNamespace", Text),
        f(2, "path", Text).required(),
        f(3, "readOnly", Bool).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_GLUSTERFS_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.GlusterfsVolumeSource",
    atomic: false,
    fields: &[
        f(1, "endpoints", Text).required(),
        f(2, "path", Text).required(),
        f(3, "readOnly", Bool).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_HTTP_GET_ACTION: Type = Type {
    name: "io.k8s.api.core.v1.HTTPGetAction",
    atomic: false,
    fields: &[
        f(3, "host", Text).zero_is_absent(),
        f(5, "httpHeaders", List(&Object(&CORE_V1_HTTP_HEADER))).atomic(),
        f(1, "path", Text).zero_is_absent(),
        f(2, "port", IntOrString).required(),
        f(0, "protocol", Text),
        f(4, "scheme", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_HTTP_HEADER: Type = Type {
    name: "io.k8s.api.core.v1.HTTPHeader",
    atomic: false,
    fields: &[
        f(1, "name", Text).required(),
        f(2, "value", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_HOST_ALIAS: Type = Type {
    name: "io.k8s.api.core.v1.HostAlias",
    atomic: false,
    fields: &[
        f(2, "hostnames", List(&Text)).atomic(),
        f(1, "ip", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_HOST_IP: Type = Type {
    name: "io.k8s.api.core.v1.HostIP",
    atomic: false,
    fields: &[
        f(1, "ip", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_HOST_PATH_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.HostPathVolumeSource",
    atomic: false,
    fields: &[
        f(1, "path", Text).required(),
        f(2, "type", Text),
    ],
    inlined: &[],
};
static CORE_V1_ISCSI_PERSISTENT_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.ISCSIPersistentVolumeSource",
    atomic: false,
    fields: &[
        f(8, "chapAuthDiscovery", Bool).zero_is_absent(),
        f(11, "chapAuthSession", Bool).zero_is_absent(),
        f(5, "fsType", Text).zero_is_absent(),
        f(12, "initiatorName", Text),
        f(2, "iqn", Text).required(),
        f(4, "iscsiInterface", Text).zero_is_absent(),
        f(3, "lun", Int32).required(),
        f(7, "portals", List(&Text)).atomic(),
        f(6, "readOnly", Bool).zero_is_absent(),
        f(10, "secretRef", Object(&CORE_V1_SECRET_REFERENCE)),
        f(1, "targetPortal", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_ISCSI_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.ISCSIVolumeSource",
    atomic: false,
    fields: &[
        f(8, "chapAuthDiscovery", Bool).zero_is_absent(),
        f(11, "chapAuthSession", Bool).zero_is_absent(),
        f(5, "fsType", Text).zero_is_absent(),
        f(12, "initiatorName", Text),
        f(2, "iqn", Text).required(),
        f(4, "iscsiInterface", Text).zero_is_absent(),
        f(3, "lun", Int32).required(),
        f(7, "portals", List(&Text)).atomic(),
        f(6, "readOnly", Bool).zero_is_absent(),
        f(10, "secretRef", Object(&CORE_V1_LOCAL_OBJECT_REFERENCE)),
        f(1, "targetPortal", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_IMAGE_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.ImageVolumeSource",
    atomic: false,
    fields: &[
        f(2, "pullPolicy", Text).zero_is_absent(),
        f(1, "reference", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_IMAGE_VOLUME_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.ImageVolumeStatus",
    atomic: false,
    fields: &[
        f(1, "imageRef", Text).required().zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_KEY_TO_PATH: Type = Type {
    name: "io.k8s.api.core.v1.KeyToPath",
    atomic: false,
    fields: &[
        f(1, "key", Text).required(),
        f(3, "mode", Int32),
        f(2, "path", Text).required(),
        f(0, "user", Int64),
    ],
    inlined: &[],
};
static CORE_V1_LIFECYCLE: Type = Type {
    name: "io.k8s.api.core.v1.Lifecycle",
    atomic: false,
    fields: &[
        f(1, "postStart", Object(&CORE_V1_LIFECYCLE_HANDLER)),
        f(2, "preStop", Object(&CORE_V1_LIFECYCLE_HANDLER)),
        f(3, "stopSignal", Text),
    ],
    inlined: &[],
};
static CORE_V1_LIFECYCLE_HANDLER: Type = Type {
    name: "io.k8s.api.core.v1.LifecycleHandler",
    atomic: false,
    fields: &[
        f(1, "exec", Object(&CORE_V1_EXEC_ACTION)),
        f(2, "httpGet", Object(&CORE_V1_HTTP_GET_ACTION)),
        f(4, "sleep", Object(&CORE_V1_SLEEP_ACTION)),
        f(3, "tcpSocket", Object(&CORE_V1_TCP_SOCKET_ACTION)),
    ],
    inlined: &[],
};
static CORE_V1_LIMIT_RANGE: Type = Type {
    name: "io.k8s.api.core.v1.LimitRange",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&CORE_V1_LIMIT_RANGE_SPEC)).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_LIMIT_RANGE_ITEM: Type = Type {
    name: "io.k8s.api.core.v1.LimitRangeItem",
    atomic: false,
    fields: &[
        f(4, "default", Map(&Quantity)).zero_is_absent(),
        f(5, "defaultRequest", Map(&Quantity)).zero_is_absent(),
        f(2, "max", Map(&Quantity)).zero_is_absent(),
        f(6, "maxLimitRequestRatio", Map(&Quantity)).zero_is_absent(),
        f(3, "min", Map(&Quantity)).zero_is_absent(),
        f(1, "type", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_LIMIT_RANGE_LIST: Type = Type {
    name: "io.k8s.api.core.v1.LimitRangeList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&CORE_V1_LIMIT_RANGE))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static CORE_V1_LIMIT_RANGE_SPEC: Type = Type {
    name: "io.k8s.api.core.v1.LimitRangeSpec",
    atomic: false,
    fields: &[
        f(1, "limits", List(&Object(&CORE_V1_LIMIT_RANGE_ITEM))).required().atomic(),
    ],
    inlined: &[],
};
static CORE_V1_LINUX_CONTAINER_USER: Type = Type {
    name: "io.k8s.api.core.v1.LinuxContainerUser",
    atomic: false,
    fields: &[
        f(2, "gid", Int64).required(),
        f(3, "supplementalGroups", List(&Int64)).atomic(),
        f(1, "uid", Int64).required(),
    ],
    inlined: &[],
};
static CORE_V1_LOAD_BALANCER_INGRESS: Type = Type {
    name: "io.k8s.api.core.v1.LoadBalancerIngress",
    atomic: false,
    fields: &[
        f(2, "hostname", Text).zero_is_absent(),
        f(1, "ip", Text).zero_is_absent(),
        f(3, "ipMode", Text),
        f(4, "ports", List(&Object(&CORE_V1_PORT_STATUS))).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_LOAD_BALANCER_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.LoadBalancerStatus",
    atomic: false,
    fields: &[
        f(1, "ingress", List(&Object(&CORE_V1_LOAD_BALANCER_INGRESS))).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_LOCAL_OBJECT_REFERENCE: Type = Type {
    name: "io.k8s.api.core.v1.LocalObjectReference",
    atomic: true,
    fields: &[
        f(1, "name", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_LOCAL_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.LocalVolumeSource",
    atomic: false,
    fields: &[
        f(2, "fsType", Text),
        f(1, "path", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_MODIFY_VOLUME_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.ModifyVolumeStatus",
    atomic: false,
    fields: &[
        f(2, "status", Text).required(),
        f(1, "targetVolumeAttributesClassName", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_NFS_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.NFSVolumeSource",
    atomic: false,
    fields: &[
        f(2, "path", Text).required(),
        f(3, "readOnly", Bool).zero_is_absent(),
        f(1, "server", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_NAMESPACE: Type = Type {
    name: "io.k8s.api.core.v1.Namespace",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&CORE_V1_NAMESPACE_SPEC)).zero_is_absent(),
        f(3, "status", Object(&CORE_V1_NAMESPACE_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_NAMESPACE_CONDITION: Type = Type {
    name: "io.k8s.api.core.v1.NamespaceCondition",
    atomic: false,
    fields: &[
        f(4, "lastTransitionTime", Time).zero_is_absent(),
        f(6, "message", Text).zero_is_absent(),
        f(5, "reason", Text).zero_is_absent(),
        f(2, "status", Text).required(),
        f(1, "type", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_NAMESPACE_LIST: Type = Type {
    name: "io.k8s.api.core.v1.NamespaceList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&CORE_V1_NAMESPACE))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static CORE_V1_NAMESPACE_SPEC: Type = Type {
    name: "io.k8s.api.core.v1.NamespaceSpec",
    atomic: false,
    fields: &[
        f(1, "finalizers", List(&Text)).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_NAMESPACE_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.NamespaceStatus",
    atomic: false,
    fields: &[
        f(2, "conditions", List(&Object(&CORE_V1_NAMESPACE_CONDITION))).merges_by("type").keyed(&["type"]),
        f(1, "phase", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_NODE: Type = Type {
    name: "io.k8s.api.core.v1.Node",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&CORE_V1_NODE_SPEC)).zero_is_absent(),
        f(3, "status", Object(&CORE_V1_NODE_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_NODE_ADDRESS: Type = Type {
    name: "io.k8s.api.core.v1.NodeAddress",
    atomic: false,
    fields: &[
        f(2, "address", Text).required(),
        f(1, "type", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_NODE_AFFINITY: Type = Type {
    name: "io.k8s.api.core.v1.NodeAffinity",
    atomic: false,
    fields: &[
        f(2, "preferredDuringSchedulingIgnoredDuringExecution", List(&Object(&CORE_V1_PREFERRED_SCHEDULING_TERM))).atomic(),
        f(1, "requiredDuringSchedulingIgnoredDuringExecution", Object(&CORE_V1_NODE_SELECTOR)),
    ],
    inlined: &[],
};
static CORE_V1_NODE_ALLOCATABLE_MAPPED_RESOURCES: Type = Type {
    name: "io.k8s.api.core.v1.NodeAllocatableMappedResources",
    atomic: false,
    fields: &[
        f(0, "name", Text).required(),
        f(0, "quantity", Quantity).required(),
    ],
    inlined: &[],
};
static CORE_V1_NODE_ALLOCATABLE_OVERHEAD_RESOURCES: Type = Type {
    name: "io.k8s.api.core.v1.NodeAllocatableOverheadResources",
    atomic: false,
    fields: &[
        f(0, "name", Text).required(),
        f(0, "perContainer", Quantity),
        f(0, "perPod", Quantity),
    ],
    inlined: &[],
};
static CORE_V1_NODE_ALLOCATABLE_RESOURCE_CLAIM_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.NodeAllocatableResourceClaimStatus",
    atomic: false,
    fields: &[
        f(2, "containers", List(&Text)).set(),
        f(0, "mapping", List(&Object(&CORE_V1_NODE_ALLOCATABLE_MAPPED_RESOURCES))).merges_by("name").keyed(&["name"]),
        f(0, "overhead", List(&Object(&CORE_V1_NODE_ALLOCATABLE_OVERHEAD_RESOURCES))).merges_by("name").keyed(&["name"]),
        f(1, "resourceClaimName", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_NODE_CONDITION: Type = Type {
    name: "io.k8s.api.core.v1.NodeCondition",
    atomic: false,
    fields: &[
        f(3, "lastHeartbeatTime", Time).zero_is_absent(),
        f(4, "lastTransitionTime", Time).zero_is_absent(),
        f(6, "message", Text).zero_is_absent(),
        f(5, "reason", Text).zero_is_absent(),
        f(2, "status", Text).required(),
        f(1, "type", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_NODE_CONFIG_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.NodeConfigSource",
    atomic: false,
    fields: &[
        f(2, "configMap", Object(&CORE_V1_CONFIG_MAP_NODE_CONFIG_SOURCE)),
    ],
    inlined: &[],
};
static CORE_V1_NODE_CONFIG_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.NodeConfigStatus",
    atomic: false,
    fields: &[
        f(2, "active", Object(&CORE_V1_NODE_CONFIG_SOURCE)),
        f(1, "assigned", Object(&CORE_V1_NODE_CONFIG_SOURCE)),
        f(4, "error", Text).zero_is_absent(),
        f(3, "lastKnownGood", Object(&CORE_V1_NODE_CONFIG_SOURCE)),
    ],
    inlined: &[],
};
static CORE_V1_NODE_DAEMON_ENDPOINTS: Type = Type {
    name: "io.k8s.api.core.v1.NodeDaemonEndpoints",
    atomic: false,
    fields: &[
        f(1, "kubeletEndpoint", Object(&CORE_V1_DAEMON_ENDPOINT)).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_NODE_FEATURES: Type = Type {
    name: "io.k8s.api.core.v1.NodeFeatures",
    atomic: false,
    fields: &[
        f(1, "supplementalGroupsPolicy", Bool),
    ],
    inlined: &[],
};
static CORE_V1_NODE_LIST: Type = Type {
    name: "io.k8s.api.core.v1.NodeList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&CORE_V1_NODE))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static CORE_V1_NODE_POD_PREEMPTION_POLICY: Type = Type {
    name: "io.k8s.api.core.v1.NodePodPreemptionPolicy",
    atomic: false,
    fields: &[
        f(0, "disableResizePreemption", List(&Text)).set(),
    ],
    inlined: &[],
};
static CORE_V1_NODE_RUNTIME_HANDLER: Type = Type {
    name: "io.k8s.api.core.v1.NodeRuntimeHandler",
    atomic: false,
    fields: &[
        f(2, "features", Object(&CORE_V1_NODE_RUNTIME_HANDLER_FEATURES)),
        f(1, "name", Text),
    ],
    inlined: &[],
};
static CORE_V1_NODE_RUNTIME_HANDLER_FEATURES: Type = Type {
    name: "io.k8s.api.core.v1.NodeRuntimeHandlerFeatures",
    atomic: false,
    fields: &[
        f(1, "recursiveReadOnlyMounts", Bool),
        f(2, "userNamespaces", Bool),
    ],
    inlined: &[],
};
static CORE_V1_NODE_SELECTOR: Type = Type {
    name: "io.k8s.api.core.v1.NodeSelector",
    atomic: true,
    fields: &[
        f(1, "nodeSelectorTerms", List(&Object(&CORE_V1_NODE_SELECTOR_TERM))).required().atomic(),
    ],
    inlined: &[],
};
static CORE_V1_NODE_SELECTOR_REQUIREMENT: Type = Type {
    name: "io.k8s.api.core.v1.NodeSelectorRequirement",
    atomic: false,
    fields: &[
        f(1, "key", Text).required(),
        f(2, "operator", Text).required(),
        f(3, "values", List(&Text)).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_NODE_SELECTOR_TERM: Type = Type {
    name: "io.k8s.api.core.v1.NodeSelectorTerm",
    atomic: true,
    fields: &[
        f(1, "matchExpressions", List(&Object(&CORE_V1_NODE_SELECTOR_REQUIREMENT))).atomic(),
        f(2, "matchFields", List(&Object(&CORE_V1_NODE_SELECTOR_REQUIREMENT))).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_NODE_SPEC: Type = Type {
    name: "io.k8s.api.core.v1.NodeSpec",
    atomic: false,
    fields: &[
        f(6, "configSource", Object(&CORE_V1_NODE_CONFIG_SOURCE)),
        f(2, "externalID", Text).zero_is_absent(),
        f(1, "podCIDR", Text).zero_is_absent(),
        f(7, "podCIDRs", List(&Text)).merges().set(),
        f(0, "podPreemptionPolicy", Object(&CORE_V1_NODE_POD_PREEMPTION_POLICY)),
        f(3, "providerID", Text).zero_is_absent(),
        f(5, "taints", List(&Object(&CORE_V1_TAINT))).atomic(),
        f(4, "unschedulable", Bool).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_NODE_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.NodeStatus",
    atomic: false,
    fields: &[
        f(5, "addresses", List(&Object(&CORE_V1_NODE_ADDRESS))).merges_by("type").keyed(&["type"]),
        f(2, "allocatable", Map(&Quantity)).zero_is_absent(),
        f(1, "capacity", Map(&Quantity)).zero_is_absent(),
        f(4, "conditions", List(&Object(&CORE_V1_NODE_CONDITION))).merges_by("type").keyed(&["type"]),
        f(11, "config", Object(&CORE_V1_NODE_CONFIG_STATUS)),
        f(6, "daemonEndpoints", Object(&CORE_V1_NODE_DAEMON_ENDPOINTS)).zero_is_absent(),
        f(14, "declaredFeatures", List(&Text)).atomic(),
        f(13, "features", Object(&CORE_V1_NODE_FEATURES)),
        f(8, "images", List(&Object(&CORE_V1_CONTAINER_IMAGE))).atomic(),
        f(7, "nodeInfo", Object(&CORE_V1_NODE_SYSTEM_INFO)).zero_is_absent(),
        f(3, "phase", Text).zero_is_absent(),
        f(12, "runtimeHandlers", List(&Object(&CORE_V1_NODE_RUNTIME_HANDLER))).atomic(),
        f(10, "volumesAttached", List(&Object(&CORE_V1_ATTACHED_VOLUME))).atomic(),
        f(9, "volumesInUse", List(&Text)).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_NODE_SWAP_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.NodeSwapStatus",
    atomic: false,
    fields: &[
        f(1, "capacity", Int64),
    ],
    inlined: &[],
};
static CORE_V1_NODE_SYSTEM_INFO: Type = Type {
    name: "io.k8s.api.core.v1.NodeSystemInfo",
    atomic: false,
    fields: &[
        f(10, "architecture", Text).required(),
        f(3, "bootID", Text).required(),
        f(6, "containerRuntimeVersion", Text).required(),
        f(4, "kernelVersion", Text).required(),
        f(8, "kubeProxyVersion", Text).required(),
        f(7, "kubeletVersion", Text).required(),
        f(1, "machineID", Text).required(),
        f(9, "operatingSystem", Text).required(),
        f(5, "osImage", Text).required(),
        f(0, "runningInUserNamespace", Bool),
        f(11, "swap", Object(&CORE_V1_NODE_SWAP_STATUS)),
        f(2, "systemUUID", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_OBJECT_FIELD_SELECTOR: Type = Type {
    name: "io.k8s.api.core.v1.ObjectFieldSelector",
    atomic: true,
    fields: &[
        f(1, "apiVersion", Text).zero_is_absent(),
        f(2, "fieldPath", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_OBJECT_REFERENCE: Type = Type {
    name: "io.k8s.api.core.v1.ObjectReference",
    atomic: true,
    fields: &[
        f(5, "apiVersion", Text).zero_is_absent(),
        f(7, "fieldPath", Text).zero_is_absent(),
        f(1, "kind", Text).zero_is_absent(),
        f(3, "name", Text).zero_is_absent(),
        f(2, "namespace", Text).zero_is_absent(),
        f(6, "resourceVersion", Text).zero_is_absent(),
        f(4, "uid", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_PERSISTENT_VOLUME: Type = Type {
    name: "io.k8s.api.core.v1.PersistentVolume",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&CORE_V1_PERSISTENT_VOLUME_SPEC)).zero_is_absent(),
        f(3, "status", Object(&CORE_V1_PERSISTENT_VOLUME_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_PERSISTENT_VOLUME_CLAIM: Type = Type {
    name: "io.k8s.api.core.v1.PersistentVolumeClaim",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&CORE_V1_PERSISTENT_VOLUME_CLAIM_SPEC)).zero_is_absent(),
        f(3, "status", Object(&CORE_V1_PERSISTENT_VOLUME_CLAIM_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_PERSISTENT_VOLUME_CLAIM_CONDITION: Type = Type {
    name: "io.k8s.api.core.v1.PersistentVolumeClaimCondition",
    atomic: false,
    fields: &[
        f(3, "lastProbeTime", Time).zero_is_absent(),
        f(4, "lastTransitionTime", Time).zero_is_absent(),
        f(6, "message", Text).zero_is_absent(),
        f(5, "reason", Text).zero_is_absent(),
        f(2, "status", Text).required(),
        f(1, "type", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_PERSISTENT_VOLUME_CLAIM_LIST: Type = Type {
    name: "io.k8s.api.core.v1.PersistentVolumeClaimList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&CORE_V1_PERSISTENT_VOLUME_CLAIM))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static CORE_V1_PERSISTENT_VOLUME_CLAIM_SPEC: Type = Type {
    name: "io.k8s.api.core.v1.PersistentVolumeClaimSpec",
    atomic: false,
    fields: &[
        f(1, "accessModes", List(&Text)).atomic(),
        f(7, "dataSource", Object(&CORE_V1_TYPED_LOCAL_OBJECT_REFERENCE)),
        f(8, "dataSourceRef", Object(&CORE_V1_TYPED_OBJECT_REFERENCE)),
        f(2, "resources", Object(&CORE_V1_VOLUME_RESOURCE_REQUIREMENTS)).zero_is_absent(),
        f(4, "selector", Object(&META_V1_LABEL_SELECTOR)),
        f(5, "storageClassName", Text),
        f(9, "volumeAttributesClassName", Text),
        f(6, "volumeMode", Text),
        f(3, "volumeName", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_PERSISTENT_VOLUME_CLAIM_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.PersistentVolumeClaimStatus",
    atomic: false,
    fields: &[
        f(2, "accessModes", List(&Text)).atomic(),
        f(7, "allocatedResourceStatuses", Map(&Text)),
        f(5, "allocatedResources", Map(&Quantity)).zero_is_absent(),
        f(3, "capacity", Map(&Quantity)).zero_is_absent(),
        f(4, "conditions", List(&Object(&CORE_V1_PERSISTENT_VOLUME_CLAIM_CONDITION))).merges_by("type").keyed(&["type"]),
        f(8, "currentVolumeAttributesClassName", Text),
        f(0, "healthStatus", Object(&CORE_V1_VOLUME_HEALTH_STATUS)),
        f(9, "modifyVolumeStatus", Object(&CORE_V1_MODIFY_VOLUME_STATUS)),
        f(1, "phase", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_PERSISTENT_VOLUME_CLAIM_TEMPLATE: Type = Type {
    name: "io.k8s.api.core.v1.PersistentVolumeClaimTemplate",
    atomic: false,
    fields: &[
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&CORE_V1_PERSISTENT_VOLUME_CLAIM_SPEC)).required(),
    ],
    inlined: &[],
};
static CORE_V1_PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.PersistentVolumeClaimVolumeSource",
    atomic: false,
    fields: &[
        f(1, "claimName", Text).required(),
        f(2, "readOnly", Bool).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_PERSISTENT_VOLUME_LIST: Type = Type {
    name: "io.k8s.api.core.v1.PersistentVolumeList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&CORE_V1_PERSISTENT_VOLUME))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static CORE_V1_PERSISTENT_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.PersistentVolumeSource",
    atomic: false,
    fields: &[
        f(2, "awsElasticBlockStore", Object(&CORE_V1_AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE)),
        f(16, "azureDisk", Object(&CORE_V1_AZURE_DISK_VOLUME_SOURCE)),
        f(13, "azureFile", Object(&CORE_V1_AZURE_FILE_PERSISTENT_VOLUME_SOURCE)),
        f(9, "cephfs", Object(&CORE_V1_CEPH_FS_PERSISTENT_VOLUME_SOURCE)),
        f(8, "cinder", Object(&CORE_V1_CINDER_PERSISTENT_VOLUME_SOURCE)),
        f(22, "csi", Object(&CORE_V1_CSI_PERSISTENT_VOLUME_SOURCE)),
        f(10, "fc", Object(&CORE_V1_FC_VOLUME_SOURCE)),
        f(12, "flexVolume", Object(&CORE_V1_FLEX_PERSISTENT_VOLUME_SOURCE)),
        f(11, "flocker", Object(&CORE_V1_FLOCKER_VOLUME_SOURCE)),
        f(1, "gcePersistentDisk", Object(&CORE_V1_GCE_PERSISTENT_DISK_VOLUME_SOURCE)),
        f(4, "glusterfs", Object(&CORE_V1_GLUSTERFS_PERSISTENT_VOLUME_SOURCE)),
        f(3, "hostPath", Object(&CORE_V1_HOST_PATH_VOLUME_SOURCE)),
        f(7, "iscsi", Object(&CORE_V1_ISCSI_PERSISTENT_VOLUME_SOURCE)),
        f(20, "local", Object(&CORE_V1_LOCAL_VOLUME_SOURCE)),
        f(5, "nfs", Object(&CORE_V1_NFS_VOLUME_SOURCE)),
        f(17, "photonPersistentDisk", Object(&CORE_V1_PHOTON_PERSISTENT_DISK_VOLUME_SOURCE)),
        f(18, "portworxVolume", Object(&CORE_V1_PORTWORX_VOLUME_SOURCE)),
        f(15, "quobyte", Object(&CORE_V1_QUOBYTE_VOLUME_SOURCE)),
        f(6, "rbd", Object(&CORE_V1_RBD_PERSISTENT_VOLUME_SOURCE)),
        f(19, "scaleIO", Object(&CORE_V1_SCALE_IO_PERSISTENT_VOLUME_SOURCE)),
        f(21, "storageos", Object(&CORE_V1_STORAGE_OS_PERSISTENT_VOLUME_SOURCE)),
        f(14, "vsphereVolume", Object(&CORE_V1_VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE)),
    ],
    inlined: &[],
};
static CORE_V1_PERSISTENT_VOLUME_SPEC: Type = Type {
    name: "io.k8s.api.core.v1.PersistentVolumeSpec",
    atomic: false,
    fields: &[
        f(3, "accessModes", List(&Text)).atomic(),
        f(0, "awsElasticBlockStore", Object(&CORE_V1_AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE)),
        f(0, "azureDisk", Object(&CORE_V1_AZURE_DISK_VOLUME_SOURCE)),
        f(0, "azureFile", Object(&CORE_V1_AZURE_FILE_PERSISTENT_VOLUME_SOURCE)),
        f(1, "capacity", Map(&Quantity)).zero_is_absent(),
        f(0, "cephfs", Object(&CORE_V1_CEPH_FS_PERSISTENT_VOLUME_SOURCE)),
        f(0, "cinder", Object(&CORE_V1_CINDER_PERSISTENT_VOLUME_SOURCE)),
        f(4, "claimRef", Object(&CORE_V1_OBJECT_REFERENCE)),
        f(0, "csi", Object(&CORE_V1_CSI_PERSISTENT_VOLUME_SOURCE)),
        f(0, "fc", Object(&CORE_V1_FC_VOLUME_SOURCE)),
        f(0, "flexVolume", Object(&CORE_V1_FLEX_PERSISTENT_VOLUME_SOURCE)),
        f(0, "flocker", Object(&CORE_V1_FLOCKER_VOLUME_SOURCE)),
        f(0, "gcePersistentDisk", Object(&CORE_V1_GCE_PERSISTENT_DISK_VOLUME_SOURCE)),
        f(0, "glusterfs", Object(&CORE_V1_GLUSTERFS_PERSISTENT_VOLUME_SOURCE)),
        f(0, "hostPath", Object(&CORE_V1_HOST_PATH_VOLUME_SOURCE)),
        f(0, "iscsi", Object(&CORE_V1_ISCSI_PERSISTENT_VOLUME_SOURCE)),
        f(0, "local", Object(&CORE_V1_LOCAL_VOLUME_SOURCE)),
        f(7, "mountOptions", List(&Text)).atomic(),
        f(0, "nfs", Object(&CORE_V1_NFS_VOLUME_SOURCE)),
        f(9, "nodeAffinity", Object(&CORE_V1_VOLUME_NODE_AFFINITY)),
        f(5, "persistentVolumeReclaimPolicy", Text).zero_is_absent(),
        f(0, "photonPersistentDisk", Object(&CORE_V1_PHOTON_PERSISTENT_DISK_VOLUME_SOURCE)),
        f(0, "portworxVolume", Object(&CORE_V1_PORTWORX_VOLUME_SOURCE)),
        f(0, "quobyte", Object(&CORE_V1_QUOBYTE_VOLUME_SOURCE)),
        f(0, "rbd", Object(&CORE_V1_RBD_PERSISTENT_VOLUME_SOURCE)),
        f(0, "scaleIO", Object(&CORE_V1_SCALE_IO_PERSISTENT_VOLUME_SOURCE)),
        f(6, "storageClassName", Text).zero_is_absent(),
        f(0, "storageos", Object(&CORE_V1_STORAGE_OS_PERSISTENT_VOLUME_SOURCE)),
        f(10, "volumeAttributesClassName", Text),
        f(8, "volumeMode", Text),
        f(0, "vsphereVolume", Object(&CORE_V1_VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE)),
    ],
    inlined: &[Inlined { tag: 2, schema: &CORE_V1_PERSISTENT_VOLUME_SOURCE }],
};
static CORE_V1_PERSISTENT_VOLUME_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.PersistentVolumeStatus",
    atomic: false,
    fields: &[
        f(4, "lastPhaseTransitionTime", Time),
        f(2, "message", Text).zero_is_absent(),
        f(1, "phase", Text).zero_is_absent(),
        f(3, "reason", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_PHOTON_PERSISTENT_DISK_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.PhotonPersistentDiskVolumeSource",
    atomic: false,
    fields: &[
        f(2, "fsType", Text).zero_is_absent(),
        f(1, "pdID", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_POD: Type = Type {
    name: "io.k8s.api.core.v1.Pod",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&CORE_V1_POD_SPEC)).zero_is_absent(),
        f(3, "status", Object(&CORE_V1_POD_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_POD_AFFINITY: Type = Type {
    name: "io.k8s.api.core.v1.PodAffinity",
    atomic: false,
    fields: &[
        f(2, "preferredDuringSchedulingIgnoredDuringExecution", List(&Object(&CORE_V1_WEIGHTED_POD_AFFINITY_TERM))).atomic(),
        f(1, "requiredDuringSchedulingIgnoredDuringExecution", List(&Object(&CORE_V1_POD_AFFINITY_TERM))).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_POD_AFFINITY_TERM: Type = Type {
    name: "io.k8s.api.core.v1.PodAffinityTerm",
    atomic: false,
    fields: &[
        f(1, "labelSelector", Object(&META_V1_LABEL_SELECTOR)),
        f(5, "matchLabelKeys", List(&Text)).atomic(),
        f(6, "mismatchLabelKeys", List(&Text)).atomic(),
        f(4, "namespaceSelector", Object(&META_V1_LABEL_SELECTOR)),
        f(2, "namespaces", List(&Text)).atomic(),
        f(3, "topologyKey", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_POD_ANTI_AFFINITY: Type = Type {
    name: "io.k8s.api.core.v1.PodAntiAffinity",
    atomic: false,
    fields: &[
        f(2, "preferredDuringSchedulingIgnoredDuringExecution", List(&Object(&CORE_V1_WEIGHTED_POD_AFFINITY_TERM))).atomic(),
        f(1, "requiredDuringSchedulingIgnoredDuringExecution", List(&Object(&CORE_V1_POD_AFFINITY_TERM))).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_POD_CERTIFICATE_PROJECTION: Type = Type {
    name: "io.k8s.api.core.v1.PodCertificateProjection",
    atomic: false,
    fields: &[
        f(6, "certificateChainPath", Text).zero_is_absent(),
        f(4, "credentialBundlePath", Text).zero_is_absent(),
        f(5, "keyPath", Text).zero_is_absent(),
        f(2, "keyType", Text).required().zero_is_absent(),
        f(3, "maxExpirationSeconds", Int32),
        f(1, "signerName", Text).required().zero_is_absent(),
        f(0, "user", Int64),
        f(7, "userAnnotations", Map(&Text)),
    ],
    inlined: &[],
};
static CORE_V1_POD_CONDITION: Type = Type {
    name: "io.k8s.api.core.v1.PodCondition",
    atomic: false,
    fields: &[
        f(3, "lastProbeTime", Time).zero_is_absent(),
        f(4, "lastTransitionTime", Time).zero_is_absent(),
        f(6, "message", Text).zero_is_absent(),
        f(7, "observedGeneration", Int64).zero_is_absent(),
        f(5, "reason", Text).zero_is_absent(),
        f(2, "status", Text).required(),
        f(1, "type", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_POD_DNS_CONFIG: Type = Type {
    name: "io.k8s.api.core.v1.PodDNSConfig",
    atomic: false,
    fields: &[
        f(1, "nameservers", List(&Text)).atomic(),
        f(3, "options", List(&Object(&CORE_V1_POD_DNS_CONFIG_OPTION))).atomic(),
        f(2, "searches", List(&Text)).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_POD_DNS_CONFIG_OPTION: Type = Type {
    name: "io.k8s.api.core.v1.PodDNSConfigOption",
    atomic: false,
    fields: &[
        f(1, "name", Text).zero_is_absent(),
        f(2, "value", Text),
    ],
    inlined: &[],
};
static CORE_V1_POD_EXTENDED_RESOURCE_CLAIM_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.PodExtendedResourceClaimStatus",
    atomic: false,
    fields: &[
        f(1, "requestMappings", List(&Object(&CORE_V1_CONTAINER_EXTENDED_RESOURCE_REQUEST))).required().atomic(),
        f(2, "resourceClaimName", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_POD_IP: Type = Type {
    name: "io.k8s.api.core.v1.PodIP",
    atomic: false,
    fields: &[
        f(1, "ip", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_POD_LIST: Type = Type {
    name: "io.k8s.api.core.v1.PodList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&CORE_V1_POD))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static CORE_V1_POD_OS: Type = Type {
    name: "io.k8s.api.core.v1.PodOS",
    atomic: false,
    fields: &[
        f(1, "name", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_POD_READINESS_GATE: Type = Type {
    name: "io.k8s.api.core.v1.PodReadinessGate",
    atomic: false,
    fields: &[
        f(1, "conditionType", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_POD_RESOURCE_CLAIM: Type = Type {
    name: "io.k8s.api.core.v1.PodResourceClaim",
    atomic: false,
    fields: &[
        f(1, "name", Text).required(),
        f(3, "resourceClaimName", Text),
        f(4, "resourceClaimTemplateName", Text),
    ],
    inlined: &[],
};
static CORE_V1_POD_RESOURCE_CLAIM_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.PodResourceClaimStatus",
    atomic: false,
    fields: &[
        f(1, "name", Text).required(),
        f(2, "resourceClaimName", Text),
    ],
    inlined: &[],
};
static CORE_V1_POD_SCHEDULING_GATE: Type = Type {
    name: "io.k8s.api.core.v1.PodSchedulingGate",
    atomic: false,
    fields: &[
        f(1, "name", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_POD_SCHEDULING_GROUP: Type = Type {
    name: "io.k8s.api.core.v1.PodSchedulingGroup",
    atomic: false,
    fields: &[
        f(1, "podGroupName", Text),
    ],
    inlined: &[],
};
static CORE_V1_POD_SECURITY_CONTEXT: Type = Type {
    name: "io.k8s.api.core.v1.PodSecurityContext",
    atomic: false,
    fields: &[
        f(11, "appArmorProfile", Object(&CORE_V1_APP_ARMOR_PROFILE)),
        f(5, "fsGroup", Int64),
        f(9, "fsGroupChangePolicy", Text),
        f(6, "runAsGroup", Int64),
        f(3, "runAsNonRoot", Bool),
        f(2, "runAsUser", Int64),
        f(13, "seLinuxChangePolicy", Text),
        f(1, "seLinuxOptions", Object(&CORE_V1_SE_LINUX_OPTIONS)),
        f(10, "seccompProfile", Object(&CORE_V1_SECCOMP_PROFILE)),
        f(4, "supplementalGroups", List(&Int64)).atomic(),
        f(12, "supplementalGroupsPolicy", Text),
        f(7, "sysctls", List(&Object(&CORE_V1_SYSCTL))).atomic(),
        f(8, "windowsOptions", Object(&CORE_V1_WINDOWS_SECURITY_CONTEXT_OPTIONS)),
    ],
    inlined: &[],
};
static CORE_V1_POD_SPEC: Type = Type {
    name: "io.k8s.api.core.v1.PodSpec",
    atomic: false,
    fields: &[
        f(5, "activeDeadlineSeconds", Int64),
        f(18, "affinity", Object(&CORE_V1_AFFINITY)),
        f(21, "automountServiceAccountToken", Bool),
        f(2, "containers", List(&Object(&CORE_V1_CONTAINER))).required().merges_by("name").keyed(&["name"]),
        f(26, "dnsConfig", Object(&CORE_V1_POD_DNS_CONFIG)),
        f(6, "dnsPolicy", Text).zero_is_absent(),
        f(30, "enableServiceLinks", Bool),
        f(34, "ephemeralContainers", List(&Object(&CORE_V1_EPHEMERAL_CONTAINER))).merges_by("name").keyed(&["name"]),
        f(0, "evictionResponders", List(&Object(&CORE_V1_EVICTION_RESPONDER))).merges_by("name").keyed(&["name"]),
        f(23, "hostAliases", List(&Object(&CORE_V1_HOST_ALIAS))).merges_by("ip").keyed(&["ip"]),
        f(13, "hostIPC", Bool).zero_is_absent(),
        f(11, "hostNetwork", Bool).zero_is_absent(),
        f(12, "hostPID", Bool).zero_is_absent(),
        f(37, "hostUsers", Bool),
        f(16, "hostname", Text).zero_is_absent(),
        f(41, "hostnameOverride", Text),
        f(15, "imagePullSecrets", List(&Object(&CORE_V1_LOCAL_OBJECT_REFERENCE))).merges_by("name").keyed(&["name"]),
        f(20, "initContainers", List(&Object(&CORE_V1_CONTAINER))).merges_by("name").keyed(&["name"]),
        f(10, "nodeName", Text).zero_is_absent(),
        f(7, "nodeSelector", Map(&Text)).atomic(),
        f(36, "os", Object(&CORE_V1_POD_OS)),
        f(32, "overhead", Map(&Quantity)).zero_is_absent(),
        f(31, "preemptionPolicy", Text),
        f(25, "priority", Int32),
        f(24, "priorityClassName", Text).zero_is_absent(),
        f(28, "readinessGates", List(&Object(&CORE_V1_POD_READINESS_GATE))).atomic(),
        f(39, "resourceClaims", List(&Object(&CORE_V1_POD_RESOURCE_CLAIM))).merges_by("name").retains_keys().keyed(&["name"]),
        f(40, "resources", Object(&CORE_V1_RESOURCE_REQUIREMENTS)),
        f(3, "restartPolicy", Text).zero_is_absent(),
        f(29, "runtimeClassName", Text),
        f(19, "schedulerName", Text).zero_is_absent(),
        f(38, "schedulingGates", List(&Object(&CORE_V1_POD_SCHEDULING_GATE))).merges_by("name").keyed(&["name"]),
        f(43, "schedulingGroup", Object(&CORE_V1_POD_SCHEDULING_GROUP)),
        f(14, "securityContext", Object(&CORE_V1_POD_SECURITY_CONTEXT)),
        f(9, "serviceAccount", Text).zero_is_absent(),
        f(8, "serviceAccountName", Text).zero_is_absent(),
        f(35, "setHostnameAsFQDN", Bool),
        f(27, "shareProcessNamespace", Bool),
        f(17, "subdomain", Text).zero_is_absent(),
        f(4, "terminationGracePeriodSeconds", Int64),
        f(22, "tolerations", List(&Object(&CORE_V1_TOLERATION))).atomic(),
        f(33, "topologySpreadConstraints", List(&Object(&CORE_V1_TOPOLOGY_SPREAD_CONSTRAINT))).merges_by("topologyKey").keyed(&["topologyKey", "whenUnsatisfiable"]),
        f(1, "volumes", List(&Object(&CORE_V1_VOLUME))).merges_by("name").retains_keys().keyed(&["name"]),
    ],
    inlined: &[],
};
static CORE_V1_POD_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.PodStatus",
    atomic: false,
    fields: &[
        f(19, "allocatedResources", Map(&Quantity)).zero_is_absent(),
        f(2, "conditions", List(&Object(&CORE_V1_POD_CONDITION))).merges_by("type").keyed(&["type"]),
        f(8, "containerStatuses", List(&Object(&CORE_V1_CONTAINER_STATUS))).atomic(),
        f(13, "ephemeralContainerStatuses", List(&Object(&CORE_V1_CONTAINER_STATUS))).atomic(),
        f(18, "extendedResourceClaimStatus", Object(&CORE_V1_POD_EXTENDED_RESOURCE_CLAIM_STATUS)),
        f(5, "hostIP", Text).zero_is_absent(),
        f(16, "hostIPs", List(&Object(&CORE_V1_HOST_IP))).merges_by("ip").atomic(),
        f(10, "initContainerStatuses", List(&Object(&CORE_V1_CONTAINER_STATUS))).atomic(),
        f(3, "message", Text).zero_is_absent(),
        f(21, "nodeAllocatableResourceClaimStatuses", List(&Object(&CORE_V1_NODE_ALLOCATABLE_RESOURCE_CLAIM_STATUS))).merges_by("resourceClaimName").keyed(&["resourceClaimName"]),
        f(11, "nominatedNodeName", Text).zero_is_absent(),
        f(17, "observedGeneration", Int64).zero_is_absent(),
        f(1, "phase", Text).zero_is_absent(),
        f(6, "podIP", Text).zero_is_absent(),
        f(12, "podIPs", List(&Object(&CORE_V1_POD_IP))).merges_by("ip").keyed(&["ip"]),
        f(9, "qosClass", Text).zero_is_absent(),
        f(4, "reason", Text).zero_is_absent(),
        f(14, "resize", Text).zero_is_absent(),
        f(15, "resourceClaimStatuses", List(&Object(&CORE_V1_POD_RESOURCE_CLAIM_STATUS))).merges_by("name").retains_keys().keyed(&["name"]),
        f(20, "resources", Object(&CORE_V1_RESOURCE_REQUIREMENTS)),
        f(7, "startTime", Time),
        f(0, "volumeHealth", List(&Object(&CORE_V1_POD_VOLUME_HEALTH))).keyed(&["name"]),
    ],
    inlined: &[],
};
static CORE_V1_POD_TEMPLATE: Type = Type {
    name: "io.k8s.api.core.v1.PodTemplate",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "template", Object(&CORE_V1_POD_TEMPLATE_SPEC)).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_POD_TEMPLATE_LIST: Type = Type {
    name: "io.k8s.api.core.v1.PodTemplateList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&CORE_V1_POD_TEMPLATE))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static CORE_V1_POD_TEMPLATE_SPEC: Type = Type {
    name: "io.k8s.api.core.v1.PodTemplateSpec",
    atomic: false,
    fields: &[
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&CORE_V1_POD_SPEC)).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_POD_VOLUME_HEALTH: Type = Type {
    name: "io.k8s.api.core.v1.PodVolumeHealth",
    atomic: false,
    fields: &[
        f(0, "healthConditions", List(&Object(&CORE_V1_VOLUME_HEALTH_CONDITION))).merges_by("status").keyed(&["status", "reason"]),
        f(0, "lastTransitionTime", Time),
        f(0, "name", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_PORT_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.PortStatus",
    atomic: false,
    fields: &[
        f(3, "error", Text),
        f(1, "port", Int32).required(),
        f(2, "protocol", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_PORTWORX_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.PortworxVolumeSource",
    atomic: false,
    fields: &[
        f(2, "fsType", Text).zero_is_absent(),
        f(3, "readOnly", Bool).zero_is_absent(),
        f(1, "volumeID", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_PREFERRED_SCHEDULING_TERM: Type = Type {
    name: "io.k8s.api.core.v1.PreferredSchedulingTerm",
    atomic: false,
    fields: &[
        f(2, "preference", Object(&CORE_V1_NODE_SELECTOR_TERM)).required(),
        f(1, "weight", Int32).required(),
    ],
    inlined: &[],
};
static CORE_V1_PROBE: Type = Type {
    name: "io.k8s.api.core.v1.Probe",
    atomic: false,
    fields: &[
        f(0, "exec", Object(&CORE_V1_EXEC_ACTION)),
        f(6, "failureThreshold", Int32).zero_is_absent(),
        f(0, "grpc", Object(&CORE_V1_GRPC_ACTION)),
        f(0, "httpGet", Object(&CORE_V1_HTTP_GET_ACTION)),
        f(2, "initialDelaySeconds", Int32).zero_is_absent(),
        f(4, "periodSeconds", Int32).zero_is_absent(),
        f(5, "successThreshold", Int32).zero_is_absent(),
        f(0, "tcpSocket", Object(&CORE_V1_TCP_SOCKET_ACTION)),
        f(7, "terminationGracePeriodSeconds", Int64),
        f(3, "timeoutSeconds", Int32).zero_is_absent(),
    ],
    inlined: &[Inlined { tag: 1, schema: &CORE_V1_PROBE_HANDLER }],
};
static CORE_V1_PROBE_HANDLER: Type = Type {
    name: "io.k8s.api.core.v1.ProbeHandler",
    atomic: false,
    fields: &[
        f(1, "exec", Object(&CORE_V1_EXEC_ACTION)),
        f(4, "grpc", Object(&CORE_V1_GRPC_ACTION)),
        f(2, "httpGet", Object(&CORE_V1_HTTP_GET_ACTION)),
        f(3, "tcpSocket", Object(&CORE_V1_TCP_SOCKET_ACTION)),
    ],
    inlined: &[],
};
static CORE_V1_PROJECTED_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.ProjectedVolumeSource",
    atomic: false,
    fields: &[
        f(2, "defaultMode", Int32),
        f(0, "defaultUser", Int64),
        f(1, "sources", List(&Object(&CORE_V1_VOLUME_PROJECTION))).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_QUOBYTE_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.QuobyteVolumeSource",
    atomic: false,
    fields: &[
        f(5, "group", Text).zero_is_absent(),
        f(3, "readOnly", Bool).zero_is_absent(),
        f(1, "registry", Text).required(),
        f(6, "tenant", Text).zero_is_absent(),
        f(4, "user", Text).zero_is_absent(),
        f(2, "volume", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_RBD_PERSISTENT_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.RBDPersistentVolumeSource",
    atomic: false,
    fields: &[
        f(3, "fsType", Text).zero_is_absent(),
        f(2, "image", Text).required(),
        f(6, "keyring", Text).zero_is_absent(),
        f(1, "monitors", List(&Text)).required().atomic(),
        f(4, "pool", Text).zero_is_absent(),
        f(8, "readOnly", Bool).zero_is_absent(),
        f(7, "secretRef", Object(&CORE_V1_SECRET_REFERENCE)),
        f(5, "user", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_RBD_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.RBDVolumeSource",
    atomic: false,
    fields: &[
        f(3, "fsType", Text).zero_is_absent(),
        f(2, "image", Text).required(),
        f(6, "keyring", Text).zero_is_absent(),
        f(1, "monitors", List(&Text)).required().atomic(),
        f(4, "pool", Text).zero_is_absent(),
        f(8, "readOnly", Bool).zero_is_absent(),
        f(7, "secretRef", Object(&CORE_V1_LOCAL_OBJECT_REFERENCE)),
        f(5, "user", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_REPLICATION_CONTROLLER: Type = Type {
    name: "io.k8s.api.core.v1.ReplicationController",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&CORE_V1_REPLICATION_CONTROLLER_SPEC)).zero_is_absent(),
        f(3, "status", Object(&CORE_V1_REPLICATION_CONTROLLER_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_REPLICATION_CONTROLLER_CONDITION: Type = Type {
    name: "io.k8s.api.core.v1.ReplicationControllerCondition",
    atomic: false,
    fields: &[
        f(3, "lastTransitionTime", Time).zero_is_absent(),
        f(5, "message", Text).zero_is_absent(),
        f(4, "reason", Text).zero_is_absent(),
        f(2, "status", Text).required(),
        f(1, "type", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_REPLICATION_CONTROLLER_LIST: Type = Type {
    name: "io.k8s.api.core.v1.ReplicationControllerList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&CORE_V1_REPLICATION_CONTROLLER))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static CORE_V1_REPLICATION_CONTROLLER_SPEC: Type = Type {
    name: "io.k8s.api.core.v1.ReplicationControllerSpec",
    atomic: false,
    fields: &[
        f(4, "minReadySeconds", Int32).zero_is_absent(),
        f(1, "replicas", Int32),
        f(2, "selector", Map(&Text)).atomic(),
        f(3, "template", Object(&CORE_V1_POD_TEMPLATE_SPEC)),
    ],
    inlined: &[],
};
static CORE_V1_REPLICATION_CONTROLLER_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.ReplicationControllerStatus",
    atomic: false,
    fields: &[
        f(5, "availableReplicas", Int32).zero_is_absent(),
        f(6, "conditions", List(&Object(&CORE_V1_REPLICATION_CONTROLLER_CONDITION))).merges_by("type").keyed(&["type"]),
        f(2, "fullyLabeledReplicas", Int32).zero_is_absent(),
        f(3, "observedGeneration", Int64).zero_is_absent(),
        f(4, "readyReplicas", Int32).zero_is_absent(),
        f(1, "replicas", Int32).required(),
    ],
    inlined: &[],
};
static CORE_V1_RESOURCE_CLAIM: Type = Type {
    name: "io.k8s.api.core.v1.ResourceClaim",
    atomic: false,
    fields: &[
        f(1, "name", Text).required(),
        f(2, "request", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_RESOURCE_FIELD_SELECTOR: Type = Type {
    name: "io.k8s.api.core.v1.ResourceFieldSelector",
    atomic: true,
    fields: &[
        f(1, "containerName", Text).zero_is_absent(),
        f(3, "divisor", Quantity).zero_is_absent(),
        f(2, "resource", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_RESOURCE_HEALTH: Type = Type {
    name: "io.k8s.api.core.v1.ResourceHealth",
    atomic: false,
    fields: &[
        f(2, "health", Text).zero_is_absent(),
        f(6, "message", Text),
        f(1, "resourceID", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_RESOURCE_QUOTA: Type = Type {
    name: "io.k8s.api.core.v1.ResourceQuota",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&CORE_V1_RESOURCE_QUOTA_SPEC)).zero_is_absent(),
        f(3, "status", Object(&CORE_V1_RESOURCE_QUOTA_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_RESOURCE_QUOTA_LIST: Type = Type {
    name: "io.k8s.api.core.v1.ResourceQuotaList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&CORE_V1_RESOURCE_QUOTA))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static CORE_V1_RESOURCE_QUOTA_SPEC: Type = Type {
    name: "io.k8s.api.core.v1.ResourceQuotaSpec",
    atomic: false,
    fields: &[
        f(1, "hard", Map(&Quantity)).zero_is_absent(),
        f(3, "scopeSelector", Object(&CORE_V1_SCOPE_SELECTOR)),
        f(2, "scopes", List(&Text)).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_RESOURCE_QUOTA_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.ResourceQuotaStatus",
    atomic: false,
    fields: &[
        f(1, "hard", Map(&Quantity)).zero_is_absent(),
        f(2, "used", Map(&Quantity)).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_RESOURCE_REQUIREMENTS: Type = Type {
    name: "io.k8s.api.core.v1.ResourceRequirements",
    atomic: false,
    fields: &[
        f(3, "claims", List(&Object(&CORE_V1_RESOURCE_CLAIM))).keyed(&["name"]),
        f(1, "limits", Map(&Quantity)).zero_is_absent(),
        f(2, "requests", Map(&Quantity)).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_RESOURCE_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.ResourceStatus",
    atomic: false,
    fields: &[
        f(1, "name", Text).required(),
        f(2, "resources", List(&Object(&CORE_V1_RESOURCE_HEALTH))).keyed(&["resourceID"]),
    ],
    inlined: &[],
};
static CORE_V1_SE_LINUX_OPTIONS: Type = Type {
    name: "io.k8s.api.core.v1.SELinuxOptions",
    atomic: false,
    fields: &[
        f(4, "level", Text).zero_is_absent(),
        f(2, "role", Text).zero_is_absent(),
        f(3, "type", Text).zero_is_absent(),
        f(1, "user", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_SCALE_IO_PERSISTENT_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.ScaleIOPersistentVolumeSource",
    atomic: false,
    fields: &[
        f(9, "fsType", Text).zero_is_absent(),
        f(1, "gateway", Text).required(),
        f(5, "protectionDomain", Text).zero_is_absent(),
        f(10, "readOnly", Bool).zero_is_absent(),
        f(3, "secretRef", Object(&CORE_V1_SECRET_REFERENCE)).required(),
        f(4, "sslEnabled", Bool).zero_is_absent(),
        f(7, "storageMode", Text).zero_is_absent(),
        f(6, "storagePool", Text).zero_is_absent(),
        f(2, "system", Text).required(),
        f(8, "volumeName", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_SCALE_IO_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.ScaleIOVolumeSource",
    atomic: false,
    fields: &[
        f(9, "fsType", Text).zero_is_absent(),
        f(1, "gateway", Text).required(),
        f(5, "protectionDomain", Text).zero_is_absent(),
        f(10, "readOnly", Bool).zero_is_absent(),
        f(3, "secretRef", Object(&CORE_V1_LOCAL_OBJECT_REFERENCE)).required(),
        f(4, "sslEnabled", Bool).zero_is_absent(),
        f(7, "storageMode", Text).zero_is_absent(),
        f(6, "storagePool", Text).zero_is_absent(),
        f(2, "system", Text).required(),
        f(8, "volumeName", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_SCOPE_SELECTOR: Type = Type {
    name: "io.k8s.api.core.v1.ScopeSelector",
    atomic: true,
    fields: &[
        f(1, "matchExpressions", List(&Object(&CORE_V1_SCOPED_RESOURCE_SELECTOR_REQUIREMENT))).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_SCOPED_RESOURCE_SELECTOR_REQUIREMENT: Type = Type {
    name: "io.k8s.api.core.v1.ScopedResourceSelectorRequirement",
    atomic: false,
    fields: &[
        f(2, "operator", Text).required(),
        f(1, "scopeName", Text).required(),
        f(3, "values", List(&Text)).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_SECCOMP_PROFILE: Type = Type {
    name: "io.k8s.api.core.v1.SeccompProfile",
    atomic: false,
    fields: &[
        f(2, "localhostProfile", Text),
        f(1, "type", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_SECRET: Type = Type {
    name: "io.k8s.api.core.v1.Secret",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "data", Map(&Bytes)),
        f(5, "immutable", Bool),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(4, "stringData", Map(&Text)),
        f(3, "type", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_SECRET_ENV_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.SecretEnvSource",
    atomic: false,
    fields: &[
        f(0, "name", Text),
        f(2, "optional", Bool),
    ],
    inlined: &[Inlined { tag: 1, schema: &CORE_V1_LOCAL_OBJECT_REFERENCE }],
};
static CORE_V1_SECRET_KEY_SELECTOR: Type = Type {
    name: "io.k8s.api.core.v1.SecretKeySelector",
    atomic: true,
    fields: &[
        f(2, "key", Text).required(),
        f(0, "name", Text),
        f(3, "optional", Bool),
    ],
    inlined: &[Inlined { tag: 1, schema: &CORE_V1_LOCAL_OBJECT_REFERENCE }],
};
static CORE_V1_SECRET_LIST: Type = Type {
    name: "io.k8s.api.core.v1.SecretList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&CORE_V1_SECRET))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static CORE_V1_SECRET_PROJECTION: Type = Type {
    name: "io.k8s.api.core.v1.SecretProjection",
    atomic: false,
    fields: &[
        f(2, "items", List(&Object(&CORE_V1_KEY_TO_PATH))).atomic(),
        f(0, "name", Text),
        f(4, "optional", Bool),
    ],
    inlined: &[Inlined { tag: 1, schema: &CORE_V1_LOCAL_OBJECT_REFERENCE }],
};
static CORE_V1_SECRET_REFERENCE: Type = Type {
    name: "io.k8s.api.core.v1.SecretReference",
    atomic: true,
    fields: &[
        f(1, "name", Text).zero_is_absent(),
        f(2, "namespace", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_SECRET_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.SecretVolumeSource",
    atomic: false,
    fields: &[
        f(3, "defaultMode", Int32),
        f(0, "defaultUser", Int64),
        f(2, "items", List(&Object(&CORE_V1_KEY_TO_PATH))).atomic(),
        f(4, "optional", Bool),
        f(1, "secretName", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_SECURITY_CONTEXT: Type = Type {
    name: "io.k8s.api.core.v1.SecurityContext",
    atomic: false,
    fields: &[
        f(7, "allowPrivilegeEscalation", Bool),
        f(12, "appArmorProfile", Object(&CORE_V1_APP_ARMOR_PROFILE)),
        f(1, "capabilities", Object(&CORE_V1_CAPABILITIES)),
        f(2, "privileged", Bool),
        f(9, "procMount", Text),
        f(6, "readOnlyRootFilesystem", Bool),
        f(8, "runAsGroup", Int64),
        f(5, "runAsNonRoot", Bool),
        f(4, "runAsUser", Int64),
        f(3, "seLinuxOptions", Object(&CORE_V1_SE_LINUX_OPTIONS)),
        f(11, "seccompProfile", Object(&CORE_V1_SECCOMP_PROFILE)),
        f(10, "windowsOptions", Object(&CORE_V1_WINDOWS_SECURITY_CONTEXT_OPTIONS)),
    ],
    inlined: &[],
};
static CORE_V1_SERVICE: Type = Type {
    name: "io.k8s.api.core.v1.Service",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&CORE_V1_SERVICE_SPEC)).zero_is_absent(),
        f(3, "status", Object(&CORE_V1_SERVICE_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_SERVICE_ACCOUNT: Type = Type {
    name: "io.k8s.api.core.v1.ServiceAccount",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(4, "automountServiceAccountToken", Bool),
        f(3, "imagePullSecrets", List(&Object(&CORE_V1_LOCAL_OBJECT_REFERENCE))).atomic(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "secrets", List(&Object(&CORE_V1_OBJECT_REFERENCE))).merges_by("name").keyed(&["name"]),
    ],
    inlined: &[],
};
static CORE_V1_SERVICE_ACCOUNT_LIST: Type = Type {
    name: "io.k8s.api.core.v1.ServiceAccountList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&CORE_V1_SERVICE_ACCOUNT))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static CORE_V1_SERVICE_ACCOUNT_TOKEN_PROJECTION: Type = Type {
    name: "io.k8s.api.core.v1.ServiceAccountTokenProjection",
    atomic: false,
    fields: &[
        f(1, "audience", Text).zero_is_absent(),
        f(2, "expirationSeconds", Int64),
        f(3, "path", Text).required(),
        f(0, "user", Int64),
    ],
    inlined: &[],
};
static CORE_V1_SERVICE_LIST: Type = Type {
    name: "io.k8s.api.core.v1.ServiceList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&CORE_V1_SERVICE))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static CORE_V1_SERVICE_PORT: Type = Type {
    name: "io.k8s.api.core.v1.ServicePort",
    atomic: false,
    fields: &[
        f(6, "appProtocol", Text),
        f(1, "name", Text).zero_is_absent(),
        f(5, "nodePort", Int32).zero_is_absent(),
        f(3, "port", Int32).required(),
        f(2, "protocol", Text).zero_is_absent(),
        f(4, "targetPort", IntOrString).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_SERVICE_SPEC: Type = Type {
    name: "io.k8s.api.core.v1.ServiceSpec",
    atomic: false,
    fields: &[
        f(20, "allocateLoadBalancerNodePorts", Bool),
        f(3, "clusterIP", Text).zero_is_absent(),
        f(18, "clusterIPs", List(&Text)).atomic(),
        f(5, "externalIPs", List(&Text)).atomic(),
        f(10, "externalName", Text).zero_is_absent(),
        f(11, "externalTrafficPolicy", Text).zero_is_absent(),
        f(12, "healthCheckNodePort", Int32).zero_is_absent(),
        f(22, "internalTrafficPolicy", Text),
        f(19, "ipFamilies", List(&Text)).atomic(),
        f(17, "ipFamilyPolicy", Text),
        f(21, "loadBalancerClass", Text),
        f(8, "loadBalancerIP", Text).zero_is_absent(),
        f(9, "loadBalancerSourceRanges", List(&Text)).atomic(),
        f(1, "ports", List(&Object(&CORE_V1_SERVICE_PORT))).merges_by("port").keyed(&["port", "protocol"]),
        f(13, "publishNotReadyAddresses", Bool).zero_is_absent(),
        f(2, "selector", Map(&Text)).atomic(),
        f(7, "sessionAffinity", Text).zero_is_absent(),
        f(14, "sessionAffinityConfig", Object(&CORE_V1_SESSION_AFFINITY_CONFIG)),
        f(23, "trafficDistribution", Text),
        f(4, "type", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_SERVICE_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.ServiceStatus",
    atomic: false,
    fields: &[
        f(2, "conditions", List(&Object(&META_V1_CONDITION))).merges_by("type").keyed(&["type"]),
        f(1, "loadBalancer", Object(&CORE_V1_LOAD_BALANCER_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_SESSION_AFFINITY_CONFIG: Type = Type {
    name: "io.k8s.api.core.v1.SessionAffinityConfig",
    atomic: false,
    fields: &[
        f(1, "clientIP", Object(&CORE_V1_CLIENT_IP_CONFIG)),
    ],
    inlined: &[],
};
static CORE_V1_SLEEP_ACTION: Type = Type {
    name: "io.k8s.api.core.v1.SleepAction",
    atomic: false,
    fields: &[
        f(1, "seconds", Int64).required(),
    ],
    inlined: &[],
};
static CORE_V1_STORAGE_OS_PERSISTENT_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.StorageOSPersistentVolumeSource",
    atomic: false,
    fields: &[
        f(3, "fsType", Text).zero_is_absent(),
        f(4, "readOnly", Bool).zero_is_absent(),
        f(5, "secretRef", Object(&CORE_V1_OBJECT_REFERENCE)),
        f(1, "volumeName", Text).zero_is_absent(),
        f(2, "volumeNamespace", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_STORAGE_OS_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.StorageOSVolumeSource",
    atomic: false,
    fields: &[
        f(3, "fsType", Text).zero_is_absent(),
        f(4, "readOnly", Bool).zero_is_absent(),
        f(5, "secretRef", Object(&CORE_V1_LOCAL_OBJECT_REFERENCE)),
        f(1, "volumeName", Text).zero_is_absent(),
        f(2, "volumeNamespace", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_SYSCTL: Type = Type {
    name: "io.k8s.api.core.v1.Sysctl",
    atomic: false,
    fields: &[
        f(1, "name", Text).required(),
        f(2, "value", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_TCP_SOCKET_ACTION: Type = Type {
    name: "io.k8s.api.core.v1.TCPSocketAction",
    atomic: false,
    fields: &[
        f(2, "host", Text).zero_is_absent(),
        f(1, "port", IntOrString).required(),
    ],
    inlined: &[],
};
static CORE_V1_TAINT: Type = Type {
    name: "io.k8s.api.core.v1.Taint",
    atomic: false,
    fields: &[
        f(3, "effect", Text).required(),
        f(1, "key", Text).required(),
        f(4, "timeAdded", Time),
        f(2, "value", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_TOLERATION: Type = Type {
    name: "io.k8s.api.core.v1.Toleration",
    atomic: false,
    fields: &[
        f(4, "effect", Text).zero_is_absent(),
        f(1, "key", Text).zero_is_absent(),
        f(2, "operator", Text).zero_is_absent(),
        f(5, "tolerationSeconds", Int64),
        f(3, "value", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_TOPOLOGY_SELECTOR_LABEL_REQUIREMENT: Type = Type {
    name: "io.k8s.api.core.v1.TopologySelectorLabelRequirement",
    atomic: false,
    fields: &[
        f(1, "key", Text).required(),
        f(2, "values", List(&Text)).required().atomic(),
    ],
    inlined: &[],
};
static CORE_V1_TOPOLOGY_SELECTOR_TERM: Type = Type {
    name: "io.k8s.api.core.v1.TopologySelectorTerm",
    atomic: true,
    fields: &[
        f(1, "matchLabelExpressions", List(&Object(&CORE_V1_TOPOLOGY_SELECTOR_LABEL_REQUIREMENT))).atomic(),
    ],
    inlined: &[],
};
static CORE_V1_TOPOLOGY_SPREAD_CONSTRAINT: Type = Type {
    name: "io.k8s.api.core.v1.TopologySpreadConstraint",
    atomic: false,
    fields: &[
        f(4, "labelSelector", Object(&META_V1_LABEL_SELECTOR)),
        f(8, "matchLabelKeys", List(&Text)).atomic(),
        f(1, "maxSkew", Int32).required(),
        f(5, "minDomains", Int32),
        f(6, "nodeAffinityPolicy", Text),
        f(7, "nodeTaintsPolicy", Text),
        f(2, "topologyKey", Text).required(),
        f(3, "whenUnsatisfiable", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_TYPED_LOCAL_OBJECT_REFERENCE: Type = Type {
    name: "io.k8s.api.core.v1.TypedLocalObjectReference",
    atomic: true,
    fields: &[
        f(1, "apiGroup", Text),
        f(2, "kind", Text).required(),
        f(3, "name", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_TYPED_OBJECT_REFERENCE: Type = Type {
    name: "io.k8s.api.core.v1.TypedObjectReference",
    atomic: false,
    fields: &[
        f(1, "apiGroup", Text),
        f(2, "kind", Text).required(),
        f(3, "name", Text).required(),
        f(4, "namespace", Text),
    ],
    inlined: &[],
};
static CORE_V1_VOLUME: Type = Type {
    name: "io.k8s.api.core.v1.Volume",
    atomic: false,
    fields: &[
        f(0, "awsElasticBlockStore", Object(&CORE_V1_AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE)),
        f(0, "azureDisk", Object(&CORE_V1_AZURE_DISK_VOLUME_SOURCE)),
        f(0, "azureFile", Object(&CORE_V1_AZURE_FILE_VOLUME_SOURCE)),
        f(0, "cephfs", Object(&CORE_V1_CEPH_FS_VOLUME_SOURCE)),
        f(0, "cinder", Object(&CORE_V1_CINDER_VOLUME_SOURCE)),
        f(0, "configMap", Object(&CORE_V1_CONFIG_MAP_VOLUME_SOURCE)),
        f(0, "csi", Object(&CORE_V1_CSI_VOLUME_SOURCE)),
        f(0, "downwardAPI", Object(&CORE_V1_DOWNWARD_API_VOLUME_SOURCE)),
        f(0, "emptyDir", Object(&CORE_V1_EMPTY_DIR_VOLUME_SOURCE)),
        f(0, "ephemeral", Object(&CORE_V1_EPHEMERAL_VOLUME_SOURCE)),
        f(0, "fc", Object(&CORE_V1_FC_VOLUME_SOURCE)),
        f(0, "flexVolume", Object(&CORE_V1_FLEX_VOLUME_SOURCE)),
        f(0, "flocker", Object(&CORE_V1_FLOCKER_VOLUME_SOURCE)),
        f(0, "gcePersistentDisk", Object(&CORE_V1_GCE_PERSISTENT_DISK_VOLUME_SOURCE)),
        f(0, "gitRepo", Object(&CORE_V1_GIT_REPO_VOLUME_SOURCE)),
        f(0, "glusterfs", Object(&CORE_V1_GLUSTERFS_VOLUME_SOURCE)),
        f(0, "hostPath", Object(&CORE_V1_HOST_PATH_VOLUME_SOURCE)),
        f(0, "image", Object(&CORE_V1_IMAGE_VOLUME_SOURCE)),
        f(0, "iscsi", Object(&CORE_V1_ISCSI_VOLUME_SOURCE)),
        f(1, "name", Text).required(),
        f(0, "nfs", Object(&CORE_V1_NFS_VOLUME_SOURCE)),
        f(0, "persistentVolumeClaim", Object(&CORE_V1_PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE)),
        f(0, "photonPersistentDisk", Object(&CORE_V1_PHOTON_PERSISTENT_DISK_VOLUME_SOURCE)),
        f(0, "portworxVolume", Object(&CORE_V1_PORTWORX_VOLUME_SOURCE)),
        f(0, "projected", Object(&CORE_V1_PROJECTED_VOLUME_SOURCE)),
        f(0, "quobyte", Object(&CORE_V1_QUOBYTE_VOLUME_SOURCE)),
        f(0, "rbd", Object(&CORE_V1_RBD_VOLUME_SOURCE)),
        f(0, "scaleIO", Object(&CORE_V1_SCALE_IO_VOLUME_SOURCE)),
        f(0, "secret", Object(&CORE_V1_SECRET_VOLUME_SOURCE)),
        f(0, "storageos", Object(&CORE_V1_STORAGE_OS_VOLUME_SOURCE)),
        f(0, "vsphereVolume", Object(&CORE_V1_VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE)),
    ],
    inlined: &[Inlined { tag: 2, schema: &CORE_V1_VOLUME_SOURCE }],
};
static CORE_V1_VOLUME_DEVICE: Type = Type {
    name: "io.k8s.api.core.v1.VolumeDevice",
    atomic: false,
    fields: &[
        f(2, "devicePath", Text).required(),
        f(1, "name", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_VOLUME_HEALTH_CONDITION: Type = Type {
    name: "io.k8s.api.core.v1.VolumeHealthCondition",
    atomic: false,
    fields: &[
        f(0, "message", Text),
        f(0, "reason", Text).required(),
        f(0, "status", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_VOLUME_HEALTH_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.VolumeHealthStatus",
    atomic: false,
    fields: &[
        f(0, "healthConditions", List(&Object(&CORE_V1_VOLUME_HEALTH_CONDITION))).merges_by("status").keyed(&["status", "reason"]),
        f(0, "lastTransitionTime", Time),
    ],
    inlined: &[],
};
static CORE_V1_VOLUME_MOUNT: Type = Type {
    name: "io.k8s.api.core.v1.VolumeMount",
    atomic: false,
    fields: &[
        f(0, "bindMountOptions", List(&Text)).set(),
        f(3, "mountPath", Text).required(),
        f(5, "mountPropagation", Text),
        f(1, "name", Text).required(),
        f(2, "readOnly", Bool).zero_is_absent(),
        f(7, "recursiveReadOnly", Text),
        f(4, "subPath", Text).zero_is_absent(),
        f(6, "subPathExpr", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_VOLUME_MOUNT_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.VolumeMountStatus",
    atomic: false,
    fields: &[
        f(2, "mountPath", Text).required(),
        f(1, "name", Text).required(),
        f(3, "readOnly", Bool).zero_is_absent(),
        f(4, "recursiveReadOnly", Text),
        f(5, "volumeStatus", Object(&CORE_V1_VOLUME_STATUS)),
    ],
    inlined: &[],
};
static CORE_V1_VOLUME_NODE_AFFINITY: Type = Type {
    name: "io.k8s.api.core.v1.VolumeNodeAffinity",
    atomic: false,
    fields: &[
        f(1, "required", Object(&CORE_V1_NODE_SELECTOR)),
    ],
    inlined: &[],
};
static CORE_V1_VOLUME_PROJECTION: Type = Type {
    name: "io.k8s.api.core.v1.VolumeProjection",
    atomic: false,
    fields: &[
        f(5, "clusterTrustBundle", Object(&CORE_V1_CLUSTER_TRUST_BUNDLE_PROJECTION)),
        f(3, "configMap", Object(&CORE_V1_CONFIG_MAP_PROJECTION)),
        f(2, "downwardAPI", Object(&CORE_V1_DOWNWARD_API_PROJECTION)),
        f(6, "podCertificate", Object(&CORE_V1_POD_CERTIFICATE_PROJECTION)),
        f(1, "secret", Object(&CORE_V1_SECRET_PROJECTION)),
        f(4, "serviceAccountToken", Object(&CORE_V1_SERVICE_ACCOUNT_TOKEN_PROJECTION)),
    ],
    inlined: &[],
};
static CORE_V1_VOLUME_RESOURCE_REQUIREMENTS: Type = Type {
    name: "io.k8s.api.core.v1.VolumeResourceRequirements",
    atomic: false,
    fields: &[
        f(1, "limits", Map(&Quantity)).zero_is_absent(),
        f(2, "requests", Map(&Quantity)).zero_is_absent(),
    ],
    inlined: &[],
};
static CORE_V1_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.VolumeSource",
    atomic: false,
    fields: &[
        f(4, "awsElasticBlockStore", Object(&CORE_V1_AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE)),
        f(22, "azureDisk", Object(&CORE_V1_AZURE_DISK_VOLUME_SOURCE)),
        f(18, "azureFile", Object(&CORE_V1_AZURE_FILE_VOLUME_SOURCE)),
        f(14, "cephfs", Object(&CORE_V1_CEPH_FS_VOLUME_SOURCE)),
        f(13, "cinder", Object(&CORE_V1_CINDER_VOLUME_SOURCE)),
        f(19, "configMap", Object(&CORE_V1_CONFIG_MAP_VOLUME_SOURCE)),
        f(28, "csi", Object(&CORE_V1_CSI_VOLUME_SOURCE)),
        f(16, "downwardAPI", Object(&CORE_V1_DOWNWARD_API_VOLUME_SOURCE)),
        f(2, "emptyDir", Object(&CORE_V1_EMPTY_DIR_VOLUME_SOURCE)),
        f(29, "ephemeral", Object(&CORE_V1_EPHEMERAL_VOLUME_SOURCE)),
        f(17, "fc", Object(&CORE_V1_FC_VOLUME_SOURCE)),
        f(12, "flexVolume", Object(&CORE_V1_FLEX_VOLUME_SOURCE)),
        f(15, "flocker", Object(&CORE_V1_FLOCKER_VOLUME_SOURCE)),
        f(3, "gcePersistentDisk", Object(&CORE_V1_GCE_PERSISTENT_DISK_VOLUME_SOURCE)),
        f(5, "gitRepo", Object(&CORE_V1_GIT_REPO_VOLUME_SOURCE)),
        f(9, "glusterfs", Object(&CORE_V1_GLUSTERFS_VOLUME_SOURCE)),
        f(1, "hostPath", Object(&CORE_V1_HOST_PATH_VOLUME_SOURCE)),
        f(30, "image", Object(&CORE_V1_IMAGE_VOLUME_SOURCE)),
        f(8, "iscsi", Object(&CORE_V1_ISCSI_VOLUME_SOURCE)),
        f(7, "nfs", Object(&CORE_V1_NFS_VOLUME_SOURCE)),
        f(10, "persistentVolumeClaim", Object(&CORE_V1_PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE)),
        f(23, "photonPersistentDisk", Object(&CORE_V1_PHOTON_PERSISTENT_DISK_VOLUME_SOURCE)),
        f(24, "portworxVolume", Object(&CORE_V1_PORTWORX_VOLUME_SOURCE)),
        f(26, "projected", Object(&CORE_V1_PROJECTED_VOLUME_SOURCE)),
        f(21, "quobyte", Object(&CORE_V1_QUOBYTE_VOLUME_SOURCE)),
        f(11, "rbd", Object(&CORE_V1_RBD_VOLUME_SOURCE)),
        f(25, "scaleIO", Object(&CORE_V1_SCALE_IO_VOLUME_SOURCE)),
        f(6, "secret", Object(&CORE_V1_SECRET_VOLUME_SOURCE)),
        f(27, "storageos", Object(&CORE_V1_STORAGE_OS_VOLUME_SOURCE)),
        f(20, "vsphereVolume", Object(&CORE_V1_VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE)),
    ],
    inlined: &[],
};
static CORE_V1_VOLUME_STATUS: Type = Type {
    name: "io.k8s.api.core.v1.VolumeStatus",
    atomic: false,
    fields: &[
        f(1, "image", Object(&CORE_V1_IMAGE_VOLUME_STATUS)),
    ],
    inlined: &[],
};
static CORE_V1_VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE: Type = Type {
    name: "io.k8s.api.core.v1.VsphereVirtualDiskVolumeSource",
    atomic: false,
    fields: &[
        f(2, "fsType", Text).zero_is_absent(),
        f(4, "storagePolicyID", Text).zero_is_absent(),
        f(3, "storagePolicyName", Text).zero_is_absent(),
        f(1, "volumePath", Text).required(),
    ],
    inlined: &[],
};
static CORE_V1_WEIGHTED_POD_AFFINITY_TERM: Type = Type {
    name: "io.k8s.api.core.v1.WeightedPodAffinityTerm",
    atomic: false,
    fields: &[
        f(2, "podAffinityTerm", Object(&CORE_V1_POD_AFFINITY_TERM)).required(),
        f(1, "weight", Int32).required(),
    ],
    inlined: &[],
};
static CORE_V1_WINDOWS_SECURITY_CONTEXT_OPTIONS: Type = Type {
    name: "io.k8s.api.core.v1.WindowsSecurityContextOptions",
    atomic: false,
    fields: &[
        f(2, "gmsaCredentialSpec", Text),
        f(1, "gmsaCredentialSpecName", Text),
        f(4, "hostProcess", Bool),
        f(3, "runAsUserName", Text),
    ],
    inlined: &[],
};
static DISCOVERY_V1_ENDPOINT: Type = Type {
    name: "io.k8s.api.discovery.v1.Endpoint",
    atomic: false,
    fields: &[
        f(1, "addresses", List(&Text)).required().set(),
        f(2, "conditions", Object(&DISCOVERY_V1_ENDPOINT_CONDITIONS)).zero_is_absent(),
        f(5, "deprecatedTopology", Map(&Text)),
        f(8, "hints", Object(&DISCOVERY_V1_ENDPOINT_HINTS)),
        f(3, "hostname", Text),
        f(6, "nodeName", Text),
        f(4, "targetRef", Object(&CORE_V1_OBJECT_REFERENCE)),
        f(7, "zone", Text),
    ],
    inlined: &[],
};
static DISCOVERY_V1_ENDPOINT_CONDITIONS: Type = Type {
    name: "io.k8s.api.discovery.v1.EndpointConditions",
    atomic: false,
    fields: &[
        f(1, "ready", Bool),
        f(2, "serving", Bool),
        f(3, "terminating", Bool),
    ],
    inlined: &[],
};
static DISCOVERY_V1_ENDPOINT_HINTS: Type = Type {
    name: "io.k8s.api.discovery.v1.EndpointHints",
    atomic: false,
    fields: &[
        f(2, "forNodes", List(&Object(&DISCOVERY_V1_FOR_NODE))).atomic(),
        f(1, "forZones", List(&Object(&DISCOVERY_V1_FOR_ZONE))).atomic(),
    ],
    inlined: &[],
};
static DISCOVERY_V1_ENDPOINT_PORT: Type = Type {
    name: "io.k8s.api.discovery.v1.EndpointPort",
    atomic: true,
    fields: &[
        f(4, "appProtocol", Text),
        f(1, "name", Text),
        f(3, "port", Int32),
        f(2, "protocol", Text),
    ],
    inlined: &[],
};
static DISCOVERY_V1_ENDPOINT_SLICE: Type = Type {
    name: "io.k8s.api.discovery.v1.EndpointSlice",
    atomic: false,
    fields: &[
        f(4, "addressType", Text).required(),
        f(0, "apiVersion", Text),
        f(2, "endpoints", List(&Object(&DISCOVERY_V1_ENDPOINT))).atomic(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(3, "ports", List(&Object(&DISCOVERY_V1_ENDPOINT_PORT))).atomic(),
    ],
    inlined: &[],
};
static DISCOVERY_V1_ENDPOINT_SLICE_LIST: Type = Type {
    name: "io.k8s.api.discovery.v1.EndpointSliceList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&DISCOVERY_V1_ENDPOINT_SLICE))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static DISCOVERY_V1_FOR_NODE: Type = Type {
    name: "io.k8s.api.discovery.v1.ForNode",
    atomic: false,
    fields: &[
        f(1, "name", Text).required(),
    ],
    inlined: &[],
};
static DISCOVERY_V1_FOR_ZONE: Type = Type {
    name: "io.k8s.api.discovery.v1.ForZone",
    atomic: false,
    fields: &[
        f(1, "name", Text).required(),
    ],
    inlined: &[],
};
static EVENTS_V1_EVENT: Type = Type {
    name: "io.k8s.api.events.v1.Event",
    atomic: false,
    fields: &[
        f(6, "action", Text).zero_is_absent(),
        f(0, "apiVersion", Text),
        f(15, "deprecatedCount", Int32).zero_is_absent(),
        f(13, "deprecatedFirstTimestamp", Time).zero_is_absent(),
        f(14, "deprecatedLastTimestamp", Time).zero_is_absent(),
        f(12, "deprecatedSource", Object(&CORE_V1_EVENT_SOURCE)).zero_is_absent(),
        f(2, "eventTime", MicroTime).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(10, "note", Text).zero_is_absent(),
        f(7, "reason", Text).zero_is_absent(),
        f(8, "regarding", Object(&CORE_V1_OBJECT_REFERENCE)).zero_is_absent(),
        f(9, "related", Object(&CORE_V1_OBJECT_REFERENCE)),
        f(4, "reportingController", Text).zero_is_absent(),
        f(5, "reportingInstance", Text).zero_is_absent(),
        f(3, "series", Object(&EVENTS_V1_EVENT_SERIES)),
        f(11, "type", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static EVENTS_V1_EVENT_LIST: Type = Type {
    name: "io.k8s.api.events.v1.EventList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&EVENTS_V1_EVENT))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static EVENTS_V1_EVENT_SERIES: Type = Type {
    name: "io.k8s.api.events.v1.EventSeries",
    atomic: false,
    fields: &[
        f(1, "count", Int32).required(),
        f(2, "lastObservedTime", MicroTime).required(),
    ],
    inlined: &[],
};
static NETWORKING_V1_HTTP_INGRESS_PATH: Type = Type {
    name: "io.k8s.api.networking.v1.HTTPIngressPath",
    atomic: false,
    fields: &[
        f(2, "backend", Object(&NETWORKING_V1_INGRESS_BACKEND)).required(),
        f(1, "path", Text).zero_is_absent(),
        f(3, "pathType", Text).required(),
    ],
    inlined: &[],
};
static NETWORKING_V1_HTTP_INGRESS_RULE_VALUE: Type = Type {
    name: "io.k8s.api.networking.v1.HTTPIngressRuleValue",
    atomic: false,
    fields: &[
        f(1, "paths", List(&Object(&NETWORKING_V1_HTTP_INGRESS_PATH))).required().atomic(),
    ],
    inlined: &[],
};
static NETWORKING_V1_IP_ADDRESS: Type = Type {
    name: "io.k8s.api.networking.v1.IPAddress",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&NETWORKING_V1_IP_ADDRESS_SPEC)).required().zero_is_absent(),
    ],
    inlined: &[],
};
static NETWORKING_V1_IP_ADDRESS_LIST: Type = Type {
    name: "io.k8s.api.networking.v1.IPAddressList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&NETWORKING_V1_IP_ADDRESS))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static NETWORKING_V1_IP_ADDRESS_SPEC: Type = Type {
    name: "io.k8s.api.networking.v1.IPAddressSpec",
    atomic: false,
    fields: &[
        f(1, "parentRef", Object(&NETWORKING_V1_PARENT_REFERENCE)).required(),
    ],
    inlined: &[],
};
static NETWORKING_V1_IP_BLOCK: Type = Type {
    name: "io.k8s.api.networking.v1.IPBlock",
    atomic: false,
    fields: &[
        f(1, "cidr", Text).required(),
        f(2, "except", List(&Text)).atomic(),
    ],
    inlined: &[],
};
static NETWORKING_V1_INGRESS: Type = Type {
    name: "io.k8s.api.networking.v1.Ingress",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&NETWORKING_V1_INGRESS_SPEC)).zero_is_absent(),
        f(3, "status", Object(&NETWORKING_V1_INGRESS_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static NETWORKING_V1_INGRESS_BACKEND: Type = Type {
    name: "io.k8s.api.networking.v1.IngressBackend",
    atomic: false,
    fields: &[
        f(3, "resource", Object(&CORE_V1_TYPED_LOCAL_OBJECT_REFERENCE)),
        f(4, "service", Object(&NETWORKING_V1_INGRESS_SERVICE_BACKEND)),
    ],
    inlined: &[],
};
static NETWORKING_V1_INGRESS_CLASS: Type = Type {
    name: "io.k8s.api.networking.v1.IngressClass",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&NETWORKING_V1_INGRESS_CLASS_SPEC)).zero_is_absent(),
    ],
    inlined: &[],
};
static NETWORKING_V1_INGRESS_CLASS_LIST: Type = Type {
    name: "io.k8s.api.networking.v1.IngressClassList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&NETWORKING_V1_INGRESS_CLASS))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static NETWORKING_V1_INGRESS_CLASS_PARAMETERS_REFERENCE: Type = Type {
    name: "io.k8s.api.networking.v1.IngressClassParametersReference",
    atomic: false,
    fields: &[
        f(1, "apiGroup", Text),
        f(2, "kind", Text).required(),
        f(3, "name", Text).required(),
        f(5, "namespace", Text),
        f(4, "scope", Text),
    ],
    inlined: &[],
};
static NETWORKING_V1_INGRESS_CLASS_SPEC: Type = Type {
    name: "io.k8s.api.networking.v1.IngressClassSpec",
    atomic: false,
    fields: &[
        f(1, "controller", Text).zero_is_absent(),
        f(2, "parameters", Object(&NETWORKING_V1_INGRESS_CLASS_PARAMETERS_REFERENCE)),
    ],
    inlined: &[],
};
static NETWORKING_V1_INGRESS_LIST: Type = Type {
    name: "io.k8s.api.networking.v1.IngressList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&NETWORKING_V1_INGRESS))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static NETWORKING_V1_INGRESS_LOAD_BALANCER_INGRESS: Type = Type {
    name: "io.k8s.api.networking.v1.IngressLoadBalancerIngress",
    atomic: false,
    fields: &[
        f(2, "hostname", Text).zero_is_absent(),
        f(1, "ip", Text).zero_is_absent(),
        f(4, "ports", List(&Object(&NETWORKING_V1_INGRESS_PORT_STATUS))).atomic(),
    ],
    inlined: &[],
};
static NETWORKING_V1_INGRESS_LOAD_BALANCER_STATUS: Type = Type {
    name: "io.k8s.api.networking.v1.IngressLoadBalancerStatus",
    atomic: false,
    fields: &[
        f(1, "ingress", List(&Object(&NETWORKING_V1_INGRESS_LOAD_BALANCER_INGRESS))).atomic(),
    ],
    inlined: &[],
};
static NETWORKING_V1_INGRESS_PORT_STATUS: Type = Type {
    name: "io.k8s.api.networking.v1.IngressPortStatus",
    atomic: false,
    fields: &[
        f(3, "error", Text),
        f(1, "port", Int32).required(),
        f(2, "protocol", Text).required(),
    ],
    inlined: &[],
};
static NETWORKING_V1_INGRESS_RULE: Type = Type {
    name: "io.k8s.api.networking.v1.IngressRule",
    atomic: false,
    fields: &[
        f(1, "host", Text).zero_is_absent(),
        f(0, "http", Object(&NETWORKING_V1_HTTP_INGRESS_RULE_VALUE)),
    ],
    inlined: &[Inlined { tag: 2, schema: &NETWORKING_V1_INGRESS_RULE_VALUE }],
};
static NETWORKING_V1_INGRESS_RULE_VALUE: Type = Type {
    name: "io.k8s.api.networking.v1.IngressRuleValue",
    atomic: false,
    fields: &[
        f(1, "http", Object(&NETWORKING_V1_HTTP_INGRESS_RULE_VALUE)),
    ],
    inlined: &[],
};
static NETWORKING_V1_INGRESS_SERVICE_BACKEND: Type = Type {
    name: "io.k8s.api.networking.v1.IngressServiceBackend",
    atomic: false,
    fields: &[
        f(1, "name", Text).required(),
        f(2, "port", Object(&NETWORKING_V1_SERVICE_BACKEND_PORT)).zero_is_absent(),
    ],
    inlined: &[],
};
static NETWORKING_V1_INGRESS_SPEC: Type = Type {
    name: "io.k8s.api.networking.v1.IngressSpec",
    atomic: false,
    fields: &[
        f(1, "defaultBackend", Object(&NETWORKING_V1_INGRESS_BACKEND)),
        f(4, "ingressClassName", Text),
        f(3, "rules", List(&Object(&NETWORKING_V1_INGRESS_RULE))).atomic(),
        f(2, "tls", List(&Object(&NETWORKING_V1_INGRESS_TLS))).atomic(),
    ],
    inlined: &[],
};
static NETWORKING_V1_INGRESS_STATUS: Type = Type {
    name: "io.k8s.api.networking.v1.IngressStatus",
    atomic: false,
    fields: &[
        f(1, "loadBalancer", Object(&NETWORKING_V1_INGRESS_LOAD_BALANCER_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static NETWORKING_V1_INGRESS_TLS: Type = Type {
    name: "io.k8s.api.networking.v1.IngressTLS",
    atomic: false,
    fields: &[
        f(1, "hosts", List(&Text)).atomic(),
        f(2, "secretName", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static NETWORKING_V1_NETWORK_POLICY: Type = Type {
    name: "io.k8s.api.networking.v1.NetworkPolicy",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&NETWORKING_V1_NETWORK_POLICY_SPEC)).zero_is_absent(),
    ],
    inlined: &[],
};
static NETWORKING_V1_NETWORK_POLICY_EGRESS_RULE: Type = Type {
    name: "io.k8s.api.networking.v1.NetworkPolicyEgressRule",
    atomic: false,
    fields: &[
        f(1, "ports", List(&Object(&NETWORKING_V1_NETWORK_POLICY_PORT))).atomic(),
        f(2, "to", List(&Object(&NETWORKING_V1_NETWORK_POLICY_PEER))).atomic(),
    ],
    inlined: &[],
};
static NETWORKING_V1_NETWORK_POLICY_INGRESS_RULE: Type = Type {
    name: "io.k8s.api.networking.v1.NetworkPolicyIngressRule",
    atomic: false,
    fields: &[
        f(2, "from", List(&Object(&NETWORKING_V1_NETWORK_POLICY_PEER))).atomic(),
        f(1, "ports", List(&Object(&NETWORKING_V1_NETWORK_POLICY_PORT))).atomic(),
    ],
    inlined: &[],
};
static NETWORKING_V1_NETWORK_POLICY_LIST: Type = Type {
    name: "io.k8s.api.networking.v1.NetworkPolicyList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&NETWORKING_V1_NETWORK_POLICY))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static NETWORKING_V1_NETWORK_POLICY_PEER: Type = Type {
    name: "io.k8s.api.networking.v1.NetworkPolicyPeer",
    atomic: false,
    fields: &[
        f(3, "ipBlock", Object(&NETWORKING_V1_IP_BLOCK)),
        f(2, "namespaceSelector", Object(&META_V1_LABEL_SELECTOR)),
        f(1, "podSelector", Object(&META_V1_LABEL_SELECTOR)),
    ],
    inlined: &[],
};
static NETWORKING_V1_NETWORK_POLICY_PORT: Type = Type {
    name: "io.k8s.api.networking.v1.NetworkPolicyPort",
    atomic: false,
    fields: &[
        f(3, "endPort", Int32),
        f(2, "port", IntOrString),
        f(1, "protocol", Text),
    ],
    inlined: &[],
};
static NETWORKING_V1_NETWORK_POLICY_SPEC: Type = Type {
    name: "io.k8s.api.networking.v1.NetworkPolicySpec",
    atomic: false,
    fields: &[
        f(3, "egress", List(&Object(&NETWORKING_V1_NETWORK_POLICY_EGRESS_RULE))).atomic(),
        f(2, "ingress", List(&Object(&NETWORKING_V1_NETWORK_POLICY_INGRESS_RULE))).atomic(),
        f(1, "podSelector", Object(&META_V1_LABEL_SELECTOR)),
        f(4, "policyTypes", List(&Text)).atomic(),
    ],
    inlined: &[],
};
static NETWORKING_V1_PARENT_REFERENCE: Type = Type {
    name: "io.k8s.api.networking.v1.ParentReference",
    atomic: false,
    fields: &[
        f(1, "group", Text).zero_is_absent(),
        f(4, "name", Text).required().zero_is_absent(),
        f(3, "namespace", Text).zero_is_absent(),
        f(2, "resource", Text).required().zero_is_absent(),
    ],
    inlined: &[],
};
static NETWORKING_V1_SERVICE_BACKEND_PORT: Type = Type {
    name: "io.k8s.api.networking.v1.ServiceBackendPort",
    atomic: true,
    fields: &[
        f(1, "name", Text).zero_is_absent(),
        f(2, "number", Int32).zero_is_absent(),
    ],
    inlined: &[],
};
static NETWORKING_V1_SERVICE_CIDR: Type = Type {
    name: "io.k8s.api.networking.v1.ServiceCIDR",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&NETWORKING_V1_SERVICE_CIDR_SPEC)).zero_is_absent(),
        f(3, "status", Object(&NETWORKING_V1_SERVICE_CIDR_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static NETWORKING_V1_SERVICE_CIDR_LIST: Type = Type {
    name: "io.k8s.api.networking.v1.ServiceCIDRList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&NETWORKING_V1_SERVICE_CIDR))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static NETWORKING_V1_SERVICE_CIDR_SPEC: Type = Type {
    name: "io.k8s.api.networking.v1.ServiceCIDRSpec",
    atomic: false,
    fields: &[
        f(1, "cidrs", List(&Text)).atomic(),
    ],
    inlined: &[],
};
static NETWORKING_V1_SERVICE_CIDR_STATUS: Type = Type {
    name: "io.k8s.api.networking.v1.ServiceCIDRStatus",
    atomic: false,
    fields: &[
        f(1, "conditions", List(&Object(&META_V1_CONDITION))).merges_by("type").keyed(&["type"]),
    ],
    inlined: &[],
};
static NODE_V1_OVERHEAD: Type = Type {
    name: "io.k8s.api.node.v1.Overhead",
    atomic: false,
    fields: &[
        f(1, "podFixed", Map(&Quantity)),
    ],
    inlined: &[],
};
static NODE_V1_RUNTIME_CLASS: Type = Type {
    name: "io.k8s.api.node.v1.RuntimeClass",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "handler", Text).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(3, "overhead", Object(&NODE_V1_OVERHEAD)),
        f(4, "scheduling", Object(&NODE_V1_SCHEDULING)),
    ],
    inlined: &[],
};
static NODE_V1_RUNTIME_CLASS_LIST: Type = Type {
    name: "io.k8s.api.node.v1.RuntimeClassList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&NODE_V1_RUNTIME_CLASS))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static NODE_V1_SCHEDULING: Type = Type {
    name: "io.k8s.api.node.v1.Scheduling",
    atomic: false,
    fields: &[
        f(1, "nodeSelector", Map(&Text)).atomic(),
        f(2, "tolerations", List(&Object(&CORE_V1_TOLERATION))).atomic(),
    ],
    inlined: &[],
};
static POLICY_V1_EVICTION: Type = Type {
    name: "io.k8s.api.policy.v1.Eviction",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "deleteOptions", Object(&META_V1_DELETE_OPTIONS)),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
    ],
    inlined: &[],
};
static POLICY_V1_POD_DISRUPTION_BUDGET: Type = Type {
    name: "io.k8s.api.policy.v1.PodDisruptionBudget",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&POLICY_V1_POD_DISRUPTION_BUDGET_SPEC)).zero_is_absent(),
        f(3, "status", Object(&POLICY_V1_POD_DISRUPTION_BUDGET_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static POLICY_V1_POD_DISRUPTION_BUDGET_LIST: Type = Type {
    name: "io.k8s.api.policy.v1.PodDisruptionBudgetList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&POLICY_V1_POD_DISRUPTION_BUDGET))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static POLICY_V1_POD_DISRUPTION_BUDGET_SPEC: Type = Type {
    name: "io.k8s.api.policy.v1.PodDisruptionBudgetSpec",
    atomic: false,
    fields: &[
        f(3, "maxUnavailable", IntOrString),
        f(1, "minAvailable", IntOrString),
        f(2, "selector", Object(&META_V1_LABEL_SELECTOR)).replaces(),
        f(4, "unhealthyPodEvictionPolicy", Text),
    ],
    inlined: &[],
};
static POLICY_V1_POD_DISRUPTION_BUDGET_STATUS: Type = Type {
    name: "io.k8s.api.policy.v1.PodDisruptionBudgetStatus",
    atomic: false,
    fields: &[
        f(7, "conditions", List(&Object(&META_V1_CONDITION))).merges_by("type").keyed(&["type"]),
        f(4, "currentHealthy", Int32),
        f(5, "desiredHealthy", Int32),
        f(2, "disruptedPods", Map(&Time)),
        f(3, "disruptionsAllowed", Int32),
        f(6, "expectedPods", Int32),
        f(1, "observedGeneration", Int64).zero_is_absent(),
    ],
    inlined: &[],
};
static RBAC_V1_AGGREGATION_RULE: Type = Type {
    name: "io.k8s.api.rbac.v1.AggregationRule",
    atomic: false,
    fields: &[
        f(1, "clusterRoleSelectors", List(&Object(&META_V1_LABEL_SELECTOR))).atomic(),
    ],
    inlined: &[],
};
static RBAC_V1_CLUSTER_ROLE: Type = Type {
    name: "io.k8s.api.rbac.v1.ClusterRole",
    atomic: false,
    fields: &[
        f(3, "aggregationRule", Object(&RBAC_V1_AGGREGATION_RULE)),
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "rules", List(&Object(&RBAC_V1_POLICY_RULE))).atomic(),
    ],
    inlined: &[],
};
static RBAC_V1_CLUSTER_ROLE_BINDING: Type = Type {
    name: "io.k8s.api.rbac.v1.ClusterRoleBinding",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(3, "roleRef", Object(&RBAC_V1_ROLE_REF)).required(),
        f(2, "subjects", List(&Object(&RBAC_V1_SUBJECT))).atomic(),
    ],
    inlined: &[],
};
static RBAC_V1_CLUSTER_ROLE_BINDING_LIST: Type = Type {
    name: "io.k8s.api.rbac.v1.ClusterRoleBindingList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&RBAC_V1_CLUSTER_ROLE_BINDING))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static RBAC_V1_CLUSTER_ROLE_LIST: Type = Type {
    name: "io.k8s.api.rbac.v1.ClusterRoleList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&RBAC_V1_CLUSTER_ROLE))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static RBAC_V1_POLICY_RULE: Type = Type {
    name: "io.k8s.api.rbac.v1.PolicyRule",
    atomic: false,
    fields: &[
        f(2, "apiGroups", List(&Text)).atomic(),
        f(5, "nonResourceURLs", List(&Text)).atomic(),
        f(4, "resourceNames", List(&Text)).atomic(),
        f(3, "resources", List(&Text)).atomic(),
        f(1, "verbs", List(&Text)).required().atomic(),
    ],
    inlined: &[],
};
static RBAC_V1_ROLE: Type = Type {
    name: "io.k8s.api.rbac.v1.Role",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "rules", List(&Object(&RBAC_V1_POLICY_RULE))).atomic(),
    ],
    inlined: &[],
};
static RBAC_V1_ROLE_BINDING: Type = Type {
    name: "io.k8s.api.rbac.v1.RoleBinding",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(3, "roleRef", Object(&RBAC_V1_ROLE_REF)).required(),
        f(2, "subjects", List(&Object(&RBAC_V1_SUBJECT))).atomic(),
    ],
    inlined: &[],
};
static RBAC_V1_ROLE_BINDING_LIST: Type = Type {
    name: "io.k8s.api.rbac.v1.RoleBindingList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&RBAC_V1_ROLE_BINDING))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static RBAC_V1_ROLE_LIST: Type = Type {
    name: "io.k8s.api.rbac.v1.RoleList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&RBAC_V1_ROLE))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static RBAC_V1_ROLE_REF: Type = Type {
    name: "io.k8s.api.rbac.v1.RoleRef",
    atomic: true,
    fields: &[
        f(1, "apiGroup", Text),
        f(2, "kind", Text).required(),
        f(3, "name", Text).required(),
    ],
    inlined: &[],
};
static RBAC_V1_SUBJECT: Type = Type {
    name: "io.k8s.api.rbac.v1.Subject",
    atomic: true,
    fields: &[
        f(2, "apiGroup", Text).zero_is_absent(),
        f(1, "kind", Text).required(),
        f(3, "name", Text).required(),
        f(4, "namespace", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static SCHEDULING_V1_PRIORITY_CLASS: Type = Type {
    name: "io.k8s.api.scheduling.v1.PriorityClass",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(4, "description", Text).zero_is_absent(),
        f(3, "globalDefault", Bool).zero_is_absent(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(5, "preemptionPolicy", Text),
        f(2, "value", Int32),
    ],
    inlined: &[],
};
static SCHEDULING_V1_PRIORITY_CLASS_LIST: Type = Type {
    name: "io.k8s.api.scheduling.v1.PriorityClassList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&SCHEDULING_V1_PRIORITY_CLASS))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static SCHEDULING_V1ALPHA3_TOPOLOGY_CONSTRAINT: Type = Type {
    name: "io.k8s.api.scheduling.v1alpha3.TopologyConstraint",
    atomic: false,
    fields: &[
        f(0, "key", Text).required(),
    ],
    inlined: &[],
};
static SCHEDULING_V1ALPHA3_WORKLOAD_POD_GROUP_ALL_DISRUPTION_MODE: Type = Type {
    name: "io.k8s.api.scheduling.v1alpha3.WorkloadPodGroupAllDisruptionMode",
    atomic: false,
    fields: &[
    ],
    inlined: &[],
};
static SCHEDULING_V1ALPHA3_WORKLOAD_POD_GROUP_BASIC_SCHEDULING_POLICY: Type = Type {
    name: "io.k8s.api.scheduling.v1alpha3.WorkloadPodGroupBasicSchedulingPolicy",
    atomic: false,
    fields: &[
    ],
    inlined: &[],
};
static SCHEDULING_V1ALPHA3_WORKLOAD_POD_GROUP_DISRUPTION_MODE: Type = Type {
    name: "io.k8s.api.scheduling.v1alpha3.WorkloadPodGroupDisruptionMode",
    atomic: false,
    fields: &[
        f(0, "all", Object(&SCHEDULING_V1ALPHA3_WORKLOAD_POD_GROUP_ALL_DISRUPTION_MODE)),
        f(0, "single", Object(&SCHEDULING_V1ALPHA3_WORKLOAD_POD_GROUP_SINGLE_DISRUPTION_MODE)),
    ],
    inlined: &[],
};
static SCHEDULING_V1ALPHA3_WORKLOAD_POD_GROUP_GANG_SCHEDULING_POLICY: Type = Type {
    name: "io.k8s.api.scheduling.v1alpha3.WorkloadPodGroupGangSchedulingPolicy",
    atomic: false,
    fields: &[
        f(0, "minCount", Int32),
    ],
    inlined: &[],
};
static SCHEDULING_V1ALPHA3_WORKLOAD_POD_GROUP_RESOURCE_CLAIM: Type = Type {
    name: "io.k8s.api.scheduling.v1alpha3.WorkloadPodGroupResourceClaim",
    atomic: false,
    fields: &[
        f(0, "name", Text).required(),
        f(0, "resourceClaimName", Text),
        f(0, "resourceClaimTemplateName", Text),
    ],
    inlined: &[],
};
static SCHEDULING_V1ALPHA3_WORKLOAD_POD_GROUP_SCHEDULING_CONSTRAINTS: Type = Type {
    name: "io.k8s.api.scheduling.v1alpha3.WorkloadPodGroupSchedulingConstraints",
    atomic: false,
    fields: &[
        f(0, "topology", List(&Object(&SCHEDULING_V1ALPHA3_TOPOLOGY_CONSTRAINT))).atomic(),
    ],
    inlined: &[],
};
static SCHEDULING_V1ALPHA3_WORKLOAD_POD_GROUP_SCHEDULING_POLICY: Type = Type {
    name: "io.k8s.api.scheduling.v1alpha3.WorkloadPodGroupSchedulingPolicy",
    atomic: false,
    fields: &[
        f(0, "basic", Object(&SCHEDULING_V1ALPHA3_WORKLOAD_POD_GROUP_BASIC_SCHEDULING_POLICY)),
        f(0, "gang", Object(&SCHEDULING_V1ALPHA3_WORKLOAD_POD_GROUP_GANG_SCHEDULING_POLICY)),
    ],
    inlined: &[],
};
static SCHEDULING_V1ALPHA3_WORKLOAD_POD_GROUP_SINGLE_DISRUPTION_MODE: Type = Type {
    name: "io.k8s.api.scheduling.v1alpha3.WorkloadPodGroupSingleDisruptionMode",
    atomic: false,
    fields: &[
    ],
    inlined: &[],
};
static STORAGE_V1_CSI_DRIVER: Type = Type {
    name: "io.k8s.api.storage.v1.CSIDriver",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&STORAGE_V1_CSI_DRIVER_SPEC)).required(),
    ],
    inlined: &[],
};
static STORAGE_V1_CSI_DRIVER_LIST: Type = Type {
    name: "io.k8s.api.storage.v1.CSIDriverList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&STORAGE_V1_CSI_DRIVER))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static STORAGE_V1_CSI_DRIVER_SPEC: Type = Type {
    name: "io.k8s.api.storage.v1.CSIDriverSpec",
    atomic: false,
    fields: &[
        f(1, "attachRequired", Bool),
        f(5, "fsGroupPolicy", Text),
        f(9, "nodeAllocatableUpdatePeriodSeconds", Int64),
        f(2, "podInfoOnMount", Bool),
        f(11, "preventPodSchedulingIfMissing", Bool),
        f(7, "requiresRepublish", Bool),
        f(8, "seLinuxMount", Bool),
        f(10, "serviceAccountTokenInSecrets", Bool),
        f(4, "storageCapacity", Bool),
        f(6, "tokenRequests", List(&Object(&STORAGE_V1_TOKEN_REQUEST))).atomic(),
        f(3, "volumeLifecycleModes", List(&Text)).set(),
    ],
    inlined: &[],
};
static STORAGE_V1_CSI_NODE: Type = Type {
    name: "io.k8s.api.storage.v1.CSINode",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&STORAGE_V1_CSI_NODE_SPEC)).required(),
        f(0, "status", Object(&STORAGE_V1_CSI_NODE_STATUS)),
    ],
    inlined: &[],
};
static STORAGE_V1_CSI_NODE_DRIVER: Type = Type {
    name: "io.k8s.api.storage.v1.CSINodeDriver",
    atomic: false,
    fields: &[
        f(4, "allocatable", Object(&STORAGE_V1_VOLUME_NODE_RESOURCES)),
        f(1, "name", Text).required(),
        f(2, "nodeID", Text).required(),
        f(3, "topologyKeys", List(&Text)).atomic(),
    ],
    inlined: &[],
};
static STORAGE_V1_CSI_NODE_LIST: Type = Type {
    name: "io.k8s.api.storage.v1.CSINodeList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&STORAGE_V1_CSI_NODE))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static STORAGE_V1_CSI_NODE_SPEC: Type = Type {
    name: "io.k8s.api.storage.v1.CSINodeSpec",
    atomic: false,
    fields: &[
        f(1, "drivers", List(&Object(&STORAGE_V1_CSI_NODE_DRIVER))).required().merges_by("name").keyed(&["name"]),
    ],
    inlined: &[],
};
static STORAGE_V1_CSI_NODE_STATUS: Type = Type {
    name: "io.k8s.api.storage.v1.CSINodeStatus",
    atomic: false,
    fields: &[
        f(0, "storageHealth", List(&Object(&STORAGE_V1_STORAGE_HEALTH))).merges_by("name").keyed(&["name"]),
    ],
    inlined: &[],
};
static STORAGE_V1_CSI_STORAGE_CAPACITY: Type = Type {
    name: "io.k8s.api.storage.v1.CSIStorageCapacity",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(4, "capacity", Quantity),
        f(0, "kind", Text),
        f(5, "maximumVolumeSize", Quantity),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "nodeTopology", Object(&META_V1_LABEL_SELECTOR)),
        f(3, "storageClassName", Text).required(),
    ],
    inlined: &[],
};
static STORAGE_V1_CSI_STORAGE_CAPACITY_LIST: Type = Type {
    name: "io.k8s.api.storage.v1.CSIStorageCapacityList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&STORAGE_V1_CSI_STORAGE_CAPACITY))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static STORAGE_V1_STORAGE_CLASS: Type = Type {
    name: "io.k8s.api.storage.v1.StorageClass",
    atomic: false,
    fields: &[
        f(6, "allowVolumeExpansion", Bool),
        f(8, "allowedTopologies", List(&Object(&CORE_V1_TOPOLOGY_SELECTOR_TERM))).atomic(),
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(5, "mountOptions", List(&Text)).atomic(),
        f(3, "parameters", Map(&Text)),
        f(2, "provisioner", Text).required(),
        f(4, "reclaimPolicy", Text),
        f(7, "volumeBindingMode", Text),
    ],
    inlined: &[],
};
static STORAGE_V1_STORAGE_CLASS_LIST: Type = Type {
    name: "io.k8s.api.storage.v1.StorageClassList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&STORAGE_V1_STORAGE_CLASS))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static STORAGE_V1_STORAGE_HEALTH: Type = Type {
    name: "io.k8s.api.storage.v1.StorageHealth",
    atomic: false,
    fields: &[
        f(0, "healthConditions", List(&Object(&STORAGE_V1_STORAGE_HEALTH_CONDITION))).atomic(),
        f(0, "name", Text).required(),
    ],
    inlined: &[],
};
static STORAGE_V1_STORAGE_HEALTH_CONDITION: Type = Type {
    name: "io.k8s.api.storage.v1.StorageHealthCondition",
    atomic: false,
    fields: &[
        f(0, "accessMode", Text),
        f(0, "lastTransitionTime", Time),
        f(0, "message", Text),
        f(0, "reason", Text).required(),
        f(0, "status", Text).required(),
        f(0, "volumeMode", Text),
    ],
    inlined: &[],
};
static STORAGE_V1_TOKEN_REQUEST: Type = Type {
    name: "io.k8s.api.storage.v1.TokenRequest",
    atomic: false,
    fields: &[
        f(1, "audience", Text).required(),
        f(2, "expirationSeconds", Int64),
    ],
    inlined: &[],
};
static STORAGE_V1_VOLUME_ATTACHMENT: Type = Type {
    name: "io.k8s.api.storage.v1.VolumeAttachment",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "spec", Object(&STORAGE_V1_VOLUME_ATTACHMENT_SPEC)).required(),
        f(3, "status", Object(&STORAGE_V1_VOLUME_ATTACHMENT_STATUS)).zero_is_absent(),
    ],
    inlined: &[],
};
static STORAGE_V1_VOLUME_ATTACHMENT_LIST: Type = Type {
    name: "io.k8s.api.storage.v1.VolumeAttachmentList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&STORAGE_V1_VOLUME_ATTACHMENT))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static STORAGE_V1_VOLUME_ATTACHMENT_SOURCE: Type = Type {
    name: "io.k8s.api.storage.v1.VolumeAttachmentSource",
    atomic: false,
    fields: &[
        f(2, "inlineVolumeSpec", Object(&CORE_V1_PERSISTENT_VOLUME_SPEC)),
        f(1, "persistentVolumeName", Text),
    ],
    inlined: &[],
};
static STORAGE_V1_VOLUME_ATTACHMENT_SPEC: Type = Type {
    name: "io.k8s.api.storage.v1.VolumeAttachmentSpec",
    atomic: false,
    fields: &[
        f(1, "attacher", Text).required(),
        f(3, "nodeName", Text).required(),
        f(2, "source", Object(&STORAGE_V1_VOLUME_ATTACHMENT_SOURCE)).required(),
    ],
    inlined: &[],
};
static STORAGE_V1_VOLUME_ATTACHMENT_STATUS: Type = Type {
    name: "io.k8s.api.storage.v1.VolumeAttachmentStatus",
    atomic: false,
    fields: &[
        f(3, "attachError", Object(&STORAGE_V1_VOLUME_ERROR)),
        f(1, "attached", Bool).required(),
        f(2, "attachmentMetadata", Map(&Text)),
        f(4, "detachError", Object(&STORAGE_V1_VOLUME_ERROR)),
    ],
    inlined: &[],
};
static STORAGE_V1_VOLUME_ATTRIBUTES_CLASS: Type = Type {
    name: "io.k8s.api.storage.v1.VolumeAttributesClass",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "driverName", Text).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(3, "parameters", Map(&Text)),
    ],
    inlined: &[],
};
static STORAGE_V1_VOLUME_ATTRIBUTES_CLASS_LIST: Type = Type {
    name: "io.k8s.api.storage.v1.VolumeAttributesClassList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&STORAGE_V1_VOLUME_ATTRIBUTES_CLASS))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static STORAGE_V1_VOLUME_ERROR: Type = Type {
    name: "io.k8s.api.storage.v1.VolumeError",
    atomic: false,
    fields: &[
        f(3, "errorCode", Int32),
        f(2, "message", Text).zero_is_absent(),
        f(1, "time", Time).zero_is_absent(),
    ],
    inlined: &[],
};
static STORAGE_V1_VOLUME_NODE_RESOURCES: Type = Type {
    name: "io.k8s.api.storage.v1.VolumeNodeResources",
    atomic: false,
    fields: &[
        f(1, "count", Int32),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_COLUMN_DEFINITION: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceColumnDefinition",
    atomic: false,
    fields: &[
        f(0, "description", Text),
        f(0, "format", Text),
        f(0, "jsonPath", Text).required(),
        f(0, "name", Text).required(),
        f(0, "priority", Int32),
        f(0, "type", Text).required(),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_CONVERSION: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceConversion",
    atomic: false,
    fields: &[
        f(0, "strategy", Text).required(),
        f(0, "webhook", Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_WEBHOOK_CONVERSION)),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_DEFINITION: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(0, "metadata", Object(&META_V1_OBJECT_META)),
        f(0, "spec", Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_DEFINITION_SPEC)).required(),
        f(0, "status", Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_DEFINITION_STATUS)),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_DEFINITION_CONDITION: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionCondition",
    atomic: false,
    fields: &[
        f(0, "lastTransitionTime", Time),
        f(0, "message", Text),
        f(0, "observedGeneration", Int64),
        f(0, "reason", Text),
        f(0, "status", Text).required(),
        f(0, "type", Text).required(),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_DEFINITION_LIST: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "items", List(&Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_DEFINITION))).required(),
        f(0, "kind", Text),
        f(0, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_DEFINITION_NAMES: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionNames",
    atomic: false,
    fields: &[
        f(0, "categories", List(&Text)).atomic(),
        f(0, "kind", Text).required(),
        f(0, "listKind", Text),
        f(0, "plural", Text).required(),
        f(0, "shortNames", List(&Text)).atomic(),
        f(0, "singular", Text),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_DEFINITION_SPEC: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec",
    atomic: false,
    fields: &[
        f(0, "conversion", Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_CONVERSION)),
        f(0, "group", Text).required(),
        f(0, "names", Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_DEFINITION_NAMES)).required(),
        f(0, "preserveUnknownFields", Bool),
        f(0, "scope", Text).required(),
        f(0, "versions", List(&Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_DEFINITION_VERSION))).required().atomic(),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_DEFINITION_STATUS: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionStatus",
    atomic: false,
    fields: &[
        f(0, "acceptedNames", Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_DEFINITION_NAMES)),
        f(0, "conditions", List(&Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_DEFINITION_CONDITION))).keyed(&["type"]),
        f(0, "observedGeneration", Int64),
        f(0, "storedVersions", List(&Text)).atomic(),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_DEFINITION_VERSION: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionVersion",
    atomic: false,
    fields: &[
        f(0, "additionalPrinterColumns", List(&Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_COLUMN_DEFINITION))).atomic(),
        f(0, "deprecated", Bool),
        f(0, "deprecationWarning", Text),
        f(0, "name", Text).required(),
        f(0, "schema", Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_VALIDATION)),
        f(0, "selectableFields", List(&Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_SELECTABLE_FIELD))).atomic(),
        f(0, "served", Bool).required(),
        f(0, "storage", Bool).required(),
        f(0, "subresources", Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_SUBRESOURCES)),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_SUBRESOURCE_SCALE: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceScale",
    atomic: false,
    fields: &[
        f(0, "labelSelectorPath", Text),
        f(0, "specReplicasPath", Text).required(),
        f(0, "statusReplicasPath", Text).required(),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_SUBRESOURCE_STATUS: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceStatus",
    atomic: false,
    fields: &[
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_SUBRESOURCES: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresources",
    atomic: false,
    fields: &[
        f(0, "scale", Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_SUBRESOURCE_SCALE)),
        f(0, "status", Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_SUBRESOURCE_STATUS)),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_CUSTOM_RESOURCE_VALIDATION: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceValidation",
    atomic: false,
    fields: &[
        f(0, "openAPIV3Schema", Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_JSON_SCHEMA_PROPS)),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_EXTERNAL_DOCUMENTATION: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ExternalDocumentation",
    atomic: false,
    fields: &[
        f(0, "description", Text),
        f(0, "url", Text),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_JSON_SCHEMA_PROPS: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps",
    atomic: false,
    fields: &[
        f(0, "$ref", Text),
        f(0, "$schema", Text),
        f(0, "additionalItems", Json),
        f(0, "additionalProperties", Json),
        f(0, "allOf", List(&Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_JSON_SCHEMA_PROPS))).atomic(),
        f(0, "anyOf", List(&Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_JSON_SCHEMA_PROPS))).atomic(),
        f(0, "default", Json),
        f(0, "definitions", Map(&Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_JSON_SCHEMA_PROPS))),
        f(0, "dependencies", Map(&Json)),
        f(0, "description", Text),
        f(0, "enum", List(&Json)).atomic(),
        f(0, "example", Json),
        f(0, "exclusiveMaximum", Bool),
        f(0, "exclusiveMinimum", Bool),
        f(0, "externalDocs", Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_EXTERNAL_DOCUMENTATION)),
        f(0, "format", Text),
        f(0, "id", Text),
        f(0, "items", Json),
        f(0, "maxItems", Int64),
        f(0, "maxLength", Int64),
        f(0, "maxProperties", Int64),
        f(0, "maximum", Json),
        f(0, "minItems", Int64),
        f(0, "minLength", Int64),
        f(0, "minProperties", Int64),
        f(0, "minimum", Json),
        f(0, "multipleOf", Json),
        f(0, "not", Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_JSON_SCHEMA_PROPS)),
        f(0, "nullable", Bool),
        f(0, "oneOf", List(&Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_JSON_SCHEMA_PROPS))).atomic(),
        f(0, "pattern", Text),
        f(0, "patternProperties", Map(&Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_JSON_SCHEMA_PROPS))),
        f(0, "properties", Map(&Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_JSON_SCHEMA_PROPS))),
        f(0, "required", List(&Text)).atomic(),
        f(0, "title", Text),
        f(0, "type", Text),
        f(0, "uniqueItems", Bool),
        f(0, "x-kubernetes-embedded-resource", Bool),
        f(0, "x-kubernetes-int-or-string", Bool),
        f(0, "x-kubernetes-list-map-keys", List(&Text)).atomic(),
        f(0, "x-kubernetes-list-type", Text),
        f(0, "x-kubernetes-map-type", Text),
        f(0, "x-kubernetes-preserve-unknown-fields", Bool),
        f(0, "x-kubernetes-validations", List(&Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_VALIDATION_RULE))).merges_by("rule").keyed(&["rule"]),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_SELECTABLE_FIELD: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.SelectableField",
    atomic: false,
    fields: &[
        f(0, "jsonPath", Text).required(),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_SERVICE_REFERENCE: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ServiceReference",
    atomic: false,
    fields: &[
        f(0, "name", Text).required(),
        f(0, "namespace", Text).required(),
        f(0, "path", Text),
        f(0, "port", Int32),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_VALIDATION_RULE: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ValidationRule",
    atomic: false,
    fields: &[
        f(0, "fieldPath", Text),
        f(0, "message", Text),
        f(0, "messageExpression", Text),
        f(0, "optionalOldSelf", Bool),
        f(0, "reason", Text),
        f(0, "rule", Text).required(),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_WEBHOOK_CLIENT_CONFIG: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.WebhookClientConfig",
    atomic: false,
    fields: &[
        f(0, "caBundle", Bytes),
        f(0, "service", Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_SERVICE_REFERENCE)),
        f(0, "url", Text),
    ],
    inlined: &[],
};
static APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_WEBHOOK_CONVERSION: Type = Type {
    name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.WebhookConversion",
    atomic: false,
    fields: &[
        f(0, "clientConfig", Object(&APIEXTENSIONS_APISERVER_PKG_APIS_APIEXTENSIONS_V1_WEBHOOK_CLIENT_CONFIG)),
        f(0, "conversionReviewVersions", List(&Text)).required().atomic(),
    ],
    inlined: &[],
};
static META_V1_API_GROUP: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.APIGroup",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "name", Text).required(),
        f(3, "preferredVersion", Object(&META_V1_GROUP_VERSION_FOR_DISCOVERY)).zero_is_absent(),
        f(4, "serverAddressByClientCIDRs", List(&Object(&META_V1_SERVER_ADDRESS_BY_CLIENT_CIDR))).atomic(),
        f(2, "versions", List(&Object(&META_V1_GROUP_VERSION_FOR_DISCOVERY))).required().atomic(),
    ],
    inlined: &[],
};
static META_V1_API_GROUP_LIST: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.APIGroupList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(1, "groups", List(&Object(&META_V1_API_GROUP))).required().atomic(),
        f(0, "kind", Text),
    ],
    inlined: &[],
};
static META_V1_API_RESOURCE: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.APIResource",
    atomic: false,
    fields: &[
        f(7, "categories", List(&Text)).atomic(),
        f(8, "group", Text).zero_is_absent(),
        f(3, "kind", Text).required(),
        f(1, "name", Text).required(),
        f(2, "namespaced", Bool).required(),
        f(5, "shortNames", List(&Text)).atomic(),
        f(6, "singularName", Text).required(),
        f(10, "storageVersionHash", Text).zero_is_absent(),
        f(4, "verbs", Wrapped(&Text)).required(),
        f(9, "version", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static META_V1_API_RESOURCE_LIST: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(1, "groupVersion", Text).required(),
        f(0, "kind", Text),
        f(2, "resources", List(&Object(&META_V1_API_RESOURCE))).required().atomic(),
    ],
    inlined: &[],
};
static META_V1_API_VERSIONS: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.APIVersions",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(2, "serverAddressByClientCIDRs", List(&Object(&META_V1_SERVER_ADDRESS_BY_CLIENT_CIDR))).required().atomic(),
        f(1, "versions", List(&Text)).required().atomic(),
    ],
    inlined: &[],
};
static META_V1_CONDITION: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.Condition",
    atomic: false,
    fields: &[
        f(4, "lastTransitionTime", Time).required(),
        f(6, "message", Text).required(),
        f(3, "observedGeneration", Int64).zero_is_absent(),
        f(5, "reason", Text).required(),
        f(2, "status", Text).required(),
        f(1, "type", Text).required(),
    ],
    inlined: &[],
};
static META_V1_DELETE_OPTIONS: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(5, "dryRun", List(&Text)).atomic(),
        f(1, "gracePeriodSeconds", Int64),
        f(6, "ignoreStoreReadErrorWithClusterBreakingPotential", Bool),
        f(0, "kind", Text),
        f(3, "orphanDependents", Bool),
        f(2, "preconditions", Object(&META_V1_PRECONDITIONS)),
        f(4, "propagationPolicy", Text),
    ],
    inlined: &[],
};
static META_V1_FIELD_SELECTOR_REQUIREMENT: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.FieldSelectorRequirement",
    atomic: false,
    fields: &[
        f(1, "key", Text).required(),
        f(2, "operator", Text).required(),
        f(3, "values", List(&Text)).atomic(),
    ],
    inlined: &[],
};
static META_V1_GROUP_VERSION_FOR_DISCOVERY: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.GroupVersionForDiscovery",
    atomic: false,
    fields: &[
        f(1, "groupVersion", Text).required(),
        f(2, "version", Text).required(),
    ],
    inlined: &[],
};
static META_V1_LABEL_SELECTOR: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector",
    atomic: true,
    fields: &[
        f(2, "matchExpressions", List(&Object(&META_V1_LABEL_SELECTOR_REQUIREMENT))).atomic(),
        f(1, "matchLabels", Map(&Text)),
    ],
    inlined: &[],
};
static META_V1_LABEL_SELECTOR_REQUIREMENT: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement",
    atomic: false,
    fields: &[
        f(1, "key", Text).required(),
        f(2, "operator", Text).required(),
        f(3, "values", List(&Text)).atomic(),
    ],
    inlined: &[],
};
pub(super) static META_V1_LIST_META: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta",
    atomic: false,
    fields: &[
        f(3, "continue", Text).zero_is_absent(),
        f(4, "remainingItemCount", Int64),
        f(2, "resourceVersion", Text).zero_is_absent(),
        f(1, "selfLink", Text).zero_is_absent(),
        f(5, "shardInfo", Object(&META_V1_SHARD_INFO)),
    ],
    inlined: &[],
};
static META_V1_MANAGED_FIELDS_ENTRY: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry",
    atomic: false,
    fields: &[
        f(3, "apiVersion", Text).zero_is_absent(),
        f(6, "fieldsType", Text).zero_is_absent(),
        f(7, "fieldsV1", Json),
        f(1, "manager", Text).zero_is_absent(),
        f(2, "operation", Text).zero_is_absent(),
        f(8, "subresource", Text).zero_is_absent(),
        f(4, "time", Time),
    ],
    inlined: &[],
};
pub(super) static META_V1_OBJECT_META: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
    atomic: false,
    fields: &[
        f(12, "annotations", Map(&Text)),
        f(8, "creationTimestamp", Time).zero_is_absent(),
        f(10, "deletionGracePeriodSeconds", Int64),
        f(9, "deletionTimestamp", Time),
        f(14, "finalizers", List(&Text)).merges().set(),
        f(2, "generateName", Text).zero_is_absent(),
        f(7, "generation", Int64).zero_is_absent(),
        f(11, "labels", Map(&Text)),
        f(17, "managedFields", List(&Object(&META_V1_MANAGED_FIELDS_ENTRY))).atomic(),
        f(1, "name", Text).zero_is_absent(),
        f(3, "namespace", Text).zero_is_absent(),
        f(13, "ownerReferences", List(&Object(&META_V1_OWNER_REFERENCE))).merges_by("uid").keyed(&["uid"]),
        f(6, "resourceVersion", Text).zero_is_absent(),
        f(4, "selfLink", Text).zero_is_absent(),
        f(5, "uid", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static META_V1_OWNER_REFERENCE: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference",
    atomic: true,
    fields: &[
        f(5, "apiVersion", Text).required(),
        f(7, "blockOwnerDeletion", Bool),
        f(6, "controller", Bool),
        f(1, "kind", Text).required(),
        f(3, "name", Text).required(),
        f(4, "uid", Text).required(),
    ],
    inlined: &[],
};
static META_V1_PRECONDITIONS: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.Preconditions",
    atomic: false,
    fields: &[
        f(2, "resourceVersion", Text),
        f(1, "uid", Text),
    ],
    inlined: &[],
};
static META_V1_SERVER_ADDRESS_BY_CLIENT_CIDR: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.ServerAddressByClientCIDR",
    atomic: false,
    fields: &[
        f(1, "clientCIDR", Text).required(),
        f(2, "serverAddress", Text).required(),
    ],
    inlined: &[],
};
static META_V1_SHARD_INFO: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.ShardInfo",
    atomic: false,
    fields: &[
        f(1, "selector", Text).required(),
    ],
    inlined: &[],
};
static META_V1_STATUS: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.Status",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(6, "code", Int32).zero_is_absent(),
        f(5, "details", Object(&META_V1_STATUS_DETAILS)),
        f(0, "kind", Text),
        f(3, "message", Text).zero_is_absent(),
        f(1, "metadata", Object(&META_V1_LIST_META)),
        f(4, "reason", Text).zero_is_absent(),
        f(2, "status", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static META_V1_STATUS_CAUSE: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.StatusCause",
    atomic: false,
    fields: &[
        f(3, "field", Text).zero_is_absent(),
        f(2, "message", Text).zero_is_absent(),
        f(1, "reason", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static META_V1_STATUS_DETAILS: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.StatusDetails",
    atomic: false,
    fields: &[
        f(4, "causes", List(&Object(&META_V1_STATUS_CAUSE))).atomic(),
        f(2, "group", Text).zero_is_absent(),
        f(3, "kind", Text).zero_is_absent(),
        f(1, "name", Text).zero_is_absent(),
        f(5, "retryAfterSeconds", Int32).zero_is_absent(),
        f(6, "uid", Text).zero_is_absent(),
    ],
    inlined: &[],
};
static META_V1_WATCH_EVENT: Type = Type {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent",
    atomic: false,
    fields: &[
        f(2, "object", Json).required(),
        f(1, "type", Text).required(),
    ],
    inlined: &[],
};