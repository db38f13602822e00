//! The columns of a tail and one message as a row of them: where it is, then what the row of its stream shows of it.
//! Only rows on the screen come here; what is read of them is kept by `row_cache`, widths are `row_layout`'s.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::app::screens::tails::{LATE_AFTER, OutOfOrder};
use crate::app::{App, Tail};
use crate::model::{TimeDisplay, Timestamp};
use crate::store::{CellKind, MessageRef, RowCell, RowField};
use crate::ui::format::{self, count, pad};
use crate::ui::painter::{scrolled, span};
use crate::ui::row_layout::{FittedRow, PieceKind, RowLayout};
use crate::ui::theme::Theme;
use crate::ui::widgets::MARGIN;

/// Columns for `12:40:02.118`, or `11-21 12:40` on another day, and the sign of one that came late.
const TIME: usize = 13;

/// Columns for `+12 ms`, the time since the message before, and of a tail in which there is room for it.
const GAP: usize = 9;
const GAP_FROM: usize = 60;

/// Which columns there are and how wide they are; those of width 0 are not shown.
pub(super) struct Columns<'a> {
    offset: usize,
    stream: usize,
    partition: usize,
    time: usize,
    gap: usize,
    row: FittedRow<'a>,
    sideways: usize,
    is_merged: bool,
    now: Timestamp,
    times: &'a TimeDisplay,
    /// Times are in the zone of the settings.
    is_usual: bool,
    out_of_order: &'a OutOfOrder,
}

/// Columns of a key, on so many columns: they do not change while rows come.
fn key(width: usize) -> usize {
    if width < 70 {
        8
    } else {
        (width / 9).clamp(10, 18)
    }
}

/// Characters of a value that can be seen on so many columns, wherever it begins.
pub(super) fn most_seen(tail: &Tail, width: usize) -> usize {
    tail.sideways() + width + 1
}

impl<'a> Columns<'a> {
    /// What the row itself shows does not stand before it too.
    pub(super) fn of(tail: &'a Tail, layout: &RowLayout, width: usize, app: &'a App) -> Self {
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
        let template = tail.row().shown();
        let shown = |field, columns| if template.has(&field) { 0 } else { columns };
        let offset = shown(RowField::Offset, offsets.max().unwrap_or(0).max(7));
        let stream = usize::from(has_several) * widest.unwrap_or(0).clamp(6, 14);
        let stream = shown(RowField::Stream, stream);
        let is_merged = partitions.len() > 1;
        let partition = shown(RowField::Partition, if is_merged { 2 } else { 0 });
        let time = shown(RowField::Time, TIME);
        let has_gaps = width >= GAP_FROM && tail.shows_gaps();
        let gap = usize::from(has_gaps) * GAP;
        let before = [
            (offset, 2),
            (stream, 2),
            (partition, 2),
            (time, 1),
            (gap, 2),
        ];
        let before = before.iter().filter(|(width, _)| *width > 0);
        let before: usize = before.map(|(width, gap)| width + gap).sum();
        let room = width.saturating_sub(usize::from(MARGIN) + before);
        let fixed = [(RowField::Key, key(width)), (RowField::Time, TIME)];
        Self {
            offset,
            stream,
            partition,
            time,
            gap,
            row: layout.fit(template, Some(room), &fixed),
            sideways: tail.sideways(),
            is_merged,
            now: app.now(),
            times: app.times(),
            is_usual: app.times().zone == app.settings().times.zone,
            out_of_order: tail.out_of_order(),
        }
    }

