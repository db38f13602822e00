//! The loop: takes what happens one at a time, lets the app change, starts what it asks for, draws.
//!
//! No arm of its `select!` makes progress of its own (I4): a dead broker cannot hold a key.

use std::future::{pending, poll_fn};
use std::io;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until};

use super::executor::{Executor, Order};
use super::frame_gate::FrameGate;
use super::input;
use super::mailbox::Inbox;
use super::options::{Contexts, Session};
use super::stage::{Cue, Stage};
use crate::app::{App, Event, Viewport};
use crate::model::{ErrorKind, Failure, Target, Timestamp};
use crate::ui::{self, Theme};

/// How many events are taken before a frame gets its turn: a firehose cannot starve keys, a held key costs one frame.
const DRAIN: usize = 64;

/// Ages on screen are whole seconds.
const TICK: Duration = Duration::from_secs(1);

/// How long to wait for a stop that the system grants: an orphaned process group is never stopped.
const STOP_PATIENCE: Duration = Duration::from_millis(300);

/// How the loop ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The program is to end.
    Quit,
    /// The dashboard is to go on with this cluster.
    Switch(Box<Session>),
}

/// One thing that the loop woke for.
enum Woke {
    Cue(Cue),
    Event(Event),
    /// A frame or the return from a stop is due.
    Due,
}

/// Whether the dashboard has the terminal.
#[derive(Debug, PartialEq)]
enum Presence {
    Here,
    /// The process was asked to stop; without a stop it is back at that time.
    Stopped(Instant),
    /// The editor has the terminal.
    Editing,
}

/// The loop and everything it owns.
pub(super) struct EventLoop<'a, S: Stage> {
    stage: &'a mut S,
    theme: &'a Theme,
    contexts: Option<&'a Contexts>,
    app: Box<App>,
    inbox: Inbox,
    executor: Executor,
    gate: FrameGate,
    tick: Interval,
    viewport: Option<Viewport>,
    presence: Presence,
    ended: Option<Ended>,
}

