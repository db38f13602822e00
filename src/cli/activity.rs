//! `liftui activity`: what was done to the cluster, as it happened.

use std::pin::pin;
use std::time::Duration;

use serde::Serialize;
use tokio::time::timeout;

use super::args::ActivityArgs;
use super::cell_format::{plain, time};
use super::command_context::CommandContext;
use super::exit::{Exit, Result};
use super::json::JsonTime;
use super::output::{Column, FieldNames, OutputRow, output_row};
use super::read_budget::ReadBudget;
use crate::model::{
    ActivityEvent, ActivityKind, PartitionId, StartAt, StopAt, StreamName, Target, format_ranges,
};
use crate::wire::internal::ACTIVITY;

/// How long after an event the next one has to come to be printed with it.
const AT_ONCE: Duration = Duration::from_millis(100);

output_row! {
    /// What there is of every event or of some; of the others it is left out.
    #[derive(Default)]
    struct ActivityFields {
        event: &'static str,
        stream: Option<StreamName>,
        partitions: Option<Vec<PartitionId>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        resume_all: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        readonly: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        group: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        consumer: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        streams: Option<Vec<StreamName>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        expired: Option<bool>,
    }
}

/// An event.
#[derive(Serialize)]
struct ActivityRow {
    id: u64,
    time: JsonTime,
    #[serde(flatten)]
    fields: ActivityFields,
    /// The number of an event that is not known here; CSV goes without.
    #[serde(skip_serializing_if = "Option::is_none")]
    op: Option<i32>,
}

impl FieldNames for ActivityRow {
    fn field_names() -> Vec<&'static str> {
        [vec!["id", "time"], ActivityFields::field_names()].concat()
    }
}

impl OutputRow for ActivityRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::number("ID", |row: &Self| row.id.to_string()).at_least(6),
        Column::text("TIME", |row: &Self| time(&row.time)).at_least(30),
        Column::text("EVENT", |row: &Self| row.fields.event.to_owned()).at_least(13),
        Column::name("STREAM", |row: &Self| plain(row.fields.stream.as_ref())).at_least(16),
        Column::text("PARTITIONS", |row| {
            format_ranges(row.fields.partitions.as_deref().unwrap_or_default())
        }),
        Column::name("GROUP", |row: &Self| plain(row.fields.group.as_ref())).at_least(12),
        Column::name("CONSUMER", |row: &Self| plain(row.fields.consumer.as_ref())).at_least(12),
    ];

    fn raw(&self) -> String {
        let ActivityFields { event, stream, .. } = &self.fields;
        format!("{}\t{event}\t{}", self.id, plain(stream.as_ref()))
    }
}

/// Prints the events so far, and with `--follow` those to come.
pub(crate) async fn activity(context: &mut CommandContext<'_>, args: ActivityArgs) -> Result {
    let observer = context.observer()?;
    // A subscription looks for brokers for ever; a command that never reached one does not.
    observer.fetch_metadata().await?;
    let stop = if args.follow {
        StopAt::Never
    } else {
        StopAt::Latest
    };
    let mut budget = ReadBudget::new(context.settings.cluster.timeout.value);
    let opening = observer.activity_between(StartAt::Earliest, stop);
    let given_up = |budget: &ReadBudget| budget.failure(Target::Stream(ACTIVITY.into()));
    let Some(events) = budget.wait(opening).await else {
        return Err(given_up(&budget).into());
    };
    let mut events = events?;
    let mut printer = context.printer(args.output);
    let end = loop {
        let next = if args.follow {
            let mut next = pin!(events.next());
            // What is there already is one table; what is waited for is printed at once.
            if let Ok(next) = timeout(AT_ONCE, &mut next).await {
                next
            } else {
                printer.flush()?;
                next.await
            }
        } else if let Some(next) = budget.wait(events.next()).await {
            next
        } else {
            break Err(given_up(&budget).into());
        };
        let Some(event) = next else {
            break Ok(Exit::DONE);
        };
        printer.print(&ActivityRow::from(event?))?;
        budget.earn(1, 0);
    };
    printer.finish()?;
    end
}

impl From<ActivityEvent> for ActivityRow {
    fn from(event: ActivityEvent) -> Self {
        let op = if let ActivityKind::Unknown { op } = event.kind {
            Some(op)
        } else {
            None
        };
        Self {
            id: event.id,
            time: JsonTime(event.time),
            fields: event.kind.into(),
            op,
        }
    }
}

impl From<ActivityKind> for ActivityFields {
    fn from(kind: ActivityKind) -> Self {
        let of_stream = |event, stream, partitions| Self {
            event,
            stream: Some(stream),
            partitions,
            ..Self::default()
        };
        let of_group = |event, group, consumer| Self {
            event,
            group: Some(group),
            consumer: Some(consumer),
            ..Self::default()
        };
        match kind {
            ActivityKind::CreateStream { stream, partitions } => {
                of_stream("create_stream", stream, Some(partitions))
            }
            ActivityKind::DeleteStream { stream } => of_stream("delete_stream", stream, None),
            ActivityKind::PauseStream {
                stream,
                partitions,
                resume_all,
            } => Self {
                resume_all: Some(resume_all),
                ..of_stream("pause_stream", stream, Some(partitions))
            },
            ActivityKind::ResumeStream { stream, partitions } => {
                of_stream("resume_stream", stream, Some(partitions))
            }
            ActivityKind::SetReadonly {
                stream,
                partitions,
                readonly,
            } => Self {
                readonly: Some(readonly),
                ..of_stream("set_readonly", stream, Some(partitions))
            },
            ActivityKind::JoinGroup {
                group,
                consumer,
                streams,
            } => Self {
                streams: Some(streams),
                ..of_group("join_group", group, consumer)
            },
            ActivityKind::LeaveGroup {
                group,
                consumer,
                expired,
            } => Self {
                expired: Some(expired),
                ..of_group("leave_group", group, consumer)
            },
            ActivityKind::MoveCursorBack { .. } | ActivityKind::Unknown { .. } => Self {
                event: "unknown",
                ..Self::default()
            },
        }
    }
}
