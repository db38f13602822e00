//! The binary: hands the command line to the library and returns its exit code.

use std::process::ExitCode;

use liftui::cli::{Stdio, run};
use mimalloc::MiMalloc;

/// What the system's allocator makes of many threads that fill and free chunks depends on the system; this one is as quick
/// on each, and gives back what is free.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    run(std::env::args_os(), Stdio::of_process()).into()
}
