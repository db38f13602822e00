//! The first screen: what is wrong, worst first, and the cluster at a glance.
//!
//! What is wrong is `health`'s word; rows and order are `app/overview`'s.

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::HitTarget;
use crate::app::screens::overview::Overview;
use crate::health::{BrokerTruth, Finding, StreamTruth, Truth};
use crate::model::{PartitionId, StreamName, Target, Timestamp};
use crate::ui::detail;
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::{Painter, span, spans_width};
use crate::ui::theme::Theme;
use crate::ui::widgets::{self, PaneArea, after, below, row};

/// Rows from which on there is room for the evidence of the chosen finding, and the rows that it then takes.
const ROOMY: u16 = 20;
const EVIDENCE: u16 = 8;
/// Rows of which one half is for what the chosen finding is about.
const SPACIOUS: u16 = 40;

/// What the two panes show.
#[derive(Clone, Copy)]
pub(crate) struct OverviewPanes<'a> {
    /// Rows, order, filter.
    pub(crate) overview: &'a Overview,
    /// What is known.
    pub(crate) truth: &'a Truth,
    /// The time.
    pub(crate) now: Timestamp,
}

impl<'a> OverviewPanes<'a> {
    /// Draws the findings.
    pub(crate) fn findings(self, painter: &mut Painter<'_>, place: PaneArea) {
        let theme = painter.theme;
        let list = self.overview.findings();
        let behind = [span("  worst first", theme.muted)];
        let behind = if list.rows().is_empty() {
            &behind[..0]
        } else {
            &behind[..]
        };
        let area = widgets::title_of_list(painter, place, list, behind, list.total());
        if list.rows().is_empty() {
            painter.hit(area, HitTarget::TallRows(place.pane));
            return self.all_is_well(painter, area);
        }
        let area = self.evidence(painter, area);
        painter.hit(area, HitTarget::TallRows(place.pane));
        let shown = list.rows().iter().enumerate().skip(list.state().top());
        for ((number, key), line) in shown.zip((0..area.height / 2).map(|at| at * 2)) {
            let Some(finding) = key.find(self.truth) else {
                continue;
            };
            let both = Rect {
                height: 2.min(area.height - line),
                ..row(area, line)
            };
            let chosen = number == list.state().row();
            widgets::margin(
                painter,
                row(both, 0),
                chosen,
                list.is_marked(key),
                place.focused,
            );
            self.finding(painter, after(both, 3), finding);
            widgets::tint_chosen(painter, both, chosen, place.focused);
        }
    }

    /// All that is known of the chosen finding, below the list where there is room for both; returns what is left above.
    fn evidence(self, painter: &mut Painter<'_>, area: Rect) -> Rect {
        let Some(finding) = self
            .overview
            .findings()
            .selected()
            .and_then(|key| key.find(self.truth))
        else {
            return area;
        };
        if area.height < ROOMY {
            return area;
        }
        let spacious = area.height >= SPACIOUS;
        let evidence = if spacious { area.height / 2 } else { EVIDENCE };
        let list = Rect {
            height: area.height - evidence,
            ..area
        };
        let theme = painter.theme;
        let room = below(area, list.height);
        painter.horizontal_line(row(room, 0));
        let room = after(below(room, 1), 3);
        let mut lines = vec![detail::Line::text(&*finding.message, theme.title)];
        let evidence = finding.detail.iter();
        lines.extend(evidence.map(|text| detail::Line::text(&**text, theme.text)));
        if spacious {
            lines.extend(self.about(finding, theme));
        }
        let columns = usize::from(room.width.saturating_sub(1));
        detail::draw(painter, room, &detail::wrapped(lines, columns), 0);
        list
    }

