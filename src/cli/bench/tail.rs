//! `liftui bench tail`: how fast messages come off the wire, and how old those are that come while it reads.
//! Keeps none of them: what keeping costs is `store`'s.
#![expect(
    clippy::disallowed_methods,
    reason = "a bench reads the clock: that is all it does"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::interval;

use super::report::{BenchProgress, BenchReport, Throughput};
use crate::cli::args::BenchTailArgs;
use crate::cli::command_context::CommandContext;
use crate::cli::exit::{CliError, Exit, Result};
use crate::cli::json::milliseconds;
use crate::cli::output::output_row;
use crate::cli::partition_reads::{self, PartitionRead};
use crate::cli::partition_spec;
use crate::cli::read_budget::ReadBudget;
use crate::cli::stdio::Stdio;
use crate::client::{Observer, Subscription, SubscriptionItem};
use crate::model::{
    Failure, MessageSink, MessageStamp, StartAt, StopAt, SubscribeSpec, SubscriptionEvent, Target,
    Timestamp, check_range, counted,
};
use crate::ui::format;

output_row! {
    /// What scripts get beside the throughput.
    struct TailCounts {
        received: u64,
        missing: u64,
        resumed: u64,
        first_ms: Option<f64>,
    }
}

/// Counts on their way from the subscriptions; more of them wait in the subscriptions, and so do the brokers.
const QUEUE: usize = 64;

/// Reads until the range is done, enough came, or SIGINT.
pub(super) async fn tail(context: &mut CommandContext<'_>, args: &BenchTailArgs) -> Result {
    let (start, stop) = args.range();
    check_range(start, stop, Timestamp::now()).map_err(CliError::usage)?;
    let observer = context.observer()?;
    let (specs, _) = partition_spec::find_all(&observer, &args.partitions).await?;
    let begun = Instant::now();
    let (sender, queue) = mpsc::channel(QUEUE);
    let mut subscriptions = JoinSet::new();
    let mut reads = Vec::new();
    for spec in partition_spec::subscribe_specs(&specs, start, stop, args.isr_replica) {
        let number = reads.len();
        reads.push(PartitionRead::of(&spec));
        subscriptions.spawn(read(observer.clone(), spec, number, sender.clone()));
    }
    drop(sender);
    let wanted = args.messages.unwrap_or(u64::MAX);
    let mut budget = match stop {
        StopAt::Latest => Some(ReadBudget::new(context.settings.cluster.timeout.value)),
        StopAt::Never | StopAt::Newest | StopAt::Offset(_) | StopAt::Time(_) => None,
    };
    let mut end = TailBenchEnd::new(reads);
    end.count(context.console, queue, wanted, begun, &mut budget)
        .await;
    if let Some(budget) = budget.filter(ReadBudget::is_spent) {
        let given_up = partition_reads::given_up(&end.reads, budget.limit());
        end.failure.get_or_insert(given_up);
    }
    subscriptions.shutdown().await;
    let first = end.first.unwrap_or_default();
    if args.range().0 == StartAt::New {
        // What came before the first message was waiting.
        end.speed.took -= first;
    }
    if end.failure.is_none() || end.first.is_some() {
        end.report(args).print(context, args.output)?;
    }
    end.exit()
}

/// What happened to one subscription.
enum TailBenchEvent {
    Received(MeasuredMessages),
    Missing(u64),
    Resumed,
    /// Its end came, or why it ended before that.
    Ended(Option<Failure>),
}

/// What happened to which of the subscriptions.
type NumberedEvent = (usize, TailBenchEvent);

/// Some messages that came.
#[derive(Default)]
struct MeasuredMessages {
    messages: u64,
    bytes: u64,
    /// How old those were that were stored while the bench ran.
    ages: Vec<Duration>,
}

/// Receives messages and keeps their sizes and ages.
struct TailMeter {
    started: Timestamp,
    measured: MeasuredMessages,
    open_bytes: u64,
}

impl TailMeter {
    /// Messages that are reported at once.
    const MOST: u64 = 1024;

    fn add(&mut self, bytes: &[u8]) {
        self.open_bytes += u64::try_from(bytes.len()).unwrap_or(0);
    }
}

impl MessageSink for TailMeter {
    type Batch = MeasuredMessages;

    fn key(&mut self, bytes: &[u8]) {
        self.add(bytes);
    }

    fn value(&mut self, bytes: &[u8]) {
        self.add(bytes);
    }

    fn header(&mut self, _: &[u8], _: &[u8]) {}
    fn stream(&mut self, _: &[u8]) {}
    fn subject(&mut self, _: &[u8]) {}
    fn reply_subject(&mut self, _: &[u8]) {}

    fn commit(&mut self, stamp: MessageStamp) -> Option<MeasuredMessages> {
        self.measured.messages += 1;
        self.measured.bytes += std::mem::take(&mut self.open_bytes);
        if stamp.timestamp > self.started {
            self.measured
                .ages
                .push(stamp.timestamp.age(Timestamp::now()));
        }
        if self.measured.messages < Self::MOST {
            return None;
        }
        self.flush()
    }

    fn discard(&mut self) {
        self.open_bytes = 0;
    }

    fn flush(&mut self) -> Option<MeasuredMessages> {
        (self.measured.messages > 0).then(|| std::mem::take(&mut self.measured))
    }
}

/// Reads one partition to its end.
async fn read(
    observer: Observer,
    spec: SubscribeSpec,
    number: usize,
    sender: mpsc::Sender<NumberedEvent>,
) {
    let target = Target::Partition(Arc::clone(&spec.stream), spec.partition);
    let meter = TailMeter {
        started: Timestamp::now(),
        measured: MeasuredMessages::default(),
        open_bytes: 0,
    };
    let ended = match observer.subscribe_into(spec, meter).await {
        Ok(subscription) => forward(subscription, &target, number, &sender).await,
        Err(error) => Some(error.into()),
    };
    // The count may be over already.
    let ended = TailBenchEvent::Ended(ended);
    sender.send((number, ended)).await.ok();
}

