//! Says hello over WASI 0.2.

#[insula_sdk::http]
async fn hello() -> &'static str {
    "hello\n"
}
