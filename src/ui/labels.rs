//! States as a sign and a label, the same in every pane: brokers, streams, partitions, findings.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::app::App;
use crate::health::{
    BrokerTruth, Finding, Known, PartitionStatus, PartitionTruth, Reach, Severity, ShortNames,
    StreamStatus, StreamTruth,
};
use crate::model::{CursorEntry, Timestamp};
use crate::store::MessageRef;
use crate::ui::areas::cells;
use crate::ui::format;
use crate::ui::painter::{span, spans_width};
use crate::ui::theme::Theme;

/// What stands behind a title where rows without faults are hidden.
pub(super) fn faults_only(app: &App, theme: &Theme) -> Vec<Span<'static>> {
    let mark = span("  faults only", theme.degraded);
    app.faults_only().then_some(mark).into_iter().collect()
}

/// A sign and a label behind it.
fn state(sign: &str, label: &str, style: Style) -> Vec<Span<'static>> {
    let gap = if label.is_empty() { "" } else { " " };
    vec![span(format!("{sign}{gap}{label}"), style)]
}

/// The sign of a finding.
pub(super) fn severity(severity: Severity, theme: &Theme) -> (&'static str, Style) {
    match severity {
        Severity::Critical => (theme.glyphs.broken, theme.broken),
        Severity::Warning => (theme.glyphs.degraded, theme.degraded),
        Severity::Note => (theme.glyphs.unknown, theme.unknown),
    }
}

/// A finding in one line.
pub(super) fn finding(finding: &Finding, theme: &Theme) -> Vec<Span<'static>> {
    let (sign, style) = severity(finding.severity, theme);
    vec![
        span(format!("{sign} "), style),
        span(&*finding.message, theme.text),
    ]
}

/// How long a finding has lasted, `>` in front where nobody watched before; empty where that is not known at all.
pub(super) fn lasted(finding: &Finding, now: Timestamp) -> String {
    if !finding.since.is_set() {
        return String::new();
    }
    let sign = if finding.at_least { ">" } else { "" };
    format!("{sign}{}", format::ago(finding.since, now))
}

/// The sign of a broker.
pub(super) fn broker_sign(broker: &BrokerTruth, theme: &Theme) -> Span<'static> {
    match broker.reach {
        Reach::Answering if broker.catching_up => span(theme.glyphs.unknown, theme.degraded),
        Reach::Answering if broker.failures > 0 => span(theme.glyphs.degraded, theme.degraded),
        Reach::Answering => span(theme.glyphs.good, theme.good),
        Reach::Silent { .. } => span(theme.glyphs.broken, theme.broken),
        Reach::NotAskedYet | Reach::AddressUnknown { .. } => {
            span(theme.glyphs.unknown, theme.unknown)
        }
    }
}

/// The state of a broker: reachable or not, and since when.
pub(super) fn broker_state(
    broker: &BrokerTruth,
    theme: &Theme,
    now: Timestamp,
) -> Vec<Span<'static>> {
    match broker.reach {
        Reach::Answering if broker.catching_up => {
            state(theme.glyphs.unknown, "catches up", theme.degraded)
        }
        Reach::Answering if broker.failures > 0 => {
            state(theme.glyphs.degraded, "missed a poll", theme.degraded)
        }
        Reach::Answering => state(theme.glyphs.good, "answers", theme.good),
        Reach::Silent { since } => {
            // One that never answered was silent before it was asked first.
            let sign = if broker.last_answer.is_none() {
                ">"
            } else {
                ""
            };
            let label = format!("silent {sign}{}", format::ago(since, now));
            state(theme.glyphs.broken, &label, theme.broken)
        }
        Reach::NotAskedYet => state(theme.glyphs.unknown, "not asked yet", theme.unknown),
        Reach::AddressUnknown { .. } => {
            state(theme.glyphs.unknown, "address unknown", theme.unknown)
        }
    }
}

