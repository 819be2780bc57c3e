//! Expressions of the Common Expression Language, as CustomResourceDefinitions and admission policies hold them.
//!
//! The crate `cel` parses. Evaluation is ours, because an expression comes from a user and runs on the request path:
//! here every step is paid for from a [`Budget`], so that no expression and no object can hang the server, and the
//! same expression over the same object always comes to the same end. Objects are read in place, with the types of
//! their schema. [`check`] finds, before anything is stored, what could not work: names that nobody declared,
//! functions that do not exist, fields that the schema does not have.
//!
//! What is not here: protobuf messages, and functions that return parts of a regular expression's
//! match (`find`, `findAll`). `docs/compatibility.md` lists the functions there are.

mod budget;
mod check;
mod eval;
mod functions;
mod operators;
mod pattern;
mod program;
mod typing;
mod value;

#[cfg(test)]
mod tests;

pub(crate) use budget::{Budget, Fault};
pub(crate) use check::{Declared, check};
pub(crate) use eval::{Composed, Run};
pub(crate) use functions::{Asking, Decision, Question, Stage, parse_duration, parse_time};
pub(crate) use pattern::Pattern;
pub(crate) use program::{Program, compile};
pub(crate) use typing::{Fields, Listing, Typing};
pub(crate) use value::Value;
