//! What one evaluation of an expression may cost: steps and bytes, a cancel that is looked at on the way, and regular
//! expressions compiled once. Where costs arise is `metering`'s.

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cel::ExecutionError;
use cel::common::types::{CelBytes, CelList, CelMap, CelOptional, CelString, Type};
use cel::common::value::{StaticVal, Val};
use regex_automata::util::syntax;

use super::bounded_regex::BoundedRegex;

/// Steps of an evaluation, each worth some 100 ns, beside one for each byte of the message.
const STEPS: u64 = 1_000_000;
/// Bytes that an evaluation may build. Kept low because every core may be at one.
const BYTES: u64 = 32 << 20;
/// Bytes that are read in the time of a step.
const BYTES_A_STEP: u64 = 64;
/// What a value takes beside its text: its box and its place in a list.
const VALUE_BYTES: u64 = 48;
/// Compiling a regular expression that stands in the message, not in the query.
const COMPILE_STEPS: u64 = 100_000;
/// Regular expressions kept compiled for a query.
const MOST_PATTERNS: usize = 16;

/// What is left for one evaluation. When anything runs out, or it is cancelled, all that follows fails at once.
#[derive(Debug)]
pub(super) struct EvaluationBudget {
    steps: AtomicU64,
    bytes: AtomicU64,
    exhausted: AtomicBool,
    cancelled: Arc<AtomicBool>,
    patterns: Arc<Patterns>,
}

impl EvaluationBudget {
    pub(super) fn new(
        message_bytes: usize,
        cancelled: Arc<AtomicBool>,
        patterns: Arc<Patterns>,
    ) -> Self {
        let message = u64::try_from(message_bytes).unwrap_or(u64::MAX);
        Self {
            steps: AtomicU64::new(STEPS.saturating_add(message)),
            bytes: AtomicU64::new(BYTES),
            exhausted: AtomicBool::new(false),
            cancelled,
            patterns,
        }
    }

    /// Whether the evaluation came to no end of its own: what it says counts for nothing.
    pub(super) fn is_exhausted(&self) -> bool {
        self.exhausted.load(Ordering::Relaxed)
    }

    /// Ends the evaluation.
    pub(super) fn exhaust(&self) {
        self.exhausted.store(true, Ordering::Relaxed);
    }

    /// Takes steps; whether there were so many left, and nobody cancelled.
    pub(super) fn take_steps(&self, steps: u64) -> bool {
        if self.cancelled.load(Ordering::Relaxed) {
            self.exhaust();
        }
        self.take(&self.steps, steps)
    }

    /// Takes the steps that reading so many bytes costs.
    pub(super) fn take_reading(&self, bytes: usize) -> bool {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.take_steps(bytes / BYTES_A_STEP + 1)
    }

    /// Takes a value and its text: the memory that it needs, and the step of making it.
    pub(super) fn take_value(&self, text: usize) -> bool {
        let bytes = u64::try_from(text).unwrap_or(u64::MAX);
        self.take_reading(text) && self.take(&self.bytes, bytes.saturating_add(VALUE_BYTES))
    }

    /// Takes a value with all that is in it, and stops counting where it becomes too much.
    pub(super) fn take_all(&self, value: &dyn Val) -> bool {
        if let Some(text) = value.downcast_ref::<CelString<'_>>() {
            return self.take_value(text.inner().len());
        }
        if let Some(bytes) = value.downcast_ref::<CelBytes<'_>>() {
            return self.take_value(bytes.inner().len());
        }
        if let Some(list) = value.downcast_ref::<CelList<'_>>() {
            let mut elements = list.inner().iter();
            return self.take_value(0) && elements.all(|element| self.take_all(&**element));
        }
        if let Some(map) = value.downcast_ref::<CelMap<'_>>() {
            let mut entries = map.inner().iter();
            return self.take_value(0)
                && entries
                    .all(|(key, value)| self.take_all(key.inner()) && self.take_all(&**value));
        }
        if let Some(inner) = value.downcast_ref::<CelOptional<'_>>() {
            return inner.inner().is_none_or(|inner| self.take_all(inner));
        }
        self.take_value(0)
    }

    fn take(&self, from: &AtomicU64, amount: u64) -> bool {
        let left = from.load(Ordering::Relaxed);
        match left.checked_sub(amount) {
            Some(left) if !self.is_exhausted() => {
                // One thread evaluates; atomic only because the language's values must be `Sync`.
                from.store(left, Ordering::Relaxed);
                true
            }
            _ => {
                self.exhaust();
                false
            }
        }
    }

    /// The compiled expression, from the query's where it is known.
    pub(super) fn pattern(&self, pattern: &str) -> Result<BoundedRegex, ExecutionError> {
        if let Some(regex) = self.patterns.get(pattern) {
            return Ok(regex);
        }
        if !self.take_steps(COMPILE_STEPS) {
            return Err(too_costly());
        }
        let added = self.patterns.add(pattern);
        added.map_err(|sentence| ExecutionError::function_error("matches", sentence))
    }
}

/// Ends the evaluation that meets it.
pub(super) fn too_costly() -> ExecutionError {
    ExecutionError::function_error("budget", "the expression costs too much here")
}

/// Regular expressions of one query, compiled once.
#[derive(Debug, Default)]
pub(super) struct Patterns(Mutex<HashMap<String, BoundedRegex>>);

impl Patterns {
    fn get(&self, pattern: &str) -> Option<BoundedRegex> {
        let patterns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        patterns.get(pattern).cloned()
    }

    /// Compiles it, or says in a sentence why not.
    pub(super) fn add(&self, pattern: &str) -> Result<BoundedRegex, String> {
        let regex = BoundedRegex::new(pattern, syntax::Config::new())?;
        let mut patterns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if patterns.len() < MOST_PATTERNS {
            patterns.insert(pattern.to_owned(), regex.clone());
        }
        Ok(regex)
    }
}

/// The budget as a value of the language, which the functions that charge it are given.
#[derive(Clone, Debug)]
pub(super) struct BudgetValue(pub(super) Arc<EvaluationBudget>);

pub(super) static BUDGET_TYPE: Type = Type::new_unspecified_type("@budget");

impl Val for BudgetValue {
    fn get_type(&self) -> &Type {
        Self::cel_type()
    }

    fn cel_type() -> &'static Type {
        &BUDGET_TYPE
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for BudgetValue {}
