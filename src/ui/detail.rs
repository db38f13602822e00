//! Texts to read about one thing: a broker, a stream, a partition, a finding, an error, the keys of a place.
//!
//! Lines are made here and drawn in a box by `overlay`, or below a list by its pane.

mod entities;
mod keys;
mod loss;
mod messages;

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

pub(super) use entities::{broker_facts, broker_page, page, partition_subject};
pub(super) use loss::loss_page;

use crate::ui::format;
use crate::ui::painter::{Painter, span};
use crate::ui::theme::Theme;
use crate::ui::widgets::row;

/// A line of a text.
#[derive(Clone, Debug)]
pub(super) struct Line(pub(super) Vec<Span<'static>>);

/// Width of the names in front of values.
const LABEL: usize = 14;

impl Line {
    /// An empty line.
    pub(super) fn gap() -> Self {
        Self(Vec::new())
    }

    /// The head of a part.
    pub(super) fn head(text: impl Into<String>, theme: &Theme) -> Self {
        Self(vec![span(text, theme.title)])
    }

    /// A sentence.
    pub(super) fn text(text: impl Into<String>, style: Style) -> Self {
        Self(vec![span(text, style)])
    }

    /// A name and its value.
    pub(super) fn pair(name: &str, value: impl Into<String>, theme: &Theme) -> Self {
        Self::spans(name, vec![span(value, theme.text)], theme)
    }

    /// A name and its value in pieces.
    pub(super) fn spans(name: &str, value: Vec<Span<'static>>, theme: &Theme) -> Self {
        let mut spans = vec![span(format::pad(name, LABEL), theme.muted)];
        spans.extend(value);
        Self(spans)
    }
}

/// Draws lines from one on, as far as there is room.
pub(super) fn draw(painter: &mut Painter<'_>, area: Rect, lines: &[Line], from: usize) {
    for (number, line) in (0..area.height).zip(lines.iter().skip(from)) {
        painter.put(row(area, number), &line.0);
    }
}

/// The same lines, none wider than the room: long ones go on below, as far to the right as their value begins.
pub(super) fn wrapped(lines: Vec<Line>, columns: usize) -> Vec<Line> {
    lines
        .into_iter()
        .flat_map(|line| wrap(line, columns))
        .collect()
}

fn wrap(line: Line, columns: usize) -> Vec<Line> {
    let indent = match line.0.as_slice() {
        [name, _, ..] if name.content.ends_with(' ') => format::width(&name.content),
        _ => 2,
    };
    if crate::ui::painter::spans_width(&line.0) <= columns || columns <= indent + 8 {
        return vec![line];
    }
    let mut lines = Vec::new();
    let mut current: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    for piece in line.0 {
        for word in words_of(&crate::ui::sanitise::line(&piece.content)) {
            let wide = format::width(&word);
            if used + format::width(word.trim_end()) > columns && used > indent {
                lines.push(Line(trimmed(std::mem::take(&mut current))));
                current.push(span(" ".repeat(indent), Style::new()));
                used = indent;
            }
            used += wide;
            current.push(span(word, piece.style));
        }
    }
    lines.push(Line(current));
    lines
}

/// The same pieces without the space behind the last one.
fn trimmed(mut pieces: Vec<Span<'static>>) -> Vec<Span<'static>> {
    if let Some(last) = pieces.last_mut() {
        last.content = last.content.trim_end().to_owned().into();
    }
    pieces
}

/// Words with the spaces behind them; what is too long for a line is cut when it is drawn.
fn words_of(text: &str) -> Vec<String> {
    text.split_inclusive(' ').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[Line]) -> Vec<String> {
        lines
            .iter()
            .map(|line| line.0.iter().map(|span| &*span.content).collect())
            .collect()
    }

    #[test]
    fn a_long_value_goes_on_below_where_it_began() {
        let theme = Theme::default();
        let line = Line::pair(
            "error",
            "the connection was refused by the other side",
            &theme,
        );
        let wrapped = texts(&wrapped(vec![line], 34));
        assert_eq!(
            wrapped,
            [
                "error         the connection was",
                "              refused by the other",
                "              side"
            ]
        );
    }
}
