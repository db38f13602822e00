//! The command line: what this process was asked to do, and doing it.
