//! JSON text as values of the expression language: an object is read member by member as it is asked.
//! Which variables there are is `expression`'s.

use std::collections::HashMap;
use std::sync::OnceLock;

use cel::ExecutionError;
use cel::common::traits::{Container, Indexer, Iterable, Iterator as Elements, Sizer};
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt, MAP_TYPE,
    Type,
};
use cel::common::value::{CowVal, Val};

use super::expression::text_or_bytes;
use crate::store::json::{Children, Container as Kind, Token, Tokens};
use crate::store::json_path;

/// Lists in lists deeper than this are taken for null: they are built at once, level within level.
const DEEPEST_LIST: usize = 64;

/// A message's value: JSON where it is JSON, else text, else bytes.
pub(super) fn value<'v>(bytes: &'v [u8]) -> Box<dyn Val + 'v> {
    let text = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| Tokens::are_whole(text));
    match text {
        Some(text) => build(text, 0),
        None => text_or_bytes(bytes),
    }
}

/// The value with which the text begins.
fn build(text: &str, depth: usize) -> Box<dyn Val + '_> {
    match Tokens::new(text).next() {
        Some(Ok(Token::Open(Kind::Object))) => Box::new(Object {
            text,
            members: OnceLock::new(),
        }),
        Some(Ok(Token::Open(Kind::Array))) if depth < DEEPEST_LIST => {
            let elements =
                Children::first_token(text).map(|(_, element)| build(element, depth + 1));
            Box::new(CelList::from(elements.collect::<Vec<_>>()))
        }
        Some(Ok(Token::String(string))) => Box::new(CelString::from(json_path::unquoted(string))),
        Some(Ok(Token::Number(number))) => number_of(number),
        Some(Ok(Token::Literal("true"))) => Box::new(CelBool::from(true)),
        Some(Ok(Token::Literal("false"))) => Box::new(CelBool::from(false)),
        _ => Box::new(CelNull),
    }
}

/// Whole numbers stay whole as far as the language has room for them.
fn number_of(text: &str) -> Box<dyn Val + '_> {
    if let Ok(int) = text.parse::<i64>() {
        return Box::new(CelInt::from(int));
    }
    if let Ok(uint) = text.parse::<u64>() {
        return Box::new(CelUInt::from(uint));
    }
    Box::new(CelDouble::from(text.parse().unwrap_or(f64::NAN)))
}

/// An object of which nothing is read until it is asked for.
#[derive(Debug)]
struct Object<'a> {
    /// JSON text that begins with the object.
    text: &'a str,
    /// All members, once something asks for all.
    members: OnceLock<CelMap<'a>>,
}

impl<'a> Object<'a> {
    fn members(&self) -> &CelMap<'a> {
        self.members.get_or_init(|| {
            let members = Children::first_token(self.text).filter_map(|(key, value)| {
                let key = CelMapKey::from(json_path::unquoted(key?).into_owned());
                Some((key, build(value, 0)))
            });
            CelMap::from(members.collect::<HashMap<_, _>>())
        })
    }

    fn member(&self, key: &dyn Val) -> Option<&'a str> {
        let wanted = key.downcast_ref::<CelString<'_>>()?;
        json_path::member(self.text, wanted.inner())
    }

    fn get_member<'v>(&self, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        'a: 'v,
    {
        let found = self.member(key).map(|text| build(text, 0));
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

    fn equals(&self, other: &dyn Val) -> bool {
        self.members().equals(other)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(Object {
            text: self.text,
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
