//! Who is let in, and what reviews of access answer.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use http::Request;
use serde_json::json;
use tokio::sync::Semaphore;

use super::harness::{Cluster, Doors, Echo, Meter, SHOP};
use crate::rest::{Api, Version, dispatch};
use crate::server::ClientCertificate;

fn request(path: &str, credential: Option<&str>) -> Request<Body> {
    let request = Request::builder().uri(path);
    let request = match credential {
        Some(value) => request.header("authorization", value),
        None => request,
    };
    request.body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn health_and_version_are_open_and_nobody_gets_further() {
    let cluster = Cluster::new().await;
    for open in ["/healthz", "/livez", "/readyz", "/version", "/version/"] {
        assert_eq!(cluster.send(request(open, None)).await.code, 200, "{open}");
    }
    for path in ["/api", "/apis", "/api/v1/pods", "/openapi/v3", "/nothing"] {
        let answer = cluster.send(request(path, None)).await;
        assert_eq!((answer.code, &answer.body["reason"]), (403, &json!("Forbidden")), "{path}");
    }
    for (path, credential) in [("/api", Some("Bearer wrong")), ("/v2/", None), ("/v2/", Some("Bearer wrong"))] {
        let answer = cluster.send(request(path, credential)).await;
        assert_eq!((answer.code, &answer.body["reason"]), (401, &json!("Unauthorized")), "{path}");
        assert!(answer.headers.contains_key("www-authenticate"));
    }
    let answer = cluster.send(request("/api/v1/pods", None)).await;
    assert_eq!(
        answer.body["message"],
        "pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\" in API group \"\" at the cluster scope"
    );
    let answer = cluster.send(request("/metrics", None)).await;
    assert_eq!(answer.body["message"], "forbidden: User \"system:anonymous\" cannot get path \"/metrics\"");
}

#[tokio::test]
async fn strangers_may_look_at_themselves_only() {
    let cluster = Cluster::new().await;
    let stranger = Some("Bearer stranger");
    let answer = cluster.send(request(&format!("{SHOP}/pods"), stranger)).await;
    assert_eq!(
        answer.body["message"],
        "pods is forbidden: User \"stranger\" cannot list resource \"pods\" in API group \"\" in the namespace \"shop\""
    );
    assert_eq!(answer.code, 403);
    assert_eq!(cluster.send(request("/v2/", stranger)).await.code, 403);
    assert_eq!(cluster.send(request("/apis", stranger)).await.code, 200);
    let review = json!({"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}});
    for (token, allowed) in [("stranger", false), ("master", true)] {
        let request = Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::from(review.to_string()));
        let answer = cluster.send(request.expect("a request")).await.expect(201);
        assert_eq!(answer["status"]["allowed"], allowed);
    }
}

#[tokio::test]
async fn certificates_and_registry_passwords_open_too() {
    let cluster = Cluster::new().await;
    let mut with_certificate = request("/api/v1/nodes", None);
    with_certificate.extensions_mut().insert(ClientCertificate(b"master".to_vec().into()));
    assert_eq!(cluster.send(with_certificate).await.code, 200);
    let mut foreign = request("/api/v1/nodes", None);
    foreign.extensions_mut().insert(ClientCertificate(b"foreign".to_vec().into()));
    assert_eq!(cluster.send(foreign).await.code, 401);
    // `x:master`
    assert_eq!(cluster.send(request("/v2/", Some("Basic eDptYXN0ZXI="))).await.text, "registry");
    assert_eq!(cluster.send(request("/api/v1/nodes", Some("Basic eDptYXN0ZXI="))).await.code, 401);
}

#[tokio::test]
async fn who_am_i_is_answered() {
    let cluster = Cluster::new().await;
    let who = cluster.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", &json!({})).await.expect(201);
    assert_eq!(
        who["status"]["userInfo"],
        json!({"username": "master", "groups": ["system:masters", "system:authenticated"]})
    );
    let rules = cluster
        .post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", &json!({"spec": {"namespace": "shop"}}))
        .await;
    assert_eq!(rules.expect(201)["status"]["resourceRules"][0]["verbs"], json!(["*"]));
}

#[tokio::test]
async fn a_busy_server_still_says_that_it_lives() {
    let cluster = Cluster::new().await;
    let none = || Semaphore::new(0);
    let api = Arc::new(Api {
        objects: cluster.objects.clone(),
        pods: Arc::new(Echo),
        measured: Arc::new(Meter),
        version: Version::default(),
        authenticator: Arc::new(Doors),
        access: cluster.access.clone(),
        in_flight: none(),
        bodies: Arc::new(none()),
        watches: Arc::new(none()),
    });
    for (path, code) in [("/healthz", 200), ("/livez", 200), ("/readyz", 200), ("/version", 429), ("/api/v1/pods", 429)]
    {
        let response = dispatch(State(api.clone()), request(path, None)).await;
        assert_eq!(response.status().as_u16(), code, "{path}");
    }
}
