//! A list to choose from by a few letters: the palette, the copy menu, the contexts, the queries.

use std::cmp::Reverse;

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::app::app_request::{AppRequest, QueryRequest};
use crate::app::command::{Command, Motion};
use crate::app::context::Context;
use crate::app::effect::LoopEffect;
use crate::app::input::editor::{Editor, TextInput};
use crate::app::kept_queries::{QueryChange, SavedQuery};
use crate::app::lists::list_state::ListState;
use crate::app::row_key::{CursorKey, PartitionKey};
use crate::model::{PartitionId, StreamName};

/// A list to choose from.
#[derive(Clone, Debug)]
pub struct Menu {
    title: &'static str,
    entries: Vec<MenuEntry>,
    editor: Editor,
    matches: Vec<MenuMatch>,
    state: ListState<usize>,
}

/// An entry of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MenuEntry {
    /// What it is called; letters are looked for here.
    pub(crate) label: String,
    /// The keys that lead there at once.
    pub(crate) keys: Option<String>,
    /// What it is, shown behind the label; words are looked for here.
    pub(crate) detail: String,
    /// Whether observer mode refuses it.
    pub(crate) is_refused: bool,
    /// What it leads to.
    pub(super) action: MenuAction,
}

impl MenuEntry {
    /// An entry without keys.
    pub(super) fn new(label: &str, detail: String, action: MenuAction) -> Self {
        Self {
            label: label.to_owned(),
            keys: None,
            detail,
            is_refused: false,
            action,
        }
    }
}

/// What an entry leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MenuAction {
    /// A command is carried out.
    Command(Command),
    /// A stream is shown.
    Stream(StreamName),
    /// A partition is shown.
    Partition(StreamName, PartitionId),
    /// A cursor is shown.
    Cursor(CursorKey),
    /// A tail of these partitions is shown.
    Tail(Vec<PartitionKey>),
    /// A broker is shown.
    Broker(String),
    /// Another cluster is opened.
    Context(String),
    /// A column of the list in focus is shown or hidden, by its number.
    Column(usize),
    /// The dashboard is shown in another theme.
    Theme(String),
    /// A text is copied.
    Copy(String),
    /// A `liftui` command is copied, for the cluster that is shown.
    CopyCommand(String),
    /// A query that was saved is searched for.
    SavedQuery(SavedQuery),
    /// A query that was typed before is searched for.
    TypedQuery(String),
}

/// An entry that fits what is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MenuMatch {
    /// Which entry.
    entry: usize,
    /// The characters of its label that were found, ascending.
    pub(crate) letters: Vec<u32>,
}

impl Menu {
    /// A menu with nothing typed yet: all entries, in their order.
    pub(super) fn new(title: &'static str, entries: Vec<MenuEntry>) -> Self {
        let mut menu = Self {
            title,
            entries,
            editor: Editor::single_line(),
            matches: Vec::new(),
            state: ListState::default(),
        };
        menu.find_matches(1);
        menu
    }

