//! What the containers of a Pod run: image to digest, once per Pod, and digest to compiled code.
//!
//! An image is resolved once per Pod and the digest runs (what was tested is what runs): the Pod's own
//! status wins, then what was resolved for it before, then the registry. Nothing is polled: what cannot be
//! resolved is tried again when the registry changes. Code is compiled as soon as an artifact and an
//! engine meet, so that it is there when the host asks.

mod pin;
mod resolve;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use api::core::Pod;
use protocol::v1::{self, Engine};
use registry::Registry;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cache::Cache;
use crate::compiler::{self, Compiler, Recipe, Signed};
use crate::roster::Roster;
use pin::Pins;

/// Answers of the registry that are kept; more are asked again.
const IMAGES_MAX: usize = 4096;
/// Recipes that are kept, so that code a host asks for can be made again.
const RECIPES_MAX: usize = 4096;

/// What an image is, as far as is known.
#[derive(Debug, Clone)]
enum Image {
    /// The registry is being asked.
    Asked,
    Component(Arc<Component>),
    /// It cannot run, and why.
    Refused {
        reason: &'static str,
        message: String,
    },
}

/// An artifact that can run.
#[derive(Debug)]
struct Component {
    digest: String,
    wasm: PathBuf,
    imports: Vec<String>,
    exports: Vec<String>,
}

/// Resolves and compiles. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Artifacts {
    inner: Arc<Inner>,
}

struct Inner {
    registry: Registry,
    compiler: Compiler,
    state: Mutex<State>,
    /// Rises when an answer may be another than before.
    changed: watch::Sender<u64>,
    tasks: TaskTracker,
}

#[derive(Default)]
struct State {
    images: BTreeMap<String, Image>,
    pins: Pins,
    recipes: BTreeMap<String, Recipe>,
    /// Code that could not be made, and why, until the registry changes.
    failed: BTreeMap<String, String>,
}

impl Artifacts {
    pub(crate) fn new(registry: Registry, compiler: Compiler, tasks: TaskTracker) -> Self {
        let inner = Inner { registry, compiler, state: Mutex::default(), changed: watch::Sender::new(0), tasks };
        Self { inner: Arc::new(inner) }
    }

