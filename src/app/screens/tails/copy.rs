//! What can be copied of the message that is looked at: its value, key, headers, a path into it, a command that reads it.
//! How text reaches the clipboard is the terminal's business.

use std::fmt::Write;

use super::Tails;
use crate::app::copy::{command, entry};
use crate::app::notice::Level;
use crate::app::overlays::menu::MenuEntry;
use crate::app::{Context, Effect};
use crate::store::{MessageRef, write_record};

impl Tails {
    /// Copies the value of the message that is looked at.
    pub fn copy(&self, context: &mut Context) {
        let Some(message) = self.subject() else {
            context.say(Level::Note, "no message is chosen");
            return;
        };
        context.order(Effect::Copy(text(message.message().value())));
        context.say(Level::Note, "copied the value");
    }

    /// What can be copied of it.
    pub fn copies(&self) -> Vec<MenuEntry> {
        let Some(held) = self.subject() else {
            return Vec::new();
        };
        let message = held.message();
        let mut entries = vec![entry("value", text(message.value()))];
        if !message.key().is_empty() {
            entries.push(entry("key", text(message.key())));
        }
        let headers = headers(&message);
        if !headers.is_empty() {
            entries.push(entry("headers", headers));
        }
        entries.push(entry("record", record(&message)));
        if let (Some(path), Some(line)) = (self.inspector.path(), self.inspector.line_text()) {
            entries.push(entry("line", line.trim_end_matches(',').to_owned()));
            entries.push(entry("path", path));
        }
        entries.push(entry("place", message.id().to_string()));
        entries.push(reads_it(&message));
        entries
    }
}

/// The message as the record that `tail -o ndjson` prints.
fn record(message: &MessageRef<'_>) -> String {
    let mut line = Vec::new();
    let _infallible = write_record(message, &mut line);
    String::from_utf8_lossy(&line).trim_end().to_owned()
}

/// The command that prints exactly this message.
fn reads_it(message: &MessageRef<'_>) -> MenuEntry {
    let place = format!("{}:{}", message.stream(), message.partition());
    let offset = message.offset().to_string();
    command(&["tail", &place, "--from", &offset, "--to", &offset])
}

fn headers(message: &MessageRef<'_>) -> String {
    let mut lines = String::new();
    for (name, value) in message.publisher_headers() {
        let _infallible = writeln!(lines, "{name}={}", text(value));
    }
    lines
}

/// Text as it is; bytes that are none as hexadecimal digits, so that nothing is lost on the way.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().fold(String::new(), |mut digits, byte| {
            let _infallible = write!(digits, "{byte:02x}");
            digits
        }),
    }
}
