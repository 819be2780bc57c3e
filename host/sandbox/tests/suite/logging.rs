//! `wasi:logging`: each level is one line.

use std::sync::Arc;

use super::harness::{Kept, text, workload_with};

#[tokio::test]
async fn messages_are_lines_of_the_output_by_their_level() {
    let kept = Arc::new(Kept::default());
    let guest = workload_with("logs", |config| kept.watch(config));
    for level in ["trace", "debug", "info", "warn", "error"] {
        text(&guest, &format!("/{level}")).await;
    }
    let (out, err) = (kept.stdout(), kept.stderr());
    for (lines, levels) in [(&out, &["TRACE ", "DEBUG ", "INFO "][..]), (&err, &["WARN ", "ERROR "][..])] {
        let said: Vec<&str> = lines.lines().collect();
        assert_eq!(said.len(), levels.len(), "{lines}");
        assert!(said.iter().zip(levels).all(|(line, level)| line.starts_with(level)), "{lines}");
    }
}
