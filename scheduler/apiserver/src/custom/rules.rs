//! `x-kubernetes-validations`: what a place must be, as expressions over `self` and `oldSelf`.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::schema::Schema;
use crate::cel::{self, Budget, Fault, Listing, Program, Run, Typing, Value};
use crate::field::{Path, Problems};

/// One rule, compiled.
#[derive(Debug)]
pub(crate) struct Rule {
    source: String,
    program: Program,
    message: String,
    message_program: Option<Program>,
    reason: Reason,
    /// Where the problem is shown, below the place of the rule.
    field: Vec<Step>,
    /// It compares with what was there.
    uses_old: bool,
    /// It also runs when nothing was there.
    optional_old: bool,
    typing: Typing,
}

/// What kind of problem a rule finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Invalid,
    Forbidden,
    Required,
    Duplicate,
}

/// A step of `fieldPath`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Key(String),
}

/// Longest message of a rule, as in Kubernetes.
const MESSAGE_CHARS_MAX: usize = 2048;
/// Longest message that an expression may make; longer ones give way to the rule's own text.
const MADE_MESSAGE_BYTES_MAX: usize = 5 * 1024;

/// Compiles the rules of a schema into their places.
pub(super) fn compile(schema: &mut Schema, json: &Json, path: &Path, problems: &mut Problems) {
    let said = json.get("x-kubernetes-validations").and_then(Json::as_array);
    if let Some(said) = said {
        let typing = schema.typing();
        let of_rules = path.child("x-kubernetes-validations");
        for (at, rule) in said.iter().enumerate() {
            if let Some(rule) = one(rule, &typing, &of_rules.index(at), problems) {
                schema.rules.push(rule);
            }
        }
    }
    for (name, property) in &mut schema.properties {
        if let Some(json) = json.get("properties").and_then(|all| all.get(name)) {
            compile(property, json, &path.child("properties").key(name), problems);
        }
    }
    if let (Some(values), Some(json)) = (&mut schema.additional, json.get("additionalProperties")) {
        compile(values, json, &path.child("additionalProperties"), problems);
    }
    if let (Some(items), Some(json)) = (&mut schema.items, json.get("items")) {
        compile(items, json, &path.child("items"), problems);
    }
}

fn one(json: &Json, typing: &Typing, path: &Path, problems: &mut Problems) -> Option<Rule> {
    let text = |name: &str| json.get(name).and_then(Json::as_str).unwrap_or_default();
    let (source, message) = (text("rule"), text("message").trim());
    if source.trim().is_empty() {
        problems.required(&path.child("rule"), "rule is not specified");
        return None;
    }
    let optional_old = json.get("optionalOldSelf").and_then(Json::as_bool).unwrap_or(false);
    let program = prepared(source, typing, optional_old, &Typing::Bool, &path.child("rule"), problems)?;
    check_message(json, source, message, path, problems);
    let made = Some(text("messageExpression")).filter(|made| !made.trim().is_empty());
    let message_program = made.and_then(|made| {
        prepared(made, typing, optional_old, &Typing::Text, &path.child("messageExpression"), problems)
    });
    let field = field_path(text("fieldPath"), typing, &path.child("fieldPath"), problems);
    let uses_old = program.names("oldSelf");
    if optional_old && !uses_old {
        let why = "must not be set if oldSelf is not used in rule";
        problems.invalid(&path.child("optionalOldSelf"), optional_old, why);
    }
    Some(Rule {
        source: source.to_owned(),
        program,
        message: message.to_owned(),
        message_program,
        reason: reason(text("reason"), path, problems),
        field,
        uses_old,
        optional_old,
        typing: typing.clone(),
    })
}

