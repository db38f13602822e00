//! The content of the inspector as lines of tokens, and as the rows that a screen of some width shows of them.

use std::collections::BTreeSet;

use unicode_segmentation::UnicodeSegmentation;

use crate::app::decoded_values::DecodedValue;
use crate::app::schemas::Schemas;
use crate::model::sanitise;
use crate::store::decode::{Class, DecodeOptions, Decoded, Format, Lines, decode};
use crate::store::{LineChange, MessageRef, PinnedMessage, diff, header_text};

/// Nodes are folded again in the next message only where there are not too many to look at.
const MAX_NODES: usize = 5_000;
/// Columns that a deep line keeps for its text.
const MIN_COLUMNS: usize = 8;
/// Columns before each row: whether it folds, or which of two messages it is of.
const MARK: usize = 2;

/// A row of the screen: a line, or a piece of one that is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line.
    pub line: usize,
    /// Bytes of the line, indentation left out, before this row.
    pub start: usize,
    /// Bytes up to the end of this row.
    pub end: usize,
}

/// Which of two compared messages a line is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Both, or there is only one message.
    Both,
    /// The first alone.
    First,
    /// The second alone.
    Second,
}

/// The content of the inspector.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Content {
    /// There is no message.
    #[default]
    Nothing,
    /// One message.
    One(Box<Decoded>),
    /// Two messages, and how they differ line by line.
    Two(Box<[Decoded; 2]>, Vec<LineChange>),
}

impl Content {
    /// A part of one message, of two, or of none.
    pub(super) fn of(messages: &[PinnedMessage], part: impl Fn(&PinnedMessage) -> Decoded) -> Self {
        match messages {
            [] => Self::Nothing,
            [message] => Self::One(Box::new(part(message))),
            [one, .., other] => {
                let (one, other) = (part(one), part(other));
                let changes = diff(&one.lines, &other.lines);
                Self::Two(Box::new([one, other]), changes)
            }
        }
    }

    /// How one message was read; `None` where there is none, or two.
    pub(crate) fn decoded(&self) -> Option<&Decoded> {
        match self {
            Self::One(decoded) => Some(decoded),
            Self::Nothing | Self::Two(..) => None,
        }
    }

