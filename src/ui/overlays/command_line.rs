//! What is typed after `:`, and what it means or could become.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::overlays::command_line::{CommandLine, in_all_partitions, parse};
use crate::model::counted;
use crate::ui::areas::{after, cells};
use crate::ui::format;
use crate::ui::painter::{Painter, span};
use crate::ui::widgets::text_input;

/// Draws the line, in place of a notice.
pub(in crate::ui) fn draw(painter: &mut Painter<'_>, area: Rect, line: &CommandLine, app: &App) {
    let theme = painter.theme;
    let begin = after(area, painter.put(area, &[span(" :", theme.key)]));
    text_input::line(painter, begin, line.editor(), theme.input);
    let typed = line.editor().text();
    let rest = after(begin, cells(format::width(&typed)).saturating_add(3));
    if let Some((_, all)) = in_all_partitions(&typed, app.truth()) {
        let text = format!("tab: all {}", counted(all, "partition"));
        painter.put(rest, &[span(text, theme.muted)]);
        return;
    }
    if let Some((lines, shown)) = line.completions() {
        return candidates(painter, rest, lines, Some(shown));
    }
    if typed.is_empty() {
        let hint = "a command or a name of one; tab completes, up brings earlier ones";
        painter.put(rest, &[span(hint, theme.faint)]);
        return;
    }
    let mut lines = line.candidates(app.truth(), app.settings());
    lines.retain(|line| *line != typed);
    let names_something = typed.contains(' ') && !lines.is_empty();
    match parse(&typed) {
        Ok(parsed) if !names_something => {
            painter.put(rest, &[span(parsed.command.help(), theme.muted)]);
        }
        Ok(_) | Err(_) => candidates(painter, rest, &lines, None),
    }
}

/// What the line could become, as much as there is room for; the one that stands in it already is bright.
fn candidates(painter: &mut Painter<'_>, area: Rect, lines: &[String], shown: Option<usize>) {
    let theme = painter.theme;
    let mut rest = area;
    let first = shown.unwrap_or(0).saturating_sub(1);
    for (number, line) in lines.iter().enumerate().skip(first) {
        let style = if Some(number) == shown {
            theme.focus
        } else {
            theme.muted
        };
        let last = line.rsplit(' ').find(|word| !word.is_empty());
        let word = span(last.unwrap_or_default(), style);
        rest = after(rest, painter.put(rest, &[word, span("  ", theme.text)]));
    }
}
