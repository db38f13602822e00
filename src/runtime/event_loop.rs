//! The loop: takes what happens one at a time, lets the app change, starts what it asks for, draws.
//!
//! No arm of its `select!` makes progress of its own (I4): a dead broker cannot hold a key.

mod past_view;

use std::future::{pending, poll_fn};
use std::io;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::channels::EventReceiver;
use super::clipboard;
use super::executor::Executor;
use super::frame_limiter::FrameLimiter;
use super::input;
use super::loop_timer::LoopTimer;
use super::options::{Contexts, RuntimeSession, ThemeReader, set_theme};
use super::past::{Past, PastNews};
use super::recorder::Recorder;
use super::screen::{HostEvent, Screen};
use crate::app::{App, Event, LoopEffect, Viewport};
use crate::model::{ErrorKind, Failure, Locator, Target, Timestamp};
use crate::recording::Fact;
use crate::ui::{self, RowCache, Theme};

/// How many events are taken before a frame gets its turn: a firehose cannot starve keys, a held key costs one frame.
const DRAIN: usize = 64;

/// Keys that come sooner after one another than this are a burst: nobody reads a question in that time.
const QUIET: Duration = Duration::from_millis(100);

/// Ages on screen are whole seconds.
const TICK: Duration = Duration::from_secs(1);

/// How long to wait for a stop that the system grants: an orphaned process group is never stopped.
const STOP_TIMEOUT: Duration = Duration::from_millis(300);

/// How the loop ended.
#[derive(Debug)]
pub(super) enum LoopExit {
    /// The program is to end.
    Quit,
    /// The demo is to be shown instead.
    Demo,
    /// The dashboard is to go on with this cluster.
    Switch(Box<RuntimeSession>),
}

/// One thing that the loop woke for.
enum Wakeup {
    Host(HostEvent),
    Event(Event),
    Past(PastNews),
    /// A frame or the return from a stop is due.
    Due,
}

/// Whether the dashboard has the terminal.
#[derive(Debug, PartialEq)]
enum TerminalOwner {
    Here,
    /// The process was asked to stop; without a stop it is back at that time.
    Stopped(Instant),
    /// The editor has the terminal.
    Editing,
}

/// Whom the loop calls besides the screen and the executor.
pub(super) struct LoopCallers<'a> {
    /// Who makes what is needed for another context.
    pub(super) contexts: Option<&'a Contexts>,
    /// Who reads themes.
    pub(super) read_theme: ThemeReader,
    /// Who records what happens.
    pub(super) recorder: Option<&'a mut Recorder>,
}

/// The loop and everything it owns.
pub(super) struct EventLoop<'a, S: Screen> {
    screen: &'a mut S,
    theme: Theme,
    read_theme: ThemeReader,
    contexts: Option<&'a Contexts>,
    recorder: Option<&'a mut Recorder>,
    app: Box<App>,
    /// The past, while somebody looks at it.
    past: Option<Past>,
    /// What was read of the messages in sight.
    rows: RowCache,
    inbox: EventReceiver,
    executor: Executor,
    frame_limiter: FrameLimiter,
    timer: LoopTimer,
    tick: Interval,
    viewport: Option<Viewport>,
    /// Since when no key has come and what waits for quiet has been on the screen.
    quiet_since: Option<Instant>,
    terminal_owner: TerminalOwner,
    exit: Option<LoopExit>,
}

