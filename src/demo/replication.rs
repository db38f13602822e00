//! How far each replica of one partition has come, and who is in sync; pure rules, given the time.
//! The election of its leader is `election`'s, that of the metadata leader `controller`'s.

mod election;

pub(super) use election::Election;

use tokio::time::Instant;

use super::broker_set::{BrokerIndex, BrokerSet};
use super::log::Retention;
use super::replica::{Agreement, Outdated, Replica};
use super::timings::Timings;

/// What housekeeping changed in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReplicaChange {
    /// That broker leads now; the log ends where its own copy ended.
    Elected(BrokerIndex),
    /// That broker left the ISR.
    Shrunk(BrokerIndex),
    /// That broker came back into the ISR.
    Expanded(BrokerIndex),
}

/// The replicas of one partition, one for each broker of the cluster.
#[derive(Debug)]
pub(super) struct ReplicaSet {
    pub(super) agreed: Agreement,
    /// The agreement at the creation, which brokers replay first.
    created: Agreement,
    holders: BrokerSet,
    replicas: Box<[Replica]>,
    min_isr: usize,
    retention: Retention,
    leader_lost: Option<Instant>,
}

/// What a new partition is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placement<'a> {
    /// The brokers that hold it; the first one leads.
    pub(super) holders: &'a [BrokerIndex],
    /// How many brokers the cluster has.
    pub(super) brokers: usize,
    /// Its place in the cluster's log.
    pub(super) epoch: u64,
    /// The brokers that hear of it later.
    pub(super) outdated: BrokerSet,
}

impl ReplicaSet {
    /// An empty partition.
    pub(super) fn new(place: Placement<'_>, min_isr: usize, retention: Retention) -> Self {
        let holders = place.holders.iter().copied().collect();
        let leader = place.holders.first().copied().unwrap_or_default();
        let created = Agreement::on_creation(leader, place.epoch, holders);
        let mut set = Self {
            agreed: created,
            created,
            holders,
            replicas: (0..place.brokers).map(|_| Replica::default()).collect(),
            min_isr,
            retention,
            leader_lost: None,
        };
        for broker in place.outdated.iter() {
            set.set_outdated(broker, created, false);
        }
        if !place.outdated.contains(leader) {
            set.replicas[leader].log.begin_epoch(place.epoch);
        }
        set
    }

    /// The brokers that hold a copy.
    pub(super) fn holders(&self) -> BrokerSet {
        self.holders
    }

    /// That broker's part.
    pub(super) fn at(&self, broker: BrokerIndex) -> &Replica {
        &self.replicas[broker]
    }

    /// That broker's part, to be changed.
    pub(super) fn at_mut(&mut self, broker: BrokerIndex) -> &mut Replica {
        &mut self.replicas[broker]
    }

