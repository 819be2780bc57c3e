//! A past that is forgotten under a hundred watches, and a store that is full.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use store::{Bounds, HistoryBounds, Volatile};

use super::harness::{Cluster, SHOP, config_map};
use super::watches::Watching;

const FOLLOWERS: usize = 100;
const ROUNDS: usize = 9;

fn maps() -> String {
    format!("{SHOP}/configmaps")
}

fn version(object: &Value) -> String {
    object["metadata"]["resourceVersion"].as_str().expect("a version").to_owned()
}

/// What is there by name, and since when.
async fn list(cluster: &Cluster) -> (BTreeMap<String, Value>, String) {
    let list = cluster.get(&maps()).await.expect(200);
    let named = |item: &Value| (item["metadata"]["name"].as_str().expect("a name").to_owned(), item["data"].clone());
    (list["items"].as_array().expect("a list").iter().map(named).collect(), version(&list))
}

/// A client that lists, watches, goes away and comes back.
struct Follower {
    model: BTreeMap<String, Value>,
    version: String,
    watch: Option<Watching>,
    /// Whether the watch has told nothing yet: it may not have begun.
    is_fresh: bool,
    resumed: usize,
    relisted: usize,
}

impl Follower {
    async fn start(cluster: &Cluster) -> Self {
        let (model, version) = list(cluster).await;
        let mut follower = Self { model, version, watch: None, is_fresh: true, resumed: 0, relisted: 0 };
        follower.open(cluster).await;
        follower
    }

    async fn open(&mut self, cluster: &Cluster) {
        let path = format!("{}?watch=true&resourceVersion={}", maps(), self.version);
        self.watch = Some(Watching::open(cluster, &path, "*/*").await);
        self.is_fresh = true;
    }

    /// Comes back if it was away, and reads until it has seen the mark of a round.
    async fn follow(&mut self, cluster: &Cluster, round: usize) {
        let was_away = self.watch.is_none();
        if was_away {
            self.open(cluster).await;
        }
        loop {
            let event = self.watch.as_mut().expect("is open").next().await.expect("an event");
            let object = &event["object"];
            if event["type"] == "ERROR" {
                assert_eq!((&object["code"], &object["reason"]), (&json!(410), &json!("Expired")), "{event}");
                assert!(self.is_fresh, "who has kept up loses nothing: {event}");
                (self.model, self.version) = list(cluster).await;
                self.relisted += 1;
                self.open(cluster).await;
                // The list may have shown the mark already.
                if self.model["mark"]["round"] == json!(round.to_string()) {
                    return;
                }
                continue;
            }
            self.resumed += usize::from(std::mem::take(&mut self.is_fresh) && was_away);
            let name = object["metadata"]["name"].as_str().expect("a name").to_owned();
            self.version = version(object);
            let is_mark = name == "mark" && object["data"]["round"] == json!(round.to_string());
            match event["type"].as_str() {
                Some("DELETED") => assert!(self.model.remove(&name).is_some(), "{name} was deleted unknown"),
                _ => drop(self.model.insert(name, object["data"].clone())),
            }
            if is_mark {
                return;
            }
        }
    }
}

async fn write(cluster: &Cluster, round: usize) {
    for n in 0..4 {
        let name = format!("r{round}-{n}");
        cluster.post(&maps(), &config_map(&name, &json!({"round": round.to_string()}))).await.expect(201);
        cluster.merge(&format!("{}/{name}", maps()), &json!({"data": {"more": "x"}})).await.expect(200);
    }
    if let Some(before) = round.checked_sub(1) {
        for n in 0..3 {
            cluster.delete(&format!("{}/r{before}-{n}", maps())).await.expect(200);
        }
    }
    let mark = json!({"data": {"round": round.to_string()}});
    cluster.merge(&format!("{}/mark", maps()), &mark).await.expect(200);
}

// F11
#[tokio::test]
async fn a_hundred_watches_outlive_compaction_and_lose_no_deletion() {
    let cluster = Cluster::new().await;
    cluster.post(&maps(), &config_map("mark", &json!({}))).await.expect(201);
    let mut followers = Vec::new();
    for _ in 0..FOLLOWERS {
        followers.push(Follower::start(&cluster).await);
    }
    for round in 0..ROUNDS {
        // A third is away while things change, and two rounds in three the past is forgotten before it comes back.
        for follower in followers.iter_mut().skip(round % 3).step_by(3) {
            follower.watch = None;
        }
        write(&cluster, round).await;
        if round % 3 != 0 {
            let now = cluster.objects.store().revision().await;
            cluster.objects.store().compact(now).await.expect("compacts");
        }
        for follower in &mut followers {
            follower.follow(&cluster, round).await;
        }
    }
    let (now, _) = list(&cluster).await;
    assert!(followers.iter().all(|follower| follower.model == now), "everyone knows what is there, and nothing else");
    let count = |of: fn(&Follower) -> usize| followers.iter().map(of).sum::<usize>();
    let (resumed, relisted) = (count(|follower| follower.resumed), count(|follower| follower.relisted));
    assert!(resumed >= FOLLOWERS && relisted >= FOLLOWERS, "{resumed} resumed, {relisted} listed anew");
}

// C11
#[tokio::test]
async fn a_full_store_serves_reads_deletes_and_events_and_recovers_by_itself() {
    let history = HistoryBounds { revisions_max: 20, bytes_max: 1 << 20 };
    let bounds = Bounds { durable_bytes_max: 400_000, history, volatile: Volatile::heartbeats_and_events() };
    let cluster = Cluster::bounded(bounds).await;
    let large = json!({"x": "x".repeat(20_000)});
    let mut kept = 0;
    let full = loop {
        let answer = cluster.post(&maps(), &config_map(&format!("m{kept}"), &large)).await;
        if answer.code != 201 {
            break answer;
        }
        kept += 1;
        assert!(kept < 100, "it has a bound");
    };
    assert_eq!((full.code, &full.body["reason"]), (507, &json!("InsufficientStorage")), "{}", full.text);
    assert!(full.headers.contains_key("retry-after"), "a client comes back");
    for path in ["/readyz", "/livez"] {
        assert_eq!(cluster.get(path).await.code, 200, "{path}: it works, as far as it can");
    }
    assert_eq!(list(&cluster).await.0.len(), kept);
    for n in 0..50 {
        let about = json!({"kind": "Pod", "name": "p", "namespace": "shop"});
        let event =
            json!({"metadata": {"name": format!("e{n}")}, "involvedObject": about, "reason": "R", "message": "m"});
        cluster.post(&format!("{SHOP}/events"), &event).await.expect(201);
    }
    assert_eq!(list(&cluster).await.0.len(), kept, "Events push out no object");
    let now = cluster.objects.store().revision().await;
    cluster.objects.store().compact(now).await.expect("compacts");
    cluster.post(&maps(), &config_map("late", &large)).await.expect(507);
    cluster.delete(&format!("{}/m0", maps())).await.expect(200);
    cluster.post(&maps(), &config_map("late", &large)).await.expect(201);
}
