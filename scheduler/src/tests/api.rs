//! The smallest client of the REST API: one request, one connection, with the admin's token.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::Server;

/// Talks to one server.
#[derive(Clone)]
pub(super) struct Api {
    address: SocketAddr,
    token: String,
    pub(super) ca_pem: String,
    tls: TlsConnector,
}

impl Api {
    pub(super) fn new(server: &Server, dir: &Path) -> Self {
        let read = |name: &str| std::fs::read_to_string(dir.join(name)).expect("is there");
        let ca_pem = read("ca.pem");
        let tls = protocol::tls::client(None, &ca_pem, &["http/1.1"]).expect("configures");
        Self { address: server.api_addr(), token: read("admin.token"), ca_pem, tls: TlsConnector::from(Arc::new(tls)) }
    }

    /// One request; the code and the body.
    pub(super) async fn send(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let tcp = TcpStream::connect(self.address).await.expect("connects");
        let name = "localhost".try_into().expect("a name");
        let mut stream = self.tls.connect(name, tcp).await.expect("shakes hands");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-type: {kind}\r\n\
             accept: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            self.token,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("writes");
        stream.write_all(body).await.expect("writes");
        let mut answer = Vec::new();
        // A peer that closes without `close_notify` after its answer is fine here.
        drop(stream.read_to_end(&mut answer).await);
        let at = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&answer[..at]).to_ascii_lowercase();
        let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a code");
        let body = answer.split_off(at + 4);
        let body = if head.contains("transfer-encoding: chunked") { unchunk(&body) } else { body };
        (code, body)
    }

    pub(super) async fn json(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let kind = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let (code, body) = self.send(method, path, kind, text.as_bytes()).await;
        (code, serde_json::from_slice(&body).unwrap_or_default())
    }

    pub(super) async fn get(&self, path: &str) -> Option<Value> {
        let (code, body) = self.json("GET", path, &Value::Null).await;
        (code == 200).then_some(body)
    }

    pub(super) async fn create(&self, path: &str, object: &Value) -> Value {
        let (code, body) = self.json("POST", path, object).await;
        assert_eq!(code, 201, "{path}: {body}");
        body
    }

    pub(super) async fn patch(&self, path: &str, patch: &Value) -> Value {
        let (code, body) = self.json("PATCH", path, patch).await;
        assert_eq!(code, 200, "{path}: {body}");
        body
    }

    pub(super) async fn delete(&self, path: &str) {
        let (code, body) = self.json("DELETE", path, &Value::Null).await;
        assert!(code == 200 || code == 202, "{path}: {body}");
    }

    /// A join token.
    pub(super) async fn token(&self) -> String {
        let (code, body) = self.json("POST", "/insula.dev/v1/tokens", &json!({"ttlSeconds": 60})).await;
        assert_eq!(code, 201, "{body}");
        body["token"].as_str().expect("a token").to_owned()
    }

    /// A Pod that is bound from the start.
    pub(super) async fn pod(&self, name: &str, node: &str, bend: impl FnOnce(&mut Value)) -> Value {
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": "web"}},
            "spec": {"nodeName": node, "containers": [{"name": "c", "image": "web:1"}]},
        });
        bend(&mut pod);
        self.create("/api/v1/namespaces/default/pods", &pod).await
    }
}

fn unchunk(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(at) = body.windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(String::from_utf8_lossy(&body[..at]).trim(), 16).expect("a size");
        whole.extend_from_slice(&body[at + 2..at + 2 + size]);
        body = &body[at + 2 + size + 2..];
        if size == 0 {
            break;
        }
    }
    whole
}
