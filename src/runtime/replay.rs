//! Shows a recording: plays it at its own size, lets its user look around in a copy of any state of it, and asks no broker.
//!
//! What the keys mean is `app`'s, what the recording says `recording`'s.

mod canvas;
mod effects;

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use self::canvas::Canvas;
use super::clipboard::Clipboard;
use super::input;
use super::offline::Offline;
use super::screen::{HostEvent, Screen};
use super::terminal::RealTerminal;
use crate::app::{App, Effect, Event, LoopEffect, Playback, PlaybackState, ReplayCommand};
use crate::model::Timestamp;
use crate::recording::{LineParser, Mark, OpenError, Player, find_marks, next_mark};
use crate::ui::{RowCache, Theme};

/// How often what plays is drawn.
const FRAME: Duration = Duration::from_millis(33);

/// How far a key goes back or forward.
const JUMP: Duration = Duration::from_secs(10);

/// The same of another key.
const LONG_JUMP: Duration = Duration::from_secs(60);

/// How many times as fast as it happened a recording is played at most.
const MOST_SPEED: u32 = 64;

/// What is said of a file of which not all could be read.
const DAMAGED: &str = "the file is damaged or was cut short: this is what could be read";
/// How long from the beginning it is said.
const WARNED: Duration = Duration::from_secs(4);
/// What is said where such a file ends.
const ENDS_DAMAGED: &str = "the recording is damaged behind this: it ends here";

/// What a recording is shown with.
#[derive(Debug)]
pub struct ReplayOptions {
    /// The recording at its beginning.
    pub player: Player,
    /// How it looks: it is another terminal than the one that it was recorded on.
    pub theme: Theme,
    /// The parser of the command line.
    pub parse_line: LineParser,
    /// How text reaches the clipboard.
    pub clipboard: Clipboard,
    /// Whether clicks and the wheel are the dashboard's.
    pub mouse: bool,
}

impl ReplayOptions {
    /// What this process was started with.
    pub fn new(player: Player, theme: Theme, parse_line: LineParser) -> Self {
        Self {
            mouse: player.app().has_mouse(),
            player,
            theme,
            parse_line,
            clipboard: Clipboard::of_environment(),
        }
    }
}

/// Shows a recording on this process's terminal until the user ends it.
///
/// # Errors
/// The terminal could not be taken over, read or written.
pub async fn replay(options: ReplayOptions) -> io::Result<()> {
    let mut terminal = RealTerminal::take_over(options.mouse)?;
    Box::pin(replay_on(&mut terminal, options)).await
}

/// Shows a recording on any screen.
///
/// # Errors
/// The screen could not be read or written.
pub async fn replay_on<S: Screen>(screen: &mut S, options: ReplayOptions) -> io::Result<()> {
    Box::pin(Replay::new(screen, options).run()).await
}

/// What the loop woke for.
enum ReplayWakeup {
    Host(HostEvent),
    Event(Event),
    Marks(Vec<Mark>),
    Frame,
}

/// The findings and notices of the recording, as soon as they were looked for.
enum Marks {
    Sought(JoinHandle<Result<Vec<Mark>, OpenError>>),
    Found(Vec<Mark>),
}

struct Replay<'a, S: Screen> {
    screen: &'a mut S,
    theme: Theme,
    player: Player,
    /// What is on the screen: the recording's dashboard, or a copy that somebody looks around in.
    shown: Box<App>,
    rows: RowCache,
    canvas: Canvas,
    state: PlaybackState,
    speed: u32,
    /// Since when it plays, and from where.
    playing: (Instant, Timestamp),
    marks: Marks,
    /// Where to jump once they are found: forwards, or backwards.
    jumps: Vec<bool>,
    offline: Offline,
    frames: Interval,
    has_changed: bool,
    is_over: bool,
}

impl<'a, S: Screen> Replay<'a, S> {
    fn new(screen: &'a mut S, options: ReplayOptions) -> Self {
        let ReplayOptions {
            mut player,
            theme,
            parse_line,
            clipboard,
            ..
        } = options;
        let recording = Arc::clone(player.recording());
        let marks = tokio::task::spawn_blocking(move || find_marks(recording, parse_line));
        player.next_frame();
        let mut frames = interval(FRAME);
        frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut replay = Self {
            screen,
            theme,
            offline: Offline::new(parse_line, clipboard),
            shown: Box::new(player.app().clone()),
            rows: RowCache::default(),
            canvas: Canvas::default(),
            state: PlaybackState::Playing,
            speed: 1,
            playing: (Instant::now(), player.at()),
            player,
            marks: Marks::Sought(marks),
            jumps: Vec::new(),
            frames,
            has_changed: true,
            is_over: false,
        };
        replay.show_recording();
        replay
    }

