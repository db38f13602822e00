//! What lies on top of the screen: a text to read, a question, a menu, the command line, or a form.
//!
//! Each answers the commands and the clicks that reach it; what goes beyond it, it asks of the app.

pub(crate) mod command_line;
pub(crate) mod confirm;
pub(crate) mod form;
pub(crate) mod menu;
pub(crate) mod pager;
pub(crate) mod save_query;

mod palette;

pub(super) use palette::{
    columns_menu, contexts_menu, copy_menu, palette, query_menu, themes_menu,
};

use command_line::CommandLine;
use confirm::{Confirm, TOO_FAST};
use form::{Form, FormKind};
use menu::Menu;
use pager::Pager;
use save_query::SaveQuery;

use super::command::{ClusterCommand, Command, ListCommand, QueryCommand, TextCommand};
use super::context::Context;
use super::ids::RequestId;
use super::input::burst_guard::BurstGuard;
use super::input::editor::TextInput;
use super::input::history::History;
use super::input::key_hints::{CREATING, Hint, VERIFYING, hints_of};
use super::key_context::KeyContext;
use super::notice::Level;
use super::row_key::DetailTarget;
use crate::health::Truth;
use crate::model::Failure;

/// How many lines of the command line are remembered.
const MAX_LINES: usize = 200;

/// What lies on top.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// A text to read.
    Pager(Pager),
    /// A question before something is done.
    Confirm(Confirm),
    /// A list to choose from by a few letters.
    Menu(Menu),
    /// The command line.
    CommandLine(CommandLine),
    /// A form to fill in.
    Form(Box<Form>),
    /// The name of a query that is to be saved.
    SaveQuery(SaveQuery),
}

impl Overlay {
    /// Where keys are looked up.
    fn key_contexts(&self) -> &'static [KeyContext] {
        match self {
            Self::Pager(_) => &[KeyContext::Reader, KeyContext::List],
            Self::Confirm(confirm) if confirm.asks_for_name() => &[KeyContext::Text],
            Self::Confirm(_) => &[KeyContext::Confirm],
            Self::Menu(_) => &[KeyContext::Menu],
            Self::CommandLine(_) | Self::SaveQuery(_) => &[KeyContext::Text],
            Self::Form(_) => &[KeyContext::Form],
        }
    }

    /// What the footer shows.
    fn key_hints(&self) -> Vec<Hint> {
        match self {
            Self::Confirm(confirm) => confirm.key_hints(),
            Self::Form(form) if form.kind() == FormKind::Create => CREATING.to_vec(),
            Self::SaveQuery(_) => SaveQuery::key_hints(),
            Self::Menu(menu) if menu.holds_queries() => {
                let delete = (Command::Query(QueryCommand::Delete), "delete");
                let mut hints = hints_of(KeyContext::Menu).to_vec();
                hints.insert(1, delete);
                hints
            }
            Self::Pager(pager) if *pager.target() == DetailTarget::Statistics => {
                let again = (ClusterCommand::Statistics.into(), "stop, or count again");
                let mut hints = hints_of(KeyContext::Reader).to_vec();
                hints.insert(0, again);
                hints
            }
            Self::Pager(pager) if *pager.target() == DetailTarget::Verification => {
                let mut hints = VERIFYING.to_vec();
                hints.extend(hints_of(KeyContext::Reader));
                hints
            }
            Self::Pager(_) | Self::Menu(_) | Self::CommandLine(_) | Self::Form(_) => {
                let contexts = self.key_contexts().iter().take(1);
                contexts
                    .flat_map(|context| hints_of(*context))
                    .copied()
                    .collect()
            }
        }
    }
}

/// What lies on top, and what of it outlives its closing.
#[derive(Clone, Debug)]
pub(super) struct Overlays {
    open: Option<Overlay>,
    /// A form that was closed before it was sent.
    draft: Option<Box<Form>>,
    /// Lines of the command line.
    history: History,
}

impl Default for Overlays {
    fn default() -> Self {
        Self {
            open: None,
            draft: None,
            history: History::new(MAX_LINES),
        }
    }
}

impl Overlays {
    /// What lies on top now.
    pub(super) fn open(&self) -> Option<&Overlay> {
        self.open.as_ref()
    }

