//! Bytes as hexadecimal digits, as many a line as are asked for, each line with its offset and its characters.
//! Shows what is there; nothing is interpreted.

use std::fmt::Write as _;

use super::Reading;
use super::lines::{Class, Writer};

/// More than this is not read through by anyone, and would take longer to draw up than a frame.
const MOST_BYTES: usize = 256 * 1024;

impl Reading<'_> {
    /// Reads it as bytes, which always fits.
    pub(super) fn hex(&mut self) -> bool {
        let shown = self.bytes.get(..MOST_BYTES).unwrap_or(self.bytes);
        if shown.len() < self.bytes.len() {
            self.notes
                .push(format!("only the first {MOST_BYTES} bytes are shown"));
        }
        write(shown, self.hex_row, &mut self.writer);
        true
    }
}

/// Writes the lines of these bytes, so many a line.
fn write(bytes: &[u8], width: usize, writer: &mut Writer) {
    let mut cell = String::new();
    for (number, row) in bytes.chunks(width).enumerate() {
        if writer.is_full() {
            return;
        }
        cell.clear();
        let _infallible = write!(cell, "{:08x}  ", number * width);
        writer.plain(Class::Comment, &cell);
        cell.clear();
        digits(row, width, &mut cell);
        writer.token(Class::Number, &cell);
        cell.clear();
        cell.extend(row.iter().map(|&byte| shown(byte)));
        writer.token(Class::String, &cell);
    }
}

/// Groups of eight, padded to full width.
fn digits(row: &[u8], width: usize, cell: &mut String) {
    for place in 0..width {
        let _infallible = match row.get(place) {
            Some(byte) => write!(cell, "{byte:02x} "),
            None => write!(cell, "   "),
        };
        if place % 8 == 7 {
            cell.push(' ');
        }
    }
}

fn shown(byte: u8) -> char {
    if byte.is_ascii_graphic() || byte == b' ' {
        char::from(byte)
    } else {
        '.'
    }
}
