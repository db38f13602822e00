//! The content of the inspector as lines of tokens, and as the rows that a screen of some width shows of them.

use std::collections::BTreeSet;

use unicode_width::UnicodeWidthChar;

use crate::app::schemas::Schemas;
use crate::store::decode::{Class, DecodeOptions, Decoded, Format, Lines, decode};
use crate::store::{LineChange, PinnedMessage, diff};

/// Nodes are folded again in the next message only where there are not too many to look at.
const MAX_NODES: usize = 5_000;
/// Columns that a deep line keeps for its text.
const MIN_COLUMNS: usize = 8;

/// A row of the screen: a line, or a piece of one that is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line.
    pub line: usize,
    /// Characters of the line, indentation left out, before this row.
    pub start: usize,
    /// Characters up to the end of this row.
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

    fn wrap(&self, line: usize, width: usize, rows: &mut Vec<Row>) {
        let row = |start, end| Row { line, start, end };
        if width == usize::MAX {
            return rows.push(row(0, usize::MAX));
        }
        let (mut start, mut at, mut used) = (0, 0, 0);
        let room = width.saturating_sub(self.depth(line) * 2).max(MIN_COLUMNS);
        for c in self.tokens(line).flat_map(|(_, text)| text.chars()) {
            let columns = c.width().unwrap_or(1);
            if used + columns > room {
                rows.push(row(start, at));
                (start, used) = (at, 0);
            }
            used += columns;
            at += 1;
        }
        rows.push(row(start, at));
    }
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
    /// Which streams hold which protobuf messages.
    pub(super) schemas: &'a Schemas,
    /// Columns there are for a line.
    pub(super) width: usize,
}

/// Columns of a row of sixteen bytes with its offset and its characters; narrower screens show eight.
const FULL_HEX: usize = 78;

impl ValueReader<'_> {
    /// The value of a message, read in that form, within the bounds that keep a frame a frame.
    pub(super) fn value(self, pinned: &PinnedMessage, form: Format) -> Decoded {
        let message = pinned.message();
        let options = DecodeOptions {
            form,
            schema: self.schemas.of(message.stream()),
            hex_row: if self.width < FULL_HEX { 8 } else { 16 },
            ..DecodeOptions::default()
        };
        decode(message.value(), &options)
    }
}

/// All headers of a message as the members of one object.
pub(super) fn headers(message: &PinnedMessage) -> Decoded {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let members = message.message().headers().map(|(name, value)| {
        let value = String::from_utf8_lossy(value);
        format!("{}:{}", quoted(name), quoted(&value))
    });
    let members: Vec<String> = members.collect();
    let options = DecodeOptions {
        form: Format::Json,
        ..DecodeOptions::default()
    };
    decode(format!("{{{}}}", members.join(",")).as_bytes(), &options)
}
