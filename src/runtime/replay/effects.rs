//! Effects of a dashboard out of a recording: what is for the terminal is done here.

use std::io;

use super::Replay;
use crate::app::{Effect, Event};
use crate::model::{ErrorKind, Failure, Target};
use crate::runtime::clipboard;
use crate::runtime::offline::{OfflineOutcome, refused};
use crate::runtime::screen::Screen;
use crate::ui::Theme;

impl<S: Screen> Replay<'_, S> {
    /// Carries out what the copy asks for, as far as that can be done here.
    pub(super) fn carry_out(&mut self, effects: Vec<Effect>) -> io::Result<()> {
        for effect in effects {
            let refusal = refused("this is a recording: no broker can be asked");
            let event = match self.offline.carry_out(effect, refusal) {
                OfflineOutcome::Nothing => None,
                OfflineOutcome::Happened(event) => Some(event),
                OfflineOutcome::ForTerminal(effect) => self.on_terminal(effect)?,
            };
            if let Some(event) = event {
                self.update(event)?;
            }
        }
        Ok(())
    }

    /// Draws in a theme that comes with the program; files are those of whoever recorded.
    fn set_theme(&mut self, name: String) -> Event {
        if let Some(theme) = Theme::named(&name) {
            self.theme = theme;
            return Event::ThemeSet(name);
        }
        let sentence = format!("no theme \"{name}\" comes with liftui");
        Event::Failed(Failure::new(ErrorKind::Local, Target::Cluster, sentence))
    }

    /// Does what the terminal is asked for.
    fn on_terminal(&mut self, effect: Effect) -> io::Result<Option<Event>> {
        if let Effect::Copy(what, text) = effect {
            let sent = clipboard::sent(self.screen.copy(&text));
            return Ok(self.offline.copy(what, text, sent));
        }
        if let Effect::SetTheme(name) = effect {
            return Ok(Some(self.set_theme(name)));
        }
        if let Effect::CaptureMouse(on) = effect {
            self.screen.capture_mouse(on)?;
        }
        if effect == Effect::Repaint {
            self.screen.repaint()?;
        }
        if effect == Effect::Suspend {
            self.screen.leave()?;
            self.screen.stop()?;
        }
        self.is_over |= effect == Effect::Quit;
        Ok(None)
    }
}
