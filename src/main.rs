//! The binary: hands the command line to the library and returns its exit code.

use std::process::ExitCode;

use liftui::cli::{Console, run};

fn main() -> ExitCode {
    run(std::env::args_os(), Console::of_process()).into()
}
