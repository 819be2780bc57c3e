//! Instances that are used again, and when they are not.

use std::time::Duration;

use futures::future::join_all;
use sandbox::{Engine, EngineConfig, Reuse, Workload, WorkloadConfig};

use super::guests;
use super::harness::{reused, text, until, workload_with};

#[tokio::test]
async fn an_instance_is_used_as_often_as_it_may_be() {
    let workload = workload_with("memory", |config| config.reuse = Reuse { requests_max: 3, ..reused() });
    for _ in 0..4 {
        // A tick at an unlucky moment lets an answer out a little before its instance is idle.
        for _ in 0..2 {
            text(&workload, "/leave").await;
            until("it is idle", || workload.stats().instances_idle == 1).await;
        }
        text(&workload, "/leave").await;
        until("it is gone", || (workload.stats().instances_idle, workload.stats().memory_bytes) == (0, 0)).await;
    }
}

#[tokio::test]
async fn an_idle_instance_goes_after_its_time() {
    let workload =
        workload_with("hello02", |config| config.reuse = Reuse { idle: Duration::from_millis(50), ..reused() });
    for _ in 0..2 {
        text(&workload, "/").await;
        until("it is idle", || workload.stats().instances_idle == 1).await;
        until("it goes", || workload.stats().instances_idle == 0).await;
        assert_eq!(workload.stats().memory_bytes, 0);
    }
}

#[tokio::test]
async fn requests_at_once_have_instances_of_their_own() {
    let workload = workload_with("slow", |config| config.reuse = reused());
    for requests in [8, 4] {
        join_all((0..requests).map(|_| text(&workload, "/?ms=30"))).await;
        until("eight are idle", || workload.stats().instances_idle == 8).await;
    }
}

#[tokio::test]
async fn idle_instances_give_way_when_slots_run_out() {
    let engine = Engine::new(EngineConfig { slots: 2, ..EngineConfig::default() }).unwrap();
    let make = |guest: &str, reuse| {
        let mut config = WorkloadConfig::new(guest);
        config.reuse = reuse;
        let code = engine.load(&guests::compiled(guest)).unwrap();
        Workload::new(&engine, code, config).unwrap()
    };
    let (hoarder, other) = (make("slow", reused()), make("hello02", Reuse::default()));
    join_all((0..2).map(|_| text(&hoarder, "/?ms=10"))).await;
    until("both are idle", || hoarder.stats().instances_idle == 2).await;
    assert_eq!(text(&other, "/").await, "hello\n");
    assert_eq!(hoarder.stats().instances_idle, 0);
}

#[test]
fn instances_move_between_runtimes() {
    let workload = workload_with("slow", |config| config.reuse = reused());
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            assert_eq!(text(&workload, "/?ms=5").await, "at last\n");
            until("it is idle", || workload.stats().instances_idle == 1).await;
        });
    }
}

#[tokio::test]
async fn an_instance_that_becomes_idle_serves_who_waits() {
    // One slot, and memory for one instance: whoever comes second can only have the first one's.
    let engine = Engine::new(EngineConfig { slots: 1, ..EngineConfig::default() }).unwrap();
    for memory_bytes_max in [None, Some(2 << 20)] {
        let mut config = WorkloadConfig::new("slow");
        config.reuse = reused();
        config.memory_bytes_max = memory_bytes_max;
        let code = engine.load(&guests::compiled("slow")).unwrap();
        let workload = Workload::new(&engine, code, config).unwrap();
        join_all((0..5).map(|_| text(&workload, "/?ms=20"))).await;
        until("it is idle", || workload.stats().instances_idle == 1).await;
        assert_eq!(workload.stats().failures, 0);
        workload.close();
    }
}

#[tokio::test]
async fn a_busy_workload_lets_others_have_a_slot() {
    let engine = Engine::new(EngineConfig { slots: 1, ..EngineConfig::default() }).unwrap();
    let make = || {
        let mut config = WorkloadConfig::new("slow");
        config.reuse = reused();
        Workload::new(&engine, engine.load(&guests::compiled("slow")).unwrap(), config).unwrap()
    };
    let (busy, other) = (make(), make());
    let waiting = join_all((0..12).map(|_| text(&busy, "/?ms=10")));
    let asked = async {
        until("the only slot is taken", || busy.stats().requests_running > 1).await;
        text(&other, "/?ms=0").await;
        busy.stats().requests_running
    };
    let (_, left) = futures::join!(waiting, asked);
    assert!(left > 5, "it had its turn while {left} others waited");
}
