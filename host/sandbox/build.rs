//! Tells the crate for which target it is built: compiled code is asked for by that name.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=SANDBOX_TARGET={}", std::env::var("TARGET").unwrap_or_default());
}
