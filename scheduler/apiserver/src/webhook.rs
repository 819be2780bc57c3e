//! Admission webhooks: servers of users that are asked about writes, and may change or refuse them.
//!
//! A write is shown to the mutating webhooks one after the other, each with what came of the former, then checked, then
//! judged by the policies ([`crate::policy`]) and all validating webhooks at once. The order is that of the names of the
//! configurations, and within one its own: the same write is always treated the same. Nobody waits in a transaction:
//! what is decided on is guarded by its revision, and a write that lost a race is shown again.
//!
//! Nothing that is needed to mend a cluster waits for a webhook, so that a dead one can always be taken away: not the
//! kinds of `admissionregistration.k8s.io`, and of the control loops' own writes only the objects they make for users'
//! ([`is_exempt`]). A webhook is waited for as long as it wishes and a write may take ([`Patience`]), and few writes
//! wait for one that does not answer ([`caller`]).
//!
//! Who is asked is [`Rules`], what is said and what an answer means is [`review`]; both are pure. Not here: webhooks
//! that authenticate, authorize or convert.

mod caller;
mod compile;
mod dial;
mod review;
mod rounds;

use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::StreamExt;
use serde_json::Value;
use uuid::Uuid;

use self::caller::Caller;
pub(crate) use self::compile::{defaults, validate_mutating, validate_validating};
use self::review::Answer;
use self::rounds::Rounds;
use crate::cel::{Budget, Program, Run, Value as Cel};
use crate::field::Problems;
use crate::kinds::Subresource;
use crate::limits::{WEBHOOKS_AT_ONCE, WEBHOOKS_OF_LOOPS_MAX, WEBHOOKS_WAIT_MAX};
use crate::logs::PodStreams;
use crate::objects::Objects;
use crate::policy::{self, Attempt, Matcher, Operation};
use crate::status::Status;
use crate::value;

/// What a webhook may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Mutating,
    Validating,
}

impl Manner {
    fn word(self) -> &'static str {
        match self {
            Self::Mutating => "mutating",
            Self::Validating => "validating",
        }
    }
}

/// The webhooks in force. Cheap to clone; clones share.
#[derive(Clone, Default)]
pub(crate) struct Webhooks(Arc<Shared>);

#[derive(Default)]
struct Shared {
    mutating: RwLock<Arc<[Webhook]>>,
    validating: RwLock<Arc<[Webhook]>>,
    pods: OnceLock<Arc<dyn PodStreams>>,
}

/// A webhook in force.
struct Webhook {
    rules: Rules,
    caller: Arc<Caller>,
}

/// What a configuration says of a webhook.
struct Rules {
    /// Name of the configuration.
    configuration: String,
    name: String,
    manner: Manner,
    matcher: Matcher,
    conditions: Vec<(String, Program)>,
    on_failure: OnFailure,
    /// Whether it may be asked about what is only tried.
    takes_dry_runs: bool,
    /// Whether it wants to see what later ones made of its work.
    wants_again: bool,
    timeout: Duration,
}

/// What becomes of a write that a webhook could not be asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnFailure {
    Refuse,
    Pass,
}

impl Webhooks {
    fn list(&self, manner: Manner) -> &RwLock<Arc<[Webhook]>> {
        match manner {
            Manner::Mutating => &self.0.mutating,
            Manner::Validating => &self.0.validating,
        }
    }

    fn all(&self, manner: Manner) -> Arc<[Webhook]> {
        self.list(manner).read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts configurations in force, in place of those before. One that calls as before keeps its connections.
    pub(crate) fn replace<'a>(&self, manner: Manner, configurations: impl Iterator<Item = &'a Value>) {
        let before = self.all(manner);
        let mut all = Vec::new();
        for object in configurations {
            // What was found valid when it was stored compiles; problems here are those of an older server.
            for (rules, json) in compile::webhooks(object, manner, &mut Problems::default()) {
                let config = &json["clientConfig"];
                let is_same = |webhook: &&Webhook| {
                    webhook.rules.configuration == rules.configuration
                        && webhook.rules.name == rules.name
                        && webhook.caller.config() == config
                };
                let known = before.iter().find(is_same).map(|webhook| webhook.caller.clone());
                let caller = known.unwrap_or_else(|| Arc::new(Caller::new(config)));
                all.push(Webhook { rules, caller });
            }
        }
        *self.list(manner).write().unwrap_or_else(PoisonError::into_inner) = all.into();
    }

