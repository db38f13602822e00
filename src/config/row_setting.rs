//! The row of a stream as the config file has it: a template or a list of fields, and where in the file it stands.
//! What fields there are is not known here.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use toml::Spanned;

/// A place in a text file, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextPlace {
    /// The line.
    pub line: usize,
    /// The character in it.
    pub column: usize,
}

impl TextPlace {
    /// The place of that byte.
    pub(super) fn of(text: &str, at: usize) -> Self {
        let before = text.get(..at).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.get(start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

/// A piece of it: the whole template, or one field of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RowPart {
    text: String,
    span: Range<usize>,
    /// Where its first character stands.
    place: TextPlace,
    /// Whether it stands in the file as it is: an escape takes more characters than it is.
    is_plain: bool,
}

/// What a row shows, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowSetting {
    parts: Vec<RowPart>,
}

impl RowSetting {
    /// The template; of a list, its fields with blanks between.
    pub fn text(&self) -> String {
        let parts: Vec<&str> = self.parts.iter().map(|part| &*part.text).collect();
        parts.join(" ")
    }

    /// Where in the file the byte of [`text`](Self::text) stands.
    pub fn place(&self, at: usize) -> TextPlace {
        let mut left = at;
        for part in &self.parts {
            if left <= part.text.len() {
                let before = part.text.get(..left).unwrap_or_default();
                let characters = if part.is_plain {
                    before.chars().count()
                } else {
                    0
                };
                return TextPlace {
                    column: part.place.column + characters,
                    ..part.place
                };
            }
            left -= part.text.len() + 1;
        }
        self.parts
            .first()
            .map(|part| part.place)
            .unwrap_or_default()
    }

    /// Finds out where in the file it stands.
    pub(super) fn find_places(&mut self, file: &str) {
        for part in &mut self.parts {
            let span = part.span.clone();
            let written = file.get(span.clone()).unwrap_or_default();
            let quotes = match &*part.text {
                "" => Some(1),
                text => written.find(text),
            };
            part.is_plain = quotes.is_some() && !part.text.contains('\n');
            part.place = TextPlace::of(file, span.start + quotes.unwrap_or(0));
        }
    }
}

/// Reads it with the places at which it stands.
pub(super) fn spanned_row<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<RowSetting>, D::Error> {
    let spanned = Spanned::<RowSetting>::deserialize(from)?;
    let span = spanned.span();
    let mut row = spanned.into_inner();
    for part in row.parts.iter_mut().filter(|part| part.span.is_empty()) {
        part.span = span.clone();
    }
    Ok(Some(row))
}

impl<'de> Deserialize<'de> for RowSetting {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(RowVisitor)
    }
}

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = RowSetting;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a template such as \"{value.order} {value.amount}\", or a list of fields such as [\"value.order\"]")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RowSetting, E> {
        Ok(RowSetting {
            parts: vec![part(text.to_owned(), 0..0)],
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut fields: A) -> Result<RowSetting, A::Error> {
        let mut parts = Vec::new();
        while let Some(field) = fields.next_element::<Spanned<String>>()? {
            let span = field.span();
            parts.push(part(field.into_inner(), span));
        }
        Ok(RowSetting { parts })
    }
}

fn part(text: String, span: Range<usize>) -> RowPart {
    RowPart {
        text,
        span,
        place: TextPlace::default(),
        is_plain: false,
    }
}
