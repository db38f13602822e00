//! `liftui redrive`: copies messages from one stream to another, batch by batch, each written down before and after.
//! What is written down is `journal`'s, which messages there are `plan`'s; reading and publishing are the client's.

mod batch;
mod dry_run;
mod journal;
mod plan;

use std::sync::Arc;

use tokio::signal;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::args::RedriveArgs;
use super::audit_log::PendingChange;
use super::cell_format::plain;
use super::command_context::CommandContext;
use super::escaped_output::EscapedOutput;
use super::exit::{CliError, Exit, Result};
use super::output::{Column, OutputRow, Printer, output_row};
use super::partition_spec::{self, no_such_stream};
use super::query_reading::QueryReading;
use super::read_budget::ReadBudget;
use crate::client::{Observer, SubscriptionItem};
use crate::model::{
    Cluster, EndReason, ErrorKind, Failure, Offset, PartitionId, StreamName, SubscriptionEvent,
    Target, Timestamp, check_range, command_words, counted_plainly, shell_line,
};
use crate::store::{Chunk, ChunkBuilder, MessageRef, QueryFieldCheck, QueryRun};
use batch::BatchPublisher;
use dry_run::DryRun;
use journal::{Journal, JournalProgress, journal_path};
use plan::{PartitionRange, RedrivePlan, RequestedCopy};

output_row! {
    /// What one partition came to.
    struct RedriveRow {
        from: StreamName,
        partition: PartitionId,
        to: StreamName,
        matched: u64,
        published: u64,
        earlier: u64,
        failed: u64,
        unknown: usize,
        next: Option<Offset>,
    }
}

impl OutputRow for RedriveRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::name("FROM", |row: &Self| row.from.to_string()).at_least(16),
        Column::number("#", |row: &Self| row.partition.to_string()).at_least(3),
        Column::name("TO", |row: &Self| row.to.to_string()).at_least(16),
        Column::number("MATCHED", |row: &Self| row.matched.to_string()).at_least(9),
        Column::number("PUBLISHED", |row: &Self| row.published.to_string()).at_least(9),
        Column::number("EARLIER", |row: &Self| row.earlier.to_string()).at_least(9),
        Column::number("FAILED", |row| row.failed.to_string()),
        Column::number("UNKNOWN", |row| row.unknown.to_string()),
        Column::number("NEXT", |row: &Self| plain(row.next)).at_least(9),
    ];

    fn raw(&self) -> String {
        format!("{}\t{}\t{}", self.from, self.partition, self.published)
    }
}

/// Copies the messages, one partition after the other. SIGINT lets the batch under way come to its end.
pub(crate) async fn redrive(context: &mut CommandContext<'_>, args: &RedriveArgs) -> Result {
    context.console.print_hint(args.query.as_ref());
    if let (Some(from), Some(to)) = (&args.from, &args.to) {
        check_range(from.value, to.value, Timestamp::now()).map_err(CliError::usage)?;
    }
    let client = if args.dry_run {
        None
    } else {
        Some(context.client()?)
    };
    let observer = context.observer()?;
    let (from, cluster) = partition_spec::find(&observer, &args.from_partitions).await?;
    let cluster = partition_spec::metadata_knowing(&observer, cluster, &[&args.to_stream]).await?;
    let to = cluster.stream(&args.to_stream);
    let to = to.map(|stream| Arc::clone(&stream.name));
    let to = to.ok_or_else(|| no_such_stream(&args.to_stream))?;
    if from.stream == to {
        return Err(CliError::usage("a stream cannot be redriven into itself"));
    }
    let reading = QueryReading::new(context, args.query.as_ref(), std::slice::from_ref(&from))?;
    let mut journal = Journal::open(journal_path(context, args, &from.stream, &to))?;
    let asked = RequestedCopy::from_arguments(args, &from, &cluster);
    let plan = if let Some(plan) = journal.plan() {
        plan.checked_against(&asked, &journal)?
    } else {
        let plan = RedrivePlan::make(&observer, args, asked, from.partitions).await?;
        journal.write_plan(&plan)?;
        plan
    };
    let publisher = client.map(|client| BatchPublisher::new(&client, &to, args.rate));
    let (interrupt, mut listeners) = (CancellationToken::new(), JoinSet::new());
    let token = interrupt.clone();
    listeners.spawn(async move {
        if signal::ctrl_c().await.is_ok() {
            token.cancel();
        }
    });
    let redrive = Redrive {
        observer,
        cluster,
        from: from.stream,
        to,
        query: reading.check(),
        publisher,
        dry_run: DryRun::default(),
        journal,
        interrupt,
        change: None,
    };
    redrive.run(context, args, &plan).await
}

