//! The guests of `samples/guests`, built and compiled once.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sandbox::{Code, Engine, EngineConfig, VerifiedCode};

/// One engine for all tests of a process, as in production.
pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(EngineConfig::default()).unwrap())
}

/// The code of a guest, by its folder in `samples/guests`.
pub(crate) fn code(name: &str) -> Code {
    engine().load(&compiled(name)).unwrap()
}

/// The component of a guest.
pub(crate) fn wasm(name: &str) -> Vec<u8> {
    fs::read(built().join(format!("{name}.wasm"))).unwrap()
}

/// Compiles WebAssembly text, for guests too odd for a compiler.
pub(crate) fn compiled_text(text: &str) -> VerifiedCode {
    cached(&wat::parse_str(text).unwrap())
}

pub(crate) fn compiled(name: &str) -> VerifiedCode {
    cached(&wasm(name))
}

/// Compiles, or finds what an earlier run compiled.
fn cached(wasm: &[u8]) -> VerifiedCode {
    let identity = engine().identity();
    let mut digest = DefaultHasher::new();
    (wasm, &identity).hash(&mut digest);
    let dir = target().join("guests/compiled");
    let path = dir.join(format!("{:016x}.code", digest.finish()));
    if !path.exists() {
        let code = sandbox::compile(wasm, &identity.version, &identity.target, &identity.cpu_features).unwrap();
        fs::create_dir_all(&dir).unwrap();
        let unfinished = dir.join(format!("{:016x}.{}.tmp", digest.finish(), std::process::id()));
        fs::write(&unfinished, code).unwrap();
        fs::rename(&unfinished, &path).unwrap();
    }
    VerifiedCode::vouched_for(path)
}

/// A guest that was built with debug information.
pub(crate) fn compiled_with_lines(name: &str) -> VerifiedCode {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let built = BUILT.get_or_init(|| build(&["--profile", "lines", "--package", "trap"], "lines"));
    cached(&fs::read(built.join(format!("{name}.wasm"))).unwrap())
}

/// Where the guests' components are, built if need be.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build(&["--release"], "release"))
}

fn build(what: &[&str], profile: &str) -> PathBuf {
    let target = target().join("guests");
    let done = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--target", "wasm32-wasip2"])
        .args(what)
        .current_dir(root().join("samples"))
        .env("CARGO_TARGET_DIR", &target)
        .env_remove("RUSTFLAGS")
        .status()
        .unwrap();
    assert!(done.success(), "the guests build");
    target.join("wasm32-wasip2").join(profile)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
