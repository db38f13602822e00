//! JSON text as values of the expression language: an object is read member by member as it is asked.
//! Which variables there are is `expression`'s.

use std::collections::HashMap;
use std::sync::OnceLock;

use cel::ExecutionError;
use cel::common::traits::{Container, Indexer, Iterable, Iterator as Elements, Sizer};
use cel::common::types::{
    CelBool, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, MAP_TYPE, Type,
};
use cel::common::value::{CowVal, Val};

use super::evaluation_budget::{EvaluationBudget, too_costly};
use super::exact_numbers::number_of;
use super::expression::text_or_bytes;
use crate::store::json::{Children, Container as Kind, Token, Tokens};
use crate::store::json_path;

/// Values deeper than this end the evaluation: they are built and compared level within level.
const DEEPEST: usize = 64;

/// A message's value: what it is as JSON, else text, else bytes.
pub(super) fn value<'v>(
    bytes: &'v [u8],
    json: Option<&'v str>,
    budget: &'v EvaluationBudget,
) -> Box<dyn Val + 'v> {
    match json {
        Some(text) => build(text, 0, budget),
        None => text_or_bytes(bytes),
    }
}

/// The value with which the text begins; null, and the budget is gone, where it has no room for it.
fn build<'a>(text: &'a str, depth: usize, budget: &'a EvaluationBudget) -> Box<dyn Val + 'a> {
    let token = Tokens::new(text).next();
    let string = match token {
        Some(Ok(Token::String(string))) => string.len(),
        _ => 0,
    };
    if depth >= DEEPEST || !budget.take_value(string) {
        budget.exhaust();
        return Box::new(CelNull);
    }
    match token {
        Some(Ok(Token::Open(Kind::Object))) => Box::new(Object {
            text,
            depth,
            budget,
            members: OnceLock::new(),
        }),
        Some(Ok(Token::Open(Kind::Array))) => {
            let elements =
                Children::first_token(text).map(|(_, element)| build(element, depth + 1, budget));
            let elements = elements.take_while(|_| !budget.is_exhausted());
            Box::new(CelList::from(elements.collect::<Vec<_>>()))
        }
        Some(Ok(Token::String(string))) => Box::new(CelString::from(json_path::unquoted(string))),
        Some(Ok(Token::Number(number))) => number_of(number),
        Some(Ok(Token::Literal("true"))) => Box::new(CelBool::from(true)),
        Some(Ok(Token::Literal("false"))) => Box::new(CelBool::from(false)),
        _ => Box::new(CelNull),
    }
}

/// An object of which nothing is read until it is asked for.
#[derive(Debug)]
struct Object<'a> {
    /// JSON text that begins with the object.
    text: &'a str,
    /// In how many containers it lies.
    depth: usize,
    budget: &'a EvaluationBudget,
    /// All members, once something asks for all.
    members: OnceLock<CelMap<'a>>,
}

impl<'a> Object<'a> {
    fn members(&self) -> &CelMap<'a> {
        self.members.get_or_init(|| {
            let members = Children::first_token(self.text).filter_map(|(key, value)| {
                let key = CelMapKey::from(json_path::unquoted(key?).into_owned());
                Some((key, build(value, self.depth + 1, self.budget)))
            });
            let members = members.take_while(|_| !self.budget.is_exhausted());
            CelMap::from(members.collect::<HashMap<_, _>>())
        })
    }

    /// Takes from the budget what was read up to the member, or to the end where there is none of that name.
    fn member(&self, key: &dyn Val) -> Option<&'a str> {
        let wanted = key.downcast_ref::<CelString<'_>>()?;
        let mut members = Children::first_token(self.text);
        let found = json_path::find_member(&mut members, wanted.inner());
        self.budget.take_reading(members.read());
        found
    }

    fn get_member<'v>(&self, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        'a: 'v,
    {
        let found = self.member(key);
        if self.budget.is_exhausted() {
            return Err(too_costly());
        }
        let found = found.map(|text| build(text, self.depth + 1, self.budget));
        found.ok_or_else(|| {
            let name = key.downcast_ref::<CelString<'_>>();
            ExecutionError::no_such_key(name.map_or("", |name| name.inner()))
        })
    }
}

impl Val for Object<'_> {
    fn get_type(&self) -> &Type {
        Self::cel_type()
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    /// Equal to any map of the same members, also one that is read as it is asked.
    fn equals(&self, other: &dyn Val) -> bool {
        let (Some(size), Some(others)) = (other.as_sizer(), other.as_indexer()) else {
            return false;
        };
        let members = self.members().inner();
        // Whoever compares once more reads all of it once more.
        let steps = u64::try_from(members.len()).unwrap_or(u64::MAX);
        if !self.budget.take_steps(steps + 1) || size.size() != self.size() {
            return false;
        }
        members.iter().all(|(key, value)| {
            let there = others.get(key.inner());
            there.is_ok_and(|there| value.equals(there.as_ref()))
        })
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(Object {
            text: self.text,
            depth: self.depth,
            budget: self.budget,
            members: OnceLock::new(),
        })
    }
}

impl Indexer for Object<'_> {
    fn get<'b, 'v>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get_member(key).map(CowVal::Owned)
    }

    fn steal<'v>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get_member(key)
    }
}

impl Container for Object<'_> {
    fn contains(&self, key: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(self.member(key).is_some())
    }
}

impl Sizer for Object<'_> {
    fn size(&self) -> CelInt {
        self.members().size()
    }
}

impl Iterable for Object<'_> {
    fn iter<'b, 'v>(&'b self) -> Box<dyn Elements<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        Iterable::iter(self.members())
    }
}
