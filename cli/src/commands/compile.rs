//! `insula compile`: the child process in which components become machine code.
//!
//! A component is input from strangers and the compiler is large, so it runs apart from the control plane,
//! with bounds of its own: it reads standard input, writes standard output, and needs nothing else.

use std::io::{Read, Write};

use anyhow::{Context, Result, ensure};

use crate::args;

pub(crate) fn run(args: &args::Compile) -> Result<()> {
    let mut wasm = Vec::new();
    let bound = component::WASM_BYTES_MAX as u64;
    std::io::stdin().lock().take(bound + 1).read_to_end(&mut wasm).context("reading the component")?;
    ensure!(wasm.len() as u64 <= bound, "the component has more than {bound} bytes");
    let wasm = if args.part.is_empty() { wasm } else { link(&wasm, &args.part)? };
    let code = host::compile(&wasm, &args.engine, &args.target, &args.features)?;
    std::io::stdout().lock().write_all(&code).context("writing the code")
}

/// Makes one component of several, which stand one after the other in `wasm`.
fn link(mut wasm: &[u8], parts: &[(String, usize)]) -> Result<Vec<u8>> {
    let mut linked = Vec::new();
    for (name, bytes) in parts {
        let part = wasm.split_off(..*bytes).with_context(|| format!("{name} ends after {} bytes", wasm.len()))?;
        linked.push(component::Part { name, wasm: part });
    }
    ensure!(wasm.is_empty(), "{} bytes belong to no part", wasm.len());
    Ok(component::link(&linked)?.wasm)
}

/// `NAME=BYTES`.
pub(crate) fn part(text: &str) -> Result<(String, usize), String> {
    let parsed = text.rsplit_once('=').and_then(|(name, bytes)| Some((name.to_owned(), bytes.parse().ok()?)));
    parsed.ok_or_else(|| format!("{text:?} is not of the form NAME=BYTES"))
}
