//! Messages on their way: so many at a time, printed in the order they were sent in, none sent a second time.
//! After the first one that fails no other is sent; those under way are waited for.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::source::{OutgoingMessage, Template};
use crate::cli::args::OutputForm;
use crate::cli::audit_log::{ChangeNotes, PendingChange};
use crate::cli::cell_format::plain;
use crate::cli::command_context::CommandContext;
use crate::cli::escaped_output::EscapedOutput;
use crate::cli::exit::{CliError, Exit, Result};
use crate::cli::json::JsonTime;
use crate::cli::outcome_counts::OutcomeCounts;
use crate::cli::output::{Column, OutputRow, Printer, output_row};
use crate::client::{self, Client, MAX_REQUEST_BYTES, Publisher, PublisherOptions};
use crate::model::{
    Ack, ErrorKind, Failure, Offset, Operation, Outcome, PartitionId, PublishOptions, StreamName,
    counted_plainly, unexpected_offset,
};

/// Messages sent and not answered yet.
const IN_FLIGHT: usize = 1024;

/// Bytes of acks that are written at once.
const BUFFER_SIZE: usize = 1 << 16;

output_row! {
    /// An ack.
    struct AckRow {
        stream: StreamName,
        partition: Option<PartitionId>,
        offset: Offset,
        subject: Arc<str>,
        reception: JsonTime,
        commit: JsonTime,
        correlation_id: String,
    }
}

impl AckRow {
    fn new(ack: Ack, partition: Option<PartitionId>) -> Self {
        Self {
            stream: ack.stream,
            partition,
            offset: ack.offset,
            subject: ack.message_subject,
            reception: JsonTime(ack.received),
            commit: JsonTime(ack.committed),
            correlation_id: ack.correlation_id,
        }
    }
}

impl OutputRow for AckRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::name("STREAM", |ack: &Self| ack.stream.to_string()).at_least(16),
        Column::number("PARTITION", |ack| plain(ack.partition)),
        Column::number("OFFSET", |ack: &Self| ack.offset.to_string()).at_least(10),
        Column::name("SUBJECT", |ack: &Self| ack.subject.to_string()).at_least(16),
    ];

    fn raw(&self) -> String {
        self.offset.to_string()
    }
}

type MessageOutcome = Pin<Box<dyn Future<Output = client::Result<Outcome>> + Send>>;

/// A message under way.
struct MessageInFlight {
    line: Option<u64>,
    bytes: u64,
    /// The offset that it must get; -1 for any.
    expected: Offset,
    /// Its line in the log of changes, where messages are written down one by one.
    change: Option<PendingChange>,
    outcome: MessageOutcome,
}

/// How messages are sent.
enum Transport {
    /// A request each, one after the other.
    Requests(Client),
    /// One call for all.
    Call(Publisher),
}

impl Transport {
    async fn send(&self, options: PublishOptions) -> MessageOutcome {
        match self {
            Self::Requests(client) => {
                let client = client.clone();
                Box::pin(async move { client.publish(options).await })
            }
            Self::Call(publisher) => match publisher.publish(options).await {
                Ok(ack) => Box::pin(ack),
                Err(error) => Box::pin(std::future::ready(Err(error))),
            },
        }
    }
}

/// All messages of one command.
pub(super) struct PublishRun {
    transport: Transport,
    form: OutputForm,
    bold: bool,
    out: EscapedOutput,
    in_flight: VecDeque<MessageInFlight>,
    log: PublishLog,
    error: Option<CliError>,
}

impl PublishRun {
    /// None yet. Takes over standard output.
    pub(super) fn new(
        context: &mut CommandContext<'_>,
        client: Client,
        template: &Template,
    ) -> Self {
        let transport = if template.shares_a_call() {
            Transport::Call(client.publish_session(PublisherOptions {
                max_in_flight: IN_FLIGHT,
            }))
        } else {
            Transport::Requests(client)
        };
        let out = std::mem::replace(&mut context.console.out, EscapedOutput::sink());
        Self {
            transport,
            form: context.form(template.source().output),
            bold: context.colours(),
            out: out.buffered(BUFFER_SIZE),
            in_flight: VecDeque::new(),
            log: PublishLog {
                cluster: context.cluster_name(),
                command: template.is_many().then(|| template.command()),
                change: None,
                notes: context.change_notes.clone(),
                has_warned: false,
                sent: 0,
                counts: OutcomeCounts::default(),
            },
            error: None,
        }
    }

