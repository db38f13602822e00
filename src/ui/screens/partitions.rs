//! The partitions of the selected stream, and below them what each replica reports of the selected one.

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::row_key::PartitionKey;
use crate::app::screens::streams::{PartitionColumn, worst_lag};
use crate::app::{App, Listing};
use crate::health::{Known, PartitionTruth, ReplicaView, ShortNames, StreamTruth};
use crate::ui::areas::{after, below, cells, row, top};
use crate::ui::detail::{self, Line};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::{Painter, span, spans_width};
use crate::ui::theme::Theme;
use crate::ui::widgets::table::{ColumnSpec, MOST_MEASURED, needed, table};
use crate::ui::widgets::{MARGIN, PaneArea, empty_state, list_title};

/// Columns of lists of replicas: of more than so many their end is cut.
const REPLICAS: [u16; 2] = [8, 24];

/// How columns are laid out, given the widths of the longest leader, of the longest lists of replicas, and of the
/// longest state.
fn specs(leader: u16, replicas: u16, isr: u16, state: u16) -> [ColumnSpec<PartitionColumn>; 10] {
    use PartitionColumn as Column;
    let [least, most] = REPLICAS;
    [
        ColumnSpec::fixed(Column::Number, 3, 0).widest(4),
        ColumnSpec::growing(Column::Leader, 8, leader.clamp(8, 24), 0),
        ColumnSpec::growing(Column::Replicas, least, replicas.clamp(least, most), 5),
        ColumnSpec::growing(Column::Isr, isr.clamp(3, least), isr.clamp(3, most), 1),
        ColumnSpec::fixed(Column::HighWatermark, 8, 1),
        ColumnSpec::fixed(Column::Uncommitted, 11, 3),
        ColumnSpec::fixed(Column::Rate, 6, 6),
        ColumnSpec::fixed(Column::Lag, 5, 7).widest(7),
        ColumnSpec::fixed(Column::Last, 4, 4),
        ColumnSpec::fixed(Column::State, state.max(8), 0),
    ]
}

/// Columns of a state such as `▲ under-replicated`.
const WIDE_STATE: u16 = 18;

/// Columns of three replicas of which one is not in sync: `1 (2) 3`.
const IN_SYNC: u16 = 7;

/// The columns that the pane needs to leave none out, whatever stream is chosen and whatever states its partitions are in.
pub(in crate::ui) fn columns(app: &App) -> u16 {
    let [least, _] = REPLICAS;
    needed(&specs(leader_columns(app), least, IN_SYNC, WIDE_STATE))
}

/// Columns of the longest name of a broker, and of a sign that it does not answer.
fn leader_columns(app: &App) -> u16 {
    let brokers = app.truth().brokers.iter();
    let names = brokers.map(|broker| format::width(broker.name()));
    cells(names.max().unwrap_or(0) + 1)
}

/// Columns of the longest lists of replicas and of those in sync, and of the longest state.
fn widest(stream: Option<&StreamTruth>, short: &ShortNames, theme: &Theme) -> [u16; 3] {
    let partitions = stream.map_or(&[][..], |stream| &stream.partitions);
    if partitions.len() > MOST_MEASURED {
        let [_, most] = REPLICAS;
        return [most, most, WIDE_STATE];
    }
    let longest = |spans: &dyn Fn(&PartitionTruth) -> Vec<Span<'static>>| {
        let widths = partitions.iter().map(|one| spans_width(&spans(one)));
        cells(widths.max().unwrap_or(0))
    };
    [
        longest(&|one| labels::replicas(one, short, theme)),
        longest(&|one| labels::in_sync(one, short, theme)),
        longest(&|one| labels::partition_state(one, theme)),
    ]
}

/// Rows from which on what is known of the stream is more than a scrap.
const STREAM_ROWS: u16 = 12;

/// Columns of a broker's name beside what it reports.
const MAX_REPLICA_NAME: usize = 24;

