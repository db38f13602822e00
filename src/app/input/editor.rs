//! Text being typed, on one line or several: cursor, editing keys, undo; the only file that knows the text-area crate.
//! What Enter, Tab and Esc mean is left to the owner of the text.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_textarea::{CursorMove, TextArea};

/// A key that may type text, or pasted text.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) enum TextInput<'a> {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(&'a str),
}

/// Text and a cursor in it.
#[derive(Clone, Debug)]
pub(crate) struct Editor {
    area: TextArea<'static>,
    multi_line: bool,
}

impl Editor {
    /// An empty box of one line: Enter is left to its owner.
    pub(in crate::app) fn single_line() -> Self {
        Self {
            area: TextArea::default(),
            multi_line: false,
        }
    }

    /// An empty box of any number of lines: Enter begins a new one.
    pub(in crate::app) fn multi_line() -> Self {
        Self {
            area: TextArea::default(),
            multi_line: true,
        }
    }

    /// The box with this text in it and the cursor behind its last character.
    #[must_use]
    pub(in crate::app) fn with_text(mut self, text: &str) -> Self {
        self.set_text(text);
        self
    }

    /// Replaces the text and puts the cursor at its end; what was there cannot be brought back by undo.
    pub(in crate::app) fn set_text(&mut self, text: &str) {
        let lines = if self.multi_line {
            text.split('\n').map(str::to_owned).collect()
        } else {
            vec![one_line(text)]
        };
        self.area = TextArea::new(lines);
        self.area.move_cursor(CursorMove::Bottom);
        self.area.move_cursor(CursorMove::End);
    }

    /// The text, its lines joined by `\n`.
    pub(crate) fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// The text line by line; at least one line.
    pub(crate) fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// Whether nothing has been typed.
    pub(crate) fn is_empty(&self) -> bool {
        self.area.is_empty()
    }

    /// Where the cursor is: line, and characters (not columns) before it in that line.
    pub(crate) fn cursor(&self) -> (usize, usize) {
        let cursor = self.area.cursor();
        (cursor.0, cursor.1)
    }

    /// Whether Enter begins a new line.
    pub(in crate::app) fn is_multi_line(&self) -> bool {
        self.multi_line
    }

    /// Types a key or pasted text, and returns whether it was for a text box: of keys every printable one is, and the
    /// editing keys of a shell.
    pub(in crate::app) fn type_text(&mut self, input: TextInput<'_>) -> bool {
        match input {
            TextInput::Key(key) => self.key(key),
            TextInput::Paste(text) => {
                self.paste(text);
                true
            }
        }
    }

    /// Line ends of any kind become new lines, or spaces in a box of one line.
    fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        if self.multi_line {
            self.area.insert_str(text);
        } else {
            self.area.insert_str(one_line(text.trim_end_matches('\n')));
        }
    }

    fn key(&mut self, key: KeyEvent) -> bool {
        let modifiers = key.modifiers.difference(KeyModifiers::SHIFT);
        if modifiers.is_empty() {
            return self.plain_key(key.code);
        }
        // AltGr arrives as both on some terminals, and types a character.
        if modifiers == KeyModifiers::CONTROL | KeyModifiers::ALT {
            return self.insert(key.code);
        }
        if modifiers == KeyModifiers::CONTROL {
            return self.control_key(key.code);
        }
        modifiers == KeyModifiers::ALT && self.alt_key(key.code)
    }

    fn insert(&mut self, code: KeyCode) -> bool {
        let KeyCode::Char(c) = code else { return false };
        self.area.insert_char(c);
        true
    }

    fn plain_key(&mut self, code: KeyCode) -> bool {
        match (code, self.multi_line) {
            (KeyCode::Enter, true) => self.area.insert_newline(),
            (KeyCode::Backspace, _) => drop(self.area.delete_char()),
            (KeyCode::Delete, _) => drop(self.area.delete_next_char()),
            (KeyCode::Left, _) => self.area.move_cursor(CursorMove::Back),
            (KeyCode::Right, _) => self.area.move_cursor(CursorMove::Forward),
            (KeyCode::Home, _) => self.area.move_cursor(CursorMove::Head),
            (KeyCode::End, _) => self.area.move_cursor(CursorMove::End),
            (KeyCode::Up, true) => return self.move_line(CursorMove::Up),
            (KeyCode::Down, true) => return self.move_line(CursorMove::Down),
            _ => return self.insert(code),
        }
        true
    }

    fn control_key(&mut self, code: KeyCode) -> bool {
        match (code, self.multi_line) {
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

    /// Moves between lines, and returns whether there was one to move to: at the edge the key is left to the owner.
    fn move_line(&mut self, step: CursorMove) -> bool {
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
        let mut editor = Editor::single_line();
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
            assert_eq!(Editor::multi_line().with_text(text).text(), text);
        }
    }

    #[test]
    fn a_box_of_one_line_stays_one_line() {
        let mut editor = Editor::single_line();
        editor.paste("one\r\ntwo\n");
        assert_eq!(editor.text(), "one two");
        assert_eq!(editor.lines().len(), 1);
    }

    #[test]
    fn a_pasted_carriage_return_is_a_line_end() {
        let mut editor = Editor::multi_line();
        editor.paste("one\rtwo\r\nthree");
        assert_eq!(editor.lines(), ["one", "two", "three"]);
    }

    #[test]
    fn shells_editing_keys_work_and_can_be_undone() {
        let mut editor = Editor::single_line().with_text("one two three");
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
        let mut editor = Editor::multi_line().with_text("one\ntwo");
        assert!(plain(&mut editor, KeyCode::Up));
        assert!(!plain(&mut editor, KeyCode::Up));
        assert!(plain(&mut editor, KeyCode::Down));
        assert!(!plain(&mut editor, KeyCode::Down));
        assert_eq!(editor.cursor().0, 1);
    }
}
