//! What every screen and overlay works with: the time, the layout of the last frame, fresh ids; effects to cause, requests
//! to the app, notices.
//!
//! Changes that stop others' work are not sent until the user has confirmed them (I10).

use super::app_request::AppRequest;
use super::command::ReplayCommand;
use super::effect::{Effect, LoopEffect};
use super::ids::{RequestId, ScanId, TableId, TailId};
use super::inflight::{Inflight, Request};
use super::key_context::KeyContext;
use super::notice::{Level, Notices};
use super::playback::Playback;
use super::settings::Settings;
use super::viewport::Viewport;
use crate::model::{Failure, Operation, TimeDisplay, Timestamp, Zone, age_in_words};

/// What all screens and overlays share.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    /// The time, as of the last tick (I2).
    pub(super) now: Timestamp,
    /// The layout of the last frame.
    pub(super) viewport: Viewport,
    /// What the dashboard was started with.
    pub(super) settings: Settings,
    /// How times are shown.
    pub(super) times: TimeDisplay,
    /// The zone that the user has named.
    pub(super) named_zone: Option<Zone>,
    /// The recording that this is out of.
    pub(super) playback: Option<Playback>,
    /// The notices of this session.
    pub(super) notices: Notices,
    /// What was asked for and is not answered yet.
    pub(super) inflight: Inflight,
    effects: Vec<Effect>,
    requests: Vec<AppRequest>,
    last_id: u64,
    /// Answers that came for nothing that is in flight or open any more (I5).
    late_answers: u64,
}

impl Context {
    /// An empty context.
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            times: settings.times.clone(),
            settings,
            ..Self::default()
        }
    }

    /// Adds an effect to those that the loop carries out after this event.
    pub(super) fn emit(&mut self, effect: impl Into<Effect>) {
        self.effects.push(effect.into());
    }

    /// Asks the app for something that reaches beyond one screen or overlay.
    pub(super) fn request(&mut self, request: AppRequest) {
        self.requests.push(request);
    }

    /// Shows a notice.
    pub(super) fn notify(&mut self, level: Level, text: impl Into<String>) {
        self.notices.add(level, self.now, text);
    }

    /// Shows a failure as a notice.
    pub(super) fn notify_failure(&mut self, failure: &Failure) {
        self.notices.add_failure(self.now, failure);
    }

    /// A fresh id for a tail.
    pub(super) fn new_tail_id(&mut self) -> TailId {
        TailId(self.new_id())
    }

    /// A fresh id for a table.
    pub(super) fn new_table_id(&mut self) -> TableId {
        TableId(self.new_id())
    }

    /// A fresh id for a scan.
    pub(super) fn new_scan_id(&mut self) -> ScanId {
        ScanId(self.new_id())
    }

    /// A fresh id for a request, which counts as in flight from now on.
    pub(super) fn begin_request(&mut self, request: Request) -> RequestId {
        let id = RequestId(self.new_id());
        self.inflight.add(id, request, self.now);
        id
    }

    /// What was in flight under that id, which is in flight no longer; an answer to nothing is counted.
    pub(super) fn end_request(&mut self, id: RequestId) -> Option<Request> {
        let ended = self.inflight.remove(id);
        if ended.is_none() {
            self.count_late_answer();
        }
        ended
    }

    /// Counts an answer that came for nothing.
    pub(super) fn count_late_answer(&mut self) {
        self.late_answers += 1;
    }

    /// How many answers came for nothing.
    pub(super) fn late_answers(&self) -> u64 {
        self.late_answers
    }

    /// Sends a change of the cluster, and returns its id. One that stops others' work is not sent: the user is asked
    /// first. In observer mode nothing is sent.
    pub(super) fn perform(&mut self, operation: Operation) -> Option<RequestId> {
        if self.forbids_change() {
            return None;
        }
        if stops_others_work(&operation) {
            self.request(AppRequest::Confirm(vec![operation], Vec::new()));
            return None;
        }
        Some(self.send(operation))
    }

    /// Notifies the user, and returns `true`, where observer mode forbids every change, or where this is the past.
    pub(super) fn forbids_change(&mut self) -> bool {
        if let Some(playback) = &self.playback {
            let recording = || "this is a recording: nothing in it can be changed".to_owned();
            let text = self.refusal_of_past(playback).unwrap_or_else(recording);
            self.notify(Level::Warning, text);
            return true;
        }
        if self.settings.observer {
            let text = "observer mode: nothing that changes the cluster is sent";
            self.notify(Level::Warning, text);
        }
        self.refuses_changes()
    }

    /// Whether nothing that changes the cluster is sent: in observer mode, or where this is no live dashboard.
    pub(super) fn refuses_changes(&self) -> bool {
        self.settings.observer || self.playback.is_some()
    }

    /// Whether this is out of a recording that has nothing of what messages held: no query finds that.
    pub(super) fn lacks_messages(&self) -> bool {
        let playback = self.playback.as_ref();
        playback.is_some_and(|playback| !playback.has_messages)
    }

    /// What is said to whatever could only be done now; `None` where no dashboard goes on behind.
    pub(super) fn refusal_of_past(&self, playback: &Playback) -> Option<String> {
        let (at, now) = (playback.at, playback.now()?);
        let key = self
            .settings
            .keymap
            .hint(&[KeyContext::Past], ReplayCommand::Return.into());
        let key = key.map_or_else(String::new, |key| format!(": {key} returns to now"));
        let (clock, ago) = (self.times.seconds(at, now), age_in_words(at.age(now)));
        Some(format!("this is {clock}, {ago} ago{key}"))
    }

    /// Sends a change that the user has confirmed, or that needs no confirmation.
    pub(super) fn send(&mut self, operation: Operation) -> RequestId {
        let id = self.begin_request(Request::Operation(operation.clone()));
        self.emit(Effect::Perform(id, operation));
        id
    }

    /// Puts a text on the clipboard; a notice of what it is comes when it is there.
    pub(super) fn copy(&mut self, what: &str, text: String) {
        self.emit(LoopEffect::Copy(what.to_owned(), text));
    }

    /// All effects emitted since the last call, in their order.
    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// All requests made since the last call, in their order.
    pub(super) fn take_requests(&mut self) -> Vec<AppRequest> {
        std::mem::take(&mut self.requests)
    }

    /// The last id that was given.
    pub(super) fn last_id(&self) -> u64 {
        self.last_id
    }

    /// The next id comes after that one.
    pub(super) fn set_last_id(&mut self, id: u64) {
        self.last_id = id;
    }

    fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}

/// Whether an operation needs the user's confirmation: it stops others' work, or undoes what somebody wanted stopped.
fn stops_others_work(operation: &Operation) -> bool {
    match operation {
        Operation::Delete { .. }
        | Operation::Pause { .. }
        | Operation::Resume { .. }
        | Operation::SetReadonly { .. } => true,
        Operation::Create(_) | Operation::Publish(_) | Operation::SetCursor { .. } => false,
    }
}
