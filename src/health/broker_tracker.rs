//! All brokers: what each answered last, who lists whom, and whether enough of them answer.
//! What the views say of streams is kept in `stream_tracker`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::broker_record::{BrokerRecord, Returned};
use super::claim::Claim;
use super::election::is_majority;
use super::{BrokerTruth, Known, Reach, returned};
use crate::model::{Broker, BrokerId, BrokerView, Cluster, Timestamp};

/// What a new outcome changes.
#[derive(Clone, Debug, Default)]
pub(super) struct BrokerChange {
    /// Whether the broker begins or ceases to count: all streams have to be assessed anew.
    pub(super) reach: bool,
    /// What the broker answered before.
    pub(super) before: Option<Arc<Cluster>>,
    /// Whether the new answer is believed: that of a broker that has just come back is not.
    pub(super) is_believed: bool,
    /// Answers of brokers that had come back, and are believed from now on.
    pub(super) accepted: Vec<Arc<BrokerView>>,
}

/// All brokers, by the address at which they were asked.
#[derive(Clone, Debug, Default)]
pub(super) struct BrokerTracker {
    records: BTreeMap<Arc<str>, BrokerRecord>,
    /// Brokers that only partitions name, so that no address is known; since when that is so although all others were
    /// asked.
    unlisted: BTreeMap<BrokerId, Option<Timestamp>>,
    /// The only broker that partitions name and nobody lists, and that has not answered anywhere.
    only_unlisted: Option<BrokerId>,
}

impl BrokerTracker {
    /// Records an outcome; one that is older than the last of its address is dropped.
    pub(super) fn observe(
        &mut self,
        view: &Arc<BrokerView>,
        missed_polls: u32,
    ) -> Option<BrokerChange> {
        let record = self.records.entry(Arc::clone(&view.address));
        let record = record.or_insert_with(|| BrokerRecord::new(&view.address));
        if view.at < record.asked {
            return None;
        }
        let answered_before = record.answer().map(Arc::clone);
        let was_current = record.is_current();
        let before = record.cluster().map(Arc::clone);
        let mut changed = record.record(view, missed_polls);
        self.supersede_other_names(view);
        let renamed = self.assign_ids();
        if was_current {
            changed |= self.distrust_restarted(view, answered_before);
        }
        let accepted = self.accept_returned();
        let record = self.records.get(&view.address);
        Some(BrokerChange {
            reach: changed || renamed || !accepted.is_empty(),
            before,
            is_believed: record.is_some_and(BrokerRecord::is_current)
                && !accepted.iter().any(|accepted| Arc::ptr_eq(accepted, view)),
            accepted,
        })
    }

    /// A broker that answers at the address it advertises is asked at no other: what it said there as a seed would stand for
    /// ever.
    fn supersede_other_names(&mut self, view: &BrokerView) {
        let (Ok(cluster), Some(record)) = (&view.result, self.records.get(&view.address)) else {
            return;
        };
        let Some(id) = record.own_id.clone() else {
            return;
        };
        let advertised = cluster.broker(&id).map(Broker::address);
        if advertised.as_deref() != Some(&*view.address) {
            return;
        }
        for (address, record) in &mut self.records {
            if record.own_id.as_ref() == Some(&id) && *address != view.address {
                record.supersede();
            }
        }
    }

    /// Does not believe a broker any more that was restarted between two answers. Returns whether that was so.
    fn distrust_restarted(
        &mut self,
        view: &Arc<BrokerView>,
        before: Option<Arc<BrokerView>>,
    ) -> bool {
        let Some(record) = self.records.get(&view.address) else {
            return false;
        };
        let (Ok(cluster), Some(Ok(old))) = (&view.result, before.as_ref().map(|view| &view.result))
        else {
            return false;
        };
        let other = self.freshest_other(record);
        let back_since = record.truth.back_since;
        let restarted = returned::was_restarted((cluster, view.at), old, other, back_since);
        if restarted && let Some(record) = self.records.get_mut(&view.address) {
            record.distrust(before);
        }
        restarted
    }

    /// Believes those that have come back and agree with the others by now, or that nobody can confirm.
    fn accept_returned(&mut self) -> Vec<Arc<BrokerView>> {
        let records = self.records.iter();
        let due = records.filter(|(_, record)| self.is_acceptable(record));
        let due: Vec<Arc<str>> = due.map(|(address, _)| Arc::clone(address)).collect();
        let mut accepted = Vec::new();
        for address in due {
            if let Some(record) = self.records.get_mut(&address) {
                record.accept();
                accepted.extend(record.answer().map(Arc::clone));
            }
        }
        accepted
    }

