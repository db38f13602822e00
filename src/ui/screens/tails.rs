//! The tails on the screen, one or several: their tabs, and of each the title, head and rows.

mod cursors;
mod empty;
mod prompt;
mod row;
mod title;

use ratatui::layout::Rect;

use crate::app::command::{ClusterCommand, GoCommand, PaneCommand};
use crate::app::screens::tails::cursors_at;
use crate::app::{App, Command, HitTarget, KeyContext, Pane, Tail};
use crate::ui::areas::{after, below, left, row as row_of};
use crate::ui::format;
use crate::ui::layout::{self, TailAreas};
use crate::ui::painter::{Painter, span};
use crate::ui::widgets::{self, MARGIN, PaneArea, empty_state, margin, tint_selected};
use row::Columns;
use title::PaneMark;

/// ```text
/// 1 orders:0-3  2 payments:0          only where more are open than on the screen
/// tail ▏ tail                         or one alone
/// ```
pub(in crate::ui) fn draw(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let tails = app.tails();
    if tails.shown().is_none() {
        return no_tail(painter, place, app);
    }
    let mut area = place.area;
    if tails.all().len() > tails.panes().len().max(1) {
        tabs(painter, row_of(area, 0), app);
        area = below(area, 1);
    }
    if !tails.panes().is_empty() {
        match layout::side_by_side(area, tails.panes().len()) {
            Some(areas) => return panes(painter, &areas, place.focused, app),
            // Where the message has the room, the tails beside this one are not missed.
            None if app.focus().pane() == Pane::Tail => {
                too_small(painter, row_of(area, 0), app);
                area = below(area, 1);
            }
            None => {}
        }
    }
    pane(
        painter,
        PaneArea { area, ..place },
        app,
        tails.shown(),
        None,
    );
}

fn panes(painter: &mut Painter<'_>, areas: &TailAreas, focused: bool, app: &App) {
    let tails = app.tails();
    for area in &areas.vertical {
        painter.vertical_line(*area);
    }
    for area in &areas.horizontal {
        painter.horizontal_line(*area);
    }
    for (number, (index, area)) in tails.panes().iter().zip(&areas.tails).enumerate() {
        let is_shown = *index == tails.shown_index();
        let place = PaneArea {
            pane: Pane::Tail,
            area: *area,
            focused: focused && is_shown,
        };
        painter.add_hit(row_of(*area, 0), HitTarget::Tab(*index));
        painter.add_hit(below(*area, 2), HitTarget::TailRows(*index));
        let mark = PaneMark {
            number: number + 1,
            is_shown,
        };
        pane(painter, place, app, tails.all().get(*index), Some(mark));
    }
}

/// A sentence where several tails were to be: one alone is shown below it.
fn too_small(painter: &mut Painter<'_>, line: Rect, app: &App) {
    let only = hint(app, PaneCommand::Only.into(), Pane::Tail.key_contexts());
    let text = format!(
        " {}x{} has no room for {} tails: {only} keeps this one",
        app.width(),
        app.height(),
        app.tails().panes().len(),
    );
    painter.put(line, &[span(text, painter.theme.degraded)]);
}

/// ```text
/// title: what, how reading goes, counts  /  or the line being typed
/// head of the columns                    /  or what is wrong with that line
/// rows
/// ```
fn pane(
    painter: &mut Painter<'_>,
    place: PaneArea,
    app: &App,
    tail: Option<&Tail>,
    mark: Option<PaneMark>,
) {
    let Some(tail) = tail else {
        return;
    };
    let area = place.area;
    let (title, head, rest) = (row_of(area, 0), row_of(area, 1), below(area, 2));
    if mark.is_none_or(|mark| mark.is_shown) {
        painter.add_hit(rest, HitTarget::Rows(Pane::Tail));
    }
    let height = usize::from(rest.height);
    let window = tail.view().window(tail.store(), height);
    let messages = tail.view().rows(tail.store(), window.top, height);
    let width = usize::from(area.width);
    let (cells, layout) = painter.rows.rows(
        (tail.id(), tail.row().shown()),
        &messages,
        row::most_seen(tail, width),
        app.value_readings(),
    );
    let columns = Columns::of(tail, layout, width, app);
    if let Some(prompt) = tail.prompt() {
        prompt::draw(painter, [title, head], (tail, height), prompt);
    } else {
        let columns = columns.head(painter.theme);
        painter.put(after(head, MARGIN), &columns);
        let has_room = cursors::positions(painter, after(head, MARGIN), &columns, (app, tail));
        let cursors = (!has_room).then(|| cursors::shortest(app, tail, painter.theme));
        let above = (place.focused, height, cursors.flatten());
        title::draw(painter, (title, mark), app, tail, above);
    }
    if window.rows == 0 {
        return empty_state(painter, rest, &empty::nothing(app, tail));
    }
    let before = tail.times_before(window.top, height).unwrap_or_default();
    let rows = messages.iter().zip(cells).zip(window.top..);
    let before = before.into_iter().chain(std::iter::repeat(None));
    for (line, (((message, cells), number), before)) in rest.rows().zip(rows.zip(before)) {
        let selected = number == window.selected;
        let spans = columns.row(message, &cells, before, painter.theme);
        let marked = tail.is_marked(message);
        margin(painter, line, selected, marked, place.focused);
        cursors::mark(painter, line, cursors_at(message, app.truth()));
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
        let name = format::cut_middle(&tail.name(), 24, theme.glyphs.cut);
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
