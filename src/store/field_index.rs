//! Which fields messages have, of which types, and which values come most often: what completes a query and shows mistakes
//! in it. Reads the messages that it is given, and of a value what expressions look into.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::chunk::Chunk;
use super::decode::Schema;
use super::json::{Container, Token, Tokens};
use super::json_path::{ANY_ELEMENT, literal_of, push_key, unquoted};
use super::message::MessageRef;
use super::statistics::FrequentItems;
use super::value_json::{ValueTypes, value_json};

/// Messages that are looked at.
const MOST_MESSAGES: u64 = 5_000;
/// Bytes of the messages that are looked at.
const MOST_BYTES: usize = 8 << 20;
/// Larger messages are passed over.
const LARGEST_MESSAGE: usize = 64 << 10;
/// Names that are kept.
const MOST_FIELDS: usize = 500;
/// Bytes of a name that is kept, its path included.
const LONGEST_PATH: usize = 256;
/// Deeper values are not looked into.
const DEEPEST: usize = 16;
/// Values of a field that are kept while there are too many of them, and that are in the index.
const VALUES_COUNTED: usize = 64;
const VALUES_KEPT: usize = 12;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FieldType {
    /// A number.
    Number,
    /// Text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// `null`.
    Null,
    /// An array.
    List,
    /// An object.
    Object,
    /// Bytes that are no text.
    Bytes,
}

impl FieldType {
    const ALL: [Self; 7] = [
        Self::Number,
        Self::Text,
        Self::Boolean,
        Self::Null,
        Self::List,
        Self::Object,
        Self::Bytes,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Text => "text",
            Self::Boolean => "boolean",
            Self::Null => "null",
            Self::List => "list",
            Self::Object => "object",
            Self::Bytes => "bytes",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Number => 1,
            Self::Text => 2,
            Self::Boolean => 4,
            Self::Null => 8,
            Self::List => 16,
            Self::Object => 32,
            Self::Bytes => 64,
        }
    }
}

/// A value that a field has, and in how many messages at least.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldValue {
    /// The value as an expression writes it.
    pub literal: String,
    /// Messages.
    pub messages: u64,
}

/// A field that messages have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownField {
    /// As an expression names it: `value.items[0].name`, where all elements of a list are its first one.
    pub path: String,
    /// The byte of the path at which its last name begins.
    name_at: usize,
    /// Messages that have it.
    pub messages: u64,
    types: u8,
    /// Its most frequent values, the first one first.
    pub values: Vec<FieldValue>,
}

impl KnownField {
    /// What it is, in all messages that have it.
    pub fn types(&self) -> impl Iterator<Item = FieldType> + '_ {
        let all = FieldType::ALL.into_iter();
        all.filter(|one| self.types & one.bit() != 0)
    }

    /// Whether it is that in any message.
    pub(super) fn is_ever(&self, one: FieldType) -> bool {
        self.types & one.bit() != 0
    }

    /// The path of what it is in; empty for `value`, `key` and `headers`.
    pub(super) fn parent(&self) -> &str {
        self.path.get(..self.name_at).unwrap_or_default()
    }

    /// The last step of its path.
    pub(super) fn name(&self) -> &str {
        self.path.get(self.name_at..).unwrap_or_default()
    }
}

/// What is known of the fields of messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldIndex {
    messages: u64,
    fields: Vec<KnownField>,
    /// Names were left out: what is not there may be somewhere all the same.
    is_cut: bool,
}

impl FieldIndex {
    /// What the messages of these chunks have: of the first chunk first, the newest message of each first, and not of too
    /// many.
    pub fn of<'a>(chunks: impl IntoIterator<Item = &'a Arc<Chunk>>) -> Self {
        Self::reading_by(chunks, None)
    }

    /// As [`of`](Self::of), reading values by these types.
    pub fn reading_by<'a>(
        chunks: impl IntoIterator<Item = &'a Arc<Chunk>>,
        types: Option<&dyn ValueTypes>,
    ) -> Self {
        let mut builder = IndexBuilder::default();
        let messages = chunks.into_iter().flat_map(|chunk| chunk.iter().rev());
        let mut bytes = 0;
        for message in messages {
            bytes += message.size();
            if builder.messages >= MOST_MESSAGES || bytes > MOST_BYTES {
                break;
            }
            let schema = types.and_then(|types| types.type_of(message.stream()));
            builder.add(&message, schema);
        }
        builder.finish()
    }

    /// How many messages were looked at.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// The fields: those of values in the order of the values, the key, the headers.
    pub fn fields(&self) -> &[KnownField] {
        &self.fields
    }

    /// The field of that path.
    pub fn field(&self, path: &str) -> Option<&KnownField> {
        self.fields.iter().find(|field| field.path == path)
    }

    /// Whether names were left out because there are too many, or too deep ones.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }
}

