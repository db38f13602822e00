//! Which fields of a message an expression names, and with values of which type it compares them.
//! Whether messages have them is `query`'s to find out.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::parse::{VARIABLES, parts};
use crate::store::field_index::FieldType;
use crate::store::json_path::{ANY_ELEMENT, push_key};

/// A field that a query names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct FieldUse {
    /// Its path and those of all that it is in: `value`, `value.items`, `value.items[0]`.
    pub(in crate::store) paths: Vec<String>,
    /// The type of what it is compared with, where that is known.
    pub(in crate::store) compared: Option<FieldType>,
    /// Whether it is named by a term such as `header.retry:1`.
    pub(in crate::store) is_term: bool,
}

impl FieldUse {
    /// A header that a term names.
    pub(super) fn of_header(name: &str) -> Self {
        let root = "headers".to_owned();
        let mut path = root.clone();
        push_key(&mut path, name);
        Self {
            paths: vec![root, path],
            compared: None,
            is_term: true,
        }
    }
}

/// Operators that compare one value with another.
pub(super) const COMPARISONS: [&str; 6] = [
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::LESS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::GREATER_EQUALS,
];

/// Functions of texts.
const OF_TEXT: [&str; 4] = ["contains", "startsWith", "endsWith", "matches"];

/// The fields that an expression names, as often as it does.
pub(super) fn field_uses(expression: &IdedExpr) -> Vec<FieldUse> {
    let own_names = loop_names(expression);
    let path = |expression: &IdedExpr| path_of(expression, &own_names);
    let mut waiting = vec![expression];
    let mut found = Vec::new();
    let mut add = |paths: Option<Vec<String>>, compared| {
        found.extend(paths.map(|paths| FieldUse {
            paths,
            compared,
            is_term: false,
        }));
    };
    while let Some(part) = waiting.pop() {
        if let Expr::Call(call) = &part.expr {
            compared_in(call, |expression, one| add(path(expression), Some(one)));
        }
        let named = path(part);
        // What is on the way to a field is no field of its own.
        let is_field = named.is_some();
        add(named, None);
        if !is_field {
            waiting.extend(parts(&part.expr));
        }
    }
    found
}

/// The names that loops of an expression bring along: they hide those of the message.
fn loop_names(expression: &IdedExpr) -> Vec<&str> {
    let mut waiting = vec![expression];
    let mut names = Vec::new();
    while let Some(part) = waiting.pop() {
        if let Expr::Comprehension(inner) = &part.expr {
            names.push(inner.iter_var.as_str());
            names.extend(inner.iter_var2.as_deref());
        }
        waiting.extend(parts(&part.expr));
    }
    names
}

/// Calls `each` with what the call compares, and the type that it has to have.
fn compared_in<'a>(call: &'a CallExpr, mut each: impl FnMut(&'a IdedExpr, FieldType)) {
    let name = call.func_name.as_str();
    match (call.target.as_deref(), call.args.as_slice()) {
        (None, [left, right]) if COMPARISONS.contains(&name) => {
            for (one, other) in [(left, right), (right, left)] {
                if let Some(wanted) = literal_type(other) {
                    each(one, wanted);
                }
            }
        }
        (Some(target), [_]) if OF_TEXT.contains(&name) => each(target, FieldType::Text),
        _ => {}
    }
}

/// The type of a value that stands in the expression as it is, or of what a function makes.
fn literal_type(expression: &IdedExpr) -> Option<FieldType> {
    if let Expr::Call(call) = &expression.expr {
        let is_number = ["timestamp", "duration", "int", "uint", "double", "size"]
            .contains(&call.func_name.as_str())
            || call.func_name == operators::NEGATE;
        let is_text = call.func_name == "string";
        return is_number
            .then_some(FieldType::Number)
            .or(is_text.then_some(FieldType::Text));
    }
    let Expr::Literal(literal) = &expression.expr else {
        return None;
    };
    Some(match literal {
        LiteralValue::Boolean(_) => FieldType::Boolean,
        LiteralValue::Bytes(_) => FieldType::Bytes,
        LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) => FieldType::Number,
        LiteralValue::Null => FieldType::Null,
        LiteralValue::String(_) => FieldType::Text,
    })
}

/// The paths of a field and of all that it is in; `None` where it is no field of the message, or which one is not known
/// before the message is. Expressions are not deep.
fn path_of(expression: &IdedExpr, hidden: &[&str]) -> Option<Vec<String>> {
    if let Expr::Ident(name) = &expression.expr {
        let name = name.as_str();
        let is_variable = VARIABLES.contains(&name) && !hidden.contains(&name);
        return is_variable.then(|| vec![name.to_owned()]);
    }
    let (operand, step) = if let Expr::Select(select) = &expression.expr {
        (&*select.operand, FieldStep::Key(select.field.as_str()))
    } else if let Expr::Call(call) = &expression.expr
        && call.func_name == operators::INDEX
        && let [operand, index] = call.args.as_slice()
    {
        (operand, step_of(index)?)
    } else {
        return None;
    };
    let mut paths = path_of(operand, hidden)?;
    let mut path = paths.last()?.clone();
    match step {
        FieldStep::Key(key) => push_key(&mut path, key),
        FieldStep::Element => path.push_str(ANY_ELEMENT),
    }
    paths.push(path);
    Some(paths)
}

enum FieldStep<'a> {
    Key(&'a str),
    Element,
}

fn step_of(index: &IdedExpr) -> Option<FieldStep<'_>> {
    let Expr::Literal(literal) = &index.expr else {
        return None;
    };
    match literal {
        LiteralValue::String(key) => Some(FieldStep::Key(key.inner())),
        LiteralValue::Int(_) | LiteralValue::UInt(_) => Some(FieldStep::Element),
        LiteralValue::Boolean(_)
        | LiteralValue::Bytes(_)
        | LiteralValue::Double(_)
        | LiteralValue::Null => None,
    }
}
