//! Text being typed, on one line or several: cursor, editing keys, undo; the only file that knows the text-area crate.
//! What Enter, Tab and Esc mean is left to the owner of the text.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_textarea::{CursorMove, TextArea};
use unicode_segmentation::UnicodeSegmentation;

/// A key that may type text, or pasted text.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) enum TextInput<'a> {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(&'a str),
}

impl TextInput<'_> {
    /// Whether it adds to a text.
    pub(in crate::app) fn is_text(self) -> bool {
        match self {
            Self::Paste(_) => true,
            Self::Key(key) => {
                let held = key.modifiers.difference(KeyModifiers::SHIFT);
                // AltGr arrives as both on some terminals, and types a character.
                let types = held.is_empty() || held == KeyModifiers::CONTROL | KeyModifiers::ALT;
                types && matches!(key.code, KeyCode::Char(_))
            }
        }
    }

    /// Whether it takes the character away that is before or behind the cursor.
    pub(in crate::app) fn is_deletion(self) -> bool {
        matches!(self, Self::Key(key) if matches!(key.code, KeyCode::Backspace | KeyCode::Delete))
    }
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
            (KeyCode::Delete, _) => self.delete_next(),
            (KeyCode::Left, _) => self.move_back(),
            (KeyCode::Right, _) => self.move_forward(),
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
            (KeyCode::Char('b'), _) => self.move_back(),
            (KeyCode::Char('f'), _) => self.move_forward(),
            (KeyCode::Left, _) => self.area.move_cursor(CursorMove::WordBack),
            (KeyCode::Right, _) => self.area.move_cursor(CursorMove::WordForward),
            (KeyCode::Home, true) => self.area.move_cursor(CursorMove::Top),
            (KeyCode::End, true) => self.area.move_cursor(CursorMove::Bottom),
            (KeyCode::Char('h'), _) => drop(self.area.delete_char()),
            (KeyCode::Char('d'), _) => self.delete_next(),
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

    /// Goes before the character at the left, whole as it is seen. The crate goes by columns of the screen, and not past
    /// what has none: a variation selector, an accent of its own.
    fn move_back(&mut self) {
        let (row, column) = self.cursor();
        match self.edges().rfind(|edge| *edge < column) {
            Some(edge) => self.move_to(row, edge),
            None if row > 0 => self.move_to(row - 1, usize::MAX),
            None => {}
        }
    }

    /// Goes behind the character at the right, whole as it is seen.
    fn move_forward(&mut self) {
        let (row, column) = self.cursor();
        match self.edges().find(|edge| *edge > column) {
            Some(edge) => self.move_to(row, edge),
            None if row + 1 < self.lines().len() => self.move_to(row + 1, 0),
            None => {}
        }
    }

    /// Deletes the character at the right, whole as it is seen, or the end of the line.
    fn delete_next(&mut self) {
        let (row, column) = self.cursor();
        match self.edges().find(|edge| *edge > column) {
            None => drop(self.area.delete_next_char()),
            Some(edge) if edge == column + 1 => {
                self.move_to(row, edge);
                self.area.delete_char();
            }
            Some(edge) => drop(self.area.delete_str(edge - column)),
        }
    }

    /// Where the characters of the cursor's line begin and end, as they are seen: `char`s before each.
    fn edges(&self) -> impl DoubleEndedIterator<Item = usize> + use<> {
        let line = self.lines().get(self.cursor().0).map_or("", String::as_str);
        let lengths = line.graphemes(true).map(|seen| seen.chars().count());
        let ends = lengths.scan(0, |end, length| {
            *end += length;
            Some(*end)
        });
        let edges: Vec<usize> = std::iter::once(0).chain(ends).collect();
        edges.into_iter()
    }

    /// Columns behind the end of a line mean its end.
    fn move_to(&mut self, row: usize, column: usize) {
        let [row, column] = [row, column].map(|at| u16::try_from(at).unwrap_or(u16::MAX));
        self.area.move_cursor(CursorMove::Jump(row, column));
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
    use proptest::prelude::*;

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

    /// One thing that happens to a text box.
    #[derive(Clone, Debug)]
    enum Step {
        Press(KeyCode, KeyModifiers),
        Paste(String),
        Set(String),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let text = proptest::collection::vec(
            prop_oneof![
                Just('a'),
                Just(' '),
                Just('é'),
                Just('山'),
                Just('\n'),
                Just('\r'),
                Just('.')
            ],
            0..12,
        );
        let text = text.prop_map(|letters| letters.into_iter().collect::<String>());
        let typed = prop_oneof![Just('x'), Just('é'), Just('👩'), Just('\u{301}'), Just(' ')];
        let plain = proptest::sample::select(vec![
            KeyCode::Enter,
            KeyCode::Backspace,
            KeyCode::Delete,
            KeyCode::Left,
            KeyCode::Right,
            KeyCode::Home,
            KeyCode::End,
            KeyCode::Up,
            KeyCode::Down,
        ]);
        let control = proptest::sample::select("aebfhdwukyr_j".chars().collect::<Vec<char>>());
        let step = prop_oneof![
            4 => typed.prop_map(|c| Step::Press(KeyCode::Char(c), KeyModifiers::NONE)),
            4 => plain.clone().prop_map(|code| Step::Press(code, KeyModifiers::NONE)),
            1 => plain.prop_map(|code| Step::Press(code, KeyModifiers::CONTROL)),
            4 => control.prop_map(|c| Step::Press(KeyCode::Char(c), KeyModifiers::CONTROL)),
            2 => text.clone().prop_map(Step::Paste),
            1 => text.prop_map(Step::Set),
        ];
        proptest::collection::vec(step, 1..40)
    }

    /// The text as characters, where the cursor is among them, what was cut, and the texts before and after this one.
    #[derive(Default)]
    struct Model {
        text: Vec<char>,
        at: usize,
        cut: Vec<char>,
        undo: Vec<(Vec<char>, usize)>,
        redo: Vec<(Vec<char>, usize)>,
    }

    impl Model {
        fn line_start(&self) -> usize {
            let before = self.text[..self.at].iter().rposition(|c| *c == '\n');
            before.map_or(0, |at| at + 1)
        }

        fn line_end(&self) -> usize {
            let after = self.text[self.at..].iter().position(|c| *c == '\n');
            after.map_or(self.text.len(), |at| self.at + at)
        }

        fn replace(&mut self, range: std::ops::Range<usize>, with: &[char]) {
            if range.is_empty() && with.is_empty() {
                return;
            }
            self.redo.clear();
            self.undo.push((self.text.clone(), self.at));
            self.at = range.start + with.len();
            self.text.splice(range, with.iter().copied());
        }

        /// Takes out to the end of the line or to its start; a line that is empty on that side loses its end.
        fn cut(&mut self, range: std::ops::Range<usize>) {
            self.cut = self.text[range.clone()].to_vec();
            self.replace(range, &[]);
        }

        fn delete_before(&mut self) {
            self.replace(self.at.saturating_sub(1)..self.at, &[]);
        }

        fn delete_after(&mut self) {
            let end = self.edges().into_iter().find(|edge| *edge > self.at);
            let range = self.at..end.unwrap_or(self.at);
            if range.len() > 1 {
                self.cut(range);
            } else {
                self.replace(range, &[]);
            }
        }

        /// Where characters begin and end as they are seen, over all lines.
        fn edges(&self) -> Vec<usize> {
            let text: String = self.text.iter().collect();
            let mut edges = vec![0];
            for line in text.split_inclusive('\n') {
                let (line, end) = line.split_at(line.trim_end_matches('\n').len());
                for seen in line.graphemes(true).chain((!end.is_empty()).then_some(end)) {
                    edges.push(edges[edges.len() - 1] + seen.chars().count());
                }
            }
            edges
        }

        fn move_back(&mut self) {
            let before = self.edges().into_iter().rfind(|edge| *edge < self.at);
            self.at = before.unwrap_or(self.at);
        }

        fn move_forward(&mut self) {
            let after = self.edges().into_iter().find(|edge| *edge > self.at);
            self.at = after.unwrap_or(self.at);
        }

        fn move_line(&mut self, down: bool) {
            let (start, end) = (self.line_start(), self.line_end());
            let column = self.at - start;
            if down && end < self.text.len() {
                self.at = end + 1;
            } else if !down && start > 0 {
                self.at = start - 1;
                self.at = self.line_start();
            } else {
                return;
            }
            self.at = (self.at + column).min(self.line_end());
        }
    }

    impl Model {
        /// Presses a key of which it is known what it does; `false` for the others.
        #[expect(clippy::wildcard_enum_match_arm, reason = "the keys are crossterm's")]
        fn press(&mut self, code: KeyCode, multi_line: bool) -> bool {
            match code {
                KeyCode::Char(c) => self.replace(self.at..self.at, &[c]),
                KeyCode::Enter if multi_line => self.replace(self.at..self.at, &['\n']),
                KeyCode::Backspace => self.delete_before(),
                KeyCode::Delete => self.delete_after(),
                KeyCode::Left => self.move_back(),
                KeyCode::Right => self.move_forward(),
                KeyCode::Home => self.at = self.line_start(),
                KeyCode::End => self.at = self.line_end(),
                KeyCode::Up if multi_line => self.move_line(false),
                KeyCode::Down if multi_line => self.move_line(true),
                _ => return false,
            }
            true
        }

        fn press_control(&mut self, c: char, multi_line: bool) -> bool {
            match c {
                'a' => self.at = self.line_start(),
                'e' => self.at = self.line_end(),
                'b' => self.move_back(),
                'f' => self.move_forward(),
                'h' => self.delete_before(),
                'd' => self.delete_after(),
                'u' if self.at == self.line_start() => self.delete_before(),
                'u' => self.cut(self.line_start()..self.at),
                'k' if self.at == self.line_end() => self.delete_after(),
                'k' => self.cut(self.at..self.line_end()),
                'y' => self.replace(self.at..self.at, &self.cut.clone()),
                '_' => self.go_back(),
                'r' => self.go_forward(),
                'j' if multi_line => self.replace(self.at..self.at, &['\n']),
                _ => return false,
            }
            true
        }

        /// Where the cursor is then, is the library's.
        fn go_back(&mut self) {
            if let Some(before) = self.undo.pop() {
                self.redo.push((std::mem::take(&mut self.text), self.at));
                (self.text, self.at) = before;
            }
        }

        fn go_forward(&mut self) {
            if let Some(after) = self.redo.pop() {
                self.undo.push((std::mem::take(&mut self.text), self.at));
                (self.text, self.at) = after;
            }
        }

        /// Words are the library's: whatever it cut, it cut on that side of the cursor, and moving changes nothing.
        fn accept(&mut self, editor: &Editor) {
            let text: Vec<char> = editor.text().chars().collect();
            let gone = self.text.len() - text.len();
            if gone > 0 {
                let candidates = [self.at, self.at.saturating_sub(gone)];
                let cut = candidates.into_iter().find(|start| {
                    let mut rest = self.text.clone();
                    start + gone <= rest.len() && {
                        rest.drain(*start..start + gone);
                        rest == text
                    }
                });
                let start = cut.expect("one piece is gone, beside the cursor");
                if self.text[start..start + gone] == ['\n'] {
                    self.replace(start..start + gone, &[]);
                } else {
                    self.cut(start..start + gone);
                }
            }
            self.at = at(editor);
        }
    }

    /// Where the cursor is, counted over all lines.
    fn at(editor: &Editor) -> usize {
        let (line, column) = editor.cursor();
        let before = editor.lines().iter().take(line);
        before.map(|line| line.chars().count() + 1).sum::<usize>() + column
    }

    fn check_editor(steps: Vec<Step>, multi_line: bool) {
        let mut editor = if multi_line {
            Editor::multi_line()
        } else {
            Editor::single_line()
        };
        let mut model = Model::default();
        for step in steps {
            let told = format!("{step:?}");
            match step {
                Step::Press(code, modifiers) => {
                    press(&mut editor, code, modifiers);
                    let known = match (code, modifiers) {
                        (code, KeyModifiers::NONE) => model.press(code, multi_line),
                        (KeyCode::Char(c), _) => model.press_control(c, multi_line),
                        _ => false,
                    };
                    if !known {
                        model.accept(&editor);
                    }
                }
                Step::Paste(text) => {
                    editor.paste(&text);
                    let text = text.replace("\r\n", "\n").replace('\r', "\n");
                    let text = if multi_line {
                        text
                    } else {
                        one_line(text.trim_end_matches('\n'))
                    };
                    let text: Vec<char> = text.chars().collect();
                    model.replace(model.at..model.at, &text);
                }
                Step::Set(text) => {
                    editor.set_text(&text);
                    let text: Vec<char> = if multi_line { text } else { one_line(&text) }
                        .chars()
                        .collect();
                    model = Model {
                        at: text.len(),
                        text,
                        ..Model::default()
                    };
                }
            }
            assert_eq!(
                editor.text(),
                model.text.iter().collect::<String>(),
                "{told}"
            );
            let line_before = |model: &Model| {
                model.text[..model.at]
                    .iter()
                    .filter(|c| **c == '\n')
                    .count()
            };
            let in_line = line_before(&model) == editor.cursor().0;
            if told.contains("'_'")
                || told.contains("'r'")
                || in_line && told.contains("(Up")
                || in_line && told.contains("(Down")
            {
                model.at = at(&editor);
            }
            assert_eq!(at(&editor), model.at, "{told}");
            assert!(multi_line || editor.lines().len() == 1);
        }
    }

    proptest! {
        #[test]
        fn it_is_what_a_vec_of_characters_would_be(steps in steps(), multi_line in any::<bool>()) {
            check_editor(steps, multi_line);
        }
    }
}
