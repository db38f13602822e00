//! The columns of a tail and one message as a row of them.
//! Only rows on the screen come here, and of each value only what fits.

use ratatui::style::Style;
use ratatui::text::Span;

use super::cell;
use crate::app::screens::tails::{LATE_AFTER, OutOfOrder, Tail};
use crate::app::{App, Schemas};
use crate::model::Timestamp;
use crate::store::decode::gist;
use crate::store::{JsonPath, MessageRef};
use crate::ui::format::{count, pad};
use crate::ui::painter::span;
use crate::ui::{Theme, sanitise};

/// Columns before the first cell: mark, chosen, a space.
pub(super) const MARGIN: u16 = 3;
/// Room for `12:40:02.118`, or `11-21 12:40` on another day.
const TIME: usize = 12;
/// Values above this are not looked into for a column: that would take longer than a frame.
const MOST_JSON: usize = 64 * 1024;
/// Bytes of the value that tell text from anything else.
const SAMPLE: usize = 256;

/// Which columns there are and how wide they are.
pub(super) struct Columns<'a> {
    offset: usize,
    stream: usize,
    partition: usize,
    key: usize,
    fields: &'a [JsonPath],
    field: usize,
    value: usize,
    sideways: usize,
    now: Timestamp,
    zone: chrono::FixedOffset,
    schemas: &'a Schemas,
    late: &'a OutOfOrder,
}

impl<'a> Columns<'a> {
    /// Widths follow from what the tail reads and how wide the pane is, not from the rows in sight: they stay put.
    pub(super) fn of(tail: &'a Tail, room: usize, app: &'a App) -> Self {
        let parts = tail.partitions();
        let first = parts.first();
        let several = parts
            .iter()
            .any(|part| Some(&part.stream) != first.map(|first| &first.stream));
        let names = parts
            .iter()
            .map(|part| crate::ui::format::width(&part.stream));
        let offsets = parts.iter().filter_map(|part| {
            let (_, newest) = tail.store().offsets(&part.stream, part.partition)?;
            Some(count(newest).len())
        });
        let mut columns = Self {
            offset: offsets.max().unwrap_or(0).max(7),
            stream: if several {
                names.max().unwrap_or(0).clamp(6, 14)
            } else {
                0
            },
            partition: if parts.len() > 1 { 2 } else { 0 },
            key: if room < 70 {
                8
            } else {
                (room / 9).clamp(10, 18)
            },
            fields: tail.columns(),
            field: 12,
            value: 0,
            sideways: tail.sideways(),
            now: app.now(),
            zone: app.settings().utc_offset,
            schemas: &app.settings().schemas,
            late: tail.out_of_order(),
        };
        columns.value = room.saturating_sub(columns.taken());
        columns
    }

    fn taken(&self) -> usize {
        let cells = [self.offset, self.stream, self.partition, TIME, self.key];
        let fixed: usize = cells
            .iter()
            .filter(|wide| **wide > 0)
            .map(|wide| wide + 2)
            .sum();
        usize::from(MARGIN) + fixed + self.fields.len() * (self.field + 2)
    }

