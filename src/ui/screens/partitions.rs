//! The partitions of the chosen stream, and below them what each replica says of the chosen one.
//!
//! Rows and order are `app/streams`'s; which view is believed, `health` decides.

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::lists::table::Listing;
use crate::app::row_key::PartitionKey;
use crate::app::screens::streams::{PartitionColumn, Streams, worst_lag};
use crate::health::{Known, PartitionTruth, Truth, Witness};
use crate::model::Timestamp;
use crate::ui::format;
use crate::ui::labels::{self, ShortNames};
use crate::ui::painter::{Painter, span, spans_width};
use crate::ui::theme::Theme;
use crate::ui::widgets::{self, ColumnSpec, PaneArea, below, row};

/// What the pane shows.
#[derive(Clone, Copy)]
pub(crate) struct PartitionsPane<'a> {
    /// Rows, order, filter, marks.
    pub(crate) streams: &'a Streams,
    /// What is known of them.
    pub(crate) truth: &'a Truth,
    /// The time.
    pub(crate) now: Timestamp,
}

/// How columns are laid out, given the widths of the longest leader and of the longest lists of replicas.
fn specs(leader: u16, members: u16, isr: u16) -> [ColumnSpec<PartitionColumn>; 10] {
    use PartitionColumn as Column;
    [
        ColumnSpec::fixed(Column::Number, 3, 0),
        ColumnSpec::growing(Column::Leader, 8, leader.clamp(8, 24), 0),
        ColumnSpec::fixed(Column::Replicas, members.max(8), 5),
        ColumnSpec::fixed(Column::Isr, isr, 1),
        ColumnSpec::fixed(Column::HighWatermark, 8, 1),
        ColumnSpec::fixed(Column::Uncommitted, 5, 3),
        ColumnSpec::fixed(Column::Rate, 6, 6),
        ColumnSpec::fixed(Column::Lag, 5, 7),
        ColumnSpec::fixed(Column::Last, 4, 2),
        ColumnSpec::fixed(Column::State, 13, 0),
    ]
}

