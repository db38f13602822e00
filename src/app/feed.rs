//! The open tails: which ones there are and which is shown.
//!
//! What their messages are is `store`'s business, how they look `ui/feed`'s.

use crate::model::{Failure, PartitionId, StartAt, StopAt, StreamName};

use super::command::{Move, TailCommand};
use super::menu::Entry;
use super::{
    Desk, Effect, FeedEvent, FeedId, FeedSpec, Pane, Progress, RequestId, ScanEvent, ScanId,
};

/// How many messages of each partition a tail opens with.
const FIRST: u64 = 50;

/// All open tails.
#[derive(Debug, Default)]
pub struct Tails {
    open: Vec<(FeedId, FeedSpec)>,
    strays: u64,
}

impl Tails {
    /// Opens a tail of these partitions.
    pub fn open(&mut self, partitions: Vec<(StreamName, PartitionId)>, desk: &mut Desk) {
        let start = StartAt::Last(FIRST);
        let spec = FeedSpec {
            partitions,
            start,
            stop: StopAt::Never,
            newest_first: false,
        };
        let id = desk.new_feed();
        self.open.push((id, spec.clone()));
        desk.order(Effect::OpenFeed(id, spec));
    }

    /// Takes what happened to a tail; what comes for a closed one is dropped and counted (I5).
    pub fn on_event(&mut self, id: FeedId, _event: &FeedEvent, _desk: &mut Desk) {
        if self.open.iter().all(|(open, _)| *open != id) {
            self.strays += 1;
        }
    }

    /// Takes what a scan found.
    pub fn on_scan(&mut self, _id: ScanId, _event: &ScanEvent, _desk: &mut Desk) {
        self.strays += 1;
    }

    /// Takes a text that was edited elsewhere.
    pub fn on_edited(&mut self, id: RequestId, _text: Result<String, Failure>, desk: &mut Desk) {
        desk.inflight.end(id);
    }

    /// Takes how far an export has come.
    pub fn on_exported(&mut self, id: RequestId, _progress: &Progress, desk: &mut Desk) {
        desk.inflight.end(id);
    }

    /// Time has passed.
    pub fn on_tick(&mut self, _desk: &mut Desk) {}

    /// A command of a tail or of the inspector.
    pub fn run(&mut self, command: TailCommand, desk: &mut Desk) {
        if command == TailCommand::Close
            && let Some((id, _)) = self.open.pop()
        {
            desk.order(Effect::CloseFeed(id));
        }
    }

    /// The same with a text behind it: where to seek, what to look for, where to write.
    pub fn run_with(&mut self, _command: TailCommand, _text: &str, _desk: &mut Desk) {}

    /// Moves in the list or in the inspector.
    pub fn go(&mut self, _pane: Pane, _movement: Move, _desk: &mut Desk) {}

    /// Chooses the row on that line; `true` where it was chosen already.
    pub fn click(&mut self, _pane: Pane, _line: usize, _desk: &mut Desk) -> bool {
        false
    }

    /// One step of Esc; `false` where there was nothing to leave.
    pub fn escape(&mut self, _pane: Pane) -> bool {
        false
    }

    /// Copies the value of the chosen message.
    pub fn copy(&self, _desk: &mut Desk) {}

    /// What can be copied of the chosen message.
    pub fn copies(&self) -> Vec<Entry> {
        Vec::new()
    }

    /// Events that came for no open tail.
    pub fn strays(&self) -> u64 {
        self.strays
    }
}
