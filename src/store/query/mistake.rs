//! Fields that no message has, and comparisons with what a field never is: such a query finds nothing, and is likely not
//! meant. Says only what holds of all messages that were looked at.

use crate::model::{counted, grouped, nearest};
use crate::store::field_index::{FieldIndex, FieldType, KnownField};
use crate::store::predicate::FieldUse;

/// A sentence for the first of these that is likely a mistake. `open`, a field that is still being typed, is none.
pub(super) fn mistake(uses: &[FieldUse], index: &FieldIndex, open: Option<&str>) -> Option<String> {
    if index.messages() == 0 {
        return None;
    }
    let is_open = |one: &&FieldUse| one.paths.last().map(String::as_str) == open;
    let mut whole = uses.iter().filter(|one| !is_open(one));
    whole.find_map(|one| missing(one, index).or_else(|| mismatch(one, index)))
}

/// The first part of the path that no message has.
fn missing(one: &FieldUse, index: &FieldIndex) -> Option<String> {
    let (root, rest) = one.paths.split_first()?;
    if !matches!(root.as_str(), "value" | "headers") || rest.is_empty() || index.is_cut() {
        return None;
    }
    if root == "value" {
        let value = index.field(root)?;
        let has_fields = value.is_ever(FieldType::Object) || value.is_ever(FieldType::List);
        if !has_fields {
            let about = types_of(value, index);
            return Some(format!("value {about}, and has no fields"));
        }
    }
    let at = rest.iter().position(|path| index.field(path).is_none())?;
    let (path, parent) = (rest.get(at)?, one.paths.get(at)?);
    let count = grouped(i64::try_from(index.messages()).unwrap_or(i64::MAX));
    let meant = meant(path, parent, index).map(|meant| format!("; {}?", shown(&meant.path, one)));
    Some(format!(
        "no message of {count} has {}{}",
        shown(path, one),
        meant.unwrap_or_default()
    ))
}

/// The field that may have been meant: one with a similar name in the same place, else one of that name elsewhere.
fn meant<'a>(path: &str, parent: &str, index: &'a FieldIndex) -> Option<&'a KnownField> {
    let name = path.get(parent.len()..)?;
    let beside = || {
        let fields = index.fields().iter();
        fields.filter(|field| field.parent() == parent)
    };
    let root = parent.split(['.', '[']).next().unwrap_or_default();
    let elsewhere = || {
        let fields = index.fields().iter();
        fields.filter(|field| field.path.starts_with(root) && field.parent() != parent)
    };
    let similar = nearest(name, beside().map(KnownField::name));
    if let Some(similar) = similar {
        return beside().find(|field| field.name() == similar);
    }
    let similar = nearest(name, elsewhere().map(KnownField::name))?;
    elsewhere().find(|field| field.name() == similar)
}

/// The path as the query writes it.
fn shown(path: &str, one: &FieldUse) -> String {
    let header = path.strip_prefix("headers").filter(|_| one.is_term);
    let Some(step) = header else {
        return path.to_owned();
    };
    let quoted = step
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let name = quoted.and_then(|quoted| serde_json::from_str::<String>(quoted).ok());
    let name = name.unwrap_or_else(|| step.trim_start_matches('.').to_owned());
    format!("header.{name}")
}

/// What the field is compared with is never what it is.
fn mismatch(one: &FieldUse, index: &FieldIndex) -> Option<String> {
    let (path, wanted) = (one.paths.last()?, one.compared?);
    let never = |about: &str| Some(format!("{path} {about}, never {}", with_article(wanted)));
    match path.as_str() {
        "timestamp" if wanted != FieldType::Number => Some(
            "timestamp is a time: compare it with timestamp(\"2026-11-22T10:30:00Z\")".to_owned(),
        ),
        "offset" | "partition" | "size" if wanted != FieldType::Number => never("is a number"),
        "stream" | "subject" if wanted != FieldType::Text => never("is text"),
        _ => {
            let field = index.field(path).filter(|field| !field.is_ever(wanted))?;
            never(&types_of(field, index))
        }
    }
}

/// `is a number in each of 432 messages`
fn types_of(field: &KnownField, index: &FieldIndex) -> String {
    let types: Vec<&str> = field.types().map(with_article).collect();
    let types = types.join(" or ");
    let all = counted(index.messages(), "message");
    match field.messages {
        1 if index.messages() == 1 => format!("is {types} in the only message"),
        some if some == index.messages() => format!("is {types} in each of {all}"),
        1 => format!("is {types} in the one message that has it"),
        some => format!(
            "is {types} in each of the {} that have it",
            counted(some, "message")
        ),
    }
}

