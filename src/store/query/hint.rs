//! Expressions without `cel:` in front, which are looked for as text and so find nothing. Guesses what was meant; a query
//! means what its grammar says all the same. What it suggests has all that was typed, and parses.

use super::as_expression::{as_expression, may_be_one};
use super::lexer::{QueryWord, Words};
use super::terms::{self, is_text};

/// Longer queries were not typed by hand.
const MOST_WORDS: usize = 64;
/// Each part of a query that may be an expression takes the parser a while, and this is asked at each key.
const MOST_ATTEMPTS: usize = 48;

/// A sentence where a part of the query looks like an expression.
pub(super) fn hint(text: &str) -> Option<String> {
    let words: Vec<QueryWord<'_>> = Words::new(text).map_while(Result::ok).collect();
    let expressed = words.iter().position(|word| word.bare.starts_with("cel:"));
    let (free, own) = words.split_at_checked(expressed.unwrap_or(words.len()))?;
    if free.len() > MOST_WORDS {
        return None;
    }
    let mut search = Search {
        text,
        attempts: MOST_ATTEMPTS,
        first: None,
    };
    let is_bar = |word: &QueryWord<'_>| word.bare == "|" && word.quoted.is_none();
    // A bar in quotes is none.
    let whole = free.iter().any(is_bar).then(|| search.expression(free));
    let mut alternatives: Vec<Alternative<'_>> = if let Some(expression) = whole.flatten() {
        vec![Alternative {
            terms: Vec::new(),
            expressions: vec![expression],
        }]
    } else {
        let sides = free.split(is_bar);
        sides.map(|words| search.alternative(words)).collect()
    };
    let first = search.first?;
    if let (Some(word), Some(last)) = (own.first(), alternatives.last_mut()) {
        last.expressions.push(own_expression(word));
    }
    let suggested = suggestion(&alternatives).filter(|query| terms::parse(query).is_ok());
    let example = suggested.map_or(String::new(), |query| format!(" as in {query}"));
    Some(format!(
        "\"{first}\" is looked for as text; an expression begins with cel:{example}"
    ))
}

/// The expression that has its `cel:`.
fn own_expression(word: &QueryWord<'_>) -> String {
    let own = word.rest.strip_prefix("cel:").unwrap_or_default().trim();
    match word.negations % 2 {
        0 => own.to_owned(),
        _ => format!("!({own})"),
    }
}

/// What one side of a bar is taken apart into.
struct Alternative<'a> {
    terms: Vec<QueryTerm<'a>>,
    expressions: Vec<String>,
}

/// A term as it was typed, and whether it is nothing but signs.
struct QueryTerm<'a> {
    text: &'a str,
    is_sign: bool,
}

/// Looks for expressions in a query.
struct Search<'a> {
    text: &'a str,
    /// How often the parser may still be asked.
    attempts: usize,
    /// The first word that is taken for a part of an expression.
    first: Option<&'a str>,
}