    /// Reaches the Pods behind Services this way from now on.
    pub(crate) fn reach_pods(&self, pods: Arc<dyn PodStreams>) {
        // There is one way into Pods in a program.
        let _first: &Arc<dyn PodStreams> = self.0.pods.get_or_init(|| pods);
    }

    fn pods(&self) -> Option<&Arc<dyn PodStreams>> {
        self.0.pods.get()
    }
}

/// How long a write may be held up by webhooks, all of them together, however often it is shown to them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    until: Instant,
    of_loops: bool,
}

impl Patience {
    /// A write begins. The control loops wait for a moment only: others' work is behind them.
    pub(crate) fn begin(author: Option<&crate::auth::User>) -> Self {
        let most = if author.is_some() { WEBHOOKS_WAIT_MAX } else { WEBHOOKS_OF_LOOPS_MAX };
        Self { until: Instant::now() + most, of_loops: author.is_none() }
    }

    fn left(self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// Whether webhooks are not asked about a write.
///
/// Of what the control loops write they see the new objects that belong to users': Pods, `ReplicaSets`, Jobs, claims.
/// Status, endings, garbage collection, Leases, Nodes, `EndpointSlices` and Events go on whatever a webhook does, and say
/// nothing that a webhook has not seen when a user asked for it. In Kubernetes a webhook with wide rules that is down
/// stops them, and with them the cluster.
fn is_exempt(attempt: &Attempt<'_>) -> bool {
    let is_made_for_users = || {
        let owners = attempt.object.and_then(|object| value::at(object, &["metadata", "ownerReferences"]));
        let is_owned = owners.and_then(Value::as_array).is_some_and(|owners| !owners.is_empty());
        attempt.operation == Operation::Create
            && attempt.part == Subresource::Main
            && is_owned
            && attempt.kind.resource != &api::resource::ENDPOINT_SLICES
    };
    policy::is_about_admission(attempt) || attempt.author().is_none() && !is_made_for_users()
}

/// Shows a write to the mutating webhooks; what came of it, if anything did.
///
/// # Errors
/// A webhook refused, or could not be asked and must be.
pub(crate) async fn mutate(
    objects: &Objects,
    attempt: &Attempt<'_>,
    patience: Patience,
) -> Result<Option<Value>, Status> {
    let all = objects.webhooks().all(Manner::Mutating);
    if all.is_empty() || is_exempt(attempt) {
        return Ok(None);
    }
    let namespace = policy::namespace_of(objects, attempt).await;
    let asking = Asking { objects, namespace: namespace.as_ref(), patience };
    let mut changed: Option<Value> = None;
    let mut rounds = Rounds::new(all.len());
    while let Some(at) = rounds.next() {
        let (webhook, object) = (&all[at], changed.as_ref().or(attempt.object));
        let attempt = Attempt { object, ..*attempt };
        let Some(answer) = asking.ask(webhook, &attempt).await? else { continue };
        let patched = asking.settle(webhook, &attempt, answer)?;
        let note = serde_json::json!({
            "configuration": webhook.rules.configuration, "webhook": webhook.rules.name, "mutated": patched.is_some(),
        });
        let key = format!("mutation.webhook.admission.k8s.io/round_{}_index_{at}", rounds.round());
        attempt.remarks().annotate(key, note.to_string());
        rounds.answered(at, patched.is_some(), webhook.rules.wants_again);
        changed = patched.or(changed);
    }
    Ok(changed)
}

/// Holds a write against the policies and shows it to the validating webhooks.
///
/// # Errors
/// What refused first, in their order.
pub(crate) async fn judge(objects: &Objects, attempt: &Attempt<'_>, patience: Patience) -> Result<(), Status> {
    policy::judge(objects, attempt).await?;
    let all = objects.webhooks().all(Manner::Validating);
    if all.is_empty() || is_exempt(attempt) {
        return Ok(());
    }
    let namespace = policy::namespace_of(objects, attempt).await;
    let asking = Asking { objects, namespace: namespace.as_ref(), patience };
    let asked: Vec<_> = all.iter().map(|webhook| asking.ask(webhook, attempt)).collect();
    let answers: Vec<_> = futures::stream::iter(asked).buffered(WEBHOOKS_AT_ONCE).collect().await;
    for (webhook, answer) in all.iter().zip(answers) {
        if let Some(answer) = answer? {
            asking.settle(webhook, attempt, answer)?;
        }
    }
    Ok(())
}

/// Shows a write that cannot be changed, only refused: a deletion, a connection.
///
/// # Errors
/// As [`mutate`] and [`judge`].
pub(crate) async fn admit(objects: &Objects, attempt: &Attempt<'_>) -> Result<(), Status> {
    let patience = Patience::begin(attempt.author());
    mutate(objects, attempt, patience).await?;
    judge(objects, attempt, patience).await
}

/// Webhooks being asked about a write.
struct Asking<'a> {
    objects: &'a Objects,
    namespace: Option<&'a Value>,
    patience: Patience,
}

impl Asking<'_> {
    /// A webhook's answer; `None` if it is not meant, or could not be asked and need not be.
    async fn ask(&self, webhook: &Webhook, attempt: &Attempt<'_>) -> Result<Option<Answer>, Status> {
        let rules = &webhook.rules;
        match rules.mean(self.objects, attempt, self.namespace) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(why) => return rules.failed(attempt, &why).map(|()| None),
        }
        if attempt.is_dry_run() && !rules.takes_dry_runs {
            let why = format!("admission webhook {:?} does not support dry run", rules.name);
            return Err(Status::bad_request(why));
        }
        let uid = Uuid::new_v4().to_string();
        let review = Bytes::from(review::ask(attempt, self.version(rules, attempt), &uid).to_string());
        let answer = match webhook.caller.call(self.objects, review, rules.timeout, self.patience).await {
            Ok(said) => review::read(&said, &uid, rules.manner),
            Err(why) => Err(format!("failed to call webhook: {why}")),
        };
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(why) => rules.failed(attempt, &why).map(|()| None),
        }
    }

    /// The version that a webhook wants to see, if it is not the one that is written.
    fn version(&self, rules: &Rules, attempt: &Attempt<'_>) -> Option<&'static api::Resource> {
        let (wanted, own) = (rules.matcher.versions(attempt), attempt.kind.resource);
        // Versions of the table are told in the one that is stored.
        attempt.kind.custom.as_ref()?;
        let served = |version: &str| self.objects.kinds().find(own.group, version, own.plural);
        wanted.into_iter().find_map(|version| served(version).map(|(kind, _)| kind.resource))
    }

    /// Does what an answer says; what became of the object, if it changed.
    fn settle(&self, webhook: &Webhook, attempt: &Attempt<'_>, answer: Answer) -> Result<Option<Value>, Status> {
        let rules = &webhook.rules;
        answer.warnings.into_iter().for_each(|warning| attempt.remarks().add(warning));
        for (key, text) in answer.annotations {
            attempt.remarks().annotate(format!("{}/{key}", rules.name), text);
        }
        if !answer.allowed {
            return Err(review::denial(&rules.name, &answer.status));
        }
        let Some(patch) = answer.patch else { return Ok(None) };
        match review::patched(attempt, self.version(rules, attempt), patch) {
            Ok(patched) => Ok(Some(patched).filter(|patched| Some(patched) != attempt.object)),
            Err(why) => rules.failed(attempt, &why).map(|()| None),
        }
    }
}

