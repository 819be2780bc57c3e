//! `insula completion`: the lines that teach a shell to ask the program what fits.

use anyhow::{Result, anyhow};
use clap_complete::env::Shells;

use crate::say;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// bash, zsh, fish, elvish or powershell. Bash: add `source <(insula completion bash)` to ~/.bashrc.
    #[arg(value_name = "SHELL", value_parser = ["bash", "zsh", "fish", "elvish", "powershell"])]
    shell: String,
}

/// The variable by which the shell asks.
const VARIABLE: &str = "COMPLETE";

pub(crate) fn run(args: &Args) -> Result<()> {
    let shells = Shells::builtins();
    let shell = shells.completer(&args.shell).ok_or_else(|| anyhow!("there is no completion for {}", args.shell))?;
    let program = std::env::args_os().next().unwrap_or_else(|| "insula".into());
    let name = std::path::Path::new(&program).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut script = Vec::new();
    // By name, so that a newer program in the same place is asked.
    shell.write_registration(VARIABLE, &name, &name, &name, &mut script)?;
    say::raw(&script)
}
