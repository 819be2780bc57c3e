//! See `apiserver::fuzzing::patch`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| apiserver::fuzzing::patch(bytes));
