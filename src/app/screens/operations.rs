//! What is done to brokers, streams and partitions: which ones are meant, and what is asked first.
//!
//! How an operation reaches the cluster is the executor's; what its answer means, `outcomes`'.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{activity, key_table};
use crate::app::app_request::AppRequest;
use crate::app::command::ClusterCommand;
use crate::app::context::Context;
use crate::app::notice::Level;
use crate::app::row_key::{DetailTarget, PartitionKey, RowKey, find_cursor};
use crate::health::{CursorTruth, Finding, Known, PartitionTruth, Truth};
use crate::model::{CursorMoveSpec, Operation, PartitionId, StreamName, Target};

/// Partitions by stream.
type Partitions = BTreeMap<StreamName, Vec<PartitionId>>;

/// Carries out a command about these rows, of which one is selected.
pub(super) fn run(
    command: ClusterCommand,
    targets: &[RowKey],
    selected: Option<&RowKey>,
    truth: &Truth,
    context: &mut Context,
) {
    match command {
        ClusterCommand::Tail => tail(targets, truth, context),
        ClusterCommand::Table => table(targets, truth, context),
        ClusterCommand::Pause => {
            toggle(targets, |one| one.paused, pause_or_resume, truth, context);
        }
        ClusterCommand::Readonly => {
            toggle(targets, |one| one.readonly, set_readonly, truth, context);
        }
        ClusterCommand::WhatIf => what_if(selected, truth, context),
        ClusterCommand::RestartPlan => restart_plan(targets, context),
        ClusterCommand::Balance => context.request(AppRequest::ShowDetail(DetailTarget::Balance)),
        ClusterCommand::Replicas => replicas(targets, truth, context),
        ClusterCommand::Subjects => {
            let stream = selected.and_then(publish_target).map(|(stream, _)| stream);
            context.request(AppRequest::ShowSubjects(stream));
        }
        ClusterCommand::MoveCursor => move_cursors(targets, truth, context),
        ClusterCommand::Acknowledge => acknowledge(selected, truth, context),
        ClusterCommand::Publish => {
            let target = selected.and_then(publish_target);
            context.request(AppRequest::Publish(target));
        }
        ClusterCommand::Create => context.request(AppRequest::CreateStream),
        // On the screen of streams alone, with the choice of a range, and from a text on top too.
        ClusterCommand::Delete
        | ClusterCommand::Favourite
        | ClusterCommand::Statistics
        | ClusterCommand::Verify => {}
    }
}

/// Tails the partitions of these rows.
pub(super) fn tail(targets: &[RowKey], truth: &Truth, context: &mut Context) {
    // A cursor alone is opened where it stands.
    if let [RowKey::Cursor(key)] = targets
        && let Some(cursor) = find_cursor(key, truth)
    {
        let partition = (Arc::clone(&cursor.entry.stream), cursor.entry.partition);
        let request = AppRequest::TailFrom(partition, cursor.entry.offset);
        return context.request(request);
    }
    if let Some(partitions) = partition_keys(targets, truth, context) {
        context.request(AppRequest::Tail(partitions));
    }
}

/// Deletes the stream of these rows, once its name is typed.
pub(super) fn delete(targets: &[RowKey], truth: &Truth, context: &mut Context) {
    let Some(partitions) = some_partitions(targets, truth, context) else {
        return;
    };
    let mut streams = partitions.into_keys();
    let (Some(stream), None) = (streams.next(), streams.next()) else {
        return context.notify(Level::Note, "streams are deleted one by one: choose one");
    };
    if truth.stream(&stream).is_none() {
        return context.notify(Level::Error, format!("{stream} is gone"));
    }
    context.perform(Operation::Delete { stream });
}

/// Shows the partitions of these rows as a table.
fn table(targets: &[RowKey], truth: &Truth, context: &mut Context) {
    let Some(partitions) = partition_keys(targets, truth, context) else {
        return;
    };
    match key_table::live_spec(partitions) {
        Some(spec) => context.request(AppRequest::Table(spec, None)),
        None => context.notify(Level::Note, "a table shows one stream: choose one"),
    }
}

/// The partitions of these rows; says so where there is none.
pub(in crate::app) fn partition_keys(
    targets: &[RowKey],
    truth: &Truth,
    context: &mut Context,
) -> Option<Vec<PartitionKey>> {
    some_partitions(targets, truth, context).map(keys_of)
}

fn keys_of(partitions: Partitions) -> Vec<PartitionKey> {
    let keys = partitions
        .into_iter()
        .flat_map(|(stream, ids)| ids.into_iter().map(move |id| (Arc::clone(&stream), id)));
    keys.collect()
}

