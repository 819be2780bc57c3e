//! See `apiserver::fuzzing::protobuf`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| apiserver::fuzzing::protobuf(bytes));
