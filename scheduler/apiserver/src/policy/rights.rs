//! What expressions may ask about rights: `authorizer`, answered as requests are.

use super::Attempt;
use crate::auth::User;
use crate::cel::{Asking, Decision, Question, Stage, Value as Cel};
use crate::objects::Objects;
use crate::rbac::{Attributes, Target, Wanted};

/// The variable `authorizer` for a write.
pub(crate) fn authorizer(objects: &Objects, attempt: &Attempt<'_>) -> Cel<'static> {
    let resource = attempt.kind.resource;
    let own = Question {
        group: resource.group.to_owned(),
        resource: resource.plural.to_owned(),
        subresource: attempt.part.name().to_owned(),
        namespace: attempt.namespace.to_owned(),
        name: attempt.name.to_owned(),
        ..Question::default()
    };
    // The loops are the cluster itself.
    let loops = || User { groups: vec!["system:masters".to_owned()], ..User::default() };
    let writer = attempt.author().cloned().unwrap_or_else(loops);
    let access = objects.policies().access().cloned();
    let decide = move |question: &Question| {
        let Some(access) = &access else {
            return Decision { allowed: false, reason: "nobody decides here".to_owned() };
        };
        let account = question.account.as_ref().map(|(namespace, name)| User::account(namespace, name, "").known());
        let verdict = access.decide(account.as_ref().unwrap_or(&writer), &attributes(question));
        Decision { allowed: verdict.is_allowed(), reason: verdict.to_string() }
    };
    Cel::Rights(Stage::Authorizer, Asking::new(own, decide).into())
}

fn attributes(question: &Question) -> Attributes<'_> {
    let target = match &question.path {
        Some(path) => Target::Path(path.as_str().into()),
        None => Target::Resource(Wanted {
            group: question.group.as_str().into(),
            version: "*".into(),
            resource: question.resource.as_str().into(),
            subresource: question.subresource.as_str().into(),
            namespace: question.namespace.as_str().into(),
            name: question.name.as_str().into(),
        }),
    };
    Attributes { verb: question.verb.as_str().into(), target }
}
