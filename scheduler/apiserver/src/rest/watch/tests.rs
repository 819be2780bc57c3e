//! How a watch ends: in time, by its client, by its slowness.

use std::sync::Arc;

use api::resource::CONFIG_MAPS;
use http::Uri;
use serde_json::json;

use super::*;
use crate::WriteOptions;
use crate::fair::Places;
use crate::kinds::{Kinds, Row};
use crate::objects::ObjectsConfig;
use crate::rest::negotiate::Form;
use crate::rest::path::Route;
use crate::table::IncludeObject;

fn plan(path: &str) -> Plan {
    let uri: Uri = path.parse().expect("a URI");
    let Route::Objects(address) = Route::parse(uri.path(), &Kinds::default()) else { panic!("{path} has no objects") };
    Plan::read(&address, &Params::parse(&uri).expect("parameters")).unwrap_or_else(|status| panic!("{status}"))
}

// F15
#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    let objects = Objects::new(Arc::new(store::Memory::new()), ObjectsConfig::default());
    let namespace = json!({"metadata": {"name": "shop"}});
    objects.create(&api::resource::NAMESPACES, "", namespace, WriteOptions::default()).await.expect("created");
    for n in 0..10 {
        let map = json!({"metadata": {"name": format!("m{n}")}});
        objects.create(&CONFIG_MAPS, "shop", map, WriteOptions::default()).await.expect("created");
    }
    let (sender, mut receiver) = mpsc::channel(2);
    let encoder = Encoder::new(Row::Built(crate::kinds::of(&CONFIG_MAPS)), None, Form::Object, IncludeObject::Metadata);
    let plan = plan("/api/v1/namespaces/shop/configmaps?watch=1");
    let pump =
        Pump { objects, plan, encoder, sender, stall: Duration::from_millis(50), gone: CancellationToken::new() };
    let places = Places::new("watches", 1, 1);
    let place = places.take(None).expect("a place");
    let running = tokio::spawn(pump.run(CancellationToken::new(), place));
    timeout(Duration::from_secs(10), running).await.expect("it ends by itself").expect("no panic");
    assert!(places.take(None).is_ok(), "its place is free again");
    let mut lines = 0;
    while receiver.recv().await.is_some() {
        lines += 1;
    }
    assert_eq!(lines, 2, "what was queued is still delivered, then the stream ends");
}

#[test]
fn a_name_narrows_what_the_store_is_asked() {
    for (path, prefix) in [
        ("/api/v1/namespaces/shop/configmaps?watch=1", "/registry/configmaps/shop/"),
        ("/api/v1/configmaps?watch=1&fieldSelector=metadata.name%3Da", "/registry/configmaps/"),
        ("/api/v1/namespaces/shop/configmaps?fieldSelector=metadata.name%3Da", "/registry/configmaps/shop/a"),
        ("/api/v1/nodes/n1?watch=1", "/registry/nodes/n1"),
    ] {
        assert_eq!(plan(path).prefix, prefix, "{path}");
    }
}

#[test]
fn a_watch_lives_a_day_at_most_and_zero_is_the_default() {
    let lasts = |query: &str| plan(&format!("/api/v1/nodes?watch=1{query}")).lasts;
    assert_eq!(lasts("&timeoutSeconds=30"), Duration::from_secs(30));
    assert_eq!(lasts(&format!("&timeoutSeconds={}", u64::MAX)), WATCH_TIMEOUT_MAX);
    for default in ["", "&timeoutSeconds=0"] {
        assert!((WATCH_TIMEOUT_DEFAULT..=WATCH_TIMEOUT_DEFAULT * 2).contains(&lasts(default)), "{default}");
    }
}
