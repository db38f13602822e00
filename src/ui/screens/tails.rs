//! Draws the tail that is shown: its tabs, title, head and rows, and the line being typed.
//! What it says of its reading is `feed/title`'s, what stands in a row `feed/row`'s; nothing is kept here.

mod row;
mod title;

use ratatui::layout::Rect;

use crate::app::command::{ClusterCommand, GoCommand, TailCommand};
use crate::app::screens::tails::{Prompt, PromptKind, Tail, TailState};
use crate::app::{App, Command, HitTarget, KeyContext, Pane};
use crate::health::Known;
use crate::ui::format::{self, cut_middle, pad, pad_left, width};
use crate::ui::painter::{Painter, span};
use crate::ui::widgets::text_input;
use crate::ui::widgets::{
    PaneArea, after, below, empty_state, margin, row as row_of, tint_chosen, title as title_of_pane,
};
use row::{Columns, MARGIN};

/// ```text
/// 1 orders:0-3  2 payments:0          only where several are open
/// title: what, how reading goes, counts  /  or the line being typed
/// head of the columns                    /  or what is wrong with that line
/// rows
/// ```
pub(crate) fn draw(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let Some(tail) = app.tails().shown() else {
        return nothing_open(painter, place, app);
    };
    let mut area = place.area;
    if app.tails().all().len() > 1 {
        tabs(painter, row_of(area, 0), app);
        area = below(area, 1);
    }
    let (title, head, rest) = (row_of(area, 0), row_of(area, 1), below(area, 2));
    painter.hit(rest, HitTarget::Rows(Pane::Tail));
    let columns = Columns::of(tail, usize::from(area.width), app);
    if let Some(prompt) = tail.prompt() {
        ask(painter, [title, head], prompt);
    } else {
        let (focused, height) = (place.focused, rest.height.into());
        let scene = title::Scene {
            app,
            tail,
            focused,
            height,
        };
        title::draw(painter, title, &scene);
        painter.put(after(head, MARGIN), &columns.head(painter.theme));
    }
    rows(
        painter,
        PaneArea {
            area: rest,
            ..place
        },
        app,
        tail,
        &columns,
    );
}

fn tabs(painter: &mut Painter<'_>, area: Rect, app: &App) {
    let theme = painter.theme;
    let mut left = area;
    for (number, tail) in app.tails().all().iter().enumerate() {
        let shown = number == app.tails().shown_index();
        let style = if shown { theme.focus } else { theme.muted };
        let mark = if tail.store().is_empty() {
            ""
        } else {
            theme.glyphs.dot
        };
        let name = cut_middle(&title::place(tail), 24, theme.glyphs.cut);
        let news = if shown { "" } else { mark };
        let taken = painter.put(
            left,
            &[span("  ", theme.text), span(format!("{name}{news}"), style)],
        );
        painter.hit(
            Rect {
                width: taken,
                ..left
            },
            HitTarget::Tab(number),
        );
        left = after(left, taken);
    }
}

fn ask(painter: &mut Painter<'_>, [line, below]: [Rect; 2], prompt: &Prompt) {
    let theme = painter.theme;
    let (sign, hint) = match prompt.kind() {
        PromptKind::Query => (
            "/ ",
            "text  ~regex  key:T  header.NAME:T  offset>N  age<5m  cel: value.amount > 500",
        ),
        PromptKind::Seek => (
            "from ",
            "earliest  latest  new  1234  -50  @10:30  @2026-11-22T10:30:00Z  @-15m",
        ),
        PromptKind::Export => ("export to ", "a file name; .csv, .raw, or NDJSON"),
    };
    let taken = painter.put(line, &[span(" ", theme.text), span(sign, theme.focus)]);
    let left = after(line, taken);
    text_input::line(painter, left, prompt.editor(), theme.input);
    let Some(wrong) = prompt.error() else {
        painter.put(below, &[span(format!(" {hint}"), theme.muted)]);
        return;
    };
    let at = wrong
        .at
        .map(|at| text_input::column(prompt.editor(), left.width, at));
    let indent = at.map_or(0, |at| usize::from(taken) + at.saturating_sub(1));
    let said = width(&wrong.sentence) + 2;
    // The sentence ends on the screen even where the fault is far to the right.
    let indent = indent.min(usize::from(below.width).saturating_sub(said));
    let sign = if at.is_some() { "^ " } else { "" };
    let text = format!("{}{sign}{}", " ".repeat(indent.max(1)), wrong.sentence);
    painter.put(below, &[span(text, theme.broken)]);
}