fn check_message(json: &Json, source: &str, message: &str, path: &Path, problems: &mut Problems) {
    let of_message = path.child("message");
    let is_given = json.get("message").and_then(Json::as_str).is_some_and(|message| !message.is_empty());
    if is_given && message.is_empty() {
        problems.invalid(&of_message, "", "message must be non-empty if specified");
    }
    if message.contains('\n') {
        problems.invalid(&of_message, message, "message must not contain line breaks");
    }
    if message.chars().count() > MESSAGE_CHARS_MAX {
        problems.too_long(&of_message, MESSAGE_CHARS_MAX);
    }
    if message.is_empty() && source.trim().contains('\n') {
        problems.required(&of_message, "message must be specified if rule contains line breaks");
    }
}

fn reason(text: &str, path: &Path, problems: &mut Problems) -> Reason {
    match text {
        "" | "FieldValueInvalid" => Reason::Invalid,
        "FieldValueForbidden" => Reason::Forbidden,
        "FieldValueRequired" => Reason::Required,
        "FieldValueDuplicate" => Reason::Duplicate,
        other => {
            let known = ["FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate"];
            problems.not_supported(&path.child("reason"), other, &known);
            Reason::Invalid
        }
    }
}

/// Compiles and checks one expression.
fn prepared(
    source: &str,
    typing: &Typing,
    optional_old: bool,
    wanted: &Typing,
    path: &Path,
    problems: &mut Problems,
) -> Option<Program> {
    let old = if optional_old { Typing::Optional(Box::new(typing.clone())) } else { typing.clone() };
    let declared = [("self", Cow::Borrowed(typing)), ("oldSelf", Cow::Owned(old))];
    let checked = cel::compile(source).and_then(|program| match cel::check(&program, &declared)? {
        Typing::Dyn => Ok(program),
        found if found == *wanted => Ok(program),
        found => Err(format!("cel expression must evaluate to a {wanted}, not {found}")),
    });
    checked.map_err(|why| problems.invalid(path, source, why)).ok()
}

/// Reads `.spec.list['a-b']`.
fn field_path(text: &str, typing: &Typing, path: &Path, problems: &mut Problems) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let step = if let Some(after) = rest.strip_prefix("['") {
            after.split_once("']").map(|(key, after)| (Step::Key(key.replace("\\'", "'")), after))
        } else {
            rest.strip_prefix('.').map(|after| {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                (Step::Field(after[..end].to_owned()), &after[end..])
            })
        };
        match step {
            Some((step, after)) if step != Step::Field(String::new()) => {
                steps.push(step);
                rest = after;
            }
            _ => {
                problems.invalid(path, text, "must be a path of fields such as .spec.size or .labels['a']");
                return Vec::new();
            }
        }
    }
    let mut at = Cow::Borrowed(typing);
    for step in &steps {
        let (Step::Field(name) | Step::Key(name)) = step;
        let next = match &*at {
            Typing::Object(fields) => fields.fields.get(name).cloned(),
            Typing::Map(values) => Some((**values).clone()),
            _ => Some(Typing::Dyn),
        };
        match next {
            Some(next) => at = Cow::Owned(next),
            None => {
                problems.invalid(path, text, "fieldPath must be a valid path: does not refer to a valid field");
                return Vec::new();
            }
        }
    }
    steps
}

/// Judges an object, and each of its parts, by the rules of its schema.
pub(super) fn check(schema: &Schema, object: &Json, old: Option<&Json>, budget: &Budget, problems: &mut Problems) {
    Judge { budget, problems }.place(schema, object, old, &Path::new(""));
}

struct Judge<'j> {
    budget: &'j Budget,
    problems: &'j mut Problems,
}

