//! Serializes records with other names and texts in them: what is data and what is structure, only their types know.

use std::cell::RefCell;

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::names::Names;

/// What the texts in a value are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// A name of that kind.
    Name(&'static str),
    /// Words.
    Text,
    /// The program's own, such as the keys of a keymap.
    Own,
}

impl Role {
    /// What a field holds.
    fn of_field(owner: &'static str, field: &'static str) -> Self {
        match (owner, field) {
            (
                "Settings",
                "themes" | "color" | "shell_commands" | "keymap" | "keyboard" | "times" | "alerts"
                | "view",
            )
            | ("ReadSettings", "keys" | "color" | "times")
            | ("PackedChunk", "names") => Self::Own,
            (_, "name" | "stream" | "streams" | "removed" | "min_isr" | "created_min_isr") => {
                Self::Name("stream")
            }
            ("Broker", "id")
            | (
                _,
                "broker" | "brokers" | "leader" | "replica" | "replicas" | "isr" | "answered_by"
                | "coordinator",
            ) => Self::Name("broker"),
            ("CursorEntry", "id") | (_, "cursor") => Self::Name("cursor"),
            ("GroupInfo", "id") | (_, "group") => Self::Name("group"),
            (_, "subject" | "partition_subject" | "message_subject") => Self::Name("subject"),
            (_, "host" | "address" | "addresses") => Self::Name("host"),
            (_, "consumer" | "members") => Self::Name("consumer"),
            (_, "cluster") => Self::Name("cluster"),
            (_, _) => Self::Text,
        }
    }

    /// What a variant holds; otherwise what its enum does.
    fn of_variant(self, owner: &'static str, variant: &'static str) -> Self {
        match (owner, variant) {
            ("Target", "Broker") => Self::Name("broker"),
            ("Target", "Stream" | "Partition") => Self::Name("stream"),
            ("Target", "Subject") => Self::Name("subject"),
            ("Target", "Cursor") => Self::Name("cursor"),
            ("Target", "Group") => Self::Name("group"),
            // What was typed is replaced before, word by word.
            ("Event", "Paste") | ("RecordContent", "Line") => Self::Own,
            (_, _) => self,
        }
    }
}

/// A value whose texts are replaced when it is serialized.
pub(in crate::recording) struct Redacted<'a, T: ?Sized> {
    value: &'a T,
    names: &'a RefCell<Names>,
    role: Role,
}

impl<'a, T: ?Sized> Redacted<'a, T> {
    /// A value and the names that are known so far.
    pub(in crate::recording) fn new(value: &'a T, names: &'a RefCell<Names>) -> Self {
        Self {
            value,
            names,
            role: Role::Text,
        }
    }
}

impl<T: Serialize + ?Sized> Serialize for Redacted<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.role == Role::Own {
            return self.value.serialize(serializer);
        }
        self.value.serialize(Redacting {
            inner: serializer,
            names: self.names,
            role: self.role,
        })
    }
}

/// A serializer that replaces texts, and what it serializes into; or a part of one, of values that belong together.
struct Redacting<'a, S> {
    inner: S,
    names: &'a RefCell<Names>,
    role: Role,
}

impl<'a, S> Redacting<'a, S> {
    fn redacted<'b, T: ?Sized>(&self, value: &'b T, role: Role) -> Redacted<'b, T>
    where
        'a: 'b,
    {
        Redacted {
            value,
            names: self.names,
            role,
        }
    }
}

/// Methods that pass a plain value on.
macro_rules! pass {
    ($($method:ident: $type:ty),+ $(,)?) => {
        $(
            fn $method(self, value: $type) -> Result<S::Ok, S::Error> {
                self.inner.$method(value)
            }
        )+
    };
}

