//! A form: fields with their labels and errors, buttons.

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::overlays::form::{
    Choice, Field, FieldId, Form, FormFocus, FormKind, Input, SubmitState,
};
use crate::app::{App, HitTarget};
use crate::ui::areas::{after, below, cells, left, right, row, top};
use crate::ui::format::{self, pad};
use crate::ui::layout::centred;
use crate::ui::painter::{Painter, span, spans_width};
use crate::ui::theme::Theme;
use crate::ui::widgets::lines::{self, Line};
use crate::ui::widgets::{popup, text_input};

/// Columns of the names of the fields of a message, and of a stream, whose names are those of the options of `create`.
const LABELS: (u16, u16) = (17, 22);
/// The widest a form grows: lines of text are read best so.
const MAX_WIDTH: u16 = 88;
/// Rows of a value on a high screen, and on a low one.
const VALUE_ROWS: (u16, u16) = (10, 3);
/// Rows of headers on a high screen, and on a low one.
const HEADER_ROWS: (u16, u16) = (3, 1);
/// Columns of the edges.
const EDGES: u16 = 4;
/// Rows besides the fields: the edges, what came of sending, the buttons.
const AROUND: u16 = 4;

/// A stop of the form, its number, and how many rows it has.
#[derive(Clone, Copy)]
struct FormRow {
    stop: FormFocus,
    number: usize,
    rows: u16,
}

/// Draws the form in the middle of the screen.
pub(super) fn draw(painter: &mut Painter<'_>, body: Rect, form: &Form, app: &App) {
    let theme = painter.theme;
    let width = body.width.saturating_sub(2).min(MAX_WIDTH);
    let columns = usize::from(width.saturating_sub(EDGES));
    let state = lines::wrapped(submit_state(form, app, theme), columns);
    // However much there is to say, half of a low screen is left for the fields.
    let state_rows = cells(state.len()).clamp(1, (body.height / 2).max(1));
    let around = AROUND - 1 + state_rows;
    let label = labels(form);
    let mut items = items(form, body.height.saturating_sub(around));
    for item in &mut items {
        if let FormFocus::Field(id) = item.stop
            && let Some(shown) = form.field(id)
        {
            item.rows += cells(error_below(shown, columns, label, theme).len());
        }
    }
    let wanted = items.iter().map(|item| item.rows).sum::<u16>() + around;
    let place = centred(body, width, wanted.min(body.height));
    let title = match form.kind() {
        FormKind::Publish => "Publish a message",
        FormKind::Create => "Create a stream",
    };
    let inside = popup(painter, place, &[span(title, theme.focus)], theme.line);
    let rows = inside.height.saturating_sub(1 + state_rows);
    let left_out = fields(painter, top(inside, rows), form, &items);
    let rest = below(inside, rows);
    lines::draw(painter, top(rest, state_rows), &state, 0);
    let last = row(rest, state_rows);
    painter.put(last, &[span(scrolled_away(left_out), theme.muted)]);
    buttons(painter, last, form, items.len());
}

/// The stops that are drawn as rows, from top to bottom; boxes of many lines shrink where the screen is low.
fn items(form: &Form, height: u16) -> Vec<FormRow> {
    let rows = |full: bool| {
        let pick = |(high, low): (u16, u16)| if full { high } else { low };
        let stops = form.stops().into_iter().enumerate();
        let items = stops.filter_map(move |(number, stop)| {
            let rows = match stop {
                FormFocus::Field(FieldId::Value) => pick(VALUE_ROWS),
                FormFocus::Field(FieldId::Headers) => pick(HEADER_ROWS),
                FormFocus::Field(_) | FormFocus::More => 1,
                FormFocus::Send | FormFocus::Cancel => return None,
            };
            Some(FormRow { stop, number, rows })
        });
        items.collect::<Vec<FormRow>>()
    };
    let roomy = rows(true);
    let fits = roomy.iter().map(|item| item.rows).sum::<u16>() <= height;
    if fits { roomy } else { rows(false) }
}

