//! Who is let in, and what reviews of access answer.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use http::Request;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::harness::{Cluster, Doors, Echo, Meter, SHOP};
use crate::fair::{Gate, Places};
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
    with_certificate.extensions_mut().insert(ClientCertificate::new(b"master".to_vec().into()));
    assert_eq!(cluster.send(with_certificate).await.code, 200);
    let mut foreign = request("/api/v1/nodes", None);
    foreign.extensions_mut().insert(ClientCertificate::new(b"foreign".to_vec().into()));
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
        accounts: cluster.accounts.clone(),
        access: cluster.access.clone(),
        in_flight: none(),
        bodies: Arc::new(none()),
        gate: Gate::default(),
        watches: Places::new("watches", 0, 0),
        streams: Places::new("streams", 0, 0),
    });
    for (path, code) in [("/healthz", 200), ("/livez", 200), ("/readyz", 200), ("/version", 429), ("/api/v1/pods", 429)]
    {
        let response = dispatch(State(api.clone()), request(path, None)).await;
        assert_eq!(response.status().as_u16(), code, "{path}");
    }
}

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

impl Cluster {
    /// A request of someone, with a body.
    async fn ask(&self, user: &str, method: &str, path: &str, body: &Value) -> super::harness::Answer {
        let request =
            Request::builder().method(method).uri(path).header("authorization", format!("Bearer user:{user}")).header(
                "content-type",
                if method == "PATCH" { "application/merge-patch+json" } else { "application/json" },
            );
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(request.body(body).expect("a request")).await
    }

    async fn grant(&self, user: &str, namespace: &str, rules: Value) {
        let name = format!("{user}-{}", uuid::Uuid::new_v4());
        let role = json!({"metadata": {"name": name}, "rules": rules});
        let subjects = json!([{"kind": "User", "name": user}]);
        let binding = |kind: &str| json!({"metadata": {"name": name}, "roleRef": {"kind": kind, "name": name}, "subjects": subjects});
        if namespace.is_empty() {
            self.post(&format!("{RBAC}/clusterroles"), &role).await.expect(201);
            self.post(&format!("{RBAC}/clusterrolebindings"), &binding("ClusterRole")).await.expect(201);
        } else {
            self.post(&format!("{RBAC}/namespaces/{namespace}/roles"), &role).await.expect(201);
            self.post(&format!("{RBAC}/namespaces/{namespace}/rolebindings"), &binding("Role")).await.expect(201);
        }
    }
}

#[tokio::test]
async fn rights_count_at_once_and_reach_as_far_as_they_say() {
    let cluster = Cluster::new().await;
    let code = async |method: &str, path: &str| cluster.ask("ann", method, path, &Value::Null).await.code;
    assert_eq!(code("GET", &format!("{SHOP}/configmaps")).await, 403);
    let rules = json!([
        {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["mine"]},
        {"verbs": ["list"], "apiGroups": [""], "resources": ["services"]},
    ]);
    cluster.grant("ann", "shop", rules).await;
    cluster.post(&format!("{SHOP}/configmaps"), &super::harness::config_map("mine", &json!({}))).await.expect(201);
    let by_name = "fieldSelector=metadata.name%3Dmine";
    for (method, path, wanted) in [
        ("GET", format!("{SHOP}/configmaps/mine"), 200),
        ("GET", format!("{SHOP}/configmaps/other"), 403),
        ("GET", format!("{SHOP}/configmaps"), 403),
        ("GET", format!("{SHOP}/configmaps?{by_name}"), 200),
        ("GET", format!("{SHOP}/configmaps?fieldSelector=&{by_name}"), 403),
        ("GET", format!("{SHOP}/configmaps?watch=1&timeoutSeconds=1&{by_name}"), 200),
        ("DELETE", format!("{SHOP}/configmaps/mine"), 403),
        ("DELETE", format!("{SHOP}/configmaps?{by_name}"), 403),
        ("GET", format!("{SHOP}/services"), 200),
        ("GET", format!("{SHOP}/services?watch=1"), 403),
        ("GET", format!("{SHOP}/services?watch=0&watch=1"), 200),
        ("GET", "/api/v1/services".to_owned(), 403),
        ("GET", "/api/v1/namespaces/default/services".to_owned(), 403),
        ("GET", "/apis/none.example.com/v1/things".to_owned(), 403),
    ] {
        assert_eq!(code(method, &path).await, wanted, "{method} {path}");
    }
    let master = cluster.get("/apis/none.example.com/v1/things").await;
    assert_eq!(master.code, 404, "who may ask learns that there is nothing");
}

