//! The filter of a list: a text, and which rows it lets through.
//!
//! Which texts of a row count is the screen's. The query of a tail is `store`'s.

use crate::app::input::editor::{Editor, TextInput};

/// The filter of a list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: String,
    editor: Option<Editor>,
    /// Whether the text box still holds the text of before: what is typed stands in its place.
    is_whole_selected: bool,
}

impl Filter {
    /// The text that counts now; empty: every row passes.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text box, while it is open.
    pub(crate) fn editor(&self) -> Option<&Editor> {
        self.editor.as_ref()
    }

    /// Whether what is typed next replaces the whole text.
    pub(crate) fn is_whole_selected(&self) -> bool {
        self.is_whole_selected
    }

    /// Opens the text box on the text there is, all of it selected: another filter is what is meant most often.
    pub(super) fn open(&mut self) {
        if self.editor.is_none() {
            self.editor = Some(Editor::single_line().with_text(&self.text));
            self.is_whole_selected = !self.text.is_empty();
        }
    }

    /// Closes the text box and keeps the text; `false` where it was not open.
    pub(in crate::app) fn close(&mut self) -> bool {
        self.is_whole_selected = false;
        self.editor.take().is_some()
    }

    /// Lets every row through again; `false` where it did already.
    pub(in crate::app) fn clear(&mut self) -> bool {
        !std::mem::take(&mut self.text).is_empty()
    }

    /// Sets the text.
    pub(in crate::app) fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.close();
    }

    /// Types into the text box, if it is open, and returns whether the input was for it. What is typed counts at once.
    pub(in crate::app) fn type_text(&mut self, input: TextInput<'_>) -> bool {
        let Some(editor) = &mut self.editor else {
            return false;
        };
        if self.is_whole_selected && (input.is_text() || input.is_deletion()) {
            editor.set_text("");
        }
        let typed = editor.type_text(input);
        self.is_whole_selected &= !typed;
        self.text = editor.text();
        typed
    }

    /// Whether a row with these texts passes: one of them contains the filter's text. Smart case: capitals count where
    /// the filter has some. `!` in front turns it round.
    pub(in crate::app) fn passes(&self, texts: &[&str]) -> bool {
        passes(&self.text, texts)
    }
}

/// Whether a row with these texts passes a filter of that text.
pub(crate) fn passes(filter: &str, texts: &[&str]) -> bool {
    let (inverse, wanted) = match filter.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, filter),
    };
    wanted.is_empty() || inverse != texts.iter().any(|text| contains(text, wanted))
}

/// Whether the text contains what is wanted; capitals count where `wanted` has some.
fn contains(text: &str, wanted: &str) -> bool {
    if wanted.chars().any(char::is_uppercase) {
        return text.contains(wanted);
    }
    text.to_lowercase().contains(wanted)
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;

    #[test]
    fn case_counts_where_it_is_typed() {
        let mut filter = Filter::default();
        for (text, row, passes) in [
            ("", "orders", true),
            ("ord", "Orders", true),
            ("Ord", "orders", false),
            ("!ord", "orders", false),
            ("!ord", "clicks", true),
            ("!", "clicks", true),
        ] {
            filter.set(text);
            assert_eq!(filter.passes(&[row]), passes, "{text} on {row}");
        }
    }

    #[test]
    fn what_is_typed_first_stands_in_place_of_the_filter_of_before() {
        let press = |filter: &mut Filter, code| {
            let key = KeyEvent::new(code, KeyModifiers::NONE);
            assert!(filter.type_text(TextInput::Key(key)));
        };
        for (codes, left) in [
            (&[KeyCode::Char('n'), KeyCode::Char('ö')][..], "nö"),
            (&[KeyCode::Backspace, KeyCode::Char('n')], "n"),
            (&[KeyCode::End, KeyCode::Char('n')], "oldn"),
            (&[KeyCode::Left, KeyCode::Backspace], "od"),
            (&[], "old"),
        ] {
            let mut filter = Filter::default();
            filter.set("old");
            filter.open();
            for code in codes {
                press(&mut filter, *code);
            }
            assert!(filter.close());
            assert_eq!(filter.text(), left, "{codes:?}");
        }
        let mut filter = Filter::default();
        filter.set("old");
        filter.open();
        filter.type_text(TextInput::Paste("pasted"));
        filter.open();
        filter.type_text(TextInput::Paste(" on"));
        assert_eq!(filter.text(), "pasted on");
    }

    #[test]
    fn closing_the_box_keeps_the_text_and_clearing_empties_it() {
        let mut filter = Filter::default();
        filter.open();
        filter.type_text(TextInput::Paste("eu"));
        assert!(filter.close());
        assert_eq!(filter.text(), "eu");
        assert!(!filter.close());
        assert!(filter.clear());
        assert!(!filter.clear());
    }
}