/// Hands on what comes; returns why it ended, where that is a failure.
async fn forward(
    mut subscription: Subscription<TailMeter>,
    target: &Target,
    number: usize,
    sender: &mpsc::Sender<NumberedEvent>,
) -> Option<Failure> {
    while let Some(item) = subscription.next().await {
        let event = match item {
            SubscriptionItem::Batch(messages) => TailBenchEvent::Received(messages),
            SubscriptionItem::Event(gap @ SubscriptionEvent::Gap { .. }) => {
                TailBenchEvent::Missing(gap.removed())
            }
            SubscriptionItem::Event(SubscriptionEvent::Resumed { .. }) => TailBenchEvent::Resumed,
            SubscriptionItem::Event(SubscriptionEvent::Ended(reason)) => {
                return reason.failure(target);
            }
            SubscriptionItem::Event(
                SubscriptionEvent::Opened { .. }
                | SubscriptionEvent::Resuming { .. }
                | SubscriptionEvent::Rewound { .. }
                | SubscriptionEvent::Uncommitted { .. }
                | SubscriptionEvent::PastEnd { .. }
                | SubscriptionEvent::Emptied { .. },
            ) => continue,
        };
        if sender.send((number, event)).await.is_err() {
            break;
        }
    }
    None
}

/// What all subscriptions came to.
struct TailBenchEnd {
    speed: Throughput,
    missing: u64,
    resumed: u64,
    /// How long the first message took to come.
    first: Option<Duration>,
    failure: Option<Failure>,
    interrupted: bool,
    /// How far each partition came.
    reads: Vec<PartitionRead>,
}

impl TailBenchEnd {
    /// Of these subscriptions, of which nothing has come.
    fn new(reads: Vec<PartitionRead>) -> Self {
        Self {
            speed: Throughput::new(),
            missing: 0,
            resumed: 0,
            first: None,
            failure: None,
            interrupted: false,
            reads,
        }
    }

    /// Adds up what the subscriptions bring until all have ended, enough came, or SIGINT.
    async fn count(
        &mut self,
        console: &mut Stdio,
        mut queue: mpsc::Receiver<NumberedEvent>,
        wanted: u64,
        begun: Instant,
        budget: &mut Option<ReadBudget>,
    ) {
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        let mut ticks = interval(Duration::from_secs(1));
        let mut progress = BenchProgress::new();
        while self.speed.messages < wanted {
            tokio::select! {
                biased;
                _ = &mut interrupt => {
                    self.interrupted = true;
                    break;
                }
                event = next_event(&mut queue, budget) => match event {
                    Some(event) => self.apply_event(event, begun),
                    None => break,
                },
                _ = ticks.tick() => progress.print_progress(console, self.speed.messages, "received"),
            }
        }
        BenchProgress::clear(console);
    }

    fn apply_event(&mut self, (number, event): NumberedEvent, begun: Instant) {
        let read = self.reads.get_mut(number);
        match event {
            TailBenchEvent::Received(messages) => {
                if let Some(read) = read {
                    read.add(messages.messages);
                }
                self.speed.took = begun.elapsed();
                self.first.get_or_insert(self.speed.took);
                self.speed.messages += messages.messages;
                self.speed.bytes += messages.bytes;
                let ages = messages.ages.into_iter();
                ages.for_each(|age| self.speed.latency.record(age));
            }
            TailBenchEvent::Missing(count) => self.missing += count,
            TailBenchEvent::Resumed => self.resumed += 1,
            TailBenchEvent::Ended(failure) => {
                if let Some(read) = read {
                    read.end(failure.is_some());
                }
                if let Some(failure) = failure {
                    self.failure.get_or_insert(failure);
                }
            }
        }
    }

    fn report(&self, args: &BenchTailArgs) -> BenchReport<TailCounts> {
        let bad = [(self.missing, "missing"), (self.resumed, "times resumed")];
        let bad = bad.iter().filter(|(count, _)| *count > 0);
        let notes = bad.map(|(count, what)| format!("{} {what}", format::count_u64(*count)));
        let seconds = self.speed.took.as_secs_f64();
        let received = counted(self.speed.messages, "message");
        BenchReport {
            head: format!(
                "{}: {received} received in {seconds:.2} s",
                args.partitions.join(" ")
            ),
            notes: notes.collect(),
            counts: TailCounts {
                received: self.speed.messages,
                missing: self.missing,
                resumed: self.resumed,
                first_ms: self.first.map(milliseconds),
            },
            speed: self.speed.clone(),
        }
    }

    fn exit(self) -> Result {
        match self.failure {
            Some(failure) => Err(failure.into()),
            None if self.interrupted => Ok(Exit::INTERRUPTED),
            None => Ok(Exit::DONE),
        }
    }
}

/// What comes next; `None` once all has come, or is given up.
async fn next_event(
    queue: &mut mpsc::Receiver<NumberedEvent>,
    budget: &mut Option<ReadBudget>,
) -> Option<NumberedEvent> {
    let Some(budget) = budget else {
        return queue.recv().await;
    };
    let event = budget.wait(queue.recv()).await.flatten();
    if let Some((_, TailBenchEvent::Received(came))) = &event {
        let [messages, bytes] = [came.messages, came.bytes].map(usize::try_from);
        budget.earn(messages.unwrap_or(0), bytes.unwrap_or(0));
    }
    event
}
