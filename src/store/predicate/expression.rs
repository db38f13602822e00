//! `cel:` terms: an expression of the Common Expression Language over one message.
//! How JSON becomes values of the language is `lazy_json`'s; only what an expression names is built.

use std::borrow::Cow;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use cel::common::ast::IdedExpr;
use cel::common::types::{
    CelBool, CelBytes, CelInt, CelMap, CelMapKey, CelString, DYN_TYPE, STRING_TYPE,
};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, Env, ExecutionError, Value};

use super::evaluation_budget::{BUDGET_TYPE, BudgetValue, EvaluationBudget, Patterns, too_costly};
use super::exact_numbers;
use super::field_use::{FieldUse, field_uses};
use super::lazy_json;
use super::metering::{BUDGET, CHARGE, MATCHES, TICK, metered};
use super::parse::{self, SyntaxError};
use super::prefilter::Prefilter;
use crate::model::parse_duration;
use crate::store::decode::Schema;
use crate::store::message::MessageRef;
use crate::store::value_json::{ValueTypes, value_json};

/// A compiled expression; a message matches where it is `true`, and not where it fails.
#[derive(Debug)]
pub(in crate::store) struct Expression {
    metered: IdedExpr,
    uses: Vec<FieldUse>,
    hint: Option<Prefilter>,
    patterns: Arc<Patterns>,
    /// The types of values, where any are known.
    types: Option<Arc<dyn ValueTypes>>,
}

impl Expression {
    pub(in crate::store) fn new(text: &str) -> Result<Self, SyntaxError> {
        let parsed = parse::parse(environment(), text)?;
        let patterns = Arc::new(Patterns::default());
        for pattern in parse::patterns(&parsed) {
            let added = patterns.add(pattern);
            added.map_err(|sentence| (text.find("matches").unwrap_or(0), sentence))?;
        }
        Ok(Self {
            hint: Prefilter::from_expression(&parsed),
            uses: field_uses(&parsed),
            metered: metered(parsed),
            patterns,
            types: None,
        })
    }

    /// From now on values are read by these types.
    pub(super) fn set_types(&mut self, types: &Arc<dyn ValueTypes>) {
        self.types = Some(Arc::clone(types));
    }

    /// The fields that it names.
    pub(super) fn uses(&self) -> &[FieldUse] {
        &self.uses
    }

    /// Whether it is `true` of the message; `None` where it came to no end within its budget, or was cancelled.
    pub(super) fn decide(
        &self,
        message: &MessageRef<'_>,
        cancelled: &Arc<AtomicBool>,
    ) -> Option<bool> {
        let types = self.types.as_ref();
        let schema = types.and_then(|types| types.type_of(message.stream()));
        let is_typed = schema.is_some();
        let hint = self.hint.as_ref();
        if hint.is_some_and(|hint| !hint.allows(message, is_typed)) {
            return Some(false);
        }
        let json = OnceLock::new();
        let budget = Arc::new(EvaluationBudget::new(
            message.size(),
            Arc::clone(cancelled),
            Arc::clone(&self.patterns),
        ));
        let variables = Variables {
            message: *message,
            budget: &budget,
            budget_value: BudgetValue(Arc::clone(&budget)),
            schema,
            json: &json,
            value: OnceLock::new(),
        };
        let mut context = Context::with_env(Arc::clone(environment()));
        context.set_variable_resolver(&variables);
        let result = Value::resolve_val(&self.metered, &context);
        let truth = result
            .as_ref()
            .ok()
            .and_then(|value| value.downcast_ref::<CelBool>());
        let holds = truth.is_some_and(|truth| *truth.inner());
        (!budget.is_exhausted()).then_some(holds)
    }
}

/// The language's standard functions, and times as whole nanoseconds, so that they compare with `timestamp`.
pub(super) fn environment() -> &'static Arc<Env> {
    static ENVIRONMENT: OnceLock<Arc<Env>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut env = Env::stdlib();
        for (name, id, function) in [
            ("timestamp", "timestamp_string", timestamp as Function),
            ("duration", "duration_string", duration as Function),
        ] {
            // The name can only be taken where the standard functions bring times of their own, which then serve.
            drop(env.add_overload(name, id, vec![STRING_TYPE], function));
        }
        exact_numbers::add_to(&mut env);
        drop(env.add_overload(
            CHARGE,
            CHARGE,
            vec![BUDGET_TYPE.to_owned(), DYN_TYPE],
            charge,
        ));
        drop(env.add_overload(
            MATCHES,
            MATCHES,
            vec![BUDGET_TYPE.to_owned(), STRING_TYPE, STRING_TYPE],
            matches,
        ));
        Arc::new(env)
    })
}

type Function = for<'b, 'v> fn(Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError>;

/// `timestamp("2026-11-22T10:30:00Z")`: Unix nanoseconds.
fn timestamp<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let nanos = text_of(arguments).and_then(|text| {
        let time = chrono::DateTime::parse_from_rfc3339(&text).ok()?;
        time.timestamp_nanos_opt()
    });
    nanos_or(
        "timestamp",
        "a time is written like 2026-11-22T10:30:00Z",
        nanos,
    )
}