    /// The heads of the columns.
    pub(super) fn head(&self, theme: &Theme) -> Vec<Span<'static>> {
        let mut heads = vec![("OFFSET".to_owned(), self.offset, true)];
        heads.push(("STREAM".to_owned(), self.stream, false));
        heads.push(("#".to_owned(), self.partition, true));
        // Of several partitions: how long a place between two rows stays open for messages that come later.
        let settles = format!(" {}{}s", theme.glyphs.within, LATE_AFTER.as_secs());
        let settles = if self.partition > 0 { &*settles } else { "" };
        heads.push((format!("TIME{settles}"), TIME, false));
        heads.push(("KEY".to_owned(), self.key, false));
        let fields = self
            .fields
            .iter()
            .map(|field| (field.to_string(), self.field, false));
        let shown = heads
            .into_iter()
            .chain(fields)
            .filter(|(_, wide, _)| *wide > 0);
        let cells = shown.map(|(name, wide, right)| cell(&name, wide, right, theme.glyphs.cut));
        let text: String = cells.flat_map(|cell| [cell, "  ".to_owned()]).collect();
        vec![span(text + "VALUE", theme.head)]
    }

    /// A message as a row.
    pub(super) fn row(&self, message: &MessageRef<'_>, theme: &Theme) -> Vec<Span<'static>> {
        let sign = theme.glyphs.cut;
        let mut spans = Vec::new();
        let put = |text: &str, wide: usize, right: bool, style: Style| {
            let text = || format!("{}  ", cell(text, wide, right, sign));
            (wide > 0).then(|| span(text(), style))
        };
        spans.extend(put(&count(message.offset()), self.offset, true, theme.text));
        spans.extend(put(message.stream(), self.stream, false, theme.title));
        let partition = message.partition().to_string();
        spans.extend(put(&partition, self.partition, true, theme.muted));
        spans.push(self.time(message, theme));
        let key = sanitise::bytes(message.key(), self.key * 4);
        spans.extend(put(&key, self.key, false, theme.key));
        for field in self.fields {
            let small = message.value().len() <= MOST_JSON;
            let found = small.then(|| field.select(message.value())).flatten();
            let number = found
                .as_deref()
                .is_some_and(|text| text.parse::<f64>().is_ok());
            let text = found.as_deref().map_or(theme.glyphs.none, |text| text);
            spans.extend(put(&sanitise::line(text), self.field, number, theme.text));
        }
        spans.push(self.value(message, theme));
        spans
    }

    /// When it was stored; a sign where it came after newer messages.
    fn time(&self, message: &MessageRef<'_>, theme: &Theme) -> Span<'static> {
        let (sign, style) = if self.late.is_late(message) {
            (theme.glyphs.late, theme.degraded)
        } else {
            (" ", theme.muted)
        };
        let time = pad(&self.moment(message.timestamp()), TIME);
        span(format!("{time}{sign} "), style)
    }

    /// The time of day, or the day where it is another one.
    fn moment(&self, at: Timestamp) -> String {
        let local = |time: Timestamp| time.to_utc().with_timezone(&self.zone);
        let (at, now) = (local(at), local(self.now));
        let form = if at.date_naive() == now.date_naive() {
            "%H:%M:%S%.3f"
        } else {
            "%m-%d %H:%M"
        };
        at.format(form).to_string()
    }

    /// The part of the value that fits: text as text, line ends and what surrounds them as one space; what a binary
    /// form holds; else bytes.
    fn value(&self, message: &MessageRef<'_>, theme: &Theme) -> Span<'static> {
        let value = message.value();
        if value.is_empty() {
            return span(theme.glyphs.none, theme.faint);
        }
        if !is_text(value) {
            if let Some(line) = gist(value, self.schemas.of(message.stream())) {
                return span(self.scrolled(&line), theme.text);
            }
            let bytes = value
                .iter()
                .skip(self.sideways / 3)
                .take(self.value / 3 + 1);
            let hex: Vec<String> = bytes.map(|byte| format!("{byte:02x}")).collect();
            return span(hex.join(" "), theme.muted);
        }
        // A character takes four bytes at most, so this much holds all that can be seen.
        let seen = (self.sideways + self.value + 1) * 4;
        let seen = value.get(..seen).unwrap_or(value);
        let text = String::from_utf8_lossy(seen);
        let mut words = text.split('\n').map(str::trim);
        let first = words.next().unwrap_or_default().to_owned();
        let line = words.fold(first, |line, word| line + " " + word);
        span(self.scrolled(&line), theme.text)
    }

    fn scrolled(&self, line: &str) -> String {
        line.chars()
            .skip(self.sideways)
            .take(self.value + 1)
            .collect()
    }
}

/// Whether it begins as text does: UTF-8 up to where the sample cuts it, hardly a control character in it.
fn is_text(value: &[u8]) -> bool {
    let sample = value.get(..SAMPLE).unwrap_or(value);
    let text = match std::str::from_utf8(sample) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && sample.len() < value.len() => {
            std::str::from_utf8(sample.get(..error.valid_up_to()).unwrap_or_default())
                .unwrap_or_default()
        }
        Err(_) => return false,
    };
    let odd = text
        .chars()
        .filter(|c| c.is_control() && !c.is_whitespace())
        .count();
    odd * 8 < text.chars().count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_bytes_even_where_the_sample_cuts_a_character() {
        assert!(is_text("plain".as_bytes()));
        assert!(is_text("é".repeat(SAMPLE).as_bytes()));
        assert!(is_text(format!("a{}", "é".repeat(SAMPLE)).as_bytes()));
        assert!(is_text(b"\x1b[31mred text with one escape"));
        assert!(!is_text(&[0x1f, 0x8b, 8, 0, 0]));
        assert!(!is_text(&[0, 1, 2, 3]));
        assert!(!is_text(b"ends wrong\xc3"));
    }
}
