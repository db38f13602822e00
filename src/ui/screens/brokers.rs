//! The list of brokers, and below it what is known of the selected one.

use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::screens::brokers::BrokerColumn;
use crate::app::{App, Listing};
use crate::health::{BrokerTruth, ShortNames};
use crate::ui::areas::{after, below, cells, left, row, top};
use crate::ui::detail::{
    self, Line, balance_detail, broker_detail, what_if_detail, what_if_summary,
};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::{Painter, span};
use crate::ui::theme::Theme;
use crate::ui::widgets::table::{ColumnSpec, needed, table};
use crate::ui::widgets::{MARGIN, PaneArea, empty_state, list_title};

const SPECS: &[ColumnSpec<BrokerColumn>] = &[
    ColumnSpec::growing(BrokerColumn::Name, 9, 24, 0),
    ColumnSpec::fixed(BrokerColumn::State, 15, 0),
    ColumnSpec::growing(BrokerColumn::Address, 16, 32, 3),
    ColumnSpec::fixed(BrokerColumn::Partitions, 5, 2),
    ColumnSpec::fixed(BrokerColumn::Leaders, 5, 0),
    ColumnSpec::fixed(BrokerColumn::Rate, 6, 1),
    ColumnSpec::fixed(BrokerColumn::Latency, 6, 1),
    ColumnSpec::growing(BrokerColumn::ListedBy, 9, 20, 4),
];

/// Columns from which on what is known of a broker stands beside the list.
const DETAIL_COLUMNS: u16 = 60;

/// Partitions up to which all that follows from them is worked out at each frame.
const MOST_PARTITIONS: usize = 2_000;

/// Draws the pane.
pub(in crate::ui) fn draw(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let (theme, truth) = (painter.theme, app.truth());
    let list = app.brokers().list();
    let behind = labels::faults_only(app, theme);
    let area = list_title(painter, place, list, &behind);
    let selected = list.selected().and_then(|name| truth.broker(name));
    let room = room(area, list.row_count(), selected.is_some());
    let rows = room.rows;
    let short = ShortNames::of(truth);
    let cell = |name: &Arc<str>, column, width| match truth.broker(name) {
        Some(broker) => cell(broker, column, width, &short, app, theme),
        None => Vec::new(),
    };
    table(painter, place, rows, list, SPECS, cell);
    if list.rows().is_empty() {
        let lines = if app.faults_only() {
            ["All brokers answer.", "! shows them."]
        } else {
            ["No broker fits the filter.", "esc clears it."]
        };
        empty_state(painter, below(rows, 1), &lines);
    }
    if let Some(broker) = selected {
        draw_detail(painter, &room, broker, app);
    }
}

/// Where the rows are, what is known of the selected broker, and what else there is room for below the rows.
struct Room {
    rows: Rect,
    between: Option<Rect>,
    detail: Rect,
    below_rows: Rect,
}

/// ```text
/// rows     ▏ detail        rows
/// balance  ▏               detail, balance
/// ```
fn room(area: Rect, count: usize, has_detail: bool) -> Room {
    let list = needed(SPECS);
    let beside = has_detail && area.width >= list.saturating_add(DETAIL_COLUMNS + 1);
    let columns = if beside {
        list.max(area.width / 2)
    } else {
        area.width
    };
    let (rest, area) = (after(area, columns), left(area, columns));
    let wanted = cells(count).saturating_add(2).max(5).min(area.height);
    let has_room = has_detail && area.height >= wanted + 6;
    let rows = if has_room { top(area, wanted) } else { area };
    let below_rows = below(area, rows.height);
    Room {
        rows,
        between: beside.then(|| left(rest, 1)),
        detail: if beside { after(rest, 1) } else { below_rows },
        below_rows: if beside {
            below_rows
        } else {
            top(below_rows, 0)
        },
    }
}

/// What is known of a broker, and as far as there is room for all of it what would follow if it were lost, and how evenly
/// the brokers lead and hold partitions.
fn draw_detail(painter: &mut Painter<'_>, room: &Room, broker: &BrokerTruth, app: &App) {
    let (theme, truth) = (painter.theme, app.truth());
    let mut area = room.detail;
    if let Some(between) = room.between {
        painter.vertical_line(between);
    } else {
        painter.horizontal_line(row(area, 0));
        area = below(area, 1);
    }
    let area = after(area, MARGIN);
    let wrapped = |lines| detail::wrapped(lines, usize::from(area.width.saturating_sub(1)));
    let mut lines = Vec::new();
    if room.between.is_some() {
        lines.extend([Line::text(broker.name(), theme.title), Line::gap()]);
    }
    lines.extend(broker_detail(broker, truth, app.now(), theme));
    let mut lines = wrapped(lines);
    // More is worked out at each frame only of clusters where that takes no time.
    if truth.totals.partitions <= MOST_PARTITIONS {
        let mut add = |more: Vec<Line>| {
            let has_room = lines.len() + more.len() < usize::from(area.height);
            if has_room {
                lines.push(Line::gap());
                lines.extend(more);
            }
            has_room
        };
        let whole = wrapped(what_if_detail(broker, app, theme));
        if room.between.is_none() || !add(whole) {
            add(wrapped(what_if_summary(broker, app, theme)));
        }
        let mut balance = vec![Line::text("Balance of the brokers", theme.title)];
        balance.extend(balance_detail(truth, theme));
        let below_rows = after(below(room.below_rows, 1), MARGIN);
        if below_rows.is_empty() {
            add(wrapped(balance));
        } else {
            let columns = usize::from(below_rows.width.saturating_sub(1));
            let lines = detail::wrapped(balance, columns);
            detail::draw(painter, below_rows, &lines, 0);
            painter.horizontal_line(row(room.below_rows, 0));
        }
    }
    detail::draw(painter, area, &lines, 0);
}

fn cell(
    broker: &BrokerTruth,
    column: BrokerColumn,
    width: usize,
    short: &ShortNames,
    app: &App,
    theme: &Theme,
) -> Vec<Span<'static>> {
    let number = |number: usize| vec![span(format::count_usize(number), theme.text)];
    match column {
        BrokerColumn::Name => {
            let style = if broker.is_answering() {
                theme.text
            } else {
                theme.muted
            };
            vec![labels::cut(broker.name(), width, style, theme)]
        }
        BrokerColumn::Address => vec![labels::cut(&broker.address, width, theme.muted, theme)],
        BrokerColumn::State => labels::broker_state(broker, theme, app.now()),
        BrokerColumn::Partitions => number(broker.partitions),
        BrokerColumn::Leaders => number(broker.leaders),
        BrokerColumn::Rate => labels::rate(broker.rate, theme),
        BrokerColumn::Latency => match broker.latency.filter(|_| broker.is_answering()) {
            Some(took) => vec![span(format::latency(took), theme.text)],
            None => vec![span(theme.glyphs.none, theme.faint)],
        },
        BrokerColumn::ListedBy => {
            let names: Vec<&str> = broker.listed_by.iter().map(|id| short.get(id)).collect();
            vec![labels::cut(&names.join(" "), width, theme.muted, theme)]
        }
    }
}
