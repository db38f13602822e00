//! The first screen: what is wrong, worst first, and a summary of the cluster.

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::{App, HitTarget, Listing};
use crate::health::{BrokerTruth, Finding, StreamTruth, Truth};
use crate::model::{PartitionId, StreamName, Target, counted, counted_of, verb_of};
use crate::ui::areas::{after, below, cells, left, row, top};
use crate::ui::detail::{self, Line};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::{Painter, span, spans_width};
use crate::ui::theme::Theme;
use crate::ui::widgets::history::{chart, spark};
use crate::ui::widgets::{
    self, MARGIN, PaneArea, empty_state, list_title, margin, tint_selected, title,
};

/// The height from which on the evidence of the selected finding is shown however long the list is, and its rows.
const EVIDENCE_FROM_HEIGHT: u16 = 20;
const EVIDENCE_ROWS: u16 = 8;
/// The height from which on one half is for what the selected finding is about.
const HALF_FROM_HEIGHT: u16 = 40;
/// Fewer rows than a line above, what is wrong and a sentence say nothing that the list does not.
const LEAST_ROWS: u16 = 3;
/// Of what a finding is about, fewer lines than this are a scrap.
const TARGET_LINES: usize = 6;
/// The columns that text may not fill.
const MARGIN_AND_EDGE: usize = MARGIN as usize + 1;

/// Messages a second below which a stream is quiet.
const QUIET: f64 = 0.05;

/// How many of the slowest cursors are shown.
const SLOWEST: usize = 3;

/// Draws the findings.
pub(in crate::ui) fn findings(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let theme = painter.theme;
    let list = app.overview().findings();
    if list.rows().is_empty() {
        let area = list_title(painter, place, list, &[]);
        painter.add_hit(area, HitTarget::TallRows(place.pane));
        return no_findings(painter, area, app);
    }
    let area = list_title(painter, place, list, &[span("  worst first", theme.muted)]);
    let area = evidence(painter, area, app);
    painter.add_hit(area, HitTarget::TallRows(place.pane));
    let shown = list.rows().iter().enumerate().skip(list.state().top());
    for ((number, key), line) in shown.zip((0..area.height / 2).map(|pair| pair * 2)) {
        let Some(finding) = key.find(app.truth()) else {
            continue;
        };
        let both = top(below(area, line), 2);
        let selected = number == list.state().row();
        let marked = list.is_marked(key);
        margin(painter, row(both, 0), selected, marked, place.focused);
        finding_lines(painter, after(both, MARGIN), finding, app);
        tint_selected(painter, both, selected, place.focused);
    }
}

/// All that is known of the selected finding, below the list: in the room that the list leaves, and where the area is
/// tall in a part of its own; returns what is left above.
fn evidence(painter: &mut Painter<'_>, area: Rect, app: &App) -> Rect {
    let findings = app.overview().findings();
    let selected = findings.selected();
    let Some(finding) = selected.and_then(|key| key.find(app.truth())) else {
        return area;
    };
    let theme = painter.theme;
    let own = match area.height {
        HALF_FROM_HEIGHT.. => area.height / 2,
        EVIDENCE_FROM_HEIGHT.. => EVIDENCE_ROWS,
        _ => 0,
    };
    let listed = u16::try_from(findings.rows().len()).unwrap_or(u16::MAX);
    let free = area.height.saturating_sub(listed.saturating_mul(2));
    let room = usize::from(own.max(free));
    let columns = usize::from(area.width).saturating_sub(MARGIN_AND_EDGE);
    let mut lines = vec![Line::text(&*finding.message, theme.title)];
    let sentences = finding.detail.iter();
    lines.extend(sentences.map(|text| Line::text(&**text, theme.text)));
    let mut lines = detail::wrapped(lines, columns);
    let about = detail::wrapped(target_lines(finding, app, theme), columns);
    if lines.len() + about.len().min(TARGET_LINES) < room {
        lines.extend(about);
    }
    let wanted = u16::try_from(lines.len() + 1).unwrap_or(u16::MAX);
    let rows = own.max(wanted.min(free));
    // One line of evidence stands in the list already.
    if rows < LEAST_ROWS || own == 0 && finding.detail.len() < 2 {
        return area;
    }
    let list = top(area, area.height - rows);
    let rest = below(area, list.height);
    painter.horizontal_line(row(rest, 0));
    let rest = after(below(rest, 1), MARGIN);
    detail::draw(painter, rest, &lines, 0);
    list
}

