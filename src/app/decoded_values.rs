//! What programs have made of values: which values are in sight, which of them were asked for, and what is known, within bounds.
//! Who runs the programs is not known here.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::schemas::{DecoderCommand, Schemas};
use crate::model::Timestamp;
use crate::store::{MessageId, MessageRef, PinnedMessage, TableEntry, ValueReading};

/// Bytes of decoded values that are kept.
const MOST_BYTES: usize = 16 << 20;
/// What an entry takes besides its text.
const ENTRY_BYTES: usize = 200;
/// Values above this are decoded when they are inspected, and not for a row, which shows little of them.
pub(crate) const MOST_OF_ROW: usize = 64 << 10;

/// Which value: once a stream was made anew, another message has the same offset.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ValueId {
    /// The message.
    pub message: MessageId,
    /// When it was stored.
    pub time: Timestamp,
}

impl ValueId {
    /// The value of that message.
    pub fn of(message: &MessageRef<'_>) -> Self {
        Self {
            message: message.id(),
            time: message.timestamp(),
        }
    }

    /// The value in a row of a table of that stream.
    pub fn of_entry(stream: &str, entry: &TableEntry) -> Self {
        let message = MessageId {
            stream: stream.into(),
            partition: entry.partition,
            offset: entry.offset,
        };
        Self {
            message,
            time: entry.time,
        }
    }
}

/// A value where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredValue {
    /// In a message.
    Message(PinnedMessage),
    /// Alone.
    Alone(Arc<[u8]>),
}

impl StoredValue {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Message(pinned) => pinned.message().value(),
            Self::Alone(bytes) => bytes,
        }
    }
}

/// A value that is to be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueToDecode {
    /// Which one.
    pub id: ValueId,
    /// By what.
    pub command: Arc<DecoderCommand>,
    /// Its bytes.
    pub value: StoredValue,
}

impl ValueToDecode {
    /// The value of that message, where a program decodes the values of its stream.
    pub(crate) fn of(pinned: PinnedMessage, schemas: &Schemas) -> Option<Self> {
        let message = pinned.message();
        let command = Arc::clone(schemas.command_of(message.stream())?);
        Some(Self {
            id: ValueId::of(&message),
            command,
            value: StoredValue::Message(pinned),
        })
    }
}

/// What a program made of a value: text, or why there is none.
pub type DecodedValue = Result<Arc<str>, Arc<str>>;

/// What programs have made of values.
#[derive(Clone, Debug, Default)]
pub struct DecodedValues {
    known: HashMap<ValueId, DecodedValue>,
    /// The ids of these, the one first that leaves memory first.
    order: VecDeque<ValueId>,
    /// What these take.
    bytes: usize,
    in_sight: HashSet<ValueId>,
    /// What was asked for and is not answered, the first one first.
    asked: Vec<ValueToDecode>,
}

impl DecodedValues {
    /// What the program made of the value of that message; `None` where it has not answered.
    pub fn of(&self, message: &MessageRef<'_>) -> Option<&DecodedValue> {
        if self.known.is_empty() {
            return None;
        }
        self.get(&ValueId::of(message))
    }

    /// What the program made of that value; `None` where it has not answered.
    pub fn get(&self, id: &ValueId) -> Option<&DecodedValue> {
        self.known.get(id)
    }

    /// These values are in sight now, the most important first. Returns what is to be asked for, where that has changed: it
    /// takes the place of all that was asked for before.
    pub(in crate::app) fn look_at(
        &mut self,
        mut values: Vec<ValueToDecode>,
    ) -> Option<Vec<ValueToDecode>> {
        if values.is_empty() && self.asked.is_empty() {
            self.in_sight.clear();
            return None;
        }
        let mut seen = HashSet::with_capacity(values.len());
        values.retain(|one| seen.insert(one.id.clone()));
        self.in_sight = seen;
        values.retain(|one| !self.known.contains_key(&one.id));
        let ids =
            |list: &[ValueToDecode]| list.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
        if ids(&values) == ids(&self.asked) {
            return None;
        }
        self.asked.clone_from(&values);
        Some(values)
    }

    /// A program has answered.
    pub(in crate::app) fn insert(&mut self, id: ValueId, value: DecodedValue) {
        self.asked.retain(|one| one.id != id);
        self.bytes += cost(&value);
        let newest = id.clone();
        match self.known.insert(id, value) {
            Some(before) => self.bytes -= cost(&before),
            None => self.order.push_back(newest.clone()),
        }
        self.make_room(&newest);
    }

