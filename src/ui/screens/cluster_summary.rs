//! The summary of the cluster on the first screen: brokers, the rate of the last minutes, the busiest streams, the slowest
//! cursors, and on a high screen the last notices.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::activity;
use crate::app::screens::activity::{target, verb};
use crate::app::{App, HitTarget};
use crate::health::{BrokerTruth, StreamTruth, Truth};
use crate::ui::areas::{after, below, cells, left, row, top};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::{Painter, span, spans_width};
use crate::ui::widgets::history::{rate_chart, spark};
use crate::ui::widgets::{MARGIN, PaneArea, margin, tint_selected, title};

/// Messages a second below which a stream is quiet.
const QUIET: f64 = 0.05;

/// How many of the slowest cursors are shown, and on a high screen.
const SLOWEST: usize = 3;
const SLOWEST_ON_HIGH: usize = 8;

/// The height from which on a screen is high.
const HIGH: u16 = 44;

/// The columns from which on a line of a broker has its rate too.
const WITH_RATE: u16 = 60;

/// Fewer rows than this are a scrap of what happened last, or of the last notices.
const LEAST_NOTICES: u16 = 4;

/// How many events are shown on a high screen, and the columns of a verb.
const EVENTS: u16 = 8;
const VERB: usize = 13;

/// Draws the summary of the cluster: brokers, the rate of the last minutes, the busiest streams, the slowest cursors.
pub(in crate::ui) fn draw(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let (theme, truth) = (painter.theme, app.truth());
    let rate = truth.totals.rate;
    let rate = rate.map_or_else(|| theme.glyphs.none.to_owned(), format::rate);
    let right = [span(rate, theme.text), span(" msg/s", theme.muted)];
    let area = title(painter, place, &[], &right);
    if area.width >= 58 && area.height <= 12 {
        let half = area.width / 2;
        brokers(painter, place, left(area, half), app);
        return draw_rate(painter, after(area, half + 1), truth);
    }
    let rows = cells(truth.brokers.len()).min(area.height / 3).max(1);
    brokers(painter, place, top(area, rows), app);
    let area = after(below(area, rows + 1), MARGIN);
    let is_high = area.height >= HIGH;
    let rows = (area.height / 4).clamp(2, if is_high { 12 } else { 8 });
    let rows = rows.min(area.height);
    draw_rate(painter, top(area, rows), truth);
    let most = if is_high { SLOWEST_ON_HIGH } else { SLOWEST };
    let area = busiest_streams(painter, below(area, rows + 1), truth, most);
    let area = slowest_cursors(painter, area, truth, most);
    let area = paused_and_readonly(painter, area, truth);
    let area = if is_high {
        recent_activity(painter, area, app)
    } else {
        area
    };
    last_notices(painter, area, app);
}

fn brokers(painter: &mut Painter<'_>, place: PaneArea, area: Rect, app: &App) {
    let list = app.overview().brokers();
    painter.add_hit(area, HitTarget::Rows(place.pane));
    let shown = list.rows().iter().enumerate().skip(list.state().top());
    let known = shown
        .clone()
        .take(usize::from(area.height))
        .filter_map(|(_, name)| app.truth().broker(name));
    let widths = known.fold([6, 3, 5], |[age, leaders, rate], broker| {
        let numbers = broker_numbers(broker, app);
        let [one, two, three] = numbers.each_ref().map(|number| format::width(number));
        [age.max(one), leaders.max(two), rate.max(three)]
    });
    for ((number, name), line) in shown.zip(area.rows()) {
        let Some(found) = app.truth().broker(name) else {
            continue;
        };
        let selected = place.focused && number == list.state().row();
        if place.focused {
            margin(painter, line, selected, false, true);
        }
        broker(painter, after(line, MARGIN), found, widths, app);
        tint_selected(painter, line, selected, true);
    }
}

