//! Decoded content as lines of classified tokens that can be folded: what the inspector shows.
//! Colours and folding marks are the screen's; which bytes become which tokens is each decoder's.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::store::chunk::{narrow, wide};

/// What a token is, for whoever gives it a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The name of a member or a field.
    Key,
    /// A string.
    String,
    /// A number.
    Number,
    /// `true`, `false`, `null` and their like.
    Literal,
    /// Brackets, commas, colons.
    Punctuation,
    /// What is said about the content and is not in it: lengths, types, places.
    Comment,
    /// Text as it stands.
    Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Token {
    class: Class,
    end: u32,
}

/// How a line is reached from the one that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NodeStep {
    /// The root, or what closes a node.
    None,
    /// By the key in its first token.
    Key,
    /// By its place among its siblings.
    Index(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    depth: u32,
    /// The first token.
    tokens: u32,
    /// The line that opens the node it is in.
    parent: u32,
    step: NodeStep,
    /// Where it opens a node: the line that closes it, and how many children that has.
    fold: Option<(u32, u32)>,
}

/// Lines of tokens. Line numbers count from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    text: String,
    tokens: Vec<Token>,
    rows: Vec<Line>,
}

impl Lines {
    /// How many there are, folded ones included.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How deep a line is nested: its indentation in steps.
    pub fn depth(&self, line: usize) -> usize {
        self.rows.get(line).map_or(0, |line| wide(line.depth))
    }

    /// The tokens of a line in order; indentation is not among them.
    pub fn tokens(&self, line: usize) -> impl Iterator<Item = (Class, &str)> {
        let range = self.token_range(line);
        let mut start = self.token_start(range.start);
        self.tokens
            .get(range)
            .unwrap_or_default()
            .iter()
            .map(move |token| {
                let end = wide(token.end);
                let text = self.text.get(start..end).unwrap_or_default();
                start = end;
                (token.class, text)
            })
    }

    /// The text of a line without its indentation.
    pub fn text(&self, line: usize) -> &str {
        let range = self.token_range(line);
        let text = self.token_start(range.start)..self.token_start(range.end);
        self.text.get(text).unwrap_or_default()
    }

    /// The lines that disappear when this one is folded, and how many children they are. `None` where nothing folds.
    /// A folded line reads like `"items": [3]`: its tokens, the number of children, the closing bracket.
    pub fn fold(&self, line: usize) -> Option<(Range<usize>, usize)> {
        let (last, children) = self.rows.get(line)?.fold?;
        Some((line + 1..wide(last) + 1, wide(children)))
    }

    /// The lines that are seen when those are folded.
    pub fn visible(&self, folded: &BTreeSet<usize>) -> Vec<usize> {
        let mut seen = Vec::new();
        let mut line = 0;
        while line < self.rows.len() {
            seen.push(line);
            let hidden = folded.contains(&line).then(|| self.fold(line)).flatten();
            line = hidden.map_or(line + 1, |(lines, _)| lines.end);
        }
        seen
    }

    /// Where the node of a line is in the value, as a column or a query names it: `items[0].name`.
    /// `None` where the content has no nodes; empty for the root.
    pub fn path(&self, line: usize) -> Option<String> {
        let mut steps = Vec::new();
        let mut at = self.node_of(line)?;
        while let Some(place) = self
            .rows
            .get(at)
            .filter(|place| place.step != NodeStep::None)
        {
            steps.push(self.step(at, place.step));
            at = wide(place.parent);
        }
        let path: String = steps.into_iter().rev().collect();
        Some(path.strip_prefix('.').map_or(path.clone(), str::to_owned))
    }

    /// Whether the line begins with a key and a colon.
    pub(in crate::store) fn is_member(&self, line: usize) -> bool {
        let line = self.rows.get(line);
        line.is_some_and(|line| line.step == NodeStep::Key)
    }

    /// The line itself, or the one that opens what it closes.
    fn node_of(&self, line: usize) -> Option<usize> {
        let place = self.rows.get(line)?;
        match place.step {
            NodeStep::Key | NodeStep::Index(_) => Some(line),
            NodeStep::None if line == 0 => place.fold.map(|_| line),
            NodeStep::None => self
                .rows
                .get(wide(place.parent))?
                .fold
                .map(|_| wide(place.parent)),
        }
    }

    fn step(&self, line: usize, step: NodeStep) -> String {
        match step {
            NodeStep::None => String::new(),
            NodeStep::Index(index) => format!("[{index}]"),
            NodeStep::Key => {
                let key = self.tokens(line).next().map_or("", |(_, text)| text);
                crate::store::json_path::step_of_key(key)
            }
        }
    }

