//! Waiting for conditions with a deadline.

use std::future::Future;
use std::time::{Duration, Instant};

/// Between two looks at a condition that nobody announces.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long anything may take on a busy machine of two cores.
const DEADLINE: Duration = Duration::from_secs(60);

/// Looks until there is something, and returns it.
///
/// # Panics
/// Nothing came within a minute.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, look: impl FnMut() -> F) -> T {
    within(DEADLINE, what, look).await.0
}

/// Looks until there is something, and returns it with the time it took.
///
/// # Panics
/// Nothing came within `deadline`.
pub async fn within<T, F: Future<Output = Option<T>>>(
    deadline: Duration,
    what: &str,
    mut look: impl FnMut() -> F,
) -> (T, Duration) {
    let begin = Instant::now();
    let mut tick = tokio::time::interval(LOOK_EVERY);
    loop {
        tick.tick().await;
        // A look that hangs is a look that saw nothing.
        let left = deadline.saturating_sub(begin.elapsed());
        if let Ok(Some(found)) = tokio::time::timeout(left, look()).await {
            return (found, begin.elapsed());
        }
        assert!(begin.elapsed() < deadline, "not within {deadline:?}: {what}");
    }
}
