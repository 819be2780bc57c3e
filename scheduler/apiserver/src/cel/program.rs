//! From source to a program: parsed within bounds, or refused with the place and the reason.

use std::sync::LazyLock;

use cel::Env;
use cel::common::ast::{EntryExpr, Expr, IdedExpr, SourceInfo};

/// Longest source. The longest in use, of projects that generate theirs, are near 4 KiB.
const SOURCE_BYTES_MAX: usize = 16 << 10;
/// Deepest tree. Evaluation recurses, on the stack of the request.
const DEPTH_MAX: usize = 120;
/// Stack for parsing: a chain such as `a + a + ...` is as deep as it is long until its depth is known.
const PARSE_STACK_BYTES: usize = 64 << 20;

/// A parsed expression.
#[derive(Debug)]
pub(crate) struct Program {
    pub(super) root: IdedExpr,
    places: SourceInfo,
}

/// The standard macros, and those of optionals.
static ENV: LazyLock<Env> = LazyLock::new(|| Env::stdlib().with_optional_support(true));

/// Parses an expression.
///
/// # Errors
/// Every mistake with its line and column and the line itself, as Kubernetes shows them.
pub(crate) fn compile(source: &str) -> Result<Program, String> {
    if source.trim().is_empty() {
        return Err("must not be empty".to_owned());
    }
    if source.len() > SOURCE_BYTES_MAX {
        return Err(format!("an expression may not be longer than {SOURCE_BYTES_MAX} bytes"));
    }
    let outcome = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("cel".to_owned()).stack_size(PARSE_STACK_BYTES);
        thread.spawn_scoped(scope, || parse(source)).map(std::thread::ScopedJoinHandle::join)
    });
    match outcome {
        Ok(Ok(parsed)) => parsed.map_err(|why| format!("compilation failed: {why}")),
        Ok(Err(_)) => Err("compilation failed: the parser gave up".to_owned()),
        Err(error) => Err(format!("compilation failed: no thread to parse on: {error}")),
    }
}

fn parse(source: &str) -> Result<Program, String> {
    let parsed = ENV.parser().enable_optional_syntax(true).enable_ident_escape_syntax(true);
    let (root, places) = parsed.parse_with_source_info(source).map_err(|errors| {
        let shown: Vec<_> = errors.errors.iter().map(|e| shown(source, e.pos, &e.msg)).collect();
        shown.join("\n")
    })?;
    if depth(&root) > DEPTH_MAX {
        return Err(format!("the expression is nested deeper than {DEPTH_MAX} levels"));
    }
    Ok(Program { root, places })
}

impl Program {
    /// Whether an identifier occurs in it.
    pub(crate) fn names(&self, wanted: &str) -> bool {
        let mut todo = vec![&self.root];
        while let Some(node) = todo.pop() {
            if matches!(&node.expr, Expr::Ident(name) if name == wanted) {
                return true;
            }
            children(&node.expr, &mut |child| todo.push(child));
        }
        false
    }

    /// A mistake at a place of the source.
    pub(super) fn mistake(&self, id: u64, why: &str) -> String {
        let source = &self.places.source;
        let start = self.places.offset_for(id).map_or(0, |(start, _)| usize::try_from(start).unwrap_or(0));
        let before: String = source.chars().take(start).collect();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let number = |n: usize| isize::try_from(n).unwrap_or(isize::MAX);
        shown(source, (number(line), number(column)), why)
    }
}

/// `ERROR: <input>:1:6: why`, the line, and a mark under the place.
fn shown(source: &str, (line, column): (isize, isize), why: &str) -> String {
    let text = usize::try_from(line - 1).ok().and_then(|line| source.lines().nth(line)).unwrap_or_default();
    let dots = ".".repeat(usize::try_from(column - 1).unwrap_or(0));
    format!("ERROR: <input>:{line}:{column}: {why}\n | {text}\n | {dots}^")
}

/// How deep a tree is. Does not recurse.
fn depth(root: &IdedExpr) -> usize {
    let (mut deepest, mut todo) = (0, vec![(root, 1)]);
    while let Some((node, level)) = todo.pop() {
        deepest = deepest.max(level);
        children(&node.expr, &mut |child| todo.push((child, level + 1)));
    }
    deepest
}

/// Calls `visit` with every part of an expression.
pub(super) fn children<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e IdedExpr)) {
    let entries = |entries: &'e [cel::common::ast::IdedEntryExpr], visit: &mut dyn FnMut(&'e IdedExpr)| {
        for entry in entries {
            match &entry.expr {
                EntryExpr::StructField(field) => visit(&field.value),
                EntryExpr::MapEntry(entry) => {
                    visit(&entry.key);
                    visit(&entry.value);
                }
            }
        }
    };
    match expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        Expr::Call(call) => call.target.iter().map(|target| &**target).chain(&call.args).for_each(visit),
        Expr::Comprehension(all) => {
            [&all.iter_range, &all.accu_init, &all.loop_cond, &all.loop_step, &all.result].into_iter().for_each(visit);
        }
        Expr::List(list) => list.elements.iter().for_each(visit),
        Expr::Map(map) => entries(&map.entries, visit),
        Expr::Struct(made) => entries(&made.entries, visit),
        Expr::Select(select) => visit(&select.operand),
    }
}
