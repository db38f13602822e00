//! `publish` and `publish-subject`: messages one after the other, and their acks.
//! Where the messages come from is `source`'s; sending is the client's.

mod source;

use std::fs::File;
use std::io::{self, Read};

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::args::{PublishArgs, PublishSubjectArgs};
use super::change;
use super::exit::{Exit, Result, Trouble};
use super::json::time;
use super::output::{Column, Shape};
use super::session::Session;
use crate::model::{Ack, Operation, Outcome, PartitionId, PublishOptions};
use source::Template;

/// Messages read ahead of those that are sent.
const READ_AHEAD: usize = 1024;

static SHAPE: Shape = Shape {
    fields: &[
        "stream",
        "partition",
        "offset",
        "subject",
        "reception",
        "commit",
        "correlation_id",
    ],
    raw: &["offset"],
    columns: &[
        Column::text("STREAM", "stream", 16),
        Column::number("PARTITION", "partition", 0),
        Column::number("OFFSET", "offset", 10),
        Column::text("SUBJECT", "subject", 16),
    ],
};

/// Publishes to a stream.
pub(crate) async fn to_stream(session: &mut Session<'_>, args: &PublishArgs) -> Result {
    let deadline = session.options.timeout;
    publish(session, Template::of_stream(args, deadline)).await
}

/// Publishes to a NATS subject.
pub(crate) async fn to_subject(session: &mut Session<'_>, args: &PublishSubjectArgs) -> Result {
    let deadline = session.options.timeout;
    publish(session, Template::of_subject(args, deadline)).await
}

async fn publish(session: &mut Session<'_>, template: Template) -> Result {
    let client = session.client()?;
    let output = template.message().output;
    let mut messages = messages(session, template)?;
    let mut acks = Vec::new();
    while let Some(message) = messages.recv().await {
        let operation = Operation::Publish(Box::new(message?));
        if let Outcome::Acked { ack, partition } = change::send(session, &client, operation).await?
        {
            acks.push(describe(&ack, partition));
        }
    }
    session.printer(&SHAPE, output).all(&acks)?;
    Ok(Exit::DONE)
}

/// The messages as they come; a thread of its own waits for the input.
fn messages(
    session: &mut Session<'_>,
    template: Template,
) -> Result<mpsc::Receiver<Result<PublishOptions>>> {
    let (sink, messages) = mpsc::channel(READ_AHEAD);
    if let Some(value) = &template.message().value {
        let typed = template.typed(value);
        let _there_is_room = sink.try_send(typed);
        return Ok(messages);
    }
    let input: Box<dyn Read + Send> = match &template.message().file {
        Some(path) => Box::new(File::open(path).map_err(|error| {
            Trouble::usage(format!("{} cannot be read: {error}", path.display()))
        })?),
        None => std::mem::replace(&mut session.console.input, Box::new(io::empty())),
    };
    tokio::task::spawn_blocking(move || template.read(input, &sink));
    Ok(messages)
}

fn describe(ack: &Ack, partition: Option<PartitionId>) -> Value {
    json!({
        "stream": &*ack.stream,
        "partition": partition,
        "offset": ack.offset,
        "subject": &*ack.message_subject,
        "reception": time(ack.received),
        "commit": time(ack.committed),
        "correlation_id": ack.correlation_id,
    })
}
