//! The tail that is shown: its tabs, title, head and rows, and the line being typed.

mod empty;
mod prompt;
mod row;
mod title;

use ratatui::layout::Rect;

use crate::app::command::{ClusterCommand, GoCommand};
use crate::app::{App, Command, HitTarget, KeyContext, Pane};
use crate::ui::areas::{after, below, left, row as row_of};
use crate::ui::format;
use crate::ui::painter::{Painter, span};
use crate::ui::widgets::{self, MARGIN, PaneArea, empty_state, margin, tint_selected};
use row::Columns;

/// ```text
/// 1 orders:0-3  2 payments:0          only where several are open
/// title: what, how reading goes, counts  /  or the line being typed
/// head of the columns                    /  or what is wrong with that line
/// rows
/// ```
pub(in crate::ui) fn draw(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let Some(tail) = app.tails().shown() else {
        return no_tail(painter, place, app);
    };
    let mut area = place.area;
    if app.tails().all().len() > 1 {
        tabs(painter, row_of(area, 0), app);
        area = below(area, 1);
    }
    let (title, head, rest) = (row_of(area, 0), row_of(area, 1), below(area, 2));
    painter.add_hit(rest, HitTarget::Rows(Pane::Tail));
    let height = usize::from(rest.height);
    let window = tail.view().window(tail.store(), height);
    let messages = tail.view().rows(tail.store(), window.top, height);
    let width = usize::from(area.width);
    let (cells, layout) = painter.rows.rows(
        (tail.id(), tail.row().shown()),
        &messages,
        row::most_seen(tail, width),
        &app.settings().schemas,
    );
    let columns = Columns::of(tail, layout, width, app);
    if let Some(prompt) = tail.prompt() {
        prompt::draw(painter, [title, head], (tail, height), prompt);
    } else {
        title::draw(painter, title, app, tail, (place.focused, height));
        painter.put(after(head, MARGIN), &columns.head(painter.theme));
    }
    if window.rows == 0 {
        return empty_state(painter, rest, &empty::nothing(app, tail));
    }
    let rows = messages.iter().zip(cells).zip(window.top..);
    for (line, ((message, cells), number)) in rest.rows().zip(rows) {
        let selected = number == window.selected;
        let spans = columns.row(message, &cells, painter.theme);
        margin(
            painter,
            line,
            selected,
            tail.is_marked(message),
            place.focused,
        );
        painter.put(after(line, MARGIN), &spans);
        tint_selected(painter, line, selected, place.focused);
    }
}

fn tabs(painter: &mut Painter<'_>, area: Rect, app: &App) {
    let theme = painter.theme;
    let mut rest = area;
    for (number, tail) in app.tails().all().iter().enumerate() {
        let shown = number == app.tails().shown_index();
        let style = if shown { theme.focus } else { theme.muted };
        let has_news = !shown && !tail.store().is_empty();
        let sign = if has_news { theme.glyphs.dot } else { "" };
        let name = format::cut_middle(&title::partitions(tail), 24, theme.glyphs.cut);
        let tab = [span("  ", theme.text), span(format!("{name}{sign}"), style)];
        let used = painter.put(rest, &tab);
        painter.add_hit(left(rest, used), HitTarget::Tab(number));
        rest = after(rest, used);
    }
}

fn no_tail(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let streams = hint(app, GoCommand::Streams.into(), &[KeyContext::Global]);
    let tail = hint(app, ClusterCommand::Tail.into(), &[KeyContext::Streams]);
    let rest = widgets::title(painter, place, &[], &[]);
    painter.add_hit(rest, HitTarget::Rows(Pane::Tail));
    let why =
        format!("{streams} shows the streams; {tail} there tails the chosen stream or partition");
    empty_state(painter, rest, &["no tail is open", &why]);
}

/// The keys of a command, as they are shown; empty where it has none there.
fn hint(app: &App, command: Command, contexts: &[KeyContext]) -> String {
    let keymap = &app.settings().keymap;
    keymap.hint(contexts, command).unwrap_or_default()
}
