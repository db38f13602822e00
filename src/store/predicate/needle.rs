//! Text or an expression to be found in bytes: in one field exactly, or roughly in many messages at once.
//! Which fields and messages count is `predicate`'s and `chunk_scan`'s.

use std::fmt::Write;
use std::ops::Range;

use memchr::memmem;
use regex_automata::util::syntax;
use regex_syntax::hir::literal::{Extractor, Literal, Seq};
use regex_syntax::hir::{Hir, HirKind};

use super::bounded_regex::BoundedRegex;
use crate::store::decode::other_text;

/// A literal shorter than this is found too often to be worth looking for ahead of the expression.
const SHORTEST_LITERAL: usize = 2;
/// Literals from this length on are seldom found where the expression is not.
const SELECTIVE_LITERAL: usize = 3;
/// Of shorter ones, so many are.
const MOST_SHORT: usize = 3;
/// More literals than this are not found faster than the expression itself.
const MOST_LITERALS: usize = 64;
/// A part of an expression that may match more bytes than this is not searched for on its own.
const LONGEST_PART: usize = 256;

/// What to look for.
#[derive(Debug)]
pub(in crate::store) enum Needle {
    /// Exactly these bytes.
    Exact(Box<memmem::Finder<'static>>),
    /// Letters, whatever their case.
    AnyCase(BoundedRegex),
    /// A regular expression, and one that finds a part of each of its matches.
    Pattern {
        regex: BoundedRegex,
        required: Option<BoundedRegex>,
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
        let regex = BoundedRegex::new(pattern, syntax::Config::new().multi_line(true))?;
        let required = required(pattern).filter(BoundedRegex::has_few_states);
        Ok(Self::Pattern { regex, required })
    }

    /// Whether it is in these bytes; none where that costs too much to find out.
    pub(in crate::store) fn is_in(&self, bytes: &[u8]) -> Option<bool> {
        let found = self.is_in_bytes(bytes)?;
        if found {
            return Some(true);
        }
        match other_text(bytes) {
            Some(text) => self.is_in_bytes(text.as_bytes()),
            None => Some(false),
        }
    }

    fn is_in_bytes(&self, bytes: &[u8]) -> Option<bool> {
        match self {
            Self::Exact(finder) => Some(finder.find(bytes).is_some()),
            Self::AnyCase(regex) | Self::Pattern { regex, .. } => regex.is_match(bytes),
        }
    }

    /// Whether [`Needle::find`] finds all places where it may be.
    pub(super) fn can_sweep(&self) -> bool {
        match self {
            Self::Exact(finder) => !finder.needle().is_empty(),
            Self::AnyCase(regex) => regex.has_few_states(),
            Self::Pattern { required, .. } => required.is_some(),
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
            Self::AnyCase(regex) => regex.find_at(bytes, from),
            Self::Pattern { required, .. } => required.as_ref()?.find_at(bytes, from),
        }
    }
}

/// Letters outside ASCII are folded as Unicode says; ASCII text by its bytes alone, which is faster.
fn any_case(text: &str) -> Option<BoundedRegex> {
    let syntax = syntax::Config::new()
        .case_insensitive(true)
        .unicode(!text.is_ascii());
    BoundedRegex::new(&regex_syntax::escape(text), syntax).ok()
}

/// What is part of each match and can be searched for in many messages at once: literals where that takes few, else
/// the part of the expression that says most.
///
/// Both are of bounded length and look at nothing around them, so that the end of one message cannot spoil the search
/// in the next, and an expression such as `a.*b` never runs on beyond the message it began in.
fn required(pattern: &str) -> Option<BoundedRegex> {
    let mut parser = regex_syntax::ParserBuilder::new()
        .utf8(false)
        .multi_line(true)
        .build();
    let hir = parser.parse(pattern).ok()?;
    let parts = parts_of(&hir);
    let literals = best_literals(parts);
    let part = longest_part(parts);
    let length = |part: &Hir| part.properties().minimum_len().unwrap_or(0);
    // Few texts lack two letters of a class: nearly each would be searched for the whole expression.
    let says_more = |literals: &[Literal], part: &Hir| {
        let is_common = shortest(literals) < SELECTIVE_LITERAL && literals.len() > MOST_SHORT;
        is_common && length(part) > shortest(literals)
    };
    match (literals, part) {
        (Some(literals), Some(part)) if says_more(&literals, &part) => part_alone(&part),
        (Some(literals), _) => alternation(&literals),
        (None, part) => part_alone(&part?),
    }
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

/// Literals one of which begins each match of the rest: at the place where the shortest is longest.
fn best_literals(parts: &[Hir]) -> Option<Vec<Literal>> {
    let suffixes = (0..parts.len()).filter_map(|start| parts.get(start..));
    suffixes
        .filter_map(literals_of)
        .max_by_key(|literals| shortest(literals))
}

fn literals_of(parts: &[Hir]) -> Option<Vec<Literal>> {
    let mut found: Seq = Extractor::new().extract(&Hir::concat(parts.to_vec()));
    found.optimize_for_prefix_by_preference();
    let literals = found.literals()?.to_vec();
    let useful = shortest(&literals) >= SHORTEST_LITERAL && literals.len() <= MOST_LITERALS;
    useful.then_some(literals)
}

fn shortest(literals: &[Literal]) -> usize {
    literals.iter().map(Literal::len).min().unwrap_or(0)
}

fn alternation(literals: &[Literal]) -> Option<BoundedRegex> {
    let mut pattern = String::from("(?s-u)");
    for (number, literal) in literals.iter().enumerate() {
        pattern.push_str(if number > 0 { "|" } else { "" });
        for byte in literal.as_bytes() {
            write!(pattern, "\\x{byte:02x}").ok()?;
        }
    }
    BoundedRegex::new(&pattern, syntax::Config::new()).ok()
}

/// The longest run of expressions that are bounded and look at nothing around them.
fn longest_part(parts: &[Hir]) -> Option<Hir> {
    let bounded = |part: &Hir| {
        let properties = part.properties();
        properties
            .maximum_len()
            .is_some_and(|most| most <= LONGEST_PART)
            && properties.look_set().is_empty()
    };
    let runs = parts.chunk_by(|left, right| bounded(left) && bounded(right));
    let runs = runs
        .filter(|run| run.iter().all(bounded))
        .map(|run| Hir::concat(run.to_vec()));
    let longest = runs.max_by_key(|run| run.properties().minimum_len())?;
    let useful = longest.properties().minimum_len()? >= SHORTEST_LITERAL;
    useful.then_some(longest)
}

fn part_alone(part: &Hir) -> Option<BoundedRegex> {
    BoundedRegex::without_literals(&part.to_string()).ok()
}