/// How long a broker took or has been silent, how many partitions it leads, and how fast these grow.
fn broker_numbers(broker: &BrokerTruth, app: &App) -> [String; 3] {
    let took = broker.latency.filter(|_| broker.is_answering());
    let age = match broker.reach.silent_since() {
        Some(since) => format::ago(since, app.now()),
        None => took.map_or_else(String::new, format::latency),
    };
    let rate = broker.rate.map(format::rate).unwrap_or_default();
    [age, format::count_usize(broker.leaders), rate]
}

/// The widths are those of the longest numbers of all brokers.
fn broker(
    painter: &mut Painter<'_>,
    line: Rect,
    broker: &BrokerTruth,
    [age_width, leaders_width, rate_width]: [usize; 3],
    app: &App,
) {
    let theme = painter.theme;
    let [age, leaders, rate] = broker_numbers(broker, app);
    let line = if line.width < WITH_RATE {
        line
    } else {
        let unit = if rate.is_empty() { "" } else { " msg/s" };
        let rate = [
            span(format::pad_left(&rate, rate_width), theme.text),
            span(format!("{}  ", format::pad(unit, 6)), theme.muted),
        ];
        painter.put_right(line, &rate)
    };
    let width = usize::from(line.width / 3).clamp(8, 24);
    let name = format::cut_middle(broker.name(), width, theme.glyphs.cut);
    let spans = [
        labels::broker_sign(broker, theme),
        span(format!(" {}", format::pad(&name, width)), theme.text),
        span(
            format!(" {}", format::pad_left(&age, age_width)),
            theme.muted,
        ),
        span("  leads ", theme.muted),
        span(format::pad_left(&leaders, leaders_width), theme.text),
    ];
    if spans_width(&spans) <= usize::from(line.width) {
        painter.put(line, &spans);
        return;
    }
    // On a narrow screen the number stands alone.
    let [sign, name, age, _, leaders] = spans;
    painter.put(line, &[sign, name, age, span("  ", theme.text), leaders]);
}

fn draw_rate(painter: &mut Painter<'_>, area: Rect, truth: &Truth) {
    let totals = &truth.totals;
    let head = [span("rate", painter.theme.title)];
    rate_chart(painter, area, &head, (&totals.history, totals.rate));
}

/// Draws the busiest streams, as many as leave room for the slowest cursors; returns what is left below.
fn busiest_streams(painter: &mut Painter<'_>, area: Rect, truth: &Truth, most: usize) -> Rect {
    let lags = cells(slowest(truth, most).len());
    let kept = if lags > 0 { lags + 3 } else { 1 };
    let rows = area.height.saturating_sub(kept);
    if rows == 0 {
        return top(area, 0);
    }
    let rate = |stream: &StreamTruth| stream.rate.unwrap_or(0.0);
    let streams = truth.streams.iter().map(AsRef::as_ref);
    let busy = streams.filter(|stream| !stream.internal && rate(stream) >= QUIET);
    let mut busy: Vec<&StreamTruth> = busy.collect();
    busy.sort_by(|one, other| rate(other).total_cmp(&rate(one)));
    busy.truncate(usize::from(rows));
    if busy.is_empty() {
        return area;
    }
    painter.put(
        row(area, 0),
        &[span("busiest streams", painter.theme.title)],
    );
    for (number, stream) in (1..).zip(&busy) {
        busy_stream(painter, row(area, number), stream);
    }
    below(area, cells(busy.len()) + 2)
}

fn busy_stream(painter: &mut Painter<'_>, line: Rect, stream: &StreamTruth) {
    let theme = painter.theme;
    let rate = stream.rate.map(format::rate).unwrap_or_default();
    let right = [
        spark(&stream.history, 12, theme),
        span(format::pad_left(&rate, 8), theme.text),
        span("  ", theme.text),
    ];
    let rest = painter.put_right(line, &right);
    let width = usize::from(rest.width.saturating_sub(1));
    painter.put(rest, &[labels::cut(&stream.name, width, theme.text, theme)]);
}

/// The cursors that are furthest behind, and by how many messages.
fn slowest(truth: &Truth, most: usize) -> Vec<(String, i64)> {
    let behind = truth.cursors.iter().filter_map(|cursor| {
        let lag = cursor.lag.filter(|lag| *lag > 0)?;
        let name = labels::cursor_name(&cursor.entry);
        let partition = labels::cursor_partition(&cursor.entry);
        Some((format!("{name} on {partition}"), lag))
    });
    behind.take(most).collect()
}

