//! A list to choose from by a few letters.

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::HitTarget;
use crate::app::overlays::menu::{Menu, MenuEntry, MenuMatch};
use crate::ui::areas::{after, below, cells, left, row};
use crate::ui::format;
use crate::ui::layout::centred;
use crate::ui::painter::{Painter, span};
use crate::ui::theme::Theme;
use crate::ui::widgets::{popup, text_input, tint_selected};

/// Draws a menu in the middle.
pub(super) fn draw(painter: &mut Painter<'_>, body: Rect, menu: &Menu) {
    let theme = painter.theme;
    let height = cells(menu.len()).saturating_add(3).max(5);
    let height = height.min(body.height.saturating_sub(2));
    let area = centred(body, body.width.saturating_sub(4).min(76), height);
    let found = menu.matches().count();
    let title = [
        span(menu.title(), theme.focus),
        span(format!("  {found} of {}", menu.len()), theme.muted),
    ];
    let inside = popup(painter, area, &title, theme.line);
    let line = row(inside, 0);
    let used = painter.put(line, &[span("> ", theme.key)]);
    text_input::line(painter, after(line, used), menu.editor(), theme.input);
    let list = below(inside, 1);
    painter.add_hit(list, HitTarget::Overlay);
    let keys = cells(menu.longest_keys());
    let shown = menu.matches().enumerate().skip(menu.state().top());
    for ((number, (found, entry)), line) in shown.zip(list.rows()) {
        draw_entry(painter, line, found, entry, keys);
        tint_selected(painter, line, number == menu.state().row(), true);
    }
    if found == 0 {
        painter.put(row(list, 0), &[span("nothing fits", theme.muted)]);
    }
}

/// `keys` are the columns that the longest keys of all entries take.
fn draw_entry(
    painter: &mut Painter<'_>,
    line: Rect,
    found: &MenuMatch,
    entry: &MenuEntry,
    keys: u16,
) {
    let theme = painter.theme;
    let label = line.width * 2 / 5;
    if keys == 0 && format::width(&entry.label) > usize::from(label) {
        // What it is called says more than what it is.
        painter.put(line, &letters(found, entry, theme));
        return;
    }
    painter.put(left(line, label), &letters(found, entry, theme));
    let mut rest = after(line, label + 1);
    if keys > 0 {
        let shown = entry.keys.as_deref().unwrap_or_default();
        let style = if entry.is_refused {
            theme.faint
        } else {
            theme.key
        };
        painter.put(rest, &[span(shown, style)]);
        rest = after(rest, keys + 2);
    }
    if entry.is_refused {
        let refused = "refused while observing: ";
        let used = painter.put(rest, &[span(refused, theme.faint)]);
        painter.put(after(rest, used), &[span(&*entry.detail, theme.faint)]);
        return;
    }
    painter.put(rest, &[span(&*entry.detail, theme.muted)]);
}

/// The label, the letters that were looked for standing out.
fn letters(found: &MenuMatch, entry: &MenuEntry, theme: &Theme) -> Vec<Span<'static>> {
    let letters = (0_u32..).zip(entry.label.chars());
    let letters = letters.map(|(at, letter)| {
        let style = match (found.letters.contains(&at), entry.is_refused) {
            (true, _) => theme.matched,
            (false, true) => theme.faint,
            (false, false) => theme.text,
        };
        span(letter, style)
    });
    letters.collect()
}
