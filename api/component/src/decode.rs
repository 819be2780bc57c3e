//! Asks wit-component, and survives what it does not expect.
//!
//! Its decoder and encoder are made for what toolchains produce: on some valid but senseless components they stop with
//! an assertion. Here such a component is one more that is refused. The validator has bounded how deep types nest
//! before, so there is no overflow of the stack, which nothing could catch.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wit_component::DecodedWasm;

use crate::Error;
use crate::error::message;

/// The world of a valid component.
pub(crate) fn decode(component: &[u8]) -> Result<DecodedWasm, Error> {
    guarded(|| wit_component::decode(component)).map_err(|message| Error::Wit { message })
}

/// What `act` says, as text if it fails or panics.
///
/// `act` must own what it changes, or leave it to be dropped: after a panic it may be half done.
pub(crate) fn guarded<T, E: Display>(act: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(act)) {
        Ok(result) => result.map_err(message),
        Err(_) => Err("it is built as no toolchain builds components".to_owned()),
    }
}
