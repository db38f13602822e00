//! The keys of a place, from the keymap: what is close by first, then what holds everywhere; and what the mouse does.

use super::Line;
use crate::app::screens::tails::LATE_AFTER;
use crate::app::{Command, KeyContext, Keymap};
use crate::ui::format;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// The text about the keys that count in these contexts; `refuses_changes`: in observer mode.
pub(super) fn help_detail(
    contexts: &[KeyContext],
    keymap: &Keymap,
    refuses_changes: bool,
    theme: &Theme,
) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut listed: Vec<Command> = Vec::new();
    for context in contexts {
        let mut part = Vec::new();
        for command in Command::ALL {
            let mut bindings = keymap.bindings().iter();
            let is_bound = bindings.any(|one| one.context == *context && one.command == *command);
            let keys = keymap.hints(contexts, *command);
            if !is_bound || listed.contains(command) || keys.is_empty() {
                continue;
            }
            listed.push(*command);
            let mut keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
            keys.dedup();
            let keys = keys.join("  ");
            part.push(if refuses_changes && command.changes_cluster() {
                let text = format::pad(&keys, KEYS) + command.help();
                Line::text(format!("{text} Refused while observing."), theme.faint)
            } else {
                key_line(&keys, command.help(), theme)
            });
        }
        if part.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(Line::gap());
        }
        lines.push(Line::text(context.title(), theme.title));
        lines.extend(part);
        if *context == KeyContext::Tail {
            lines.extend(order_of_rows(theme));
        }
        let is_table = *context == KeyContext::List && !contexts.contains(&KeyContext::Tail);
        if is_table {
            lines.push(key_line("shift-letter", SORTING, theme));
        }
    }
    if contexts.contains(&KeyContext::Global) {
        lines.extend([Line::gap(), Line::text("the mouse", theme.title)]);
        lines.extend(MOUSE.map(|(gesture, help)| key_line(gesture, help, theme)));
        lines.extend([
            Line::gap(),
            Line::text("another keyboard layout", theme.title),
            key_line("й  ξ", LAYOUTS, theme),
        ]);
    }
    lines
}

/// What the head of the times and the sign behind one mean.
fn order_of_rows(theme: &Theme) -> [Line; 2] {
    let window = format::age(LATE_AFTER);
    let head = format!("TIME {}{window}", theme.glyphs.within);
    let order = format!(
        "Above rows of several partitions, which stand in the order of their times: one that comes when messages over \
         {window} newer were shown already is late."
    );
    let late = "A late message: it stands where its time puts it, and the title counts it.";
    [
        key_line(&head, order, theme),
        key_line(theme.glyphs.late, late, theme),
    ]
}

/// Columns of the keys.
const KEYS: usize = 17;

/// What a letter with shift does in a list.
const SORTING: &str = "Sort by the column in whose head that letter is underlined; again: reverse.";

/// What keys mean where letters of another script are typed.
const LAYOUTS: &str = "A key whose letter means nothing here counts by its place on the keyboard: Cyrillic, Greek, \
                       Hebrew, Arabic and others. In a text box it is what was typed.";

/// What the mouse does while it is the dashboard's, and what the terminal does with it all the same.
const MOUSE: [(&str, &str); 3] = [
    ("click", "Choose; a second click opens."),
    ("wheel", "Scroll."),
    (
        "shift-drag",
        "Select text, whosever the mouse is; option-drag in some terminals.",
    ),
];

fn key_line(keys: &str, help: impl Into<String>, theme: &Theme) -> Line {
    Line(vec![
        span(format::pad(keys, KEYS), theme.key),
        span(help, theme.text),
    ])
}
