//! A range of messages that is read for a text on top: how far that is, and what is known of it.

use std::sync::Arc;

use super::context::Context;
use super::effect::Effect;
use super::ids::RequestId;
use crate::model::{Failure, Timestamp};

/// How reading goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeState {
    /// It goes on.
    Reading,
    /// All was read that could be.
    Done,
    /// It was stopped.
    Stopped,
    /// It broke.
    Failed(Failure),
}

/// A range that was asked for, and the report of what is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeRun<S, R> {
    id: RequestId,
    spec: S,
    state: RangeState,
    report: Arc<R>,
    since: Timestamp,
    until: Option<Timestamp>,
}

impl<S, R> RangeRun<S, R> {
    /// Reading begins; this is the report as long as nothing was read.
    pub(super) fn new(id: RequestId, spec: S, report: R, now: Timestamp) -> Self {
        Self {
            id,
            spec,
            state: RangeState::Reading,
            report: Arc::new(report),
            since: now,
            until: None,
        }
    }

    /// What is read.
    pub fn spec(&self) -> &S {
        &self.spec
    }

    /// How reading goes.
    pub fn state(&self) -> &RangeState {
        &self.state
    }

    /// Whether it goes on.
    pub fn is_reading(&self) -> bool {
        self.state == RangeState::Reading
    }

    /// What is known.
    pub fn report(&self) -> &R {
        &self.report
    }

    /// When it began, and when it ended.
    pub fn times(&self) -> (Timestamp, Option<Timestamp>) {
        (self.since, self.until)
    }

    /// Stops reading where it goes on, by that effect; returns whether it did.
    pub(super) fn stop(&mut self, cancel: fn(RequestId) -> Effect, context: &mut Context) -> bool {
        let was_reading = self.is_reading();
        if was_reading {
            context.emit(cancel(self.id));
            self.end(RangeState::Stopped, context);
        }
        was_reading
    }

    /// Some of the range was read, with `true` all of it, or reading broke. What comes for one that was stopped is dropped (I5).
    pub(super) fn on_read(
        run: Option<&mut Self>,
        id: RequestId,
        read: Result<(Arc<R>, bool), Failure>,
        context: &mut Context,
    ) {
        let Some(run) = run.filter(|run| run.id == id && run.is_reading()) else {
            return context.count_late_answer();
        };
        match read {
            Ok((report, is_done)) => {
                run.report = report;
                if is_done {
                    run.end(RangeState::Done, context);
                }
            }
            Err(failure) => run.end(RangeState::Failed(failure), context),
        }
    }

    fn end(&mut self, state: RangeState, context: &mut Context) {
        (self.state, self.until) = (state, Some(context.now));
        context.end_request(self.id);
    }
}