impl<'a, S: Screen> EventLoop<'a, S> {
    /// A loop that has not drawn yet.
    pub(super) fn new(
        screen: &'a mut S,
        session: &'a RuntimeSession,
        callers: LoopCallers<'a>,
        inbox: EventReceiver,
        executor: Executor,
    ) -> Self {
        let LoopCallers {
            contexts,
            read_theme,
            mut recorder,
        } = callers;
        let mut tick = interval_at(Instant::now() + TICK, TICK);
        // After a stop of an hour one tick is enough.
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let app = Box::new(App::new(session.settings.clone()));
        if let Some(recorder) = recorder.as_deref_mut() {
            recorder.begin(&session.settings);
        }
        Self {
            screen,
            theme: session.theme.clone(),
            read_theme,
            contexts,
            recorder,
            app,
            past: None,
            rows: RowCache::default(),
            inbox,
            executor,
            frame_limiter: FrameLimiter::default(),
            timer: LoopTimer::new(),
            tick,
            viewport: None,
            quiet_since: None,
            terminal_owner: TerminalOwner::Here,
            exit: None,
        }
    }

    /// Runs until the app or the system wants it to end, then ends every task (I5: nothing answers afterwards).
    ///
    /// # Errors
    /// The terminal could not be read or written.
    pub(super) async fn run(mut self) -> io::Result<LoopExit> {
        let outcome = self.run_until_exit().await;
        self.executor.shut_down().await;
        outcome
    }

    async fn run_until_exit(&mut self) -> io::Result<LoopExit> {
        self.update(Event::Tick(Timestamp::now()))?;
        self.draw()?;
        loop {
            if let Some(exit) = self.exit.take() {
                return Ok(exit);
            }
            let wakeup = self.wait().await;
            self.on_wakeup(wakeup)?;
            self.drain().await?;
            if self.frame_due().is_some_and(|due| due <= Instant::now()) {
                self.draw()?;
            }
        }
    }

    /// When a frame may be drawn, if one may at all.
    fn frame_due(&self) -> Option<Instant> {
        let here = self.terminal_owner == TerminalOwner::Here;
        self.frame_limiter.due(Instant::now()).filter(|_| here)
    }

    /// When keys have been quiet for long enough for who waits for that.
    fn quiet_due(&self) -> Option<Instant> {
        let since = self.quiet_since.filter(|_| self.shown().awaits_quiet())?;
        Some(since + QUIET)
    }

    /// When the loop has to wake although nothing happens.
    fn deadline(&self) -> Option<Instant> {
        match self.terminal_owner {
            TerminalOwner::Here => self.frame_due().into_iter().chain(self.quiet_due()).min(),
            TerminalOwner::Stopped(until) => Some(until),
            TerminalOwner::Editing => None,
        }
    }

    async fn wait(&mut self) -> Wakeup {
        let due = self.deadline();
        let screen = &mut *self.screen;
        let has_room = self.recorder.as_deref().is_none_or(Recorder::has_room);
        tokio::select! {
            // In this order: a key is answered before the answers of brokers, those before the flood of a tail.
            biased;
            event = poll_fn(|context| screen.poll_event(context)) => Wakeup::Host(event),
            Some(event) = self.inbox.control.recv() => Wakeup::Event(event),
            Some(event) = self.inbox.tails.recv(), if has_room => Wakeup::Event(event),
            news = news_of(self.recorder.as_deref_mut()) => news.map_or(Wakeup::Due, Wakeup::Event),
            news = news_of_past(self.past.as_mut()) => Wakeup::Past(news),
            _ = self.tick.tick() => {
                log_tasks();
                Wakeup::Event(Event::Tick(Timestamp::now()))
            }
            () = sleep_until_due(&mut self.timer, due) => Wakeup::Due,
        }
    }

    /// Takes what is there already, so that a burst costs one frame; once a key is to be answered, the rest waits for that.
    async fn drain(&mut self) -> io::Result<()> {
        for _ in 0..DRAIN {
            if self.frame_limiter.hurries(Instant::now()) {
                break;
            }
            let Some(wakeup) = self.ready().await else {
                break;
            };
            self.on_wakeup(wakeup)?;
        }
        Ok(())
    }

