//! When a request is tried again. Pure, except that a budget counts.
//!
//! An endpoint that never saw the request costs nothing to pass over. One that may have seen it is asked again, or
//! another in its place, only if asking twice means the same as asking once, and only for a tenth of the requests, so
//! that a cluster in trouble is not given more to do because of it.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::limits::ATTEMPTS_MAX;

/// How an attempt failed, as far as trying again is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The host said, before reading the body, that it has no such Pod.
    Gone,
    /// It was never sent: no connection, or refused by the peer as not processed.
    NotSent,
    /// It was sent and the connection broke before a response.
    Broken,
}

/// What is known of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Circumstances {
    /// Endpoints tried so far.
    pub(crate) attempts: usize,
    /// Its body can be sent again from the start.
    pub(crate) replayable: bool,
    /// Asking twice means the same as asking once (RFC 9110, 9.2.2).
    pub(crate) idempotent: bool,
}

/// Whether to try another endpoint.
pub(crate) fn again(failure: Failure, request: Circumstances, budget: &Budget) -> bool {
    if !request.replayable || request.attempts >= ATTEMPTS_MAX {
        return false;
    }
    match failure {
        Failure::Gone | Failure::NotSent => true,
        Failure::Broken => request.idempotent && budget.withdraw(),
    }
}

/// Retries that may load an endpoint twice: one for every ten requests, and a small reserve, so that the first
/// requests after a quiet time have some too. One per request runtime.
#[derive(Debug)]
pub(crate) struct Budget(AtomicI64);

impl Budget {
    /// Requests that earn one retry.
    const REQUESTS_PER_RETRY: i64 = 10;
    /// Retries that can be saved up: a host that dies takes what is under way with it, which is about this much.
    const RETRIES_MAX: i64 = 100;
    /// Retries there are before the first request.
    const RETRIES_AT_START: i64 = 10;

    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(Self::RETRIES_AT_START * Self::REQUESTS_PER_RETRY))
    }

    /// A request was made.
    pub(crate) fn deposit(&self) {
        if self.0.load(Ordering::Relaxed) < Self::RETRIES_MAX * Self::REQUESTS_PER_RETRY {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn withdraw(&self) -> bool {
        let spend = |left: i64| (left >= Self::REQUESTS_PER_RETRY).then(|| left - Self::REQUESTS_PER_RETRY);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(attempts: usize, replayable: bool, idempotent: bool) -> Circumstances {
        Circumstances { attempts, replayable, idempotent }
    }

    #[test]
    fn what_was_never_read_is_tried_again_and_what_may_have_been_only_if_idempotent() {
        let budget = Budget::new();
        for (failure, request, expected) in [
            (Failure::Gone, case(1, true, false), true),
            (Failure::Gone, case(1, false, true), false),
            (Failure::Gone, case(ATTEMPTS_MAX, true, true), false),
            (Failure::NotSent, case(1, true, false), true),
            (Failure::NotSent, case(1, false, false), false),
            (Failure::Broken, case(1, true, true), true),
            (Failure::Broken, case(1, true, false), false),
            (Failure::Broken, case(1, false, true), false),
            (Failure::Broken, case(ATTEMPTS_MAX, true, true), false),
        ] {
            assert_eq!(again(failure, request, &budget), expected, "{failure:?} {request:?}");
        }
    }

    // F72, F73
    #[test]
    fn retries_of_sent_requests_stay_within_a_tenth() {
        let budget = Budget::new();
        let mut retries = 0;
        for _ in 0..10_000 {
            budget.deposit();
            retries += i64::from(again(Failure::Broken, case(1, true, true), &budget));
        }
        assert_eq!(retries, 1_000 + Budget::RETRIES_AT_START);
    }

    #[test]
    fn a_quiet_time_saves_up_only_so_much() {
        let budget = Budget::new();
        for _ in 0..1_000_000 {
            budget.deposit();
        }
        let retries = (0..1_000_000).filter(|_| budget.withdraw()).count();
        assert_eq!(retries, 100);
    }
}
