//! Values of messages that a program decodes: which of them are in sight, and what came of them.

use super::{Tail, Tails};
use crate::app::decoded_values::{
    DecodedValue, DecodedValues, MOST_OF_ROW, ValueId, ValueToDecode,
};
use crate::app::schemas::Schemas;

impl Tails {
    /// What programs have made of values.
    pub(in crate::app) fn decoded_values(&self) -> &DecodedValues {
        &self.decoded
    }

    /// The values that are shown, or about to be, where a program decodes them: what is inspected first, then the rows, then
    /// those above and below them.
    pub(in crate::app) fn values_in_sight(&self, schemas: &Schemas) -> Vec<ValueToDecode> {
        let inspected = self.inspector.messages().iter().rev().cloned();
        let inspected = inspected.filter_map(|pinned| ValueToDecode::of(pinned, schemas));
        let alone = [self.shown];
        let panes = match self.panes() {
            [] => &alone[..],
            panes => panes,
        };
        let tails = panes.iter().filter_map(|index| self.all().get(*index));
        let tails: Vec<&Tail> = tails.collect();
        let rows = tails
            .iter()
            .flat_map(|tail| tail.rows_to_decode(schemas, Rows::Seen));
        let around = tails
            .iter()
            .flat_map(|tail| tail.rows_to_decode(schemas, Rows::Around));
        inspected.chain(rows).chain(around).collect()
    }

    /// These are in sight; returns what is to be asked for, where that has changed.
    pub(in crate::app) fn look_at_values(
        &mut self,
        values: Vec<ValueToDecode>,
    ) -> Option<Vec<ValueToDecode>> {
        self.decoded.look_at(values)
    }

    /// A program has answered.
    pub(in crate::app) fn on_value_decoded(&mut self, id: ValueId, value: DecodedValue) {
        self.decoded.insert(id, value);
        self.inspector.set_decoded(&self.decoded);
    }

    /// What programs have made of values counts no longer.
    pub(in crate::app) fn forget_decoded_values(&mut self) {
        self.decoded.clear();
        self.inspector.set_decoded(&self.decoded);
    }
}

/// Which rows of a tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rows {
    /// Those on the screen.
    Seen,
    /// A page above them, and one below: who pages through sees them decoded.
    Around,
}

impl Tail {
    fn rows_to_decode(&self, schemas: &Schemas, which: Rows) -> Vec<ValueToDecode> {
        if !self
            .streams()
            .iter()
            .any(|one| schemas.command_of(one).is_some())
        {
            return Vec::new();
        }
        let height = self.height().max(1);
        let top = self.view().window(self.store(), height).top;
        let pages = match which {
            Rows::Seen => [(top, height), (0, 0)],
            Rows::Around => {
                let above = top.min(height);
                [(top - above, above), (top + height, height)]
            }
        };
        let rows = pages
            .into_iter()
            .flat_map(|(top, rows)| self.view().rows(self.store(), top, rows));
        let rows = rows.filter(|message| message.value().len() <= MOST_OF_ROW);
        let pinned = rows.filter_map(|message| self.store().pin(&message.id()));
        pinned
            .filter_map(|pinned| ValueToDecode::of(pinned, schemas))
            .collect()
    }
}
