//! Parses expressions of the query language and refuses those that are too deep or name what there is not.
//! What an expression says of a message is `expression`'s.

use std::collections::HashSet;
use std::sync::Arc;

use cel::common::ast::{
    CallExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, LiteralValue, SourceInfo,
};
use cel::{Context, Env, ExecutionError, ParseErrors, Value};

use super::literals::check_numbers;
use super::metering::is_matches;

/// Deeper expressions are refused. They are evaluated level within level, on threads with 2 MiB of stack.
const DEEPEST: usize = 24;
/// Expressions with more regular expressions are refused: each may take milliseconds to compile.
const MOST_PATTERNS: usize = 16;
/// The parser's own limit, which counts each bracket once.
const DEEPEST_BRACKETS: u16 = 32;
/// Longer ones are refused.
const LONGEST: usize = 4096;
/// What the parser gets: it needs some 100 KiB a bracket where it is not optimised.
const PARSER_STACK: usize = 32 << 20;

/// What an expression may name beside its own variables.
pub(in crate::store) const VARIABLES: [&str; 9] = [
    "key",
    "value",
    "headers",
    "offset",
    "timestamp",
    "stream",
    "partition",
    "subject",
    "size",
];
/// Names of the language itself.
pub(super) const NAMES: [&str; 12] = [
    "bool",
    "bytes",
    "double",
    "dyn",
    "int",
    "list",
    "map",
    "null_type",
    "optional",
    "string",
    "type",
    "uint",
];

/// Why an expression is refused: the byte in it, and a sentence.
pub(in crate::store) type SyntaxError = (usize, String);

/// Parses on a thread of its own, whose stack the parser cannot exhaust.
pub(super) fn parse(env: &Arc<Env>, text: &str) -> Result<IdedExpr, SyntaxError> {
    if text.len() > LONGEST {
        return Err((0, format!("the expression is longer than {LONGEST} bytes")));
    }
    let failed = || {
        (
            0,
            "the expression cannot be parsed here: no thread could be started".to_owned(),
        )
    };
    on_deep_stack(|| parse_here(env, text)).unwrap_or_else(|| Err(failed()))
}

/// What that work comes to on a thread with a stack for the parser; `None` where it cannot be done there.
pub(super) fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(PARSER_STACK);
        thread.spawn_scoped(scope, work).ok()?.join().ok()
    })
}

fn parse_here(env: &Arc<Env>, text: &str) -> Result<IdedExpr, SyntaxError> {
    let (expression, source) = read(env, text)?;
    check_expression(&expression, &source, text)?;
    check_functions(&expression, env, text)?;
    if patterns(&expression).len() > MOST_PATTERNS {
        let sentence = format!("the expression has more than {MOST_PATTERNS} regular expressions");
        return Err((0, sentence));
    }
    Ok(expression)
}

/// Reads an expression, whatever it names. Needs the stack of [`on_deep_stack`].
pub(super) fn read(env: &Arc<Env>, text: &str) -> Result<(IdedExpr, SourceInfo), SyntaxError> {
    check_numbers(text)?;
    let parser = env.parser().max_recursion_depth(DEEPEST_BRACKETS);
    let parsed = parser.parse_with_source_info(text);
    parsed.map_err(|errors| syntax_error(text, &errors))
}

fn syntax_error(text: &str, errors: &ParseErrors) -> SyntaxError {
    let Some(error) = errors.errors.first() else {
        return (0, "the expression does not parse".into());
    };
    if error.msg.contains("Recursion limit") {
        return (0, too_deep());
    }
    let column = usize::try_from(error.pos.1)
        .unwrap_or_default()
        .saturating_sub(1);
    let at = text
        .char_indices()
        .nth(column)
        .map_or(text.len(), |(at, _)| at);
    let reason = reason(text.get(at..).unwrap_or_default(), &error.msg);
    (at, format!("the expression does not parse: {reason}"))
}

/// Why it does not, in words: the parser's own list every kind of token that it knows. `rest` begins where it stopped.
fn reason(rest: &str, message: &str) -> String {
    let rest = rest.trim_start();
    let missing = [")", "]", "}"].into_iter().find(|bracket| {
        let missing = format!("missing '{bracket}'");
        message.contains(&missing)
    });
    if let Some(bracket) = missing {
        return format!("\"{bracket}\" is missing");
    }
    let Some(first) = rest.chars().next() else {
        return "it is not complete".to_owned();
    };
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    let name = rest.split(|c| !is_of_name(c)).next().unwrap_or_default();
    let token = match name {
        "" => first.to_string(),
        name => name.to_owned(),
    };
    match first {
        '"' | '\'' if message.contains("token recognition") => {
            format!("the text after {first} has no end")
        }
        '=' => "\"=\" alone compares nothing; write ==".to_owned(),
        _ if message.contains("expecting <EOF>") => {
            format!("\"{token}\" follows what is complete; && and || join two conditions")
        }
        _ => format!("\"{token}\" is not expected there"),
    }
}

fn too_deep() -> String {
    format!("the expression is nested deeper than {DEEPEST} levels")
}

fn check_expression(
    expression: &IdedExpr,
    source: &SourceInfo,
    text: &str,
) -> Result<(), SyntaxError> {
    let unknown = unknown_names(expression)?;
    unknown.first().map_or(Ok(()), |(id, name)| {
        Err((
            place_of(*id, source, text),
            format!(
                "\"{name}\" is not known; a message has {}",
                VARIABLES.join(", ")
            ),
        ))
    })
}