    /// What is there already; never waits.
    async fn ready(&mut self) -> Option<Wakeup> {
        if self.exit.is_some() {
            return None;
        }
        let polled = poll_fn(|context| Poll::Ready(self.screen.poll_event(context))).await;
        if let Poll::Ready(event) = polled {
            return Some(Wakeup::Host(event));
        }
        let has_room = self.recorder.as_deref().is_none_or(Recorder::has_room);
        let inbox = &mut self.inbox;
        let event = match inbox.control.try_recv() {
            Err(_) if has_room => inbox.tails.try_recv(),
            event => event,
        };
        event.ok().map(Wakeup::Event)
    }

    fn on_wakeup(&mut self, wakeup: Wakeup) -> io::Result<()> {
        match wakeup {
            Wakeup::Host(event) => self.on_host_event(event),
            Wakeup::Event(event) => self.update(event),
            Wakeup::Past(news) => self.on_past(news),
            Wakeup::Due if matches!(self.terminal_owner, TerminalOwner::Stopped(_)) => {
                self.take_terminal_back()
            }
            Wakeup::Due if self.quiet_due().is_some_and(|due| due <= Instant::now()) => {
                self.quiet_since = None;
                self.update_shown(Event::KeysQuiet)
            }
            Wakeup::Due => Ok(()),
        }
    }

    fn on_host_event(&mut self, event: HostEvent) -> io::Result<()> {
        let is_editing = self.terminal_owner == TerminalOwner::Editing;
        match event {
            // Whoever stopped the process may have changed the terminal; the editor still has it. ctrl-c and ctrl-\\ are the
            // editor's too.
            HostEvent::Continued | HostEvent::Interrupted if is_editing => Ok(()),
            HostEvent::Input(report) => match input::event(report) {
                Some(event) => {
                    self.frame_limiter.pressed();
                    self.update_shown(event)
                }
                None => Ok(()),
            },
            HostEvent::Continued => self.take_terminal_back(),
            HostEvent::Interrupted | HostEvent::Shutdown => {
                self.exit = Some(LoopExit::Quit);
                self.update(Event::Shutdown)
            }
            HostEvent::Lost(error) => Err(error),
        }
    }

    fn update(&mut self, event: Event) -> io::Result<()> {
        if self.terminal_owner == TerminalOwner::Editing && matches!(event, Event::Edited(..)) {
            self.take_terminal_back()?;
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.record_event(&event, &self.app);
        }
        self.note_change(&event);
        let awaits_match = self.app.awaits_match();
        for effect in self.app.update(event) {
            if let Some(effect) = self.executor.carry_out(effect) {
                self.carry_out(effect)?;
            }
        }
        if awaits_match && !self.app.awaits_match() {
            self.frame_limiter.answered();
        }
        Ok(())
    }

    fn carry_out(&mut self, effect: LoopEffect) -> io::Result<()> {
        match effect {
            LoopEffect::Quit => self.exit = Some(LoopExit::Quit),
            LoopEffect::OpenDemo => self.exit = Some(LoopExit::Demo),
            LoopEffect::SwitchContext(name, open) => return self.switch(&name, open),
            LoopEffect::Suspend => return self.stop(),
            LoopEffect::SaveRecording(path) => return self.save_recording(path),
            LoopEffect::Replay(command) => return self.go_in_the_past(command),
            LoopEffect::Copy(what, text) => return self.copy(what, text),
            LoopEffect::Repaint => return self.repaint(),
            LoopEffect::Announce(announcement) => return self.screen.announce(&announcement),
            LoopEffect::SetTitle(title) => return self.screen.set_title(&title),
            LoopEffect::SetTheme(name) => {
                let event = set_theme(&mut self.theme, self.read_theme, name);
                return self.update(event);
            }
            LoopEffect::CaptureMouse(on) => return self.screen.capture_mouse(on),
            LoopEffect::Edit(id, text) => {
                self.screen.leave()?;
                self.frame_limiter.suspended();
                self.terminal_owner = TerminalOwner::Editing;
                self.executor.edit(id, text);
            }
        }
        Ok(())
    }

