//! Ingresses, their classes, and policies of the network.

use jiff::Timestamp;
use serde_json::Value;

use super::read::NONE;
use super::{AGE, NAME, Printer, age, read, selector, text};

/// Hosts that are shown before the rest is counted.
const HOSTS_MAX: usize = 3;

pub(super) static INGRESS: Printer = Printer {
    columns: &[
        NAME,
        text("Class", "The class that serves it."),
        text("Hosts", "The hosts of its rules."),
        text("Address", "Where it can be reached."),
        text("Ports", "The ports it is served on."),
        AGE,
    ],
    cells: ingress,
};

pub(super) static INGRESS_CLASS: Printer = Printer {
    columns: &[
        NAME,
        text("Controller", "What serves its Ingresses."),
        text("Parameters", "More configuration of what serves them."),
        AGE,
    ],
    cells: ingress_class,
};

pub(super) static NETWORK_POLICY: Printer = Printer {
    columns: &[NAME, text("Pod-Selector", "Labels of the Pods it is about."), AGE],
    cells: |object, now| {
        let selected = object.pointer("/spec/podSelector").map_or_else(|| NONE.to_owned(), selector::of);
        vec![read::name(object), selected.into(), age::of(object, now)]
    },
};

fn ingress(object: &Value, now: Timestamp) -> Vec<Value> {
    let old_class = read::text(object, "/metadata/annotations/kubernetes.io~1ingress.class");
    let class = read::text_or(object, "/spec/ingressClassName", old_class);
    let balancers = read::list(object, "/status/loadBalancer/ingress").iter();
    let addresses: Vec<&str> =
        balancers.map(|found| read::text_or(found, "/ip", read::text(found, "/hostname"))).collect();
    let is_secure = !read::list(object, "/spec/tls").is_empty();
    vec![
        read::name(object),
        if class.is_empty() { NONE } else { class }.into(),
        hosts(object).into(),
        addresses.join(",").into(),
        if is_secure { "80, 443" } else { "80" }.into(),
        age::of(object, now),
    ]
}

fn hosts(object: &Value) -> String {
    let rules = read::list(object, "/spec/rules").iter();
    let hosts: Vec<&str> = rules.map(|rule| read::text(rule, "/host")).filter(|host| !host.is_empty()).collect();
    match hosts.len() {
        0 => "*".to_owned(),
        count if count > HOSTS_MAX => {
            format!("{} + {} more...", hosts[..HOSTS_MAX].join(","), count - HOSTS_MAX)
        }
        _ => hosts.join(","),
    }
}

fn ingress_class(object: &Value, now: Timestamp) -> Vec<Value> {
    let parameters = object.pointer("/spec/parameters").map_or_else(
        || NONE.to_owned(),
        |found| {
            let group = match read::text(found, "/apiGroup") {
                "" => String::new(),
                group => format!(".{group}"),
            };
            format!("{}{group}/{}", read::text(found, "/kind"), read::text(found, "/name"))
        },
    );
    vec![read::name(object), read::text(object, "/spec/controller").into(), parameters.into(), age::of(object, now)]
}
