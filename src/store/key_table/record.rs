//! A row of a table as it is written: as JSON, as CSV, or its value alone.

use std::io::{self, Write};

use serde::Serialize;

use super::TableRow;
use crate::model::{Offset, PartitionId, Timestamp};
use crate::store::export::write_row;
use crate::store::{ExportForm, text_or_base64};

/// A row as it is written. Bytes that are not UTF-8 are written in base 64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableRecord {
    /// The stream.
    pub stream: String,
    /// The partition.
    pub partition: PartitionId,
    /// The key.
    pub key: Option<String>,
    /// The same where it is no UTF-8.
    pub key_base64: Option<String>,
    /// The latest value; of a deleted key there is none.
    pub value: Option<String>,
    /// The same where it is no UTF-8.
    pub value_base64: Option<String>,
    /// The offset of the latest message.
    pub offset: Offset,
    /// When it was stored.
    pub timestamp: String,
    /// How many messages of this key were read.
    pub changes: u64,
    /// Whether the latest message is empty, which deletes the key.
    pub deleted: bool,
    /// When it was stored, as a number.
    #[serde(skip)]
    pub time: Timestamp,
}

impl TableRecord {
    /// The names of its fields, in order.
    pub const FIELDS: [&'static str; 10] = [
        "stream",
        "partition",
        "key",
        "key_base64",
        "value",
        "value_base64",
        "offset",
        "timestamp",
        "changes",
        "deleted",
    ];

    /// The record of a row whose value is this.
    pub fn new(row: &TableRow<'_>, value: &[u8]) -> Self {
        let key = text_or_base64(row.key());
        let value = (!row.is_deleted()).then(|| text_or_base64(value));
        let text = value.as_ref().and_then(|value| value.as_ref().ok());
        Self {
            stream: row.stream().to_string(),
            partition: row.partition(),
            key: key.as_ref().ok().map(|text| (*text).to_owned()),
            key_base64: key.err(),
            value: text.map(|text| (*text).to_owned()),
            value_base64: value.and_then(Result::err),
            offset: row.offset(),
            timestamp: row.time().to_rfc3339(),
            changes: row.changes(),
            deleted: row.is_deleted(),
            time: row.time(),
        }
    }

    fn cells(self) -> [String; 10] {
        [
            self.stream,
            self.partition.to_string(),
            self.key.unwrap_or_default(),
            self.key_base64.unwrap_or_default(),
            self.value.unwrap_or_default(),
            self.value_base64.unwrap_or_default(),
            self.offset.to_string(),
            self.timestamp,
            self.changes.to_string(),
            self.deleted.to_string(),
        ]
    }

    /// Writes the head line, where the form has one.
    ///
    /// # Errors
    /// The errors of the writer.
    pub fn write_head(form: ExportForm, out: &mut impl Write) -> io::Result<()> {
        match form {
            ExportForm::Csv => write_row(&Self::FIELDS, out),
            ExportForm::Ndjson | ExportForm::Raw => Ok(()),
        }
    }

    /// Writes a row whose value is this.
    ///
    /// # Errors
    /// The errors of the writer.
    pub fn write(
        row: &TableRow<'_>,
        value: &[u8],
        form: ExportForm,
        out: &mut impl Write,
    ) -> io::Result<()> {
        match form {
            ExportForm::Ndjson => {
                writeln!(out, "{}", serde_json::to_string(&Self::new(row, value))?)
            }
            ExportForm::Csv => write_row(&Self::new(row, value).cells(), out),
            ExportForm::Raw => {
                out.write_all(value)?;
                out.write_all(b"\n")
            }
        }
    }
}
