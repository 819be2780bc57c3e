//! Runs one component in the sandbox of a host, without a cluster: a command once ([`Alone::run`]), one that answers HTTP
//! until it is told to stop ([`Alone::serve`]).
//!
//! Engine, bounds and interfaces are those of a Pod. What a Pod has from its cluster is absent: other Services, a way to
//! the outside, sockets, buckets, blobs and messages, all of which are denied as they are to a Pod without annotations.

mod config;
mod serve;
mod streams;

use std::io::Write as _;
use std::sync::Arc;

use sandbox::{Engine, EngineConfig, VerifiedCode, Workload};
use tempfile::TempPath;

pub use config::{Config, Kind};
pub use sandbox::{Access, Failure, Mount};

/// Why a component cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A directory that it is to have is not there.
    #[error("{} is no directory, and the component is to see it as {}", .0.host.display(), .0.guest)]
    Mount(Mount),
    /// Its code could not be written.
    #[error("its code cannot be kept in {}: {error}", std::env::temp_dir().display())]
    Code {
        /// What happened.
        error: std::io::Error,
    },
    /// The compiler refuses it.
    #[error(transparent)]
    Compile(#[from] sandbox::CompileError),
    /// The sandbox cannot run it.
    #[error(transparent)]
    Sandbox(#[from] sandbox::Error),
}

/// A component, ready to run.
pub struct Alone {
    // Before the file, which must outlive the code that is mapped from it.
    workload: Workload,
    _code: TempPath,
}

impl Alone {
    /// Compiles a component, which takes seconds if it is large, and makes it ready; `kind` decides where its output goes.
    ///
    /// # Errors
    /// It is no component, asks for what hosts do not grant, or a directory of its is missing.
    pub fn start(wasm: &[u8], config: Config, kind: Kind) -> Result<Self, Error> {
        if let Some(missing) = config.mounts.iter().find(|mount| !mount.host.is_dir()) {
            return Err(Error::Mount(missing.clone()));
        }
        let engine = Engine::new(EngineConfig::default())?;
        let identity = engine.identity();
        let code = sandbox::compile(wasm, &identity.version, &identity.target, &identity.cpu_features)?;
        let file = written(&code).map_err(|error| Error::Code { error })?;
        let code = engine.load(&VerifiedCode::vouched_for(&file))?;
        Ok(Self { workload: Workload::new(&engine, code, config.workload(kind))?, _code: file })
    }

    /// Runs a command to its end, and returns its exit status. Dropping the future ends it.
    ///
    /// # Errors
    /// It trapped, or had no room.
    pub async fn run(&self) -> Result<i32, Failure> {
        self.workload.run().await
    }

    /// Answers requests, each as the Pod's proxy would, until `stop`.
    ///
    /// # Errors
    /// The listener fails.
    pub async fn serve(
        &self,
        listener: tokio::net::TcpListener,
        stop: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        serve::until(Arc::new(self.workload.clone()), listener, stop).await
    }
}

/// Code is mapped from a file, which only this process knows: so we may vouch for it.
fn written(code: &[u8]) -> std::io::Result<TempPath> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(code)?;
    Ok(file.into_temp_path())
}
