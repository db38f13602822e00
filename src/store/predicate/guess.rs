//! Whether a text without `cel:` in front is meant as an expression: it reads as one, and says something of a message that
//! may be true or not. How that is told is `query`'s.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::expression::environment;
use super::field_use::COMPARISONS;
use super::parse::{NAMES, check_functions, on_deep_stack, parts, place_of, read, unknown_names};

/// Where names stand that would be fields of the value, growing; `None` where the text is not meant as an expression.
pub(in crate::store) fn fields_missing(text: &str) -> Option<Vec<usize>> {
    on_deep_stack(|| {
        let (expression, source) = read(environment(), text).ok()?;
        let unknown = unknown_names(&expression).ok()?;
        check_functions(&expression, environment(), text).ok()?;
        let compared = compared_with_literals(&expression);
        let are_fields = unknown.iter().all(|(id, _)| compared.contains(id));
        if !are_fields || !is_condition(&expression) {
            return None;
        }
        let places = unknown.iter().map(|(id, _)| place_of(*id, &source, text));
        let mut places: Vec<usize> = places.collect();
        places.sort_unstable();
        Some(places)
    })?
}

/// The names, by where they stand, of what is compared with a number or a text as it is: of other names only that is no text.
fn compared_with_literals(expression: &IdedExpr) -> Vec<u64> {
    let mut waiting = vec![expression];
    let mut found = Vec::new();
    while let Some(part) = waiting.pop() {
        if let Some((left, right)) = comparison(&part.expr) {
            for (one, other) in [(left, right), (right, left)] {
                found.extend(root(one).filter(|_| is_literal(other)).map(|(id, _)| id));
            }
        }
        waiting.extend(parts(&part.expr));
    }
    found
}

fn comparison(expression: &Expr) -> Option<(&IdedExpr, &IdedExpr)> {
    if let Expr::Call(call) = expression
        && COMPARISONS.contains(&call.func_name.as_str())
        && let [left, right] = call.args.as_slice()
    {
        return Some((left, right));
    }
    None
}

/// The name with which a path of fields begins.
fn root(expression: &IdedExpr) -> Option<(u64, &str)> {
    let mut part = expression;
    while let Expr::Select(select) = &part.expr {
        part = &select.operand;
    }
    if let Expr::Ident(name) = &part.expr {
        return Some((part.id, name));
    }
    None
}

fn is_literal(expression: &IdedExpr) -> bool {
    if let Expr::Call(call) = &expression.expr {
        return call.func_name == operators::NEGATE && call.args.iter().all(is_literal);
    }
    let Expr::Literal(literal) = &expression.expr else {
        return false;
    };
    match literal {
        LiteralValue::Double(_)
        | LiteralValue::Int(_)
        | LiteralValue::UInt(_)
        | LiteralValue::String(_) => true,
        LiteralValue::Boolean(_) | LiteralValue::Bytes(_) | LiteralValue::Null => false,
    }
}

/// Whether it is true or not of a message, and no text that happens to read as an expression: `key-value` is a difference,
/// and `[key]` a list.
fn is_condition(expression: &IdedExpr) -> bool {
    match &expression.expr {
        Expr::Call(call) => is_condition_call(call),
        Expr::Select(select) => {
            let name = root(&select.operand).map(|(_, name)| name);
            select.test || matches!(name, Some("value" | "headers"))
        }
        Expr::Comprehension(_) => names_message(expression),
        Expr::Unspecified
        | Expr::Ident(_)
        | Expr::List(_)
        | Expr::Literal(_)
        | Expr::Map(_)
        | Expr::Struct(_) => false,
    }
}

fn is_condition_call(call: &CallExpr) -> bool {
    let arguments = || call.target.as_deref().into_iter().chain(&call.args);
    let names_message = || arguments().any(names_message);
    match call.func_name.as_str() {
        operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT => {
            arguments().any(is_condition)
        }
        operators::CONDITIONAL | operators::INDEX => names_message(),
        // Two names alone are text: key=value.
        name if COMPARISONS.contains(&name) || name == operators::IN => {
            names_message() && !arguments().all(|one| matches!(one.expr, Expr::Ident(_)))
        }
        name => name.starts_with(char::is_alphabetic) && names_message(),
    }
}

/// Whether it names anything that is not of the language itself.
fn names_message(expression: &IdedExpr) -> bool {
    let mut waiting = vec![expression];
    while let Some(part) = waiting.pop() {
        if let Expr::Ident(name) = &part.expr
            && !NAMES.contains(&name.as_str())
        {
            return true;
        }
        waiting.extend(parts(&part.expr));
    }
    false
}