    /// How many lines there are, folded ones included.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::One(decoded) => decoded.lines.len(),
            Self::Two(_, changes) => changes.len(),
        }
    }

    /// Whether there is nothing to show.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The lines that hold a line of the content, and its number there.
    fn at(&self, line: usize) -> Option<(&Lines, usize)> {
        match self {
            Self::Nothing => None,
            Self::One(decoded) => Some((&decoded.lines, line)),
            Self::Two(sides, changes) => {
                let [one, other] = &**sides;
                Some(match changes.get(line)? {
                    LineChange::Same(left, _) | LineChange::Left(left) => (&one.lines, *left),
                    LineChange::Right(right) => (&other.lines, *right),
                })
            }
        }
    }

    /// How deep a line is nested.
    pub(crate) fn depth(&self, line: usize) -> usize {
        self.at(line).map_or(0, |(lines, line)| lines.depth(line))
    }

    /// Which of two compared messages the line is of.
    pub fn side(&self, line: usize) -> Side {
        let Self::Two(_, changes) = self else {
            return Side::Both;
        };
        match changes.get(line) {
            Some(LineChange::Left(_)) => Side::First,
            Some(LineChange::Right(_)) => Side::Second,
            Some(LineChange::Same(..)) | None => Side::Both,
        }
    }

    /// The tokens of a line, without indentation, unsanitised.
    pub(crate) fn tokens(&self, line: usize) -> impl Iterator<Item = (Class, &str)> {
        let tokens = self.at(line).map(|(lines, line)| lines.tokens(line));
        tokens.into_iter().flatten()
    }

    /// How many children a line hides when it is folded; `None` where it does not fold. What is compared does not.
    pub(crate) fn children(&self, line: usize) -> Option<usize> {
        let (_, children) = self.decoded()?.lines.fold(line)?;
        Some(children)
    }

    /// The path of the node that a line belongs to; `None` where there are no nodes.
    pub(super) fn path(&self, line: usize) -> Option<String> {
        let (lines, line) = self.at(line)?;
        lines.path(line)
    }

    /// The rows that are seen with these nodes folded, lines wrapped at that width.
    pub(super) fn rows(&self, folded: &BTreeSet<String>, width: usize) -> Vec<Row> {
        let lines = match self.decoded() {
            Some(decoded) => decoded.lines.visible(&folded_lines(&decoded.lines, folded)),
            None => (0..self.len()).collect(),
        };
        let mut rows = Vec::with_capacity(lines.len());
        for line in lines {
            self.wrap(line, width, &mut rows);
        }
        rows
    }

    /// Columns before the text of a line on so many columns: a deep line keeps some for its text.
    pub(crate) fn indent(&self, line: usize, width: usize) -> usize {
        let most = width.saturating_sub(MARK + MIN_COLUMNS);
        (self.depth(line) * 2).min(most)
    }

    fn wrap(&self, line: usize, width: usize, rows: &mut Vec<Row>) {
        let row = |start, end| Row { line, start, end };
        if width == usize::MAX {
            return rows.push(row(0, usize::MAX));
        }
        let (mut start, mut at, mut used) = (0, 0, 0);
        // Where the last word or number begins, and the columns before it.
        let mut word = (0, 0);
        let room = width.saturating_sub(MARK + self.indent(line, width));
        for grapheme in self.tokens(line).flat_map(|(_, text)| text.graphemes(true)) {
            let columns = sanitise::columns(grapheme);
            if used + columns > room && at > start {
                let (begins, before) = word;
                // One that has taken more than half of the row is broken: moving it would waste that.
                let moves = begins > start && used - before <= room / 2 && is_of_word(grapheme);
                let end = if moves { begins } else { at };
                rows.push(row(start, end));
                used -= if moves { before } else { used };
                start = end;
                word = (start, 0);
            }
            used += columns;
            at += grapheme.len();
            if !is_of_word(grapheme) {
                word = (at, used);
            }
        }
        rows.push(row(start, usize::MAX));
    }
}

/// Whether no row ends before it where that can be had: a number that is cut reads as another one.
fn is_of_word(grapheme: &str) -> bool {
    let of_word = |one: char| one.is_alphanumeric() || matches!(one, '.' | '-' | '+' | '_');
    grapheme.chars().next().is_some_and(of_word)
}

fn folded_lines(lines: &Lines, folded: &BTreeSet<String>) -> BTreeSet<usize> {
    if folded.is_empty() {
        return BTreeSet::new();
    }
    let nodes = (0..lines.len()).filter(|line| lines.fold(*line).is_some());
    let hidden = |line: &usize| lines.path(*line).is_some_and(|path| folded.contains(&path));
    nodes.take(MAX_NODES).filter(hidden).collect()
}

/// Reads values for a screen of some width.
#[derive(Clone, Copy, Debug)]
pub(super) struct ValueReader<'a> {
    /// How the values of streams are decoded.
    pub(super) schemas: &'a Schemas,
    /// The messages that are shown.
    pub(super) messages: &'a [PinnedMessage],
    /// What programs have made of their values.
    pub(super) decoded: &'a [Option<DecodedValue>],
    /// Columns there are for a line.
    pub(super) width: usize,
}

/// Columns of a row of sixteen bytes with its offset and its characters; narrower screens show eight.
const FULL_HEX: usize = 78;

impl<'a> ValueReader<'a> {
    /// What a program made of the value of a message that is shown, where one did.
    pub(super) fn decoded(self, pinned: &PinnedMessage) -> Option<&'a str> {
        let mut shown = self.messages.iter().zip(self.decoded);
        let (_, decoded) = shown.find(|(message, _)| *message == pinned)?;
        decoded.as_ref()?.as_ref().ok().map(AsRef::as_ref)
    }

    /// The value of a message, read in that form, within the bounds that keep a frame a frame; as whatever fits best it is what
    /// a program made of it, where one did.
    pub(super) fn value(self, pinned: &PinnedMessage, form: Format) -> Decoded {
        let message = pinned.message();
        let decoded = self.decoded(pinned).filter(|_| form == Format::Auto);
        let options = DecodeOptions {
            form,
            schema: self.schemas.of(message.stream()),
            hex_row: if self.width < FULL_HEX { 8 } else { 16 },
            ..DecodeOptions::default()
        };
        let Some(text) = decoded.map(str::as_bytes) else {
            return decode(message.value(), &options);
        };
        let read = decode(text, &options);
        if matches!(read.form, Format::Json | Format::Text) {
            return read;
        }
        let form = Format::Text;
        decode(text, &DecodeOptions { form, ..options })
    }
}

