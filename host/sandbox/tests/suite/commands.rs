//! `wasi:cli/run`, 0.2 and 0.3: a command runs to its end and says how it went.

use std::sync::Arc;
use std::time::Duration;

use sandbox::{Failure, Workload, WorkloadConfig};

use super::guests;
use super::harness::{Kept, until, workload_with};

fn command(guest: &str, args: &[&str], kept: &Arc<Kept>) -> Workload {
    command_with(guest, args, kept, |_| {})
}

fn command_with(guest: &str, args: &[&str], kept: &Arc<Kept>, change: impl FnOnce(&mut WorkloadConfig)) -> Workload {
    workload_with(guest, |config| {
        config.args = ["command"].iter().chain(args).map(ToString::to_string).collect();
        config.env = vec![("NAME".to_owned(), "value".to_owned())];
        kept.watch(config);
        change(config);
    })
}

#[tokio::test]
async fn a_command_prints_its_arguments_and_ends_with_its_status() {
    for guest in ["job", "job03"] {
        let kept = Arc::new(Kept::default());
        let job = command(guest, &["one", "two words"], &kept);
        assert!(job.is_command());
        assert_eq!(job.run().await, Ok(0), "{guest}");
        assert_eq!(kept.stdout(), "one\ntwo words\n", "{guest}");
        assert!(kept.causes().is_empty());
    }
    let kept = Arc::new(Kept::default());
    for (guest, args, status) in [
        ("job", &["exit", "0"][..], 0),
        ("job", &["exit", "3"], 3),
        ("job", &["cat", "/none"], 1),
        ("job", &["env", "NAME"], 0),
        ("job03", &["fail"], 1),
    ] {
        assert_eq!(command(guest, args, &kept).run().await, Ok(status), "{guest} {args:?}");
    }
    assert!(kept.stdout().contains("value\n"));
}

// C70
#[tokio::test]
async fn a_command_that_traps_fails_with_its_backtrace() {
    let kept = Arc::new(Kept::default());
    let job = command("job", &["trap"], &kept);
    let Err(Failure::Trap { message, backtrace }) = job.run().await else { panic!("a trap") };
    assert!(message.contains("unreachable") && !backtrace.frames().is_empty(), "{message}");
    assert!(kept.stderr().contains("as asked"), "the panic's text is in the log");
    assert_eq!((kept.causes(), job.stats().memory_bytes), (vec!["trap"], 0));
}

// C70, F38
#[tokio::test]
async fn a_command_may_take_longer_than_a_request_and_ends_when_it_is_killed() {
    for args in [&["sleep", "60000"][..], &["spin"]] {
        let kept = Arc::new(Kept::default());
        let job = command_with("job", args, &kept, |config| config.timeout = Duration::from_millis(1));
        let running = tokio::spawn({
            let job = job.clone();
            async move { job.run().await }
        });
        until("it runs", || job.stats().memory_bytes > 0).await;
        job.kill();
        assert_eq!(running.await.unwrap(), Err(Failure::Killed), "{args:?}");
        until("nothing is left", || job.stats().memory_bytes == 0).await;
        assert!(args[0] != "spin" || job.stats().cpu > Duration::ZERO);
        assert_eq!(job.run().await, Err(Failure::Closed));
    }
}

#[tokio::test]
async fn nobody_who_waits_for_a_command_any_more_ends_it() {
    let kept = Arc::new(Kept::default());
    let job = command("job", &["sleep", "60000"], &kept);
    let running = tokio::spawn({
        let job = job.clone();
        async move { job.run().await }
    });
    until("it runs", || job.stats().memory_bytes > 0).await;
    running.abort();
    until("nothing is left", || job.stats().memory_bytes == 0).await;
}

#[tokio::test]
async fn what_answers_requests_is_no_command() {
    for guest in ["hello02", "hello03"] {
        assert!(!workload_with(guest, |_| {}).is_command(), "{guest}");
    }
}

/// A module of preview 1 that exits with its own status.
#[tokio::test]
async fn a_module_of_preview_1_ends_with_its_own_status() {
    for (status, told) in [(0, 0), (1, 1), (7, 7), (255, 255), (256, 0)] {
        let text = format!(
            r#"(module
                (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (memory (export "memory") 1)
                (func (export "_start") (call $exit (i32.const {status}))))"#
        );
        let code = guests::engine().load(&guests::compiled_text(&text)).unwrap();
        let workload = Workload::new(guests::engine(), code, WorkloadConfig::new("exit")).unwrap();
        assert_eq!(workload.run().await, Ok(told), "{status}");
    }
}
