//! The cluster of `insula dev`: as `insula up`, in a directory that is gone with it unless one is named.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use client::Target;
use tempfile::TempDir;

use super::super::role;
use crate::args;

/// The one Node.
const NODE: &str = "dev";

/// Control plane and host in this process.
pub(super) struct Cluster {
    server: Arc<scheduler::Server>,
    agent: host::Agent,
    /// Removed with it.
    _dir: Option<TempDir>,
}

impl Cluster {
    pub(super) async fn start(args: &args::Dev) -> Result<Self> {
        let dir = match &args.data_dir {
            Some(_) => None,
            None => {
                Some(tempfile::Builder::new().prefix("insula-dev-").tempdir().context("a directory for the cluster")?)
            }
        };
        let data_dir: PathBuf = match (&args.data_dir, &dir) {
            (Some(given), _) => given.clone(),
            (None, Some(temporary)) => temporary.path().to_owned(),
            (None, None) => bail!("there is no directory for the cluster"),
        };
        let control_plane = args::ControlPlane {
            data_dir: Some(data_dir.clone()),
            api_addr: args.api_addr,
            kubeconfig: args.kubeconfig.clone(),
            pod_cidr: args.pod_cidr,
            service_cidr: args.service_cidr,
            unreachable_seconds: args::UNREACHABLE_SECONDS_DEFAULT,
            audit_log: Some(scheduler::AuditAt::Off),
            backing: args::Backing::default(),
        };
        let server = Arc::new(role::start_server(&control_plane, None).await?);
        let pipe = Arc::clone(&server);
        let link = Arc::new(move || pipe.pipe(NODE));
        let agent = role::start_agent(Vec::new(), args.node_ip, data_dir, NODE.to_owned(), link).await?;
        Ok(Self { server, agent, _dir: dir })
    }

    pub(super) fn kubeconfig(&self) -> &Path {
        self.server.kubeconfig_path()
    }

    /// For clients.
    pub(super) fn target(&self) -> Target {
        Target { kubeconfig: Some(self.kubeconfig().to_owned()), ..Target::default() }
    }

    /// Why it cannot go on.
    pub(super) async fn fatal(&self) -> anyhow::Error {
        tokio::select! {
            why = self.server.fatal() => anyhow!(why),
            () = self.agent.wait() => anyhow!("the host has ended; $INSULA_LOG=info tells why"),
        }
    }

    pub(super) async fn stop(self) -> Result<()> {
        self.agent.shutdown().await;
        match Arc::try_unwrap(self.server) {
            Ok(server) => server.shutdown().await,
            Err(_) => bail!("the host did not let go of the control plane"),
        }
        Ok(())
    }
}