/// A redrive under way.
struct Redrive {
    observer: Observer,
    cluster: Arc<Cluster>,
    from: StreamName,
    to: StreamName,
    query: QueryFieldCheck,
    /// Publishes; `None` in a dry run.
    publisher: Option<BatchPublisher>,
    /// Where a dry run would publish to.
    dry_run: DryRun,
    journal: Journal,
    /// SIGINT came: nothing more is sent.
    interrupt: CancellationToken,
    /// The line in the log of changes.
    change: Option<PendingChange>,
}

/// What one partition came to.
#[derive(Default)]
struct Totals {
    matched: u64,
    published: u64,
    failed: u64,
}

impl Redrive {
    async fn run(
        mut self,
        context: &mut CommandContext<'_>,
        args: &RedriveArgs,
        plan: &RedrivePlan,
    ) -> Result {
        if self.publisher.is_some() {
            let (cluster, notes) = (context.cluster_name(), &context.change_notes);
            let change = PendingChange::begin_command(&cluster, self.command(), notes);
            self.change = Some(change);
        }
        let mut error = None;
        let mut total = Totals::default();
        let mut out = std::mem::replace(&mut context.console.out, EscapedOutput::sink());
        let mut printer = Printer::new(&mut out, context.form(args.output), context.colours());
        for range in &plan.ranges {
            let mut totals = Totals::default();
            let copied = self.copy_partition(context, plan, range, &mut totals).await;
            let row = self.row(range, &totals);
            let written = printer.print(&row).and_then(|()| printer.flush());
            let unprinted = printer.or_discard(written).err();
            total.matched += totals.matched;
            total.published += totals.published;
            total.failed += totals.failed;
            error = copied.err().or(unprinted);
            if error.is_some() || self.interrupt.is_cancelled() {
                break;
            }
        }
        if let Err(unprinted) = printer.finish_or_discard(error.is_some()) {
            error.get_or_insert(unprinted);
        }
        if self.publisher.is_none() && error.is_none() {
            let refusal = self
                .dry_run
                .refusal(&self.observer, &self.cluster, &self.to);
            error = refusal.await.map(CliError::from);
        }
        self.finish(context, &total, error)
    }

    /// Copies one partition, from where the journal has come to.
    async fn copy_partition(
        &mut self,
        context: &mut CommandContext<'_>,
        plan: &RedrivePlan,
        range: &PartitionRange,
        totals: &mut Totals,
    ) -> Result<()> {
        let progress = self.journal.progress(range.partition);
        let Some(spec) = range.spec(&self.from, progress) else {
            return Ok(());
        };
        let target = Target::Partition(Arc::clone(&self.from), range.partition);
        let mut budget = ReadBudget::new(context.settings.cluster.timeout.value);
        let opening = self.observer.subscribe_into(spec, ChunkBuilder::new());
        let Some(messages) = budget.wait(opening).await else {
            return Err(budget.failure(target).into());
        };
        let mut messages = messages?;
        let mut given_up = None;
        loop {
            let item = tokio::select! {
                biased;
                () = self.interrupt.cancelled() => break,
                item = budget.wait(messages.next()) => item,
            };
            let Some(item) = item else {
                given_up = Some(budget.failure(target));
                break;
            };
            match item {
                Some(SubscriptionItem::Batch(chunk)) => {
                    budget.earn(chunk.len(), chunk.payload_bytes());
                    self.query.add(&chunk);
                    if self.copy_chunk(plan, range, &chunk, totals).await? {
                        break;
                    }
                }
                Some(SubscriptionItem::Event(event)) => {
                    apply_event(context, range, &self.from, event)?;
                }
                None => break,
            }
        }
        let publisher = self.publisher.as_mut().map(BatchPublisher::take_batch);
        let rest = publisher.unwrap_or_default();
        self.publish(range, rest, totals).await?;
        given_up.map_or(Ok(()), |failure| Err(failure.into()))
    }

