//! Arguments of `liftui restart-plan`.
//! Whether a broker may be restarted is `health`'s to say.

use std::time::Duration;

use clap::Args;

use super::OutputArgs;
use crate::model::parse_interval;

/// Which brokers are to be restarted, and how.
#[derive(Clone, Debug, Args)]
pub(crate) struct RestartPlanArgs {
    /// The brokers, in the order of their restarts; all where left out, those that lead least first
    #[arg(value_name = "BROKER")]
    pub(crate) brokers: Vec<String>,
    /// Wait until all of them are safe to restart; a danger ends it at once
    #[arg(long)]
    pub(crate) wait: bool,
    /// Restart them one after another with this command of the shell, each once it is safe
    #[arg(
        long,
        value_name = "COMMAND",
        help = "Restart them one after another with this command of the shell, each once it is safe; it finds \
                LIFTUI_BROKER, LIFTUI_BROKER_HOST and LIFTUI_BROKER_PORT in its environment"
    )]
    pub(crate) exec: Option<String>,
    /// Do not ask before each restart
    #[arg(long, requires = "exec")]
    pub(crate) yes: bool,
    /// Partitions that stop until their broker is back, and lose nothing, are no danger
    #[arg(long)]
    pub(crate) allow_downtime: bool,
    /// How long to wait for a broker to become safe, or to be back and in sync
    #[arg(long, value_name = "DUR", allow_hyphen_values = true, default_value = "10m", value_parser = parse_interval)]
    pub(crate) give_up_after: Duration,
    /// How long all must stay in sync after a restart; three times as long where the restart was not seen
    #[arg(long, value_name = "DUR", allow_hyphen_values = true, default_value = "10s", value_parser = parse_interval)]
    pub(crate) in_sync_for: Duration,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
