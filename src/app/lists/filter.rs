//! The filter of a list: a text, being typed or not, and which rows it lets through.
//!
//! Which texts of a row count is the list's business. The query of a tail is `store`'s.

use crate::app::input::editor::Editor;

/// A filter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: String,
    typing: Option<Editor>,
}

impl Filter {
    /// The text as it counts now; empty: every row passes.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text box, while it is open.
    pub fn typing(&self) -> Option<&Editor> {
        self.typing.as_ref()
    }

    /// The text box, to type into.
    pub fn typing_mut(&mut self) -> Option<&mut Editor> {
        self.typing.as_mut()
    }

    /// Opens the text box on the text there is.
    pub fn open(&mut self) {
        self.typing = Some(Editor::line().with(&self.text));
    }

    /// Closes the text box and keeps the text; `false` where it was not open.
    pub fn close(&mut self) -> bool {
        self.take_typed();
        self.typing.take().is_some()
    }

    /// Lets every row through again; `false` where it did already.
    pub fn clear(&mut self) -> bool {
        !std::mem::take(&mut self.text).is_empty()
    }

    /// Sets the text.
    pub fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.typing = None;
    }

    /// Makes what stands in the text box count.
    pub fn take_typed(&mut self) {
        if let Some(editor) = &self.typing {
            self.text = editor.text();
        }
    }

    /// Whether a row with these texts passes: one of them contains the filter's text. Smart case: capitals count where
    /// the filter has some. `!` in front turns it round.
    pub fn passes(&self, texts: &[&str]) -> bool {
        let (inverse, wanted) = match self.text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, self.text.as_str()),
        };
        wanted.is_empty() || inverse != texts.iter().any(|text| contains(text, wanted))
    }
}

/// Whether the text contains what is wanted; capitals count where `wanted` has some.
pub fn contains(text: &str, wanted: &str) -> bool {
    if wanted.chars().any(char::is_uppercase) {
        return text.contains(wanted);
    }
    text.to_lowercase().contains(wanted)
}

#[cfg(test)]
mod tests {
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
    fn closing_the_box_keeps_the_text_and_clearing_empties_it() {
        let mut filter = Filter::default();
        filter.open();
        filter.typing_mut().unwrap().paste("eu");
        assert!(filter.close());
        assert_eq!(filter.text(), "eu");
        assert!(!filter.close());
        assert!(filter.clear());
        assert!(!filter.clear());
    }
}