impl PartitionsPane<'_> {
    /// Draws it in its place.
    pub(crate) fn draw(self, painter: &mut Painter<'_>, place: PaneArea) {
        let theme = painter.theme;
        let list = self.streams.partitions();
        let name = self
            .streams
            .selected_stream(self.truth)
            .map(|stream| stream.name.to_string());
        let behind = [span(format!("  {}", name.unwrap_or_default()), theme.text)];
        let area = widgets::title_of_list(painter, place, list, &behind, list.total());
        let (rows, detail) = self.split(area);
        let short = ShortNames::of(self.truth);
        let specs = specs(
            self.longest_leader(),
            self.longest(|partition| labels::replicas(partition, &short, theme)),
            self.longest(|partition| labels::in_sync(partition, &short, theme)),
        );
        let cell = |(stream, id): &PartitionKey, column, width| {
            let partition = self.truth.partition(stream, *id);
            let cell = |partition| self.cell(partition, column, width, &short, theme);
            partition.map(cell).unwrap_or_default()
        };
        widgets::table(painter, place, rows, list, &specs, cell);
        if list.rows().is_empty() {
            widgets::empty_state(painter, below(rows, 1), &self.nothing());
        }
        self.detail(painter, detail);
    }

    /// The rows above; below them room for what the replicas say, where there is enough of it.
    fn split(self, area: Rect) -> (Rect, Rect) {
        let wanted = self
            .streams
            .selected_partition(self.truth)
            .map_or(0, |partition| {
                u16::try_from(partition.views.len())
                    .unwrap_or(u16::MAX)
                    .saturating_add(3)
            });
        let rows = u16::try_from(self.streams.partitions().rows().len()).unwrap_or(u16::MAX);
        let needed = rows.saturating_add(1).min(area.height / 2).max(4);
        let detail = if area.height >= needed + wanted {
            wanted
        } else {
            0
        };
        let above = Rect {
            height: area.height - detail,
            ..area
        };
        (above, below(area, above.height))
    }

    /// Columns that the longest leader's name takes, with a sign that it does not answer.
    fn longest_leader(self) -> u16 {
        let stream = self.streams.selected_stream(self.truth);
        let partitions = stream.map_or(&[][..], |stream| &stream.partitions);
        let leaders = partitions
            .iter()
            .filter_map(|partition| partition.leader.as_deref());
        let longest = leaders.map(format::width).max().unwrap_or(0);
        u16::try_from(longest + 1).unwrap_or(u16::MAX)
    }

    /// Columns that the longest of the lists takes that are made of each partition.
    fn longest(self, list: impl Fn(&PartitionTruth) -> Vec<Span<'static>>) -> u16 {
        let stream = self.streams.selected_stream(self.truth);
        let partitions = stream.map_or(&[][..], |stream| &stream.partitions);
        let longest = partitions
            .iter()
            .map(|partition| spans_width(&list(partition)))
            .max();
        u16::try_from(longest.unwrap_or(0))
            .unwrap_or(u16::MAX)
            .clamp(3, 24)
    }

    fn nothing(self) -> [&'static str; 2] {
        match self.streams.selected_stream(self.truth) {
            None => ["No stream is chosen.", ""],
            Some(_) if self.streams.partitions().filter().text().is_empty() => {
                ["No partition has faults.", "! shows all of them."]
            }
            Some(_) => ["No partition fits the filter.", "esc clears it."],
        }
    }

    fn cell(
        self,
        partition: &PartitionTruth,
        column: PartitionColumn,
        width: usize,
        short: &ShortNames,
        theme: &Theme,
    ) -> Vec<Span<'static>> {
        match column {
            PartitionColumn::Number => vec![span(partition.id.to_string(), theme.text)],
            PartitionColumn::Leader => {
                let mut spans = labels::leader(partition, theme);
                for span in &mut spans {
                    span.content =
                        format::cut_middle(&span.content, width, theme.glyphs.cut).into();
                }
                spans
            }
            PartitionColumn::Replicas => labels::replicas(partition, short, theme),
            PartitionColumn::Isr => labels::in_sync(partition, short, theme),
            PartitionColumn::HighWatermark => high_watermark(partition, theme),
            PartitionColumn::Uncommitted => uncommitted(partition, theme),
            PartitionColumn::Rate => labels::rate(partition.rate, theme),
            PartitionColumn::Lag => lag(worst_lag(partition), theme),
            PartitionColumn::Last => labels::ago(partition.last_message, self.now, theme),
            PartitionColumn::State => labels::partition_state(partition, theme),
        }
    }

    fn detail(self, painter: &mut Painter<'_>, area: Rect) {
        let Some(partition) = self.streams.selected_partition(self.truth) else {
            return;
        };
        if area.is_empty() {
            return;
        }
        let theme = painter.theme;
        painter.horizontal_line(row(area, 0));
        let head = vec![
            span(format!("   partition {}", partition.id), theme.title),
            span("  what each replica says", theme.muted),
        ];
        painter.put(row(area, 1), &head);
        let widest = self.truth.witnesses(partition).map(|witness| {
            let numbers = [witness.high_watermark, witness.newest_offset];
            numbers
                .map(|number| format::width(&offset(number)))
                .into_iter()
                .max()
                .unwrap_or(0)
        });
        let widest = widest.max().unwrap_or(0);
        let lags = self.truth.witnesses(partition);
        let lacking = lags.map(|witness| format::width(&lacks(partition, &witness)));
        let lacking = lacking.max().unwrap_or(0);
        for (number, witness) in (2..).zip(self.truth.witnesses(partition)) {
            let line = row(area, number);
            let said = witness_line(partition, &witness, (widest, lacking), theme);
            let taken = painter.put(line, &said);
            let age = witness.at.map(|at| format::ago(at, self.now));
            let (text, style) = match (age, witness.failure) {
                (Some(age), Some(_)) => (format!("  silent {age}"), theme.broken),
                (None, Some(_)) => ("  no word yet".to_owned(), theme.broken),
                (Some(age), None) => (format!("  {} ago", format::pad_left(&age, 3)), theme.muted),
                (None, None) => (String::new(), theme.muted),
            };
            let rest = widgets::after(line, taken);
            // Half an age would be a wrong one.
            if format::width(&text) <= usize::from(rest.width) {
                painter.put(rest, &[span(text, style)]);
            }
        }
    }
}