    /// Sends what comes and prints the acks, until nothing comes any more or something fails.
    pub(super) async fn run(
        mut self,
        mut messages: mpsc::Receiver<Result<OutgoingMessage>>,
    ) -> Result {
        let mut printer = Printer::new(&mut self.out, self.form, self.bold);
        let mut reads = true;
        while reads || !self.in_flight.is_empty() {
            // The first message goes alone: what is wrong with the stream is wrong for all that follow.
            let is_pipelined =
                matches!(self.transport, Transport::Call(_)) && self.log.counts.done() > 0;
            let has_room = self.in_flight.len() < if is_pipelined { IN_FLIGHT } else { 1 };
            tokio::select! {
                biased;
                outcome = first_outcome(&mut self.in_flight), if !self.in_flight.is_empty() => {
                    let Some(mut sent) = self.in_flight.pop_front() else { continue };
                    let mut written = Ok(());
                    match self.log.record(&mut sent, outcome) {
                        Ok(Some(ack)) => written = printer.print(&ack),
                        Ok(None) => {}
                        Err(error) => {
                            reads = false;
                            self.error.get_or_insert(error);
                        }
                    }
                    if self.in_flight.is_empty() || messages.is_empty() {
                        written = written.and_then(|()| printer.flush());
                    }
                    if let Err(error) = printer.or_discard(written) {
                        reads = false;
                        self.error.get_or_insert(error);
                    }
                }
                message = messages.recv(), if reads && has_room => match message {
                    Some(Ok(message)) if message.size() > MAX_REQUEST_BYTES && matches!(self.transport, Transport::Call(_)) => {
                        reads = false;
                        self.error.get_or_insert(too_large(&message));
                    }
                    Some(Ok(message)) => {
                        let sent = self.log.send_message(&self.transport, message).await;
                        self.in_flight.push_back(sent);
                    }
                    Some(Err(error)) => {
                        reads = false;
                        self.error.get_or_insert(error);
                    }
                    None => reads = false,
                },
            }
        }
        if let Err(error) = printer.finish_or_discard(self.error.is_some()) {
            self.error.get_or_insert(error);
        }
        match self.error {
            Some(error) => Err(self.log.with_count(error)),
            None => Ok(Exit::DONE),
        }
    }
}

/// How the message that was sent first ends; later ones wait for it, so that acks come in order.
async fn first_outcome(in_flight: &mut VecDeque<MessageInFlight>) -> client::Result<Outcome> {
    poll_fn(|cx| match in_flight.front_mut() {
        Some(sent) => sent.outcome.as_mut().poll(cx),
        None => std::task::Poll::Pending,
    })
    .await
}

/// How many messages ended how. What has no outcome when this is dropped was interrupted: it is written down all the same.
struct PublishLog {
    cluster: String,
    /// The command that is written down for all messages together.
    command: Option<String>,
    /// Its line in the log of changes.
    change: Option<PendingChange>,
    notes: ChangeNotes,
    /// Whether it was said that a message has another offset than expected.
    has_warned: bool,
    sent: u64,
    counts: OutcomeCounts,
}

impl PublishLog {
    async fn send_message(
        &mut self,
        transport: &Transport,
        message: OutgoingMessage,
    ) -> MessageInFlight {
        let OutgoingMessage { line, options } = message;
        let bytes = u64::try_from(options.value.len()).unwrap_or(u64::MAX);
        let expected = options.expected_offset;
        let change = if let Some(command) = &self.command {
            let begin =
                || PendingChange::begin_command(&self.cluster, command.clone(), &self.notes);
            self.change.get_or_insert_with(begin);
            None
        } else {
            let operation = Operation::Publish(Box::new(options.clone()));
            let change = PendingChange::begin(&self.cluster, &operation, &self.notes);
            Some(change.saying_if_broken_off())
        };
        self.sent += 1;
        MessageInFlight {
            line,
            bytes,
            expected,
            change,
            outcome: transport.send(options).await,
        }
    }

