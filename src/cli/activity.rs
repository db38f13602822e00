//! `liftui activity`: what was done to the cluster, as it happened.

use serde_json::{Value, json};

use super::args::ActivityArgs;
use super::cell_format::ranges;
use super::command_context::CommandContext;
use super::exit::{Exit, Result};
use super::json::time;
use super::output::{Column, TableSpec};
use crate::model::{ActivityEvent, ActivityKind, StartAt, StopAt};

static SHAPE: TableSpec = TableSpec {
    fields: &[
        "id",
        "time",
        "event",
        "stream",
        "partitions",
        "resume_all",
        "readonly",
        "group",
        "consumer",
        "streams",
        "expired",
    ],
    raw: &["id", "event", "stream"],
    columns: &[
        Column::number("ID", "id", 6),
        Column::text("TIME", "time", 30),
        Column::text("EVENT", "event", 13),
        Column::text("STREAM", "stream", 16),
        Column::text("PARTITIONS", "partitions", 0).shown(ranges),
        Column::text("GROUP", "group", 12),
        Column::text("CONSUMER", "consumer", 12),
    ],
};

/// Prints the events so far, and with `--follow` those to come.
pub(crate) async fn activity(session: &mut CommandContext<'_>, args: ActivityArgs) -> Result {
    let observer = session.observer()?;
    // A subscription looks for brokers for ever; a command that never reached one does not.
    observer.fetch_metadata().await?;
    let stop = if args.follow {
        StopAt::Never
    } else {
        StopAt::Latest
    };
    let mut events = observer.activity_between(StartAt::Earliest, stop).await?;
    let mut printer = session.printer(&SHAPE, args.output);
    while let Some(event) = events.next().await {
        printer.one(&describe(&event?))?;
        if args.follow {
            printer.flush()?;
        }
    }
    printer.finish()?;
    Ok(Exit::DONE)
}

fn describe(event: &ActivityEvent) -> Value {
    let mut object = json!({"id": event.id, "time": time(event.time)});
    if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), fields(&event.kind)) {
        object.extend(fields);
    }
    object
}

fn fields(kind: &ActivityKind) -> Value {
    match kind {
        ActivityKind::CreateStream { stream, partitions } => {
            json!({"event": "create_stream", "stream": &**stream, "partitions": partitions})
        }
        ActivityKind::DeleteStream { stream } => {
            json!({"event": "delete_stream", "stream": &**stream, "partitions": null})
        }
        ActivityKind::PauseStream {
            stream,
            partitions,
            resume_all,
        } => json!({
            "event": "pause_stream",
            "stream": &**stream,
            "partitions": partitions,
            "resume_all": resume_all,
        }),
        ActivityKind::ResumeStream { stream, partitions } => {
            json!({"event": "resume_stream", "stream": &**stream, "partitions": partitions})
        }
        ActivityKind::SetReadonly {
            stream,
            partitions,
            readonly,
        } => json!({
            "event": "set_readonly",
            "stream": &**stream,
            "partitions": partitions,
            "readonly": readonly,
        }),
        ActivityKind::JoinGroup {
            group,
            consumer,
            streams,
        } => json!({
            "event": "join_group",
            "stream": null,
            "partitions": null,
            "group": group,
            "consumer": consumer,
            "streams": streams.iter().map(AsRef::as_ref).collect::<Vec<&str>>(),
        }),
        ActivityKind::LeaveGroup {
            group,
            consumer,
            expired,
        } => json!({
            "event": "leave_group",
            "stream": null,
            "partitions": null,
            "group": group,
            "consumer": consumer,
            "expired": expired,
        }),
        ActivityKind::Unknown { op } => {
            json!({"event": "unknown", "stream": null, "partitions": null, "op": op})
        }
    }
}
