//! The list of streams: what each stores, how fast, how it is.
//!
//! Rows and order are `app/streams`'s.

use std::sync::Arc;

use ratatui::text::Span;

use crate::app::lists::table::Listing;
use crate::app::screens::streams::{StreamColumn, Streams};
use crate::health::{StreamTruth, Truth};
use crate::model::Timestamp;
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::{Painter, span};
use crate::ui::theme::Theme;
use crate::ui::widgets::{self, ColumnSpec, PaneArea, below};

/// How columns are laid out, given the width of the longest name.
fn specs(name: u16) -> [ColumnSpec<StreamColumn>; 8] {
    use StreamColumn as Column;
    [
        ColumnSpec::growing(Column::Name, 14, name.clamp(14, 48), 0),
        ColumnSpec::fixed(Column::Partitions, 5, 1),
        ColumnSpec::fixed(Column::Rate, 6, 0),
        ColumnSpec::growing(Column::History, 10, 30, 2),
        ColumnSpec::fixed(Column::Health, 10, 0),
        ColumnSpec::fixed(Column::Messages, 8, 4),
        ColumnSpec::growing(Column::Subject, 14, 40, 5),
        ColumnSpec::fixed(Column::Created, 7, 6),
    ]
}

/// What the pane shows.
#[derive(Clone, Copy)]
pub(crate) struct StreamsPane<'a> {
    /// Rows, order, filter, marks.
    pub(crate) streams: &'a Streams,
    /// What is known of them.
    pub(crate) truth: &'a Truth,
    /// Whether those without faults are hidden.
    pub(crate) faults_only: bool,
    /// The time.
    pub(crate) now: Timestamp,
}

impl StreamsPane<'_> {
    /// Draws it in its place.
    pub(crate) fn draw(self, painter: &mut Painter<'_>, place: PaneArea) {
        let theme = painter.theme;
        let list = self.streams.list();
        let faults = self
            .faults_only
            .then(|| span("  faults only", theme.degraded));
        let behind: Vec<Span<'_>> = faults.into_iter().collect();
        let area = widgets::title_of_list(painter, place, list, &behind, list.total());
        let cell = |name: &Arc<str>, column, width| match self.truth.stream(name) {
            Some(stream) => self.cell(stream, column, width, theme),
            None => Vec::new(),
        };
        let longest = list.rows().iter().map(|name| format::width(name)).max();
        let specs = specs(u16::try_from(longest.unwrap_or(0)).unwrap_or(u16::MAX));
        widgets::table(painter, place, area, list, &specs, cell);
        if list.rows().is_empty() {
            self.nothing(painter, below(area, 1));
        }
    }

    fn cell(
        self,
        stream: &StreamTruth,
        column: StreamColumn,
        width: usize,
        theme: &Theme,
    ) -> Vec<Span<'static>> {
        match column {
            StreamColumn::Name => {
                let style = if stream.internal {
                    theme.muted
                } else {
                    theme.text
                };
                vec![span(
                    format::cut_middle(&stream.name, width, theme.glyphs.cut),
                    style,
                )]
            }
            StreamColumn::Partitions => {
                vec![span(format::size(stream.partitions.len()), theme.text)]
            }
            StreamColumn::Rate => labels::rate(stream.rate, theme),
            StreamColumn::History => vec![widgets::spark(&stream.history, width, theme)],
            StreamColumn::Health => labels::stream_state(stream, theme),
            StreamColumn::Messages => labels::known(stream.messages, theme),
            StreamColumn::Subject => {
                let subject = format::cut_middle(&stream.subject, width, theme.glyphs.cut);
                let style = if stream.subject == stream.name {
                    theme.faint
                } else {
                    theme.muted
                };
                vec![span(subject, style)]
            }
            StreamColumn::Created => labels::ago(stream.created, self.now, theme),
        }
    }

    fn nothing(self, painter: &mut Painter<'_>, area: ratatui::layout::Rect) {
        let hidden = self.truth.streams.len();
        let filter = self.streams.list().filter().text();
        let lines: &[&str] = if hidden == 0 {
            &["No streams yet.", "c creates one."]
        } else if !filter.is_empty() {
            &["No stream fits the filter.", "esc clears it."]
        } else if self.faults_only {
            &["No stream has faults.", "! shows all of them."]
        } else {
            &[
                "Only Liftbridge's own streams.",
                "i shows them, c creates one.",
            ]
        };
        widgets::empty_state(painter, area, lines);
    }
}
