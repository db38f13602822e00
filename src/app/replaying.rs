//! A dashboard out of a recording: its keys drive the recording, any other looks around in a copy, and nothing is changed.

use crossterm::event::KeyEvent;

use super::App;
use super::command::{Command, ReplayCommand};
use super::effect::LoopEffect;
use super::event::Event;
use super::input::key_hints::{Hint, IN_THE_PAST, LOOKING_AROUND, REPLAYING};
use super::input::keymap::Resolution;
use super::input::keys::Key;
use super::key_context::KeyContext;
use super::notice::Level;
use super::overlays::Overlay;
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
        if self.refuses_in_the_past() {
            return;
        }
        if self.playback().is_some() {
            return self.notify_of_replay("this is a recording already");
        }
        self.context
            .emit(LoopEffect::SaveRecording(path.to_owned()));
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
        let looks_around = match playback.state {
            PlaybackState::LookingAround | PlaybackState::Past(_) => true,
            PlaybackState::Playing | PlaybackState::Paused => false,
        };
        if looks_around && (self.takes_keys() || !self.pressed.is_empty()) {
            return false;
        }
        let command = self.replay_command(self.replay_context(), event);
        if let Some(command) = command {
            self.context.emit(LoopEffect::Replay(command));
        }
        command.is_some()
    }

    /// What that key would do in the last minutes, unless something else takes keys.
    pub fn command_for_past(&self, event: &Event) -> Option<ReplayCommand> {
        let Event::Key(key) = event else {
            return None;
        };
        if self.takes_keys() || !self.pressed.is_empty() {
            return None;
        }
        self.replay_command(KeyContext::Past, *key)
    }

    /// Whether keys are for a text box or for what lies on top. A text about a row is read at any time.
    fn takes_keys(&self) -> bool {
        let pane = self.focus.pane();
        match self.overlay() {
            Some(Overlay::Pager(_)) => !self.is_past(),
            Some(_) => true,
            None => self.screens.of(pane).takes_text(pane),
        }
    }

    /// Where the keys that drive what is shown are looked up.
    pub(super) fn replay_context(&self) -> KeyContext {
        if self.is_past() {
            KeyContext::Past
        } else {
            KeyContext::Replay
        }
    }

    /// What a key does there, by the letter that it typed or else by its place on the keyboard.
    fn replay_command(&self, context: KeyContext, event: KeyEvent) -> Option<ReplayCommand> {
        let keymap = &self.context.settings.keymap;
        let by_place = self.keyboard.clone().by_place(event);
        let mut events = [Some(event), by_place].into_iter().flatten();
        events.find_map(
            |event| match keymap.resolve(&[context], &[Key::from_event(event)]) {
                Resolution::Command(Command::Replay(command)) => Some(command),
                Resolution::Command(_) | Resolution::Pending | Resolution::Nothing => None,
            },
        )
    }

    /// A command that was typed or chosen rather than pressed, or that leads from now to the last minutes.
    pub(super) fn run_replay(&mut self, command: ReplayCommand) {
        self.overlays.close();
        match self.not_replayed(command) {
            Some(text) => self.context.notify(Level::Note, text),
            None => self.context.emit(LoopEffect::Replay(command)),
        }
    }

    /// What is said to a command for which this is not the time.
    fn not_replayed(&self, command: ReplayCommand) -> Option<&'static str> {
        let is_of_past = match command {
            ReplayCommand::Back | ReplayCommand::BackMinute | ReplayCommand::PreviousMark => {
                return None;
            }
            ReplayCommand::Forward
            | ReplayCommand::ForwardMinute
            | ReplayCommand::NextMark
            | ReplayCommand::Return => true,
            ReplayCommand::Pause
            | ReplayCommand::PreviousFrame
            | ReplayCommand::NextFrame
            | ReplayCommand::Faster
            | ReplayCommand::Slower => false,
        };
        if self.is_past() {
            return (!is_of_past)
                .then_some("only a recording plays: `liftui replay FILE` opens one");
        }
        if self.playback().is_some() {
            return None;
        }
        Some(if is_of_past {
            "this is now: `replay.back` leads back into the last minutes"
        } else {
            "this is live: `liftui replay FILE` opens a recording"
        })
    }

    /// What the footer shows first of a dashboard out of a recording.
    pub(super) fn replay_hints(&self) -> Option<&'static [Hint]> {
        let playback = self.playback()?;
        Some(match playback.state {
            PlaybackState::Playing | PlaybackState::Paused => REPLAYING,
            PlaybackState::LookingAround => LOOKING_AROUND,
            PlaybackState::Past(_) => IN_THE_PAST,
        })
    }
}
