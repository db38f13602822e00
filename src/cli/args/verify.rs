//! Arguments of `liftui verify`.

use clap::{Args, ValueEnum};

use super::OutputArgs;
use crate::model::Offset;

/// Copies to compare.
#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Streams by name or by pattern, and their partitions: orders:0,2-4 'orders-*'
    #[arg(required = true, value_name = "STREAM[:PARTITIONS]")]
    pub(crate) partitions: Vec<String>,
    /// The first offset to compare; the oldest one kept where left out
    #[arg(long, value_name = "OFFSET", allow_negative_numbers = true, value_parser = clap::value_parser!(Offset).range(0..))]
    pub(crate) from: Option<Offset>,
    /// Messages a second at most, each counted once however many copies there are
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// Take offsets that no copy holds for lost: the stream is not compacted
    #[arg(long)]
    pub(crate) dense: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

impl VerifyArgs {
    /// The options but for where to begin, as they are typed.
    pub(crate) fn options(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(rate) = self.rate {
            words.extend(["--rate".to_owned(), rate.to_string()]);
        }
        if self.dense {
            words.push("--dense".to_owned());
        }
        let form = self.output.output.and_then(|form| form.to_possible_value());
        if let Some(form) = form {
            words.extend(["-o".to_owned(), form.get_name().to_owned()]);
        }
        words
    }
}
