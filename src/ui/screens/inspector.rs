//! The inspected message: where it is, its fields, and its value as it was decoded; or how two differ.
//! Decoding, folding and wrapping happened before, in `app`.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::app::command::TailCommand;
use crate::app::screens::tails::{Inspector, Row, View};
use crate::app::{App, HitTarget, KeyContext, Pane, Side};
use crate::model::sanitise;
use crate::store::decode::{Class, Format};
use crate::store::{MessageRef, PinnedMessage, header_text};
use crate::ui::areas::{below, row as row_of};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::{Painter, scrolled, span, spans_width};
use crate::ui::theme::Theme;
use crate::ui::widgets::lines::{self, Line};
use crate::ui::widgets::{PaneArea, empty_state, tint_selected, title};

/// Columns of a field's name.
const LABEL: usize = 9;
/// Headers shown above a value; all of them stand in the view of headers.
const HEADERS: usize = 4;
/// Rows that what is said of a decoder may take.
const DECODER_ROWS: usize = 6;
/// Rows that the value keeps, however many fields there are.
const VALUE_ROWS: u16 = 4;

/// ```text
/// orders-eu:2 @ 48,301
/// time, key, subject, headers
/// value    json · 214 B
/// decoder  decode.py          only where a program decodes the value
/// the value
/// ```
pub(in crate::ui) fn draw(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let theme = painter.theme;
    let inspector = app.tails().inspector();
    let Some(pinned) = inspector.message() else {
        let rest = title(painter, place, &[], &[]);
        painter.add_hit(rest, HitTarget::Rows(Pane::Inspector));
        return empty_state(painter, rest, &["no message is chosen"]);
    };
    let message = pinned.message();
    let (name, fields) = if let Some(one) = inspector.compared_with() {
        ("compared".to_owned(), compared(one, pinned, theme))
    } else {
        let columns = usize::from(place.area.width);
        (name(&message), fields(&message, columns, app, theme))
    };
    let name = [
        span(" ", theme.text),
        span(name, theme.title_style(place.focused)),
    ];
    painter.put(row_of(place.area, 0), &name);
    let mut rest = below(place.area, 1);
    for spans in fields {
        if rest.height <= VALUE_ROWS {
            break;
        }
        painter.put(rest, &spans);
        rest = below(rest, 1);
    }
    painter.put(row_of(rest, 0), &value_line(inspector, &message, theme));
    view_hint(painter, row_of(rest, 0), app);
    rest = below(rest, 1);
    let columns = usize::from(rest.width);
    for line in decoder_lines(inspector, columns, app, theme) {
        painter.put(rest, &line.0);
        rest = below(rest, 1);
    }
    painter.add_hit(rest, HitTarget::Rows(Pane::Inspector));
    content(painter, rest, inspector, place.focused);
}

fn name(message: &MessageRef<'_>) -> String {
    let offset = format::count(message.offset());
    format!("{}:{} @ {offset}", message.stream(), message.partition())
}

fn field(label: &str, value: String, style: Style, theme: &Theme) -> Vec<Span<'static>> {
    vec![
        span(format!(" {}", format::pad(label, LABEL)), theme.muted),
        span(value, style),
    ]
}

/// The fields above the value, on so many columns.
fn fields(
    message: &MessageRef<'_>,
    columns: usize,
    app: &App,
    theme: &Theme,
) -> Vec<Vec<Span<'static>>> {
    let time = message.timestamp();
    let when = app.times().date(time);
    let mut when = field("time", when, theme.text, theme);
    let ago = format!("  {} ago", format::ago(time, app.now()));
    if spans_width(&when) + ago.len() <= columns {
        when.push(span(ago, theme.muted));
    }
    let key = sanitise::both_ends(message.key(), 100);
    let key = if key.is_empty() {
        field("key", theme.glyphs.none.to_owned(), theme.faint, theme)
    } else {
        field("key", key, theme.key, theme)
    };
    let text = |label, value: &str| field(label, value.to_owned(), theme.text, theme);
    let mut all = vec![when, key, text("subject", message.subject())];
    if !message.reply_subject().is_empty() {
        all.push(text("reply", message.reply_subject()));
    }
    let headers: Vec<_> = message.publisher_headers().take(HEADERS + 1).collect();
    for (number, (name, value)) in headers.iter().take(HEADERS).enumerate() {
        let label = if number == 0 { "headers" } else { "" };
        let mut line = field(label, format!("{name}  "), theme.json_key, theme);
        let shown = sanitise::both_ends(header_text(value).as_bytes(), 100);
        line.push(span(shown, theme.text));
        all.push(line);
    }
    let more = message.publisher_headers().count().saturating_sub(HEADERS);
    if more > 0 {
        let text = format!("and {} more", format::count_usize(more));
        all.push(field("", text, theme.muted, theme));
    }
    all.push(field(
        "size",
        labels::sizes(message, theme),
        theme.text,
        theme,
    ));
    all
}

fn compared(one: &PinnedMessage, other: &PinnedMessage, theme: &Theme) -> Vec<Vec<Span<'static>>> {
    let line = |sign: &str, pinned: &PinnedMessage, style: Style| {
        let message = pinned.message();
        let key = sanitise::both_ends(message.key(), 30);
        vec![
            span(format!(" {sign} "), style),
            span(format!("{}  {key}", name(&message)), theme.text),
        ]
    };
    vec![line("-", one, theme.broken), line("+", other, theme.good)]
}

