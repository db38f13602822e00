//! The question before others' work is stopped, in words and with numbers.

use std::time::Duration;

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::HitTarget;
use crate::app::kept_queries::{QueryChange, SavedQuery};
use crate::app::overlays::confirm::{Button, Confirm, command_line};
use crate::health::{Known, Truth};
use crate::model::{CursorMove, Operation, counted, counted_of, counted_plainly, format_ranges};
use crate::ui::areas::{after, cells, left, right, row};
use crate::ui::detail::{self, Line, wrapped};
use crate::ui::format;
use crate::ui::layout::centred;
use crate::ui::painter::{Painter, span, spans_width};
use crate::ui::theme::Theme;
use crate::ui::widgets::{popup, text_input};

/// Draws a question in the middle.
pub(super) fn draw(painter: &mut Painter<'_>, body: Rect, confirm: &Confirm, truth: &Truth) {
    if let Some((change, before)) = confirm.query() {
        let (title, lines) = about_query(change, before, painter.theme);
        return draw_box(painter, body, confirm, (title, lines, painter.theme.line));
    }
    let theme = painter.theme;
    let Some(first) = confirm.operations().first() else {
        return;
    };
    let mut lines = consequences(confirm, first, truth, theme);
    lines.push(Line::gap());
    let commands = confirm.operations().iter().map(command_line);
    let shown = commands.take(MAX_COMMANDS);
    lines.extend(shown.map(|command| Line::text(command, theme.faint)));
    let more = confirm.operations().len().saturating_sub(MAX_COMMANDS);
    if more > 0 {
        lines.push(Line::text(format!("and {more} more"), theme.faint));
    }
    let title = question(confirm, first, truth);
    draw_box(painter, body, confirm, (title, lines, edge(first, theme)));
}

/// Draws the box with its title, its lines, and the style of its edge.
fn draw_box(
    painter: &mut Painter<'_>,
    body: Rect,
    confirm: &Confirm,
    (title, lines, edge): (String, Vec<Line>, Style),
) {
    let theme = painter.theme;
    let width = body.width.saturating_sub(4).min(74);
    let lines = wrapped(lines, usize::from(width.saturating_sub(4)));
    let name_rows = u16::from(confirm.asks_for_name()) * 2;
    let height = cells(lines.len()).saturating_add(4 + name_rows);
    let area = centred(body, width, height);
    let title = [span(title, theme.focus)];
    let inside = popup(painter, area, &title, edge);
    detail::draw(painter, inside, &lines, 0);
    let last = inside.height.saturating_sub(1);
    if let Some(name) = confirm.name() {
        let line = row(inside, last.saturating_sub(2));
        let used = painter.put(line, &[span("its name: ", theme.muted)]);
        text_input::line(painter, after(line, used), name, theme.input);
    }
    buttons(painter, row(inside, last), confirm);
}

/// The question whether a kept query is to be changed, and what it is about.
fn about_query(change: &QueryChange, before: Option<&str>, theme: &Theme) -> (String, Vec<Line>) {
    let named = |query: &SavedQuery| format!("\"{}\" of {}", query.name, query.scope());
    let (title, now) = match change {
        QueryChange::Saved(query) => (format!("Replace {}?", named(query)), &query.query),
        QueryChange::Deleted(query) => (format!("Delete {}?", named(query)), &query.query),
        QueryChange::Forgotten(line) | QueryChange::Typed(line) => {
            ("Forget this query?".to_owned(), line)
        }
    };
    let mut lines = Vec::new();
    if let Some(before) = before {
        lines.extend([
            Line::text("It is saved as", theme.muted),
            Line::text(format!("  {before}"), theme.text),
            Line::text("and would become", theme.muted),
        ]);
    }
    lines.push(Line::text(format!("  {now}"), theme.text));
    (title, lines)
}

fn edge(operation: &Operation, theme: &Theme) -> Style {
    if matches!(operation, Operation::Delete { .. }) {
        theme.broken
    } else {
        theme.line
    }
}

fn buttons(painter: &mut Painter<'_>, line: Rect, confirm: &Confirm) {
    let theme = painter.theme;
    let mut rest = line;
    let all = [
        (1, "Cancel", Button::Cancel),
        (0, confirm.verb(), Button::Accept),
    ];
    for (number, text, button) in all {
        let enabled = button == Button::Cancel || confirm.can_accept();
        let style = match (confirm.button() == button, enabled) {
            (true, true) => theme.button_focus,
            (_, false) => theme.faint,
            (false, true) => theme.button,
        };
        let spans = [span(format!(" {text} "), style)];
        let place = right(rest, cells(spans_width(&spans)));
        painter.put(place, &spans);
        painter.add_hit(place, HitTarget::Button(number));
        rest = left(rest, rest.width.saturating_sub(place.width + 2));
    }
}