/// Draws the pane.
pub(in crate::ui) fn draw(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let (theme, truth) = (painter.theme, app.truth());
    let list = app.streams().partitions();
    let stream = app.streams().selected_stream(truth);
    let name = stream.map_or("", |stream| &stream.name);
    let area = list_title(
        painter,
        place,
        list,
        &[span(format!("  {name}"), theme.text)],
    );
    let selected = app.streams().selected_partition(truth);
    let rows = rows_area(area, list.row_count(), selected);
    let short = ShortNames::of(truth);
    let [replicas, isr, state] = widest(stream, &short, theme);
    let specs = specs(leader_columns(app), replicas, isr, state);
    let cell = |(stream, id): &PartitionKey, column, width| match truth.partition(stream, *id) {
        Some(partition) => cell(partition, column, width, &short, app, theme),
        None => Vec::new(),
    };
    table(painter, place, rows, list, &specs, cell);
    if list.rows().is_empty() {
        empty_state(painter, below(rows, 1), &nothing(app));
    }
    let rest = below(area, rows.height);
    if let Some(partition) = selected {
        let used = replica_views(painter, rest, partition, app);
        if let Some(stream) = stream {
            stream_below(painter, below(rest, used), stream, app);
        }
    }
}

/// What is known of the stream, where a high screen has room for it.
fn stream_below(painter: &mut Painter<'_>, area: Rect, stream: &StreamTruth, app: &App) {
    if area.height < STREAM_ROWS {
        return;
    }
    let theme = painter.theme;
    painter.horizontal_line(row(area, 0));
    let mut lines = vec![Line::text(&*stream.name, theme.title)];
    lines.extend(detail::stream_facts(stream, app, theme));
    let rest = after(below(area, 1), MARGIN);
    let lines = detail::wrapped(lines, usize::from(rest.width.saturating_sub(1)));
    detail::draw(painter, rest, &lines, 0);
}

/// The rows above; below them room for what the replicas report, where there is enough of it, and on a high screen for
/// what is known of the stream.
fn rows_area(area: Rect, rows: usize, selected: Option<&PartitionTruth>) -> Rect {
    let wanted = selected.map_or(0, |one| cells(one.replica_ends.len()).saturating_add(3));
    let all = cells(rows).saturating_add(2);
    if all.saturating_add(wanted).saturating_add(STREAM_ROWS) <= area.height {
        return top(area, all);
    }
    let needed = cells(rows).saturating_add(1).min(area.height / 2).max(4);
    if area.height < needed.saturating_add(wanted) {
        return area;
    }
    top(area, area.height - wanted)
}

fn nothing(app: &App) -> [&'static str; 2] {
    match app.streams().selected_stream(app.truth()) {
        None => ["No stream is chosen.", ""],
        Some(_) if app.streams().partitions().filter().text().is_empty() => {
            ["No partition has faults.", "! shows all of them."]
        }
        Some(_) => ["No partition fits the filter.", "esc clears it."],
    }
}

fn cell(
    partition: &PartitionTruth,
    column: PartitionColumn,
    width: usize,
    short: &ShortNames,
    app: &App,
    theme: &Theme,
) -> Vec<Span<'static>> {
    match column {
        PartitionColumn::Number => vec![span(partition.id.to_string(), theme.text)],
        PartitionColumn::Leader => {
            let spans = labels::leader(partition, theme).into_iter();
            spans
                .map(|span| labels::cut(&span.content, width, span.style, theme))
                .collect()
        }
        PartitionColumn::Replicas => {
            labels::cut_end(labels::replicas(partition, short, theme), width, theme)
        }
        PartitionColumn::Isr => {
            labels::cut_end(labels::in_sync(partition, short, theme), width, theme)
        }
        PartitionColumn::HighWatermark => high_watermark(partition, theme),
        PartitionColumn::Uncommitted => vec![uncommitted(partition, theme)],
        PartitionColumn::Rate => labels::rate(partition.rate, theme),
        PartitionColumn::Lag => vec![lag(worst_lag(partition), theme)],
        PartitionColumn::Last => labels::ago(partition.last_message, app.now(), theme),
        PartitionColumn::State => labels::partition_state(partition, theme),
    }
}

