//! What can be told of an expression before it runs: names, fields, functions and types.
//!
//! A type that is not known may be anything; only what cannot work is a mistake.

use std::borrow::Cow;

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr};

use super::Program;
use super::functions::{self, Function, Gives, Style};
use super::typing::{Field, Listing, Typing};

/// A variable and its type.
pub(crate) type Declared<'t> = (&'t str, Cow<'t, Typing>);

/// The type an expression comes to.
///
/// # Errors
/// The first mistake, with its place.
pub(crate) fn check(program: &Program, declared: &[Declared<'_>]) -> Result<Typing, String> {
    let checker = Checker { program, declared };
    checker.node(&program.root, &Bound::Root).map_err(|why| format!("compilation failed: {why}"))
}

struct Checker<'c> {
    program: &'c Program,
    declared: &'c [Declared<'c>],
}

/// Names that macros bind.
enum Bound<'s> {
    Root,
    Name { name: &'s str, typing: Typing, outer: &'s Bound<'s> },
}

impl Bound<'_> {
    fn find(&self, wanted: &str) -> Option<&Typing> {
        let mut bound = self;
        while let Bound::Name { name, typing, outer } = bound {
            if *name == wanted {
                return Some(typing);
            }
            bound = outer;
        }
        None
    }
}

impl Checker<'_> {
    fn mistake(&self, node: &IdedExpr, why: &str) -> String {
        self.program.mistake(node.id, why)
    }

    fn node(&self, node: &IdedExpr, bound: &Bound<'_>) -> Result<Typing, String> {
        match &node.expr {
            Expr::Literal(literal) => Ok(of_literal(literal)),
            Expr::Ident(name) => self.ident(node, name, bound),
            Expr::Select(select) => self.select(node, select, bound),
            Expr::Call(call) => self.call(node, call, bound),
            Expr::List(list) => {
                let mut inner = None;
                for element in &list.elements {
                    inner = Some(joined(inner, self.node(element, bound)?));
                }
                Ok(Typing::List(Box::new(inner.unwrap_or(Typing::Dyn)), Listing::Atomic))
            }
            Expr::Map(map) => {
                let mut inner = None;
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
                    self.node(&entry.key, bound)?;
                    inner = Some(joined(inner, self.node(&entry.value, bound)?));
                }
                Ok(Typing::Map(Box::new(inner.unwrap_or(Typing::Dyn))))
            }
            Expr::Comprehension(all) => self.comprehension(node, all, bound),
            Expr::Struct(made) => {
                Err(self.mistake(node, &format!("undeclared reference to '{}' (in container '')", made.type_name)))
            }
            Expr::Unspecified => Err(self.mistake(node, "unspecified expression")),
        }
    }

    fn ident(&self, node: &IdedExpr, name: &str, bound: &Bound<'_>) -> Result<Typing, String> {
        let name = name.strip_prefix('.').unwrap_or(name);
        if let Some(typing) = bound.find(name) {
            return Ok(typing.clone());
        }
        if let Some((_, typing)) = self.declared.iter().find(|(found, _)| *found == name) {
            return Ok(typing.clone().into_owned());
        }
        if functions::type_named(name).is_some() {
            return Ok(Typing::Type);
        }
        Err(self.mistake(node, &format!("undeclared reference to '{name}' (in container '')")))
    }

    fn select(&self, node: &IdedExpr, select: &SelectExpr, bound: &Bound<'_>) -> Result<Typing, String> {
        if functions::type_named_by(select).is_some() {
            return Ok(Typing::Type);
        }
        let whole = self.node(&select.operand, bound)?;
        let found = self.field(node, &whole, &select.field)?;
        Ok(if select.test { Typing::Bool } else { found })
    }

    fn field(&self, node: &IdedExpr, whole: &Typing, name: &str) -> Result<Typing, String> {
        if let Typing::Optional(inner) = whole {
            return Ok(Typing::Optional(Box::new(self.field(node, inner, name)?)));
        }
        match whole.field(name) {
            Field::Known(typing) => Ok(typing.into_owned()),
            Field::Untold => Ok(Typing::Dyn),
            Field::Unknown if matches!(whole, Typing::Object(_) | Typing::Built(_)) => {
                Err(self.mistake(node, &format!("undefined field '{name}'")))
            }
            Field::Unknown => Err(self.mistake(node, &format!("type '{whole}' does not support field selection"))),
        }
    }

    fn call(&self, node: &IdedExpr, call: &CallExpr, bound: &Bound<'_>) -> Result<Typing, String> {
        let qualified = functions::qualified(call);
        let mut arguments = Vec::with_capacity(call.args.len() + 1);
        if let Some(target) = call.target.as_ref().filter(|_| qualified.is_none()) {
            arguments.push(self.node(target, bound)?);
        }
        let style = if arguments.is_empty() { Style::Global } else { Style::Member };
        if call.func_name == "_?._" {
            return self.optional_field(node, call, bound);
        }
        for argument in &call.args {
            arguments.push(self.node(argument, bound)?);
        }
        if let Some(result) = operator(&call.func_name, &arguments) {
            return result.map_err(|()| self.mistake(node, &no_overload(&call.func_name, &arguments)));
        }
        let name = qualified.as_deref().unwrap_or(&call.func_name);
        let rows = functions::named(name);
        if !rows.iter().any(|row| row.style == style) {
            return Err(self.mistake(node, &format!("undeclared reference to '{name}' (in container '')")));
        }
        let fits = |row: &&&Function| {
            row.style == style
                && row.takes.len() == arguments.len()
                && row.takes.iter().zip(&arguments).all(|(sort, typing)| sort.may_be(typing))
        };
        let mut fitting = rows.iter().filter(fits);
        let Some(row) = fitting.next() else { return Err(self.mistake(node, &no_overload(name, &arguments))) };
        let is_certain = fitting.all(|other| other.gives == row.gives);
        Ok(if is_certain { result(row.gives, &arguments) } else { Typing::Dyn })
    }

    /// `a.?b`
    fn optional_field(&self, node: &IdedExpr, call: &CallExpr, bound: &Bound<'_>) -> Result<Typing, String> {
        let [whole, IdedExpr { expr: Expr::Literal(LiteralValue::String(name)), .. }] = call.args.as_slice() else {
            return Ok(Typing::Dyn);
        };
        match self.field(node, &self.node(whole, bound)?, name.inner())? {
            already @ Typing::Optional(_) => Ok(already),
            found => Ok(Typing::Optional(Box::new(found))),
        }
    }

    fn comprehension(&self, node: &IdedExpr, all: &ComprehensionExpr, bound: &Bound<'_>) -> Result<Typing, String> {
        let range = self.node(&all.iter_range, bound)?;
        let has_elements =
            matches!(range, Typing::Dyn | Typing::List(..) | Typing::Map(_) | Typing::Object(_) | Typing::Built(_));
        if !has_elements {
            let why = format!(
                "expression of type '{range}' cannot be range of a comprehension (must be list, map, or dynamic)"
            );
            return Err(self.mistake(node, &why));
        }
        let start = self.node(&all.accu_init, bound)?;
        // An empty list may come to hold anything.
        let accumulated = if matches!(start, Typing::List(..)) { Typing::Dyn } else { start };
        let outer = Bound::Name { name: &all.accu_var, typing: accumulated, outer: bound };
        self.node(&all.loop_cond, &outer)?;
        let inner = Bound::Name { name: &all.iter_var, typing: range.element(), outer: &outer };
        let grown = self.node(&all.loop_step, &inner)?;
        let last = Bound::Name { name: &all.accu_var, typing: grown, outer: bound };
        self.node(&all.result, &last)
    }
}

