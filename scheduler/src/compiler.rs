//! The compiler: WebAssembly in, signed machine code out, in a process of its own.
//!
//! Compilation is slow and eats what attackers send, so it runs in a child with bounds on memory, time and
//! output, a few at a time, never on the request path. What it makes is signed and kept by key; only this
//! key's holder can make code that hosts map.

mod child;
mod shelf;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use protocol::v1::Engine;
use ring::signature::{Ed25519KeyPair, KeyPair};
use tokio::sync::Semaphore;

use shelf::Shelf;
pub(crate) use shelf::Signed;

/// Compilations at once: cranelift uses every core by itself, the second hides the first's IO.
const AT_ONCE: usize = 2;

/// Why there is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// The artifact does not compile; it never will.
    #[error("{0}")]
    Refused(String),
    /// A bound was hit; the artifact is too much.
    #[error("the compiler was stopped: {0}")]
    Bound(String),
    /// Our own trouble.
    #[error("the compiler could not be run: {0}")]
    Broken(String),
}

/// What to compile.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    /// The component, or of several the one that is entered.
    pub(crate) wasm: PathBuf,
    /// All components to be linked, by container; none if there is one alone.
    pub(crate) linked: Vec<(String, PathBuf)>,
    pub(crate) engine: Engine,
}

type Flight = Shared<BoxFuture<'static, Result<(), Error>>>;

/// Makes code and keeps it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Compiler {
    inner: Arc<Inner>,
}

struct Inner {
    command: Vec<OsString>,
    shelf: Shelf,
    signer: Ed25519KeyPair,
    permits: Semaphore,
    /// Compilations under way; asking again joins them.
    flights: Mutex<BTreeMap<String, Flight>>,
}

impl Compiler {
    pub(crate) fn new(command: Vec<OsString>, directory: PathBuf, signer: Ed25519KeyPair) -> Self {
        let shelf = Shelf::new(directory, signer.public_key().as_ref().to_vec());
        let inner =
            Inner { command, shelf, signer, permits: Semaphore::new(AT_ONCE), flights: Mutex::new(BTreeMap::new()) };
        Self { inner: Arc::new(inner) }
    }

    /// What hosts verify code with.
    pub(crate) fn public_key(&self) -> &[u8] {
        self.inner.signer.public_key().as_ref()
    }

    /// Code by key, if it is there and whole. A damaged entry is removed (F54).
    pub(crate) async fn kept(&self, key: &str) -> Option<Signed> {
        let (inner, key) = (self.inner.clone(), key.to_owned());
        tokio::task::spawn_blocking(move || inner.shelf.read(&key)).await.ok().flatten()
    }

    /// Sees to it that the code of a key is there. Many may ask at once; one compiles.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn ensure(&self, key: &str, recipe: &Recipe) -> Result<(), Error> {
        let flight = {
            let mut flights = self.inner.flights.lock().unwrap_or_else(PoisonError::into_inner);
            flights.entry(key.to_owned()).or_insert_with(|| self.start(key.to_owned(), recipe.clone())).clone()
        };
        flight.await
    }

    /// The work is a task of its own: it goes on when those who asked have left.
    fn start(&self, key: String, recipe: Recipe) -> Flight {
        let this = self.clone();
        let task = tokio::spawn(async move {
            let result = this.make(&key, &recipe).await;
            this.inner.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
            result
        });
        async { task.await.unwrap_or_else(|e| Err(Error::Broken(e.to_string()))) }.boxed().shared()
    }

    async fn make(&self, key: &str, recipe: &Recipe) -> Result<(), Error> {
        if self.inner.shelf.has(key) && self.kept(key).await.is_some() {
            return Ok(());
        }
        let broken = |e: &dyn std::fmt::Display| Error::Broken(e.to_string());
        let _permit = self.inner.permits.acquire().await.map_err(|e| broken(&e))?;
        let began = std::time::Instant::now();
        let code = child::compile(&self.inner.command, recipe).await?;
        let (inner, key) = (self.inner.clone(), key.to_owned());
        let bytes = code.len();
        let write = move || {
            let signature = protocol::code::sign(&inner.signer, &key, &code);
            inner.shelf.write(&key, &Signed { code, signature: signature.into() })
        };
        tokio::task::spawn_blocking(write).await.map_err(|e| broken(&e))?.map_err(|e| broken(&e))?;
        let millis = began.elapsed().as_millis();
        tracing::info!(wasm = %recipe.wasm.display(), target = %recipe.engine.target, bytes, millis, "compiled");
        Ok(())
    }
}

/// Code in the chunks of `FetchCode`.
pub(crate) fn chunks(signed: &Signed) -> impl Iterator<Item = protocol::v1::CodeChunk> + Send + 'static + use<> {
    let (code, signature): (Bytes, Bytes) = (signed.code.clone(), signed.signature.clone());
    let total_bytes = code.len() as u64;
    let count = code.len().div_ceil(protocol::CHUNK_BYTES).max(1);
    (0..count).map(move |n| {
        let (from, to) = (n * protocol::CHUNK_BYTES, ((n + 1) * protocol::CHUNK_BYTES).min(code.len()));
        let signature = if n == 0 { signature.clone() } else { Bytes::new() };
        protocol::v1::CodeChunk {
            total_bytes: if n == 0 { total_bytes } else { 0 },
            signature,
            bytes: code.slice(from..to),
        }
    })
}

#[cfg(test)]
mod tests;
