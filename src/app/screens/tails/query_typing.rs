//! Completes the query that is being typed, from the fields and values that messages have.
//! What could stand where is `store`'s.

use std::sync::Arc;

use crate::app::motion::cycled_index;
use crate::store::{FieldIndex, Query, QueryCompletion};

/// What is known of messages, and what stands in the line of it.
#[derive(Clone, Debug, Default)]
pub(super) struct QueryTyping {
    index: Arc<FieldIndex>,
    /// What is said to a field that only programs show.
    unsearched: Option<String>,
    /// What was typed before a completion was put in its place, and which one that is.
    chosen: Option<(String, usize)>,
}

impl QueryTyping {
    /// This is known of messages from now on.
    pub(super) fn set_index(&mut self, index: &Arc<FieldIndex>) {
        self.index = Arc::clone(index);
        self.chosen = None;
    }

    /// That is said to a field that only programs show, where there are such.
    pub(super) fn set_unsearched(&mut self, unsearched: Option<String>) {
        self.unsearched = unsearched;
    }

    /// Something was typed.
    pub(super) fn reset(&mut self) {
        self.chosen = None;
    }

    /// How many messages are known.
    pub(super) fn messages(&self) -> u64 {
        self.index.messages()
    }

    /// What could stand at the end of the line, the chosen one first.
    pub(super) fn fitting(&self, line: &str) -> Vec<QueryCompletion> {
        let (typed, chosen) = match &self.chosen {
            Some((typed, chosen)) => (&**typed, *chosen),
            None => (line, 0),
        };
        let mut fitting = QueryCompletion::of(typed, &self.index);
        let count = fitting.len().max(1);
        fitting.rotate_left(chosen % count);
        fitting
    }

    /// The line with the next completion that fits, or with what may be meant where none does.
    pub(super) fn next(&mut self, line: &str) -> Option<String> {
        let (typed, before) = match self.chosen.take() {
            Some((typed, before)) => (typed, Some(before)),
            None => (line.to_owned(), None),
        };
        let mut fitting = QueryCompletion::of(&typed, &self.index);
        let next = before.map_or(0, |before| cycled_index(before, fitting.len(), true));
        if next >= fitting.len() {
            return QueryCompletion::meant(&typed, &self.index);
        }
        self.chosen = Some((typed, next));
        Some(fitting.swap_remove(next).line)
    }

    /// A sentence where a query finds nothing that messages have. A field that goes on as one that they have is none.
    pub(super) fn mistake(&self, query: &Query) -> Option<String> {
        let line = query.text();
        let open = QueryCompletion::open_field(line);
        let open = open.filter(|_| !QueryCompletion::of(line, &self.index).is_empty());
        let mistake = query.mistake(&self.index, open)?;
        let unsearched = self.unsearched.clone();
        let unsearched = unsearched.filter(|_| query.names_value_field());
        Some(unsearched.unwrap_or(mistake))
    }
}
