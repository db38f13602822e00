//! Ranges of messages that are read for a text: statistics, the history of a key, the copies of a partition, one of each at a
//! time.

use tokio_util::sync::CancellationToken;

use super::{Executor, cancel};
use crate::app::{Event, KeyHistorySpec, RequestId, StatisticsSpec, VerifySpec};
use crate::runtime::supervisor::panicked;
use crate::runtime::{key_history, statistics, verify};
use crate::store::StatisticsOptions;

/// The range that is read.
#[derive(Default)]
pub(super) struct RunningRead(Option<(RequestId, CancellationToken)>);

impl RunningRead {
    fn replace(&mut self, id: RequestId, reading: CancellationToken) {
        let before = self.0.replace((id, reading));
        cancel(before.map(|(_, token)| token));
    }

    /// Ends it, if it is that one.
    pub(super) fn cancel(&mut self, id: RequestId) {
        let ended = self.0.take_if(|(running, _)| *running == id);
        cancel(ended.map(|(_, token)| token));
    }
}

impl Executor {
    pub(super) fn read_statistics(
        &mut self,
        id: RequestId,
        spec: StatisticsSpec,
        options: StatisticsOptions,
    ) {
        let (observer, outbox) = (self.observer(), self.outbox.clone());
        let failed = Event::Statistics(id, Err(panicked("counting messages")));
        let reading = statistics::run(id, observer, spec, options, outbox);
        let reading = self.spawn_cancellable(reading, failed);
        self.statistics.replace(id, reading);
    }

    pub(super) fn read_key_history(&mut self, id: RequestId, spec: KeyHistorySpec) {
        let (observer, outbox) = (self.observer(), self.outbox.clone());
        let failed = Event::KeyHistory(id, Err(panicked("reading the history of a key")));
        let reading = key_history::run(id, observer, spec, outbox);
        let reading = self.spawn_cancellable(reading, failed);
        self.key_history.replace(id, reading);
    }

    pub(super) fn verify(&mut self, id: RequestId, spec: VerifySpec) {
        let (observer, outbox) = (self.observer(), self.outbox.clone());
        let failed = Event::Verification(id, Err(panicked("comparing copies")));
        let reading = verify::run(id, observer, spec, outbox);
        let reading = self.spawn_cancellable(reading, failed);
        self.verification.replace(id, reading);
    }
}
