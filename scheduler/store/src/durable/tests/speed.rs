//! How quickly a large store opens. `cargo xtask bench store` runs it.

use std::time::Instant;

use super::*;
use crate::conformance::txn;

#[test]
#[ignore = "measures only: `cargo xtask bench store` runs it"]
fn a_large_store_opens() {
    const OBJECTS: usize = 64 * 1024;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store");
    let runtime = runtime();
    let store = Redb::open(&path, no_ballast()).expect("opens");
    let started = Instant::now();
    let value = "x".repeat(4096);
    runtime.block_on(async {
        for chunk in 0..OBJECTS / 128 {
            let writes: Vec<_> = (0..128).map(|n| put(&format!("/o/{:06}", chunk * 128 + n), &value)).collect();
            store.commit(txn([], writes)).await.expect("commits");
        }
    });
    println!("written in {:?}", started.elapsed());
    let copy = folder.path().join("unclean");
    std::fs::copy(&path, &copy).expect("copies");
    drop(store);
    for path in [path, copy] {
        let started = Instant::now();
        let store = Redb::open(&path, no_ballast()).expect("opens");
        let size = std::fs::metadata(&path).expect("is there").len();
        println!("{} MiB opened in {:?}", size >> 20, started.elapsed());
        assert_eq!(
            runtime
                .block_on(store.list("", Page { limit: 1, count: true, ..Page::default() }))
                .expect("lists")
                .remaining,
            Some(OBJECTS - 1)
        );
    }
}
