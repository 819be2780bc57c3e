//! A full disk: reads, deletes and memory go on, and so does everything once there is space.

use super::*;
use crate::conformance::{commit, list, txn};
use crate::{Bounds, Error, Volatile};

const BALLAST: u64 = 32;
const HEARTBEAT: &str = "/registry/leases.coordination.k8s.io/kube-node-lease/n1";

fn config() -> Config {
    let bounds = Bounds { volatile: Volatile::heartbeats_and_events(), ..Bounds::default() };
    Config { bounds, ..Config::default() }
}

/// Writes until the disk is full. How many objects there are.
async fn fill(store: &dyn Store) -> usize {
    for number in 0..1000 {
        match store.commit(txn([], [put(&format!("/o/{number:03}"), &"x".repeat(4000))])).await {
            Ok(_) => {}
            Err(Error::Full { .. }) => return number,
            Err(other) => panic!("{other}"),
        }
    }
    panic!("the disk has an end");
}

// F5, C11
#[test]
fn a_full_disk_refuses_growth_only_and_recovers_by_itself() {
    runtime().block_on(async {
        let disk = SimDisk::new();
        disk.set_blocks(200, BALLAST);
        let store = open_on(&disk, Origin::New, config()).expect("opens");
        let kept = fill(&store).await;
        assert!(kept > 5, "{kept}");
        let full_at = disk.blocks_used();

        let again = store.commit(txn([], [put("/o/new", &"x".repeat(4000))])).await;
        assert!(matches!(again, Err(Error::Full { .. })), "still full: {again:?}");
        assert_eq!(list(&store, "/o/", None).await.len(), kept, "reads go on");
        commit(&store, [put(HEARTBEAT, "alive")]).await;
        commit(&store, [put("/o/000", "marked for deletion")]).await;
        commit(&store, [delete("/o/000")]).await;
        assert_eq!(list(&store, "/o/", None).await.len(), kept - 1);

        disk.set_blocks(full_at + 2 * BALLAST + 50, BALLAST);
        commit(&store, [put("/o/new", &"x".repeat(4000))]).await;
        let before = list(&store, "/o/", None).await;
        drop(store);
        let store = open_on(&SimDisk::with_content(disk.content()), Origin::Existing, config()).expect("opens");
        assert_eq!(list(&store, "/o/", None).await, before);
    });
}

// F5
#[test]
fn a_disk_full_beyond_its_reserve_still_serves_memory() {
    runtime().block_on(async {
        let disk = SimDisk::new();
        disk.set_blocks(200, BALLAST);
        let store = open_on(&disk, Origin::New, config()).expect("opens");
        let kept = fill(&store).await;
        // Others took what the ballast gave up.
        disk.set_blocks(disk.blocks_used(), BALLAST);
        let mut deleted = 0;
        while deleted < kept {
            match store.commit(txn([], [delete(&format!("/o/{deleted:03}"))])).await {
                Ok(_) => deleted += 1,
                Err(Error::Full { .. }) => break,
                Err(other) => panic!("{other}"),
            }
        }
        commit(&store, [put(HEARTBEAT, "alive")]).await;
        assert_eq!(list(&store, "/o/", None).await.len(), kept - deleted);
        disk.set_blocks(1000, BALLAST);
        commit(&store, [put("/o/new", "space")]).await;
    });
}

#[test]
fn a_store_opens_on_a_full_disk_with_its_reserve() {
    runtime().block_on(async {
        let disk = SimDisk::new();
        disk.set_blocks(200, BALLAST);
        let store = open_on(&disk, Origin::New, config()).expect("opens");
        let kept = fill(&store).await;
        drop(store);
        disk.set_blocks(disk.blocks_used() + BALLAST / 2, BALLAST);
        let store = open_on(&disk, Origin::Existing, config()).expect("opens on a full disk");
        assert_eq!(list(&store, "/o/", None).await.len(), kept);
        commit(&store, [delete("/o/000")]).await;
        let full = store.commit(txn([], [put("/o/new", "x")])).await;
        assert!(matches!(full, Err(Error::Full { .. })), "{full:?}");
    });
}