fn rows(painter: &mut Painter<'_>, place: PaneArea, app: &App, tail: &Tail, columns: &Columns<'_>) {
    let PaneArea { area, focused, .. } = place;
    let height = usize::from(area.height);
    let window = tail.view().window(tail.store(), height);
    if window.rows == 0 {
        return empty(painter, area, app, tail);
    }
    let messages = tail.view().rows(tail.store(), window.top, height);
    for ((line, message), number) in area.rows().zip(messages).zip(window.top..) {
        let chosen = number == window.selected;
        let cells = columns.row(&message, painter.theme);
        margin(painter, line, chosen, tail.is_marked(&message), focused);
        painter.put(after(line, MARGIN), &cells);
        tint_chosen(painter, line, chosen, focused);
    }
}

/// No row: what is missing, why, what to press.
fn empty(painter: &mut Painter<'_>, area: Rect, app: &App, tail: &Tail) {
    let contexts = &[KeyContext::Tail, KeyContext::List, KeyContext::Global];
    let key = |command: TailCommand| {
        let keymap = &app.settings().keymap;
        keymap.hint(contexts, command.into()).unwrap_or_default()
    };
    let (seek, close, follow) = (
        key(TailCommand::Seek),
        key(TailCommand::Close),
        key(TailCommand::Follow),
    );
    let (what, why) = match (tail.failure(), tail.state()) {
        (Some(failure), _) => (
            failure.sentence.clone(),
            format!("{follow} tries again   {close} closes"),
        ),
        (None, _) if tail.search().query().is_some() && tail.store().kept() > 0 => {
            let kept = format::size(tail.store().kept());
            if tail.search().is_scanning() {
                (format!("looking through {kept} messages"), String::new())
            } else {
                (
                    format!("none of {kept} messages matches"),
                    "esc shows all of them".to_owned(),
                )
            }
        }
        (None, TailState::Opening) => opening(app, tail),
        (None, TailState::Resuming { failure, .. }) => (
            "looking for a broker that serves it".to_owned(),
            failure.sentence.clone(),
        ),
        (None, TailState::Ended { reason, .. }) => (
            title::ended(reason),
            format!("{follow} reads on   {seek} seeks   {close} closes"),
        ),
        (None, TailState::Live) => (
            "no message yet".to_owned(),
            format!("waiting for new ones   {seek} seeks older ones"),
        ),
    };
    empty_state(painter, area, &[&what, &why]);
}

/// What an opening waits for: it goes on by itself once there is a leader that answers.
fn opening(app: &App, tail: &Tail) -> (String, String) {
    let truth = app.truth();
    let mut parts = tail.partitions().iter();
    let dark = parts.find_map(|part| {
        let partition = truth.partition(&part.stream, part.partition)?;
        (partition.leader_reachable == Known::No).then_some((part, partition))
    });
    let Some((part, partition)) = dark else {
        return ("opening the subscription".to_owned(), String::new());
    };
    let place = format!("{}:{}", part.stream, part.partition);
    let why = match &partition.leader {
        Some(leader) => format!("{leader} does not answer"),
        None => "no broker names a leader".to_owned(),
    };
    (
        format!("{place} has no reachable leader"),
        format!("{why}; the tail opens once another one leads"),
    )
}

fn nothing_open(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let keymap = &app.settings().keymap;
    let hint = |command: Command, contexts: &[KeyContext]| {
        keymap.hint(contexts, command).unwrap_or_default()
    };
    let streams = hint(GoCommand::Streams.into(), &[KeyContext::Global]);
    let tail = hint(ClusterCommand::Tail.into(), &[KeyContext::Streams]);
    let rest = title_of_pane(painter, place, &[], &[]);
    painter.hit(rest, HitTarget::Rows(Pane::Tail));
    let why =
        format!("{streams} shows the streams; {tail} there tails the chosen stream or partition");
    empty_state(painter, rest, &["no tail is open", &why]);
}

/// A cell of a table: cut to its width, numbers on the right.
fn cell(text: &str, columns: usize, right: bool, sign: &str) -> String {
    let text = cut_middle(text, columns, sign);
    if right {
        pad_left(&text, columns)
    } else {
        pad(&text, columns)
    }
}
