//! `--sort-by`: the order of objects by a path into them.

use std::cmp::Ordering;

use anyhow::Result;
use serde_json::Value;

use super::jsonpath::Template;

/// Sorts by what the path finds in what `object` shows of each; those without it come first, and ties keep their order.
///
/// # Errors
/// The path finds lists or maps, or nothing in any object: it is most likely misspelt.
pub(crate) fn by<T>(all: &mut [T], path: &Template, object: impl Fn(&T) -> &Value) -> Result<()> {
    let mut keys = Vec::with_capacity(all.len());
    for one in all.iter() {
        keys.push(path.values(object(one))?.first().map(|value| (*value).clone()).filter(|value| !value.is_null()));
    }
    anyhow::ensure!(all.is_empty() || keys.iter().any(Option::is_some), "--sort-by finds nothing in any object");
    anyhow::ensure!(
        keys.iter().flatten().all(|key| !key.is_object() && !key.is_array()),
        "--sort-by must lead to texts, numbers or truth values"
    );
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|&a, &b| compare(keys[a].as_ref(), keys[b].as_ref()));
    permute(all, order);
    Ok(())
}

/// Puts the element at `order[n]` into place `n`.
fn permute<T>(all: &mut [T], mut order: Vec<usize>) {
    for at in 0..order.len() {
        let mut from = order[at];
        // What was there has moved to where it was swapped with.
        while from < at {
            from = order[from];
        }
        all.swap(at, from);
        order[at] = from;
    }
}

fn compare(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    match (a, b) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => {
            a.as_f64().unwrap_or(0.0).total_cmp(&b.as_f64().unwrap_or(0.0))
        }
        (Some(Value::String(a)), Some(Value::String(b))) => texts(a, b),
        (Some(a), Some(b)) => a.to_string().cmp(&b.to_string()),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

/// Texts that are all quantities are compared as such: `200Mi` is less than `1Gi`.
fn texts(a: &str, b: &str) -> Ordering {
    match (api::quantity::parse_millis(a), api::quantity::parse_millis(b)) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn sorted(mut all: Vec<Value>) -> Vec<Value> {
        by(&mut all, &Template::relaxed(".k").expect("a path"), |value| value).expect("sorts");
        all
    }

    #[test]
    fn objects_are_sorted_by_kind_of_value() {
        let keys = |keys: Vec<Value>| keys.into_iter().map(|key| json!({ "k": key })).collect::<Vec<_>>();
        assert_eq!(sorted(keys(vec![json!(10), json!(9), json!(-1)])), keys(vec![json!(-1), json!(9), json!(10)]));
        assert_eq!(sorted(keys(vec![json!("b"), json!("a")])), keys(vec![json!("a"), json!("b")]));
        assert_eq!(sorted(keys(vec![json!("1Gi"), json!("200Mi")])), keys(vec![json!("200Mi"), json!("1Gi")]));
        assert_eq!(sorted(vec![json!({ "k": 1 }), json!({})]), [json!({}), json!({ "k": 1 })]);
    }

    #[test]
    fn a_path_that_leads_nowhere_is_an_error() {
        let path = Template::relaxed(".k").expect("a path");
        assert!(by(&mut [json!({})], &path, |value| value).is_err());
        assert!(by(&mut [json!({ "k": [] })], &path, |value| value).is_err());
        assert!(by(&mut [], &path, |value: &Value| value).is_ok());
    }

    proptest! {
        #[test]
        fn sorting_is_as_the_standard_library_sorts(keys in prop::collection::vec(0..20_i64, 0..30)) {
            let pairs: Vec<Value> = keys.iter().enumerate().map(|(at, key)| json!({ "k": key, "at": at })).collect();
            prop_assume!(!pairs.is_empty());
            let mut wanted = pairs.clone();
            wanted.sort_by_key(|pair| pair["k"].as_i64());
            prop_assert_eq!(sorted(pairs), wanted);
        }
    }
}
