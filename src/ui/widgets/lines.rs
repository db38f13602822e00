//! Lines of text: wrapped to a width, and drawn one below the other.
//! What they say is put together elsewhere.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::model::sanitise;
use crate::ui::areas::row;
use crate::ui::format;
use crate::ui::painter::{Painter, span, spans_width};

/// A line of a text.
#[derive(Clone, Debug)]
pub(in crate::ui) struct Line(pub(in crate::ui) Vec<Span<'static>>);

impl Line {
    /// An empty line.
    pub(in crate::ui) fn gap() -> Self {
        Self(Vec::new())
    }

    /// A sentence, or the head of a part.
    pub(in crate::ui) fn text(text: impl Into<String>, style: Style) -> Self {
        Self(vec![span(text, style)])
    }
}

/// Draws lines from one on, as many as the area shows.
pub(in crate::ui) fn draw(painter: &mut Painter<'_>, area: Rect, lines: &[Line], from: usize) {
    for (number, line) in (0..area.height).zip(lines.iter().skip(from)) {
        painter.put(row(area, number), &line.0);
    }
}

/// The lines, none wider than so many columns: long ones go on below, as far to the right as their value begins.
pub(in crate::ui) fn wrapped(lines: Vec<Line>, columns: usize) -> Vec<Line> {
    let lines = lines.into_iter();
    lines.flat_map(|line| wrap(line, columns)).collect()
}

fn wrap(line: Line, columns: usize) -> Vec<Line> {
    let indent = match line.0.as_slice() {
        [name, _, ..] if name.content.ends_with(' ') => format::width(&name.content),
        _ => 2,
    };
    if spans_width(&line.0) <= columns || columns <= indent + 8 {
        return vec![line];
    }
    let mut lines = Vec::new();
    let mut current: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    for piece in line.0 {
        // Words with the spaces behind them; what is too long for a line is cut when it is drawn.
        for word in sanitise::line(&piece.content).split_inclusive(' ') {
            if used + format::width(word.trim_end()) > columns && used > indent {
                lines.push(Line(trimmed(std::mem::take(&mut current))));
                current.push(span(" ".repeat(indent), Style::new()));
                used = indent;
            }
            // Further spaces between words would move what goes on below.
            if word == " " && used == indent && !lines.is_empty() {
                continue;
            }
            used += format::width(word);
            current.push(span(word, piece.style));
        }
    }
    lines.push(Line(current));
    lines
}

/// The pieces without the space behind the last one.
fn trimmed(mut pieces: Vec<Span<'static>>) -> Vec<Span<'static>> {
    if let Some(last) = pieces.last_mut() {
        last.content = last.content.trim_end().to_owned().into();
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_below_stands_where_its_value_begins_however_many_spaces_are_between_words() {
        for columns in 16..60 {
            let value = "one  two   three  four    five six  seven";
            let line = Line(vec![
                span("touched ", Style::new()),
                span(value, Style::new()),
            ]);
            for line in wrapped(vec![line], columns).iter().skip(1) {
                let text: String = line.0.iter().map(|span| span.content.as_ref()).collect();
                let indent = text.len() - text.trim_start().len();
                assert_eq!(indent, 8, "{columns} columns: {text:?}");
            }
        }
    }
}
