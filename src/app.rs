//! The state of the dashboard and the one function that changes it; no clock, no I/O, no async.
//!
//! [`App`] routes: an event goes to the part of the state that it concerns, a command to the overlay on top or to the
//! screen in focus. What these cannot do by themselves they ask of the app. From the innermost room outwards:
//!
//! ```text
//! words: commands, events, effects, panes, row keys, notices ...
//! input, lists
//! settings, context
//! screens
//! overlays
//! cluster, and the app itself
//! ```

#![deny(clippy::indexing_slicing)]

mod app_request;
mod cluster;
mod columns;
pub(crate) mod command;
mod context;
pub(crate) mod decoded_values;
mod decoding;
mod effect;
mod event;
mod focus;
mod ids;
mod inflight;
pub(crate) mod input;
pub(crate) mod kept_queries;
mod kept_view;
mod key_context;
mod key_history;
pub(crate) mod lists;
mod locators;
mod motion;
mod mouse;
mod moved_cursors;
mod named_partitions;
mod navigation;
mod notice;
mod outcomes;
pub(crate) mod overlays;
mod past;
mod playback;
mod quit;
mod range_run;
mod read_settings;
mod refused_changes;
mod replaying;
mod routing;
pub(crate) mod row_key;
mod row_settings;
mod schemas;
pub(crate) mod screens;
mod settings;
mod settings_reload;
mod shell_commands;
mod shell_tasks;
mod shown_times;
mod statistics;
mod subject_questions;
pub(crate) mod subject_report;
mod tour;
mod typed_command;
mod typed_text;
mod verification;
mod view_memory;
mod viewport;
mod visited;

pub use cluster::Freshness;
pub use command::{Command, ReplayCommand};
pub use decoded_values::{
    DecodedValue, DecodedValues, StoredValue, ValueId, ValueReadings, ValueToDecode,
};
pub use effect::{
    Announcement, DesktopForm, Effect, ExportSpec, KeyHistorySpec, LoopEffect, OlderSpec,
    StatisticsSpec, TableExport, TableSpec, TableView, TailSpec, VerifySpec,
};
pub use event::{
    ConnectionState, CopyOutcome, Event, Progress, ScanEvent, TableEvent, TableProgress,
    TableReport, TailEvent,
};
pub use focus::{Focus, Pane, Screen};
pub use ids::{RequestId, ScanId, TableId, TailId};
pub(crate) use inflight::{Pending, Request};
pub use input::keyboard_layouts::KeyboardLayouts;
pub use input::keymap::Keymap;
pub use kept_queries::{KeptQueries, QueryChange, SavedQuery};
pub use kept_view::{KeptList, KeptView};
pub use key_context::KeyContext;
pub use key_history::KeyHistoryRun;
pub use lists::table::Listing;
pub(crate) use notice::Level;
pub use notice::{Notice, Notices};
pub use overlays::Overlay;
pub use playback::{Playback, PlaybackState};
pub use range_run::{RangeRun, RangeState};
pub use read_settings::{ContextEntry, ReadSettings, SettingOrigin};
pub use row_key::{DetailTarget, RowKey};
pub use row_settings::{KeptRow, RowChoice, RowSettings};
pub use schemas::{DecodeMethod, DecoderCommand, Schemas};
pub use screens::tails::{FollowMode, Side, Tail, TailState, Tails, Window};
pub use settings::{AlertSettings, Settings};
pub use shell_commands::{MessageRange, ShellCommand, ShellTask};
pub use statistics::StatisticsRun;
pub use tour::TOUR_BROKERS;
pub use verification::VerificationRun;
pub(crate) use verification::readable_copies;
pub use viewport::{Area, HitTarget, Viewport};

use cluster::ClusterState;
use context::Context;
use input::key_hints::{Hint, KeyHint, OPEN_DEMO, UNCONNECTED};
use input::keys::Key;
use lists::filter::Filter;
use moved_cursors::MovedCursors;
use overlays::Overlays;
use screens::Screens;
use screens::activity::Activity;
use screens::brokers::Brokers;
use screens::cursors::Cursors;
use screens::incidents::Incidents;
use screens::key_table::KeyTables;
use screens::overview::Overview;
use screens::streams::Streams;
use tour::Tour;
use typed_command::AwaitedStream;
use visited::Visited;

