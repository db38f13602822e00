//! Draws the message that is looked at: where it is, its fields, and its value as it was decoded; or how two differ.
//! Decoding, folding and wrapping happened before, in `app/inspector`.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::app::command::TailCommand;
use crate::app::screens::tails::{Inspector, Row, Side, View};
use crate::app::{App, Command, HitTarget, KeyContext, Pane};
use crate::store::decode::{Class, Format};
use crate::store::{MessageRef, PinnedMessage};
use crate::ui::format;
use crate::ui::painter::{Painter, span, spans_width};
use crate::ui::sanitise;
use crate::ui::theme::Theme;
use crate::ui::widgets::{PaneArea, below, empty_state, row as row_of, tint_chosen, title};

/// Columns of a field's name.
const LABEL: usize = 9;
/// Headers shown above a value; all of them stand in the view of headers.
const HEADERS: usize = 4;
/// Rows that the value keeps, however many fields there are.
const VALUE_ROWS: u16 = 4;

/// ```text
/// orders-eu:2 @ 48,301
/// time, key, subject, headers
/// value    json · 214 B
/// the value
/// ```
pub(crate) fn draw(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let theme = painter.theme;
    let inspector = app.tails().inspector();
    let Some(held) = inspector.message() else {
        let rest = title(painter, place, &[], &[]);
        painter.hit(rest, HitTarget::Rows(Pane::Inspector));
        return empty_state(painter, rest, &["no message is chosen"]);
    };
    let message = held.message();
    let (name, fields) = if let Some(one) = inspector.compared_with() {
        ("compared".to_owned(), compared(one, held, theme))
    } else {
        let columns = usize::from(place.area.width);
        (name(&message), fields(&message, columns, app, theme))
    };
    let style = if place.focused {
        theme.focus
    } else {
        theme.title
    };
    painter.put(
        row_of(place.area, 0),
        &[span(" ", theme.text), span(name, style)],
    );
    let mut left = below(place.area, 1);
    for spans in fields {
        if left.height <= VALUE_ROWS {
            break;
        }
        painter.put(left, &spans);
        left = below(left, 1);
    }
    painter.put(row_of(left, 0), &value_line(inspector, &message, theme));
    view_hint(painter, row_of(left, 0), app);
    left = below(left, 1);
    painter.hit(left, HitTarget::Rows(Pane::Inspector));
    content(painter, left, inspector, place.focused);
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
    let when = format::date(time, app.settings().utc_offset);
    let mut when = field("time", when, theme.text, theme);
    let ago = format!("  {} ago", format::ago(time, app.now()));
    if spans_width(&when) + ago.len() <= columns {
        when.push(span(ago, theme.muted));
    }
    let key = sanitise::bytes(message.key(), 200);
    let key = if key.is_empty() {
        field("key", theme.glyphs.none.to_owned(), theme.faint, theme)
    } else {
        field("key", key, theme.key, theme)
    };
    let mut all = vec![
        when,
        key,
        field("subject", message.subject().to_owned(), theme.text, theme),
    ];
    if !message.reply_subject().is_empty() {
        all.push(field(
            "reply",
            message.reply_subject().to_owned(),
            theme.text,
            theme,
        ));
    }
    let headers: Vec<_> = message.publisher_headers().take(HEADERS + 1).collect();
    for (number, (name, value)) in headers.iter().take(HEADERS).enumerate() {
        let label = if number == 0 { "headers" } else { "" };
        let mut line = field(label, format!("{name}  "), theme.json_key, theme);
        line.push(span(sanitise::bytes(value, 200), theme.text));
        all.push(line);
    }
    let more = message.publisher_headers().count().saturating_sub(HEADERS);
    if more > 0 {
        all.push(field(
            "",
            format!("and {} more", format::size(more)),
            theme.muted,
            theme,
        ));
    }
    all
}

