//! Keeps the host's certificate fresh, long before it expires (C66, F81).

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use network::Proxy;
use protocol::tls::Identity;
use protocol::v1::RenewRequest;
use protocol::v1::host_link_client::HostLinkClient;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::identity::{self, Node, Request, Stored};
use crate::link::with_causes;
use crate::session::Client;

/// Longest sleep, after which the calendar is looked at again: clocks jump and machines sleep.
const LOOK_AGAIN: Duration = Duration::from_secs(6 * 3600);
/// Pause after a renewal that failed. Two thirds of a certificate's life are spent then, and a third is left.
const RETRY: Duration = Duration::from_secs(60);
/// Time for the first certificate, which the server in the same process gives as soon as it serves.
const FIRST_WITHIN: Duration = Duration::from_secs(30);
/// Pause between attempts to get it.
const FIRST_RETRY: Duration = Duration::from_millis(50);

pub(super) struct Renewal {
    pub(super) dir: PathBuf,
    pub(super) node_ip: IpAddr,
    pub(super) clients: watch::Receiver<Option<Client>>,
    pub(super) proxy: Proxy,
}

impl Renewal {
    pub(super) async fn run(mut self, stored: Stored, stop: CancellationToken) {
        stop.run_until_cancelled(self.keep_fresh(stored)).await;
    }

    async fn keep_fresh(&mut self, mut stored: Stored) {
        loop {
            let due = match identity::renew_at(&stored.identity.certificate_pem) {
                Ok(due) => due,
                Err(why) => {
                    tracing::error!(%why, "the host's certificate does not tell when it expires, and is not renewed");
                    // It serves on; a vital part that ends would end the host.
                    return std::future::pending().await;
                }
            };
            let now = Timestamp::now();
            if due > now {
                tokio::time::sleep(identity::wait_until(due, now).min(LOOK_AGAIN)).await;
                continue;
            }
            match self.renew(&stored).await {
                Ok(fresh) => {
                    tracing::info!("the host's certificate was renewed");
                    stored = fresh;
                }
                Err(why) => {
                    tracing::warn!(%why, "the host's certificate was not renewed; trying again");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    async fn renew(&mut self, stored: &Stored) -> Result<Stored, String> {
        let client = self.clients.wait_for(Option::is_some).await.map_err(|e| e.to_string())?.clone();
        let mut client = client.ok_or("no session")?;
        let fresh = ask(&mut client, stored.node.clone(), self.node_ip).await?;
        let tls = identity::peer_tls(&fresh).map_err(|e| e.to_string())?;
        fresh.save_renewed(&self.dir).map_err(|e| e.to_string())?;
        self.proxy.renew(tls);
        Ok(fresh)
    }
}

async fn ask(client: &mut Client, node: Node, node_ip: IpAddr) -> Result<Stored, String> {
    let request = Request::make(&node.node_name, Some(node_ip)).map_err(|e| e.to_string())?;
    let asked = client.renew(RenewRequest { csr_der: request.csr_der.into() }).await;
    let answer = asked.map_err(|status| status.message().to_owned())?.into_inner();
    Ok(Stored {
        identity: Identity { certificate_pem: answer.certificate_pem, key_pem: request.key_pem },
        ca_pem: answer.ca_pem,
        node,
    })
}

/// The first certificate of a host that has not joined: the one inside `insula up`, which its link vouches for.
pub(super) async fn first(config: &Config) -> Result<Stored, String> {
    let mut last = "the control plane did not answer".to_owned();
    let attempts = async {
        loop {
            match config.link.channel().await {
                Ok(channel) => {
                    let node = Node { node_name: config.node_name.clone(), cluster_id: String::new() };
                    match ask(&mut HostLinkClient::new(channel), node, config.node_ip).await {
                        Ok(stored) => return stored,
                        Err(why) => last = why,
                    }
                }
                Err(error) => last = with_causes(&error),
            }
            tokio::time::sleep(FIRST_RETRY).await;
        }
    };
    tokio::time::timeout(FIRST_WITHIN, attempts).await.map_err(|_| last)
}