    async fn run(mut self) -> io::Result<()> {
        while !self.is_over {
            if self.has_changed {
                self.draw()?;
            }
            let wakeup = self.wait().await;
            self.on_wakeup(wakeup)?;
        }
        Ok(())
    }

    async fn wait(&mut self) -> ReplayWakeup {
        let screen = &mut *self.screen;
        let plays = self.state == PlaybackState::Playing;
        tokio::select! {
            biased;
            event = poll_fn(|context| screen.poll_event(context)) => ReplayWakeup::Host(event),
            event = self.offline.event() => ReplayWakeup::Event(event),
            marks = sought(&mut self.marks) => ReplayWakeup::Marks(marks),
            _ = self.frames.tick(), if plays => ReplayWakeup::Frame,
        }
    }

    fn on_wakeup(&mut self, wakeup: ReplayWakeup) -> io::Result<()> {
        match wakeup {
            ReplayWakeup::Host(event) => return self.on_host_event(event),
            ReplayWakeup::Event(event) => return self.update(event),
            ReplayWakeup::Marks(marks) => self.on_marks(marks),
            ReplayWakeup::Frame => self.play_on(),
        }
        Ok(())
    }

    fn on_host_event(&mut self, event: HostEvent) -> io::Result<()> {
        match event {
            HostEvent::Input(report) => match input::event(report) {
                // It is shown at the size that it has.
                Some(Event::Resized { .. }) | None => self.has_changed = true,
                Some(event) => return self.on_input(event),
            },
            HostEvent::Continued => {
                self.has_changed = true;
                return self.screen.enter();
            }
            HostEvent::Interrupted | HostEvent::Shutdown => self.is_over = true,
            HostEvent::Lost(error) => return Err(error),
        }
        Ok(())
    }

    /// A key of the recording's own drives it; whatever else the user does, happens in a copy.
    fn on_input(&mut self, event: Event) -> io::Result<()> {
        let mut copy = self.shown.replayed(Playback {
            state: self.state,
            ..self.playback()
        });
        let effects = copy.update(event);
        let command = effects.iter().find_map(|effect| {
            if let Effect::Loop(LoopEffect::Replay(command)) = effect {
                return Some(*command);
            }
            None
        });
        if let Some(command) = command {
            self.drive(command);
            return Ok(());
        }
        self.state = PlaybackState::LookingAround;
        *self.shown = copy.replayed(self.playback());
        self.has_changed = true;
        self.carry_out(effects)
    }

    /// Something happens to the copy that is looked around in.
    fn update(&mut self, event: Event) -> io::Result<()> {
        if self.state != PlaybackState::LookingAround {
            return Ok(());
        }
        self.has_changed = true;
        let effects = self.shown.update(event);
        self.carry_out(effects)
    }

    fn drive(&mut self, command: ReplayCommand) {
        let at = self.player.at();
        match command {
            ReplayCommand::Pause if self.state == PlaybackState::Playing => self.pause(),
            ReplayCommand::Pause => return self.play(),
            ReplayCommand::Return if self.state == PlaybackState::LookingAround => self.pause(),
            ReplayCommand::Return => {}
            ReplayCommand::Back
            | ReplayCommand::Forward
            | ReplayCommand::BackMinute
            | ReplayCommand::ForwardMinute => self.player.seek(jump(at, command)),
            ReplayCommand::PreviousMark | ReplayCommand::NextMark => {
                return self.go_to_mark(command == ReplayCommand::NextMark);
            }
            ReplayCommand::PreviousFrame => {
                self.pause();
                self.player.previous_frame();
            }
            ReplayCommand::NextFrame => {
                self.pause();
                self.player.next_frame();
            }
            ReplayCommand::Faster => self.speed = (self.speed * 2).min(MOST_SPEED),
            ReplayCommand::Slower => self.speed = (self.speed / 2).max(1),
        }
        self.go_on_from_here();
    }

