//! The memory behind the truth: takes what is said, has it weighed, and hands out the truth that follows.
//! The weighing itself is in the modules beside it.

use std::cmp::Reverse;
use std::sync::Arc;

use super::assess::Scene;
use super::brokers::BrokerBook;
use super::lag::CursorBook;
use super::rates::Sample;
use super::streams::StreamBook;
use super::{BrokerTruth, CursorTruth, Finding, HealthOptions, Rule, Truth, alarms};
use crate::model::{BrokerId, BrokerView, Cluster, CursorEntry, Offset, Probe, Timestamp};

/// Collects what is said and tells what follows.
#[derive(Debug, Default)]
pub struct Health {
    options: HealthOptions,
    brokers: BrokerBook,
    streams: StreamBook,
    cursors: CursorBook,
    /// Something was said since the truth was put together.
    stirred: bool,
    /// Whether too few brokers answered for any election when the streams were looked at last.
    no_majority: bool,
    truth: Arc<Truth>,
}

impl Health {
    /// Nothing is known yet.
    pub fn new(options: HealthOptions) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// How it judges.
    pub fn options(&self) -> &HealthOptions {
        &self.options
    }

    /// Takes one broker's answer, or why there is none. One that is older than the last of its address is dropped.
    pub fn observe(&mut self, view: &Arc<BrokerView>) {
        let missed_polls = self.options.alerts.missed_polls;
        let Some(change) = self.brokers.observe(view, missed_polls) else {
            return;
        };
        self.stirred = true;
        if change.reach {
            self.streams.disturb();
        }
        if let Ok(cluster) = &view.result {
            let by = cluster.answered_by.as_ref().or(view.broker.as_ref());
            // The streams were collected before the broker waited for its survey of brokers (wire-contract §4.7).
            let at = view.at.minus(view.took);
            let before = change.before.as_deref();
            self.streams.observe(before, cluster, by, at);
            follow_logs(&mut self.cursors, cluster, by, at);
        }
    }

    /// Takes what a partition's leader said when asked for it alone.
    pub fn probe(&mut self, probe: &Probe) {
        self.stirred = true;
        self.streams.probe(probe);
    }

    /// Takes all cursors as they were read at `now`; those that are not among them are gone.
    pub fn cursors(&mut self, entries: &[CursorEntry], now: Timestamp) {
        self.stirred = true;
        self.cursors.take(entries, now);
        for speaker in self.brokers.speakers().iter().filter(|s| s.current) {
            follow_logs(
                &mut self.cursors,
                speaker.cluster,
                Some(speaker.id),
                speaker.at,
            );
        }
    }

    /// Takes the offset of the first message after a cursor and when it was stored, where somebody has fetched it: the
    /// lag in time is known at once then. Without it, it is known from when the log passes the cursor while watched.
    pub fn first_unread(&mut self, cursor: &CursorEntry, offset: Offset, stored: Timestamp) {
        self.stirred = true;
        self.cursors.unread(cursor, offset, stored);
    }

    /// The truth as of all that was said up to `now`: the same value, shared, where nothing changed. Only streams of
    /// which something new was said are looked at again.
    ///
    /// In a cluster of more than 4,000 partitions, those of which only the log has grown take turns, so that one call
    /// takes no longer than some ten milliseconds; whatever else changes is there at once.
    pub fn assess(&mut self, now: Timestamp) -> Arc<Truth> {
        let no_majority = self.brokers.lacks_majority();
        if no_majority != self.no_majority {
            self.no_majority = no_majority;
            self.streams.disturb();
        }
        let scene = Scene {
            speakers: self.brokers.speakers(),
            book: &self.brokers,
            no_majority,
            options: &self.options,
            now,
        };
        let looked = self.streams.look(&scene);
        if looked {
            self.brokers.set_ghosts(self.streams.named_brokers(), now);
        }
        let wrote = self.streams.write_history(now);
        if looked || wrote || self.stirred || !self.cursors.is_empty() {
            self.stirred = false;
            self.truth = Arc::new(self.put_together(now));
        }
        Arc::clone(&self.truth)
    }

    /// The same without turns, whatever it takes: for who asks once.
    pub fn assess_whole(&mut self, now: Timestamp) -> Arc<Truth> {
        self.streams.take_no_turns();
        self.assess(now)
    }

    fn put_together(&self, now: Timestamp) -> Truth {
        let mut brokers = self.brokers.truths();
        self.streams.count(&mut brokers);
        let cursors = self
            .cursors
            .truths(now, |stream, id| self.streams.log(stream, id));
        Truth {
            findings: self.findings(&brokers, &cursors, now),
            brokers,
            streams: self.streams.truths(),
            cursors,
            as_of: self.brokers.as_of(),
            totals: self.streams.totals(),
            doubtful: self.streams.doubtful(now),
        }
    }

    fn findings(
        &self,
        brokers: &[BrokerTruth],
        cursors: &[CursorTruth],
        now: Timestamp,
    ) -> Vec<Finding> {
        let mut found = alarms::brokers(brokers, self.no_majority);
        let nobody = found.iter().any(|finding| finding.rule == Rule::NoBroker);
        // Where nobody answers, one finding says so; that every partition is dark too says nothing more.
        let told = |finding: &&Finding| {
            !(nobody && matches!(finding.rule, Rule::LeaderUnreachable | Rule::Leaderless))
        };
        found.extend(self.streams.findings().filter(told).cloned());
        found.extend(alarms::cursors(cursors, &self.options.alerts, now));
        found.sort_by(|a, b| {
            let key = |finding: &Finding| (Reverse(finding.severity), finding.rule);
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        found
    }
}

/// Follows the ends of the logs that have cursors, where the leader itself tells them.
fn follow_logs(cursors: &mut CursorBook, cluster: &Cluster, by: Option<&BrokerId>, at: Timestamp) {
    for ((stream, id), trail) in cursors.trails() {
        let partition = cluster.partition(stream, *id);
        let led = partition.filter(|found| found.leader.is_some() && found.leader.as_ref() == by);
        if let Some(partition) = led {
            let newest = partition.newest_offset;
            trail.take(Sample { at, newest }, partition.received.latest);
        }
    }
}
