//! Evaluation: a walk over the tree that pays for every step.

use std::cell::RefCell;
use std::sync::Arc;

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, ListExpr, LiteralValue, MapExpr, SelectExpr,
};

use super::functions;
use super::operators::{self, no_overload};
use super::value::{Map, Text};
use super::{Budget, Fault, Program, Value};

/// What an expression sees.
pub(crate) struct Run<'b, 'a> {
    /// Variables by name.
    pub(crate) variables: &'b [(&'a str, Value<'a>)],
    /// Variables that are expressions themselves, under `variables`.
    pub(crate) composed: Option<&'b Composed<'a>>,
    /// What it may cost.
    pub(crate) budget: &'b Budget,
}

/// Expressions with names, evaluated when they are first asked for. Each sees those before it.
#[derive(Default)]
pub(crate) struct Composed<'a> {
    all: Vec<(&'a str, &'a Program)>,
    known: RefCell<Vec<Option<Result<Value<'a>, Fault>>>>,
}

impl<'a> Composed<'a> {
    /// Expressions in their order.
    pub(crate) fn new(all: Vec<(&'a str, &'a Program)>) -> Self {
        let known = RefCell::new(vec![None; all.len()]);
        Self { all, known }
    }

    fn get(&self, name: &str, run: &Run<'_, 'a>) -> Result<Option<Value<'a>>, Fault> {
        let Some(at) = self.all.iter().position(|(found, _)| *found == name) else { return Ok(None) };
        if let Some(known) = self.known.borrow().get(at).cloned().flatten() {
            return known.map(Some);
        }
        let value = run.eval(&self.all[at].1.root, &Scope::Root);
        if let Some(known) = self.known.borrow_mut().get_mut(at) {
            *known = Some(value.clone());
        }
        value.map(Some)
    }
}

/// Names that macros bind, innermost first.
enum Scope<'s, 'a> {
    Root,
    /// What `all` and `exists` have come to may be an error that a later element settles.
    Bound {
        name: &'a str,
        value: Outcome<'a>,
        outer: &'s Scope<'s, 'a>,
    },
}

impl<'a> Scope<'_, 'a> {
    fn find(&self, wanted: &str) -> Option<&Outcome<'a>> {
        let mut scope = self;
        while let Scope::Bound { name, value, outer } = scope {
            if *name == wanted {
                return Some(value);
            }
            scope = outer;
        }
        None
    }
}

/// What the walk returns everywhere.
type Outcome<'a> = Result<Value<'a>, Fault>;

