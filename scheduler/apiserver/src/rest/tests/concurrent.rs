//! Many writers at once: what a watch tells adds up to what a list shows, at every revision.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::harness::{Cluster, SHOP, config_map};
use super::watches::Watching;

const WRITERS: usize = 6;
const WRITES_EACH: usize = 40;
const NAMES: usize = 5;

/// Creates, changes and deletes a few objects that the other writers want too; refusals are part of it.
async fn write(cluster: &Cluster, writer: usize) {
    let list = format!("{SHOP}/configmaps");
    let mut state = writer as u64 + 1;
    for write in 0..WRITES_EACH {
        // Numerical Recipes' generator: the same writes in every run, in an order the runtime chooses.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) % (1 << 32);
        let name = format!("c{}", (state >> 8) as usize % NAMES);
        let path = format!("{list}/{name}");
        let answer = match (state >> 16) % 4 {
            0 => cluster.delete(&path).await,
            1 => cluster.merge(&path, &json!({"data": {"write": format!("{writer}-{write}")}})).await,
            _ => cluster.post(&list, &config_map(&name, &json!({"write": format!("{writer}-{write}")}))).await,
        };
        assert!([200, 201, 404, 409].contains(&answer.code), "{}", answer.text);
        tokio::task::yield_now().await;
    }
}

fn version(object: &Value) -> &str {
    object["metadata"]["resourceVersion"].as_str().expect("a version")
}

/// Objects by name.
fn by_name(list: &Value) -> BTreeMap<String, Value> {
    let items = list["items"].as_array().expect("a list").iter();
    let named = |item: &Value| (item["metadata"]["name"].as_str().expect("a name").to_owned(), item["data"].clone());
    items.map(named).collect()
}

// C3
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_list_and_the_watch_after_it_are_the_list_at_every_revision() {
    let cluster = std::sync::Arc::new(Cluster::new().await);
    let list = format!("{SHOP}/configmaps");
    cluster.post(&list, &config_map("c0", &json!({}))).await.expect(201);
    let first = cluster.get(&list).await.expect(200);
    let mut model = by_name(&first);
    let path = format!("{list}?watch=true&resourceVersion={}", version(&first));
    let mut watch = Watching::open(&cluster, &path, "*/*").await;
    let writers = (0..WRITERS).map(|writer| {
        let cluster = cluster.clone();
        tokio::spawn(async move { write(&cluster, writer).await })
    });
    futures::future::join_all(writers).await.into_iter().for_each(|ended| ended.expect("no writer fails"));
    let last = version(&cluster.get(&list).await.expect(200)).parse::<u64>().expect("a number");

    let mut events = 0;
    cluster.post(&list, &config_map("end", &json!({}))).await.expect(201);
    loop {
        let event = watch.next().await.expect("an event");
        let (object, name) = (&event["object"], event["object"]["metadata"]["name"].as_str().expect("a name"));
        if name == "end" {
            break;
        }
        let known = model.contains_key(name);
        assert_eq!(event["type"] == "ADDED", !known, "{name}: {event} after {model:?}");
        match event["type"].as_str() {
            Some("DELETED") => drop(model.remove(name)),
            _ => drop(model.insert(name.to_owned(), object["data"].clone())),
        }
        events += 1;
        let then = format!("{list}?resourceVersion={}&resourceVersionMatch=Exact", version(object));
        assert_eq!(by_name(&cluster.get(&then).await.expect(200)), model, "at {}", version(object));
        assert!(version(object).parse::<u64>().expect("a number") <= last);
    }
    assert!(events > WRITERS * WRITES_EACH / 3, "{events} events are too few to show anything");
}
