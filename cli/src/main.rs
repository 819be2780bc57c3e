//! `insula`, the one binary: every role of a cluster and the developer's commands.
//!
//! This crate parses arguments, reads the environment, sets up logging and prints. What a role does lies in
//! `scheduler` and `host`, what makes components of projects in `toolchain`, what runs one without a cluster in `alone`; the
//! client commands speak the Kubernetes API like any other client.

#![expect(clippy::print_stdout, reason = "a command for people: it talks to the terminal")]

mod args;
mod commands;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use args::{Args, Command, TokenCommand};

/// By this name kubectl finds the program: `kubectl insula get pods`. A link is enough.
const PLUGIN: &str = "kubectl-insula";

fn main() -> ExitCode {
    // The shell asks for completions by a variable; then this answers and ends.
    clap_complete::CompleteEnv::with_factory(Args::command).complete();
    let Err(error) = run(parse().command) else { return ExitCode::SUCCESS };
    let (code, is_untold) = client::exit_code(&error);
    if is_untold {
        client::say::error(&error);
    }
    ExitCode::from(code)
}

/// Reads the command line; a mistake in it ends the program with its help and code 2.
fn parse() -> Args {
    let words: Vec<OsString> = std::env::args_os().collect();
    let is_plugin = words.first().is_some_and(|program| Path::new(program).file_name() == Some(PLUGIN.as_ref()));
    let command = Args::command();
    let command = if is_plugin { command.bin_name("kubectl insula") } else { command };
    let matches = command.get_matches_from(client::command_line::flags_behind_the_verb(words));
    Args::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

fn run(command: Command) -> anyhow::Result<()> {
    if let Command::Compile(args) = &command {
        return commands::compile::run(args);
    }
    if let Command::Worker = &command {
        return commands::worker::run();
    }
    install_tls_provider()?;
    commands::logging::init(command.is_server())?;
    if command.opens_many_files() {
        commands::role::raise_open_files();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(dispatch(command));
    // A blocked disk must not keep a command from ending.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    ended
}

async fn dispatch(command: Command) -> anyhow::Result<()> {
    match command {
        Command::New(args) => commands::new::run(&args),
        Command::Build(args) => Box::pin(commands::build::run(args)).await,
        Command::Run(args) => Box::pin(commands::run::run(args)).await,
        Command::Dev(args) => Box::pin(commands::dev::run(args)).await,
        Command::Doctor(args) => Box::pin(commands::doctor::run(args)).await,
        Command::Up(args) => Box::pin(commands::up::run(args)).await,
        Command::Server(args) => Box::pin(commands::server::run(args)).await,
        Command::Join(args) => Box::pin(commands::join::run(args)).await,
        Command::Token(TokenCommand::Create(args)) => commands::token::create(args).await,
        Command::Push(args) => commands::push::run(args).await,
        Command::Inspect(args) => commands::inspect::run(args).await,
        Command::Compose(args) => commands::compose::run(&args),
        Command::Deploy(args) => Box::pin(commands::deploy::run(args)).await,
        Command::Client(verb) => Box::pin(client::verbs::run(verb)).await,
        Command::Status(args) => commands::status::run(args).await,
        Command::Compile(_) | Command::Worker => unreachable!("handled before the runtime starts"),
    }
}

/// One provider for the whole process: ring.
fn install_tls_provider() -> anyhow::Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("another TLS provider was installed before ours"))
}
