//! The functions of expressions: one table, by which calls are checked before and carried out when they run.
//!
//! A function is a row: its name, whether it has a receiver, what it takes and what it gives. Sources: the CEL
//! specification ("Standard definitions"), cel-go's extensions (strings, sets), Kubernetes' libraries (lists, regular
//! expressions, URL, IP, CIDR, quantity, versions, formats).

mod authorizer;
mod convert;
mod format;
mod list;
mod named;
mod network;
mod optional;
mod quantity;
mod semver;
mod text;
mod time;

use std::collections::HashMap;
use std::sync::LazyLock;

use cel::common::ast::{CallExpr, Expr, SelectExpr};

use super::operators::{double, no_overload};
use super::typing::Typing;
use super::{Budget, Fault, Value};

pub(crate) use authorizer::{Asking, Decision, Question, Stage};
pub(super) use authorizer::{DECISION, REQUEST_RESOURCE};
pub(super) use convert::to_text;
pub(super) use named::NAMED_FORMAT;
pub(crate) use named::Named;
pub(super) use network::{CIDR, IP, URL};
pub(crate) use network::{Network, Url};
pub(super) use quantity::QUANTITY;
pub(super) use semver::SEMVER;
pub(crate) use semver::SemanticVersion;
pub(crate) use time::{parse_duration, parse_time};

/// What carries a call out. It is given as many arguments, of such sorts, as its row says.
type Native = for<'a> fn(&[Value<'a>], &Budget) -> Result<Value<'a>, Fault>;

/// One row.
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) style: Style,
    /// The receiver first, if there is one.
    pub(super) takes: &'static [Sort],
    pub(super) gives: Gives,
    run: Native,
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `f(a)`
    Global,
    /// `a.f()`
    Member,
}

/// A sort of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Any,
    Bool,
    Int,
    UInt,
    Double,
    Text,
    Bytes,
    List,
    Map,
    Duration,
    Timestamp,
    Optional,
    Quantity,
    Url,
    Ip,
    Cidr,
    Rights(Stage),
    Decision,
    Semver,
    NamedFormat,
}

/// What is known of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    Dyn,
    Type,
    Of(Sort),
    /// A list of texts.
    Texts,
    /// An element of the first argument.
    Element,
    /// What the first argument holds, if it is an optional.
    Held,
    /// The first argument, made optional.
    Optional,
}

const fn global(name: &'static str, takes: &'static [Sort], gives: Gives, run: Native) -> Function {
    Function { name, style: Style::Global, takes, gives, run }
}

const fn member(name: &'static str, takes: &'static [Sort], gives: Gives, run: Native) -> Function {
    Function { name, style: Style::Member, takes, gives, run }
}

static FUNCTIONS: LazyLock<HashMap<&'static str, Vec<&'static Function>>> = LazyLock::new(|| {
    let libraries = [
        authorizer::FUNCTIONS,
        convert::FUNCTIONS,
        text::FUNCTIONS,
        format::FUNCTIONS,
        list::FUNCTIONS,
        time::FUNCTIONS,
        quantity::FUNCTIONS,
        semver::FUNCTIONS,
        named::FUNCTIONS,
        network::FUNCTIONS,
        optional::FUNCTIONS,
    ];
    let mut all: HashMap<_, Vec<_>> = HashMap::new();
    for function in libraries.into_iter().flatten() {
        all.entry(function.name).or_default().push(function);
    }
    all
});

/// The rows of a name.
pub(super) fn named(name: &str) -> &'static [&'static Function] {
    FUNCTIONS.get(name).map_or(&[], Vec::as_slice)
}

/// Every name, for the documentation's test.
#[cfg(test)]
pub(super) fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = FUNCTIONS.keys().copied().collect();
    names.sort_unstable();
    names
}

/// Carries a call out.
pub(super) fn call<'a>(
    name: &str,
    is_member: bool,
    arguments: &[Value<'a>],
    budget: &Budget,
) -> Result<Value<'a>, Fault> {
    let rows = named(name);
    if rows.is_empty() {
        return Err(Fault::new(format!("undeclared reference to '{name}'")));
    }
    let style = if is_member { Style::Member } else { Style::Global };
    let fits = |row: &&&Function| {
        row.style == style
            && row.takes.len() == arguments.len()
            && row.takes.iter().zip(arguments).all(|(sort, argument)| sort.has(argument))
    };
    match rows.iter().find(fits) {
        Some(row) => (row.run)(arguments, budget),
        None => Err(no_overload(name, &arguments.iter().collect::<Vec<_>>())),
    }
}

