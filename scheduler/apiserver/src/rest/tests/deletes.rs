//! Deletion: grace, finalizers, preconditions, owners.

use serde_json::{Value, json};

use super::harness::{APPS, Cluster, SHOP, config_map, deployment, pod};
use crate::kinds::Subresource;
use crate::objects::{Patch, WriteOptions};

async fn bound_pod(cluster: &Cluster, name: &str) -> Value {
    cluster.post(&format!("{SHOP}/pods"), &pod(name)).await.expect(201);
    cluster.objects.bind("shop", name, "n1", WriteOptions::default()).await.expect("bound")
}

// C6
#[tokio::test]
async fn a_bound_pod_is_deleted_in_two_steps() {
    let cluster = Cluster::new().await;
    bound_pod(&cluster, "a").await;
    let path = format!("{SHOP}/pods/a");
    let marked = cluster.delete(&path).await.expect(200);
    assert_eq!(marked["metadata"]["deletionGracePeriodSeconds"], 30);
    assert_eq!(cluster.delete(&path).await.expect(200), marked, "a second deletion changes nothing");
    let shorter = cluster.delete(&format!("{path}?gracePeriodSeconds=3")).await.expect(200);
    assert_eq!(shorter["metadata"]["deletionGracePeriodSeconds"], 3);
    let body = json!({"gracePeriodSeconds": 0, "preconditions": {"uid": "other"}});
    cluster.call("DELETE", &path, "application/json", body.to_string()).await.expect(409);
    let body = json!({"gracePeriodSeconds": 0, "preconditions": {"uid": marked["metadata"]["uid"]}});
    cluster.call("DELETE", &path, "application/json", body.to_string()).await.expect(200);
    cluster.get(&path).await.expect(404);
}

#[tokio::test]
async fn an_unbound_pod_goes_at_once() {
    let cluster = Cluster::new().await;
    cluster.post(&format!("{SHOP}/pods"), &pod("a")).await.expect(201);
    assert_eq!(cluster.delete(&format!("{SHOP}/pods/a")).await.expect(200)["kind"], "Pod");
    cluster.get(&format!("{SHOP}/pods/a")).await.expect(404);
    cluster.delete(&format!("{SHOP}/pods/a")).await.expect(404);
}

// C6
#[tokio::test]
async fn finalizers_hold_an_object_until_the_last_is_gone() {
    let cluster = Cluster::new().await;
    let mut map = config_map("a", &json!({}));
    map["metadata"]["finalizers"] = json!(["example.com/a", "example.com/b"]);
    cluster.post(&format!("{SHOP}/configmaps"), &map).await.expect(201);
    let path = format!("{SHOP}/configmaps/a");
    assert!(cluster.delete(&path).await.expect(200)["metadata"]["deletionTimestamp"].is_string());
    let more = json!({"metadata": {"finalizers": ["example.com/a", "example.com/b", "example.com/c"]}});
    cluster.merge(&path, &more).await.expect(422);
    cluster.merge(&path, &json!({"metadata": {"finalizers": ["example.com/b"]}})).await.expect(200);
    cluster.get(&path).await.expect(200);
    cluster.merge(&path, &json!({"metadata": {"finalizers": null}})).await.expect(200);
    cluster.get(&path).await.expect(404);
}

// C7
#[tokio::test]
async fn propagation_becomes_a_finalizer() {
    let cluster = Cluster::new().await;
    for (policy, finalizer) in [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")] {
        let name = policy.to_lowercase();
        cluster.post(&format!("{APPS}/deployments"), &deployment(&name)).await.expect(201);
        let path = format!("{APPS}/deployments/{name}");
        let marked = cluster.delete(&format!("{path}?propagationPolicy={policy}")).await.expect(200);
        assert_eq!(marked["metadata"]["finalizers"], json!([finalizer]));
    }
    cluster.post(&format!("{APPS}/deployments"), &deployment("plain")).await.expect(201);
    let gone = cluster.delete(&format!("{APPS}/deployments/plain?propagationPolicy=Background")).await.expect(200);
    assert_eq!((&gone["kind"], &gone["status"]), (&json!("Status"), &json!("Success")));
}

