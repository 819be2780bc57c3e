//! Objects as YAML, in block style and so that every reader gets back what was meant.

use anyhow::{Context, Result};
use serde_json::Value;

/// The text, with a newline at its end.
pub(crate) fn text(value: &Value) -> Result<String> {
    let mut options = serde_saphyr::SerializerOptions::default();
    options.compact_list_indent = true;
    let text = serde_saphyr::to_string_with_options(value, options).context("the object cannot be written as YAML")?;
    Ok(if text.ends_with('\n') { text } else { text + "\n" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn objects_are_written_in_block_style() {
        let object = json!({
            "kind": "ConfigMap",
            "metadata": { "name": "c", "labels": {} },
            "data": { "yes": "no", "n": "12", "text": "two\nlines\n", "empty": "", "colon": "a: b", "t": "true" },
            "list": [{ "a": 1, "b": [] }, "x"],
        });
        expect![[r#"
            kind: ConfigMap
            metadata:
              name: c
              labels: {}
            data:
              "yes": "no"
              "n": "12"
              text: |
                two
                lines
              empty: ""
              colon: "a: b"
              t: "true"
            list:
            - a: 1
              b: []
            - x
        "#]]
        .assert_eq(&text(&object).expect("writes"));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[ -~\n\t]{0,20}".prop_map(Value::from),
            "(yes|no|on|off|null|~|true|1e3|0x1f|1_000|-|---|2024-01-01|0o7|\\.inf|=|<<)".prop_map(Value::from),
            Just(Value::Null),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[ -~]{1,8}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in value()) {
            let written = text(&value).expect("writes");
            let read: Value = serde_saphyr::from_str(&written).map_err(|e| TestCaseError::fail(format!("{e}\n{written}")))?;
            prop_assert_eq!(read, value, "{}", written);
        }
    }
}
