//! See `apiserver::fuzzing::selector`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| apiserver::fuzzing::selector(bytes));
