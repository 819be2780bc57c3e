//! `cargo xtask bench`: speed and memory, as ratios against a peer in the same run.
//!
//! Every measurement first asserts that the work is done, then times it, and prints one line a figure, beside the
//! goal where there is one; a missed goal makes the run fail at its end. The cluster runs with the shipped defaults:
//! deadlines, limits and metrics on, every write fsynced, REST over TLS.

#![expect(clippy::print_stdout, reason = "a program that reports to people")]

mod cluster;
mod cold;
mod creates;
mod density;
mod goal;
mod lists;
mod memory;
mod peer;
mod race;
mod speed;
mod trouble;
mod watchers;
mod wire;

use std::process::ExitCode;

use futures::future::BoxFuture;

type Bench = fn() -> BoxFuture<'static, ()>;

const BENCHES: [(&str, Bench); 16] = [
    ("idle", || Box::pin(memory::idle())),
    ("apply", || Box::pin(speed::apply())),
    ("replicas", || Box::pin(memory::replicas())),
    ("density", || Box::pin(density::density())),
    ("calls", || Box::pin(density::calls())),
    ("hello", || Box::pin(speed::hello())),
    ("nginx", || Box::pin(speed::nginx())),
    ("javascript", || Box::pin(speed::javascript())),
    ("isolated", || Box::pin(speed::isolated())),
    ("cold", || Box::pin(cold::cold())),
    ("rollout", || Box::pin(trouble::rollout())),
    ("failover", || Box::pin(trouble::failover())),
    ("neighbours", || Box::pin(trouble::neighbours())),
    ("creates", || Box::pin(creates::creates())),
    ("lists", || Box::pin(lists::lists())),
    ("watchers", || Box::pin(watchers::watchers())),
];

#[tokio::main]
async fn main() -> ExitCode {
    let only = std::env::args().nth(1);
    for (name, bench) in BENCHES {
        if only.as_deref().is_none_or(|only| name.contains(only)) {
            println!("== {name}");
            bench().await;
        }
    }
    match goal::missed() {
        0 => ExitCode::SUCCESS,
        missed => {
            println!("{missed} goals were missed");
            ExitCode::FAILURE
        }
    }
}
