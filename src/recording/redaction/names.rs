//! What stands in the place of each name and text of a recording: the same each time, and nothing from which the original follows.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

/// Liftbridge's own streams, which are the same in every cluster.
const INTERNAL: [&str; 2] = ["__cursors", "__activity"];

/// What the cursors of consumer groups begin with.
const GROUP_CURSOR: &str = "__group:";

/// Letters of a typed word at least, for which a name that has it is looked for.
const LEAST_TYPED: usize = 2;

/// Digits of a typed number at most that stay.
const MOST_DIGITS: usize = 3;

/// What is said of nothing in particular.
const TEXT: &str = "text";

/// Originals and what stands in their place, numbered by kind in the order in which they came.
#[derive(Debug, Default)]
pub(in crate::recording) struct Names {
    replaced: HashMap<String, String>,
    counts: BTreeMap<&'static str, usize>,
}

impl Names {
    /// The same names, without other texts.
    pub(in crate::recording) fn without_texts(mut self) -> Self {
        let is_text = |new: &String| new.starts_with(TEXT);
        self.replaced.retain(|_, new| !is_text(new));
        self.counts.remove(TEXT);
        self
    }

    /// A name, an address or a subject. The parts of a subject are replaced one by one, so that it stays one; a port stays.
    pub(in crate::recording) fn name(&mut self, kind: &'static str, text: &str) -> String {
        if text.is_empty() || INTERNAL.contains(&text) {
            return text.to_owned();
        }
        if let Some(group) = text.strip_prefix(GROUP_CURSOR) {
            return format!("{GROUP_CURSOR}{}", self.name("group", group));
        }
        if let Some(rest) = text.strip_prefix("__") {
            return format!("__{}", self.name(kind, rest));
        }
        if text.parse::<IpAddr>().is_ok() {
            return self.replace(kind, text);
        }
        if let Some((host, port)) = text.rsplit_once(':')
            && (1..=5).contains(&port.len())
            && port.bytes().all(|byte| byte.is_ascii_digit())
        {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            return format!("{}:{port}", self.name(kind, host));
        }
        let parts = text.split('.').map(|part| {
            if ["", "*", ">"].contains(&part) {
                part.to_owned()
            } else {
                self.replace(kind, part)
            }
        });
        parts.collect::<Vec<_>>().join(".")
    }

    /// Any other text, as a whole.
    pub(in crate::recording) fn text(&mut self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        self.replace(TEXT, text)
    }

    /// What somebody typed, word by word: those of the program's own vocabulary stay, names become what stands in their place,
    /// and so does a part of one.
    pub(in crate::recording) fn typed(
        &mut self,
        text: &str,
        is_known: &dyn Fn(&str) -> bool,
    ) -> String {
        let mut replaced = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let end = rest.find(|letter| is_of_word(letter) != is_of_word(first));
            let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
            rest = after;
            if is_of_word(first) {
                replaced.push_str(&self.typed_word(piece, is_known));
            } else {
                replaced.push_str(piece);
            }
        }
        replaced
    }

    fn typed_word(&mut self, word: &str, is_known: &dyn Fn(&str) -> bool) -> String {
        let is_number = word
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-');
        let is_internal = INTERNAL.contains(&word);
        if is_internal || is_known(word) || is_number && word.len() <= MOST_DIGITS {
            return word.to_owned();
        }
        if self.replaced.contains_key(word) {
            return self.replace(TEXT, word);
        }
        let whole = self.name(TEXT, word);
        let wanted = word.to_lowercase();
        let mut names: Vec<_> = self.replaced.iter().collect();
        names.sort();
        let mut names = names.into_iter().filter(|(name, new)| {
            *name != word && !new.starts_with(TEXT) && name.to_lowercase().contains(&wanted)
        });
        match names.next() {
            Some((_, new)) if word.len() >= LEAST_TYPED => new.clone(),
            Some(_) | None => whole,
        }
    }

    fn replace(&mut self, kind: &'static str, original: &str) -> String {
        if let Some(new) = self.replaced.get(original) {
            return new.clone();
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let new = format!("{kind}-{count}");
        self.replaced.insert(original.to_owned(), new.clone());
        new
    }
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || "_-.".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_becomes_the_same_wherever_it_stands() {
        let mut names = Names::default();
        assert_eq!(names.name("stream", "orders"), "stream-1");
        assert_eq!(names.name("subject", "orders.eu.*"), "stream-1.subject-1.*");
        assert_eq!(names.name("stream", "payments"), "stream-2");
        assert_eq!(names.name("stream", "orders"), "stream-1");
        assert_eq!(names.name("host", "10.0.0.7"), "host-1");
        assert_eq!(names.name("host", "10.0.0.7:9292"), "host-1:9292");
        assert_eq!(names.name("host", "[fe80::1]:9292"), "host-2:9292");
        assert_eq!(names.name("host", "fe80::1"), "host-2");
        assert_eq!(names.name("stream", "__cursors"), "__cursors");
        assert_eq!(names.name("cursor", "__group:billing"), "__group:group-1");
        assert_eq!(names.name("group", "billing"), "group-1");
        assert_eq!(names.text("no such thing"), names.text("no such thing"));
    }

    #[test]
    fn of_what_was_typed_the_words_of_the_program_and_small_numbers_stay() {
        let mut names = Names::default();
        names.name("stream", "orders");
        let is_known = |word: &str| ["tail", "--key", "--from"].contains(&word);
        let mut typed = |line: &str| names.typed(line, &is_known);
        assert_eq!(
            typed("tail orders:0 --from -50"),
            "tail stream-1:0 --from -50"
        );
        assert_eq!(typed("rder"), "stream-1");
        assert_eq!(typed("tail x --key 47110815"), "tail text-2 --key text-3");
        assert_eq!(typed("47110815"), "text-3");
    }
}