#[derive(Debug)]
struct FieldCounts {
    path: String,
    name_at: usize,
    /// The last message that has it, counted from 1.
    last: u64,
    messages: u64,
    types: u8,
    values: FrequentItems,
}

/// A container that is open in a value: where the path of what is in it goes on, and of which kind it is.
#[derive(Clone, Copy, Debug)]
struct OpenContainer {
    path: usize,
    kind: Container,
}

#[derive(Debug, Default)]
struct IndexBuilder {
    messages: u64,
    fields: Vec<FieldCounts>,
    numbers: HashMap<String, usize>,
    is_cut: bool,
    /// The path of the value that is read, and where its last name begins.
    path: String,
    name_at: usize,
}

impl IndexBuilder {
    fn add(&mut self, message: &MessageRef<'_>, schema: Option<&Schema>) {
        if message.size() > LARGEST_MESSAGE {
            return;
        }
        self.messages += 1;
        self.set_path("value");
        match value_json(message.value(), schema) {
            Some(text) => self.add_json(&text),
            None => self.record(text_or_bytes(message.value()), None),
        }
        self.set_path("key");
        if !message.key().is_empty() {
            self.record(text_or_bytes(message.key()), Some(message.key()));
        }
        for (name, value) in message.headers() {
            self.set_path("headers");
            self.push(|path| push_key(path, name));
            self.record(text_or_bytes(value), Some(value));
        }
    }

    fn set_path(&mut self, root: &str) {
        self.path.clear();
        self.path.push_str(root);
        self.name_at = 0;
    }

    fn push(&mut self, write: impl FnOnce(&mut String)) {
        self.name_at = self.path.len();
        write(&mut self.path);
    }

    /// Reads a whole JSON value, without recursion.
    fn add_json(&mut self, text: &str) {
        let mut open: Vec<OpenContainer> = Vec::new();
        for token in Tokens::new(text).map_while(Result::ok) {
            // What lies deeper is passed over.
            let is_deep = open.len() > DEEPEST;
            self.is_cut |= is_deep;
            if let Some(parent) = open.last().filter(|_| !is_deep) {
                match (parent.kind, token) {
                    (Container::Object, Token::Key(key)) => {
                        self.path.truncate(parent.path);
                        self.push(|path| push_key(path, &unquoted(key)));
                    }
                    (Container::Array, Token::Close(_)) | (Container::Object, _) => {}
                    (Container::Array, _) => {
                        self.path.truncate(parent.path);
                        self.push(|path| path.push_str(ANY_ELEMENT));
                    }
                }
            }
            if let Some((one, value)) = type_of(token).filter(|_| !is_deep) {
                self.record(one, value.map(str::as_bytes));
            }
            match token {
                Token::Open(kind) => open.push(OpenContainer {
                    path: self.path.len(),
                    kind,
                }),
                Token::Close(_) => drop(open.pop()),
                Token::Key(_) | Token::String(_) | Token::Number(_) | Token::Literal(_) => {}
            }
        }
    }

    /// The message that is read has the field of the path, and it is this.
    fn record(&mut self, one: FieldType, value: Option<&[u8]>) {
        let Some(field) = self.field() else {
            self.is_cut = true;
            return;
        };
        field.types |= one.bit();
        if let Some(value) = value {
            field.values.add(value, 0);
        }
    }

    fn field(&mut self) -> Option<&mut FieldCounts> {
        let found = self.numbers.get(&self.path).copied();
        let number = match found {
            Some(number) => number,
            None if self.fields.len() >= MOST_FIELDS || self.path.len() > LONGEST_PATH => {
                return None;
            }
            None => {
                let number = self.fields.len();
                self.numbers.insert(self.path.clone(), number);
                self.fields.push(FieldCounts {
                    path: self.path.clone(),
                    name_at: self.name_at,
                    last: 0,
                    messages: 0,
                    types: 0,
                    values: FrequentItems::with_kept(VALUES_COUNTED),
                });
                number
            }
        };
        let field = self.fields.get_mut(number)?;
        if field.last != self.messages {
            field.last = self.messages;
            field.messages += 1;
        }
        Some(field)
    }

    fn finish(self) -> FieldIndex {
        let fields = self.fields.into_iter().map(FieldCounts::finish);
        let mut fields: Vec<KnownField> = fields.collect();
        let is_outside = |root: &str| ["key", "headers"].iter().position(|one| *one == root);
        fields.sort_by_key(|field| {
            let end = field.path.find(['.', '[']).unwrap_or(field.path.len());
            field.path.get(..end).and_then(is_outside)
        });
        FieldIndex {
            messages: self.messages,
            fields,
            is_cut: self.is_cut,
        }
    }
}