/// Columns that the states of these streams take.
pub(super) fn stream_states_width<'a>(streams: impl Iterator<Item = &'a StreamTruth>) -> u16 {
    let digits = |count: usize| count.to_string().len();
    let widths = streams.map(|stream| match stream.status {
        status if lacks_leaders(status) => "✖ ".chars().count() + without_leader(status).len(),
        status if status.lost > 0 => "✖  lost messages".chars().count() + digits(status.lost),
        status if status.under_replicated > 0 => {
            "▲  under-replicated".chars().count() + digits(status.under_replicated)
        }
        _ => MIN_STATE,
    });
    cells(widths.max().unwrap_or(MIN_STATE))
}

/// The least columns for states: `∅ readonly`, `❚❚ 2 of 3`.
const MIN_STATE: usize = 10;

/// The state of a stream: its worst partitions, counted.
pub(super) fn stream_state(stream: &StreamTruth, theme: &Theme) -> Vec<Span<'static>> {
    let status = stream.status;
    let glyphs = theme.glyphs;
    if lacks_leaders(status) {
        return state(glyphs.broken, &without_leader(status), theme.broken);
    }
    if status.lost > 0 {
        let label = format!("{} lost messages", status.lost);
        return state(glyphs.broken, &label, theme.broken);
    }
    if status.under_replicated > 0 {
        return state(
            glyphs.degraded,
            &format!("{} under-replicated", status.under_replicated),
            theme.degraded,
        );
    }
    if status.paused + status.readonly > 0 {
        return paused_or_readonly(stream, theme);
    }
    state(glyphs.good, "", theme.good)
}

fn lacks_leaders(status: StreamStatus) -> bool {
    status.leaderless + status.leader_unreachable > 0
}

/// How many partitions have no leader, and how many one that does not answer, in the words of the list of partitions.
fn without_leader(status: StreamStatus) -> String {
    let (none, silent) = (status.leaderless, status.leader_unreachable);
    let counts = [(silent, LEADER_UNREACHABLE), (none, LEADERLESS)];
    let parts = counts.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    parts.join(", ")
}

/// A partition whose leader does not answer, and one that has none.
const LEADER_UNREACHABLE: &str = "leader unreachable";
const LEADERLESS: &str = "leaderless";

/// How much of a stream is paused, or else readonly.
pub(super) fn paused_or_readonly(stream: &StreamTruth, theme: &Theme) -> Vec<Span<'static>> {
    let (status, all) = (stream.status, stream.partitions.len());
    let glyphs = theme.glyphs;
    if status.paused > 0 {
        let label = if status.paused == all && all == 1 {
            "paused".to_owned()
        } else {
            format!("{} of {all}", status.paused)
        };
        return state(glyphs.paused, &label, theme.paused);
    }
    let label = if status.readonly == all {
        "readonly".to_owned()
    } else {
        format!("{} of {all}", status.readonly)
    };
    state(glyphs.readonly, &label, theme.readonly)
}

/// The state of a partition.
pub(super) fn partition_state(partition: &PartitionTruth, theme: &Theme) -> Vec<Span<'static>> {
    let glyphs = theme.glyphs;
    let readonly = partition.readonly == Known::Yes;
    match partition.status {
        PartitionStatus::LeaderUnreachable => {
            state(glyphs.broken, LEADER_UNREACHABLE, theme.broken)
        }
        PartitionStatus::Leaderless => state(glyphs.broken, LEADERLESS, theme.broken),
        PartitionStatus::LogWentBack => state(glyphs.broken, "lost messages", theme.broken),
        PartitionStatus::AtMinIsr => state(glyphs.degraded, "at min ISR", theme.degraded),
        PartitionStatus::UnderReplicated => {
            state(glyphs.degraded, "under-replicated", theme.degraded)
        }
        PartitionStatus::Paused => state(glyphs.paused, "paused", theme.paused),
        PartitionStatus::Serving if readonly => state(glyphs.readonly, "readonly", theme.readonly),
        PartitionStatus::Serving => state(glyphs.good, "", theme.good),
    }
}

