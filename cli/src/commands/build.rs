//! `insula build`: a component of a project, and whether a cluster would run it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use client::failure::Told;
use client::say;
use toolchain::{Built, Pace, Project};

use super::admit::admit;
use super::inspect::bytes;
use super::role;
use crate::args;

/// As a shell tells of a command that was interrupted.
pub(crate) const INTERRUPTED: u8 = 130;

pub(crate) async fn run(args: args::Build) -> Result<()> {
    let built = make(&args.dir, &args.make, Pace::Thorough).await?;
    let size = bytes(built.wasm.len() as u64);
    say::line(format!("{}, {size}, built in {:.2} s", shown(&built.path).display(), built.took.as_secs_f64()))
}

/// Builds what is in `dir`, which must be what hosts run. An interrupt ends the tools too.
pub(crate) async fn make(dir: &Path, make: &args::Make, pace: Pace) -> Result<Built> {
    let project = Project::open(dir, make.language)?;
    let tools = tools(make)?;
    let built = tokio::select! {
        built = toolchain::build(&project, &tools, pace) => built?,
        asked = role::stop_asked() => {
            asked?;
            return Err(Told(INTERRUPTED).into());
        }
    };
    admit(&built.path.display().to_string(), &built.wasm)?;
    Ok(built)
}

/// Where pinned compilers are kept: the directory given, or the user's caches (XDG base directories).
pub(crate) fn tools(make: &args::Make) -> Result<PathBuf> {
    if let Some(dir) = &make.tools {
        return std::path::absolute(dir).with_context(|| dir.display().to_string());
    }
    let caches = std::env::var_os("XDG_CACHE_HOME").filter(|dir| Path::new(dir).is_absolute()).map(PathBuf::from);
    let caches = caches.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    let caches = caches.context("$HOME is not set; say where to keep compilers with --tools DIR")?;
    Ok(caches.join("insula/tools"))
}

/// A path as one would type it here.
fn shown(path: &Path) -> &Path {
    let here = std::env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path)
}
