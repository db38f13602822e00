//! From place to place: movement within lists, drilling down, the commands that all lists share, the steps of Esc.
//!
//! What a list does with them is `table`'s; texts to read scroll themselves.

use std::sync::Arc;

use crate::app::command::{ListCommand, Move, TailCommand};
use crate::app::lists::table::Listing;
use crate::app::overlays::{DetailTarget, Overlay};
use crate::app::screens::activity;
use crate::app::{App, Pane, Screen};
use crate::model::{StreamName, Target};

impl App {
    /// The list in focus; a tail is none.
    pub fn listing(&self) -> Option<&dyn Listing> {
        match self.focus.pane() {
            Pane::Findings => Some(&self.overview.findings),
            Pane::Cluster => Some(&self.overview.brokers),
            Pane::Brokers => Some(&self.brokers),
            Pane::Streams => Some(&self.streams.list),
            Pane::Partitions => Some(&self.streams.partitions),
            Pane::Cursors => Some(&self.cursors.list),
            Pane::Groups => Some(&self.cursors.group_list),
            Pane::Activity => Some(&self.activity.list),
            Pane::Tail | Pane::Inspector => None,
        }
    }

    /// The same, to change.
    pub(super) fn listing_mut(&mut self) -> Option<&mut dyn Listing> {
        match self.focus.pane() {
            Pane::Findings => Some(&mut self.overview.findings),
            Pane::Cluster => Some(&mut self.overview.brokers),
            Pane::Brokers => Some(&mut self.brokers),
            Pane::Streams => Some(&mut self.streams.list),
            Pane::Partitions => Some(&mut self.streams.partitions),
            Pane::Cursors => Some(&mut self.cursors.list),
            Pane::Groups => Some(&mut self.cursors.group_list),
            Pane::Activity => Some(&mut self.activity.list),
            Pane::Tail | Pane::Inspector => None,
        }
    }

    /// Something is done with the chosen row: it stays chosen wherever it goes.
    pub(super) fn hold(&mut self) {
        if let Some(list) = self.listing_mut() {
            list.hold();
        }
    }

    /// Moves in what is on top: a menu, a text, or the pane in focus.
    pub(super) fn move_in(&mut self, movement: Move) {
        let overlay = self.context.viewport.overlay_rows();
        let lines = self.context.viewport.overlay_lines;
        match &mut self.overlay {
            Some(Overlay::Menu(menu)) => menu.go(movement, overlay),
            Some(Overlay::Reader(reader)) => reader.go(movement, lines, overlay),
            Some(Overlay::Confirm(_) | Overlay::CommandLine(_) | Overlay::Form(_)) => {}
            None => self.move_in_pane(movement),
        }
    }

    fn move_in_pane(&mut self, movement: Move) {
        let pane = self.focus.pane();
        let height = self.context.viewport.rows(pane);
        match self.listing_mut() {
            Some(list) => list.go(movement, height),
            None => self.tails.go(pane, movement, &mut self.context),
        }
    }

    /// A command that every list understands by itself.
    pub(super) fn in_list(&mut self, command: ListCommand) {
        let height = self.context.viewport.rows(self.focus.pane());
        let Some(list) = self.listing_mut() else {
            return self.in_tail(command);
        };
        match command {
            ListCommand::Mark => list.mark(height),
            ListCommand::Filter => list.filter_mut().open(),
            ListCommand::NextMatch => list.next_match(true, height),
            ListCommand::PreviousMatch => list.next_match(false, height),
            ListCommand::Sort => list.sort_by_next(),
            ListCommand::Reverse => list.reverse(),
            ListCommand::Open
            | ListCommand::FaultsOnly
            | ListCommand::Internal
            | ListCommand::Describe
            | ListCommand::Copy
            | ListCommand::CopyMenu => {}
        }
    }

    /// One step of Esc within the pane in focus; `false` where there was nothing to leave or to clear.
    pub(super) fn escape_in_pane(&mut self) -> bool {
        match self.listing_mut() {
            Some(list) => list.escape(),
            None => self.tails.escape(self.focus.pane(), &mut self.context),
        }
    }

    /// Goes one level deeper, from what is chosen.
    pub(super) fn open(&mut self) {
        if let Some(Overlay::Menu(_)) = self.overlay {
            return self.choose_from_menu();
        }
        self.hold();
        match self.focus.pane() {
            Pane::Findings => self.open_finding(),
            Pane::Cluster => self.open_broker(),
            Pane::Brokers | Pane::Groups => self.describe(),
            Pane::Streams => self.open_partitions(),
            Pane::Partitions => self.tail(),
            Pane::Cursors => self.open_cursor(),
            Pane::Activity => self.open_event(),
            Pane::Tail => {
                self.tails.stay(&mut self.context);
                self.focus.descend(Pane::Inspector);
            }
            Pane::Inspector => self.tail_command(TailCommand::Fold),
        }
    }

