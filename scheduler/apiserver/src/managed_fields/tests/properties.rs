//! What holds whatever is applied, by whomever, in whatever order.

use api::resource::DEPLOYMENTS;
use proptest::prelude::*;

use super::super::apply::BEFORE_FIRST_APPLY;
use super::super::claim::claims;
use super::super::compare::compare;
use super::*;

/// A few members of a map, with few values, so that managers meet.
fn members(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    proptest::sample::subsequence(names, 0..=names.len()).prop_flat_map(|names| {
        let values = proptest::collection::vec(0..2_u8, names.len());
        values.prop_map(move |values| names.iter().zip(values).map(|(name, v)| (*name, v.to_string())).collect())
    })
}

fn container() -> impl Strategy<Value = Value> {
    let env = proptest::sample::subsequence(vec!["A", "B", "C"], 0..=3).prop_shuffle();
    (members(&["image", "workingDir"]), env, proptest::option::of(0..2_u8)).prop_map(|(mut container, env, arg)| {
        if !env.is_empty() {
            container["env"] = env.iter().map(|name| json!({"name": name, "value": "1"})).collect();
        }
        if let Some(arg) = arg {
            container["args"] = json!([arg.to_string()]);
        }
        container
    })
}

/// Part of a Deployment, without empty maps and lists.
fn wanted() -> impl Strategy<Value = Value> {
    let names = proptest::sample::subsequence(vec!["a", "b", "c"], 0..=3).prop_shuffle();
    let containers = names.prop_flat_map(|names| {
        let bodies = proptest::collection::vec(container(), names.len());
        bodies.prop_map(move |mut bodies| {
            bodies.iter_mut().zip(&names).for_each(|(body, name)| body["name"] = json!(name));
            bodies
        })
    });
    let finalizers = proptest::sample::subsequence(vec!["x/x", "y/y"], 0..=2).prop_shuffle();
    (members(&["k", "l", "m"]), finalizers, proptest::option::of(0..2_u8), containers).prop_map(
        |(labels, finalizers, replicas, containers)| {
            let mut object =
                json!({"metadata": {"labels": labels, "finalizers": finalizers}, "spec": {"replicas": replicas}});
            object["spec"]["template"]["spec"]["containers"] = json!(containers);
            without_empties(&mut object);
            object
        },
    )
}

/// Drops nulls and what is empty, from the inside out.
fn without_empties(value: &mut Value) {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    };
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(without_empties);
            map.retain(|_, value| !is_empty(value));
        }
        Value::Array(list) => list.iter_mut().for_each(without_empties),
        _ => {}
    }
}

