//! A text while it is put together: names and values, heads, sentences, findings with their evidence.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::health::Finding;
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::span;
use crate::ui::theme::Theme;
use crate::ui::widgets::lines::Line;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::widgets::lines::wrapped;

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
