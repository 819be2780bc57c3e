//! ServiceAccounts: the keys that sign their tokens, and Secrets that hold such a token.
//!
//! A Secret of type `kubernetes.io/service-account-token` is filled with a token that lives as long as the Secret, and
//! is removed with its account. Which ones lack something is decided by a pure function; this file does it.

use std::sync::Arc;

use api::NamespacedName;
use api::core::Secret;
use api::meta::ObjectMeta;
use api::resource::{SECRETS, SERVICE_ACCOUNTS};
use apiserver::{Bound, DeleteOptions, Holder, Issuer, Keys, Objects, Patch, Status, Subresource, WriteOptions};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use planner::Objects as Map;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::cache::{Cache, View};
use crate::certificates::Error;
use crate::data_dir::DataDir;

/// The keys, newest first.
const KEYS: &str = "service-account.keys.sealed";
/// Type of the Secrets that hold a token.
const TYPE: &str = "kubernetes.io/service-account-token";
const ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";
const ACCOUNT_UID: &str = "kubernetes.io/service-account.uid";
const TOKEN: &str = "token";

/// Opens the keys of a data directory, makes them if there are none, and puts a new one in front if it is time.
///
/// # Errors
/// I/O, no randomness, or a file that holds no keys.
pub(crate) fn keys(dir: &DataDir) -> Result<Keys, Error> {
    let (now, damaged) = (Timestamp::now(), |error: apiserver::KeysError| Error::Key(format!("{KEYS}: {error}")));
    let stored = dir.read_sealed(KEYS)?;
    let mut keys = match &stored {
        Some(stored) => Keys::parse(stored).map_err(damaged)?,
        None => Keys::create(now).map_err(damaged)?,
    };
    let is_due = keys.is_due(now);
    if is_due {
        keys.rotate(now).map_err(damaged)?;
        tracing::info!(?keys, "tokens of ServiceAccounts are signed with a new key");
    }
    if is_due || stored.is_none() {
        dir.write_sealed(KEYS, &keys.stored())?;
    }
    Ok(keys)
}

/// What a Secret needs.
#[derive(Debug, PartialEq)]
enum Step {
    /// A token of the account of this name and UID.
    Fill(NamespacedName, Arc<Secret>, Holder),
    /// To go: its account is not there.
    Remove(NamespacedName, Arc<Secret>),
}

/// Fills Secrets with tokens.
pub(crate) struct Filler {
    pub(crate) cache: Cache,
    pub(crate) objects: Objects,
    pub(crate) issuer: Issuer,
    pub(crate) ca_pem: Arc<str>,
}

impl Filler {
    /// Runs until shutdown. Whatever fails is tried again when anything changes.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut views = self.cache.subscribe();
        let mut last: Option<(Map<Secret>, Map<ObjectMeta>)> = None;
        loop {
            views.mark_unchanged();
            let view = self.cache.view();
            let now = (view.secrets.clone(), accounts(&view));
            let is_same = |(secrets, accounts): &(Map<Secret>, Map<ObjectMeta>)| {
                secrets.ptr_eq(&now.0) && accounts.ptr_eq(&now.1)
            };
            if !last.as_ref().is_some_and(is_same) {
                for step in plan(&now.0, &now.1, &|token| self.issuer.has_signed(token)) {
                    self.take(step).await;
                }
                last = Some(now);
            }
            drop(view);
            tokio::select! {
                changed = views.changed() => if changed.is_err() { return },
                () = shutdown.cancelled() => return,
            }
        }
    }

    async fn take(&self, step: Step) {
        let (name, result) = match step {
            Step::Fill(name, secret, holder) => {
                let result = self.fill(&name, &secret, &holder).await;
                (name, result)
            }
            Step::Remove(name, secret) => {
                let options = DeleteOptions { uid: secret.metadata.uid.clone(), ..DeleteOptions::default() };
                let result = self.objects.delete(&SECRETS, &name.namespace, &name.name, options).await.map(drop);
                (name, result)
            }
        };
        match result {
            Ok(()) => {
                tracing::info!(secret = %name, "a secret for a token of a service account was brought up to date");
            }
            // Someone else was first, and wakes us.
            Err(status) if status.is_conflict() || status.is_not_found() => {}
            Err(status) => tracing::warn!(secret = %name, %status, "a secret was not given its token"),
        }
    }

    async fn fill(&self, name: &NamespacedName, secret: &Secret, holder: &Holder) -> Result<(), Status> {
        let minted = self.issuer.mint_for_secret(holder).map_err(|error| Status::internal(error.to_string()))?;
        let patch = self.patch(name, holder, &minted.token);
        let options = WriteOptions {
            uid: secret.metadata.uid.clone(),
            resource_version: secret.metadata.resource_version.clone(),
            ..WriteOptions::default()
        };
        let patch = Patch::Merge(patch);
        self.objects.patch(&SECRETS, &name.namespace, &name.name, Subresource::Main, patch, options).await.map(drop)
    }

    fn patch(&self, name: &NamespacedName, holder: &Holder, token: &str) -> Value {
        json!({
            "metadata": {"annotations": {ACCOUNT_UID: holder.uid}},
            "data": {
                TOKEN: STANDARD.encode(token),
                "ca.crt": STANDARD.encode(self.ca_pem.as_bytes()),
                "namespace": STANDARD.encode(&name.namespace),
            },
        })
    }
}