    fn token_range(&self, line: usize) -> Range<usize> {
        let start = |line: usize| {
            self.rows
                .get(line)
                .map_or(self.tokens.len(), |at| wide(at.tokens))
        };
        start(line)..start(line + 1)
    }

    fn token_start(&self, token: usize) -> usize {
        let before = token
            .checked_sub(1)
            .and_then(|before| self.tokens.get(before));
        before.map_or(0, |token| wide(token.end))
    }
}

/// Writes lines: plain ones, or a tree with brackets, one node or scalar a line.
#[derive(Debug)]
pub(super) struct Writer {
    lines: Lines,
    open: Vec<Node>,
    key_written: bool,
    /// Stands at the end of its line, behind the comma that may come yet.
    remark: String,
    limit: usize,
}

#[derive(Debug)]
struct Node {
    line: u32,
    children: u32,
}

impl Writer {
    /// Takes at most so many lines.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            lines: Lines::default(),
            open: Vec::new(),
            key_written: false,
            remark: String::new(),
            limit,
        }
    }

    /// Whether no more lines are taken: the rest of the content is left out, and said to be.
    pub(super) fn is_full(&self) -> bool {
        self.lines.len() >= self.limit
    }

    /// The lines. Nodes that are still open end where the content does.
    pub(super) fn finish(mut self) -> Lines {
        self.put_remark();
        let last = self.lines.len().saturating_sub(1);
        while let Some(node) = self.open.pop() {
            self.set_fold(&node, last);
        }
        self.lines
    }

    /// Adds a token to the line begun last.
    pub(super) fn token(&mut self, class: Class, text: &str) {
        self.lines.text.push_str(text);
        let end = narrow(self.lines.text.len());
        self.lines.tokens.push(Token { class, end });
    }

    /// Begins a line outside of any tree.
    pub(super) fn plain_line(&mut self) {
        self.begin(NodeStep::None);
    }

    /// A line of one token outside of any tree.
    pub(super) fn plain(&mut self, class: Class, text: &str) {
        self.plain_line();
        self.token(class, text);
    }

    /// The key of the node or scalar that follows, as it is to be shown.
    pub(super) fn key(&mut self, key: &str) {
        self.child(NodeStep::Key);
        self.token(Class::Key, key);
        self.token(Class::Punctuation, ": ");
        self.key_written = true;
    }

    /// A scalar.
    pub(super) fn scalar(&mut self, class: Class, text: &str) {
        self.element();
        self.token(class, text);
    }

    /// Opens a node.
    pub(super) fn open(&mut self, bracket: &str) {
        self.element();
        self.token(Class::Punctuation, bracket);
        let line = narrow(self.lines.len() - 1);
        self.open.push(Node { line, children: 0 });
    }

    /// Closes the node opened last.
    pub(super) fn close(&mut self, bracket: &str) {
        let Some(node) = self.open.pop() else { return };
        if node.children > 0 {
            self.begin(NodeStep::None);
            let last = self.lines.len() - 1;
            self.lines.rows[last].parent = node.line;
            self.set_fold(&node, last);
        }
        self.token(Class::Punctuation, bracket);
    }

    fn set_fold(&mut self, node: &Node, last: usize) {
        if let Some(line) = self
            .lines
            .rows
            .get_mut(wide(node.line))
            .filter(|_| node.children > 0)
        {
            line.fold = Some((narrow(last), node.children));
        }
    }

    /// The value of the key just written, or an element of its own.
    fn element(&mut self) {
        if !std::mem::take(&mut self.key_written) {
            let index = self.open.last().map(|node| node.children);
            self.child(index.map_or(NodeStep::None, NodeStep::Index));
        }
    }

    fn child(&mut self, step: NodeStep) {
        let siblings = self.open.last_mut().map(|node| {
            node.children += 1;
            node.children - 1
        });
        if siblings.is_some_and(|before| before > 0) {
            self.token(Class::Punctuation, ",");
        }
        self.begin(step);
    }

    /// Says something about the scalar or bracket just written.
    pub(super) fn remark(&mut self, remark: &str) {
        self.remark.clear();
        self.remark.push_str("  ");
        self.remark.push_str(remark);
    }

    fn put_remark(&mut self) {
        let remark = std::mem::take(&mut self.remark);
        if !remark.is_empty() {
            self.token(Class::Comment, &remark);
        }
    }

    fn begin(&mut self, step: NodeStep) {
        self.put_remark();
        self.lines.rows.push(Line {
            depth: narrow(self.open.len()),
            tokens: narrow(self.lines.tokens.len()),
            parent: self.open.last().map_or(0, |node| node.line),
            step,
            fold: None,
        });
    }
}
