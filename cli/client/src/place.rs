//! The cluster and the namespace a command works in.

use clap_complete::ArgValueCandidates;

use crate::complete;
use crate::target::Target;

/// Where a command works.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Place {
    /// The cluster.
    #[command(flatten)]
    pub target: Target,
    /// The namespace; the context's unless given.
    #[arg(
        long,
        short,
        value_name = "NAME",
        add = ArgValueCandidates::new(complete::namespaces),
        help_heading = "Cluster"
    )]
    pub namespace: Option<String>,
}
