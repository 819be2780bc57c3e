//! Power cuts and panics at every operation of the disk: what was acknowledged is there, whole, and nothing half.

use super::sim::Fault;
use super::*;

const TURNS: u64 = 7;

/// Runs the script until it fails. How many transactions were acknowledged.
async fn run_script(store: &dyn Store) -> u64 {
    for turn in 1..=TURNS {
        if store.commit(scripted(turn)).await.is_err() {
            return turn - 1;
        }
    }
    TURNS
}

/// Asserts that a store holds the script's first `acknowledged` transactions, or one more: the one in flight.
async fn holds(store: &dyn Store, acknowledged: u64, states: &[Known], what: &str) {
    let last = last_written(store).await;
    assert!((acknowledged..=acknowledged + 1).contains(&last), "{what}: {last} of {acknowledged} acknowledged");
    assert!(store.revision().await >= last, "{what}: revisions never fall");
    let state = &states[usize::try_from(last).expect("small")];
    assert!(known(store, last).await == *state, "{what}: not the state after {last}");
}

/// How many operations creating a store takes, and the whole script.
fn operations() -> (u64, u64) {
    let disk = SimDisk::new();
    let store = open_on(&disk, Origin::New, no_ballast()).expect("opens");
    let created = disk.operations();
    assert_eq!(runtime().block_on(run_script(&store)), TURNS);
    (created, disk.operations())
}

// C15, F3
#[test]
fn an_acknowledged_write_survives_a_power_cut_at_every_operation() {
    let runtime = runtime();
    let states = runtime.block_on(expected(TURNS));
    let (created, total) = operations();
    assert!(total - created > 20, "there are operations to fail");
    for cut in created..=total {
        let disk = SimDisk::new();
        let store = open_on(&disk, Origin::New, no_ballast()).expect("opens");
        disk.set_fault(Fault::PowerCut(cut));
        let acknowledged = runtime.block_on(run_script(&store));
        drop(store);
        for seed in 0..2 {
            let left = disk.after_power_cut(cut * 7 + seed);
            let store = open_on(&left, Origin::Existing, no_ballast()).expect("opens after a power cut");
            runtime.block_on(holds(&store, acknowledged, &states, &format!("cut {cut}, seed {seed}")));
        }
    }
}

// F2
#[test]
fn a_power_cut_during_recovery_and_again_loses_nothing() {
    let runtime = runtime();
    let states = runtime.block_on(expected(TURNS));
    let (created, total) = operations();
    for cut in (created + 1..=total).step_by(9) {
        let disk = SimDisk::new();
        let store = open_on(&disk, Origin::New, no_ballast()).expect("opens");
        disk.set_fault(Fault::PowerCut(cut));
        let acknowledged = runtime.block_on(run_script(&store));
        drop(store);
        let mut left = disk.after_power_cut(cut);
        for again in 0..5 {
            left.set_fault(Fault::PowerCut(again * 2));
            let opened = open_on(&left, Origin::Existing, no_ballast());
            assert!(opened.is_err() || again > 2, "recovery writes something");
            drop(opened);
            left = left.after_power_cut(cut + again);
        }
        let store = open_on(&left, Origin::Existing, no_ballast()).expect("opens in the end");
        runtime.block_on(holds(&store, acknowledged, &states, &format!("cut {cut}")));
    }
}

// F12
#[test]
fn a_panic_at_any_operation_breaks_the_store_and_loses_nothing() {
    let runtime = runtime();
    let states = runtime.block_on(expected(TURNS));
    let (created, total) = operations();
    for at in (created..total).step_by(5) {
        let disk = SimDisk::new();
        let store = open_on(&disk, Origin::New, no_ballast()).expect("opens");
        disk.set_fault(Fault::Panic(at));
        let acknowledged = runtime.block_on(run_script(&store));
        assert!(acknowledged < TURNS, "the panic came");
        let refused = runtime.block_on(store.commit(scripted(1)));
        assert!(matches!(refused, Err(crate::Error::Broken { .. })), "{refused:?}");
        drop(store);
        let left = SimDisk::with_content(disk.content());
        let store = open_on(&left, Origin::Existing, no_ballast()).expect("opens after a panic");
        runtime.block_on(holds(&store, acknowledged, &states, &format!("panic at {at}")));
    }
}
