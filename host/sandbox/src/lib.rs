//! Runs WebAssembly components that answer HTTP, each request within its bounds.
//!
//! [`Engine`] is the machinery, one in a process. [`compile`] turns a component into machine code, in another process;
//! [`Engine::load`] maps such code, and a [`Workload`] is loaded code with a configuration. [`Workload::call`] answers
//! one request, by default in an instance of its own, on the caller's runtime and thread.
//!
//! An instance lives for a request, so an idle workload is a few hundred bytes: there is no background task, no timer
//! and no connection per workload. What a guest may do is what [`Engine::interfaces`] lists, and whatever leaves it
//! goes through the traits [`Outgoing`] and [`LogSink`].
//!
//! What is absent, and why: compiling on the request path (it takes seconds); verification of compiled code (the
//! caller holds the keys); sockets and files for guests (nothing is preopened, every address is denied). No type of
//! wasmtime appears in this crate's API.

mod account;
mod burners;
mod clock;
mod compile;
mod cpu;
mod drive;
mod engine;
mod environment;
mod failure;
mod guest;
mod idle;
mod instance;
mod lingering;
mod link;
mod logs;
mod outgoing;
mod raw;
mod room;
mod settings;
mod slots;
mod streaming;
mod ticker;
mod workload;

pub use compile::{CompileError, compile};
pub use engine::{Engine, EngineConfig, Error, Identity};
pub use failure::Failure;
pub use link::Code;
pub use logs::{LogSink, Stream};
pub use outgoing::{Outgoing, OutgoingError, OutgoingOptions};
pub use raw::VerifiedCode;
pub use settings::INSTANCE_MEMORY_BYTES_DEFAULT;
pub use workload::{Reports, Reuse, Stats, Workload, WorkloadConfig};

/// What a body fails with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a request or a response: bytes, as they come.
pub type Body = http_body_util::combinators::UnsyncBoxBody<bytes::Bytes, BoxError>;
