//! Prints lists of objects in every form: table, JSON, NDJSON, CSV, raw (interface.md §3).
//! What the objects hold is the commands' own; messages of a tail are printed by `cli::tail`.

use std::borrow::Borrow;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::args::OutputForm;
use super::escaped_output::EscapedOutput;
use super::exit::{CliError, Exit};
use super::table_width::{self, Names, WantedWidth};
use crate::model::sanitise;

/// The names of an object's fields, in order: the head of CSV.
pub(crate) trait FieldNames {
    /// The names.
    fn field_names() -> Vec<&'static str>;
}

/// An object that a command prints: what serde makes of it is the JSON.
pub(crate) trait OutputRow: FieldNames + Serialize + Sized + 'static {
    /// What a table shows.
    const COLUMNS: &'static [Column<Self>];

    /// What `raw` prints, tabs between: what names the object.
    fn raw(&self) -> String;
}

/// Defines a struct whose fields, in order, are those of the JSON and the columns of CSV.
macro_rules! output_row {
    (
        $(#[$about:meta])*
        $visible:vis struct $name:ident {
            $($(#[$field_about:meta])* $field_visible:vis $field:ident: $kind:ty,)*
        }
    ) => {
        $(#[$about])*
        #[derive(serde::Serialize)]
        $visible struct $name {
            $($(#[$field_about])* $field_visible $field: $kind,)*
        }

        impl $crate::cli::output::FieldNames for $name {
            fn field_names() -> Vec<&'static str> {
                vec![$(stringify!($field).trim_start_matches("r#"),)*]
            }
        }
    };
}
pub(crate) use output_row;

/// A column of a table.
pub(crate) struct Column<R> {
    head: &'static str,
    /// How wide it is at least, in cells; a list that is printed as it comes cannot know better.
    width: usize,
    /// Whether it is aligned to the right, as numbers are.
    right: bool,
    /// The names that are cut in the middle where a terminal has no room.
    names: Names,
    show: fn(&R) -> String,
}

impl<R> Column<R> {
    /// A column of text.
    pub(crate) const fn text(head: &'static str, show: fn(&R) -> String) -> Self {
        Self {
            head,
            width: 0,
            right: false,
            names: Names::None,
            show,
        }
    }

    /// A column of names, which may be long.
    pub(crate) const fn name(head: &'static str, show: fn(&R) -> String) -> Self {
        let names = Names::One;
        Self {
            names,
            ..Self::text(head, show)
        }
    }

    /// A column of cells of several names each.
    pub(crate) const fn names(head: &'static str, show: fn(&R) -> String) -> Self {
        let names = Names::Several;
        Self {
            names,
            ..Self::text(head, show)
        }
    }

    /// A column of numbers.
    pub(crate) const fn number(head: &'static str, show: fn(&R) -> String) -> Self {
        let right = true;
        Self {
            right,
            ..Self::text(head, show)
        }
    }

    /// Makes the column at least so wide.
    pub(crate) const fn at_least(self, width: usize) -> Self {
        Self { width, ..self }
    }

    fn cell(&self, row: &R) -> String {
        sanitise::line(&(self.show)(row)).into_owned()
    }
}

/// Prints objects as they come.
pub(crate) struct Printer<'a, R: OutputRow> {
    out: &'a mut EscapedOutput,
    columns: &'static [Column<R>],
    form: OutputForm,
    bold_head: bool,
    widths: Vec<usize>,
    /// The widths that columns keep where the terminal has no room.
    least: Vec<usize>,
    printed: u64,
    /// Rows of a table that are not written yet: the columns are as wide as the widest cells of these.
    held: Vec<Vec<String>>,
    has_head: bool,
}

/// Rows of a table that comes row by row which are looked at before the first of them is written.
const HELD: usize = 256;

impl<'a, R: OutputRow> Printer<'a, R> {
    /// A printer of that form.
    pub(crate) fn new(out: &'a mut EscapedOutput, form: OutputForm, bold_head: bool) -> Self {
        let width = |column: &Column<R>| column.width.max(column.head.width());
        Self {
            widths: R::COLUMNS.iter().map(width).collect(),
            least: R::COLUMNS
                .iter()
                .map(|column| column.head.width())
                .collect(),
            columns: R::COLUMNS,
            out,
            form,
            bold_head,
            printed: 0,
            held: Vec::new(),
            has_head: false,
        }
    }

    /// Prints a whole list; a table is as wide as its widest cells.
    pub(crate) fn print_all(self, rows: &[R]) -> io::Result<()> {
        self.print_each(|| rows.iter())
    }

    /// The same of rows that are made one after the other, each for the time of its printing; those of a table are made
    /// twice, since its widest cells may come last.
    pub(crate) fn print_each<I>(mut self, rows: impl Fn() -> I) -> io::Result<()>
    where
        I: Iterator<Item: Borrow<R>>,
    {
        if self.form == OutputForm::Table {
            let heads = self.columns.iter().map(|column| column.head.width());
            self.widths = heads.collect();
            rows().for_each(|row| self.widen(&self.cells(row.borrow())));
        }
        for row in rows() {
            self.print(row.borrow())?;
        }
        self.finish()
    }

    fn cells(&self, row: &R) -> Vec<String> {
        self.columns.iter().map(|column| column.cell(row)).collect()
    }

    fn widen(&mut self, cells: &[String]) {
        for (width, cell) in self.widths.iter_mut().zip(cells) {
            *width = (*width).max(cell.width());
        }
        for ((least, column), cell) in self.least.iter_mut().zip(self.columns).zip(cells) {
            *least = (*least).max(column.names.least_of(cell));
        }
    }

    /// The widths of columns where the terminal has room for them, and where not with shorter names.
    fn fitting_widths(&self) -> Vec<usize> {
        let Some(most) = self.out.columns() else {
            return self.widths.clone();
        };
        let pairs = self.columns.iter().zip(&self.widths).zip(&self.least);
        let wanted = pairs.map(|((column, width), least)| WantedWidth {
            columns: *width,
            least: *least,
            is_text: !column.right,
        });
        table_width::fit(&wanted.collect::<Vec<_>>(), most)
    }

    /// Writes the rows of a table that were held back. A later row that is wider widens the columns from there on.
    fn release(&mut self) -> io::Result<()> {
        let widths = self.fitting_widths();
        if !std::mem::replace(&mut self.has_head, true) {
            let heads = self.columns.iter().map(|column| column.head.to_owned());
            let line = self.line(&heads.collect::<Vec<_>>(), &widths);
            print_head(self.out, &line, self.bold_head)?;
        }
        for cells in std::mem::take(&mut self.held) {
            let line = self.line(&cells, &widths);
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }

    /// Prints one more object.
    pub(crate) fn print(&mut self, row: &R) -> io::Result<()> {
        if self.printed == 0 && self.form != OutputForm::Table {
            self.print_head()?;
        }
        self.printed += 1;
        match self.form {
            OutputForm::Table => {
                let cells = self.cells(row);
                self.widen(&cells);
                self.held.push(cells);
                if self.held.len() < HELD {
                    return Ok(());
                }
                self.release()
            }
            OutputForm::Ndjson => writeln!(self.out.json(), "{}", serde_json::to_string(row)?),
            OutputForm::Json => {
                let before = if self.printed == 1 { "" } else { ",\n" };
                write!(self.out.json(), "{before}  {}", serde_json::to_string(row)?)
            }
            OutputForm::Csv => {
                let object = serde_json::to_value(row)?;
                self.csv(|field| plain(&object[field]))
            }
            OutputForm::Raw => writeln!(self.out, "{}", row.raw()),
        }
    }

    /// Prints bytes as they are on a line of their own, in the place of an object.
    pub(crate) fn print_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.printed += 1;
        self.out.write_all(bytes)?;
        self.out.write_all(b"\n")
    }

    /// What printing came to, where it went on with what it prints of: a reader that is gone is no error, and what follows
    /// leads nowhere.
    ///
    /// # Errors
    /// It could not be printed for another reason, which the sentence tells.
    pub(crate) fn or_discard(&mut self, printed: io::Result<()>) -> Result<(), CliError> {
        let Err(error) = printed else {
            return Ok(());
        };
        *self.out = EscapedOutput::sink();
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Ok(());
        }
        let sentence = format!("what was done could not be printed: {error}");
        Err(CliError::new(Exit::FAILED, sentence))
    }

    /// Ends the document, as [`or_discard`](Self::or_discard) does. Where something failed before there was a row, its sentence
    /// stands without a head that is of nothing.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn finish_or_discard(mut self, has_failed: bool) -> Result<(), CliError> {
        let has_head = matches!(self.form, OutputForm::Table | OutputForm::Csv);
        if has_failed && has_head && self.printed == 0 {
            return Ok(());
        }
        let ended = self.end();
        self.or_discard(ended)
    }

    /// Hands what was printed to the reader.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.form == OutputForm::Table && self.printed > 0 {
            self.release()?;
        }
        self.out.flush()
    }

    /// Ends the document.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        if self.printed == 0 {
            self.print_head()?;
        }
        match self.form {
            OutputForm::Json if self.printed == 0 => writeln!(self.out, "]")?,
            OutputForm::Json => writeln!(self.out, "\n]")?,
            OutputForm::Table | OutputForm::Ndjson | OutputForm::Csv | OutputForm::Raw => {}
        }
        self.flush()
    }

    fn print_head(&mut self) -> io::Result<()> {
        match self.form {
            OutputForm::Json => writeln!(self.out, "["),
            OutputForm::Csv => self.csv(str::to_owned),
            OutputForm::Table => self.release(),
            OutputForm::Ndjson | OutputForm::Raw => Ok(()),
        }
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for ((cell, column), width) in cells.iter().zip(self.columns).zip(widths) {
            let cell = &*column.names.cut(cell, *width);
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

    fn csv(&mut self, cell: impl Fn(&str) -> String) -> io::Result<()> {
        let mut line = csv::Writer::from_writer(&mut *self.out);
        line.write_record(R::field_names().into_iter().map(cell))?;
        line.flush()
    }
}

impl<R: OutputRow> Drop for Printer<'_, R> {
    /// What was printed before something failed is written, as the buffer below does.
    fn drop(&mut self) {
        if !self.held.is_empty() {
            let _nobody_reads = self.release();
        }
    }
}

/// Prints the names of columns.
pub(crate) fn print_head(out: &mut EscapedOutput, line: &str, bold: bool) -> io::Result<()> {
    if !bold {
        return writeln!(out, "{line}");
    }
    out.write_own("\x1b[1m")?;
    out.write_all(line.as_bytes())?;
    out.write_own("\x1b[0m\n")
}

/// A value without quotes; nothing for `null`.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
