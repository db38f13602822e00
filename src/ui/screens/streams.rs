//! The list of streams: what each stores, how fast, how it is.

use std::sync::Arc;

use ratatui::text::Span;

use crate::app::screens::streams::StreamColumn;
use crate::app::{App, Listing};
use crate::health::StreamTruth;
use crate::ui::areas::{below, cells};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::{Painter, span};
use crate::ui::theme::Theme;
use crate::ui::widgets::history::spark;
use crate::ui::widgets::table::{ColumnSpec, table};
use crate::ui::widgets::{PaneArea, empty_state, list_title};

/// How columns are laid out, given the widths of the longest name and of the states.
fn specs(name: u16, state: u16) -> [ColumnSpec<StreamColumn>; 8] {
    use StreamColumn as Column;
    [
        ColumnSpec::growing(Column::Name, 14, name.clamp(14, 48), 0),
        ColumnSpec::fixed(Column::Partitions, 5, 1),
        ColumnSpec::fixed(Column::Rate, 6, 0),
        ColumnSpec::growing(Column::History, 10, 30, 2),
        ColumnSpec::fixed(Column::Health, state, 0),
        ColumnSpec::fixed(Column::Messages, 8, 4),
        ColumnSpec::growing(Column::Subject, 14, 40, 5),
        ColumnSpec::fixed(Column::Created, 7, 6),
    ]
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
    let longest = list.rows().iter().map(|name| format::width(name)).max();
    let any_degraded = truth.totals.leaderless + truth.totals.under_replicated > 0;
    // States without numbers have all one width: thousands of streams need not be looked up at each frame.
    let rows = list.rows().iter().filter(|_| any_degraded);
    let shown = rows.filter_map(|name| truth.stream(name));
    let states = labels::stream_states_width(shown);
    let signs = if app.streams().favourites().is_empty() {
        0
    } else {
        2
    };
    let specs = specs(cells(longest.unwrap_or(0) + signs), states);
    table(painter, place, area, list, &specs, cell);
    if list.rows().is_empty() {
        empty_state(painter, below(area, 1), &nothing(app));
    }
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
