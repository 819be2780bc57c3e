//! Tokens that are good, and all the ways in which one is not (F85, C65).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use api::resource::{NAMESPACES, PODS, SECRETS, SERVICE_ACCOUNTS};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::hmac;
use serde_json::{Value, json};

use super::{Accounts, Bound, Holder, ISSUER, Issuer, Keys, Now, jwt};
use crate::objects::{DeleteOptions, Objects, ObjectsConfig, WriteOptions};

/// A cluster with the account `shop/web`, on a clock of its own.
struct World {
    accounts: Accounts,
    objects: Objects,
    clock: Arc<AtomicI64>,
    uid: String,
}

const START: i64 = 1_800_000_000;

impl World {
    async fn new() -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        let objects = Objects::new(Arc::new(store::Memory::new()), ObjectsConfig::default());
        let create = |resource, namespace, object| objects.create(resource, namespace, object, WriteOptions::default());
        create(&NAMESPACES, "", json!({"metadata": {"name": "shop"}})).await.expect("creates");
        let account = create(&SERVICE_ACCOUNTS, "shop", json!({"metadata": {"name": "web"}})).await.expect("creates");
        let uid = account["metadata"]["uid"].as_str().expect("a uid").to_owned();
        let keys = Keys::create(at(START)).expect("makes");
        let issuer = Issuer::new(keys, now(&clock), "https://127.0.0.1:6443");
        Self { accounts: Accounts::new(issuer, objects.clone()), objects, clock, uid }
    }

    fn holder(&self, bound: Option<Bound>) -> Holder {
        Holder { namespace: "shop".to_owned(), name: "web".to_owned(), uid: self.uid.clone(), bound }
    }

    fn token(&self) -> String {
        self.accounts.issuer.mint(&self.holder(None), &[], 3600).expect("signs").token
    }

    async fn who(&self, token: &str) -> Option<String> {
        self.accounts.identify(token).await.expect("answers").map(|user| user.name)
    }

    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn now(clock: &Arc<AtomicI64>) -> Now {
    let clock = clock.clone();
    Arc::new(move || at(clock.load(Ordering::Relaxed)))
}

const WEB: &str = "system:serviceaccount:shop:web";

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn read(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
}

#[tokio::test]
async fn a_token_says_who_holds_it_and_for_whom_it_is() {
    let world = World::new().await;
    let token = world.token();
    let user = world.accounts.identify(&token).await.expect("answers").expect("is known");
    assert_eq!((user.name.as_str(), &user.uid), (WEB, &world.uid));
    assert_eq!(user.groups, ["system:serviceaccounts", "system:serviceaccounts:shop"]);
    let claims = read(token.split('.').nth(1).expect("claims"));
    assert_eq!(claims["aud"], json!([ISSUER]));
    assert_eq!((&claims["iat"], &claims["nbf"], &claims["exp"]), (&json!(START), &json!(START), &json!(START + 3600)));
    assert_eq!(claims["kubernetes.io"]["serviceaccount"], json!({"name": "web", "uid": world.uid}));
    let header = read(token.split('.').next().expect("a header"));
    let published = world.accounts.issuer.key_set();
    assert_eq!((&header["alg"], &header["kid"]), (&json!("ES256"), &published["keys"][0]["kid"]));
    assert!(published["keys"][0].get("d").is_none(), "only the public part");
    let vault = world.accounts.issuer.mint(&world.holder(None), &["vault".to_owned()], 3600).expect("signs").token;
    assert_eq!(world.who(&vault).await, None, "for another audience");
    let audiences = ["vault".to_owned(), "other".to_owned()];
    let found = world.accounts.identify_for(&vault, &audiences).await.expect("answers").expect("is known");
    assert_eq!(found.audiences, ["vault"]);
}

// C65, F13
#[tokio::test]
async fn a_token_ends_in_time_and_within_bounds() {
    let world = World::new().await;
    let token = world.token();
    world.pass(3599);
    assert_eq!(world.who(&token).await.as_deref(), Some(WEB));
    world.pass(1);
    assert_eq!(world.who(&token).await, None, "expired");
    for (asked, given) in [(1, 600), (7200, 7200), (10_000_000, 86_400)] {
        let minted = world.accounts.issuer.mint(&world.holder(None), &[], asked).expect("signs");
        assert_eq!(minted.expires, Some(at(START + 3600 + given)), "{asked}");
    }
    let later = world.token();
    world.pass(-60);
    assert_eq!(world.who(&later).await, None, "not yet");
}