/// The stream that the form for a message begins with, and its partition where one is selected.
fn publish_target(row: &RowKey) -> Option<(StreamName, Option<PartitionId>)> {
    match row {
        RowKey::Stream(stream) => Some((Arc::clone(stream), None)),
        RowKey::Partition((stream, partition)) | RowKey::Cursor((_, stream, partition)) => {
            Some((Arc::clone(stream), Some(*partition)))
        }
        RowKey::Broker(_)
        | RowKey::Group(_)
        | RowKey::Event(_)
        | RowKey::Finding(_)
        | RowKey::Incident(_)
        | RowKey::TableRow(_) => None,
    }
}

fn what_if(selected: Option<&RowKey>, truth: &Truth, context: &mut Context) {
    match selected.and_then(|row| broker_of(row, truth)) {
        Some(broker) => context.request(AppRequest::ShowDetail(DetailTarget::WhatIf(broker))),
        None => context.notify(
            Level::Note,
            "choose a broker to see what would follow from its loss",
        ),
    }
}

/// Plans the restart of several marked brokers; of all where one is selected: of one alone, the loss tells all.
fn restart_plan(targets: &[RowKey], context: &mut Context) {
    let mut brokers: Vec<Arc<str>> = Vec::new();
    for row in targets {
        if let RowKey::Broker(name) = row {
            brokers.push(Arc::clone(name));
        }
    }
    if brokers.len() < 2 {
        brokers.clear();
    }
    context.request(AppRequest::ShowDetail(DetailTarget::RestartPlan(brokers)));
}

fn replicas(targets: &[RowKey], truth: &Truth, context: &mut Context) {
    if let Some(partitions) = some_partitions(targets, truth, context) {
        let target = DetailTarget::Replicas(keys_of(partitions));
        context.request(AppRequest::ShowDetail(target));
    }
}

/// Begins the line that moves the marked cursors, else the selected one, and those of groups: where to is typed.
fn move_cursors(targets: &[RowKey], truth: &Truth, context: &mut Context) {
    if context.forbids_change() {
        return;
    }
    let is_meant = |cursor: &&CursorTruth| {
        targets.iter().any(|row| match row {
            RowKey::Cursor(key) => cursor.entry.key() == *key,
            RowKey::Group(id) => cursor.entry.group() == Some(id),
            RowKey::Broker(_)
            | RowKey::Stream(_)
            | RowKey::Partition(_)
            | RowKey::Event(_)
            | RowKey::Finding(_)
            | RowKey::Incident(_)
            | RowKey::TableRow(_) => false,
        })
    };
    let meant = truth.cursors.iter().filter(is_meant);
    let mut meant = meant.map(|cursor| &cursor.entry).peekable();
    if meant.peek().is_none() {
        return context.notify(Level::Note, "choose a cursor, or a group that has one");
    }
    let line = CursorMoveSpec::line_of_each(meant);
    context.request(AppRequest::TypeCommand(format!("cursor {line}")));
}

/// Only what is gone for good has to be acknowledged: every other finding ends with what it is about.
fn acknowledge(selected: Option<&RowKey>, truth: &Truth, context: &mut Context) {
    let finding = match selected {
        Some(RowKey::Finding(key)) => key.find(truth),
        _ => None,
    };
    let lost = finding.filter(|one| one.rule.needs_acknowledgement());
    match lost.and_then(Finding::stream) {
        Some(stream) => context.request(AppRequest::Acknowledge(stream.into())),
        None => context.notify(
            Level::Note,
            "only messages that are gone are acknowledged; other findings end with their cause",
        ),
    }
}

/// The broker that a row is, is about, or is led by.
fn broker_of(row: &RowKey, truth: &Truth) -> Option<Arc<str>> {
    match row {
        RowKey::Broker(name) => Some(Arc::clone(name)),
        RowKey::Partition((stream, id)) => truth.partition(stream, *id)?.leader.clone(),
        RowKey::Finding(key) => {
            let Target::Broker(id) = &key.find(truth)?.target else {
                return None;
            };
            Some(Arc::clone(id))
        }
        RowKey::Stream(_)
        | RowKey::Cursor(_)
        | RowKey::Group(_)
        | RowKey::Event(_)
        | RowKey::Incident(_)
        | RowKey::TableRow(_) => None,
    }
}

