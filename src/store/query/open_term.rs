//! What is being typed at the end of a query: a field or a value in an expression, a term, or what a term looks for.
//! What could stand there is `completion`'s.

use super::lexer::{QueryWord, Words};
use crate::store::json_path::{canonical, push_key};
use crate::store::predicate::literals::{number_length, string_length};

/// The end of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpenTerm {
    /// The byte at which it begins.
    pub(super) start: usize,
    /// What it is to be.
    pub(super) kind: OpenKind,
}

/// What is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OpenKind {
    /// A field in an expression.
    Field,
    /// A value in an expression, for the field of that path.
    Value(String),
    /// A term of the query.
    Term,
    /// What a term looks for in the field of that path.
    TermValue(String),
}

/// Signs that compare the values on their sides.
const COMPARISONS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];
/// Other signs of two characters.
const PAIRS: [&str; 2] = ["&&", "||"];
/// Functions of texts, as the last step of a path.
const OF_TEXT: [&str; 4] = [".contains", ".startsWith", ".endsWith", ".matches"];

/// What is being typed at the end of the line; `None` where nothing can follow but an operator.
pub(super) fn open_term(line: &str) -> Option<OpenTerm> {
    let mut last: Option<QueryWord<'_>> = None;
    for word in Words::new(line) {
        // A quote that is not closed belongs to the word before which it stands.
        let Ok(word) = word else {
            return open_quote(line);
        };
        if let Some(expression) = word.rest.strip_prefix("cel:") {
            return in_expression(expression, line.len() - expression.len());
        }
        last = Some(word);
    }
    let is_new = line.is_empty() || line.ends_with(char::is_whitespace);
    let Some(word) = last.filter(|_| !is_new) else {
        return Some(OpenTerm {
            start: line.len(),
            kind: OpenKind::Term,
        });
    };
    let start = word.at + word.negations;
    Some(term_at(start, word.bare))
}

/// The last word of a line in which a quote is open.
fn open_quote(line: &str) -> Option<OpenTerm> {
    let quote = line.rfind('"')?;
    let before = line.get(..quote)?;
    let start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let bare = before.get(start..)?;
    let negations = bare.len() - bare.trim_start_matches('!').len();
    let term = term_at(start + negations, bare.get(negations..)?);
    matches!(term.kind, OpenKind::TermValue(_)).then_some(term)
}

fn term_at(start: usize, bare: &str) -> OpenTerm {
    let value = bare.split_once(':').and_then(|(name, rest)| {
        let at = start + name.len() + 1;
        if rest.starts_with('~') {
            return None;
        }
        let path = match name.strip_prefix("header.") {
            Some(header) if !header.is_empty() => {
                let mut path = "headers".to_owned();
                push_key(&mut path, header);
                path
            }
            _ if name == "key" => name.to_owned(),
            _ => return None,
        };
        Some((at, path))
    });
    let term = (start, OpenKind::Term);
    let (start, kind) = value.map_or(term, |(at, path)| (at, OpenKind::TermValue(path)));
    OpenTerm { start, kind }
}

/// A piece of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    /// A name with the steps behind it: `value.items[0].name`.
    Path(&'a str),
    /// A text or a number.
    Literal,
    /// Anything else.
    Sign(&'a str),
}

/// The end of an expression that begins at that byte of the line.
fn in_expression(text: &str, offset: usize) -> Option<OpenTerm> {
    let pieces = pieces(text);
    let is_operand = |piece: &Piece<'_>| match piece {
        Piece::Path(word) => *word != "in",
        Piece::Literal => true,
        Piece::Sign(sign) => matches!(*sign, ")" | "]" | "}"),
    };
    let is_new = text.is_empty() || text.ends_with(char::is_whitespace);
    let (before, start) = match pieces.split_last() {
        Some(((start, Piece::Path(_) | Piece::Literal), before)) if !is_new => (before, *start),
        Some(((_, last), _)) if is_operand(last) => return None,
        _ => (&*pieces, text.len()),
    };
    let kinds: Vec<Piece<'_>> = before.iter().map(|(_, piece)| *piece).collect();
    let value = match kinds.as_slice() {
        [.., Piece::Path(path), Piece::Sign(sign)] if COMPARISONS.contains(sign) => canonical(path),
        [.., Piece::Path(path), Piece::Sign("(")] => {
            let mut of_text = OF_TEXT.iter();
            of_text.find_map(|name| canonical(path.strip_suffix(name)?))
        }
        _ => None,
    };
    Some(OpenTerm {
        start: offset + start,
        kind: value.map_or(OpenKind::Field, OpenKind::Value),
    })
}

