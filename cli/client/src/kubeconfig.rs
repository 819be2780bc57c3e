//! The file that says which clusters there are and who one is there.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use kube::config::Kubeconfig;

const NONE: &str = "no usable kubeconfig; give one with --kubeconfig FILE (`insula up` writes DATA-DIR/kubeconfig)";

/// The given file, else those of `$KUBECONFIG` merged, else `~/.kube/config`.
pub(crate) fn read(given: Option<&Path>) -> Result<Kubeconfig> {
    let of_environment = || Kubeconfig::from_env().map_err(anyhow::Error::from).transpose();
    let found = match given {
        Some(path) => {
            Kubeconfig::read_from(path).with_context(|| format!("cannot read the kubeconfig {}", path.display()))
        }
        None => of_environment().unwrap_or_else(|| Kubeconfig::read().map_err(anyhow::Error::from)),
    };
    found.context(NONE)
}

/// The file that changes are written to: the given one, the first of `$KUBECONFIG`, or `~/.kube/config`.
pub(crate) fn file(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = given {
        return Ok(path.to_owned());
    }
    let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
    if let Some(first) = std::env::split_paths(&listed).find(|path| !path.as_os_str().is_empty()) {
        return Ok(first);
    }
    let home = std::env::var_os("HOME").ok_or_else(|| anyhow!("$HOME is not set; name the file with --kubeconfig"))?;
    Ok(PathBuf::from(home).join(".kube/config"))
}
