//! The line being typed above a tail, and what can be typed there or is wrong with it.

use ratatui::layout::Rect;

use crate::app::Tail;
use crate::app::screens::tails::{ExportRange, Prompt, PromptKind};
use crate::model::counted;
use crate::ui::areas::after;
use crate::ui::format;
use crate::ui::painter::{Painter, span};
use crate::ui::widgets::text_input;

/// Values of a field, and other completions, that a line has room for.
const SHOWN_VALUES: usize = 4;
const SHOWN_COMPLETIONS: usize = 8;

/// What a place can be, in as many words as there is room for.
const SEEK_HINTS: [&str; 3] = [
    "earliest  latest  new  1234  -50  @10:30  @2026-11-22T10:30:00Z  @-15m",
    "earliest  latest  new  1234  -50  @10:30  @-15m",
    "earliest  latest  1234  -50  @-15m",
];

/// What a query can be.
const QUERY_HINTS: [&str; 4] = [
    "text  ~regex  key:T  header.NAME:T  offset>N  age<5m  cel: value.amount > 500",
    "text  ~regex  key:T  header.NAME:T  offset>N  age<5m  cel: value.n > 5",
    "text  ~regex  key:T  header.NAME:T  offset>N  age<5m  cel:",
    "text  ~regex  key:T  offset>N  age<5m  cel:",
];

/// What a row can be.
const ROW_HINTS: [&str; 3] = [
    "fields, or text with {fields}: key  value  value.PATH  header.NAME; empty: as it was",
    "fields: key  value  value.PATH  header.NAME; empty: as it was",
    "key  value.PATH  header.NAME; empty: as it was",
];

/// The first of these texts that has room, the fullest first.
fn fitting<'a>(texts: &[&'a str], room: usize) -> &'a str {
    let fits = texts.iter().find(|text| format::width(text) <= room);
    fits.or(texts.last()).copied().unwrap_or_default()
}

/// Draws the line, and the one below it.
pub(super) fn draw(
    painter: &mut Painter<'_>,
    lines: [Rect; 2],
    (tail, height): (&Tail, usize),
    prompt: &Prompt,
) {
    // A blank stands before them, and one behind.
    let [_, below] = &lines;
    let room = usize::from(below.width.saturating_sub(2));
    let words = match prompt.kind() {
        PromptKind::Export => export_words(tail, prompt.range(), height, room),
        PromptKind::Row => row_words(prompt, room),
        PromptKind::Query => query_words(prompt, room),
        PromptKind::Seek => ["from ".to_owned(), fitting(&SEEK_HINTS, room).to_owned()],
    };
    draw_prompt(painter, lines, prompt, &words);
}

/// What an export is to write, and what else it could.
fn export_words(tail: &Tail, range: ExportRange, height: usize, room: usize) -> [String; 2] {
    let words = |range| {
        let rows = counted(tail.export_len(range, height), "row");
        match range {
            ExportRange::Shown => format!("the {rows} shown"),
            ExportRange::Screen => format!("the {rows} of this screen"),
            ExportRange::Kept => format!("all {rows} in memory"),
        }
    };
    let next = words(range.next());
    let hints = [
        format!("a file name; .csv, .raw, or NDJSON   tab: {next}"),
        "a file name; .csv, .raw, or NDJSON".to_owned(),
    ];
    let hint = fitting(&hints.each_ref().map(String::as_str), room).to_owned();
    [format!("export {} to ", words(range)), hint]
}

/// What fields could stand where one is being typed.
fn row_words(prompt: &Prompt, room: usize) -> [String; 2] {
    let fields = prompt.fields();
    let hint = if fields.is_empty() {
        fitting(&ROW_HINTS, room).to_owned()
    } else {
        let gaps = std::iter::once(" ").chain(std::iter::repeat("  "));
        let fields = gaps.zip(fields).map(|(gap, field)| format!("{gap}{field}"));
        with_as_many("tab:".to_owned(), fields, room)
    };
    ["row ".to_owned(), hint]
}

/// The text and as many of the pieces behind it as there is room for; the first one in any case.
fn with_as_many(mut text: String, pieces: impl Iterator<Item = String>, room: usize) -> String {
    for (number, piece) in pieces.enumerate() {
        if number > 0 && format::width(&text) + format::width(&piece) > room {
            break;
        }
        text += &piece;
    }
    text
}

/// What a query could go on with: the first one with the values that it has most often.
fn query_words(prompt: &Prompt, room: usize) -> [String; 2] {
    let (completions, known) = prompt.completions();
    let Some((first, others)) = completions.split_first().filter(|_| !prompt.is_empty()) else {
        return ["/ ".to_owned(), fitting(&QUERY_HINTS, room).to_owned()];
    };
    let text = format!("tab (by {}):", counted(known, "message"));
    let values = match first.values.as_slice() {
        [] => String::new(),
        values => {
            let shown = values.get(..SHOWN_VALUES).unwrap_or(values);
            format!(" ({})", shown.join(", "))
        }
    };
    let first = format!(" {} {}{values}", first.text, first.about);
    let others = others.iter().take(SHOWN_COMPLETIONS);
    let others = others.map(|one| format!("  {} {}", one.text, one.about));
    let hint = with_as_many(text, std::iter::once(first).chain(others), room);
    ["/ ".to_owned(), hint]
}

fn draw_prompt(
    painter: &mut Painter<'_>,
    [line, below]: [Rect; 2],
    prompt: &Prompt,
    [sign, hint]: &[String; 2],
) {
    let theme = painter.theme;
    let used = painter.put(
        line,
        &[span(" ", theme.text), span(sign.clone(), theme.focus)],
    );
    let rest = after(line, used);
    text_input::line(painter, rest, prompt.editor(), theme.input);
    // What is not finished yet is no fault where it is known how it could go on.
    let goes_on = !prompt.completions().0.is_empty();
    let Some(error) = prompt.error().filter(|_| !goes_on) else {
        let (text, style) = match prompt.guess() {
            // What to type instead stands at its end.
            Some(guess) => {
                let room = usize::from(below.width.saturating_sub(1));
                let both_ends = format::cut_middle(guess, room, theme.glyphs.cut);
                (both_ends, theme.degraded)
            }
            None => (hint.clone(), theme.muted),
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
