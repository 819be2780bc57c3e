//! Kubernetes' library of authorization: whether the writer, or an account, may do something. What decides is given by
//! whoever evaluates; where nothing decides, `authorizer` is no name.

use std::fmt;
use std::sync::Arc;

use super::super::{Budget, Fault, Value};
use super::Gives::Of;
use super::Sort::{Bool, Decision as DecisionSort, Rights, Text};
use super::{Function, Sort, member, misused};

/// What one question costs: a walk through the bindings of a namespace.
const STEPS: u64 = 10_000;

/// How far a question has been put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Authorizer,
    Path,
    Group,
    Resource,
}

impl Stage {
    /// Name of the type.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Authorizer => "kubernetes.authorization.Authorizer",
            Self::Path => "kubernetes.authorization.PathCheck",
            Self::Group => "kubernetes.authorization.GroupCheck",
            Self::Resource => "kubernetes.authorization.ResourceCheck",
        }
    }
}

/// Name of the type of answers.
pub(in super::super) const DECISION: &str = "kubernetes.authorization.Decision";

/// The field of an authorizer that asks about what is being written.
pub(in super::super) const REQUEST_RESOURCE: &str = "requestResource";

/// What is asked. What does not apply is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Question {
    /// Namespace and name of a ServiceAccount, instead of the writer.
    pub(crate) account: Option<(String, String)>,
    pub(crate) path: Option<String>,
    pub(crate) group: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) verb: String,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub(crate) allowed: bool,
    pub(crate) reason: String,
}

type Decide = dyn Fn(&Question) -> Decision + Send + Sync;

/// A question that is being put.
#[derive(Clone)]
pub(crate) struct Asking {
    decide: Arc<Decide>,
    question: Question,
    /// What is being written.
    own: Arc<Question>,
}

impl fmt::Debug for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.question.fmt(f)
    }
}

impl Asking {
    /// One that has not been put yet, as the variable `authorizer` holds it; `own` is what is being written.
    pub(crate) fn new(own: Question, decide: impl Fn(&Question) -> Decision + Send + Sync + 'static) -> Self {
        Self { decide: Arc::new(decide), question: Question::default(), own: Arc::new(own) }
    }

    /// `authorizer.requestResource`.
    pub(in super::super) fn of_request(&self) -> Self {
        Self { question: Question { account: self.question.account.clone(), ..(*self.own).clone() }, ..self.clone() }
    }

    fn with(&self, put: impl FnOnce(&mut Question)) -> Self {
        let mut asking = self.clone();
        put(&mut asking.question);
        asking
    }
}

pub(super) const FUNCTIONS: &[Function] = &[
    member("serviceAccount", &[Rights(Stage::Authorizer), Text, Text], Of(Rights(Stage::Authorizer)), |args, _| {
        let [Value::Rights(_, asking), Value::Text(namespace), Value::Text(name)] = args else { return misused() };
        let account = Some(((**namespace).to_owned(), (**name).to_owned()));
        Ok(Value::Rights(Stage::Authorizer, asking.with(|question| question.account = account).into()))
    }),
    member("path", &[Rights(Stage::Authorizer), Text], Of(Rights(Stage::Path)), |args, _| {
        put(args, Stage::Path, |question, text| question.path = Some(text))
    }),
    member("group", &[Rights(Stage::Authorizer), Text], Of(Rights(Stage::Group)), |args, _| {
        put(args, Stage::Group, |question, text| question.group = text)
    }),
    member("resource", &[Rights(Stage::Group), Text], RESOURCE, |args, _| {
        put(args, Stage::Resource, |question, text| question.resource = text)
    }),
    member("subresource", &[Rights(Stage::Resource), Text], RESOURCE, |args, _| {
        put(args, Stage::Resource, |question, text| question.subresource = text)
    }),
    member("namespace", &[Rights(Stage::Resource), Text], RESOURCE, |args, _| {
        put(args, Stage::Resource, |question, text| question.namespace = text)
    }),
    member("name", &[Rights(Stage::Resource), Text], RESOURCE, |args, _| {
        put(args, Stage::Resource, |question, text| question.name = text)
    }),
    member("check", &[Rights(Stage::Resource), Text], Of(DecisionSort), check),
    member("check", &[Rights(Stage::Path), Text], Of(DecisionSort), check),
    member("allowed", &[DecisionSort], Of(Bool), |args, _| answer(args, |found| Value::Bool(found.allowed))),
    member("reason", &[DecisionSort], Of(Text), |args, _| answer(args, |found| Value::text(found.reason.as_str()))),
    // The answer is computed from what is known; there is nothing that could fail.
    member("errored", &[DecisionSort], Of(Bool), |args, _| answer(args, |_| Value::Bool(false))),
    member("error", &[DecisionSort], Of(Text), |args, _| answer(args, |_| Value::text(""))),
];

const RESOURCE: super::Gives = Of(Sort::Rights(Stage::Resource));

fn put<'a>(args: &[Value<'a>], stage: Stage, put: fn(&mut Question, String)) -> Result<Value<'a>, Fault> {
    let [Value::Rights(_, asking), Value::Text(text)] = args else { return misused() };
    Ok(Value::Rights(stage, asking.with(|question| put(question, (**text).to_owned())).into()))
}

fn check<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let [Value::Rights(_, asking), Value::Text(verb)] = args else { return misused() };
    budget.pay(STEPS)?;
    let asking = asking.with(|question| (**verb).clone_into(&mut question.verb));
    Ok(Value::Decision((asking.decide)(&asking.question).into()))
}

fn answer<'a>(args: &[Value<'a>], of: fn(&Decision) -> Value<'static>) -> Result<Value<'a>, Fault> {
    let [Value::Decision(found)] = args else { return misused() };
    Ok(of(found))
}
