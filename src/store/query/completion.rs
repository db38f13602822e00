//! What could stand where a query is being typed: fields that messages have, and their most frequent values.

use super::open_term::{OpenKind, open_term};
use crate::model::nearest;
use crate::store::field_index::{FieldIndex, FieldType, KnownField};

/// Terms that are no fields of values, and what they look at.
const TERMS: [(&str, &str); 6] = [
    ("key:", "text in the key"),
    ("value:", "text in the value"),
    ("offset>=", "offsets"),
    ("partition:", "partitions"),
    ("size>", "bytes of the message"),
    ("age<", "how long ago"),
];
/// Variables of expressions that no index has, and their types.
const VARIABLES: [(&str, &str); 6] = [
    ("timestamp", "time"),
    ("offset", "number"),
    ("partition", "number"),
    ("size", "number"),
    ("stream", "text"),
    ("subject", "text"),
];

/// Something that can stand at the end of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryCompletion {
    /// What it is called.
    pub text: String,
    /// What is known of it: the types of a field, in how many messages a value is.
    pub about: String,
    /// The most frequent values of a field.
    pub values: Vec<String>,
    /// The line with it at its end.
    pub line: String,
}

impl QueryCompletion {
    /// What could stand at the end of the line by what these messages have, the best first; what stands there already is
    /// left out.
    pub fn of(line: &str, index: &FieldIndex) -> Vec<Self> {
        let Some(open) = open_term(line) else {
            return Vec::new();
        };
        let (before, typed) = line.split_at_checked(open.start).unwrap_or((line, ""));
        let mut found: Vec<(u8, Self)> = match &open.kind {
            OpenKind::Field => fields(typed, index),
            OpenKind::Value(path) => values(typed, path, index, str::to_owned),
            OpenKind::Term => terms(typed, index),
            OpenKind::TermValue(path) => values(typed, path, index, bare),
        };
        if found.is_empty() && matches!(open.kind, OpenKind::Value(_)) && !typed.is_empty() {
            found = fields(typed, index);
        }
        found.retain(|(_, one)| one.text != typed);
        found.sort_by_key(|(rank, _)| *rank);
        let with_line = |(_, one): (u8, Self)| Self {
            line: format!("{before}{}", one.text),
            ..one
        };
        found.into_iter().map(with_line).collect()
    }

    /// The line with the field that may be meant in place of the one that is being typed, where no field begins so.
    pub fn meant(line: &str, index: &FieldIndex) -> Option<String> {
        let open = open_term(line).filter(|open| open.kind == OpenKind::Field)?;
        let (before, typed) = line.split_at_checked(open.start)?;
        let at = typed.rfind(['.', '[']).unwrap_or(0);
        let (parent, name) = typed.split_at_checked(at)?;
        let beside = || {
            let fields = index.fields().iter();
            fields.filter(|field| field.parent() == parent)
        };
        let similar = nearest(name, beside().map(KnownField::name))?;
        let field = beside().find(|field| field.name() == similar)?;
        (field.path != typed).then(|| format!("{before}{}", field.path))
    }

    /// The field of an expression that is being typed at the end of the line.
    pub fn open_field(line: &str) -> Option<&str> {
        let open = open_term(line).filter(|open| open.kind == OpenKind::Field)?;
        line.get(open.start..).filter(|typed| !typed.is_empty())
    }

    fn new(text: String, about: impl Into<String>) -> Self {
        Self {
            text,
            about: about.into(),
            values: Vec::new(),
            line: String::new(),
        }
    }

    fn of_field(text: String, field: &KnownField) -> Self {
        let types: Vec<&str> = field.types().map(FieldType::name).collect();
        let values = field.values.iter().map(|value| value.literal.clone());
        Self {
            values: values.collect(),
            ..Self::new(text, types.join(" or "))
        }
    }
}

/// How well a path fits what is typed of it: what begins so comes before what has a name that does, and that before what
/// only contains it. `None`: not at all.
fn rank(path: &str, typed: &str) -> Option<u8> {
    let mut names = path.split(['.', '[', '"']);
    if path.starts_with(typed) {
        Some(0)
    } else if names.any(|name| name.starts_with(typed)) {
        Some(1)
    } else {
        path.contains(typed).then_some(2)
    }
}

fn fields(typed: &str, index: &FieldIndex) -> Vec<(u8, QueryCompletion)> {
    let known = index.fields().iter().filter_map(|field| {
        let one = QueryCompletion::of_field(field.path.clone(), field);
        Some((rank(&field.path, typed)?, one))
    });
    let variables = VARIABLES.iter().filter_map(|(name, about)| {
        let one = QueryCompletion::new((*name).to_owned(), *about);
        Some((rank(name, typed)?, one))
    });
    let mut found: Vec<_> = known.chain(variables).collect();
    // Nobody who has typed nothing wants the value as a whole.
    if typed.is_empty() && found.len() > 1 {
        found.retain(|(_, one)| one.text != "value");
    }
    found
}

