//! Listing: pages at a fixed revision, behind an opaque token.

use api::Resource;
use api::selector::Selector;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Entry, Revision};

use super::{FieldSelector, Objects, Selection, decode_entry};
use crate::limits::SCAN_PAGE;
use crate::status::Status;

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    /// Labels that objects must have.
    pub labels: Selector,
    /// Fields that objects must have.
    pub fields: FieldSelector,
    /// Most objects on a page; 0 is all.
    pub limit: usize,
    /// Where the previous page ended.
    pub continue_token: Option<String>,
    /// A version, read as `version_match` says.
    pub resource_version: Option<String>,
    /// How `resource_version` is meant.
    pub version_match: Option<VersionMatch>,
}

/// How a list's resourceVersion is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionMatch {
    /// As of exactly this version.
    Exact,
    /// As of this version or a later one.
    NotOlderThan,
}

/// Objects, and where they stand in history.
#[derive(Debug, Clone)]
pub struct List {
    /// The objects, stamped, in the order of namespace and name.
    pub items: Vec<Value>,
    /// The revision of the list: watch from here.
    pub revision: Revision,
    /// Where the next page begins, if there is one.
    pub continue_token: Option<String>,
    /// How many objects follow; unknown when a selector is in play.
    pub remaining: Option<usize>,
}

/// A list whose objects are not decoded.
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    pub(crate) revision: Revision,
    pub(crate) continue_token: Option<String>,
    pub(crate) remaining: Option<usize>,
}

impl Page {
    pub(crate) fn decode(self) -> Result<List, Status> {
        let items = self.entries.iter().map(decode_entry).collect::<Result<_, _>>()?;
        let Self { revision, continue_token, remaining, .. } = self;
        Ok(List { items, revision, continue_token, remaining })
    }
}

/// What a continue token holds.
#[derive(Serialize, Deserialize)]
struct Token {
    /// Format version.
    v: u8,
    /// Revision of the first page.
    rv: Revision,
    /// Last key read, without the resource's prefix.
    after: String,
}

const TOKEN_VERSION: u8 = 1;

/// Lists what `options` select.
pub(super) async fn list(
    objects: &Objects,
    resource: &'static Resource,
    namespace: Option<&str>,
    options: &ListOptions,
) -> Result<Page, Status> {
    let prefix = namespace.map_or_else(|| resource.prefix(), |namespace| resource.prefix_in(namespace));
    let selection = Selection { labels: options.labels.clone(), fields: options.fields.clone() };
    let start = start(objects, &prefix, options).await?;
    if let (Some(name), None, true) = (selection.fields.name(), start.at, start.after.is_none())
        && (namespace.is_some() || !resource.is_namespaced())
    {
        return one(objects, &format!("{prefix}{name}"), &selection).await;
    }
    scan(objects, &prefix, &selection, options.limit, start).await
}

/// A list of at most one object, for which the store is asked directly.
async fn one(objects: &Objects, key: &str, selection: &Selection) -> Result<Page, Status> {
    let (entry, revision) = objects.store.get(key).await?;
    let entries = entry.into_iter().filter(|entry| selection.matches_stored(&entry.value)).collect();
    Ok(Page { entries, revision, continue_token: None, remaining: None })
}

/// Where a list begins.
struct Start {
    at: Option<Revision>,
    after: Option<String>,
}

async fn start(objects: &Objects, prefix: &str, options: &ListOptions) -> Result<Start, Status> {
    let version = options.resource_version.as_deref().filter(|version| !version.is_empty());
    if let Some(token) = options.continue_token.as_deref().filter(|token| !token.is_empty()) {
        if version.is_some_and(|version| version != "0") {
            return Err(Status::bad_request("specifying resource version is not allowed when using continue"));
        }
        let token = decode_token(token)?;
        return Ok(Start { at: Some(token.rv), after: Some(format!("{prefix}{}", token.after)) });
    }
    let Some(version) = version else {
        if options.version_match.is_some() {
            let message = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            return Err(Status::bad_request(message));
        }
        return Ok(Start { at: None, after: None });
    };
    let wanted: Revision = version
        .parse()
        .map_err(|_| Status::bad_request(format!("resourceVersion: Invalid value: {version:?}: must be a number")))?;
    // With a limit and no word on how, the version is meant exactly, as in Kubernetes.
    let exact = options.version_match == Some(VersionMatch::Exact)
        || (options.version_match.is_none() && options.limit > 0 && wanted > 0);
    if exact && wanted == 0 {
        return Err(Status::bad_request("resourceVersionMatch \"Exact\" is forbidden for resourceVersion \"0\""));
    }
    let current = objects.store.revision().await;
    if wanted > current {
        return Err(too_large_version(wanted, current));
    }
    Ok(Start { at: exact.then_some(wanted), after: None })
}

/// A client has seen a version this server has not: it must not be shown older state (C4).
pub(crate) fn too_large_version(requested: Revision, current: Revision) -> Status {
    store::Error::Future { requested, current }.into()
}

/// Reads pages of the store until enough objects match. Others have their turn between the pages.
async fn scan(
    objects: &Objects,
    prefix: &str,
    selection: &Selection,
    limit: usize,
    start: Start,
) -> Result<Page, Status> {
    let mut entries: Vec<Entry> = Vec::new();
    let Start { mut at, mut after } = start;
    loop {
        let step = match (limit, selection.is_everything()) {
            (0, true) => 0,
            (limit, true) => limit,
            (_, false) => SCAN_PAGE,
        };
        let count = limit > 0 && selection.is_everything();
        let page = store::Page { at, after: after.take(), limit: step, count };
        let listing = objects.store.list(prefix, page).await?;
        let revision = listing.revision;
        at = Some(revision);
        let read = listing.entries.len();
        let mut last = None;
        for (index, entry) in listing.entries.into_iter().enumerate() {
            let key = entry.key.clone();
            if selection.matches_stored(&entry.value) {
                entries.push(entry);
            }
            last = Some(key);
            let more = listing.more || index + 1 < read;
            if limit > 0 && entries.len() == limit && more {
                let token = last.as_deref().and_then(|key| key.strip_prefix(prefix)).unwrap_or_default();
                let continue_token = Some(encode_token(revision, token));
                return Ok(Page { entries, revision, continue_token, remaining: listing.remaining });
            }
        }
        if !listing.more || read == 0 {
            return Ok(Page { entries, revision, continue_token: None, remaining: None });
        }
        after = last.map(|key| key.to_string());
        tokio::task::yield_now().await;
    }
}

fn encode_token(rv: Revision, after: &str) -> String {
    let token = Token { v: TOKEN_VERSION, rv, after: after.to_owned() };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).unwrap_or_default())
}

fn decode_token(text: &str) -> Result<Token, Status> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let token = bytes.and_then(|bytes| serde_json::from_slice::<Token>(&bytes).ok());
    token.filter(|token| token.v == TOKEN_VERSION).ok_or_else(|| Status::bad_request("continue key is not valid"))
}
