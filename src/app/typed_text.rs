//! What of keys is text, and the ids that were given: what whoever changes a recording has to know.

use super::App;
use super::lists::filter::Filter;
use super::overlays::Overlay;
use super::screens::tails::{Prompt, Tail};

impl App {
    /// Whether letters that are typed now are text.
    pub fn takes_text(&self) -> bool {
        let pane = self.focus.pane();
        match self.overlay() {
            Some(Overlay::Pager(_)) => false,
            Some(Overlay::Confirm(confirm)) => confirm.asks_for_name(),
            Some(
                Overlay::Menu(_)
                | Overlay::CommandLine(_)
                | Overlay::Form(_)
                | Overlay::SaveQuery(_),
            ) => true,
            None => self.screens.of(pane).takes_text(pane),
        }
    }

    /// What stands in the command line, in the filter or in the box of a tail, where one of these is open.
    pub fn typed_text(&self) -> Option<String> {
        match self.overlay() {
            Some(Overlay::CommandLine(line)) => return Some(line.text()),
            Some(_) => return None,
            None => {}
        }
        let pane = self.focus.pane();
        if !self.screens.of(pane).takes_text(pane) {
            return None;
        }
        let prompt = self.screens.tails.shown().and_then(Tail::prompt);
        if pane.screen() == super::Screen::Tails {
            return prompt.map(Prompt::text);
        }
        self.filter().map(Filter::text).map(str::to_owned)
    }

    /// The last id that was given.
    pub(crate) fn last_id(&self) -> u64 {
        self.context.last_id()
    }

    /// The next id comes after that one.
    pub(crate) fn set_last_id(&mut self, id: u64) {
        self.context.set_last_id(id);
    }
}
