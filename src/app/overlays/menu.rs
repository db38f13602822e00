//! A list to choose from by a few letters: the palette, the copy menu, the contexts.
//!
//! What a choice means is decided in `update`.

use std::cmp::Reverse;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::app::Command;
use crate::app::command::Move;
use crate::app::input::editor::Editor;
use crate::app::lists::list_state::ListState;
use crate::app::lists::table::step_of;
use crate::model::StreamName;

/// A list to choose from.
#[derive(Clone, Debug)]
pub struct Menu {
    title: &'static str,
    entries: Vec<MenuEntry>,
    wanted: Editor,
    matches: Vec<Match>,
    cursor: ListState<usize>,
}

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuEntry {
    /// What it is called; letters are looked for here.
    pub label: String,
    /// The keys that lead there at once.
    pub keys: Option<String>,
    /// What it is, said behind it.
    pub detail: String,
    /// What it leads to.
    pub choice: MenuAction,
}

/// What an entry leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MenuAction {
    /// A command.
    Command(Command),
    /// A stream is shown.
    Stream(StreamName),
    /// A broker is shown.
    Broker(String),
    /// Another cluster is opened.
    Context(String),
    /// A text is copied.
    Copy(String),
}

/// An entry that fits what is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Which entry.
    pub entry: usize,
    /// The characters of its label that were found, ascending.
    pub letters: Vec<u32>,
}

impl Menu {
    /// A menu with nothing typed yet: all entries, in their order.
    pub fn new(title: &'static str, entries: Vec<MenuEntry>) -> Self {
        let mut menu = Self {
            title,
            entries,
            wanted: Editor::line(),
            matches: Vec::new(),
            cursor: ListState::default(),
        };
        menu.look_up(1);
        menu
    }

    /// What it is a list of.
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// What is typed.
    pub fn wanted(&self) -> &Editor {
        &self.wanted
    }

    /// The same, to type into; [`Menu::look_up`] has to follow.
    pub fn wanted_mut(&mut self) -> &mut Editor {
        &mut self.wanted
    }

    /// The entries that fit, the best first.
    pub fn matches(&self) -> impl Iterator<Item = (&Match, &MenuEntry)> {
        self.matches
            .iter()
            .filter_map(|found| Some((found, self.entries.get(found.entry)?)))
    }

    /// How many there are in all.
    pub fn of(&self) -> usize {
        self.entries.len()
    }

    /// Letters of the longest keys of any entry; 0 where none has keys.
    pub fn longest_keys(&self) -> usize {
        let keys = self.entries.iter().filter_map(|entry| entry.keys.as_ref());
        keys.map(|keys| keys.chars().count()).max().unwrap_or(0)
    }

    /// The place in the list: row and top.
    pub fn cursor(&self) -> &ListState<usize> {
        &self.cursor
    }

    /// What is chosen.
    pub fn chosen(&self) -> Option<&MenuAction> {
        self.entries
            .get(*self.cursor.chosen()?)
            .map(|entry| &entry.choice)
    }

    /// Moves.
    pub fn go(&mut self, movement: Move, height: usize) {
        let rows = self.rows();
        if let Some(step) = step_of(movement, height) {
            self.cursor.step(step, &rows, height);
        }
    }

    /// Chooses the row that is shown on that line.
    pub fn click(&mut self, line: usize) -> bool {
        let rows = self.rows();
        self.cursor.click(line, &rows)
    }

    /// Finds what fits what is typed now, and chooses the best of it.
    pub fn look_up(&mut self, height: usize) {
        let pattern = Pattern::parse(
            &self.wanted.text(),
            CaseMatching::Smart,
            Normalization::Smart,
        );
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut scored: Vec<(u32, Match)> = Vec::new();
        for (entry, found) in self.entries.iter().enumerate() {
            let (mut buffer, mut letters) = (Vec::new(), Vec::new());
            let label = Utf32Str::new(&found.label, &mut buffer);
            if let Some(score) = pattern.indices(label, &mut matcher, &mut letters) {
                letters.sort_unstable();
                letters.dedup();
                scored.push((score, Match { entry, letters }));
            }
        }
        scored.sort_by_key(|(score, _)| Reverse(*score));
        self.matches = scored.into_iter().map(|(_, found)| found).collect();
        self.cursor = ListState::default();
        self.cursor.settle(&self.rows(), height);
    }

    fn rows(&self) -> Vec<usize> {
        self.matches.iter().map(|found| found.entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn menu(labels: &[&str]) -> Menu {
        let entry = |label: &&str| MenuEntry {
            label: (*label).to_owned(),
            keys: None,
            detail: String::new(),
            choice: MenuAction::Copy((*label).to_owned()),
        };
        Menu::new("copy", labels.iter().map(entry).collect())
    }

    fn best(menu: &mut Menu, typed: &str) -> Option<MenuAction> {
        menu.wanted_mut().set(typed);
        menu.look_up(10);
        menu.chosen().cloned()
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
    fn nothing_typed_keeps_the_order() {
        let mut menu = menu(&["b", "a"]);
        assert_eq!(best(&mut menu, ""), Some(MenuAction::Copy("b".into())));
        assert_eq!(menu.matches().count(), 2);
    }
}
