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
    let is_free =
        |letter: &char| keymap.resolve(contexts, &[Key::letter(*letter)]) == Resolution::Nothing;
    let mut free: Vec<Vec<char>> = Vec::new();
    for head in heads {
        let mut choice: Vec<char> = Vec::new();
        for letter in head.chars().filter_map(capital) {
            if is_free(&letter) && !choice.contains(&letter) {
                choice.push(letter);
            }
        }
        free.push(choice);
    }
    let mut letters: Vec<Option<char>> = vec![None; free.len()];
    // Heads with the fewest free letters choose first.
    let mut turns: Vec<(&Vec<char>, usize)> = free.iter().zip(0..).collect();
    turns.sort_by_key(|(choice, _)| choice.len());
    for (choice, head) in turns {
        let mut choice = choice.iter().copied();
        let found = choice.find(|letter| !letters.contains(&Some(*letter)));
        if let Some(letter) = letters.get_mut(head) {
            *letter = found;
        }
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
        // Who has one letter alone gets it.
        let letters = sort_letters(["AS", "A"].into_iter(), STREAMS, &Keymap::default());
        assert_eq!(letters, [Some('S'), Some('A')]);
    }
}
