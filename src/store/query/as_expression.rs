//! What a part of a query is as an expression, where it is meant as one: with signs and names of people's own as the language
//! writes them. Which part that is, `hint` finds out.

use super::lexer::{QueryWord, unescape, unescape_pattern};
use super::terms::is_text;
use crate::store::predicate::literals::{number_length, string_length};
use crate::store::predicate::{VARIABLES, fields_missing};

/// What of a message has members, with a dot behind.
const MEMBERS: [&str; 3] = ["value.", "headers.", "header."];
/// What of a message is compared with a text that is no field.
const OF_TEXT: [&str; 3] = ["key", "stream", "subject"];

/// The text of these words as an expression; `None` where it is not meant as one.
pub(super) fn as_expression(words: &[QueryWord<'_>], text: &str) -> Option<String> {
    let with_signs = with_signs(text);
    let read = |text: &str| Some(with_values(text, &fields_missing(text)?));
    read(&with_signs)
        .filter(|_| with_signs == text || only_names_message(&with_signs))
        .or_else(|| read(&with_colons(words, text)?))
        .or_else(|| read(&with_quotes(text)?))
}

/// Whether the text could be an expression: brackets and quotes that are opened are closed, and a sign stands between something.
pub(super) fn may_be_one(text: &str) -> bool {
    let begins = text.trim_start_matches('!').chars().next();
    let begins = begins.is_some_and(|char| char.is_alphanumeric() || "_([{\"'-".contains(char));
    let ends = text.chars().next_back();
    let ends = ends.is_some_and(|char| char.is_alphanumeric() || "_)]}\"'".contains(char));
    let has_sign = text.contains(['=', '<', '>', '(', '[', '&', '|', '?'])
        || text.contains(" in ")
        || MEMBERS.iter().any(|name| text.contains(name));
    begins && ends && has_sign && is_closed(text)
}

fn is_closed(text: &str) -> bool {
    let mut open = Vec::new();
    for token in Tokens(text) {
        match token {
            "(" => open.push(")"),
            "[" => open.push("]"),
            "{" => open.push("}"),
            ")" | "]" | "}" if open.pop() != Some(token) => return false,
            _ => {}
        }
    }
    open.is_empty()
}

/// Texts in quotes, names, numbers, and any other character by itself.
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0;
        let first = rest.chars().next()?;
        let is_of_name = |char: char| char.is_alphanumeric() || char == '_';
        let length = if let Some(length) = string_length(rest) {
            length
        } else if first.is_ascii_digit() {
            number_length(rest).max(1)
        } else if is_of_name(first) {
            rest.find(|char| !is_of_name(char)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        self.0 = after;
        Some(token)
    }
}

/// With `==` where a single `=` was typed, and headers by the name that they have in expressions.
fn with_signs(text: &str) -> String {
    let mut signed = String::with_capacity(text.len() + 1);
    let mut tokens = Tokens(text);
    let mut before = " ";
    while let Some(token) = tokens.next() {
        let next = tokens.0.chars().next();
        match token {
            "=" if next != Some('=') && !["=", "!", "<", ">"].contains(&before) => {
                signed.push_str("==");
            }
            "header" | "headers" if before != "." && matches!(next, Some('.' | '[')) => {
                signed.push_str("headers");
                let name = tokens.0.strip_prefix('.').map(header_name);
                if let Some(name) = name.filter(|name| name.contains('-')) {
                    signed.extend(["[", &quoted(name), "]"]);
                    tokens.0 = tokens.0.get(1 + name.len()..).unwrap_or_default();
                }
            }
            token => signed.push_str(token),
        }
        before = token;
    }
    signed
}

fn header_name(text: &str) -> &str {
    let is_of_name = |char: char| char.is_alphanumeric() || "_-".contains(char);
    let end = text.find(|char| !is_of_name(char)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// Whether a text with a single `=` in it names nothing but what a message has: `a=5` is text.
fn only_names_message(text: &str) -> bool {
    fields_missing(text).is_some_and(|places| places.is_empty())
}

/// With `value.` before each name that is none of a message.
fn with_values(text: &str, places: &[usize]) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut done = 0;
    for place in places {
        whole.push_str(text.get(done..*place).unwrap_or_default());
        whole.push_str("value.");
        done = *place;
    }
    whole + text.get(done..).unwrap_or_default()
}

/// With a comparison in place of each colon behind a field; `None` where there is none.
fn with_colons(words: &[QueryWord<'_>], text: &str) -> Option<String> {
    let from = words.first()?.at;
    let mut whole = String::with_capacity(text.len());
    let mut done = from;
    for word in words.iter().filter(|word| is_text(word)) {
        if let Some(compared) = colon(word) {
            whole.push_str(text.get(done - from..word.at - from)?);
            whole.push_str(&compared);
            done = word.end();
        }
    }
    (done > from).then(|| whole + text.get(done - from..).unwrap_or_default())
}

/// `value.status:open` as a comparison.
fn colon(word: &QueryWord<'_>) -> Option<String> {
    let (path, rest) = word.bare.split_once(':')?;
    let is_member = MEMBERS.iter().any(|name| path.starts_with(name));
    if !is_member || !is_path(path) {
        return None;
    }
    let path = with_steps(path);
    let pattern = rest.strip_prefix('~');
    let mut signs = ["<=", ">=", "<", ">", "="].into_iter();
    let sign = signs.find(|sign| rest.starts_with(sign));
    let operand = rest.strip_prefix(sign.unwrap_or_default())?;
    let test = match (pattern, word.quoted) {
        (Some(""), Some(text)) => format!("{path}.matches({})", quoted(&unescape_pattern(text))),
        (Some(text), None) if !text.is_empty() => format!("{path}.matches({})", quoted(text)),
        (None, Some(text)) if rest.is_empty() => format!("{path} == {}", quoted(&unescape(text))),
        (None, None) if !operand.is_empty() => {
            let sign = sign.filter(|sign| *sign != "=").unwrap_or("==");
            format!("{path} {sign} {}", literal(&path, operand))
        }
        _ => return None,
    };
    Some(match word.negations % 2 {
        0 => test,
        _ => format!("!({test})"),
    })
}

/// `value.status == open` with the text in quotes; `None` where it is no such comparison.
fn with_quotes(text: &str) -> Option<String> {
    let end = text.find(|char: char| char.is_whitespace() || "=!".contains(char))?;
    let (path, rest) = text.split_at_checked(end)?;
    let rest = rest.trim_start();
    let sign = ["==", "!=", "="]
        .into_iter()
        .find(|sign| rest.starts_with(sign))?;
    let operand = rest.strip_prefix(sign)?.trim_start();
    let is_word = |char: char| !char.is_whitespace() && !"\"'`()[]{}=<>&|".contains(char);
    let is_known = MEMBERS.iter().any(|name| path.starts_with(name)) || OF_TEXT.contains(&path);
    // key=value is text.
    if VARIABLES.contains(&operand) {
        return None;
    }
    if operand.is_empty() || !operand.chars().all(is_word) || !is_known || !is_path(path) {
        return None;
    }
    let path = with_steps(path);
    let sign = if sign == "!=" { "!=" } else { "==" };
    Some(format!("{path} {sign} {}", literal(&path, operand)))
}

fn is_path(text: &str) -> bool {
    let is_part = |char: char| char.is_alphanumeric() || "_.-[]".contains(char);
    text.chars().all(is_part) && !text.ends_with(['.', '-'])
}

/// The path with each step in brackets that is no name of the language.
fn with_steps(path: &str) -> String {
    let mut steps = path.split('.');
    let root = match steps.next().unwrap_or_default() {
        "header" => "headers",
        root => root,
    };
    steps.fold(root.to_owned(), |path, step| {
        if step.contains('-') {
            format!("{path}[{}]", quoted(step))
        } else {
            format!("{path}.{step}")
        }
    })
}

/// What a path is compared with: as it stands where it is a number, true, false or null, and in quotes otherwise. Headers and
/// keys are text.
fn literal(path: &str, text: &str) -> String {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = digits.starts_with(|char: char| char.is_ascii_digit())
        && number_length(digits) == digits.len();
    let is_plain = is_number || ["true", "false", "null"].contains(&text);
    if is_plain && path.starts_with("value") {
        text.to_owned()
    } else {
        quoted(text)
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
