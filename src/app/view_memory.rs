//! Takes up how the dashboard looked when it was left, and keeps it when that changes.

use super::App;
use super::effect::Effect;
use super::focus::{Pane, Screen};
use super::kept_view::KeptView;

/// The lists whose order and marks are kept.
const LISTS: [Pane; 8] = [
    Pane::Findings,
    Pane::Brokers,
    Pane::Streams,
    Pane::Partitions,
    Pane::Cursors,
    Pane::Groups,
    Pane::Activity,
    Pane::Incidents,
];

impl App {
    /// Shows what was shown when this cluster was left.
    pub(super) fn restore_view(&mut self) {
        let Some(kept) = self.context.settings.view.take() else {
            return;
        };
        if let Ok(screen) = Screen::named(&kept.screen) {
            self.focus.show(screen);
        }
        self.screens.streams.restore(&kept);
        for pane in LISTS {
            let list = self.screens.of_mut(pane).list_in_mut(pane);
            if let (Some(list), Some(kept)) = (list, kept.lists.get(pane.title())) {
                list.restore(kept);
            }
        }
        self.kept = Some(self.view(&kept));
    }

    /// Keeps how it looks now, where that is another way than before.
    pub(super) fn keep_view(&mut self) {
        let Some(kept) = &self.kept else {
            return;
        };
        let view = self.view(kept);
        if view != *kept {
            self.context.emit(Effect::SaveView(Box::new(view.clone())));
            self.kept = Some(view);
        }
    }

    /// How it looks, as it would be kept.
    pub(super) fn kept_now(&self) -> KeptView {
        self.view(&self.kept.clone().unwrap_or_default())
    }

    fn view(&self, before: &KeptView) -> KeptView {
        let lists = LISTS.iter().filter_map(|pane| {
            let list = self.screens.of(*pane).list_in(*pane)?;
            Some((pane.title().to_owned(), list.kept()))
        });
        // Tails and tables are not open in the next run: it begins where they were opened from.
        let screen = match self.focus.screen() {
            Screen::Tails | Screen::Table => before.screen.clone(),
            screen @ (Screen::Overview
            | Screen::Brokers
            | Screen::Streams
            | Screen::Cursors
            | Screen::Activity
            | Screen::Incidents) => screen.title().to_owned(),
        };
        KeptView {
            screen,
            lists: lists.collect(),
            internal: self.screens.streams.shows_internal(),
            favourites: self.screens.streams.favourites().clone(),
        }
    }
}
