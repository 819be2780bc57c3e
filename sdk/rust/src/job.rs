//! What a run to completion knows of itself.
//!
//! A Job's Pod is an ordinary command ([`main`](macro@crate::main)): its arguments are `std::env::args()`, and what
//! it returns is its exit code. Kubernetes tells it its index, and nothing of earlier attempts.

/// The index of this run in an indexed Job (`completionMode: Indexed`); `None` elsewhere.
///
/// ```no_run
/// let shard = insula_sdk::job::index().unwrap_or(0);
/// println!("working on shard {shard}");
/// ```
#[must_use]
pub fn index() -> Option<u32> {
    std::env::var("JOB_COMPLETION_INDEX").ok()?.parse().ok()
}
