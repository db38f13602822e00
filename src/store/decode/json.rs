//! JSON text as a tree of lines, digits and escapes as they are written.
//! Reading tokens is `store::json`'s; folding and paths are `lines`'s.

use super::Reading;
use super::lines::{Class, Writer};
use crate::store::json::{Container, Token, Tokens};

impl Reading<'_> {
    /// Whether the first byte that is no space begins a container or a string: bare numbers and words read as text.
    pub(super) fn looks_like_json(&self) -> bool {
        let first = self.bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        matches!(first, Some(b'{' | b'[' | b'"'))
    }

    /// Reads all of it as one JSON value, if it is one.
    pub(super) fn json(&mut self) -> bool {
        let Ok(text) = std::str::from_utf8(self.bytes) else {
            return false;
        };
        if !self.whole || !Tokens::are_whole(text) {
            return false;
        }
        write(text, &mut self.writer);
        true
    }
}

/// Writes one JSON value, up to where it is malformed.
pub(super) fn write(text: &str, writer: &mut Writer) {
    for token in Tokens::new(text).map_while(Result::ok) {
        if writer.is_full() {
            return;
        }
        match token {
            Token::Open(container) => writer.open(brackets(container).0),
            Token::Close(container) => writer.close(brackets(container).1),
            Token::Key(key) => writer.key(key),
            Token::String(string) => writer.scalar(Class::String, string),
            Token::Number(number) => writer.scalar(Class::Number, number),
            Token::Literal(literal) => writer.scalar(Class::Literal, literal),
        }
    }
}

fn brackets(container: Container) -> (&'static str, &'static str) {
    match container {
        Container::Object => ("{", "}"),
        Container::Array => ("[", "]"),
    }
}
