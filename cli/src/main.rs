//! `insula`, the one binary: every role of a cluster and the developer's commands.
//!
//! This crate parses arguments, reads the environment, sets up logging and prints. What a role does lies in
//! `scheduler` and `host`; the client commands speak the Kubernetes API like any other client.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people: it talks to the terminal")]

mod args;
mod client;
mod commands;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command, TokenCommand};

fn main() -> ExitCode {
    let args = Args::parse();
    match run(args.command) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has seen enough.
        Err(error) if client::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
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
    if command.is_server() {
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
        Command::Up(args) => Box::pin(commands::up::run(args)).await,
        Command::Server(args) => Box::pin(commands::server::run(args)).await,
        Command::Join(args) => Box::pin(commands::join::run(args)).await,
        Command::Token(TokenCommand::Create(args)) => commands::token::create(args).await,
        Command::Push(args) => commands::push::run(args).await,
        Command::Inspect(args) => commands::inspect::run(args).await,
        Command::Compose(args) => commands::compose::run(&args),
        Command::Deploy(args) => Box::pin(commands::deploy::run(args)).await,
        Command::Apply(args) => commands::apply::run(args).await,
        Command::Get(args) => commands::get::run(args).await,
        Command::Logs(args) => commands::logs::run(args).await,
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
