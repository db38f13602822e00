//! How single values of binary forms are written, the same in each of them.
//! Which values there are is each form's own.

use crate::model::counted;
use std::fmt::Write as _;

use super::lines::{Class, Writer};

/// Of a longer run of bytes only so many are written out.
const MOST_BYTES: usize = 48;

/// What stands at a leaf of a binary form.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scalar<'a> {
    /// `true`, `false`, `null`.
    Word(&'static str),
    /// Text.
    Text(&'a str),
    /// Bytes that are no text.
    Bytes(&'a [u8]),
}

impl Writer {
    /// Writes text, bytes or a word.
    pub(super) fn leaf(&mut self, scalar: Scalar<'_>) {
        match scalar {
            Scalar::Word(word) => self.scalar(Class::Literal, word),
            Scalar::Text(text) => self.scalar(Class::String, &quoted(text)),
            Scalar::Bytes(bytes) => {
                self.scalar(Class::Number, &hex(bytes));
                self.remark(&counted(bytes.len(), "byte"));
            }
        }
    }

    /// Writes a number.
    pub(super) fn number(&mut self, number: impl ToString + Copy) {
        self.scalar(Class::Number, &number.to_string());
    }
}

/// `true` or `false`.
pub(super) fn truth(truth: bool) -> Scalar<'static> {
    Scalar::Word(if truth { "true" } else { "false" })
}

/// Text in the quotes and escapes of JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `0x` and two digits a byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    let shown = bytes.get(..MOST_BYTES).unwrap_or(bytes);
    let mut text = String::from("0x");
    for byte in shown {
        let _infallible = write!(text, "{byte:02x}");
    }
    if shown.len() < bytes.len() {
        text.push('…');
    }
    text
}
