//! The lines of a text while it is put together, drawn, and wrapped to a width.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::health::Finding;
use crate::model::sanitise;
use crate::ui::areas::row;
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::{Painter, span, spans_width};
use crate::ui::theme::Theme;

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

/// Width of the names in front of values.
const LABEL: usize = 14;

/// A text while it is put together.
pub(super) struct TextBuilder<'a> {
    pub(super) theme: &'a Theme,
    pub(super) lines: Vec<Line>,
}

impl<'a> TextBuilder<'a> {
    /// An empty text.
    pub(super) fn new(theme: &'a Theme) -> Self {
        let lines = Vec::new();
        Self { theme, lines }
    }

    /// Adds an empty line.
    pub(super) fn gap(&mut self) {
        self.lines.push(Line::gap());
    }

    /// Adds the head of the part that follows.
    pub(super) fn head(&mut self, text: impl Into<String>) {
        self.gap();
        self.lines.push(Line::text(text, self.theme.title));
    }

    /// Adds a sentence.
    pub(super) fn text(&mut self, text: impl Into<String>, style: Style) {
        self.lines.push(Line::text(text, style));
    }

    /// Adds a name and its value.
    pub(super) fn pair(&mut self, name: &str, value: impl Into<String>) {
        self.styled(name, value, self.theme.text);
    }

    /// Adds a name and its value in a style.
    pub(super) fn styled(&mut self, name: &str, value: impl Into<String>, style: Style) {
        self.spans(name, vec![span(value, style)]);
    }

    /// Adds a name and its value in pieces.
    pub(super) fn spans(&mut self, name: &str, value: Vec<Span<'static>>) {
        let mut spans = vec![span(format::pad(name, LABEL), self.theme.muted)];
        spans.extend(value);
        self.lines.push(Line(spans));
    }

    /// Adds findings with their evidence.
    pub(super) fn findings<'f>(&mut self, findings: impl Iterator<Item = &'f Finding>) {
        for finding in findings {
            self.gap();
            self.lines.push(Line(labels::finding(finding, self.theme)));
            for text in &finding.detail {
                self.text(format!("  {text}"), self.theme.muted);
            }
        }
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

    fn texts(lines: &[Line]) -> Vec<String> {
        lines
            .iter()
            .map(|line| line.0.iter().map(|span| &*span.content).collect())
            .collect()
    }

    #[test]
    fn a_long_value_goes_on_below_where_it_began() {
        let theme = Theme::default();
        let mut text = TextBuilder::new(&theme);
        text.pair("error", "the connection was refused by the other side");
        let wrapped = texts(&wrapped(text.lines, 34));
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
