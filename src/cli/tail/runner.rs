//! A tail that runs: chunks from its subscriptions, merged, to the printer; what happens to the subscriptions, to stderr.
//! Never loses a message: where the printer is slow the subscriptions wait, and so do their brokers (I12).

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::joining::{Joined, Joining};
use super::print::MessageRun;
use super::subscriptions::{PartitionSubscription, SubscriptionSet};
use crate::cli::exit::{CliError, Exit, Result};
use crate::cli::read_budget::ReadBudget;
use crate::cli::stdio::Stdio;
use crate::client::SubscriptionItem;
use crate::model::{
    EndReason, ErrorKind, StreamName, SubscriptionEvent, Target, Timestamp, counted,
};
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

/// What happened.
enum Wakeup {
    Item(Option<(usize, SubscriptionItem<Arc<Chunk>>)>),
    Joined(Joined),
    Note(String),
    Tick,
}

/// The next stream that joins; never, where none does.
async fn next_joined(joining: &mut Option<Joining>) -> Joined {
    let joined = match joining {
        Some(joining) => joining.next().await,
        None => None,
    };
    match joined {
        Some(joined) => joined,
        None => std::future::pending().await,
    }
}

/// The next sentence of whoever prints; never, once that has ended.
async fn next_note(notes: &mut UnboundedReceiver<String>) -> String {
    match notes.recv().await {
        Some(note) => note,
        None => std::future::pending().await,
    }
}

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
    /// How many ticks without a message are silence.
    quiet_for: u32,
    /// How long brokers may keep a range waiting; `None` where what is yet to come is waited for.
    budget: Option<ReadBudget>,
    /// What the first partition that failed ends the command with.
    exit: Exit,
    /// Streams that come while the tail follows, where it reads by patterns.
    joining: Option<Joining>,
    /// Streams that are read for their own name: that one of them is gone is a failure.
    named: BTreeSet<StreamName>,
    /// Paused partitions of other streams than those named are left out, and no failure.
    skips_paused: bool,
    /// The stream of which was said last that it is gone: not for each of its partitions.
    gone: Option<StreamName>,
    /// What the printer has to say.
    notes: UnboundedReceiver<String>,
    /// Messages go through the merge, as there are or may be several partitions.
    is_merged: bool,
}

impl<'c> TailRunner<'c> {
    /// A tail of these subscriptions, and where its printer finds the messages. `printed` is what the printer counts,
    /// `notes` what it has to say.
    pub(super) fn new(
        console: &'c mut Stdio,
        subscriptions: SubscriptionSet,
        (printed, notes): (Arc<AtomicU64>, UnboundedReceiver<String>),
        follows: bool,
    ) -> (Self, mpsc::Receiver<MessageRun>) {
        let (runs, queue) = mpsc::channel(QUEUE);
        let window = if follows { LATENESS } else { RANGE_LATENESS };
        let mut merge = Merge::new(window);
        for PartitionSubscription { read, .. } in subscriptions.all() {
            merge.open(&read.stream, read.partition, Timestamp::now());
        }
        let is_merged = subscriptions.all().len() > 1;
        let runner = Self {
            console,
            subscriptions,
            merge,
            runs,
            follows,
            received: 0,
            printed,
            quiet: None,
            quiet_for: SECOND,
            budget: None,
            exit: Exit::DONE,
            joining: None,
            named: BTreeSet::new(),
            skips_paused: false,
            gone: None,
            notes,
            is_merged,
        };
        (runner, queue)
    }

    /// Reports once on stderr when nothing comes, if it `waits` for anything: later where it ends at an offset, because it
    /// takes seconds to find out that nothing is kept before that.
    pub(super) fn reporting_silence(self, waits: bool, follows: bool) -> Self {
        Self {
            quiet: waits.then_some(0),
            quiet_for: if follows { SECOND } else { 6 * SECOND },
            ..self
        }
    }

    /// Gives up what does not come within that, if there is such an end.
    pub(super) fn ending_within(self, budget: Option<ReadBudget>) -> Self {
        Self { budget, ..self }
    }

    /// Reads streams that join, too. A stream that is not one of those named may go without a failure.
    pub(super) fn joined_by(self, joining: Joining, named: BTreeSet<StreamName>) -> Self {
        Self {
            joining: Some(joining),
            named,
            is_merged: true,
            ..self
        }
    }