    /// What is known of the broker, or of the first partition, that a finding is about.
    fn about(self, finding: &Finding, theme: &Theme) -> Vec<detail::Line> {
        let (truth, now) = (self.truth, self.now);
        let partition = |stream: &StreamName, id: PartitionId| {
            detail::partition_subject(&(StreamName::clone(stream), id), truth, now, theme)
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
        let heads = [detail::Line::gap(), detail::Line::head(name, theme)];
        heads.into_iter().chain(page).collect()
    }

    /// One line says what, since when; the other one why, and what will follow.
    fn finding(self, painter: &mut Painter<'_>, area: Rect, finding: &Finding) {
        let theme = painter.theme;
        let (sign, style) = labels::severity(finding.severity, theme);
        let since = finding
            .since
            .is_set()
            .then(|| format::ago(finding.since, self.now));
        let since = span(format!(" {} ", since.unwrap_or_default()), theme.muted);
        let left = painter.put_right(row(area, 0), &[since]);
        painter.put(
            left,
            &[
                span(format!("{sign} "), style),
                span(&*finding.message, theme.text),
            ],
        );
        let detail = finding.detail.join(&format!(" {} ", theme.glyphs.dot));
        painter.put(after(row(area, 1), 4), &[span(detail, theme.muted)]);
    }

    fn all_is_well(self, painter: &mut Painter<'_>, area: Rect) {
        let theme = painter.theme;
        let filtered = self.overview.findings().total() > 0;
        if filtered {
            return widgets::empty_state(
                painter,
                area,
                &[
                    "No finding fits.",
                    "esc clears the filter, ! shows notes too.",
                ],
            );
        }
        let totals = &self.truth.totals;
        let answering = self
            .truth
            .brokers
            .iter()
            .filter(|broker| broker.is_answering())
            .count();
        let (sign, text, style) = if answering == self.truth.brokers.len() {
            (theme.glyphs.good, "Nothing is wrong.", theme.good)
        } else {
            let text = "Nothing is known to be wrong; some brokers were not heard yet.";
            (theme.glyphs.unknown, text, theme.unknown)
        };
        painter.put(
            after(row(area, 1), 3),
            &[span(format!("{sign} {text}"), style)],
        );
        let lines = [
            format!(
                "{answering} of {} brokers answer.",
                self.truth.brokers.len()
            ),
            format!(
                "{} streams and {} of Liftbridge's own: {} partitions, every one led and in sync.",
                format::size(totals.streams - totals.internal),
                format::size(totals.internal),
                format::size(totals.partitions)
            ),
        ];
        for (number, text) in (3..).zip(lines) {
            painter.put(after(row(area, number), 3), &[span(text, theme.muted)]);
        }
    }

    /// Draws the cluster at a glance: brokers, the rate of the last minutes, the busiest streams, the slowest cursors.
    pub(crate) fn cluster(self, painter: &mut Painter<'_>, place: PaneArea) {
        let theme = painter.theme;
        let totals = &self.truth.totals;
        let rate = totals
            .rate
            .map_or_else(|| theme.glyphs.none.to_owned(), format::rate);
        let right = [span(rate, theme.text), span(" msg/s", theme.muted)];
        let area = widgets::title(painter, place, &[], &right);
        if area.width >= 58 && area.height <= 12 {
            let half = area.width / 2;
            self.brokers(
                painter,
                place,
                Rect {
                    width: half,
                    ..area
                },
            );
            return self.rate_chart(painter, after(area, half + 1));
        }
        let brokers = u16::try_from(self.truth.brokers.len()).unwrap_or(u16::MAX);
        let brokers = brokers.min(area.height / 3).max(1);
        self.brokers(
            painter,
            place,
            Rect {
                height: brokers,
                ..area
            },
        );
        let area = below(area, brokers + 1);
        let chart = (area.height / 4).clamp(2, 8).min(area.height);
        self.rate_chart(
            painter,
            after(
                Rect {
                    height: chart,
                    ..area
                },
                3,
            ),
        );
        self.busiest(painter, after(below(area, chart + 1), 3));
    }

    fn brokers(self, painter: &mut Painter<'_>, place: PaneArea, area: Rect) {
        let list = self.overview.brokers();
        painter.hit(area, HitTarget::Rows(place.pane));
        let shown = list.rows().iter().enumerate().skip(list.state().top());
        for ((number, name), line) in shown.zip(area.rows()) {
            let Some(broker) = self.truth.broker(name) else {
                continue;
            };
            let chosen = number == list.state().row();
            if place.focused {
                widgets::margin(painter, line, chosen, false, true);
            }
            self.broker(painter, after(line, 3), broker);
            if place.focused {
                widgets::tint_chosen(painter, line, chosen, true);
            }
        }
    }

    fn broker(self, painter: &mut Painter<'_>, line: Rect, broker: &BrokerTruth) {
        let theme = painter.theme;
        let took = broker
            .latency
            .filter(|_| broker.is_answering())
            .map(format::latency);
        let took = match broker.reach.silent_since() {
            Some(since) => format::ago(since, self.now),
            None => took.unwrap_or_default(),
        };
        let name = usize::from(line.width / 3).clamp(8, 24);
        let spans = [
            labels::broker_sign(broker, theme),
            span(" ", theme.text),
            span(
                format::pad(
                    &format::cut_middle(broker.name(), name, theme.glyphs.cut),
                    name,
                ),
                theme.text,
            ),
            span(format::pad_left(&took, 7), theme.muted),
            span(
                format::pad_left(&format::size(broker.leaders), 6),
                theme.text,
            ),
            span(" led", theme.muted),
        ];
        // On a narrow screen the number says it.
        let fits = spans_width(&spans) <= usize::from(line.width);
        let shown = spans.len() - usize::from(!fits);
        painter.put(line, spans.get(..shown).unwrap_or_default());
    }

    fn rate_chart(self, painter: &mut Painter<'_>, area: Rect) {
        let theme = painter.theme;
        let area = Rect {
            width: area.width.saturating_sub(2),
            ..area
        };
        let history = &self.truth.totals.history;
        // The step that is not over yet is not in the history.
        let now = self.truth.totals.rate.unwrap_or_default();
        let steps = history.iter().flatten().copied().map(f64::from);
        let peak = steps.fold(now, f64::max);
        let peak = [
            span("peak ", theme.muted),
            span(format::rate(peak), theme.text),
        ];
        let left = painter.put_right(row(area, 0), &peak);
        let head = [span("rate", theme.title), span("  last 10m", theme.muted)];
        painter.put(left, &head);
        widgets::chart(painter, below(area, 1), history);
    }

    fn busiest(self, painter: &mut Painter<'_>, area: Rect) {
        let theme = painter.theme;
        let lags = u16::try_from(self.worst_cursors(3).len()).unwrap_or(0);
        let rows = area
            .height
            .saturating_sub(if lags > 0 { lags + 3 } else { 1 });
        if rows == 0 {
            return;
        }
        painter.put(row(area, 0), &[span("busiest streams", theme.title)]);
        let busiest = self.busiest_streams(usize::from(rows));
        for (number, stream) in (1..).zip(&busiest) {
            busy_stream(painter, row(area, number), stream);
        }
        let used = u16::try_from(busiest.len()).unwrap_or(rows) + 2;
        self.slowest(painter, below(area, used));
    }

    fn busiest_streams(self, count: usize) -> Vec<&'a StreamTruth> {
        let busy = |stream: &&StreamTruth| {
            !stream.internal && stream.rate.is_some_and(|rate| rate >= 0.05)
        };
        let mut streams: Vec<&StreamTruth> = self
            .truth
            .streams
            .iter()
            .map(AsRef::as_ref)
            .filter(busy)
            .collect();
        streams.sort_by(|one, other| {
            other
                .rate
                .unwrap_or(0.0)
                .total_cmp(&one.rate.unwrap_or(0.0))
        });
        streams.truncate(count);
        streams
    }

