//! Values over time: as bars on one line, or as a chart.

use std::time::Duration;

use ratatui::layout::Rect;
use ratatui::symbols::bar;
use ratatui::text::Span;
use ratatui::widgets::Sparkline;

use crate::health::StreamTruth;
use crate::ui::areas::{after, below, cells, left, right, row, top};
use crate::ui::format;
use crate::ui::painter::{Painter, span};
use crate::ui::theme::{Glyphs, Theme};

/// Steps of a bar within one row.
const STEPS: usize = 8;

/// How much of its height the highest value of a history takes: a steady rate does not fill the chart.
const HEADROOM: f32 = 0.65;

/// Columns of the word below the newest value.
const NOW: u16 = 3;

/// A history in one line: a bar a value, squeezed into so many columns.
pub(in crate::ui) fn spark(
    history: &[Option<f32>],
    columns: usize,
    theme: &Theme,
) -> Span<'static> {
    let values = squeeze(history, columns);
    let bars = levels(&values, STEPS).map(|level| {
        let glyph = level
            .checked_sub(1)
            .and_then(|at| theme.glyphs.spark.get(at));
        *glyph.unwrap_or(&" ")
    });
    let bars: String = bars.collect();
    let lead = " ".repeat(columns.saturating_sub(values.len()));
    span(lead + &bars, theme.spark)
}

/// The columns and rows from which on a chart has axes.
const WITH_AXES: (u16, u16) = (36, 5);

/// Draws messages a second of the last minutes below a head, with their highest value; the step that is not over yet is not
/// in the history.
pub(in crate::ui) fn rate_chart(
    painter: &mut Painter<'_>,
    area: Rect,
    head: &[Span<'_>],
    (history, now): (&[Option<f32>], Option<f64>),
) {
    let theme = painter.theme;
    let area = left(area, area.width.saturating_sub(2));
    let steps = history.iter().flatten().copied().map(f64::from);
    let peak = [
        span("peak ", theme.muted),
        span(
            format::rate(steps.fold(now.unwrap_or_default(), f64::max)),
            theme.text,
        ),
    ];
    let rest = painter.put_right(row(area, 0), &peak);
    let used = painter.put(rest, head);
    painter.put(after(rest, used), &[span("  last 10m", theme.muted)]);
    let area = below(area, 1);
    if area.height >= WITH_AXES.1 && area.width >= WITH_AXES.0 {
        chart_with_axes(painter, area, history, StreamTruth::HISTORY_STEP);
    } else {
        chart(painter, area, history);
    }
}

/// Draws a history as a chart of as many rows as the area has, the newest at the right.
fn chart(painter: &mut Painter<'_>, area: Rect, history: &[Option<f32>]) {
    let theme = painter.theme;
    let values = squeeze(history, usize::from(area.width));
    let steps = usize::from(area.height) * STEPS;
    let levels = levels(&values, steps).map(|level| u64::try_from(level).unwrap_or(0));
    let bars = Sparkline::default()
        .data(levels)
        .max(u64::try_from(steps).unwrap_or(u64::MAX))
        .bar_set(bar_set(&theme.glyphs))
        .style(theme.spark);
    painter.render(right(area, cells(values.len())), bars);
}

/// Draws a history as a chart between axes: beside it its highest value and 0, below it since when it goes.
fn chart_with_axes(painter: &mut Painter<'_>, area: Rect, history: &[Option<f32>], step: Duration) {
    let theme = painter.theme;
    let highest = history.iter().flatten().copied().fold(0.0_f32, f32::max);
    let most = format::rate(f64::from(highest));
    let labels = cells(format::width(&most)) + 1;
    let bars = top(after(area, labels), area.height.saturating_sub(1));
    chart(painter, bars, history);
    let label = |painter: &mut Painter<'_>, line: u16, text: &str| {
        let text = format::pad_left(text, usize::from(labels - 1));
        painter.put(left(row(area, line), labels), &[span(text, theme.muted)]);
    };
    let steps = usize::from(bars.height) * STEPS;
    let reached = levels(&[Some(highest)], steps).next().unwrap_or(0);
    let rows = cells(reached.div_ceil(STEPS)).clamp(1, bars.height.max(1));
    if highest > 0.0 {
        label(painter, bars.height.saturating_sub(rows), &most);
    }
    label(painter, bars.height.saturating_sub(1), "0");
    let values = squeeze(history, usize::from(bars.width));
    let below = right(row(area, bars.height), cells(values.len()).max(NOW));
    let rest = painter.put_right(below, &[span("now", theme.muted)]);
    let covered = u32::try_from(history.len()).unwrap_or(u32::MAX);
    let since = format!("{} ago", format::age(step * covered));
    if usize::from(rest.width) > format::width(&since) {
        painter.put(rest, &[span(since, theme.muted)]);
    }
}

fn bar_set(glyphs: &Glyphs) -> bar::Set<'static> {
    let [one, two, three, four, five, six, seven, full] = glyphs.spark;
    bar::Set {
        full,
        seven_eighths: seven,
        three_quarters: six,
        five_eighths: five,
        half: four,
        three_eighths: three,
        one_quarter: two,
        one_eighth: one,
        empty: " ",
    }
}

/// How many of so many steps each value reaches; a gap none, any value at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a few steps: from 0 to 1, times a small number"
)]
fn levels(values: &[Option<f32>], steps: usize) -> impl Iterator<Item = usize> {
    let highest = values.iter().flatten().copied().fold(0.0_f32, f32::max);
    let above_first = steps.saturating_sub(1) as f32;
    values.iter().map(move |value| match value {
        None => 0,
        Some(_) if highest <= 0.0 => 1,
        Some(value) => {
            let share = (value / highest).clamp(0.0, 1.0);
            (share * HEADROOM * above_first).round() as usize + 1
        }
    })
}

/// The newest values in no more than so many columns: where there are more, the mean of neighbours.
fn squeeze(history: &[Option<f32>], columns: usize) -> Vec<Option<f32>> {
    if columns == 0 {
        return Vec::new();
    }
    let each = history.len().div_ceil(columns).max(1);
    // From the newest backwards, so that columns do not change while their values fill up at the other end.
    let mut squeezed: Vec<Option<f32>> = history.rchunks(each).map(mean).collect();
    squeezed.reverse();
    squeezed
}

fn mean(values: &[Option<f32>]) -> Option<f32> {
    let known: Vec<f32> = values.iter().flatten().copied().collect();
    let count = u16::try_from(known.len()).ok().filter(|count| *count > 0)?;
    Some(known.iter().sum::<f32>() / f32::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_keeps_its_newest_value_at_the_right_and_shows_gaps() {
        let theme = Theme::default();
        let line = spark(&[Some(1.0), None, Some(8.0)], 5, &theme);
        assert_eq!(line.content, "  ▂ ▆");
        let squeezed = squeeze(&[Some(1.0), Some(3.0), Some(5.0), Some(7.0)], 2);
        assert_eq!(squeezed, [Some(2.0), Some(6.0)]);
        assert_eq!(spark(&[], 3, &theme).content, "   ");
    }
}
