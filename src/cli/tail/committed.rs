//! Waits until what is stored is committed: brokers deliver nothing before (wire-contract §5).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, interval};

use crate::cli::args::TailArgs;
use crate::cli::command_context::CommandContext;
use crate::cli::exit::{CliError, Exit, Result};
use crate::cli::partition_spec::PartitionSpec;
use crate::client::Observer;
use crate::model::{Offset, PartitionId, ProbeState, StopAt, StreamName, counted, exact_age};

/// How often leaders are asked.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// A partition whose newest message was not committed when it was asked first.
struct Waiting {
    stream: StreamName,
    partition: PartitionId,
    /// The newest offset then.
    newest: Offset,
    high_watermark: Offset,
}

/// Waits until all that those partitions hold now is committed; fails when the timeout has passed.
pub(super) async fn wait(
    context: &mut CommandContext<'_>,
    observer: &Observer,
    args: &TailArgs,
    partition_specs: &[PartitionSpec],
) -> Result<()> {
    if args.range.to != Some(StopAt::Latest) {
        let sentence =
            "--wait-committed goes with --to end: what follows is committed when it is printed";
        return Err(CliError::usage(sentence));
    }
    let timeout = context.settings.cluster.timeout.value;
    let deadline = Instant::now() + timeout;
    let mut waiting = Vec::new();
    for spec in partition_specs {
        for partition in &spec.partitions {
            let ends = log_ends(observer, &spec.stream, *partition).await;
            if let Some((newest, high_watermark)) = ends.filter(|(newest, high)| high < newest) {
                waiting.push(Waiting {
                    stream: Arc::clone(&spec.stream),
                    partition: *partition,
                    newest,
                    high_watermark,
                });
            }
        }
    }
    let mut ticks = interval(ASK_EVERY);
    while let Some(first) = waiting.last_mut() {
        ticks.tick().await;
        if let Some((_, high_watermark)) = log_ends(observer, &first.stream, first.partition).await
        {
            first.high_watermark = first.high_watermark.max(high_watermark);
        }
        if first.high_watermark >= first.newest {
            waiting.pop();
        } else if Instant::now() >= deadline {
            return Err(not_committed(first, timeout));
        }
    }
    Ok(())
}

/// The newest offset and the high watermark as the leader says; `None` where it does not.
async fn log_ends(
    observer: &Observer,
    stream: &StreamName,
    partition: PartitionId,
) -> Option<(Offset, Offset)> {
    match observer.probe(stream, partition).await.state {
        ProbeState::Serving { partition, .. } => {
            Some((partition.newest_offset, partition.high_watermark))
        }
        // A partition that is paused or has no leader: the tail itself says what is wrong with it.
        ProbeState::Paused | ProbeState::Unknown(_) => None,
    }
}

fn not_committed(waiting: &Waiting, timeout: Duration) -> CliError {
    let missing = waiting.newest.saturating_sub(waiting.high_watermark);
    let messages = counted(usize::try_from(missing).unwrap_or(usize::MAX), "message");
    let verb = if missing == 1 { "is" } else { "are" };
    CliError::new(
        Exit::FAILED,
        format!(
            "partition {} of stream \"{}\": {messages} {verb} still not committed after {}; without --wait-committed the \
             committed ones are printed",
            waiting.partition,
            waiting.stream,
            exact_age(timeout)
        ),
    )
}
