//! What the containers of a Pod run: image to digest, once per Pod, and digest to compiled code.
//!
//! An image is resolved once per Pod and the digest runs (what was tested is what runs): the Pod's own
//! status wins, then what was resolved for it before, then the registry. Nothing is polled: what the registry
//! does not have is asked again when it changes, and only what it could not say for now is asked again by
//! time. Code is compiled as soon as an artifact and an engine meet, so that it is there when the host asks.

mod linked;
mod pin;
mod resolve;
mod state;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use api::core::Pod;
use protocol::v1::{self, Engine};
use registry::Registry;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cache::Cache;
use crate::compiler::{self, Compiler, Recipe, Signed};
use crate::roster::Roster;
use state::{Known, State};

/// First wait before the registry is asked again for what it could not say.
const ASK_AGAIN_FIRST: Duration = Duration::from_secs(1);
/// Longest such wait.
const ASK_AGAIN_LAST: Duration = Duration::from_secs(30);

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

/// What a container runs, without its code yet, and the component if there is one.
type Found = (v1::Artifact, Option<Arc<Component>>);

fn refuse(artifact: &mut v1::Artifact, reason: &str, message: String) {
    reason.clone_into(&mut artifact.reason);
    artifact.message = message;
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
    shutdown: CancellationToken,
}

impl Artifacts {
    pub(crate) fn new(registry: Registry, compiler: Compiler, tasks: TaskTracker, shutdown: CancellationToken) -> Self {
        let (state, changed) = (Mutex::default(), watch::Sender::new(0));
        Self { inner: Arc::new(Inner { registry, compiler, state, changed, tasks, shutdown }) }
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
        let found: Vec<_> = containers.map(|container| self.of_container(pod, container)).collect();
        let found: Vec<Found> = found.into_iter().collect::<Option<_>>()?;
        Some(if linked::is_asked(pod) { self.linked(found, engine) } else { self.alone(found, engine) })
    }

    fn alone(&self, found: Vec<Found>, engine: &Engine) -> Vec<v1::Artifact> {
        let with_code = |(mut artifact, component): Found| {
            if let Some(component) = component {
                match linked::unmet(&component) {
                    Some(message) => refuse(&mut artifact, "CapabilityNotGranted", message),
                    None => {
                        let key = protocol::code::key(&component.digest, engine);
                        let recipe =
                            Recipe { wasm: component.wasm.clone(), linked: Vec::new(), engine: engine.clone() };
                        self.add_code(&mut artifact, key, recipe);
                    }
                }
            }
            artifact
        };
        found.into_iter().map(with_code).collect()
    }

    /// All containers run the code that is made of all. While one of them is missing, the others wait.
    fn linked(&self, found: Vec<Found>, engine: &Engine) -> Vec<v1::Artifact> {
        let (mut artifacts, components): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let Some(components) = components.into_iter().collect::<Option<Vec<_>>>() else { return artifacts };
        let names: Vec<String> = artifacts.iter().map(|artifact: &v1::Artifact| artifact.container.clone()).collect();
        let parts: Vec<(&str, &Component)> =
            names.iter().map(String::as_str).zip(components.iter().map(|component| &**component)).collect();
        match linked::front(&parts) {
            Err(message) => artifacts.iter_mut().for_each(|a| refuse(a, "InvalidLink", message.clone())),
            Ok(front) => {
                let key = protocol::code::key(&linked::digest(&parts), engine);
                let files = parts.iter().map(|(name, part)| ((*name).to_owned(), part.wasm.clone())).collect();
                let recipe = Recipe { wasm: parts[front].1.wasm.clone(), linked: files, engine: engine.clone() };
                for (at, artifact) in artifacts.iter_mut().enumerate() {
                    self.add_code(artifact, key.clone(), recipe.clone());
                    if at != front {
                        names[front].clone_into(&mut artifact.linked_into);
                    }
                }
            }
        }
        artifacts
    }

    fn of_container(&self, pod: &Pod, container: &api::core::Container) -> Option<Found> {
        let image = container.image.as_deref().unwrap_or_default();
        let uid = pod.metadata.uid.as_deref().unwrap_or_default();
        let known = self.with(|state| {
            let pinned = pin::of_status(pod, &container.name).or_else(|| state.pins.get(uid, &container.name));
            let wanted = pinned.map_or_else(|| image.to_owned(), |digest| pin::by_digest(image, &digest));
            let pushes = state.pushes;
            let known = state.images.entry(wanted.clone()).or_insert_with(|| {
                self.ask(wanted, pushes);
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
            Image::Asked => None,
            Image::Refused { reason, message } => {
                let never = container.image_pull_policy.as_deref() == Some("Never") && reason == resolve::NOT_FOUND;
                refuse(&mut artifact, if never { "ErrImageNeverPull" } else { reason }, message);
                Some((artifact, None))
            }
            Image::Component(component) => {
                artifact.digest.clone_from(&component.digest);
                artifact.imports.clone_from(&component.imports);
                artifact.exports.clone_from(&component.exports);
                Some((artifact, Some(component)))
            }
        }
    }

    /// Names the code, and sees to it that it is made. The host that asks for it before it is there waits.
    fn add_code(&self, artifact: &mut v1::Artifact, key: String, recipe: Recipe) {
        match self.prepare(&key, recipe) {
            Some(message) => refuse(artifact, "CompileError", message),
            None => artifact.code_key = key,
        }
    }

    /// Starts to compile what is new; returns why there is no code, if that is known.
    fn prepare(&self, key: &str, recipe: Recipe) -> Option<String> {
        match self.with(|state| state.note(key, &recipe)) {
            Known::Before => return None,
            Known::Failed(why) => return Some(why),
            Known::New => {}
        }
        let (this, key) = (self.clone(), key.to_owned());
        self.inner.tasks.spawn(async move { drop(this.compile(&key, &recipe).await) });
        None
    }

    async fn compile(&self, key: &str, recipe: &Recipe) -> Result<(), compiler::Error> {
        let result = self.inner.compiler.ensure(key, recipe).await;
        if let Err(error) = &result {
            tracing::warn!(key, wasm = %recipe.wasm.display(), %error, "does not compile");
            if self.with(|state| state.failed(key, error, Instant::now())) {
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

    /// Asks the registry, as it is after so many pushes, and wakes who waits.
    fn ask(&self, image: String, pushes: u64) {
        let (this, shutdown) = (self.clone(), self.inner.shutdown.clone());
        self.inner.tasks.spawn(async move { shutdown.run_until_cancelled(this.settle(&image, pushes)).await });
    }

    /// Asks until there is an answer that lasts, or until a push has made all answers old.
    async fn settle(&self, image: &str, pushes: u64) {
        let mut wait = ASK_AGAIN_FIRST;
        loop {
            let answer = resolve::resolve(&self.inner.registry, image).await;
            if !self.with(|state| state.answer(image, pushes, answer.image)) {
                return;
            }
            self.inner.changed.send_modify(|version| *version += 1);
            if answer.lasts {
                return;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(ASK_AGAIN_LAST);
        }
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
            let live = view.pods.values().filter_map(|pod| pod.metadata.uid.as_deref()).collect();
            self.with(|state| state.pushed(&live, Instant::now()));
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
            let key = protocol::code::key(&component.digest, &engine);
            drop(self.prepare(&key, Recipe { wasm: component.wasm.clone(), linked: Vec::new(), engine }));
        }
    }
}
