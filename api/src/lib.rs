//! What both sides of the house agree on: the Kubernetes types, the identity of every resource,
//! names, labels, quantities and selectors, and the annotations of `insula.dev`.
//!
//! Everything here is data and pure functions. There is no client, no server, no storage and no
//! clock. `k8s-openapi` is used behind this one door (`api::core`, `api::apps`, ...), so that the
//! generation of Kubernetes types is chosen in one place.

pub mod egress;
pub mod grants;
pub mod label;
pub mod name;
pub mod quantity;
pub mod quota;
pub mod resource;
pub mod schedule;
pub mod selector;
pub mod version;
pub mod workload;

pub use resource::{NamespacedName, Resource};

pub use k8s_openapi::Resource as GroupVersionKind;
pub use k8s_openapi::api::admissionregistration::v1 as admission;
pub use k8s_openapi::api::apps::v1 as apps;
pub use k8s_openapi::api::authentication::v1 as authentication;
pub use k8s_openapi::api::authorization::v1 as authorization;
pub use k8s_openapi::api::autoscaling::v2 as autoscaling;
pub use k8s_openapi::api::batch::v1 as batch;
pub use k8s_openapi::api::coordination::v1 as coordination;
pub use k8s_openapi::api::core::v1 as core;
pub use k8s_openapi::api::discovery::v1 as discovery;
pub use k8s_openapi::api::networking::v1 as networking;
pub use k8s_openapi::api::node::v1 as node;
pub use k8s_openapi::api::policy::v1 as policy;
pub use k8s_openapi::api::rbac::v1 as rbac;
pub use k8s_openapi::api::scheduling::v1 as scheduling;
pub use k8s_openapi::api::storage::v1 as storage;
pub use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1 as extensions;
pub use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
pub use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;
pub use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
