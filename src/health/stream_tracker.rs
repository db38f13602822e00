//! All streams: which of them have to be assessed anew, their histories, and sums over them.
//! How one is assessed is `assess`' matter.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use super::assess::AssessContext;
use super::deleted_streams::DeletedStreams;
use super::rates;
use super::stream_change::StreamChange;
use super::stream_record::{BrokerShare, StreamRecord};
use super::vanished_streams::VanishedStreams;
use super::view_merge::{ViewMergeJoin, advance, believed_deleted_at};
use super::{Finding, KnownLoss, KnownStream, StreamTruth, Totals, Truth};
use crate::model::{BrokerId, Cluster, Offset, PartitionId, Probe, StreamName, Timestamp};

/// The last rates, a step each, the oldest first; `None`: unknown then.
type Ring = Arc<[Option<f32>]>;

/// What is put together from all streams anew where any of them has changed.
#[derive(Clone, Debug, Default)]
pub(super) struct StreamSums {
    /// All streams, sorted by name.
    pub(super) streams: Arc<[Arc<StreamTruth>]>,
    pub(super) totals: Totals,
    /// What each broker has of them.
    pub(super) shares: BTreeMap<BrokerId, BrokerShare>,
}

/// From which name to which.
pub(super) type NameRange<'a> = (Bound<&'a str>, Bound<&'a str>);

/// How far [`StreamTracker::assess`] has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assessed {
    /// Nothing has changed.
    Nothing,
    /// All that has changed, but what may take turns.
    Changes,
    /// A part of it: what holds of all streams together is not known yet.
    Part,
}

/// All streams.
#[derive(Clone, Debug, Default)]
pub(super) struct StreamTracker {
    records: BTreeMap<StreamName, StreamRecord>,
    /// Streams of which messages were recorded as stored, by when is not settled.
    undated: BTreeSet<StreamName>,
    /// The stream whose turn it is, where the budget did not suffice for all.
    next: Option<StreamName>,
    /// The last step of the histories that was written.
    step: Option<i64>,
    history: Ring,
    /// What an earlier run knew of streams that nobody has reported in this one.
    recalled: BTreeMap<String, KnownStream>,
    /// The brokers that were there then.
    recalled_brokers: BTreeSet<String>,
    /// What was lost in an earlier run, of streams that no broker has named yet.
    losses: Vec<KnownLoss>,
    vanished: VanishedStreams,
    deleted: DeletedStreams,
}

/// How many partitions may still be assessed of which only the log has grown, and whose turn it is in the order of names.
struct AssessBudget {
    left: usize,
    from: Option<StreamName>,
    next: Option<StreamName>,
}

impl AssessBudget {
    /// Whether a stream of so many partitions may be assessed now.
    fn allows(&mut self, name: &StreamName, partitions: usize) -> bool {
        let had_its_turn = self.from.as_ref().is_some_and(|from| name < from);
        if had_its_turn || self.next.is_some() {
            return false;
        }
        if self.left == 0 {
            self.next = Some(StreamName::clone(name));
            return false;
        }
        self.left = self.left.saturating_sub(partitions);
        true
    }
}

impl StreamTracker {
    /// Has all streams assessed anew: brokers came or went.
    pub(super) fn mark_all_changed(&mut self) {
        for record in self.records.values_mut() {
            record.change = StreamChange::Structure;
        }
    }

    /// Records what a broker says now of these streams, in place of what it said before. Those of which it says the same are
    /// left alone.
    pub(super) fn observe(
        &mut self,
        before: Option<&Cluster>,
        cluster: &Cluster,
        by: Option<&BrokerId>,
        at: Timestamp,
        names: NameRange<'_>,
    ) {
        if self.is_another_cluster(cluster) {
            self.recalled.clear();
            self.losses.clear();
        }
        // Also where the broker says the same again: what it named may have been taken for deleted meanwhile.
        self.add_new(cluster, names);
        let mut before = before.map(|before| before.streams.range::<str, _>(names).peekable());
        let mut now = cluster.streams.range::<str, _>(names).peekable();
        for (name, record) in self.records.range_mut::<str, _>(names) {
            let old = before.as_mut().and_then(|before| advance(before, name));
            let new = advance(&mut now, name);
            record.change = record.change.max(StreamChange::between(old, new));
            if let (Some(stream), Some(by)) = (new, by) {
                record.record_ends(stream, by, at);
                if let Some(known) = self.recalled.remove(&**name) {
                    record.recall(&known);
                }
                if !self.losses.is_empty() {
                    let of_it = self.losses.extract_if(.., |loss| *loss.stream == **name);
                    of_it.for_each(|loss| record.recall_loss(&loss));
                }
            }
        }
    }

