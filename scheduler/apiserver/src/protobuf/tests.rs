//! Protobuf against Kubernetes' own vectors, and against garbage.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::decode_noting;

/// Bodies of kubectl 1.33, each with the JSON that kubectl 1.31 sends for the same command.
const KUBECTL: &str = include_str!("fixtures/kubectl.txt");
/// Kubernetes' own round-trip vectors (k8s.io/api testdata), every field set: the body, then its JSON.
const KUBERNETES: &str = include_str!("fixtures/kubernetes.txt");

fn decode(body: &[u8]) -> Result<Value, String> {
    decode_noting(body).map(|decoded| decoded.object)
}

fn pairs(fixtures: &str) -> Vec<(Vec<u8>, Value)> {
    let lines: Vec<_> = fixtures.lines().collect();
    let parse = |pair: &[&str]| (from_hex(pair[0]), serde_json::from_str(pair[1]).expect("fixture is JSON"));
    lines.chunks(2).map(parse).collect()
}

fn from_hex(hex: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("hex"), 16).expect("hex");
    hex.as_bytes().chunks(2).map(byte).collect()
}

/// Go writes `null` for what is not there; we write nothing.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, without_nulls(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(list) => list.into_iter().map(without_nulls).collect::<Vec<_>>().into(),
        other => other,
    }
}

#[test]
fn kubectl_means_the_same_in_protobuf_as_in_json() {
    let pairs = pairs(KUBECTL);
    assert!(pairs.len() >= 20, "{}", pairs.len());
    for (body, expected) in pairs {
        let decoded = decode_noting(&body).expect("decodes");
        assert_eq!(decoded.object, without_nulls(expected));
        assert_eq!(decoded.notes, Vec::<String>::new());
    }
}

#[test]
fn every_field_has_its_json_name() {
    let pairs = pairs(KUBERNETES);
    assert!(pairs.len() >= 20, "{}", pairs.len());
    let mut wrong = Vec::new();
    for (body, expected) in pairs {
        let kind = expected["kind"].to_string();
        differences(&kind, &decode(&body).expect("decodes"), &without_nulls(expected), &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The paths at which two values differ, so that a failure names the field and not two whole Pods.
fn differences(path: &str, left: &Value, right: &Value, found: &mut Vec<String>) {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            for key in left.keys().chain(right.keys().filter(|key| !left.contains_key(*key))) {
                let side = |map: &serde_json::Map<_, _>| map.get(key).cloned().unwrap_or_default();
                differences(&format!("{path}.{key}"), &side(left), &side(right), found);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            left.iter().zip(right).for_each(|(left, right)| differences(&format!("{path}[]"), left, right, found));
        }
        _ if left == right => {}
        _ => found.push(format!("{path}: {left} is not {right}")),
    }
}

/// A body around a message.
fn enveloped(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
    let meta = [field(1, api_version.as_bytes()), field(2, kind.as_bytes())].concat();
    [b"k8s\0".to_vec(), field(1, &meta), field(2, raw)].concat()
}

fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).expect("seven bits") | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).expect("seven bits"));
    bytes
}

fn field(tag: usize, bytes: &[u8]) -> Vec<u8> {
    [varint(tag << 3 | 2), varint(bytes.len()), bytes.to_vec()].concat()
}

#[test]
fn pointers_keep_zero_and_values_lose_it() {
    // spec { 1: replicas = 0 (a pointer), 5: minReadySeconds = 0 (a value) }
    let body = enveloped("apps/v1", "Deployment", &field(2, &[0x08, 0, 0x28, 0]));
    let expected = json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 0}});
    assert_eq!(decode(&body), Ok(expected));
}

#[test]
fn options_are_known_under_every_group() {
    let body = enveloped("apps/v1", "DeleteOptions", &[0x08, 0]);
    assert_eq!(decode(&body).expect("decodes")["gracePeriodSeconds"], json!(0));
}

#[test]
fn unknown_fields_are_dropped_with_a_note() {
    // F88
    let body = enveloped("v1", "ConfigMap", &[field(1, &field(1, b"a")), field(999, b"later")].concat());
    let decoded = decode_noting(&body).expect("decodes");
    assert_eq!(decoded.object, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}));
    assert_eq!(decoded.notes, ["protobuf field 999 of io.k8s.api.core.v1.ConfigMap is not known and was dropped"]);
}

#[test]
fn refusals_say_where_and_why() {
    // F88
    let pod = |spec: &[u8]| enveloped("v1", "Pod", &field(2, spec));
    let container = |inner: &[u8]| pod(&field(2, inner));
    for (body, expected) in [
        (b"".to_vec(), "the body does not start with the magic number of Kubernetes' protobuf form"),
        (b"{}".to_vec(), "the body does not start with the magic number of Kubernetes' protobuf form"),
        (b"k8s\0".to_vec(), "the envelope names no kind"),
        (
            enveloped("example.com/v1", "Widget", b""),
            "objects of kind \"Widget\" in version \"example.com/v1\" are not known in protobuf form; send JSON",
        ),
        (container(&field(1, b"\xff")), "spec.containers[0].name: the text is not UTF-8"),
        (container(&[0x08, 1]), "spec.containers[0].name: a number stands where bytes belong"),
        (pod(&[0x12, 0x7f, 0]), "spec: the body ends in the middle of a field"),
        (pod(&[0x13]), "spec: wire type 3 is not understood"),
        (pod(&[0x00]), "spec: a field has number 0"),
        (pod(&[0x20, 0xff, 0xff, 0xff]), "spec: the body ends in the middle of a field"),
        (pod(&[0x20, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]), "spec: a number has more than 64 bits"),
    ] {
        assert_eq!(decode(&body), Err(expected.to_owned()));
    }
}

#[test]
fn nesting_is_bounded() {
    // F88: no type with field numbers contains itself, so no body can reach the bound; the decoder is put there.
    let mut decoder = super::Decoder::default();
    let schema = crate::schema::find("", "v1", "Pod").expect("known");
    let mut object = serde_json::Map::new();
    decoder.exhaust_depth();
    let error = decoder.message(schema, b"", &mut object).expect_err("too deep");
    assert_eq!(error, "messages nest deeper than 64");
}

#[test]
fn values_are_bounded() {
    // F88
    let many: Vec<u8> = [0x12, 0].repeat(200_001);
    let error = decode(&enveloped("v1", "Pod", &field(2, &many))).expect_err("too many");
    assert!(error.ends_with("the body holds more than 200000 values"), "{error}");
}

proptest! {
    /// F88: bytes at random never panic.
    #[test]
    fn garbage_is_an_error(raw in prop::collection::vec(any::<u8>(), 0..200), kind in 0_usize..8) {
        let (version, kind) = [
            ("v1", "Pod"), ("apps/v1", "Deployment"), ("v1", "Secret"), ("v1", "Event"), ("v1", "DeleteOptions"),
            ("autoscaling/v2", "HorizontalPodAutoscaler"), ("authorization.k8s.io/v1", "SubjectAccessReview"),
            ("coordination.k8s.io/v1", "Lease"),
        ][kind];
        drop(decode(&enveloped(version, kind, &raw)));
        drop(decode(&raw));
    }

    /// F88: real bodies with bytes changed, cut or repeated never panic.
    #[test]
    fn damaged_bodies_are_an_error_or_an_object(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let lines: Vec<_> = KUBECTL.lines().step_by(2).collect();
        let mut body = from_hex(lines[which.index(lines.len())]);
        let at = at.index(body.len());
        body[at] = byte;
        body.truncate(cut.index(body.len()) + 1);
        drop(decode(&body));
    }
}
