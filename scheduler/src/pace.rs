//! Rests for loops that read the whole cluster, so that none ever takes more than half of a core.
//!
//! A loop whose round takes long has much to look at, and while it rests, changes gather for its next round: the work
//! of a burst grows with the cluster and not with the square of it. Rounds of a small cluster are over before a rest
//! would be worth it. What must not wait at all does not belong into such a loop.

use std::time::Duration;

/// A shorter round needs no rest, and timers have no finer grain.
const SHORT: Duration = Duration::from_millis(1);
/// However long a round took, the cluster is looked at again.
const REST_MAX: Duration = Duration::from_millis(250);

/// Rests as long as a round has computed.
pub(crate) async fn rest(computed: Duration) {
    if let Some(rest) = rest_after(computed) {
        tokio::time::sleep(rest).await;
    }
}

fn rest_after(computed: Duration) -> Option<Duration> {
    (computed >= SHORT).then(|| computed.min(REST_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_as_long_as_the_round_within_bounds() {
        let millis = Duration::from_millis;
        assert_eq!(rest_after(Duration::from_micros(999)), None);
        assert_eq!(rest_after(millis(40)), Some(millis(40)));
        assert_eq!(rest_after(millis(4_000)), Some(REST_MAX));
    }
}
