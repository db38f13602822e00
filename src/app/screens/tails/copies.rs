//! What can be copied of the inspected message: its value, key, headers, a path into it, a command that reads it.

use std::fmt::Write;

use super::Tails;
use crate::app::app_request::CopyEntry;
use crate::app::context::Context;
use crate::app::notice::Level;
use crate::store::{MessageRef, header_text, write_record};

/// Larger ones are not copied: terminals take less, and making text of it would hold up every key.
const MOST_COPIED: usize = 1 << 20;

impl Tails {
    /// Copies the value of the inspected message.
    pub(super) fn copy_value(&self, context: &mut Context) {
        match self.message() {
            Some(message) if message.message().value().len() > MOST_COPIED => {
                context.notify(Level::Warning, too_large(&message.message()));
            }
            Some(message) => context.copy("the value", text(message.message().value())),
            None => context.notify(Level::Note, "no message is chosen"),
        }
    }

    /// What can be copied of it.
    pub(super) fn message_copies(&self) -> Vec<CopyEntry> {
        let Some(pinned) = self.message() else {
            return Vec::new();
        };
        let message = pinned.message();
        if message.size() > MOST_COPIED {
            let mut entries = self.locators(&message);
            entries.push(CopyEntry::new("place", message.id().to_string()));
            entries.push(read_command(&message));
            return entries;
        }
        let mut entries = vec![CopyEntry::new("value", text(message.value()))];
        if let Some(Ok(decoded)) = self.decoded.of(&message) {
            entries.push(CopyEntry::new("decoded value", &**decoded));
        }
        if !message.key().is_empty() {
            entries.push(CopyEntry::new("key", text(message.key())));
        }
        let headers = headers(&message);
        if !headers.is_empty() {
            entries.push(CopyEntry::new("headers", headers));
        }
        entries.push(CopyEntry::new("record", record(&message)));
        if let (Some(path), Some(line)) = (self.inspector.path(), self.inspector.line_text()) {
            entries.push(CopyEntry::new("line", line.trim_end_matches(',')));
            entries.push(CopyEntry::new("path", path));
        }
        entries.extend(self.locators(&message));
        entries.push(CopyEntry::new("place", message.id().to_string()));
        entries.push(read_command(&message));
        entries
    }
}

fn too_large(message: &MessageRef<'_>) -> String {
    format!(
        "not copied: the value has {} KiB, and no more than {} KiB are; export it, or copy the command that reads it from Y",
        message.value().len() >> 10,
        MOST_COPIED >> 10
    )
}

/// The message as the record that `tail -o ndjson` prints.
fn record(message: &MessageRef<'_>) -> String {
    let mut line = Vec::new();
    let _infallible = write_record(message, &mut line);
    String::from_utf8_lossy(&line).trim_end().to_owned()
}

/// The command that prints exactly this message.
fn read_command(message: &MessageRef<'_>) -> CopyEntry {
    let place = format!("{}:{}", message.stream(), message.partition());
    let offset = message.offset().to_string();
    CopyEntry::command(&["tail"], &[&place], &["--from", &offset, "--to", &offset])
}

fn headers(message: &MessageRef<'_>) -> String {
    let mut lines = String::new();
    for (name, value) in message.publisher_headers() {
        let _infallible = writeln!(lines, "{name}={}", header_text(value));
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
