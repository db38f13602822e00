//! The tail that is shown: its tabs, title, head and rows, and the line being typed.

mod row;
mod title;

use ratatui::layout::Rect;

use crate::app::command::{ClusterCommand, GoCommand, TailCommand};
use crate::app::screens::tails::{ExportRange, Prompt, PromptKind};
use crate::app::{App, Command, HitTarget, KeyContext, Pane, Tail, TailState};
use crate::health::Known;
use crate::model::{counted, first_names};
use crate::store::Query;
use crate::ui::areas::{after, below, left, row as row_of};
use crate::ui::format;
use crate::ui::painter::{Painter, span};
use crate::ui::widgets::{self, MARGIN, PaneArea, empty_state, margin, text_input, tint_selected};
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
    let cells = painter.rows.rows(
        (tail.id(), tail.row().shown()),
        &messages,
        row::most_seen(tail, width),
        &app.settings().schemas,
    );
    let columns = Columns::of(tail, painter.rows.layout(), width, app);
    if let Some(prompt) = tail.prompt() {
        let words = match prompt.kind() {
            PromptKind::Export => export_words(tail, prompt.range(), height),
            PromptKind::Row => row_words(prompt),
            PromptKind::Query | PromptKind::Seek => Default::default(),
        };
        draw_prompt(painter, [title, head], prompt, &words);
    } else {
        title::draw(painter, title, app, tail, (place.focused, height));
        painter.put(after(head, MARGIN), &columns.head(painter.theme));
    }
    if window.rows == 0 {
        return empty_state(painter, rest, &nothing(app, tail));
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

/// What an export is to write, and what else it could.
fn export_words(tail: &Tail, range: ExportRange, height: usize) -> [String; 2] {
    let words = |range| {
        let rows = counted(tail.export_len(range, height), "row");
        match range {
            ExportRange::Shown => format!("the {rows} shown"),
            ExportRange::Screen => format!("the {rows} of this screen"),
            ExportRange::Kept => format!("all {rows} in memory"),
        }
    };
    [
        format!("export {} to ", words(range)),
        format!(
            "a file name; .csv, .raw, or NDJSON   tab: {}",
            words(range.next())
        ),
    ]
}

/// What fields could stand where one is being typed.
fn row_words(prompt: &Prompt) -> [String; 2] {
    let fields = prompt.fields().join("  ");
    let hint = if fields.is_empty() {
        "fields, or text with {fields}: key  value  value.PATH  header.NAME; empty: as it was"
            .to_owned()
    } else {
        format!("tab: {fields}")
    };
    ["row ".to_owned(), hint]
}

fn draw_prompt(
    painter: &mut Painter<'_>,
    [line, below]: [Rect; 2],
    prompt: &Prompt,
    [own_sign, own_hint]: &[String; 2],
) {
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
        PromptKind::Export | PromptKind::Row => (&**own_sign, &**own_hint),
    };
    let used = painter.put(line, &[span(" ", theme.text), span(sign, theme.focus)]);
    let rest = after(line, used);
    text_input::line(painter, rest, prompt.editor(), theme.input);
    let Some(error) = prompt.error() else {
        let (text, style) = match prompt.guess() {
            // What to type instead stands at its end.
            Some(guess) => {
                let room = usize::from(below.width.saturating_sub(1));
                let both_ends = format::cut_middle(guess, room, theme.glyphs.cut);
                (both_ends, theme.degraded)
            }
            None => (hint.to_owned(), theme.muted),
        };
        painter.put(below, &[span(format!(" {text}"), style)]);
        return;
    };
    let at = error
        .at
        .map(|at| text_input::column(prompt.editor(), rest.width, at));
    let indent = at.map_or(0, |at| usize::from(used) + at.saturating_sub(1));
    let needed = format::width(&error.sentence) + 2;
    // The sentence ends on the screen even where the fault is far to the right.
    let indent = indent.min(usize::from(below.width).saturating_sub(needed));
    let sign = if at.is_some() { "^ " } else { "" };
    let text = format!("{}{sign}{}", " ".repeat(indent.max(1)), error.sentence);
    painter.put(below, &[span(text, theme.broken)]);
}

/// No row: what is missing, why, what to press.
fn nothing(app: &App, tail: &Tail) -> [String; 2] {
    let key = |command: TailCommand| hint(app, command.into(), Pane::Tail.key_contexts());
    let seek = key(TailCommand::Seek);
    let close = key(TailCommand::Close);
    let follow = key(TailCommand::Follow);
    if let Some(failure) = tail.failure() {
        let hint = format!("{follow} tries again   {close} closes");
        return [failure.sentence.clone(), hint];
    }
    if tail.search().query().is_some() && tail.store().kept() > 0 {
        return no_match(tail);
    }
    if tail.replaced().is_some() {
        return [
            "the stream was deleted, and another one of that name was made".to_owned(),
            format!("{follow} tails that one   {close} closes"),
        ];
    }
    match tail.state() {
        TailState::Opening => opening(app, tail),
        TailState::Resuming { failure, .. } => [
            "looking for a broker that serves it".to_owned(),
            failure.sentence.clone(),
        ],
        TailState::Ended { reason, .. } => [
            title::end_text(reason),
            format!("{follow} reads on   {seek} seeks   {close} closes"),
        ],
        TailState::Live if tail.past_end().next().is_some() => past_end(tail, &seek),
        TailState::Live => [
            "no message yet".to_owned(),
            format!("waiting for new ones   {seek} seeks older ones"),
        ],
    }
}

/// Nothing is at the place that was sought.
fn past_end(tail: &Tail, seek: &str) -> [String; 2] {
    let ends = tail.past_end().map(|(one, newest)| {
        let end = match newest {
            ..0 => "is empty".to_owned(),
            newest => format!("ends at {}", format::count(newest)),
        };
        format!("{}:{} {end}", one.stream, one.partition)
    });
    let ends: Vec<String> = ends.collect();
    [
        format!("nothing at {}: {}", tail.start_text(), first_names(&ends)),
        format!("waiting for new ones   {seek} seeks elsewhere"),
    ]
}

fn no_match(tail: &Tail) -> [String; 2] {
    let kept = counted(tail.store().kept(), "message");
    if tail.search().is_scanning() {
        return [format!("looking through {kept}"), String::new()];
    }
    let guess = tail.search().query().and_then(Query::hint);
    [
        format!("none of {kept} matches"),
        guess.unwrap_or_else(|| "esc shows all of them".to_owned()),
    ]
}

/// What an opening waits for: it goes on by itself once there is a leader that answers.
fn opening(app: &App, tail: &Tail) -> [String; 2] {
    let mut partitions = tail.partitions().iter();
    let unreachable = partitions.find_map(|one| {
        let partition = app.truth().partition(&one.stream, one.partition)?;
        (partition.leader_reachable == Known::No).then_some((one, partition))
    });
    let Some((one, partition)) = unreachable else {
        return ["opening the subscription".to_owned(), String::new()];
    };
    let why = match &partition.leader {
        Some(leader) => format!("{leader} does not answer"),
        None => "no broker names a leader".to_owned(),
    };
    [
        format!("{}:{} has no reachable leader", one.stream, one.partition),
        format!("{why}; the tail opens once another one leads"),
    ]
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