    /// Counts one that ended: its ack, where there is one, or what is wrong.
    fn record(
        &mut self,
        sent: &mut MessageInFlight,
        outcome: client::Result<Outcome>,
    ) -> Result<Option<AckRow>> {
        let outcome = outcome.map_err(Failure::from);
        if let Some(change) = sent.change.take() {
            change.finish(&outcome);
        }
        self.counts.record(&outcome, sent.bytes);
        let failure = match outcome {
            Ok(Outcome::Acked { ack, partition }) => {
                self.warn_of_offset(&ack, sent.expected);
                return Ok(Some(AckRow::new(ack, partition)));
            }
            Ok(Outcome::Done | Outcome::Sent | Outcome::Partial { .. }) => return Ok(None),
            Err(failure) => failure,
        };
        let is_misplaced = failure.kind == ErrorKind::NoSuchPartition;
        let mut error = CliError::from(failure);
        if let (Some(line), Some(sentence)) = (sent.line, &mut error.sentence) {
            *sentence = format!("line {line}: {sentence}");
            if is_misplaced {
                // A record goes where it came from, unless the command line says otherwise.
                sentence.push_str(
                    "; -p N puts all messages into one partition, --by-key each by its key",
                );
            }
        }
        Err(error)
    }

    /// Says at the first message that it has another offset than it must get: servers look at that on streams with concurrency
    /// control alone (wire-contract §4.3), and nothing but the ack tells that a stream has none.
    fn warn_of_offset(&mut self, ack: &Ack, expected: Offset) {
        if let Some(sentence) = unexpected_offset(ack, expected)
            && !self.has_warned
        {
            self.has_warned = true;
            self.notes.push(sentence);
        }
    }

    /// The sentence with how far it came; unknown outcomes weigh most.
    fn with_count(&self, mut error: CliError) -> CliError {
        if self.counts.unknown > 0 {
            error.exit = Exit::UNKNOWN;
        }
        // Of a single one its own sentence tells, unless that is about printing alone.
        if (self.command.is_some() || self.counts.done() > 0)
            && let Some(sentence) = &mut error.sentence
        {
            *sentence += "; ";
            *sentence += &self.summary();
        }
        error
    }

    fn summary(&self) -> String {
        let (stored, failed) = (self.counts.done(), self.counts.failed);
        let unknown = self.sent - stored - failed;
        let mut counts = vec![format!("{} stored", counted_plainly(stored, "message"))];
        counts.extend((failed > 0).then(|| format!("{failed} not")));
        counts.extend((unknown > 0).then(|| format!("{unknown} of unknown outcome")));
        counts.join(", ")
    }
}

impl Drop for PublishLog {
    fn drop(&mut self) {
        let (Some(command), Some(change)) = (&self.command, self.change.take()) else {
            return;
        };
        let counts = &self.counts;
        if counts.done() + counts.failed + counts.unknown < self.sent {
            let sentence = format!("liftui {command} was broken off: {}", self.summary());
            self.notes.push(sentence);
        }
        let command = format!(
            "{command} ({}, {} B)",
            counted_plainly(self.sent, "message"),
            self.counts.bytes
        );
        let outcome = if self.counts.done() == self.sent {
            "done"
        } else {
            "partly"
        };
        change.finish_command(command, outcome, self.summary());
    }
}

fn too_large(message: &OutgoingMessage) -> CliError {
    let line = message.line.unwrap_or_default();
    CliError::refused(format!(
        "line {line}: the message has {} B, and no server takes a request of more than {MAX_REQUEST_BYTES}",
        message.size()
    ))
}