fn compared(one: &PinnedMessage, other: &PinnedMessage, theme: &Theme) -> Vec<Vec<Span<'static>>> {
    let line = |sign: &str, held: &PinnedMessage, style: Style| {
        let message = held.message();
        let key = sanitise::bytes(message.key(), 60);
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
    let bytes = |size: usize| format::bytes(u64::try_from(size).unwrap_or(u64::MAX));
    let one = inspector.page().decoded();
    let value = one.filter(|_| inspector.view() != View::Headers);
    let Some(decoded) = value else {
        let shown = match inspector.view() {
            View::Value(Format::Auto) => "values".to_owned(),
            View::Value(form) => format!("values as {form}"),
            View::Headers => format!("{} headers", format::size(message.headers().count())),
        };
        return field("shown", shown, theme.text, theme);
    };
    let mut words: Vec<String> = decoded.layers.iter().map(ToString::to_string).collect();
    words.push(decoded.form.label().to_owned());
    words.push(bytes(message.value().len()));
    if !decoded.layers.is_empty() && decoded.size != message.value().len() {
        words.push(format!("{} opened", bytes(decoded.size)));
    }
    let mut line = field("value", words.join(&dot), theme.text, theme);
    for note in &decoded.notes {
        line.push(span(format!("{dot}{note}"), theme.degraded));
    }
    line
}

fn view_hint(painter: &mut Painter<'_>, area: Rect, app: &App) {
    let contexts = &[KeyContext::Inspector, KeyContext::Tail];
    let key = app
        .settings()
        .keymap
        .hint(contexts, Command::from(TailCommand::View));
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
    if inspector.page().is_empty() {
        painter.put(area, &[span("  empty", theme.faint)]);
        return;
    }
    let rows = inspector.rows(usize::from(area.height));
    for (place, (row, under_cursor)) in area.rows().zip(rows) {
        painter.put(place, &row_spans(inspector, row, theme));
        tint_chosen(painter, place, under_cursor && focused, focused);
    }
}

fn row_spans(inspector: &Inspector, row: &Row, theme: &Theme) -> Vec<Span<'static>> {
    let page = inspector.page();
    let first = row.start == 0;
    let folded = inspector.is_folded(row.line);
    let mark = match (page.side(row.line), page.children(row.line)) {
        (Side::First, _) => span("- ", theme.broken),
        (Side::Second, _) => span("+ ", theme.good),
        (Side::Both, Some(_)) if first => {
            let [closed, open] = theme.glyphs.fold;
            span(
                format!("{} ", if folded { closed } else { open }),
                theme.muted,
            )
        }
        (Side::Both, _) => span("  ", theme.text),
    };
    let indent = span("  ".repeat(page.depth(row.line)), theme.text);
    // The mark stands right before what it folds.
    let mut spans = match page.side(row.line) {
        Side::Both => vec![indent, mark],
        Side::First | Side::Second => vec![mark, indent],
    };
    let mut start = 0;
    for token in page.tokens(row.line) {
        let length = token.text.chars().count();
        let from = row.start.saturating_sub(start).min(length);
        let to = row.end.saturating_sub(start).min(length);
        start += length;
        if from < to {
            let text: String = token.text.chars().skip(from).take(to - from).collect();
            spans.push(span(text, style_of(token.class, theme)));
        }
    }
    if let Some(children) = page.children(row.line).filter(|_| folded) {
        spans.push(span(format!("{children}"), theme.muted));
        spans.push(span(
            closing(page.tokens(row.line).last().map_or("", |last| last.text)),
            theme.muted,
        ));
    }
    scrolled(spans, inspector.sideways())
}

/// The bracket that closes what this token opens.
fn closing(opening: &str) -> &'static str {
    if opening.ends_with('[') { "]" } else { "}" }
}

/// The spans without their first columns.
fn scrolled(spans: Vec<Span<'static>>, columns: usize) -> Vec<Span<'static>> {
    let mut left = columns;
    let cut = spans.into_iter().map(|one| {
        let length = one.content.chars().count();
        let skipped = left.min(length);
        left -= skipped;
        Span::styled(
            one.content.chars().skip(skipped).collect::<String>(),
            one.style,
        )
    });
    cut.collect()
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
