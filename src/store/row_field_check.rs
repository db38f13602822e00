//! Fields of a row that no message has: likely misspelt. Says only what holds of all messages that were looked at.

use std::collections::BTreeSet;

use super::known_fields::known_fields;
use super::message::MessageRef;
use super::row_cells::{CellKind, RowCell};
use super::row_template::{RowField, RowTemplate};
use super::value_reading::ValueReading;
use crate::model::{grouped, nearest};

/// Messages whose fields are looked at for names that may be meant.
const LOOKED_THROUGH: u64 = 100;
/// Bytes of a value from which on a field that is not found may be there all the same.
const SEARCHED: usize = 16 << 10;

/// Which fields of a row any message had.
#[derive(Clone, Debug, Default)]
pub struct RowFieldCheck {
    messages: u64,
    /// Those of them whose values say nothing: a program has not decoded them.
    undecoded: u64,
    /// By the number of the field in the row.
    had: Vec<bool>,
    /// The names of fields that messages have.
    known: BTreeSet<String>,
}

impl RowFieldCheck {
    /// Looks at a message and at the cells of its row.
    pub fn add(&mut self, message: &MessageRef<'_>, cells: &[RowCell], value: ValueReading<'_>) {
        self.undecoded += u64::from(value.is_undecoded);
        if self.messages < LOOKED_THROUGH {
            let fields = known_fields(std::slice::from_ref(message), |_| value);
            self.known.extend(fields);
        }
        self.messages += 1;
        self.had.resize(cells.len(), false);
        let is_searched = value.bytes(message.value()).len() < SEARCHED;
        for (had, cell) in self.had.iter_mut().zip(cells) {
            *had |= cell.kind != CellKind::Missing || !is_searched;
        }
    }

    /// A sentence for the first field of the row that no message has.
    pub fn mistake(&self, template: &RowTemplate) -> Option<String> {
        let mut fields = template.fields().zip(&self.had);
        let (field, _) = fields
            .find(|(field, had)| !**had && may_be_missing(field) && self.looked_at(field) > 0)?;
        let name = field.to_string();
        let meant = self.meant(&name).map(|meant| format!("; {meant}?"));
        let count = grouped(i64::try_from(self.looked_at(field)).unwrap_or(i64::MAX));
        let meant = meant.unwrap_or_default();
        Some(format!("no message of {count} has {name}{meant}"))
    }

    /// How many messages would have shown the field.
    fn looked_at(&self, field: &RowField) -> u64 {
        if matches!(field, RowField::ValueAt(_)) {
            return self.messages - self.undecoded;
        }
        self.messages
    }

    /// The field that may have been meant: one with a similar name in the same place, else one of that name elsewhere.
    fn meant(&self, name: &str) -> Option<&str> {
        let (parent, last) = place(name);
        let root = name.split(['.', '[']).next().unwrap_or_default();
        let known = || {
            let known = self.known.iter().map(String::as_str);
            known.filter(|other| other.starts_with(root))
        };
        let beside = || known().filter(|other| place(other).0 == parent);
        let elsewhere = || known().filter(|other| place(other).0 != parent);
        if let Some(similar) = nearest(last, beside().map(|other| place(other).1)) {
            return beside().find(|other| place(other).1 == similar);
        }
        let similar = nearest(last, elsewhere().map(|other| place(other).1))?;
        elsewhere().find(|other| place(other).1 == similar)
    }
}

/// Whether there are messages without such a field.
fn may_be_missing(field: &RowField) -> bool {
    matches!(field, RowField::ValueAt(_) | RowField::Header(_))
}

/// What a field is in, and its own name: `value.customer` and `.name`.
fn place(name: &str) -> (&str, &str) {
    let at = name.rfind(['.', '[']).unwrap_or(0);
    name.split_at_checked(at).unwrap_or(("", name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{CellReader, Chunk, test_support};

    const VALUES: [&[u8]; 3] = [
        br#"{"amount":5,"customer":{"name":"Ada"}}"#,
        br#"{"amount":7,"customer":{"name":"Zoe"},"note":null}"#,
        br#"{"amount":9.5}"#,
    ];

    fn mistake(row: &str, chunk: &Chunk) -> Option<String> {
        let template: RowTemplate = row.parse().expect(row);
        let mut check = RowFieldCheck::default();
        let reader = CellReader {
            value: ValueReading::default(),
            most: 80,
        };
        for message in chunk.iter() {
            check.add(&message, &reader.cells(&template, &message), reader.value);
        }
        check.mistake(&template)
    }

    #[test]
    fn a_field_that_no_message_has_is_named_with_the_one_that_may_be_meant() {
        let chunk = test_support::chunk(&VALUES);
        for (row, expected) in [
            ("key value.amount value.note value.customer.name", None),
            (
                "{value.ammount}",
                Some("no message of 3 has value.ammount; value.amount?"),
            ),
            (
                "value.amount value.name",
                Some("no message of 3 has value.name; value.customer.name?"),
            ),
            ("value.price", Some("no message of 3 has value.price")),
            ("header.trace", Some("no message of 3 has header.trace")),
        ] {
            assert_eq!(mistake(row, &chunk).as_deref(), expected, "{row}");
        }
    }

    #[test]
    fn what_is_too_large_to_be_searched_may_have_any_field() {
        let large = format!(r#"{{"text":"{}"}}"#, "x".repeat(SEARCHED));
        let chunk = test_support::chunk(&[VALUES[0], large.as_bytes()]);
        assert_eq!(mistake("value.price", &chunk), None);
    }

    #[test]
    fn of_no_message_nothing_is_said() {
        let check = RowFieldCheck::default();
        assert_eq!(check.mistake(&"value.x".parse().expect("a row")), None);
    }
}
