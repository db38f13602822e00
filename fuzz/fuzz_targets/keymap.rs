//! The property `keymap` under libFuzzer: `cargo +nightly fuzz run keymap`.
//! What it is stands in `properties.rs`.
#![no_main]

#[path = "../properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::check("keymap", bytes));
