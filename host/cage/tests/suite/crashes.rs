//! Workers that end when nobody asked them to: who waits is told why, another comes up, and patience has an end.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cage::{CallError, Pause};
use http_body_util::BodyExt as _;

use super::harness::{Caged, get, is_there, until};

const HANGING: usize = 8;

// F55
#[tokio::test]
async fn a_crash_is_told_to_all_who_wait_and_another_worker_answers() {
    for (path, how) in [("/abort", "SIGABRT"), ("/segv", "SIGSEGV"), ("/exit", "exit status: 3")] {
        let caged = Arc::new(Caged::start());
        assert_eq!(caged.text("/said").await, "config code");
        let first = caged.cage.pid().expect("is up");
        let hang = |_| {
            let caged = caged.clone();
            tokio::spawn(async move { caged.call("/hang").await })
        };
        let hanging: Vec<_> = (0..HANGING).map(hang).collect();
        for _ in 0..HANGING {
            caged.told().await;
        }
        let crash = caged.call(path).await;
        let begin = Instant::now();
        let error = crash.expect_err("it is gone").to_string();
        assert!(error.contains(how), "{error}");
        let answer = caged.text("/said").await;
        println!("after {path} another worker answered in {:?}", begin.elapsed());
        assert_eq!(answer, "config code");
        assert_ne!(caged.cage.pid(), Some(first));
        for hanging in hanging {
            let error = hanging.await.expect("joins").expect_err("it is gone");
            assert!(matches!(error, CallError::Lost(_)) && error.to_string().contains(how), "{error}");
        }
        let (why, pause) = caged.crash().await;
        assert!(why.contains(how) && pause == Pause::For(Duration::ZERO), "{why}");
    }
}

// F55
#[tokio::test]
async fn an_answer_that_had_begun_breaks_with_the_reason() {
    let caged = Caged::start();
    let response = caged.call("/begin-and-abort").await.expect("begins");
    let mut body = response.into_body();
    let first = body.frame().await.expect("a frame").expect("is sound").into_data().expect("is data");
    assert_eq!(first, "begun");
    let error = body.frame().await.expect("an error").expect_err("breaks off");
    assert!(error.to_string().contains("SIGABRT"), "{error}");
    assert!(body.frame().await.is_none());
}

// F55
#[tokio::test]
async fn a_worker_that_crashes_again_and_again_is_left_down() {
    let caged = Caged::start();
    let mut pauses = Vec::new();
    for _ in 0..5 {
        caged.call("/abort").await.expect_err("it is gone");
        pauses.push(caged.crash().await.1);
    }
    assert!(matches!(pauses[3], Pause::For(_)), "{pauses:?}");
    assert!(matches!(pauses[4], Pause::Quarantine(pause) if pause >= Duration::from_secs(10)), "{pauses:?}");
    let refused = caged.cage.call(get("/said")).await.expect_err("nobody answers");
    assert!(refused.to_string().contains("left down") && refused.to_string().contains("SIGABRT"), "{refused}");
    assert!(matches!(refused, CallError::Refused(request, _) if request.uri() == "/said"), "it comes back as it was");
}

#[tokio::test]
async fn a_program_that_is_none_is_told() {
    let caged = Caged::start();
    caged.cage.kill();
    caged.cage.ended().await;
    let refused = caged.cage.call(get("/said")).await.expect_err("it is closed");
    assert!(matches!(refused, CallError::Refused(..)), "{refused}");
    assert_eq!(caged.cage.pid(), None);
}

#[tokio::test]
async fn a_worker_that_is_closed_ends_after_its_last_call() {
    let caged = Arc::new(Caged::start());
    assert_eq!(caged.text("/said").await, "config code");
    let pid = caged.cage.pid().expect("is up");
    let open = caged.call("/endless").await.expect("begins");
    caged.cage.close();
    assert!(matches!(caged.cage.call(get("/said")).await, Err(CallError::Refused(..))));
    assert!(is_there(pid), "a call is under way");
    drop(open);
    caged.cage.ended().await;
    until("it is gone", || !is_there(pid)).await;
}

/// It computes, and hears nothing: the kernel ends it.
#[tokio::test]
async fn a_worker_ends_with_its_host_however_that_ends() {
    let mut host = Command::new(env!("CARGO_BIN_EXE_cage-test-worker"))
        .arg("host")
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut line = String::new();
    BufReader::new(host.stdout.take().expect("is piped")).read_line(&mut line).expect("reads");
    let pid: u32 = line.trim().parse().expect("a process");
    assert!(is_there(pid));
    host.kill().expect("is killed");
    host.wait().expect("has ended");
    until("it is gone", || !is_there(pid)).await;
}
