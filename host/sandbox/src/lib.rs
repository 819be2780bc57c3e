//! Runs WebAssembly components, each within its bounds.
//!
//! [`Engine`] is the machinery, one in a process. [`compile`] turns a component into machine code, in another process;
//! [`Engine::load`] maps such code, and a [`Workload`] is loaded code with a configuration. [`Workload::call`] answers
//! one request, by default in an instance of its own, on the caller's runtime and thread.
//!
//! An instance lives for a request, so an idle workload is a few hundred bytes: there is no background task, no timer
//! and no connection per workload. A command lives until it ends ([`Workload::run`]), a message's instance until the
//! message is handled ([`Workload::deliver`]).
//!
//! What a guest may import is what [`Engine::interfaces`] lists, one file per capability: `outgoing` (HTTP), `sockets`,
//! `files`, `keyvalue`, `blobs`, `messages`, `logging`, `logs`, `clock`, `environment`. What leaves a guest goes through
//! the trait of that name in its [`WorkloadConfig`], which denies everything until it is replaced.
//!
//! What is absent, and why: compiling on the request path (it takes seconds); verification of compiled code (the
//! caller holds the keys); stores and brokers (the embedder has them). No type of wasmtime appears in this crate's API.

mod account;
mod blobs;
mod burners;
mod clock;
mod compile;
mod cpu;
mod drive;
mod engine;
mod environment;
mod failure;
mod files;
mod guest;
mod idle;
mod instance;
mod keyvalue;
mod lingering;
mod link;
mod logging;
mod logs;
mod many;
mod messages;
mod outgoing;
mod pace;
mod raw;
mod room;
mod settings;
mod shares;
mod slots;
mod sockets;
mod streaming;
mod symbols;
mod ticker;
mod workload;

pub use account::Tenant;
pub use blobs::{Answer as BlobAnswer, Blob, BlobError, Blobs, ContainerInfo, Data, ObjectId, ObjectInfo};
pub use compile::{CompileError, compile};
pub use engine::{Engine, EngineConfig, Error, Identity, is_page_scan_available};
pub use failure::{Backtrace, Failure, Frame};
pub use files::{Access, Mount};
pub use keyvalue::{Answer as KeyValueAnswer, KeyValue, KeyValueError};
pub use link::Code;
pub use logs::{LogSink, Stdio, Stream};
pub use messages::{Message, MessageError, Messages};
pub use outgoing::{Outgoing, OutgoingError, OutgoingOptions};
pub use raw::VerifiedCode;
pub use settings::INSTANCE_MEMORY_BYTES_DEFAULT;
pub use sockets::{ResolveError, Sockets};
pub use workload::{Measure, Reports, Reuse, Stats, Workload, WorkloadConfig};

/// What a body fails with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a request or a response: bytes, as they come.
pub type Body = http_body_util::combinators::UnsyncBoxBody<bytes::Bytes, BoxError>;
