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

/// Draws the line, and the one below it.
pub(super) fn draw(
    painter: &mut Painter<'_>,
    lines: [Rect; 2],
    (tail, height): (&Tail, usize),
    prompt: &Prompt,
) {
    let words = match prompt.kind() {
        PromptKind::Export => export_words(tail, prompt.range(), height),
        PromptKind::Row => row_words(prompt),
        PromptKind::Query => query_words(prompt),
        PromptKind::Seek => Default::default(),
    };
    draw_prompt(painter, lines, prompt, &words);
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

/// What a query could go on with: the first one with the values that it has most often.
fn query_words(prompt: &Prompt) -> [String; 2] {
    let (completions, known) = prompt.completions();
    let Some((first, others)) = completions.split_first().filter(|_| !prompt.is_empty()) else {
        let hint = "text  ~regex  key:T  header.NAME:T  offset>N  age<5m  cel: value.amount > 500";
        return ["/ ".to_owned(), hint.to_owned()];
    };
    let values = match first.values.as_slice() {
        [] => String::new(),
        values => {
            let shown = values.get(..SHOWN_VALUES).unwrap_or(values);
            format!(" ({})", shown.join(", "))
        }
    };
    let others = others.iter().take(SHOWN_COMPLETIONS);
    let others = others.map(|one| format!("  {} {}", one.text, one.about));
    let hint = format!(
        "tab (by {}): {} {}{values}{}",
        counted(known, "message"),
        first.text,
        first.about,
        others.collect::<String>(),
    );
    ["/ ".to_owned(), hint]
}

fn draw_prompt(
    painter: &mut Painter<'_>,
    [line, below]: [Rect; 2],
    prompt: &Prompt,
    [own_sign, own_hint]: &[String; 2],
) {
    let theme = painter.theme;
    let (sign, hint) = match prompt.kind() {
        PromptKind::Seek => (
            "from ",
            "earliest  latest  new  1234  -50  @10:30  @2026-11-22T10:30:00Z  @-15m",
        ),
        PromptKind::Query | PromptKind::Export | PromptKind::Row => (&**own_sign, &**own_hint),
    };
    let used = painter.put(line, &[span(" ", theme.text), span(sign, theme.focus)]);
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
