//! Messages on their way: so many at a time, told of in the order they were sent in, none sent a second time.
//! After the first one that fails no other is sent; those under way are waited for.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io::{self, BufWriter, Write};
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::source::{OutgoingMessage, Template};
use crate::cli::args::OutputForm;
use crate::cli::audit_log;
use crate::cli::cell_format::plain;
use crate::cli::command_context::CommandContext;
use crate::cli::exit::{CliError, Exit, Result};
use crate::cli::json::JsonTime;
use crate::cli::output::{Column, OutputRow, Printer, output_row};
use crate::client::{self, Client, Publisher, PublisherOptions};
use crate::model::{
    Ack, ErrorKind, Failure, Offset, Operation, Outcome, PartitionId, PublishOptions, StreamName,
};

/// Messages sent and not answered yet.
const IN_FLIGHT: usize = 1024;

/// Bytes of acks that are written at once.
const BUFFER: usize = 1 << 16;

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
        Column::text("STREAM", |ack: &Self| ack.stream.to_string()).at_least(16),
        Column::number("PARTITION", |ack| plain(ack.partition)),
        Column::number("OFFSET", |ack: &Self| ack.offset.to_string()).at_least(10),
        Column::text("SUBJECT", |ack: &Self| ack.subject.to_string()).at_least(16),
    ];

    fn raw(&self) -> String {
        self.offset.to_string()
    }
}

/// The largest request that servers take (wire-contract §4.3). A larger one would cut the call that all messages share,
/// and leave those under way with it of unknown outcome.
const LARGEST: usize = 4 << 20;

type MessageOutcome = Pin<Box<dyn Future<Output = client::Result<Outcome>> + Send>>;

/// A message under way.
struct MessageInFlight {
    line: Option<u64>,
    bytes: u64,
    /// What to write down, where messages are written down one by one.
    operation: Option<Operation>,
    ending: MessageOutcome,
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
                Ok(receipt) => Box::pin(receipt),
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
    out: BufWriter<Box<dyn Write + Send>>,
    flying: VecDeque<MessageInFlight>,
    tally: Counts,
    trouble: Option<CliError>,
}

impl PublishRun {
    /// None yet. Takes over standard output.
    pub(super) fn new(
        session: &mut CommandContext<'_>,
        client: Client,
        template: &Template,
    ) -> Self {
        let way = if template.shares_a_call() {
            Transport::Call(client.publish_session(PublisherOptions {
                max_in_flight: IN_FLIGHT,
            }))
        } else {
            Transport::Requests(client)
        };
        let out = std::mem::replace(&mut session.console.out, Box::new(io::sink()));
        Self {
            transport: way,
            form: session.form(template.source().output),
            bold: session.colours(),
            out: BufWriter::with_capacity(BUFFER, out),
            flying: VecDeque::new(),
            tally: Counts {
                cluster: session.cluster_name(),
                command: template.is_many().then(|| template.command()),
                ..Counts::default()
            },
            trouble: None,
        }
    }

    /// Sends what comes and prints the acks, until nothing comes any more or something fails.
    pub(super) async fn run(
        mut self,
        mut drafts: mpsc::Receiver<Result<OutgoingMessage>>,
    ) -> Result {
        let mut printer = Printer::new(&mut self.out, self.form, self.bold);
        let mut reads = true;
        while reads || !self.flying.is_empty() {
            // The first message goes alone: what is wrong with the stream is wrong for all that follow.
            let many = matches!(self.transport, Transport::Call(_)) && self.tally.acked > 0;
            let room = self.flying.len() < if many { IN_FLIGHT } else { 1 };
            tokio::select! {
                biased;
                outcome = first_ending(&mut self.flying), if !self.flying.is_empty() => {
                    let Some(flight) = self.flying.pop_front() else { continue };
                    match self.tally.ended(&flight, outcome) {
                        Ok(Some(ack)) => printer.one(&ack)?,
                        Ok(None) => {}
                        Err(trouble) => {
                            reads = false;
                            self.trouble.get_or_insert(trouble);
                        }
                    }
                    if self.flying.is_empty() || drafts.is_empty() {
                        printer.flush()?;
                    }
                }
                draft = drafts.recv(), if reads && room => match draft {
                    Some(Ok(draft)) if draft.size() > LARGEST && matches!(self.transport, Transport::Call(_)) => {
                        reads = false;
                        self.trouble.get_or_insert(too_large(&draft));
                    }
                    Some(Ok(draft)) => {
                        let flight = self.tally.send_message(&self.transport, draft).await;
                        self.flying.push_back(flight);
                    }
                    Some(Err(trouble)) => {
                        reads = false;
                        self.trouble.get_or_insert(trouble);
                    }
                    None => reads = false,
                },
            }
        }
        printer.finish()?;
        match self.trouble {
            Some(trouble) => Err(self.tally.with_count(trouble)),
            None => Ok(Exit::DONE),
        }
    }
}

