//! `publish` and `publish-subject`: where the messages come from, and the way they take.
//! Reading them is `source`'s; what is on its way and how it ended is `flight`'s; sending is the client's.

mod in_flight;
mod source;

use std::fs::File;
use std::io::{self, Read};

use tokio::sync::mpsc;

use super::args::{PublishArgs, PublishSubjectArgs};
use super::command_context::CommandContext;
use super::exit::{CliError, Result};
use super::mutate::need_name;
use in_flight::PublishRun;
use source::{OutgoingMessage, Template};

/// Messages read ahead of those that are sent.
const READ_AHEAD: usize = 1024;

/// Publishes to a stream.
pub(crate) async fn to_stream(session: &mut CommandContext<'_>, args: &PublishArgs) -> Result {
    need_name("a stream", &args.stream)?;
    let deadline = session.options.timeout;
    publish(session, Template::of_stream(args, deadline)).await
}

/// Publishes to a NATS subject.
pub(crate) async fn to_subject(
    session: &mut CommandContext<'_>,
    args: &PublishSubjectArgs,
) -> Result {
    let deadline = session.options.timeout;
    publish(session, Template::of_subject(args, deadline)).await
}

async fn publish(session: &mut CommandContext<'_>, template: Template) -> Result {
    let client = session.client()?;
    let flights = PublishRun::new(session, client, &template);
    let messages = messages(session, template)?;
    flights.run(messages).await
}

/// The messages as they come; a thread of its own waits for the input.
fn messages(
    session: &mut CommandContext<'_>,
    template: Template,
) -> Result<mpsc::Receiver<Result<OutgoingMessage>>> {
    let (sink, messages) = mpsc::channel(READ_AHEAD);
    if let Some(value) = &template.message().value {
        let _there_is_room = sink.try_send(Ok(template.typed(value)?));
        return Ok(messages);
    }
    let input: Box<dyn Read + Send> = match &template.source().file {
        Some(path) => Box::new(File::open(path).map_err(|error| {
            CliError::usage(format!("{} cannot be read: {error}", path.display()))
        })?),
        None => std::mem::replace(&mut session.console.input, Box::new(io::empty())),
    };
    tokio::task::spawn_blocking(move || template.read(input, &sink));
    Ok(messages)
}