    /// What it is a list of.
    pub(crate) fn title(&self) -> &'static str {
        self.title
    }

    /// Says anew what each entry is, in their order.
    pub(in crate::app) fn set_details(&mut self, details: Vec<String>) {
        for (entry, detail) in self.entries.iter_mut().zip(details) {
            entry.detail = detail;
        }
    }

    /// What is typed.
    pub(crate) fn editor(&self) -> &Editor {
        &self.editor
    }

    /// The entries that match, the best first.
    pub(crate) fn matches(&self) -> impl Iterator<Item = (&MenuMatch, &MenuEntry)> {
        let matches = self.matches.iter();
        matches.filter_map(|found| Some((found, self.entries.get(found.entry)?)))
    }

    /// Whether anything fits what is typed.
    pub(super) fn has_matches(&self) -> bool {
        !self.matches.is_empty()
    }

    /// How many entries there are in all.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Letters of the longest keys of any entry; 0 where none has keys.
    pub(crate) fn longest_keys(&self) -> usize {
        let keys = self.entries.iter().filter_map(|entry| entry.keys.as_ref());
        keys.map(|keys| keys.chars().count()).max().unwrap_or(0)
    }

    /// Which match is selected and which one is on top.
    pub(crate) fn state(&self) -> &ListState<usize> {
        &self.state
    }

    /// Types into the text box, and returns whether the input was for one.
    pub(super) fn type_text(&mut self, input: TextInput<'_>, height: usize) -> bool {
        let typed = self.editor.type_text(input);
        if typed {
            self.find_matches(height);
        }
        typed
    }

    /// Selects the entry of that number, on a screen of that height.
    pub(in crate::app) fn select(&mut self, entry: usize, height: usize) {
        self.state.select(entry);
        self.state.follow_rows(&self.rows(), height);
    }

    /// Moves the selection.
    pub(super) fn move_by(&mut self, motion: Motion, height: usize) {
        self.state.move_by(motion, &self.rows(), height);
    }

    /// Selects the row that is shown on that line, if there is one.
    pub(super) fn select_line(&mut self, line: usize) -> bool {
        let rows = self.rows();
        self.state.select_line(line, &rows)
    }

    /// Does what the selected entry leads to.
    pub(super) fn choose(self, context: &mut Context) {
        match self.into_selected() {
            Some(MenuAction::Command(command)) => context.request(AppRequest::Run(command)),
            Some(MenuAction::Stream(name)) => context.request(AppRequest::ShowStream(name, None)),
            Some(MenuAction::Partition(stream, id)) => {
                context.request(AppRequest::ShowStream(stream, Some(id)));
            }
            Some(MenuAction::Cursor(cursor)) => context.request(AppRequest::ShowCursor(cursor)),
            Some(MenuAction::Tail(keys)) => context.request(AppRequest::Tail(keys)),
            Some(MenuAction::Broker(name)) => context.request(AppRequest::ShowBroker(name)),
            Some(MenuAction::Context(name)) => {
                context.emit(LoopEffect::SwitchContext(name, None));
            }
            Some(MenuAction::Column(number)) => {
                context.request(AppRequest::ToggleColumn(number));
            }
            Some(MenuAction::Theme(name)) => context.emit(LoopEffect::SetTheme(name)),
            Some(MenuAction::Copy(text)) => context.copy("it", text),
            Some(MenuAction::CopyCommand(line)) => {
                let line = context.settings.on_this_cluster(&line);
                context.copy("the command", line);
            }
            Some(
                MenuAction::SavedQuery(SavedQuery { query, .. }) | MenuAction::TypedQuery(query),
            ) => context.request(AppRequest::Query(QueryRequest::Search(query))),
            None => {}
        }
    }

    /// Whether it is a list of queries, which can be deleted here.
    pub(super) fn holds_queries(&self) -> bool {
        self.entries.iter().any(|entry| {
            matches!(
                entry.action,
                MenuAction::SavedQuery(_) | MenuAction::TypedQuery(_)
            )
        })
    }

    /// Asks whether the query that is selected is to be deleted.
    pub(super) fn delete_selected(&self, context: &mut Context) {
        let selected = self.state.selected();
        let entry = selected.and_then(|index| self.entries.get(*index));
        let change = match entry.map(|entry| &entry.action) {
            Some(MenuAction::SavedQuery(query)) => QueryChange::Deleted(query.clone()),
            Some(MenuAction::TypedQuery(line)) => QueryChange::Forgotten(line.clone()),
            Some(
                MenuAction::Command(_)
                | MenuAction::Stream(_)
                | MenuAction::Partition(..)
                | MenuAction::Cursor(_)
                | MenuAction::Tail(_)
                | MenuAction::Broker(_)
                | MenuAction::Context(_)
                | MenuAction::Column(_)
                | MenuAction::Theme(_)
                | MenuAction::Copy(_)
                | MenuAction::CopyCommand(_),
            )
            | None => return,
        };
        context.request(AppRequest::Query(QueryRequest::Confirm(change)));
    }

    fn into_selected(self) -> Option<MenuAction> {
        let selected = *self.state.selected()?;
        Some(self.entries.into_iter().nth(selected)?.action)
    }

    /// Finds the entries that match what is typed, and selects the best of them.
    fn find_matches(&mut self, height: usize) {
        let pattern = Pattern::parse(
            &self.editor.text(),
            CaseMatching::Smart,
            Normalization::Smart,
        );
        // Of what an entry is whole words count: a few letters would be found in any sentence.
        let words = Pattern::new(
            &self.editor.text(),
            CaseMatching::Smart,
            Normalization::Smart,
            AtomKind::Substring,
        );
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut scored: Vec<((bool, u32), MenuMatch)> = Vec::new();
        for (entry, found) in self.entries.iter().enumerate() {
            let (mut buffer, mut letters) = (Vec::new(), Vec::new());
            let label = Utf32Str::new(&found.label, &mut buffer);
            if let Some(score) = pattern.indices(label, &mut matcher, &mut letters) {
                letters.sort_unstable();
                letters.dedup();
                scored.push(((true, score), MenuMatch { entry, letters }));
            } else {
                let detail = Utf32Str::new(&found.detail, &mut buffer);
                if let Some(score) = words.score(detail, &mut matcher) {
                    let letters = Vec::new();
                    scored.push(((false, score), MenuMatch { entry, letters }));
                }
            }
        }
        scored.sort_by_key(|(score, _)| Reverse(*score));
        self.matches = scored.into_iter().map(|(_, found)| found).collect();
        self.state = ListState::default();
        self.state.follow_rows(&self.rows(), height);
    }

    fn rows(&self) -> Vec<usize> {
        self.matches.iter().map(|found| found.entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn menu(labels: &[&str]) -> Menu {
        let entry = |label: &&str| {
            MenuEntry::new(label, String::new(), MenuAction::Copy((*label).to_owned()))
        };
        Menu::new("copy", labels.iter().map(entry).collect())
    }

    fn best(menu: &mut Menu, typed: &str) -> Option<MenuAction> {
        menu.editor.set_text("");
        menu.type_text(TextInput::Paste(typed), 10);
        menu.clone().into_selected()
    }

    #[test]
    fn a_few_letters_find_an_entry() {
        let mut menu = menu(&["streams.delete", "streams.publish", "payments-eu"]);
        assert_eq!(
            best(&mut menu, "payeu"),
            Some(MenuAction::Copy("payments-eu".into()))
        );
        assert_eq!(
            best(&mut menu, "stdel"),
            Some(MenuAction::Copy("streams.delete".into()))
        );
        assert_eq!(best(&mut menu, "zzz"), None);
    }

    #[test]
    fn a_command_is_found_by_the_words_that_say_what_it_does() {
        let delete = Command::from_name("streams.delete").unwrap();
        let action = MenuAction::Command(delete);
        let about = "Delete this stream.".to_owned();
        let mut menu = Menu::new(
            "go to",
            vec![
                MenuEntry::new("streams.delete", about, action.clone()),
                MenuEntry::new("this", String::new(), MenuAction::Copy("this".into())),
            ],
        );
        assert_eq!(best(&mut menu, "this stream"), Some(action));
        assert_eq!(
            best(&mut menu, "this"),
            Some(MenuAction::Copy("this".into()))
        );
        assert_eq!(best(&mut menu, "dst"), None, "no letters of a sentence");
    }

    #[test]
    fn nothing_typed_keeps_the_order() {
        let mut menu = menu(&["b", "a"]);
        assert_eq!(best(&mut menu, ""), Some(MenuAction::Copy("b".into())));
        assert_eq!(menu.matches().count(), 2);
    }
}
