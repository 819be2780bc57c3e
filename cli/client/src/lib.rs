//! The client's side of `insula`: Kubernetes' verbs over any cluster's API, for people who have no kubectl.
//!
//! It asks the cluster which kinds it has and works with all of them, custom ones too; no kind is known here by more than
//! a page that describes it well. What is pure (paths into objects, tables, differences, the words of a command line) lies
//! in modules with tables of tests; a verb is a thin file over them. It deliberately knows nothing of Wasm, of hosts, or
//! of how a cluster is run: it is a client like any other, and so it links none of that.

#![expect(clippy::print_stderr, reason = "a command for people: it talks to the terminal")]

pub mod client;
pub mod command_line;
pub mod complete;
pub mod failure;
pub mod logs;
pub mod manifest;
pub mod place;
pub mod progress;
pub mod rollout;
pub mod say;
pub mod target;
pub mod time;
pub mod value;
pub mod verbs;
pub mod watch;

mod channels;
mod choice;
mod containers;
mod describe;
mod diff;
mod discovery;
mod kubeconfig;
mod list;
mod merge;
mod output;
mod query;
mod report;
mod selector;
mod session;
mod template;
mod words;

pub use client::{Answer, Client, MERGE_PATCH, Refusal, STRATEGIC_MERGE_PATCH};
pub use failure::{exit_code, is_broken_pipe};
pub use place::Place;
pub use query::encode;
pub use target::Target;
pub use verbs::Verb;
