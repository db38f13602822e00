//! Messages as lines for eyes: place, offset, time, and what the row of their stream shows of them.
//! What a terminal would act on is shown, not obeyed (I14).

use std::io::{self, Write};
use std::sync::Arc;

use super::decoding::RowDecoder;
use super::waterfall::{self, Waterfall};
use crate::app::Schemas;
use crate::cli::escaped_output::EscapedOutput;
use crate::cli::output::print_head;
use crate::model::{PartitionId, StreamName, TimeDisplay, Timestamp, sanitise};
use crate::store::{
    CellKind, CellReader, MessageRef, RowCell, RowField, RowFieldCheck, RowTemplate,
};
use crate::ui::row_layout::{FittedRow, PieceKind, RowLayout};
use crate::ui::{format, shown_cells};

/// Columns of a key; longer ones are cut in the middle.
const KEY: usize = 14;
/// Columns of a time.
const TIME: usize = 12;
/// Characters of a value where no terminal limits it.
const VALUE: usize = 4096;
/// Rows that are looked at before the first of them is written, where they come at once.
const HELD: usize = 256;
/// Columns of the time since the message before.
const GAP: usize = 9;
/// Columns of a terminal from which on there is room for a waterfall.
const WIDE: usize = 110;

/// What stands before a row, and on how many columns.
pub(super) struct PlaceColumns {
    /// Columns of the stream's name; 0 where there is only one stream.
    pub(super) stream: usize,
    /// Columns of the terminal; `None` where there is none.
    pub(super) width: Option<usize>,
    /// How times are shown.
    pub(super) times: TimeDisplay,
}

/// A message that is not written yet.
struct HeldRow {
    stream: StreamName,
    partition: PartitionId,
    offset: i64,
    time: Timestamp,
    cells: Vec<RowCell>,
}

/// How many rows are laid out together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holding {
    /// Those that come at once.
    Live,
    /// Nothing is waited for: rows are held back for the columns of the first ones.
    FirstRows,
    /// All of them, with the time between them.
    All,
}

/// Lays messages out as a table.
pub(super) struct MessageTable {
    place: PlaceColumns,
    row: RowTemplate,
    schemas: Schemas,
    /// Whoever decodes values by programs, where any are.
    decoder: Option<RowDecoder>,
    /// Whether the head is bold, and what is missing faint.
    colours: bool,
    layout: RowLayout,
    held: Vec<HeldRow>,
    holds: Holding,
    has_head: bool,
    /// Which fields of the row messages have.
    check: RowFieldCheck,
}

impl MessageTable {
    /// A table of that row.
    pub(super) fn new(
        place: PlaceColumns,
        row: RowTemplate,
        schemas: Schemas,
        colours: bool,
    ) -> Self {
        Self {
            place,
            row,
            schemas,
            decoder: None,
            colours,
            layout: RowLayout::default(),
            held: Vec::new(),
            holds: Holding::Live,
            has_head: false,
            check: RowFieldCheck::default(),
        }
    }

    /// Values that programs decode are decoded by that.
    pub(super) fn decode_by(&mut self, decoder: RowDecoder) {
        self.decoder = Some(decoder);
    }

    /// A sentence for a field of the row that none of its messages has.
    pub(super) fn mistake(&self) -> Option<String> {
        self.check.mistake(&self.row)
    }

    /// So many rows are looked at together, in however many pieces they come.
    pub(super) fn hold(&mut self, holds: Holding) {
        self.holds = holds;
    }

    /// Writes what was held back, where more may be long in coming. The head comes with the first rows, whose columns it has.
    pub(super) fn flush(&mut self, out: &mut EscapedOutput) -> io::Result<()> {
        if self.held.is_empty() || self.holds != Holding::Live && !self.has_head {
            return Ok(());
        }
        self.release(out)
    }

    /// Takes one more message; it is written with those that come at once with it.
    pub(super) fn row(
        &mut self,
        message: &MessageRef<'_>,
        out: &mut EscapedOutput,
    ) -> io::Result<()> {
        let decoded = self.decoded(message);
        let value = self.schemas.reading(message.stream(), decoded.as_deref());
        let reader = CellReader {
            value,
            most: self.place.width.unwrap_or(VALUE),
        };
        let mut cells = shown_cells(reader, &self.row, message);
        self.check.add(message, &cells, value);
        for (cell, field) in cells.iter_mut().zip(self.row.fields()) {
            if *field == RowField::Time {
                cell.text = self.time(message.timestamp());
            }
        }
        self.layout.learn(&cells);
        if self.place.stream > 0 {
            // A stream that joins may have a longer name than all that were there.
            let name = format::width(&sanitise::line(message.stream()));
            self.place.stream = self.place.stream.max(name);
        }
        self.held.push(HeldRow {
            stream: StreamName::clone(message.stream()),
            partition: message.partition(),
            offset: message.offset(),
            time: message.timestamp(),
            cells,
        });
        if self.held.len() < HELD || self.holds == Holding::All {
            return Ok(());
        }
        self.release(out)
    }

