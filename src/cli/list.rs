//! `brokers`, `streams`, `partitions`, `describe`: what the cluster is, from all brokers' views.
//! The fields are interface.md §3; what they hold is `health`'s.

mod brokers;
mod describe;
mod partitions;
mod streams;

pub(crate) use describe::describe;

use brokers::BrokerRow;
use streams::StreamRow;

use super::args::{MaybeStreamArgs, OutputArgs, OutputForm};
use super::cluster_snapshot::ClusterSnapshot;
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use crate::health::{StreamTruth, Truth};
use crate::model::{ErrorKind, Failure, Target, Timestamp};

/// Lists the brokers.
pub(crate) async fn brokers(context: &mut CommandContext<'_>, output: OutputArgs) -> Result {
    let truth = ClusterSnapshot::take_snapshot(context).await?.truth();
    let brokers: Vec<_> = truth.brokers.iter().map(BrokerRow::from).collect();
    context.printer(output).print_all(&brokers)?;
    Ok(Exit::DONE)
}

/// Lists the streams, Liftbridge's own last.
pub(crate) async fn streams(context: &mut CommandContext<'_>, output: OutputArgs) -> Result {
    let mut snapshot = if context.form(output) == OutputForm::Raw {
        ClusterSnapshot::take_snapshot(context).await?
    } else {
        ClusterSnapshot::take_twice(context).await?
    };
    let truth = snapshot.truth();
    let (internal, own): (Vec<_>, Vec<_>) = truth.streams.iter().partition(|s| s.internal);
    let streams = own.into_iter().chain(internal);
    let streams: Vec<_> = streams.map(|stream| StreamRow::from(&**stream)).collect();
    context.printer(output).print_all(&streams)?;
    Ok(Exit::DONE)
}

/// Lists the partitions of one stream, or of all.
pub(crate) async fn partitions(context: &mut CommandContext<'_>, args: MaybeStreamArgs) -> Result {
    let truth = ClusterSnapshot::take_snapshot(context).await?.truth();
    let now = Timestamp::now();
    let found: Vec<&StreamTruth> = match &args.stream {
        Some(name) => vec![stream(&truth, name)?],
        None => truth.streams.iter().map(AsRef::as_ref).collect(),
    };
    let rows = || {
        let streams = found.iter();
        streams.flat_map(|stream| partitions::rows_of(&truth, stream, now))
    };
    context.printer(args.output).print_each(rows)?;
    Ok(Exit::DONE)
}

/// The stream of that name.
fn stream<'a>(truth: &'a Truth, name: &str) -> Result<&'a StreamTruth> {
    truth.stream(name).ok_or_else(|| {
        let target = Target::Stream(name.into());
        let sentence = format!("{target} does not exist");
        CliError::from(Failure::new(ErrorKind::NoSuchStream, target, sentence))
    })
}
