//! A guest's environment and arguments, read where the workload's configuration has them.
//!
//! The library's own way copies them for each instance, whether the guest looks or not; and a Pod's environment has a
//! handful of variables for each Service of its namespace.

use wasmtime::component::HasData;
use wasmtime_wasi::{p2, p3};

use crate::workload::WorkloadConfig;

/// What a guest sees of its configuration.
pub(crate) struct Environment<'a>(pub(crate) &'a WorkloadConfig);

impl HasData for Environment<'static> {
    type Data<'a> = Environment<'a>;
}

impl p2::bindings::cli::environment::Host for Environment<'_> {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        Ok(self.0.env.clone())
    }

    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(self.0.args.clone())
    }

    fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }
}

impl p3::bindings::cli::environment::Host for Environment<'_> {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        Ok(self.0.env.clone())
    }

    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(self.0.args.clone())
    }

    fn get_initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }
}
