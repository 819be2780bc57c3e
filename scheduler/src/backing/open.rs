//! Opening the places where guests' data lies, as configured.

use std::sync::Arc;

use backing::blobs::{self, Blobs};
use backing::keyvalue::{self, Durable, Fatal, KeyValue, Redis, RedisConfig};
use backing::messages::{Broker, Messages, Nats};

use super::Stores;
use crate::config::{Backing, BlobsAt, KeyValueAt, MessagesAt};
use crate::data_dir::DataDir;
use crate::server::Error;

/// What was opened.
pub(crate) struct Opened {
    pub(crate) stores: Stores,
    /// Tells when this server can keep nothing more.
    pub(crate) fatal: Option<Fatal>,
}

/// Opens them. A Redis or NATS that is away is none of the errors: it may come back.
///
/// # Errors
/// A file or directory that cannot be used, or a URL that is none.
pub(crate) async fn open(config: &Backing, dir: &DataDir) -> Result<Opened, Error> {
    let (keyvalue, fatal) = open_keyvalue(&config.keyvalue, dir).await?;
    let stores = Stores {
        keyvalue,
        blobs: open_blobs(&config.blobs, dir).await?,
        messages: open_messages(&config.messages).await?,
    };
    Ok(Opened { stores, fatal })
}

async fn open_keyvalue(at: &KeyValueAt, dir: &DataDir) -> Result<(Arc<dyn KeyValue>, Option<Fatal>), Error> {
    let bounds = keyvalue::Bounds::default();
    match at {
        KeyValueAt::Embedded => {
            let path = dir.keyvalue();
            let opened = blocking(move || Durable::open(&path, bounds)).await?;
            let opened = opened.map_err(|error| Error::Backing(error.to_string()))?;
            let fatal = opened.fatal();
            Ok((Arc::new(opened), Some(fatal)))
        }
        KeyValueAt::Redis(url) => {
            // Clusters may share a Redis, and each sweeps what is its own.
            let config = RedisConfig { url: url.clone(), prefix: format!("insula:{}", dir.cluster_id()), bounds };
            let opened = Redis::new(config).map_err(|error| Error::Backing(format!("--keyvalue: {error}")))?;
            Ok((Arc::new(opened), None))
        }
    }
}

async fn open_blobs(at: &BlobsAt, dir: &DataDir) -> Result<Blobs, Error> {
    let path = match at {
        BlobsAt::DataDir => dir.blobs(),
        BlobsAt::Directory(path) => path.join(dir.cluster_id().as_ref()),
    };
    let opened = blocking({
        let path = path.clone();
        move || Blobs::directory(&path, blobs::Bounds::default())
    });
    opened.await?.map_err(|error| Error::Backing(format!("the directory of blobs {}: {error}", path.display())))
}

async fn open_messages(at: &MessagesAt) -> Result<Arc<dyn Messages>, Error> {
    match at {
        MessagesAt::Embedded => Ok(Arc::new(Broker::new())),
        MessagesAt::Nats(url) => match Nats::connect(url).await {
            Ok(opened) => Ok(Arc::new(opened)),
            Err(error) => Err(Error::Backing(format!("--messages: {error}"))),
        },
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Io(std::io::Error::other(error)))
}