    /// Copies the messages of a chunk that are wanted; `true` once the end of the range is passed.
    async fn copy_chunk(
        &mut self,
        plan: &RedrivePlan,
        range: &PartitionRange,
        chunk: &Arc<Chunk>,
        totals: &mut Totals,
    ) -> Result<bool> {
        let run = QueryRun::at(Timestamp::now());
        for message in chunk.iter() {
            if message.offset() > range.end || self.interrupt.is_cancelled() {
                return Ok(true);
            }
            if !self.is_wanted(range, &message, &run)? {
                continue;
            }
            totals.matched += 1;
            let partition = plan.target(&message, &self.cluster, &self.to);
            let Some(publisher) = &mut self.publisher else {
                self.dry_run.add(partition);
                continue;
            };
            if let Some(batch) = publisher.add(&message, partition) {
                self.publish(range, batch, totals).await?;
            }
        }
        Ok(chunk.last_offset() >= range.end)
    }

    /// A message that cannot be decided ends it: it may be one that is wanted.
    fn is_wanted(
        &self,
        range: &PartitionRange,
        message: &MessageRef<'_>,
        run: &QueryRun,
    ) -> Result<bool> {
        let progress = self.journal.progress(range.partition);
        let is_settled = progress.is_some_and(|progress| progress.is_settled(message.offset()));
        let query = self.query.query().filter(|_| !is_settled);
        let is_wanted =
            !is_settled && query.is_none_or(|query| query.predicate().matches(message, run));
        if run.undecided() > 0 {
            let sentence = format!(
                "the expression of the query costs too much at offset {} of partition {}: nothing from there on is copied; ask for less in it",
                message.offset(),
                message.partition()
            );
            return Err(CliError::new(Exit::FAILED, sentence));
        }
        Ok(is_wanted)
    }

    /// Writes a batch down, publishes it, and writes down how it ended.
    async fn publish(
        &mut self,
        range: &PartitionRange,
        batch: batch::RedriveBatch,
        totals: &mut Totals,
    ) -> Result<()> {
        let Some(publisher) = &mut self.publisher else {
            return Ok(());
        };
        if batch.is_empty() {
            return Ok(());
        }
        tokio::select! {
            biased;
            () = self.interrupt.cancelled() => return Ok(()),
            () = publisher.wait() => {}
        }
        self.journal
            .write_sending(range.partition, batch.offsets())?;
        let outcome = publisher.publish(batch).await;
        // Counted whether or not it can be written down.
        totals.published += u64::try_from(outcome.stored.len()).unwrap_or(0);
        totals.failed += u64::try_from(outcome.failed.len()).unwrap_or(0);
        self.journal.write_outcome(range.partition, &outcome)?;
        outcome.error.map_or(Ok(()), Err)
    }

    /// The command in the log of changes.
    fn command(&self) -> String {
        shell_line(&command_words(&["redrive"], &[&self.from, &self.to], &[]))
    }

