//! What the bytes of strangers go through, one function each: for the fuzz targets in `tests/fuzz`, whose corpora the
//! test below replays. They return nothing; what matters is that they return (F87, F88).

use api::resource;
use api::selector::Selector;
use bytes::BytesMut;
use serde_json::{Value, json};

use crate::body::{self, Encoding};
use crate::kinds::Subresource;
use crate::objects::{FieldSelector, Patch};
use crate::spdy;

/// A body in JSON, and the same in YAML.
pub fn manifest(bytes: &[u8]) {
    for encoding in [Encoding::Json, Encoding::Yaml] {
        if let Ok(decoded) = body::decode(encoding, bytes) {
            drop(decoded.value.to_string());
        }
    }
}

/// A body in protobuf.
pub fn protobuf(bytes: &[u8]) {
    drop(body::decode(Encoding::Protobuf, bytes));
}

/// A patch in each of the forms that clients compute themselves.
pub fn patch(bytes: &[u8]) {
    let Ok(decoded) = body::decode(Encoding::Json, bytes) else { return };
    let object = deployment();
    for form in [Patch::Merge, Patch::Json, Patch::Strategic] {
        drop(form(decoded.value.clone()).apply(&resource::DEPLOYMENTS, Subresource::Main, &object));
    }
}

/// A selector by labels, and one by fields.
pub fn selector(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(selector) = Selector::parse(text) {
        let _matches = selector.matches(None);
    }
    drop(FieldSelector::parse(&resource::PODS, text));
}

/// What a client of a forwarded port sends, in pieces of several sizes.
pub fn spdy(bytes: &[u8]) {
    for at_once in [1, 7, usize::MAX] {
        let (mut decoder, mut buffer) = (spdy::Decoder::default(), BytesMut::new());
        for piece in bytes.chunks(at_once.min(bytes.len().max(1))) {
            buffer.extend_from_slice(piece);
            while let Ok(Some(_)) = decoder.next(&mut buffer) {}
        }
    }
}

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [
                    {"name": "a", "image": "a:v1", "ports": [{"containerPort": 80}], "env": [{"name": "X", "value": "1"}]},
                    {"name": "b", "image": "b:v1", "args": ["x"]},
                ]},
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::{Duration, Instant};

    use super::*;

    /// Longest that one input may take, in a debug build on a busy machine.
    type Target = fn(&[u8]);
    const TOOK_MAX: Duration = Duration::from_secs(5);

    // F87, F88
    #[test]
    fn every_input_that_was_ever_of_interest_returns_in_time() {
        let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus");
        let targets: [(&str, Target); 5] = [
            ("manifest", manifest),
            ("patch", patch),
            ("protobuf", protobuf),
            ("selector", selector),
            ("spdy", super::spdy),
        ];
        for (name, target) in targets {
            let inputs = fs::read_dir(corpora.join(name)).expect("a corpus").filter_map(Result::ok);
            let mut count = 0;
            for input in inputs {
                let bytes = fs::read(input.path()).expect("an input");
                let begin = Instant::now();
                target(&bytes);
                assert!(begin.elapsed() < TOOK_MAX, "{} takes {:?}", input.path().display(), begin.elapsed());
                count += 1;
            }
            assert!(count >= 6, "{name} has {count} inputs");
        }
    }
}
