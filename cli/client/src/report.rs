//! What verbs that change something take and tell.

use anyhow::Result;
use clap_complete::ArgValueCandidates;
use serde_json::Value;

use crate::complete;
use crate::discovery::Resource;
use crate::output::{self, Found, Output};
use crate::query::Query;
use crate::say;

/// Who applied fields belong to (`metadata.managedFields`). Other verbs have names of their own, so that a conflict says
/// what set the field.
pub(crate) const APPLIER: &str = "insula";

/// Whether a change is really made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DryRun {
    /// It is.
    #[default]
    None,
    /// The server does everything but keep it.
    Server,
    /// Nothing is sent where an object is made of arguments; elsewhere it is as `server`, which knows better.
    Client,
}

/// How a change is made and told.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Report {
    /// Print the result in a form instead of a line: json, yaml, name, jsonpath=..., custom-columns=...
    #[arg(long, short, value_name = "FORM", add = ArgValueCandidates::new(complete::outputs))]
    pub(crate) output: Option<Output>,
    /// Only try: `server` does everything but keep the result.
    #[arg(long, value_enum, value_name = "none|server|client", default_value_t = DryRun::None, hide_possible_values = true)]
    pub(crate) dry_run: DryRun,
}

impl Report {
    /// The parameters of the request that makes the change, under the name of the verb.
    pub(crate) fn query(&self, manager: &str) -> Query {
        self.dry().with("fieldManager", manager)
    }

    /// The same for deletions, which have no fields.
    pub(crate) fn dry(&self) -> Query {
        Query::default().with_if(self.is_dry(), "dryRun", "All")
    }

    /// Whether nothing is kept.
    pub(crate) const fn is_dry(&self) -> bool {
        !matches!(self.dry_run, DryRun::None)
    }

    /// Prints `deployment.apps/web configured`, or the object in the form asked for.
    pub(crate) fn tell(&self, resource: &Resource, object: &Value, happened: &str) -> Result<()> {
        let kinds = |_: &Value| Some(resource.clone());
        match &self.output {
            Some(form) => say::raw(output::text(form, Found::One(object.clone()), &kinds, false)?.as_bytes()),
            None => say::line(self.sentence(&resource.label(crate::value::name(object)), happened)),
        }
    }

    /// `pod/web labeled (server dry run)`
    pub(crate) fn sentence(&self, what: &str, happened: &str) -> String {
        format!("{what} {happened}{}", if self.is_dry() { " (server dry run)" } else { "" })
    }
}
