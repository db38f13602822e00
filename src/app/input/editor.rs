//! Text being typed, on one line or several: cursor, editing keys, undo; the only file that knows the text-area crate.
//! It neither draws nor decides what Enter, Tab and Esc mean: those are left to whoever holds it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_textarea::{CursorMove, TextArea};

/// Text and a cursor in it.
#[derive(Clone, Debug)]
pub struct Editor {
    area: TextArea<'static>,
    many_lines: bool,
}

impl Editor {
    /// An empty box of one line: Enter is left to its owner.
    pub fn line() -> Self {
        Self {
            area: TextArea::default(),
            many_lines: false,
        }
    }

    /// An empty box of any number of lines: Enter begins a new one.
    pub fn lines_box() -> Self {
        Self {
            area: TextArea::default(),
            many_lines: true,
        }
    }

    /// The same box with this text in it and the cursor behind its last character.
    #[must_use]
    pub fn with(mut self, text: &str) -> Self {
        self.set(text);
        self
    }

    /// Replaces the text and puts the cursor at its end; what was there cannot be brought back by undo.
    pub fn set(&mut self, text: &str) {
        let lines = if self.many_lines {
            text.split('\n').map(str::to_owned).collect()
        } else {
            vec![one_line(text)]
        };
        self.area = TextArea::new(lines);
        self.area.move_cursor(CursorMove::Bottom);
        self.area.move_cursor(CursorMove::End);
    }

    /// Empties the box.
    pub fn clear(&mut self) {
        self.set("");
    }

    /// The text, its lines joined by `\n`.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// The text line by line; at least one line.
    pub fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// Whether nothing has been typed.
    pub fn is_empty(&self) -> bool {
        self.area.is_empty()
    }

    /// Where the cursor is: line, and characters (not columns) before it in that line.
    pub fn cursor(&self) -> (usize, usize) {
        let cursor = self.area.cursor();
        (cursor.0, cursor.1)
    }

    /// Whether Enter begins a new line.
    pub fn has_many_lines(&self) -> bool {
        self.many_lines
    }

    /// Types pasted text. Line ends of any kind become new lines, or spaces in a box of one line.
    pub fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        if self.many_lines {
            self.area.insert_str(text);
        } else {
            self.area.insert_str(one_line(text.trim_end_matches('\n')));
        }
    }

    /// Takes a key, and says whether it was one for a text box: every printable key is, and the editing keys of a shell.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let held = key.modifiers.difference(KeyModifiers::SHIFT);
        if held.is_empty() {
            return self.plain_key(key.code);
        }
        // AltGr arrives as both on some terminals, and types a character.
        if held == KeyModifiers::CONTROL | KeyModifiers::ALT {
            return self.typed(key.code);
        }
        if held == KeyModifiers::CONTROL {
            return self.control_key(key.code);
        }
        held == KeyModifiers::ALT && self.alt_key(key.code)
    }

    fn typed(&mut self, code: KeyCode) -> bool {
        let KeyCode::Char(c) = code else { return false };
        self.area.insert_char(c);
        true
    }

    fn plain_key(&mut self, code: KeyCode) -> bool {
        match (code, self.many_lines) {
            (KeyCode::Enter, true) => self.area.insert_newline(),
            (KeyCode::Backspace, _) => drop(self.area.delete_char()),
            (KeyCode::Delete, _) => drop(self.area.delete_next_char()),
            (KeyCode::Left, _) => self.area.move_cursor(CursorMove::Back),
            (KeyCode::Right, _) => self.area.move_cursor(CursorMove::Forward),
            (KeyCode::Home, _) => self.area.move_cursor(CursorMove::Head),
            (KeyCode::End, _) => self.area.move_cursor(CursorMove::End),
            (KeyCode::Up, true) => return self.moved(CursorMove::Up),
            (KeyCode::Down, true) => return self.moved(CursorMove::Down),
            _ => return self.typed(code),
        }
        true
    }

    fn control_key(&mut self, code: KeyCode) -> bool {
        match (code, self.many_lines) {
            (KeyCode::Char('a'), _) => self.area.move_cursor(CursorMove::Head),
            (KeyCode::Char('e'), _) => self.area.move_cursor(CursorMove::End),
            (KeyCode::Char('b'), _) => self.area.move_cursor(CursorMove::Back),
            (KeyCode::Char('f'), _) => self.area.move_cursor(CursorMove::Forward),
            (KeyCode::Left, _) => self.area.move_cursor(CursorMove::WordBack),
            (KeyCode::Right, _) => self.area.move_cursor(CursorMove::WordForward),
            (KeyCode::Home, true) => self.area.move_cursor(CursorMove::Top),
            (KeyCode::End, true) => self.area.move_cursor(CursorMove::Bottom),
            (KeyCode::Char('h'), _) => drop(self.area.delete_char()),
            (KeyCode::Char('d'), _) => drop(self.area.delete_next_char()),
            (KeyCode::Char('w') | KeyCode::Backspace, _) => drop(self.area.delete_word()),
            (KeyCode::Delete, _) => drop(self.area.delete_next_word()),
            (KeyCode::Char('u'), _) => drop(self.area.delete_line_by_head()),
            (KeyCode::Char('k'), _) => drop(self.area.delete_line_by_end()),
            (KeyCode::Char('y'), _) => drop(self.area.paste()),
            (KeyCode::Char('r'), _) => drop(self.area.redo()),
            // Terminals without an enhanced keyboard send these for ctrl-_ and for a line feed.
            (KeyCode::Char('_' | '7'), _) => drop(self.area.undo()),
            (KeyCode::Char('j'), true) => self.area.insert_newline(),
            _ => return false,
        }
        true
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the keys are crossterm's")]
    fn alt_key(&mut self, code: KeyCode) -> bool {
        match code {
            KeyCode::Char('b') | KeyCode::Left => self.area.move_cursor(CursorMove::WordBack),
            KeyCode::Char('f') | KeyCode::Right => self.area.move_cursor(CursorMove::WordForward),
            KeyCode::Char('d') | KeyCode::Delete => drop(self.area.delete_next_word()),
            KeyCode::Backspace => drop(self.area.delete_word()),
            KeyCode::Char('u') => drop(self.area.undo()),
            _ => return false,
        }
        true
    }

    /// Moves between lines, and says whether there was one to move to: at the edge the key belongs to the owner.
    fn moved(&mut self, step: CursorMove) -> bool {
        let before = self.area.cursor();
        self.area.move_cursor(step);
        self.area.cursor() != before
    }
}