    /// What is not in sight leaves; where what is in sight takes too much alone, the newest one is left out.
    fn make_room(&mut self, newest: &ValueId) {
        for _ in 0..self.order.len() {
            if self.bytes <= MOST_BYTES {
                return;
            }
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            if oldest == *newest || self.in_sight.contains(&oldest) {
                self.order.push_back(oldest);
            } else if let Some(value) = self.known.remove(&oldest) {
                self.bytes -= cost(&value);
            }
        }
        if self.bytes > MOST_BYTES
            && let Some(value) = self.known.get_mut(newest)
        {
            let most = MOST_BYTES >> 20;
            let why = format!("no room: all that is in sight would take more than {most} MiB");
            let before = std::mem::replace(value, Err(why.into()));
            self.bytes = self.bytes + cost(value) - cost(&before);
        }
    }

    /// Nothing is known any more, and nothing is asked for.
    pub(in crate::app) fn clear(&mut self) {
        *self = Self::default();
    }
}

fn cost(value: &DecodedValue) -> usize {
    let (Ok(text) | Err(text)) = value;
    text.len() + ENTRY_BYTES
}

/// How the values of messages are read: by their types, or as what programs have made of them.
#[derive(Clone, Copy, Debug)]
pub struct ValueReadings<'a> {
    /// Types and programs by stream.
    pub schemas: &'a Schemas,
    /// What programs have made of values.
    pub decoded: &'a DecodedValues,
}

impl<'a> ValueReadings<'a> {
    /// How that message is read.
    pub fn of(self, message: &MessageRef<'_>) -> ValueReading<'a> {
        let decoded = self
            .decoded
            .of(message)
            .and_then(|value| value.as_ref().ok());
        self.schemas
            .reading(message.stream(), decoded.map(AsRef::as_ref))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn value(offset: i64) -> ValueToDecode {
        let message = MessageId {
            stream: "orders".into(),
            partition: 0,
            offset,
        };
        let command = DecoderCommand {
            words: vec!["decode".to_owned()],
            folder: PathBuf::new(),
        };
        ValueToDecode {
            id: ValueId {
                message,
                time: Timestamp(1),
            },
            command: Arc::new(command),
            value: StoredValue::Alone(b"x".as_slice().into()),
        }
    }

    fn offsets(asked: Option<Vec<ValueToDecode>>) -> Option<Vec<i64>> {
        let offset = |one: ValueToDecode| one.id.message.offset;
        asked.map(|asked| asked.into_iter().map(offset).collect())
    }

    #[test]
    fn what_is_in_sight_is_asked_for_once_and_in_the_order_of_what_matters() {
        let mut decoded = DecodedValues::default();
        let asked = decoded.look_at(vec![value(3), value(1), value(3)]);
        assert_eq!(offsets(asked), Some(vec![3, 1]));
        assert_eq!(decoded.look_at(vec![value(3), value(1)]), None);
        decoded.insert(value(3).id, Ok("three".into()));
        assert_eq!(decoded.look_at(vec![value(3), value(1)]), None);
        let asked = decoded.look_at(vec![value(3), value(2), value(1)]);
        assert_eq!(offsets(asked), Some(vec![2, 1]));
        // Out of sight: whoever decodes need not go on.
        assert_eq!(offsets(decoded.look_at(Vec::new())), Some(vec![]));
        assert_eq!(decoded.look_at(Vec::new()), None);
        let other = ValueId {
            time: Timestamp(2),
            ..value(3).id
        };
        assert_eq!(decoded.get(&value(3).id), Some(&Ok("three".into())));
        assert_eq!(decoded.get(&other), None, "another stream of that name");
    }

    #[test]
    fn memory_is_bounded_and_what_is_in_sight_stays() {
        let mut decoded = DecodedValues::default();
        let large: Arc<str> = "x".repeat(1 << 20).into();
        decoded.look_at(vec![value(0)]);
        for offset in 0..40 {
            decoded.insert(value(offset).id, Ok(Arc::clone(&large)));
            assert!(decoded.bytes <= MOST_BYTES);
        }
        assert_eq!(decoded.get(&value(0).id), Some(&Ok(Arc::clone(&large))));
        assert_eq!(decoded.get(&value(1).id), None);
        assert_eq!(decoded.known.len(), decoded.order.len());
        // More than all of it is in sight: what does not fit is said, and not asked for again and again.
        decoded.look_at((0..20).map(value).collect());
        for offset in 0..20 {
            decoded.insert(value(offset).id, Ok(Arc::clone(&large)));
            assert!(decoded.bytes <= MOST_BYTES);
        }
        assert_eq!(decoded.look_at((0..20).map(value).collect()), None);
        let failed = |offset| decoded.get(&value(offset).id).is_some_and(Result::is_err);
        assert_eq!((0..20).filter(|offset| failed(*offset)).count(), 5);
    }
}
