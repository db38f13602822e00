//! Paths into a decoded value, `items[0].name`, and what stands there: the columns of a tail, and copied paths.
//! Follows them through JSON text; how a whole value is drawn is `decode`'s.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::str::FromStr;

use super::json::{Children, Tokens};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum PathStep {
    Key(String),
    Index(usize),
}

/// A JSON path that a tail shows as a column: keys after dots, indexes and odd keys in brackets.
///
/// ```
/// use liftui::store::JsonPath;
/// let column: JsonPath = "items[1].name".parse()?;
/// let value = br#"{"items": [1, {"name": "x"}]}"#;
/// assert_eq!(column.select(value).as_deref(), Some("x"));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath {
    steps: Vec<PathStep>,
}

impl JsonPath {
    /// What stands there: a string without its quotes, anything else as it is written. `None` where the value is not
    /// JSON up to there, or has no such place.
    pub fn select<'a>(&self, value: &'a [u8]) -> Option<Cow<'a, str>> {
        Some(unquoted(self.select_json(value)?))
    }

    /// The expression that is true of whatever has the same at this path as that JSON, where it is called `root`:
    /// `value.items[0].name == "x"`. `None` where there is an object, an array, or nothing.
    pub fn equality(&self, root: &str, json: &[u8]) -> Option<String> {
        let found: serde_json::Value = serde_json::from_str(self.select_json(json)?).ok()?;
        let literal = literal_of(&found)?;
        let steps = self.in_expression(|index| index);
        Some(format!("{root}{steps} == {literal}"))
    }

    /// The path as an expression writes it behind what it leads into, with these numbers in place of its indexes:
    /// `.items[0].name`.
    fn in_expression(&self, number: impl Fn(usize) -> usize) -> String {
        let mut path = String::new();
        for step in &self.steps {
            match step {
                PathStep::Index(index) => {
                    let _infallible = write!(path, "[{}]", number(*index));
                }
                PathStep::Key(key) => push_key(&mut path, key),
            }
        }
        path
    }

    /// The path from the value itself on: `value.items[0].name`, `value[0]`.
    pub(super) fn in_value(&self) -> String {
        let path = self.to_string();
        let dot = if path.starts_with('[') { "" } else { "." };
        format!("value{dot}{path}")
    }

    /// The key, where the path is one key alone.
    pub(crate) fn only_key(&self) -> Option<&str> {
        match self.steps.as_slice() {
            [PathStep::Key(key)] => Some(key),
            _ => None,
        }
    }

    /// What stands there, as it is written: a string with its quotes.
    pub(super) fn select_json<'a>(&self, value: &'a [u8]) -> Option<&'a str> {
        let text = std::str::from_utf8(value).ok()?;
        let mut found = text;
        for step in &self.steps {
            found = child(found, step)?;
        }
        first_value(found)
    }
}

impl FromStr for JsonPath {
    type Err = String;

    fn from_str(path: &str) -> Result<Self, String> {
        let wrong = || format!("\"{path}\" is not a path; write one like amount or items[0].name");
        let mut steps = Vec::new();
        let mut rest = path.trim();
        while !rest.is_empty() {
            let (step, after) = take_step(rest).ok_or_else(wrong)?;
            steps.push(step);
            rest = after;
        }
        if steps.is_empty() {
            Err(wrong())
        } else {
            Ok(Self { steps })
        }
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = self.steps.iter().map(|step| match step {
            PathStep::Index(index) => format!("[{index}]"),
            PathStep::Key(key) => step_of_key(key),
        });
        let path: String = steps.collect();
        f.write_str(path.strip_prefix('.').unwrap_or(&path))
    }
}

/// A key, quoted or not, as a step of a path: `.name`, or `["odd key"]` where it has other than word characters.
pub(super) fn step_of_key(key: &str) -> String {
    let key = unquoted(key);
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '@');
    if !key.is_empty() && key.chars().all(plain) {
        return format!(".{key}");
    }
    format!("[{}]", serde_json::Value::from(key.into_owned()))
}

/// Adds a key to a path as an expression writes it: `.name`, or `["odd key"]` where it is no name there.
pub(super) fn push_key(path: &mut String, key: &str) {
    if is_identifier(key) {
        path.push('.');
        path.push_str(key);
    } else {
        path.push('[');
        path.push_str(&serde_json::Value::from(key).to_string());
        path.push(']');
    }
}

/// What every element of an array is called where only its place in the tree counts.
pub(super) const ANY_ELEMENT: &str = "[0]";

