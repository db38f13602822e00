//! What all screens have in common: which row is selected in a pane, and the commands that mean the same on each.

use super::{copies, operations};
use crate::app::app_request::{AppRequest, CopyEntry};
use crate::app::command::{Command, ListCommand, Motion, TextCommand};
use crate::app::context::Context;
use crate::app::focus::Pane;
use crate::app::input::editor::TextInput;
use crate::app::input::key_hints::{FILTERING, Hint, hints_of};
use crate::app::key_context::KeyContext;
use crate::app::lists::filter::Filter;
use crate::app::lists::table::Listing;
use crate::app::row_key::{DetailTarget, FindingKey, RowKey};
use crate::app::viewport::Viewport;
use crate::health::Truth;
use crate::model::{StreamName, Target};

/// One screen. Which lists it has is its own; what commands do with a list is the same for all.
pub(in crate::app) trait ScreenState {
    /// The list in that pane; a tail is none.
    fn list_in(&self, pane: Pane) -> Option<&dyn Listing>;

    /// The list in that pane, to change.
    fn list_in_mut(&mut self, pane: Pane) -> Option<&mut dyn Listing>;

    /// The selected row of that pane.
    fn selected(&self, pane: Pane) -> Option<RowKey> {
        self.list_in(pane)?.selected_row()
    }

    /// The rows that a change concerns: the marked ones, or the selected one.
    fn targets(&self, pane: Pane) -> Vec<RowKey> {
        self.selected(pane).into_iter().collect()
    }

    /// Works out the rows from what holds now.
    fn update_rows(&mut self, truth: &Truth, faults_only: bool, viewport: &Viewport);

    /// The screen came into view.
    fn on_shown(&mut self, _context: &mut Context) {}

    /// Carries out a command in that pane.
    fn run(&mut self, pane: Pane, command: Command, truth: &Truth, context: &mut Context) {
        match command {
            Command::Move(motion) => self.move_by(pane, motion, context),
            Command::List(command) => self.run_list_command(pane, command, truth, context),
            Command::Cluster(command) => {
                self.keep_selected(pane);
                let (targets, selected) = (self.targets(pane), self.selected(pane));
                operations::run(command, &targets, selected.as_ref(), truth, context);
            }
            Command::Text(command) => self.run_text_command(pane, command, context),
            Command::Go(_)
            | Command::Tail(_)
            | Command::Form(_)
            | Command::Pane(_)
            | Command::Query(_)
            | Command::Confirm(_)
            | Command::Replay(_)
            | Command::App(_) => {}
        }
    }

    /// Moves the selection.
    fn move_by(&mut self, pane: Pane, motion: Motion, context: &mut Context) {
        if let Some(list) = self.list_in_mut(pane) {
            list.move_by(motion, context.viewport.rows(pane));
        }
    }

    /// Carries out a command that every list has.
    fn run_list_command(
        &mut self,
        pane: Pane,
        command: ListCommand,
        truth: &Truth,
        context: &mut Context,
    ) {
        match command {
            ListCommand::Open => self.open_selected(pane, truth, context),
            ListCommand::Describe => self.describe(pane, context),
            ListCommand::Copy => self.copy(pane, truth, context),
            ListCommand::CopyMenu => {
                context.request(AppRequest::CopyMenu(self.copies(pane, truth)));
            }
            ListCommand::Mark
            | ListCommand::Filter
            | ListCommand::NextMatch
            | ListCommand::PreviousMatch
            | ListCommand::Sort
            | ListCommand::Columns
            | ListCommand::Reverse
            | ListCommand::FaultsOnly
            | ListCommand::Deleted
            | ListCommand::Internal => {
                if let Some(list) = self.list_in_mut(pane) {
                    list.run(command, context.viewport.rows(pane));
                }
            }
        }
    }

    /// Carries out a command of the text box that is open.
    fn run_text_command(&mut self, pane: Pane, command: TextCommand, _context: &mut Context) {
        if let (TextCommand::Accept, Some(list)) = (command, self.list_in_mut(pane)) {
            list.filter_mut().close();
        }
    }

    /// Keeps the selected row selected wherever it goes: something is done with it.
    fn keep_selected(&mut self, pane: Pane) {
        if let Some(list) = self.list_in_mut(pane) {
            list.keep_selected();
        }
    }