impl<'a, S: Serializer> Serializer for Redacting<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Redacting<'a, S::SerializeSeq>;
    type SerializeTuple = Redacting<'a, S::SerializeTuple>;
    type SerializeTupleStruct = Redacting<'a, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Redacting<'a, S::SerializeTupleVariant>;
    type SerializeMap = Redacting<'a, S::SerializeMap>;
    type SerializeStruct = RedactingFields<'a, S::SerializeStruct>;
    type SerializeStructVariant = RedactingFields<'a, S::SerializeStructVariant>;

    pass! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_u128: u128, serialize_f32: f32, serialize_f64: f64, serialize_char: char, serialize_bytes: &[u8],
        serialize_unit_struct: &'static str,
    }

    fn serialize_str(self, text: &str) -> Result<S::Ok, S::Error> {
        let replaced = match self.role {
            Role::Name(kind) => self.names.borrow_mut().name(kind, text),
            Role::Text => self.names.borrow_mut().text(text),
            Role::Own => text.to_owned(),
        };
        self.inner.serialize_str(&replaced)
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let value = self.redacted(value, self.role);
        self.inner.serialize_some(&value)
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let value = self.redacted(value, self.role);
        self.inner.serialize_newtype_struct(name, &value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let value = self.redacted(value, self.role.of_variant(name, variant));
        self.inner
            .serialize_newtype_variant(name, index, variant, &value)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        let (names, role) = (self.names, self.role);
        let inner = self.inner.serialize_seq(length)?;
        Ok(Redacting { inner, names, role })
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, S::Error> {
        let (names, role) = (self.names, self.role);
        let inner = self.inner.serialize_tuple(length)?;
        Ok(Redacting { inner, names, role })
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        let (names, role) = (self.names, self.role);
        let inner = self.inner.serialize_tuple_struct(name, length)?;
        Ok(Redacting { inner, names, role })
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        let (names, role) = (self.names, self.role.of_variant(name, variant));
        let inner = self
            .inner
            .serialize_tuple_variant(name, index, variant, length)?;
        Ok(Redacting { inner, names, role })
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        let (names, role) = (self.names, self.role);
        let inner = self.inner.serialize_map(length)?;
        Ok(Redacting { inner, names, role })
    }

    fn serialize_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        let names = self.names;
        let inner = self.inner.serialize_struct(name, length)?;
        Ok(RedactingFields {
            inner,
            names,
            owner: name,
        })
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        let names = self.names;
        let inner = self
            .inner
            .serialize_struct_variant(name, index, variant, length)?;
        Ok(RedactingFields {
            inner,
            names,
            owner: variant,
        })
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// Traits of parts that hold one value after the other.
macro_rules! elements {
    ($($part:ident: $method:ident),+ $(,)?) => {
        $(
            impl<S: $part> $part for Redacting<'_, S> {
                type Ok = S::Ok;
                type Error = S::Error;

                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                    let value = Redacted { value, names: self.names, role: self.role };
                    self.inner.$method(&value)
                }

                fn end(self) -> Result<S::Ok, S::Error> {
                    self.inner.end()
                }
            }
        )+
    };
}

elements! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field,
}

impl<S: SerializeMap> SerializeMap for Redacting<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        let key = self.redacted(key, self.role);
        self.inner.serialize_key(&key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        let value = self.redacted(value, self.role);
        self.inner.serialize_value(&value)
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.inner.end()
    }
}

/// The fields of a struct, or of a variant with names for them.
struct RedactingFields<'a, S> {
    inner: S,
    names: &'a RefCell<Names>,
    owner: &'static str,
}

macro_rules! fields {
    ($($part:ident),+) => {
        $(
            impl<S: $part> $part for RedactingFields<'_, S> {
                type Ok = S::Ok;
                type Error = S::Error;

                fn serialize_field<T: Serialize + ?Sized>(
                    &mut self,
                    field: &'static str,
                    value: &T,
                ) -> Result<(), S::Error> {
                    let role = Role::of_field(self.owner, field);
                    let value = Redacted { value, names: self.names, role };
                    self.inner.serialize_field(field, &value)
                }

                fn skip_field(&mut self, field: &'static str) -> Result<(), S::Error> {
                    self.inner.skip_field(field)
                }

                fn end(self) -> Result<S::Ok, S::Error> {
                    self.inner.end()
                }
            }
        )+
    };
}

fields!(SerializeStruct, SerializeStructVariant);
