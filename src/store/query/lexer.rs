//! Cuts a query into words, quotes and bars. What a word means is `terms`'s.

use super::QueryError;

/// A piece of a query between spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QueryWord<'a> {
    /// The first byte in the query.
    pub(super) at: usize,
    /// How many `!` stand in front: an odd number negates.
    pub(super) negations: usize,
    /// What stands before the quotes, or all of it where there are none.
    pub(super) bare: &'a str,
    /// What the quotes hold, escapes still in it.
    pub(super) quoted: Option<&'a str>,
    /// The rest of the query from the bare text on.
    pub(super) rest: &'a str,
}

impl QueryWord<'_> {
    /// The byte behind it.
    pub(super) fn end(&self) -> usize {
        let quotes = self.quoted.map_or(0, |inside| inside.len() + 2);
        self.at + self.negations + self.bare.len() + quotes
    }
}

/// The words of a query, one after the other.
#[derive(Debug)]
pub(super) struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    /// The words of this query.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Ends the query here: a term took all that was left.
    pub(super) fn take_rest(&mut self) {
        self.at = self.text.len();
    }

    fn remaining(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_spaces(&mut self) {
        self.at = self.text.len() - self.remaining().trim_start().len();
    }

    /// The word that begins here; quotes keep spaces together, and end it.
    fn word(&mut self) -> Result<QueryWord<'a>, QueryError> {
        let at = self.at;
        let negations = self
            .remaining()
            .bytes()
            .take_while(|&byte| byte == b'!')
            .count();
        self.at += negations;
        let rest = self.remaining();
        let (bare, quoted) = match opening_quote(rest) {
            None => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (rest.get(..end).unwrap_or_default(), None)
            }
            Some(quote) => {
                let inside = rest.get(quote + 1..).unwrap_or_default();
                let Some(length) = closing_quote(inside) else {
                    let sentence = "the quote is not closed: a second \" is missing";
                    return Err(QueryError::new(self.at + quote, sentence));
                };
                (rest.get(..quote).unwrap_or_default(), inside.get(..length))
            }
        };
        let word = QueryWord {
            at,
            negations,
            bare,
            quoted,
            rest,
        };
        self.at = word.end();
        Ok(word)
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = Result<QueryWord<'a>, QueryError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.skip_spaces();
        (!self.remaining().is_empty()).then(|| self.word())
    }
}

/// Where quotes open: at the start of a word, after `~` and after the colon of a field. Elsewhere a quote is text.
/// Looks no further than the first quote, so that many quotes take no longer than as much other text.
fn opening_quote(rest: &str) -> Option<usize> {
    let quote = rest.find(|char: char| char == '"' || char.is_whitespace())?;
    let before = rest.get(..quote)?;
    let opens = before.is_empty() || before.ends_with([':', '~']);
    (opens && rest.get(quote..)?.starts_with('"')).then_some(quote)
}

fn closing_quote(inside: &str) -> Option<usize> {
    let mut escaped = false;
    inside.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

/// Quoted text as it is meant: `\"` is a quote, `\\` a backslash, any other backslash itself.
pub(super) fn unescape(quoted: &str) -> String {
    let mut text = String::with_capacity(quoted.len());
    let mut chars = quoted.chars().peekable();
    while let Some(char) = chars.next() {
        let escape = char == '\\' && matches!(chars.peek(), Some('"' | '\\'));
        text.push(if escape {
            chars.next().unwrap_or(char)
        } else {
            char
        });
    }
    text
}

/// A quoted regular expression: only `\"` is undone, every other backslash is the expression's own.
pub(super) fn unescape_pattern(quoted: &str) -> String {
    quoted.replace("\\\"", "\"")
}