    fn worst_cursors(self, count: usize) -> Vec<(String, i64)> {
        let behind = self.truth.cursors.iter().filter_map(|cursor| {
            let entry = &cursor.entry;
            let name = labels::cursor_name(entry);
            let lag = cursor.lag.filter(|lag| *lag > 0)?;
            Some((
                format!("{name} on {}:{}", entry.stream, entry.partition),
                lag,
            ))
        });
        behind.take(count).collect()
    }

    fn slowest(self, painter: &mut Painter<'_>, area: Rect) {
        let theme = painter.theme;
        let worst = self.worst_cursors(3);
        if area.is_empty() {
            return;
        }
        if worst.is_empty() {
            return self.set_aside(painter, area);
        }
        painter.put(row(area, 0), &[span("slowest cursors", theme.title)]);
        let lines = worst.len();
        for (number, (text, lag)) in (1..).zip(worst) {
            let right: Vec<Span<'_>> = vec![
                span("lag ", theme.muted),
                span(format::count(lag), theme.text),
                span("  ", theme.text),
            ];
            let left = painter.put_right(row(area, number), &right);
            painter.put(left, &[span(text, theme.text)]);
        }
        self.set_aside(painter, below(area, u16::try_from(lines).unwrap_or(0) + 2));
    }

    /// What somebody paused or made readonly: no fault, but it explains why nothing flows there.
    fn set_aside(self, painter: &mut Painter<'_>, area: Rect) {
        let theme = painter.theme;
        let streams = self.truth.streams.iter();
        let aside = streams
            .filter(|stream| !stream.internal && stream.status.paused + stream.status.readonly > 0);
        let mut lines = aside.map(|stream| (&stream.name, labels::set_aside(stream, theme)));
        let Some(first) = lines.next().filter(|_| area.height > 1) else {
            return;
        };
        painter.put(row(area, 0), &[span("paused and readonly", theme.title)]);
        for (number, (name, state)) in (1..area.height).zip(std::iter::once(first).chain(lines)) {
            let mut right = state;
            right.push(span("  ", theme.text));
            let left = painter.put_right(row(area, number), &right);
            painter.put(left, &[span(&**name, theme.text)]);
        }
    }
}

fn busy_stream(painter: &mut Painter<'_>, line: Rect, stream: &StreamTruth) {
    let theme = painter.theme;
    let mut right = vec![widgets::spark(&stream.history, 12, theme)];
    let rate = stream.rate.map(format::rate).unwrap_or_default();
    right.push(span(format::pad_left(&rate, 8), theme.text));
    right.push(span("  ", theme.text));
    let left = painter.put_right(line, &right);
    let name = format::cut_middle(
        &stream.name,
        usize::from(left.width.saturating_sub(1)),
        theme.glyphs.cut,
    );
    painter.put(left, &[span(name, theme.text)]);
}
