//! Listings: ordered, paged, and true for one revision.

use std::sync::Arc;

use super::*;
use crate::Error;

on_every_backend! {
    a_listing_is_ordered_and_only_of_its_prefix,
    pages_at_one_revision_show_one_state,
    a_listing_of_the_past_undoes_what_came_after,
    compaction_takes_the_past_and_leaves_the_present,
    the_future_is_refused,
}

async fn a_listing_is_ordered_and_only_of_its_prefix(store: Arc<dyn Store>) {
    commit(&*store, [put("/pods/b", "1"), put("/pods/a", "1"), put("/podsx", "1"), put("/nodes/a", "1")]).await;
    assert_eq!(list(&*store, "/pods/", None).await, ["/pods/a=1@1", "/pods/b=1@1"]);
    assert_eq!(list(&*store, "/pods/a", None).await, ["/pods/a=1@1"]);
    assert_eq!(list(&*store, "", None).await.len(), 4);
    assert_eq!(list(&*store, "/none/", None).await, [""; 0]);
}

async fn pages_at_one_revision_show_one_state(store: Arc<dyn Store>) {
    for key in ["/a", "/b", "/c", "/d", "/e"] {
        commit(&*store, [put(key, "1")]).await;
    }
    let first = store.list("/", Page { limit: 2, count: true, ..Page::default() }).await.expect("lists");
    assert_eq!((show(&first.entries), first.revision), (vec!["/a=1@1".into(), "/b=1@2".into()], 5));
    assert_eq!((first.more, first.remaining), (true, Some(3)));
    commit(&*store, [delete("/c"), put("/d", "2"), put("/bb", "new")]).await;
    let page = |after: &str| Page { at: Some(first.revision), after: Some(after.to_owned()), limit: 2, count: true };
    let second = store.list("/", page("/b")).await.expect("lists");
    assert_eq!((show(&second.entries), second.remaining), (vec!["/c=1@3".into(), "/d=1@4".into()], Some(1)));
    let third = store.list("/", page("/d")).await.expect("lists");
    assert_eq!((show(&third.entries), third.remaining, third.revision), (vec!["/e=1@5".into()], Some(0), 5));
    assert!(!third.more);
    let uncounted = store.list("/", Page { limit: 2, ..Page::default() }).await.expect("lists");
    assert_eq!((uncounted.more, uncounted.remaining), (true, None), "nothing is counted that nobody asked for");
    let present = Page { after: Some("/b".to_owned()), ..Page::default() };
    let present = store.list("/", present).await.expect("lists");
    assert_eq!(show(&present.entries), ["/bb=new@6", "/d=2@6", "/e=1@5"]);
}

async fn a_listing_of_the_past_undoes_what_came_after(store: Arc<dyn Store>) {
    commit(&*store, [put("/a", "1")]).await;
    commit(&*store, [put("/b", "2")]).await;
    commit(&*store, [put("/a", "3"), delete("/b")]).await;
    commit(&*store, [delete("/a"), put("/b", "4"), put("/c", "4")]).await;
    let pasts: [&[&str]; 5] = [&[], &["/a=1@1"], &["/a=1@1", "/b=2@2"], &["/a=3@3"], &["/b=4@4", "/c=4@4"]];
    for (revision, past) in (0..).zip(pasts) {
        assert_eq!(list(&*store, "/", Some(revision)).await, past, "at {revision}");
    }
    assert_eq!(list(&*store, "/b", Some(2)).await, ["/b=2@2"]);
}

// C3
async fn compaction_takes_the_past_and_leaves_the_present(store: Arc<dyn Store>) {
    for turn in 1..=5 {
        commit(&*store, [put("/a", &turn.to_string())]).await;
    }
    store.compact(3).await.expect("compacts");
    let too_old = Error::Compacted { requested: 2, oldest: 3 };
    let page = Page { at: Some(2), ..Page::default() };
    assert_eq!(store.list("/", page).await, Err(too_old.clone()));
    assert_eq!(store.watch("/", 2).await.err(), Some(too_old));
    assert_eq!(list(&*store, "/", Some(3)).await, ["/a=3@3"], "the oldest is still known");
    assert_eq!(next(&mut store.watch("/", 3).await.expect("watches"), 2).await, ["4: /a 3→4", "5: /a 4→5"]);
    assert_eq!(list(&*store, "/", None).await, ["/a=5@5"]);
    store.compact(1).await.expect("it is compacted already");
    assert_eq!(store.compact(6).await, Err(Error::Future { requested: 6, current: 5 }));
}

async fn the_future_is_refused(store: Arc<dyn Store>) {
    commit(&*store, [put("/a", "1")]).await;
    let future = Error::Future { requested: 2, current: 1 };
    assert_eq!(store.list("/", Page { at: Some(2), ..Page::default() }).await, Err(future.clone()));
    assert_eq!(store.watch("/", 2).await.err(), Some(future));
}
