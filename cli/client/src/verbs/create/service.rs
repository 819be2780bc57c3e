//! Services by type.

use anyhow::Result;
use serde_json::{Value, json};

use super::Making;
use crate::failure::usage;

/// How a Service is reached.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Service {
    /// Within the cluster.
    #[command(name = "clusterip")]
    ClusterIp(Ports),
    /// Through a port of every node.
    #[command(name = "nodeport")]
    NodePort(Ports),
    /// Through a load balancer.
    #[command(name = "loadbalancer")]
    LoadBalancer(Ports),
    /// A name that stands for another.
    #[command(name = "externalname")]
    ExternalName(External),
}

#[derive(Debug, clap::Args)]
pub(super) struct Ports {
    #[command(flatten)]
    making: Making,
    /// Its name, and the value of the label `app` of its Pods.
    name: String,
    /// PORT or PORT:TARGET.
    #[arg(long, value_name = "PORT[:TARGET]", value_delimiter = ',')]
    tcp: Vec<String>,
    /// A fixed address; None for a headless Service.
    #[arg(long, value_name = "IP")]
    clusterip: Option<String>,
    /// A fixed port of the nodes.
    #[arg(long, value_name = "PORT")]
    node_port: Option<u16>,
}

#[derive(Debug, clap::Args)]
pub(super) struct External {
    #[command(flatten)]
    making: Making,
    /// Its name.
    name: String,
    /// The name it stands for.
    #[arg(long, value_name = "NAME")]
    external_name: String,
}

impl Service {
    pub(super) fn object(self) -> Result<(Making, Value)> {
        match self {
            Self::ClusterIp(args) => args.object("ClusterIP"),
            Self::NodePort(args) => args.object("NodePort"),
            Self::LoadBalancer(args) => args.object("LoadBalancer"),
            Self::ExternalName(args) => {
                let spec = json!({ "type": "ExternalName", "externalName": args.external_name });
                Ok((args.making, service(&args.name, &spec)))
            }
        }
    }
}

fn service(name: &str, spec: &Value) -> Value {
    let metadata = json!({ "name": name, "labels": { "app": name } });
    json!({ "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec })
}

impl Ports {
    fn object(self, kind: &str) -> Result<(Making, Value)> {
        let headless = self.clusterip.as_deref() == Some("None");
        if self.tcp.is_empty() && !headless {
            return Err(usage("give the ports: --tcp=80:8080"));
        }
        let mut ports = self.tcp.iter().map(|text| port(text)).collect::<Result<Vec<_>>>()?;
        if let (Some(first), Some(number)) = (ports.first_mut(), self.node_port) {
            first["nodePort"] = json!(number);
        }
        let mut spec = json!({ "type": kind, "selector": { "app": self.name }, "ports": ports });
        if let Some(ip) = self.clusterip {
            spec["clusterIP"] = json!(ip);
        }
        Ok((self.making, service(&self.name, &spec)))
    }
}

fn port(text: &str) -> Result<Value> {
    let (own, target) = text.split_once(':').unwrap_or((text, text));
    let wrong = || usage(format!("{text:?} is neither PORT nor PORT:TARGET"));
    let own: u16 = own.parse().map_err(|_| wrong())?;
    let target = match target.parse::<u16>() {
        Ok(number) => json!(number),
        Err(_) if target.is_empty() => return Err(wrong()),
        Err(_) => json!(target),
    };
    // Ports of one Service are told apart by name, as kubectl names them.
    let name = text.replace(':', "-");
    Ok(json!({ "name": name, "port": own, "targetPort": target, "protocol": "TCP" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_have_targets_by_number_or_name() {
        assert_eq!(port("80:8080").expect("a port")["targetPort"], 8080);
        assert_eq!(port("80:http").expect("a port")["targetPort"], "http");
        assert_eq!(port("80").expect("a port"), json!({"name": "80", "port": 80, "targetPort": 80, "protocol": "TCP"}));
        for text in ["", "x", "80:", "99999"] {
            assert!(port(text).is_err(), "{text}");
        }
    }
}