fn of_literal(literal: &LiteralValue) -> Typing {
    match literal {
        LiteralValue::Null => Typing::Null,
        LiteralValue::Boolean(_) => Typing::Bool,
        LiteralValue::Int(_) => Typing::Int,
        LiteralValue::UInt(_) => Typing::UInt,
        LiteralValue::Double(_) => Typing::Double,
        LiteralValue::String(_) => Typing::Text,
        LiteralValue::Bytes(_) => Typing::Bytes,
    }
}

/// One type for several values.
fn joined(before: Option<Typing>, next: Typing) -> Typing {
    match before {
        Some(before) if before != next => Typing::Dyn,
        _ => next,
    }
}

fn result(gives: Gives, arguments: &[Typing]) -> Typing {
    let first = || arguments.first().cloned().unwrap_or(Typing::Dyn);
    match gives {
        Gives::Dyn => Typing::Dyn,
        Gives::Type => Typing::Type,
        Gives::Of(sort) => sort.typing(),
        Gives::Texts => Typing::List(Box::new(Typing::Text), Listing::Atomic),
        Gives::Element => first().element(),
        Gives::Held => match first() {
            Typing::Optional(inner) => *inner,
            _ => Typing::Dyn,
        },
        Gives::Optional => Typing::Optional(Box::new(first())),
    }
}

fn is_number(typing: &Typing) -> bool {
    matches!(typing, Typing::Int | Typing::UInt | Typing::Double)
}

