//! Greets each of its arguments, and ends with a status that says whether there were any.
//!
//! A job is an ordinary program; what is special to Insula (buckets, blobs, messages) is in `insula_sdk`. One that waits
//! for others is an `async fn main` with `#[insula_sdk::main]`.

use insula_sdk::{config, job};

fn main() {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        eprintln!("nobody to greet: give names as arguments");
        job::exit(2);
    }
    // The word is the variable GREETING of `deploy.yaml`.
    let word = config::get("GREETING")
        .ok()
        .flatten()
        .unwrap_or_else(|| "Hello".to_owned());
    for name in names {
        println!("{word}, {name}!");
    }
}
