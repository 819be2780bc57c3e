//! The guests of `samples/guests`, built and compiled once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use protocol::code::sha256_hex;
use protocol::v1::Engine;

/// The component of a guest.
fn wasm(name: &str) -> Vec<u8> {
    fs::read(built().join(format!("{name}.wasm"))).unwrap()
}

/// The digest a registry would give it.
pub(crate) fn digest(name: &str) -> String {
    format!("sha256:{}", sha256_hex(&wasm(name)))
}

/// Compiles a guest for an engine, or finds what an earlier run compiled.
pub(crate) fn compiled(name: &str, engine: &Engine) -> Vec<u8> {
    let wasm = wasm(name);
    let key = protocol::code::key(&sha256_hex(&wasm), engine);
    let dir = target().join("guests/compiled");
    let path = dir.join(format!("{key}.code"));
    if let Ok(code) = fs::read(&path) {
        return code;
    }
    let code = host::compile(&wasm, &engine.version, &engine.target, &engine.cpu_features).unwrap();
    fs::create_dir_all(&dir).unwrap();
    let unfinished = dir.join(format!("{key}.{}.tmp", std::process::id()));
    fs::write(&unfinished, &code).unwrap();
    fs::rename(&unfinished, &path).unwrap();
    code
}

/// Where the guests' components are, built if need be.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        if let Some(given) = std::env::var_os("INSULA_GUESTS") {
            return given.into();
        }
        let target = target().join("guests");
        let done = Command::new(env!("CARGO"))
            .args(["build", "--release", "--quiet", "--target", "wasm32-wasip2"])
            .current_dir(root().join("samples"))
            .env("CARGO_TARGET_DIR", &target)
            .env_remove("RUSTFLAGS")
            .status()
            .unwrap();
        assert!(done.success(), "the guests build");
        target.join("wasm32-wasip2/release")
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
