//! Completes the field of a row that is being typed, from those that messages have.

use crate::app::motion::cycled_index;
use crate::store::open_field;

/// The fields that there are, and the one that stands in the line.
#[derive(Clone, Debug, Default)]
pub(super) struct FieldCompletion {
    fields: Vec<String>,
    /// What was typed before a field was put in its place, and which one that is.
    chosen: Option<(String, usize)>,
}

impl FieldCompletion {
    /// A completion from these fields.
    pub(super) fn of(fields: Vec<String>) -> Self {
        Self {
            fields,
            chosen: None,
        }
    }

    /// Something was typed.
    pub(super) fn reset(&mut self) {
        self.chosen = None;
    }

    /// The fields that fit what is typed, the chosen one first. What begins so comes before what only contains it: nobody
    /// types the path before the name that he knows.
    pub(super) fn fitting(&self, line: &str) -> Vec<&str> {
        let (typed, chosen) = match &self.chosen {
            Some((typed, chosen)) => (&**typed, *chosen),
            None => (line, 0),
        };
        let mut fitting = self.fitting_typed(typed);
        let count = fitting.len().max(1);
        fitting.rotate_left(chosen % count);
        fitting
    }

    fn fitting_typed(&self, typed: &str) -> Vec<&str> {
        let open = typed.get(open_field(typed)..).unwrap_or_default();
        // What is in the line already is not wanted again.
        let is_typed = |field: &&String| open.is_empty() && has_field(typed, field);
        let fields = self.fields.iter().filter(|field| !is_typed(field));
        let ranked = fields.filter_map(|field| Some((rank(field, open)?, &**field)));
        let mut ranked: Vec<_> = ranked.collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, field)| field).collect()
    }

    /// The line with the next field that fits.
    pub(super) fn next(&mut self, line: &str) -> Option<String> {
        let (typed, chosen) = match self.chosen.take() {
            Some((typed, before)) => {
                let count = self.fitting_typed(&typed).len();
                (typed, cycled_index(before, count, true))
            }
            None => (line.to_owned(), 0),
        };
        let start = open_field(&typed);
        let field = *self.fitting_typed(&typed).get(chosen)?;
        let before = typed.get(..start).unwrap_or_default();
        let close = if before.ends_with('{') { "}" } else { "" };
        let line = format!("{before}{field}{close}");
        self.chosen = Some((typed, chosen));
        Some(line)
    }
}

/// How well a field fits what is typed of it; `None`: not at all.
fn rank(field: &str, open: &str) -> Option<u8> {
    let mut names = field.split(['.', '[']);
    if field.starts_with(open) {
        Some(0)
    } else if names.any(|name| name.starts_with(open)) {
        Some(1)
    } else {
        field.contains(open).then_some(2)
    }
}

fn has_field(line: &str, field: &str) -> bool {
    let mut words = line.split([' ', ',', '{', '}']);
    words.any(|word| word == field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completion() -> FieldCompletion {
        let fields = [
            "value.order",
            "value.customer.name",
            "value.amount",
            "key",
            "value",
        ];
        FieldCompletion::of(fields.map(str::to_owned).to_vec())
    }

    #[test]
    fn tab_after_tab_goes_through_what_fits() {
        let mut completion = completion();
        for line in [
            "key value.order",
            "key value.customer.name",
            "key value.amount",
            "key value",
            "key value.order",
        ] {
            assert_eq!(completion.next("key val").as_deref(), Some(line));
        }
        assert_eq!(
            completion.fitting("key value.order")[..2],
            ["value.order", "value.customer.name"]
        );
    }

    #[test]
    fn a_name_is_enough_and_braces_are_closed() {
        for (typed, line) in [
            ("{value.order} {am", "{value.order} {value.amount}"),
            ("name", "value.customer.name"),
            ("", "value.order"),
            ("value.order ", "value.order value.customer.name"),
        ] {
            assert_eq!(completion().next(typed).as_deref(), Some(line));
        }
        assert_eq!(completion().next("nothing"), None);
    }
}
