//! A backend that draws a row whole where terminals count the width of one of its characters in different ways: flags,
//! emoji with a skin or a variant, new emoji. Else what follows shifts, and something of it stays where it was replaced.

use std::collections::BTreeSet;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use unicode_width::UnicodeWidthStr;

/// Draws on another backend.
#[derive(Debug)]
pub(super) struct RowRepainter<B> {
    inner: B,
    /// What the terminal shows.
    rows: Vec<Vec<Cell>>,
    /// Rows with a character whose width is uncertain.
    uncertain: BTreeSet<u16>,
}

impl<B> RowRepainter<B> {
    /// Nothing was drawn yet.
    pub(super) fn new(inner: B) -> Self {
        Self {
            inner,
            rows: Vec::new(),
            uncertain: BTreeSet::new(),
        }
    }

    /// The backend that it draws on.
    pub(super) fn inner_mut(&mut self) -> &mut B {
        &mut self.inner
    }

    fn forget(&mut self) {
        self.rows.clear();
        self.uncertain.clear();
    }

    fn set(&mut self, x: u16, y: u16, cell: &Cell) {
        let (x, y) = (usize::from(x), usize::from(y));
        if self.rows.len() <= y {
            self.rows.resize_with(y + 1, Vec::new);
        }
        let Some(row) = self.rows.get_mut(y) else {
            return;
        };
        if row.len() <= x {
            row.resize(x + 1, Cell::EMPTY);
        }
        if let Some(old) = row.get_mut(x) {
            old.clone_from(cell);
        }
    }
}

/// The cells of a row that show, in pieces of which only the last cell may have an uncertain width: each piece begins with
/// a move of the cursor.
fn pieces(row: &[Cell]) -> Vec<Vec<(u16, &Cell)>> {
    let mut pieces = vec![Vec::new()];
    let mut hidden = 0;
    for (x, cell) in (0..).zip(row) {
        if hidden > 0 {
            hidden -= 1;
            continue;
        }
        hidden = cell.symbol().width().saturating_sub(1);
        if let Some(piece) = pieces.last_mut() {
            piece.push((x, cell));
        }
        if is_uncertain(cell.symbol()) {
            pieces.push(Vec::new());
        }
    }
    pieces
}

/// Whether terminals disagree about the width of that grapheme.
fn is_uncertain(symbol: &str) -> bool {
    !symbol.is_ascii()
        && symbol.chars().any(|c| {
            matches!(
                c,
                '\u{fe0e}'..='\u{fe0f}'
                    | '\u{200d}'
                    | '\u{20e3}'
                    | '\u{1f1e6}'..='\u{1f1ff}'
                    | '\u{1f3fb}'..='\u{1f3ff}'
                    | '\u{1f6d5}'..='\u{1f6df}'
                    | '\u{1fa70}'..='\u{1faff}'
            )
        })
}

impl<B: Backend> Backend for RowRepainter<B> {
    type Error = B::Error;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Self::Error>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let updates: Vec<(u16, u16, &Cell)> = content.collect();
        let mut whole = BTreeSet::new();
        for (x, y, cell) in &updates {
            self.set(*x, *y, cell);
            if self.uncertain.contains(y) || is_uncertain(cell.symbol()) {
                whole.insert(*y);
            }
        }
        let others = updates.into_iter().filter(|(_, y, _)| !whole.contains(y));
        self.inner.draw(others)?;
        for y in whole {
            let row = self.rows.get(usize::from(y)).map_or(&[][..], Vec::as_slice);
            let pieces = pieces(row);
            let is_still = pieces.len() > 1;
            for piece in pieces {
                let cells = piece.into_iter().map(|(x, cell)| (x, y, cell));
                self.inner.draw(cells)?;
            }
            if is_still {
                self.uncertain.insert(y);
            } else {
                self.uncertain.remove(&y);
            }
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> Result<(), Self::Error> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<(), Self::Error> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position, Self::Error> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Self::Error> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<(), Self::Error> {
        self.forget();
        self.inner.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> Result<(), Self::Error> {
        if region == ClearType::All {
            self.forget();
        }
        self.inner.clear_region(region)
    }

    fn size(&self) -> Result<Size, Self::Error> {
        self.inner.size()
    }

    fn window_size(&mut self) -> Result<WindowSize, Self::Error> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::Write;
    use std::rc::Rc;

    use ratatui::backend::CrosstermBackend;
    use ratatui::layout::Rect;
    use ratatui::{Terminal, TerminalOptions, Viewport};

    use super::*;

    /// What was written, shared with who reads it.
    #[derive(Clone, Default)]
    struct Written(Rc<RefCell<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What each of these frames wrote.
    fn frames(texts: &[&str]) -> Vec<String> {
        let area = Rect::new(0, 0, 20, 2);
        let written = Written::default();
        let backend = RowRepainter::new(CrosstermBackend::new(written.clone()));
        let viewport = Viewport::Fixed(area);
        let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
        let frame = |text: &&str| {
            written.0.borrow_mut().clear();
            terminal
                .draw(|frame| frame.render_widget(*text, area))
                .unwrap();
            String::from_utf8_lossy(&written.0.borrow()).into_owned()
        };
        texts.iter().map(frame).collect()
    }

    #[test]
    fn a_row_without_uncertain_characters_is_drawn_as_it_changed() {
        let frames = frames(&["abc def", "abc xef"]);
        assert!(
            frames[1].contains('x') && !frames[1].contains("abc"),
            "{frames:?}"
        );
    }

    #[test]
    fn a_row_with_a_flag_is_drawn_whole_and_what_follows_is_placed() {
        let frames = frames(&["a🇩🇪bc", "a🇩🇪bx", "aaaabx", "aaaaby"]);
        assert!(
            frames[0].contains("\u{1b}[1;4Hbc"),
            "placed: {:?}",
            frames[0]
        );
        assert!(
            frames[1].contains('a') && frames[1].contains("bx"),
            "{:?}",
            frames[1]
        );
        assert!(
            frames[2].contains("aaaabx"),
            "whole once more: {:?}",
            frames[2]
        );
        assert!(!frames[3].contains("aaaa"), "and no more: {:?}", frames[3]);
    }
}
