//! The arguments of `open`.

use clap::Args;

use crate::model::Locator;

/// What to open.
#[derive(Clone, Debug, Args)]
pub(crate) struct OpenArgs {
    /// Where it is.
    #[arg(
        value_name = "LOCATOR",
        help = "STREAM:PARTITION@OFFSET, STREAM@SEEK, STREAM?QUERY or :SCREEN, with liftui://CLUSTER/ in front for another cluster"
    )]
    pub(crate) locator: Locator,
}