/// The question itself: `Pause 3 of 4 partitions of orders-eu?`
fn question(confirm: &Confirm, first: &Operation, truth: &Truth) -> String {
    if let Operation::SetCursor { id, stream, .. } = first {
        let count = counted(confirm.moves().len(), "partition");
        if is_one_cursor(confirm.operations()) {
            return format!("Move cursor {id} in {count} of {stream}?");
        }
        return format!("Move cursors in {count}?");
    }
    let verb = confirm.verb();
    let others = confirm.operations().len() - 1;
    let more = if others > 0 {
        format!(" and {}", counted(others, "other stream"))
    } else {
        String::new()
    };
    let Some((stream, partitions)) = first.flagged() else {
        return match confirm.deleted() {
            Some(stream) => format!("{verb} {stream}?"),
            None => format!("{verb}?"),
        };
    };
    let found = truth.stream(stream);
    let all = found.map_or(0, |stream| stream.partitions.len());
    let named = if partitions.is_empty() {
        all
    } else {
        partitions.len()
    };
    let what = match (named, all) {
        (1, 1) => "the partition".to_owned(),
        (named, all) if named == all => format!("all {}", counted(all, "partition")),
        (named, all) => counted_of(named, all, "partition"),
    };
    match verb.strip_prefix("Make ") {
        Some(state) => format!("Make {what} of {stream}{more} {state}?"),
        None => format!("{verb} {what} of {stream}{more}?"),
    }
}

fn consequences(confirm: &Confirm, first: &Operation, truth: &Truth, theme: &Theme) -> Vec<Line> {
    let mut lines = Vec::new();
    for (stream, partitions) in confirm.operations().iter().filter_map(Operation::flagged) {
        let place = format!("{stream}:{}", format_ranges(partitions));
        lines.push(Line::text(place, theme.title));
    }
    if !confirm.left_out().is_empty() {
        let left: Vec<String> = confirm
            .left_out()
            .iter()
            .map(|(stream, id)| format!("{stream}:{id}"))
            .collect();
        let text = format!("{} left out: the leader does not answer", left.join(", "));
        lines.push(Line::text(text, theme.degraded));
    }
    lines.extend(cursor_moves(confirm, theme));
    let texts = sentences(confirm, first, truth).into_iter();
    lines.extend(texts.map(|text| Line::text(text, theme.text)));
    lines.extend(readers(confirm, truth).map(|text| Line::text(text, theme.degraded)));
    lines
}

/// What follows from an operation.
fn sentences(confirm: &Confirm, operation: &Operation, truth: &Truth) -> Vec<String> {
    let fixed: &[&str] = match operation {
        Operation::Pause { .. } => &[
            "Their subscriptions end, this dashboard's tails of them too.",
            "The next publish resumes each.",
        ],
        Operation::Resume { .. } if any_readonly(confirm, truth) => &[
            "A subscription is opened to each and closed again; no message is written.",
            "A readonly partition becomes writable by that, though metadata goes on calling it readonly.",
        ],
        Operation::Resume { .. } => {
            &["A subscription is opened to each and closed again; no message is written."]
        }
        Operation::SetReadonly { readonly: true, .. } => &[
            "Publishes to them are refused from then on.",
            "Subscriptions end once they have read everything.",
        ],
        Operation::SetReadonly {
            readonly: false, ..
        } => &["Publishes to them are taken again."],
        Operation::Delete { stream } => return deletion(stream, truth),
        Operation::SetCursor { .. } => {
            &["A consumer that runs goes on where it is, and stores that over this: stop it first."]
        }
        Operation::Create(_) | Operation::Publish(_) => &[],
    };
    fixed.iter().map(|&sentence| sentence.to_owned()).collect()
}

/// The cursor that an operation moves, and its stream.
fn cursor_of(operation: &Operation) -> Option<(&str, &str)> {
    if let Operation::SetCursor { id, stream, .. } = operation {
        return Some((id, stream));
    }
    None
}

/// Whether all that is done is about one cursor in one stream.
fn is_one_cursor(operations: &[Operation]) -> bool {
    let mut cursors = operations.iter().map(cursor_of);
    let first = cursors.next();
    cursors.all(|cursor| Some(cursor) == first)
}

/// From where to where cursors go in each partition, and what comes of it in messages and in time.
fn cursor_moves(confirm: &Confirm, theme: &Theme) -> Vec<Line> {
    let (operations, moves) = (confirm.operations(), confirm.moves());
    let is_one = is_one_cursor(operations);
    let place = |operation: &Operation, moved: &CursorMove| {
        let partition = moved.partition;
        match cursor_of(operation).filter(|_| !is_one) {
            Some((id, stream)) => format!("{id} on {stream}:{partition}"),
            None => format!("partition {partition}"),
        }
    };
    let each = operations.iter().zip(moves);
    let columns = each.map(|(operation, moved)| move_cells(place(operation, moved), moved));
    let columns: Vec<[String; 4]> = columns.collect();
    let [mut id_width, mut from_width, mut to_width] = [0; 3];
    for [id, from, to, _] in &columns {
        id_width = id_width.max(format::width(id));
        from_width = from_width.max(format::width(from));
        to_width = to_width.max(format::width(to));
    }
    let rows = columns
        .iter()
        .take(MAX_MOVES)
        .map(|[id, from, to, change]| {
            Line(vec![
                span(
                    format!("{id:<id_width$}  {from:>from_width$} "),
                    theme.muted,
                ),
                span(format!("{} ", theme.glyphs.arrow), theme.faint),
                span(format!("{to:>to_width$}  "), theme.text),
                span(change.clone(), theme.text),
            ])
        });
    let mut lines: Vec<Line> = rows.collect();
    if let more @ 1.. = moves.len().saturating_sub(MAX_MOVES) {
        lines.push(Line::text(format!("and {more} more"), theme.muted));
    }
    lines.extend(together(moves, theme));
    if moves.iter().any(|moved| moved.to < 0) {
        // Servers tell a cursor at -1 from none by nothing (wire-contract §4.8).
        let text = "At -1 it counts as never stored: what its consumer reads again depends on where it is set up to start.";
        lines.push(Line::text(text, theme.text));
    }
    lines
}

