//! NATS subjects: which patterns a subject fits, and an index that finds those among many.
//! `*` stands for one token, `>` as the last token for one or more; within a token both are plain characters.

use std::collections::BTreeMap;

use super::PartitionId;

/// The subject that a partition of a stream stores (wire-contract §2.4).
pub fn subject_of_partition(stream_subject: &str, id: PartitionId) -> String {
    if id == 0 {
        return stream_subject.to_owned();
    }
    format!("{stream_subject}.{id}")
}

/// Whether the text stands for more subjects than itself.
pub fn is_subject_pattern(subject: &str) -> bool {
    subject.split('.').any(|token| token == "*" || token == ">")
}

/// Reads a subject or a pattern of subjects.
///
/// # Errors
/// NATS knows no such subject; the sentence says why.
pub fn parse_subject(text: &str) -> Result<String, String> {
    let why = if text.is_empty() {
        "it is empty"
    } else if text.contains(char::is_whitespace) {
        "a blank ends it"
    } else if text.split('.').any(str::is_empty) {
        "nothing stands between two dots, or beside one at an end"
    } else if is_never_heard(text) {
        "> stands for all that follows, so nothing may follow it"
    } else {
        return Ok(text.to_owned());
    };
    Err(format!("\"{text}\" is no subject: {why}"))
}

/// Whether nobody can listen there: `>` is not the last token, which NATS refuses.
fn is_never_heard(pattern: &str) -> bool {
    let tokens = pattern.rsplit('.');
    tokens.skip(1).any(|token| token == ">")
}

/// Patterns of subjects with what belongs to each, as a tree of tokens.
#[derive(Clone, Debug)]
pub struct SubjectIndex<T> {
    nodes: Vec<TokenNode<T>>,
}

/// Where patterns are that begin with the same tokens.
#[derive(Clone, Debug)]
struct TokenNode<T> {
    next: BTreeMap<Box<str>, usize>,
    next_any: Option<usize>,
    /// Of the patterns that end here.
    here: Vec<T>,
    /// Of those that end with `>` after this.
    all_below: Vec<T>,
}

impl<T> Default for TokenNode<T> {
    fn default() -> Self {
        Self {
            next: BTreeMap::new(),
            next_any: None,
            here: Vec::new(),
            all_below: Vec::new(),
        }
    }
}

impl<T> Default for SubjectIndex<T> {
    fn default() -> Self {
        Self {
            nodes: vec![TokenNode::default()],
        }
    }
}

/// What is still to be looked through from a node on.
#[derive(Clone, Copy)]
enum Rest {
    /// The tokens from this one on.
    From(usize),
    /// Everything.
    All,
}

impl<T> SubjectIndex<T> {
    /// Adds a pattern. One that nobody can listen to is left out.
    pub fn insert(&mut self, pattern: &str, value: T) {
        if is_never_heard(pattern) {
            return;
        }
        let (mut at, mut is_open) = (0, false);
        for token in pattern.split('.') {
            if token == ">" {
                is_open = true;
            } else {
                at = self.step(at, token);
            }
        }
        if let Some(node) = self.nodes.get_mut(at) {
            let values = if is_open {
                &mut node.all_below
            } else {
                &mut node.here
            };
            values.push(value);
        }
    }

    /// The node behind that token, made where there is none.
    fn step(&mut self, at: usize, token: &str) -> usize {
        let new = self.nodes.len();
        let Some(node) = self.nodes.get_mut(at) else {
            return at;
        };
        let next = if token == "*" {
            *node.next_any.get_or_insert(new)
        } else {
            match node.next.get(token) {
                Some(next) => *next,
                None => *node.next.entry(token.into()).or_insert(new),
            }
        };
        if next == new {
            self.nodes.push(TokenNode::default());
        }
        next
    }

    /// What belongs to the patterns that have a subject in common with this subject or pattern, in no order. Looks through no
    /// more of the tree than the iterator is asked for.
    pub fn overlapping<'a>(&'a self, pattern: &'a str) -> impl Iterator<Item = &'a T> {
        let tokens: Vec<&str> = if is_never_heard(pattern) {
            Vec::new()
        } else {
            pattern.split('.').collect()
        };
        // A list instead of calls: names are a stranger's, and as deep as he likes.
        let mut open = vec![(0, Rest::From(0))];
        if tokens.is_empty() {
            open.clear();
        }
        std::iter::from_fn(move || {
            let (at, rest) = open.pop()?;
            let node = self.nodes.get(at)?;
            Some(node.visit(rest, &tokens, &mut open))
        })
        .flatten()
    }
}