    /// The heads of the columns.
    pub(super) fn head(&self, theme: &Theme) -> Vec<Span<'static>> {
        // Of several partitions: how long a place between two rows stays open for messages that come later.
        let window = format!(" {}{}", theme.glyphs.within, format::age(LATE_AFTER));
        let window = if self.is_merged { &*window } else { "" };
        let fixed = [
            ("OFFSET".to_owned(), self.offset, true),
            ("STREAM".to_owned(), self.stream, false),
            ("#".to_owned(), self.partition, true),
        ];
        let cells = fixed
            .into_iter()
            .filter_map(|(name, width, right)| cell(&name, width, right, theme.head, theme));
        let time = format!("{} ", pad(&self.time_head(window), self.time));
        let time = (self.time > 0).then(|| span(time, theme.head));
        let gap = cell("GAP", self.gap, true, theme.head, theme);
        let row = span(self.row.head(theme.glyphs.cut), theme.head);
        let row = scrolled(vec![row], self.whole_sideways());
        cells.chain(time).chain(gap).chain(row).collect()
    }

    /// The head of the times: which zone they are in, where it is not the usual one and there is room.
    fn time_head(&self, window: &str) -> String {
        let zone = if self.times.ages || self.is_usual {
            String::new()
        } else {
            format!(" {}", self.times.zone)
        };
        let name = if self.times.ages { "AGE" } else { "TIME" };
        let last = zone.rsplit('/').next().unwrap_or_default().trim_start();
        let whole = [
            format!("{name}{window}{zone}"),
            format!("{name}{window} {last}"),
            format!("{name}{window}"),
        ];
        let fits = whole
            .into_iter()
            .find(|text| format::width(text) <= self.time);
        fits.unwrap_or_else(|| name.to_owned())
            .trim_end()
            .to_owned()
    }

    /// How far the whole row is scrolled to the left, where it goes beyond the edge; only then is its last text.
    fn whole_sideways(&self) -> usize {
        self.sideways.min(self.row.beyond())
    }

    /// A message as a row; `cells` is what its fields hold, `before` when the message before it was stored.
    pub(super) fn row(
        &self,
        message: &MessageRef<'_>,
        cells: &[RowCell],
        before: Option<Timestamp>,
        theme: &Theme,
    ) -> Vec<Span<'static>> {
        let cell = |text: &str, width, right, style| cell(text, width, right, style, theme);
        let partition = message.partition().to_string();
        let fixed = [
            cell(&count(message.offset()), self.offset, true, theme.text),
            cell(message.stream(), self.stream, false, theme.title),
            cell(&partition, self.partition, true, theme.muted),
        ];
        let mut spans: Vec<_> = fixed.into_iter().flatten().collect();
        let (time, style) = self.time(message, theme);
        if self.time > 0 {
            spans.push(span(format!("{time} "), style));
        }
        let gap = before.map(|before| format::gap(before.age(message.timestamp())));
        let gap = gap.map_or_else(String::new, |gap| format!("+{gap}"));
        spans.extend(cell(&gap, self.gap, true, theme.muted));
        let fields: Vec<_> = self.row.fields().collect();
        let mut cells = cells.to_vec();
        for (cell, field) in cells.iter_mut().zip(&fields) {
            if **field == RowField::Time {
                cell.text.clone_from(&time);
            }
        }
        let signs = [theme.glyphs.none, theme.glyphs.cut];
        let whole = self.whole_sideways();
        let pieces = self.row.row(&cells, signs, self.sideways - whole);
        let row = pieces.into_iter().map(|piece| {
            let style = match piece.kind {
                PieceKind::Between | PieceKind::Cell(_, CellKind::Bytes) => theme.muted,
                PieceKind::Cell(_, CellKind::Missing) => theme.faint,
                PieceKind::Cell(number, CellKind::Text | CellKind::Number) => {
                    match fields.get(number) {
                        Some(RowField::Time) => style,
                        Some(field) => style_of(field, theme),
                        None => theme.text,
                    }
                }
            };
            span(piece.text, style)
        });
        spans.extend(scrolled(row.collect(), whole));
        spans
    }

    /// When it was stored; a sign where it came after newer messages.
    fn time(&self, message: &MessageRef<'_>, theme: &Theme) -> (String, Style) {
        let (sign, style) = if self.out_of_order.is_late(message) {
            (theme.glyphs.late, theme.degraded)
        } else {
            (" ", theme.muted)
        };
        let time = self.times.short(message.timestamp(), self.now);
        let time = pad(&time, TIME - 1);
        (time + sign, style)
    }
}

fn style_of(field: &RowField, theme: &Theme) -> Style {
    match field {
        RowField::Key => theme.key,
        RowField::Stream => theme.title,
        RowField::Partition | RowField::Size => theme.muted,
        RowField::Offset
        | RowField::Time
        | RowField::Value
        | RowField::ValueAt(_)
        | RowField::Header(_)
        | RowField::Subject => theme.text,
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
