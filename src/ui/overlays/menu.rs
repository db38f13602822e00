//! A list to choose from by a few letters.
//!
//! What fits is found in `app/menu`.

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::HitTarget;
use crate::app::overlays::menu::{Menu, MenuEntry, MenuMatch};
use crate::ui::layout::centred;
use crate::ui::painter::{Painter, span};
use crate::ui::theme::Theme;
use crate::ui::widgets::text_input;
use crate::ui::widgets::{after, below, popup, row, tint_chosen};

/// Draws a menu in the middle.
pub(super) fn draw(painter: &mut Painter<'_>, body: Rect, menu: &Menu) {
    let theme = painter.theme;
    let rows = u16::try_from(menu.len())
        .unwrap_or(u16::MAX)
        .saturating_add(3)
        .max(5);
    let height = rows.min(body.height.saturating_sub(2));
    let area = centred(body, body.width.saturating_sub(4).min(76), height);
    let found = menu.matches().count();
    let title = [
        span(menu.title(), theme.focus),
        span(format!("  {found} of {}", menu.len()), theme.muted),
    ];
    let inside = popup(painter, area, &title, theme.line);
    let taken = painter.put(row(inside, 0), &[span("> ", theme.key)]);
    let rest = after(row(inside, 0), taken);
    text_input::line(painter, rest, menu.editor(), theme.input);
    let list = below(inside, 1);
    painter.hit(list, HitTarget::Overlay);
    let keys = u16::try_from(menu.longest_keys()).unwrap_or(0);
    let shown = menu.matches().enumerate().skip(menu.state().top());
    for ((number, (found, entry)), line) in shown.zip(list.rows()) {
        entry_line(painter, line, found, entry, keys);
        tint_chosen(painter, line, number == menu.state().row(), true);
    }
    if found == 0 {
        painter.put(row(list, 0), &[span("nothing fits", theme.muted)]);
    }
}

/// `keys` are the columns that the longest keys of all entries take.
fn entry_line(
    painter: &mut Painter<'_>,
    line: Rect,
    found: &MenuMatch,
    entry: &MenuEntry,
    keys: u16,
) {
    let theme = painter.theme;
    let label = line.width * 2 / 5;
    painter.put(
        Rect {
            width: label,
            ..line
        },
        &letters(found, entry, theme),
    );
    let mut rest = after(line, label + 1);
    if keys > 0 {
        let shown = entry.keys.as_deref().unwrap_or_default();
        painter.put(rest, &[span(shown, theme.key)]);
        rest = after(rest, keys + 2);
    }
    painter.put(rest, &[span(&*entry.detail, theme.muted)]);
}

/// The label, the letters that were looked for standing out.
fn letters(found: &MenuMatch, entry: &MenuEntry, theme: &Theme) -> Vec<Span<'static>> {
    let is_wanted = |at: usize| u32::try_from(at).is_ok_and(|at| found.letters.contains(&at));
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (at, letter) in entry.label.chars().enumerate() {
        let style = if is_wanted(at) {
            theme.matched
        } else {
            theme.text
        };
        match spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push(letter),
            _ => spans.push(span(letter, style)),
        }
    }
    spans
}