fn pieces(text: &str) -> Vec<(usize, Piece<'_>)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let cut = |length: usize| rest.get(..length).unwrap_or_default();
        let first = rest.chars().next().unwrap_or_default();
        let (length, piece) = if let Some(length) = string_length(rest) {
            (length, Some(Piece::Literal))
        } else if first.is_alphabetic() || first == '_' {
            let length = path_length(rest);
            (length, Some(Piece::Path(cut(length))))
        } else if first.is_ascii_digit() {
            (number_length(rest), Some(Piece::Literal))
        } else if first.is_whitespace() {
            (first.len_utf8(), None)
        } else {
            let mut signs = COMPARISONS.iter().chain(&PAIRS);
            let sign = signs.find(|sign| rest.starts_with(**sign));
            let length = sign.map_or(first.len_utf8(), |sign| sign.len());
            (length, Some(Piece::Sign(cut(length))))
        };
        pieces.extend(piece.map(|piece| (at, piece)));
        at += length.max(1);
    }
    pieces
}

/// The length of the path with which the text begins, an index that is not closed included.
fn path_length(text: &str) -> usize {
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let word = rest.find(|char: char| !(char.is_alphanumeric() || matches!(char, '_' | '.')));
        at += word.unwrap_or(rest.len());
        let Some(inside) = text.get(at..).and_then(|rest| rest.strip_prefix('[')) else {
            break;
        };
        let index = match string_length(inside) {
            Some(length) => length,
            None => inside
                .find(|char: char| !char.is_ascii_digit())
                .unwrap_or(inside.len()),
        };
        let closing = inside.get(index..).unwrap_or_default();
        at += 1 + index;
        if !closing.starts_with(']') {
            break;
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_line_is_a_field_a_value_or_a_term() {
        let value = |path: &str| OpenKind::Value(path.to_owned());
        let of_term = |path: &str| OpenKind::TermValue(path.to_owned());
        for (line, typed, kind) in [
            ("", "", OpenKind::Term),
            ("am", "am", OpenKind::Term),
            ("error !am", "am", OpenKind::Term),
            ("error ", "", OpenKind::Term),
            ("key:us", "us", of_term("key")),
            ("key:\"a b", "\"a b", of_term("key")),
            ("header.x-y:", "", of_term("headers[\"x-y\"]")),
            ("value:x", "value:x", OpenKind::Term),
            ("cel:", "", OpenKind::Field),
            ("cel: value.am", "value.am", OpenKind::Field),
            ("x cel: !val", "val", OpenKind::Field),
            ("cel: value.a == 5 && v", "v", OpenKind::Field),
            ("cel: value.a ==", "", value("value.a")),
            ("cel: value.a == \"pa", "\"pa", value("value.a")),
            ("cel: value.items[3].n > 1", "1", value("value.items[0].n")),
            ("cel: value[\"odd", "value[\"odd", OpenKind::Field),
            ("cel: value['a b'] != ", "", value("value[\"a b\"]")),
            ("cel: value.a.startsWith(", "", value("value.a")),
            ("cel: size(val", "val", OpenKind::Field),
            ("cel: \"x\" in val", "val", OpenKind::Field),
            ("cel: \"x\" in ", "", OpenKind::Field),
        ] {
            let found = open_term(line).expect(line);
            assert_eq!((line.get(found.start..), found.kind), (Some(typed), kind));
        }
        for line in ["cel: value.a ", "cel: (value.a == 5)", "\"not closed"] {
            assert_eq!(open_term(line), None, "{line}");
        }
    }
}
