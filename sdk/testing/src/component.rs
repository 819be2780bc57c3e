//! A component and what it is configured with, until it is started.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use sandbox::{Engine, EngineConfig, VerifiedCode, Workload, WorkloadConfig};

use crate::app::{App, Printed};
use crate::build;
use crate::outgoing::Answers;

/// Why a component could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Cargo could not build it.
    #[error("cargo does not build the component in {}: {why}", folder.display())]
    Build {
        /// The folder of its manifest.
        folder: PathBuf,
        /// What happened.
        why: String,
    },
    /// It could not be read, or its code not be written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What happened.
        error: std::io::Error,
    },
    /// The sandbox cannot run it.
    #[error("the sandbox cannot run the component: {0}")]
    Sandbox(String),
}

/// A component that is to be started.
#[derive(Debug)]
pub struct Component {
    wasm: Vec<u8>,
    config: Vec<(String, String)>,
    env: Vec<(String, String)>,
    timeout: Option<Duration>,
    memory_bytes_max: Option<u64>,
    outgoing: Option<Answers>,
}

impl Component {
    /// Builds the package in `folder` for `wasm32-wasip2`, in release, and takes the one component that comes of it.
    ///
    /// # Errors
    /// Cargo fails, or no or several components come of it.
    pub fn build(folder: impl AsRef<Path>) -> Result<Self, Error> {
        Self::load(build::component(folder.as_ref())?)
    }

    /// Reads a component that was built before.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let wasm = std::fs::read(path).map_err(|error| Error::File { path: path.to_owned(), error })?;
        Ok(Self { wasm, config: Vec::new(), env: Vec::new(), timeout: None, memory_bytes_max: None, outgoing: None })
    }

    /// Sets what the component reads under `key` through `wasi:config`, as a Pod's `env` does.
    #[must_use]
    pub fn config(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.push((key.into(), value.into()));
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// Bounds the time of a request, in place of the sandbox's default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Bounds the memory of all its instances, in place of the sandbox's default.
    #[must_use]
    pub fn memory_bytes_max(mut self, bytes: u64) -> Self {
        self.memory_bytes_max = Some(bytes);
        self
    }

    /// Answers what the component asks of others. Without it, every request of the component is denied.
    ///
    /// ```no_run
    /// # use bytes::Bytes;
    /// # use http::Response;
    /// let shop = insula_testing::Component::load("target/guests/wasm32-wasip2/release/shop_web.wasm")?
    ///     .outgoing(|request| match request.uri().host() {
    ///         Some("catalog") => Response::new(Bytes::from("satyricon\n")),
    ///         _ => Response::new(Bytes::from("15.50 EUR")),
    ///     })
    ///     .start()?;
    /// # drop(shop);
    /// # Ok::<(), insula_testing::Error>(())
    /// ```
    #[must_use]
    pub fn outgoing(mut self, answer: impl Fn(Request<Bytes>) -> Response<Bytes> + Send + Sync + 'static) -> Self {
        self.outgoing = Some(Answers::new(answer));
        self
    }

    /// Compiles it and makes it ready for requests.
    ///
    /// # Errors
    /// The component asks for what the sandbox does not grant, or is none.
    pub fn start(self) -> Result<App, Error> {
        let engine = engine()?;
        let identity = engine.identity();
        let code = sandbox::compile(&self.wasm, &identity.version, &identity.target, &identity.cpu_features)
            .map_err(|error| Error::Sandbox(error.to_string()))?;
        let file = written(&code)?;
        let code = engine.load(&VerifiedCode::vouched_for(&file)).map_err(|error| Error::Sandbox(error.to_string()))?;
        let printed = Arc::new(Printed::default());
        let config = self.configured(printed.clone());
        let workload = Workload::new(engine, code, config).map_err(|error| Error::Sandbox(error.to_string()))?;
        App::new(workload, printed, file)
    }

    fn configured(self, printed: Arc<Printed>) -> WorkloadConfig {
        let mut config = WorkloadConfig::new("test");
        config.config = self.config;
        config.env = self.env;
        config.logs = printed;
        config.memory_bytes_max = self.memory_bytes_max;
        config.timeout = self.timeout.unwrap_or(config.timeout);
        if let Some(answers) = self.outgoing {
            config.outgoing = Arc::new(answers);
        }
        config
    }
}

/// One engine for all tests of a process, as a host has one.
fn engine() -> Result<&'static Engine, Error> {
    static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();
    let made = ENGINE.get_or_init(|| Engine::new(EngineConfig::default()).map_err(|error| error.to_string()));
    made.as_ref().map_err(|error| Error::Sandbox(error.clone()))
}

/// Code is mapped from a file, which only this process knows: so we may vouch for it.
fn written(code: &[u8]) -> Result<tempfile::TempPath, Error> {
    let failed = |error| Error::File { path: std::env::temp_dir(), error };
    let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
    file.write_all(code).map_err(failed)?;
    Ok(file.into_temp_path())
}