#[tokio::test]
async fn a_namespace_ends_when_it_is_empty() {
    let cluster = Cluster::new().await;
    let marked = cluster.delete(SHOP).await.expect(200);
    assert_eq!(marked["status"]["phase"], "Terminating");
    let refused = cluster.post(&format!("{SHOP}/pods"), &pod("late")).await.expect(403);
    assert_eq!(refused["details"]["causes"][0]["reason"], "NamespaceTerminating");
    cluster.post("/api/v1/namespaces/nowhere/pods", &pod("a")).await.expect(404);
    // An ordinary update does not touch what holds a namespace.
    cluster.merge(SHOP, &json!({"spec": {"finalizers": []}})).await.expect(200);
    cluster.get(SHOP).await.expect(200);
    let done = Patch::Merge(json!({"spec": {"finalizers": []}}));
    let namespaces = &api::resource::NAMESPACES;
    let ended =
        cluster.objects.patch(namespaces, "", "shop", Subresource::Finalize, done, WriteOptions::default()).await;
    ended.expect("finalized");
    cluster.get(SHOP).await.expect(404);
    cluster.delete("/api/v1/namespaces/default").await.expect(403);
}

#[tokio::test]
async fn collections_are_deleted_by_selector() {
    let cluster = Cluster::new().await;
    for n in 0..30 {
        let mut map = config_map(&format!("m{n}"), &json!({}));
        map["metadata"]["labels"] = json!({"parity": if n % 2 == 0 { "even" } else { "odd" }});
        cluster.post(&format!("{SHOP}/configmaps"), &map).await.expect(201);
    }
    let deleted = cluster.delete(&format!("{SHOP}/configmaps?labelSelector=parity%3Deven")).await.expect(200);
    assert_eq!(deleted["items"].as_array().map(Vec::len), Some(15));
    let left = cluster.get(&format!("{SHOP}/configmaps")).await.expect(200);
    assert_eq!(left["items"].as_array().map(Vec::len), Some(15));
    cluster.delete("/api/v1/namespaces").await.expect(405);
    cluster.delete("/api/v1/configmaps").await.expect(405);
}

#[tokio::test]
async fn an_eviction_is_a_polite_deletion() {
    let cluster = Cluster::new().await;
    bound_pod(&cluster, "a").await;
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "a"},
        "deleteOptions": {"gracePeriodSeconds": 7}});
    let done = cluster.post(&format!("{SHOP}/pods/a/eviction"), &eviction).await.expect(201);
    assert_eq!(done["status"], "Success");
    let pod = cluster.get(&format!("{SHOP}/pods/a")).await.expect(200);
    assert_eq!(pod["metadata"]["deletionGracePeriodSeconds"], 7);
}

// F32
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_slips_into_a_namespace_that_is_being_deleted() {
    let cluster = Cluster::new().await;
    let maps = &api::resource::CONFIG_MAPS;
    let creating = (0..100).map(|n| {
        let objects = cluster.objects.clone();
        let map = config_map(&format!("m{n}"), &json!({}));
        tokio::spawn(async move { objects.create(maps, "shop", map, WriteOptions::default()).await })
    });
    let creating: Vec<_> = creating.collect();
    let marked = cluster.delete(SHOP).await.expect(200);
    let end: u64 =
        marked["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse().ok()).expect("a version");
    for created in futures::future::join_all(creating).await {
        match created.expect("no panic") {
            Ok(map) => {
                let at = map["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse::<u64>().ok());
                assert!(at.is_some_and(|at| at < end), "created at {at:?}, after the deletion at {end}");
            }
            Err(status) => assert_eq!(status.code, 403, "{status}"),
        }
    }
}