// F84
#[tokio::test]
async fn nobody_grants_what_they_lack_by_any_kind_of_write() {
    let cluster = Cluster::new().await;
    let all = json!(["create", "update", "patch", "get"]);
    let kinds = json!(["roles", "rolebindings", "clusterroles", "clusterrolebindings"]);
    cluster
        .grant(
            "ann",
            "",
            json!([
                {"verbs": all, "apiGroups": ["rbac.authorization.k8s.io"], "resources": kinds},
                {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]},
            ]),
        )
        .await;
    let roles = format!("{RBAC}/clusterroles");
    let rule = |resource: &str| json!({"verbs": ["get"], "apiGroups": [""], "resources": [resource]});
    let role = |name: &str, rules: Value| json!({"metadata": {"name": name}, "rules": rules});
    cluster.ask("ann", "POST", &roles, &role("pods", json!([rule("pods")]))).await.expect(201);
    let refused = cluster.ask("ann", "POST", &roles, &role("secrets", json!([rule("secrets")]))).await.expect(403);
    assert_eq!(
        refused["message"],
        "clusterroles.rbac.authorization.k8s.io \"secrets\" is forbidden: user \"ann\" (groups=[\"system:authenticated\"]) \
         is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\"]}"
    );
    let one = format!("{roles}/pods");
    let wider = json!([rule("pods"), rule("secrets")]);
    cluster.ask("ann", "PATCH", &one, &json!({"rules": wider})).await.expect(403);
    cluster.ask("ann", "PUT", &one, &role("pods", wider.clone())).await.expect(403);
    cluster.ask("ann", "POST", &format!("{roles}?dryRun=All"), &role("dry", wider)).await.expect(403);
    let gathers = json!({"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}});
    cluster.ask("ann", "PATCH", &one, &gathers).await.expect(403);
    let label = json!({"metadata": {"labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}}});
    cluster.ask("ann", "PATCH", &one, &label).await.expect(200);
    cluster.post(&roles, &role("strong", json!([rule("secrets")]))).await.expect(201);
    let strong = format!("{roles}/strong");
    cluster.ask("ann", "PATCH", &strong, &label).await.expect(403);
    cluster.ask("ann", "PATCH", &strong, &json!({"metadata": {"finalizers": ["a.b/c"]}})).await.expect(200);
    let binding = |role: &str| {
        json!({
            "metadata": {"name": role},
            "roleRef": {"kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "User", "name": "eve"}],
        })
    };
    for path in [format!("{RBAC}/clusterrolebindings"), format!("{RBAC}/namespaces/shop/rolebindings")] {
        cluster.ask("ann", "POST", &path, &binding("pods")).await.expect(201);
        cluster.ask("ann", "POST", &path, &binding("strong")).await.expect(403);
        cluster.ask("ann", "POST", &path, &binding("cluster-admin")).await.expect(403);
        cluster.ask("ann", "POST", &path, &binding("none")).await.expect(404);
        let other = json!({"roleRef": {"kind": "ClusterRole", "name": "strong"}});
        cluster.merge(&format!("{path}/pods"), &other).await.expect(422);
    }
    let escalate =
        json!([{"verbs": ["escalate", "bind"], "apiGroups": ["*"], "resources": ["*"], "resourceNames": ["strong"]}]);
    cluster.grant("ann", "", escalate).await;
    cluster.ask("ann", "PATCH", &strong, &label).await.expect(200);
    cluster.ask("ann", "POST", &format!("{RBAC}/clusterrolebindings"), &binding("strong")).await.expect(201);
}

#[tokio::test]
async fn acting_as_someone_else_needs_its_own_right() {
    let cluster = Cluster::new().await;
    let act = async |user: &str, headers: &[(&str, &str)]| {
        let mut request =
            Request::builder().uri(format!("{SHOP}/services")).header("authorization", format!("Bearer {user}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        cluster.send(request.body(Body::empty()).expect("a request")).await
    };
    let answer = act("user:ann", &[("impersonate-user", "bob")]).await;
    assert_eq!(
        answer.expect(403)["message"],
        "users \"bob\" is forbidden: User \"ann\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope"
    );
    let answer = act("master", &[("impersonate-user", "bob")]).await.expect(403);
    assert!(answer["message"].as_str().is_some_and(|m| m.contains("User \"bob\" cannot list")), "{answer}");
    act("master", &[("impersonate-user", "bob"), ("impersonate-group", "system:masters")]).await.expect(200);
    act("master", &[("impersonate-group", "system:masters")]).await.expect(400);
    cluster.grant("ann", "", json!([{"verbs": ["impersonate"], "apiGroups": [""], "resources": ["users"]}])).await;
    act("user:ann", &[("impersonate-user", "bob"), ("impersonate-group", "system:masters")]).await.expect(403);
    cluster.grant("bob", "shop", json!([{"verbs": ["list"], "apiGroups": [""], "resources": ["services"]}])).await;
    act("user:ann", &[("impersonate-user", "bob")]).await.expect(200);
}

#[tokio::test]
async fn reviews_answer_for_others_in_the_words_of_the_decision() {
    let cluster = Cluster::new().await;
    cluster.grant("ann", "shop", json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}])).await;
    let review = |namespace: &str| {
        json!({"spec": {
            "user": "ann",
            "resourceAttributes": {"namespace": namespace, "verb": "get", "resource": "pods", "name": "x"},
        }})
    };
    let subject = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    let yes = cluster.post(subject, &review("shop")).await.expect(201);
    assert_eq!(yes["status"]["allowed"], true);
    let reason = yes["status"]["reason"].as_str().expect("a reason");
    assert!(
        reason.starts_with("RBAC: allowed by RoleBinding \"ann-") && reason.ends_with("to User \"ann\""),
        "{reason}"
    );
    assert_eq!(cluster.post(subject, &review("default")).await.expect(201)["status"], json!({"allowed": false}));
    cluster.ask("ann", "POST", subject, &review("shop")).await.expect(403);
    let local = "/apis/authorization.k8s.io/v1/namespaces/shop/localsubjectaccessreviews";
    assert_eq!(cluster.post(local, &review("shop")).await.expect(201)["status"]["allowed"], true);
    cluster.post(local, &review("default")).await.expect(400);
    cluster.post(subject, &json!({"spec": {"user": "ann"}})).await.expect(422);
    let rules = cluster
        .ask(
            "ann",
            "POST",
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
            &json!({"spec": {"namespace": "shop"}}),
        )
        .await
        .expect(201);
    let listed = rules["status"]["resourceRules"].as_array().expect("a list");
    assert!(listed.contains(&json!({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]})), "{rules}");
    assert!(rules["status"]["nonResourceRules"].to_string().contains("/healthz"), "{rules}");
}

// C65, F85
#[tokio::test]
async fn tokens_of_accounts_open_and_never_in_a_url() {
    let cluster = Cluster::new().await;
    let accounts = format!("{SHOP}/serviceaccounts");
    cluster.post(&accounts, &json!({"metadata": {"name": "web"}})).await.expect(201);
    cluster
        .grant(
            "system:serviceaccount:shop:web",
            "shop",
            json!([{"verbs": ["list"], "apiGroups": [""], "resources": ["services"]}]),
        )
        .await;
    let given =
        cluster.post(&format!("{accounts}/web/token"), &json!({"spec": {"expirationSeconds": 1_000_000}})).await;
    assert_eq!(given.warnings(), ["299 - \"requested expiration of 1000000 seconds shortened to 86400 seconds\""]);
    let given = given.expect(201);
    assert_eq!(given["spec"]["expirationSeconds"], 86_400);
    let token = given["status"]["token"].as_str().expect("a token");
    let services = format!("{SHOP}/services");
    let bearer = format!("Bearer {token}");
    assert_eq!(cluster.send(request(&services, Some(&bearer))).await.code, 200);
    assert_eq!(cluster.send(request("/openid/v1/jwks", Some(&bearer))).await.body["keys"][0]["alg"], "ES256");
    for name in ["access_token", "token", "id_token", "bearer_token"] {
        let answer = cluster.send(request(&format!("{services}?{name}={token}"), None)).await;
        assert!(answer.code == 400 && !answer.text.contains(token), "{name}: {}", answer.text);
    }
    let short = cluster.post(&format!("{accounts}/web/token"), &json!({"spec": {"expirationSeconds": 5}})).await;
    assert_eq!(
        short.expect(422)["message"],
        "TokenRequest.authentication.k8s.io \"web\" is invalid: spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes"
    );
    cluster.post(&format!("{accounts}/none/token"), &json!({})).await.expect(404);
    cluster.delete(&format!("{accounts}/web")).await.expect(200);
    assert_eq!(cluster.send(request(&services, Some(&bearer))).await.code, 401);
}

// F86
#[tokio::test]
async fn an_address_that_guesses_tokens_is_made_to_wait() {
    use crate::server::Peer;
    let cluster = Cluster::new().await;
    let from = |address: [u8; 4], token: &str| {
        let mut request = request("/api", Some(&format!("Bearer {token}")));
        request.extensions_mut().insert(Peer((address, 1234).into()));
        cluster.send(request)
    };
    for guess in 0..20 {
        assert_eq!(from([10, 0, 0, 1], &format!("guess-{guess}")).await.code, 401);
    }
    let limited = from([10, 0, 0, 1], "guess-20").await;
    assert_eq!((limited.code, &limited.body["reason"]), (429, &json!("TooManyRequests")));
    assert!(limited.headers.contains_key("retry-after"));
    assert_eq!(from([10, 0, 0, 1], "guess-7").await.code, 401, "the same wrong one is told the same");
    assert_eq!(from([10, 0, 0, 2], "master").await.code, 200);
    assert_eq!(from([10, 0, 0, 1], "master").await.code, 200, "it was good a moment ago");
}

// F83
#[tokio::test]
async fn a_host_has_no_rights_in_the_api_and_the_registry_goes_by_its_path() {
    let cluster = Cluster::new().await;
    for path in ["/api/v1/secrets", "/api/v1/namespaces/shop/secrets/x", "/api/v1/nodes/a", "/v2/a/tags/list"] {
        assert_eq!(cluster.ask("system:node:a", "GET", path, &Value::Null).await.code, 403, "{path}");
    }
    // `x:user:ci`
    let basic = Some("Basic eDp1c2VyOmNp");
    assert_eq!(cluster.send(request("/v2/", basic)).await.code, 403);
    let subjects = json!([{"kind": "User", "name": "ci"}]);
    let role = json!({"kind": "ClusterRole", "name": "insula:registry-pull"});
    let binding = json!({"metadata": {"name": "ci"}, "roleRef": role, "subjects": subjects});
    cluster.post(&format!("{RBAC}/clusterrolebindings"), &binding).await.expect(201);
    assert_eq!(cluster.send(request("/v2/", basic)).await.text, "registry");
    let push = Request::post("/v2/a/blobs/uploads/").header("authorization", "Basic eDp1c2VyOmNp").body(Body::empty());
    assert_eq!(cluster.send(push.expect("a request")).await.code, 403);
}

// F84: what is allowed as one path must not be answered as another.
#[tokio::test]
async fn no_spelling_of_a_path_leads_past_the_rules() {
    let cluster = Cluster::new().await;
    cluster.post(&format!("{SHOP}/secrets"), &json!({"metadata": {"name": "s"}})).await.expect(201);
    for path in [
        "/apis//v1/secrets",
        "/apis//v1/namespaces/shop/secrets/s",
        "//api/v1/secrets",
        "/api//v1/secrets",
        "/api/v1//secrets",
        "/api/v1/secrets/",
        "/api/v1/watch/secrets",
        "/api/v1/namespaces/shop/secrets//",
        "/api/v1/namespaces/shop/%73ecrets/s",
        "/api/v1/namespaces/shop/secrets%2Fs",
        "/api/v1/namespaces/shop%2Fsecrets/s",
        "/api/%2e%2e/api/v1/secrets",
        "/healthz/../api/v1/secrets",
        "/apis/v1/secrets",
        "/apis/api/v1/secrets",
    ] {
        let answer = cluster.ask("ann", "GET", path, &Value::Null).await;
        assert!(
            !answer.text.contains("\"Secret") && !answer.text.contains("\"name\":\"s\",\"namespace"),
            "{path}: {}",
            answer.text
        );
    }
}

#[tokio::test]
async fn selectors_of_a_question_must_be_sound_and_change_no_answer() {
    let cluster = Cluster::new().await;
    let ask = async |fields: Value, labels: Value| {
        let about = json!({"verb": "list", "resource": "pods", "fieldSelector": fields, "labelSelector": labels});
        let spec = json!({"user": "root", "groups": ["system:masters"], "resourceAttributes": about});
        cluster.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", &json!({"spec": spec})).await
    };
    let raw = json!({"rawSelector": "spec.nodeName=n"});
    let one = json!({"requirements": [{"key": "app", "operator": "In", "values": ["web"]}]});
    let answer = ask(raw.clone(), one.clone()).await.expect(201);
    assert_eq!(
        (&answer["status"]["allowed"], &answer["spec"]["resourceAttributes"]["fieldSelector"]),
        (&json!(true), &raw)
    );
    let both = json!({"rawSelector": "a=b", "requirements": one["requirements"]});
    let odd =
        json!({"requirements": [{"key": "", "operator": "Like"}, {"key": "a", "operator": "Exists", "values": ["b"]}]});
    for (fields, labels, wanted) in [
        (both, Value::Null, "fieldSelector.rawSelector: Invalid value: \"a=b\": may not specified"),
        (Value::Null, json!({}), "labelSelector.requirements: Required value"),
        (raw.clone(), odd.clone(), "requirements[0].key: Required value"),
        (raw.clone(), odd.clone(), "requirements[0].operator: Unsupported value: \"Like\""),
        (raw, odd, "requirements[1].values: Forbidden"),
    ] {
        let refused = ask(fields, labels).await.expect(422);
        assert!(
            refused["message"].as_str().is_some_and(|why| why.contains(wanted)),
            "{wanted}: {}",
            refused["message"]
        );
    }
}
