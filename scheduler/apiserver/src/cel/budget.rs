//! What an evaluation may cost, in steps. Not in time: the same evaluation always costs the same.

use std::cell::Cell;

/// Steps of one expression, and of all expressions over one object. Kubernetes' own numbers; a step takes some tens
/// of nanoseconds, so that one object is judged within a second at the very worst.
pub(crate) const CALL_STEPS_MAX: u64 = 1_000_000;
/// See [`CALL_STEPS_MAX`].
pub(crate) const OBJECT_STEPS_MAX: u64 = 10_000_000;
/// Bytes of text that are read or made for one step.
const BYTES_A_STEP: usize = 10;
/// Matching a regular expression begins with compiling it.
const MATCH_STEPS: u64 = 500;

/// Why an evaluation came to no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It went wrong; `||`, `&&`, `exists` and `all` may still come to an answer.
    Error(String),
    /// It cost too much; nothing saves it.
    Exhausted,
}

impl Fault {
    /// A fault with a reason.
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self::Error(why.into())
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Error(why) => f.write_str(why),
            Self::Exhausted => f.write_str("operation cancelled: actual cost limit exceeded"),
        }
    }
}

/// The steps that are left.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Of the present expression.
    call: Cell<u64>,
    /// Of the expressions after it.
    object: Cell<u64>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { call: Cell::new(CALL_STEPS_MAX), object: Cell::new(OBJECT_STEPS_MAX) }
    }
}

impl Budget {
    /// Begins another expression.
    pub(super) fn begin(&self) {
        self.call.set(CALL_STEPS_MAX.min(self.object.get()));
    }

    /// Pays for steps.
    pub(super) fn pay(&self, steps: u64) -> Result<(), Fault> {
        match (self.call.get().checked_sub(steps), self.object.get().checked_sub(steps)) {
            (Some(call), Some(object)) => {
                self.call.set(call);
                self.object.set(object);
                Ok(())
            }
            _ => Err(Fault::Exhausted),
        }
    }

    /// Pays for reading or making so many bytes.
    pub(super) fn pay_bytes(&self, bytes: usize) -> Result<(), Fault> {
        self.pay(u64::try_from(bytes / BYTES_A_STEP).unwrap_or(u64::MAX))
    }

    /// Pays for matching a text.
    pub(super) fn pay_match(&self, text: usize, pattern: usize) -> Result<(), Fault> {
        self.pay(MATCH_STEPS)?;
        self.pay_bytes(text.saturating_mul(pattern.div_ceil(4)))
    }

    /// Pays for so many elements.
    pub(super) fn pay_elements(&self, count: usize) -> Result<(), Fault> {
        self.pay(u64::try_from(count).unwrap_or(u64::MAX))
    }
}