    fn add_new(&mut self, cluster: &Cluster, names: NameRange<'_>) {
        let mut known = self.records.range::<str, _>(names).peekable();
        let reported = cluster.streams.range::<str, _>(names);
        let reported = reported.map(|(name, _)| name);
        let new = reported.filter(|name| advance(&mut known, name).is_none());
        let new: Vec<StreamName> = new.map(Arc::clone).collect();
        self.records
            .extend(new.into_iter().map(|name| (name, StreamRecord::new())));
    }

    /// Records what a partition's leader answered when asked for it alone.
    pub(super) fn record_probe(&mut self, probe: &Probe) {
        if let Some(record) = self.records.get_mut(&probe.stream) {
            record.record_probe(probe);
        }
    }

    /// Records a message that was delivered, or acked: it must stay. By when, is settled later.
    pub(super) fn record_stored(&mut self, stream: &StreamName, id: PartitionId, offset: Offset) {
        if let Some(record) = self.records.get_mut(stream) {
            record.record_stored(id, offset);
            self.undated.insert(Arc::clone(stream));
        }
    }

    /// All of that was stored by then.
    pub(super) fn date_stored(&mut self, now: Timestamp) {
        for name in std::mem::take(&mut self.undated) {
            if let Some(record) = self.records.get_mut(&name) {
                record.date_stored(now);
            }
        }
    }

    /// Holds the streams against what an earlier run knew.
    pub(super) fn recall(&mut self, known: BTreeMap<String, KnownStream>) {
        self.recalled = known;
    }

    /// The brokers that an earlier run knew.
    pub(super) fn recall_brokers(&mut self, brokers: BTreeSet<String>) {
        self.recalled_brokers = brokers;
    }

    /// Whether what was known is of a cluster that had no broker of this one, and whose own streams are others: that it lost
    /// its metadata is no news of this one.
    fn is_another_cluster(&self, cluster: &Cluster) -> bool {
        let (known, brokers) = (&self.recalled_brokers, &cluster.brokers);
        let was_there = |name: &str| known.contains(name);
        if known.is_empty() || brokers.iter().any(|broker| was_there(&broker.id)) {
            return false;
        }
        let own = self.recalled.range("__".to_owned().."`".to_owned());
        own.into_iter().any(|(name, known)| {
            let now = cluster.stream(name);
            now.is_some_and(|now| now.created > Timestamp(known.created))
        })
    }

    /// What was lost in an earlier run is lost still.
    pub(super) fn recall_losses(&mut self, losses: Vec<KnownLoss>) {
        self.losses = losses;
    }

    /// How far all logs have come.
    pub(super) fn known(&self, now: Timestamp) -> BTreeMap<String, KnownStream> {
        let mut known = self.recalled.clone();
        // What is missed is not forgotten for as long as somebody looks.
        for (name, stream) in &mut known {
            if self.vanished.contains(name) {
                stream.seen = now.0;
            }
        }
        let records = self.records.iter();
        known.extend(records.map(|(name, record)| (name.to_string(), record.known(now))));
        known
    }

    /// Somebody knows what that stream has lost.
    pub(super) fn acknowledge(&mut self, stream: &str) {
        if let Some(record) = self.records.get_mut(stream) {
            record.acknowledge();
        }
        if self.vanished.acknowledge(stream) {
            self.recalled.clear();
            self.mark_all_changed();
        }
    }

