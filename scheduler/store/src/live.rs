//! The present state and who watches it: what every backend's readers use.
//!
//! A backend calls [`Live::publish`] from one thread at a time; readers take a snapshot and wait for nobody.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::model::Model;
use crate::watch::Hub;
use crate::{Batch, Entry, Error, Listing, Page, Revision, Watch, page};

#[derive(Debug)]
pub(crate) struct Live {
    model: ArcSwap<Model>,
    hub: Arc<Hub>,
}

impl Live {
    pub(crate) fn new(model: Model) -> Self {
        let hub = Arc::new(Hub::new(model.revision()));
        Self { model: ArcSwap::from_pointee(model), hub }
    }

    pub(crate) fn model(&self) -> Arc<Model> {
        self.model.load_full()
    }

    /// Makes `model` the present. `batches` are what led to it, in order.
    pub(crate) fn publish(&self, model: Model, batches: &[Arc<Batch>]) {
        let revision = model.revision();
        self.model.store(Arc::new(model));
        self.hub.publish(batches, revision);
    }

    pub(crate) fn get(&self, key: &str) -> (Option<Entry>, Revision) {
        let model = self.model.load();
        (model.get(key).cloned(), model.revision())
    }

    pub(crate) fn list(&self, prefix: &str, page: &Page) -> Result<Listing, Error> {
        page::list(&self.model(), prefix, page)
    }

    pub(crate) fn watch(&self, prefix: &str, after: Revision) -> Result<Watch, Error> {
        self.hub.watch(prefix, after, || {
            let model = self.model();
            page::check(&model, prefix, after)?;
            let mut batches: Vec<&Arc<Batch>> =
                model.histories(prefix).flat_map(|history| history.after(after)).collect();
            batches.sort_unstable_by_key(|batch| batch.revision);
            Ok((batches.into_iter().cloned().collect(), model.revision()))
        })
    }

    pub(crate) fn revision(&self) -> Revision {
        self.model.load().revision()
    }

    /// Ends every watch.
    pub(crate) fn close(&self) {
        self.hub.close();
    }
}
