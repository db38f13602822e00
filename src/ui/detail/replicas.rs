//! How far each replica of partitions is: a bar from the first offset to its end, what it lacks, when it will be there.

use std::time::Duration;

use ratatui::style::Style;
use ratatui::text::Span;

use super::Line;
use crate::app::row_key::PartitionKey;
use crate::health::{PartitionTruth, ReplicaView, Truth};
use crate::model::{BrokerId, Offset, Timestamp, counted};
use crate::ui::format;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// Columns of a bar.
const BAR: usize = 20;

/// Partitions that are shown; of more only their number is told.
const MOST: usize = 64;

/// The replicas of these partitions.
pub(in crate::ui) fn replicas_detail(
    keys: &[PartitionKey],
    truth: &Truth,
    now: Timestamp,
    theme: &Theme,
) -> Vec<Line> {
    let mut lines = Vec::new();
    for (stream, id) in keys.iter().take(MOST) {
        if !lines.is_empty() {
            lines.push(Line::gap());
        }
        let name = format!("{stream}:{id}");
        match truth.partition(stream, *id) {
            Some(partition) => add_partition(&name, partition, truth, now, theme, &mut lines),
            None => lines.push(Line::text(format!("{name} is gone."), theme.muted)),
        }
    }
    if let Some(more) = keys.len().checked_sub(MOST).filter(|more| *more > 0) {
        lines.push(Line::gap());
        let text = format!("and {} more", counted(more, "partition"));
        lines.push(Line::text(text, theme.muted));
    }
    lines
}

fn add_partition(
    name: &str,
    partition: &PartitionTruth,
    truth: &Truth,
    now: Timestamp,
    theme: &Theme,
    lines: &mut Vec<Line>,
) {
    let mut head = vec![span(name.to_owned(), theme.title)];
    let uncommitted = partition.uncommitted().filter(|count| *count > 0);
    if let Some(count) = uncommitted {
        let text = format!("  {} not committed yet", format::count(count));
        head.push(span(text, theme.degraded));
    }
    lines.push(Line(head));
    let views: Vec<ReplicaView<'_>> = truth.replica_views(partition).collect();
    let ends = views.iter().filter_map(|view| view.newest_offset);
    let longest = ends.max().map_or(1, messages).max(1);
    let names = views.iter().map(|view| format::width(view.broker));
    let name_width = names.max().unwrap_or(0);
    let counts = views
        .iter()
        .map(|view| format::width(&format::offset(view.newest_offset)));
    let end_width = counts.max().unwrap_or(0);
    for view in &views {
        let (sign, style) = sign(partition, view, theme);
        let (filled, open) = bar_parts(view, longest, theme);
        let (text, text_style) = state(partition, view, now, theme);
        lines.push(Line(vec![
            span(
                format!("{sign} {}  ", format::pad(view.broker, name_width)),
                style,
            ),
            filled,
            open,
            span(
                format!(
                    " {}  ",
                    format::pad_left(&format::offset(view.newest_offset), end_width)
                ),
                theme.text,
            ),
            span(text, text_style),
        ]));
    }
    lines.push(Line::text(next_leaders(partition, truth), theme.muted));
}

/// Who may lead when the leader is lost: an in-sync replica that answers, the one that leads least first, as Liftbridge
/// chooses (wire-contract §5).
fn next_leaders(partition: &PartitionTruth, truth: &Truth) -> String {
    let others = partition.in_sync.iter();
    let mut others: Vec<&BrokerId> = others
        .filter(|id| Some(*id) != partition.leader.as_ref())
        .collect();
    others.sort_by_key(|id| truth.broker(id).map_or(usize::MAX, |broker| broker.leaders));
    match others.as_slice() {
        [] if partition.replicas.len() < 2 => {
            "  next leader: nobody, there is no other replica".to_owned()
        }
        [] => "  next leader: nobody, no other replica is in sync".to_owned(),
        [only] => format!("  next leader: {only}"),
        [first, rest @ ..] => {
            let rest: Vec<&str> = rest.iter().map(|id| &***id).collect();
            format!(
                "  next leader: {first}, which leads least, or {}",
                rest.join(", ")
            )
        }
    }
}

fn sign(
    partition: &PartitionTruth,
    view: &ReplicaView<'_>,
    theme: &Theme,
) -> (&'static str, Style) {
    if view.failure.is_some() || view.holds_more(partition).is_some() {
        (theme.glyphs.broken, theme.broken)
    } else if partition.in_sync.contains(view.broker) {
        (theme.glyphs.good, theme.good)
    } else {
        (theme.glyphs.degraded, theme.degraded)
    }
}

