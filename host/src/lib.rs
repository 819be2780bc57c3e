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
mod backoff;
mod config;
mod desired;
mod env;
mod facts;
mod files;
mod identity;
mod ips;
mod join;
mod link;
mod logs;
mod plan;
mod pod;
mod runtimes;
mod session;
#[cfg(test)]
mod testing;
mod up;

pub use agent::{Agent, StartError};
pub use config::{Config, PODS_MAX_DEFAULT};
pub use identity::Error as IdentityError;
pub use join::{JoinError, Token, join, joined};
pub use link::{Link, LinkError, TlsLink};

/// Turns a component into machine code for an engine, in the process that calls it.
///
/// # Errors
/// What the compiler says of the component.
pub fn compile(wasm: &[u8], version: &str, target: &str, cpu_features: &[String]) -> anyhow::Result<Vec<u8>> {
    let _ = (wasm, version, target, cpu_features);
    anyhow::bail!("no compiler")
}

/// The WASI interfaces that this program can grant to a component.
#[must_use]
pub fn engine_interfaces() -> Vec<component::Interface> {
    Vec::new()
}
