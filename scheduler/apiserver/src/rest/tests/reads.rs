//! Reads: selectors, pages, tables, one revision.

use serde_json::{Value, json};

use super::harness::{APPS, Cluster, SHOP, config_map, deployment, pod};

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
const PARTIAL: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().into_iter().flatten();
    items.filter_map(|item| item["metadata"]["name"].as_str().map(str::to_owned)).collect()
}

async fn fill(cluster: &Cluster, count: usize) {
    for n in 0..count {
        let mut map = config_map(&format!("m{n:03}"), &json!({}));
        map["metadata"]["labels"] = json!({"third": (n % 3).to_string()});
        cluster.post(&format!("{SHOP}/configmaps"), &map).await.expect(201);
    }
}

#[tokio::test]
async fn pages_hold_one_revision() {
    let cluster = Cluster::new().await;
    fill(&cluster, 25).await;
    let list = format!("{SHOP}/configmaps?limit=10");
    let first = cluster.get(&list).await.expect(200);
    assert_eq!((names(&first).len(), &first["metadata"]["remainingItemCount"]), (10, &json!(15)));
    cluster.delete(&format!("{SHOP}/configmaps/m015")).await.expect(200);
    fill_more(&cluster).await;
    let token = first["metadata"]["continue"].as_str().expect("a token").to_owned();
    let second = cluster.get(&format!("{list}&continue={token}")).await.expect(200);
    assert!(names(&second).contains(&"m015".to_owned()), "the list is as of its first page");
    let token = second["metadata"]["continue"].as_str().expect("a token");
    let third = cluster.get(&format!("{list}&continue={token}")).await.expect(200);
    assert_eq!(names(&third), ["m020", "m021", "m022", "m023", "m024"]);
    assert!(third["metadata"]["continue"].is_null());
    assert_eq!(first["metadata"]["resourceVersion"], third["metadata"]["resourceVersion"]);
    cluster.get(&format!("{list}&continue=nonsense")).await.expect(400);
}

async fn fill_more(cluster: &Cluster) {
    cluster.post(&format!("{SHOP}/configmaps"), &config_map("m014b", &json!({}))).await.expect(201);
}

#[tokio::test]
async fn selectors_select_across_pages() {
    let cluster = Cluster::new().await;
    fill(&cluster, 20).await;
    let list = format!("{SHOP}/configmaps?labelSelector=third%3D1&limit=4");
    let first = cluster.get(&list).await.expect(200);
    assert_eq!(names(&first), ["m001", "m004", "m007", "m010"]);
    assert!(first["metadata"]["remainingItemCount"].is_null());
    let token = first["metadata"]["continue"].as_str().expect("a token");
    let second = cluster.get(&format!("{list}&continue={token}")).await.expect(200);
    assert_eq!(names(&second), ["m013", "m016", "m019"]);
    let one = cluster.get(&format!("{SHOP}/configmaps?fieldSelector=metadata.name%3Dm005")).await.expect(200);
    assert_eq!(names(&one), ["m005"]);
    let all = cluster.get("/api/v1/configmaps?fieldSelector=metadata.namespace%3Dshop").await.expect(200);
    assert_eq!(names(&all).len(), 20);
    for bad in ["labelSelector=a%3D%3D%3Db", "fieldSelector=data.x%3D1", "limit=x", "resourceVersion=x"] {
        cluster.get(&format!("{SHOP}/configmaps?{bad}")).await.expect(400);
    }
}

#[tokio::test]
async fn versions_are_read_as_they_are_meant() {
    let cluster = Cluster::new().await;
    fill(&cluster, 2).await;
    let list = format!("{SHOP}/configmaps");
    let old =
        cluster.get(&list).await.expect(200)["metadata"]["resourceVersion"].as_str().expect("a version").to_owned();
    fill_more(&cluster).await;
    let exact = cluster.get(&format!("{list}?resourceVersion={old}&resourceVersionMatch=Exact")).await.expect(200);
    assert_eq!(names(&exact).len(), 2);
    let newer =
        cluster.get(&format!("{list}?resourceVersion={old}&resourceVersionMatch=NotOlderThan")).await.expect(200);
    assert_eq!(names(&newer).len(), 3);
    assert_eq!(names(&cluster.get(&format!("{list}?resourceVersion=0")).await.expect(200)).len(), 3);
    cluster.get(&format!("{list}?resourceVersionMatch=Exact")).await.expect(400);
    // C4: a version this server has not reached is not answered with an older one.
    let future = cluster.get(&format!("{list}?resourceVersion=99999")).await.expect(504);
    assert_eq!(future["details"]["causes"][0]["reason"], "ResourceVersionTooLarge");
    let now: u64 = old.parse().expect("a number");
    cluster.objects.store().compact(now + 1).await.expect("compacted");
    let gone = cluster.get(&format!("{list}?resourceVersion={old}&resourceVersionMatch=Exact")).await.expect(410);
    assert_eq!(gone["reason"], "Expired");
}

