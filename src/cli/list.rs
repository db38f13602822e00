//! `brokers`, `streams`, `partitions`, `describe`: what the cluster is, from all brokers' views.
//! The fields are interface.md §3; what they hold is `health`'s.

mod brokers;
mod describe;
mod partitions;
mod streams;

pub(crate) use describe::describe;

use brokers::BrokerRow;
use streams::StreamRow;

use super::args::{AnyStreamsArgs, OutputArgs, OutputForm};
use super::cluster_snapshot::ClusterSnapshot;
use super::command_context::CommandContext;
use super::exit::{Exit, Result};
use super::stream_selection;
use crate::client::{advice_of_all, split_advice};
use crate::model::Timestamp;

/// Lists the brokers.
pub(crate) async fn brokers(context: &mut CommandContext<'_>, output: OutputArgs) -> Result {
    let truth = ClusterSnapshot::take_snapshot(context).await?.truth();
    let brokers: Vec<_> = truth.brokers.iter().map(BrokerRow::from).collect();
    context.printer(output).print_all(&brokers)?;
    let errors = brokers.iter().filter_map(|broker| broker.error.as_deref());
    print_advice(context, output, errors);
    Ok(Exit::DONE)
}

/// Says once beneath a table what the errors in it would each say of the addresses that brokers advertise.
fn print_advice<'a>(
    context: &mut CommandContext<'_>,
    output: OutputArgs,
    errors: impl Iterator<Item = &'a str>,
) {
    let advice: Vec<&str> = errors.filter_map(|error| split_advice(error).1).collect();
    let advice = advice_of_all(&advice);
    if let Some(sentence) = advice.filter(|_| context.form(output) == OutputForm::Table) {
        context.console.print_error(&sentence);
    }
}

/// Lists some streams or all, Liftbridge's own last.
pub(crate) async fn streams(context: &mut CommandContext<'_>, args: &AnyStreamsArgs) -> Result {
    let mut snapshot = if context.form(args.output) == OutputForm::Raw {
        ClusterSnapshot::take_snapshot(context).await?
    } else {
        ClusterSnapshot::take_twice(context).await?
    };
    let truth = snapshot.truth();
    let selected = stream_selection::select(&truth, &args.streams)?.into_iter();
    let (internal, own): (Vec<_>, Vec<_>) = selected.partition(|stream| stream.internal);
    let streams = own.into_iter().chain(internal);
    let streams: Vec<_> = streams.map(StreamRow::from).collect();
    context.printer(args.output).print_all(&streams)?;
    Ok(Exit::DONE)
}

/// Lists the partitions of some streams, or of all.
pub(crate) async fn partitions(context: &mut CommandContext<'_>, args: &AnyStreamsArgs) -> Result {
    let truth = ClusterSnapshot::take_snapshot(context).await?.truth();
    let now = Timestamp::now();
    let found = stream_selection::select(&truth, &args.streams)?;
    let rows = || {
        let streams = found.iter();
        streams.flat_map(|stream| partitions::rows_of(&truth, stream, now))
    };
    context.printer(args.output).print_each(rows)?;
    Ok(Exit::DONE)
}