    /// What a program makes of the value of a message, where one does and a row shows any of it.
    fn decoded(&mut self, message: &MessageRef<'_>) -> Option<Arc<str>> {
        let of_value = |field: &RowField| matches!(field, RowField::Value | RowField::ValueAt(_));
        let decoder = self.decoder.as_mut()?;
        if !self.row.fields().any(of_value) {
            return None;
        }
        let command = self.schemas.command_of(message.stream())?;
        decoder.decode(command, message)
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self, out: &mut EscapedOutput) -> io::Result<()> {
        if let Some(decoder) = &mut self.decoder {
            decoder.finish();
        }
        self.release(out)
    }

    /// Writes what was held back.
    pub(super) fn release(&mut self, out: &mut EscapedOutput) -> io::Result<()> {
        if self.held.is_empty() && self.holds == Holding::All {
            return Ok(());
        }
        if !std::mem::replace(&mut self.has_head, true) {
            let head = self.place_head() + &self.fitted().head("…");
            print_head(out, head.trim_end(), self.colours)?;
        }
        let waterfall = self.waterfall();
        let held = std::mem::take(&mut self.held);
        let fitted = self.fitted();
        let mut before = None;
        for row in &held {
            let before = before.replace(row.time);
            let bar = waterfall.as_ref().map(|all| all.bar(before, row.time));
            let times = [
                waterfall::gap_after(before, row.time),
                bar.unwrap_or_default(),
            ];
            self.write(row, times, &fitted, out)?;
        }
        Ok(())
    }

    fn fitted(&self) -> FittedRow<'_> {
        let place = format::width(&self.place_head());
        let room = self.place.width.map(|width| width.saturating_sub(place));
        let fixed = [(RowField::Key, KEY), (RowField::Time, TIME)];
        self.layout.fit(&self.row, room, &fixed)
    }

    /// The columns before the row; what the row shows itself does not stand there too.
    fn place_cells(&self, texts: [String; 4], times: [String; 2]) -> String {
        let fields = [
            RowField::Stream,
            RowField::Partition,
            RowField::Offset,
            RowField::Time,
        ];
        let [stream, partition, offset, time] = texts;
        let padded = [
            format::pad(&stream, self.place.stream),
            format::pad_left(&partition, 3),
            format::pad_left(&offset, 9),
            format::pad(&time, TIME),
        ];
        let shown = fields.iter().zip(padded);
        let shown = shown.filter(|(field, _)| {
            let is_there = **field != RowField::Stream || self.place.stream > 0;
            is_there && !self.row.has(field)
        });
        let mut cells: String = shown.map(|(_, text)| text + "  ").collect();
        if self.holds == Holding::All {
            let [gap, bar] = times;
            cells += &format::pad_left(&gap, GAP);
            cells += "  ";
            if self.has_waterfall() {
                cells += &format::pad(&bar, waterfall::WIDTH);
                cells += "  ";
            }
        }
        cells
    }

    fn has_waterfall(&self) -> bool {
        self.place.width.is_none_or(|width| width >= WIDE)
    }

    /// Where all rows stand in time.
    fn waterfall(&self) -> Option<Waterfall> {
        let times = self.held.iter().map(|row| row.time);
        Waterfall::of(times).filter(|_| self.holds == Holding::All)
    }

    fn place_head(&self) -> String {
        let texts = ["STREAM", "#", "OFFSET", "TIME"].map(str::to_owned);
        let whole = self.waterfall().map(|all| all.head());
        self.place_cells(texts, ["GAP".to_owned(), whole.unwrap_or_default()])
    }

    fn time(&self, time: Timestamp) -> String {
        self.place.times.short(time, Timestamp::now())
    }

    fn write(
        &self,
        held: &HeldRow,
        times: [String; 2],
        fitted: &FittedRow<'_>,
        out: &mut EscapedOutput,
    ) -> io::Result<()> {
        let texts = [
            sanitise::line(&held.stream).into_owned(),
            held.partition.to_string(),
            held.offset.to_string(),
            self.time(held.time),
        ];
        let place = self.place_cells(texts, times);
        let mut pieces = fitted.row(&held.cells, ["–", "…"], 0);
        if let Some(last) = pieces.last_mut() {
            last.text.truncate(last.text.trim_end().len());
        }
        out.write_all(place.as_bytes())?;
        for piece in pieces {
            let is_faint =
                self.colours && matches!(piece.kind, PieceKind::Cell(_, CellKind::Missing));
            if is_faint {
                out.write_own("\x1b[2m")?;
            }
            out.write_all(piece.text.as_bytes())?;
            if is_faint {
                out.write_own("\x1b[0m")?;
            }
        }
        writeln!(out)
    }
}