/// `duration("1h30m")`: nanoseconds.
fn duration<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let nanos = text_of(arguments).and_then(|text| {
        let duration = parse_duration(&text).ok()?;
        i64::try_from(duration.as_nanos()).ok()
    });
    nanos_or("duration", "a duration is written like 1h30m", nanos)
}

fn text_of(arguments: Vec<CowVal<'_, '_>>) -> Option<String> {
    let text = arguments.into_iter().next()?;
    Some(text.downcast_ref::<CelString<'_>>()?.inner().to_owned())
}

fn nanos_or<'b, 'v>(
    name: &str,
    reason: &str,
    nanos: Option<i64>,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let nanos = nanos.ok_or_else(|| ExecutionError::function_error(name, reason))?;
    Ok(CowVal::owned(CelInt::from(nanos)))
}

/// `@charge(@budget, value)`: the value, where the budget had room for it.
fn charge<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let mut arguments = arguments.into_iter();
    let (Some(budget), Some(value)) = (arguments.next(), arguments.next()) else {
        return Err(ExecutionError::missing_argument_or_target());
    };
    let budget = budget.downcast_ref::<BudgetValue>();
    let has_room = budget.is_some_and(|budget| budget.0.take_all(value.as_ref()));
    has_room.then_some(value).ok_or_else(too_costly)
}

/// `@matches(@budget, text, pattern)`
fn matches<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let mut arguments = arguments.into_iter();
    let mut next = || {
        arguments
            .next()
            .ok_or_else(ExecutionError::missing_argument_or_target)
    };
    let (budget, text, pattern) = (next()?, next()?, next()?);
    let budget = budget
        .downcast_ref::<BudgetValue>()
        .ok_or_else(too_costly)?;
    let [text, pattern] = [&text, &pattern].map(|value| value.downcast_ref::<CelString<'_>>());
    let (Some(text), Some(pattern)) = (text, pattern) else {
        return Err(ExecutionError::missing_argument_or_target());
    };
    let regex = budget.0.pattern(pattern.inner())?;
    let length = text.inner().len();
    if !budget.0.take_reading(length) || !budget.0.take_steps(regex.steps(length)) {
        return Err(too_costly());
    }
    let matches = regex.is_match(text.inner().as_bytes());
    let matches = matches.ok_or_else(too_costly)?;
    Ok(CowVal::owned(CelBool::from(matches)))
}

/// What an expression can name: the fields of a message.
struct Variables<'a> {
    message: MessageRef<'a>,
    budget: &'a EvaluationBudget,
    budget_value: BudgetValue,
    /// The type of the value, where that is known.
    schema: Option<&'a Schema>,
    /// The value as JSON, where it is any, once it was asked for.
    json: &'a OnceLock<Option<Cow<'a, str>>>,
    /// The message's value, built when it is first asked for.
    value: OnceLock<Box<dyn Val + 'a>>,
}

impl<'a> Variables<'a> {
    fn build_value(&self) -> Box<dyn Val + 'a> {
        let value = self.message.value();
        let json = self.json.get_or_init(|| value_json(value, self.schema));
        if let Some(Cow::Owned(text)) = json {
            self.budget.take_reading(text.len());
        }
        lazy_json::value(value, json.as_deref(), self.budget)
    }

    /// Whether there are so many steps left for the turn of a loop.
    fn tick(&self, steps: &str) -> Option<CowVal<'static, 'static>> {
        let steps = steps.parse().unwrap_or(u64::MAX);
        let goes_on = self.budget.take_steps(steps);
        goes_on.then(|| CowVal::owned(CelBool::from(true)))
    }
}

impl VariableResolver for Variables<'_> {
    /// What is large is charged for each time it is looked up: whoever asks will look through it.
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let message = &self.message;
        let int = |int: i64| CowVal::owned(CelInt::from(int));
        let text = |text: &'b str| CowVal::owned(CelString::from(text));
        let found = match name {
            "key" => {
                self.budget.take_reading(message.key().len());
                text_or_bytes(message.key()).into()
            }
            "value" => {
                self.budget.take_reading(message.value().len());
                CowVal::Borrowed(&**self.value.get_or_init(|| self.build_value()))
            }
            "headers" => {
                self.budget
                    .take_reading(message.size() - message.key().len().min(message.size()));
                CowVal::owned(headers(message))
            }
            "offset" => int(message.offset()),
            "timestamp" => int(message.timestamp().0),
            "partition" => int(message.partition().into()),
            "size" => int(i64::try_from(message.size()).unwrap_or(i64::MAX)),
            "stream" => text(message.stream()),
            "subject" => text(message.subject()),
            BUDGET => CowVal::Borrowed(&self.budget_value),
            _ => return self.tick(name.strip_prefix(TICK)?),
        };
        Some(found)
    }
}

/// Text where it is UTF-8, else bytes.
pub(super) fn text_or_bytes<'v>(bytes: &'v [u8]) -> Box<dyn Val + 'v> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Box::new(CelString::from(text)),
        Err(_) => Box::new(CelBytes::from(bytes)),
    }
}

fn headers<'v>(message: &MessageRef<'v>) -> CelMap<'v> {
    let entries = message
        .headers()
        .map(|(name, value)| (CelMapKey::from(name), text_or_bytes(value)));
    CelMap::from(entries.collect::<std::collections::HashMap<_, _>>())
}
