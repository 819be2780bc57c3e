//! Nothing of one instance is ever seen by another.

use super::harness::{reused, text, workload, workload_with};

fn found(text: &str) -> usize {
    text.trim().strip_prefix("found ").unwrap().parse().unwrap()
}

// F47
#[tokio::test]
async fn what_an_instance_leaves_is_not_found_by_the_next() {
    let (leaver, seeker) = (workload("memory"), workload("memory"));
    for round in 0..100 {
        // A pattern is found in the very instance that holds it, or the test would prove nothing.
        assert!(text(&leaver, "/leave").await.contains("left 131072"));
        for seeker in [&leaver, &seeker] {
            assert_eq!(found(&text(seeker, "/seek").await), 0, "round {round}");
        }
    }
}

// F47: the search itself is sound.
#[tokio::test]
async fn what_a_reused_instance_leaves_is_found_by_itself() {
    let workload = workload_with("memory", |config| config.reuse = reused());
    text(&workload, "/leave").await;
    assert!(found(&text(&workload, "/seek").await) > 0);
}
