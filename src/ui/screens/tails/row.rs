//! The columns of a tail and one message as a row of them.
//! Only rows on the screen come here, and of each value only what fits.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::app::screens::tails::{LATE_AFTER, OutOfOrder};
use crate::app::{App, Schemas, Tail};
use crate::model::Timestamp;
use crate::model::sanitise;
use crate::store::decode::summary;
use crate::store::{JsonPath, MessageRef};
use crate::ui::format::{self, count, pad};
use crate::ui::painter::span;
use crate::ui::theme::Theme;
use crate::ui::widgets::MARGIN;

/// Columns for `12:40:02.118`, or `11-21 12:40` on another day.
const TIME: usize = 12;
/// Columns for the size of a message.
const SIZE: usize = 8;
/// Columns for a field of the values that is shown as a column.
const FIELD: usize = 12;
/// Values above this are not searched for a column: that would take longer than a frame.
const MAX_JSON: usize = 64 * 1024;
/// Bytes at the beginning of a value by which text is recognised.
const SAMPLE: usize = 256;

/// Which columns there are and how wide they are; those of width 0 are not shown.
pub(super) struct Columns<'a> {
    offset: usize,
    stream: usize,
    partition: usize,
    key: usize,
    size: usize,
    fields: &'a [JsonPath],
    value: usize,
    sideways: usize,
    now: Timestamp,
    zone: chrono::FixedOffset,
    schemas: &'a Schemas,
    out_of_order: &'a OutOfOrder,
}

impl<'a> Columns<'a> {
    /// Widths follow from what the tail reads and how wide the pane is, not from the rows in view: they do not change while
    /// rows come.
    pub(super) fn of(tail: &'a Tail, width: usize, app: &'a App) -> Self {
        let partitions = tail.partitions();
        let names = partitions.iter().map(|one| &one.stream);
        let has_several = names
            .clone()
            .zip(names.clone().skip(1))
            .any(|(a, b)| a != b);
        let widest = names.map(|name| format::width(name)).max();
        let offsets = partitions.iter().filter_map(|one| {
            let (_, newest) = tail.store().offsets(&one.stream, one.partition)?;
            Some(count(newest).len())
        });
        let key = if width < 70 {
            8
        } else {
            (width / 9).clamp(10, 18)
        };
        let mut columns = Self {
            offset: offsets.max().unwrap_or(0).max(7),
            stream: usize::from(has_several) * widest.unwrap_or(0).clamp(6, 14),
            partition: if partitions.len() > 1 { 2 } else { 0 },
            key,
            size: if tail.shows_size() { SIZE } else { 0 },
            fields: tail.columns(),
            value: 0,
            sideways: tail.sideways(),
            now: app.now(),
            zone: app.settings().utc_offset,
            schemas: &app.settings().schemas,
            out_of_order: tail.out_of_order(),
        };
        columns.value = width.saturating_sub(columns.used());
        columns
    }

    fn used(&self) -> usize {
        let cells = [
            self.offset,
            self.stream,
            self.partition,
            TIME,
            self.key,
            self.size,
        ];
        let shown = cells.iter().filter(|width| **width > 0);
        let cells: usize = shown.map(|width| width + 2).sum();
        usize::from(MARGIN) + cells + self.fields.len() * (FIELD + 2)
    }

    /// The heads of the columns.
    pub(super) fn head(&self, theme: &Theme) -> Vec<Span<'static>> {
        // Of several partitions: how long a place between two rows stays open for messages that come later.
        let window = format!(" {}{}s", theme.glyphs.within, LATE_AFTER.as_secs());
        let window = if self.partition > 0 { &*window } else { "" };
        let fixed = [
            ("OFFSET".to_owned(), self.offset, true),
            ("STREAM".to_owned(), self.stream, false),
            ("#".to_owned(), self.partition, true),
            (format!("TIME{window}"), TIME, false),
            ("KEY".to_owned(), self.key, false),
            ("SIZE".to_owned(), self.size, true),
        ];
        let fields = self
            .fields
            .iter()
            .map(|one| (one.to_string(), FIELD, false));
        let cells = fixed
            .into_iter()
            .chain(fields)
            .filter_map(|(name, width, right)| cell(&name, width, right, theme.head, theme));
        cells.chain([span("VALUE", theme.head)]).collect()
    }

    /// A message as a row.
    pub(super) fn row(&self, message: &MessageRef<'_>, theme: &Theme) -> Vec<Span<'static>> {
        let cell = |text: &str, width, right, style| cell(text, width, right, style, theme);
        let key = sanitise::bytes(message.key(), self.key * 4);
        let fixed = [
            cell(&count(message.offset()), self.offset, true, theme.text),
            cell(message.stream(), self.stream, false, theme.title),
            cell(
                &message.partition().to_string(),
                self.partition,
                true,
                theme.muted,
            ),
            Some(self.time(message, theme)),
            cell(&key, self.key, false, theme.key),
            cell(
                &format::bytes_len(message.size()),
                self.size,
                true,
                theme.muted,
            ),
        ];
        let fields = self.fields.iter().map(|field| {
            let is_small = message.value().len() <= MAX_JSON;
            let found = is_small.then(|| field.select(message.value())).flatten();
            let text = found.as_deref().unwrap_or(theme.glyphs.none);
            let is_number = found.is_some() && text.parse::<f64>().is_ok();
            cell(&sanitise::line(text), FIELD, is_number, theme.text)
        });
        let cells = fixed.into_iter().chain(fields).flatten();
        cells.chain([self.value(message, theme)]).collect()
    }

    /// When it was stored; a sign where it came after newer messages.
    fn time(&self, message: &MessageRef<'_>, theme: &Theme) -> Span<'static> {
        let (sign, style) = if self.out_of_order.is_late(message) {
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
            if let Some(line) = summary(value, self.schemas.of(message.stream())) {
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
        let shown = (self.sideways + self.value + 1) * 4;
        let text = String::from_utf8_lossy(value.get(..shown).unwrap_or(value));
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

/// A cell with the gap behind it, cut to its width, numbers on the right; `None` where its column is not shown.
fn cell(
    text: &str,
    width: usize,
    right: bool,
    style: Style,
    theme: &Theme,
) -> Option<Span<'static>> {
    let text = format::cut_middle(text, width, theme.glyphs.cut);
    let padded = if right {
        format::pad_left(&text, width)
    } else {
        pad(&text, width)
    };
    (width > 0).then(|| span(padded + "  ", style))
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