    fn is_acceptable(&self, record: &BrokerRecord) -> bool {
        let Some(Returned { since, view }) = record.returned() else {
            return false;
        };
        let Ok(cluster) = &view.result else {
            return false;
        };
        let now = (cluster.as_ref(), view.at);
        let is_believed = |other: &Cluster| returned::is_believed_beside(now, *since, other);
        let witnesses = self.others(record).filter(|other| other.is_current());
        let mut witnesses = witnesses.peekable();
        if witnesses.peek().is_some() {
            // What they said before it came back says nothing of what it has missed since.
            return witnesses.all(|other| {
                other.answered_since(*since) && other.current_cluster().is_some_and(is_believed)
            });
        }
        let Some(later) = self.known_later(record) else {
            return record.cluster().is_none_or(|before| {
                let is_only_one = self.members().len() <= 1;
                returned::is_believed_alone(now, *since, before, is_only_one)
            });
        };
        // Nobody who answers can confirm it, and it was gone before others were. Alone it hears of no change.
        returned::agrees(cluster, later) || is_believed(later) && !self.lacks_majority()
    }

    /// All brokers but that one.
    fn others(&self, record: &BrokerRecord) -> impl Iterator<Item = &BrokerRecord> {
        let (address, id) = (&record.truth.address, &record.truth.id);
        let others = self.records.values();
        others.filter(move |other| other.truth.address != *address && other.truth.id != *id)
    }

    /// What another broker, which does not answer now, said after that one was gone.
    fn known_later(&self, record: &BrokerRecord) -> Option<&Cluster> {
        let own = record.answer().map(|view| view.at);
        let answers = self.others(record).filter_map(BrokerRecord::answer);
        let later = answers.filter(|view| Some(view.at) > own);
        let last = later.max_by_key(|view| view.at)?;
        last.result.as_ref().ok().map(Arc::as_ref)
    }

    /// The freshest view of another broker that is believed.
    fn freshest_other(&self, record: &BrokerRecord) -> Option<&Cluster> {
        let fresh = self.others(record).filter(|other| other.is_current());
        let freshest = fresh.max_by_key(|other| other.truth.last_answer);
        freshest.and_then(BrokerRecord::current_cluster)
    }

    /// Gives addresses that never answered the id of the broker that is listed there. Returns whether any id changed.
    ///
    /// Where one broker alone is listed nowhere, and nobody answers at one configured address, that is its address: who
    /// does not know it yet would take it for a broker that nobody can ask.
    fn assign_ids(&mut self) -> bool {
        let ids = self.records.values().map(|record| self.id_of(record));
        let mut ids: Vec<Option<BrokerId>> = ids.collect();
        if self.only_unlisted.is_some() {
            let named = self.records.values().zip(&mut ids);
            let mut silent = named.filter(|(it, id)| id.is_none() && it.truth.reach.is_silent());
            if let (Some((_, id)), None) = (silent.next(), silent.next()) {
                id.clone_from(&self.only_unlisted);
            }
        }
        let mut changed = false;
        for (record, id) in self.records.values_mut().zip(ids) {
            changed |= record.truth.id != id;
            record.truth.id = id;
        }
        changed
    }

    fn id_of(&self, record: &BrokerRecord) -> Option<BrokerId> {
        let listed = || {
            let found = self
                .listed()
                .find(|b| b.address() == *record.truth.address)?;
            Some(BrokerId::clone(&found.id))
        };
        record.own_id.clone().or_else(listed)
    }

