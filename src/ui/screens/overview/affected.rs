//! What stands below the evidence of a finding on a high screen: each partition or cursor that it is about, and what has
//! happened since its incident began.

use crate::app::App;
use crate::health::{Finding, PartitionTruth, Truth};
use crate::model::{StreamName, Target, counted};
use crate::ui::detail::{self, Line};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// Columns that the name of a partition may take.
const NAME_MOST: usize = 40;
/// A gap, a head and fewer lines than this are a scrap.
const LEAST: usize = 3;
/// A gap and a head.
const HEAD: usize = 2;

/// As many lines as there is room for.
pub(super) fn lines(finding: &Finding, app: &App, theme: &Theme, room: usize) -> Vec<Line> {
    let (head, affected) = affected(finding, app, theme);
    let events = events(finding, app, theme);
    let for_events = if events.is_empty() {
        0
    } else {
        (events.len() + HEAD).min(room / 2)
    };
    let mut lines = Vec::new();
    let own_room = room.saturating_sub(for_events);
    if !affected.is_empty() && own_room >= LEAST {
        lines.extend([Line::gap(), Line::text(head, theme.title)]);
        let most = own_room - HEAD;
        let is_cut = affected.len() > most;
        let shown = if is_cut { most - 1 } else { affected.len() };
        let more = affected.len() - shown;
        lines.extend(affected.into_iter().take(shown));
        if is_cut {
            let text = format!("and {} more", format::count_usize(more));
            lines.push(Line::text(text, theme.muted));
        }
    }
    let left = room.saturating_sub(lines.len());
    if !events.is_empty() && left >= LEAST {
        let head = "what has happened in this incident";
        lines.extend([Line::gap(), Line::text(head, theme.title)]);
        let first = events.len().saturating_sub(left - HEAD);
        lines.extend(events.into_iter().skip(first));
    }
    lines
}

/// The partitions that a finding is about, or the cursors, and how many there are.
fn affected(finding: &Finding, app: &App, theme: &Theme) -> (String, Vec<Line>) {
    let truth = app.truth();
    match &finding.target {
        Target::Broker(id) => {
            let held = held_by(id, truth, theme);
            let count = counted(held.len(), "partition");
            (format!("{count} of what it holds"), held)
        }
        Target::Stream(stream) => {
            let found = truth.stream(stream);
            let found = found.map_or(&[][..], |stream| &stream.partitions);
            let ids = &finding.partitions;
            let own = found.iter().filter(|one| ids.contains(&one.id));
            let own = partitions(own.map(|one| (stream, one)), theme);
            (counted(own.len(), "partition"), own)
        }
        Target::Cursor(_) | Target::Group(_) => {
            let own = cursors(finding, truth, theme);
            (counted(own.len(), "cursor"), own)
        }
        Target::Partition(..) | Target::Cluster | Target::Subject(_) => (String::new(), Vec::new()),
    }
}

/// The partitions of a broker that lack something, those without a leader first.
fn held_by(broker: &str, truth: &Truth, theme: &Theme) -> Vec<Line> {
    let all = truth.streams.iter().flat_map(|stream| {
        let partitions = stream.partitions.iter();
        partitions.map(|partition| (&stream.name, partition))
    });
    let own = all.filter(|(_, partition)| partition.replicas.iter().any(|id| **id == *broker));
    let is_whole =
        |one: &PartitionTruth| !one.status.lacks_leader() && !one.status.lacks_replicas();
    let mut own: Vec<_> = own.filter(|(_, one)| !is_whole(one)).collect();
    own.sort_by_key(|(_, one)| !one.status.lacks_leader());
    partitions(own.into_iter(), theme)
}

/// A partition a line: its state, who leads it, and who is in sync.
fn partitions<'a>(
    partitions: impl Iterator<Item = (&'a StreamName, &'a PartitionTruth)>,
    theme: &Theme,
) -> Vec<Line> {
    let named: Vec<_> = partitions
        .map(|(stream, one)| (format!("{stream}:{}", one.id), one))
        .collect();
    let widest = named.iter().map(|(name, _)| format::width(name)).max();
    let width = widest.unwrap_or(0).min(NAME_MOST);
    let line = |(name, one): (String, &PartitionTruth)| {
        let name = format::cut_middle(&name, width, theme.glyphs.cut);
        let name = format!("{}  ", format::pad(&name, width));
        let mut spans = vec![span(name, theme.text), span("leader ", theme.muted)];
        spans.extend(labels::leader(one, theme));
        let (in_sync, all) = (one.in_sync.len(), one.replicas.len());
        spans.push(span(format!("  in sync {in_sync} of {all}  "), theme.muted));
        spans.extend(labels::partition_state(one, theme));
        Line(spans)
    };
    named.into_iter().map(line).collect()
}

/// The cursors that a finding is about, a line each.
fn cursors(finding: &Finding, truth: &Truth, theme: &Theme) -> Vec<Line> {
    let name = finding.target_name();
    let is_group = matches!(finding.target, Target::Group(_));
    let own = truth.cursors.iter().filter(|cursor| {
        let entry = &cursor.entry;
        let is_read = finding.read_stream.as_ref() == Some(&entry.stream);
        let is_own = entry.name() == name && entry.group().is_some() == is_group;
        is_read && is_own && finding.partitions.contains(&entry.partition)
    });
    own.map(|cursor| detail::reader_line(cursor, theme))
        .collect()
}

/// What has happened in the incident that the finding is part of.
fn events(finding: &Finding, app: &App, theme: &Theme) -> Vec<Line> {
    let incident = app.incidents().lasting_about(&finding.message);
    incident.map_or_else(Vec::new, |incident| {
        let events = incident.events.iter();
        events
            .map(|event| detail::event_line(event, app, theme))
            .collect()
    })
}
