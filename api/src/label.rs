//! Well-known labels, annotations and taints: Kubernetes' where it has one, ours under `insula.dev`.

/// Hash of the pod template that a ReplicaSet owns; keeps the Pods of two revisions apart.
pub const POD_TEMPLATE_HASH: &str = "pod-template-hash";
/// Revision number of a Deployment or ReplicaSet.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// Replicas a Deployment wanted when it last scaled this ReplicaSet.
pub const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
/// Replicas plus surge a Deployment allowed when it last scaled this ReplicaSet.
pub const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
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
