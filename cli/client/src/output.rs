//! How results are printed: `-o wide|json|yaml|name|jsonpath=...|custom-columns=...`.

mod columns;
pub(crate) mod jsonpath;
pub(crate) mod sort;
pub(crate) mod table;
pub(crate) mod yaml;

use std::str::FromStr;

use anyhow::Result;
use serde_json::{Value, json};

use crate::discovery::Resource;
use crate::value::{name, without_managed_fields};

pub(crate) use columns::Heading;

use columns::Columns;
use jsonpath::Template;

/// A form that objects are printed in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Output {
    /// A table with more columns.
    Wide,
    /// Indented.
    Json,
    /// Block style.
    Yaml,
    /// `pod/web`
    Name,
    /// A template in kubectl's dialect.
    JsonPath(Template),
    /// `NAME:.metadata.name,...`
    Columns(Columns),
}

/// The values that completions offer; the last two take a text after `=`.
pub(crate) const FORMS: [&str; 6] = ["wide", "json", "yaml", "name", "jsonpath=", "custom-columns="];

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (form, rest) = text.split_once('=').map_or((text, None), |(form, rest)| (form, Some(rest)));
        match (form, rest) {
            ("wide", None) => Ok(Self::Wide),
            ("json", None) => Ok(Self::Json),
            ("yaml", None) => Ok(Self::Yaml),
            ("name", None) => Ok(Self::Name),
            ("jsonpath", Some(template)) => template.parse().map(Self::JsonPath),
            ("custom-columns", Some(columns)) => columns.parse().map(Self::Columns),
            ("jsonpath-file", Some(file)) => read(file)?.trim_end().parse().map(Self::JsonPath),
            ("custom-columns-file", Some(file)) => Columns::of_file(&read(file)?).map(Self::Columns),
            ("jsonpath", None) => Err("jsonpath needs a template: jsonpath='{.metadata.name}'".to_owned()),
            ("custom-columns", None) => {
                Err("custom-columns needs columns: custom-columns=NAME:.metadata.name".to_owned())
            }
            ("go-template" | "template" | "go-template-file", _) => {
                Err("Go's templates are not spoken here; jsonpath='{...}' does the same".to_owned())
            }
            _ => Err(format!("{text:?} is none of {}", FORMS.join(", "))),
        }
    }
}

fn read(file: &str) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("cannot read {file}: {error}"))
}

/// One object, or all that were found.
pub(crate) enum Found {
    /// It was asked for by name.
    One(Value),
    /// A list, however long.
    Many(Vec<Value>),
}

impl Found {
    fn objects(&self) -> &[Value] {
        match self {
            Self::One(object) => std::slice::from_ref(object),
            Self::Many(objects) => objects,
        }
    }

    /// As one value: the object, or a `List`.
    fn whole(self, keep_managed_fields: bool) -> Value {
        let clean = |object| if keep_managed_fields { object } else { without_managed_fields(object) };
        match self {
            Self::One(object) => clean(object),
            Self::Many(objects) => json!({
                "apiVersion": "v1",
                "kind": "List",
                "metadata": { "resourceVersion": "" },
                "items": objects.into_iter().map(clean).collect::<Vec<_>>(),
            }),
        }
    }
}

/// The text of objects in a form; `Wide` is none that objects alone can be printed in, as its columns are the server's.
pub(crate) fn text(
    output: &Output,
    found: Found,
    kinds: &dyn Fn(&Value) -> Option<Resource>,
    keep_managed_fields: bool,
) -> Result<String> {
    Ok(match output {
        Output::Json => serde_json::to_string_pretty(&found.whole(keep_managed_fields))? + "\n",
        Output::Yaml => yaml::text(&found.whole(keep_managed_fields))?,
        Output::Name | Output::Wide => found.objects().iter().map(|object| label(object, kinds) + "\n").collect(),
        Output::JsonPath(template) => template.text(&found.whole(true))?,
        Output::Columns(columns) => columns.text(found.objects(), Heading::Shown)?,
    })
}

/// `deployment.apps/web`
pub(crate) fn label(object: &Value, kinds: &dyn Fn(&Value) -> Option<Resource>) -> String {
    match kinds(object) {
        Some(resource) => resource.label(name(object)),
        None => format!("{}/{}", object["kind"].as_str().unwrap_or_default().to_lowercase(), name(object)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_and_others_refused_with_what_there_is() {
        for text in ["wide", "json", "yaml", "name", "jsonpath={.a}", "custom-columns=A:.a"] {
            assert!(text.parse::<Output>().is_ok(), "{text}");
        }
        for (text, wanted) in [
            ("jsonpath", "needs a template"),
            ("go-template={{.a}}", "jsonpath"),
            ("csv", "wide, json, yaml"),
            ("jsonpath-file=/none", "cannot read"),
            ("wide=1", "none of"),
        ] {
            let error = text.parse::<Output>().expect_err(text);
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn who_owns_which_field_is_left_out_unless_asked_for() {
        let object = json!({ "metadata": { "name": "a", "managedFields": [1] } });
        let print = |keep| text(&Output::Json, Found::One(object.clone()), &|_| None, keep).expect("prints");
        assert!(!print(false).contains("managedFields") && print(true).contains("managedFields"));
        let list = text(&Output::Name, Found::Many(vec![object.clone(), object]), &|_| None, false).expect("prints");
        assert_eq!(list, "/a\n/a\n");
    }
}