/// What several moves come to.
fn together(moves: &[CursorMove], theme: &Theme) -> Option<Line> {
    let sum = |what| {
        let effects = moves.iter().filter_map(CursorMove::effect);
        let own = effects.filter(|(_, effect)| *effect == what);
        own.map(|(count, _)| count).sum::<u64>()
    };
    let all = ["read again", "skipped"].map(|what| (sum(what), what));
    let all = all.iter().filter(|(count, _)| *count > 0);
    let all: Vec<String> = all
        .map(|(count, what)| format!("{} {what}", counted_plainly(*count, "message")))
        .collect();
    let is_sum = moves.len() > 1 && !all.is_empty();
    is_sum.then(|| Line::text(format!("together: {}", all.join(", ")), theme.degraded))
}

/// Where a consumer starts that finds its cursor at -1, nobody knows but itself.
fn up_to(moved: &CursorMove) -> &'static str {
    if moved.to < 0 { "up to " } else { "" }
}

/// Where, offset before, offset after, what comes of it.
fn move_cells(place: String, moved: &CursorMove) -> [String; 4] {
    let change = match moved.effect() {
        Some((count, what)) => format!(
            "{}{} {what}",
            up_to(moved),
            counted_plainly(count, "message")
        ),
        None if moved.from == Some(moved.to) => "stays where it is".to_owned(),
        None if moved.from.is_some() => "nothing read again".to_owned(),
        None => "stored for the first time".to_owned(),
    };
    let time = moved.next_before.zip(moved.next_after);
    let time = time.and_then(|(before, after)| {
        let (length, way) = if after < before {
            (after.age(before), "back")
        } else {
            (before.age(after), "on")
        };
        let counts = length >= Duration::from_secs(1);
        counts.then(|| format!(", {} {way}", format::exact_age(length)))
    });
    [
        place,
        moved
            .from
            .map_or_else(|| "nowhere".to_owned(), format::count),
        format::count(moved.to),
        format!("{change}{}", time.unwrap_or_default()),
    ]
}

fn any_readonly(confirm: &Confirm, truth: &Truth) -> bool {
    let mut targets = confirm.operations().iter().filter_map(Operation::flagged);
    targets.any(|(stream, ids)| {
        let mut partitions = ids.iter().filter_map(|id| truth.partition(stream, *id));
        partitions.any(|partition| partition.readonly == Known::Yes)
    })
}

fn deletion(stream: &str, truth: &Truth) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(found) = truth.stream(stream) {
        let mut text = format!(
            "All messages of {}",
            counted(found.partitions.len(), "partition")
        );
        if let Some(messages) = found.messages {
            text = format!("{text}, {} so far", counted(messages, "offset"));
        }
        if let Some(rate) = found.rate.filter(|rate| *rate >= 0.05) {
            let rate = format::rate(rate);
            let word = if rate == "1" { "message" } else { "messages" };
            text = format!("{text}, {rate} {word} a second now");
        }
        sentences.push(format!("{text}."));
    }
    sentences.push("It cannot be undone. Type its name to delete it.".to_owned());
    sentences
}

/// More commands than this are counted.
const MAX_COMMANDS: usize = 3;

/// More partitions of a cursor than this are counted.
const MAX_MOVES: usize = 6;

/// More readers than this are counted.
const MAX_READERS: usize = 4;

/// Who reads what is about to be stopped, as far as cursors show.
fn readers(confirm: &Confirm, truth: &Truth) -> Option<String> {
    let streams: Vec<&str> = confirm
        .operations()
        .iter()
        .filter_map(|operation| {
            if let Operation::Pause { stream, .. } | Operation::Delete { stream } = operation {
                return Some(&**stream);
            }
            None
        })
        .collect();
    let cursors = truth.cursors.iter();
    let cursors = cursors.filter(|one| streams.contains(&&*one.entry.stream));
    let mut names: Vec<&str> = cursors
        .map(|one| one.entry.group().unwrap_or(&one.entry.id))
        .collect();
    names.sort_unstable();
    names.dedup();
    let (shown, more) = names.split_at(names.len().min(MAX_READERS));
    let shown = shown.join(", ");
    match more.len() {
        0 if shown.is_empty() => None,
        0 => Some(format!("Read by {shown}.")),
        more => Some(format!("Read by {shown} and {more} more.")),
    }
}
