//! `publish` and `publish-subject`: where the messages come from, and how they are sent.
//! Reading them is `source`'s; sending them and how that ended is `in_flight`'s; sending is the client's.

mod in_flight;
mod source;

use std::fs::File;
use std::io::{self, Read};

use tokio::sync::mpsc;

use super::args::{PublishArgs, PublishSubjectArgs};
use super::command_context::CommandContext;
use super::exit::{CliError, Result};
use super::mutate::need_name;
use super::partition_spec;
use in_flight::PublishRun;
use source::{OutgoingMessage, Template};

/// Messages read ahead of those that are sent.
const READ_AHEAD: usize = 1024;

/// Publishes to a stream.
pub(crate) async fn to_stream(context: &mut CommandContext<'_>, args: &PublishArgs) -> Result {
    need_name("a stream", &args.stream)?;
    context.client()?;
    let deadline = context.options.timeout;
    let mut args = args.clone();
    if !args.partition_args.is_given() {
        let observer = context.observer()?;
        let (stream, partitions) = partition_spec::split(&observer, &args.stream).await?;
        args.partition_args.partition = match partitions.as_slice() {
            [] => None,
            [one] => Some(*one),
            _ => {
                let sentence = "a message goes to one partition: name one, or --round-robin";
                return Err(CliError::usage(sentence));
            }
        };
        args.stream = stream.to_string();
    }
    publish(context, Template::of_stream(&args, deadline)).await
}

/// Publishes to a NATS subject.
pub(crate) async fn to_subject(
    context: &mut CommandContext<'_>,
    args: &PublishSubjectArgs,
) -> Result {
    let deadline = context.options.timeout;
    publish(context, Template::of_subject(args, deadline)).await
}

async fn publish(context: &mut CommandContext<'_>, template: Template) -> Result {
    let client = context.client()?;
    let run = PublishRun::new(context, client, &template);
    let messages = messages(context, template)?;
    run.run(messages).await
}

/// The messages as they come; a thread of its own waits for the input.
fn messages(
    context: &mut CommandContext<'_>,
    template: Template,
) -> Result<mpsc::Receiver<Result<OutgoingMessage>>> {
    let (sink, messages) = mpsc::channel(READ_AHEAD);
    if let Some(value) = &template.message().value {
        let _has_room = sink.try_send(Ok(template.of_value(value)?));
        return Ok(messages);
    }
    let (input, name): (Box<dyn Read + Send>, _) = if let Some(path) = &template.source().file {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| source::unreadable(&name, &error))?;
        (Box::new(file), name)
    } else {
        let input = std::mem::replace(&mut context.console.input, Box::new(io::empty()));
        (input, "stdin".to_owned())
    };
    tokio::task::spawn_blocking(move || template.read(input, &name, &sink));
    Ok(messages)
}
