//! Formats with names, Kubernetes' library `format`: what names and labels must be like, and a few of OpenAPI's.

use std::sync::Arc;

use api::name;

use super::super::{Budget, Fault, Value};
use super::Gives::{Dyn, Of};
use super::Sort::{NamedFormat, Text};
use super::{Function, global, member, misused};
use crate::custom::Format;

/// Its name as a type.
pub(in super::super) const NAMED_FORMAT: &str = "kubernetes.NamedFormat";

/// A format.
#[derive(Debug)]
pub(crate) struct Named {
    name: &'static str,
    check: fn(&str) -> Result<(), String>,
}

static FORMATS: [Named; 13] = [
    Named { name: "dns1123Label", check: name::check_label },
    Named { name: "dns1123Subdomain", check: name::check_subdomain },
    Named { name: "dns1035Label", check: name::check_label_1035 },
    Named { name: "qualifiedName", check: name::check_qualified },
    Named { name: "dns1123LabelPrefix", check: |text| name::check_label(&prefix(text)) },
    Named { name: "dns1123SubdomainPrefix", check: |text| name::check_subdomain(&prefix(text)) },
    Named { name: "dns1035LabelPrefix", check: |text| name::check_label_1035(&prefix(text)) },
    Named { name: "labelValue", check: name::check_label_value },
    Named { name: "uri", check: |text| has(Format::Uri, text) },
    Named { name: "uuid", check: |text| has(Format::Uuid, text) },
    Named { name: "byte", check: |text| has(Format::Byte, text) },
    Named { name: "date", check: |text| has(Format::Date, text) },
    Named { name: "datetime", check: |text| has(Format::DateTime, text) },
];

pub(super) const FUNCTIONS: &[Function] = &[
    global("format.named", &[Text], Of(super::Sort::Optional), |args, _| {
        let [Value::Text(wanted)] = args else { return misused() };
        let found = FORMATS.iter().find(|format| *format.name == **wanted);
        Ok(Value::Optional(found.map(|format| Arc::new(Value::Format(format)))))
    }),
    global("format.dns1123Label", &[], Of(NamedFormat), nth::<0>),
    global("format.dns1123Subdomain", &[], Of(NamedFormat), nth::<1>),
    global("format.dns1035Label", &[], Of(NamedFormat), nth::<2>),
    global("format.qualifiedName", &[], Of(NamedFormat), nth::<3>),
    global("format.dns1123LabelPrefix", &[], Of(NamedFormat), nth::<4>),
    global("format.dns1123SubdomainPrefix", &[], Of(NamedFormat), nth::<5>),
    global("format.dns1035LabelPrefix", &[], Of(NamedFormat), nth::<6>),
    global("format.labelValue", &[], Of(NamedFormat), nth::<7>),
    global("format.uri", &[], Of(NamedFormat), nth::<8>),
    global("format.uuid", &[], Of(NamedFormat), nth::<9>),
    global("format.byte", &[], Of(NamedFormat), nth::<10>),
    global("format.date", &[], Of(NamedFormat), nth::<11>),
    global("format.datetime", &[], Of(NamedFormat), nth::<12>),
    member("validate", &[NamedFormat, Text], Dyn, validate),
];

fn nth<'a, const N: usize>(_: &[Value<'a>], _: &Budget) -> Result<Value<'a>, Fault> {
    Ok(Value::Format(&FORMATS[N]))
}

/// What is wrong with a text, if anything is.
fn validate<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let [Value::Format(format), Value::Text(text)] = args else { return misused() };
    budget.pay_bytes(text.len())?;
    let wrong = (format.check)(text).err().map(|why| Arc::new(Value::list(vec![Value::text(why)])));
    Ok(Value::Optional(wrong))
}

/// What generated names begin with may end with a dash.
fn prefix(text: &str) -> String {
    match text.strip_suffix('-') {
        Some(front) => format!("{front}a"),
        None => text.to_owned(),
    }
}

fn has(format: Format, text: &str) -> Result<(), String> {
    if format.has(text) { Ok(()) } else { Err(format!("must be of the format {}", format.name())) }
}

/// What a format is called.
pub(super) fn shown(format: &Named) -> &'static str {
    format.name
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
