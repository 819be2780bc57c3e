//! `catalog`: which books there are, one name a line.

#[insula_sdk::http]
async fn books() -> &'static str {
    "de-architectura\nnaturalis-historia\nsatyricon\n"
}
