//! What the rows of a tail show, and which fields could stand in them.

use std::collections::BTreeSet;

use super::Tail;
use crate::app::context::Context;
use crate::app::row_settings::RowChoice;
use crate::store::{CellReader, JsonPath, RowField, RowFieldCheck, RowTemplate, known_fields};

/// Messages that are looked through for the fields that they have.
const LOOKED_THROUGH: usize = 100;

/// Messages that the fields of a row are held against.
const HELD_AGAINST: usize = 500;

impl Tail {
    /// The streams that it reads.
    pub(in crate::app::screens::tails) fn streams(&self) -> BTreeSet<&str> {
        self.partitions.iter().map(|one| &*one.stream).collect()
    }

    /// What its rows show.
    pub fn row(&self) -> &RowChoice {
        &self.row
    }

    /// Its rows show that from now on.
    pub(in crate::app::screens::tails) fn set_row(&mut self, row: RowChoice) {
        self.row = row;
    }

    /// Paths into JSON values that are shown as columns.
    pub fn columns(&self) -> Vec<JsonPath> {
        self.row.shown().paths().cloned().collect()
    }

    /// What its rows would show with that field, or without it.
    pub(in crate::app::screens::tails) fn row_with(&self, field: RowField) -> RowChoice {
        let mut template = self.row.template().clone();
        // Who adds a field while the template is put aside wants to see it.
        if !(self.row.is_raw() && template.has(&field)) {
            template.toggle(field);
        }
        if template.fields().next().is_none() {
            template = RowTemplate::default();
        }
        RowChoice::of(template)
    }

    /// The fields of the messages on the screen, as a row names them; where none is there, of the newest in memory.
    pub(in crate::app::screens::tails) fn known_fields(&self, context: &Context) -> Vec<String> {
        let height = self.height.min(LOOKED_THROUGH);
        let window = self.view.window(&self.store, height);
        let messages = self.view.rows(&self.store, window.top, height.max(1));
        let schemas = &context.settings.schemas;
        if !messages.is_empty() {
            return known_fields(&messages, |stream| schemas.of(stream));
        }
        let newest = self.store.newest(LOOKED_THROUGH);
        let messages = newest.iter().flat_map(|chunk| chunk.iter().rev());
        let messages: Vec<_> = messages.take(LOOKED_THROUGH).collect();
        known_fields(&messages, |stream| schemas.of(stream))
    }

    /// A sentence for a field of its rows that none of the newest messages has.
    pub(in crate::app::screens::tails) fn row_mistake(&self, context: &Context) -> Option<String> {
        let template = self.row.shown();
        let schemas = &context.settings.schemas;
        let newest = self.store.newest(HELD_AGAINST);
        let messages = newest.iter().flat_map(|chunk| chunk.iter().rev());
        let mut check = RowFieldCheck::default();
        for message in messages.take(HELD_AGAINST) {
            let schema = schemas.of(message.stream());
            // Whether a field is there is asked, not what it holds.
            let reader = CellReader { schema, most: 1 };
            check.add(&message, &reader.cells(template, &message), schema);
        }
        check.mistake(template)
    }
}
