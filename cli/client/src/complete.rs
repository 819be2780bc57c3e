//! What the shell offers while a command line is written: kinds, names, namespaces, contexts and containers, asked of the
//! cluster.
//!
//! The words before the cursor say which cluster and which namespace; they are read here a second time, because a
//! completer is told nothing but the word under the cursor. Whatever goes wrong, nothing is offered: an error in the
//! middle of somebody's prompt helps nobody.

mod line;

use std::ffi::OsStr;
use std::future::Future;
use std::time::Duration;

use clap_complete::CompletionCandidate;
use serde_json::Value;

use crate::client::Client;
use crate::discovery::{Discovery, Resource};
use crate::list;
use crate::output;
use crate::query::Query;
use crate::value::{items, name, text};

use line::Line;

/// People wait for this at every TAB.
const ANSWER_WITHIN: Duration = Duration::from_millis(1500);
/// More names than a terminal shows.
const NAMES_MAX: u32 = 500;

fn candidates(words: impl IntoIterator<Item = String>) -> Vec<CompletionCandidate> {
    words.into_iter().map(CompletionCandidate::new).collect()
}

/// The forms of `-o`.
#[must_use]
pub fn outputs() -> Vec<CompletionCandidate> {
    candidates(output::FORMS.map(str::to_owned))
}

/// The contexts of the kubeconfig.
#[must_use]
pub fn contexts() -> Vec<CompletionCandidate> {
    let line = Line::of_environment();
    let contexts = crate::kubeconfig::read(line.target.kubeconfig.as_deref()).map(|file| file.contexts);
    candidates(contexts.unwrap_or_default().into_iter().map(|context| context.name))
}

/// The namespaces of the cluster.
#[must_use]
pub fn namespaces() -> Vec<CompletionCandidate> {
    ask(async |client, _| Some(names(&client, "/api/v1/namespaces").await))
}

/// The nodes of the cluster.
#[must_use]
pub fn nodes() -> Vec<CompletionCandidate> {
    ask(async |client, _| Some(names(&client, "/api/v1/nodes").await))
}

/// The kinds of the cluster.
#[must_use]
pub fn kinds() -> Vec<CompletionCandidate> {
    ask(async |client, _| Some(all_kinds(&Discovery::ask(&client).await.ok()?)))
}

/// The kinds whose objects one names first and then their fields, as `explain` does.
fn all_kinds(discovery: &Discovery) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    for resource in discovery.all().filter(|resource| resource.can("list") || resource.can("get")) {
        // The same name in another group needs its group to be told apart.
        let plain = resource.plural.clone();
        known.push(if known.contains(&plain) { resource.qualified() } else { plain });
    }
    known
}

/// Pods, or `TYPE/NAME` of anything else.
#[must_use]
pub fn pods(current: &OsStr) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy().into_owned();
    ask(async move |client, line| {
        if current.contains('/') {
            return words_of_objects(&client, &line, &current).await;
        }
        let namespace = client.namespace(line.namespace.as_deref());
        Some(names(&client, &format!("/api/v1/namespaces/{namespace}/pods")).await)
    })
    .into_iter()
    .collect()
}

/// The containers of the Pod that the line names.
#[must_use]
pub fn containers() -> Vec<CompletionCandidate> {
    ask(async |client, line| {
        let pod = line.words.last()?.trim_start_matches("pods/").trim_start_matches("pod/").to_owned();
        let namespace = client.namespace(line.namespace.as_deref());
        let pod = client.get(&format!("/api/v1/namespaces/{namespace}/pods/{pod}")).await.ok()??;
        Some(items(&pod, "/spec/containers").map(|container| text(container, "/name").to_owned()).collect())
    })
}

/// Kinds first, then names of the kind; `TYPE/NAME` in one word.
#[must_use]
pub fn objects(current: &OsStr) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy().into_owned();
    ask(async move |client, line| words_of_objects(&client, &line, &current).await)
}

async fn words_of_objects(client: &Client, line: &Line, current: &str) -> Option<Vec<String>> {
    let discovery = Discovery::ask(client).await.ok()?;
    if let Some((kind, _)) = current.split_once('/') {
        let names = names_of(client, line, discovery.find(kind).ok()?).await;
        return Some(starting(names.into_iter().map(|name| format!("{kind}/{name}")), current));
    }
    match line.words.first().filter(|word| !word.contains('/')) {
        Some(kind) => Some(starting(names_of(client, line, discovery.find(kind).ok()?).await, current)),
        // `pods,dep` goes on after the comma.
        None => {
            let before = current.rfind(',').map_or("", |at| &current[..=at]);
            Some(starting(all_kinds(&discovery).into_iter().map(|kind| format!("{before}{kind}")), current))
        }
    }
}

fn starting(words: impl IntoIterator<Item = String>, current: &str) -> Vec<String> {
    words.into_iter().filter(|word| word.starts_with(current)).collect()
}

async fn names_of(client: &Client, line: &Line, resource: &Resource) -> Vec<String> {
    let namespace = client.namespace(line.namespace.as_deref());
    names(client, &resource.collection(Some(&namespace))).await
}

async fn names(client: &Client, collection: &str) -> Vec<String> {
    let path = format!("{collection}{}", Query::default().with("limit", NAMES_MAX));
    let names = |list: &Value| items(list, "/items").map(|object| name(object).to_owned()).collect();
    client.get_as(&path, list::NAMES).await.map(|list| names(&list)).unwrap_or_default()
}

/// Asks the cluster of the line, for a short time.
fn ask<F: Future<Output = Option<Vec<String>>>>(what: impl FnOnce(Client, Line) -> F) -> Vec<CompletionCandidate> {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return Vec::new() };
    let line = Line::of_environment();
    let answer = runtime.block_on(async {
        let asked = async {
            let client = Client::new(&line.target).await.ok()?;
            what(client, line).await
        };
        tokio::time::timeout(ANSWER_WITHIN, asked).await.ok().flatten()
    });
    candidates(answer.unwrap_or_default())
}