    fn switch(&mut self, name: &str, open: Option<Box<Locator>>) -> io::Result<()> {
        let opened = self
            .contexts
            .map_or_else(|| Err(no_contexts(name)), |session| session(name));
        match opened {
            Ok(mut session) => {
                // Whose the mouse is does not change with the cluster.
                session.settings.mouse = self.app.has_mouse();
                session.settings.open = open.map(|open| *open);
                self.exit = Some(LoopExit::Switch(Box::new(session)));
            }
            Err(failure) => return self.update(Event::Failed(failure)),
        }
        Ok(())
    }

    /// Sends the text to the terminal, and to a program that fills the clipboard where there is one.
    fn copy(&mut self, what: String, text: String) -> io::Result<()> {
        let sent = self.send_to_clipboard(&text);
        match self.executor.copy(what, text, sent) {
            Some(event) => self.update(event),
            None => Ok(()),
        }
    }

    fn send_to_clipboard(&mut self, text: &str) -> Result<(), Failure> {
        clipboard::sent(self.screen.copy(text))
    }

    fn save_recording(&mut self, path: String) -> io::Result<()> {
        let Some(recorder) = &self.recorder else {
            return self.update(Event::Failed(past_view::nothing_kept()));
        };
        recorder.save(path);
        Ok(())
    }

    fn repaint(&mut self) -> io::Result<()> {
        self.frame_limiter.changed();
        self.screen.repaint()
    }

    fn stop(&mut self) -> io::Result<()> {
        self.screen.leave()?;
        self.frame_limiter.suspended();
        self.terminal_owner = TerminalOwner::Stopped(Instant::now() + STOP_TIMEOUT);
        self.screen.stop()
    }

    fn take_terminal_back(&mut self) -> io::Result<()> {
        self.terminal_owner = TerminalOwner::Here;
        self.frame_limiter.changed();
        self.screen.enter()
    }

    /// Draws, and tells the app the layout (I3). Another layout asks for one more frame, after which nothing changes.
    fn draw(&mut self) -> io::Result<()> {
        if self.past.as_ref().is_some_and(|past| past.app().is_some()) {
            return self.draw_past();
        }
        let (app, theme, rows) = (&self.app, &self.theme, &mut self.rows);
        let (reads_past, mut drawn) = (self.past.is_some(), None);
        self.screen.draw(&mut |frame| {
            drawn = Some(ui::draw(frame, app, theme, rows));
            if reads_past {
                ui::draw_past_is_read(frame, theme);
            }
        })?;
        // What follows from the app alone is recorded.
        if let (Some(recorder), Some(viewport), false) = (&self.recorder, &drawn, reads_past) {
            recorder.record(Fact::Drawn(viewport.width, viewport.height));
        }
        let now = Instant::now();
        self.frame_limiter.drawn(now);
        if self.app.awaits_quiet() {
            self.quiet_since.get_or_insert(now);
        }
        if drawn == self.viewport {
            return Ok(());
        }
        self.viewport.clone_from(&drawn);
        drawn.map_or(Ok(()), |viewport| self.update(Event::Viewport(viewport)))
    }
}

/// Tasks that never end add up: whoever looks for them finds their number in the log.
fn log_tasks() {
    let tasks = Handle::current().metrics().num_alive_tasks();
    tracing::debug!(tasks, "running");
}

fn no_contexts(name: &str) -> Failure {
    let sentence = format!("there is no config file with a context \"{name}\"");
    Failure::new(ErrorKind::Local, Target::Cluster, sentence)
}

async fn news_of(recorder: Option<&mut Recorder>) -> Option<Event> {
    match recorder {
        Some(recorder) => recorder.news().await,
        None => pending().await,
    }
}

async fn news_of_past(past: Option<&mut Past>) -> PastNews {
    match past {
        Some(past) => past.news().await,
        None => pending().await,
    }
}

async fn sleep_until_due(timer: &mut LoopTimer, due: Option<Instant>) {
    match due {
        Some(due) => timer.until(due).await,
        None => pending().await,
    }
}
