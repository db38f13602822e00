//! The election of a partition's leader: when nobody leads, and when somebody is told to.
//! How far replicas have come is the parent's; the election of the metadata leader is `controller`'s.

use super::{BrokerIndex, BrokerSet, ReplicaChange, ReplicaSet};

/// An election: its place in the cluster's log, and who is the first to apply it.
#[derive(Clone, Copy, Debug)]
pub(in crate::demo) struct Election {
    pub(in crate::demo) epoch: u64,
    pub(in crate::demo) controller: Option<BrokerIndex>,
}

impl ReplicaSet {
    /// Makes the least loaded replica that may lead the leader, if there is one.
    pub(super) fn elect(
        &mut self,
        live: BrokerSet,
        election: Election,
        load: impl Fn(BrokerIndex) -> i32,
    ) -> Option<ReplicaChange> {
        let next = self.choose_leader(live, load)?;
        self.set_leader(next, live, election);
        Some(ReplicaChange::Elected(next))
    }

    /// The least loaded in-sync replica but the leader, dead or alive, once enough followers report the leader's silence.
    /// There is no unclean election (wire-contract §5).
    fn choose_leader(
        &self,
        live: BrokerSet,
        load: impl Fn(BrokerIndex) -> i32,
    ) -> Option<BrokerIndex> {
        let leader = self.agreed.leader;
        let reporting = self.followers(leader, live).len();
        if reporting <= self.agreed.isr.len().saturating_sub(1) / 2 {
            return None;
        }
        let candidates = self.agreed.isr.without(leader);
        candidates.iter().min_by_key(|broker| load(*broker))
    }

    /// Makes a broker the leader. The others drop what it does not have, as far as it can tell them: the metadata leader
    /// applies an election first, and when it follows it finds nobody that leads yet.
    fn set_leader(&mut self, broker: BrokerIndex, live: BrokerSet, election: Election) {
        self.agreed.leader = broker;
        self.agreed.epoch = election.epoch;
        self.leader_lost = None;
        for replica in &mut self.replicas {
            replica.behind_since = None;
        }
        let followers = self.holders.iter().filter(|other| {
            live.contains(*other) && self.replicas[*other].outdated.is_none() && *other != broker
        });
        let followers: BrokerSet = followers.collect();
        let first = election
            .controller
            .filter(|first| followers.contains(*first));
        if let Some(first) = first {
            self.replicas[first].truncate_after(None);
        }
        if self.replicas[broker].outdated.is_none() {
            self.begin_leadership(broker);
        }
        for other in followers.iter().filter(|other| Some(*other) != first) {
            self.follow(other, live);
        }
    }

    pub(super) fn begin_leadership(&mut self, broker: BrokerIndex) {
        let replica = &mut self.replicas[broker];
        replica.log.begin_epoch(self.agreed.epoch);
        replica.pending_acks.clear();
    }

    /// Hands the leadership over to an in-sync replica that first catches up; false where it holds no in-sync copy.
    pub(in crate::demo) fn move_leader(
        &mut self,
        broker: BrokerIndex,
        live: BrokerSet,
        election: Election,
    ) -> bool {
        let in_sync = self.agreed.isr.contains(broker);
        if in_sync && broker != self.agreed.leader {
            let before = self.agreed.leader;
            self.fetch(before, broker, self.replicas[before].high_watermark);
            self.set_leader(broker, live, election);
        }
        in_sync
    }
}