use std::time::Duration;

use crate::health::{HealthOptions, Truth};
use crate::model::{MessagePlace, TimeDisplay, Timestamp};

/// All that the dashboard knows and shows. It changes inside [`App::update`] alone (I1).
#[derive(Clone, Debug)]
pub struct App {
    context: Context,
    cluster: ClusterState,
    focus: Focus,
    screens: Screens,
    overlays: Overlays,
    /// Keys of an unfinished chord.
    pressed: Vec<Key>,
    /// By which layouts keys are known by their place.
    keyboard: KeyboardLayouts,
    /// Whether the mouse is the dashboard's.
    has_mouse: bool,
    /// When a key was pressed last that quits if it is pressed again.
    interrupted: Option<Timestamp>,
    /// How it looked when that was kept last; `None` where nobody keeps it.
    kept: Option<KeptView>,
    /// A command that waits for a stream to be named.
    awaited: Option<AwaitedStream>,
    /// The statistics that were asked for last.
    statistics: Option<StatisticsRun>,
    /// What this program has logged, the oldest line first; `None`: it was not read yet.
    log: Option<Vec<String>>,
    /// The places that were visited.
    visited: Visited,
    /// The history of a key that was asked for last.
    key_history: Option<KeyHistoryRun>,
    /// Cursors that were moved from here a short time ago.
    moved_cursors: MovedCursors,
    /// The copies that were compared last.
    verification: Option<VerificationRun>,
    /// Where the message lies that was published last from here.
    published: Option<MessagePlace>,
    /// The tour of the demo, as long as nobody presses a key.
    tour: Option<Tour>,
}

impl App {
    /// The dashboard before anything happened.
    pub fn new(settings: Settings) -> Self {
        let mut app = Self {
            cluster: ClusterState::new(&settings),
            screens: Screens::new(&settings),
            keyboard: settings.keyboard,
            has_mouse: settings.mouse,
            tour: settings.tour.then(Tour::new),
            context: Context::new(settings),
            focus: Focus::default(),
            overlays: Overlays::default(),
            pressed: Vec::new(),
            interrupted: None,
            kept: None,
            awaited: None,
            statistics: None,
            log: None,
            visited: Visited::default(),
            key_history: None,
            moved_cursors: MovedCursors::default(),
            verification: None,
            published: None,
        };
        app.restore_view();
        app.find_sort_letters();
        app
    }

    /// The time, as of the last tick.
    pub fn now(&self) -> Timestamp {
        self.context.now
    }

    /// Whether a moment without keys would mean something: then [`Event::KeysQuiet`] is wanted after it.
    pub fn awaits_quiet(&self) -> bool {
        self.overlays.awaits_quiet()
    }

    /// Whether the tail that is shown is searched, and nothing was found yet.
    pub fn awaits_match(&self) -> bool {
        let shown = self.screens.tails.shown();
        shown.is_some_and(|tail| tail.search().is_scanning() && tail.store().is_empty())
    }

    /// How times are shown.
    pub fn times(&self) -> &TimeDisplay {
        &self.context.times
    }

    /// Whether clicks and the wheel are the dashboard's; otherwise the terminal selects text with them.
    pub fn has_mouse(&self) -> bool {
        self.has_mouse
    }

    /// What the dashboard was started with.
    pub(crate) fn settings(&self) -> &Settings {
        &self.context.settings
    }

    /// How health judges: what is an alarm, and which minimum ISRs are known.
    pub(crate) fn health_options(&self) -> &HealthOptions {
        self.cluster.health_options()
    }

    /// What holds in the cluster, as far as anyone can know.
    pub fn truth(&self) -> &Truth {
        self.cluster.truth()
    }

    /// How fresh that is.
    pub(crate) fn freshness(&self) -> Freshness {
        self.cluster.freshness(&self.context)
    }

    /// How often each broker is asked for its view.
    pub(crate) fn asked_every(&self) -> Duration {
        self.cluster.asked_every()
    }

    /// Whether a first broker was found.
    pub(crate) fn connection(&self) -> &ConnectionState {
        self.cluster.connection()
    }

    /// Whether a key opens the demo: nobody named a cluster, and none has answered.
    pub(crate) fn offers_demo(&self) -> bool {
        self.context.settings.offers_demo && self.truth().as_of.is_none()
    }

