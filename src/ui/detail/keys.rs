//! The keys of a place, from the keymap: what is close by first, then what holds everywhere.
//!
//! Which keys there are is the keymap's business.

use super::Line;
use crate::app::{Command, KeyContext, Keymap};
use crate::ui::format;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// The text about the keys that count in these contexts.
pub(super) fn help_page(contexts: &[KeyContext], keymap: &Keymap, theme: &Theme) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut told: Vec<Command> = Vec::new();
    for context in contexts {
        let mut part = Vec::new();
        for command in Command::ALL {
            let own = keymap.bindings().iter();
            let here = own
                .clone()
                .any(|one| one.context == *context && one.command == *command);
            if !here || told.contains(command) {
                continue;
            }
            let keys = keymap.hints(contexts, *command);
            if keys.is_empty() {
                continue;
            }
            told.push(*command);
            let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
            part.push(key_line(&keys.join("  "), command.help(), theme));
        }
        if part.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(Line::gap());
        }
        lines.push(Line::head(place(*context), theme));
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