// C65
#[tokio::test]
async fn a_token_dies_with_its_account_its_pod_and_its_secret() {
    let world = World::new().await;
    let pod = json!({"metadata": {"name": "p"}, "spec": {"serviceAccountName": "web", "containers": [{"name": "c", "image": "i"}]}});
    let pod = world.objects.create(&PODS, "shop", pod, WriteOptions::default()).await.expect("creates");
    let secret = json!({"metadata": {"name": "s"}});
    let secret = world.objects.create(&SECRETS, "shop", secret, WriteOptions::default()).await.expect("creates");
    let uid = |object: &Value| object["metadata"]["uid"].as_str().expect("a uid").to_owned();
    let mint = |bound| world.accounts.issuer.mint(&world.holder(Some(bound)), &[], 3600).expect("signs").token;
    let of_pod = mint(Bound::Pod { name: "p".to_owned(), uid: uid(&pod) });
    let of_secret = world
        .accounts
        .issuer
        .mint_for_secret(&world.holder(Some(Bound::Secret { name: "s".to_owned(), uid: uid(&secret) })))
        .expect("signs");
    let of_namesake = mint(Bound::Pod { name: "p".to_owned(), uid: "another".to_owned() });
    let plain = world.token();
    assert_eq!(world.who(&of_pod).await.as_deref(), Some(WEB));
    assert_eq!(world.who(&of_secret.token).await.as_deref(), Some(WEB));
    assert_eq!(world.who(&of_namesake).await, None);
    let now = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
    world.objects.delete(&PODS, "shop", "p", now.clone()).await.expect("deletes");
    assert_eq!(world.who(&of_pod).await, None, "its Pod is gone");
    world.pass(1_000_000_000);
    assert_eq!(world.who(&of_secret.token).await.as_deref(), Some(WEB), "as long as its Secret");
    world.objects.delete(&SECRETS, "shop", "s", now.clone()).await.expect("deletes");
    assert_eq!(world.who(&of_secret.token).await, None);
    world.pass(-1_000_000_000);
    assert_eq!(world.who(&plain).await.as_deref(), Some(WEB));
    world.objects.delete(&SERVICE_ACCOUNTS, "shop", "web", now).await.expect("deletes");
    assert_eq!(world.who(&plain).await, None, "its account is gone");
    let again = json!({"metadata": {"name": "web"}});
    world.objects.create(&SERVICE_ACCOUNTS, "shop", again, WriteOptions::default()).await.expect("creates");
    assert_eq!(world.who(&plain).await, None, "a namesake is another account");
}

#[tokio::test]
async fn a_token_without_an_end_must_lie_in_a_secret() {
    let world = World::new().await;
    let minted = world.accounts.issuer.mint_for_secret(&world.holder(None)).expect("signs");
    assert_eq!(world.who(&minted.token).await, None);
}

