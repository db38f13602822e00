//! Writes messages to whatever takes bytes: records, tables, bare values, or a format of the user's own.
//! Files, temporary names and progress are the caller's.

use std::io::{self, Write};
use std::ops::Range;

use super::Store;
use super::json_path::unquoted;
use super::message::MessageRef;
use super::record::{json_of, text_or_base64, write_headers, write_record_with};
use super::row_template::RowField;
use crate::model::Timestamp;

/// Rows taken from a store at once where they are read from their end.
const BLOCK: usize = 1_000;

/// Messages in the order of a screen, as they were when they were chosen: what comes or goes later changes nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportRows {
    store: Store,
    positions: Range<usize>,
    newest_first: bool,
}

impl ExportRows {
    /// What is seen of a store at these positions. Its chunks are shared, not copied.
    pub fn new(store: &Store, positions: Range<usize>, newest_first: bool) -> Self {
        Self {
            store: store.clone(),
            positions,
            newest_first,
        }
    }

    /// All that a store keeps, seen or not.
    pub fn kept(store: &Store, newest_first: bool) -> Self {
        let mut store = store.clone();
        store.end_query();
        Self {
            positions: 0..store.len(),
            store,
            newest_first,
        }
    }

    /// Calls `each` with one message after the other, up to its first error.
    ///
    /// # Errors
    /// What `each` returns.
    pub fn try_for_each<E>(
        &self,
        mut each: impl FnMut(&MessageRef<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Range { start, end } = self.positions.clone();
        let mut left = start..end;
        while !left.is_empty() {
            let block = if self.newest_first {
                left.end.saturating_sub(BLOCK).max(start)..left.end
            } else {
                left.start..left.start.saturating_add(BLOCK).min(end)
            };
            let mut rows: Vec<_> = self
                .store
                .rows_from(block.start)
                .take(block.len())
                .collect();
            if self.newest_first {
                rows.reverse();
                left.end = block.start;
            } else {
                left.start = block.end;
            }
            rows.iter().try_for_each(&mut each)?;
        }
        Ok(())
    }
}

/// The form of what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExportForm {
    /// A record a line.
    Ndjson,
    /// Comma-separated, with a head line. Bytes that are not UTF-8 stand in columns of their own, in base 64.
    Csv,
    /// The values alone, a line each.
    Raw,
}

/// The columns of [`ExportForm::Csv`].
const COLUMNS: [&str; 11] = [
    "stream",
    "partition",
    "offset",
    "timestamp",
    "key",
    "value",
    "headers",
    "subject",
    "reply_subject",
    "key_base64",
    "value_base64",
];

impl ExportForm {
    /// The form that the name of a file ends in.
    pub fn of_path(path: &str) -> Self {
        let (_, ending) = path.rsplit_once('.').unwrap_or(("", path));
        match ending.to_ascii_lowercase().as_str() {
            "csv" => Self::Csv,
            "raw" | "txt" | "bin" => Self::Raw,
            _ => Self::Ndjson,
        }
    }

    /// Writes the head line, where the form has one. Fields that are added as columns are called as on the screen.
    ///
    /// # Errors
    /// The errors of the writer.
    pub fn write_head(self, columns: &[RowField], out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Csv => {
                let own: Vec<String> = columns.iter().map(RowField::to_string).collect();
                let own = own.iter().map(String::as_str);
                let names: Vec<&str> = COLUMNS.into_iter().chain(own).collect();
                write_row(&names, out)
            }
            Self::Ndjson | Self::Raw => Ok(()),
        }
    }

    /// Writes one message, and what stands at `columns` of its value where the form has columns.
    ///
    /// # Errors
    /// The errors of the writer.
    pub fn write(
        self,
        message: &MessageRef<'_>,
        columns: &[RowField],
        out: &mut impl Write,
    ) -> io::Result<()> {
        match self {
            Self::Ndjson => write_record_with(message, columns, out),
            Self::Csv => write_csv(message, columns, out),
            Self::Raw => {
                out.write_all(message.value())?;
                out.write_all(b"\n")
            }
        }
    }
}

fn write_csv(
    message: &MessageRef<'_>,
    columns: &[RowField],
    out: &mut impl Write,
) -> io::Result<()> {
    let mut headers = Vec::new();
    write_headers(message, &mut headers)?;
    let key = text_or_base64(message.key());
    let value = text_or_base64(message.value());
    let cells = [
        &**message.stream(),
        &message.partition().to_string(),
        &message.offset().to_string(),
        &message.timestamp().to_rfc3339(),
        key.as_ref().copied().unwrap_or_default(),
        value.as_ref().copied().unwrap_or_default(),
        &String::from_utf8_lossy(&headers),
        message.subject(),
        message.reply_subject(),
        key.as_ref().err().map_or("", String::as_str),
        value.as_ref().err().map_or("", String::as_str),
    ];
    let found: Vec<_> = columns
        .iter()
        .map(|field| {
            let found = json_of(message, field);
            found.map_or_else(String::new, |json| unquoted(&json).into_owned())
        })
        .collect();
    let found = found.iter().map(String::as_str);
    let cells: Vec<&str> = cells.into_iter().chain(found).collect();
    write_row(&cells, out)
}