impl<'a> Run<'_, 'a> {
    /// The value of a program.
    ///
    /// # Errors
    /// What went wrong, or that it cost too much.
    pub(crate) fn value(&self, program: &'a Program) -> Outcome<'a> {
        self.budget.begin();
        self.eval(&program.root, &Scope::Root)
    }

    fn eval(&self, node: &'a IdedExpr, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        self.budget.pay(1)?;
        match &node.expr {
            Expr::Literal(literal) => Ok(value_of(literal)),
            Expr::Ident(name) => self.ident(name, scope),
            Expr::Select(select) => self.select(select, scope),
            Expr::Call(call) => self.call(call, scope),
            Expr::List(list) => self.list(list, scope),
            Expr::Map(map) => self.map(map, scope),
            Expr::Comprehension(all) => self.comprehension(all, scope),
            Expr::Struct(made) => Err(Fault::new(format!("objects of type {} cannot be made", made.type_name))),
            Expr::Unspecified => Err(Fault::new("an empty expression")),
        }
    }

    fn ident(&self, name: &str, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        // A name that begins with a dot is meant from the root.
        let name = name.strip_prefix('.').unwrap_or(name);
        if let Some(bound) = scope.find(name) {
            return bound.clone();
        }
        let variable = self.variables.iter().find(|(found, _)| *found == name).map(|(_, value)| value.clone());
        let named = || functions::type_named(name).map(Value::Type);
        variable.or_else(named).ok_or_else(|| Fault::new(format!("undeclared reference to '{name}'")))
    }

    fn select(&self, select: &'a SelectExpr, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        if let Some(typed) = functions::type_named_by(select) {
            return Ok(Value::Type(typed));
        }
        let found = self.member(&select.operand, &select.field, scope)?;
        match found {
            (found, _) if select.test => Ok(Value::Bool(found.is_some())),
            // What is selected from an optional is one.
            (found, true) => Ok(optional(found)),
            (Some(found), false) => Ok(found),
            (None, false) => Err(Fault::new(format!("no such key: {}", select.field))),
        }
    }

    /// A field of what an expression comes to, and whether that was an optional.
    fn member(
        &self,
        operand: &'a IdedExpr,
        field: &'a str,
        scope: &Scope<'_, 'a>,
    ) -> Result<(Option<Value<'a>>, bool), Fault> {
        if let (Expr::Ident(name), Some(composed)) = (&operand.expr, self.composed)
            && name == "variables"
            && scope.find(name).is_none()
        {
            return Ok((composed.get(field, self)?, false));
        }
        let whole = self.eval(operand, scope)?;
        Ok((whole.field(field)?, matches!(whole, Value::Optional(_))))
    }

    fn call(&self, call: &'a CallExpr, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        match (call.func_name.as_str(), call.args.as_slice()) {
            ("_&&_", [a, b]) => self.logic(a, b, false, scope),
            ("_||_", [a, b]) => self.logic(a, b, true, scope),
            ("_?_:_", [condition, yes, no]) => match self.eval(condition, scope)? {
                Value::Bool(true) => self.eval(yes, scope),
                Value::Bool(false) => self.eval(no, scope),
                other => Err(no_overload("_?_:_", &[&other])),
            },
            ("!_", [a]) => match self.eval(a, scope)? {
                Value::Bool(flag) => Ok(Value::Bool(!flag)),
                other => Err(no_overload("!_", &[&other])),
            },
            ("@not_strictly_false", [a]) => match self.eval(a, scope) {
                Err(Fault::Exhausted) => Err(Fault::Exhausted),
                Ok(Value::Bool(false)) => Ok(Value::Bool(false)),
                _ => Ok(Value::Bool(true)),
            },
            ("_?._" | "_[?_]", [whole, index]) => {
                let (whole, index) = (self.eval(whole, scope)?, self.eval(index, scope)?);
                Ok(optional(whole.at(&index)?))
            }
            ("_[_]", [whole, index]) => self.index(whole, index, scope),
            (name, [a, b]) if call.target.is_none() && is_operator(name) => {
                let (a, b) = (self.eval(a, scope)?, self.eval(b, scope)?);
                self.binary(name, &a, &b)
            }
            ("-_", [a]) => operators::negate(&self.eval(a, scope)?),
            _ => self.function(call, scope),
        }
    }

    fn index(&self, whole: &'a IdedExpr, index: &'a IdedExpr, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        let (whole, index) = (self.eval(whole, scope)?, self.eval(index, scope)?);
        let found = whole.at(&index)?;
        if matches!(whole, Value::Optional(_)) {
            return Ok(optional(found));
        }
        found.ok_or_else(|| match whole {
            Value::List(_) => Fault::new(format!("index out of bounds: {}", functions::to_text(&index))),
            _ => Fault::new(format!("no such key: {}", functions::to_text(&index))),
        })
    }

    fn binary(&self, name: &str, a: &Value<'a>, b: &Value<'a>) -> Outcome<'a> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let order = || operators::compare(name, a, b, self.budget);
        Ok(Value::Bool(match name {
            "_==_" => operators::equal(a, b, self.budget)?,
            "_!=_" => !operators::equal(a, b, self.budget)?,
            "_<_" => order()? == Some(Less),
            "_<=_" => matches!(order()?, Some(Less | Equal)),
            "_>_" => order()? == Some(Greater),
            "_>=_" => matches!(order()?, Some(Greater | Equal)),
            "@in" => operators::is_in(a, b, self.budget)?,
            _ => return operators::arithmetic(name, a, b, self.budget),
        }))
    }

    /// `&&` and `||`: one side may settle it whatever becomes of the other.
    fn logic(&self, a: &'a IdedExpr, b: &'a IdedExpr, settles: bool, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        let first = self.truth(a, scope);
        if first == Ok(settles) || first == Err(Fault::Exhausted) {
            return first.map(Value::Bool);
        }
        let second = self.truth(b, scope);
        if second == Ok(settles) || second == Err(Fault::Exhausted) {
            return second.map(Value::Bool);
        }
        first.and(second).map(Value::Bool)
    }

    fn truth(&self, node: &'a IdedExpr, scope: &Scope<'_, 'a>) -> Result<bool, Fault> {
        match self.eval(node, scope)? {
            Value::Bool(flag) => Ok(flag),
            other => Err(Fault::new(format!("no such overload: a {} is neither true nor false", other.type_name()))),
        }
    }

    fn function(&self, call: &'a CallExpr, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        let mut arguments = Vec::with_capacity(call.args.len() + 1);
        // `sets.contains(a, b)`: the target is part of the name.
        let qualified = functions::qualified(call);
        if let Some(target) = call.target.as_ref().filter(|_| qualified.is_none()) {
            arguments.push(self.eval(target, scope)?);
        }
        let is_member = !arguments.is_empty();
        for argument in &call.args {
            arguments.push(self.eval(argument, scope)?);
        }
        functions::call(qualified.as_deref().unwrap_or(&call.func_name), is_member, &arguments, self.budget)
    }

    fn list(&self, list: &'a ListExpr, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        let mut elements = Vec::with_capacity(list.elements.len());
        for (at, element) in list.elements.iter().enumerate() {
            let value = self.eval(element, scope)?;
            match value {
                Value::Optional(inner) if list.optional_indices.contains(&at) => {
                    elements.extend(inner.map(|inner| (*inner).clone()));
                }
                value => elements.push(value),
            }
        }
        Ok(Value::list(elements))
    }

    fn map(&self, map: &'a MapExpr, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        let mut entries: Vec<(Value<'a>, Value<'a>)> = Vec::with_capacity(map.entries.len());
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
            let (key, value) = (self.eval(&entry.key, scope)?, self.eval(&entry.value, scope)?);
            if !matches!(key, Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Text(_)) {
                return Err(Fault::new(format!("unsupported key type: {}", key.type_name())));
            }
            if entries.iter().any(|(found, _)| functions::is_same_key(found, &key)) {
                return Err(Fault::new(format!("Failed with repeated key: {}", functions::to_text(&key))));
            }
            match value {
                Value::Optional(None) if entry.optional => {}
                Value::Optional(Some(inner)) if entry.optional => entries.push((key, (*inner).clone())),
                value => entries.push((key, value)),
            }
        }
        Ok(Value::Map(Map::Made(Arc::new(entries))))
    }

    fn comprehension(&self, all: &'a ComprehensionExpr, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        let range = elements(self.eval(&all.iter_range, scope)?)?;
        self.budget.pay_elements(range.len())?;
        if let Some(growth) = grows(&all.loop_step.expr, &all.accu_var) {
            return self.grow(all, &growth, range, scope);
        }
        let mut accumulated = self.eval(&all.accu_init, scope);
        for element in range {
            let outer = Scope::Bound { name: &all.accu_var, value: accumulated.clone(), outer: scope };
            if matches!(self.eval(&all.loop_cond, &outer)?, Value::Bool(false)) {
                break;
            }
            let inner = Scope::Bound { name: &all.iter_var, value: Ok(element), outer: &outer };
            accumulated = self.eval(&all.loop_step, &inner);
            if matches!(accumulated, Err(Fault::Exhausted)) {
                break;
            }
        }
        self.eval(&all.result, &Scope::Bound { name: &all.accu_var, value: accumulated, outer: scope })
    }

    /// `map` and `filter`: a list that grows is not copied for each of its elements.
    fn grow(
        &self,
        all: &'a ComprehensionExpr,
        growth: &Growth<'a>,
        range: Vec<Value<'a>>,
        scope: &Scope<'_, 'a>,
    ) -> Outcome<'a> {
        let mut grown = Vec::new();
        for element in range {
            let inner = Scope::Bound { name: &all.iter_var, value: Ok(element), outer: scope };
            let is_wanted = growth.condition.map_or(Ok(true), |condition| self.truth(condition, &inner))?;
            if is_wanted {
                grown.push(self.eval(growth.element, &inner)?);
            }
        }
        let grown = Ok(Value::list(grown));
        self.eval(&all.result, &Scope::Bound { name: &all.accu_var, value: grown, outer: scope })
    }
}

