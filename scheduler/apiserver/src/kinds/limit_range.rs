//! LimitRanges: what a single Pod, container or claim may ask for, and gets if it asks for nothing.

use std::collections::{BTreeMap, BTreeSet};

use api::core::{LimitRange, LimitRangeItem};
use api::resource::LIMIT_RANGES;
use api::{Quantity, name, quota};
use serde_json::{Map, Value};

use super::{decode, resources};
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

type List = BTreeMap<String, Quantity>;

const LISTS: [&str; 5] = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];

/// Fills in what a LimitRange leaves out: a bound on containers is a default too.
pub(super) fn defaults(range: &mut Value) {
    for item in value::elements(range, &["spec", "limits"]) {
        for list in LISTS {
            resources::normalize_list(item, &[list]);
        }
        if value::text(item, &["type"]) == "Container" {
            inherit(item, "max", "default");
            inherit(item, "default", "defaultRequest");
            inherit(item, "min", "defaultRequest");
        }
    }
}

/// Fills gaps of one list from another.
fn inherit(item: &mut Value, from: &str, to: &str) {
    let source: Map<String, Value> = item.get(from).and_then(Value::as_object).cloned().unwrap_or_default();
    if source.is_empty() {
        return;
    }
    if let Some(list) = value::map(item, &[to]) {
        for (name, amount) in source {
            list.entry(name).or_insert(amount);
        }
    }
}

/// Decodes and checks a LimitRange.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let range: LimitRange = decode(&LIMIT_RANGES, object)?;
    let mut types = BTreeSet::new();
    for (at, item) in range.spec.iter().flat_map(|spec| &spec.limits).enumerate() {
        let path = Path::new("spec").child("limits").index(at);
        check_type(&path.child("type"), &item.type_, problems);
        if !types.insert(item.type_.as_str()) {
            problems.duplicate(&path.child("type"), &item.type_);
        }
        check_item(&path, item, problems);
    }
    Ok(())
}

fn check_type(path: &Path, found: &str, problems: &mut Problems) {
    let is_standard = matches!(found, "Pod" | "Container" | "PersistentVolumeClaim");
    problems.check(path, found, name::check_qualified(found));
    if !is_standard && !found.contains('/') {
        problems.invalid(path, found, "must be a standard limit type or fully qualified");
    }
}

fn check_item(path: &Path, item: &LimitRangeItem, problems: &mut Problems) {
    let lists: [(&str, &Option<List>); 5] = [
        ("max", &item.max),
        ("min", &item.min),
        ("default", &item.default),
        ("defaultRequest", &item.default_request),
        ("maxLimitRequestRatio", &item.max_limit_request_ratio),
    ];
    for (field, list) in lists {
        let path = path.child(field);
        match list {
            Some(_) if item.type_ == "Pod" && field.starts_with("default") => {
                problems.forbidden(&path, "may not be specified when `type` is 'Pod'");
            }
            Some(list) => resources::check_list(&path, list, problems),
            None => {}
        }
    }
    let storage = |list: &Option<List>| list.as_ref().is_some_and(|list| list.contains_key("storage"));
    if item.type_ == "PersistentVolumeClaim" && !storage(&item.min) && !storage(&item.max) {
        let why = "either minimum or maximum storage value is required, but neither was provided";
        problems.required(path, why);
    }
    let names: BTreeSet<&String> =
        lists.iter().flat_map(|(_, list)| list.iter().flat_map(|list| list.keys())).collect();
    for name in names {
        check_order(path, item, name, problems);
    }
}

/// An amount and how it was written.
type Amount = Option<(i64, String)>;

/// What each amount must not be greater than, in words.
fn check_order(path: &Path, item: &LimitRangeItem, name: &str, problems: &mut Problems) {
    let read = |list: &Option<List>| {
        let Quantity(text) = list.as_ref()?.get(name)?;
        Some((quota::parse(name, text).ok()?, text.clone()))
    };
    let (min, max) = (read(&item.min), read(&item.max));
    let (request, limit) = (read(&item.default_request), read(&item.default));
    let mut ordered = |field: &str, shown: &str, pair: (&Amount, &Amount), words: (&str, &str)| {
        if let (Some((low, low_text)), Some((high, high_text))) = pair
            && low > high
        {
            let why = format!("{} {low_text} is greater than {} {high_text}", words.0, words.1);
            problems.invalid(&path.child(field).key(name), shown, why);
        }
    };
    let text = |amount: &Amount| amount.as_ref().map(|(_, text)| text.clone()).unwrap_or_default();
    ordered("min", &text(&min), (&min, &max), ("min value", "max value"));
    ordered("defaultRequest", &text(&request), (&min, &request), ("min value", "default request value"));
    ordered("defaultRequest", &text(&request), (&request, &max), ("default request value", "max value"));
    ordered("defaultRequest", &text(&request), (&request, &limit), ("default request value", "default limit value"));
    ordered("default", &text(&limit), (&min, &limit), ("min value", "default value"));
    ordered("default", &text(&limit), (&limit, &max), ("default value", "max value"));
    check_ratio(path, item, name, problems);
}

fn check_ratio(path: &Path, item: &LimitRangeItem, name: &str, problems: &mut Problems) {
    let millis = |list: &Option<List>| {
        let Quantity(text) = list.as_ref()?.get(name)?;
        api::quantity::parse_millis(text).ok()
    };
    let Some(ratio) = millis(&item.max_limit_request_ratio) else { return };
    let shown = item.max_limit_request_ratio.as_ref().and_then(|list| list.get(name)).map(|found| found.0.clone());
    let shown = shown.unwrap_or_default();
    let path = path.child("maxLimitRequestRatio").key(name);
    if ratio < 1000 {
        problems.invalid(&path, &shown, format!("ratio {shown} is less than 1"));
    }
    if let (Some(min), Some(max)) = (millis(&item.min), millis(&item.max))
        && min > 0
        && i128::from(ratio) * i128::from(min) > i128::from(max) * 1000
    {
        let most = api::quantity::of_millis(u64::try_from(max.saturating_mul(1000) / min).unwrap_or(0));
        problems.invalid(&path, &shown, format!("ratio {shown} is greater than max/min = {most}"));
    }
}