impl<T> TokenNode<T> {
    /// What fits here, and where to go on.
    fn visit<'a>(
        &'a self,
        rest: Rest,
        tokens: &[&str],
        open: &mut Vec<(usize, Rest)>,
    ) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let (mut here, mut all_below): (&[T], &[T]) = (&[], &[]);
        let everywhere = self.next.values().copied().chain(self.next_any);
        match rest {
            Rest::All => {
                (here, all_below) = (&self.here, &self.all_below);
                open.extend(everywhere.map(|next| (next, Rest::All)));
            }
            Rest::From(at) => match tokens.get(at) {
                None => here = &self.here,
                Some(token) => {
                    all_below = &self.all_below;
                    let after = Rest::From(at + 1);
                    if *token == ">" {
                        open.extend(everywhere.map(|next| (next, Rest::All)));
                    } else if *token == "*" {
                        open.extend(everywhere.map(|next| (next, after)));
                    } else {
                        let next = self.next.get(*token).copied();
                        let found = next.into_iter().chain(self.next_any);
                        open.extend(found.map(|next| (next, after)));
                    }
                }
            },
        }
        here.iter().chain(all_below)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(patterns: &[&str], subject: &str) -> Vec<usize> {
        let mut index = SubjectIndex::default();
        for (number, pattern) in patterns.iter().enumerate() {
            index.insert(pattern, number);
        }
        let mut found: Vec<usize> = index.overlapping(subject).copied().collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn wildcards_stand_for_tokens_as_nats_has_them() {
        let patterns = [
            "a.b", "a.*", "a.>", ">", "*", "a", "*.b", "a.b.*", "a>", "a.>.b",
        ];
        for (subject, fits) in [
            ("a.b", &[0, 1, 2, 3, 6][..]),
            ("a", &[3, 4, 5]),
            ("a.c", &[1, 2, 3]),
            ("a.b.c", &[2, 3, 7]),
            ("b.b", &[3, 6]),
            ("a>", &[3, 4, 8]),
            ("x.y.z", &[3]),
            // Patterns that have a subject in common with this one.
            ("a.*", &[0, 1, 2, 3, 6]),
            ("*.>", &[0, 1, 2, 3, 6, 7]),
            (">", &[0, 1, 2, 3, 4, 5, 6, 7, 8]),
            ("a.>.b", &[]),
        ] {
            assert_eq!(found(&patterns, subject), fits, "{subject}");
        }
    }

    #[test]
    fn partition_zero_has_the_streams_own_subject() {
        assert_eq!(subject_of_partition("s", 0), "s");
        assert_eq!(subject_of_partition("s", 2), "s.2");
    }

    #[test]
    fn what_is_no_subject_is_refused_with_the_reason() {
        for (text, why) in [
            ("", "it is empty"),
            ("a b", "a blank"),
            ("a..b", "between two dots"),
            (".a", "between two dots"),
            ("a.>.b", "nothing may follow"),
        ] {
            let sentence = parse_subject(text).unwrap_err();
            assert!(sentence.contains(why), "{sentence}");
        }
        assert_eq!(parse_subject("a.*.>").as_deref(), Ok("a.*.>"));
    }

    #[test]
    fn a_subject_of_very_many_tokens_is_looked_up_and_let_go_of() {
        let long = vec!["x"; 200_000].join(".");
        let mut index = SubjectIndex::default();
        index.insert(&long, ());
        assert_eq!(index.overlapping(&long).count(), 1);
        assert_eq!(index.overlapping(">").count(), 1);
    }

    /// The same, token by token, without an index.
    fn overlap(one: &[&str], other: &[&str]) -> bool {
        match (one, other) {
            ([], []) | ([">"], [_, ..]) | ([_, ..], [">"]) => true,
            ([a, one @ ..], [b, other @ ..]) => {
                (a == b || *a == "*" || *b == "*") && overlap(one, other)
            }
            _ => false,
        }
    }

    fn pattern() -> impl Strategy<Value = String> {
        let token = prop::sample::select(vec!["a", "b", "c", "*"]);
        let tokens = prop::collection::vec(token, 0..4);
        (tokens, any::<bool>()).prop_map(|(mut tokens, is_open)| {
            if is_open || tokens.is_empty() {
                tokens.push(">");
            }
            tokens.join(".")
        })
    }

    proptest! {
        #[test]
        fn the_index_finds_what_comparing_each_with_each_finds(
            patterns in prop::collection::vec(pattern(), 1..30),
            subject in pattern(),
        ) {
            let tokens = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
            let wanted = tokens(&subject);
            let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
            let fits = patterns.iter().enumerate().filter(|(_, pattern)| {
                let own = tokens(pattern);
                let own: Vec<&str> = own.iter().map(String::as_str).collect();
                overlap(&own, &wanted)
            });
            let fits: Vec<usize> = fits.map(|(number, _)| number).collect();
            let all: Vec<&str> = patterns.iter().map(String::as_str).collect();
            prop_assert_eq!(found(&all, &subject), fits);
        }
    }
}
