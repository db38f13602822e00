//! What the words of a query mean: text, expressions, fields, comparisons, and how they combine.
//! How a term is looked for is `predicate`'s; cutting into words is `lexer`'s.

use super::QueryError;
use super::lexer::{QueryWord, Words, unescape, unescape_pattern};
use crate::model::{parse_duration, parse_ranges, parse_size};
use crate::store::predicate::{Comparison, Expression, Field, Needle, Term, Test};

/// Longer queries are refused: they are parsed while the user types.
const LONGEST: usize = 16 * 1024;
/// Queries of more terms are refused: each has something compiled for it.
const MOST_TERMS: usize = 256;
/// Regular expressions that the user writes may each take milliseconds to compile, and more to look for.
const MOST_PATTERNS: usize = 16;

/// The alternatives of a query, each of terms that must all hold.
pub(in crate::store) fn parse(text: &str) -> Result<Vec<Vec<Term>>, QueryError> {
    if text.len() > LONGEST {
        let sentence = format!("the query is longer than {LONGEST} bytes");
        return Err(QueryError::new(0, sentence));
    }
    let mut words = Words::new(text);
    let mut alternatives = vec![Vec::new()];
    let mut bar = None;
    let (mut count, mut patterns) = (0, 0);
    while let Some(word) = words.next() {
        let word = word?;
        let terms = alternatives.last_mut().map_or(0, |terms| terms.len());
        if word.bare == "|" && word.quoted.is_none() && word.negations == 0 {
            if terms == 0 {
                return Err(QueryError::new(word.at, "a term is missing before |"));
            }
            bar = Some(word.at);
            alternatives.push(Vec::new());
            continue;
        }
        bar = None;
        count += 1;
        if count > MOST_TERMS {
            let sentence = format!("the query has more than {MOST_TERMS} terms");
            return Err(QueryError::new(word.at, sentence));
        }
        patterns += usize::from(is_pattern(&word));
        if patterns > MOST_PATTERNS {
            let sentence = format!("the query has more than {MOST_PATTERNS} regular expressions");
            return Err(QueryError::new(word.at, sentence));
        }
        let (term, takes_rest) = term(&word)?;
        if takes_rest {
            words.take_rest();
        }
        if let Some(terms) = alternatives.last_mut() {
            terms.push(term);
        }
    }
    match bar {
        Some(at) => Err(QueryError::new(at, "a term is missing after |")),
        None => Ok(alternatives),
    }
}

/// The term, and whether it took the rest of the line.
fn term(word: &QueryWord<'_>) -> Result<(Term, bool), QueryError> {
    let negated = word.negations % 2 == 1;
    if word.bare.is_empty() && word.quoted.is_none() {
        return Err(QueryError::new(word.at, "a term is missing after !"));
    }
    if word.bare.starts_with("cel:") {
        let test = Test::Cel(expression(word)?);
        return Ok((Term { negated, test }, true));
    }
    let test = match comparison(word)? {
        Some(test) => test,
        None => text(word)?,
    };
    Ok((Term { negated, test }, false))
}

/// `cel: EXPR`, which takes the rest of the line.
fn expression(word: &QueryWord<'_>) -> Result<Expression, QueryError> {
    let rest = word.rest.strip_prefix("cel:").unwrap_or_default();
    let text = rest.trim();
    let at = word.at + word.negations + "cel:".len() + (rest.len() - rest.trim_start().len());
    if text.is_empty() {
        return Err(QueryError::new(
            word.at,
            "an expression is missing after cel:",
        ));
    }
    Expression::new(text).map_err(|(inside, sentence)| QueryError::new(at + inside, sentence))
}

/// Text or a regular expression, in a field or anywhere.
fn text(word: &QueryWord<'_>) -> Result<Test, QueryError> {
    let (field, bare) = field(word.bare);
    let needle = match (bare.strip_prefix('~'), word.quoted) {
        (Some(""), Some(quoted)) => pattern(word, &unescape_pattern(quoted))?,
        (Some(bare), _) => pattern(word, bare)?,
        (None, Some(quoted)) => Needle::text(&unescape(quoted)),
        (None, None) => Needle::text(bare),
    };
    Ok(Test::Contains(field, needle))
}

/// Whether a word is looked for as text, anywhere in a message.
pub(super) fn is_text(word: &QueryWord<'_>) -> bool {
    let (field, bare) = field(word.bare);
    let is_compared = || matches!(comparison(word), Ok(Some(_)) | Err(_));
    field == Field::Any && !bare.starts_with('~') && !is_compared()
}

fn is_pattern(word: &QueryWord<'_>) -> bool {
    field(word.bare).1.starts_with('~')
}

fn pattern(word: &QueryWord<'_>, pattern: &str) -> Result<Needle, QueryError> {
    Needle::pattern(pattern).map_err(|sentence| QueryError::new(word.at, sentence))
}

/// The field a word names, and what is to be found in it. An unknown `word:` is text.
fn field(bare: &str) -> (Field, &str) {
    let Some((name, rest)) = bare.split_once(':') else {
        return (Field::Any, bare);
    };
    match (name, name.strip_prefix("header.")) {
        ("key", _) => (Field::Key, rest),
        ("value", _) => (Field::Value, rest),
        (_, Some(header)) if !header.is_empty() => (Field::Header(header.into()), rest),
        _ => (Field::Any, bare),
    }
}

const OPERATORS: [(&str, Comparison); 6] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("<", Comparison::Below),
    (">", Comparison::Above),
    ("=", Comparison::Equal),
    (":", Comparison::Equal),
];

/// `offset>N`, `size>1k`, `age<5m`, `partition:N`; `None` where the word begins otherwise.
fn comparison(word: &QueryWord<'_>) -> Result<Option<Test>, QueryError> {
    let length = word
        .bare
        .bytes()
        .take_while(u8::is_ascii_alphabetic)
        .count();
    let (name, rest) = word.bare.split_at(length);
    let found = OPERATORS
        .iter()
        .find_map(|(sign, op)| Some((*op, rest.strip_prefix(sign)?)));
    let Some((op, operand)) = found else {
        return Ok(None);
    };
    let wrong = |sentence: String| QueryError::new(word.at, format!("{name}: {sentence}"));
    let no_offset = |_| {
        wrong(format!(
            "\"{operand}\" is not an offset, which is a whole number"
        ))
    };
    let test = match name {
        "offset" => Test::Offset(op, operand.parse().map_err(no_offset)?),
        "partition" if op == Comparison::Equal => {
            Test::Partition(parse_ranges(operand).map_err(wrong)?)
        }
        "size" => Test::Size(op, parse_size(operand).map_err(wrong)?),
        "age" => Test::Age(op, parse_duration(operand).map_err(wrong)?),
        _ => return Ok(None),
    };
    Ok(Some(test))
}
