//! The list of brokers, and below it what is known of the chosen one.
//!
//! Rows and order are `app/brokers`'s; texts about one broker, `page`'s.

use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::lists::table::Table;
use crate::app::screens::brokers::{BrokerColumn, BrokerName};
use crate::health::{BrokerTruth, Truth};
use crate::model::Timestamp;
use crate::ui::detail::{self, broker_page};
use crate::ui::format;
use crate::ui::labels::{self, ShortNames};
use crate::ui::painter::{Painter, span};
use crate::ui::theme::Theme;
use crate::ui::widgets::{self, ColumnSpec, PaneArea, below, row};

const SPECS: &[ColumnSpec<BrokerColumn>] = &[
    ColumnSpec::growing(BrokerColumn::Name, 10, 24, 0),
    ColumnSpec::fixed(BrokerColumn::State, 15, 0),
    ColumnSpec::growing(BrokerColumn::Address, 16, 32, 3),
    ColumnSpec::fixed(BrokerColumn::Partitions, 5, 2),
    ColumnSpec::fixed(BrokerColumn::Leaders, 4, 0),
    ColumnSpec::fixed(BrokerColumn::Rate, 6, 1),
    ColumnSpec::fixed(BrokerColumn::Latency, 6, 1),
    ColumnSpec::growing(BrokerColumn::ListedBy, 9, 20, 4),
];

/// What the pane shows.
#[derive(Clone, Copy)]
pub(crate) struct BrokersPane<'a> {
    /// Rows, order, filter.
    pub(crate) list: &'a Table<BrokerName, BrokerColumn>,
    /// What is known of them.
    pub(crate) truth: &'a Truth,
    /// The time.
    pub(crate) now: Timestamp,
    /// Whether those that answer are hidden.
    pub(crate) faults_only: bool,
}

impl BrokersPane<'_> {
    /// Draws it in its place.
    pub(crate) fn draw(self, painter: &mut Painter<'_>, place: PaneArea) {
        let theme = painter.theme;
        let faults = self
            .faults_only
            .then(|| span("  faults only", theme.degraded));
        let behind: Vec<Span<'_>> = faults.into_iter().collect();
        let area = widgets::title_of_list(painter, place, self.list, &behind, self.list.total());
        let (rows, detail) = self.split(area);
        let short = ShortNames::of(self.truth);
        let cell = |name: &Arc<str>, column, width| match self.truth.broker(name) {
            Some(broker) => self.cell(broker, column, width, &short, theme),
            None => Vec::new(),
        };
        widgets::table(painter, place, rows, self.list, SPECS, cell);
        if self.list.rows().is_empty() {
            let lines: &[&str] = if self.faults_only {
                &["All brokers answer.", "! shows them."]
            } else {
                &["No broker fits the filter.", "esc clears it."]
            };
            widgets::empty_state(painter, below(rows, 1), lines);
        }
        self.detail(painter, detail);
    }

    fn split(self, area: Rect) -> (Rect, Rect) {
        let rows = u16::try_from(self.list.rows().len()).unwrap_or(u16::MAX);
        let above = rows.saturating_add(2).max(5).min(area.height);
        if area.height < above + 6 || self.list.selected().is_none() {
            return (area, below(area, area.height));
        }
        (
            Rect {
                height: above,
                ..area
            },
            below(area, above),
        )
    }

    fn detail(self, painter: &mut Painter<'_>, area: Rect) {
        let chosen = self
            .list
            .selected()
            .and_then(|name| self.truth.broker(name));
        let (Some(broker), false) = (chosen, area.is_empty()) else {
            return;
        };
        painter.horizontal_line(row(area, 0));
        let lines = broker_page(broker, self.truth, self.now, painter.theme);
        let room = widgets::after(below(area, 1), 3);
        let lines = detail::wrapped(lines, usize::from(room.width));
        detail::draw(painter, room, &lines, 0);
    }

    fn cell(
        self,
        broker: &BrokerTruth,
        column: BrokerColumn,
        width: usize,
        short: &ShortNames,
        theme: &Theme,
    ) -> Vec<Span<'static>> {
        let number = |number: usize| vec![span(format::size(number), theme.text)];
        match column {
            BrokerColumn::Name => {
                let style = if broker.is_answering() {
                    theme.text
                } else {
                    theme.muted
                };
                vec![span(
                    format::cut_middle(broker.name(), width, theme.glyphs.cut),
                    style,
                )]
            }
            BrokerColumn::Address => {
                vec![span(
                    format::cut_middle(&broker.address, width, theme.glyphs.cut),
                    theme.muted,
                )]
            }
            BrokerColumn::State => labels::broker_state(broker, theme, self.now),
            BrokerColumn::Partitions => number(broker.partitions),
            BrokerColumn::Leaders => number(broker.leaders),
            BrokerColumn::Rate => labels::rate(broker.rate, theme),
            BrokerColumn::Latency => match broker.latency.filter(|_| broker.is_answering()) {
                Some(took) => vec![span(format::latency(took), theme.text)],
                None => vec![span(theme.glyphs.none, theme.faint)],
            },
            BrokerColumn::ListedBy => {
                let names: Vec<&str> = broker.listed_by.iter().map(|id| short.get(id)).collect();
                vec![span(names.join(" "), theme.muted)]
            }
        }
    }
}
