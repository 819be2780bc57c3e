//! Connections that last: `kubectl port-forward` by WebSocket and by SPDY, and what is said to `exec` and `attach`.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use http::StatusCode;
use serde_json::json;
use tests::{Cluster, load, paths, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::deploy::answer;

const PODS: &str = "/api/v1/namespaces/default/pods";

/// A running `kubectl port-forward`.
struct Forward {
    child: Child,
    /// Local addresses, in the order in which the ports were given.
    at: Vec<SocketAddr>,
    said: PathBuf,
}

impl Forward {
    /// Starts it, and waits until it listens.
    fn start(cluster: &Cluster, kubectl: &Path, websockets: bool, target: &str, ports: &[&str]) -> Self {
        let said = cluster.path("port-forward.log");
        let mut child = Command::new(kubectl)
            .args(["port-forward", "--address", "127.0.0.1", target])
            .args(ports)
            .env("KUBECONFIG", cluster.kubeconfig())
            .env("KUBECTL_PORT_FORWARD_WEBSOCKETS", websockets.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&said).expect("a file"))
            .spawn()
            .expect("kubectl starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines().map_while(Result::ok);
        let mut at = Vec::new();
        while at.len() < ports.len() {
            let Some(line) = lines.next() else {
                panic!("kubectl port-forward ended: {}", std::fs::read_to_string(&said).unwrap_or_default())
            };
            let address = line.strip_prefix("Forwarding from ").and_then(|rest| rest.split(" -> ").next());
            at.extend(address.and_then(|address| address.parse::<SocketAddr>().ok()));
        }
        // What it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, at, said }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.said).unwrap_or_default()
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Every kubectl, and the way it goes: since 1.31 by WebSocket, and by SPDY if told to.
fn clients() -> Vec<(PathBuf, bool)> {
    let newest = paths::kubectls().remove(0);
    let others = ["kubectl.1.30", "kubectl.1.31", "kubectl.1.33"].into_iter().filter_map(paths::sdk);
    [(newest.clone(), true), (newest, false)].into_iter().chain(others.map(|kubectl| (kubectl, true))).collect()
}

async fn pods(cluster: &Cluster) {
    cluster.push("hello02", "web:v1");
    cluster.push("tcp", "tcp:v1");
    let api = cluster.api().await;
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "both", "labels": {"app": "both"}},
        "spec": {"containers": [
            {"name": "web", "image": "web:v1", "ports": [{"containerPort": 8080, "name": "http"}]},
            {"name": "tcp", "image": "tcp:v1", "ports": [{"containerPort": 7000}], "env": [{"name": "PORT", "value": "7000"}]},
        ]},
    });
    api.create(PODS, &pod).await.expect("is created");
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "both"}, "ports": [{"port": 80, "targetPort": "http"}]},
    });
    api.create("/api/v1/namespaces/default/services", &service).await.expect("is created");
    running(cluster, "both").await;
}

async fn running(cluster: &Cluster, name: &str) {
    let api = cluster.api().await;
    until(&format!("{name} is ready"), || async {
        let pod = api.get(&format!("{PODS}/{name}")).await.ok()?;
        let conditions = pod["status"]["conditions"].as_array()?.clone();
        conditions.iter().any(|c| c["type"] == "Ready" && c["status"] == "True").then_some(())
    })
    .await;
}

