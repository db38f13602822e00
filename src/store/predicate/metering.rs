//! Puts charges into a parsed expression, so that evaluating it takes from a budget wherever work or memory arises: at
//! each turn of a loop, at each value that a loop hands round, and at each value that is built.
//!
//! The evaluator has no limit of its own, and hides an error inside `||`, `&&`, `all` and `exists`. The condition of a
//! loop is the place where an error always ends it: there, or around what the loop builds, stands the first charge.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, LiteralValue, operators,
};
use cel::common::types::CelBool;

use super::exact_numbers;
use super::parse::parts;

/// The function that takes a value from the budget and gives it back.
pub(super) const CHARGE: &str = "@charge";
/// `matches` with the budget, which keeps it compiled.
pub(super) const MATCHES: &str = "@matches";
/// The budget's name. Names with `@` cannot be written in a query.
pub(super) const BUDGET: &str = "@budget";
/// A name that is true while there are as many steps as the number behind it.
pub(super) const TICK: &str = "@tick";

/// Functions whose results are numbers or truths, which cost nothing to hold.
const SMALL_RESULTS: [&str; 12] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "int",
    "uint",
    "double",
    "bool",
    "timestamp",
    "duration",
    "hasValue",
];

/// The expression with its charges.
pub(super) fn metered(mut expression: IdedExpr) -> IdedExpr {
    meter(&mut expression, false);
    expression
}

/// In a loop, what a name stands for is charged where it is used: it may be as large as the message, as often as the
/// loop turns. Outside, the message's own fields are charged by whoever looks them up.
fn meter(expression: &mut IdedExpr, in_loop: bool) {
    if is_path(expression) {
        meter_path(expression, in_loop);
        if in_loop && !is_internal(expression) {
            charge(expression);
        }
        return;
    }
    match &mut expression.expr {
        Expr::Call(call) => {
            let builds = meter_call(call, in_loop);
            if builds {
                charge(expression);
            }
        }
        Expr::Comprehension(inner) => meter_loop(inner, in_loop),
        Expr::List(list) => list.elements.iter_mut().for_each(|element| {
            meter_built(element, in_loop);
        }),
        Expr::Map(map) => meter_entries(&mut map.entries, in_loop),
        Expr::Struct(object) => meter_entries(&mut object.entries, in_loop),
        Expr::Select(select) => meter(&mut select.operand, in_loop),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
    }
}

fn meter_entries(entries: &mut [IdedEntryExpr], in_loop: bool) {
    for entry in entries {
        match &mut entry.expr {
            EntryExpr::StructField(field) => meter_built(&mut field.value, in_loop),
            EntryExpr::MapEntry(entry) => {
                meter_built(&mut entry.key, in_loop);
                meter_built(&mut entry.value, in_loop);
            }
        }
    }
}

/// What goes into a list or a map is copied into it.
fn meter_built(expression: &mut IdedExpr, in_loop: bool) {
    meter(expression, in_loop);
    charge(expression);
}

/// Whether it is a name, a field or an element of one: `x`, `x.a`, `x[0].b`.
fn is_path(expression: &IdedExpr) -> bool {
    if let Expr::Select(select) = &expression.expr {
        return is_path(&select.operand);
    }
    if let Expr::Call(call) = &expression.expr {
        let is_index = call.func_name == operators::INDEX;
        return is_index && call.args.first().is_some_and(is_path);
    }
    matches!(expression.expr, Expr::Ident(_))
}

/// The evaluator's own names begin with `@`.
fn is_internal(expression: &IdedExpr) -> bool {
    matches!(&expression.expr, Expr::Ident(name) if name.starts_with('@'))
}

/// Inside a path only indexes are evaluated on their own.
fn meter_path(expression: &mut IdedExpr, in_loop: bool) {
    if let Expr::Select(select) = &mut expression.expr {
        meter_path(&mut select.operand, in_loop);
    } else if let Expr::Call(call) = &mut expression.expr
        && let [path, index] = call.args.as_mut_slice()
    {
        meter_path(path, in_loop);
        meter(index, in_loop);
    }
}

