//! Effects of a dashboard out of a recording: what is for the terminal is done here.

use std::io;

use super::Replay;
use crate::app::{Effect, Event, LoopEffect};
use crate::runtime::clipboard;
use crate::runtime::offline::{OfflineOutcome, refused};
use crate::runtime::options::{built_in_theme, set_theme};
use crate::runtime::screen::Screen;

impl<S: Screen> Replay<'_, S> {
    /// Carries out what the copy asks for, as far as that can be done here.
    pub(super) fn carry_out(&mut self, effects: Vec<Effect>) -> io::Result<()> {
        for effect in effects {
            let refusal = refused("this is a recording: no broker can be asked");
            let event = match self.offline.carry_out(effect, refusal) {
                OfflineOutcome::Nothing => None,
                OfflineOutcome::Happened(event) => Some(event),
                OfflineOutcome::ForLoop(effect) => self.on_terminal(effect)?,
            };
            if let Some(event) = event {
                self.update(event)?;
            }
        }
        Ok(())
    }

    /// Does what the terminal is asked for.
    fn on_terminal(&mut self, effect: LoopEffect) -> io::Result<Option<Event>> {
        match effect {
            LoopEffect::Copy(what, text) => {
                let sent = clipboard::sent(self.screen.copy(&text));
                return Ok(self.offline.copy(what, text, sent));
            }
            LoopEffect::SetTheme(name) => {
                // Files are those of whoever recorded.
                return Ok(Some(set_theme(&mut self.theme, built_in_theme, name)));
            }
            LoopEffect::CaptureMouse(on) => self.screen.capture_mouse(on)?,
            LoopEffect::Repaint => self.screen.repaint()?,
            LoopEffect::Suspend => {
                self.screen.leave()?;
                self.screen.stop()?;
            }
            LoopEffect::Quit => self.is_over = true,
            // Keys of the recording were looked for before; nothing else comes out of what is offline.
            LoopEffect::Replay(_)
            | LoopEffect::Announce(_)
            | LoopEffect::SetTitle(_)
            | LoopEffect::Edit(..)
            | LoopEffect::SaveRecording(_)
            | LoopEffect::SwitchContext(..)
            | LoopEffect::OpenDemo => {}
        }
        Ok(None)
    }
}
