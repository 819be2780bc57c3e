//! Turns a component into machine code for a given machine.
//!
//! It takes seconds for large components and is not hardened against hostile ones, so it belongs in a process of its
//! own with limits on time and memory. Nothing here touches a file or the running engine.

use std::hash::{Hash, Hasher};

use component::Description;

use crate::settings::{Generation, code_settings};
use crate::{raw, symbols};

/// Why there is no machine code.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The host runs another engine than this program has.
    #[error("the host's engine is {wanted}, this program compiles for {own}: use the same release of both")]
    Version {
        /// What was asked for.
        wanted: String,
        /// What this program makes.
        own: String,
    },
    /// The host's machine is unknown to this program.
    #[error("cannot compile for target `{target}`: {reason}")]
    Target {
        /// What was asked for.
        target: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The artifact is neither a component nor a core module for WASI preview 1.
    #[error(transparent)]
    Artifact(#[from] component::Error),
    /// The component is well formed and cannot be compiled all the same.
    #[error("the component cannot be compiled: {0}")]
    Code(String),
}

/// Compiles `wasm` for a host that said to be `identity_version`, `target` and `cpu_features`: a component, or a core
/// module for WASI preview 1, which is made one first.
///
/// # Errors
///
/// See [`CompileError`]; all but `Artifact` and `Code` mean that host and compiler do not fit together.
pub fn compile(
    wasm: &[u8],
    identity_version: &str,
    target: &str,
    cpu_features: &[String],
) -> Result<Vec<u8>, CompileError> {
    let own = version(target)?;
    if identity_version != own {
        return Err(CompileError::Version { wanted: identity_version.to_owned(), own });
    }
    let wasm = component::adapt(wasm)?;
    let description = component::describe(&wasm)?;
    let compiled = |generation| {
        let engine = compiler(target, cpu_features, generation)?;
        engine.precompile_component(&wasm).map_err(|error| CompileError::Code(format!("{error:#}")))
    };
    let mut code = if is_serial(&description) {
        // One that is concurrent inside, without a word of it in its imports, is not refused for that.
        compiled(Generation::Serial).or_else(|_| compiled(Generation::Concurrent))?
    } else {
        compiled(Generation::Concurrent)?
    };
    symbols::append(&mut code, &wasm);
    Ok(code)
}

/// Whether a component has nothing of WASI 0.3 in its imports and exports.
fn is_serial(description: &Description) -> bool {
    let mut interfaces = description.imports.iter().chain(&description.exports);
    interfaces.all(|interface| !interface.to_string().contains("@0.3"))
}

/// Names the engine so that equal names mean interchangeable code: wasmtime's version, and a digest of every setting
/// that code depends on except CPU features.
pub(crate) fn version(target: &str) -> Result<String, CompileError> {
    let mut digest = Fnv(Fnv::BASIS);
    for generation in Generation::ALL {
        compiler(target, &[], generation)?.precompile_compatibility_hash().hash(&mut digest);
    }
    Ok(format!("wasmtime-{WASMTIME}-{:016x}", digest.finish()))
}

/// The release of wasmtime this crate is written for, as in `[workspace.dependencies]`.
const WASMTIME: &str = "48";

fn compiler(target: &str, cpu_features: &[String], generation: Generation) -> Result<wasmtime::Engine, CompileError> {
    let refused = |reason: String| CompileError::Target { target: target.to_owned(), reason };
    let mut config = code_settings(generation);
    // A named target keeps the code generator from looking at the machine it runs on.
    config.target(target).map_err(|error| refused(format!("{error:#}")))?;
    for feature in cpu_features {
        if !raw::enable_feature(&mut config, target, feature) {
            return Err(refused(format!("the CPU feature `{feature}` is not known for it")));
        }
    }
    wasmtime::Engine::new(&config).map_err(|error| refused(format!("{error:#}")))
}

/// FNV-1a: the same on every machine and in every release, which the standard library's hasher does not promise.
struct Fnv(u64);

impl Fnv {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(Self::PRIME);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu;

    fn component() -> Vec<u8> {
        wat::parse_str("(component)").unwrap()
    }

    #[test]
    fn an_engine_is_named_the_same_each_time() {
        assert_eq!(version(cpu::TARGET).unwrap(), version(cpu::TARGET).unwrap());
    }

    #[test]
    fn what_does_not_fit_the_host_is_refused_by_name() {
        let own = version(cpu::TARGET).unwrap();
        let refusal = |version: &str, target: &str, features: &[&str]| {
            let features: Vec<String> = features.iter().map(ToString::to_string).collect();
            compile(&component(), version, target, &features).unwrap_err().to_string()
        };
        assert!(refusal("wasmtime-47-0", cpu::TARGET, &[]).contains("wasmtime-47-0"));
        assert!(refusal(&own, "vax-dec-ultrix", &[]).contains("vax-dec-ultrix"));
        assert!(refusal(&own, cpu::TARGET, &["enable_pcc"]).contains("enable_pcc"));
    }

    #[test]
    fn components_are_compiled_and_what_can_be_made_one() {
        let own = version(cpu::TARGET).unwrap();
        let compiled = |wasm: &[u8]| compile(wasm, &own, cpu::TARGET, &cpu::detected());
        assert!(!compiled(&component()).unwrap().is_empty());
        let command = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
            (memory (export "memory") 1) (func (export "_start")))"#;
        assert!(!compiled(&wat::parse_str(command).unwrap()).unwrap().is_empty());
        let module = compiled(&wat::parse_str("(module)").unwrap());
        assert!(matches!(module, Err(CompileError::Artifact(component::Error::ModuleNotWasi))));
        assert!(matches!(compiled(b"MZ"), Err(CompileError::Artifact(component::Error::NotWasm))));
    }

    // F45
    #[test]
    fn what_the_engine_does_not_support_is_told() {
        let own = version(cpu::TARGET).unwrap();
        let wasm = wat::parse_str("(component (core module (func (param (ref null struct)))))").unwrap();
        let error = compile(&wasm, &own, cpu::TARGET, &[]).unwrap_err();
        assert!(matches!(error, CompileError::Code(_)), "{error}");
    }
}