async fn echoed(at: SocketAddr, line: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(at).await?;
    stream.write_all(line.as_bytes()).await?;
    stream.shutdown().await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn ports_of_a_pod_and_of_its_service_are_forwarded_to_every_kubectl() {
    let cluster = Cluster::up();
    pods(&cluster).await;
    for (kubectl, websockets) in clients() {
        println!("{} by {}", kubectl.display(), if websockets { "WebSocket, if it can" } else { "SPDY" });
        let forward = Forward::start(&cluster, &kubectl, websockets, "pod/both", &[":8080", ":7000"]);
        let [web, tcp] = forward.at[..] else { panic!("two ports") };
        for _ in 0..3 {
            assert!(answer(web, "/").await.contains("hello"));
        }
        let long = "x".repeat(300_000) + "\n";
        for line in ["one\n", &long] {
            assert!(echoed(tcp, line).await.expect("is answered") == line, "{}", forward.said());
        }
        let together = futures::future::join_all((0..20).map(|_| load::get(web, "/"))).await;
        assert!(together.iter().all(|got| got.as_ref().is_ok_and(|(status, ..)| *status == StatusCode::OK)));
        assert_eq!(forward.said(), "");
        drop(forward);
        let forward = Forward::start(&cluster, &kubectl, websockets, "service/web", &[":80"]);
        assert!(answer(forward.at[0], "/").await.contains("hello"));
    }
}

/// kube-rs opens a connection to each port at once, in channels of one WebSocket, and may be silent for long.
#[tokio::test]
async fn a_client_library_forwards_by_channels() {
    let cluster = Cluster::up();
    pods(&cluster).await;
    let pods = kube::Api::<api::core::Pod>::default_namespaced(cluster.api().await.client());
    let mut forward = pods.portforward("both", &[8080, 7000]).await.expect("is upgraded");
    let mut tcp = forward.take_stream(7000).expect("the first to ask");
    for line in ["one\n", "two\n"] {
        tcp.write_all(line.as_bytes()).await.expect("writes");
        let mut answer = [0; 4];
        tcp.read_exact(&mut answer).await.expect("is answered");
        assert_eq!(answer, line.as_bytes());
    }
    let mut web = forward.take_stream(8080).expect("the first to ask");
    web.write_all(b"GET / HTTP/1.1\r\nhost: web\r\n\r\n").await.expect("writes");
    let mut answer = String::new();
    while !answer.contains("hello") {
        let mut piece = [0; 256];
        let read = web.read(&mut piece).await.expect("reads");
        assert!(read > 0, "it ends after {answer:?}");
        answer.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn a_port_at_which_nobody_listens_is_an_error_that_says_so() {
    let cluster = Cluster::up();
    cluster.push("tcp", "tcp:v1");
    let api = cluster.api().await;
    let container = json!({"name": "tcp", "image": "tcp:v1", "env": [{"name": "PORT", "value": "7000"}]});
    let pod = json!({"metadata": {"name": "tcp"}, "spec": {"containers": [container]}});
    api.create(PODS, &pod).await.expect("is created");
    running(&cluster, "tcp").await;
    for (kubectl, websockets) in clients() {
        println!("{}", kubectl.display());
        let forward = Forward::start(&cluster, &kubectl, websockets, "pod/tcp", &[":7001", ":7000"]);
        assert_eq!(echoed(forward.at[0], "x\n").await.unwrap_or_default(), "");
        let said = until("kubectl says why", || async { Some(forward.said()).filter(|said| !said.is_empty()) }).await;
        assert!(said.contains("error forwarding port 7001 to pod tcp") && said.contains("refused"), "{said}");
    }
}

#[tokio::test]
async fn a_pod_that_is_deleted_ends_its_connections_with_an_error() {
    let cluster = Cluster::up();
    let kubectl = paths::kubectls().remove(0);
    cluster.push("tcp", "tcp:v1");
    let api = cluster.api().await;
    for websockets in [true, false] {
        let container = json!({"name": "tcp", "image": "tcp:v1", "env": [{"name": "PORT", "value": "7000"}]});
        let pod = json!({"metadata": {"name": "tcp"}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 1}});
        api.create(PODS, &pod).await.expect("is created");
        running(&cluster, "tcp").await;
        let forward = Forward::start(&cluster, &kubectl, websockets, "pod/tcp", &[":7000"]);
        let mut stream = TcpStream::connect(forward.at[0]).await.expect("connects");
        stream.write_all(b"there?\n").await.expect("writes");
        let mut answer = [0; 7];
        stream.read_exact(&mut answer).await.expect("is answered");
        drop(cluster.kubectl_ok(&kubectl, &["delete", "pod", "tcp", "--timeout=60s"]));
        let mut rest = String::new();
        drop(stream.read_to_string(&mut rest).await);
        let said =
            until("kubectl says why", || async { Some(forward.said()).filter(|said| said.contains('\n')) }).await;
        assert!(said.contains("pod default/tcp has ended"), "{said}");
    }
}

#[tokio::test]
async fn nothing_can_be_run_in_a_component_and_every_client_hears_why() {
    let cluster = Cluster::up();
    pods(&cluster).await;
    let file = cluster.path("a-file");
    std::fs::write(&file, "x").expect("writes");
    let copy = format!("{}", file.display());
    for (kubectl, _) in clients() {
        for (args, words) in [
            (&["exec", "both", "-c", "web", "--", "ls"][..], "cannot run commands in pod both"),
            (&["exec", "-i", "both", "-c", "web", "--", "sh"], "cannot run commands in pod both"),
            (&["attach", "both", "-c", "web"], "cannot attach to pod both"),
            (&["cp", &copy, "both:/tmp/x", "-c", "web"], "cannot run commands in pod both"),
            (&["debug", "both", "--image=web:v1"], "ephemeral containers"),
        ] {
            let output = cluster.kubectl(&kubectl, args);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && said.contains(words), "{} {args:?}: {said}", kubectl.display());
        }
        let resources = cluster.kubectl_ok(&kubectl, &["get", "--raw", "/api/v1"]);
        for part in ["pods/exec", "pods/attach", "pods/portforward"] {
            assert!(resources.contains(&format!("{part:?}")), "{resources}");
        }
    }
}

/// `kubectl proxy`, killed when dropped.
struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test]
async fn requests_reach_pods_through_the_api() {
    let cluster = Cluster::up();
    pods(&cluster).await;
    for (kubectl, _) in clients() {
        for of in ["pods/both", "pods/http:both:8080", "services/web", "services/web:80"] {
            let path = format!("/api/v1/namespaces/default/{of}/proxy/");
            let said = until("the endpoints are there", || async {
                let output = cluster.kubectl(&kubectl, &["get", "--raw", &path]);
                output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
            })
            .await;
            assert!(said.to_lowercase().contains("hello"), "{of}: {said}");
        }
        let output = cluster.kubectl(&kubectl, &["get", "--raw", "/api/v1/namespaces/default/pods/both:7000/proxy/"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains("error trying to reach service"),
            "no HTTP is spoken: {said}"
        );

        let mut child = Command::new(&kubectl)
            .args(["proxy", "--port=0"])
            .env("KUBECONFIG", cluster.kubeconfig())
            .env("HOME", cluster.path(""))
            .stdout(Stdio::piped())
            .spawn()
            .expect("kubectl starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        let _proxy = Proxy(child);
        let line = BufReader::new(stdout).lines().next().expect("it says where it listens").expect("text");
        let at = line.rsplit(' ').next().expect("an address");
        let mut stream = TcpStream::connect(at).await.expect("connects");
        let body = "x".repeat(1 << 20);
        let head = "POST /api/v1/namespaces/default/pods/both:8080/proxy/any?a=b HTTP/1.1\r\nhost: localhost";
        let request = format!("{head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).await.expect("writes");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("is answered");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.to_lowercase().contains("hello"), "{answer}");
    }
}
