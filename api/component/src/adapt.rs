//! Makes components of core modules for WASI preview 1, so that everything after has one path.
//!
//! The module goes into a component, beside the adapter that wasmtime's authors publish, which implements preview 1 over
//! WASI 0.2; what the module does not use of the adapter is left out. One import is led past it: see [`exit`]. The file that a user pushed stays
//! as it is, with its digest: the component is made anew where it is described and where it is compiled, always the
//! same from the same bytes.

mod exit;

use std::borrow::Cow;

use wasi_preview1_component_adapter_provider as adapter;
use wasmparser::Parser;
use wit_component::ComponentEncoder;

use crate::Error;
use crate::decode::guarded;
use crate::outline::{Module, Outline, check_head};

/// The component to run for `wasm`: itself if it is one, else the core module for WASI preview 1 wrapped.
///
/// A component is not looked at any further; [`describe`](crate::describe()) and compilers validate it.
///
/// # Errors
///
/// What is neither a component nor can be made one: see [`Error`].
pub fn adapt(wasm: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
    check_head(wasm)?;
    if Parser::is_component(wasm) {
        return Ok(Cow::Borrowed(wasm));
    }
    // A command becomes `wasi:cli/run`; a reactor has what its world says, or nothing.
    wrap(wasm, Outline::read(wasm)?.module).map(Cow::Owned)
}

/// Wraps a valid core module.
pub(crate) fn wrap(wasm: &[u8], mut module: Module) -> Result<Vec<u8>, Error> {
    module.check()?;
    let adapter = if module.is_command {
        adapter::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER
    } else {
        adapter::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER
    };
    let told = |error: Box<dyn std::error::Error>| Error::Wrap { message: error.to_string() };
    let redirected = exit::redirect(wasm).map_err(told)?;
    let exit = redirected.as_ref().map(|_| exit::adapter()).transpose().map_err(told)?;
    let encode = || {
        let mut encoder = ComponentEncoder::default().module(redirected.as_deref().unwrap_or(wasm))?;
        if let Some(exit) = &exit {
            encoder = encoder.adapter(exit::NAME, exit)?;
        }
        encoder.adapter(adapter::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, adapter)?.encode()
    };
    guarded(encode).map_err(|message| Error::Wrap { message })
}

#[cfg(test)]
mod tests;
