//! Makes an `App` of a recorded moment: it opens at the place where the live one is, and refuses every change.

use super::App;
use super::event::Event;
use super::focus::{Pane, Screen};
use super::key_context::KeyContext;
use super::notice::Level;
use super::playback::{Playback, PlaybackState};
use super::screens::tails::Tail;
use crate::model::Timestamp;

impl App {
    /// A copy of this state, which was recorded, to be looked at: at the place that the other dashboard shows, with its
    /// keys and its clocks.
    #[must_use]
    pub fn revisited(&self, place: &Self, playback: Playback) -> Self {
        let mut copy = self.replayed(playback);
        copy.kept = None;
        copy.awaited = None;
        copy.interrupted = None;
        copy.pressed.clear();
        copy.keyboard = place.keyboard;
        copy.has_mouse = place.has_mouse;
        copy.visited = place.visited.clone();
        copy.overlays = place.overlays.about_a_row();
        copy.context.times = place.context.times.clone();
        copy.context.settings.keymap = place.context.settings.keymap.clone();
        copy.screens.show_like(&place.screens);
        copy.find_place(place);
        // What follows from the layout alone is in no recording of it; nothing is to be done for that.
        copy.update(Event::Viewport(place.context.viewport.clone()));
        copy
    }

    /// Focuses the pane that is in focus there; of tails and tables as far as they were open.
    fn find_place(&mut self, place: &Self) {
        let pane = place.focus.pane();
        self.focus = place.focus.clone();
        let missing = match pane.screen() {
            Screen::Tails => {
                let shown = place.screens.tails.shown().map(Tail::id);
                let mut tails = self.screens.tails.all().iter();
                let index = tails.position(|tail| Some(tail.id()) == shown);
                if let Some(index) = index {
                    self.screens.tails.show(index);
                }
                (index.is_none() && shown.is_some()).then_some("tail")
            }
            Screen::Table if self.screens.table.is_same(&place.screens.table) => None,
            Screen::Table => Some("table"),
            Screen::Overview
            | Screen::Brokers
            | Screen::Streams
            | Screen::Cursors
            | Screen::Activity
            | Screen::Incidents => None,
        };
        let Some(what) = missing else {
            return;
        };
        if pane == Pane::Inspector {
            self.focus.set(Pane::Tail);
        }
        if pane == Pane::Table {
            self.focus.show(Screen::Streams);
        }
        let text = format!("this {what} was not open yet");
        self.context.notify(Level::Note, text);
    }

    /// Whether this is out of the last minutes of a dashboard that goes on.
    pub(super) fn is_past(&self) -> bool {
        self.playback().is_some_and(|one| one.now().is_some())
    }

    /// It is this time now in the dashboard that goes on.
    pub fn set_now_of_past(&mut self, now: Timestamp) {
        if let Some(playback) = &mut self.context.playback {
            playback.state = PlaybackState::Past(now);
        }
    }

    /// What is said to whatever could only be done now; `None` where this is not the past of a dashboard that goes on.
    pub fn refusal_of_past(&self) -> Option<String> {
        self.context.refusal_of_past(self.playback()?)
    }

    /// Says that something can only be done now, where this is the past.
    pub(super) fn refuses_in_the_past(&mut self) -> bool {
        let refusal = self.refusal_of_past();
        let is_refused = refusal.is_some();
        if let Some(text) = refusal {
            self.context.notify(Level::Warning, text);
        }
        is_refused
    }

    /// What help shows of a dashboard that is not live.
    pub(super) fn contexts_of_playback(&self) -> Option<&'static [KeyContext]> {
        self.playback()?;
        Some(if self.is_past() {
            KeyContext::OF_THE_PAST
        } else {
            KeyContext::OF_RECORDINGS
        })
    }

    /// Where the palette looks for commands.
    pub(super) fn contexts_of_palette(&self) -> Vec<KeyContext> {
        let own = self.playback().map(|_| self.replay_context());
        let pane = self.focus.pane().key_contexts();
        own.into_iter().chain(pane.iter().copied()).collect()
    }
}