    /// These, with nothing on top but what tells of a row.
    pub(super) fn about_a_row(&self) -> Self {
        let open = self.open.clone().filter(|open| {
            matches!(open, Overlay::Pager(pager) if matches!(pager.target(), DetailTarget::Row(_)))
        });
        Self {
            open,
            draft: None,
            history: self.history.clone(),
        }
    }

    /// The menu of columns, where that lies on top.
    pub(super) fn columns_menu(&mut self) -> Option<&mut Menu> {
        match &mut self.open {
            Some(Overlay::Menu(menu)) if menu.title() == palette::COLUMNS => Some(menu),
            _ => None,
        }
    }

    /// Puts an overlay on top, in place of any other.
    pub(super) fn show(&mut self, overlay: Overlay) {
        self.open = Some(overlay);
    }

    /// Opens a text to read.
    pub(super) fn show_detail(&mut self, target: DetailTarget) {
        self.show(Overlay::Pager(Pager::new(target)));
    }

    /// Whether a form was closed before it was sent.
    pub(super) fn has_draft(&self) -> bool {
        self.draft.is_some()
    }

    /// Whether that text is on top.
    pub(super) fn shows(&self, target: &DetailTarget) -> bool {
        matches!(&self.open, Some(Overlay::Pager(pager)) if pager.target() == target)
    }

    /// Opens a form; one like it that was closed before it was sent comes back instead.
    pub(super) fn show_form(&mut self, form: Form) {
        let draft = self.draft.take_if(|draft| draft.is_like(&form));
        self.show(Overlay::Form(draft.unwrap_or_else(|| Box::new(form))));
    }

    /// Closes what is on top, and keeps no draft.
    pub(super) fn close(&mut self) {
        self.open = None;
    }

    /// Closes what is on top, keeping what was typed into a form; `false` where there is nothing.
    pub(super) fn leave(&mut self, context: &mut Context) -> bool {
        let open = self.open.take();
        let was_open = open.is_some();
        if let Some(Overlay::Form(form)) = open
            && form.is_worth_keeping()
        {
            let text = "kept as a draft: the same key brings it back";
            context.notify(Level::Note, text);
            self.draft = Some(form);
        }
        was_open
    }

