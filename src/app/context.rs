//! What every slice of the state works with: the time, the room on screen, fresh ids; and where it leaves orders,
//! changes to the cluster and notices.
//!
//! A slice gets the context handed in and owns none of it. Changes that stop others' work are put aside until the user
//! has confirmed them (I10).

use crate::app::effect::Effect;
use crate::app::inflight::{Inflight, Request};
use crate::app::notice::{Level, Notices};
use crate::app::overlays::confirm::is_asked_about;
use crate::app::settings::Settings;
use crate::app::viewport::Viewport;
use crate::app::{RequestId, ScanId, TailId};
use crate::model::{Failure, Operation, Timestamp};

/// The common ground of all slices.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// The time, as of the last tick (I2).
    pub now: Timestamp,
    /// What the last frame offered.
    pub viewport: Viewport,
    /// What the dashboard was started with.
    pub settings: Settings,
    /// What was told in passing.
    pub notices: Notices,
    /// What was asked for and is not answered yet.
    pub inflight: Inflight,
    orders: Vec<Effect>,
    to_confirm: Vec<Operation>,
    last_id: u64,
}

impl Context {
    /// An empty context.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    /// Leaves an order.
    pub fn order(&mut self, effect: Effect) {
        self.orders.push(effect);
    }

    /// Says something in passing.
    pub fn say(&mut self, level: Level, text: impl Into<String>) {
        self.notices.add(level, self.now, text);
    }

    /// Says that something failed.
    pub fn say_failure(&mut self, failure: &Failure) {
        self.notices.add_failure(self.now, failure);
    }

    /// A fresh id for a tail.
    pub fn new_tail(&mut self) -> TailId {
        TailId(self.fresh())
    }

    /// A fresh id for a scan.
    pub fn new_scan(&mut self) -> ScanId {
        ScanId(self.fresh())
    }

    /// A fresh id for a request, which is noted as being on its way.
    pub fn new_request(&mut self, request: Request) -> RequestId {
        let id = RequestId(self.fresh());
        self.inflight.add(id, request, self.now);
        id
    }

    /// Sends a change of the cluster, and says under which id. One that stops others' work is not sent: the user is
    /// asked first. In observer mode nothing is sent.
    pub fn perform(&mut self, operation: Operation) -> Option<RequestId> {
        if self.refuses_change() {
            return None;
        }
        if is_asked_about(&operation) {
            self.to_confirm.push(operation);
            return None;
        }
        Some(self.send(operation))
    }

    /// Says so, and returns `true`, where observer mode forbids every change.
    pub fn refuses_change(&mut self) -> bool {
        if self.settings.observer {
            self.say(
                Level::Warning,
                "observer mode: nothing that changes the cluster is sent",
            );
        }
        self.settings.observer
    }

    /// Sends a change that the user has confirmed, or that needs no confirmation.
    pub(super) fn send(&mut self, operation: Operation) -> RequestId {
        let id = self.new_request(Request::Operation(operation.clone()));
        self.order(Effect::Perform(id, operation));
        id
    }

    /// The changes that wait for the user's word.
    pub(super) fn take_to_confirm(&mut self) -> Vec<Operation> {
        std::mem::take(&mut self.to_confirm)
    }

    /// All orders left since the last call, in their order.
    pub(super) fn take_orders(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.orders)
    }

    fn fresh(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}
