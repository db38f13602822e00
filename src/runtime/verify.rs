//! Compares the copies of one partition message by message.
//!
//! What differs is `store`'s, which copies can be read `app`'s to say. The command line compares with this too.

mod copies;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::interval;

use super::channels::EventSender;
use super::pace::Pace;
use crate::app::{Event, RequestId, VerifySpec};
use crate::client::Observer;
use crate::model::{Message, Offset, PartitionId, StreamName};
use crate::store::{Comparison, Difference, ReadableCopies, Unverified, VerifyReport};
use copies::Copies;

/// How often the screen is told how far it is.
const REPORT_EVERY: Duration = Duration::from_millis(250);

/// Something that was found.
#[derive(Debug)]
pub(crate) enum VerifyItem {
    /// It is not as it should be.
    Difference(Difference),
    /// A copy is not verified, or not from there on.
    Unverified(Unverified),
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum VerifyState {
    /// The copies are yet to be opened.
    Unopened,
    /// They are read side by side.
    Comparing,
    /// What a copy lacks is yet to be explained.
    Explaining,
    /// There is no more.
    Done,
}

/// The comparison of one partition. Dropping it ends all its sessions.
#[derive(Debug)]
pub(crate) struct PartitionVerifier {
    observer: Observer,
    from: Option<Offset>,
    is_dense: bool,
    state: VerifyState,
    copies: Option<Copies>,
    comparison: Comparison,
    report: VerifyReport,
}

impl PartitionVerifier {
    /// Begins at that offset, or where each copy begins; returns what cannot be verified. With `is_dense`, offsets that no
    /// copy holds are wrong.
    pub(crate) fn begin(
        observer: &Observer,
        (stream, partition): (StreamName, PartitionId),
        mut copies: ReadableCopies,
        from: Option<Offset>,
        is_dense: bool,
    ) -> (Self, Vec<VerifyItem>) {
        if let Some(from) = from
            && from > copies.common.saturating_add(1)
        {
            copies.unverified.extend(copies.short_of(from));
        }
        let found = copies.unverified.iter().cloned();
        let found = found.map(VerifyItem::Unverified).collect();
        let has_some = copies.common >= from.unwrap_or(0);
        let verifier = Self {
            observer: observer.clone(),
            from,
            is_dense,
            state: if has_some {
                VerifyState::Unopened
            } else {
                VerifyState::Done
            },
            copies: None,
            comparison: Comparison::new(Vec::new(), is_dense),
            report: VerifyReport::new(stream, partition, copies),
        };
        (verifier, found)
    }

    /// What is known so far.
    pub(crate) fn report(&self) -> &VerifyReport {
        &self.report
    }

    /// Whether there is no more to compare.
    pub(crate) fn is_done(&self) -> bool {
        self.state == VerifyState::Done
    }

    /// Where to go on, where it is stopped now.
    pub(crate) fn next_offset(&self) -> Offset {
        let next = self.comparison.last.map(|last| last.saturating_add(1));
        let open = self.comparison.first_open();
        open.or(next).or(self.from).unwrap_or(0)
    }

    /// Goes on, by one offset while copies are read; returns what was found there, `None` once there is no more.
    pub(crate) async fn step(&mut self, pace: &mut Pace) -> Option<Vec<VerifyItem>> {
        let found = match self.state {
            VerifyState::Unopened => {
                self.open().await;
                Vec::new()
            }
            VerifyState::Comparing => self.compare(pace).await,
            VerifyState::Explaining => self.explain().await,
            VerifyState::Done => return None,
        };
        self.report.record_progress(&self.comparison);
        for one in &found {
            match one {
                VerifyItem::Difference(difference) => self.report.add(difference),
                VerifyItem::Unverified(copy) => self.report.copies.unverified.push(copy.clone()),
            }
        }
        Some(found)
    }

    async fn open(&mut self) {
        let place = (
            StreamName::clone(&self.report.stream),
            self.report.partition,
        );
        let copies = Copies::open(&self.observer, place, &self.report.copies, self.from).await;
        self.comparison = Comparison::new(copies.oldest().await, self.is_dense);
        self.copies = Some(copies);
        self.state = VerifyState::Comparing;
    }

    /// May be dropped while it waits.
    async fn compare(&mut self, pace: &mut Pace) -> Vec<VerifyItem> {
        let Some(copies) = &mut self.copies else {
            self.state = VerifyState::Done;
            return Vec::new();
        };
        pace.wait().await;
        let next = copies.next().await;
        let failed = copies.take_failed().into_iter();
        let mut found: Vec<VerifyItem> = failed.map(VerifyItem::Unverified).collect();
        match next {
            Some((offset, messages)) => {
                let differences = self.comparison.compare(offset, &messages);
                found.extend(differences.into_iter().map(VerifyItem::Difference));
            }
            None => self.state = VerifyState::Explaining,
        }
        found
    }

    /// What copies lack, as far as neither compaction nor retention explains it.
    async fn explain(&mut self) -> Vec<VerifyItem> {
        let comparison = &mut self.comparison;
        let mut found = Vec::new();
        if let Some(copies) = &self.copies {
            for replica in comparison.lacking_keys() {
                let see = |message: &Message| comparison.record_key(replica, message);
                if !copies.read_beyond(replica, see).await {
                    comparison.record_unread_beyond(replica);
                }
            }
            let missing = comparison.missing(&copies.oldest().await);
            found.extend(missing.into_iter().map(VerifyItem::Difference));
        }
        self.state = VerifyState::Done;
        found
    }
}

/// Compares for the dashboard, and tells now and then what is known so far.
pub(super) async fn run(id: RequestId, observer: Observer, spec: VerifySpec, outbox: EventSender) {
    let partition = (spec.stream, spec.partition);
    let (mut verifier, _) =
        PartitionVerifier::begin(&observer, partition, spec.copies, None, false);
    let mut pace = Pace::new(Some(spec.rate));
    let mut ticks = interval(REPORT_EVERY);
    let mut is_new = false;
    loop {
        // What comes before and after would begin anew each time, and has nothing to report until it ends.
        let may_report = verifier.state == VerifyState::Comparing;
        tokio::select! {
            found = verifier.step(&mut pace) => {
                if found.is_none() {
                    break;
                }
                is_new = true;
            }
            _ = ticks.tick(), if may_report => {
                if std::mem::take(&mut is_new) {
                    let report = Arc::new(verifier.report().clone());
                    outbox.send(Event::Verification(id, Ok((report, false)))).await;
                }
            }
        }
    }
    let report = Arc::new(verifier.report().clone());
    outbox
        .send(Event::Verification(id, Ok((report, true))))
        .await;
}