    /// Goes one level deeper, from the selected row.
    fn open_selected(&mut self, pane: Pane, truth: &Truth, context: &mut Context) {
        self.keep_selected(pane);
        if pane == Pane::Partitions {
            return operations::tail(&self.targets(pane), truth, context);
        }
        let Some(row) = self.selected(pane) else {
            return;
        };
        context.request(match row {
            RowKey::Finding(key) => match finding_request(&key, truth) {
                Some(request) => request,
                None => return,
            },
            RowKey::Broker(name) if pane == Pane::Cluster => {
                AppRequest::ShowBroker(name.to_string())
            }
            RowKey::Stream(_) => AppRequest::Descend(Pane::Partitions),
            RowKey::Cursor((_, stream, partition)) => {
                AppRequest::ShowStream(stream, Some(partition))
            }
            RowKey::Event(event) => {
                let stream = super::activity::stream(&event.kind);
                match stream.filter(|stream| truth.stream(stream).is_some()) {
                    Some(stream) => AppRequest::ShowStream(StreamName::clone(stream), None),
                    None => AppRequest::ShowDetail(DetailTarget::Row(RowKey::Event(event))),
                }
            }
            row @ (RowKey::Broker(_)
            | RowKey::Partition(_)
            | RowKey::Group(_)
            | RowKey::TableRow(_)
            | RowKey::Incident(_)) => AppRequest::ShowDetail(DetailTarget::Row(row)),
        });
    }

    /// Opens the text about the selected row.
    fn describe(&mut self, pane: Pane, context: &mut Context) {
        self.keep_selected(pane);
        if let Some(row) = self.selected(pane) {
            context.request(AppRequest::ShowDetail(DetailTarget::Row(row)));
        }
    }

    /// Copies the first text that can be copied of the selected row.
    fn copy(&mut self, pane: Pane, truth: &Truth, context: &mut Context) {
        if let Some(first) = self.copies(pane, truth).into_iter().next() {
            context.copy(first.label, first.text);
        }
    }

    /// What can be copied of the selected row, the likeliest first.
    fn copies(&self, pane: Pane, truth: &Truth) -> Vec<CopyEntry> {
        let selected = self.selected(pane);
        selected.map_or_else(Vec::new, |row| copies::of_row(&row, truth))
    }

    /// The filter of the list in that pane.
    fn filter(&self, pane: Pane) -> Option<&Filter> {
        self.list_in(pane).map(Listing::filter)
    }

    /// Whether printable keys are text: a filter or a prompt is open.
    fn takes_text(&self, pane: Pane) -> bool {
        self.filter(pane)
            .is_some_and(|filter| filter.editor().is_some())
    }

    /// Types into the text box that is open in that pane, and returns whether the input was for one.
    fn type_text(&mut self, pane: Pane, input: TextInput<'_>, _context: &Context) -> bool {
        let list = self.list_in_mut(pane);
        list.is_some_and(|list| list.filter_mut().type_text(input))
    }

    /// Where keys are looked up in that pane, the closest context first.
    fn key_contexts(&self, pane: Pane) -> &'static [KeyContext] {
        if self.takes_text(pane) {
            return &[KeyContext::Text];
        }
        pane.key_contexts()
    }

    /// What the footer shows for that pane.
    fn key_hints(&self, pane: Pane) -> Vec<Hint> {
        if self.takes_text(pane) {
            return FILTERING.to_vec();
        }
        let context = pane.key_contexts().first();
        let mut hints = context.map_or_else(Vec::new, |context| hints_of(*context).to_vec());
        if let Some(hint) = self.hint_for_selected(pane) {
            hints.insert(hints.len().min(1), hint);
        }
        hints
    }

    /// What the footer shows besides, because of the row that is selected.
    fn hint_for_selected(&self, _pane: Pane) -> Option<Hint> {
        None
    }

    /// One step of Esc within that pane; `false` where there was nothing to leave or to clear.
    fn escape(&mut self, pane: Pane, _context: &mut Context) -> bool {
        self.list_in_mut(pane).is_some_and(Listing::escape)
    }

    /// Selects the row on that line of the pane; `true` where it was selected already.
    fn select_line(&mut self, pane: Pane, line: usize, _context: &mut Context) -> bool {
        self.list_in_mut(pane)
            .is_some_and(|list| list.select_line(line))
    }
}

/// Where a finding leads, if it still holds.
fn finding_request(key: &FindingKey, truth: &Truth) -> Option<AppRequest> {
    let finding = key.find(truth)?;
    Some(match &finding.target {
        Target::Broker(id) => AppRequest::ShowBroker(id.to_string()),
        Target::Stream(name) | Target::Partition(name, _) => {
            let partition = finding.partitions.first().copied();
            AppRequest::ShowStream(StreamName::clone(name), partition)
        }
        Target::Cursor(_) | Target::Group(_) => AppRequest::Descend(Pane::Cursors),
        Target::Cluster | Target::Subject(_) => {
            AppRequest::ShowDetail(DetailTarget::Row(RowKey::Finding(key.clone())))
        }
    })
}
