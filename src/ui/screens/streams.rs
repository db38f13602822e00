//! The list of streams: what each stores, how fast, how it is.

use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::screens::streams::StreamColumn;
use crate::app::{App, Listing};
use crate::health::{Rule, StreamTruth};
use crate::ui::areas::{after, below, cells, row, top};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::{Painter, span};
use crate::ui::theme::Theme;
use crate::ui::widgets::history::{rate_chart, spark};
use crate::ui::widgets::table::{ColumnSpec, needed, table};
use crate::ui::widgets::{MARGIN, PaneArea, empty_state, list_title};

/// Columns of names and of subjects: of longer ones the middle is cut.
const MOST_NAME: u16 = 48;
const MOST_SUBJECT: u16 = 40;

/// Streams whose names, subjects and states are measured; of more, the widest are assumed: to look at all of them in each
/// frame would be felt.
const MOST_STREAMS_MEASURED: usize = 10_000;

/// How columns are laid out, given the widths of the longest name, of the longest subject and of the states.
fn specs(name: u16, subject: u16, state: u16) -> [ColumnSpec<StreamColumn>; 8] {
    use StreamColumn as Column;
    [
        ColumnSpec::growing(Column::Name, 14, name.clamp(14, MOST_NAME), 0),
        ColumnSpec::fixed(Column::Partitions, 5, 1),
        ColumnSpec::fixed(Column::Rate, 6, 0),
        ColumnSpec::growing(Column::History, 8, 30, 2).last(),
        ColumnSpec::fixed(Column::Health, state, 0),
        ColumnSpec::fixed(Column::Messages, 8, 4),
        ColumnSpec::growing(Column::Subject, 10, subject.clamp(10, MOST_SUBJECT), 5),
        ColumnSpec::fixed(Column::Created, 7, 6),
    ]
}

/// The height from which on the list leaves room for a chart of the selected stream, its rows, and how few are too few.
const CHART_FROM_HEIGHT: u16 = 30;
const CHART_ROWS: u16 = 16;
const LEAST_CHART_ROWS: u16 = 8;

/// Columns of a name above its chart.
const NAME_ABOVE_CHART: usize = 40;

/// Columns of a state such as `▲ 12 under-replicated`.
const WIDE_STATE: u16 = 21;

/// The columns that the pane needs to leave none out, whatever states the streams are in.
pub(in crate::ui) fn columns(app: &App) -> u16 {
    // A filter moves no pane.
    let all = app.truth().streams.iter().map(|stream| &*stream.name);
    needed(&specs(name_columns(all, app), 0, WIDE_STATE))
}

/// Columns of the longest of these names, and of the sign before a favourite.
fn name_columns<'a>(names: impl ExactSizeIterator<Item = &'a str>, app: &App) -> u16 {
    if names.len() > MOST_STREAMS_MEASURED {
        return MOST_NAME;
    }
    let longest = names.map(format::width).max().unwrap_or(0);
    let has_signs = !app.streams().favourites().is_empty();
    cells(longest + if has_signs { 2 } else { 0 })
}

/// Columns of the longest subject.
fn subject_columns(streams: &[Arc<StreamTruth>]) -> u16 {
    if streams.len() > MOST_STREAMS_MEASURED {
        return MOST_SUBJECT;
    }
    let widths = streams.iter().map(|stream| format::width(&stream.subject));
    cells(widths.max().unwrap_or(0))
}