    /// Where keys are looked up, if something is on top.
    pub(super) fn key_contexts(&self) -> Option<&'static [KeyContext]> {
        self.open.as_ref().map(Overlay::key_contexts)
    }

    /// What the footer shows, if something is on top.
    pub(super) fn key_hints(&self) -> Option<Vec<Hint>> {
        self.open.as_ref().map(Overlay::key_hints)
    }

    /// Types into the text box on top, and returns whether the input was for one. `None`: nothing is on top.
    pub(super) fn type_text(&mut self, input: TextInput<'_>, context: &Context) -> Option<bool> {
        Some(match self.open.as_mut()? {
            Overlay::Pager(_) => false,
            Overlay::Confirm(confirm) => confirm.type_text(input),
            Overlay::Menu(menu) => menu.type_text(input, context.viewport.overlay_rows()),
            Overlay::CommandLine(line) => line.type_text(input),
            Overlay::Form(form) => form.type_text(input),
            Overlay::SaveQuery(question) => question.type_text(input),
        })
    }

    fn guard(&mut self) -> Option<&mut BurstGuard> {
        match self.open.as_mut()? {
            Overlay::Confirm(confirm) => Some(confirm.guard()),
            Overlay::Form(form) => Some(form.guard()),
            Overlay::Pager(_)
            | Overlay::Menu(_)
            | Overlay::CommandLine(_)
            | Overlay::SaveQuery(_) => None,
        }
    }

    /// Whether what is on top waits for a moment without keys.
    pub(super) fn awaits_quiet(&self) -> bool {
        match &self.open {
            Some(Overlay::Confirm(confirm)) => confirm.awaits_quiet(),
            Some(Overlay::Form(form)) => form.awaits_quiet(),
            Some(
                Overlay::Pager(_)
                | Overlay::Menu(_)
                | Overlay::CommandLine(_)
                | Overlay::SaveQuery(_),
            )
            | None => false,
        }
    }

    /// A key or a paste came: an answer just before it was part of a burst.
    pub(super) fn on_input(&mut self, context: &mut Context) {
        if self.guard().is_some_and(BurstGuard::on_input) {
            context.notify(Level::Warning, TOO_FAST);
        }
    }

    /// No key has come for a moment: an answer that was held counts.
    pub(super) fn on_quiet(&mut self, truth: &Truth, context: &mut Context) {
        if !self.guard().is_some_and(BurstGuard::on_quiet) {
            return;
        }
        match &mut self.open {
            Some(Overlay::Confirm(confirm)) => {
                if confirm.accept(context) {
                    self.close();
                }
            }
            Some(Overlay::Form(form)) => form.submit(truth, context),
            Some(
                Overlay::Pager(_)
                | Overlay::Menu(_)
                | Overlay::CommandLine(_)
                | Overlay::SaveQuery(_),
            )
            | None => {}
        }
    }

    /// Carries out a command that is meant for what is on top; `false` where it is not.
    pub(super) fn run(&mut self, command: Command, truth: &Truth, context: &mut Context) -> bool {
        let Some(open) = &mut self.open else {
            return false;
        };
        match (open, command) {
            (Overlay::Pager(pager), Command::Move(motion)) => {
                pager.move_by(motion, &context.viewport);
            }
            (Overlay::Menu(menu), Command::Move(motion)) => {
                menu.move_by(motion, context.viewport.overlay_rows());
            }
            (Overlay::Menu(_), Command::List(ListCommand::Open)) => self.choose(context),
            (Overlay::Menu(menu), Command::Query(QueryCommand::Delete)) => {
                menu.delete_selected(context);
            }
            (Overlay::SaveQuery(question), Command::Text(command)) => {
                if question.run(command, context) {
                    self.close();
                }
            }
            (Overlay::Confirm(confirm), Command::Confirm(command)) => {
                if confirm.run(command, context) {
                    self.close();
                }
            }
            (Overlay::Confirm(confirm), Command::Text(TextCommand::Accept)) => {
                confirm.accept_name(context);
            }
            (Overlay::CommandLine(line), Command::Text(command)) => {
                if line.run(command, &mut self.history, truth, context) {
                    self.close();
                }
            }
            (Overlay::Form(form), Command::Form(command)) => {
                if form.run(command, truth, context) {
                    self.leave(context);
                }
            }
            (_, Command::Move(_) | Command::Text(_)) => {}
            (_, _) => return false,
        }
        true
    }

    /// A click on a line of the menu on top.
    pub(super) fn click_line(&mut self, line: usize, context: &mut Context) {
        if let Some(Overlay::Menu(menu)) = &mut self.open
            && menu.select_line(line)
        {
            self.choose(context);
        }
    }

    /// A click on a button or a field of what is on top, by its number.
    pub(super) fn click_button(&mut self, number: usize, truth: &Truth, context: &mut Context) {
        match &mut self.open {
            Some(Overlay::Confirm(confirm)) => {
                if confirm.click_button(number, context) {
                    self.close();
                }
            }
            Some(Overlay::Form(form)) => {
                if form.click(number, truth, context) {
                    self.leave(context);
                }
            }
            Some(
                Overlay::Pager(_)
                | Overlay::Menu(_)
                | Overlay::CommandLine(_)
                | Overlay::SaveQuery(_),
            )
            | None => {}
        }
    }

    fn choose(&mut self, context: &mut Context) {
        // Where nothing fits, there is nothing to choose, and the letters that follow are no commands.
        let can_choose =
            |open: &mut Overlay| matches!(open, Overlay::Menu(menu) if menu.has_matches());
        if let Some(Overlay::Menu(menu)) = self.open.take_if(can_choose) {
            menu.choose(context);
        }
    }

    fn form(&mut self) -> Option<&mut Form> {
        if let Some(Overlay::Form(form)) = &mut self.open {
            return Some(form);
        }
        None
    }

    /// An operation ended: the form that asked for it closes, or shows why not.
    pub(super) fn on_done(&mut self, id: RequestId, failure: Option<&Failure>) {
        let Some(form) = self.form().filter(|form| form.awaits(id)) else {
            return;
        };
        match failure {
            Some(failure) => form.fail(failure),
            None => self.close(),
        }
    }

    /// Whether the form on top awaits the text of that external editor; it does no longer.
    pub(super) fn end_edit(&mut self, id: RequestId) -> bool {
        self.form().is_some_and(|form| form.end_edit(id))
    }

    /// Puts what was edited elsewhere into the form on top.
    pub(super) fn set_edited(&mut self, text: &str) {
        if let Some(form) = self.form() {
            form.set_value_text(text);
        }
    }
}
