//! The past on the screen, while the dashboard goes on behind it: keys are for what is shown, everything else for what is live.

use std::io;

use tokio::time::Instant;

use super::EventLoop;
use crate::app::{App, Event, LoopEffect, ReplayCommand};
use crate::model::{ErrorKind, Failure, Target};
use crate::runtime::options::set_theme;
use crate::runtime::past::{Past, PastAnswer, PastNews};
use crate::runtime::recorder::NOTHING_KEPT;
use crate::runtime::screen::Screen;
use crate::ui;

impl<S: Screen> EventLoop<'_, S> {
    /// The dashboard that is on the screen.
    pub(super) fn shown(&self) -> &App {
        let past = self.past.as_ref().and_then(Past::app);
        past.unwrap_or(&self.app)
    }

    /// What the user or the terminal did is for the dashboard on the screen.
    pub(super) fn update_shown(&mut self, event: Event) -> io::Result<()> {
        if matches!(event, Event::Key(_) | Event::Paste(_)) {
            self.quiet_since = None;
        }
        match &self.past {
            Some(past) if past.app().is_some() => {
                if matches!(event, Event::Resized { .. }) {
                    self.update(event.clone())?;
                }
                self.update_past(event)
            }
            // Until it is there, its keys are for it already, as whoever pressed the first one expects.
            Some(_) => match self.app.command_for_past(&event) {
                Some(command) => self.go_in_the_past(command),
                None => self.update(event),
            },
            None => self.update(event),
        }
    }

    /// What happens to the live dashboard is drawn where that is shown; in the past only the age of what is shown changes.
    pub(super) fn note_change(&mut self, event: &Event) {
        if let (Some(past), Event::Tick(now)) = (&mut self.past, event) {
            past.tick(*now);
        }
        let is_past = self.past.as_ref().is_some_and(|past| past.app().is_some());
        if !is_past || matches!(event, Event::Tick(_)) {
            self.frame_limiter.changed();
        }
    }

    /// Goes to another time, or back to now.
    pub(super) fn go_in_the_past(&mut self, command: ReplayCommand) -> io::Result<()> {
        if command == ReplayCommand::Return {
            return self.return_to_now();
        }
        if self.past.is_none() {
            let Some(recorder) = &self.recorder else {
                return self.update(Event::Failed(nothing_kept()));
            };
            match Past::open(recorder.reader(), self.executor.line_parser()) {
                Ok(past) => self.past = Some(past),
                Err(error) => {
                    let sentence = format!("the last minutes cannot be shown: {error}");
                    let failure = Failure::new(ErrorKind::Local, Target::Cluster, sentence);
                    return self.update(Event::Failed(failure));
                }
            }
        }
        self.frame_limiter.changed();
        if let Some(past) = &mut self.past {
            past.go(command);
        }
        Ok(())
    }

    /// Shows what is live again, as it was left and with what has happened since.
    fn return_to_now(&mut self) -> io::Result<()> {
        let had_mouse = self.shown().has_mouse();
        self.past = None;
        self.frame_limiter.changed();
        if self.app.has_mouse() != had_mouse {
            self.screen.capture_mouse(self.app.has_mouse())?;
        }
        Ok(())
    }

    /// The past that was wanted is there, or something has happened in it.
    pub(super) fn on_past(&mut self, news: PastNews) -> io::Result<()> {
        match news {
            PastNews::Happened(event) => self.update_past(event),
            PastNews::Answer(PastAnswer::Moment(moment)) => {
                self.frame_limiter.changed();
                self.quiet_since = None;
                if let Some(past) = &mut self.past {
                    past.show(moment, &self.app, self.executor.offline());
                }
                Ok(())
            }
            PastNews::Answer(PastAnswer::Now) => self.return_to_now(),
            PastNews::Answer(PastAnswer::Failed(sentence)) => {
                self.return_to_now()?;
                let failure = Failure::new(ErrorKind::Local, Target::Cluster, sentence);
                self.update(Event::Failed(failure))
            }
        }
    }

    fn update_past(&mut self, event: Event) -> io::Result<()> {
        self.frame_limiter.changed();
        let Some(past) = &mut self.past else {
            return Ok(());
        };
        for effect in past.update(event) {
            self.on_effect_of_past(effect)?;
        }
        Ok(())
    }

    /// Does what the past asks of the terminal, or of the time.
    fn on_effect_of_past(&mut self, effect: LoopEffect) -> io::Result<()> {
        if let LoopEffect::Copy(what, text) = effect {
            let sent = self.send_to_clipboard(&text);
            let past = self.past.as_mut();
            let copied = past.and_then(|past| past.copied(what, text, sent));
            return copied.map_or(Ok(()), |event| self.update_past(event));
        }
        if let LoopEffect::SetTheme(name) = effect {
            // Which theme it is does not depend on the time.
            let event = set_theme(&mut self.theme, self.read_theme, name);
            self.update(event.clone())?;
            return self.update_past(event);
        }
        self.carry_out(effect)
    }

    /// Draws the past; the recording of what is live has no such frame.
    pub(super) fn draw_past(&mut self) -> io::Result<()> {
        let Some((app, rows)) = self.past.as_mut().and_then(Past::drawable) else {
            return Ok(());
        };
        let theme = &self.theme;
        let mut drawn = None;
        self.screen
            .draw(&mut |frame| drawn = Some(ui::draw(frame, app, theme, rows)))?;
        let now = Instant::now();
        self.frame_limiter.drawn(now);
        if self.shown().awaits_quiet() {
            self.quiet_since.get_or_insert(now);
        }
        if let (Some(past), Some(viewport)) = (&mut self.past, drawn)
            && past.drawn(viewport)
        {
            self.frame_limiter.changed();
        }
        Ok(())
    }
}

/// Why there is no past.
pub(super) fn nothing_kept() -> Failure {
    Failure::new(ErrorKind::Local, Target::Cluster, NOTHING_KEPT)
}
