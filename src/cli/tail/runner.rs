//! A tail that runs: chunks from its subscriptions, merged, to the printer; what happens to the subscriptions, to stderr.
//! Never loses a message: where the printer is slow the subscriptions wait, and so do their brokers (I12).

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::print::MessageRun;
use super::subscriptions::{PartitionSubscription, SubscriptionSet};
use crate::cli::exit::{CliError, Exit, Result};
use crate::cli::read_budget::ReadBudget;
use crate::cli::stdio::Stdio;
use crate::client::SubscriptionItem;
use crate::model::{EndReason, ErrorKind, SubscriptionEvent, Target, Timestamp};
use crate::store::{Chunk, Merge};

/// Chunks on their way to the printer.
const QUEUE: usize = 4;
/// Bytes of one partition that may wait for the others.
const MAX_WAITING: usize = 4 << 20;
/// How long messages wait for those of other partitions while they come live.
const LATENESS: Duration = Duration::from_millis(300);
/// How long messages wait in a range, where every partition has messages or an end: only a slow broker makes others wait.
const RANGE_LATENESS: Duration = Duration::from_secs(5);
/// How often what waits is looked at.
const TICK: Duration = Duration::from_millis(100);
/// Ticks in a second.
const SECOND: u32 = 10;

/// A tail that runs.
pub(super) struct TailRunner<'c> {
    console: &'c mut Stdio,
    subscriptions: SubscriptionSet,
    merge: Merge,
    runs: mpsc::Sender<MessageRun>,
    follows: bool,
    received: u64,
    printed: Arc<AtomicU64>,
    /// Ticks since a message came; `None` once that was reported.
    quiet: Option<u32>,
    /// How long brokers may keep a range waiting; `None` where what is yet to come is waited for.
    budget: Option<ReadBudget>,
    /// What the first partition that failed ends the command with.
    exit: Exit,
}

impl<'c> TailRunner<'c> {
    /// A tail of these subscriptions, and where its printer finds the messages. `printed` is what the printer counts.
    pub(super) fn new(
        console: &'c mut Stdio,
        subscriptions: SubscriptionSet,
        printed: Arc<AtomicU64>,
        follows: bool,
    ) -> (Self, mpsc::Receiver<MessageRun>) {
        let (runs, queue) = mpsc::channel(QUEUE);
        let window = if follows { LATENESS } else { RANGE_LATENESS };
        let mut merge = Merge::new(window);
        for index in subscriptions.all() {
            merge.open(&index.stream, index.partition, Timestamp::now());
        }
        let runner = Self {
            console,
            subscriptions,
            merge,
            runs,
            follows,
            received: 0,
            printed,
            quiet: None,
            budget: None,
            exit: Exit::DONE,
        };
        (runner, queue)
    }

    /// Reports once on stderr when nothing comes.
    pub(super) fn reporting_silence(self) -> Self {
        Self {
            quiet: Some(0),
            ..self
        }
    }

    /// Gives up what does not come within that.
    pub(super) fn ending_within(self, budget: ReadBudget) -> Self {
        Self {
            budget: Some(budget),
            ..self
        }
    }

    /// Runs until all subscriptions have ended or the printer has.
    pub(super) async fn run(
        mut self,
        mut printing: JoinHandle<io::Result<()>>,
        reports_progress: bool,
    ) -> Result {
        let printed = tokio::select! {
            printed = &mut printing => printed,
            () = self.read(reports_progress) => {
                let (closed, _) = mpsc::channel(1);
                self.runs = closed;
                printing.await
            }
        };
        match printed {
            Ok(printed) => printed?,
            Err(_panicked) => return Err(CliError::new(Exit::FAILED, "the printer broke")),
        }
        if reports_progress {
            self.print_progress(self.received);
        }
        Ok(self.exit)
    }

