//! What is known of a stream: its state, its partitions, who reads it, what is wrong with it.

use super::cursor::reader_line;
use super::{Line, TextBuilder};
use crate::app::App;
use crate::health::{PartitionStatus, ShortNames, StreamTruth};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::{span, spans_width};
use crate::ui::theme::Theme;

/// What is known of a stream.
pub(super) fn stream_detail(stream: &StreamTruth, app: &App, theme: &Theme) -> Vec<Line> {
    let mut text = facts(stream, app, theme);
    text.gap();
    text.lines.extend(partition_lines(stream, app, theme));
    readers(&mut text, stream, app, theme);
    text.lines
}

/// What is known of a stream whose partitions are listed beside it.
pub(in crate::ui) fn stream_facts(stream: &StreamTruth, app: &App, theme: &Theme) -> Vec<Line> {
    let mut text = facts(stream, app, theme);
    readers(&mut text, stream, app, theme);
    text.lines
}

fn facts<'a>(stream: &StreamTruth, app: &App, theme: &'a Theme) -> TextBuilder<'a> {
    let now = app.now();
    let mut state = labels::stream_state(stream, theme);
    let is_serving = stream.status.worst == PartitionStatus::Serving;
    if stream.status.readonly + stream.status.paused == 0 && is_serving {
        state.push(span(" serving", theme.good));
    }
    let created = app.times().date(stream.created);
    let ago = format::ago(stream.created, now);
    let mut text = TextBuilder::new(theme);
    text.spans("state", state);
    text.pair("subject", stream.subject.to_string());
    text.pair("created", format!("{created}  ({ago} ago)"));
    text.pair("partitions", format::count_usize(stream.partitions.len()));
    text.spans("offsets", labels::known(stream.messages, theme));
    text.spans("messages/s", labels::rate(stream.rate, theme));
    let options = app.health_options();
    if let Some(minimum) = options.min_isr_of(&stream.name, stream.created) {
        let is_configured = options.configured_min_isr(&stream.name).is_some();
        let source = if is_configured {
            "from the config file"
        } else {
            "as you created it"
        };
        text.pair("min ISR", format!("{minimum}, {source}"));
    }
    text
}

/// Who reads a stream, and what is wrong with it.
fn readers(text: &mut TextBuilder<'_>, stream: &StreamTruth, app: &App, theme: &Theme) {
    let truth = app.truth();
    let mut readers = truth
        .cursors
        .iter()
        .filter(|cursor| cursor.entry.stream == stream.name)
        .peekable();
    if readers.peek().is_some() {
        text.head("read by");
        let lines = readers.map(|cursor| reader_line(cursor, theme));
        text.lines.extend(lines);
    }
    text.findings(truth.findings_of(&stream.name));
}

fn partition_lines(stream: &StreamTruth, app: &App, theme: &Theme) -> Vec<Line> {
    let short = ShortNames::of(app.truth());
    let partitions = stream.partitions.iter();
    let leaders = partitions.clone().filter_map(|one| one.leader.as_deref());
    let widest = leaders.map(format::width).max().unwrap_or(0) + 1;
    let lines = partitions.map(|partition| {
        let mut spans = vec![span(format!("{:>3}  ", partition.id), theme.muted)];
        let leader = labels::leader(partition, theme);
        let gap = " ".repeat(widest.saturating_sub(spans_width(&leader)));
        spans.extend(leader);
        spans.push(span(format!("{gap}  ISR "), theme.muted));
        spans.extend(labels::in_sync(partition, &short, theme));
        spans.push(span("  ", theme.text));
        spans.extend(labels::partition_state(partition, theme));
        Line(spans)
    });
    lines.collect()
}