    /// Wakes when [`Artifacts::of`] may answer otherwise.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changed.subscribe()
    }

    /// What hosts verify code with.
    pub(crate) fn public_key(&self) -> &[u8] {
        self.inner.compiler.public_key()
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.inner.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets a Pod that is gone.
    pub(crate) fn forget(&self, uid: &str) {
        self.with(|state| state.pins.forget(uid));
    }

    /// What a Pod's containers run on an engine; `None` while the registry is being asked.
    pub(crate) fn of(&self, pod: &Pod, engine: &Engine) -> Option<Vec<v1::Artifact>> {
        let spec = pod.spec.as_ref()?;
        let containers = spec.init_containers.iter().flatten().chain(&spec.containers);
        // Every container is asked for before the first unknown one makes us wait.
        let artifacts: Vec<_> = containers.map(|container| self.of_container(pod, container, engine)).collect();
        artifacts.into_iter().collect()
    }

    fn of_container(&self, pod: &Pod, container: &api::core::Container, engine: &Engine) -> Option<v1::Artifact> {
        let image = container.image.as_deref().unwrap_or_default();
        let uid = pod.metadata.uid.as_deref().unwrap_or_default();
        let known = self.with(|state| {
            let pinned = pin::of_status(pod, &container.name).or_else(|| state.pins.get(uid, &container.name));
            let wanted = pinned.map_or_else(|| image.to_owned(), |digest| pin::by_digest(image, &digest));
            let known = state.images.entry(wanted.clone()).or_insert_with(|| {
                self.ask(wanted);
                Image::Asked
            });
            let known = known.clone();
            if let Image::Component(component) = &known {
                state.pins.set(uid, &container.name, &component.digest);
                // From now on the Pod asks by digest; the answer is this one.
                let by_digest = pin::by_digest(image, &component.digest);
                state.images.entry(by_digest).or_insert_with(|| known.clone());
            }
            known
        });
        let mut artifact =
            v1::Artifact { container: container.name.clone(), image: image.to_owned(), ..v1::Artifact::default() };
        match known {
            Image::Asked => return None,
            Image::Refused { reason, message } => {
                let never = container.image_pull_policy.as_deref() == Some("Never") && reason == resolve::NOT_FOUND;
                artifact.reason = if never { "ErrImageNeverPull" } else { reason }.to_owned();
                artifact.message = message;
            }
            Image::Component(component) => self.add_code(&mut artifact, &component, engine),
        }
        Some(artifact)
    }

    /// Names the code, and sees to it that it is made. The host that asks for it before it is there waits.
    fn add_code(&self, artifact: &mut v1::Artifact, component: &Component, engine: &Engine) {
        artifact.digest.clone_from(&component.digest);
        artifact.imports.clone_from(&component.imports);
        artifact.exports.clone_from(&component.exports);
        let key = protocol::code::key(&component.digest, engine);
        match self.prepare(&key, component, engine) {
            Some(message) => {
                artifact.reason = "CompileError".to_owned();
                artifact.message = message;
            }
            None => artifact.code_key = key,
        }
    }

    /// Starts to compile what is new; returns why there is no code, if that is known.
    fn prepare(&self, key: &str, component: &Component, engine: &Engine) -> Option<String> {
        let recipe = Recipe { wasm: component.wasm.clone(), engine: engine.clone() };
        let failed = self.with(|state| {
            if state.recipes.contains_key(key) {
                return Some(state.failed.get(key).cloned());
            }
            if state.recipes.len() >= RECIPES_MAX {
                state.recipes.clear();
            }
            state.recipes.insert(key.to_owned(), recipe.clone());
            None
        });
        if let Some(failed) = failed {
            return failed;
        }
        let (this, key) = (self.clone(), key.to_owned());
        self.inner.tasks.spawn(async move { drop(this.compile(&key, &recipe).await) });
        None
    }

    async fn compile(&self, key: &str, recipe: &Recipe) -> Result<(), compiler::Error> {
        let result = self.inner.compiler.ensure(key, recipe).await;
        if let Err(error) = &result {
            tracing::warn!(key, wasm = %recipe.wasm.display(), %error, "does not compile");
            // Trouble of our own passes: the host asks again. What the artifact cannot do, it cannot.
            if !matches!(error, compiler::Error::Broken(_)) {
                self.with(|state| state.failed.insert(key.to_owned(), error.to_string()));
                self.inner.changed.send_modify(|version| *version += 1);
            }
        }
        result
    }

    /// Signed code by key: kept, or made now if it is known how.
    ///
    /// # Errors
    /// Why there is none; `Ok(None)` for a key no one has been told of.
    pub(crate) async fn code(&self, key: &str) -> Result<Option<Signed>, compiler::Error> {
        let recipe = self.with(|state| state.recipes.get(key).cloned());
        if let Some(recipe) = recipe {
            self.compile(key, &recipe).await?;
        }
        Ok(self.inner.compiler.kept(key).await)
    }

    /// Asks the registry and wakes who waits.
    fn ask(&self, image: String) {
        let this = self.clone();
        self.inner.tasks.spawn(async move {
            let answer = resolve::resolve(&this.inner.registry, &image).await;
            this.with(|state| {
                if state.images.len() > IMAGES_MAX {
                    state.images.retain(|_, known| matches!(known, Image::Asked));
                }
                state.images.insert(image, answer);
            });
            this.inner.changed.send_modify(|version| *version += 1);
        });
    }

    /// Follows the registry: what it said of tags and what it did not have is asked again, and what was
    /// pushed is compiled for every engine that is connected.
    pub(crate) async fn run(self, cache: Cache, roster: Roster, shutdown: CancellationToken) {
        let mut pushes = self.inner.registry.changes();
        loop {
            tokio::select! {
                changed = pushes.changed() => if changed.is_err() { return },
                () = shutdown.cancelled() => return,
            }
            let view = cache.view();
            self.with(|state| {
                state.images.retain(|image, known| image.contains('@') && matches!(known, Image::Component(_)));
                state.failed.clear();
                state.recipes.clear();
                let live = view.pods.values().filter_map(|pod| pod.metadata.uid.as_deref());
                state.pins.keep(&live.collect());
            });
            self.inner.changed.send_modify(|version| *version += 1);
            self.warm(&roster).await;
        }
    }

    /// Compiles the newest push ahead of its first Pod.
    async fn warm(&self, roster: &Roster) {
        let Some(component) = resolve::newest(&self.inner.registry).await else { return };
        let mut engines: Vec<Engine> = Vec::new();
        for peer in roster.peers().by_node.values() {
            if !engines.contains(&peer.facts.engine) {
                engines.push(peer.facts.engine.clone());
            }
        }
        for engine in engines {
            // A failure is told by the Pod that needs the code.
            drop(self.prepare(&protocol::code::key(&component.digest, &engine), &component, &engine));
        }
    }
}