/// What an operator comes to; `None` if it is none, an error if it has no such operands.
fn operator(name: &str, arguments: &[Typing]) -> Option<Result<Typing, ()>> {
    let is = |typing: &Typing, wanted: &Typing| matches!(typing, Typing::Dyn) || typing == wanted;
    Some(match (name, arguments) {
        ("_&&_" | "_||_", [a, b]) if is(a, &Typing::Bool) && is(b, &Typing::Bool) => Ok(Typing::Bool),
        ("!_", [a]) if is(a, &Typing::Bool) => Ok(Typing::Bool),
        ("@not_strictly_false", [_]) => Ok(Typing::Bool),
        ("_?:_" | "_?_:_", [condition, yes, no]) if is(condition, &Typing::Bool) => {
            Ok(joined(Some(yes.clone()), no.clone()))
        }
        ("_==_" | "_!=_", [a, b]) if may_be_equal(a, b) => Ok(Typing::Bool),
        ("_<_" | "_<=_" | "_>_" | "_>=_", [a, b]) if have_order(a, b) => Ok(Typing::Bool),
        ("@in", [_, Typing::List(..) | Typing::Map(_) | Typing::Dyn | Typing::Object(_) | Typing::Built(_)]) => {
            Ok(Typing::Bool)
        }
        ("_+_" | "_-_" | "_*_" | "_/_" | "_%_", [a, b]) => sum(name, a, b),
        ("-_", [a]) if matches!(a, Typing::Dyn | Typing::Int | Typing::Double) => Ok(a.clone()),
        ("_[_]", [whole, _]) => indexed(whole),
        ("_[?_]", [whole, _]) => indexed(whole).map(|inner| Typing::Optional(Box::new(inner))),
        ("_&&_" | "_||_" | "!_" | "_?_:_" | "_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_" | "@in" | "-_", _) => {
            Err(())
        }
        _ => return None,
    })
}

fn may_be_equal(a: &Typing, b: &Typing) -> bool {
    let is_open = |t: &Typing| matches!(t, Typing::Dyn | Typing::Null | Typing::Optional(_));
    let shape = |t: &Typing| match t {
        Typing::List(..) => 1,
        Typing::Map(_) | Typing::Object(_) | Typing::Built(_) => 2,
        _ => 0,
    };
    is_open(a) || is_open(b) || a == b || (shape(a) > 0 && shape(a) == shape(b))
}

fn have_order(a: &Typing, b: &Typing) -> bool {
    use Typing::{Bool, Bytes, Duration, Dyn, Text, Timestamp};
    let has = |t: &Typing| is_number(t) || matches!(t, Bool | Bytes | Duration | Dyn | Text | Timestamp);
    has(a) && has(b) && (a == b || *a == Dyn || *b == Dyn || (is_number(a) && is_number(b)))
}

fn sum(name: &str, a: &Typing, b: &Typing) -> Result<Typing, ()> {
    use Typing::{Bytes, Duration, Dyn, List, Text, Timestamp};
    match (name, a, b) {
        (_, Dyn, Dyn) => Ok(Dyn),
        (_, a, Dyn) | (_, Dyn, a) if is_number(a) => Ok(a.clone()),
        (_, a, b) if is_number(a) && a == b && (name != "_%_" || *a != Typing::Double) => Ok(a.clone()),
        ("_+_", Text, Text | Dyn) | ("_+_", Dyn, Text) => Ok(Text),
        ("_+_", Bytes, Bytes | Dyn) | ("_+_", Dyn, Bytes) => Ok(Bytes),
        ("_+_", List(a, listing), List(b, _)) => {
            Ok(List(Box::new(joined(Some((**a).clone()), (**b).clone())), listing.clone()))
        }
        ("_+_", List(..), Dyn) | ("_+_", Dyn, List(..)) => Ok(List(Box::new(Dyn), Listing::Atomic)),
        ("_+_" | "_-_", Timestamp, Duration) | ("_+_", Duration, Timestamp) => Ok(Timestamp),
        ("_-_", Timestamp, Timestamp) => Ok(Duration),
        ("_+_" | "_-_", Duration, Duration) => Ok(Duration),
        ("_+_" | "_-_", Timestamp | Duration, Dyn) | ("_+_" | "_-_", Dyn, Timestamp | Duration) => Ok(Dyn),
        _ => Err(()),
    }
}

fn indexed(whole: &Typing) -> Result<Typing, ()> {
    match whole {
        Typing::List(inner, _) => Ok((**inner).clone()),
        Typing::Map(values) => Ok((**values).clone()),
        Typing::Dyn | Typing::Object(_) | Typing::Built(_) => Ok(Typing::Dyn),
        Typing::Optional(inner) => indexed(inner),
        _ => Err(()),
    }
}

fn no_overload(name: &str, arguments: &[Typing]) -> String {
    let types: Vec<_> = arguments.iter().map(ToString::to_string).collect();
    format!("found no matching overload for '{name}' applied to '({})'", types.join(", "))
}
