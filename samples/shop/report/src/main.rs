//! `report`: a CronJob's command. It prints what was packed so far, most first, and ends.

use insula_sdk::http::{Error, ResponseExt as _, get};

#[insula_sdk::main]
async fn main() -> Result<(), Error> {
    let counts = get("http://counter/").await?.success().await?.text().await?;
    let mut packed: Vec<(u64, &str)> = counts
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(book, n)| Some((n.parse().ok()?, book)))
        .collect();
    packed.sort_by(|a, b| b.cmp(a));
    println!("{} books packed", packed.iter().map(|(n, _)| n).sum::<u64>());
    for (n, book) in packed {
        println!("{n:>6} {book}");
    }
    Ok(())
}