/// A step that adds one element to the accumulated list: that of `map` and `filter`.
struct Growth<'a> {
    condition: Option<&'a IdedExpr>,
    element: &'a IdedExpr,
}

fn grows<'a>(step: &'a Expr, accumulator: &str) -> Option<Growth<'a>> {
    let is_accumulator = |node: &IdedExpr| matches!(&node.expr, Expr::Ident(name) if name == accumulator);
    let Expr::Call(call) = step else { return None };
    match (call.func_name.as_str(), call.args.as_slice()) {
        ("_+_", [list, more]) if is_accumulator(list) => match &more.expr {
            Expr::List(ListExpr { elements, .. }) => match elements.as_slice() {
                [element] => Some(Growth { condition: None, element }),
                _ => None,
            },
            _ => None,
        },
        ("_?_:_", [condition, yes, no]) if is_accumulator(no) => match grows(&yes.expr, accumulator)? {
            Growth { condition: None, element } => Some(Growth { condition: Some(condition), element }),
            Growth { .. } => None,
        },
        _ => None,
    }
}

fn optional(found: Option<Value<'_>>) -> Value<'_> {
    match found {
        Some(Value::Optional(inner)) => Value::Optional(inner),
        found => Value::Optional(found.map(Arc::new)),
    }
}

/// What a macro runs over: the elements of a list, the keys of a map.
fn elements(range: Value<'_>) -> Result<Vec<Value<'_>>, Fault> {
    match range {
        Value::List(list) => Ok(list.iter().collect()),
        Value::Map(map) => Ok(map.entries().into_iter().map(|(key, _)| key).collect()),
        other => Err(Fault::new(format!("a {} has no elements", other.type_name()))),
    }
}

fn is_operator(name: &str) -> bool {
    matches!(name, "_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_" | "@in" | "_+_" | "_-_" | "_*_" | "_/_" | "_%_")
}

fn value_of(literal: &LiteralValue) -> Value<'_> {
    match literal {
        LiteralValue::Null => Value::Null,
        LiteralValue::Boolean(flag) => Value::Bool(*flag.inner()),
        LiteralValue::Int(n) => Value::Int(*n.inner()),
        LiteralValue::UInt(n) => Value::UInt(*n.inner()),
        LiteralValue::Double(n) => Value::Double(*n.inner()),
        LiteralValue::String(text) => Value::Text(Text::Of(text.inner())),
        LiteralValue::Bytes(bytes) => Value::Bytes(bytes.inner().into()),
    }
}
