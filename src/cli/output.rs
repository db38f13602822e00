//! Prints lists of JSON objects in every form: table, JSON, NDJSON, CSV, raw (interface.md §3).
//! What the objects hold is the commands' own; messages of a tail are printed by `cli::tail`.

use std::io::{self, Write};

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::args::OutputForm;
use crate::ui::sanitise;

/// A column of a table.
pub(crate) struct Column {
    /// Its head.
    pub(crate) head: &'static str,
    /// The field that it shows.
    pub(crate) field: &'static str,
    /// How wide it is at least, in cells; a list that is printed as it comes cannot know better.
    pub(crate) width: usize,
    /// Whether it is aligned to the right, as numbers are.
    pub(crate) right: bool,
    /// How the field is shown.
    pub(crate) show: fn(&Value) -> String,
}

impl Column {
    /// A column of text.
    pub(crate) const fn text(head: &'static str, field: &'static str, width: usize) -> Self {
        Self {
            head,
            field,
            width,
            right: false,
            show: plain,
        }
    }

    /// A column of numbers.
    pub(crate) const fn number(head: &'static str, field: &'static str, width: usize) -> Self {
        Self {
            head,
            field,
            width,
            right: true,
            show: plain,
        }
    }

    /// The same, shown differently.
    pub(crate) const fn shown(mut self, show: fn(&Value) -> String) -> Self {
        self.show = show;
        self
    }
}

/// How the objects of one command look.
pub(crate) struct TableSpec {
    /// All their fields, in order: the head of CSV.
    pub(crate) fields: &'static [&'static str],
    /// What `raw` prints, between tabs: what names the object.
    pub(crate) raw: &'static [&'static str],
    /// What a table shows.
    pub(crate) columns: &'static [Column],
}

/// Prints objects as they come.
pub(crate) struct Printer<'a> {
    out: &'a mut dyn Write,
    shape: &'static TableSpec,
    form: OutputForm,
    bold_head: bool,
    widths: Vec<usize>,
    printed: u64,
}

impl<'a> Printer<'a> {
    /// A printer of that form.
    pub(crate) fn new(
        out: &'a mut dyn Write,
        shape: &'static TableSpec,
        form: OutputForm,
        bold_head: bool,
    ) -> Self {
        let width = |column: &Column| column.width.max(column.head.width());
        Self {
            widths: shape.columns.iter().map(width).collect(),
            out,
            shape,
            form,
            bold_head,
            printed: 0,
        }
    }

    /// Prints a whole list; a table is as wide as its widest cells.
    pub(crate) fn all(mut self, objects: &[Value]) -> io::Result<()> {
        if self.form == OutputForm::Table {
            for (width, column) in self.widths.iter_mut().zip(self.shape.columns) {
                let cells = objects.iter().map(|object| cell(column, object).width());
                *width = cells.fold(column.head.width(), usize::max);
            }
        }
        for object in objects {
            self.one(object)?;
        }
        self.finish()
    }

    /// Prints one more object.
    pub(crate) fn one(&mut self, object: &Value) -> io::Result<()> {
        if self.printed == 0 {
            self.begin()?;
        }
        self.printed += 1;
        match self.form {
            OutputForm::Table => self.row(object),
            OutputForm::Ndjson => writeln!(self.out, "{object}"),
            OutputForm::Json if self.printed == 1 => write!(self.out, "  {object}"),
            OutputForm::Json => write!(self.out, ",\n  {object}"),
            OutputForm::Csv => {
                self.csv(self.shape.fields.iter().map(|field| plain(&object[field])))
            }
            OutputForm::Raw => {
                let names = self.shape.raw.iter().map(|field| plain(&object[field]));
                writeln!(self.out, "{}", names.collect::<Vec<_>>().join("\t"))
            }
        }
    }

    /// Hands what was printed to the reader.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Ends the document.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if self.printed == 0 {
            self.begin()?;
        }
        match self.form {
            OutputForm::Json if self.printed == 0 => writeln!(self.out, "]")?,
            OutputForm::Json => writeln!(self.out, "\n]")?,
            OutputForm::Table | OutputForm::Ndjson | OutputForm::Csv | OutputForm::Raw => {}
        }
        self.flush()
    }

    fn begin(&mut self) -> io::Result<()> {
        match self.form {
            OutputForm::Table => {
                let heads = self
                    .shape
                    .columns
                    .iter()
                    .map(|column| column.head.to_owned());
                let line = self.line(&heads.collect::<Vec<_>>());
                if self.bold_head {
                    writeln!(self.out, "\x1b[1m{line}\x1b[0m")
                } else {
                    writeln!(self.out, "{line}")
                }
            }
            OutputForm::Json => writeln!(self.out, "["),
            OutputForm::Csv => self.csv(self.shape.fields.iter().map(|field| (*field).to_owned())),
            OutputForm::Ndjson | OutputForm::Raw => Ok(()),
        }
    }

    fn row(&mut self, object: &Value) -> io::Result<()> {
        let cells = self.shape.columns.iter().map(|column| cell(column, object));
        let line = self.line(&cells.collect::<Vec<_>>());
        writeln!(self.out, "{line}")
    }

    fn line(&self, cells: &[String]) -> String {
        let mut line = String::new();
        for ((cell, column), width) in cells.iter().zip(self.shape.columns).zip(&self.widths) {
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            let (before, after) = if column.right {
                (padding.as_str(), "")
            } else {
                ("", padding.as_str())
            };
            line.extend([before, cell, after, "  "]);
        }
        line.truncate(line.trim_end().len());
        line
    }

    fn csv(&mut self, cells: impl Iterator<Item = String>) -> io::Result<()> {
        let mut line = csv::Writer::from_writer(&mut *self.out);
        line.write_record(cells)?;
        line.flush()
    }
}

fn cell(column: &Column, object: &Value) -> String {
    let text = (column.show)(&object[column.field]);
    sanitise::line(&text).into_owned()
}

/// A value without quotes; nothing for `null`.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