    /// Assesses every stream that has changed, but no more than `most` partitions, if that is given: where only logs have
    /// grown, the others have their turn when the next round begins; the rest is left to the next calls.
    pub(super) fn assess(&mut self, context: &AssessContext<'_>, most: Option<usize>) -> Assessed {
        let Some(restructured) = self.restructured(context.now) else {
            return Assessed::Nothing;
        };
        let is_part = most.is_some_and(|most| restructured > most);
        let mut left = most.unwrap_or(usize::MAX);
        let mut views = ViewMergeJoin::new(&context.views);
        let turn = self.next.take();
        let mut budget = most.map(|left| AssessBudget {
            left,
            from: turn.clone(),
            next: None,
        });
        let mut gone = Vec::new();
        let deleted = &mut self.deleted;
        self.records.retain(|name, record| {
            let mut at_once = usize::MAX;
            let due = match record.change_by(context.now) {
                StreamChange::Unchanged => false,
                StreamChange::LogEnds if is_part => false,
                StreamChange::LogEnds => budget
                    .as_mut()
                    .is_none_or(|budget| budget.allows(name, record.partitions())),
                StreamChange::Structure => {
                    let is_due = left > 0;
                    if record.is_large() {
                        at_once = left;
                    }
                    left = left.saturating_sub(record.partitions().max(1));
                    is_due
                }
            };
            if due {
                let before = record.truth.clone();
                let claims = views.seek(name);
                let claims = claims.filter(|claims| !deleted.hides(name, claims, context));
                let deleted_at = claims
                    .as_ref()
                    .and_then(|claims| believed_deleted_at(&context.views, name, claims));
                let claims = claims.filter(|_| deleted_at.is_none_or(|at| at > context.now));
                record.assess(name, claims.as_ref(), at_once, context);
                if let Some(at) = deleted_at {
                    record.assess_again(at);
                }
                gone.extend(before.filter(|_| record.truth.is_none()));
            }
            // What was not assessed yet has no truth either.
            !due || record.truth.is_some() || record.is_partly_assessed()
        });
        for stream in &gone {
            self.deleted.add(stream, context.now);
        }
        self.add_vanished(&gone);
        if is_part {
            self.next = turn;
            return Assessed::Part;
        }
        self.next = budget.and_then(|budget| budget.next);
        Assessed::Changes
    }

    /// Whether some of which only the log has grown still wait for their turn.
    pub(super) fn has_turns_left(&self) -> bool {
        self.next.is_some()
    }

    /// Of how many partitions more has changed than the ends of logs; `None` where nothing has at all.
    fn restructured(&self, now: Timestamp) -> Option<usize> {
        let all = self.records.values().map(|it| (it, it.change_by(now)));
        let mut changed = all
            .filter(|(_, change)| *change != StreamChange::Unchanged)
            .peekable();
        changed.peek()?;
        let restructured = changed.filter(|(_, change)| *change == StreamChange::Structure);
        let partitions = restructured.map(|(record, _)| record.partitions().max(1));
        Some(partitions.sum())
    }

    /// Streams that are gone, where Liftbridge's own were created anew: nobody deleted them.
    fn add_vanished(&mut self, gone: &[Arc<StreamTruth>]) {
        if gone.is_empty() && self.recalled.is_empty() {
            return;
        }
        let own = self.records.values();
        let Some(since) = own.filter_map(StreamRecord::own_recreated_at).min() else {
            return;
        };
        for stream in gone {
            self.vanished.add(stream, since);
        }
        self.vanished.add_known(self.recalled.iter(), since);
    }