    /// Columns of the screen, as of the last frame.
    pub(crate) fn width(&self) -> u16 {
        self.context.viewport.width
    }

    /// Rows of the screen, as of the last frame.
    pub(crate) fn height(&self) -> u16 {
        self.context.viewport.height
    }

    /// The screen and the pane in focus.
    pub fn focus(&self) -> &Focus {
        &self.focus
    }

    /// The first screen.
    pub fn overview(&self) -> &Overview {
        &self.screens.overview
    }

    /// The brokers.
    pub fn brokers(&self) -> &Brokers {
        &self.screens.brokers
    }

    /// The streams, and the partitions of the selected one.
    pub fn streams(&self) -> &Streams {
        &self.screens.streams
    }

    /// Cursors and consumer groups.
    pub(crate) fn cursors(&self) -> &Cursors {
        &self.screens.cursors
    }

    /// What was done to the cluster.
    pub fn activity(&self) -> &Activity {
        &self.screens.activity
    }

    /// The open tails.
    pub fn tails(&self) -> &Tails {
        &self.screens.tails
    }

    /// What went wrong, and when.
    pub fn incidents(&self) -> &Incidents {
        &self.screens.incidents
    }

    /// A stream as a table.
    pub fn table(&self) -> &KeyTables {
        &self.screens.table
    }

    /// Whether the screen in view hides rows without faults.
    pub fn faults_only(&self) -> bool {
        self.screens.faults_only.contains(&self.focus.screen())
    }

    /// What lies on top.
    pub fn overlay(&self) -> Option<&Overlay> {
        self.overlays.open()
    }

    /// The filter of the list in focus.
    pub fn filter(&self) -> Option<&Filter> {
        let pane = self.focus.pane();
        self.screens.of(pane).filter(pane)
    }

    /// The notices of this session.
    pub fn notices(&self) -> &Notices {
        &self.context.notices
    }

    /// What this program has logged, the oldest line first; `None`: it was not read yet.
    pub(crate) fn log(&self) -> Option<&[String]> {
        self.log.as_deref()
    }

    /// Keys of an unfinished chord.
    pub fn pressed(&self) -> &[Key] {
        &self.pressed
    }

    /// What was asked for and is not answered for longest.
    pub(crate) fn oldest_request(&self) -> Option<&Pending> {
        self.context.inflight.oldest()
    }

    /// How many answers came for nothing that is asked for or open any more.
    pub fn late_answers(&self) -> u64 {
        self.context.late_answers()
    }

    /// Where keys are looked up now, the closest context first.
    fn key_contexts(&self) -> &'static [KeyContext] {
        let pane = self.focus.pane();
        let overlay = self.overlays.key_contexts();
        overlay.unwrap_or_else(|| self.screens.of(pane).key_contexts(pane))
    }

    /// The footer: keys and what they do, the likeliest first, with the two ways to all others at the end. What observer mode
    /// refuses is not offered.
    pub(crate) fn key_hints(&self) -> Vec<KeyHint> {
        let contexts = self.key_contexts();
        let keymap = &self.context.settings.keymap;
        let replay = self.replay_hints().unwrap_or_default().iter();
        let replay_context = [self.replay_context()];
        let replay = replay.map(|hint| (*hint, &replay_context[..]));
        let shown = self.hints().into_iter().map(|hint| (hint, contexts));
        let is_offered = |command: Command| !(self.refuses_changes() && command.changes_cluster());
        let hints = replay
            .chain(shown)
            .filter(|((command, _), _)| is_offered(*command))
            .filter_map(|((command, label), contexts)| {
                Some(KeyHint {
                    keys: keymap.hint(contexts, command)?,
                    label,
                    command,
                })
            });
        hints.collect()
    }

    fn hints(&self) -> Vec<Hint> {
        let pane = self.focus.pane();
        let is_typing = self.filter().is_some_and(|one| one.editor().is_some());
        let unconnected = self.truth().as_of.is_none() && !is_typing;
        match self.overlays.key_hints() {
            Some(hints) => hints,
            None if unconnected => {
                let demo = self.offers_demo().then_some(OPEN_DEMO);
                demo.into_iter().chain(UNCONNECTED.to_vec()).collect()
            }
            None => self.screens.of(pane).key_hints(pane),
        }
    }
}