/// What the replica is doing, and what it lacks.
fn state(
    partition: &PartitionTruth,
    view: &ReplicaView<'_>,
    now: Timestamp,
    theme: &Theme,
) -> (String, Style) {
    if view.failure.is_some() {
        let ago = view.at.map(|at| format!(" {}", format::ago(at, now)));
        return (format!("silent{}", ago.unwrap_or_default()), theme.broken);
    }
    if let Some(more) = view.holds_more(partition) {
        let more = format::count(more);
        return (
            format!("holds {more} more than its leader: do not restart it"),
            theme.broken,
        );
    }
    if partition.leader.as_ref() == Some(view.broker) {
        return ("leads".to_owned(), theme.muted);
    }
    let lag = partition.lag_of(view.broker);
    let in_sync = partition.in_sync.contains(view.broker);
    match (lag, in_sync) {
        (None | Some(0), true) => ("in sync".to_owned(), theme.muted),
        (Some(lag), true) => (
            format!("in sync, lacks {}", format::count(lag)),
            theme.muted,
        ),
        (None, false) => ("not in sync".to_owned(), theme.degraded),
        (Some(lag), false) => (behind(lag, partition, view), theme.degraded),
    }
}

/// What a replica lacks that is not in sync, what that is in time, and when it will be there.
fn behind(lag: i64, partition: &PartitionTruth, view: &ReplicaView<'_>) -> String {
    let mut parts = vec![format!("lacks {}", format::count(lag))];
    let leader = partition.rate.unwrap_or_default();
    if let Some(time) = seconds(lag, leader) {
        parts.push(format!("{} of writing", format::age(time)));
    }
    match view.speed {
        None => {}
        Some(speed) if speed <= 0.0 && lag > 0 => parts.push("stands still".to_owned()),
        Some(speed) => {
            parts.push(format!("reads {}/s", format::rate(speed)));
            parts.push(match seconds(lag, speed - leader) {
                Some(time) => format!("there in {}", format::age(time)),
                None => "does not catch up".to_owned(),
            });
        }
    }
    parts.join(", ")
}

/// How long so many messages take at that speed; `None` where they never would be there.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts beyond 2^53 lose digits that no age shows"
)]
fn seconds(messages: i64, speed: f64) -> Option<Duration> {
    if speed <= 0.0 {
        return None;
    }
    Duration::try_from_secs_f64(messages as f64 / speed).ok()
}

/// How many messages a log has that ends there.
fn messages(newest: Offset) -> i64 {
    newest.saturating_add(1)
}

/// The bar of a replica: up to its high watermark, and from there to its end.
fn bar_parts(
    view: &ReplicaView<'_>,
    longest: i64,
    theme: &Theme,
) -> (Span<'static>, Span<'static>) {
    let [.., half, _, _, _, full] = theme.glyphs.spark;
    let whole = columns(messages(view.newest_offset.unwrap_or(-1)), longest, BAR);
    let committed = columns(messages(view.high_watermark.unwrap_or(-1)), longest, BAR).min(whole);
    let open = half.repeat(whole - committed) + &" ".repeat(BAR - whole);
    (
        span(full.repeat(committed), theme.spark),
        span(open, theme.muted),
    )
}

/// A bar as long as a part of the most is.
pub(super) fn bar(part: i64, most: i64, width: usize, theme: &Theme) -> Span<'static> {
    let [.., full] = theme.glyphs.spark;
    let filled = columns(part, most, width);
    span(
        full.repeat(filled) + &" ".repeat(width - filled),
        theme.spark,
    )
}

/// How many of so many columns a part of the most takes: at least one where there is anything.
fn columns(part: i64, most: i64, width: usize) -> usize {
    let (part, most) = (part.max(0), most.max(1));
    let wide = i128::from(part) * i128::try_from(width).unwrap_or(0) / i128::from(most);
    let wide = usize::try_from(wide).unwrap_or(0).min(width);
    wide.max(usize::from(part > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_at_the_most_and_never_empty_where_there_is_something() {
        assert_eq!(columns(0, 100, 10), 0);
        assert_eq!(columns(1, 100, 10), 1);
        assert_eq!(columns(50, 100, 10), 5);
        assert_eq!(columns(100, 100, 10), 10);
        assert_eq!(columns(i64::MAX, i64::MAX, 10), 10);
    }

    #[test]
    fn a_replica_is_there_when_it_reads_faster_than_its_leader_writes() {
        assert_eq!(seconds(100, 50.0), Some(Duration::from_secs(2)));
        assert_eq!(seconds(100, 0.0), None);
        assert_eq!(seconds(100, -3.0), None);
    }
}