    fn pause(&mut self) {
        self.state = PlaybackState::Paused;
    }

    /// Plays on; from the beginning where it is at its end.
    fn play(&mut self) {
        if self.player.next_at().is_none() {
            let begin = self.player.recording().begin();
            self.player.seek(begin);
        }
        self.state = PlaybackState::Playing;
        self.go_on_from_here();
    }

    fn on_marks(&mut self, marks: Vec<Mark>) {
        self.marks = Marks::Found(marks);
        for forward in std::mem::take(&mut self.jumps) {
            self.go_to_mark(forward);
        }
    }

    /// Goes to the next finding or notice, or to the one before this time.
    fn go_to_mark(&mut self, forward: bool) {
        let Marks::Found(marks) = &self.marks else {
            self.jumps.push(forward);
            return self.say("the recording is searched for findings and notices");
        };
        match next_mark(marks, self.player.at(), forward) {
            Ok(at) => {
                self.pause();
                self.player.seek(at);
                self.go_on_from_here();
            }
            Err(sentence) => self.say(&sentence),
        }
    }

    /// Says something on the line of notices, without looking around.
    fn say(&mut self, text: &str) {
        self.show_recording();
        self.shown.notify_of_replay(text);
    }

    fn go_on_from_here(&mut self) {
        if self.state == PlaybackState::LookingAround {
            self.pause();
        }
        self.playing = (Instant::now(), self.player.at());
        self.show_recording();
    }

    /// Plays what is due by now.
    fn play_on(&mut self) {
        let (since, from) = self.playing;
        let until = from.plus(since.elapsed() * self.speed);
        if self.player.advance(until) {
            self.show_recording();
        }
        if self.player.next_at().is_none() {
            self.pause();
            self.show_recording();
        }
    }

    fn show_recording(&mut self) {
        *self.shown = self.player.app().replayed(self.playback());
        let is_at_end = self.player.next_at().is_none();
        let playback = self.playback();
        if playback.is_damaged && is_at_end {
            self.shown.notify_of_replay(ENDS_DAMAGED);
        } else if playback.is_damaged && playback.begin.age(playback.at) < WARNED {
            self.shown.notify_of_replay(DAMAGED);
        }
        self.has_changed = true;
    }

    fn playback(&self) -> Playback {
        let recording = self.player.recording();
        Playback {
            at: self.player.at(),
            begin: recording.begin(),
            end: recording.end(),
            speed: self.speed,
            state: self.state,
            has_messages: recording.head.messages,
            is_damaged: recording.is_damaged || self.player.is_broken(),
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        self.has_changed = false;
        let size = self.player.size();
        let (app, theme, rows) = (&self.shown, &self.theme, &mut self.rows);
        let viewport = self.canvas.draw(size, app, theme, rows)?;
        let (canvas, theme) = (&self.canvas, &self.theme);
        self.screen.draw(&mut |frame| canvas.show(frame, theme))?;
        if self.state == PlaybackState::LookingAround {
            // The layout is an event as any other; another one asks for no other frame here.
            self.shown.update(Event::Viewport(viewport));
        }
        Ok(())
    }
}

/// Where a key leads that goes back or forward by some time; no other leads away.
pub(super) fn jump(from: Timestamp, command: ReplayCommand) -> Timestamp {
    match command {
        ReplayCommand::Back => from.minus(JUMP),
        ReplayCommand::Forward => from.plus(JUMP),
        ReplayCommand::BackMinute => from.minus(LONG_JUMP),
        ReplayCommand::ForwardMinute => from.plus(LONG_JUMP),
        ReplayCommand::PreviousMark
        | ReplayCommand::NextMark
        | ReplayCommand::Pause
        | ReplayCommand::PreviousFrame
        | ReplayCommand::NextFrame
        | ReplayCommand::Faster
        | ReplayCommand::Slower
        | ReplayCommand::Return => from,
    }
}

/// The findings and notices, once they are found.
async fn sought(marks: &mut Marks) -> Vec<Mark> {
    match marks {
        Marks::Sought(task) => match task.await {
            Ok(Ok(marks)) => marks,
            Ok(Err(_)) | Err(_) => Vec::new(),
        },
        Marks::Found(_) => std::future::pending().await,
    }
}