    /// Each broker's part, to be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Replica> {
        self.replicas.iter_mut()
    }

    /// The agreement as that broker knows it.
    pub(super) fn known_to(&self, broker: BrokerIndex) -> &Agreement {
        let outdated = self.replicas[broker].outdated.as_deref();
        outdated.map_or(&self.agreed, |outdated| &outdated.knows)
    }

    fn is_started(&self, broker: BrokerIndex) -> bool {
        let outdated = self.replicas[broker].outdated.as_deref();
        self.holders.contains(broker) && outdated.is_none_or(|outdated| outdated.is_started)
    }

    fn believes_to_lead(&self, broker: BrokerIndex) -> bool {
        let known = self.known_to(broker);
        known.leader == broker && known.is_open() && self.is_started(broker)
    }

    /// Whether that broker serves as the leader, rightly or not.
    pub(super) fn is_leading(&self, broker: BrokerIndex, live: BrokerSet) -> bool {
        live.contains(broker) && self.believes_to_lead(broker)
    }

    /// Whether the leader that is agreed on serves.
    pub(super) fn is_led(&self, live: BrokerSet) -> bool {
        self.is_leading(self.agreed.leader, live)
    }

    /// All that serve as the leader: one that was stopped may not know yet that another one was elected.
    pub(super) fn leading(&self, live: BrokerSet) -> BrokerSet {
        let leading = live
            .iter()
            .filter(|broker| *broker < self.replicas.len() && self.believes_to_lead(*broker));
        leading.collect()
    }

    /// The brokers that would lead and do nothing now: they are stopped.
    pub(super) fn stopped_leaders(&self, live: BrokerSet) -> BrokerSet {
        let brokers = self.holders.iter().filter(|broker| !live.contains(*broker));
        let stopped = brokers.filter(|broker| self.replicas[*broker].outdated.is_some());
        stopped
            .filter(|broker| self.believes_to_lead(*broker))
            .collect()
    }

    /// The followers that fetch from that leader: they know of its leadership and no newer one.
    fn followers(&self, leader: BrokerIndex, live: BrokerSet) -> BrokerSet {
        let epoch = self.known_to(leader).epoch;
        let others = self.holders.without(leader).iter();
        let fetching = others.filter(|broker| {
            let known = self.known_to(*broker);
            let follows = known.leader == leader && known.epoch == epoch && known.is_open();
            let may_fetch = live.contains(*broker) && !self.replicas[*broker].held_back;
            follows && may_fetch && self.is_started(*broker)
        });
        fetching.collect()
    }

    /// One round of fetches: followers get what their leader has, and learn the high watermark of the round before.
    /// Returns whether another round would change anything.
    pub(super) fn fetch_round(&mut self, live: BrokerSet) -> bool {
        let mut more = false;
        for leader in self.leading(live).iter() {
            let known = self.replicas[leader].high_watermark;
            let followers = self.followers(leader, live);
            for follower in followers.iter() {
                self.fetch(leader, follower, known);
            }
            self.commit(leader);
            let committed = self.replicas[leader].high_watermark;
            let mut followers = followers.iter();
            more |= followers.any(|follower| self.replicas[follower].high_watermark < committed);
        }
        more
    }

    fn fetch(&mut self, leader: BrokerIndex, follower: BrokerIndex, high_watermark: i64) {
        let epoch = self.known_to(leader).epoch;
        let pair = self.replicas.get_disjoint_mut([leader, follower]);
        if let Ok([leader, follower]) = pair {
            follower.fetch(leader, epoch, high_watermark, &self.retention);
        }
    }

    /// Moves a leader's high watermark up to the slowest in-sync replica that it knows of, if enough are in sync.
    pub(super) fn commit(&mut self, leader: BrokerIndex) {
        let known = *self.known_to(leader);
        if known.isr.len() < self.min_isr {
            return;
        }
        let ends = known.isr.iter().map(|broker| {
            let replica = &self.replicas[broker];
            if broker == leader {
                replica.log.newest()
            } else {
                replica.fetched_in(known.epoch)
            }
        });
        let slowest = ends.min().unwrap_or(-1);
        self.replicas[leader].commit(slowest);
    }

    /// Replaces a dead leader, drops lagging replicas from the ISR and takes those back that caught up. `load` is how much
    /// a broker leads already. A paused partition is left alone: nobody leads it, so nobody misses its leader.
    pub(super) fn update(
        &mut self,
        now: Instant,
        live: BrokerSet,
        timings: &Timings,
        (election, load): (Election, impl Fn(BrokerIndex) -> i32),
    ) -> Option<ReplicaChange> {
        if !self.agreed.is_open() {
            self.leader_lost = None;
            return None;
        }
        if self.is_led(live) {
            self.leader_lost = None;
            let shrunk = self.shrink_isr(now, live, timings);
            return shrunk.or_else(|| self.expand_isr(now, live, timings));
        }
        let lost = *self.leader_lost.get_or_insert(now);
        if now - lost < timings.election {
            return None;
        }
        self.elect(live, election, load)
    }

    /// Drops what the leader does not have, if it can be asked; else what is not committed.
    pub(super) fn follow(&mut self, broker: BrokerIndex, live: BrokerSet) {
        let leader = self.agreed.leader;
        let epoch = self.replicas[broker].log.last_epoch();
        let answers = self.is_led(live) && self.known_to(leader).epoch == self.agreed.epoch;
        let last = answers.then(|| self.replicas[leader].log.last_offset_of_epoch(epoch));
        self.replicas[broker].truncate_after(last);
    }

    fn shrink_isr(
        &mut self,
        now: Instant,
        live: BrokerSet,
        timings: &Timings,
    ) -> Option<ReplicaChange> {
        let leader = self.agreed.leader;
        let fetching = self.followers(leader, live);
        for broker in self.holders.without(leader).iter() {
            let replica = &mut self.replicas[broker];
            if fetching.contains(broker) {
                replica.behind_since = None;
            } else {
                replica.behind_since.get_or_insert(now);
                replica.caught_up_since = None;
            }
        }
        let mut in_sync = self.agreed.isr.without(leader).iter();
        let late = in_sync.find(|broker| {
            let since = self.replicas[*broker].behind_since;
            since.is_some_and(|since| now - since >= timings.isr_lag)
        })?;
        self.leave_isr(late);
        Some(ReplicaChange::Shrunk(late))
    }

    fn leave_isr(&mut self, broker: BrokerIndex) {
        self.agreed.isr.remove(broker);
        self.commit(self.agreed.leader);
    }

    fn expand_isr(
        &mut self,
        now: Instant,
        live: BrokerSet,
        timings: &Timings,
    ) -> Option<ReplicaChange> {
        let fetching = self.followers(self.agreed.leader, live);
        let mut outside = fetching
            .iter()
            .filter(|broker| !self.agreed.isr.contains(*broker));
        let back = outside.find(|broker| {
            let since = &mut self.replicas[*broker].caught_up_since;
            now - *since.get_or_insert(now) >= timings.isr_regain
        })?;
        self.replicas[back].forget_fetched();
        self.agreed.isr.insert(back);
        Some(ReplicaChange::Expanded(back))
    }

    /// Stops a follower's fetches and takes it out of the ISR at once; false for the leader and for strangers.
    pub(super) fn hold_back(&mut self, broker: BrokerIndex) -> bool {
        let follows = self.holders.contains(broker) && broker != self.agreed.leader;
        if follows {
            self.replicas[broker].held_back = true;
            self.replicas[broker].caught_up_since = None;
            self.leave_isr(broker);
        }
        follows
    }

    /// Lets followers fetch again that were held back.
    pub(super) fn release(&mut self) {
        for replica in &mut self.replicas {
            replica.held_back = false;
        }
    }

    fn set_outdated(&mut self, broker: BrokerIndex, knows: Agreement, is_started: bool) {
        let outdated = Outdated { knows, is_started };
        self.replicas[broker].outdated = Some(Box::new(outdated));
    }

    /// The broker was killed. When it starts again it learns what was agreed on from the beginning.
    pub(super) fn broker_killed(&mut self, broker: BrokerIndex) {
        if self.known_to(broker).leader == broker {
            self.forget_followers(self.known_to(broker).epoch);
        }
        self.replicas[broker].forget_memory();
        let knows = Agreement {
            times_closed: self.agreed.times_closed,
            ..self.created
        };
        self.set_outdated(broker, knows, false);
    }

    fn forget_followers(&mut self, epoch: u64) {
        for replica in &mut self.replicas {
            if replica.fetched_in(epoch) >= 0 {
                replica.forget_fetched();
            }
        }
    }

    /// The broker was stopped: from now on it hears of nothing.
    pub(super) fn broker_stopped(&mut self, broker: BrokerIndex) {
        if self.replicas[broker].outdated.is_none() {
            self.set_outdated(broker, self.agreed, true);
        }
    }

    /// The broker has learnt all that was agreed on, and leads or follows by it.
    pub(super) fn broker_caught_up(&mut self, broker: BrokerIndex, live: BrokerSet) {
        let Some(before) = self.replicas[broker].outdated.take() else {
            return;
        };
        let (known, agreed) = (before.knows, self.agreed);
        if !agreed.is_open() || !self.holders.contains(broker) {
            self.replicas[broker].pending_acks.clear();
            return;
        }
        let is_same = known.epoch == agreed.epoch && known.times_closed == agreed.times_closed;
        match (before.is_started, agreed.leader == broker) {
            (true, _) if is_same => {}
            (true, true) => self.begin_leadership(broker),
            // Who leads when it has started goes on with a leadership that it may have forgotten.
            (false, true) => {}
            (_, false) => self.follow(broker, live),
        }
    }

    /// The log was opened again: who leads knows nothing of its followers, and these drop what it does not have.
    pub(super) fn resume(&mut self, live: BrokerSet) {
        self.forget_followers(self.agreed.epoch);
        let others = self.holders.without(self.agreed.leader);
        for broker in others.iter().filter(|broker| live.contains(*broker)) {
            if self.replicas[broker].outdated.is_none() {
                self.follow(broker, live);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::BufMut;
    use tokio::time::Instant;

    use super::{BrokerSet, Election, Placement, ReplicaChange, ReplicaSet};
    use crate::demo::log::Retention;
    use crate::demo::timings::Timings;

    const ALL: BrokerSet = BrokerSet::from_bits(0b111);
    const NONE: BrokerSet = BrokerSet::from_bits(0);
    const ELECTION: Election = Election {
        epoch: 9,
        controller: None,
    };

    fn set_of(holders: &[usize], min_isr: usize) -> ReplicaSet {
        let place = Placement {
            holders,
            brokers: 3,
            epoch: 1,
            outdated: NONE,
        };
        ReplicaSet::new(place, min_isr, Retention::default())
    }

    /// Stores that many messages at a leader.
    fn append(set: &mut ReplicaSet, leader: usize, count: usize) {
        let epoch = set.known_to(leader).epoch;
        for _ in 0..count {
            let log = &mut set.at_mut(leader).log;
            log.append(&Retention::default(), (1, epoch), &[], |_, _, arena| {
                arena.put_slice(b"x");
            });
            set.commit(leader);
        }
    }

    /// High watermark and newest offset at a broker.
    fn ends(set: &ReplicaSet, broker: usize) -> (i64, i64) {
        let replica = set.at(broker);
        (replica.high_watermark, replica.log.newest())
    }

    fn elect(set: &mut ReplicaSet, live: BrokerSet) -> Option<ReplicaChange> {
        let timings = Timings::at_speed(1.0);
        let now = Instant::now();
        set.update(now, live, &timings, (ELECTION, |_| 0));
        set.update(now + timings.election, live, &timings, (ELECTION, |_| 0))
    }

    #[test]
    fn the_high_watermark_waits_for_the_slowest_in_sync_replica() {
        let mut set = set_of(&[0, 1, 2], 1);
        append(&mut set, 0, 5);
        assert_eq!(ends(&set, 0), (-1, 4));
        assert!(set.fetch_round(ALL));
        assert_eq!(ends(&set, 0), (4, 4));
        assert_eq!(ends(&set, 1), (-1, 4));
        assert!(!set.fetch_round(ALL));
        assert_eq!(ends(&set, 1), (4, 4));
        append(&mut set, 0, 1);
        set.fetch_round(ALL.without(2));
        assert_eq!(ends(&set, 0), (4, 5));
    }

    #[test]
    fn too_few_in_sync_replicas_commit_nothing() {
        let mut set = set_of(&[0], 2);
        append(&mut set, 0, 1);
        set.fetch_round(ALL);
        assert_eq!(ends(&set, 0), (-1, 0));
    }

    #[test]
    fn a_dead_leader_is_replaced_from_the_isr_after_a_while() {
        let timings = Timings::at_speed(1.0);
        let now = Instant::now();
        let mut set = set_of(&[0, 1, 2], 1);
        let dead = ALL.without(0);
        let load = |broker| if broker == 1 { 5 } else { 0 };
        set.broker_killed(0);
        assert_eq!(set.update(now, dead, &timings, (ELECTION, load)), None);
        let later = now + timings.election;
        assert_eq!(
            set.update(later, dead, &timings, (ELECTION, load)),
            Some(ReplicaChange::Elected(2))
        );
        assert_eq!(set.agreed.isr, ALL);
        assert_eq!(set.update(later, dead, &timings, (ELECTION, load)), None);
        let lagged = later + timings.isr_lag;
        assert_eq!(
            set.update(lagged, dead, &timings, (ELECTION, load)),
            Some(ReplicaChange::Shrunk(0))
        );
        set.broker_caught_up(0, ALL);
        assert_eq!(set.update(lagged, ALL, &timings, (ELECTION, load)), None);
        let back = lagged + timings.isr_regain;
        assert_eq!(
            set.update(back, ALL, &timings, (ELECTION, load)),
            Some(ReplicaChange::Expanded(0))
        );
    }

    #[test]
    fn nobody_outside_the_isr_is_ever_elected() {
        let mut set = set_of(&[0, 1], 1);
        assert!(set.hold_back(1));
        set.broker_killed(0);
        assert_eq!(elect(&mut set, BrokerSet::from_bits(0b010)), None);
        set.release();
        assert_eq!(elect(&mut set, BrokerSet::from_bits(0b010)), None);
        assert_eq!(set.agreed.leader, 0);
    }

    #[test]
    fn who_is_dead_is_elected_too_where_it_is_the_only_one_in_sync() {
        let mut set = set_of(&[0, 1, 2], 1);
        assert!(set.hold_back(2));
        set.release();
        set.broker_killed(0);
        set.broker_killed(1);
        let change = elect(&mut set, BrokerSet::from_bits(0b100));
        assert_eq!(change, Some(ReplicaChange::Elected(1)));
    }

    #[test]
    fn a_lone_replica_forgets_what_it_had_not_written_down() {
        let mut set = set_of(&[0], 1);
        append(&mut set, 0, 2);
        set.at_mut(0).write_checkpoint();
        append(&mut set, 0, 1);
        set.broker_killed(0);
        set.broker_caught_up(0, ALL);
        assert_eq!(ends(&set, 0), (1, 2));
        append(&mut set, 0, 1);
        assert_eq!(ends(&set, 0), (3, 3));
    }

    #[test]
    fn an_emptied_leader_is_behind_its_followers_until_it_passes_them() {
        let mut set = set_of(&[0, 1, 2], 1);
        append(&mut set, 0, 10);
        while set.fetch_round(ALL) {}
        set.broker_killed(0);
        set.at_mut(0).empty();
        set.broker_caught_up(0, ALL);
        append(&mut set, 0, 4);
        while set.fetch_round(ALL) {}
        assert_eq!(ends(&set, 0), (3, 3), "all of it is committed at once");
        assert_eq!(ends(&set, 1), (9, 9));
        assert_eq!(set.agreed.isr, ALL);
        append(&mut set, 0, 8);
        while set.fetch_round(ALL) {}
        assert_eq!((ends(&set, 0), ends(&set, 1)), ((11, 11), (11, 11)));
        // A follower that starts again drops what its leader does not have.
        set.broker_killed(0);
        set.at_mut(0).empty();
        set.broker_caught_up(0, ALL);
        set.broker_killed(1);
        set.broker_caught_up(1, ALL);
        assert_eq!(set.at(1).log.newest(), -1);
        assert_eq!(set.at(2).log.newest(), 11);
    }

    #[test]
    fn an_emptied_follower_gets_all_of_it_again() {
        let mut set = set_of(&[0, 1, 2], 1);
        append(&mut set, 0, 10);
        while set.fetch_round(ALL) {}
        set.broker_killed(1);
        set.at_mut(1).empty();
        append(&mut set, 0, 1);
        set.fetch_round(ALL.without(1));
        assert_eq!(ends(&set, 0), (9, 10), "it waits for whom it knows in sync");
        set.broker_caught_up(1, ALL);
        while set.fetch_round(ALL) {}
        assert_eq!((ends(&set, 0), ends(&set, 1)), ((10, 10), (10, 10)));
    }

    #[test]
    fn a_stopped_leader_goes_on_leading_until_it_hears_of_the_next_one() {
        let mut set = set_of(&[0, 1, 2], 1);
        append(&mut set, 0, 5);
        while set.fetch_round(ALL) {}
        set.broker_stopped(0);
        let change = elect(&mut set, ALL.without(0));
        assert_eq!(change, Some(ReplicaChange::Elected(1)));
        append(&mut set, 1, 2);
        while set.fetch_round(ALL.without(0)) {}
        assert_eq!(set.leading(ALL), BrokerSet::from_bits(0b011));
        append(&mut set, 0, 3);
        while set.fetch_round(ALL) {}
        assert_eq!(ends(&set, 0), (4, 7), "nobody follows it any more");
        assert_eq!(ends(&set, 2), ends(&set, 1));
        set.broker_caught_up(0, ALL);
        assert_eq!(ends(&set, 0), (4, 4));
        while set.fetch_round(ALL) {}
        assert_eq!(ends(&set, 0), ends(&set, 1));
    }

    #[test]
    fn of_two_dead_the_one_that_is_elected_may_hold_less_than_the_survivor() {
        let mut set = set_of(&[0, 1, 2], 1);
        append(&mut set, 0, 5);
        while set.fetch_round(ALL) {}
        set.at_mut(1).write_checkpoint();
        append(&mut set, 0, 5);
        while set.fetch_round(ALL) {}
        set.broker_killed(0);
        set.broker_killed(1);
        let survivor = BrokerSet::from_bits(0b100);
        assert_eq!(elect(&mut set, survivor), None);
        assert_eq!((set.agreed.leader, set.agreed.isr), (0, ALL));
        // Its leader is dead, so it keeps what it knows to be committed.
        let both = BrokerSet::from_bits(0b110);
        set.broker_caught_up(1, both);
        assert_eq!(ends(&set, 1), (4, 4));
        assert_eq!(elect(&mut set, both), Some(ReplicaChange::Elected(1)));
        assert_eq!(ends(&set, 2), (9, 4), "what it had more is cut");
    }

    #[test]
    fn a_paused_partition_is_not_led_anew_until_it_is_resumed() {
        let mut set = set_of(&[0, 1, 2], 1);
        set.agreed.log_state = crate::demo::replica::LogState::Paused;
        set.broker_killed(0);
        assert_eq!(elect(&mut set, ALL.without(0)), None);
        set.agreed.log_state = crate::demo::replica::LogState::Open;
        let timings = Timings::at_speed(1.0);
        let now = Instant::now() + Duration::from_secs(3600);
        let live = ALL.without(0);
        assert_eq!(set.update(now, live, &timings, (ELECTION, |_| 0)), None);
        let later = now + timings.election;
        assert!(
            set.update(later, live, &timings, (ELECTION, |_| 0))
                .is_some()
        );
    }
}
