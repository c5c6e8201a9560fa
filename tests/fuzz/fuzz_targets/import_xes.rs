#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| etalon_fuzz::take("import_xes", bytes));
