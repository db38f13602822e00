//! The box that overlays stand in.

use ratatui::layout::{Margin, Rect};
use ratatui::style::Style;
use ratatui::symbols::border;
use ratatui::text::Span;
use ratatui::widgets::{Block, Clear};

use crate::ui::areas::{after, left, row};
use crate::ui::painter::{Painter, span};

/// A box with a title on its upper edge, emptied; returns the area inside.
pub(in crate::ui) fn popup(
    painter: &mut Painter<'_>,
    area: Rect,
    title: &[Span<'_>],
    edge: Style,
) -> Rect {
    let glyphs = painter.theme.glyphs;
    let [top_left, top_right, bottom_left, bottom_right] = glyphs.corners;
    let borders = border::Set {
        top_left,
        top_right,
        bottom_left,
        bottom_right,
        vertical_left: glyphs.side,
        vertical_right: glyphs.side,
        horizontal_top: glyphs.line,
        horizontal_bottom: glyphs.line,
    };
    // What lies below begins a column away from the box.
    let around = Rect {
        x: area.x.saturating_sub(1),
        width: area.width + 2,
        ..area
    };
    painter.render(around, Clear);
    let block = Block::bordered().border_set(borders).border_style(edge);
    painter.render(area, block);
    let mut spans = vec![span(" ", edge)];
    spans.extend(title.iter().cloned());
    spans.push(span(" ", edge));
    let width = area.width.saturating_sub(4);
    painter.put(left(after(row(area, 0), 1), width), &spans);
    area.inner(Margin::new(2, 1))
}
