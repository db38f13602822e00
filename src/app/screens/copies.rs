//! What can be copied of a row: its name, where it is, the `liftui` command that shows it.

use super::activity;
use crate::app::app_request::CopyEntry;
use crate::app::row_key::{RowKey, find_cursor};
use crate::health::Truth;

/// What can be copied of that row as it is now, the likeliest first.
pub(super) fn of_row(row: &RowKey, truth: &Truth) -> Vec<CopyEntry> {
    let entry = |label, text: &str| CopyEntry::new(label, text);
    let command = CopyEntry::command;
    let known = || match row {
        RowKey::Finding(key) => {
            let finding = key.find(truth)?;
            let mut lines = vec![finding.message.clone()];
            lines.extend(finding.detail.iter().cloned());
            Some(vec![
                entry("finding", &finding.message),
                entry("finding with its evidence", &lines.join("\n")),
                entry("place", &finding.target_name()),
                command(&["check"], &[], &["--rule", finding.rule.as_str()]),
            ])
        }
        RowKey::Broker(name) => {
            let broker = truth.broker(name)?;
            Some(vec![
                entry("address", &broker.address),
                entry("name", broker.name()),
                command(&["brokers"], &[], &["--addr", &broker.address]),
            ])
        }
        RowKey::Stream(name) => {
            let stream = truth.stream(name)?;
            Some(vec![
                entry("name", &stream.name),
                entry("subject", &stream.subject),
                command(&["describe"], &[&stream.name], &[]),
                command(&["tail"], &[&stream.name], &[]),
            ])
        }
        RowKey::Partition((stream, id)) => {
            let place = format!("{stream}:{id}");
            let mut entries = vec![entry("place", &place), command(&["tail"], &[&place], &[])];
            let partition = truth.partition(stream, *id);
            let leader = partition.and_then(|partition| partition.leader.as_ref());
            entries.extend(leader.map(|leader| entry("leader", leader)));
            Some(entries)
        }
        RowKey::Cursor(key) => {
            let cursor = &find_cursor(key, truth)?.entry;
            let place = format!("{}:{}", cursor.stream, cursor.partition);
            Some(vec![
                entry("cursor", &cursor.id),
                entry("offset", &cursor.offset.to_string()),
                command(&["cursor", "get"], &[&cursor.id, &place], &[]),
            ])
        }
        RowKey::Group(id) => Some(vec![entry("group", id), command(&["groups"], &[], &[])]),
        // The screen of incidents has them, and the report that is copied.
        RowKey::Incident(_) | RowKey::TableRow(_) => None,
        RowKey::Event(event) => Some(vec![
            entry("event", &activity::sentence(event)),
            command(&["activity"], &[], &[]),
        ]),
    };
    known().unwrap_or_default()
}
