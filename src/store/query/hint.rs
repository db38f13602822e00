//! Expressions without `cel:` in front, which are looked for as text and so find nothing. Guesses what was meant; a query
//! means what its grammar says all the same.

use super::lexer::{QueryWord, Words};
use super::terms::is_text;
use crate::store::predicate::VARIABLES;

/// Signs that stand between two values. A single `=` is one of people's own.
const OPERATORS: [&str; 9] = ["==", "!=", ">=", "<=", "&&", "||", ">", "<", "="];

/// A sentence where a part of the query looks like an expression.
pub(super) fn hint(text: &str) -> Option<String> {
    let words: Vec<QueryWord<'_>> = Words::new(text).map_while(Result::ok).collect();
    let of_text = words
        .iter()
        .take_while(|word| !word.bare.starts_with("cel:"))
        .enumerate();
    let (at, (word, missing)) = of_text
        .filter(|(_, word)| word.quoted.is_none() && is_text(word))
        .find_map(|(at, word)| Some((at, (word, missing_in(word.bare, words.get(at + 1..)?)?))))?;
    // With the brackets before it, and up to the next alternative.
    let rest = words.get(at..)?;
    let end = rest
        .iter()
        .find(|word| word.bare == "|" && word.quoted.is_none());
    let end = end.map_or(text.len(), |bar| bar.at);
    let expression = text.get(word.at..end)?.trim();
    let fixed = if missing == Missing::Value {
        format!("value.{expression}")
    } else if let Some(rest) = expression.strip_prefix("header.") {
        format!("headers.{rest}")
    } else {
        expression.to_owned()
    };
    Some(format!(
        "\"{}\" is looked for as text; an expression begins with cel: as in cel: {}",
        word.bare,
        doubled(&fixed)
    ))
}

/// What an expression lacks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// `cel:` alone.
    Prefix,
    /// `value.` too.
    Value,
}

fn missing_in(word: &str, next: &[QueryWord<'_>]) -> Option<Missing> {
    let word = word.trim_start_matches(['(', '-']);
    let is_part = |char: char| char.is_alphanumeric() || matches!(char, '_' | '.');
    let (path, rest) = word.split_at(word.find(|char| !is_part(char)).unwrap_or(word.len()));
    if !path.starts_with(|char: char| char.is_alphabetic() || char == '_') {
        return None;
    }
    let next_operator = next
        .first()
        .filter(|_| rest.is_empty())
        .and_then(|word| operand(word.bare));
    let operand = operand(rest).or(next_operator);
    let first = path.split('.').next().unwrap_or_default();
    if VARIABLES.contains(&first) || first == "header" {
        let is_member = matches!(first, "value" | "headers" | "header") && path.len() > first.len();
        let is_call = rest.starts_with('(') && path.contains('.');
        let is_expression = operand.is_some() || is_member || is_call || rest.starts_with('[');
        return is_expression.then_some(Missing::Prefix);
    }
    if matches!(path, "has" | "size") && rest.starts_with('(') {
        return Some(Missing::Prefix);
    }
    // Of other names only a comparison with a number or a text in quotes is no text.
    let (operator, operand) = operand?;
    let operand = if operand.is_empty() {
        let after = usize::from(rest.is_empty());
        next.get(after)?.rest
    } else {
        operand
    };
    let literal = operand.strip_prefix('-').unwrap_or(operand);
    let is_literal =
        literal.starts_with(|char: char| char.is_ascii_digit() || matches!(char, '"' | '\''));
    (is_literal && operator != "=").then_some(Missing::Value)
}

/// The operator with which a text begins, and what stands behind it.
fn operand(text: &str) -> Option<(&'static str, &str)> {
    let found = |sign: &&'static str| Some((*sign, text.strip_prefix(*sign)?));
    OPERATORS.iter().find_map(found)
}

/// With `==` where a single `=` was typed.
fn doubled(expression: &str) -> String {
    let mut text = String::with_capacity(expression.len() + 1);
    let mut before = ' ';
    let mut chars = expression.chars().peekable();
    while let Some(char) = chars.next() {
        text.push(char);
        let is_single = char == '=' && !"=!<>".contains(before) && chars.peek() != Some(&'=');
        if is_single {
            text.push('=');
        }
        before = char;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_an_expression_is_guessed_and_shown_as_one() {
        for (typed, meant) in [
            ("value.id==5", "cel: value.id==5"),
            ("value.id=5", "cel: value.id==5"),
            ("value.amount > 500", "cel: value.amount > 500"),
            ("key.startsWith(\"a\")", "cel: key.startsWith(\"a\")"),
            ("error value.id != 3", "cel: value.id != 3"),
            ("value.paid", "cel: value.paid"),
            ("!value.paid", "cel: !value.paid"),
            (
                "value.items[0].sku == \"x y\"",
                "cel: value.items[0].sku == \"x y\"",
            ),
            (
                "headers[\"retry\"] == \"1\"",
                "cel: headers[\"retry\"] == \"1\"",
            ),
            ("header.retry == \"1\"", "cel: headers.retry == \"1\""),
            ("key == 'a'", "cel: key == 'a'"),
            ("offset > 5", "cel: offset > 5"),
            ("(value.a > 1) | b", "cel: (value.a > 1)"),
            ("has(value.id)", "cel: has(value.id)"),
            ("amount > 500", "cel: value.amount > 500"),
            ("amount>500", "cel: value.amount>500"),
            (
                "customer.name == \"Ada\"",
                "cel: value.customer.name == \"Ada\"",
            ),
        ] {
            let hint = hint(typed).unwrap_or_default();
            assert!(hint.ends_with(&format!("as in {meant}")), "{typed}: {hint}");
        }
    }

    #[test]
    fn text_is_text() {
        for typed in [
            "",
            "error",
            "key value",
            "http://x/y?id=5",
            "a=b",
            "List<String>",
            "-> 5",
            "\"value.id==5\"",
            "~value.id==5",
            "key:a value:b header.retry:1",
            "offset>5 size>1k age<5m partition:0",
            "cel: value.id == 5",
            "a | b",
            "x > y",
            "base64==",
            "size",
            "order 5 > 4",
        ] {
            assert_eq!(hint(typed), None, "{typed}");
        }
    }
}
