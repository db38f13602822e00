//! The keys of a place, from the keymap: what is close by first, then what holds everywhere.

use super::Line;
use crate::app::{Command, KeyContext, Keymap};
use crate::ui::format;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// The text about the keys that count in these contexts.
pub(super) fn help_detail(contexts: &[KeyContext], keymap: &Keymap, theme: &Theme) -> Vec<Line> {
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
            let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
            part.push(key_line(&keys.join("  "), command.help(), theme));
        }
        if part.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(Line::gap());
        }
        lines.push(Line::text(place(*context), theme.title));
        lines.extend(part);
    }
    lines
}

fn key_line(keys: &str, help: &str, theme: &Theme) -> Line {
    Line(vec![
        span(format::pad(keys, 17), theme.key),
        span(help, theme.text),
    ])
}

/// What help calls a context.
fn place(context: KeyContext) -> &'static str {
    match context {
        KeyContext::Global => "everywhere",
        KeyContext::List => "in every list",
        KeyContext::Overview => "findings",
        KeyContext::Brokers => "brokers",
        KeyContext::Streams => "streams and partitions",
        KeyContext::Cursors => "cursors and groups",
        KeyContext::Activity => "activity",
        KeyContext::Tail => "a tail",
        KeyContext::Inspector => "a message",
        KeyContext::Form => "a form",
        KeyContext::Text => "a text box",
        KeyContext::Confirm => "a question",
        KeyContext::Menu => "a menu",
        KeyContext::Reader => "a text",
    }
}