    /// Leaves out paused partitions, which is a failure of the streams that are named alone.
    pub(super) fn skipping_paused(self, named: BTreeSet<StreamName>) -> Self {
        Self {
            named,
            skips_paused: true,
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
        self.print_notes();
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
            let has_room = |PartitionSubscription { read, .. }: &PartitionSubscription| {
                merge.waiting_bytes(&read.stream, read.partition) < MAX_WAITING
            };
            let waiting = Instant::now();
            // Where streams may join, that all are gone is no end.
            let reads = self.joining.is_none() || !self.subscriptions.is_over();
            let woken = tokio::select! {
                item = self.subscriptions.next(has_room), if reads => Wakeup::Item(item),
                joined = next_joined(&mut self.joining) => Wakeup::Joined(joined),
                note = next_note(&mut self.notes) => Wakeup::Note(note),
                _ = ticks.tick() => Wakeup::Tick,
            };
            if self.is_given_up(waiting.elapsed()) {
                self.wait_for_nobody();
                break;
            }
            match woken {
                Wakeup::Item(Some((_, SubscriptionItem::Batch(chunk)))) => {
                    self.merge_chunk(chunk).await;
                }
                Wakeup::Item(Some((index, SubscriptionItem::Event(event)))) => {
                    self.apply_event(index, event);
                }
                Wakeup::Item(None) if self.joining.is_some() => {}
                Wakeup::Item(None) => break,
                Wakeup::Joined(joined) => self.join(joined),
                Wakeup::Note(note) => self.console.print_error(&note),
                Wakeup::Tick => {
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
        let failure = self.subscriptions.given_up(budget);
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
        if self.is_merged {
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

    /// What has come is printed, though it stood behind what will never come.
    fn wait_for_nobody(&mut self) {
        for PartitionSubscription { read, .. } in self.subscriptions.all() {
            let now = Timestamp::now();
            self.merge.end(&read.stream, read.partition, now);
        }
    }

    fn apply_event(&mut self, index: usize, event: SubscriptionEvent) {
        let Some(PartitionSubscription { read, .. }) = self.subscriptions.all().get(index) else {
            return;
        };
        let target = read.target();
        if let Some(sentence) = event.sentence(&target) {
            self.console.print_error(&sentence);
        }
        if let SubscriptionEvent::Ended(reason) = event {
            // What is read anew goes on in the same queue.
            if !self.subscriptions.is_read_elsewhere(index) {
                let now = Timestamp::now();
                self.merge.end(&read.stream, read.partition, now);
            }
            self.end_partition(&target, reason);
        }
    }

    /// A stream is read from now on, or why it is not.
    fn join(&mut self, joined: Joined) {
        match joined {
            Joined::Failed(sentence) => self.console.print_error(&sentence),
            Joined::Stream(stream, subscriptions) => {
                let partitions = counted(subscriptions.len(), "partition");
                let target = Target::Stream(Arc::clone(&stream));
                let sentence = format!("{target} joins, with {partitions}");
                self.console.print_error(&sentence);
                for one in &subscriptions {
                    self.merge
                        .open(&stream, one.read.partition, Timestamp::now());
                }
                self.gone.take_if(|gone| *gone == stream);
                self.subscriptions.add(subscriptions);
            }
        }
    }

    /// Says once of a stream that was read by a pattern that it is gone; whether the reason was that.
    fn report_gone(&mut self, target: &Target, reason: &EndReason) -> bool {
        let is_gone = matches!(reason, EndReason::Deleted | EndReason::Replaced { .. });
        let Target::Partition(stream, _) = target else {
            return false;
        };
        if !is_gone || self.joining.is_none() || self.named.contains(stream) {
            return false;
        }
        if self.gone.as_ref() != Some(stream) {
            let target = Target::Stream(Arc::clone(stream));
            self.console.print_error(&format!("{target} was deleted"));
            self.gone = Some(Arc::clone(stream));
        }
        true
    }

    fn end_partition(&mut self, target: &Target, reason: EndReason) {
        if self.report_gone(target, &reason) {
            return;
        }
        if self.follows && reason == EndReason::ReadonlyEnd {
            let sentence = format!("{target} is readonly, and its end is reached");
            return self.console.print_error(&sentence);
        }
        let Some(mut failure) = reason.failure(target) else {
            return;
        };
        if failure.kind == ErrorKind::PartitionPaused {
            failure.sentence = if self.skips_paused {
                format!("{target} is paused and was not read; liftui resume wakes it")
            } else {
                format!("{target} is paused; --resume wakes it")
            };
            if self.skips_paused && !self.is_named(target) {
                return self.console.print_error(&failure.sentence);
            }
        }
        self.console.print_error(&failure.sentence);
        if self.exit == Exit::DONE {
            self.exit = Exit::for_error(failure.kind);
        }
    }

    fn is_named(&self, target: &Target) -> bool {
        matches!(target, Target::Partition(stream, _) if self.named.contains(stream))
    }

    /// Reports once that nothing comes, so that nobody mistakes silence for a fault.
    fn print_silence(&mut self) {
        let Some(quiet) = &mut self.quiet else {
            return;
        };
        *quiet += 1;
        if *quiet >= self.quiet_for {
            self.quiet = None;
            self.console.print_error("waiting for new messages");
        }
    }

    fn print_notes(&mut self) {
        while let Ok(note) = self.notes.try_recv() {
            self.console.print_error(&note);
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
