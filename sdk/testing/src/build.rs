//! Asks cargo for the component of a package.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::component::Error;

const TARGET: &str = "wasm32-wasip2";

/// Builds the package in `folder` and returns where its component is.
pub(crate) fn component(folder: &Path) -> Result<PathBuf, Error> {
    let failed = |why: String| Error::Build { folder: folder.to_owned(), why };
    // The flags of the test's own build are not the component's.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--release", "--target", TARGET, "--message-format", "json-render-diagnostics"])
        .current_dir(folder)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !built.status.success() {
        return Err(failed(String::from_utf8_lossy(&built.stderr).into_owned()));
    }
    let manifest = folder.join("Cargo.toml").canonicalize().map_err(|error| failed(error.to_string()))?;
    match components(&String::from_utf8_lossy(&built.stdout), &manifest).as_slice() {
        [component] => Ok(component.clone()),
        [] => Err(failed("it makes no component: a library needs `crate-type = [\"cdylib\"]`".to_owned())),
        several => Err(failed(format!("it makes {} components: name one with `load`", several.len()))),
    }
}

/// The components of the package with this manifest, among the messages of a build.
fn components(messages: &str, manifest: &Path) -> Vec<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let artifacts = messages.filter(|message| {
        message["reason"] == "compiler-artifact" && message["manifest_path"].as_str().map(Path::new) == Some(manifest)
    });
    let files = artifacts.flat_map(|artifact| artifact["filenames"].as_array().cloned().unwrap_or_default());
    let wasm = |file: serde_json::Value| file.as_str().filter(|name| name.ends_with(".wasm")).map(PathBuf::from);
    files.filter_map(wasm).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_component_is_the_wasm_file_of_the_package_itself() {
        let messages = r#"
            {"reason":"compiler-artifact","manifest_path":"/dep/Cargo.toml","filenames":["/t/dep.wasm"]}
            {"reason":"compiler-artifact","manifest_path":"/own/Cargo.toml","filenames":["/t/own.rlib","/t/own.wasm"]}
            {"reason":"build-finished","success":true}
        "#;
        assert_eq!(components(messages, Path::new("/own/Cargo.toml")), [PathBuf::from("/t/own.wasm")]);
        assert!(components("", Path::new("/own/Cargo.toml")).is_empty());
    }
}