/// Metadata of all ServiceAccounts.
pub(crate) fn accounts(view: &View) -> Map<ObjectMeta> {
    view.others.get(&SERVICE_ACCOUNTS).cloned().unwrap_or_default()
}

/// What each Secret that is to hold a token needs.
fn plan(secrets: &Map<Secret>, accounts: &Map<ObjectMeta>, has_signed: &dyn Fn(&str) -> bool) -> Vec<Step> {
    let of_accounts = secrets.iter().filter(|(_, secret)| secret.type_.as_deref() == Some(TYPE));
    of_accounts.filter_map(|(name, secret)| need(name, secret, accounts, has_signed)).collect()
}

fn need(
    name: &NamespacedName,
    secret: &Arc<Secret>,
    accounts: &Map<ObjectMeta>,
    has_signed: &dyn Fn(&str) -> bool,
) -> Option<Step> {
    let meta = &secret.metadata;
    if meta.deletion_timestamp.is_some() {
        return None;
    }
    let annotation = |key: &str| meta.annotations.as_ref().and_then(|all| all.get(key)).map(String::as_str);
    let account = annotation(ACCOUNT_NAME)?;
    let uid = accounts
        .get(&NamespacedName::new(name.namespace.as_str(), account))
        .and_then(|account| account.uid.as_deref())
        .filter(|uid| annotation(ACCOUNT_UID).is_none_or(|named| named.is_empty() || named == *uid));
    let Some(uid) = uid else { return Some(Step::Remove(name.clone(), secret.clone())) };
    let data = secret.data.as_ref();
    let token = data.and_then(|data| data.get(TOKEN)).and_then(|token| std::str::from_utf8(&token.0).ok());
    let is_whole = data.is_some_and(|data| data.contains_key("ca.crt") && data.contains_key("namespace"));
    if is_whole && annotation(ACCOUNT_UID) == Some(uid) && token.is_some_and(has_signed) {
        return None;
    }
    let own = Bound::Secret { name: name.name.clone(), uid: meta.uid.clone().unwrap_or_default() };
    let holder =
        Holder { namespace: name.namespace.clone(), name: account.to_owned(), uid: uid.to_owned(), bound: Some(own) };
    Some(Step::Fill(name.clone(), secret.clone(), holder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(kind: &str, annotations: &Value, data: &Value) -> Map<Secret> {
        let secret = json!({
            "metadata": {"name": "s", "namespace": "a", "uid": "su", "annotations": annotations},
            "type": kind,
            "data": data,
        });
        let secret: Secret = serde_json::from_value(secret).expect("a Secret");
        Map::unit(NamespacedName::new("a", "s"), Arc::new(secret))
    }

    #[test]
    fn secrets_get_what_they_lack_and_go_with_their_account() {
        let account = ObjectMeta { uid: Some("u".to_owned()), ..ObjectMeta::default() };
        let accounts = Map::unit(NamespacedName::new("a", "web"), Arc::new(account));
        let good = STANDARD.encode("good");
        let whole = json!({"token": good, "ca.crt": "", "namespace": ""});
        let named = |name: &str, uid: &str| json!({ACCOUNT_NAME: name, ACCOUNT_UID: uid});
        for (what, kind, annotations, data, wanted) in [
            ("new", TYPE, json!({ACCOUNT_NAME: "web"}), json!({}), "fill"),
            ("whole", TYPE, named("web", "u"), whole.clone(), ""),
            (
                "signed by a key that is gone",
                TYPE,
                named("web", "u"),
                json!({"token": "b2xk", "ca.crt": "", "namespace": ""}),
                "fill",
            ),
            ("without the CA", TYPE, named("web", "u"), json!({"token": good}), "fill"),
            ("of a namesake", TYPE, named("web", "other"), whole, "remove"),
            ("of nobody", TYPE, named("none", ""), json!({}), "remove"),
            ("of another type", "Opaque", named("none", ""), json!({}), ""),
        ] {
            let steps = plan(&secrets(kind, &annotations, &data), &accounts, &|token| token == "good");
            let found = match steps.as_slice() {
                [] => "",
                [Step::Fill(_, _, holder)] if holder.uid == "u" => "fill",
                [Step::Remove(..)] => "remove",
                other => panic!("{what}: {other:?}"),
            };
            assert_eq!(found, wanted, "{what}");
        }
    }

    #[test]
    fn keys_survive_a_restart() {
        let dir = tempfile::tempdir().expect("dir");
        let data = DataDir::open(dir.path()).expect("opens");
        let made = keys(&data).expect("makes");
        let again = keys(&data).expect("opens");
        assert_eq!(format!("{made:?}"), format!("{again:?}"));
    }
}