impl<'a> Search<'a> {
    /// Each part that is an expression is as long as it can be.
    fn alternative(&mut self, words: &[QueryWord<'a>]) -> Alternative<'a> {
        let mut found = Alternative {
            terms: Vec::new(),
            expressions: Vec::new(),
        };
        let mut rest = words;
        while let Some((word, behind)) = rest.split_first() {
            let longest = (1..=rest.len()).rev().find_map(|count| {
                let (part, behind) = rest.split_at_checked(count)?;
                Some((self.expression(part)?, behind))
            });
            if let Some((expression, behind)) = longest {
                found.expressions.push(expression);
                rest = behind;
                continue;
            }
            let text = self.text.get(word.at..word.end()).unwrap_or_default();
            found.terms.push(QueryTerm {
                text,
                is_sign: !text.contains(char::is_alphanumeric) && word.quoted.is_none(),
            });
            rest = behind;
        }
        found
    }

    /// These words as an expression, where they are meant as one and some of them are looked for as text.
    fn expression(&mut self, words: &[QueryWord<'a>]) -> Option<String> {
        let (first, last) = (words.first()?, words.last()?);
        let text = self.text.get(first.at..last.end())?;
        let mut of_text = words
            .iter()
            .filter(|word| !word.bare.is_empty() && is_text(word))
            .map(|word| word.bare);
        let sign = of_text.clone().next()?;
        if self.attempts == 0 || !may_be_one(text) {
            return None;
        }
        self.attempts -= 1;
        let expression = as_expression(words, text)?;
        let spoken = of_text.find(|bare| bare.contains(char::is_alphanumeric));
        self.first.get_or_insert(spoken.unwrap_or(sign));
        Some(expression)
    }
}

/// The query with all that was typed; `None` where there is none of these alternatives.
fn suggestion(alternatives: &[Alternative<'_>]) -> Option<String> {
    let mut terms = alternatives.iter().flat_map(|one| &one.terms);
    if terms.any(|term| term.is_sign) {
        return None;
    }
    let (expressed, plain): (Vec<_>, Vec<_>) = alternatives
        .iter()
        .partition(|one| !one.expressions.is_empty());
    let mut sides: Vec<String> = plain.iter().map(|one| one.joined_terms()).collect();
    // An expression takes all that is behind it.
    let last = match expressed.as_slice() {
        [only] if only.terms.is_empty() => format!("cel: {}", only.joined_expressions()),
        [only] => {
            let terms = only.joined_terms();
            format!("{terms} cel: {}", only.joined_expressions())
        }
        several if several.iter().all(|one| one.terms.is_empty()) => {
            let each = several.iter().map(|one| {
                let joined = one.joined_expressions();
                in_brackets_if(joined, &["?"])
            });
            format!("cel: {}", each.collect::<Vec<_>>().join(" || "))
        }
        _ => return None,
    };
    sides.push(last);
    Some(sides.join(" | "))
}

impl Alternative<'_> {
    fn joined_terms(&self) -> String {
        let texts: Vec<&str> = self.terms.iter().map(|term| term.text).collect();
        texts.join(" ")
    }

    fn joined_expressions(&self) -> String {
        if let [only] = self.expressions.as_slice() {
            return only.clone();
        }
        let each = self.expressions.iter();
        let each = each.map(|one| in_brackets_if(one.clone(), &["||", "?"]));
        each.collect::<Vec<_>>().join(" && ")
    }
}

fn in_brackets_if(expression: String, signs: &[&str]) -> String {
    if signs.iter().any(|sign| expression.contains(sign)) {
        format!("({expression})")
    } else {
        expression
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::Query;

    #[test]
    fn what_is_an_expression_in_part_only_is_said_without_an_example() {
        for typed in [
            "value.amount >",
            "\"a\" in value.items &&",
            "a value.b > 1 | c value.d > 2",
            "order > value.paid",
        ] {
            let hint = hint(typed).expect(typed);
            assert!(hint.ends_with("begins with cel:"), "{typed}: {hint}");
        }
    }

    /// Pieces of expressions and of text, put together anyhow.
    fn typed() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "value",
            "value.a",
            "value.b-c",
            "key",
            "headers.r",
            "header.r-s",
            "offset",
            "size",
            "foo",
            "true",
            "5",
            "1.5",
            "-3",
            "\"x y\"",
            "'z'",
            "\"",
            "==",
            "!=",
            "=",
            "<",
            ">=",
            "&&",
            "||",
            "|",
            "!",
            "?",
            ":",
            "in",
            "(",
            ")",
            "[",
            "]",
            "size(",
            "matches(",
            "has(",
            ",",
            "+",
            "-",
            "%",
            "cel:",
            "key:a",
            "offset>5",
            "value.s:open",
            "value.n:~^A",
            "~x",
            "ü",
        ]);
        let apart = prop::sample::select(vec!["", " ", " "]);
        prop::collection::vec((piece, apart), 1..9).prop_map(|pieces| {
            pieces
                .iter()
                .flat_map(|(piece, apart)| [*piece, *apart])
                .collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn what_is_suggested_parses_and_has_all_that_was_typed(typed in typed()) {
            let Some(hint) = Query::parse(&typed).ok().and_then(|query| query.hint()) else {
                return Ok(());
            };
            let Some((_, suggested)) = hint.split_once(" begins with cel: as in ") else {
                prop_assert!(hint.ends_with(" begins with cel:"), "{}: {}", typed, hint);
                return Ok(());
            };
            prop_assert!(suggested.contains("cel: "), "{}: {}", typed, suggested);
            let parsed = Query::parse(suggested);
            prop_assert!(parsed.is_ok(), "{}: {}: {:?}", typed, suggested, parsed.err());
            let words = typed.split(|char: char| !char.is_alphanumeric());
            for word in words {
                prop_assert!(suggested.contains(word), "{}: {}: {}", typed, suggested, word);
            }
            let again = parsed.ok().and_then(|query| query.hint());
            prop_assert_eq!(again, None, "{}: {}", typed, suggested);
        }
    }

    #[test]
    fn what_looks_like_an_expression_is_guessed_and_shown_as_one() {
        for (typed, meant) in [
            ("value.id==5", "cel: value.id==5"),
            ("value.id=5", "cel: value.id==5"),
            ("value.amount > 500", "cel: value.amount > 500"),
            ("key.startsWith(\"a\")", "cel: key.startsWith(\"a\")"),
            ("error value.id != 3", "error cel: value.id != 3"),
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
            ("(value.a > 1) | b", "b | cel: (value.a > 1)"),
            ("has(value.id)", "cel: has(value.id)"),
            ("amount > 500", "cel: value.amount > 500"),
            ("amount>500", "cel: value.amount>500"),
            (
                "customer.name == \"Ada\"",
                "cel: value.customer.name == \"Ada\"",
            ),
            ("size(value.items) > 1", "cel: size(value.items) > 1"),
            ("int(value.order) > 5", "cel: int(value.order) > 5"),
            (
                "string(value.order) == \"5\"",
                "cel: string(value.order) == \"5\"",
            ),
            (
                "double(value.amount) > 3.0",
                "cel: double(value.amount) > 3.0",
            ),
            ("matches(key, \"^u\")", "cel: matches(key, \"^u\")"),
            ("size(key) > 3", "cel: size(key) > 3"),
            ("key in [\"user-1\"]", "cel: key in [\"user-1\"]"),
            ("\"user-1\" == key", "cel: \"user-1\" == key"),
            ("offset % 2 == 0", "cel: offset % 2 == 0"),
            ("offset>5 && offset<10", "cel: offset>5 && offset<10"),
            ("5 < value.order", "cel: 5 < value.order"),
            ("\"a\" in value.items", "cel: \"a\" in value.items"),
            (
                "100 <= value.amount && value.amount < 200",
                "cel: 100 <= value.amount && value.amount < 200",
            ),
            (
                "value.customer.name:Ada",
                "cel: value.customer.name == \"Ada\"",
            ),
            ("value.status:open", "cel: value.status == \"open\""),
            ("!value.status:open", "cel: !(value.status == \"open\")"),
            ("value.order:5", "cel: value.order == 5"),
            ("value.order:>5", "cel: value.order > 5"),
            ("value.name:\"A B\"", "cel: value.name == \"A B\""),
            ("value.name:~^A", "cel: value.name.matches(\"^A\")"),
            ("value.status == open", "cel: value.status == \"open\""),
            ("key=user-7", "cel: key == \"user-7\""),
            (
                "header.trace-id == \"x\"",
                "cel: headers[\"trace-id\"] == \"x\"",
            ),
            ("value.url = \"a=b\"", "cel: value.url == \"a=b\""),
            (
                "value.id == 5 error key:a",
                "error key:a cel: value.id == 5",
            ),
            (
                "value.a > 1 | value.b > 2",
                "cel: value.a > 1 || value.b > 2",
            ),
            (
                "value.a > 1 cel: value.b > 2",
                "cel: value.a > 1 && value.b > 2",
            ),
            ("key in [\"a | b\"]", "cel: key in [\"a | b\"]"),
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
            "value",
            "key lost",
            "offset 5",
            "a > b",
            "key-value",
            "key=value",
            "[key]",
            "key in value",
            "size - 5",
            "offset>5",
            "error offset>5",
            "a=5",
            "value.",
            "!key",
        ] {
            assert_eq!(hint(typed), None, "{typed}");
        }
    }
}