/// What the value was read as, how large it is, what was left out.
fn value_line(
    inspector: &Inspector,
    message: &MessageRef<'_>,
    theme: &Theme,
) -> Vec<Span<'static>> {
    let dot = format!(" {} ", theme.glyphs.dot);
    let one = inspector.content().decoded();
    let value = one.filter(|_| inspector.view() != View::Headers);
    let Some(decoded) = value else {
        let shown = match inspector.view() {
            View::Value(Format::Auto) => "values".to_owned(),
            View::Value(form) => format!("values as {form}"),
            View::Headers => format!("{} headers", format::count_usize(message.headers().count())),
        };
        return field("shown", shown, theme.text, theme);
    };
    let mut words: Vec<String> = decoded.layers.iter().map(ToString::to_string).collect();
    words.push(decoded.form.label().to_owned());
    words.push(format::bytes_len(message.value().len()));
    if !decoded.layers.is_empty() && decoded.size != message.value().len() {
        words.push(format!("{} opened", format::bytes_len(decoded.size)));
    }
    let mut line = field("value", words.join(&dot), theme.text, theme);
    for note in &decoded.notes {
        line.push(span(format!("{dot}{note}"), theme.degraded));
    }
    line
}

/// The program that decodes the value, and what there is to say of it, on so many columns.
fn decoder_lines(inspector: &Inspector, columns: usize, app: &App, theme: &Theme) -> Vec<Line> {
    let Some((command, value)) = inspector.decoder() else {
        return Vec::new();
    };
    let name = command.name();
    let raw = "the value is shown as it is stored";
    let (text, style) = match value {
        _ if app.playback().is_some() => {
            let text = format!("{name} is not run on what was recorded: {raw}");
            (text, theme.muted)
        }
        None => (format!("{name} has not answered yet: {raw}"), theme.muted),
        Some(Err(why)) => (format!("{name}: {why}"), theme.broken),
        Some(Ok(_)) if inspector.view() == View::default() => (name.to_owned(), theme.text),
        Some(Ok(_)) => (format!("{name}: {raw}"), theme.muted),
    };
    let line = Line(field("decoder", text, style, theme));
    let mut lines = lines::wrapped(vec![line], columns);
    let is_cut = lines.len() > DECODER_ROWS;
    lines.truncate(DECODER_ROWS);
    if let (true, Some(last)) = (is_cut, lines.last_mut()) {
        last.0.push(span(format!(" {}", theme.glyphs.cut), style));
    }
    lines
}

fn view_hint(painter: &mut Painter<'_>, area: Rect, app: &App) {
    let contexts = &[KeyContext::Inspector, KeyContext::Tail];
    let keymap = &app.settings().keymap;
    let key = keymap.hint(contexts, TailCommand::View.into());
    if let Some(key) = key.filter(|_| area.width >= 40) {
        let theme = painter.theme;
        let hint = [
            span(format!(" {key} "), theme.key),
            span("view ", theme.muted),
        ];
        painter.put_right(area, &hint);
    }
}

fn content(painter: &mut Painter<'_>, area: Rect, inspector: &Inspector, focused: bool) {
    let theme = painter.theme;
    if inspector.content().is_empty() {
        painter.put(area, &[span("  empty", theme.faint)]);
        return;
    }
    let rows = inspector.rows(usize::from(area.height));
    for (line, (row, selected)) in area.rows().zip(rows) {
        painter.put(line, &row_spans(inspector, row, theme));
        tint_selected(painter, line, selected && focused, focused);
    }
}

fn row_spans(inspector: &Inspector, row: &Row, theme: &Theme) -> Vec<Span<'static>> {
    let content = inspector.content();
    let first = row.start == 0;
    let folded = inspector.is_folded(row.line);
    let mark = match (content.side(row.line), content.children(row.line)) {
        (Side::First, _) => span("- ", theme.broken),
        (Side::Second, _) => span("+ ", theme.good),
        (Side::Both, Some(_)) if first => {
            let [closed, open] = theme.glyphs.fold;
            let sign = if folded { closed } else { open };
            span(format!("{sign} "), theme.muted)
        }
        (Side::Both, _) => span("  ", theme.text),
    };
    let indent = content.indent(row.line, inspector.line_width());
    let indent = span(" ".repeat(indent), theme.text);
    // The mark stands right before what it folds.
    let mut spans = match content.side(row.line) {
        Side::Both => vec![indent, mark],
        Side::First | Side::Second => vec![mark, indent],
    };
    let mut start = 0;
    for (class, text) in content.tokens(row.line) {
        let from = row.start.saturating_sub(start).min(text.len());
        let to = row.end.saturating_sub(start).min(text.len());
        start += text.len();
        // Rows end between graphemes.
        if let Some(text) = text.get(from..to).filter(|text| !text.is_empty()) {
            spans.push(span(text.to_owned(), style_of(class, theme)));
        }
    }
    let ends_line = row.end == usize::MAX;
    let children = content.children(row.line);
    if let Some(children) = children.filter(|_| folded && ends_line) {
        let last = content.tokens(row.line).last();
        let is_list = last.is_some_and(|(_, opening)| opening.ends_with('['));
        let bracket = if is_list { "]" } else { "}" };
        spans.push(span(format!("{children}{bracket}"), theme.muted));
    }
    scrolled(spans, inspector.sideways())
}

fn style_of(class: Class, theme: &Theme) -> Style {
    match class {
        Class::Key => theme.json_key,
        Class::String => theme.json_string,
        Class::Number => theme.json_number,
        Class::Literal => theme.json_literal,
        Class::Punctuation | Class::Comment => theme.muted,
        Class::Text => theme.text,
    }
}