fn with_article(one: FieldType) -> &'static str {
    match one {
        FieldType::Number => "a number",
        FieldType::Text => "text",
        FieldType::Boolean => "a boolean",
        FieldType::Null => "null",
        FieldType::List => "a list",
        FieldType::Object => "an object",
        FieldType::Bytes => "bytes",
    }
}

#[cfg(test)]
mod tests {
    use super::super::Query;
    use crate::store::test_support::index;

    const VALUES: [&[u8]; 3] = [
        br#"{"amount":5,"customer":{"name":"Ada"},"items":[{"sku":"x"}],"id":1}"#,
        br#"{"amount":7,"customer":{"name":"Zoe"},"note":null}"#,
        br#"{"amount":9.5,"customer":{"name":"Ada"}}"#,
    ];

    fn mistake(query: &str) -> Option<String> {
        let query = Query::parse(query).expect(query);
        query.mistake(&index(&VALUES), None)
    }

    #[test]
    fn a_field_that_no_message_has_is_named_with_the_one_meant() {
        for (query, expected) in [
            (
                "cel: value.ammount > 5",
                "no message of 3 has value.ammount; value.amount?",
            ),
            (
                "cel: value.custmer.name == \"Ada\"",
                "no message of 3 has value.custmer; value.customer?",
            ),
            (
                "cel: value.name == \"Ada\"",
                "no message of 3 has value.name; value.customer.name?",
            ),
            (
                "cel: value.items[7].skuu == \"x\"",
                "no message of 3 has value.items[0].skuu; value.items[0].sku?",
            ),
            ("cel: !has(value.error)", "no message of 3 has value.error"),
            (
                "cel: headers[\"trace-idd\"] == \"4\"",
                "no message of 3 has headers[\"trace-idd\"]; headers[\"trace-id\"]?",
            ),
            (
                "header.trace-idd:4 | other",
                "no message of 3 has header.trace-idd; header.trace-id?",
            ),
            (
                "cel: size(value.items.filter(i, i.sku == value.skv)) > 0",
                "no message of 3 has value.skv; value.items[0].sku?",
            ),
        ] {
            assert_eq!(mistake(query).as_deref(), Some(expected), "{query}");
        }
    }

    #[test]
    fn a_comparison_that_can_never_hold_says_what_the_field_is() {
        for (query, expected) in [
            (
                "cel: value.amount == \"5\"",
                "value.amount is a number in each of 3 messages, never text",
            ),
            (
                "cel: 5 < value.customer.name",
                "value.customer.name is text in each of 3 messages, never a number",
            ),
            (
                "cel: value.note == true",
                "value.note is null in the one message that has it, never a boolean",
            ),
            (
                "cel: value.amount.startsWith(\"5\")",
                "value.amount is a number in each of 3 messages, never text",
            ),
            ("cel: offset == \"5\"", "offset is a number, never text"),
            (
                "cel: timestamp > \"2026-11-22\"",
                "timestamp is a time: compare it with timestamp(\"2026-11-22T10:30:00Z\")",
            ),
        ] {
            assert_eq!(mistake(query).as_deref(), Some(expected), "{query}");
        }
        let text = Query::parse("cel: value.amount > 5").expect("it is one");
        assert_eq!(
            text.mistake(&index(&[b"plain", b"text"]), None).as_deref(),
            Some("value is text in each of 2 messages, and has no fields")
        );
    }

    #[test]
    fn what_may_hold_is_no_mistake() {
        for query in [
            "cel: value.amount > 5 && value.customer.name.contains(\"A\")",
            "cel: value.items.exists(i, i.unknown == 5)",
            "cel: value.items.exists(value, value.unknown == 5)",
            "cel: value[key] == 5",
            "cel: timestamp > timestamp(\"2026-11-22T10:30:00Z\")",
            "cel: value.amount > -5 && key == \"user-1\" && size > 5",
            "cel: value.note == null",
            "header.trace-id:4bf9",
            "ammount",
        ] {
            assert_eq!(mistake(query), None, "{query}");
        }
        let query = Query::parse("cel: value.am").expect("it is one");
        assert_eq!(query.mistake(&index(&VALUES), Some("value.am")), None);
        assert!(query.mistake(&index(&VALUES), None).is_some());
        assert_eq!(query.mistake(&index(&[]), None), None);
        let keys: Vec<String> = (0..600).map(|n| format!("\"k{n}\":1")).collect();
        let wide = format!("{{{}}}", keys.join(","));
        assert_eq!(query.mistake(&index(&[wide.as_bytes()]), None), None);
    }
}