impl Rules {
    /// Whether a write is to be shown.
    ///
    /// # Errors
    /// A condition that cannot be evaluated.
    fn mean(&self, objects: &Objects, attempt: &Attempt<'_>, namespace: Option<&Value>) -> Result<bool, String> {
        if !self.matcher.matches(attempt, namespace) {
            return Ok(false);
        }
        if self.conditions.is_empty() {
            return Ok(true);
        }
        let request = attempt.request();
        let variables = [
            ("object", policy::of(attempt.object)),
            ("oldObject", policy::of(attempt.old)),
            ("request", Cel::of(&request, None)),
            ("authorizer", policy::authorizer(objects, attempt)),
        ];
        let run = Run { variables: &variables, composed: None, budget: &Budget::default() };
        policy::meets(&run, &self.conditions)
    }

    /// What becomes of a write whose webhook could not be asked.
    fn failed(&self, attempt: &Attempt<'_>, why: &str) -> Result<(), Status> {
        let name = &self.name;
        match self.on_failure {
            OnFailure::Refuse => Err(Status::internal(format!("failed calling webhook {name:?}: {why}"))),
            OnFailure::Pass => {
                tracing::warn!(webhook = name, why, "a webhook that may be ignored could not be called");
                let key = format!("failed-open.{}.webhook.admission.k8s.io/{name}", self.manner.word());
                attempt.remarks().annotate(key, why.to_owned());
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
