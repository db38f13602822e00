//! The findings of the first screen: what is wrong, worst first, and what is known of it.

mod affected;

use ratatui::layout::Rect;

use crate::app::{App, HitTarget, Listing};
use crate::health::{Finding, NoFindings};
use crate::model::{PartitionId, StreamName, Target, counted, counted_of, verb_of};
use crate::ui::areas::{after, below, row, top};
use crate::ui::detail::{self, Line};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::{Painter, span};
use crate::ui::theme::Theme;
use crate::ui::widgets::{self, MARGIN, PaneArea, empty_state, list_title, margin, tint_selected};

/// The height from which on the evidence of the selected finding is shown however long the list is, and its rows.
const EVIDENCE_FROM_HEIGHT: u16 = 20;
const EVIDENCE_ROWS: u16 = 8;
/// The height from which on all that the list leaves, and one half at least, is for what the selected finding is about.
const HALF_FROM_HEIGHT: u16 = 40;
/// Fewer rows than a line above, what is wrong and a sentence say nothing that the list does not.
const LEAST_ROWS: u16 = 3;
/// Of what a finding is about, fewer lines than this are a scrap.
const TARGET_LINES: usize = 6;
/// The columns that text may not fill.
const MARGIN_AND_EDGE: usize = MARGIN as usize + 1;

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
/// tall in a part of its own, with each partition or cursor and what has happened; returns what is left above.
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
    let rows = own.max(free);
    let room = usize::from(rows);
    let columns = usize::from(area.width).saturating_sub(MARGIN_AND_EDGE);
    let mut lines = vec![Line::text(&*finding.message, theme.title)];
    let sentences = finding.detail.iter();
    lines.extend(sentences.map(|text| Line::text(&**text, theme.text)));
    let mut lines = detail::wrapped(lines, columns);
    let about = detail::wrapped(target_lines(finding, app, theme), columns);
    if lines.len() + about.len().min(TARGET_LINES) < room {
        lines.extend(about);
    }
    if area.height >= HALF_FROM_HEIGHT {
        // The line above takes a row.
        let left = room.saturating_sub(lines.len() + 1);
        lines.extend(affected::lines(finding, app, theme, left));
    }
    // One line of evidence stands in the list already.
    if rows < LEAST_ROWS || own == 0 && finding.detail.len() < 2 {
        return area;
    }
    let list = top(area, area.height - rows);
    let rest = below(area, list.height);
    painter.horizontal_line(row(rest, 0));
    let rest = after(below(rest, 1), MARGIN);
    end_with_rest(&mut lines, usize::from(rest.height), theme);
    detail::draw(painter, rest, &lines, 0);
    list
}

/// Says in the last line how many more there are, where not all fit.
fn end_with_rest(lines: &mut Vec<Line>, room: usize, theme: &Theme) {
    let left = lines.len().saturating_sub(room);
    if left > 0 && room > 0 {
        lines.truncate(room - 1);
        let more = counted(left + 1, "more line");
        let text = format!("{} {more}: d shows what it is about", theme.glyphs.cut);
        lines.push(Line::text(text, theme.muted));
    }
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
    let (sign, text, style) = match truth.no_findings() {
        NoFindings::AllWell => (theme.glyphs.good, "Nothing is wrong.", theme.good),
        NoFindings::NotHeard(_) => {
            let text = "Nothing is known to be wrong; some brokers were not heard yet.";
            (theme.glyphs.unknown, text, theme.unknown)
        }
        NoFindings::LookingAgain => {
            let text =
                "Not known yet: replicas hold more than their leader, whose next answer tells.";
            (theme.glyphs.unknown, text, theme.unknown)
        }
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
