//! The query box: text in the grammar of the interface to a predicate, or where and why it does not parse.
//! What a predicate finds is `predicate`'s.

mod hint;
mod lexer;
mod terms;

use std::fmt;

use super::predicate::Predicate;

/// A query that parsed. Equal to another where their texts are equal.
#[derive(Clone, Debug)]
pub struct Query {
    text: String,
    predicate: Predicate,
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
        })
    }

    /// The text it was parsed from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A sentence where a part of it looks like an expression that lacks `cel:`, and so is looked for as text.
    pub fn hint(&self) -> Option<String> {
        hint::hint(&self.text)
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