    fn row(&self, range: &PartitionRange, totals: &Totals) -> RedriveRow {
        let fresh = JournalProgress::default();
        let progress = self.journal.progress(range.partition).unwrap_or(&fresh);
        RedriveRow {
            from: Arc::clone(&self.from),
            partition: range.partition,
            to: Arc::clone(&self.to),
            matched: totals.matched,
            published: totals.published,
            earlier: progress.stored().saturating_sub(totals.published),
            failed: totals.failed,
            unknown: progress.unknown().len(),
            next: progress.next(),
        }
    }

    /// Says how it ended, writes it into the log of changes, and chooses the exit code.
    fn finish(
        mut self,
        context: &mut CommandContext<'_>,
        total: &Totals,
        error: Option<CliError>,
    ) -> Result {
        let found = total.matched;
        context.console.print_mistake(&mut self.query, found);
        let Some(_publisher) = &self.publisher else {
            let (from, to) = (&self.from, &self.to);
            let found = counted_plainly(total.matched, "message");
            let sentence = match &error {
                None => format!("{found} would be copied from \"{from}\" to \"{to}\""),
                Some(_) => {
                    format!("{found} of \"{from}\" found, and not all would be copied to \"{to}\"")
                }
            };
            context
                .console
                .print_error(&format!("{sentence}; nothing was sent"));
            return error.map_or(Ok(Exit::DONE), Err);
        };
        let interrupted = self.interrupt.is_cancelled();
        let stopped = error.is_some() || interrupted;
        let unknown = self.journal.unknown();
        let lost: usize = unknown.iter().map(|(_, offsets)| offsets.len()).sum();
        let command = self.command();
        let detail = format!(
            "{} stored, {lost} of unknown outcome",
            counted_plainly(total.published, "message")
        );
        let outcome = if stopped { "partly" } else { "done" };
        if let Some(change) = self.change.take() {
            change.finish_command(command, outcome, detail);
        }
        for (partition, offsets) in &unknown {
            context.console.print_error(&format!(
                "partition {partition} of stream \"{}\": nobody knows whether {} copied; what may be there is not sent again",
                self.from,
                journal::offsets_were(offsets)
            ));
        }
        if stopped && let Some(path) = self.journal.path() {
            context.console.print_error(&format!(
                "{} copied; the same command goes on from there, by {}",
                counted_plainly(total.published, "message"),
                path.display()
            ));
        }
        if !stopped {
            self.journal.finish(lost == 0)?;
        }
        match error {
            Some(error) if error.exit != Exit::UNKNOWN || lost == 0 => Err(error),
            _ if interrupted => Ok(Exit::INTERRUPTED),
            _ if lost > 0 => Ok(Exit::UNKNOWN),
            _ => Ok(Exit::DONE),
        }
    }
}

/// What happens to the reading of a partition, where it is worth a word or the end.
fn apply_event(
    context: &mut CommandContext<'_>,
    range: &PartitionRange,
    stream: &StreamName,
    event: SubscriptionEvent,
) -> Result<()> {
    let target = Target::Partition(Arc::clone(stream), range.partition);
    match event {
        SubscriptionEvent::Gap { .. }
        | SubscriptionEvent::PastEnd { .. }
        | SubscriptionEvent::Emptied { .. } => {
            let sentence = event.sentence(&target);
            context.console.print_error(&sentence.unwrap_or_default());
            Ok(())
        }
        // The journal counts by offsets, and these mean other messages now.
        SubscriptionEvent::Rewound { .. } => {
            let sentence = event.sentence(&target).unwrap_or_default();
            Err(Failure::new(ErrorKind::LogUnreadable, target, sentence).into())
        }
        SubscriptionEvent::Opened { .. }
        | SubscriptionEvent::Resuming { .. }
        | SubscriptionEvent::Resumed { .. }
        | SubscriptionEvent::Uncommitted { .. } => Ok(()),
        SubscriptionEvent::Ended(EndReason::Paused) => Err(plan::is_paused(target).into()),
        SubscriptionEvent::Ended(reason) => match reason.failure(&target) {
            None => Ok(()),
            Some(failure) => Err(failure.into()),
        },
    }
}
