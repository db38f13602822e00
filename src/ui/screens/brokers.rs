//! The list of brokers, and below it what is known of the selected one.

use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::screens::brokers::BrokerColumn;
use crate::app::{App, Listing};
use crate::health::BrokerTruth;
use crate::ui::areas::{after, below, cells, row, top};
use crate::ui::detail::{self, broker_detail};
use crate::ui::format;
use crate::ui::labels::{self, ShortNames};
use crate::ui::painter::{Painter, span};
use crate::ui::theme::Theme;
use crate::ui::widgets::table::{ColumnSpec, table};
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

/// Draws the pane.
pub(in crate::ui) fn draw(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let (theme, truth) = (painter.theme, app.truth());
    let list = app.brokers().list();
    let behind = labels::faults_only(app, theme);
    let area = list_title(painter, place, list, &behind);
    let selected = list.selected().and_then(|name| truth.broker(name));
    let rows = cells(list.row_count())
        .saturating_add(2)
        .max(5)
        .min(area.height);
    let has_room = area.height >= rows + 6;
    let rows = if has_room && selected.is_some() {
        top(area, rows)
    } else {
        area
    };
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
        draw_detail(painter, below(area, rows.height), broker, app);
    }
}

fn draw_detail(painter: &mut Painter<'_>, area: Rect, broker: &BrokerTruth, app: &App) {
    painter.horizontal_line(row(area, 0));
    let lines = broker_detail(broker, app.truth(), app.now(), painter.theme);
    let rest = after(below(area, 1), MARGIN);
    let lines = detail::wrapped(lines, usize::from(rest.width));
    detail::draw(painter, rest, &lines, 0);
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