impl FieldCounts {
    fn finish(self) -> KnownField {
        let is_json = self.path.starts_with("value");
        let values = self.values.top(VALUES_KEPT).into_iter();
        let values = values.filter(|item| !item.is_cut).filter_map(|item| {
            let text = std::str::from_utf8(&item.text).ok()?;
            let value = if is_json {
                serde_json::from_str(text).ok()?
            } else {
                serde_json::Value::from(text)
            };
            Some(FieldValue {
                literal: literal_of(&value)?,
                messages: item.messages,
            })
        });
        KnownField {
            values: values.collect(),
            path: self.path,
            name_at: self.name_at,
            messages: self.messages,
            types: self.types,
        }
    }
}

fn text_or_bytes(bytes: &[u8]) -> FieldType {
    match std::str::from_utf8(bytes) {
        Ok(_) => FieldType::Text,
        Err(_) => FieldType::Bytes,
    }
}

/// What a token begins, and its text where that is all of it; `None` where it begins nothing.
fn type_of(token: Token<'_>) -> Option<(FieldType, Option<&str>)> {
    Some(match token {
        Token::Open(Container::Object) => (FieldType::Object, None),
        Token::Open(Container::Array) => (FieldType::List, None),
        Token::Close(_) | Token::Key(_) => return None,
        Token::String(text) => (FieldType::Text, Some(text)),
        Token::Number(text) => (FieldType::Number, Some(text)),
        Token::Literal("null") => (FieldType::Null, Some("null")),
        Token::Literal(text) => (FieldType::Boolean, Some(text)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::test_support::index;

    fn described(index: &FieldIndex, path: &str) -> (u64, Vec<FieldType>, Vec<String>) {
        let field = index.field(path).expect(path);
        let values = field.values.iter().map(|value| value.literal.clone());
        (field.messages, field.types().collect(), values.collect())
    }

    #[test]
    fn fields_have_types_and_values_by_how_often_they_come() {
        let index = index(&[
            br#"{"amount":5,"state":"paid","items":[{"n":1},{"n":2}]}"#,
            br#"{"amount":5,"state":"open","odd key":null,"items":[]}"#,
            br#"{"amount":"7","state":"paid"}"#,
        ]);
        assert_eq!(index.messages(), 3);
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let (number, text) = (FieldType::Number, FieldType::Text);
        for (path, expected) in [
            (
                "value.amount",
                (3, vec![number, text], texts(&["5", "\"7\""])),
            ),
            (
                "value.state",
                (3, vec![text], texts(&["\"paid\"", "\"open\""])),
            ),
            (
                "value[\"odd key\"]",
                (1, vec![FieldType::Null], texts(&["null"])),
            ),
            ("value.items", (2, vec![FieldType::List], texts(&[]))),
            ("value.items[0].n", (1, vec![number], texts(&["1", "2"]))),
            (
                "headers[\"trace-id\"]",
                (3, vec![text], texts(&["\"4bf9\""])),
            ),
        ] {
            assert_eq!(described(&index, path), expected, "{path}");
        }
        let field = index.field("value.items[0].n").expect("it is there");
        assert_eq!((field.parent(), field.name()), ("value.items[0]", ".n"));
        assert_eq!(index.fields()[0].path, "value");
        assert!(!index.is_cut());
    }

    #[test]
    fn a_value_that_is_no_json_has_no_fields_and_what_is_too_much_is_left_out() {
        let known = index(&[b"{\"a\":", b"\xff\xfe"]);
        let (_, types, _) = described(&known, "value");
        assert_eq!(types, [FieldType::Text, FieldType::Bytes]);
        assert_eq!(known.field("value.a"), None);
        let deep = "[".repeat(40_000) + &"]".repeat(20_000);
        let deep_whole = "[".repeat(20_000) + &"]".repeat(20_000);
        let keys: Vec<String> = (0..600).map(|n| format!("\"k{n}\":1")).collect();
        let wide = format!("{{{}}}", keys.join(","));
        for (value, is_cut) in [(&deep, false), (&deep_whole, true), (&wide, true)] {
            let known = index(&[value.as_bytes()]);
            assert_eq!(known.is_cut(), is_cut);
            assert!(known.fields().len() <= MOST_FIELDS);
        }
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(LARGEST_MESSAGE));
        assert_eq!(index(&[large.as_bytes()]).messages(), 0);
    }
}
