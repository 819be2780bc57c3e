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

/// Ends the run at once with an exit code, which `std::process::exit` cuts to 0 or 1.
///
/// Only what calls it imports `wasi:cli/exit` of 0.2.12, the first release that tells the code.
///
/// ```no_run
/// insula_sdk::job::exit(3);
/// ```
pub fn exit(code: u8) -> ! {
    // A host that ends the instance does not see what lies in a buffer. Who cannot be told does not change the code.
    drop(std::io::Write::flush(&mut std::io::stdout()));
    wasip2::cli::exit::exit_with_code(code);
    // The host does not return from it; a host that did would be wrong.
    std::process::abort()
}
