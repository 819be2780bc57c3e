//! Well-known labels, annotations and taints: Kubernetes' where it has one, ours under `insula.dev`.

/// Hash of the pod template that a ReplicaSet owns; keeps the Pods of two revisions apart.
pub const POD_TEMPLATE_HASH: &str = "pod-template-hash";
/// Revision number of a Deployment or ReplicaSet.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// Replicas a Deployment wanted when it last scaled this ReplicaSet.
pub const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
/// Replicas plus surge a Deployment allowed when it last scaled this ReplicaSet.
pub const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
/// Revision a Pod of a StatefulSet (the ControllerRevision's name) or of a DaemonSet (its hash) was made from.
pub const CONTROLLER_REVISION_HASH: &str = "controller-revision-hash";
/// Hash of the template that a ControllerRevision of a StatefulSet holds.
pub const REVISION_HASH: &str = "controller.kubernetes.io/hash";
/// Name of a Pod of a StatefulSet, so that a Service can select this one alone.
pub const STATEFUL_POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
/// Ordinal of a Pod of a StatefulSet.
pub const POD_INDEX: &str = "apps.kubernetes.io/pod-index";
/// Time of `kubectl rollout restart`.
pub const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";
/// What `kubectl apply` last applied.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Service an EndpointSlice belongs to.
pub const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// Who manages an EndpointSlice.
pub const ENDPOINT_SLICE_MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
/// Host name of a Node.
pub const HOSTNAME: &str = "kubernetes.io/hostname";
/// Operating system of a Node.
pub const OS: &str = "kubernetes.io/os";
/// Processor architecture of a Node.
pub const ARCH: &str = "kubernetes.io/arch";
/// Zone of a Node.
pub const ZONE: &str = "topology.kubernetes.io/zone";
/// Name of a Namespace, on the Namespace itself.
pub const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";
/// Taint of a Node that is not ready.
pub const TAINT_NOT_READY: &str = "node.kubernetes.io/not-ready";
/// Taint of a Node whose host does not answer.
pub const TAINT_UNREACHABLE: &str = "node.kubernetes.io/unreachable";
/// Taint of a cordoned Node.
pub const TAINT_UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
/// Namespace of the Leases that are node heartbeats.
pub const NODE_LEASE_NAMESPACE: &str = "kube-node-lease";
/// Cost of deleting a Pod; lower goes first.
pub const POD_DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
/// The Pods metric that autoscalers may go by: requests inside a Pod, on average.
pub const REQUESTS_IN_FLIGHT: &str = "insula.dev/requests-in-flight";
/// Finalizer of a Pod that its Job has not counted yet.
pub const JOB_TRACKING: &str = "batch.kubernetes.io/job-tracking";
/// UID of the Job a Pod belongs to.
pub const JOB_UID: &str = "batch.kubernetes.io/controller-uid";
/// The same before it had a prefix.
pub const JOB_UID_LEGACY: &str = "controller-uid";
/// Name of the Job a Pod belongs to.
pub const JOB_NAME: &str = "batch.kubernetes.io/job-name";
/// The same before it had a prefix.
pub const JOB_NAME_LEGACY: &str = "job-name";
/// Label and annotation of a Pod of an Indexed Job: which index it works on.
pub const JOB_COMPLETION_INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// Annotation of a Pod whose Job has a `backoffLimitPerIndex`: how many Pods of its index failed before it.
pub const JOB_INDEX_FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
/// Annotation of a Job that a CronJob made: the time it was made for.
pub const SCHEDULED_AT: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// Annotation of a failed Pod: its Job has counted it, and keeps it until its index has a new one.
pub const JOB_COUNTED: &str = "insula.dev/job-counted";
/// What runs a Pod whose RuntimeClass is called otherwise than its handler. Written at admission, never by users.
pub const RUNTIME_HANDLER: &str = "insula.dev/runtime-handler";
/// Pod annotation: how instances are reused, `requests=N,concurrent=M,idle=S`.
pub const REUSE: &str = "insula.dev/reuse";
/// Pod annotation: wall-clock deadline of a request, `30s`.
pub const TIMEOUT: &str = "insula.dev/timeout";
/// Pod annotation: key-value buckets it may open, `default,sessions`.
pub const KEYVALUE: &str = "insula.dev/keyvalue";
/// Pod annotation: blob containers it may use.
pub const BLOBS: &str = "insula.dev/blobs";
/// Pod annotation: topics it may send messages to, `orders.>`.
pub const PUBLISH: &str = "insula.dev/publish";
/// Pod annotation: topics whose messages it is given.
pub const SUBSCRIBE: &str = "insula.dev/subscribe";
/// Pod annotation: what outside the cluster may be reached, `https://api.example.com, 10.1.0.0/16`.
pub const EGRESS: &str = "insula.dev/egress";
/// Namespace annotation: memory of the guests of all its Pods together, on each host, `2Gi`.
pub const MEMORY_LIMIT: &str = "insula.dev/memory-limit";
/// What a Pod's Namespace said of it when the Pod was made. Written at admission, never by users.
pub const NAMESPACE_MEMORY_LIMIT: &str = "insula.dev/namespace-memory-limit";
/// Pod annotation: its components are linked to each other by interface, `true`.
pub const LINK: &str = "insula.dev/link";
