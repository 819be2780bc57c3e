//! Where the program's own log goes: standard error, filtered by `$INSULA_LOG`.

use anyhow::Result;
use tracing_subscriber::EnvFilter;

const VARIABLE: &str = "INSULA_LOG";

/// Roles log state changes; client commands only what went wrong.
pub(crate) fn init(is_server: bool) -> Result<()> {
    let default = if is_server { "info" } else { "error" };
    let filter = EnvFilter::try_from_env(VARIABLE).or_else(|_| EnvFilter::try_new(default))?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    Ok(())
}
