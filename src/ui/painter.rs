//! Puts text into cells, safely and never beyond its area, and records what lies under them.
//!
//! Every character of the dashboard passes [`Painter::put`], and with it `sanitise` (I14).

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::Widget;
use unicode_segmentation::UnicodeSegmentation;

use super::areas::{cells, left, right};
use super::format::{cut, width};
use super::row_cache::RowCache;
use super::theme::Theme;
use crate::app::{Area, HitTarget, Viewport};
use crate::model::sanitise;

/// Draws a frame.
#[derive(Debug)]
pub(super) struct Painter<'a> {
    /// How things look.
    pub(super) theme: &'a Theme,
    /// What was read of the messages in sight.
    pub(super) rows: &'a mut RowCache,
    buffer: &'a mut Buffer,
    viewport: Viewport,
}

/// A piece of text with its style; from anywhere, since it is made safe when it is drawn.
pub(super) fn span(text: impl Into<String>, style: Style) -> Span<'static> {
    Span::styled(text.into(), style)
}

/// How many columns these pieces take when they are drawn.
pub(super) fn spans_width(spans: &[Span<'_>]) -> usize {
    spans
        .iter()
        .map(|span| width(&sanitise::line(&span.content)))
        .sum()
}

/// The spans without their first columns.
pub(super) fn scrolled(spans: Vec<Span<'static>>, columns: usize) -> Vec<Span<'static>> {
    let mut left = columns;
    let cut = spans.into_iter().map(|one| {
        let is_left_out = |grapheme: &&str| {
            let skips = left > 0;
            left = left.saturating_sub(sanitise::columns(grapheme));
            skips
        };
        let rest: String = one
            .content
            .graphemes(true)
            .skip_while(is_left_out)
            .collect();
        span(rest, one.style)
    });
    cut.collect()
}

impl<'a> Painter<'a> {
    /// A painter of this buffer.
    pub(super) fn new(buffer: &'a mut Buffer, theme: &'a Theme, rows: &'a mut RowCache) -> Self {
        let area = buffer.area;
        Self {
            theme,
            rows,
            buffer,
            viewport: Viewport::new(area.width, area.height),
        }
    }

    /// The frame is drawn; returns its layout.
    pub(super) fn into_viewport(self) -> Viewport {
        self.rows.end_frame();
        self.viewport
    }

    /// Puts text on the first row of an area, cut where the area ends; returns the columns it took.
    pub(super) fn put(&mut self, area: Rect, spans: &[Span<'_>]) -> u16 {
        let area = area.intersection(self.buffer.area);
        if area.is_empty() {
            return 0;
        }
        let mut left = usize::from(area.width);
        let mut overflows = spans_width(spans) > left;
        let mut x = area.x;
        for span in spans {
            let safe = sanitise::line(&span.content);
            let text = if overflows && width(&safe) >= left {
                overflows = false;
                cut(&format!("{safe} "), left, self.theme.glyphs.cut)
            } else {
                safe.into_owned()
            };
            let (end, _) = self.buffer.set_stringn(x, area.y, &text, left, span.style);
            left = left.saturating_sub(usize::from(end.saturating_sub(x)));
            x = end;
            if left == 0 {
                break;
            }
        }
        x - area.x
    }

    /// Puts text so that it ends where the area ends; returns the area that is left before it.
    pub(super) fn put_right(&mut self, area: Rect, spans: &[Span<'_>]) -> Rect {
        let used = cells(spans_width(spans)).min(area.width);
        self.put(right(area, used), spans);
        left(area, area.width - used)
    }

    /// Draws a widget that holds no text from elsewhere.
    pub(super) fn render(&mut self, area: Rect, widget: impl Widget) {
        widget.render(area.intersection(self.buffer.area), self.buffer);
    }

    /// Lays a style over an area; what is drawn there keeps what the style does not name.
    pub(super) fn tint(&mut self, area: Rect, style: Style) {
        self.buffer
            .set_style(area.intersection(self.buffer.area), style);
    }

    /// The thin line between panes that stand side by side.
    pub(super) fn vertical_line(&mut self, area: Rect) {
        for row in area.rows() {
            self.put(row, &[span(self.theme.glyphs.divider, self.theme.line)]);
        }
    }

    /// The thin line between panes that stand one above the other.
    pub(super) fn horizontal_line(&mut self, area: Rect) {
        let line = self.theme.glyphs.line.repeat(usize::from(area.width));
        self.put(area, &[span(line, self.theme.line)]);
    }

    /// Records what an area means to the mouse, and how many rows a pane has.
    pub(super) fn add_hit(&mut self, area: Rect, hit: HitTarget) {
        let area = Area {
            x: area.x,
            y: area.y,
            width: area.width,
            height: area.height,
        };
        self.viewport.add(area, hit);
    }

    /// Records how many lines the text on top has.
    pub(super) fn set_overlay_lines(&mut self, lines: usize) {
        self.viewport.overlay_lines = lines;
    }
}
