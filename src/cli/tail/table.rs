//! Messages as lines for eyes: place, offset, time, key, and as much of the value as fits.
//! What a terminal would act on is shown, not obeyed (I14).

use std::io::{self, Write};

use crate::cli::escaped_output::EscapedOutput;
use crate::cli::output::print_head;
use crate::model::sanitise;
use crate::store::MessageRef;
use crate::ui::format;

/// Columns of a key; longer ones are cut in the middle.
const KEY: usize = 14;
/// Characters of a value where no terminal limits it.
const VALUE: usize = 4096;

/// How the lines are laid out.
pub(super) struct MessageTable {
    /// Columns of the stream's name; 0 where there is only one stream.
    pub(super) stream: usize,
    /// Columns of the terminal; `None` where there is none.
    pub(super) width: Option<usize>,
    /// What to add to UTC for the times.
    pub(super) offset: chrono::FixedOffset,
    /// Whether the head is bold.
    pub(super) bold: bool,
}

impl MessageTable {
    /// The names of the columns.
    pub(super) fn head(&self, out: &mut EscapedOutput) -> io::Result<()> {
        let stream = if self.stream > 0 {
            format!("{:<width$}  ", "STREAM", width = self.stream)
        } else {
            String::new()
        };
        let head = format!(
            "{stream}{:>3}  {:>9}  {:<12}  {:<KEY$}  VALUE",
            "#", "OFFSET", "TIME", "KEY"
        );
        print_head(out, &head, self.bold)
    }

    /// One message.
    pub(super) fn row(&self, message: &MessageRef<'_>, out: &mut impl Write) -> io::Result<()> {
        let stream = if self.stream > 0 {
            format::pad(&sanitise::line(message.stream()), self.stream) + "  "
        } else {
            String::new()
        };
        let key = sanitise::bytes(message.key(), 4 * KEY);
        let key = format::pad(&format::cut_middle(&key, KEY, "…"), KEY);
        let time = message.timestamp().to_utc().with_timezone(&self.offset);
        let time = time.format("%H:%M:%S%.3f");
        let (partition, offset) = (message.partition(), message.offset());
        let mut line = format!("{stream}{partition:>3}  {offset:>9}  {time}  {key}  ");
        let left = self
            .width
            .map(|width| width.saturating_sub(format::width(&line)));
        let value = sanitise::bytes(message.value(), left.unwrap_or(VALUE));
        line += &match left {
            Some(columns) => format::cut(&value, columns, "…"),
            None => value,
        };
        writeln!(out, "{}", line.trim_end())
    }
}
