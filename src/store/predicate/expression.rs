//! `cel:` terms: an expression of the Common Expression Language over one message.
//! How JSON becomes values of the language is `lazy`'s; only what an expression names is built.

use std::sync::{Arc, OnceLock};

use cel::common::ast::IdedExpr;
use cel::common::types::{CelBool, CelBytes, CelInt, CelMap, CelMapKey, CelString, STRING_TYPE};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, Env, ExecutionError, Value};

use super::lazy_json;
use super::parse::{self, SyntaxError};
use super::prefilter::Prefilter;
use crate::model::parse_duration;
use crate::store::message::MessageRef;

/// A compiled expression; a message matches where it is `true`, and not where it fails.
#[derive(Debug)]
pub(in crate::store) struct Expression {
    parsed: IdedExpr,
    hint: Option<Prefilter>,
}

impl Expression {
    pub(in crate::store) fn new(text: &str) -> Result<Self, SyntaxError> {
        let parsed = parse::parse(environment(), text)?;
        let hint = Prefilter::from_expression(&parsed);
        let expression = Self { parsed, hint };
        match expression.undeclared() {
            Some(name) => Err((
                text.find(&name).unwrap_or(0),
                format!("there is no function \"{name}\""),
            )),
            None => Ok(expression),
        }
    }

    /// Whether it is `true` of the message.
    pub(super) fn holds(&self, message: &MessageRef<'_>) -> bool {
        if self.hint.as_ref().is_some_and(|hint| !hint.allows(message)) {
            return false;
        }
        let variables = Variables {
            message: Some(*message),
        };
        let context = context(&variables);
        let result = Value::resolve_val(&self.parsed, &context);
        let truth = result
            .as_ref()
            .ok()
            .and_then(|value| value.downcast_ref::<CelBool>());
        truth.is_some_and(|truth| *truth.inner())
    }

    /// A function that there is not, as far as trying the expression on no message brings to light.
    fn undeclared(&self) -> Option<String> {
        let context = context(&Variables { message: None });
        match Value::resolve_val(&self.parsed, &context) {
            Err(ExecutionError::UndeclaredReference(name)) => Some(name.to_string()),
            Ok(_) | Err(_) => None,
        }
    }
}

/// The language's standard functions, and times as whole nanoseconds, so that they compare with `timestamp`.
fn environment() -> &'static Arc<Env> {
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

fn context<'v>(variables: &'v Variables<'v>) -> Context<'v, 'v> {
    let mut context = Context::with_env(Arc::clone(environment()));
    context.set_variable_resolver(variables);
    context
}

/// What an expression can name: the fields of a message, or of one that is empty.
struct Variables<'a> {
    message: Option<MessageRef<'a>>,
}

impl VariableResolver for Variables<'_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let message = self.message.as_ref();
        let int =
            |of: fn(&MessageRef<'b>) -> i64| CowVal::owned(CelInt::from(message.map_or(0, of)));
        let text = |of: fn(&MessageRef<'b>) -> &'b str| {
            CowVal::owned(CelString::from(message.map_or("", of)))
        };
        let found = match name {
            "key" => text_or_bytes(message.map_or(&[], MessageRef::key)).into(),
            "value" => lazy_json::value(message.map_or(b"{}", MessageRef::value)).into(),
            "headers" => CowVal::owned(headers(message)),
            "offset" => int(MessageRef::offset),
            "timestamp" => int(|message| message.timestamp().0),
            "partition" => int(|message| message.partition().into()),
            "size" => int(|message| i64::try_from(message.size()).unwrap_or(i64::MAX)),
            "stream" => text(|message| message.stream()),
            "subject" => text(MessageRef::subject),
            _ => return None,
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

fn headers<'v>(message: Option<&MessageRef<'v>>) -> CelMap<'v> {
    let headers = message.into_iter().flat_map(MessageRef::headers);
    let entries = headers.map(|(name, value)| (CelMapKey::from(name), text_or_bytes(value)));
    CelMap::from(entries.collect::<std::collections::HashMap<_, _>>())
}
