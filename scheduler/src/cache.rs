//! What the server knows of the cluster: every object, typed, at one revision, pushed on every change.
//!
//! One watch feeds one [`View`]; controllers and sessions read the view and never the store. A view is a
//! handful of reference counts to clone. Whoever writes and must see its own write (C5) waits with
//! [`Cache::reach`].

mod customs;
mod index;
mod view;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use store::{Batch, Error, Page, Revision, Store, Watch};
use tokio::sync::{Notify, watch};

use customs::Customs;
pub(crate) use view::{PodsOfNode, View};

/// Everything the API keeps.
const PREFIX: &str = "/registry/";
/// Batches taken together before readers are woken: a burst costs one wake.
const BATCHES_AT_ONCE: usize = 256;
/// How often a waiter asks anew whether the store has moved without touching us. Only ever needed when
/// the last write was outside [`PREFIX`].
const ASK_AGAIN: Duration = Duration::from_millis(5);

/// Reads the cluster. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Cache {
    views: watch::Receiver<View>,
    /// How far the view has come; moves also when nothing of interest happened, and then wakes no reader.
    seen: watch::Receiver<Revision>,
    ask: Arc<Notify>,
}

/// Keeps the view in step with the store until the store ends.
pub(crate) struct Feed {
    store: Arc<dyn Store>,
    views: watch::Sender<View>,
    seen: watch::Sender<Revision>,
    ask: Arc<Notify>,
    customs: Customs,
    watch: Watch,
}

impl Cache {
    /// Reads everything and starts to watch; [`Feed::run`] must be spawned.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn start(store: Arc<dyn Store>) -> Result<(Self, Feed), Error> {
        let mut customs = Customs::default();
        let (view, watch) = load(&store, &mut customs).await?;
        let (see, seen) = watch::channel(view.revision);
        let (show, views) = watch::channel(view);
        let ask = Arc::new(Notify::new());
        let feed = Feed { store, views: show, seen: see, ask: ask.clone(), customs, watch };
        Ok((Self { views, seen, ask }, feed))
    }

    /// The present view.
    pub(crate) fn view(&self) -> View {
        self.views.borrow().clone()
    }

    /// Wakes on every new view.
    pub(crate) fn subscribe(&self) -> watch::Receiver<View> {
        self.views.clone()
    }

    /// Waits until the view shows everything up to `revision`.
    ///
    /// # Errors
    /// [`Error::Closed`] when the feed has ended.
    pub(crate) async fn reach(&self, revision: Revision) -> Result<(), Error> {
        let mut seen = self.seen.clone();
        loop {
            let reached = seen.wait_for(|seen| *seen >= revision);
            match tokio::time::timeout(ASK_AGAIN, reached).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(_)) => return Err(Error::Closed),
                Err(_) => self.ask.notify_one(),
            }
        }
    }
}

async fn load(store: &Arc<dyn Store>, customs: &mut Customs) -> Result<(View, Watch), Error> {
    let listing = store.list(PREFIX, Page::default()).await?;
    let watch = store.watch(PREFIX, listing.revision).await?;
    Ok((View::of(&listing.entries, listing.revision, customs), watch))
}

impl Feed {
    /// Runs until the store ends.
    ///
    /// # Errors
    /// The store's; it does not come back.
    pub(crate) async fn run(mut self) -> Result<(), Error> {
        loop {
            let next = tokio::select! {
                next = self.watch.next() => Some(next),
                () = self.ask.notified() => None,
            };
            match next {
                None => self.publish(&[]),
                Some(Ok(batch)) => {
                    let batches = self.drain(batch);
                    self.publish(&batches);
                }
                Some(Err(Error::Lagged { resume })) => self.resume(resume).await?,
                Some(Err(error)) => return Err(error),
            }
        }
    }

    fn drain(&mut self, first: Batch) -> Vec<Batch> {
        let mut batches = vec![first];
        while batches.len() < BATCHES_AT_ONCE {
            // An error shows again on the next call.
            match self.watch.next().now_or_never() {
                Some(Ok(batch)) => batches.push(batch),
                _ => break,
            }
        }
        batches
    }

    fn publish(&mut self, batches: &[Batch]) {
        let mut changes = Vec::new();
        for change in batches.iter().flat_map(index::changes) {
            changes.extend(index::parse(&change, &mut self.customs));
        }
        let customs = self.customs.all();
        let seen = self.watch.seen();
        self.views.send_if_modified(|view| {
            let moved = !changes.is_empty();
            view.define(customs);
            changes.into_iter().for_each(|change| view.apply(change));
            view.revision = view.revision.max(seen);
            moved
        });
        self.seen.send_replace(seen);
    }

    async fn resume(&mut self, revision: Revision) -> Result<(), Error> {
        match self.store.watch(PREFIX, revision).await {
            Ok(watch) => self.watch = watch,
            Err(Error::Compacted { .. }) => {
                let (view, watch) = load(&self.store, &mut self.customs).await?;
                self.watch = watch;
                let revision = view.revision;
                self.views.send_replace(view);
                self.seen.send_replace(revision);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::NamespacedName;
    use api::resource::PODS;
    use serde_json::json;
    use store::{Memory, Txn, Write};

    fn pod(name: &str, node: &str) -> Write {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "n", "uid": format!("uid-{name}")},
            "spec": {"nodeName": node, "containers": []},
        });
        Write::Put { key: PODS.key("n", name), value: pod.to_string().into() }
    }

    async fn commit(store: &Arc<dyn Store>, write: Write) -> Revision {
        match store.commit(Txn { guards: vec![], writes: vec![write] }).await.expect("commits") {
            store::Outcome::Committed(revision) => revision,
            store::Outcome::Conflict { .. } => 0,
        }
    }

    // C5
    #[tokio::test]
    async fn a_writer_that_waits_sees_its_own_write() {
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        commit(&store, pod("a", "x")).await;
        let (cache, feed) = Cache::start(store.clone()).await.expect("starts");
        let running = tokio::spawn(feed.run());
        assert_eq!(cache.view().pods.len(), 1);
        let revision = commit(&store, pod("b", "x")).await;
        cache.reach(revision).await.expect("reaches");
        let view = cache.view();
        let found = &view.pods[&NamespacedName::new("n", "b")];
        assert_eq!(found.metadata.resource_version, Some(revision.to_string()));
        assert_eq!(view.pods_of("x").len(), 2);
        let outside = commit(&store, Write::Put { key: "/insula/x".to_owned(), value: "1".into() }).await;
        cache.reach(outside).await.expect("a write elsewhere does not hold a waiter for ever");
        let revision = commit(&store, Write::Delete { key: PODS.key("n", "a") }).await;
        cache.reach(revision).await.expect("reaches");
        assert_eq!(cache.view().pods_of("x").len(), 1);
        running.abort();
    }
}
