//! What a component is given.

use std::sync::Arc;
use std::time::Duration;

use sandbox::{Mount, Stdio, WorkloadConfig};

use crate::streams::Shown;

/// What a component is given. The rest is a Pod's defaults.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Its arguments, its own name first.
    pub args: Vec<String>,
    /// Its environment, which it also finds in `wasi:config`, as in a Pod.
    pub env: Vec<(String, String)>,
    /// Directories that it sees.
    pub mounts: Vec<Mount>,
    /// Memory of all its instances together.
    pub memory_bytes_max: Option<u64>,
    /// How long a request may take.
    pub timeout: Option<Duration>,
}

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It runs to an end, and its standard streams are this process's.
    Command,
    /// It answers requests, several at once, and what they print is shown in whole lines.
    Server,
}

impl Config {
    pub(crate) fn workload(self, kind: Kind) -> WorkloadConfig {
        let defaults = WorkloadConfig::new(self.args.first().cloned().unwrap_or_default());
        WorkloadConfig {
            config: self.env.clone(),
            env: self.env,
            args: self.args,
            mounts: self.mounts,
            memory_bytes_max: self.memory_bytes_max,
            timeout: self.timeout.unwrap_or(defaults.timeout),
            stdio: match kind {
                Kind::Command => Stdio::Inherited,
                Kind::Server => Stdio::Logged,
            },
            logs: Arc::new(Shown),
            reports: Arc::new(Shown),
            ..defaults
        }
    }
}
