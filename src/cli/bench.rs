//! `liftui bench`: rate and latency percentiles of publishing and of reading, on the cluster at hand.
//! Creates a stream only with `--create`, and deletes none.

mod payload;
mod publish;
mod report;
mod tail;

use super::args::BenchTask;
use super::command_context::CommandContext;
use super::exit::Result;

/// Measures until it is done or SIGINT, and prints what was measured either way.
pub(crate) async fn perform(context: &mut CommandContext<'_>, task: &BenchTask) -> Result {
    match task {
        BenchTask::Publish(args) => publish::publish(context, args).await,
        BenchTask::Tail(args) => tail::tail(context, args).await,
    }
}