impl<'a, S: Stage> EventLoop<'a, S> {
    /// A loop that has not drawn yet.
    pub(super) fn new(
        stage: &'a mut S,
        session: &'a Session,
        contexts: Option<&'a Contexts>,
        inbox: Inbox,
        executor: Executor,
    ) -> Self {
        let mut tick = interval_at(Instant::now() + TICK, TICK);
        // After a stop of an hour one tick is enough.
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            stage,
            theme: &session.theme,
            contexts,
            app: Box::new(App::new(session.settings.clone())),
            inbox,
            executor,
            gate: FrameGate::default(),
            tick,
            viewport: None,
            presence: Presence::Here,
            ended: None,
        }
    }

    /// Runs until the app or the system wants it to end, then ends every task (I5: nothing answers afterwards).
    ///
    /// # Errors
    /// The terminal could not be read or written.
    pub(super) async fn run(mut self) -> io::Result<Ended> {
        let outcome = self.turn().await;
        self.executor.shut_down().await;
        outcome
    }

    async fn turn(&mut self) -> io::Result<Ended> {
        self.update(Event::Tick(Timestamp::now()))?;
        self.draw()?;
        loop {
            if let Some(ended) = self.ended.take() {
                return Ok(ended);
            }
            let woke = self.wait().await;
            self.take(woke)?;
            self.drain().await?;
            if self.frame_due().is_some_and(|due| due <= Instant::now()) {
                self.draw()?;
            }
        }
    }

    /// When a frame may be drawn, if one may at all.
    fn frame_due(&self) -> Option<Instant> {
        let here = self.presence == Presence::Here;
        self.gate.due(Instant::now()).filter(|_| here)
    }

    /// When the loop has to wake although nothing happens.
    fn deadline(&self) -> Option<Instant> {
        match self.presence {
            Presence::Here => self.frame_due(),
            Presence::Stopped(until) => Some(until),
            Presence::Editing => None,
        }
    }

    async fn wait(&mut self) -> Woke {
        let due = self.deadline();
        let stage = &mut *self.stage;
        tokio::select! {
            // In this order: a key is answered before the answers of brokers, those before the flood of a tail.
            biased;
            cue = poll_fn(|context| stage.poll_cue(context)) => Woke::Cue(cue),
            Some(event) = self.inbox.control.recv() => Woke::Event(event),
            Some(event) = self.inbox.feeds.recv() => Woke::Event(event),
            _ = self.tick.tick() => Woke::Event(Event::Tick(Timestamp::now())),
            () = until(due) => Woke::Due,
        }
    }

    /// Takes what is there already, so that a burst costs one frame.
    async fn drain(&mut self) -> io::Result<()> {
        for _ in 0..DRAIN {
            let Some(woke) = self.ready().await else {
                break;
            };
            self.take(woke)?;
        }
        Ok(())
    }

    /// What is there already; never waits.
    async fn ready(&mut self) -> Option<Woke> {
        if self.ended.is_some() {
            return None;
        }
        let cue = poll_fn(|context| Poll::Ready(self.stage.poll_cue(context))).await;
        if let Poll::Ready(cue) = cue {
            return Some(Woke::Cue(cue));
        }
        let inbox = &mut self.inbox;
        let event = inbox.control.try_recv().or_else(|_| inbox.feeds.try_recv());
        event.ok().map(Woke::Event)
    }

    fn take(&mut self, woke: Woke) -> io::Result<()> {
        match woke {
            Woke::Cue(cue) => self.follow(cue),
            Woke::Event(event) => self.update(event),
            Woke::Due if matches!(self.presence, Presence::Stopped(_)) => self.come_back(),
            Woke::Due => Ok(()),
        }
    }

    fn follow(&mut self, cue: Cue) -> io::Result<()> {
        match cue {
            Cue::Input(report) => match input::event(report) {
                Some(event) => self.update(event),
                None => Ok(()),
            },
            // Whoever stopped the process may have changed the terminal; the editor still has it.
            Cue::Continued if self.presence == Presence::Editing => Ok(()),
            Cue::Continued => self.come_back(),
            Cue::Shutdown => {
                self.ended = Some(Ended::Quit);
                self.update(Event::Shutdown)
            }
            Cue::Lost(error) => Err(error),
        }
    }

    fn update(&mut self, event: Event) -> io::Result<()> {
        if self.presence == Presence::Editing && matches!(event, Event::Edited(..)) {
            self.come_back()?;
        }
        self.gate.changed();
        for effect in self.app.update(event) {
            if let Some(order) = self.executor.carry_out(effect) {
                self.obey(order)?;
            }
        }
        Ok(())
    }

    fn obey(&mut self, order: Order) -> io::Result<()> {
        match order {
            Order::Quit => self.ended = Some(Ended::Quit),
            Order::Switch(name) => return self.switch(&name),
            Order::Stop => return self.stop(),
            Order::Copy(text) => return self.copy(&text),
            Order::Edit(id, text) => {
                self.stage.leave()?;
                self.presence = Presence::Editing;
                self.executor.edit(id, text);
            }
        }
        Ok(())
    }

    fn switch(&mut self, name: &str) -> io::Result<()> {
        let opened = self
            .contexts
            .map_or_else(|| Err(no_contexts(name)), |open| open(name));
        match opened {
            Ok(session) => self.ended = Some(Ended::Switch(Box::new(session))),
            Err(failure) => return self.update(Event::Failed(failure)),
        }
        Ok(())
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        let Err(error) = self.stage.copy(text) else {
            return Ok(());
        };
        let sentence = format!("not copied: {error}");
        self.update(Event::Failed(Failure::new(
            ErrorKind::Local,
            Target::Cluster,
            sentence,
        )))
    }

    fn stop(&mut self) -> io::Result<()> {
        self.stage.leave()?;
        self.presence = Presence::Stopped(Instant::now() + STOP_PATIENCE);
        self.stage.stop()
    }

    fn come_back(&mut self) -> io::Result<()> {
        self.presence = Presence::Here;
        self.gate.changed();
        self.stage.enter()
    }

    /// Draws, and tells the app what room there was (I3). Another room asks for one more frame, which settles.
    fn draw(&mut self) -> io::Result<()> {
        let (app, theme) = (&self.app, self.theme);
        let mut offered = None;
        self.stage
            .draw(&mut |frame| offered = Some(ui::draw(frame, app, theme)))?;
        self.gate.drawn(Instant::now());
        if offered == self.viewport {
            return Ok(());
        }
        self.viewport.clone_from(&offered);
        offered.map_or(Ok(()), |viewport| self.update(Event::Viewport(viewport)))
    }
}

fn no_contexts(name: &str) -> Failure {
    let sentence = format!("there is no config file with a context \"{name}\"");
    Failure::new(ErrorKind::Local, Target::Cluster, sentence)
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}
