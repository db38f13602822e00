//! Patterns of names: `*` stands for any text, `?` for one character.
//! Stream names may hold both characters, so an existing stream of exactly that name always comes first.

use std::sync::Arc;

use super::{Cluster, Stream};

/// What the names of Liftbridge's own streams begin with.
const INTERNAL: &str = "__";

/// Whether a text has a character that stands for others.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Whether the name fits the pattern. Takes time in the product of both lengths at most, however many stars there are.
pub fn fits_pattern(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.chars(), name.chars());
    // What follows the last star, and the first character that this star does not stand for yet.
    let mut after_star = None;
    loop {
        let mut rest = (pattern.clone(), name.clone());
        match (rest.0.next(), rest.1.next()) {
            (Some('*'), _) => {
                pattern = rest.0;
                after_star = Some((pattern.clone(), name.clone()));
                continue;
            }
            (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {
                (pattern, name) = rest;
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        let Some((after, skipped)) = &mut after_star else {
            return false;
        };
        if skipped.next().is_none() {
            return false;
        }
        (pattern, name) = (after.clone(), skipped.clone());
    }
}

/// Whether a pattern on a command line means that stream: Liftbridge's own only where the pattern begins as these do.
pub fn names_stream(pattern: &str, name: &str) -> bool {
    let is_meant = !name.starts_with(INTERNAL) || pattern.starts_with(INTERNAL);
    is_meant && fits_pattern(pattern, name)
}

impl Cluster {
    /// The streams that a name or a pattern means, by name: the one of exactly that name where there is one.
    pub fn streams_named(&self, text: &str) -> Vec<&Stream> {
        if let Some(stream) = self.stream(text) {
            return vec![stream];
        }
        if !is_pattern(text) {
            return Vec::new();
        }
        let streams = self.streams.values();
        streams
            .filter(|stream| names_stream(text, &stream.name))
            .map(Arc::as_ref)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text_and_a_question_mark_for_a_character() {
        for (pattern, text, fits) in [
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "ab", false),
            ("*b*", "abc", true),
            ("**", "", true),
            ("a*a", "a", false),
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("telemetry.*", "telemetry.raw.eu", true),
            ("telemetry.*", "telemetry", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("orders-?", "orders-ü", true),
            ("orders-?", "orders-", false),
            ("*-?x", "a-b-cx", true),
            ("", "", true),
            ("?", "", false),
        ] {
            assert_eq!(fits_pattern(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_over_a_long_name_end_soon() {
        let pattern = "*a".repeat(200) + "b";
        assert!(!fits_pattern(&pattern, &"a".repeat(5_000)));
    }

    #[test]
    fn streams_of_liftbridge_itself_are_meant_by_patterns_that_begin_as_they_do() {
        assert!(!names_stream("*", "__cursors"));
        assert!(names_stream("__*", "__cursors"));
        assert!(names_stream("*", "_own"));
    }
}
