//! What the rows of a tail show, and which fields could stand in them.

use std::collections::BTreeSet;

use super::Tail;
use crate::app::context::Context;
use crate::app::decoded_values::{DecodedValues, ValueReadings};
use crate::app::row_settings::RowChoice;
use crate::app::screens::tails::prompt::PromptKind;
use crate::model::Timestamp;
use crate::store::{CellReader, RowField, RowFieldCheck, RowTemplate, known_fields};

/// Messages that are looked through for the fields that they have.
const LOOKED_THROUGH: usize = 100;

/// Messages that the fields of a row are held against.
const HELD_AGAINST: usize = 500;

/// Whether rows show how long after each other they came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum GapColumn {
    /// They do not.
    #[default]
    Hidden,
    /// They do: the tail is one story.
    Shown,
}

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

    /// Its rows show how long after each other they came.
    pub(in crate::app::screens::tails) fn show_gaps(&mut self) {
        self.gaps = GapColumn::Shown;
    }

    /// Whether they do.
    pub(crate) fn shows_gaps(&self) -> bool {
        self.gaps == GapColumn::Shown
    }

    /// When the message before each of those rows was stored, whichever way the screen runs; none where that is not shown.
    pub(crate) fn times_before(&self, top: usize, rows: usize) -> Option<Vec<Option<Timestamp>>> {
        if !self.shows_gaps() {
            return None;
        }
        let times = |top, rows| {
            let rows = self.view.rows(&self.store, top, rows);
            let times = rows.into_iter().map(|message| Some(message.timestamp()));
            times.collect::<Vec<_>>()
        };
        if self.view.newest_first() {
            return Some(times(top + 1, rows));
        }
        Some(match top.checked_sub(1) {
            Some(before) => times(before, rows),
            None => [vec![None], times(0, rows.saturating_sub(1))].concat(),
        })
    }

    /// Fields that are shown as columns, and are not of every record.
    pub fn columns(&self) -> Vec<RowField> {
        self.row.shown().beside_records().cloned().collect()
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

    /// Opens the line that asks what rows show, which knows the fields of the messages on the screen; where none is there,
    /// of the newest in memory.
    pub(in crate::app::screens::tails) fn open_row_prompt(
        &mut self,
        decoded: &DecodedValues,
        context: &mut Context,
    ) {
        self.open_prompt(PromptKind::Row, context);
        let height = self.height.clamp(1, LOOKED_THROUGH);
        let window = self.view.window(&self.store, height);
        let mut messages = self.view.rows(&self.store, window.top, height);
        let newest = self.store.newest(LOOKED_THROUGH);
        if messages.is_empty() {
            let newest = newest.iter().flat_map(|chunk| chunk.iter().rev());
            messages = newest.take(LOOKED_THROUGH).collect();
        }
        let readings = ValueReadings {
            schemas: &context.settings.schemas,
            decoded,
        };
        let fields = known_fields(&messages, |message| readings.of(message));
        if let Some(prompt) = &mut self.prompt {
            prompt.set_known_fields(fields);
        }
    }

    /// A sentence for a field of its rows that none of the newest messages has.
    pub(in crate::app::screens::tails) fn row_mistake(
        &self,
        decoded: &DecodedValues,
        context: &Context,
    ) -> Option<String> {
        let template = self.row.shown();
        let readings = ValueReadings {
            schemas: &context.settings.schemas,
            decoded,
        };
        let newest = self.store.newest(HELD_AGAINST);
        let messages = newest.iter().flat_map(|chunk| chunk.iter().rev());
        let mut check = RowFieldCheck::default();
        for message in messages.take(HELD_AGAINST) {
            let value = readings.of(&message);
            // Whether a field is there is asked, not what it holds.
            let reader = CellReader { value, most: 1 };
            check.add(&message, &reader.cells(template, &message), value);
        }
        check.mistake(template)
    }
}