/// Whether what the call results in is charged.
fn meter_call(call: &mut CallExpr, in_loop: bool) -> bool {
    for argument in &mut call.args {
        meter(argument, in_loop);
    }
    if let Some(target) = &mut call.target {
        let charges = in_loop && !is_namespace(target);
        meter(target, charges);
    }
    if is_matches(call) {
        let target = call.target.take().map(|target| *target);
        let arguments = target.into_iter().chain(call.args.drain(..));
        call.args = std::iter::once(ident(BUDGET.to_owned()))
            .chain(arguments)
            .collect();
        MATCHES.clone_into(&mut call.func_name);
        return false;
    }
    if let Some(exact) = exact_numbers::function_of(&call.func_name) {
        exact.clone_into(&mut call.func_name);
        return false;
    }
    let is_operator = !call.func_name.starts_with(char::is_alphabetic);
    if is_operator {
        call.func_name == operators::ADD
    } else {
        !SMALL_RESULTS.contains(&call.func_name.as_str())
    }
}

/// In `optional.of(x)` the name in front is part of the function's.
fn is_namespace(target: &IdedExpr) -> bool {
    matches!(&target.expr, Expr::Ident(name) if name == "optional")
}

/// `text.matches(pattern)` and `matches(text, pattern)`.
pub(super) fn is_matches(call: &CallExpr) -> bool {
    call.func_name == "matches" && call.args.len() + usize::from(call.target.is_some()) == 2
}

fn meter_loop(inner: &mut ComprehensionExpr, in_loop: bool) {
    let turn = tick(&inner.loop_step);
    meter(&mut inner.iter_range, in_loop);
    charge(&mut inner.iter_range);
    // A literal condition must stay one: only then does the evaluator append to a list in place.
    if matches!(inner.loop_cond.expr, Expr::Literal(_)) {
        meter_step(&mut inner.loop_step, Some(turn));
    } else {
        guard(&mut inner.loop_cond, turn);
        meter_step(&mut inner.loop_step, None);
    }
}

/// Keeps the shapes by which the evaluator knows what a loop does: `@result + [x]`, `c ? @result + … : @result`,
/// `@result && x`.
fn meter_step(step: &mut IdedExpr, turn: Option<IdedExpr>) {
    let Expr::Call(call) = &mut step.expr else {
        return guard_with(step, turn);
    };
    match (call.func_name.as_str(), call.args.as_mut_slice()) {
        (operators::ADD, [result, added]) if is_internal(result) => {
            if let Expr::List(list) = &mut added.expr {
                for element in &mut list.elements {
                    meter_built(element, true);
                    guard_with(element, turn.clone());
                }
            }
        }
        (operators::CONDITIONAL, [condition, then, result]) if is_internal(result) => {
            meter(condition, true);
            guard_with(condition, turn);
            meter_step(then, None);
        }
        (operators::LOGICAL_AND | operators::LOGICAL_OR, [result, found])
            if is_internal(result) =>
        {
            meter(found, true);
            guard_with(step, turn);
        }
        _ => {
            meter(step, true);
            guard_with(step, turn);
        }
    }
}

fn guard_with(expression: &mut IdedExpr, turn: Option<IdedExpr>) {
    if let Some(turn) = turn {
        guard(expression, turn);
    }
}

/// `turn ? expression : false`
fn guard(expression: &mut IdedExpr, turn: IdedExpr) {
    let id = expression.id;
    let guarded = std::mem::take(expression);
    let never = IdedExpr {
        id,
        expr: Expr::Literal(LiteralValue::Boolean(CelBool::from(false))),
    };
    *expression = call(operators::CONDITIONAL, vec![turn, guarded, never]);
}

/// `@charge(@budget, expression)`
fn charge(expression: &mut IdedExpr) {
    let is_charged = matches!(&expression.expr, Expr::Call(call) if call.func_name == CHARGE);
    if !is_charged {
        let charged = std::mem::take(expression);
        *expression = call(CHARGE, vec![ident(BUDGET.to_owned()), charged]);
    }
}

/// A turn costs a step for each part of the expression that it may evaluate.
fn tick(body: &IdedExpr) -> IdedExpr {
    let mut waiting = vec![body];
    let mut steps = 0;
    while let Some(part) = waiting.pop() {
        steps += 1;
        waiting.extend(parts(&part.expr));
    }
    ident(format!("{TICK}{steps}"))
}

fn ident(name: String) -> IdedExpr {
    IdedExpr {
        id: 0,
        expr: Expr::Ident(name),
    }
}

fn call(name: &str, args: Vec<IdedExpr>) -> IdedExpr {
    let call = CallExpr {
        func_name: name.to_owned(),
        target: None,
        args,
    };
    IdedExpr {
        id: 0,
        expr: Expr::Call(call),
    }
}
