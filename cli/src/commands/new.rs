//! `insula new`: a project from a template.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, ensure};
use client::say;
use toolchain::template;

use crate::args;

pub(crate) fn run(args: &args::New) -> Result<()> {
    if args.list {
        return say::lines(template::ALL.iter().map(|one| format!("{:<12}{}", one.name, one.about())));
    }
    let name = args.name.as_deref().unwrap_or_default();
    api::name::check_label_1035(name).map_err(|why| anyhow!("the name {name:?}: {why}"))?;
    let template = template::find(&args.template)?;
    let dir = args.dir.clone().unwrap_or_else(|| PathBuf::from(name));
    let sdk = args.sdk.as_deref().map(sdk).transpose()?;
    template.write(name, &dir, sdk.as_deref())?;
    say::lines([
        format!("made {} from the template {}; next:", dir.display(), template.name),
        format!("  cd {}", dir.display()),
        "  insula dev".to_owned(),
    ])
}

/// The SDK of a clone, by a path that holds wherever the project lies.
fn sdk(given: &Path) -> Result<PathBuf> {
    let there = given.join("rust/Cargo.toml").is_file();
    ensure!(there, "{} is not the folder `sdk` of a clone of Insula: it has no rust/Cargo.toml", given.display());
    Ok(given.canonicalize()?)
}
