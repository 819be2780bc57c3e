//! `insula expose`: makes a Service before what runs Pods, or beside another Service.

use anyhow::{Result, bail};
use clap_complete::ArgValueCompleter;
use http::Method;
use serde_json::{Map, Value, json};

use crate::choice::{Choice, Chosen};
use crate::client::JSON;
use crate::complete;
use crate::failure::Failures;
use crate::manifest::Files;
use crate::place::Place;
use crate::report::Report;
use crate::session::Session;
use crate::template;
use crate::value::{items, members, number, text};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// What runs Pods, a Pod, or another Service: TYPE NAME..., TYPE/NAME...
    #[arg(value_name = "TYPE NAME | TYPE/NAME", add = ArgValueCompleter::new(complete::objects))]
    words: Vec<String>,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    report: Report,
    /// The Service's port; those that the containers declare unless given.
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// The Pods' port, by number or name; the same unless given.
    #[arg(long, value_name = "PORT|NAME")]
    target_port: Option<String>,
    /// Of the ports: TCP, UDP, SCTP.
    #[arg(long, value_name = "NAME", default_value = "TCP")]
    protocol: String,
    /// ClusterIP, NodePort, LoadBalancer, ExternalName.
    #[arg(long, value_name = "TYPE", default_value = "ClusterIP")]
    r#type: String,
    /// The Service's name; the object's unless given.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Labels of the Pods, instead of those that the object selects.
    #[arg(long, value_name = "K=V,...", value_delimiter = ',', value_parser = crate::words::key_value)]
    selector: Vec<(String, String)>,
    /// A fixed address; None for a headless Service.
    #[arg(long, value_name = "IP")]
    cluster_ip: Option<String>,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let services = session.kinds.find("services")?.clone();
    let mut failures = Failures::default();
    // --selector is the Service's here, so it chooses no objects.
    let choice = Choice { words: args.words.clone(), files: args.files.clone(), ..Choice::default() };
    for chosen in choice.resolve(&session).await? {
        let made = async {
            let object = session.client.object(&chosen.path()).await?;
            let service = service(&args, &chosen, &object)?;
            let path =
                format!("{}{}", services.collection(chosen.namespace.as_deref()), args.report.query("insula-expose"));
            let made = session.client.call(Method::POST, &path, JSON, &service).await?;
            args.report.tell(&services, &made, "exposed")
        };
        failures.note(made.await);
    }
    failures.end()
}

fn service(args: &Args, chosen: &Chosen, object: &Value) -> Result<Value> {
    let kind = chosen.resource.kind.as_str();
    let selector = match args.selector.is_empty() {
        false => args.selector.iter().map(|(key, value)| (key.clone(), json!(value))).collect(),
        true => selector(kind, object)?,
    };
    let ports = ports(args, kind, object)?;
    let mut spec = json!({ "type": args.r#type, "selector": selector, "ports": ports });
    if let Some(ip) = &args.cluster_ip {
        spec["clusterIP"] = json!(ip);
    }
    let name = args.name.as_ref().unwrap_or(&chosen.name);
    let labels = object.pointer("/metadata/labels").cloned().unwrap_or_else(|| json!({}));
    Ok(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": name, "labels": labels }, "spec": spec,
    }))
}

/// The labels by which the Pods are found.
fn selector(kind: &str, object: &Value) -> Result<Map<String, Value>> {
    let at = match kind {
        "Service" => "/spec/selector",
        "Pod" => "/metadata/labels",
        _ if template::pod_spec(kind).is_some() => "/spec/selector/matchLabels",
        _ => bail!("a {kind} cannot be exposed; a Pod, a Service, or what runs Pods can"),
    };
    if items(object, "/spec/selector/matchExpressions").next().is_some() {
        bail!("its selector has expressions, which a Service's has not; give --selector");
    }
    let labels: Map<String, Value> = members(object, at).map(|(key, value)| (key.clone(), value.clone())).collect();
    if labels.is_empty() {
        bail!("it has no labels to select Pods by; give --selector");
    }
    Ok(labels)
}

fn ports(args: &Args, kind: &str, object: &Value) -> Result<Vec<Value>> {
    let target = |port: i64| match args.target_port.as_deref().map(|text| (text, text.parse::<u16>())) {
        Some((_, Ok(number))) => json!(number),
        Some((name, Err(_))) => json!(name),
        None => json!(port),
    };
    if let Some(port) = args.port {
        return Ok(vec![json!({ "port": port, "targetPort": target(port.into()), "protocol": args.protocol })]);
    }
    let declared: Vec<&Value> = match template::pod_spec(kind) {
        Some(at) => {
            let containers = items(object, &format!("{at}/containers"));
            containers.flat_map(|container| items(container, "/ports")).collect()
        }
        None => items(object, "/spec/ports").collect(),
    };
    let several = declared.len() > 1;
    let one = |(at, port): (usize, &&Value)| {
        let number = number(port, if kind == "Service" { "/port" } else { "/containerPort" });
        let protocol = if text(port, "/protocol").is_empty() { "TCP" } else { text(port, "/protocol") };
        let mut made = json!({ "port": number, "targetPort": target(number), "protocol": protocol });
        if several {
            let own = text(port, "/name");
            made["name"] = json!(if own.is_empty() { format!("port-{}", at + 1) } else { own.to_owned() });
        }
        made
    };
    if declared.is_empty() {
        bail!("its containers declare no ports; give --port");
    }
    Ok(declared.iter().enumerate().map(one).collect())
}
