//! Admission webhooks outside of the cluster, with kubectl.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};
use tests::{Cluster, paths};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Serves a webhook until the runtime ends; its address, and what signed its certificate.
async fn serve() -> (SocketAddr, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA");
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name").signed_by(&key, &ca);
    let chain = vec![certificate.expect("a certificate").der().clone()];
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let tls = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("TLS");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let http = hyper::server::conn::http1::Builder::new();
                // Whoever goes away is not missed.
                drop(http.serve_connection(TokioIo::new(stream), service_fn(answer)).await);
            });
        }
    });
    (address, STANDARD.encode(ca.pem()))
}

/// Gives Deployments two replicas and their Pods an owner, and lets nothing be called `bad`.
async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.expect("a whole body").to_bytes();
    let review: Value = serde_json::from_slice(&body).expect("a review");
    let asked = &review["request"];
    let patch = match asked["kind"]["kind"].as_str() {
        Some("Deployment") => json!([{"op": "replace", "path": "/spec/replicas", "value": 2}]),
        _ => json!([{"op": "add", "path": "/metadata/labels/owner", "value": "blue"}]),
    };
    let response = if asked["name"] == "bad" {
        json!({"uid": asked["uid"], "allowed": false, "status": {"message": "no such name, please", "code": 403}})
    } else {
        let patch = STANDARD.encode(patch.to_string());
        json!({"uid": asked["uid"], "allowed": true, "patchType": "JSONPatch", "patch": patch, "warnings": ["seen"]})
    };
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response});
    Ok(Response::new(Full::from(review.to_string())))
}

fn configuration(url: &str, ca: &str) -> String {
    format!(
        r#"
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {{name: owners}}
webhooks:
- name: owners.example.com
  clientConfig: {{url: "{url}", caBundle: {ca}}}
  sideEffects: None
  admissionReviewVersions: [v1]
  timeoutSeconds: 5
  rules:
  - {{apiGroups: ["apps", ""], apiVersions: [v1], operations: [CREATE], resources: [deployments, pods]}}
"#
    )
}

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec: {containers: [{name: main, image: 'web:v1'}]}
";

fn write(cluster: &Cluster, name: &str, text: &str) -> String {
    let path = cluster.path(name);
    std::fs::write(&path, text).expect("writes");
    path.display().to_string()
}

// C10
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_outside_of_the_cluster_changes_and_refuses_and_a_dead_one_is_taken_away() {
    let cluster = Cluster::up();
    cluster.push("hello02", "web:v1");
    let kubectl = paths::kubectls().into_iter().next().expect("one");
    let run = |args: &[&str]| cluster.kubectl_ok(&kubectl, args);
    let (address, ca) = serve().await;
    let file = write(&cluster, "webhook.yaml", &configuration(&format!("https://{address}/mutate"), &ca));
    let _ = run(&["apply", "-f", &file]);

    let web = write(&cluster, "web.yaml", &DEPLOYMENT.replace("NAME", "web"));
    let applied = cluster.kubectl(&kubectl, &["apply", "-f", &web]);
    assert!(String::from_utf8_lossy(&applied.stderr).contains("Warning: seen"), "{applied:?}");
    let _ = run(&["rollout", "status", "deployment/web", "--timeout=60s"]);
    assert_eq!(run(&["get", "deployment", "web", "-o", "jsonpath={.spec.replicas}"]), "2");
    let owners = run(&["get", "pods", "-l", "owner=blue", "-o", "name"]);
    assert_eq!(owners.lines().count(), 2, "the cluster's own Pods pass it, too: {owners}");
    let _ = run(&["apply", "-f", &web]);

    let bad = write(&cluster, "bad.yaml", &DEPLOYMENT.replace("NAME", "bad"));
    let refused = cluster.kubectl(&kubectl, &["apply", "-f", &bad]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        said.contains("admission webhook \"owners.example.com\" denied the request: no such name, please"),
        "{said}"
    );

    // Nobody listens at port 1.
    let dead = write(&cluster, "dead.yaml", &configuration("https://127.0.0.1:1/", &ca));
    let _ = run(&["apply", "-f", &dead]);
    let other = write(&cluster, "other.yaml", &DEPLOYMENT.replace("NAME", "other"));
    let said = String::from_utf8_lossy(&cluster.kubectl(&kubectl, &["apply", "-f", &other]).stderr).into_owned();
    assert!(said.contains("failed calling webhook \"owners.example.com\""), "{said}");
    let _ = run(&["delete", "mutatingwebhookconfiguration", "owners"]);
    let _ = run(&["apply", "-f", &other]);
    let _ = run(&["rollout", "status", "deployment/other", "--timeout=60s"]);
}
