//! An agent with its control plane, and short words for what every test does.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use host::{Agent, Config};
use http_body_util::{BodyExt as _, Empty};
use protocol::v1::to_host::Message as Downward;
use protocol::v1::{Artifact, PodAssignment, Pods};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::guests;
use super::plane::{PATIENCE, Plane};

/// The port guests answer on.
pub(crate) const PORT: u16 = 8080;

/// A host and its control plane.
pub(crate) struct Bench {
    pub(crate) plane: Plane,
    pub(crate) dir: tempfile::TempDir,
    agent: Option<Agent>,
}

impl Bench {
    /// Starts both; `slice` is the test's own range of addresses.
    pub(crate) async fn start(slice: u8) -> Self {
        Self::start_with(Plane::new(slice)).await
    }

    /// Starts a host of this control plane.
    pub(crate) async fn start_with(plane: Plane) -> Self {
        let mut bench = Self { plane, dir: tempfile::tempdir().unwrap(), agent: None };
        bench.start_host().await;
        bench
    }

    pub(crate) async fn start_host(&mut self) {
        let plane = self.plane.clone();
        let link = Arc::new(move || plane.channel());
        let mut config = Config::new(self.dir.path().to_owned(), "n1", [127, 0, 0, 1].into(), link);
        config.request_threads = 2;
        self.agent = Some(Agent::start(config).await.unwrap());
    }

    pub(crate) async fn stop_host(&mut self) {
        self.agent.take().unwrap().shutdown().await;
    }

    pub(crate) fn agent(&self) -> &Agent {
        self.agent.as_ref().unwrap()
    }

    /// Tells the host Pods.
    pub(crate) async fn tell(&self, upserts: Vec<PodAssignment>, removed: &[&str], snapshot_complete: bool) {
        let removed_uids = removed.iter().map(|uid| (*uid).to_owned()).collect();
        let term = self.plane.term();
        self.plane.say(Downward::Pods(Pods { term, revision: 7, upserts, removed_uids, snapshot_complete })).await;
    }

    /// An assignment of a Pod with one container that runs `guest`.
    pub(crate) async fn pod(&self, uid: &str, guest: &str) -> PodAssignment {
        self.pod_with(uid, guest, |_| {}).await
    }

    /// The same, with a Pod changed by `change`.
    pub(crate) async fn pod_with(&self, uid: &str, guest: &str, change: impl FnOnce(&mut Value)) -> PodAssignment {
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("pod-{uid}"), "namespace": "test", "uid": uid},
            "spec": {"nodeName": "n1", "containers": [
                {"name": "main", "image": format!("{guest}:v1"), "ports": [{"containerPort": PORT}]},
            ]},
        });
        change(&mut pod);
        PodAssignment {
            uid: uid.to_owned(),
            pod_json: serde_json::to_vec(&pod).unwrap().into(),
            artifacts: vec![Artifact {
                container: "main".to_owned(),
                image: format!("{guest}:v1"),
                digest: guests::digest(guest),
                code_key: self.plane.code_key(guest).await,
                ..Artifact::default()
            }],
            ..PodAssignment::default()
        }
    }

    /// Waits for a status of a Pod.
    pub(crate) async fn status(&self, uid: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let find = |seen: &super::plane::Seen| {
            seen.statuses.get(uid).filter(|(status, _)| holds(status)).map(|(status, _)| status.clone())
        };
        self.plane.until(&format!("{uid}: {what}"), find).await
    }

    /// Waits until a Pod is ready, and returns its address.
    pub(crate) async fn ready(&self, uid: &str) -> IpAddr {
        let status = self.status(uid, "ready", is_ready).await;
        status["podIP"].as_str().unwrap().parse().unwrap()
    }
}

pub(crate) fn is_ready(status: &Value) -> bool {
    let conditions = status["conditions"].as_array();
    conditions.is_some_and(|all| all.iter().any(|c| c["type"] == "Ready" && c["status"] == "True"))
}

/// Asks a Pod on its own address, over a connection of its own.
pub(crate) async fn ask(ip: IpAddr, path: &str) -> std::io::Result<(u16, String)> {
    ask_at(ip, PORT, path).await
}

pub(crate) async fn ask_at(ip: IpAddr, port: u16, path: &str) -> std::io::Result<(u16, String)> {
    let stream = TcpStream::connect((ip, port)).await?;
    let io = hyper_util::rt::TokioIo::new(stream);
    let failed = std::io::Error::other;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.map_err(failed)?;
    let connection = tokio::spawn(connection);
    let request = http::Request::get(path).header("host", "pod.test").body(Empty::<Bytes>::new()).unwrap();
    let response = sender.send_request(request).await.map_err(failed)?;
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.map_err(failed)?.to_bytes();
    connection.abort();
    Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
}

/// Asks for text that must come with 200.
pub(crate) async fn text(ip: IpAddr, path: &str) -> String {
    let (status, text) = ask(ip, path).await.unwrap();
    assert_eq!(status, 200, "{text}");
    text
}

/// Between two looks at a condition that nobody announces.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Waits for a condition; what was waited for is said if it does not come.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let holds = async {
        while !condition().await {
            looks.tick().await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, holds).await.is_ok(), "{what}");
}