/// How many columns the names of its fields take.
fn labels(form: &Form) -> u16 {
    match form.kind() {
        FormKind::Publish => LABELS.0,
        FormKind::Create => LABELS.1,
    }
}

/// What of a form there is no room for, in words.
fn scrolled_away(left_out: (usize, usize)) -> String {
    match left_out {
        (0, 0) => String::new(),
        (above, 0) => format!("{above} more above"),
        (0, below) => format!("{below} more below"),
        (above, below) => format!("{above} more above, {below} below"),
    }
}

/// Draws as many stops as fit, the one in focus among them; returns how many there are above and below.
fn fields(painter: &mut Painter<'_>, area: Rect, form: &Form, items: &[FormRow]) -> (usize, usize) {
    let mut rest = area;
    let first = first_shown(form, items, area.height);
    for (number, item) in items.iter().enumerate().skip(first) {
        if rest.height == 0 {
            return (first, items.len() - number);
        }
        let place = top(rest, item.rows);
        painter.add_hit(place, HitTarget::Button(item.number));
        match item.stop {
            FormFocus::Field(id) => {
                if let Some(shown) = form.field(id) {
                    field(painter, place, shown, form);
                }
            }
            FormFocus::More => more(painter, place, form),
            FormFocus::Send | FormFocus::Cancel => {}
        }
        rest = below(rest, item.rows);
    }
    (first, 0)
}

/// How many stops are scrolled away so that the one in focus fits; on a button the last ones are shown.
fn first_shown(form: &Form, items: &[FormRow], height: u16) -> usize {
    let focus = items.iter().position(|item| item.stop == form.focus());
    let last = focus.unwrap_or_else(|| items.len().saturating_sub(1));
    let mut left = height;
    let fits = items.iter().take(last + 1).rev().take_while(|item| {
        let fits = item.rows <= left;
        left = left.saturating_sub(item.rows);
        fits
    });
    (last + 1).saturating_sub(fits.count().max(1))
}

fn field(painter: &mut Painter<'_>, area: Rect, field: &Field, form: &Form) {
    let theme = painter.theme;
    let label = labels(form);
    let wrong = error_below(field, usize::from(area.width), label, theme);
    let rows = area.height.saturating_sub(cells(wrong.len())).max(1);
    let below_it = after(below(area, rows), label);
    lines::draw(painter, below_it, &wrong, 0);
    let area = top(area, rows);
    let focused = form.focus() == FormFocus::Field(field.id);
    let style = if focused { theme.focus } else { theme.muted };
    let indent = if field.rare { "  " } else { "" };
    let name = pad(&format!("{indent}{}", field.label), usize::from(label));
    painter.put(row(area, 0), &[span(name, style)]);
    let inner = after(area, label);
    match &field.input {
        Input::Text(editor) if editor.is_empty() && !focused => {
            painter.put(inner, &[span(hint(field, form), theme.faint)]);
        }
        Input::Text(editor) => {
            text_input::lines(painter, inner, editor, focused, theme.input);
            if editor.is_empty() {
                painter.put(after(inner, 2), &[span(hint(field, form), theme.faint)]);
            }
        }
        Input::Choice(choice) => choices(painter, inner, choice, focused),
        Input::Bytes(bytes) => {
            let size = format::bytes_len(bytes.len());
            let text = format!("{size} that are no text, sent as they are");
            let way = if focused {
                "  backspace to type instead"
            } else {
                ""
            };
            painter.put(inner, &[span(text, theme.text), span(way, theme.muted)]);
        }
    }
    if wrong.is_empty() {
        error(painter, area, field, label);
    }
}

/// What is wrong, on lines of its own where it and the text do not fit on one.
fn error_below(field: &Field, columns: usize, label: u16, theme: &Theme) -> Vec<Line> {
    let Some(wrong) = &field.error else {
        return Vec::new();
    };
    let columns = columns.saturating_sub(usize::from(label));
    let text = format!("{} {wrong}", theme.glyphs.broken);
    let typed = match &field.input {
        Input::Text(editor) => {
            let lines = editor.text();
            lines.lines().map(format::width).max().unwrap_or(0)
        }
        Input::Choice(_) | Input::Bytes(_) => columns / 2,
    };
    if format::width(&text) + typed + 2 <= columns {
        return Vec::new();
    }
    lines::wrapped(vec![Line::text(text, theme.broken)], columns)
}

