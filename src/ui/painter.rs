//! The brush: puts text into cells, safely and never beyond its room, and notes what lies under them.
//!
//! Every character of the dashboard passes [`Painter::put`], and with it `sanitise` (I14).

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::app::{Area, HitTarget, Viewport};
use crate::ui::format::{cut, width};
use crate::ui::sanitise;
use crate::ui::theme::Theme;

/// Draws a frame.
#[derive(Debug)]
pub struct Painter<'a> {
    /// How things look.
    pub theme: &'a Theme,
    buffer: &'a mut Buffer,
    viewport: Viewport,
}

/// A piece of text with its style; from anywhere, since it is made safe when it is drawn.
pub fn span(text: impl Into<String>, style: Style) -> Span<'static> {
    Span::styled(text.into(), style)
}

/// How many columns these pieces take when they are drawn.
pub fn spans_width(spans: &[Span<'_>]) -> usize {
    spans
        .iter()
        .map(|span| width(&sanitise::line(&span.content)))
        .sum()
}

impl<'a> Painter<'a> {
    /// A brush for this buffer.
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme) -> Self {
        let area = buffer.area;
        Self {
            theme,
            buffer,
            viewport: Viewport::new(area.width, area.height),
        }
    }

    /// What the frame offered.
    pub fn finish(self) -> Viewport {
        self.viewport
    }

    /// Puts text on the first row of an area, cut where the area ends; returns the columns it took.
    pub fn put(&mut self, area: Rect, spans: &[Span<'_>]) -> u16 {
        let area = area.intersection(self.buffer.area);
        if area.is_empty() {
            return 0;
        }
        let mut left = usize::from(area.width);
        let mut more = spans_width(spans) > left;
        let mut x = area.x;
        for span in spans {
            let safe = sanitise::line(&span.content);
            let text = if more && width(&safe) >= left {
                more = false;
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
    pub fn put_right(&mut self, area: Rect, spans: &[Span<'_>]) -> Rect {
        let wide = u16::try_from(spans_width(spans))
            .unwrap_or(area.width)
            .min(area.width);
        let at = Rect {
            x: area.right() - wide,
            width: wide,
            ..area
        };
        self.put(at, spans);
        Rect {
            width: area.width - wide,
            ..area
        }
    }

    /// Lays a style over an area; what is drawn there keeps what the style does not name.
    pub fn tint(&mut self, area: Rect, style: Style) {
        self.buffer
            .set_style(area.intersection(self.buffer.area), style);
    }

    /// Empties an area.
    pub fn clear(&mut self, area: Rect) {
        for position in area.intersection(self.buffer.area).positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
            }
        }
    }

    /// The thin line between panes that stand side by side.
    pub fn vertical_line(&mut self, area: Rect) {
        for row in area.rows() {
            self.put(row, &[span(self.theme.glyphs.divider, self.theme.line)]);
        }
    }

    /// The thin line between panes that stand one above the other.
    pub fn horizontal_line(&mut self, area: Rect) {
        let line = self.theme.glyphs.line.repeat(usize::from(area.width));
        self.put(area, &[span(line, self.theme.line)]);
    }

    /// Notes what an area means to the mouse, and how much room a pane has.
    pub fn hit(&mut self, area: Rect, hit: HitTarget) {
        let Rect {
            x,
            y,
            width,
            height,
        } = area;
        self.viewport.add(
            Area {
                x,
                y,
                width,
                height,
            },
            hit,
        );
    }

    /// Notes how many lines the text on top has.
    pub fn overlay_lines(&mut self, lines: usize) {
        self.viewport.overlay_lines = lines;
    }
}