/// What is known of the broker, or of the first partition, that a finding is about.
fn target_lines(finding: &Finding, app: &App, theme: &Theme) -> Vec<Line> {
    let (truth, now) = (app.truth(), app.now());
    let partition = |stream: &StreamName, id: PartitionId| {
        detail::partition_detail(&(StreamName::clone(stream), id), truth, now, theme)
    };
    let (name, page) = match &finding.target {
        Target::Broker(id) => {
            let broker = truth.broker(id);
            let page = broker.map(|broker| detail::broker_facts(broker, truth, now, theme));
            (id.to_string(), page.unwrap_or_default())
        }
        Target::Partition(stream, id) => partition(stream, *id),
        Target::Stream(stream) => match finding.partitions.first() {
            Some(id) => partition(stream, *id),
            None => return Vec::new(),
        },
        Target::Cluster | Target::Subject(_) | Target::Cursor(_) | Target::Group(_) => {
            return Vec::new();
        }
    };
    let heads = [Line::gap(), Line::text(name, theme.title)];
    heads.into_iter().chain(page).collect()
}

/// Two lines: what and since when; why, and what will follow.
fn finding_lines(painter: &mut Painter<'_>, area: Rect, finding: &Finding, app: &App) {
    let theme = painter.theme;
    let since = labels::lasted(finding, app.now());
    let since = span(format!(" {since} "), theme.muted);
    let left = painter.put_right(row(area, 0), &[since]);
    painter.put(left, &labels::finding(finding, theme));
    let detail = finding.detail.join(&format!(" {} ", theme.glyphs.dot));
    painter.put(after(row(area, 1), 4), &[span(detail, theme.muted)]);
}

fn no_findings(painter: &mut Painter<'_>, area: Rect, app: &App) {
    let (theme, truth) = (painter.theme, app.truth());
    if app.overview().findings().total() > 0 {
        let hint = "esc clears the filter, ! shows notes too.";
        return empty_state(painter, area, &["No finding fits.", hint]);
    }
    let brokers = truth.members().count();
    let answering = brokers - truth.unanswered();
    let (sign, text, style) = if answering == brokers {
        (theme.glyphs.good, "Nothing is wrong.", theme.good)
    } else {
        let text = "Nothing is known to be wrong; some brokers were not heard yet.";
        (theme.glyphs.unknown, text, theme.unknown)
    };
    // Of what a broker leads that was not heard, the others only repeat what they were told.
    let source = if answering == brokers {
        ""
    } else {
        ", say those that answer"
    };
    let totals = &truth.totals;
    let sentences = [
        Line::text(format!("{sign} {text}"), style),
        Line::gap(),
        Line::text(
            format!(
                "{} {}.",
                counted_of(answering, brokers, "broker"),
                verb_of(brokers, "answer")
            ),
            theme.muted,
        ),
        Line::text(
            format!(
                "{} and {} of Liftbridge's own: {}, all with a leader and in sync{source}.",
                counted(totals.streams - totals.internal, "stream"),
                format::count_usize(totals.internal),
                counted(totals.partitions, "partition")
            ),
            theme.muted,
        ),
    ];
    widgets::sentences(painter, area, sentences.into());
}

/// Draws the summary of the cluster: brokers, the rate of the last minutes, the busiest streams, the slowest cursors.
pub(in crate::ui) fn cluster(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let (theme, truth) = (painter.theme, app.truth());
    let rate = truth.totals.rate;
    let rate = rate.map_or_else(|| theme.glyphs.none.to_owned(), format::rate);
    let right = [span(rate, theme.text), span(" msg/s", theme.muted)];
    let area = title(painter, place, &[], &right);
    if area.width >= 58 && area.height <= 12 {
        let half = area.width / 2;
        brokers(painter, place, left(area, half), app);
        return rate_chart(painter, after(area, half + 1), truth);
    }
    let rows = cells(truth.brokers.len()).min(area.height / 3).max(1);
    brokers(painter, place, top(area, rows), app);
    let area = after(below(area, rows + 1), MARGIN);
    let rows = (area.height / 4).clamp(2, 8).min(area.height);
    rate_chart(painter, top(area, rows), truth);
    let area = busiest_streams(painter, below(area, rows + 1), truth);
    let area = slowest_cursors(painter, area, truth);
    paused_and_readonly(painter, area, truth);
}

