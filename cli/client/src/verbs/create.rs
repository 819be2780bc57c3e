//! `insula create`: objects of manifests, or made of arguments.
//!
//! Each generator is a pure function from its flags to an object; `--dry-run=client -o yaml` prints it.

mod batch;
mod config;
mod deployment;
mod rbac;
mod service;
mod simple;

use anyhow::{Context, Result, anyhow};
use http::Method;
use serde_json::Value;

use crate::choice::of_manifest;
use crate::client::JSON;
use crate::failure::{Failures, usage};
use crate::manifest::{Files, Manifest};
use crate::output::{self, Found};
use crate::place::Place;
use crate::report::{DryRun, Report};
use crate::say;
use crate::session::Session;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(flatten)]
    making: Making,
    #[command(flatten)]
    files: Files,
    #[command(subcommand)]
    what: Option<What>,
}

/// Where and how an object is made.
#[derive(Debug, clap::Args)]
struct Making {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    report: Report,
}

/// What can be made of arguments.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// A Namespace.
    #[command(alias = "ns")]
    Namespace(simple::Named),
    /// A ServiceAccount.
    #[command(alias = "sa", name = "serviceaccount")]
    ServiceAccount(simple::Named),
    /// A PriorityClass.
    #[command(alias = "pc", name = "priorityclass")]
    PriorityClass(simple::PriorityClass),
    /// A ResourceQuota.
    Quota(simple::Quota),
    /// A PodDisruptionBudget.
    #[command(alias = "pdb", name = "poddisruptionbudget")]
    PodDisruptionBudget(simple::Budget),
    /// A token of a ServiceAccount.
    Token(simple::Token),
    /// A ConfigMap of files and literals.
    #[command(alias = "cm", name = "configmap")]
    ConfigMap(config::ConfigMap),
    /// A Secret.
    #[command(subcommand)]
    Secret(config::Secret),
    /// A Deployment.
    #[command(alias = "deploy")]
    Deployment(deployment::Deployment),
    /// A Job.
    Job(batch::Job),
    /// A CronJob.
    #[command(alias = "cj", name = "cronjob")]
    CronJob(batch::CronJob),
    /// A Service.
    #[command(alias = "svc", subcommand)]
    Service(service::Service),
    /// A Role.
    Role(rbac::Role),
    /// A ClusterRole.
    #[command(name = "clusterrole")]
    ClusterRole(rbac::Role),
    /// A RoleBinding.
    #[command(name = "rolebinding")]
    RoleBinding(rbac::Binding),
    /// A ClusterRoleBinding.
    #[command(name = "clusterrolebinding")]
    ClusterRoleBinding(rbac::Binding),
}

pub(crate) async fn run(args: Args) -> Result<()> {
    match args.what {
        Some(What::Token(args)) => args.run().await,
        Some(What::Job(args)) => args.run().await,
        Some(What::Role(args)) => args.run("Role").await,
        Some(What::ClusterRole(args)) => args.run("ClusterRole").await,
        Some(what) => {
            let (making, object) = what.object()?;
            make(&making, object).await
        }
        None => files(&args.making, &args.files).await,
    }
}

impl What {
    fn object(self) -> Result<(Making, Value)> {
        match self {
            Self::Namespace(args) => Ok(args.object("v1", "Namespace")),
            Self::ServiceAccount(args) => Ok(args.object("v1", "ServiceAccount")),
            Self::PriorityClass(args) => Ok(args.object()),
            Self::Quota(args) => Ok(args.object()),
            Self::PodDisruptionBudget(args) => args.object(),
            Self::ConfigMap(args) => args.object(),
            Self::Secret(args) => args.object(),
            Self::Deployment(args) => Ok(args.object()),
            Self::CronJob(args) => Ok(args.object()),
            Self::Service(args) => args.object(),
            Self::RoleBinding(args) => args.object("RoleBinding"),
            Self::ClusterRoleBinding(args) => args.object("ClusterRoleBinding"),
            Self::Token(_) | Self::Job(_) | Self::Role(_) | Self::ClusterRole(_) => {
                Err(anyhow!("an object that is made of more than its flags"))
            }
        }
    }
}

/// Creates one object, or prints it where nothing is to be sent.
async fn make(making: &Making, object: Value) -> Result<()> {
    if making.report.dry_run == DryRun::Client {
        let Some(form) = &making.report.output else {
            let kind = object["kind"].as_str().unwrap_or_default().to_lowercase();
            return say::line(format!("{kind}/{} created (dry run)", crate::value::name(&object)));
        };
        return say::raw(output::text(form, Found::One(object), &|_| None, false)?.as_bytes());
    }
    let session = Session::open(&making.place).await?;
    send(&session, &making.report, &Manifest { object, place: String::new() }).await
}

async fn send(session: &Session, report: &Report, manifest: &Manifest) -> Result<()> {
    let chosen = of_manifest(session, manifest)?;
    let path = format!("{}{}", chosen.collection(), report.query("insula-create").with("fieldValidation", "Strict"));
    let made = session.client.call(Method::POST, &path, JSON, &manifest.object).await?;
    report.tell(&chosen.resource, &made, "created")
}

async fn files(making: &Making, files: &Files) -> Result<()> {
    if files.is_empty() {
        return Err(usage("create what? Give -f FILE, or a kind and its flags: `insula create namespace shop`"));
    }
    let manifests = files.read()?;
    let session = Session::open(&making.place).await?;
    let mut failures = Failures::default();
    for manifest in &manifests {
        failures.note(send(&session, &making.report, manifest).await.with_context(|| manifest.place.clone()));
    }
    failures.end()
}