impl Sort {
    fn has(self, value: &Value<'_>) -> bool {
        match self {
            Self::Any => true,
            Self::Bool => matches!(value, Value::Bool(_)),
            Self::Int => matches!(value, Value::Int(_)),
            Self::UInt => matches!(value, Value::UInt(_)),
            Self::Double => matches!(value, Value::Double(_)),
            Self::Text => matches!(value, Value::Text(_)),
            Self::Bytes => matches!(value, Value::Bytes(_)),
            Self::List => matches!(value, Value::List(_)),
            Self::Map => matches!(value, Value::Map(_)),
            Self::Duration => matches!(value, Value::Duration(_)),
            Self::Timestamp => matches!(value, Value::Timestamp(_)),
            Self::Optional => matches!(value, Value::Optional(_)),
            Self::Quantity => matches!(value, Value::Quantity(_)),
            Self::Url => matches!(value, Value::Url(_)),
            Self::Ip => matches!(value, Value::Ip(_)),
            Self::Cidr => matches!(value, Value::Cidr(_)),
            Self::Rights(stage) => matches!(value, Value::Rights(found, _) if *found == stage),
            Self::Decision => matches!(value, Value::Decision(_)),
            Self::Semver => matches!(value, Value::Semver(_)),
            Self::NamedFormat => matches!(value, Value::Format(_)),
        }
    }

    /// Whether a value of a type may be of this sort.
    pub(super) fn may_be(self, typing: &Typing) -> bool {
        match typing {
            Typing::Dyn => true,
            Typing::Bool => matches!(self, Self::Any | Self::Bool),
            Typing::Int => matches!(self, Self::Any | Self::Int),
            Typing::UInt => matches!(self, Self::Any | Self::UInt),
            Typing::Double => matches!(self, Self::Any | Self::Double),
            Typing::Text => matches!(self, Self::Any | Self::Text),
            Typing::Bytes => matches!(self, Self::Any | Self::Bytes),
            Typing::Duration => matches!(self, Self::Any | Self::Duration),
            Typing::Timestamp => matches!(self, Self::Any | Self::Timestamp),
            Typing::List(..) => matches!(self, Self::Any | Self::List),
            Typing::Map(_) | Typing::Object(_) | Typing::Built(_) => matches!(self, Self::Any | Self::Map),
            Typing::Optional(_) => matches!(self, Self::Any | Self::Optional),
            Typing::Named(name) => self == Self::Any || self.typing().name() == *name,
            Typing::Null | Typing::Type => self == Self::Any,
        }
    }

    /// The type of values of this sort.
    pub(super) fn typing(self) -> Typing {
        match self {
            Self::Any => Typing::Dyn,
            Self::Bool => Typing::Bool,
            Self::Int => Typing::Int,
            Self::UInt => Typing::UInt,
            Self::Double => Typing::Double,
            Self::Text => Typing::Text,
            Self::Bytes => Typing::Bytes,
            Self::List => Typing::List(Box::new(Typing::Dyn), super::typing::Listing::Atomic),
            Self::Map => Typing::Map(Box::new(Typing::Dyn)),
            Self::Duration => Typing::Duration,
            Self::Timestamp => Typing::Timestamp,
            Self::Optional => Typing::Optional(Box::new(Typing::Dyn)),
            Self::Quantity => Typing::Named(QUANTITY),
            Self::Url => Typing::Named(URL),
            Self::Ip => Typing::Named(IP),
            Self::Cidr => Typing::Named(CIDR),
            Self::Rights(stage) => Typing::Named(stage.name()),
            Self::Decision => Typing::Named(DECISION),
            Self::Semver => Typing::Named(SEMVER),
            Self::NamedFormat => Typing::Named(NAMED_FORMAT),
        }
    }
}

/// Names in front of functions that are no values.
const NAMESPACES: [&str; 6] = ["optional", "sets", "strings", "ip", "cidr", "format"];

/// `sets.contains`, if that is how a call is written.
pub(super) fn qualified(call: &CallExpr) -> Option<String> {
    let Expr::Ident(namespace) = &call.target.as_ref()?.expr else { return None };
    let name = format!("{namespace}.{}", call.func_name);
    (NAMESPACES.contains(&namespace.as_str()) && FUNCTIONS.contains_key(name.as_str())).then_some(name)
}

/// The type that an identifier names.
pub(super) fn type_named(name: &str) -> Option<&'static str> {
    const TYPES: [&str; 10] = ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"];
    TYPES.into_iter().find(|found| *found == name)
}

/// `google.protobuf.Timestamp` and `google.protobuf.Duration`.
pub(super) fn type_named_by(select: &SelectExpr) -> Option<&'static str> {
    let Expr::Select(package) = &select.operand.expr else { return None };
    if select.test || package.field != "protobuf" || package.operand.expr != Expr::Ident("google".to_owned()) {
        return None;
    }
    match select.field.as_str() {
        "Timestamp" => Some("google.protobuf.Timestamp"),
        "Duration" => Some("google.protobuf.Duration"),
        _ => None,
    }
}

/// Whether two keys of a map are one: numbers are by their value.
pub(super) fn is_same_key(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => **a == **b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::UInt(a), Value::UInt(b)) => a == b,
        (a, b) => double(a).zip(double(b)).is_some_and(|(a, b)| a.total_cmp(&b).is_eq()),
    }
}

/// What stands where a row promises an argument that is not there; a row that lies is a bug, not a crash.
fn misused<'a>() -> Result<Value<'a>, Fault> {
    Err(Fault::new("a function was given other arguments than it takes"))
}
