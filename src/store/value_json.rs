//! The value of a message as JSON text, for queries: JSON where it lies, and what another form holds by the names that rows
//! and the inspector show.

use std::borrow::Cow;
use std::fmt;

use super::decode::{DecodeOptions, Schema, json_text};
use super::json::Tokens;
use super::json_path::JsonPath;
use super::row_cells::{MAX_VALUE, is_text};

/// The types of values by stream, where they are known.
pub trait ValueTypes: fmt::Debug + Send + Sync {
    /// The type of the values of that stream.
    fn type_of(&self, stream: &str) -> Option<&Schema>;
}

/// The value as JSON text; `None` where it is none, and no form with fields either. JSON costs no more than to see that it
/// is, unless the stream has values of a type.
pub(super) fn value_json<'a>(value: &'a [u8], schema: Option<&Schema>) -> Option<Cow<'a, str>> {
    let is_searched = value.len() <= MAX_VALUE;
    if schema.is_none() || !is_searched {
        if let Some(text) = whole_json(value) {
            return Some(Cow::Borrowed(text));
        }
        if !is_searched || is_text(value) {
            return None;
        }
    }
    let options = DecodeOptions {
        schema,
        bytes: MAX_VALUE,
        ..DecodeOptions::default()
    };
    json_text(value, options).map(Cow::Owned)
}

/// The expression that is true of messages with the same at that path of their values; `None` where there is nothing, or not one
/// value.
pub fn field_equality(path: &JsonPath, value: &[u8], schema: Option<&Schema>) -> Option<String> {
    path.equality("value", value_json(value, schema)?.as_bytes())
}

fn whole_json(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok();
    text.filter(|text| Tokens::are_whole(text))
}

/// Whether it may hold text that does not stand in its bytes as it is: what is compressed, numbers of enumerations, dates.
pub(super) fn may_hold_other_text(value: &[u8], is_typed: bool) -> bool {
    // Nearly all JSON begins so, and nothing binary that is recognised does.
    let is_json = matches!(value.first(), Some(b'{' | b'['));
    is_typed || !is_json && !is_text(value)
}