#[derive(Debug, Clone)]
enum Step {
    Apply(&'static str, Value, Conflicts),
    Update(Option<&'static str>, Value),
}

fn step() -> impl Strategy<Value = Step> {
    let conflicts = prop_oneof![Just(Conflicts::Refuse), Just(Conflicts::Force)];
    prop_oneof![
        4 => (prop_oneof![Just("one"), Just("two"), Just("three")], wanted(), conflicts).prop_map(|(who, object, how)| Step::Apply(who, object, how)),
        1 => (prop_oneof![Just(None), Just(Some("edit")), Just(Some("one"))], wanted()).prop_map(|(who, object)| Step::Update(who, object)),
    ]
}

/// A cluster where some things have happened.
fn history() -> impl Strategy<Value = Cluster> {
    proptest::collection::vec(step(), 0..6).prop_map(|steps| {
        let mut cluster = Cluster::new(&DEPLOYMENTS);
        for step in steps {
            match step {
                Step::Apply(who, object, how) => drop(cluster.apply(who, &object, how)),
                Step::Update(who, object) => cluster.update(who, &object),
            }
        }
        cluster
    })
}

/// The fields of a manager that applies.
fn fields(cluster: &Cluster, name: &str) -> Set {
    let found =
        cluster.entries.iter().find(|entry| entry.manager.name == name && entry.manager.operation == Operation::Apply);
    found.map(|entry| entry.fields.clone()).unwrap_or_default()
}

fn is_within(inner: &Set, outer: &Set) -> bool {
    let mut rest = inner.clone();
    rest.subtract(outer);
    rest.is_empty()
}

/// Everything an object has, also the objects that lead to it.
fn present(cluster: &Cluster) -> Set {
    compare(cluster.place, None, Some(&cluster.live())).added
}

proptest! {
    #[test]
    fn applying_twice_is_applying_once(mut cluster in history(), object in wanted()) {
        cluster.force("one", &object);
        let (live, entries) = (cluster.live(), cluster.entries.clone());
        cluster.apply("one", &object, Conflicts::Refuse).expect("nobody else has anything of it");
        prop_assert_eq!(cluster.live(), live);
        if entries.is_empty() {
            // Whoever gave up everything leaves an object as nobody ever applied it.
            prop_assert!(cluster.entries.iter().all(|entry| entry.manager.name == BEFORE_FIRST_APPLY));
        } else {
            prop_assert!(cluster.entries.same_fields(&entries));
        }
    }

    #[test]
    fn what_is_applied_is_there_and_is_the_appliers(mut cluster in history(), object in wanted()) {
        cluster.force("one", &object);
        let lost = compare(cluster.place, Some(&object), Some(&cluster.live()));
        prop_assert!(lost.modified.is_empty() && lost.removed.is_empty(), "{:?}", lost);
        prop_assert_eq!(fields(&cluster, "one"), claims(cluster.place, &object).expect("is applicable"));
    }

    #[test]
    fn whoever_shares_a_field_wants_the_value_it_has(mut cluster in history(), object in wanted()) {
        let before = cluster.clone();
        let refused = cluster.apply("one", &object, Conflicts::Refuse).is_err();
        if refused {
            prop_assert_eq!(cluster.live(), before.live());
            cluster.force("one", &object);
        }
        let changes = compare(cluster.place, before.live.as_ref(), Some(&cluster.live()));
        let mut touched = changes.sets();
        touched.extend(&changes.removed);
        for name in ["two", "three"] {
            let (had, has) = (fields(&before, name), fields(&cluster, name));
            let mut kept = had.clone();
            kept.subtract(&touched);
            prop_assert_eq!(&has, &kept, "others keep exactly what did not change");
            prop_assert!(refused || before.live.is_none() || has == had, "and without force that is everything");
        }
    }

    #[test]
    fn nobody_manages_what_is_not_there(cluster in history()) {
        let present = present(&cluster);
        for entry in cluster.entries.iter() {
            prop_assert!(is_within(&entry.fields, &present), "{:?} of {}", entry.fields.paths(), cluster.live());
            prop_assert!(!entry.fields.is_empty());
        }
    }

    #[test]
    fn a_manager_alone_gets_exactly_what_it_says_last(first in wanted(), last in wanted()) {
        let mut cluster = Cluster::new(&DEPLOYMENTS);
        cluster.force("one", &first);
        cluster.force("one", &last);
        let mut live = cluster.live();
        without_empties(&mut live);
        let left = compare(cluster.place, Some(&last), Some(&live));
        prop_assert_eq!(left.sets().paths(), Vec::<String>::new());
        prop_assert_eq!(left.removed.paths(), Vec::<String>::new());
    }

    #[test]
    fn given_up_fields_go_and_no_others(mut cluster in history(), object in wanted(), then in wanted()) {
        cluster.force("one", &object);
        let before = cluster.clone();
        cluster.force("one", &then);
        let removed = compare(cluster.place, Some(&before.live()), Some(&cluster.live())).removed;
        let present = present(&cluster);
        let mut owned_by_others = Set::default();
        before.entries.iter().filter(|entry| entry.manager.name != "one").for_each(|entry| owned_by_others.extend(&entry.fields));
        // Whatever was said before and is not said now is gone, unless others have it.
        let mut given_up = fields(&before, "one");
        given_up.subtract(&fields(&cluster, "one"));
        let mut gone = given_up.clone();
        gone.subtract(&owned_by_others);
        before.entries.iter().filter(|entry| entry.manager.name == "one").for_each(|entry| {
            if entry.manager.operation == Operation::Update { gone.subtract(&entry.fields) }
        });
        prop_assert!(gone.intersection(&present).is_empty(), "{:?} is left", gone.intersection(&present).paths());
        // What goes was given up, or lay within something that was.
        let given_up = given_up.paths();
        let live = cluster.live();
        let is_gone = |path: &str, steps: &[&str]| {
            path.starts_with(&format!(".{}", steps.join("."))) && value::at(&live, steps).is_none()
        };
        for path in removed.paths() {
            // With an object that has nothing of anybody goes what nobody has. Only here that may be all metadata:
            // what is really applied has a name.
            let with_its_object = [&["metadata"][..], &["spec"], &["spec", "template"]].iter().any(|at| is_gone(&path, at));
            prop_assert!(
                with_its_object || given_up.iter().any(|given| path.starts_with(given.as_str()) || given.starts_with(path.as_str())),
                "{} was not given up: {:?}",
                path,
                given_up
            );
        }
    }

    #[test]
    fn agreeing_managers_make_the_union_in_any_order(objects in proptest::collection::vec(wanted(), 2..4)) {
        let names = ["one", "two", "three"];
        let mut cluster = Cluster::new(&DEPLOYMENTS);
        let agreed: Vec<_> = names.iter().zip(&objects).filter(|(name, object)| cluster.apply(name, object, Conflicts::Refuse).is_ok()).collect();
        let mut other = Cluster::new(&DEPLOYMENTS);
        for (name, object) in agreed.iter().rev() {
            other.apply(name, object, Conflicts::Refuse).expect("who agrees agrees in any order");
        }
        let difference = compare(cluster.place, cluster.live.as_ref(), other.live.as_ref());
        prop_assert_eq!(difference, super::super::compare::Changes::default());
        let mut union = Set::default();
        cluster.entries.iter().for_each(|entry| union.extend(&entry.fields));
        let mut unclaimed = claims(cluster.place, &cluster.live()).expect("is applicable");
        unclaimed.subtract(&union);
        prop_assert!(unclaimed.is_empty(), "{:?}", unclaimed.paths());
    }
}