/// What each replica reports of a partition, and how old its report is; returns the rows that takes.
fn replica_views(
    painter: &mut Painter<'_>,
    area: Rect,
    partition: &PartitionTruth,
    app: &App,
) -> u16 {
    let (theme, truth) = (painter.theme, app.truth());
    painter.horizontal_line(row(area, 0));
    let head = [
        span(format!("   partition {}", partition.id), theme.title),
        span("  what each replica reports", theme.muted),
    ];
    painter.put(row(area, 1), &head);
    let offsets = truth
        .replica_views(partition)
        .flat_map(|view| [view.high_watermark, view.newest_offset]);
    let offsets = offsets.map(|number| format::width(&format::offset(number)));
    let lacking = truth
        .replica_views(partition)
        .map(|view| format::width(&lacks(partition, &view)));
    let names = truth.replica_views(partition);
    let names = names.map(|view| format::width(view.broker)).max();
    let widths = [
        names.unwrap_or(0).clamp(8, MAX_REPLICA_NAME),
        offsets.max().unwrap_or(0),
        lacking.max().unwrap_or(0),
    ];
    for (number, view) in (2..).zip(truth.replica_views(partition)) {
        let line = row(area, number);
        let used = painter.put(line, &replica_view(partition, &view, widths, theme));
        let age = view.at.map(|at| format::ago(at, app.now()));
        let (text, style) = match (age, view.failure) {
            (Some(age), Some(_)) => (format!("  silent {age}"), theme.broken),
            (None, Some(_)) => ("  no report yet".to_owned(), theme.broken),
            (Some(age), None) => (format!("  {} ago", format::pad_left(&age, 3)), theme.muted),
            (None, None) => (String::new(), theme.muted),
        };
        let rest = after(line, used);
        // Half an age would be a wrong one.
        if format::width(&text) <= usize::from(rest.width) {
            painter.put(rest, &[span(text, style)]);
        }
    }
    cells(truth.replica_views(partition).count()).saturating_add(3)
}

/// What a replica reports, but for its age; the widths are those of the longest name, offset and lag.
fn replica_view(
    partition: &PartitionTruth,
    view: &ReplicaView<'_>,
    [name_width, offset_width, lacks_width]: [usize; 3],
    theme: &Theme,
) -> Vec<Span<'static>> {
    let leads = partition.leader.as_ref() == Some(view.broker);
    let in_sync = partition.in_sync.contains(view.broker);
    let ahead = !leads && view.holds_more(partition).is_some();
    let (sign, style) = match (view.failure.is_some() || ahead, in_sync) {
        (true, _) => (theme.glyphs.broken, theme.broken),
        (false, true) => (theme.glyphs.good, theme.good),
        (false, false) => (theme.glyphs.degraded, theme.degraded),
    };
    let role = match (leads, in_sync) {
        _ if ahead => "ahead",
        (true, _) => "leads",
        (false, true) => "in sync",
        (false, false) => "behind",
    };
    let number = |number| {
        span(
            format::pad_left(&format::offset(number), offset_width),
            theme.text,
        )
    };
    let name = format::cut_middle(view.broker, name_width, theme.glyphs.cut);
    let lacks = lacks(partition, view);
    // A replica in sync is a message or two behind all the time.
    let lag = match (ahead, in_sync) {
        (true, _) => theme.broken,
        (false, true) => theme.muted,
        (false, false) => theme.degraded,
    };
    vec![
        span(format!("   {sign} "), style),
        span(format::pad(&name, name_width), theme.text),
        span(format!("  {}  hw ", format::pad(role, 7)), theme.muted),
        number(view.high_watermark),
        span("  end ", theme.muted),
        number(view.newest_offset),
        span(format::pad(&lacks, lacks_width), lag),
    ]
}

/// How many messages that replica is behind, or holds more; empty where neither is so.
fn lacks(partition: &PartitionTruth, view: &ReplicaView<'_>) -> String {
    if let Some(more) = view.holds_more(partition) {
        return format!("  holds {} more", format::count(more));
    }
    match partition.lag_of(view.broker).filter(|lag| *lag > 0) {
        Some(lag) => format!("  lacks {}", format::count(lag)),
        None => String::new(),
    }
}

/// How many messages are stored and not committed.
fn uncommitted(partition: &PartitionTruth, theme: &Theme) -> Span<'static> {
    match (partition.leader_reachable, partition.uncommitted()) {
        (Known::No, _) | (_, None) => span("?", theme.unknown),
        (_, Some(0)) => span("0", theme.faint),
        (_, Some(number)) => span(format::short_count(number), theme.text),
    }
}

/// How many messages are missing somewhere; none is dim.
fn lag(lag: Option<i64>, theme: &Theme) -> Span<'static> {
    match lag {
        None => span(theme.glyphs.none, theme.faint),
        Some(0) => span("0", theme.faint),
        Some(lag) => span(format::short_count(lag), theme.degraded),
    }
}

/// Dim where it is outdated: the leader, who knows, does not answer.
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