/// The partitions that a command about these rows concerns: of a stream all.
fn partitions(rows: &[RowKey], truth: &Truth) -> Partitions {
    let mut partitions = Partitions::new();
    for row in rows {
        match row {
            RowKey::Stream(stream) => add_all(stream, truth, &mut partitions),
            RowKey::Partition((stream, id)) | RowKey::Cursor((_, stream, id)) => {
                partitions.entry(Arc::clone(stream)).or_default().push(*id);
            }
            RowKey::Finding(key) => match key.find(truth).map(|one| (one.stream(), one)) {
                Some((Some(stream), finding)) if !finding.partitions.is_empty() => {
                    partitions.insert(stream.into(), finding.partitions.clone());
                }
                Some((Some(stream), _)) => add_all(stream, truth, &mut partitions),
                Some((None, _)) | None => {}
            },
            RowKey::Event(event) => {
                if let Some(stream) = activity::stream(&event.kind) {
                    add_all(stream, truth, &mut partitions);
                }
            }
            RowKey::Broker(_) | RowKey::Group(_) | RowKey::Incident(_) | RowKey::TableRow(_) => {}
        }
    }
    for ids in partitions.values_mut() {
        ids.sort_unstable();
        ids.dedup();
    }
    partitions
}

fn add_all(stream: &str, truth: &Truth, partitions: &mut Partitions) {
    if let Some(found) = truth.stream(stream) {
        let ids = found.partitions.iter().map(|partition| partition.id);
        partitions.insert(Arc::clone(&found.name), ids.collect());
    }
}

/// The partitions of these rows. Notifies where there are none, so that every key shows an effect.
fn some_partitions(rows: &[RowKey], truth: &Truth, context: &mut Context) -> Option<Partitions> {
    let partitions = partitions(rows, truth);
    if partitions.is_empty() {
        context.notify(Level::Note, "no stream or partition is chosen here");
        return None;
    }
    Some(partitions)
}

/// Sets a flag of the partitions of these rows, or clears it where all of them have it.
fn toggle(
    rows: &[RowKey],
    flag: impl Fn(&PartitionTruth) -> Known,
    operation: impl Fn(bool, StreamName, Vec<PartitionId>) -> Operation,
    truth: &Truth,
    context: &mut Context,
) {
    let Some(partitions) = some_partitions(rows, truth, context) else {
        return;
    };
    let is_set = |stream: &str, id: PartitionId| {
        let partition = truth.partition(stream, id);
        partition.is_none_or(|partition| flag(partition) == Known::Yes)
    };
    let mut each = partitions.iter();
    let set = !each.all(|(stream, ids)| ids.iter().all(|id| is_set(stream, *id)));
    let needs = |partition: &PartitionTruth| !set || flag(partition) != Known::Yes;
    let operation = |stream, ids| operation(set, stream, ids);
    confirm(partitions, operation, needs, truth, context);
}

fn pause_or_resume(pause: bool, stream: StreamName, partitions: Vec<PartitionId>) -> Operation {
    if !pause {
        return Operation::Resume { stream, partitions };
    }
    Operation::Pause {
        stream,
        partitions,
        resume_all: false,
    }
}

fn set_readonly(readonly: bool, stream: StreamName, partitions: Vec<PartitionId>) -> Operation {
    Operation::SetReadonly {
        stream,
        partitions,
        readonly,
    }
}

/// Asks to carry an operation out, a stream at a time, on the partitions that need it and whose leader answers.
fn confirm(
    partitions: Partitions,
    operation: impl Fn(StreamName, Vec<PartitionId>) -> Operation,
    needs: impl Fn(&PartitionTruth) -> bool,
    truth: &Truth,
    context: &mut Context,
) {
    if context.forbids_change() {
        return;
    }
    let (mut operations, mut left_out, mut gone) = (Vec::new(), Vec::new(), None);
    for (stream, ids) in partitions {
        let mut changed = Vec::new();
        for id in ids {
            match truth.partition(&stream, id) {
                Some(partition) if partition.status.lacks_leader() => {
                    left_out.push((Arc::clone(&stream), id));
                }
                Some(partition) if needs(partition) => changed.push(id),
                Some(_) => {}
                None => gone = Some((Arc::clone(&stream), id)),
            }
        }
        if !changed.is_empty() {
            operations.push(operation(stream, changed));
        }
    }
    if operations.is_empty() {
        return context.notify(Level::Warning, nothing_to_do(&left_out, gone));
    }
    context.request(AppRequest::Confirm(operations, left_out));
}

fn nothing_to_do(left_out: &[PartitionKey], gone: Option<PartitionKey>) -> String {
    match (left_out.first(), gone) {
        (Some((stream, id)), _) => {
            format!("nothing to do: the leader of {stream}:{id} does not answer")
        }
        (None, Some((stream, id))) => format!("nothing to do: {stream}:{id} is gone"),
        (None, None) => "nothing to do: they are all so already".to_owned(),
    }
}
