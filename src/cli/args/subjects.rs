//! Arguments of `liftui subjects`.

use clap::Args;

use super::OutputArgs;
use crate::model::parse_subject;

/// Which subjects to look at.
#[derive(Clone, Debug, Args)]
pub(crate) struct SubjectsArgs {
    /// A NATS subject, or a pattern as in 'orders.>': who stores it; every stream's own where left out
    #[arg(value_name = "SUBJECT", value_parser = parse_subject)]
    pub(crate) subject: Option<String>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
