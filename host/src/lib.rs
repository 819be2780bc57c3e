//! The agent on every node: it runs the Pods it is told to run, and serves on when nobody tells it anything.
//!
//! A host dials the control plane and keeps one session with it ([`Agent`]). What it is told lies sealed on disk
//! and is read before anything else at the next start, so that neither a lost control plane nor a restart of the
//! host stops traffic (fail static). What to do is decided in pure modules (`plan`, `env`, `pod`, `ips`,
//! `desired`) and done in `agent`.
//!
//! Absent on purpose: any decision about where Pods run, any Kubernetes client, and WebAssembly itself, which stays
//! behind `sandbox`. The proxy and the sandbox do not know each other; they meet here.

mod agent;
mod backing;
mod backoff;
mod code;
mod config;
mod desired;
mod env;
mod facts;
mod files;
mod forward;
mod identity;
mod ips;
mod isolated;
mod join;
mod link;
mod local;
mod logs;
mod machine;
mod outgoing;
mod plan;
mod pod;
mod reports;
mod runner;
mod runtimes;
mod session;
mod sockets;
#[cfg(test)]
mod testing;
mod up;
mod volumes;

pub use agent::{Agent, StartError};
pub use config::{Config, PODS_MAX_DEFAULT};
pub use identity::Error as IdentityError;
pub use isolated::{WorkError, work};
pub use join::{JoinError, Token, join, joined};
pub use link::{Link, LinkError, TlsLink};
pub use reports::GuestFailures;
pub use sandbox::{CompileError, compile, is_page_scan_available};

/// The WASI interfaces that this program can grant to a component.
#[must_use]
pub fn engine_interfaces() -> Vec<component::Interface> {
    let engine = sandbox::Engine::new(sandbox::EngineConfig { slots: 1, ..Default::default() });
    engine.map(|engine| engine.interfaces()).unwrap_or_default()
}
