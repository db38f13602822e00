//! Commands that are one operation: create, delete, pause, resume, readonly, writable.
//! What the operations do is the client's; here they are confirmed, sent and reported.

use std::io::{self, Write};

use super::args::DeleteArgs;
use super::audit_log::PendingChange;
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::partition_spec;
use crate::client::Client;
use crate::model::{Failure, Operation, Outcome, name_partitions_of};

/// Sends one operation, writes it down, and says in one line what was done.
pub(crate) async fn perform(context: &mut CommandContext<'_>, operation: Operation) -> Result {
    perform_saying(context, operation, "").await
}

/// Sends one operation on a stream, whose partitions may stand behind its name as in `orders:0,2-4`.
pub(crate) async fn change(context: &mut CommandContext<'_>, mut operation: Operation) -> Result {
    context.client()?;
    if let Operation::Pause {
        stream, partitions, ..
    }
    | Operation::Resume { stream, partitions }
    | Operation::SetReadonly {
        stream, partitions, ..
    } = &mut operation
        && partitions.is_empty()
    {
        let observer = context.observer()?;
        (*stream, *partitions) = partition_spec::split(&observer, stream).await?;
    }
    perform(context, operation).await
}

/// The same, with something to add to that line.
pub(crate) async fn perform_saying(
    context: &mut CommandContext<'_>,
    operation: Operation,
    addition: &str,
) -> Result {
    let client = context.client()?;
    let outcome = send(context, &client, operation.clone()).await?;
    match outcome {
        Outcome::Partial { failed, .. } => {
            for (_, failure) in &failed {
                context.console.print_error(&failure.sentence);
            }
            let first = failed
                .first()
                .map(|(_, failure)| Exit::for_error(failure.kind));
            Ok(first.unwrap_or(Exit::FAILED))
        }
        Outcome::Done | Outcome::Sent | Outcome::Acked { .. } => {
            let sentence = done_sentence(&operation) + addition;
            match writeln!(context.console.out, "{sentence}") {
                // It is done, whoever reads of it.
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::new(
                    Exit::FAILED,
                    format!("{sentence}, but that could not be printed: {error}"),
                )),
                _ => Ok(Exit::DONE),
            }
        }
    }
}

/// Deletes a stream once its name was typed, or at once with `--yes`.
pub(crate) async fn delete(context: &mut CommandContext<'_>, args: &DeleteArgs) -> Result {
    context.client()?;
    if !args.yes && !is_confirmed(context, &args.stream).await? {
        return Err(CliError::refused(format!(
            "stream \"{}\" was not deleted: its name was not typed",
            args.stream
        )));
    }
    perform(context, args.operation()).await
}

/// Refuses an empty name, which no server takes (wire-contract §4.3, §4.8).
pub(crate) fn need_name(what: &str, name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(CliError::refused(format!("{what} needs a name")));
    }
    Ok(())
}

/// Sends one operation and writes down how it ended.
pub(crate) async fn send(
    context: &CommandContext<'_>,
    client: &Client,
    operation: Operation,
) -> Result<Outcome> {
    let (cluster, notes) = (context.cluster_name(), &context.change_notes);
    let change = PendingChange::begin(&cluster, &operation, notes).saying_if_broken_off();
    let outcome = client.perform(operation).await;
    let outcome = outcome.map_err(Failure::from);
    change.finish(&outcome);
    Ok(outcome?)
}

/// Whether the stream's name was typed.
async fn is_confirmed(context: &mut CommandContext<'_>, stream: &str) -> Result<bool> {
    if !context.console.in_is_terminal {
        return Err(CliError::refused(format!(
            "stream \"{stream}\" was not deleted: say --yes, there is no terminal to ask on"
        )));
    }
    let question =
        format!("Deletes stream \"{stream}\" with all its messages. Type its name to go on: ");
    let typed = context.console.ask(&question).await?;
    Ok(typed.trim() == stream)
}

fn done_sentence(operation: &Operation) -> String {
    let verb = |partitions: &[i32], one: &'static str, many: &'static str| {
        if partitions.len() > 1 { many } else { one }
    };
    match operation {
        Operation::Create(options) => format!("created stream \"{}\"", options.name),
        Operation::Delete { stream } => format!("deleted stream \"{stream}\""),
        Operation::Pause {
            stream, partitions, ..
        } => format!("paused {}", name_partitions_of(stream, partitions)),
        Operation::Resume { stream, partitions } => {
            format!("resumed {}", name_partitions_of(stream, partitions))
        }
        Operation::SetReadonly {
            stream,
            partitions,
            readonly: true,
        } => {
            let verb = verb(partitions, "refuses", "refuse");
            format!(
                "{} {verb} messages now",
                name_partitions_of(stream, partitions)
            )
        }
        Operation::SetReadonly {
            stream, partitions, ..
        } => {
            let verb = verb(partitions, "takes", "take");
            format!(
                "{} {verb} messages again",
                name_partitions_of(stream, partitions)
            )
        }
        Operation::Publish(_) => "published".to_owned(),
        Operation::SetCursor {
            id,
            stream,
            partition,
            offset,
        } => format!("cursor \"{id}\" is at {offset} of {stream}:{partition}"),
    }
}