fn terms(typed: &str, index: &FieldIndex) -> Vec<(u8, QueryCompletion)> {
    let of_field = |field: &KnownField| {
        let text = match field.path.strip_prefix("headers") {
            Some(step) => format!("header.{}:", plain_header(step)?),
            None if field.path.starts_with("value") && !field.parent().is_empty() => {
                format!("cel: {}", field.path)
            }
            None => return None,
        };
        let shown = text.strip_prefix("cel: ").unwrap_or(&text);
        let rank = rank(shown, typed)?;
        Some((rank, QueryCompletion::of_field(text, field)))
    };
    let known = index.fields().iter().filter_map(of_field);
    let others = TERMS.iter().filter_map(|(term, about)| {
        let one = QueryCompletion::new((*term).to_owned(), *about);
        Some((rank(term, typed)?, one))
    });
    known.chain(others).collect()
}

/// The name of a header by its step in a path, where a term can name it.
fn plain_header(step: &str) -> Option<String> {
    let quoted = step
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let name = match quoted {
        Some(quoted) => serde_json::from_str(quoted).ok()?,
        None => step.strip_prefix('.')?.to_owned(),
    };
    let is_plain = |char: char| !char.is_whitespace() && !matches!(char, ':' | '"' | '|');
    name.chars().all(is_plain).then_some(name)
}

/// The values of the field of that path, as `write` writes them.
fn values(
    typed: &str,
    path: &str,
    index: &FieldIndex,
    write: impl Fn(&str) -> String,
) -> Vec<(u8, QueryCompletion)> {
    let values = index
        .field(path)
        .into_iter()
        .flat_map(|field| &field.values);
    let fitting = values.filter_map(|value| {
        let text = write(&value.literal);
        let inside = text.trim_start_matches('"');
        let rank = if text.starts_with(typed) {
            0
        } else {
            inside.starts_with(typed).then_some(1)?
        };
        let about = format!("in {}", value.messages);
        Some((rank, QueryCompletion::new(text, about)))
    });
    fitting.collect()
}

/// A text as a term has it: without quotes where it needs none.
fn bare(literal: &str) -> String {
    let Ok(text) = serde_json::from_str::<String>(literal) else {
        return literal.to_owned();
    };
    let is_plain = |char: char| !char.is_whitespace() && char != '"';
    if !text.is_empty() && !text.starts_with('~') && text.chars().all(is_plain) {
        return text;
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Query;
    use crate::store::test_support::index;

    fn lines(line: &str) -> Vec<String> {
        let index = index(&[
            br#"{"order":1,"amount":5,"state":"paid","customer":{"name":"Ada L."}}"#,
            br#"{"order":2,"amount":7,"state":"paid","express":true}"#,
            br#"{"order":3,"amount":5,"state":"open","express":false}"#,
        ]);
        let found = QueryCompletion::of(line, &index).into_iter();
        found.map(|one| one.line).collect()
    }

    #[test]
    fn fields_and_values_that_messages_have_complete_what_is_typed() {
        for (line, expected) in [
            ("cel: value.am", &["cel: value.amount"][..]),
            ("cel: name", &["cel: value.customer.name"]),
            ("am", &["cel: value.amount", "cel: value.customer.name"]),
            ("x !amo", &["x !cel: value.amount"]),
            (
                "cel: value.amount == ",
                &["cel: value.amount == 5", "cel: value.amount == 7"],
            ),
            ("cel: value.state == \"o", &["cel: value.state == \"open\""]),
            ("cel: value.state == p", &["cel: value.state == \"paid\""]),
            ("cel: value.express == t", &["cel: value.express == true"]),
            (
                "cel: value.state.startsWith(",
                &[
                    "cel: value.state.startsWith(\"paid\"",
                    "cel: value.state.startsWith(\"open\"",
                ],
            ),
            ("trace", &["header.trace-id:"]),
            ("header.trace-id:", &["header.trace-id:4bf9"]),
            ("cel: time", &["cel: timestamp"]),
            ("ag", &["age<"]),
            ("cel: value.amount", &[]),
            ("cel: nowhere", &[]),
        ] {
            assert_eq!(lines(line), expected, "{line}");
        }
        let all = lines("");
        assert_eq!(
            &all[..2],
            ["cel: value.order", "cel: value.amount"],
            "{all:?}"
        );
        let keys = lines("key:user");
        assert_eq!(keys, ["key:user-0", "key:user-1", "key:user-2"]);
    }

    #[test]
    fn every_completion_is_a_query_of_its_own_or_goes_on() {
        for line in [
            "",
            "cel: ",
            "cel: value.state == ",
            "key:",
            "header.trace-id:",
        ] {
            for completed in lines(line) {
                let is_open = completed.ends_with([':', '=', '>', '<']);
                let parsed = Query::parse(&completed);
                assert!(is_open || parsed.is_ok(), "{completed}: {parsed:?}");
            }
        }
    }

    #[test]
    fn what_has_blanks_or_quotes_is_quoted_in_a_term() {
        for (literal, text) in [
            ("\"a b\"", "\"a b\""),
            ("\"a\\\"b\"", "\"a\\\"b\""),
            ("\"~x\"", "\"~x\""),
            ("\"plain\"", "plain"),
        ] {
            assert_eq!(bare(literal), text);
        }
    }
}
