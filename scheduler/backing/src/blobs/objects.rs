//! Blobs as they lie there: listed, looked at, copied, moved, deleted.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::containers::named;
use super::usage::cost;
use super::{Blob, Blobs, Container, Info, failed, missing, path};
use crate::limits::{BLOBS_PER_DELETE, BLOBS_PER_PAGE};
use crate::{BlobName, Error};

/// Some names of a container's blobs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In order.
    pub names: Vec<BlobName>,
    /// Whether there are more after the last.
    pub has_more: bool,
}

/// Whether the source of a copy stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It stays.
    Keep,
    /// It goes: the blob moves.
    Remove,
}

impl Blobs {
    /// A page of names, after `after`. Each page looks at all names of the container, whose order the store need not
    /// know.
    ///
    /// # Errors
    /// There is no such container.
    pub async fn list(&self, container: &Container, after: Option<&BlobName>) -> Result<Page, Error> {
        self.container_created(container).await?;
        let below = path::blobs(container)?;
        let mut names = BTreeSet::new();
        let mut all = self.store.list(Some(&below));
        while let Some(meta) = all.try_next().await.map_err(failed)? {
            let name = path::name_of(&below, &meta.location);
            names.extend(name.filter(|name| after.is_none_or(|after| name > after)));
            if names.len() > BLOBS_PER_PAGE + 1 {
                names.pop_last();
            }
        }
        let has_more = names.len() > BLOBS_PER_PAGE;
        Ok(Page { names: names.into_iter().take(BLOBS_PER_PAGE).collect(), has_more })
    }

    /// What is known of a blob.
    ///
    /// # Errors
    /// There is none.
    pub async fn info(&self, blob: &Blob) -> Result<Info, Error> {
        self.container_created(&blob.container).await?;
        let meta = self.store.head(&path::blob(blob)?).await;
        Ok(info(&meta.map_err(missing(|| of(blob)))?))
    }

    /// Deletes blobs; those that are not there are no error.
    ///
    /// # Errors
    /// There is no such container, or these are too many.
    pub async fn delete(&self, container: &Container, names: Vec<BlobName>) -> Result<(), Error> {
        if names.len() > BLOBS_PER_DELETE {
            return Err(Error::too_large("blobs deleted at once", names.len(), BLOBS_PER_DELETE));
        }
        let _lock = self.lock(&container.namespace).await;
        self.usage.count(&container.namespace).await?;
        self.container_created(container).await?;
        for name in names {
            let path = path::blob(&Blob { container: container.clone(), name })?;
            match self.store.head(&path).await {
                Ok(meta) => self.delete_one(&container.namespace, &meta).await?,
                Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }

    /// Copies a blob over whatever is at `to`, within its namespace.
    ///
    /// # Errors
    /// There is no such blob, or no such container to copy it to.
    pub async fn copy(&self, from: &Blob, to: &Blob, source: Source) -> Result<(), Error> {
        let namespace = &to.container.namespace;
        if from.container.namespace != *namespace {
            return Err(Error::AccessDenied("blobs are not copied from one namespace to another".to_owned()));
        }
        let _lock = self.lock(namespace).await;
        self.usage.count(namespace).await?;
        self.container_created(&from.container).await?;
        self.container_created(&to.container).await?;
        let (from_path, to_path) = (path::blob(from)?, path::blob(to)?);
        let meta = self.store.head(&from_path).await.map_err(missing(|| of(from)))?;
        if from_path == to_path {
            return Ok(());
        }
        let replaced = self.store.head(&to_path).await.ok();
        // A copy in a directory is a link. Over itself the system would leave the new link beside it, where nobody sees it.
        let is_copied = replaced.as_ref().is_some_and(|to| to.e_tag.is_some() && to.e_tag == meta.e_tag);
        if !is_copied {
            let reserved = self.usage.reserve(namespace, cost(meta.size))?;
            self.store.copy(&from_path, &to_path).await.map_err(failed)?;
            reserved.keep();
            self.usage.release(namespace, replaced.map_or(0, |replaced| cost(replaced.size)));
        }
        match source {
            Source::Keep => Ok(()),
            Source::Remove => self.delete_one(namespace, &meta).await,
        }
    }
}

pub(super) fn info(meta: &ObjectMeta) -> Info {
    Info { size: meta.size, created_unix_millis: millis(meta) }
}

pub(super) fn millis(meta: &ObjectMeta) -> u64 {
    u64::try_from(meta.last_modified.timestamp_millis()).unwrap_or_default()
}

pub(super) fn of(blob: &Blob) -> String {
    format!("blob {:?} in {}", blob.name.as_str(), named(&blob.container))
}
