//! `liftui bench publish`: messages over one `PublishAsync` call, and how long each ack took.
//! What the messages hold is `payload`'s; how it is printed is `report`'s.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::payload::Values;
use super::report::{BenchProgress, BenchReport, Latency, Throughput};
use crate::cli::args::BenchPublishArgs;
use crate::cli::command_context::CommandContext;
use crate::cli::exit::{CliError, Exit, Result};
use crate::cli::mutate;
use crate::cli::outcome_counts::OutcomeCounts;
use crate::cli::output::output_row;
use crate::cli::partition_spec::metadata_with;
use crate::cli::stdio::Stdio;
use crate::client::{AckFuture, Client, Publisher, PublisherOptions};
use crate::model::{AckPolicy, ErrorKind, Failure, Operation, Outcome, PublishOptions, counted};
use crate::ui::format;

output_row! {
    /// [`AckCounts`] as scripts get them.
    struct PublishCounts {
        stream: String,
        acked: u64,
        sent: u64,
        failed: u64,
        unknown: u64,
    }
}

/// Publishes as many messages as were asked for. The first one that is refused ends it; where nobody knows how one
/// ended, it goes on, unless nothing was acked for as long as one message may take.
pub(super) async fn publish(context: &mut CommandContext<'_>, args: &BenchPublishArgs) -> Result {
    let values = Values::new(args.value, args.size, args.keys()).map_err(CliError::usage)?;
    if let Some(partition) = args
        .partition_args
        .partition
        .filter(|partition| *partition < 0)
    {
        return Err(CliError::refused(format!(
            "no stream has a partition {partition}"
        )));
    }
    let client = context.client()?;
    if args.create {
        create(context, &client, args).await?;
    }
    let run = BenchRun::new(
        &client,
        args,
        values,
        context.settings.cluster.timeout.value,
    );
    let end = run.run(context.console).await?;
    if end.acks.is_worth_printing() {
        end.report(args).print(context, args.output)?;
    }
    if end.acks.given_up {
        context.console.print_error(&end.given_up_sentence(args));
    }
    end.exit()
}

/// Makes the stream, unless there is one of that name.
async fn create(
    context: &mut CommandContext<'_>,
    client: &Client,
    args: &BenchPublishArgs,
) -> Result<()> {
    let cluster = metadata_with(client, &args.stream).await?;
    if cluster.stream(&args.stream).is_some() {
        return Ok(());
    }
    let create = Operation::Create(Box::new(args.stream_options()));
    mutate::send(context, client, create).await?;
    let created = format!("created stream \"{}\"", args.stream);
    context.console.print_error(&created);
    Ok(())
}

/// A message on its way.
struct SentMessage {
    ack: AckFuture,
    bytes: u64,
}

/// How messages ended, and how fast.
struct AckCounts {
    counts: OutcomeCounts,
    latency: Latency,
    /// Why the first one was refused.
    refused: Option<Failure>,
    /// Why nobody knows how the first one of these ended.
    unknown: Option<Failure>,
    /// When the last one ended well; the beginning, before any did.
    heard: Instant,
    /// No ack came for so long that none is expected any more.
    given_up: bool,
}

impl AckCounts {
    fn new() -> Self {
        Self {
            counts: OutcomeCounts::default(),
            latency: Latency::new(),
            refused: None,
            unknown: None,
            heard: Instant::now(),
            given_up: false,
        }
    }

    fn record(
        &mut self,
        bytes: u64,
        outcome: std::result::Result<Outcome, Failure>,
        took: Duration,
    ) {
        self.counts.record(&outcome, bytes);
        if outcome.is_ok() {
            self.heard = Instant::now();
        }
        match outcome {
            Ok(Outcome::Acked { .. }) => self.latency.record(took),
            Err(failure) if failure.kind == ErrorKind::OutcomeUnknown => {
                self.unknown.get_or_insert(failure);
            }
            Err(failure) => {
                self.refused.get_or_insert(failure);
            }
            Ok(_) => {}
        }
    }

    fn is_worth_printing(&self) -> bool {
        self.counts.done() + self.counts.unknown > 0
    }
}

/// One bench.
struct BenchRun {
    publisher: Publisher,
    message: PublishOptions,
    values: Values,
    messages: u64,
    in_flight: usize,
    /// Time between two messages, where they come at a rate.
    gap: Option<Duration>,
    stop: CancellationToken,
}

impl BenchRun {
    fn new(client: &Client, args: &BenchPublishArgs, values: Values, deadline: Duration) -> Self {
        let in_flight = usize::try_from(args.in_flight).unwrap_or(usize::MAX);
        let options = PublisherOptions {
            max_in_flight: in_flight,
        };
        let message = PublishOptions {
            ack_policy: args.ack.policy(),
            deadline: Some(deadline),
            ..PublishOptions::new(args.destination(), "")
        };
        Self {
            publisher: client.publish_session(options),
            message,
            values,
            messages: args.messages,
            in_flight,
            gap: args.rate.map(|rate| Duration::from_secs(1) / rate),
            stop: CancellationToken::new(),
        }
    }

