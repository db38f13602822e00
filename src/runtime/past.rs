//! The last minutes as somebody looks at them while the dashboard goes on: which time is wanted, and the state of that time.
//!
//! What was recorded is decoded and folded on a thread of its own: the loop stays as quick as it is.

mod reader;

use std::collections::VecDeque;
use std::io;

pub(super) use self::reader::{PastAnswer, PastMoment};
use self::reader::{PastOrder, PastReader};
use super::offline::{Offline, OfflineOutcome, refused};
use super::recorder::RingReader;
use super::replay::jump;
use crate::app::{
    App, Effect, Event, LoopEffect, Playback, PlaybackState, ReplayCommand, Viewport,
};
use crate::model::{Failure, Timestamp};
use crate::recording::LineParser;
use crate::ui::RowCache;

/// What comes of looking at the past.
pub(super) enum PastNews {
    /// The thread that reads has answered.
    Answer(PastAnswer),
    /// What takes its time in the state that is shown has happened.
    Happened(Event),
}

/// The state of a time, with whatever was done in it since.
struct Shown {
    app: Box<App>,
    offline: Offline,
    rows: RowCache,
    viewport: Option<Viewport>,
    /// Whether its user went anywhere in it.
    is_used: bool,
}

/// A dashboard of the past.
pub(super) struct Past {
    reader: PastReader,
    /// The time that is shown, or wanted first.
    at: Timestamp,
    /// Where to go once the reader has answered.
    commands: VecDeque<ReplayCommand>,
    is_reading: bool,
    /// Nothing, until the first time is read: what is now is shown so long.
    shown: Option<Shown>,
}

impl Past {
    /// Begins to read what is kept, from now on.
    ///
    /// # Errors
    /// No thread could be had.
    pub(super) fn open(ring: RingReader, parse_line: LineParser) -> io::Result<Self> {
        Ok(Self {
            reader: PastReader::start(ring, parse_line)?,
            at: Timestamp::now(),
            commands: VecDeque::new(),
            is_reading: false,
            shown: None,
        })
    }

    /// The dashboard that is shown, where there is one already.
    pub(super) fn app(&self) -> Option<&App> {
        self.shown.as_ref().map(|shown| &*shown.app)
    }

    /// What is drawn of it.
    pub(super) fn drawable(&mut self) -> Option<(&App, &mut RowCache)> {
        let shown = self.shown.as_mut()?;
        Some((&shown.app, &mut shown.rows))
    }

    /// It was drawn like this; returns whether the layout was another one before.
    pub(super) fn drawn(&mut self, viewport: Viewport) -> bool {
        let Some(shown) = &mut self.shown else {
            return false;
        };
        if shown.viewport.as_ref() == Some(&viewport) {
            return false;
        }
        shown.viewport = Some(viewport.clone());
        shown.app.update(Event::Viewport(viewport));
        true
    }

    /// Something happened to what is shown; returns what is to be done by whoever has the terminal.
    pub(super) fn update(&mut self, event: Event) -> Vec<LoopEffect> {
        let mut left = Vec::new();
        let Some(shown) = &mut self.shown else {
            return left;
        };
        let is_users = matches!(event, Event::Key(_) | Event::Paste(_) | Event::Mouse(_));
        let mut effects: VecDeque<Effect> = shown.app.update(event).into();
        // A key that leads to another time is no step in this one.
        let is_replay = |one: &Effect| matches!(one, Effect::Loop(LoopEffect::Replay(_)));
        let leaves = effects.iter().any(is_replay);
        shown.is_used |= is_users && !leaves;
        while let Some(effect) = effects.pop_front() {
            let refusal = refused(&shown.app.refusal_of_past().unwrap_or_default());
            match shown.offline.carry_out(effect, refusal) {
                OfflineOutcome::Nothing => {}
                OfflineOutcome::Happened(event) => effects.extend(shown.app.update(event)),
                OfflineOutcome::ForLoop(effect) => left.push(effect),
            }
        }
        left
    }

    /// A text was sent to the terminal, or could not be; what is said of it comes now or later.
    pub(super) fn copied(
        &mut self,
        what: String,
        text: String,
        sent: Result<(), Failure>,
    ) -> Option<Event> {
        self.shown.as_mut()?.offline.copy(what, text, sent)
    }

    /// It is this time now.
    pub(super) fn tick(&mut self, now: Timestamp) {
        if let Some(shown) = &mut self.shown {
            shown.app.set_now_of_past(now);
        }
    }

    /// Goes to another time, as soon as that is read.
    pub(super) fn go(&mut self, command: ReplayCommand) {
        self.commands.push_back(command);
        self.read_on();
    }

    /// What comes next of it.
    pub(super) async fn news(&mut self) -> PastNews {
        let happened = async {
            match &mut self.shown {
                Some(shown) => shown.offline.event().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            answer = self.reader.answer() => PastNews::Answer(answer),
            event = happened => PastNews::Happened(event),
        }
    }

    /// The state of the time that was wanted is there. It is shown at the place of what was shown before, which is the live
    /// dashboard at first, and wherever nobody went anywhere since.
    pub(super) fn show(&mut self, moment: PastMoment, live: &App, offline: Offline) {
        let place = match &self.shown {
            Some(shown) if shown.is_used => &shown.app,
            Some(_) | None => live,
        };
        let playback = Playback {
            at: moment.at,
            begin: moment.begin,
            end: moment.end,
            speed: 1,
            state: PlaybackState::Past(Timestamp::now()),
            has_messages: moment.has_messages,
            is_damaged: false,
        };
        let mut app = Box::new(moment.app.revisited(place, playback));
        if let Some(text) = moment.sentence {
            app.notify_of_replay(&text);
        }
        let is_used = self.shown.as_ref().is_some_and(|shown| shown.is_used);
        self.at = moment.at;
        self.shown = Some(Shown {
            app,
            offline,
            rows: RowCache::default(),
            viewport: None,
            is_used,
        });
        self.is_reading = false;
        self.read_on();
    }

    /// Has the reader go where the commands lead that have come so far; those of time together, so that a held key costs one
    /// reading.
    fn read_on(&mut self) {
        if self.is_reading {
            return;
        }
        let mut to = self.at;
        while let Some(command) = self.commands.pop_front() {
            if command == ReplayCommand::PreviousMark {
                return self.read(PastOrder::MarkBefore(to));
            }
            if command == ReplayCommand::NextMark {
                return self.read(PastOrder::MarkAfter(to));
            }
            // What else there is, is for recordings, and the app says so.
            to = jump(to, command);
        }
        if to != self.at {
            self.read(PastOrder::Seek(to));
        }
    }

    fn read(&mut self, order: PastOrder) {
        self.is_reading = true;
        self.reader.order(order);
    }
}