/// How the message that was sent first ends; later ones wait for it, so that acks come in order.
async fn first_ending(flying: &mut VecDeque<MessageInFlight>) -> client::Result<Outcome> {
    poll_fn(|cx| match flying.front_mut() {
        Some(flight) => flight.ending.as_mut().poll(cx),
        None => std::task::Poll::Pending,
    })
    .await
}

/// How many messages ended how. What is not told of when it is dropped was interrupted: it is written down all the same.
#[derive(Default)]
struct Counts {
    cluster: String,
    /// The command that is written down for all messages together.
    command: Option<String>,
    sent: u64,
    bytes: u64,
    acked: u64,
    refused: u64,
    unknown: u64,
}

impl Counts {
    async fn send_message(&mut self, way: &Transport, draft: OutgoingMessage) -> MessageInFlight {
        let OutgoingMessage { line, options } = draft;
        let bytes = u64::try_from(options.value.len()).unwrap_or(u64::MAX);
        let operation = self
            .command
            .is_none()
            .then(|| Operation::Publish(Box::new(options.clone())));
        self.sent += 1;
        MessageInFlight {
            line,
            bytes,
            operation,
            ending: way.send(options).await,
        }
    }

    /// Counts one that ended: its ack, where there is one, or what is wrong.
    fn ended(
        &mut self,
        flight: &MessageInFlight,
        outcome: client::Result<Outcome>,
    ) -> Result<Option<AckRow>> {
        let outcome = outcome.map_err(Failure::from);
        if let Some(operation) = &flight.operation {
            audit_log::record(&self.cluster, operation, &outcome);
        }
        let failure = match outcome {
            Ok(outcome) => {
                self.acked += 1;
                self.bytes += flight.bytes;
                return Ok(match outcome {
                    Outcome::Acked { ack, partition } => Some(AckRow::new(ack, partition)),
                    Outcome::Done | Outcome::Sent | Outcome::Partial { .. } => None,
                });
            }
            Err(failure) => failure,
        };
        if failure.kind == ErrorKind::OutcomeUnknown {
            self.unknown += 1;
        } else {
            self.refused += 1;
        }
        let mut trouble = CliError::from(failure);
        if let (Some(line), Some(sentence)) = (flight.line, &mut trouble.sentence) {
            *sentence = format!("line {line}: {sentence}");
        }
        Err(trouble)
    }

    /// The sentence with how far it came; unknown outcomes weigh most.
    fn with_count(&self, mut trouble: CliError) -> CliError {
        if self.unknown > 0 {
            trouble.exit = Exit::UNKNOWN;
        }
        if self.command.is_some()
            && let Some(sentence) = &mut trouble.sentence
        {
            *sentence += "; ";
            *sentence += &self.counts();
        }
        trouble
    }

    fn counts(&self) -> String {
        let unknown = self.sent - self.acked - self.refused;
        let mut counts = vec![format!("{} stored", messages(self.acked))];
        counts.extend((self.refused > 0).then(|| format!("{} not", self.refused)));
        counts.extend((unknown > 0).then(|| format!("{unknown} of unknown outcome")));
        counts.join(", ")
    }
}

impl Drop for Counts {
    fn drop(&mut self) {
        let Some(command) = self.command.as_ref().filter(|_| self.sent > 0) else {
            return;
        };
        let command = format!("{command} ({}, {} B)", messages(self.sent), self.bytes);
        let word = if self.acked == self.sent {
            "done"
        } else {
            "partly"
        };
        audit_log::record_many(&self.cluster, command, word, self.counts());
    }
}

fn too_large(draft: &OutgoingMessage) -> CliError {
    let line = draft.line.unwrap_or_default();
    CliError::refused(format!(
        "line {line}: the message has {} B, and no server takes a request of more than {LARGEST}",
        draft.size()
    ))
}

fn messages(count: u64) -> String {
    let noun = if count == 1 { "message" } else { "messages" };
    format!("{count} {noun}")
}
