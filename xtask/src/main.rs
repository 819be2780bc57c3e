//! Every chore a contributor has, in Rust: `cargo xtask demo | test | guests | languages | clients | bench`.
//!
//! This is a thin shell over cargo and the `insula` binary. Nothing here is part of the product, and it
//! depends on no other crate of the house, so that it builds in seconds.

#![expect(clippy::print_stdout, reason = "a command for people: it talks to the terminal")]

mod bench;
mod clients;
mod demo;
mod guests;
mod languages;
mod libraries;
mod packages;
mod process;
mod suite;

use clap::{Parser, Subcommand};

/// Insula's chores.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build everything, start a cluster, deploy the sample application and print its URLs.
    Demo {
        /// Ask the URLs, print what they answer, and exit; non-zero if anything is wrong.
        #[arg(long)]
        check: bool,
        /// Use the dev profile instead of release.
        #[arg(long)]
        dev: bool,
    },
    /// Everything a contributor must pass: fmt, clippy, tidy, unit, integration, end to end, docs.
    Test {
        /// Only the steps whose name contains this text.
        only: Option<String>,
    },
    /// Build the guest components of `samples/`.
    Guests,
    /// Build the guests of `samples/languages`: JavaScript, Python, C and Go.
    Languages,
    /// Fetch the pinned Kubernetes clients that the end-to-end tests use.
    Clients,
    /// Measure, as ratios against peers in the same run.
    Bench {
        /// Only the measurements whose name contains this text.
        only: Option<String>,
    },
}

fn main() -> anyhow::Result<()> {
    match Args::parse().chore {
        Chore::Demo { check, dev } => demo::run_demo(check, dev),
        Chore::Test { only } => suite::run_all(only.as_deref()),
        Chore::Guests => guests::build().map(|dir| println!("components: {}", dir.display())),
        Chore::Languages => languages::build().map(|dir| println!("guests: {}", dir.display())),
        Chore::Clients => clients::fetch_all().map(|dir| println!("clients: {}", dir.display())),
        Chore::Bench { only } => bench::run_all(only.as_deref()),
    }
}