    async fn read(&mut self, reports_progress: bool) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut tick, mut before) = (0, 0);
        loop {
            let merge = &self.merge;
            let has_room = |index: &PartitionSubscription| {
                merge.waiting_bytes(&index.stream, index.partition) < MAX_WAITING
            };
            let waiting = Instant::now();
            let woken = tokio::select! {
                item = self.subscriptions.next(has_room) => Some(item),
                _ = ticks.tick() => None,
            };
            if self.is_given_up(waiting.elapsed()) {
                break;
            }
            match woken {
                Some(Some((_, SubscriptionItem::Batch(chunk)))) => self.merge_chunk(chunk).await,
                Some(Some((index, SubscriptionItem::Event(event)))) => {
                    self.apply_event(index, event);
                }
                Some(None) => break,
                None => {
                    tick += 1;
                    self.print_silence();
                    if reports_progress && tick % SECOND == 0 {
                        self.print_progress(self.received - before);
                        before = self.received;
                    }
                }
            }
            self.send_runs().await;
        }
        self.send_runs().await;
    }

    /// Whether brokers have kept the range waiting for too long, which is told.
    fn is_given_up(&mut self, waited: Duration) -> bool {
        let Some(budget) = &mut self.budget else {
            return false;
        };
        budget.spend(waited);
        if !budget.is_spent() || self.subscriptions.is_over() {
            return false;
        }
        let failure = budget.failure(self.subscriptions.target());
        self.console.print_error(&failure.sentence);
        if self.exit == Exit::DONE {
            self.exit = Exit::for_error(failure.kind);
        }
        true
    }

    async fn merge_chunk(&mut self, chunk: Arc<Chunk>) {
        if let Some(budget) = &mut self.budget {
            budget.earn(chunk.len(), chunk.payload_bytes());
        }
        self.received += u64::try_from(chunk.len()).unwrap_or(0);
        self.quiet = self.quiet.map(|_| 0);
        if self.subscriptions.all().len() > 1 {
            self.merge.push(chunk, Timestamp::now());
            return;
        }
        let whole = 0..chunk.len();
        let _printer_ended = self.runs.send((chunk, whole)).await;
    }

    /// Hands the printer what need not wait any longer.
    async fn send_runs(&mut self) {
        while let Some(run) = self.merge.next_run(Timestamp::now()) {
            if self.runs.send(run).await.is_err() {
                return;
            }
        }
    }

    fn apply_event(&mut self, index: usize, event: SubscriptionEvent) {
        let Some(read) = self.subscriptions.all().get(index) else {
            return;
        };
        let target = Target::Partition(Arc::clone(&read.stream), read.partition);
        if let Some(sentence) = event.sentence(&target) {
            self.console.print_error(&sentence);
        }
        if let SubscriptionEvent::Ended(reason) = event {
            self.merge
                .end(&read.stream, read.partition, Timestamp::now());
            self.end_partition(&target, reason);
        }
    }

    fn end_partition(&mut self, target: &Target, reason: EndReason) {
        if self.follows && reason == EndReason::ReadonlyEnd {
            let sentence = format!("{target} is readonly, and its end is reached");
            return self.console.print_error(&sentence);
        }
        let Some(mut failure) = reason.failure(target) else {
            return;
        };
        if failure.kind == ErrorKind::PartitionPaused {
            failure.sentence = format!("{target} is paused; --resume wakes it");
        }
        self.console.print_error(&failure.sentence);
        if self.exit == Exit::DONE {
            self.exit = Exit::for_error(failure.kind);
        }
    }

    /// Reports once that nothing comes, so that nobody mistakes silence for a fault.
    fn print_silence(&mut self) {
        let Some(quiet) = &mut self.quiet else {
            return;
        };
        *quiet += 1;
        if *quiet >= SECOND {
            self.quiet = None;
            self.console.print_error("waiting for new messages");
        }
    }

    fn print_progress(&mut self, rate: u64) {
        let printed = self.printed.load(Ordering::Relaxed);
        let out_of_order = self.merge.out_of_order();
        self.console.print_error(&format!(
            "{} received, {rate}/s, {printed} printed, {out_of_order} out of order",
            self.received
        ));
    }
}