/// Draws the pane.
pub(in crate::ui) fn draw(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let (theme, truth) = (painter.theme, app.truth());
    let list = app.streams().list();
    let behind = labels::faults_only(app, theme);
    let area = list_title(painter, place, list, &behind);
    let cell = |name: &Arc<str>, column, width| match truth.stream(name) {
        Some(stream) => cell(stream, column, width, app, theme),
        None => Vec::new(),
    };
    let any_lost = || truth.findings.iter().any(|it| it.rule == Rule::LogWentBack);
    let totals = &truth.totals;
    let lacking = totals.leaderless + totals.leader_unreachable + totals.under_replicated;
    let any_degraded = lacking > 0 || any_lost();
    // States without numbers have all one width: thousands of streams need not be looked up at each frame.
    let rows = list.rows().iter().filter(|_| any_degraded);
    let shown = rows.filter_map(|name| truth.stream(name));
    let states = if any_degraded && list.row_count() > MOST_STREAMS_MEASURED {
        WIDE_STATE
    } else {
        labels::stream_states_width(shown)
    };
    let names = list.rows().iter().map(|name| &**name);
    let subject = subject_columns(&truth.streams);
    let specs = specs(name_columns(names, app), subject, states);
    let selected = list.selected().and_then(|name| truth.stream(name));
    let rows = match selected {
        Some(stream) => chart_below(painter, area, list.row_count(), stream),
        None => area,
    };
    table(painter, place, rows, list, &specs, cell);
    if list.rows().is_empty() {
        empty_state(painter, below(area, 1), &nothing(app));
    }
}

/// The rate of the selected stream, in the room that the list leaves on a high screen; returns the area of the list.
fn chart_below(painter: &mut Painter<'_>, area: Rect, rows: usize, stream: &StreamTruth) -> Rect {
    let listed = cells(rows).saturating_add(2);
    let chart = area.height.saturating_sub(listed).min(CHART_ROWS);
    if area.height < CHART_FROM_HEIGHT || chart < LEAST_CHART_ROWS {
        return area;
    }
    let list = top(area, area.height - chart);
    let rest = below(area, list.height);
    painter.horizontal_line(row(rest, 0));
    let theme = painter.theme;
    let name = format::cut_middle(&stream.name, NAME_ABOVE_CHART, theme.glyphs.cut);
    let head = [span(name, theme.title), span("  rate", theme.muted)];
    let chart = after(below(rest, 1), MARGIN);
    rate_chart(painter, chart, &head, (&stream.history, stream.rate));
    list
}

fn cell(
    stream: &StreamTruth,
    column: StreamColumn,
    width: usize,
    app: &App,
    theme: &Theme,
) -> Vec<Span<'static>> {
    match column {
        StreamColumn::Name => {
            let style = if stream.internal {
                theme.muted
            } else {
                theme.text
            };
            let favourites = app.streams().favourites();
            if favourites.is_empty() {
                return vec![labels::cut(&stream.name, width, style, theme)];
            }
            let is_one = favourites.contains(&*stream.name);
            let sign = if is_one { theme.glyphs.favourite } else { " " };
            let room = width.saturating_sub(2);
            vec![
                span(format!("{sign} "), theme.marked),
                labels::cut(&stream.name, room, style, theme),
            ]
        }
        StreamColumn::Partitions => {
            vec![span(
                format::count_usize(stream.partitions.len()),
                theme.text,
            )]
        }
        StreamColumn::Rate => labels::rate(stream.rate, theme),
        StreamColumn::History => vec![spark(&stream.history, width, theme)],
        StreamColumn::Health => labels::stream_state(stream, theme),
        StreamColumn::Messages => labels::known(stream.messages, theme),
        StreamColumn::Subject => {
            let style = if stream.subject == stream.name {
                theme.faint
            } else {
                theme.muted
            };
            vec![labels::cut(&stream.subject, width, style, theme)]
        }
        StreamColumn::Created => labels::ago(stream.created, app.now(), theme),
    }
}

fn nothing(app: &App) -> [&'static str; 2] {
    if app.truth().streams.is_empty() {
        ["No streams yet.", "c creates one."]
    } else if !app.streams().list().filter().text().is_empty() {
        ["No stream fits the filter.", "esc clears it."]
    } else if app.faults_only() {
        ["No stream has faults.", "! shows all of them."]
    } else {
        [
            "Only Liftbridge's own streams.",
            "i shows them, c creates one.",
        ]
    }
}