fn one_line(text: &str) -> String {
    text.replace("\r\n", " ").replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(editor: &mut Editor, code: KeyCode, modifiers: KeyModifiers) -> bool {
        editor.key(KeyEvent::new(code, modifiers))
    }

    fn plain(editor: &mut Editor, code: KeyCode) -> bool {
        press(editor, code, KeyModifiers::NONE)
    }

    #[test]
    fn every_printable_key_is_typed_and_the_rest_is_left_to_the_owner() {
        let mut editor = Editor::line();
        for c in "q:/ é".chars() {
            assert!(plain(&mut editor, KeyCode::Char(c)));
        }
        assert!(press(&mut editor, KeyCode::Char('Q'), KeyModifiers::SHIFT));
        assert_eq!(editor.text(), "q:/ éQ");
        for code in [KeyCode::Enter, KeyCode::Tab, KeyCode::Esc, KeyCode::Up] {
            assert!(!plain(&mut editor, code), "{code:?}");
        }
        assert!(!press(
            &mut editor,
            KeyCode::Char('c'),
            KeyModifiers::CONTROL
        ));
        assert!(!press(&mut editor, KeyCode::Enter, KeyModifiers::ALT));
    }

    #[test]
    fn text_comes_back_as_it_was_set() {
        for text in ["", "a", "a\nb\n", "\n\n", "crlf\r\nkept"] {
            assert_eq!(Editor::lines_box().with(text).text(), text);
        }
    }

    #[test]
    fn a_box_of_one_line_stays_one_line() {
        let mut editor = Editor::line();
        editor.paste("one\r\ntwo\n");
        assert_eq!(editor.text(), "one two");
        assert_eq!(editor.lines().len(), 1);
    }

    #[test]
    fn a_pasted_carriage_return_is_a_line_end() {
        let mut editor = Editor::lines_box();
        editor.paste("one\rtwo\r\nthree");
        assert_eq!(editor.lines(), ["one", "two", "three"]);
    }

    #[test]
    fn shells_editing_keys_work_and_can_be_undone() {
        let mut editor = Editor::line().with("one two three");
        assert!(press(
            &mut editor,
            KeyCode::Char('w'),
            KeyModifiers::CONTROL
        ));
        assert_eq!(editor.text(), "one two ");
        assert!(press(
            &mut editor,
            KeyCode::Char('u'),
            KeyModifiers::CONTROL
        ));
        assert!(editor.is_empty());
        assert!(press(&mut editor, KeyCode::Char('u'), KeyModifiers::ALT));
        assert_eq!(editor.text(), "one two ");
    }

    #[test]
    fn moving_past_the_first_line_is_left_to_the_owner() {
        let mut editor = Editor::lines_box().with("one\ntwo");
        assert!(plain(&mut editor, KeyCode::Up));
        assert!(!plain(&mut editor, KeyCode::Up));
        assert!(plain(&mut editor, KeyCode::Down));
        assert!(!plain(&mut editor, KeyCode::Down));
        assert_eq!(editor.cursor().0, 1);
    }
}