fn brokers(painter: &mut Painter<'_>, place: PaneArea, area: Rect, app: &App) {
    let list = app.overview().brokers();
    painter.add_hit(area, HitTarget::Rows(place.pane));
    let shown = list.rows().iter().enumerate().skip(list.state().top());
    let known = shown
        .clone()
        .take(usize::from(area.height))
        .filter_map(|(_, name)| app.truth().broker(name));
    let widths = known.fold([6, 3], |[age, leaders], broker| {
        let numbers = broker_numbers(broker, app);
        let [one, other] = numbers.each_ref().map(|number| format::width(number));
        [age.max(one), leaders.max(other)]
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

/// How long a broker took or has been silent, and how many partitions it leads.
fn broker_numbers(broker: &BrokerTruth, app: &App) -> [String; 2] {
    let took = broker.latency.filter(|_| broker.is_answering());
    let age = match broker.reach.silent_since() {
        Some(since) => format::ago(since, app.now()),
        None => took.map_or_else(String::new, format::latency),
    };
    [age, format::count_usize(broker.leaders)]
}

/// The widths are those of the longest numbers of all brokers.
fn broker(
    painter: &mut Painter<'_>,
    line: Rect,
    broker: &BrokerTruth,
    [age_width, leaders_width]: [usize; 2],
    app: &App,
) {
    let theme = painter.theme;
    let [age, leaders] = broker_numbers(broker, app);
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

fn rate_chart(painter: &mut Painter<'_>, area: Rect, truth: &Truth) {
    let theme = painter.theme;
    let area = left(area, area.width.saturating_sub(2));
    let history = &truth.totals.history;
    // The step that is not over yet is not in the history.
    let now = truth.totals.rate.unwrap_or_default();
    let steps = history.iter().flatten().copied().map(f64::from);
    let peak = [
        span("peak ", theme.muted),
        span(format::rate(steps.fold(now, f64::max)), theme.text),
    ];
    let rest = painter.put_right(row(area, 0), &peak);
    let head = [span("rate", theme.title), span("  last 10m", theme.muted)];
    painter.put(rest, &head);
    chart(painter, below(area, 1), history);
}

/// Draws the busiest streams, as many as leave room for the slowest cursors; returns what is left below.
fn busiest_streams(painter: &mut Painter<'_>, area: Rect, truth: &Truth) -> Rect {
    let lags = cells(slowest(truth).len());
    let kept = if lags > 0 { lags + 3 } else { 1 };
    let rows = area.height.saturating_sub(kept);
    if rows == 0 {
        return top(area, 0);
    }
    painter.put(
        row(area, 0),
        &[span("busiest streams", painter.theme.title)],
    );
    let rate = |stream: &StreamTruth| stream.rate.unwrap_or(0.0);
    let streams = truth.streams.iter().map(AsRef::as_ref);
    let busy = streams.filter(|stream| !stream.internal && rate(stream) >= QUIET);
    let mut busy: Vec<&StreamTruth> = busy.collect();
    busy.sort_by(|one, other| rate(other).total_cmp(&rate(one)));
    busy.truncate(usize::from(rows));
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
fn slowest(truth: &Truth) -> Vec<(String, i64)> {
    let behind = truth.cursors.iter().filter_map(|cursor| {
        let lag = cursor.lag.filter(|lag| *lag > 0)?;
        let name = labels::cursor_name(&cursor.entry);
        let partition = labels::cursor_partition(&cursor.entry);
        Some((format!("{name} on {partition}"), lag))
    });
    behind.take(SLOWEST).collect()
}

/// Draws the slowest cursors, if any is behind; returns what is left below.
fn slowest_cursors(painter: &mut Painter<'_>, area: Rect, truth: &Truth) -> Rect {
    let theme = painter.theme;
    let slowest = slowest(truth);
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

/// What somebody paused or made readonly: no fault, but it explains why nothing flows there.
fn paused_and_readonly(painter: &mut Painter<'_>, area: Rect, truth: &Truth) {
    let theme = painter.theme;
    let streams = truth.streams.iter();
    let is_stopped = |stream: &StreamTruth| stream.status.paused + stream.status.readonly > 0;
    let mut stopped = streams
        .filter(|stream| !stream.internal && is_stopped(stream))
        .peekable();
    if stopped.peek().is_none() || area.height < 2 {
        return;
    }
    painter.put(row(area, 0), &[span("paused and readonly", theme.title)]);
    for (number, stream) in (1..area.height).zip(stopped) {
        let mut right: Vec<Span<'_>> = labels::paused_or_readonly(stream, theme);
        right.push(span("  ", theme.text));
        let rest = painter.put_right(row(area, number), &right);
        painter.put(rest, &[span(&*stream.name, theme.text)]);
    }
}