/// Draws the slowest cursors, if any is behind; returns what is left below.
fn slowest_cursors(painter: &mut Painter<'_>, area: Rect, truth: &Truth, most: usize) -> Rect {
    let theme = painter.theme;
    let slowest = slowest(truth, most);
    if slowest.is_empty() || area.is_empty() {
        return area;
    }
    painter.put(row(area, 0), &[span("slowest cursors", theme.title)]);
    let count = cells(slowest.len());
    for (number, (text, lag)) in (1..).zip(slowest) {
        let right = [
            span("lag ", theme.muted),
            span(format!("{}  ", format::count(lag)), theme.text),
        ];
        let rest = painter.put_right(row(area, number), &right);
        painter.put(rest, &[span(text, theme.text)]);
    }
    below(area, count + 2)
}

/// What somebody paused or made readonly: no fault, but it explains why nothing flows there. Returns what is left below.
fn paused_and_readonly(painter: &mut Painter<'_>, area: Rect, truth: &Truth) -> Rect {
    let theme = painter.theme;
    let streams = truth.streams.iter();
    let is_stopped = |stream: &StreamTruth| stream.status.paused + stream.status.readonly > 0;
    let mut stopped = streams
        .filter(|stream| !stream.internal && is_stopped(stream))
        .peekable();
    if stopped.peek().is_none() || area.height < 2 {
        return area;
    }
    painter.put(row(area, 0), &[span("paused and readonly", theme.title)]);
    let mut used = 0;
    for (number, stream) in (1..area.height).zip(stopped) {
        used = number;
        let mut right: Vec<Span<'_>> = labels::paused_or_readonly(stream, theme);
        right.push(span("  ", theme.text));
        let rest = painter.put_right(row(area, number), &right);
        painter.put(rest, &[span(&*stream.name, theme.text)]);
    }
    below(area, used + 2)
}

/// Draws what was done to the cluster last, the newest first; returns what is left below.
fn recent_activity(painter: &mut Painter<'_>, area: Rect, app: &App) -> Rect {
    let theme = painter.theme;
    let mut events = app.activity().newest().peekable();
    if area.height < LEAST_NOTICES || events.peek().is_none() {
        return area;
    }
    painter.put(row(area, 0), &[span("recent activity", theme.title)]);
    let mut used = 0;
    for (number, event) in (1..area.height.min(EVENTS + 1)).zip(events) {
        used = number;
        let age = format::pad_left(&format::ago(event.time, app.now()), 4);
        let verb = format::pad(verb(&event.kind), VERB);
        let line = row(area, number);
        let spans = [
            span(format!("{age}  "), theme.muted),
            span(format!("{verb}  "), activity::style(&event.kind, theme)),
        ];
        let rest = after(line, painter.put(line, &spans));
        let width = usize::from(rest.width.saturating_sub(1));
        let target = format::cut(&target(&event.kind), width, theme.glyphs.cut);
        painter.put(rest, &[span(target, theme.text)]);
    }
    below(area, used + 2)
}

/// Draws what was told last, the newest first, where there is room for more than a scrap of it.
fn last_notices(painter: &mut Painter<'_>, area: Rect, app: &App) {
    let theme = painter.theme;
    let mut notices = app.notices().history().rev().peekable();
    if area.height < LEAST_NOTICES || notices.peek().is_none() {
        return;
    }
    painter.put(row(area, 0), &[span("last notices", theme.title)]);
    for (line, notice) in area.rows().skip(1).zip(notices) {
        let time = app.times().seconds(notice.at, app.now());
        let used = painter.put(line, &[span(format!("{time}  "), theme.muted)]);
        let rest = after(line, used);
        let width = usize::from(rest.width.saturating_sub(1));
        let style = theme.level_style(notice.level);
        let text = format::cut(&notice.text, width, theme.glyphs.cut);
        painter.put(rest, &[span(text, style)]);
    }
}
