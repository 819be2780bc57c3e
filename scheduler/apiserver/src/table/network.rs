//! Services and the endpoints behind them.

use jiff::Timestamp;
use serde_json::Value;

use super::read::{NONE, UNKNOWN};
use super::{AGE, NAME, Printer, age, read, selector, text};

/// Entries of a list that are shown before the rest is counted.
const LISTED_MAX: usize = 3;

pub(super) static SERVICE: Printer = Printer {
    columns: &[
        NAME,
        text("Type", "How the Service is exposed."),
        text("Cluster-IP", "The address inside the cluster."),
        text("External-IP", "The addresses outside the cluster."),
        text("Port(s)", "The ports, with those of Nodes after a colon."),
        AGE,
        text("Selector", "Labels of the Pods that serve.").wide(),
    ],
    cells: service,
};

pub(super) static ENDPOINT_SLICE: Printer = Printer {
    columns: &[
        NAME,
        text("AddressType", "The kind of address."),
        text("Ports", "The ports of every endpoint."),
        text("Endpoints", "The addresses of the endpoints."),
        AGE,
    ],
    cells: endpoint_slice,
};

pub(super) static ENDPOINTS: Printer =
    Printer { columns: &[NAME, text("Endpoints", "The addresses and ports that serve."), AGE], cells: endpoints };

fn service(object: &Value, now: Timestamp) -> Vec<Value> {
    let ports: Vec<_> = read::list(object, "/spec/ports").iter().map(port).collect();
    vec![
        read::name(object),
        read::text(object, "/spec/type").into(),
        read::text_or(object, "/spec/clusterIP", NONE).into(),
        external_ip(object).into(),
        if ports.is_empty() { NONE.into() } else { ports.join(",").into() },
        age::of(object, now),
        selector::labels(object.pointer("/spec/selector")).into(),
    ]
}

fn port(port: &Value) -> String {
    let (number, protocol) = (read::number(port, "/port"), read::text_or(port, "/protocol", "TCP"));
    match read::number(port, "/nodePort") {
        0 => format!("{number}/{protocol}"),
        node_port => format!("{number}:{node_port}/{protocol}"),
    }
}

fn external_ip(service: &Value) -> String {
    let own = read::list(service, "/spec/externalIPs").iter().filter_map(Value::as_str);
    let balancers = read::list(service, "/status/loadBalancer/ingress");
    let (addresses, otherwise): (Vec<_>, _) = match read::text(service, "/spec/type") {
        "ClusterIP" | "NodePort" => (own.collect(), NONE),
        "LoadBalancer" => {
            let address = |balancer| read::text_or(balancer, "/ip", read::text(balancer, "/hostname"));
            (balancers.iter().map(address).filter(|address| !address.is_empty()).chain(own).collect(), "<pending>")
        }
        "ExternalName" => (vec![read::text(service, "/spec/externalName")], NONE),
        _ => (Vec::new(), UNKNOWN),
    };
    if addresses.is_empty() { otherwise.to_owned() } else { addresses.join(",") }
}

fn endpoint_slice(object: &Value, now: Timestamp) -> Vec<Value> {
    let ports = read::list(object, "/ports").iter().map(|port| match read::number(port, "/port") {
        0 => read::text_or(port, "/name", "*").to_owned(),
        number => number.to_string(),
    });
    let addresses = read::list(object, "/endpoints").iter().flat_map(|endpoint| read::list(endpoint, "/addresses"));
    vec![
        read::name(object),
        read::text(object, "/addressType").into(),
        shortened(ports).into(),
        shortened(addresses.filter_map(Value::as_str).map(str::to_owned)).into(),
        age::of(object, now),
    ]
}

fn endpoints(object: &Value, now: Timestamp) -> Vec<Value> {
    let mut served = Vec::new();
    for subset in read::list(object, "/subsets") {
        let ports = read::list(subset, "/ports").iter().map(|port| format!(":{}", read::number(port, "/port")));
        let ports: Vec<String> = ports.collect();
        for address in read::list(subset, "/addresses") {
            let at = |port: &str| format!("{}{port}", read::text(address, "/ip"));
            served.extend(if ports.is_empty() { vec![at("")] } else { ports.iter().map(|port| at(port)).collect() });
        }
    }
    let served = if served.is_empty() { NONE.to_owned() } else { shortened(served.into_iter()) };
    vec![read::name(object), served.into(), age::of(object, now)]
}

/// `a,b,c + 2 more...`
fn shortened(entries: impl Iterator<Item = String>) -> String {
    let entries: Vec<_> = entries.collect();
    match entries.len() {
        0 => "<unset>".to_owned(),
        count if count > LISTED_MAX => {
            format!("{} + {} more...", entries[..LISTED_MAX].join(","), count - LISTED_MAX)
        }
        _ => entries.join(","),
    }
}