/// The names, by where they stand, that neither a message nor the expression itself has. Looks through the whole expression
/// without recursion.
pub(super) fn unknown_names(expression: &IdedExpr) -> Result<Vec<(u64, &str)>, SyntaxError> {
    let mut waiting = vec![(expression, 1)];
    let mut known: HashSet<&str> = VARIABLES.into_iter().chain(NAMES).collect();
    let mut named = Vec::new();
    while let Some((part, depth)) = waiting.pop() {
        if depth > DEEPEST {
            return Err((0, too_deep()));
        }
        if let Expr::Ident(name) = &part.expr {
            named.push((part.id, name.as_str()));
        }
        if let Expr::Comprehension(inner) = &part.expr {
            known.extend([inner.iter_var.as_str(), &inner.accu_var]);
            known.extend(inner.iter_var2.as_deref());
        }
        waiting.extend(parts(&part.expr).into_iter().map(|part| (part, depth + 1)));
    }
    named.retain(|(_, name)| !known.contains(name));
    Ok(named)
}

/// The byte at which that part of the expression begins.
pub(super) fn place_of(id: u64, source: &SourceInfo, text: &str) -> usize {
    let characters = source
        .offset_for(id)
        .and_then(|(start, _)| usize::try_from(start).ok());
    characters
        .and_then(|nth| text.char_indices().nth(nth))
        .map_or(0, |(at, _)| at)
}

/// Finds calls of functions that there are not. Each is tried on its own with nothing given to it, so that no part of the
/// expression is evaluated.
pub(super) fn check_functions(
    expression: &IdedExpr,
    env: &Arc<Env>,
    text: &str,
) -> Result<(), SyntaxError> {
    let mut waiting = vec![expression];
    while let Some(part) = waiting.pop() {
        if let Expr::Call(call) = &part.expr
            && call.func_name.starts_with(char::is_alphabetic)
        {
            let at = text.find(&call.func_name).unwrap_or(0);
            check_call(call, env).map_err(|sentence| (at, sentence))?;
        }
        waiting.extend(parts(&part.expr));
    }
    Ok(())
}

/// The regular expressions that stand in the expression as they are.
pub(super) fn patterns(expression: &IdedExpr) -> Vec<&str> {
    let mut waiting = vec![expression];
    let mut found = Vec::new();
    while let Some(part) = waiting.pop() {
        if let Expr::Call(call) = &part.expr
            && is_matches(call)
            && let Some(last) = call.args.last()
            && let Expr::Literal(LiteralValue::String(pattern)) = &last.expr
        {
            found.push(pattern.inner());
        }
        waiting.extend(parts(&part.expr));
    }
    found
}

fn check_call(call: &CallExpr, env: &Arc<Env>) -> Result<(), String> {
    let name = &call.func_name;
    if name == "matches" {
        let sentence = || "matches takes a text and a regular expression".to_owned();
        return is_matches(call).then_some(()).ok_or_else(sentence);
    }
    let target = call.target.as_deref().map(|target| {
        let is_name = matches!(&target.expr, Expr::Ident(name) if NAMES.contains(&name.as_str()));
        let nothing = || Expr::Literal(LiteralValue::Null);
        let expr = if is_name {
            target.expr.clone()
        } else {
            nothing()
        };
        Box::new(IdedExpr { id: 0, expr })
    });
    let tried = IdedExpr {
        id: 0,
        expr: Expr::Call(CallExpr {
            func_name: name.clone(),
            target,
            args: Vec::new(),
        }),
    };
    match Value::resolve_val(&tried, &Context::with_env(Arc::clone(env))) {
        Err(ExecutionError::UndeclaredReference(_)) => {
            Err(format!("there is no function \"{name}\""))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The expressions of which one consists.
pub(super) fn parts(expression: &Expr) -> Vec<&IdedExpr> {
    match expression {
        Expr::Call(call) => call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .collect(),
        Expr::Comprehension(inner) => vec![
            &inner.iter_range,
            &inner.accu_init,
            &inner.loop_cond,
            &inner.loop_step,
            &inner.result,
        ],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => entries(&map.entries),
        Expr::Struct(object) => entries(&object.entries),
        Expr::Select(select) => vec![&select.operand],
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
    }
}

fn entries(entries: &[IdedEntryExpr]) -> Vec<&IdedExpr> {
    let parts = entries.iter().flat_map(|entry| match &entry.expr {
        EntryExpr::StructField(field) => [Some(&field.value), None],
        EntryExpr::MapEntry(entry) => [Some(&entry.key), Some(&entry.value)],
    });
    parts.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_an_expression_is_said_in_words() {
        for (text, at, reason) in [
            ("value.amount >", 14, "it is not complete"),
            ("value.amount > > 3", 15, "\">\" is not expected there"),
            ("(value.amount", 13, "\")\" is missing"),
            (
                "value.amount = 3",
                13,
                "\"=\" alone compares nothing; write ==",
            ),
            ("value.name == 'x", 14, "the text after ' has no end"),
            ("value.[x]", 6, "\"[\" is not expected there"),
            ("3 +* 4", 3, "\"*\" is not expected there"),
            (
                "true false",
                5,
                "\"false\" follows what is complete; && and || join two conditions",
            ),
        ] {
            let (found, sentence) = parse(&Env::stdlib().into(), text).expect_err(text);
            let expected = format!("the expression does not parse: {reason}");
            assert_eq!((found, sentence), (at, expected), "{text}");
        }
    }
}