/// A path such as `value.items[3]["name"]` as all that mean the same place in the tree are written: `value.items[0].name`.
pub(super) fn canonical(path: &str) -> Option<String> {
    // Expressions take either quote.
    let path = path.replace("['", "[\"").replace("']", "\"]");
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (root, rest) = path.split_at_checked(end)?;
    if rest.is_empty() {
        return Some(root.to_owned());
    }
    let steps: JsonPath = rest.strip_prefix('.').unwrap_or(rest).parse().ok()?;
    Some(root.to_owned() + &steps.in_expression(|_| 0))
}

/// How an expression writes that value; `None` where it has no form for it.
pub(super) fn literal_of(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Object(_) | serde_json::Value::Array(_) => None,
        serde_json::Value::Number(number) if number.is_i64() => Some(number.to_string()),
        serde_json::Value::Number(number) if number.is_u64() => Some(format!("{number}u")),
        // Integers that are larger still have no form.
        serde_json::Value::Number(number) => {
            let text = number.to_string();
            text.contains('.').then_some(text)
        }
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::String(_) => {
            Some(value.to_string())
        }
    }
}

/// Whether an expression may name it after a dot.
fn is_identifier(key: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !key.is_empty()
        && key.chars().all(plain)
        && !key.starts_with(|c: char| c.is_ascii_digit())
        && !RESERVED.contains(&key)
}

/// Words of the expression language that are no names in it.
const RESERVED: [&str; 4] = ["in", "true", "false", "null"];

fn take_step(path: &str) -> Option<(PathStep, &str)> {
    let Some(inside) = path.strip_prefix('[') else {
        let path = path.strip_prefix('.').unwrap_or(path);
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let (key, rest) = path.split_at_checked(end)?;
        return (!key.is_empty()).then(|| (PathStep::Key(key.to_owned()), rest));
    };
    if inside.starts_with('"') {
        let mut tokens = serde_json::Deserializer::from_str(inside).into_iter::<String>();
        let key = tokens.next()?.ok()?;
        let rest = inside.get(tokens.byte_offset()..)?.strip_prefix(']')?;
        return Some((PathStep::Key(key), rest));
    }
    let (index, rest) = inside.split_once(']')?;
    Some((PathStep::Index(index.trim().parse().ok()?), rest))
}

/// The text from the wanted child on, of the container with which `text` begins.
fn child<'a>(text: &'a str, step: &PathStep) -> Option<&'a str> {
    match step {
        PathStep::Key(key) => member(text, key),
        PathStep::Index(index) => {
            let (key, value) = Children::first_token(text).nth(*index)?;
            key.is_none().then_some(value)
        }
    }
}

/// The text from the member of that name on, of the object with which `text` begins.
pub(super) fn member<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    find_member(&mut Children::first_token(text), name)
}

/// [`member`] of the members that are left to read.
pub(super) fn find_member<'a>(members: &mut Children<'a>, name: &str) -> Option<&'a str> {
    let found = members.find(|(key, _)| key.is_some_and(|key| unquoted(key) == name));
    found.map(|(_, value)| value)
}

/// The value with which the text begins, as it is written.
fn first_value(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let mut tokens = Tokens::new(text);
    tokens.next()?.ok()?;
    tokens.skip_to(0)?;
    Some(tokens.read())
}

/// A JSON string without quotes and escapes; other text as it is.
pub(super) fn unquoted(text: &str) -> Cow<'_, str> {
    let inside = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match inside {
        None => Cow::Borrowed(text),
        Some(inside) if !inside.contains('\\') => Cow::Borrowed(inside),
        Some(inside) => serde_json::from_str(text).map_or(Cow::Borrowed(inside), Cow::Owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Query;

    #[test]
    fn what_is_the_same_at_a_path_is_an_expression_that_can_be_typed() {
        let value = br#"{"a":[{"b":5}],"odd-key":"x\"y","n":null,"big":18446744073709551615,
            "larger":123456789012345678901,"part":1.5,"in":true,"tree":{}}"#;
        let expression = |path: &str| {
            let path: JsonPath = path.parse().expect("it is a path");
            path.equality("value", value)
        };
        for (path, expected) in [
            ("a[0].b", "value.a[0].b == 5"),
            ("odd-key", r#"value["odd-key"] == "x\"y""#),
            ("n", "value.n == null"),
            ("big", "value.big == 18446744073709551615u"),
            ("part", "value.part == 1.5"),
            ("in", r#"value["in"] == true"#),
        ] {
            let found = expression(path).expect(path);
            assert_eq!(found, expected);
            assert!(Query::parse(&format!("cel: {found}")).is_ok(), "{found}");
        }
        for path in ["larger", "tree", "a", "missing"] {
            assert_eq!(expression(path), None, "{path}");
        }
    }
}
