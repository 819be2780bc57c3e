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
    let code = host::compile(&wasm, &args.engine, &args.target, &args.features)?;
    std::io::stdout().lock().write_all(&code).context("writing the code")
}
