//! Which letter, pressed with shift, sorts by which column: the first one of its head that means nothing else there.

use crate::app::input::keymap::{Keymap, Resolution};
use crate::app::input::keys::Key;
use crate::app::key_context::KeyContext;

/// The capital letters of columns with these heads, where these contexts count; `None` for a head whose letters all mean
/// something else there.
pub(in crate::app) fn sort_letters<'a>(
    heads: impl Iterator<Item = &'a str>,
    contexts: &[KeyContext],
    keymap: &Keymap,
) -> Vec<Option<char>> {
    let mut letters: Vec<Option<char>> = Vec::new();
    for head in heads {
        let mut capitals = head.chars().filter_map(capital);
        let free = capitals.find(|letter| {
            let meant = keymap.resolve(contexts, &[Key::letter(*letter)]);
            meant == Resolution::Nothing && !letters.contains(&Some(*letter))
        });
        letters.push(free);
    }
    letters
}

/// The capital letter that sorts where this one stands in a head.
pub(crate) fn capital(letter: char) -> Option<char> {
    letter
        .is_ascii_alphabetic()
        .then(|| letter.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAMS: &[KeyContext] = &[KeyContext::Streams, KeyContext::List, KeyContext::Global];

    #[test]
    fn a_letter_that_means_something_else_sorts_by_nothing() {
        // N goes to the previous match; M is the mouse, which leaves the S of MSG/S.
        let heads = ["NAME", "MSG/S", "#", "NN"];
        let letters = sort_letters(heads.into_iter(), STREAMS, &Keymap::default());
        assert_eq!(letters, [Some('A'), Some('S'), None, None]);
    }

    #[test]
    fn no_letter_sorts_by_two_columns() {
        let heads = ["AS", "AS", "AS"];
        let letters = sort_letters(heads.into_iter(), STREAMS, &Keymap::default());
        assert_eq!(letters, [Some('A'), Some('S'), None]);
    }
}
