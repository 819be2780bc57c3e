//! Addresses and node ports of Services.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};

use super::harness::{Cluster, SHOP, address, service};
use crate::objects::ObjectsConfig;

fn node_port(service: &Value) -> Option<u64> {
    service["spec"]["ports"][0]["nodePort"].as_u64()
}

#[tokio::test]
async fn addresses_and_ports_are_given_kept_and_returned() {
    let cluster = Cluster::new().await;
    let list = format!("{SHOP}/services");
    let created = cluster.post(&list, &service("web", "NodePort")).await.expect(201);
    let (ip, port) = (address(&created), node_port(&created).expect("a node port"));
    assert!((30_000..=32_767).contains(&port));
    assert_eq!(created["spec"]["clusterIPs"], json!([ip]));
    // `kubectl apply` of the same manifest mentions neither.
    let again = cluster.put(&format!("{list}/web"), &service("web", "NodePort")).await.expect(200);
    assert_eq!((address(&again), node_port(&again)), (ip, Some(port)));
    let plain = cluster.merge(&format!("{list}/web"), &json!({"spec": {"type": "ClusterIP"}})).await.expect(200);
    assert_eq!((address(&plain), node_port(&plain)), (ip, None));
    let mut wish = service("other", "NodePort");
    wish["spec"]["ports"][0]["nodePort"] = json!(port);
    cluster.post(&list, &wish).await.expect(201);
    cluster.delete(&format!("{list}/web")).await.expect(200);
    let mut wish = service("third", "ClusterIP");
    wish["spec"]["clusterIP"] = json!(ip);
    cluster.post(&list, &wish).await.expect(201);
}

#[tokio::test]
async fn wishes_are_respected_or_refused() {
    let cluster = Cluster::new().await;
    let list = format!("{SHOP}/services");
    let mut wish = service("a", "NodePort");
    wish["spec"]["clusterIP"] = json!("127.128.0.10");
    wish["spec"]["ports"][0]["nodePort"] = json!(30_080);
    cluster.post(&format!("{list}?dryRun=All"), &wish).await.expect(201);
    cluster.post(&list, &wish).await.expect(201);
    wish["metadata"]["name"] = json!("b");
    let refused = cluster.post(&list, &wish).await.expect(422);
    let causes: Vec<&str> = refused["details"]["causes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|cause| cause["field"].as_str())
        .collect();
    assert_eq!(causes, ["spec.clusterIPs", "spec.ports[0].nodePort"]);
    wish["spec"]["clusterIP"] = json!("10.9.9.9");
    wish["spec"]["ports"][0]["nodePort"] = json!(8080);
    let refused = cluster.post(&list, &wish).await.expect(422);
    assert!(refused["message"].as_str().is_some_and(|text| text.contains("The range of valid ports is 30000-32767")));
    let mut headless = service("c", "ClusterIP");
    headless["spec"]["clusterIP"] = json!("None");
    let created = cluster.post(&list, &headless).await.expect(201);
    assert_eq!(created["spec"]["clusterIPs"], json!(["None"]));
    let moved = json!({"spec": {"clusterIP": "127.128.0.99"}});
    cluster.merge(&format!("{list}/a"), &moved).await.expect(422);
    let named =
        json!({"spec": {"type": "ExternalName", "externalName": "example.com", "clusterIP": "", "ports": null}});
    let changed = cluster.merge(&format!("{list}/a"), &named).await.expect(200);
    assert_eq!(changed["spec"]["clusterIP"].as_str().unwrap_or_default(), "");
}

#[tokio::test]
async fn a_service_becomes_a_name_and_gives_its_node_ports_back() {
    let cluster = Cluster::new().await;
    let list = format!("{SHOP}/services");
    let created = cluster.post(&list, &service("a", "NodePort")).await.expect(201);
    let named = json!({"spec": {"type": "ExternalName", "externalName": "example.com"}});
    let changed = cluster.merge(&format!("{list}/a"), &named).await.expect(200);
    assert_eq!((node_port(&changed), changed["spec"]["clusterIP"].as_str()), (None, None));
    assert_eq!(changed["spec"]["ports"][0]["port"], 80, "what the user said stays");
    let mut heir = service("b", "NodePort");
    heir["spec"]["clusterIP"] = created["spec"]["clusterIP"].clone();
    heir["spec"]["ports"][0]["nodePort"] = created["spec"]["ports"][0]["nodePort"].clone();
    cluster.post(&list, &heir).await.expect(201);
}

#[tokio::test]
async fn a_service_of_a_hundred_node_ports_comes_and_goes() {
    let cluster = Cluster::new().await;
    let list = format!("{SHOP}/services");
    let mut wide = service("wide", "NodePort");
    wide["spec"]["ports"] = (1..=100).map(|n| json!({"name": format!("p{n}"), "port": n})).collect();
    let created = cluster.post(&list, &wide).await.expect(201);
    assert!(created["spec"]["ports"][99]["nodePort"].is_u64());
    cluster.delete(&format!("{list}/wide")).await.expect(200);
    cluster.post(&list, &created_anew(created)).await.expect(201);
}

/// The same wish, down to the addresses and ports that were given.
fn created_anew(mut object: Value) -> Value {
    object["metadata"] = json!({"name": object["metadata"]["name"]});
    object
}

#[tokio::test]
async fn a_small_range_is_used_up_to_the_last_and_freed() {
    let config =
        ObjectsConfig { service_cidr: "10.0.0.0/28".parse().expect("a range"), node_port_range: 30_000..=30_019 };
    let cluster = Cluster::with(config).await;
    let list = format!("{SHOP}/services");
    let wishes: Vec<Value> = (0..14).map(|n| service(&format!("s{n}"), "NodePort")).collect();
    let answers = join_all(wishes.iter().map(|wish| cluster.post(&list, wish))).await;
    let created: Vec<Value> = answers.into_iter().map(|answer| answer.expect(201)).collect();
    assert_eq!(created.iter().map(address).collect::<BTreeSet<_>>().len(), 14);
    assert_eq!(created.iter().filter_map(node_port).collect::<BTreeSet<_>>().len(), 14);
    let full = cluster.post(&list, &service("one-too-many", "ClusterIP")).await.expect(500);
    assert!(full["message"].as_str().is_some_and(|text| text.contains("range is full")));
    cluster.delete(&format!("{list}/s3")).await.expect(200);
    let last = cluster.post(&list, &service("late", "ClusterIP")).await.expect(201);
    assert_eq!(address(&last), address(&created[3]));
}

#[tokio::test]
async fn one_number_serves_two_protocols() {
    let cluster = Cluster::new().await;
    let mut dns = service("dns", "NodePort");
    dns["spec"]["ports"] = json!([
        {"name": "udp", "port": 53, "protocol": "UDP", "nodePort": 30_053},
        {"name": "tcp", "port": 53, "protocol": "TCP", "nodePort": 30_053},
        {"name": "any", "port": 54},
    ]);
    let created = cluster.post(&format!("{SHOP}/services"), &dns).await.expect(201);
    assert_eq!(created["spec"]["ports"][1]["nodePort"], 30_053);
    assert!(created["spec"]["ports"][2]["nodePort"].as_u64().is_some_and(|port| port != 30_053));
}