impl Judge<'_> {
    fn place(&mut self, schema: &Schema, value: &Json, old: Option<&Json>, path: &Path) {
        if value.is_null() {
            return;
        }
        for rule in &schema.rules {
            self.rule(rule, value, old, path);
        }
        match value {
            Json::Object(members) => {
                for (name, value) in members {
                    let inner = schema.properties.get(name).or(schema.additional.as_deref());
                    if let Some(inner) = inner {
                        self.place(inner, value, old.and_then(|old| old.get(name)), &path.child(name));
                    }
                }
            }
            Json::Array(elements) => {
                let Some(items) = schema.items.as_deref().filter(|items| items.has_rules()) else { return };
                for (at, element) in elements.iter().enumerate() {
                    let old = old.and_then(|old| counterpart(&schema.listing, element, old));
                    self.place(items, element, old, &path.index(at));
                }
            }
            _ => {}
        }
    }

    fn rule(&mut self, rule: &Rule, value: &Json, old: Option<&Json>, path: &Path) {
        if rule.uses_old && old.is_none() && !rule.optional_old {
            return;
        }
        let own = Value::of(value, Some(&rule.typing));
        let before = old.map(|old| Value::of(old, Some(&rule.typing)));
        let before = if rule.optional_old {
            Value::Optional(before.map(std::sync::Arc::new))
        } else {
            before.unwrap_or(Value::Null)
        };
        let variables = [("self", own), ("oldSelf", before)];
        let run = Run { variables: &variables, composed: None, budget: self.budget };
        let place = rule.field.iter().fold(path.clone(), |path, step| match step {
            Step::Field(name) => path.child(name),
            Step::Key(key) => path.key(key),
        });
        match run.value(&rule.program) {
            Ok(Value::Bool(true)) => {}
            Ok(_) => {
                let why = rule.message(&run);
                self.tell(rule.reason, &place, value, &why);
            }
            Err(Fault::Exhausted) => {
                let why = format!(
                    "validation failed due to running out of cost budget, no further validation rules will be run (rule: {})",
                    rule.source
                );
                self.problems.invalid(&place, shown(value), why);
            }
            Err(Fault::Error(why)) => {
                self.problems.invalid(
                    &place,
                    shown(value),
                    format!("rule evaluation error: {why} (rule: {})", rule.source),
                );
            }
        }
    }

    fn tell(&mut self, reason: Reason, path: &Path, value: &Json, why: &str) {
        match reason {
            Reason::Invalid => self.problems.invalid(path, shown(value), why),
            Reason::Forbidden => self.problems.forbidden(path, why),
            Reason::Required => self.problems.required(path, why),
            Reason::Duplicate => self.problems.duplicate(path, shown(value)),
        }
    }
}

impl Rule {
    /// What the rule says when it does not hold.
    fn message<'a>(&'a self, run: &Run<'_, 'a>) -> String {
        let made = self.message_program.as_ref().and_then(|program| match run.value(program) {
            Ok(Value::Text(text)) => Some(text.trim().to_owned()),
            _ => None,
        });
        let is_fit = |text: &String| !text.is_empty() && !text.contains('\n') && text.len() <= MADE_MESSAGE_BYTES_MAX;
        let own = Some(self.message.clone()).filter(|message| !message.is_empty());
        made.filter(is_fit).or(own).unwrap_or_else(|| format!("failed rule: {}", self.source.trim()))
    }
}

/// Objects and lists are shown by their type, as in Kubernetes.
fn shown(value: &Json) -> Json {
    match value {
        Json::Object(_) => Json::from("object"),
        Json::Array(_) => Json::from("array"),
        other => other.clone(),
    }
}

/// The element that was there before; lists without keys have none.
fn counterpart<'o>(listing: &Listing, element: &Json, old: &'o Json) -> Option<&'o Json> {
    let Listing::Map(keys) = listing else { return None };
    let is_same = |other: &&Json| keys.iter().all(|key| other.get(key) == element.get(key));
    old.as_array()?.iter().find(is_same)
}

impl Schema {
    /// Whether a rule is here or further down.
    fn has_rules(&self) -> bool {
        !self.rules.is_empty()
            || self.properties.values().any(Self::has_rules)
            || self.additional.as_deref().is_some_and(Self::has_rules)
            || self.items.as_deref().is_some_and(Self::has_rules)
    }
}
