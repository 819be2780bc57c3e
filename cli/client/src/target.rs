//! Which cluster a command speaks to, and how long it waits for it.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueHint;
use clap_complete::ArgValueCandidates;

use crate::complete;

/// How a client finds its cluster.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Target {
    /// The kubeconfig to use; else $KUBECONFIG, else ~/.kube/config.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Cluster")]
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig; its current one unless given.
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(complete::contexts), help_heading = "Cluster")]
    pub context: Option<String>,
    /// How long one request may take, `10s`; as long as it takes unless given. Watches are not bounded by it.
    #[arg(long, value_name = "DURATION", value_parser = crate::time::parse, help_heading = "Cluster")]
    pub request_timeout: Option<Duration>,
    /// Tell every request on standard error; from `-v=8` with bodies.
    #[arg(
        short = 'v',
        long = "v",
        value_name = "LEVEL",
        num_args = 0..=1,
        require_equals = true,
        default_value_t = 0,
        default_missing_value = "1",
        hide_default_value = true,
        help_heading = "Cluster"
    )]
    pub verbosity: u8,
}

impl Target {
    /// Whether requests are told.
    pub(crate) const fn tells_requests(&self) -> bool {
        self.verbosity > 0
    }

    /// Whether bodies are told too; they may hold secrets, so it takes a number.
    pub(crate) const fn tells_bodies(&self) -> bool {
        self.verbosity >= 8
    }
}
