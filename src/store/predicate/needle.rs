//! Text or an expression to be found in bytes: in one field exactly, or roughly in many messages at once.
//! Which fields and messages count is `predicate`'s and `sweep`'s.

use std::fmt::Write;
use std::ops::Range;

use memchr::memmem;
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::literal::{Extractor, Literal, Seq};
use regex_syntax::hir::{Hir, HirKind};

/// A compiled expression may take this much memory; larger ones are refused with a sentence.
const PATTERN_BYTES: usize = 4 << 20;
/// A literal shorter than this is found too often to be worth looking for ahead of the expression.
const SHORTEST_LITERAL: usize = 2;

/// What to look for.
#[derive(Debug)]
pub(in crate::store) enum Needle {
    /// Exactly these bytes.
    Exact(Box<memmem::Finder<'static>>),
    /// These letters, whatever their case.
    AnyCase(Regex),
    /// A regular expression, and literals one of which each of its matches contains.
    Pattern {
        regex: Regex,
        literals: Option<Regex>,
    },
}

impl Needle {
    /// Text in smart case: an upper-case letter anywhere makes case count.
    pub(in crate::store) fn text(text: &str) -> Self {
        let folded = text.chars().any(char::is_alphabetic) && !text.chars().any(char::is_uppercase);
        let regex = folded.then(|| any_case(text)).flatten();
        match regex {
            Some(regex) => Self::AnyCase(regex),
            None => Self::Exact(Box::new(memmem::Finder::new(text).into_owned())),
        }
    }

    /// A regular expression; `^` and `$` hold at the ends of lines.
    pub(in crate::store) fn pattern(pattern: &str) -> Result<Self, String> {
        let mut builder = RegexBuilder::new(pattern);
        let built = builder.multi_line(true).size_limit(PATTERN_BYTES).build();
        let regex = built.map_err(|error| reason(&error))?;
        let literals = required_literals(pattern);
        Ok(Self::Pattern { regex, literals })
    }

    /// Whether it is in these bytes.
    pub(in crate::store) fn is_in(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Exact(finder) => finder.find(bytes).is_some(),
            Self::AnyCase(regex) | Self::Pattern { regex, .. } => regex.is_match(bytes),
        }
    }

    /// Whether [`Needle::find`] finds all places where it may be.
    pub(super) fn can_sweep(&self) -> bool {
        match self {
            Self::Exact(finder) => !finder.needle().is_empty(),
            Self::AnyCase(_) => true,
            Self::Pattern { literals, .. } => literals.is_some(),
        }
    }

    /// Whether what [`Needle::find`] finds is a match already, where it lies inside one field.
    pub(super) fn finds_matches(&self) -> bool {
        !matches!(self, Self::Pattern { .. })
    }

    /// The next place at or after `from` where a match begins, ends or lies around.
    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<Range<usize>> {
        match self {
            Self::Exact(finder) => {
                let start = from + finder.find(bytes.get(from..)?)?;
                Some(start..start + finder.needle().len())
            }
            Self::AnyCase(regex) => Some(regex.find_at(bytes, from)?.range()),
            Self::Pattern { literals, .. } => {
                Some(literals.as_ref()?.find_at(bytes, from)?.range())
            }
        }
    }
}

/// Letters outside ASCII are folded as Unicode says; ASCII text by its bytes alone, which is faster.
fn any_case(text: &str) -> Option<Regex> {
    let mut builder = RegexBuilder::new(&regex::escape(text));
    builder.case_insensitive(true).unicode(!text.is_ascii());
    builder.size_limit(PATTERN_BYTES).build().ok()
}

/// The regex crate's reason in one line, without its drawing of the place.
fn reason(error: &regex::Error) -> String {
    let text = match error {
        regex::Error::Syntax(text) => text.as_str(),
        regex::Error::CompiledTooBig(_) => return "the regular expression is too large".into(),
        _ => "",
    };
    let line = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("error: "));
    let why = line.unwrap_or("it does not parse");
    format!("this is no regular expression: {why}")
}

/// Literals one of which is part of each match: of all places of the expression the one where they are longest.
///
/// Searching for them needs no state, so that the end of one message cannot spoil the search in the next, and an
/// expression such as `a.*b` never runs on beyond the message it began in.
fn required_literals(pattern: &str) -> Option<Regex> {
    let mut parser = regex_syntax::ParserBuilder::new()
        .utf8(false)
        .multi_line(true)
        .build();
    let hir = parser.parse(pattern).ok()?;
    let parts = parts_of(&hir);
    let starts = 0..parts.len();
    let found = starts.filter_map(|start| literals_at(parts.get(start..)?));
    let best = found.max_by_key(|literals| shortest(literals))?;
    alternation(&best)
}

/// The expressions that follow one another in each match.
fn parts_of(hir: &Hir) -> &[Hir] {
    if let HirKind::Capture(capture) = hir.kind() {
        return parts_of(&capture.sub);
    }
    if let HirKind::Concat(parts) = hir.kind() {
        return parts;
    }
    std::slice::from_ref(hir)
}

fn literals_at(parts: &[Hir]) -> Option<Vec<Literal>> {
    let mut found: Seq = Extractor::new().extract(&Hir::concat(parts.to_vec()));
    found.optimize_for_prefix_by_preference();
    let literals = found.literals()?.to_vec();
    (shortest(&literals) >= SHORTEST_LITERAL).then_some(literals)
}

fn shortest(literals: &[Literal]) -> usize {
    literals.iter().map(Literal::len).min().unwrap_or(0)
}

fn alternation(literals: &[Literal]) -> Option<Regex> {
    let mut pattern = String::from("(?s-u)");
    for (number, literal) in literals.iter().enumerate() {
        pattern.push_str(if number > 0 { "|" } else { "" });
        for byte in literal.as_bytes() {
            write!(pattern, "\\x{byte:02x}").ok()?;
        }
    }
    Regex::new(&pattern).ok()
}
