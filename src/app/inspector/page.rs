//! The content of the inspector as lines of tokens, and as the rows that a screen of some width shows of them.
//! Which message and which view, the inspector knows; colours are `ui`'s.

use std::collections::BTreeSet;

use unicode_width::UnicodeWidthChar;

use super::diff::{self, Side};
use super::read;
use crate::store::decode::{Class, Decoded, Form, Lines};
use crate::store::{Held, MessageRef};

/// Nodes are folded again in the next message only where there are not too many to look at.
const MOST_NODES: usize = 5_000;

/// A part of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub class: Class,
    /// Its text, unsanitised.
    pub text: &'a str,
}

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

/// The content of the inspector.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    content: Content,
}

#[derive(Clone, Debug, Default, PartialEq)]
enum Content {
    #[default]
    Nothing,
    Value(Decoded),
    Texts(Vec<Text>),
}

/// A line that is no part of a tree.
#[derive(Clone, Debug, PartialEq)]
struct Text {
    side: Side,
    depth: usize,
    tokens: Vec<(Class, String)>,
}

impl Page {
    /// The value of a message, read in that form.
    pub(super) fn value(message: &Held, form: Form) -> Self {
        Self {
            content: Content::Value(read(message.message().value(), form)),
        }
    }

    /// All headers of a message.
    pub(super) fn headers(message: &Held) -> Self {
        let texts = headers_of(&message.message()).collect();
        Self {
            content: Content::Texts(texts),
        }
    }

    /// How the values of two messages differ, both read in that form.
    pub(super) fn compared(one: &Held, other: &Held, form: Form) -> Self {
        let lines = |held: &Held| texts_of(&read(held.message().value(), form).lines);
        Self::merged(lines(one), lines(other))
    }

    /// How the headers of two messages differ.
    pub(super) fn compared_headers(one: &Held, other: &Held) -> Self {
        let lines = |held: &Held| headers_of(&held.message()).collect();
        Self::merged(lines(one), lines(other))
    }

    fn merged(one: Vec<Text>, other: Vec<Text>) -> Self {
        let same =
            |left: &Text, right: &Text| left.tokens == right.tokens && left.depth == right.depth;
        let merged = diff::merge(one, other, same);
        let sided = merged.into_iter().map(|(side, text)| Text { side, ..text });
        Self {
            content: Content::Texts(sided.collect()),
        }
    }

    /// How the value was read; `None` where no value is shown.
    pub fn decoded(&self) -> Option<&Decoded> {
        match &self.content {
            Content::Value(decoded) => Some(decoded),
            Content::Nothing | Content::Texts(_) => None,
        }
    }

    /// How many lines there are, folded ones included.
    pub fn len(&self) -> usize {
        match &self.content {
            Content::Nothing => 0,
            Content::Value(decoded) => decoded.lines.len(),
            Content::Texts(texts) => texts.len(),
        }
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How deep a line is nested.
    pub fn depth(&self, line: usize) -> usize {
        match &self.content {
            Content::Nothing => 0,
            Content::Value(decoded) => decoded.lines.depth(line),
            Content::Texts(texts) => texts.get(line).map_or(0, |text| text.depth),
        }
    }

    /// Which of two compared messages the line is of.
    pub fn side(&self, line: usize) -> Side {
        match &self.content {
            Content::Texts(texts) => texts.get(line).map_or(Side::Both, |text| text.side),
            Content::Nothing | Content::Value(_) => Side::Both,
        }
    }

    /// The tokens of a line, without indentation.
    pub fn tokens(&self, line: usize) -> Box<dyn Iterator<Item = Token<'_>> + '_> {
        match &self.content {
            Content::Nothing => Box::new(std::iter::empty()),
            Content::Value(decoded) => {
                let tokens = decoded.lines.tokens(line);
                Box::new(tokens.map(|(class, text)| Token { class, text }))
            }
            Content::Texts(texts) => {
                let tokens = texts.get(line).map_or(&[][..], |text| &text.tokens);
                Box::new(tokens.iter().map(|(class, text)| Token {
                    class: *class,
                    text,
                }))
            }
        }
    }

    /// How many children a line hides when it is folded; `None` where it does not fold.
    pub fn children(&self, line: usize) -> Option<usize> {
        self.decoded()?
            .lines
            .fold(line)
            .map(|(_, children)| children)
    }

    /// Whether a line opens a node.
    pub(super) fn can_fold(&self, line: usize) -> bool {
        self.children(line).is_some()
    }

    /// The path of the node that a line belongs to; `None` where there are no nodes.
    pub(super) fn path(&self, line: usize) -> Option<String> {
        self.decoded()?.lines.path(line)
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
        if width == usize::MAX {
            rows.push(Row {
                line,
                start: 0,
                end: usize::MAX,
            });
            return;
        }
        // Deep lines keep a few columns for their text.
        let room = width.saturating_sub(self.depth(line) * 2).max(8);
        let (mut start, mut at, mut used) = (0, 0, 0);
        for c in self.tokens(line).flat_map(|token| token.text.chars()) {
            let columns = c.width().unwrap_or(1);
            if used + columns > room {
                rows.push(Row {
                    line,
                    start,
                    end: at,
                });
                (start, used) = (at, 0);
            }
            used += columns;
            at += 1;
        }
        rows.push(Row {
            line,
            start,
            end: at,
        });
    }
}

fn folded_lines(lines: &Lines, folded: &BTreeSet<String>) -> BTreeSet<usize> {
    if folded.is_empty() {
        return BTreeSet::new();
    }
    let nodes = (0..lines.len()).filter(|line| lines.fold(*line).is_some());
    let hidden = |line: &usize| lines.path(*line).is_some_and(|path| folded.contains(&path));
    nodes.take(MOST_NODES).filter(hidden).collect()
}

fn texts_of(lines: &Lines) -> Vec<Text> {
    let text = |line| Text {
        side: Side::Both,
        depth: lines.depth(line),
        tokens: lines
            .tokens(line)
            .map(|(class, text)| (class, text.to_owned()))
            .collect(),
    };
    (0..lines.len()).map(text).collect()
}

fn headers_of<'a>(message: &MessageRef<'a>) -> impl Iterator<Item = Text> + use<'a> {
    message.headers().map(|(name, value)| Text {
        side: Side::Both,
        depth: 0,
        tokens: vec![
            (Class::Key, name.to_owned()),
            (Class::Punctuation, "  ".to_owned()),
            (Class::Text, String::from_utf8_lossy(value).into_owned()),
        ],
    })
}
