//! What can be copied from where: the value at once, or one of a menu's.
//!
//! How text reaches the clipboard is the terminal's business.

use crate::app::notice::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::menu::{Menu, MenuAction, MenuEntry};
use crate::app::{App, Effect, Pane, Screen};
use crate::model::shell_line;

impl App {
    /// Copies what is chosen.
    pub(super) fn copy(&mut self) {
        if self.focus.screen() == Screen::Tails {
            return self.tails.copy(&mut self.context);
        }
        if let Some(first) = self.copies().into_iter().next() {
            self.copy_entry(first);
        }
    }

    /// Opens the menu of what can be copied here.
    pub(super) fn open_copy_menu(&mut self) {
        let entries = self.copies();
        if !entries.is_empty() {
            self.overlay = Some(Overlay::Menu(Menu::new("copy", entries)));
        }
    }

    fn copy_entry(&mut self, entry: MenuEntry) {
        if let MenuAction::Copy(text) = entry.choice {
            self.copy_text(&entry.label, text);
        }
    }

    /// Copies a text and says so.
    pub(super) fn copy_text(&mut self, what: &str, text: String) {
        self.context.order(Effect::Copy(text));
        self.context.say(Level::Note, format!("copied {what}"));
    }

    fn copies(&self) -> Vec<MenuEntry> {
        match self.focus.pane() {
            Pane::Findings => self.copies_of_finding(),
            Pane::Cluster => {
                self.copies_of_broker(self.overview.brokers.chosen().map(AsRef::as_ref))
            }
            Pane::Brokers => self.copies_of_broker(self.brokers.chosen().map(AsRef::as_ref)),
            Pane::Streams => self.copies_of_stream(),
            Pane::Partitions => self.copies_of_partition(),
            Pane::Cursors => self.copies_of_cursor(),
            Pane::Groups => {
                let id = self.cursors.group_list.chosen().cloned();
                id.map(|id| vec![entry("group", id), command(&["groups"])])
                    .unwrap_or_default()
            }
            Pane::Activity => self.copies_of_event(),
            Pane::Tail | Pane::Inspector => self.tails.copies(),
        }
    }

    fn copies_of_finding(&self) -> Vec<MenuEntry> {
        let Some(finding) = self.overview.chosen(self.truth()) else {
            return Vec::new();
        };
        let mut all = vec![finding.message.clone()];
        all.extend(finding.detail.iter().cloned());
        vec![
            entry("finding", finding.message.clone()),
            entry("finding with its evidence", all.join("\n")),
            entry("place", finding.place()),
            command(&["check", "--rule", finding.rule.as_str()]),
        ]
    }

    fn copies_of_broker(&self, name: Option<&str>) -> Vec<MenuEntry> {
        let Some(broker) = name.and_then(|name| self.truth().broker(name)) else {
            return Vec::new();
        };
        vec![
            entry("address", broker.address.to_string()),
            entry("name", broker.name().to_owned()),
            command(&["brokers", "--addr", &broker.address]),
        ]
    }

    fn copies_of_stream(&self) -> Vec<MenuEntry> {
        let Some(stream) = self.streams.chosen(self.truth()) else {
            return Vec::new();
        };
        vec![
            entry("name", stream.name.to_string()),
            entry("subject", stream.subject.to_string()),
            command(&["describe", &stream.name]),
            command(&["tail", &stream.name]),
        ]
    }

    fn copies_of_partition(&self) -> Vec<MenuEntry> {
        let Some((stream, id)) = self.streams.partitions.chosen() else {
            return Vec::new();
        };
        let place = format!("{stream}:{id}");
        let mut entries = vec![entry("place", place.clone()), command(&["tail", &place])];
        let leader = self.streams.chosen_partition(self.truth());
        let leader = leader.and_then(|partition| partition.leader.as_ref());
        entries.extend(leader.map(|leader| entry("leader", leader.to_string())));
        entries
    }

    fn copies_of_cursor(&self) -> Vec<MenuEntry> {
        let Some(cursor) = self.cursors.chosen(self.truth()) else {
            return Vec::new();
        };
        let place = format!("{}:{}", cursor.entry.stream, cursor.entry.partition);
        vec![
            entry("cursor", cursor.entry.id.clone()),
            entry("offset", cursor.entry.offset.to_string()),
            command(&["cursor", "get", &cursor.entry.id, &place]),
        ]
    }

    fn copies_of_event(&self) -> Vec<MenuEntry> {
        let Some(event) = self.activity.chosen() else {
            return Vec::new();
        };
        let text = crate::app::screens::activity::sentence(event);
        vec![entry("event", text), command(&["activity"])]
    }
}

/// An entry that copies a text.
pub(super) fn entry(label: &str, text: String) -> MenuEntry {
    MenuEntry {
        label: label.to_owned(),
        // A menu shows a line of it.
        detail: text.replace('\n', "  "),
        keys: None,
        choice: MenuAction::Copy(text),
    }
}

/// An entry that copies a `liftui` command.
pub(super) fn command(arguments: &[&str]) -> MenuEntry {
    let all = std::iter::once("liftui").chain(arguments.iter().copied());
    let line = shell_line(&all.map(str::to_owned).collect::<Vec<_>>());
    entry("as a liftui command", line)
}