    /// Writes the rates into the histories where another step has passed. Returns whether that changed any: those of what
    /// stands still are full of the same.
    pub(super) fn write_history(&mut self, now: Timestamp) -> bool {
        let length = i64::try_from(StreamTruth::HISTORY_STEP.as_nanos()).unwrap_or(i64::MAX);
        let step = now.0.div_euclid(length);
        let passed = match self.step {
            Some(last) if step <= last => return false,
            Some(last) => usize::try_from(step - last).unwrap_or(usize::MAX),
            None => 1,
        };
        self.step = Some(step);
        let extend = |history: &Ring, rate| {
            rates::extend(history, rate, passed, StreamTruth::HISTORY_LENGTH)
        };
        let history = extend(&self.history, self.rate());
        let mut changed = !Arc::ptr_eq(&history, &self.history);
        self.history = history;
        // Streams that stand still have one ring together.
        let mut last: Option<(Ring, Option<f64>, Ring)> = None;
        for truth in self.records.values_mut().filter_map(|r| r.truth.as_mut()) {
            let same = last
                .as_ref()
                .filter(|(old, rate, _)| Arc::ptr_eq(old, &truth.history) && *rate == truth.rate);
            let history = match same {
                Some((_, _, new)) => Arc::clone(new),
                None => extend(&truth.history, truth.rate),
            };
            last = Some((Arc::clone(&truth.history), truth.rate, Arc::clone(&history)));
            if !Arc::ptr_eq(&history, &truth.history) {
                changed = true;
                Arc::make_mut(truth).history = history;
            }
        }
        changed
    }

    /// All streams, sorted by name.
    pub(super) fn truths(&self) -> impl Iterator<Item = &Arc<StreamTruth>> {
        let records = self.records.values();
        records.filter_map(|record| record.truth.as_ref())
    }

    /// What is wrong with any of them.
    pub(super) fn findings(&self) -> impl Iterator<Item = &Finding> {
        let own = self.records.values().flat_map(|record| &record.findings);
        own.chain(self.vanished.finding())
    }

    /// All streams and what they add up to.
    pub(super) fn sums(&self) -> StreamSums {
        StreamSums {
            streams: self.truths().map(Arc::clone).collect(),
            totals: self.totals(),
            shares: self.shares(),
        }
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals {
            rate: self.rate(),
            history: Arc::clone(&self.history),
            unsettled: self.records.values().map(|one| one.unsettled).sum(),
            ..Totals::default()
        };
        for stream in self.truths() {
            totals.streams += 1;
            totals.internal += usize::from(stream.internal);
            totals.partitions += stream.partitions.len();
            totals.leaderless += stream.status.leaderless;
            totals.leader_unreachable += stream.status.leader_unreachable;
            totals.under_replicated += stream.status.under_replicated;
            totals.paused += stream.status.paused;
        }
        totals
    }

    /// Every broker that any partition names.
    pub(super) fn named_brokers(&self) -> impl Iterator<Item = &BrokerId> {
        let records = self.records.values();
        records.flat_map(|record| record.shares.iter().map(|(id, _)| id))
    }

    /// Adds up what each broker has of all streams.
    fn shares(&self) -> BTreeMap<BrokerId, BrokerShare> {
        let mut sums: BTreeMap<BrokerId, BrokerShare> = BTreeMap::new();
        for (id, share) in self.records.values().flat_map(|record| &*record.shares) {
            if !sums.contains_key(id) {
                sums.insert(BrokerId::clone(id), BrokerShare::default());
            }
            if let Some(sum) = sums.get_mut(id) {
                sum.partitions += share.partitions;
                sum.leaders += share.leaders;
                sum.rate = rates::sum([sum.rate, share.rate]);
            }
        }
        sums
    }

    /// A partition's newest offset and rate.
    pub(super) fn log_end(&self, stream: &str, id: PartitionId) -> Option<(Offset, Option<f64>)> {
        let truth = self.records.get(stream)?.truth.as_ref()?;
        let partition = truth.partition(id)?;
        Some((partition.newest_offset?, partition.rate))
    }

    /// Partitions whose leaders should be asked, the longest unasked first.
    pub(super) fn doubtful(&self, now: Timestamp) -> Vec<(StreamName, PartitionId)> {
        let records = self.records.iter();
        let doubtful = records.flat_map(|(name, record)| {
            let doubtful = record.doubtful(now);
            doubtful.map(move |(asked, id)| (asked, name, id))
        });
        let mut doubtful: Vec<(Timestamp, &StreamName, PartitionId)> = doubtful.collect();
        doubtful.sort_unstable();
        let first = doubtful.into_iter().take(Truth::PROBES_AT_ONCE);
        first.map(|(_, name, id)| (Arc::clone(name), id)).collect()
    }

    fn rate(&self) -> Option<f64> {
        rates::sum(self.truths().map(|stream| stream.rate))
    }
}
