//! Which streams store a subject, and which store the same messages.

use ratatui::style::Style;

use super::Line;
use super::text_builder::TextBuilder;
use crate::app::App;
use crate::app::subject_report::{StoredSubject, StreamOverlap, SubjectReport};
use crate::health::PartitionStatus;
use crate::model::{counted, verb_of};
use crate::ui::format;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// Columns of a place that all have room in.
const MOST_COLUMNS: usize = 40;

/// The title and the text.
pub(super) fn subjects_detail(
    report: &SubjectReport,
    app: &App,
    theme: &Theme,
) -> (String, Vec<Line>) {
    let mut text = TextBuilder::new(theme);
    let time = app.times().seconds(report.as_of, app.now());
    let (title, sentence) = head(report);
    text.text(format!("{sentence} As of {time}."), theme.muted);
    if !report.storing.is_empty() {
        text.gap();
        add_storing(&report.storing, &mut text);
    }
    if report.subject.is_none() {
        if report.stream.is_some() {
            text.head("Stored too by");
        } else {
            text.gap();
        }
        add_overlaps(&report.overlaps, &mut text);
    }
    if report.left_out > 0 {
        let left_out = format!(
            "and {} more: `liftui subjects` lists all",
            format::count_usize(report.left_out)
        );
        text.text(left_out, theme.muted);
    }
    text.gap();
    let hint = "Partition 0 stores the subject of its stream, partition N that subject and .N. Streams of one queue group share \
                messages instead; no API tells the group.";
    text.text(hint, theme.muted);
    (title, text.lines)
}

/// The title, and what was asked in a sentence with its answer.
fn head(report: &SubjectReport) -> (String, String) {
    let streams = counted(report.streams, "stream");
    match (&report.stream, &report.subject) {
        (Some(stream), _) => (
            format!("Subjects of {stream}"),
            format!("What {stream} stores, a subject a partition."),
        ),
        (None, Some(subject)) => {
            let found = report.storing.len() + report.left_out;
            let verb = verb_of(found, "store");
            let sentence = if found == 0 {
                format!("None of {streams} stores what is published to {subject}.")
            } else {
                let count = counted(found, "partition");
                format!("{count} {verb} what is published to {subject}.")
            };
            (format!("Who stores {subject}"), sentence)
        }
        (None, None) => (
            "Streams that store the same".to_owned(),
            format!("Streams that store messages of others too, of {streams}."),
        ),
    }
}

fn add_storing(storing: &[StoredSubject], text: &mut TextBuilder<'_>) {
    let theme = text.theme;
    let columns = widest(storing.iter().map(place));
    for one in storing {
        let (state, style) = state(one, theme);
        text.lines.push(Line(vec![
            span(format::pad(&place(one), columns + 2), theme.text),
            span(one.subject.clone(), theme.muted),
            span(state, style),
        ]));
    }
}

fn add_overlaps(overlaps: &[StreamOverlap], text: &mut TextBuilder<'_>) {
    let theme = text.theme;
    if overlaps.is_empty() {
        return text.text("No other stream stores any of it.", theme.good);
    }
    let columns = widest(overlaps.iter().map(own));
    for one in overlaps {
        text.lines.push(Line(vec![
            span(format::pad(&own(one), columns + 2), theme.text),
            span("meets ", theme.muted),
            span(place(&one.other), theme.degraded),
            span(format!("  {}", one.other.subject), theme.muted),
        ]));
    }
}

fn place(one: &StoredSubject) -> String {
    format!("{}:{}", one.stream, one.partition)
}

fn own(one: &StreamOverlap) -> String {
    format!("{}  {}", one.stream, one.subject)
}

fn widest(texts: impl Iterator<Item = String>) -> usize {
    let widest = texts.map(|text| format::width(&text)).max().unwrap_or(0);
    widest.min(MOST_COLUMNS)
}

/// What becomes of messages that are published there by their subject, where they are not stored.
fn state(one: &StoredSubject, theme: &Theme) -> (&'static str, Style) {
    if one.status.lacks_leader() {
        ("  no leader: what is published is lost", theme.broken)
    } else if one.status == PartitionStatus::Paused {
        ("  paused: what is published is lost", theme.degraded)
    } else if one.readonly == Some(true) {
        ("  readonly: what is published is lost", theme.degraded)
    } else {
        ("", theme.text)
    }
}
