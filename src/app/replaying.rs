//! A dashboard out of a recording: its keys drive the recording, any other looks around in a copy, and nothing is changed.

use crossterm::event::KeyEvent;

use super::App;
use super::command::{Command, ReplayCommand};
use super::effect::Effect;
use super::input::key_hints::{Hint, LOOKING_AROUND, REPLAYING};
use super::input::keymap::Resolution;
use super::input::keys::Key;
use super::key_context::KeyContext;
use super::notice::Level;
use super::playback::{Playback, PlaybackState};
use super::settings::Settings;
use crate::model::Timestamp;

impl App {
    /// A copy to be looked at, which knows that it is out of a recording.
    #[must_use]
    pub fn replayed(&self, playback: Playback) -> Self {
        let mut copy = self.clone();
        copy.tour = None;
        copy.context.playback = Some(playback);
        copy
    }

    /// Where the recording stands that this is out of; `None`: it is live.
    pub fn playback(&self) -> Option<&Playback> {
        self.context.playback.as_ref()
    }

    /// Says something about the recording on the line of notices.
    pub fn notify_of_replay(&mut self, text: &str) {
        self.context.notify(Level::Note, text);
    }

    /// Writes what is kept of the last minutes to a file.
    pub(super) fn save_recording(&mut self, path: &str) {
        if self.playback().is_some() {
            return self.notify_of_replay("this is a recording already");
        }
        self.context.emit(Effect::SaveRecording(path.to_owned()));
    }

    /// The last minutes are in a file.
    pub(super) fn notify_recorded(&mut self, path: &str, since: Timestamp) {
        let since = self.context.times.seconds(since, self.context.now);
        let text = format!("{path} has all since {since}; `liftui replay` opens it");
        self.context.notify(Level::Note, text);
    }

    /// Settings with which a new dashboard is like this one, as far as what is kept for later runs goes.
    pub fn settings_of_now(&self) -> Settings {
        Settings {
            tour: false,
            open: None,
            mouse: self.has_mouse,
            times: self.context.times.clone(),
            incidents: self.cluster.incidents().0.to_vec(),
            view: Some(self.kept_now()),
            ..self.context.settings.clone()
        }
    }

    /// Whether the key is one of those that drive the recording. While somebody looks around, what is typed is text.
    pub(super) fn press_replay_key(&mut self, event: KeyEvent) -> bool {
        let Some(playback) = self.playback() else {
            return false;
        };
        let types =
            self.overlay().is_some() || self.filter().is_some_and(|one| one.editor().is_some());
        if playback.state == PlaybackState::LookingAround && (types || !self.pressed.is_empty()) {
            return false;
        }
        let by_place = self.keyboard.clone().by_place(event);
        let command = { [Some(event), by_place].into_iter().flatten() }
            .find_map(|event| self.replay_command(event));
        if let Some(command) = command {
            self.context.emit(Effect::Replay(command));
        }
        command.is_some()
    }

    fn replay_command(&self, event: KeyEvent) -> Option<ReplayCommand> {
        let keymap = &self.context.settings.keymap;
        match keymap.resolve(&[KeyContext::Replay], &[Key::from_event(event)]) {
            Resolution::Command(Command::Replay(command)) => Some(command),
            Resolution::Command(_) | Resolution::Pending | Resolution::Nothing => None,
        }
    }

    /// A command that was typed or chosen rather than pressed.
    pub(super) fn run_replay(&mut self, command: ReplayCommand) {
        self.overlays.close();
        if self.playback().is_some() {
            return self.context.emit(Effect::Replay(command));
        }
        let text = "this is live: `liftui replay FILE` opens a recording";
        self.context.notify(Level::Note, text);
    }

    /// What the footer shows first of a dashboard out of a recording.
    pub(super) fn replay_hints(&self) -> Option<&'static [Hint]> {
        let playback = self.playback()?;
        Some(match playback.state {
            PlaybackState::Playing | PlaybackState::Paused => REPLAYING,
            PlaybackState::LookingAround => LOOKING_AROUND,
        })
    }
}