#[tokio::test]
async fn forms_follow_the_accept_header() {
    let cluster = Cluster::new().await;
    cluster.post(&format!("{SHOP}/pods"), &pod("a")).await.expect(201);
    let table = cluster.get_as(&format!("{SHOP}/pods"), TABLE).await.expect(200);
    assert_eq!((&table["kind"], &table["rows"][0]["cells"][0]), (&json!("Table"), &json!("a")));
    assert_eq!(table["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    assert!(table["metadata"]["resourceVersion"].is_string());
    let one = cluster.get_as(&format!("{SHOP}/pods/a?includeObject=Object"), TABLE).await.expect(200);
    assert_eq!(one["rows"][0]["object"]["kind"], "Pod");
    let partial = cluster.get_as(&format!("{SHOP}/pods"), PARTIAL).await.expect(200);
    assert_eq!((&partial["kind"], partial["items"][0]["spec"].is_null()), (&json!("PartialObjectMetadataList"), true));
    cluster.get_as(&format!("{SHOP}/pods"), "text/html").await.expect(406);
    let list = cluster.get(&format!("{SHOP}/pods")).await.expect(200);
    assert_eq!((&list["kind"], &list["apiVersion"]), (&json!("PodList"), &json!("v1")));
    assert_eq!(list["items"][0], cluster.get(&format!("{SHOP}/pods/a")).await.expect(200));
}

#[tokio::test]
async fn the_server_tells_what_it_is() {
    let cluster = Cluster::new().await;
    for path in ["/healthz", "/livez", "/readyz"] {
        assert_eq!(cluster.get(path).await.text, "ok");
    }
    assert_eq!(cluster.get("/version/").await.expect(200)["minor"], "37");
    assert_eq!(cluster.get("/api").await.expect(200)["kind"], "APIVersions");
    assert_eq!(cluster.get("/apis").await.expect(200)["kind"], "APIGroupList");
    assert_eq!(cluster.get("/apis/apps/v1").await.expect(200)["kind"], "APIResourceList");
    cluster.get("/apis/nothing/v1").await.expect(404);
    let beta = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
    assert_eq!(cluster.get_as("/apis", beta).await.expect(200)["apiVersion"], "apidiscovery.k8s.io/v2beta1");
    assert!(cluster.get("/openapi/v3").await.expect(200)["paths"]["apis/apps/v1"].is_object());
    cluster.get("/openapi/v3/apis/apps/v1").await.expect(200);
    cluster.get("/openapi/v3/apis/nothing/v1").await.expect(404);
    cluster.get("/nothing").await.expect(404);
}

#[tokio::test]
async fn logs_are_asked_of_the_right_container() {
    let cluster = Cluster::new().await;
    let mut two = pod("two");
    two["spec"]["containers"] = json!([{"name": "a", "image": "x:1"}, {"name": "b", "image": "x:1"}]);
    for object in [&pod("one"), &two] {
        cluster.post(&format!("{SHOP}/pods"), object).await.expect(201);
    }
    cluster.get(&format!("{SHOP}/pods/one/log")).await.expect(400);
    for name in ["one", "two"] {
        cluster.objects.bind("shop", name, "n", crate::WriteOptions::default()).await.expect("bound");
    }
    let answer =
        cluster.get(&format!("{SHOP}/pods/one/log?tailLines=5&timestamps=true&sinceTime=2026-01-01T00:00:00Z")).await;
    assert_eq!(answer.code, 200);
    assert!(
        answer.text.contains("container: \"main\"") && answer.text.contains("tail_lines: Some(5)"),
        "{}",
        answer.text
    );
    cluster.get(&format!("{SHOP}/pods/two/log")).await.expect(400);
    assert!(cluster.get(&format!("{SHOP}/pods/two/log?container=b")).await.text.contains("container: \"b\""));
    cluster.get(&format!("{SHOP}/pods/two/log?container=c")).await.expect(400);
}

#[tokio::test]
async fn methods_that_make_no_sense_are_refused() {
    let cluster = Cluster::new().await;
    cluster.post(&format!("{SHOP}/pods"), &pod("a")).await.expect(201);
    cluster.post(&format!("{APPS}/deployments"), &deployment("d")).await.expect(201);
    for (method, path) in [
        ("POST", "/api/v1/pods".to_owned()),
        ("POST", format!("{SHOP}/pods/a")),
        ("PUT", format!("{SHOP}/pods")),
        ("DELETE", format!("{SHOP}/pods/a/status")),
        ("PATCH", format!("{SHOP}/pods/a/ephemeralcontainers")),
        ("GET", format!("{SHOP}/pods/a/binding")),
        ("POST", "/version".to_owned()),
    ] {
        let answer = cluster.call(method, &path, "application/json", "{}").await;
        assert_eq!(answer.code, 405, "{method} {path}: {}", answer.text);
    }
}
