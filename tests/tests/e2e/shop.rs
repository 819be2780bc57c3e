//! The sample application: three components that call each other by Service name, with config and a secret.

use std::net::SocketAddr;

use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use tests::load::ask;
use tests::{Cluster, paths};

use crate::deploy::answer;

fn push_shop(cluster: &Cluster) {
    for name in ["web", "catalog", "prices"] {
        cluster.push(&format!("shop_{name}"), &format!("shop/{name}:v1"));
    }
}

async fn get_as_staff(addr: SocketAddr) -> String {
    let stream = tokio::net::TcpStream::connect(addr).await.expect("connects");
    let (mut connection, driver) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("shakes hands");
    tokio::spawn(driver);
    let request = Request::get("/").header("host", "shop").header("staff-code", "open-sesame");
    let response = connection.send_request(request.body(Empty::<bytes::Bytes>::new()).expect("sound")).await;
    let body = response.expect("answers").into_body().collect().await.expect("a body").to_bytes();
    String::from_utf8_lossy(&body).into_owned()
}

#[tokio::test]
async fn the_shop_runs_from_plain_kubernetes_yaml() {
    let cluster = Cluster::up();
    push_shop(&cluster);
    let manifest = paths::root().join("samples/shop/shop.yaml").display().to_string();
    let _applied = cluster.insula_ok(&["apply", "-f", &manifest]);
    let addr = SocketAddr::new(cluster.slice.node_ip(1), 30080);
    // Until all three serve, the page says which of them does not.
    tests::until("the page lists all prices", || async {
        answer(addr, "/").await.contains("satyricon            15.50 EUR").then_some(())
    })
    .await;
    let page = get_as_staff(addr).await;
    assert!(page.contains("satyricon            7.75 EUR"), "the secret is known to `prices`: {page}");
    let again = cluster.insula_ok(&["apply", "-f", &manifest]);
    assert!(again.lines().filter(|line| line.ends_with("unchanged")).count() >= 8, "{again}");
}

/// F89, C67: what is secret is nowhere in the clear.
#[tokio::test]
async fn a_secret_is_sealed_on_every_disk_and_in_no_log_event_or_process_list() {
    let cluster = Cluster::up();
    push_shop(&cluster);
    let manifest = std::fs::read_to_string(paths::root().join("samples/shop/shop.yaml")).expect("the manifest");
    let file = cluster.path("canary.yaml");
    std::fs::write(&file, manifest.replace("open-sesame", "canary-5f1d0c")).expect("writes");
    let _applied = cluster.insula_ok(&["apply", "-f", &file.display().to_string()]);
    answer(SocketAddr::new(cluster.slice.node_ip(1), 30080), "/").await;
    std::fs::remove_file(&file).expect("removes");
    let base64_of_canary = b"Y2FuYXJ5LTVmMWQwY";
    let mut todo = vec![cluster.path("")];
    let mut searched = 0;
    while let Some(dir) = todo.pop() {
        for entry in std::fs::read_dir(dir).expect("a folder").filter_map(Result::ok) {
            if entry.path().is_dir() {
                todo.push(entry.path());
            } else if let Ok(bytes) = std::fs::read(entry.path()) {
                searched += 1;
                let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
                assert!(!holds(b"canary-5f1d0c"), "{} holds the secret", entry.path().display());
                assert!(!holds(base64_of_canary), "{} holds the secret in base64", entry.path().display());
            }
        }
    }
    assert!(searched > 5, "the store and the host's state were searched");
    let audited = std::fs::read_to_string(cluster.path("server/audit.log")).expect("the audit log");
    assert!(audited.contains("\"secrets\""), "it says that a Secret was written, and not what");

    let events = cluster.api().await.get("/api/v1/events").await.expect("lists").to_string();
    assert!(events.contains("Scheduled") && !events.contains("canary-5f1d0c"), "{events}");
    let processes = std::fs::read_dir("/proc").expect("lists").filter_map(Result::ok);
    for process in processes {
        // What belongs to others, or has ended, cannot be read.
        let read = |name: &str| std::fs::read(process.path().join(name)).unwrap_or_default();
        for shown in [read("cmdline"), read("environ")] {
            assert!(!String::from_utf8_lossy(&shown).contains("canary-5f1d0c"), "{}", process.path().display());
        }
    }
}

/// The grown shop: a queue and its worker, a counter that outlives instances, a CronJob, and three languages on a page.
#[tokio::test]
async fn the_grown_shop_packs_what_is_ordered_and_reports_it() {
    let cluster = Cluster::up();
    push_shop(&cluster);
    for name in ["orders", "counter", "packer", "report"] {
        cluster.push(&format!("shop_{name}"), &format!("shop/{name}:v1"));
    }
    for name in ["banner", "reviews"] {
        let file = paths::language(&format!("shop_{name}")).display().to_string();
        let _pushed = cluster.insula_ok(&["push", &file, &format!("shop/{name}:v1")]);
    }
    for manifest in ["shop.yaml", "more.yaml"] {
        let file = paths::root().join("samples/shop").join(manifest).display().to_string();
        let _applied = cluster.insula_ok(&["apply", "-f", &file]);
    }
    let addr = SocketAddr::new(cluster.slice.node_ip(1), 30081);
    // Two of them carry an interpreter, which takes long to compile.
    let patience = std::time::Duration::from_secs(300);
    tests::within(patience, "the page of orders is whole", || async {
        let (_, _, page) = ask(Method::GET, addr, "/", "").await.ok()?;
        page.starts_with("ORDERS OF THE BOOK SHOP\n").then_some(())
    })
    .await;
    for book in ["satyricon", "satyricon", "de-architectura"] {
        let (status, _, text) = ask(Method::POST, addr, &format!("/{book}"), "").await.expect("an answer");
        assert_eq!((status, text), (StatusCode::ACCEPTED, format!("ordered {book}\n")));
    }
    let (status, ..) = ask(Method::POST, addr, "/ars-magna", "").await.expect("an answer");
    assert_eq!(status, StatusCode::NOT_FOUND, "nobody has written it yet");
    tests::until("everything is packed", || async {
        let page = answer(addr, "/").await;
        let packed = |line: &str| page.lines().any(|found| found == line);
        (packed("satyricon              2 packed   one dinner too long")
            && packed("de-architectura        1 packed   firm, useful, beautiful")
            && packed("naturalis-historia     0 packed   everything, and some of it true"))
        .then_some(())
    })
    .await;
    let _made = cluster.insula_ok(&["create", "job", "report-now", "--from=cronjob/report", "--namespace", "shop"]);
    let done = ["wait", "job/report-now", "--for=condition=Complete", "--timeout=60s", "--namespace", "shop"];
    let _waited = cluster.insula_ok(&done);
    let report = cluster.insula_ok(&["logs", "job/report-now", "--namespace", "shop"]);
    assert_eq!(report, "3 books packed\n     2 satyricon\n     1 de-architectura\n");
}
