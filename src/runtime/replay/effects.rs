//! What becomes of effects where there is no broker: what only looks is done, what asks a broker is refused in one sentence.

use std::io;
use std::sync::Arc;

use super::Replay;
use crate::app::{Effect, Event, OlderSpec, Progress, ScanId, TableEvent, TableExport, TailEvent};
use crate::model::{ErrorKind, Failure, Target, Timestamp};
use crate::runtime::scan;
use crate::runtime::screen::Screen;
use crate::store::{Chunk, FieldIndex, Query, Scan};
use crate::ui::Theme;

/// What is answered to whatever would ask a broker.
fn refusal() -> Failure {
    let sentence = "this is a recording: no broker can be asked";
    Failure::new(ErrorKind::Refused, Target::Cluster, sentence)
}

fn no_older(spec: OlderSpec) -> TailEvent {
    TailEvent::OlderDone {
        stream: spec.stream,
        partition: spec.partition,
        start: None,
        failure: Some(refusal()),
    }
}

impl<S: Screen> Replay<'_, S> {
    /// Carries out what the copy asks for, as far as that can be done here.
    pub(super) fn carry_out(&mut self, effects: Vec<Effect>) -> io::Result<()> {
        for effect in effects {
            if let Some(event) = self.answer(effect)? {
                self.update(event)?;
            }
        }
        Ok(())
    }

    fn answer(&mut self, effect: Effect) -> io::Result<Option<Event>> {
        let answer = match effect {
            Effect::OpenTail(id, _) => Event::Tail(id, TailEvent::Failed(refusal())),
            Effect::FetchOlder(id, spec) => Event::Tail(id, no_older(spec)),
            Effect::Perform(id, _) => Event::Done(id, Err(refusal())),
            Effect::PlanCursorMove(id, _) => Event::CursorMovePlanned(id, Err(refusal())),
            Effect::Edit(id, _) => Event::Edited(id, Err(refusal())),
            Effect::Export(id, _) | Effect::ExportTable(_, TableExport { id, .. }) => {
                Event::Exported(id, Progress::Failed(refusal()))
            }
            Effect::ReadStatistics(id, ..) => Event::Statistics(id, Err(refusal())),
            Effect::OpenTable(id, ..) => Event::Table(id, TableEvent::Failed(refusal())),
            Effect::ReadKeyHistory(id, _) => Event::KeyHistory(id, Err(refusal())),
            Effect::SetTheme(name) => self.set_theme(name),
            Effect::ReadLog => Event::LogRead(Vec::new()),
            Effect::Console(id, _) => Event::Console(id, Err(refusal().sentence)),
            Effect::SwitchContext(..) | Effect::OpenDemo => Event::Failed(refusal()),
            Effect::ParseLine(line) => {
                let task = (self.parse_line)(&line);
                Event::LineParsed(line, task)
            }
            Effect::Scan(id, query, chunks) => {
                self.scan(id, &query, chunks);
                return Ok(None);
            }
            Effect::IndexFields(id, chunks) => Event::Fields(id, Arc::new(FieldIndex::of(&chunks))),
            Effect::Copy(..)
            | Effect::Repaint
            | Effect::CaptureMouse(_)
            | Effect::Suspend
            | Effect::Quit => return self.on_terminal(effect),
            // These are for brokers or for later runs, and nobody waits for an answer.
            Effect::Refresh
            | Effect::AskEvery(_)
            | Effect::Probe(_)
            | Effect::ThrottleTail(..)
            | Effect::CloseTail(_)
            | Effect::CancelScan(_)
            | Effect::FetchCursors
            | Effect::FollowActivity(_)
            | Effect::SaveIncidents(_)
            | Effect::SaveRecording(_)
            | Effect::KeepRow(..)
            | Effect::KeepQuery(_)
            | Effect::KeepView(_)
            | Effect::Alert(_)
            | Effect::Announce(_)
            | Effect::SetTitle(_)
            | Effect::CancelStatistics(_)
            | Effect::CancelExport(_)
            | Effect::ViewTable(..)
            | Effect::CloseTable(_)
            | Effect::CancelKeyHistory(_)
            | Effect::Replay(_) => return Ok(None),
        };
        Ok(Some(answer))
    }

    /// Looks for matches in what was recorded. One at a time: a new one takes the place of the one before.
    fn scan(&mut self, id: ScanId, query: &Query, chunks: Vec<Arc<Chunk>>) {
        let scan = Scan::new(query.predicate().clone(), chunks, Timestamp::now());
        let (turn, outbox) = (Arc::clone(&self.scanning), self.outbox.clone());
        self.scans.abort_all();
        self.scans.spawn(scan::run(id, scan, turn, outbox));
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
            return Ok(self.copy(what, text));
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

    /// Sends the text to the terminal, and to a program that fills the clipboard where there is one.
    fn copy(&mut self, what: String, text: String) -> Option<Event> {
        let sent = self.screen.copy(&text).map_err(|error| {
            let sentence = format!("not copied: {error}");
            Failure::new(ErrorKind::Local, Target::Cluster, sentence)
        });
        if !self.clipboard.has_programs() {
            return Some(Event::Copied(what, self.clipboard.outcome(sent)));
        }
        let copying = self.clipboard.clone().copy(what, text, sent);
        let outbox = self.outbox.clone();
        self.tasks
            .spawn(async move { outbox.send(copying.await).await });
        None
    }
}