    fn open_finding(&mut self) {
        let Some(finding) = self.overview.chosen(self.truth()).cloned() else {
            return;
        };
        match finding.target {
            Target::Broker(id) => self.show_broker(&id),
            Target::Stream(name) | Target::Partition(name, _) => {
                self.show_partition(name, finding.partitions.first().copied());
            }
            Target::Cursor(_) | Target::Group(_) => {
                self.focus.descend(Pane::Cursors);
                self.arrived();
            }
            Target::Cluster | Target::Subject(_) => self.describe(),
        }
    }

    fn open_broker(&mut self) {
        if let Some(name) = self.overview.brokers.chosen().cloned() {
            self.show_broker(&name);
        }
    }

    /// Shows a broker among the brokers, one level deeper.
    pub(super) fn show_broker(&mut self, name: &str) {
        self.brokers.choose(Arc::from(name));
        self.focus.descend(Pane::Brokers);
    }

    fn open_partitions(&mut self) {
        if self.streams.list.chosen().is_some() {
            self.focus.descend(Pane::Partitions);
        }
    }

    /// Shows a stream, with its partitions in focus where one is wanted.
    pub(super) fn show_partition(&mut self, stream: StreamName, partition: Option<i32>) {
        self.streams.internal |= stream.starts_with("__");
        self.streams.list.filter_mut().clear();
        self.streams.choose(stream, partition);
        let pane = if partition.is_some() {
            Pane::Partitions
        } else {
            Pane::Streams
        };
        self.focus.descend(pane);
    }

    fn open_cursor(&mut self) {
        if let Some((_, stream, partition)) = self.cursors.list.chosen().cloned() {
            self.show_partition(stream, Some(partition));
        }
    }

    fn open_event(&mut self) {
        let stream = self
            .activity
            .chosen()
            .and_then(|event| activity::stream(&event.kind));
        match stream.cloned() {
            Some(stream) if self.truth().stream(&stream).is_some() => {
                self.show_partition(stream, None);
            }
            _ => self.describe(),
        }
    }

    /// Opens the text about what is chosen.
    pub(super) fn describe(&mut self) {
        self.hold();
        if let Some(subject) = self.subject() {
            self.overlay = Some(Overlay::read(subject));
        }
    }

    fn subject(&self) -> Option<DetailTarget> {
        match self.focus.pane() {
            Pane::Findings => self
                .overview
                .findings
                .chosen()
                .cloned()
                .map(DetailTarget::Finding),
            Pane::Cluster => self.overview.brokers.chosen().map(|name| broker(name)),
            Pane::Brokers => self.brokers.chosen().map(|name| broker(name)),
            Pane::Streams => self
                .streams
                .list
                .chosen()
                .cloned()
                .map(DetailTarget::Stream),
            Pane::Partitions => self
                .streams
                .partitions
                .chosen()
                .cloned()
                .map(DetailTarget::Partition),
            Pane::Cursors => self
                .cursors
                .list
                .chosen()
                .cloned()
                .map(DetailTarget::Cursor),
            Pane::Groups => self
                .cursors
                .group_list
                .chosen()
                .cloned()
                .map(DetailTarget::Group),
            Pane::Activity => self
                .activity
                .list
                .chosen()
                .copied()
                .map(DetailTarget::Event),
            Pane::Tail | Pane::Inspector => self.tails.target().map(DetailTarget::Partition),
        }
    }

    /// A screen came into view.
    pub(super) fn arrived(&mut self) {
        match self.focus.screen() {
            Screen::Cursors => self.cursors.read(&mut self.context),
            Screen::Activity => self.activity.follow(&mut self.context),
            Screen::Overview | Screen::Brokers | Screen::Streams | Screen::Tails => {}
        }
    }

    /// The broker that a command is about: the chosen one, or the one that the chosen finding is about.
    pub(super) fn chosen_broker(&self) -> Option<String> {
        match self.focus.pane() {
            Pane::Cluster => self.overview.brokers.chosen().map(ToString::to_string),
            Pane::Brokers => self.brokers.chosen().map(ToString::to_string),
            Pane::Findings => {
                let target = &self.overview.chosen(self.truth())?.target;
                if let Target::Broker(id) = target {
                    Some(id.to_string())
                } else {
                    None
                }
            }
            Pane::Partitions => {
                let partition = self.streams.chosen_partition(self.truth())?;
                partition.leader.as_ref().map(ToString::to_string)
            }
            Pane::Streams
            | Pane::Cursors
            | Pane::Groups
            | Pane::Activity
            | Pane::Tail
            | Pane::Inspector => None,
        }
    }
}

fn broker(name: &str) -> DetailTarget {
    DetailTarget::Broker(name.to_owned())
}
