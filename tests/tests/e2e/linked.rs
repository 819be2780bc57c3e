//! Components of one Pod, linked by interface: a call between them is a function call.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tests::{Cluster, load, until};

fn pod(name: &str, link: &str, images: &[&str]) -> Value {
    let container = |image: &&str| json!({ "name": image, "image": format!("{image}:v1") });
    json!({
        "metadata": { "name": name, "labels": { "app": name }, "annotations": { "insula.dev/link": link } },
        "spec": { "containers": images.iter().map(container).collect::<Vec<_>>() },
    })
}

/// One container answers, the other is its library; alone, the first is refused with the reason (F50).
#[tokio::test]
async fn components_of_a_pod_call_each_other() {
    let cluster = Cluster::up();
    for guest in ["seller", "stock"] {
        cluster.push(guest, &format!("{guest}:v1"));
    }
    let api = cluster.api().await;
    let core = "/api/v1/namespaces/default";
    let service = json!({
        "metadata": { "name": "shop" },
        "spec": { "type": "NodePort", "selector": { "app": "shop" }, "ports": [{ "port": 80 }] },
    });
    let made = api.create(&format!("{core}/services"), &service).await.expect("is created");
    let port = u16::try_from(made["spec"]["ports"][0]["nodePort"].as_u64().expect("has a port")).expect("is a port");
    api.create(&format!("{core}/pods"), &pod("shop", "true", &["stock", "seller"])).await.expect("is created");
    let at = SocketAddr::new(cluster.slice.node_ip(1), port);
    let text = until("it answers", || async {
        let (status, _, text) = load::get(at, "/lamps").await.ok()?;
        (status == 200).then_some(text)
    })
    .await;
    assert_eq!(text, "5\n", "as the library says");
    let shop = api.get(&format!("{core}/pods/shop")).await.expect("is there");
    let ready = shop["status"]["containerStatuses"].as_array().expect("has containers").iter();
    assert_eq!(ready.filter(|status| status["ready"] == true).count(), 2, "both containers are Ready");
    for (name, link, images, reason) in [
        ("alone", "false", &["seller"][..], "CapabilityNotGranted"),
        ("nobody", "true", &["seller"], "CompileError"),
        ("headless", "true", &["stock"], "InvalidLink"),
    ] {
        api.create(&format!("{core}/pods"), &pod(name, link, images)).await.expect("is created");
        let waiting = until("it is refused", || async {
            let pod = api.get(&format!("{core}/pods/{name}")).await.ok()?;
            let waiting = pod["status"]["containerStatuses"][0]["state"]["waiting"].clone();
            waiting["reason"].as_str().filter(|reason| *reason != "ContainerCreating").is_some().then_some(waiting)
        })
        .await;
        assert!(waiting["reason"] == reason || waiting["reason"] == "CapabilityNotGranted", "{name}: {waiting}");
        let message = waiting["message"].as_str().unwrap_or_default();
        assert!(name == "headless" || message.contains("shop:stock/lookup"), "{name}: {message}");
    }
}
