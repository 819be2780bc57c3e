//! Between hosts: one proxy calls a Pod behind another, over mutual-TLS HTTP/2.
//!
//! The wire is the client's request with three headers more (`wire`). The caller keeps a few connections per host
//! and lane (`link`, `dial`); the callee (`server`, `gate`) refuses a Pod it does not have before it reads a body.

mod call;
mod dial;
mod gate;
mod link;
mod server;
mod tls;
mod wire;

pub(crate) use call::{Callee, RemoteError, call};
pub(crate) use link::Links;
pub(crate) use server::{serve, without_body};
pub(crate) use tls::Credentials;