/// Through a line of its own: the writer of CSV flushes what it writes to.
pub(super) fn write_row(cells: &[impl AsRef<[u8]>], out: &mut impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    let mut row = csv::Writer::from_writer(&mut line);
    row.write_record(cells)?;
    row.flush()?;
    drop(row);
    out.write_all(&line)
}

/// One piece of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
enum FormatPiece {
    Literal(Vec<u8>),
    Stream,
    Partition,
    Offset,
    Key,
    Value,
    Headers,
    Millis,
    Date,
}

/// A format such as `%t:%p @ %o  %k  %v\n`, as kcat and rpk have them: `%t` stream, `%p` partition, `%o` offset,
/// `%k` key, `%v` or `%s` value, `%h` headers as `name=value,…`, `%T` Unix time in ms, `%d` date and time, `%%` a percent sign;
/// `\n`, `\t`, `\r`, `\\` and `\xHH`. Nothing is added: a line end has to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageFormat {
    pieces: Vec<FormatPiece>,
}

impl MessageFormat {
    /// Parses a format.
    ///
    /// # Errors
    /// One sentence that names what is not known.
    pub fn parse(format: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut literal = Vec::new();
        let mut rest = format.chars();
        while let Some(c) = rest.next() {
            match c {
                '%' => match verb(rest.next())? {
                    None => literal.push(b'%'),
                    Some(piece) => {
                        pieces.push(FormatPiece::Literal(std::mem::take(&mut literal)));
                        pieces.push(piece);
                    }
                },
                '\\' => literal.push(escaped(&mut rest)?),
                c => literal.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        pieces.push(FormatPiece::Literal(literal));
        pieces.retain(|piece| *piece != FormatPiece::Literal(Vec::new()));
        Ok(Self { pieces })
    }

    /// Writes one message; `%d` is in UTC.
    ///
    /// # Errors
    /// The errors of the writer.
    pub fn write(&self, message: &MessageRef<'_>, out: &mut impl Write) -> io::Result<()> {
        self.write_with(message, Timestamp::to_rfc3339, out)
    }

    /// Writes one message; `time` is how `%d` shows times.
    ///
    /// # Errors
    /// The errors of the writer.
    pub fn write_with(
        &self,
        message: &MessageRef<'_>,
        time: impl Fn(Timestamp) -> String,
        out: &mut impl Write,
    ) -> io::Result<()> {
        self.pieces.iter().try_for_each(|piece| match piece {
            FormatPiece::Literal(text) => out.write_all(text),
            FormatPiece::Stream => out.write_all(message.stream().as_bytes()),
            FormatPiece::Partition => write!(out, "{}", message.partition()),
            FormatPiece::Offset => write!(out, "{}", message.offset()),
            FormatPiece::Key => out.write_all(message.key()),
            FormatPiece::Value => out.write_all(message.value()),
            FormatPiece::Headers => write_pairs(message, out),
            FormatPiece::Date => out.write_all(time(message.timestamp()).as_bytes()),
            FormatPiece::Millis => write!(out, "{}", message.timestamp().0.div_euclid(1_000_000)),
        })
    }
}

fn write_pairs(message: &MessageRef<'_>, out: &mut impl Write) -> io::Result<()> {
    for (number, (name, value)) in message.headers().enumerate() {
        let comma = if number > 0 { "," } else { "" };
        write!(out, "{comma}{name}=")?;
        out.write_all(value)?;
    }
    Ok(())
}

/// What a `%` and a letter stand for; `None` for a percent sign.
fn verb(letter: Option<char>) -> Result<Option<FormatPiece>, String> {
    let piece = match letter {
        Some('%') => return Ok(None),
        Some('t') => FormatPiece::Stream,
        Some('p') => FormatPiece::Partition,
        Some('o') => FormatPiece::Offset,
        Some('k') => FormatPiece::Key,
        Some('v' | 's') => FormatPiece::Value,
        Some('h') => FormatPiece::Headers,
        Some('T') => FormatPiece::Millis,
        Some('d') => FormatPiece::Date,
        other => {
            let letter = other.map(String::from).unwrap_or_default();
            return Err(format!(
                "\"%{letter}\" is not known; there are %t %p %o %k %v %h %T %d and %%"
            ));
        }
    };
    Ok(Some(piece))
}

fn escaped(rest: &mut std::str::Chars<'_>) -> Result<u8, String> {
    match rest.next() {
        Some('n') => Ok(b'\n'),
        Some('t') => Ok(b'\t'),
        Some('r') => Ok(b'\r'),
        Some('\\') => Ok(b'\\'),
        Some('x') => {
            let digits: String = rest.take(2).collect();
            let byte = u8::from_str_radix(&digits, 16).ok();
            let byte = byte.filter(|_| digits.len() == 2);
            byte.ok_or_else(|| format!("\"\\x{digits}\" is not a byte; write two digits"))
        }
        other => {
            let letter = other.map(String::from).unwrap_or_default();
            Err(format!(
                "\"\\{letter}\" is not known; there are \\n \\t \\r \\\\ and \\xHH"
            ))
        }
    }
}
