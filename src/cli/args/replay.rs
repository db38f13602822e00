//! Arguments of `liftui replay`, and the options that record.
//! What a recording is, `recording` says.

use std::path::PathBuf;

use clap::Args;

/// Which recording to open.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReplayArgs {
    /// A file that `--record` made
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Write it to this new file with other names, texts and addresses and without messages, and show nothing
    #[arg(long, value_name = "FILE")]
    pub(crate) redact: Option<PathBuf>,
}

/// What is recorded of a dashboard.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RecordArgs {
    /// Record the dashboard to this new file, for `liftui replay`: all but what messages hold
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Screen and log"
    )]
    pub(crate) record: Option<PathBuf>,
    /// Record keys, values and headers of messages too
    #[arg(
        long,
        global = true,
        requires = "record",
        help_heading = "Screen and log"
    )]
    pub(crate) record_messages: bool,
}