/// What a replica says, but for how old its word is.
fn witness_line(
    partition: &PartitionTruth,
    witness: &Witness<'_>,
    (widest, lacking): (usize, usize),
    theme: &Theme,
) -> Vec<Span<'static>> {
    let leads = partition.leader.as_ref() == Some(witness.broker);
    let in_sync = partition.isr.contains(witness.broker);
    let (sign, style) = match (witness.failure.is_some(), in_sync) {
        (true, _) => (theme.glyphs.broken, theme.broken),
        (false, true) => (theme.glyphs.good, theme.good),
        (false, false) => (theme.glyphs.degraded, theme.degraded),
    };
    let role = match (leads, in_sync) {
        (true, _) => "leads",
        (false, true) => "in sync",
        (false, false) => "behind",
    };
    let number = |number| span(format::pad_left(&offset(number), widest), theme.text);
    let lacks = lacks(partition, witness);
    // A replica in sync is a message or two behind all the time.
    let lag = if in_sync { theme.muted } else { theme.degraded };
    vec![
        span(format!("   {sign} "), style),
        span(format::pad(witness.broker, 8), theme.text),
        span(format!("  {}  hw ", format::pad(role, 7)), theme.muted),
        number(witness.high_watermark),
        span("  end ", theme.muted),
        number(witness.newest_offset),
        span(format::pad(&lacks, lacking), lag),
    ]
}

/// How many messages that replica is behind; empty where it is not.
fn lacks(partition: &PartitionTruth, witness: &Witness<'_>) -> String {
    let mut lags = partition.replica_lag.iter();
    let lag = lags.find(|(broker, _)| broker == witness.broker);
    match lag.and_then(|(_, lag)| *lag).filter(|lag| *lag > 0) {
        Some(lag) => format!("  lacks {}", format::count(lag)),
        None => String::new(),
    }
}

/// An offset that somebody told, or nobody.
fn offset(number: Option<i64>) -> String {
    match number {
        Some(-1) => "empty".to_owned(),
        Some(number) => format::count(number),
        None => "?".to_owned(),
    }
}

/// How many messages are stored and not committed.
fn uncommitted(partition: &PartitionTruth, theme: &Theme) -> Vec<Span<'static>> {
    match (partition.leader_reachable, partition.uncommitted()) {
        (Known::No, _) | (_, None) => vec![span("?", theme.unknown)],
        (_, Some(0)) => vec![span("0", theme.faint)],
        (_, Some(number)) => vec![span(format::short_count(number), theme.text)],
    }
}

/// How many messages are missing somewhere; none is dim.
fn lag(lag: Option<i64>, theme: &Theme) -> Vec<Span<'static>> {
    match lag {
        None => vec![span(theme.glyphs.none, theme.faint)],
        Some(0) => vec![span("0", theme.faint)],
        Some(lag) => vec![span(format::short_count(lag), theme.degraded)],
    }
}

/// Dim where it is an old word: the leader, who knows, does not answer.
fn high_watermark(partition: &PartitionTruth, theme: &Theme) -> Vec<Span<'static>> {
    let mut spans = match partition.high_watermark {
        Some(-1) => vec![span("empty", theme.faint)],
        other => labels::known(other, theme),
    };
    if partition.leader_reachable == Known::No {
        for span in &mut spans {
            span.style = theme.muted;
        }
    }
    spans
}