/// A partition's leader; one that does not answer carries a `?`.
pub(super) fn leader(partition: &PartitionTruth, theme: &Theme) -> Vec<Span<'static>> {
    let Some(leader) = &partition.leader else {
        return vec![span("none", theme.broken)];
    };
    match partition.leader_reachable {
        Known::No => vec![span(format!("{leader}?"), theme.broken)],
        Known::Yes | Known::Unknown => vec![span(leader.to_string(), theme.text)],
    }
}

/// The replicas of a partition.
pub(super) fn replicas(
    partition: &PartitionTruth,
    short: &ShortNames,
    theme: &Theme,
) -> Vec<Span<'static>> {
    let names: Vec<&str> = partition.replicas.iter().map(|id| short.get(id)).collect();
    vec![span(names.join(" "), theme.muted)]
}

/// The in-sync replicas that answer; a missing one is dim and in brackets.
pub(super) fn in_sync(
    partition: &PartitionTruth,
    short: &ShortNames,
    theme: &Theme,
) -> Vec<Span<'static>> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    for id in partition.replicas.iter() {
        let name = short.get(id);
        if !spans.is_empty() {
            spans.push(span(" ", theme.text));
        }
        spans.push(if partition.in_sync.contains(id) {
            span(name, theme.text)
        } else {
            span(format!("({name})"), theme.faint)
        });
    }
    spans
}

/// What a cursor is called: its group, where it is a group's.
pub(super) fn cursor_name(entry: &CursorEntry) -> String {
    match entry.group() {
        Some(group) => format!("group {group}"),
        None => entry.id.to_string(),
    }
}

/// Which partition a cursor reads: `orders:2`.
pub(super) fn cursor_partition(entry: &CursorEntry) -> String {
    format!("{}:{}", entry.stream, entry.partition)
}

/// A number that nobody may be able to know.
pub(super) fn known(number: Option<i64>, theme: &Theme) -> Vec<Span<'static>> {
    match number {
        Some(number) => vec![span(format::short_count(number), theme.text)],
        None => vec![span("?", theme.unknown)],
    }
}

/// Messages a second; quiet ones are dim.
pub(super) fn rate(rate: Option<f64>, theme: &Theme) -> Vec<Span<'static>> {
    match rate {
        Some(rate) if rate < 0.05 => vec![span(format::rate(rate), theme.faint)],
        Some(rate) => vec![span(format::rate(rate), theme.text)],
        None => vec![span(theme.glyphs.none, theme.faint)],
    }
}

/// How large a message is, and how much of it is key and headers: `178 B · key 7 B · headers 34 B`.
pub(super) fn sizes(message: &MessageRef<'_>, theme: &Theme) -> String {
    let parts = [
        ("key", message.key().len()),
        ("headers", message.headers_size()),
    ];
    let parts = parts.into_iter().filter(|(_, bytes)| *bytes > 0);
    parts.fold(format::bytes_len(message.size()), |text, (name, bytes)| {
        let dot = theme.glyphs.dot;
        format!("{text} {dot} {name} {}", format::bytes_len(bytes))
    })
}

/// Text that is cut in its middle where it is too wide.
pub(super) fn cut(text: &str, width: usize, style: Style, theme: &Theme) -> Span<'static> {
    span(format::cut_middle(text, width, theme.glyphs.cut), style)
}

/// Pieces of text, cut at their end where they are too wide.
pub(super) fn cut_end(
    spans: Vec<Span<'static>>,
    width: usize,
    theme: &Theme,
) -> Vec<Span<'static>> {
    if spans_width(&spans) <= width {
        return spans;
    }
    let sign = theme.glyphs.cut;
    let mut room = width.saturating_sub(format::width(sign));
    let mut shown = Vec::new();
    for piece in spans {
        let fits = format::cut(&piece.content, room, "");
        room -= format::width(&fits).min(room);
        shown.push(span(fits, piece.style));
    }
    shown.push(span(sign, theme.faint));
    shown
}

/// How long ago something was; dim where it never was, or no broker reports it.
pub(super) fn ago(at: Timestamp, now: Timestamp, theme: &Theme) -> Vec<Span<'static>> {
    if at.is_set() {
        vec![span(format::ago(at, now), theme.text)]
    } else {
        vec![span(theme.glyphs.none, theme.faint)]
    }
}
