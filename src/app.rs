//! The state of the dashboard and the one function that changes it; no clock, no I/O, no async.
//!
//! Slices own their state and take the [`Context`] where they need the time, fresh ids or want to leave orders.

pub mod cluster;
pub mod command;
pub mod context;
pub mod effect;
pub mod event;
pub mod focus;
pub mod inflight;
pub mod input;
pub mod lists;
pub mod notice;
pub mod overlays;
pub mod schemas;
pub mod screens;
pub mod settings;
pub mod viewport;

mod copy;
mod form_flow;
mod mouse;
mod navigation;
mod operations;
mod palette;
mod text_input;
mod update;

pub use command::Command;
pub use context::Context;
pub use effect::{Effect, ExportSpec, OlderSpec, TailSpec};
pub use event::{Event, Link, Progress, ScanEvent, TailEvent};
pub use focus::{Focus, KeyContext, Pane, Screen};
pub use input::keymap::Keymap;
pub use operations::command_of;
pub use schemas::Schemas;
pub use settings::{ContextEntry, Settings};
pub use viewport::{Area, HitTarget, Viewport};

use cluster::ClusterState;
use input::keys::Key;
use lists::table::Table;
use overlays::Overlay;
use overlays::form::Form;
use screens::activity::Activity;
use screens::brokers::{BrokerColumn, BrokerName};
use screens::cursors::Cursors;
use screens::overview::Overview;
use screens::streams::Streams;
use screens::tails::Tails;

use crate::health::Truth;
use crate::model::Timestamp;

/// Names a tail as long as it is open; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TailId(pub u64);

/// Names a request until it is answered; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// Names a scan until it is finished or cancelled; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScanId(pub u64);

/// All that the dashboard knows and shows. It changes inside [`App::update`] alone (I1).
#[derive(Debug)]
pub struct App {
    /// Time, room, settings, notices, requests on their way.
    pub context: Context,
    /// What is known of the cluster.
    pub cluster: ClusterState,
    /// Where the user is.
    pub focus: Focus,
    /// The first screen.
    pub overview: Overview,
    /// The list of brokers.
    pub brokers: Table<BrokerName, BrokerColumn>,
    /// The streams and the partitions of the chosen one.
    pub streams: Streams,
    /// Cursors and groups.
    pub cursors: Cursors,
    /// What was done to the cluster.
    pub activity: Activity,
    /// The open tails, with the inspector.
    pub tails: Tails,
    /// What lies on top.
    pub overlay: Option<Overlay>,
    /// A form that was closed before it was sent.
    pub draft: Option<Box<Form>>,
    /// Whether rows without faults are hidden.
    pub faults_only: bool,
    history: Vec<String>,
    pressed: Vec<Key>,
    interrupted: Option<Timestamp>,
}

impl App {
    /// The dashboard before anything happened.
    pub fn new(settings: Settings) -> Self {
        let tails = Tails::new(settings.schemas.clone());
        Self {
            cluster: ClusterState::new(settings.health.clone(), settings.addresses.clone()),
            context: Context::new(settings),
            focus: Focus::default(),
            overview: Overview::default(),
            brokers: Table::sorted_by(BrokerColumn::Name),
            streams: Streams::default(),
            cursors: Cursors::default(),
            activity: Activity::default(),
            tails,
            overlay: None,
            draft: None,
            faults_only: false,
            history: Vec::new(),
            pressed: Vec::new(),
            interrupted: None,
        }
    }

    /// What holds in the cluster, as far as anyone can know.
    pub fn truth(&self) -> &Truth {
        self.cluster.truth()
    }

    /// Where keys are looked up now, the closest context first.
    pub fn contexts(&self) -> &'static [KeyContext] {
        match &self.overlay {
            Some(overlay) => overlay.contexts(),
            None if self.filter_is_open() || self.tail_takes_text() => &[KeyContext::Text],
            None => self.focus.pane().contexts(),
        }
    }

    /// Keys of an unfinished chord.
    pub fn pressed(&self) -> &[Key] {
        &self.pressed
    }

    /// Whether something was asked for that is not answered yet.
    pub fn is_busy(&self) -> bool {
        !self.context.inflight.pending().is_empty()
    }
}
