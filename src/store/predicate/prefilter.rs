//! Text without which an expression is not true: looking for it is some fifty times cheaper than evaluating, and most
//! messages do not have it.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};
use memchr::{memchr, memmem};

use crate::store::message::MessageRef;
use crate::store::value_json::may_hold_other_text;

/// What has to be where.
#[derive(Debug)]
pub(super) struct Prefilter {
    place: PrefilterField,
    text: Box<memmem::Finder<'static>>,
}

#[derive(Clone, Copy, Debug)]
enum PrefilterField {
    Key,
    Value,
}

impl Prefilter {
    /// The longest text that the expression asks for: `value.state == "failed"`, `key.startsWith("user-")`, also where
    /// this is one of several conditions that must all hold.
    pub(super) fn from_expression(expression: &IdedExpr) -> Option<Self> {
        let Expr::Call(call) = &expression.expr else {
            return None;
        };
        if call.func_name == operators::LOGICAL_AND {
            let hints = call.args.iter().filter_map(Self::from_expression);
            return hints.max_by_key(|hint| hint.text.needle().len());
        }
        let (place, text) = asked(call)?;
        let text = Box::new(memmem::Finder::new(text).into_owned());
        (!text.needle().is_empty()).then_some(Self { place, text })
    }

    /// Whether the expression may be true of the message. In a value with a backslash, text may stand as an escape of
    /// JSON, and what is not JSON may hold text that is not among its bytes.
    pub(super) fn allows(&self, message: &MessageRef<'_>, is_typed: bool) -> bool {
        let is_in = |bytes| self.text.find(bytes).is_some();
        match self.place {
            PrefilterField::Key => is_in(message.key()),
            PrefilterField::Value => {
                let value = message.value();
                is_in(value)
                    || memchr(b'\\', value).is_some()
                    || may_hold_other_text(value, is_typed)
            }
        }
    }
}

/// The text for which a call looks, and where it does.
fn asked(call: &CallExpr) -> Option<(PrefilterField, &str)> {
    let both = |path, wanted| Some((place(path)?, text(wanted)?));
    match (&*call.func_name, call.target.as_deref(), &*call.args) {
        (operators::EQUALS, None, [left, right]) => both(left, right).or_else(|| both(right, left)),
        ("contains" | "startsWith" | "endsWith", Some(path), [wanted]) => both(path, wanted),
        _ => None,
    }
}

fn text(expression: &IdedExpr) -> Option<&str> {
    let Expr::Literal(LiteralValue::String(text)) = &expression.expr else {
        return None;
    };
    Some(text.inner())
}

/// The field of a message that a path such as `value.items[0]` begins with.
fn place(path: &IdedExpr) -> Option<PrefilterField> {
    if let Expr::Select(select) = &path.expr {
        return (!select.test).then(|| place(&select.operand)).flatten();
    }
    if let Expr::Call(call) = &path.expr {
        let indexes = call.func_name == operators::INDEX;
        return place(call.args.first().filter(|_| indexes)?);
    }
    let Expr::Ident(name) = &path.expr else {
        return None;
    };
    match name.as_str() {
        "key" => Some(PrefilterField::Key),
        "value" => Some(PrefilterField::Value),
        _ => None,
    }
}