/// All headers of a message as the members of one object.
pub(super) fn headers(message: &PinnedMessage) -> Decoded {
    let options = DecodeOptions {
        form: Format::Json,
        ..DecodeOptions::default()
    };
    decode(headers_json(&message.message()).as_bytes(), &options)
}

/// The headers of a message as one JSON object.
fn headers_json(message: &MessageRef<'_>) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let members = message.headers().map(|(name, value)| {
        let value = header_text(value);
        format!("{}:{}", quoted(name), quoted(&value))
    });
    let members: Vec<String> = members.collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::decode::decode;

    fn content(text: &str) -> Content {
        let options = DecodeOptions {
            form: Format::Json,
            ..DecodeOptions::default()
        };
        Content::One(Box::new(decode(text.as_bytes(), &options)))
    }

    /// The pieces of each line, as they stand in the rows.
    fn pieces(content: &Content, width: usize) -> Vec<(usize, String)> {
        let rows = content.rows(&BTreeSet::new(), width);
        let text = |row: &Row| {
            let line: String = content.tokens(row.line).map(|(_, text)| text).collect();
            let piece = line.get(row.start..row.end.min(line.len()));
            piece.expect("rows end between graphemes").to_owned()
        };
        rows.iter().map(|row| (row.line, text(row))).collect()
    }

    #[test]
    fn wrapped_rows_fit_and_lose_nothing() {
        let deep = format!("{}\"text\"{}", "[".repeat(30), "]".repeat(30));
        for text in [
            r#"{"words":"w001 w002 w003 w004 w005 w006 w007 w008 w009 w010"}"#,
            r#"{"wide":"漢字かな交じり文 漢字かな交じり文 漢字かな交じり文"}"#,
            r#"{"flags":"🇩🇪🇫🇷🇮🇹🇩🇪🇫🇷🇮🇹🇩🇪🇫🇷🇮🇹 ❤️❤️❤️❤️❤️❤️❤️ e\u0301e\u0301e\u0301e\u0301"}"#,
            r#"{"acts":"\u202eabc\u202eabc\u202eabc\u009babc\u0007abc\u0000"}"#,
            &deep,
        ] {
            let content = content(text);
            for width in [12, 13, 20, 40, 80] {
                let mut whole = vec![String::new(); content.len()];
                for (line, piece) in pieces(&content, width) {
                    let shown = MARK + content.indent(line, width);
                    let columns: usize = piece.graphemes(true).map(sanitise::columns).sum();
                    let alone = piece.graphemes(true).count() == 1;
                    assert!(shown + columns <= width || alone, "{width}: {piece:?}");
                    whole[line].push_str(&piece);
                }
                for (line, whole) in whole.iter().enumerate() {
                    let wanted: String = content.tokens(line).map(|(_, text)| text).collect();
                    assert_eq!(*whole, wanted);
                }
            }
        }
    }

    #[test]
    fn a_row_ends_between_words_and_numbers_and_in_one_that_takes_more_than_half_of_it() {
        let content = content(r#""total 1234567.89 and -12e+10, xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx""#);
        let pieces = pieces(&content, MARK + 20).into_iter();
        let pieces: Vec<String> = pieces.map(|(_, text)| text).collect();
        let wanted = [
            "\"total 1234567.89 ",
            "and -12e+10, ",
            "xxxxxxxxxxxxxxxxxxxx",
            "xxxxxxxxxx\"",
        ];
        assert_eq!(pieces, wanted);
    }
}