    /// Sends and counts until all is answered; SIGINT ends the sending.
    async fn run(mut self, console: &mut Stdio) -> Result<PublishBenchEnd> {
        let stop = self.stop.clone();
        let deadline = self.message.deadline.unwrap_or(Duration::MAX);
        let counted = AtomicU64::new(0);
        let (sink, sent) = mpsc::channel(self.in_flight);
        let begun = Instant::now();
        let work = async {
            let (send_failure, mut acks) =
                tokio::join!(self.send(sink), count(sent, &stop, &counted, deadline));
            if let Some(failure) = send_failure {
                acks.record(0, Err(failure), Duration::ZERO);
            }
            acks
        };
        let (mut work, mut interrupt) = (
            std::pin::pin!(work),
            std::pin::pin!(tokio::signal::ctrl_c()),
        );
        let mut ticks = interval(Duration::from_secs(1));
        let mut progress = BenchProgress::new();
        let mut interrupted = false;
        let acks = loop {
            tokio::select! {
                biased;
                acks = &mut work => break acks,
                _ = &mut interrupt, if !interrupted => {
                    interrupted = true;
                    stop.cancel();
                }
                _ = ticks.tick() => progress.print_progress(console, counted.load(Ordering::Relaxed), "answered"),
            }
        };
        BenchProgress::clear(console);
        Ok(PublishBenchEnd {
            acks,
            took: begun.elapsed(),
            interrupted,
        })
    }

    /// Hands on one ack after the other; returns why a message could not even be sent.
    async fn send(&mut self, sink: mpsc::Sender<SentMessage>) -> Option<Failure> {
        let begun = Instant::now();
        let stop = self.stop.clone();
        for number in 0..self.messages {
            if let Some(gap) = self.gap {
                let due = begun + gap.mul_f64(exact(number));
                stop.run_until_cancelled(sleep_until(due)).await;
            }
            if stop.is_cancelled() {
                return None;
            }
            let (key, value) = self.values.next();
            let bytes = u64::try_from(key.len() + value.len()).unwrap_or(0);
            let mut message = self.message.clone();
            (message.key, message.value) = (key, value);
            let sent = stop.run_until_cancelled(self.publisher.publish(message));
            let ack = match sent.await? {
                Ok(ack) => ack,
                Err(error) => return Some(error.into()),
            };
            if sink.send(SentMessage { ack, bytes }).await.is_err() {
                return None;
            }
        }
        None
    }
}

/// A count as a factor. Beyond 2^52 it would not be exact, and no bench comes that far.
fn exact(number: u64) -> f64 {
    let high = u32::try_from(number >> 32).unwrap_or(u32::MAX);
    let low = u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}

/// Waits for all acks, in the order of sending: each knows itself when its answer came.
async fn count(
    mut sent: mpsc::Receiver<SentMessage>,
    stop: &CancellationToken,
    counted: &AtomicU64,
    deadline: Duration,
) -> AckCounts {
    let mut acks = AckCounts::new();
    while let Some(SentMessage { ack, bytes }) = sent.recv().await {
        let limit = if acks.given_up {
            Duration::ZERO
        } else {
            Duration::MAX
        };
        match timeout(limit, ack.timed()).await {
            Ok((outcome, took)) => acks.record(bytes, outcome.map_err(Failure::from), took),
            Err(_not_waited_for) => acks.counts.unknown += 1,
        }
        counted.fetch_add(1, Ordering::Relaxed);
        acks.given_up |= acks.counts.unknown > 0 && acks.heard.elapsed() >= deadline;
        if acks.refused.is_some() || acks.given_up {
            stop.cancel();
        }
    }
    acks
}

/// A bench that is over.
struct PublishBenchEnd {
    acks: AckCounts,
    took: Duration,
    interrupted: bool,
}

impl PublishBenchEnd {
    fn report(&self, args: &BenchPublishArgs) -> BenchReport<PublishCounts> {
        let AckCounts {
            counts, latency, ..
        } = &self.acks;
        let by_whom = match args.ack.policy() {
            AckPolicy::Leader => "acked by the leader",
            AckPolicy::All => "acked by all in-sync replicas",
            AckPolicy::None => "sent without acks",
        };
        let done = counts.done();
        let bad = [
            (counts.failed, "refused"),
            (counts.unknown, "with an unknown outcome"),
        ];
        let bad = bad.iter().filter(|(count, _)| *count > 0);
        BenchReport {
            head: format!(
                "{}: {} of {} {by_whom} in {:.2} s",
                args.stream,
                counted(done, "message"),
                format::bytes(u64::try_from(args.size).unwrap_or(u64::MAX)),
                self.took.as_secs_f64(),
            ),
            notes: bad
                .map(|(count, how)| format!("{} {how}", format::count_u64(*count)))
                .collect(),
            counts: PublishCounts {
                stream: args.stream.clone(),
                acked: counts.acked,
                sent: counts.sent,
                failed: counts.failed,
                unknown: counts.unknown,
            },
            speed: Throughput {
                messages: done,
                bytes: counts.bytes,
                took: self.took,
                latency: latency.clone(),
            },
        }
    }

    fn given_up_sentence(&self, args: &BenchPublishArgs) -> String {
        let counts = &self.acks.counts;
        let sent = counts.done() + counts.failed + counts.unknown;
        format!(
            "the bench of stream \"{}\" was given up after {sent} of {} messages: no ack came for as long as --timeout allows",
            args.stream, args.messages
        )
    }

    fn exit(self) -> Result {
        let acks = self.acks;
        if let Some(refused) = acks.refused {
            return Err(refused.into());
        }
        if self.interrupted {
            return Ok(Exit::INTERRUPTED);
        }
        match acks.unknown {
            // That it was given up says why.
            Some(unknown) if !acks.given_up => Err(unknown.into()),
            _ if acks.counts.unknown > 0 => Ok(Exit::UNKNOWN),
            _ => Ok(Exit::DONE),
        }
    }
}
