//! See `apiserver::fuzzing::spdy`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| apiserver::fuzzing::spdy(bytes));
