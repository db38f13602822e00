//! A regular expression whose search in one text has an end within about a second: the engines of the regex crate are
//! linear in the text, and in the states of the expression for each byte of it, and nothing stops them in between.

use std::ops::Range;

use regex_automata::hybrid::dfa::DFA;
use regex_automata::meta::{self, BuildError, Regex};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::{Input, MatchError, util::syntax};

/// A compiled expression may take this much memory; larger ones are refused with a sentence.
const MOST_BYTES: usize = 1 << 20;
/// States of the expression times bytes of a text that any engine goes through in about a second.
const MOST_STEPS: usize = 1 << 26;
/// With more states an expression is not searched for in many messages at once.
const FEW_STATES: usize = 500;
/// Most searches cost far less than the most that they may: one of the costliest is about a fifteenth of what an evaluation
/// has.
const STATES_A_STEP: usize = 1 << 10;
/// Memory for the states that a search over a larger text makes on its way, and how often it may be used up.
const CACHE_BYTES: usize = 2 << 20;
const MOST_CACHES: usize = 3;

const TOO_LARGE: &str = "the regular expression is too large";

/// A compiled expression.
#[derive(Clone, Debug)]
pub(in crate::store) struct BoundedRegex {
    regex: Regex,
    states: usize,
    /// Gives up where it makes too many states.
    dfa: Option<Box<DFA>>,
}

impl BoundedRegex {
    /// Compiles the pattern with these settings.
    pub(super) fn new(pattern: &str, syntax: syntax::Config) -> Result<Self, String> {
        Self::compile(pattern, syntax, true)
    }

    /// The same of a part that has no literals: engines would look for what begins it, such as any digit, and stop at
    /// each, which is slower than to take byte by byte.
    pub(super) fn without_literals(pattern: &str) -> Result<Self, String> {
        Self::compile(pattern, syntax::Config::new(), false)
    }

    fn compile(pattern: &str, syntax: syntax::Config, has_literals: bool) -> Result<Self, String> {
        let syntax = syntax.utf8(false);
        let config = meta::Config::new()
            .utf8_empty(false)
            .nfa_size_limit(Some(MOST_BYTES))
            .auto_prefilter(has_literals);
        let built = meta::Builder::new()
            .syntax(syntax)
            .configure(config)
            .build(pattern);
        let regex = built.map_err(|error| reason(&error))?;
        let compiled = thompson::Compiler::new()
            .syntax(syntax)
            .configure(
                thompson::Config::new()
                    .utf8(false)
                    .which_captures(WhichCaptures::None),
            )
            .build(pattern);
        let nfa = compiled.map_err(|_same_limits| TOO_LARGE.to_owned())?;
        let states = nfa.states().len();
        let config = DFA::config()
            .cache_capacity(CACHE_BYTES)
            .skip_cache_capacity_check(true)
            .unicode_word_boundary(true)
            .minimum_cache_clear_count(Some(MOST_CACHES))
            // Each state that it makes costs as much as all states of the expression.
            .minimum_bytes_per_state(Some(states));
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa);
        Ok(Self {
            regex,
            states,
            dfa: dfa.ok().map(Box::new),
        })
    }

    /// Whether it is in these bytes; none where that costs too much to find out.
    pub(super) fn is_match(&self, bytes: &[u8]) -> Option<bool> {
        if self.states.saturating_mul(bytes.len()) <= MOST_STEPS {
            return Some(self.regex.is_match(bytes));
        }
        self.search(bytes)?.ok()
    }

    fn search(&self, bytes: &[u8]) -> Option<Result<bool, MatchError>> {
        let dfa = self.dfa.as_ref()?;
        let mut cache = dfa.create_cache();
        let input = Input::new(bytes).earliest(true);
        let found = dfa.try_search_fwd(&mut cache, &input);
        Some(found.map(|found| found.is_some()))
    }

    /// What a search in so many bytes is counted as, in steps of an evaluation.
    pub(super) fn steps(&self, bytes: usize) -> u64 {
        let steps = self.states.saturating_mul(bytes) / STATES_A_STEP;
        u64::try_from(steps).unwrap_or(u64::MAX)
    }

    /// Whether it may be searched for in many messages at once, which nothing stops.
    pub(super) fn has_few_states(&self) -> bool {
        self.states <= FEW_STATES
    }

    /// The first match at or after `from`.
    pub(super) fn find_at(&self, bytes: &[u8], from: usize) -> Option<Range<usize>> {
        let input = Input::new(bytes).range(from..);
        Some(self.regex.find(input)?.range())
    }
}

/// The reason in one line, without its drawing of the place.
fn reason(error: &BuildError) -> String {
    let Some(syntax) = error.syntax_error() else {
        return TOO_LARGE.into();
    };
    let text = syntax.to_string();
    let line = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("error: "));
    let why = line.unwrap_or("it does not parse");
    format!("this is no regular expression: {why}")
}
