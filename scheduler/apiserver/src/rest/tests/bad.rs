//! Every request of `tests/bad_requests.yaml` gets the answer that stands beside it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::harness::{APPS, BATCH, Cluster, SHOP, config_map, deployment, pod, service};
use crate::WriteOptions;

/// Longest time an answer may take.
const TOOK_MAX: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bad {
    name: String,
    #[serde(default)]
    method: Option<String>,
    /// Below the namespace `shop`.
    #[serde(default)]
    to: String,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    media: Option<String>,
    #[serde(default)]
    object: Option<Value>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    bytes: Option<String>,
    #[serde(default)]
    huge: Option<Huge>,
    /// As `huge`, with `#` replaced by the number of the piece.
    #[serde(default)]
    numbered: Option<Huge>,
    code: u16,
    reason: String,
    #[serde(default)]
    fields: Vec<String>,
}

#[derive(Deserialize)]
struct Huge {
    before: String,
    piece: String,
    times: usize,
    after: String,
}

impl Bad {
    fn path(&self) -> String {
        if let Some(path) = &self.path {
            return path.clone();
        }
        let resource = self.to.split(['/', '?']).next().unwrap_or_default();
        let root = match resource {
            "deployments" => APPS,
            "jobs" | "cronjobs" => BATCH,
            "leases" => "/apis/coordination.k8s.io/v1/namespaces/shop",
            "endpointslices" => "/apis/discovery.k8s.io/v1/namespaces/shop",
            _ => SHOP,
        };
        format!("{root}/{}", self.to)
    }

    fn body(&self) -> Vec<u8> {
        if let Some(object) = &self.object {
            return object.to_string().into_bytes();
        }
        if let Some(bytes) = &self.bytes {
            let digits = bytes.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("hex"));
            return digits.map(|pair| u8::from_str_radix(pair, 16).expect("hex")).collect();
        }
        if let Some(huge) = &self.huge {
            return format!("{}{}{}", huge.before, huge.piece.repeat(huge.times), huge.after).into_bytes();
        }
        if let Some(huge) = &self.numbered {
            let pieces: String = (0..huge.times).map(|n| huge.piece.replace('#', &n.to_string())).collect();
            return format!("{}{pieces}{}", huge.before, huge.after).into_bytes();
        }
        self.text.clone().expect("object, text, bytes, huge or numbered").into_bytes()
    }
}

async fn cluster() -> Cluster {
    let cluster = Cluster::new().await;
    cluster.post(&format!("{APPS}/deployments"), &deployment("web")).await.expect(201);
    cluster.post(&format!("{SHOP}/pods"), &pod("bound")).await.expect(201);
    cluster.objects.bind("shop", "bound", "n1", WriteOptions::default()).await.expect("bound");
    let mut frozen = config_map("frozen", &json!({"x": "1"}));
    frozen["immutable"] = json!(true);
    cluster.post(&format!("{SHOP}/configmaps"), &frozen).await.expect(201);
    cluster.post(&format!("{SHOP}/secrets"), &json!({"metadata": {"name": "typed"}})).await.expect(201);
    let mut taken = service("taken", "NodePort");
    taken["spec"]["clusterIP"] = json!("127.128.0.7");
    taken["spec"]["ports"][0]["nodePort"] = json!(30_100);
    cluster.post(&format!("{SHOP}/services"), &taken).await.expect(201);
    cluster
}

// F87
#[tokio::test]
async fn every_bad_request_gets_its_answer_and_changes_nothing() {
    let text = include_str!("../../../tests/bad_requests.yaml");
    let all: Vec<Bad> = serde_saphyr::from_str(text).expect("the fixture");
    assert!(all.len() >= 60, "{} are too few", all.len());
    let cluster = cluster().await;
    let before = cluster.objects.store().revision().await;
    let mut wrong = Vec::new();
    for bad in &all {
        let body = bad.body();
        let start = Instant::now();
        let media = bad.media.as_deref().unwrap_or("application/json");
        let answer = cluster.call(bad.method.as_deref().unwrap_or("POST"), &bad.path(), media, body).await;
        let took = start.elapsed();
        let causes = answer.body["details"]["causes"].as_array().cloned().unwrap_or_default();
        let found: BTreeSet<&str> = causes.iter().filter_map(|cause| cause["field"].as_str()).collect();
        let wanted: BTreeSet<&str> = bad.fields.iter().map(String::as_str).collect();
        let fine =
            answer.code == bad.code && answer.body["reason"] == bad.reason.as_str() && answer.body["kind"] == "Status";
        if !fine || (!wanted.is_empty() && found != wanted) {
            wrong.push(format!("{}: {} {} {found:?}", bad.name, answer.code, answer.text));
        }
        // A debug build on a machine with other work; 50 ms are asked of a release on an idle one.
        if took > TOOK_MAX {
            wrong.push(format!("{}: took {took:?}", bad.name));
        }
        if answer.text.len() > 64 << 10 {
            wrong.push(format!("{}: answered with {} bytes", bad.name, answer.text.len()));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
    assert_eq!(cluster.objects.store().revision().await, before, "a refused request stores nothing");
}
