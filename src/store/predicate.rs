//! A compiled query: whether a message matches, and which messages of a chunk do.
//! The grammar is `query`'s; looking for text in bytes is `needle`'s.

mod bounded_regex;
mod chunk_scan;
mod evaluation_budget;
mod exact_numbers;
mod expression;
mod field_use;
mod guess;
mod lazy_json;
pub(super) mod literals;
mod metering;
mod needle;
mod parse;
mod prefilter;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

pub(super) use expression::Expression;
pub(super) use field_use::FieldUse;
pub(super) use guess::fields_missing;
pub(super) use needle::Needle;
pub(super) use parse::VARIABLES;

use super::chunk::Chunk;
use super::message::MessageRef;
use super::value_json::ValueTypes;
use crate::model::{Offset, PartitionId, Timestamp};

/// Where text is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// In key, value and the values of the publisher's headers. The broker's own `subject` and `reply` are left out:
    /// they are in every message, so that the name of a stream would match all of it.
    Any,
    /// In the key.
    Key,
    /// In the value.
    Value,
    /// In the values of headers of that name, `subject` and `reply` included.
    Header(Arc<str>),
}

/// How a number is compared with the one of the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `=` and `:`
    Equal,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
}

impl Comparison {
    fn holds<T: PartialOrd + Copy>(self, left: T, right: T) -> bool {
        match self {
            Self::Below => left < right,
            Self::AtMost => left <= right,
            Self::Equal => left == right,
            Self::AtLeast => left >= right,
            Self::Above => left > right,
        }
    }
}

/// What one term asks.
#[derive(Debug)]
pub(super) enum Test {
    /// Whether text is in a field.
    Contains(Field, Needle),
    /// How the offset compares.
    Offset(Comparison, Offset),
    /// How the bytes of key, value and headers compare.
    Size(Comparison, u64),
    /// How long ago the message was stored.
    Age(Comparison, Duration),
    /// Whether it is of one of these partitions, sorted.
    Partition(Vec<PartitionId>),
    /// Whether an expression is true.
    Cel(Expression),
}

/// A test or its opposite.
#[derive(Debug)]
pub(super) struct Term {
    pub(super) negated: bool,
    pub(super) test: Test,
}

/// One run of a query over messages: at what time, until when, and how many messages it could not decide.
#[derive(Debug)]
pub struct QueryRun {
    now: Timestamp,
    cancelled: Arc<AtomicBool>,
    undecided: AtomicU64,
}

impl QueryRun {
    /// A run that takes ages at this time.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            cancelled: Arc::default(),
            undecided: AtomicU64::new(0),
        }
    }

    /// Stops it: it ends at the message it is at, within an expression too.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// For how many messages the expression cost more than one may: they count as not matching.
    pub fn undecided(&self) -> u64 {
        self.undecided.load(Ordering::Relaxed)
    }

    /// Counts what could not be decided.
    fn count(&self, decision: Option<bool>) -> Option<bool> {
        if decision.is_none() && !self.is_cancelled() {
            self.undecided.fetch_add(1, Ordering::Relaxed);
        }
        decision
    }
}

impl Term {
    /// What is not decided is no match, negated or not.
    fn holds(&self, message: &MessageRef<'_>, run: &QueryRun) -> bool {
        let decision = self.test.decide(message, run);
        decision.is_some_and(|holds| holds != self.negated)
    }
}

impl Test {
    /// From now on values are read by these types.
    pub(super) fn set_types(&mut self, types: &Arc<dyn ValueTypes>) {
        if let Self::Cel(expression) = self {
            expression.set_types(types);
        }
    }

    fn uses(&self) -> Vec<FieldUse> {
        match self {
            Self::Cel(expression) => expression.uses().to_vec(),
            Self::Contains(Field::Header(name), _) => vec![FieldUse::of_header(name)],
            Self::Contains(Field::Any | Field::Key | Field::Value, _)
            | Self::Offset(..)
            | Self::Size(..)
            | Self::Age(..)
            | Self::Partition(_) => Vec::new(),
        }
    }

