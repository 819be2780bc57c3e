//! What every guest is promised: requests in, responses out, its configuration, its logs.

use std::sync::Arc;

use sandbox::{Error, Failure, VerifiedCode};

use super::guests::{code, compiled, compiled_text, engine};
use super::harness::{Kept, ask, empty, get, read, reused, text, until, workload, workload_with};

#[tokio::test]
async fn both_generations_answer_fresh_and_reused() {
    for guest in ["hello02", "hello03"] {
        for reuse in [None, Some(reused())] {
            let workload = workload_with(guest, |config| config.reuse = reuse.unwrap_or_default());
            for _ in 0..50 {
                assert_eq!(text(&workload, "/").await, "hello\n", "{guest} {reuse:?}");
            }
            // A tick at an unlucky moment lets an answer out a little before its guest has ended.
            until("all have ended", || workload.stats().requests_running == 0).await;
            let idle = u64::from(reuse.is_some());
            until("what is reused is idle", || workload.stats().instances_idle == idle).await;
            assert_eq!((workload.stats().requests, workload.stats().failures), (50, 0), "{guest}");
        }
    }
}

#[tokio::test]
async fn a_complete_response_has_its_length() {
    use http_body::Body as _;
    for guest in ["hello02", "hello03"] {
        let workload = workload(guest);
        let mut lengths = Vec::new();
        // A tick at an unlucky moment makes a response stream, so not every single one tells.
        for _ in 0..20 {
            lengths.push(workload.call(get("/")).await.unwrap().body().size_hint().exact());
        }
        assert!(lengths.contains(&Some(6)), "{guest}: {lengths:?}");
    }
}

#[tokio::test]
async fn environment_arguments_and_configuration_arrive() {
    let workload = workload_with("echo", |config| {
        config.env = vec![("GREETING".into(), "salve".into()), ("EMPTY".into(), String::new())];
        config.args = vec!["first".into(), "second".into()];
        config.config = vec![("currency".into(), "EUR".into())];
    });
    assert_eq!(text(&workload, "/env").await, "GREETING=salve\nEMPTY=\n");
    assert_eq!(text(&workload, "/args").await, "first\nsecond\n");
    assert_eq!(text(&workload, "/config").await, "currency=EUR\n");
}

#[tokio::test]
async fn headers_arrive_and_a_missing_host_is_filled_in() {
    let workload = workload("echo");
    let mut request = get("/headers?x=1");
    request.headers_mut().insert("x-said", "by the client".parse().unwrap());
    let (_, headers) = read(workload.call(request).await.unwrap()).await;
    assert!(headers.contains("x-said: by the client\n"), "{headers}");
    let bare = http::Request::get("/headers").body(empty()).unwrap();
    assert_eq!(read(workload.call(bare).await.unwrap()).await.0, 200);
    let mut odd = get("/headers");
    odd.headers_mut().insert("host", http::HeaderValue::from_bytes(b"\xff\xfe").unwrap());
    assert!(matches!(workload.call(odd).await, Err(Failure::Request { .. })));
}

#[tokio::test]
async fn what_is_printed_is_logged() {
    let kept = Arc::new(Kept::default());
    let workload = workload_with("log", |config| kept.watch(config));
    text(&workload, "/?lines=3").await;
    assert_eq!(kept.stdout(), "out 1\nout 2\nout 3\n");
    assert_eq!(kept.stderr(), "err 1\nerr 2\nerr 3\n");
}

#[tokio::test]
async fn lines_of_requests_at_once_do_not_mix() {
    let kept = Arc::new(Kept::default());
    let workload = workload_with("log", |config| kept.watch(config));
    let asks = (0..8).map(|_| text(&workload, "/?lines=2&pieces"));
    futures::future::join_all(asks).await;
    let stdout = kept.stdout();
    assert_eq!(stdout.lines().count(), 16, "{stdout}");
    assert!(stdout.lines().all(|line| line == "out 1" || line == "out 2"), "{stdout}");
}

// F50
#[test]
fn what_is_not_granted_is_refused_by_name_when_code_is_loaded() {
    let text = r#"(component
        (import "wasi:keyvalue/store@0.2.0" (instance (export "open" (func))))
        (import "wasi:cli/environment@0.2.0" (instance)))"#;
    let error = engine().load(&compiled_text(text)).unwrap_err();
    let Error::NotGranted { interfaces } = &error else { panic!("{error}") };
    assert_eq!(interfaces.len(), 1);
    assert!(error.to_string().contains("wasi:keyvalue/store@0.2.0"), "{error}");
}

#[test]
fn a_component_that_does_not_answer_http_is_refused() {
    assert!(matches!(engine().load(&compiled_text("(component)")), Err(Error::NoEntry)));
}

// F40
#[test]
fn a_component_too_large_for_a_slot_is_refused_with_the_number() {
    let text = r#"(component
        (core module $m (table 50000 funcref))
        (core instance (instantiate $m)))"#;
    let error = engine().load(&compiled_text(text)).unwrap_err().to_string();
    assert!(error.contains("50000") && error.contains("20000"), "{error}");
}

// F54
#[test]
fn a_file_that_is_no_code_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("code");
    std::fs::write(&path, b"\x7fELF of somebody else").unwrap();
    assert!(matches!(engine().load(&VerifiedCode::vouched_for(&path)), Err(Error::Load(_))));
    let missing = VerifiedCode::vouched_for(dir.path().join("nothing"));
    assert!(matches!(engine().load(&missing), Err(Error::Load(_))));
}

#[test]
fn code_compiled_for_fewer_features_runs_here() {
    let identity = engine().identity();
    let wasm = super::guests::wasm("hello02");
    let plain = sandbox::compile(&wasm, &identity.version, &identity.target, &[]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("code");
    std::fs::write(&path, plain).unwrap();
    engine().load(&VerifiedCode::vouched_for(&path)).unwrap();
    drop(compiled("hello02"));
}

#[tokio::test]
async fn a_closed_workload_refuses() {
    let workload = workload_with("hello02", |config| config.reuse = reused());
    text(&workload, "/").await;
    workload.close();
    assert_eq!(ask(&workload, "/").await, Err(Failure::Closed));
    assert_eq!(workload.stats().instances_idle, 0);
}

#[tokio::test]
async fn thousands_of_idle_workloads_share_one_code() {
    let code = code("hello02");
    let config = sandbox::WorkloadConfig::new("many");
    let many: Vec<_> =
        (0..5_000).map(|_| sandbox::Workload::new(engine(), code.clone(), config.clone()).unwrap()).collect();
    for workload in many.iter().step_by(1_000) {
        assert_eq!(text(workload, "/").await, "hello\n");
    }
    assert!(many.iter().all(|workload| workload.stats().memory_bytes == 0));
}

/// Resident memory of this process, in KiB.
#[cfg(target_os = "linux")]
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn an_engine_and_idle_workloads_take_address_space_and_little_memory() {
    // Compiling, if it has to be done at all, is no part of what is measured.
    let verified = compiled("hello02");
    let before = resident_kib();
    let engine = sandbox::Engine::new(sandbox::EngineConfig::default()).unwrap();
    let code = engine.load(&verified).unwrap();
    let config = sandbox::WorkloadConfig::new("many");
    let many: Vec<_> =
        (0..10_000).map(|_| sandbox::Workload::new(&engine, code.clone(), config.clone()).unwrap()).collect();
    let taken = resident_kib().saturating_sub(before);
    assert!(taken < 24 << 10, "{taken} KiB for an engine and {} workloads", many.len());
}
