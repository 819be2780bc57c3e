//! Two writers of one object: the second learns of the first.

use futures::future::join_all;
use serde_json::{Value, json};

use super::harness::{Cluster, SHOP, config_map};
use crate::kinds::Subresource;
use crate::objects::{Patch, WriteOptions};

// C1
#[tokio::test]
async fn a_stale_version_never_overwrites() {
    let cluster = Cluster::new().await;
    let path = format!("{SHOP}/configmaps/a");
    let first = cluster.post(&format!("{SHOP}/configmaps"), &config_map("a", &json!({"x": "1"}))).await.expect(201);
    let mut second = first.clone();
    second["data"]["x"] = json!("2");
    cluster.put(&path, &second).await.expect(200);
    let mut stale = first.clone();
    stale["data"]["x"] = json!("3");
    let refused = cluster.put(&path, &stale).await.expect(409);
    assert_eq!(refused["reason"], "Conflict");
    let version = first["metadata"]["resourceVersion"].clone();
    let patch = json!({"metadata": {"resourceVersion": version}, "data": {"x": "4"}});
    cluster.merge(&path, &patch).await.expect(409);
    // Without a version an update is meant for whatever is there.
    cluster.put(&path, &config_map("a", &json!({"x": "5"}))).await.expect(200);
    assert_eq!(cluster.get(&path).await.expect(200)["data"]["x"], "5");
    let mut other = first;
    other["metadata"]["uid"] = json!("someone-else");
    other["metadata"]["resourceVersion"] = json!("");
    cluster.put(&path, &other).await.expect(409);
}

// C8
#[tokio::test]
async fn a_namesake_is_another_thing() {
    let cluster = Cluster::new().await;
    let (list, path) = (format!("{SHOP}/configmaps"), format!("{SHOP}/configmaps/a"));
    let first = cluster.post(&list, &config_map("a", &json!({}))).await.expect(201);
    cluster.delete(&path).await.expect(200);
    let second = cluster.post(&list, &config_map("a", &json!({}))).await.expect(201);
    assert_ne!(first["metadata"]["uid"], second["metadata"]["uid"]);
    let options = WriteOptions { uid: first["metadata"]["uid"].as_str().map(str::to_owned), ..WriteOptions::default() };
    let late = Patch::Merge(json!({"data": {"late": "yes"}}));
    let maps = &api::resource::CONFIG_MAPS;
    let refused = cluster.objects.patch(maps, "shop", "a", Subresource::Main, late, options).await;
    assert!(refused.is_err_and(|status| status.is_conflict()));
}

// F18
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_writers_of_one_object_lose_nothing() {
    let cluster = Cluster::new().await;
    let maps = &api::resource::CONFIG_MAPS;
    cluster.post(&format!("{SHOP}/configmaps"), &config_map("a", &json!({}))).await.expect(201);
    let writers = (0..100).map(|n| {
        let objects = cluster.objects.clone();
        tokio::spawn(async move {
            let patch = Patch::Merge(json!({"data": {format!("k{n}"): "x"}}));
            objects.patch(maps, "shop", "a", Subresource::Main, patch, WriteOptions::default()).await
        })
    });
    for outcome in join_all(writers).await {
        outcome.expect("no panic").expect("every patch gets through");
    }
    let object = cluster.get(&format!("{SHOP}/configmaps/a")).await.expect(200);
    assert_eq!(object["data"].as_object().map(serde_json::Map::len), Some(100));
}

// F18
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_clients_that_compare_and_swap_count_to_a_hundred() {
    const CLIENTS: usize = 100;
    let cluster = Cluster::new().await;
    let path = format!("{SHOP}/configmaps/a");
    cluster.post(&format!("{SHOP}/configmaps"), &config_map("a", &json!({"n": "0"}))).await.expect(201);
    let cluster = std::sync::Arc::new(cluster);
    let clients = (0..CLIENTS).map(|_| {
        let (cluster, path) = (cluster.clone(), path.clone());
        tokio::spawn(async move {
            // Who is refused lost to somebody who was not, and each of those wins once: this ends.
            for _ in 0..CLIENTS {
                let mut object = cluster.get(&path).await.expect(200);
                let count: usize = object["data"]["n"].as_str().and_then(|n| n.parse().ok()).expect("a number");
                object["data"]["n"] = (count + 1).to_string().into();
                match cluster.put(&path, &object).await {
                    answer if answer.code == 200 => return true,
                    answer => assert_eq!((answer.code, &answer.body["reason"]), (409, &json!("Conflict"))),
                }
            }
            false
        })
    });
    for outcome in join_all(clients).await {
        assert!(outcome.expect("no panic"), "every client gets through");
    }
    assert_eq!(cluster.get(&path).await.expect(200)["data"]["n"], CLIENTS.to_string());
}

// F17
#[tokio::test]
async fn one_create_of_many_wins() {
    let cluster = Cluster::new().await;
    let path = format!("{SHOP}/configmaps");
    let body: Value = config_map("a", &json!({}));
    let answers = join_all((0..100).map(|_| cluster.post(&path, &body))).await;
    assert_eq!(answers.iter().filter(|answer| answer.code == 201).count(), 1);
    assert!(answers.iter().all(|answer| answer.code == 201 || answer.body["reason"] == "AlreadyExists"));
}

// C14
#[tokio::test]
async fn a_fenced_writer_writes_nothing() {
    let cluster = Cluster::new().await;
    let guard = store::Guard::Absent { key: "/registry/terms/leader".to_owned() };
    let leader = cluster.objects.guarded(guard);
    let maps = &api::resource::CONFIG_MAPS;
    leader.create(maps, "shop", config_map("a", &json!({})), WriteOptions::default()).await.expect("it leads");
    let write = store::Write::Put { key: "/registry/terms/leader".to_owned(), value: "2".into() };
    cluster.objects.store().commit(store::Txn { guards: vec![], writes: vec![write] }).await.expect("committed");
    let late = leader.create(maps, "shop", config_map("b", &json!({})), WriteOptions::default()).await;
    assert!(late.is_err_and(|status| status.is_fenced()));
    let patch = Patch::Merge(json!({"data": {"x": "y"}}));
    let late = leader.patch(maps, "shop", "a", Subresource::Main, patch, WriteOptions::default()).await;
    assert!(late.is_err_and(|status| status.is_fenced()));
}
