//! The query box: text in the grammar of the interface to a predicate, or where and why it does not parse.
//! What a predicate finds is `predicate`'s.

mod as_expression;
mod completion;
mod hint;
mod lexer;
mod mistake;
mod open_term;
mod terms;

use std::fmt;
use std::sync::Arc;

use super::field_index::FieldIndex;
use super::predicate::Predicate;
use super::value_json::ValueTypes;
use crate::model::PartitionId;
pub use completion::QueryCompletion;
use lexer::Words;

/// A query that parsed. Equal to another where their texts are equal.
#[derive(Clone, Debug)]
pub struct Query {
    text: String,
    predicate: Predicate,
    /// By which expressions read values, where any are known.
    types: Option<Arc<dyn ValueTypes>>,
}

impl Query {
    /// Parses a line in the grammar of the query box. The empty query matches everything.
    ///
    /// ```
    /// use liftui::store::Query;
    /// assert!(Query::parse("error key:user-7 !header.retry:1 | size>1k").is_ok());
    /// assert_eq!(Query::parse("~[a").unwrap_err().at, 0);
    /// ```
    ///
    /// # Errors
    /// Where the text breaks off and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let terms = terms::parse(text).map_err(|error| error.in_text(text))?;
        let predicate = Predicate::new(terms);
        Ok(Self {
            text: text.to_owned(),
            predicate,
            types: None,
        })
    }

    /// The same query, whose expressions read values of a type by these.
    #[must_use]
    pub fn reading_by(self, types: Arc<dyn ValueTypes>) -> Self {
        // It has parsed before.
        let Ok(mut alternatives) = terms::parse(&self.text) else {
            return self;
        };
        for term in alternatives.iter_mut().flatten() {
            term.test.set_types(&types);
        }
        Self {
            predicate: Predicate::new(alternatives),
            types: Some(types),
            ..self
        }
    }

    /// By which types its expressions read values.
    pub(super) fn types(&self) -> Option<&dyn ValueTypes> {
        self.types.as_deref()
    }

    /// The text of a query that finds what this one does, and of that only what the expression is true of. Where there
    /// is none, or one of alternatives, the expression stands alone.
    pub fn with_expression(query: Option<&Self>, expression: &str) -> String {
        let text = query.map_or("", |query| query.text().trim());
        let words: Vec<_> = Words::new(text).map_while(Result::ok).collect();
        let expressed = words.iter().position(|word| word.bare.starts_with("cel:"));
        let terms = words.get(..expressed.unwrap_or(words.len()));
        let mut terms = terms.unwrap_or_default().iter();
        if text.is_empty() || terms.any(|word| word.bare == "|" && word.quoted.is_none()) {
            return format!("cel: {expression}");
        }
        let Some(word) = expressed.and_then(|at| words.get(at)) else {
            return format!("{text} cel: {expression}");
        };
        let (before, own) = text
            .split_at_checked(text.len() - word.rest.len())
            .unwrap_or(("", text));
        let own = own.trim_start_matches("cel:").trim();
        if word.negations % 2 == 1 {
            let before = text.get(..word.at).unwrap_or_default();
            return format!("{before}cel: !({own}) && {expression}");
        }
        if own.split("&&").any(|part| part.trim() == expression) {
            return text.to_owned();
        }
        let own = if own.contains("||") || own.contains('?') {
            format!("({own})")
        } else {
            own.to_owned()
        };
        format!("{before}cel: {own} && {expression}")
    }

    /// The text it was parsed from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A sentence where a part of it looks like an expression that lacks `cel:`, and so is looked for as text.
    pub fn hint(&self) -> Option<String> {
        hint::hint(&self.text)
    }

    /// A sentence where it names a field that none of the messages has, or compares one with what it never is. A field
    /// of which no more is typed yet than `open`, the beginning of one, is none.
    pub fn mistake(&self, messages: &FieldIndex, open: Option<&str>) -> Option<String> {
        mistake::mistake(&self.predicate.uses(), messages, open)
    }

    /// The partitions that it asks for by number, sorted.
    pub fn partitions(&self) -> Vec<PartitionId> {
        let mut named = self.predicate.partitions();
        named.sort_unstable();
        named.dedup();
        named
    }

    /// Whether an expression of it asks for values, or for what is inside.
    pub fn names_value(&self) -> bool {
        let uses = self.predicate.uses();
        let mut paths = uses.iter().map(|one| one.paths.as_slice());
        paths.any(|path| path.first().is_some_and(|root| root == "value"))
    }

    /// Whether it names a field that would be inside values.
    pub fn names_value_field(&self) -> bool {
        let uses = self.predicate.uses();
        let mut paths = uses.iter().map(|one| one.paths.as_slice());
        paths.any(|path| matches!(path, [root, _, ..] if root == "value"))
    }

    /// What it looks for; cheap to clone and to send to another thread.
    pub fn predicate(&self) -> &Predicate {
        &self.predicate
    }
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Query {}

/// Why a query does not parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// The byte of the query's text at which the offending term begins.
    pub at: usize,
    /// The same counted in characters, from 1.
    column: usize,
    /// What is wrong there, in one sentence.
    pub sentence: String,
}

impl QueryError {
    fn new(at: usize, sentence: impl Into<String>) -> Self {
        Self {
            at,
            column: at + 1,
            sentence: sentence.into(),
        }
    }

    fn in_text(self, text: &str) -> Self {
        let before = text.char_indices().take_while(|(at, _)| *at < self.at);
        Self {
            column: before.count() + 1,
            ..self
        }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        // A query of one fault begins with it.
        match self.column {
            1 => Ok(()),
            column => write!(f, " (at character {column})"),
        }
    }
}

impl std::error::Error for QueryError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_narrows_a_query_as_it_stands() {
        for (query, expected) in [
            ("", "cel: value.a == 1"),
            ("error !key:x", "error !key:x cel: value.a == 1"),
            ("error | warning", "cel: value.a == 1"),
            (
                "error cel: value.b > 2",
                "error cel: value.b > 2 && value.a == 1",
            ),
            (
                "cel: value.b > 2 || value.c > 3",
                "cel: (value.b > 2 || value.c > 3) && value.a == 1",
            ),
            (
                "x !cel: value.b > 2",
                "x cel: !(value.b > 2) && value.a == 1",
            ),
            (
                "cel: value.b > 2 && value.a == 1",
                "cel: value.b > 2 && value.a == 1",
            ),
            ("\"cel: x\"", "\"cel: x\" cel: value.a == 1"),
        ] {
            let parsed = Query::parse(query).expect(query);
            let narrowed = Query::with_expression(Some(&parsed), "value.a == 1");
            assert_eq!(narrowed, expected);
            assert!(Query::parse(&narrowed).is_ok(), "{narrowed}");
        }
        assert_eq!(
            Query::with_expression(None, "key == \"k\""),
            "cel: key == \"k\""
        );
    }
}
