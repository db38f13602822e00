//! The binary: hands the command line to the library and returns its exit code.

use std::process::ExitCode;

use liftui::cli::{Stdio, run};

fn main() -> ExitCode {
    run(std::env::args_os(), Stdio::of_process()).into()
}
