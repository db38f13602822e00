//! The cells of the messages in sight: each is read once, kept while its row is on the screen, and forgotten after.
//! What is drawn follows from the app and from this alone; without it a frame looks the same and costs more.

use std::collections::HashMap;
use std::sync::Arc;

use super::format;
use super::row_layout::RowLayout;
use crate::app::{TailId, ValueReadings};
use crate::store::{CellReader, MessageId, MessageRef, RowCell, RowField, RowTemplate};

/// Characters that are read of a value at once, so that scrolling by a few reads nothing anew.
const STEP: usize = 256;

/// The rows of the tails in sight.
#[derive(Debug, Default)]
pub struct RowCache {
    tails: HashMap<TailId, SeenTail>,
    /// Tails drawn in this frame.
    drawn: Vec<TailId>,
    read: u64,
}

/// The rows of a tail.
#[derive(Debug, Default)]
struct SeenTail {
    template: RowTemplate,
    /// How many characters of each cell.
    most: usize,
    layout: RowLayout,
    rows: HashMap<MessageId, SeenRow>,
    frame: u64,
    read: u64,
}

#[derive(Debug)]
struct SeenRow {
    cells: Arc<[RowCell]>,
    /// Whether they show what a program made of the value.
    is_decoded: bool,
    /// The last frame that it was part of.
    frame: u64,
}

impl RowCache {
    /// How many messages were read for a row so far.
    pub fn rows_read(&self) -> u64 {
        self.read
    }

    /// The cells of messages in the rows of a tail, in which so many characters of a value can be seen, and what was
    /// learnt of their columns.
    pub(super) fn rows(
        &mut self,
        (tail, template): (TailId, &RowTemplate),
        messages: &[MessageRef<'_>],
        most: usize,
        readings: ValueReadings<'_>,
    ) -> (Vec<Arc<[RowCell]>>, &RowLayout) {
        let seen = self.tails.entry(tail).or_default();
        let before = seen.read;
        let rows = seen.rows(template, messages, most, readings);
        self.read += seen.read - before;
        self.drawn.push(tail);
        (rows, &seen.layout)
    }

    /// The frame is drawn: what was in none of its panes is forgotten.
    pub(super) fn end_frame(&mut self) {
        let drawn = std::mem::take(&mut self.drawn);
        self.tails.retain(|tail, _| drawn.contains(tail));
    }
}

impl SeenTail {
    fn rows(
        &mut self,
        template: &RowTemplate,
        messages: &[MessageRef<'_>],
        most: usize,
        readings: ValueReadings<'_>,
    ) -> Vec<Arc<[RowCell]>> {
        let most = most.next_multiple_of(STEP);
        if self.template != *template {
            *self = Self {
                template: template.clone(),
                read: self.read,
                ..Self::default()
            };
        }
        if self.most != most {
            self.most = most;
            self.rows.clear();
        }
        self.frame += 1;
        let rows = messages
            .iter()
            .map(|message| self.row(template, message, readings));
        let rows = rows.collect();
        let frame = self.frame;
        self.rows.retain(|_, row| row.frame == frame);
        rows
    }

    fn row(
        &mut self,
        template: &RowTemplate,
        message: &MessageRef<'_>,
        readings: ValueReadings<'_>,
    ) -> Arc<[RowCell]> {
        let id = message.id();
        let is_decoded = readings.decoded.of(message).is_some_and(Result::is_ok);
        if let Some(seen) = self.rows.get_mut(&id)
            && seen.is_decoded == is_decoded
        {
            seen.frame = self.frame;
            return Arc::clone(&seen.cells);
        }
        let reader = CellReader {
            value: readings.of(message),
            most: self.most,
        };
        let cells: Arc<[RowCell]> = shown_cells(reader, template, message).into();
        self.read += 1;
        self.layout.learn(&cells);
        let seen = SeenRow {
            cells: Arc::clone(&cells),
            is_decoded,
            frame: self.frame,
        };
        self.rows.insert(id, seen);
        cells
    }
}

/// The cells of a message, its numbers as people read them.
pub(crate) fn shown_cells(
    reader: CellReader<'_>,
    template: &RowTemplate,
    message: &MessageRef<'_>,
) -> Vec<RowCell> {
    let mut cells = reader.cells(template, message);
    for (cell, field) in cells.iter_mut().zip(template.fields()) {
        if *field == RowField::Offset {
            cell.text = format::count(message.offset());
        } else if *field == RowField::Size {
            cell.text = format::bytes_len(message.size());
        }
    }
    cells
}
