//! Containers: made, looked at, emptied, deleted.

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutPayload};

use super::objects::millis;
use super::usage::cost;
use super::{Blobs, Container, failed, missing, path};
use crate::{Error, Namespace};

impl Blobs {
    /// Makes an empty container and returns when it was made.
    ///
    /// # Errors
    /// It exists already, or the namespace has as many as it may.
    pub async fn create_container(&self, container: &Container) -> Result<u64, Error> {
        let _lock = self.lock(&container.namespace).await;
        self.usage.count(&container.namespace).await?;
        let marker = path::marker(container)?;
        match self.store.head(&marker).await {
            Ok(_) => return Err(Error::Exists(named(container))),
            Err(object_store::Error::NotFound { .. }) => {}
            // Whether it is there is not known, so nothing below it is touched.
            Err(error) => return Err(failed(error)),
        }
        let siblings = self.store.list_with_delimiter(Some(&path::namespace(&container.namespace)?)).await;
        if siblings.map_err(failed)?.common_prefixes.len() >= self.bounds.containers {
            let (namespace, max) = (&container.namespace, self.bounds.containers);
            return Err(Error::Quota(format!("namespace {namespace} may have {max} containers, and has them")));
        }
        let reserved = self.usage.reserve(&container.namespace, cost(0))?;
        self.delete_below(&container.namespace, &path::container(container)?).await?;
        self.store.put_opts(&marker, PutPayload::new(), PutMode::Create.into()).await.map_err(failed)?;
        reserved.keep();
        self.container_created(container).await
    }

    /// When a container was made, in milliseconds since 1970.
    ///
    /// # Errors
    /// There is none.
    pub async fn container_created(&self, container: &Container) -> Result<u64, Error> {
        let marker = self.store.head(&path::marker(container)?).await;
        Ok(millis(&marker.map_err(missing(|| named(container)))?))
    }

    /// Deletes a container and all its blobs; that there is none is no error.
    ///
    /// # Errors
    /// The store's; what is left then belongs to no container.
    pub async fn delete_container(&self, container: &Container) -> Result<(), Error> {
        let _lock = self.lock(&container.namespace).await;
        self.usage.count(&container.namespace).await?;
        // The marker first: a crash leaves no container with half of its blobs.
        match self.store.delete(&path::marker(container)?).await {
            Ok(()) => self.usage.release(&container.namespace, cost(0)),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(failed(error)),
        }
        self.delete_below(&container.namespace, &path::container(container)?).await
    }

    /// Deletes all blobs of a container.
    ///
    /// # Errors
    /// There is none.
    pub async fn clear_container(&self, container: &Container) -> Result<(), Error> {
        let _lock = self.lock(&container.namespace).await;
        self.usage.count(&container.namespace).await?;
        self.container_created(container).await?;
        self.delete_below(&container.namespace, &path::blobs(container)?).await
    }

    /// The namespaces that keep anything.
    ///
    /// # Errors
    /// The store's.
    pub async fn namespaces(&self) -> Result<Vec<Namespace>, Error> {
        let found = self.store.list_with_delimiter(None).await.map_err(failed)?;
        Ok(found.common_prefixes.iter().filter_map(|prefix| Namespace::parse(prefix.as_ref()).ok()).collect())
    }

    /// Deletes all that a namespace keeps.
    ///
    /// # Errors
    /// The store's; ask again.
    pub async fn forget(&self, namespace: &Namespace) -> Result<(), Error> {
        let _lock = self.lock(namespace).await;
        self.delete_below(namespace, &path::namespace(namespace)?).await?;
        self.usage.forget(namespace);
        Ok(())
    }

    /// Deletes everything below a path.
    async fn delete_below(&self, namespace: &Namespace, below: &Path) -> Result<(), Error> {
        let mut all = self.store.list(Some(below));
        while let Some(meta) = all.try_next().await.map_err(failed)? {
            self.delete_one(namespace, &meta).await?;
        }
        Ok(())
    }

    pub(super) async fn delete_one(&self, namespace: &Namespace, meta: &ObjectMeta) -> Result<(), Error> {
        match self.store.delete(&meta.location).await {
            Ok(()) => {
                self.usage.release(namespace, cost(meta.size));
                Ok(())
            }
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }
}

pub(super) fn named(container: &Container) -> String {
    format!("container {:?}", container.name.as_str())
}
