//! The Kubernetes REST protocol over the store: one generic handler over a table of kinds.
//!
//! [`Objects`] holds the semantics of objects (defaults, validation, conflicts, finalizers,
//! graceful deletion, allocation of Service addresses); REST handlers and control loops write
//! through it alike. [`router`] speaks HTTP on top of it and [`serve`] puts TLS under that.
//!
//! There is no handler per kind: a kind is a row of a table (`kinds`). There is no decision about what the
//! cluster should do (that is `planner`), and no certificate authority (that is `scheduler`).

mod audit;
mod auth;
mod body;
mod cel;
mod custom;
mod discovery;
mod endpoints;
mod fair;
mod field;
mod forward;
#[doc(hidden)]
pub mod fuzzing;
mod kinds;
mod limits;
mod logs;
mod managed_fields;
mod measured;
mod objects;
mod openapi;
mod policy;
mod protobuf;
mod rbac;
mod rest;
mod schema;
mod seen;
mod server;
mod spdy;
mod status;
mod strategic;
mod table;
mod tokens;
mod value;
mod webhook;

pub use audit::{AuditEvent, AuditSink};
pub use auth::{Authenticator, User};
pub use custom::Keeper;
pub use kinds::Subresource;
pub use logs::{LogOptions, PodConnection, PodIo, PodStreams};
pub use measured::Measured;
pub use objects::{
    Approval, CHANGES_MAX, Change, Cidr, DeleteOptions, FieldSelector, List, ListOptions, Objects, ObjectsConfig,
    Patch, Propagation, VersionMatch, WriteOptions, decode_entry,
};
pub use policy::Remarks;
pub use rbac::{Access, Feed, ensure_roles};
pub use rest::{Config, Version, router};
pub use server::{ClientCertificate, serve};
pub use status::{Cause, Details, Status};
pub use tokens::{Accounts, Bound, Holder, ISSUER, Issuer, Keys, KeysError, LIFE_DEFAULT_SECONDS, Minted, Now};
