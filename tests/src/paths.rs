//! Where the things under test lie: the binary, the guests, the clients. A missing one fails with the command that makes it.

use std::path::{Path, PathBuf};

/// The target directory this test was built into.
#[must_use]
pub fn target_dir() -> PathBuf {
    let exe = std::env::current_exe().expect("a test has a path");
    let profile = exe.ancestors().find(|dir| dir.join(".cargo-lock").is_file() || dir.join(".fingerprint").is_dir());
    profile.and_then(Path::parent).expect("tests run from below a target directory").to_path_buf()
}

/// The folder of this profile's programs.
fn profile_dir() -> PathBuf {
    let exe = std::env::current_exe().expect("a test has a path");
    let dir = exe.parent().expect("a folder");
    if dir.ends_with("deps") { dir.parent().expect("a folder").to_path_buf() } else { dir.to_path_buf() }
}

fn present(path: PathBuf, mend: &str) -> PathBuf {
    assert!(path.is_file(), "{} is missing; `{mend}` makes it", path.display());
    path
}

/// The `insula` program of the profile the test was built with.
#[must_use]
pub fn insula() -> PathBuf {
    present(profile_dir().join("insula"), "cargo build -p insula")
}

/// A guest component by file stem: `hello02`, `shop_web`.
#[must_use]
pub fn guest(name: &str) -> PathBuf {
    let dir = std::env::var_os("INSULA_GUESTS")
        .map_or_else(|| target_dir().join("guests/wasm32-wasip2/release"), PathBuf::from);
    present(dir.join(format!("{name}.wasm")), "cargo xtask guests")
}

/// A guest in another language than Rust: `javascript`, `python`, `c`, `go`.
#[must_use]
pub fn language(name: &str) -> PathBuf {
    present(target_dir().join(format!("languages/{name}.wasm")), "cargo xtask languages")
}

/// The folder of clients.
#[must_use]
pub fn clients() -> PathBuf {
    target_dir().join("clients")
}

/// The pinned kubectl.
#[must_use]
pub fn kubectl() -> PathBuf {
    present(clients().join("kubectl-1.37"), "cargo xtask clients")
}

/// The pinned helm.
#[must_use]
pub fn helm() -> PathBuf {
    present(clients().join("helm-4"), "cargo xtask clients")
}

/// kubectl of one version: fetched, or of a Cloud SDK where there is one.
#[must_use]
pub fn kubectl_of(major: u32, minor: u32) -> Option<PathBuf> {
    let fetched = clients().join(format!("kubectl-{major}.{minor}"));
    let of_sdk = Path::new("/usr/lib/google-cloud-sdk/bin").join(format!("kubectl.{major}.{minor}"));
    [fetched, of_sdk].into_iter().find(|path| path.is_file())
}

/// Every kubectl there is to test with: the pinned ones always, and those of a Cloud SDK where there is one.
#[must_use]
pub fn kubectls() -> Vec<PathBuf> {
    let mut found = vec![kubectl()];
    found.extend(["kubectl.1.33", "kubectl.1.31"].into_iter().filter_map(sdk));
    found
}

/// A program of a Cloud SDK, `kubectl.1.30`, where there is one.
#[must_use]
pub fn sdk(name: &str) -> Option<PathBuf> {
    Some(Path::new("/usr/lib/google-cloud-sdk/bin").join(name)).filter(|path| path.is_file())
}

/// The source tree.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a parent").to_path_buf()
}