    fn decide(&self, message: &MessageRef<'_>, run: &QueryRun) -> Option<bool> {
        let holds = match self {
            Self::Contains(field, needle) => return run.count(contains(field, needle, message)),
            Self::Offset(op, offset) => op.holds(message.offset(), *offset),
            Self::Size(op, size) => {
                op.holds(u64::try_from(message.size()).unwrap_or(u64::MAX), *size)
            }
            Self::Age(op, age) => op.holds(message.timestamp().age(run.now), *age),
            Self::Partition(partitions) => partitions.binary_search(&message.partition()).is_ok(),
            Self::Cel(expression) => {
                return run.count(expression.decide(message, &run.cancelled));
            }
        };
        Some(holds)
    }
}

/// Found in one place is found, whatever could not be decided in another.
fn contains(field: &Field, needle: &Needle, message: &MessageRef<'_>) -> Option<bool> {
    let any = |mut values: &mut dyn Iterator<Item = &[u8]>| {
        let mut all_decided = true;
        let found = Iterator::any(&mut values, |value| {
            let found = needle.is_in(value);
            all_decided &= found.is_some();
            found.unwrap_or(false)
        });
        (found || all_decided).then_some(found)
    };
    match field {
        Field::Key => needle.is_in(message.key()),
        Field::Value => needle.is_in(message.value()),
        Field::Header(name) => {
            let named = message.headers().filter(|(header, _)| *header == &**name);
            any(&mut named.map(|(_, value)| value))
        }
        Field::Any => {
            let headers = message.publisher_headers().map(|(_, value)| value);
            any(&mut [message.value(), message.key()].into_iter().chain(headers))
        }
    }
}

/// A compiled query: alternatives, each of terms that must all hold. Cheap to clone; may be used on any thread.
#[derive(Clone, Debug)]
pub struct Predicate {
    alternatives: Arc<[Vec<Term>]>,
}

impl Predicate {
    /// Matches where all terms of any alternative hold.
    pub(super) fn new(alternatives: Vec<Vec<Term>>) -> Self {
        Self {
            alternatives: alternatives.into(),
        }
    }

    /// The fields that it names in expressions, and the headers that it does in terms.
    pub(super) fn uses(&self) -> Vec<FieldUse> {
        let terms = self.alternatives.iter().flatten();
        terms.flat_map(|term| term.test.uses()).collect()
    }

    /// The partitions that it asks for by number, in any alternative.
    pub(super) fn partitions(&self) -> Vec<PartitionId> {
        let terms = self.alternatives.iter().flatten();
        let named = terms.filter_map(|term| match &term.test {
            Test::Partition(named) if !term.negated => Some(named),
            Test::Partition(_)
            | Test::Contains(..)
            | Test::Offset(..)
            | Test::Size(..)
            | Test::Age(..)
            | Test::Cel(_) => None,
        });
        named.flatten().copied().collect()
    }

    /// Whether the message matches.
    pub fn matches(&self, message: &MessageRef<'_>, run: &QueryRun) -> bool {
        let mut alternatives = self.alternatives.iter();
        alternatives.any(|terms| all_match(terms, message, run))
    }

    /// The indexes of the messages of a chunk that match, growing. Where the query allows, the whole arena is searched
    /// at once, and only what is found there is looked at message by message.
    pub fn scan(&self, chunk: &Chunk, run: &QueryRun) -> Vec<u32> {
        let scans = self
            .alternatives
            .iter()
            .map(|terms| chunk_scan::scan(terms, chunk, run));
        let mut found: Vec<u32> = Vec::new();
        for (number, matching) in scans.enumerate() {
            found.extend(matching);
            if number > 0 {
                found.sort_unstable();
                found.dedup();
            }
        }
        found
    }
}

fn all_match(terms: &[Term], message: &MessageRef<'_>, run: &QueryRun) -> bool {
    terms.iter().all(|term| term.holds(message, run))
}
