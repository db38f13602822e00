//! What holds of every screen at every size, and a look for the texts that must be on it.

use liftui::ui::Theme;
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr;

use crate::world::World;

use super::{frame, readability, text};

/// The names of the screens, as much of each as there is at the least width.
const SCREENS: [&str; 7] = [
    "1 over", "2 brok", "3 stre", "4 curs", "5 acti", "6 tail", "7 inci",
];

/// Draws a frame, and checks that it is whole and shows what is required.
///
/// Each line of `required` is a width and a text that must be on a screen of that width and on every wider one. Where columns
/// stand apart, the text has one space.
pub(super) fn whole(world: &mut World, size: (u16, u16), required: &str) -> Buffer {
    let (width, height) = size;
    let theme = Theme::default();
    let buffer = frame(world, width, height, &theme);
    let shown = text(&buffer);
    let connected = world.app.truth().as_of.is_some();
    assert!(
        !connected || has_focus(&buffer, &theme),
        "nothing has the focus:\n{shown}"
    );
    no_glyph_is_cut(&buffer, &shown);
    readability::in_every_theme(world, size, &shown);
    let rows: Vec<String> = shown.lines().map(squeezed).collect();
    assert!(rows[0].starts_with("liftui prod"), "no header:\n{shown}");
    for screen in SCREENS {
        assert!(
            rows.iter().any(|row| row.contains(screen)),
            "{screen}:\n{shown}"
        );
    }
    assert_ne!(rows.last().unwrap(), "", "no keys in the footer:\n{shown}");
    let required = required
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let pairs = required.map(|line| line.split_once(' ').expect("a width and a text"));
    let due = pairs.filter(|(from, _)| from.parse::<u16>().unwrap() <= width);
    let mut missing: Vec<&str> = due.map(|(_, text)| text).collect();
    missing.retain(|text| !rows.iter().any(|row| row.contains(text)));
    assert!(missing.is_empty(), "{missing:?} is missing:\n{shown}");
    buffer
}

/// A row with one space where there are many, so that the width of columns does not count.
fn squeezed(row: &str) -> String {
    row.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a row, a title, a button or a cursor shows where keys go.
fn has_focus(buffer: &Buffer, theme: &Theme) -> bool {
    // The name of the program above and that of the screen below look like a title in focus.
    let body = 1..buffer.area.height - 3;
    buffer.area.positions().any(|at| {
        let cell = &buffer[at];
        let background = [theme.chosen.bg, theme.button_focus.bg].contains(&Some(cell.bg));
        let title = Some(cell.fg) == theme.focus.fg && cell.modifier.contains(Modifier::BOLD);
        body.contains(&at.y) && (background || title) || cell.modifier.contains(Modifier::REVERSED)
    })
}

/// A glyph of two cells has both: the one after it is blank, and on the screen.
fn no_glyph_is_cut(buffer: &Buffer, shown: &str) {
    for row in buffer.area.rows() {
        let symbols: Vec<&str> = row.positions().map(|at| buffer[at].symbol()).collect();
        for (at, symbol) in symbols.iter().enumerate() {
            let cells = symbol.width();
            assert!(cells <= 2, "{symbol:?} is wider than a glyph");
            let whole = cells < 2
                || symbols
                    .get(at + 1)
                    .is_some_and(|next| next.trim().is_empty());
            assert!(whole, "{symbol} is cut:\n{shown}");
        }
    }
}