    /// What the brokers say of the cluster, one claim each, sorted by id.
    pub(super) fn claims(&self) -> Vec<Claim<'_, Cluster>> {
        let mut best: BTreeMap<&BrokerId, Claim<'_, Cluster>> = BTreeMap::new();
        for claim in self.records.values().filter_map(BrokerRecord::claim) {
            let kept = best.entry(claim.broker).or_insert(claim);
            if (kept.current, kept.at) < (claim.current, claim.at) {
                *kept = claim;
            }
        }
        best.into_values().collect()
    }

    /// Names all brokers that partitions have, to find those that nobody lists; others are forgotten. Returns whether
    /// that says anything new of whom anybody can reach.
    pub(super) fn update_unlisted<'a>(
        &mut self,
        named: impl Iterator<Item = &'a BrokerId>,
        now: Timestamp,
    ) -> bool {
        let all_asked = self.all_asked();
        let answered = self.records.values().filter_map(|it| it.own_id.as_ref());
        let answered: BTreeSet<&BrokerId> = answered.collect();
        let is_unlisted = |id: &&BrokerId| !answered.contains(*id) && !self.is_listed(id);
        // Each is named by many partitions.
        let named: BTreeSet<&BrokerId> = named.collect();
        let unlisted: Vec<BrokerId> = named.into_iter().filter(is_unlisted).cloned().collect();
        let only_unlisted = match unlisted.as_slice() {
            [only] if all_asked => Some(Arc::clone(only)),
            // Whom partitions name follows from who answers, and the other way round: what was found stays.
            [] | [_] => self.only_unlisted.clone().filter(|id| is_unlisted(&id)),
            _ => None,
        };
        let mut changed = self.only_unlisted != only_unlisted;
        self.only_unlisted = only_unlisted;
        changed |= self.assign_ids();
        let since = |id: &BrokerId| {
            let before = self.unlisted.get(id).copied().flatten();
            all_asked.then_some(before.unwrap_or(now))
        };
        let unlisted = unlisted
            .into_iter()
            .filter(|id| self.reach_of(id).is_none());
        let unlisted = unlisted.map(|id| (BrokerId::clone(&id), since(&id)));
        let unlisted: BTreeMap<BrokerId, Option<Timestamp>> = unlisted.collect();
        changed |= unlisted != self.unlisted;
        self.unlisted = unlisted;
        changed
    }

    /// Whether the broker answers. Of one that has no address, since nobody lists it, nobody knows.
    pub(super) fn answers(&self, id: &str) -> Known {
        match self.reach_of(id) {
            Some(Reach::Answering) => Known::Yes,
            Some(Reach::Silent { .. }) => Known::No,
            Some(Reach::NotAskedYet | Reach::AddressUnknown { .. }) | None => Known::Unknown,
        }
    }

    /// Whether clients can use the broker as a leader: none finds one that nobody lists.
    pub(super) fn leader_reachable(&self, id: &str) -> Known {
        if self.is_unlisted(id) {
            return Known::No;
        }
        self.serves(id)
    }

    /// Whether no broker lists it, although all were asked, and it has not answered anywhere: it may be alive.
    pub(super) fn is_unlisted(&self, id: &str) -> bool {
        self.unlisted.get(id).is_some_and(Option::is_some)
    }

    /// Whether it was ever seen to answer.
    pub(super) fn has_answered(&self, id: &str) -> bool {
        let mut own = self
            .records
            .values()
            .filter(|it| it.own_id.as_deref() == Some(id));
        own.any(|record| record.truth.last_answer.is_some())
    }

    /// Whether the broker serves what it leads, as far as can be known: one that is back and not believed yet does not.
    pub(super) fn serves(&self, id: &str) -> Known {
        let answers = self.answers(id);
        if answers == Known::Yes && self.is_catching_up(id) {
            return Known::No;
        }
        answers
    }

    /// When that broker came back the last time; `None` where it was never seen to be away.
    pub(super) fn back_since(&self, id: &str) -> Option<Timestamp> {
        let own = self.records.values();
        let own = own.filter(|record| record.truth.id.as_deref() == Some(id));
        own.filter_map(|record| record.truth.back_since).max()
    }

    /// Whether the broker has come back and is not believed yet.
    pub(super) fn is_catching_up(&self, id: &str) -> bool {
        let own = self.records.values();
        let own = own.filter(|record| record.truth.id.as_deref() == Some(id));
        let mut answering = own.filter(|record| record.truth.reach == Reach::Answering);
        answering.any(|record| record.truth.catching_up)
    }

    /// Since when that broker does not answer; `None` where it does or that is unknown.
    pub(super) fn silent_since(&self, id: &str) -> Option<Timestamp> {
        match self.reach_of(id) {
            Some(reach) => reach.silent_since(),
            None => self.unlisted.get(id).copied().flatten(),
        }
    }

    /// Whether so many brokers are silent that the rest is no majority: no metadata leader, so no election.
    pub(super) fn lacks_majority(&self) -> bool {
        let members = self.members();
        let silent = members.iter().filter(|id| self.answers(id) == Known::No);
        members.len() > 1 && !is_majority(members.len() - silent.count(), members.len())
    }

    /// When the newest answer came.
    pub(super) fn as_of(&self) -> Option<Timestamp> {
        let answers = self.records.values().map(|record| record.truth.last_answer);
        answers.max().flatten()
    }

    /// All brokers, without what has to be counted in the streams: sorted by id, those without one last.
    pub(super) fn truths(&self) -> Vec<BrokerTruth> {
        let mut best: BTreeMap<(bool, &str), &BrokerRecord> = BTreeMap::new();
        for record in self.records.values() {
            let key = (record.truth.id.is_none(), record.truth.name());
            let kept = best.entry(key).or_insert(record);
            if kept.preference() < record.preference() {
                *kept = record;
            }
        }
        let asked = best.into_values().map(|record| record.truth.clone());
        let mut truths: Vec<BrokerTruth> = asked.collect();
        self.add_not_asked(&mut truths);
        for truth in &mut truths {
            truth.listed_by = truth
                .id
                .as_ref()
                .map(|id| self.listed_by(id))
                .unwrap_or_default();
        }
        let unlisted = self.unlisted.iter();
        truths.extend(unlisted.map(|(id, since)| BrokerTruth::unlisted(id, *since)));
        truths.sort_by(|a, b| (a.id.is_none(), a.name()).cmp(&(b.id.is_none(), b.name())));
        truths
    }

    /// Adds the brokers that a current view lists and that were never asked.
    fn add_not_asked(&self, truths: &mut Vec<BrokerTruth>) {
        for broker in self.listed() {
            let is_known = |truth: &BrokerTruth| truth.id.as_ref() == Some(&broker.id);
            if !truths.iter().any(is_known) {
                truths.push(BrokerTruth {
                    id: Some(BrokerId::clone(&broker.id)),
                    address: broker.address().into(),
                    ..BrokerTruth::default()
                });
            }
        }
    }

    fn listed_by(&self, id: &BrokerId) -> Vec<BrokerId> {
        let others = self.claims().into_iter();
        others
            .filter(|other| other.current && other.broker != id)
            .filter(|other| other.value.broker(id).is_some())
            .map(|other| BrokerId::clone(other.broker))
            .collect()
    }

    /// Brokers that make up the cluster as far as anyone knows: listed, answering or holding replicas.
    fn members(&self) -> Vec<BrokerId> {
        let listed = self.listed().map(|broker| &broker.id);
        let asked = self.records.values();
        let asked = asked.filter_map(|record| record.truth.id.as_ref());
        let all = listed.chain(asked).chain(self.unlisted.keys());
        let mut members: Vec<BrokerId> = all.cloned().collect();
        members.sort_unstable();
        members.dedup();
        members
    }

    /// Whether somebody answers, and everybody who is listed was asked: until then, another list may name more.
    fn all_asked(&self) -> bool {
        let is_asked = |id: &str| !matches!(self.reach_of(id), None | Some(Reach::NotAskedYet));
        let mut listed = self.listed();
        self.current().next().is_some() && listed.all(|broker| is_asked(&broker.id))
    }

    /// Whether the broker answers at any of its addresses; `None` where none is known.
    fn reach_of(&self, id: &str) -> Option<Reach> {
        let all = self.records.values();
        let own = all.filter(|record| record.truth.id.as_deref() == Some(id));
        own.max_by_key(|record| record.preference())
            .map(|record| record.truth.reach)
    }

    fn current(&self) -> impl Iterator<Item = &Cluster> {
        let all = self.records.values();
        all.filter_map(BrokerRecord::current_cluster)
    }

    fn listed(&self) -> impl Iterator<Item = &Broker> {
        self.current().flat_map(|cluster| &cluster.brokers)
    }

    fn is_listed(&self, id: &str) -> bool {
        self.current().any(|cluster| cluster.broker(id).is_some())
    }
}

impl BrokerTruth {
    fn unlisted(id: &BrokerId, since: Option<Timestamp>) -> Self {
        let not_asked = Self {
            id: Some(BrokerId::clone(id)),
            ..Self::default()
        };
        match since {
            Some(since) => Self {
                reach: Reach::AddressUnknown { since },
                ..not_asked
            },
            None => not_asked,
        }
    }
}