// F85
#[tokio::test]
async fn forged_tokens_are_refused() {
    let world = World::new().await;
    let token = world.token();
    let mut parts = token.split('.');
    let (header, claims, signature) =
        (parts.next().expect("one"), parts.next().expect("two"), parts.next().expect("three"));
    let kid = read(header)["kid"].clone();
    let public = world.accounts.issuer.key_set().to_string();
    let key = world.accounts.issuer.key_set()["keys"][0].clone();
    let hs256 = |header: &Value, secret: &[u8]| {
        let message = format!("{}.{claims}", part(header));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    };
    let with_header = |header: Value| format!("{}.{claims}.{signature}", part(&header));
    let mut masters = read(claims);
    masters["sub"] = json!("system:serviceaccount:kube-system:root");
    let mut longer = read(claims);
    longer["exp"] = json!(START + 1_000_000);
    let other = Issuer::new(Keys::create(at(START)).expect("makes"), now(&world.clock), "").mint(
        &world.holder(None),
        &[],
        3600,
    );
    let point = [&[4][..], &decode(&key["x"]), &decode(&key["y"])].concat();
    for (what, forged) in [
        ("alg none", format!("{}.{claims}.", part(&json!({"alg": "none", "kid": kid})))),
        ("alg None with the signature", with_header(json!({"alg": "None", "kid": kid}))),
        ("HS256 by the public key set", hs256(&json!({"alg": "HS256", "kid": kid}), public.as_bytes())),
        ("HS256 by the public point", hs256(&json!({"alg": "HS256", "kid": kid}), &point)),
        ("ES256 claimed over HS256", hs256(&json!({"alg": "ES256", "kid": kid}), &point)),
        ("RS256", with_header(json!({"alg": "RS256", "kid": kid}))),
        ("ES384", with_header(json!({"alg": "ES384", "kid": kid}))),
        ("lower case", with_header(json!({"alg": "es256", "kid": kid}))),
        ("no kid", with_header(json!({"alg": "ES256"}))),
        ("another kid", with_header(json!({"alg": "ES256", "kid": "x"}))),
        ("a kid that is a path", with_header(json!({"alg": "ES256", "kid": "../../../dev/null"}))),
        ("a kid that is a query", with_header(json!({"alg": "ES256", "kid": "x' OR '1'='1"}))),
        ("a kid that is huge", with_header(json!({"alg": "ES256", "kid": "k".repeat(4000)}))),
        ("a kid of another type", with_header(json!({"alg": "ES256", "kid": [kid]}))),
        ("a key of its own", with_header(json!({"alg": "ES256", "kid": kid, "jwk": key}))),
        ("a key from elsewhere", with_header(json!({"alg": "ES256", "kid": kid, "jku": "https://evil.example"}))),
        ("something critical", with_header(json!({"alg": "ES256", "kid": kid, "crit": ["exp"]}))),
        ("other claims", format!("{header}.{}.{signature}", part(&masters))),
        ("a longer life", format!("{header}.{}.{signature}", part(&longer))),
        ("another cluster's key", other.expect("signs").token),
        ("a cut signature", token[..token.len() - 4].to_owned()),
        ("no signature", format!("{header}.{claims}.")),
        ("padding", format!("{token}=")),
        ("four parts", format!("{token}.{signature}")),
        ("two parts", format!("{header}.{claims}")),
        ("dots", "..".to_owned()),
        ("nothing", String::new()),
        ("no base64", "a!.b!.c!".to_owned()),
        ("no text", "\u{0}.\u{0}.\u{0}".to_owned()),
        ("a megabyte", format!("{}.{claims}.{signature}", "A".repeat(1 << 20))),
        ("a megabyte of dots", ".".repeat(1 << 20)),
        ("huge claims", format!("{header}.{}.{signature}", "A".repeat(jwt::TOKEN_BYTES_MAX))),
    ] {
        assert_eq!(world.who(&forged).await, None, "{what}");
    }
    assert_eq!(world.who(&token).await.as_deref(), Some(WEB), "the real one");
}

fn decode(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().expect("text")).expect("base64")
}

#[test]
fn keys_rotate_and_what_old_ones_signed_stays_good() {
    let clock = Arc::new(AtomicI64::new(START));
    let holder = Holder { namespace: "a".to_owned(), name: "b".to_owned(), uid: "u".to_owned(), bound: None };
    let mut keys = Keys::create(at(START)).expect("makes");
    assert!(!keys.is_due(at(START + 89 * 86_400)) && keys.is_due(at(START + 90 * 86_400)));
    let stored = keys.stored();
    let old =
        Issuer::new(Keys::parse(&stored).expect("reads"), now(&clock), "").mint(&holder, &[], 3600).expect("signs");
    keys.rotate(at(START)).expect("rotates");
    let issuer = Issuer::new(Keys::parse(&keys.stored()).expect("reads"), now(&clock), "");
    let new = issuer.mint(&holder, &[], 3600).expect("signs");
    assert!(issuer.has_signed(&old.token) && issuer.has_signed(&new.token));
    let before = Issuer::new(Keys::parse(&stored).expect("reads"), now(&clock), "");
    assert!(!before.has_signed(&new.token), "signed by the new key");
    let ids = |issuer: &Issuer| issuer.key_set()["keys"].as_array().expect("a list").len();
    assert_eq!((ids(&before), ids(&issuer)), (1, 2));
    (0..20).for_each(|_| keys.rotate(at(START)).expect("rotates"));
    let later = Issuer::new(keys, now(&clock), "");
    assert!(ids(&later) <= 8 && !later.has_signed(&old.token), "the oldest go");
    for damaged in ["", "[]", "{}", r#"[{"pkcs8":"AAAA","made":"2026-01-01T00:00:00Z"}]"#] {
        assert!(Keys::parse(damaged.as_bytes()).is_err(), "{damaged}");
    }
}
