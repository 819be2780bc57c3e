//! The README's tour, pasted into a shell as it stands; only places differ: what is built lies elsewhere, and files
//! go to a directory that is removed.

use std::process::{Command, Stdio};

use tests::paths;

/// The fenced blocks of the tour, in order.
fn blocks() -> Vec<String> {
    let readme = std::fs::read_to_string(paths::root().join("README.md")).expect("README.md");
    let tour = readme.split("## Five minutes").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("a tour");
    tour.split("```").skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_tour_works_as_it_is_written() {
    let blocks = blocks();
    let (several_hosts, one_host) = blocks.split_last().expect("has blocks");
    assert_eq!(one_host.len(), 4, "one host, the shop, what a component is, a command; then several hosts");
    let dir = tempfile::Builder::new().prefix("insula-readme-").tempdir().expect("a directory");
    let target = paths::target_dir().display().to_string();
    let programs = paths::insula().parent().expect("a folder").display().to_string();
    let place = |text: &str| {
        text.replace("cargo build --release -p insula && cargo xtask guests && cargo xtask clients\n", "")
            // First marks, so that nothing is replaced in what was put in.
            .replace("$PWD/target/release", "@programs")
            .replace("$PWD/target", "@target")
            .replace(" target/", " @target/")
            .replace("/tmp/", "@dir/")
            .replace("@programs", &programs)
            .replace("@target", &target)
            .replace("@dir", &dir.path().display().to_string())
    };
    let mut script = "set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n".to_owned();
    one_host.iter().for_each(|block| script += &place(block));
    script += "kill %1; wait %1\n";
    script += &place(several_hosts);
    let output = Command::new("timeout")
        .args(["240", "bash", "-c", &script])
        .current_dir(paths::root())
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .output()
        .expect("bash starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{}\n--- out\n{out}\n--- err\n{err}", output.status);
    assert!(out.to_lowercase().contains("hello"), "the guest answered: {out}");
    assert!(out.contains("satyricon"), "the shop answered: {out}");
    assert!(out.contains("wasi:http/incoming-handler@0.2"), "the shop was inspected: {out}");
    assert!(out.contains("salve\nmunde\n"), "the command printed its arguments: {out}");
    assert!(out.contains("127.0.0.3"), "two hosts are listed: {out}");
}