/// What may stand in an empty field; of the headers also how many are sent that cannot be typed.
fn hint(field: &Field, form: &Form) -> String {
    match (field.id, form.kept_headers()) {
        (FieldId::Headers, kept @ 1..) => format!("and {kept} that cannot be typed"),
        _ => field.hint.to_owned(),
    }
}

/// What is wrong, on the last row of the field and at its right end: the text stays visible.
fn error(painter: &mut Painter<'_>, area: Rect, field: &Field, label: u16) {
    let Some(wrong) = &field.error else { return };
    let theme = painter.theme;
    let last = row(area, area.height.saturating_sub(1));
    let text = format!(" {} {wrong}", theme.glyphs.broken);
    painter.put_right(after(last, label), &[span(text, theme.broken)]);
}

fn choices(painter: &mut Painter<'_>, area: Rect, choice: &Choice, focused: bool) {
    let theme = painter.theme;
    let mut spans = Vec::new();
    for (number, name) in choice.names().iter().enumerate() {
        let style = match (number == choice.index(), focused) {
            (true, true) => theme.button_focus,
            (true, false) => theme.button,
            (false, _) => theme.muted,
        };
        spans.push(span(format!(" {name} "), style));
        spans.push(span(" ", theme.text));
    }
    painter.put(area, &spans);
}

fn more(painter: &mut Painter<'_>, area: Rect, form: &Form) {
    let theme = painter.theme;
    let [closed, open] = theme.glyphs.fold;
    let sign = if form.shows_rare() { open } else { closed };
    let style = if form.focus() == FormFocus::More {
        theme.focus
    } else {
        theme.title
    };
    let text = format!("{sign} more: {} options", form.rare_count());
    painter.put(area, &[span(text, style)]);
}

/// What came of sending: of an error all that is known.
fn submit_state(form: &Form, app: &App, theme: &Theme) -> Vec<Line> {
    match form.submit_state() {
        SubmitState::NotSent => {
            let warnings = form.warnings(app.truth()).into_iter();
            let sign = theme.glyphs.degraded;
            let warnings =
                warnings.map(|warning| Line::text(format!("{sign} {warning}"), theme.degraded));
            let preview = form.preview(app.settings());
            let preview = preview.map(|line| Line::text(format!("$ {line}"), theme.muted));
            warnings.chain(preview).collect()
        }
        SubmitState::Sent(_) => vec![Line::text("sent, waiting for the answer", theme.muted)],
        SubmitState::Failed(failure) => {
            let sentence = format!("{} {}", theme.glyphs.broken, failure.sentence);
            let dot = theme.glyphs.dot;
            let detail = format!("  about {} {dot} {:?}", failure.target, failure.kind);
            vec![
                Line::text(sentence, theme.broken),
                Line::text(detail, theme.muted),
            ]
        }
    }
}

fn buttons(painter: &mut Painter<'_>, area: Rect, form: &Form, number: usize) {
    let theme = painter.theme;
    let button = |stop: FormFocus, text: &str| -> Span<'static> {
        let style = if form.focus() == stop {
            theme.button_focus
        } else {
            theme.button
        };
        span(format!(" {text} "), style)
    };
    let send = button(FormFocus::Send, form.kind().verb());
    let cancel = button(FormFocus::Cancel, "Cancel");
    let [first, second] = [&send, &cancel].map(|one| {
        let one = std::slice::from_ref(one);
        cells(spans_width(one))
    });
    let start = right(area, first + second + 2);
    painter.put(start, &[send, span("  ", theme.text), cancel]);
    painter.add_hit(left(start, first), HitTarget::Button(number));
    painter.add_hit(right(start, second), HitTarget::Button(number + 1));
}
