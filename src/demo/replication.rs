//! How far each replica of one partition has come, who leads, who is in sync; pure rules, given the time.
//! Holds no messages: all replicas share one log, and a replica's end is a number.

use tokio::time::Instant;

use super::timings::Timings;

/// A broker of the cluster, by its place in the list: `demo-1` is 0.
pub(super) type BrokerIndex = usize;

/// The brokers that serve, at most 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LiveBrokers(pub(super) u64);

impl LiveBrokers {
    /// Whether that broker serves.
    pub(super) fn contains(self, broker: BrokerIndex) -> bool {
        self.0 >> broker & 1 == 1
    }
}

/// What one broker holds of one partition, and what it knows of the high watermark.
#[derive(Debug)]
struct Replica {
    broker: BrokerIndex,
    newest: i64,
    high_watermark: i64,
    /// Kept from fetching by a fault.
    held_back: bool,
    behind_since: Option<Instant>,
    caught_up_since: Option<Instant>,
}

impl Replica {
    fn new(broker: BrokerIndex) -> Self {
        Self {
            broker,
            newest: -1,
            high_watermark: -1,
            held_back: false,
            behind_since: None,
            caught_up_since: None,
        }
    }

    fn fetches(&self, live: LiveBrokers) -> bool {
        live.contains(self.broker) && !self.held_back
    }
}

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

/// The replicas of one partition.
#[derive(Debug)]
pub(super) struct ReplicaSet {
    leader: BrokerIndex,
    replicas: Vec<Replica>,
    isr: Vec<BrokerIndex>,
    min_isr: usize,
    high_watermark: i64,
    checkpoint: i64,
    leader_lost: Option<Instant>,
}

impl ReplicaSet {
    /// An empty partition on these brokers; the first one leads.
    pub(super) fn new(brokers: &[BrokerIndex], min_isr: usize) -> Self {
        Self {
            leader: brokers.first().copied().unwrap_or_default(),
            replicas: brokers.iter().copied().map(Replica::new).collect(),
            isr: brokers.to_vec(),
            min_isr,
            high_watermark: -1,
            checkpoint: -1,
            leader_lost: None,
        }
    }

    /// The broker that leads, dead or alive: until an election the dead one stays named.
    pub(super) fn leader(&self) -> BrokerIndex {
        self.leader
    }

    /// The brokers that hold a copy.
    pub(super) fn brokers(&self) -> impl Iterator<Item = BrokerIndex> {
        self.replicas.iter().map(|replica| replica.broker)
    }

    /// The brokers in sync.
    pub(super) fn isr(&self) -> &[BrokerIndex] {
        &self.isr
    }

    /// The leader's high watermark.
    pub(super) fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    /// What that broker believes: its high watermark and its newest offset; -1 and -1 on a broker without a copy.
    pub(super) fn seen_by(&self, broker: BrokerIndex) -> (i64, i64) {
        let mut replicas = self.replicas.iter();
        let replica = replicas.find(|replica| replica.broker == broker);
        replica.map_or((-1, -1), |replica| (replica.high_watermark, replica.newest))
    }

    fn replica(&mut self, broker: BrokerIndex) -> Option<&mut Replica> {
        let mut replicas = self.replicas.iter_mut();
        replicas.find(|replica| replica.broker == broker)
    }

    fn set_newest(&mut self, broker: BrokerIndex, newest: i64) {
        if let Some(replica) = self.replica(broker) {
            replica.newest = newest;
        }
    }

    fn set_high_watermark(&mut self, offset: i64) {
        self.high_watermark = offset;
        if let Some(leader) = self.replica(self.leader) {
            leader.high_watermark = offset;
        }
    }

    /// Records that the leader stored up to `newest`. A lone replica commits at once, unless min ISR asks for more.
    pub(super) fn leader_appended(&mut self, newest: i64) {
        self.set_newest(self.leader, newest);
        if self.isr.len() == 1 {
            self.commit();
        }
    }

    /// One round of fetches: followers get what the leader has, and learn the high watermark of the round before.
    /// Returns whether another round would change anything.
    pub(super) fn fetch_round(&mut self, live: LiveBrokers) -> bool {
        if !live.contains(self.leader) {
            return false;
        }
        let (_, newest) = self.seen_by(self.leader);
        let known = self.high_watermark;
        let fetching = self.replicas.iter_mut();
        for replica in fetching.filter(|replica| replica.fetches(live)) {
            replica.high_watermark = replica.high_watermark.max(known.min(replica.newest));
            replica.newest = newest;
        }
        self.commit();
        let mut fetching = self.replicas.iter().filter(|replica| replica.fetches(live));
        fetching.any(|replica| replica.high_watermark < self.high_watermark)
    }

    /// Moves the high watermark up to the slowest in-sync replica, if enough are in sync.
    fn commit(&mut self) {
        if self.isr.len() < self.min_isr {
            return;
        }
        let all = self.replicas.iter();
        let in_sync = all.filter(|replica| self.isr.contains(&replica.broker));
        let slowest = in_sync.map(|replica| replica.newest).min().unwrap_or(-1);
        self.set_high_watermark(self.high_watermark.max(slowest));
    }

    /// Replaces a dead leader, drops lagging replicas from the ISR and takes those back that caught up. `load` is how much
    /// a broker leads already.
    pub(super) fn update(
        &mut self,
        now: Instant,
        live: LiveBrokers,
        timings: &Timings,
        load: impl Fn(BrokerIndex) -> i32,
    ) -> Option<ReplicaChange> {
        if live.contains(self.leader) {
            self.leader_lost = None;
            let shrunk = self.shrink_isr(now, live, timings);
            return shrunk.or_else(|| self.expand_isr(now, live, timings));
        }
        let lost = *self.leader_lost.get_or_insert(now);
        let due = now - lost >= timings.election;
        due.then(|| self.elect(live, load)).flatten()
    }

    /// Chooses the least loaded of the living in-sync replicas, once more than half of the others report the leader's
    /// silence. There is no unclean election (wire-contract §5).
    fn elect(
        &mut self,
        live: LiveBrokers,
        load: impl Fn(BrokerIndex) -> i32,
    ) -> Option<ReplicaChange> {
        let in_sync = self.isr.iter().copied();
        let candidates: Vec<BrokerIndex> = in_sync.filter(|id| live.contains(*id)).collect();
        if candidates.len() <= (self.isr.len() - 1) / 2 {
            return None;
        }
        let next = candidates.into_iter().min_by_key(|broker| load(*broker))?;
        self.set_leader(next);
        Some(ReplicaChange::Elected(next))
    }

    fn set_leader(&mut self, broker: BrokerIndex) {
        let (_, newest) = self.seen_by(broker);
        self.leader = broker;
        self.leader_lost = None;
        for replica in &mut self.replicas {
            replica.newest = replica.newest.min(newest);
            replica.behind_since = None;
        }
        self.commit();
    }

    /// Hands the leadership over to an in-sync replica that first catches up; false where it holds no in-sync copy.
    pub(super) fn move_leader(&mut self, broker: BrokerIndex) -> bool {
        let in_sync = self.isr.contains(&broker);
        if in_sync {
            let (_, newest) = self.seen_by(self.leader);
            self.set_newest(broker, newest);
            self.set_leader(broker);
        }
        in_sync
    }

    fn shrink_isr(
        &mut self,
        now: Instant,
        live: LiveBrokers,
        timings: &Timings,
    ) -> Option<ReplicaChange> {
        let all = self.replicas.iter_mut();
        for replica in all.filter(|replica| replica.broker != self.leader) {
            if replica.fetches(live) {
                replica.behind_since = None;
            } else {
                replica.behind_since.get_or_insert(now);
                replica.caught_up_since = None;
            }
        }
        let late = self.replicas.iter().find(|replica| {
            let since = replica.behind_since;
            let behind = since.is_some_and(|since| now - since >= timings.isr_lag);
            behind && self.isr.contains(&replica.broker)
        })?;
        let broker = late.broker;
        self.leave_isr(broker);
        Some(ReplicaChange::Shrunk(broker))
    }

    fn leave_isr(&mut self, broker: BrokerIndex) {
        self.isr.retain(|member| *member != broker);
        self.commit();
    }

    fn expand_isr(
        &mut self,
        now: Instant,
        live: LiveBrokers,
        timings: &Timings,
    ) -> Option<ReplicaChange> {
        let all = self.replicas.iter_mut();
        let outside = all.filter(|replica| !self.isr.contains(&replica.broker));
        let mut fetching = outside.filter(|replica| replica.fetches(live));
        let broker = fetching.find_map(|replica| {
            let since = *replica.caught_up_since.get_or_insert(now);
            (now - since >= timings.isr_regain).then_some(replica.broker)
        })?;
        let (_, newest) = self.seen_by(self.leader);
        self.set_newest(broker, newest);
        self.isr.push(broker);
        Some(ReplicaChange::Expanded(broker))
    }

    /// Stops a follower's fetches and takes it out of the ISR at once; false for the leader and for strangers.
    pub(super) fn hold_back(&mut self, broker: BrokerIndex) -> bool {
        let is_leader = broker == self.leader;
        let Some(replica) = self.replica(broker).filter(|_| !is_leader) else {
            return false;
        };
        replica.held_back = true;
        replica.caught_up_since = None;
        self.leave_isr(broker);
        true
    }

    /// Lets followers fetch again that were held back.
    pub(super) fn release(&mut self) {
        for replica in &mut self.replicas {
            replica.held_back = false;
        }
    }

    /// The leader writes its high watermark to its disk.
    pub(super) fn write_checkpoint(&mut self) {
        self.checkpoint = self.high_watermark;
    }

    /// A lone replica that was killed knows no more than its last checkpoint: what was committed since stays unseen until
    /// the next append (wire-contract §5, bug F).
    pub(super) fn restore_checkpoint(&mut self, broker: BrokerIndex) {
        if self.replicas.len() == 1 && self.leader == broker {
            self.set_high_watermark(self.checkpoint);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{LiveBrokers, ReplicaChange, ReplicaSet};
    use crate::demo::timings::Timings;

    const ALL: LiveBrokers = LiveBrokers(0b111);

    #[test]
    fn the_high_watermark_waits_for_the_slowest_in_sync_replica() {
        let mut set = ReplicaSet::new(&[0, 1, 2], 1);
        set.leader_appended(4);
        assert_eq!(set.seen_by(0), (-1, 4));
        assert!(set.fetch_round(ALL));
        assert_eq!(set.seen_by(0), (4, 4));
        assert_eq!(set.seen_by(1), (-1, 4));
        assert!(!set.fetch_round(ALL));
        assert_eq!(set.seen_by(1), (4, 4));
        set.leader_appended(5);
        set.fetch_round(LiveBrokers(0b011));
        assert_eq!(set.seen_by(0), (4, 5));
    }

    #[test]
    fn too_few_in_sync_replicas_commit_nothing() {
        let mut set = ReplicaSet::new(&[0], 2);
        set.leader_appended(0);
        set.fetch_round(ALL);
        assert_eq!(set.high_watermark(), -1);
    }

    #[test]
    fn a_dead_leader_is_replaced_from_the_isr_after_a_while() {
        let timings = Timings::at_speed(1.0);
        let now = Instant::now();
        let mut set = ReplicaSet::new(&[0, 1, 2], 1);
        let dead = LiveBrokers(0b110);
        assert_eq!(set.update(now, dead, &timings, |_| 0), None);
        let later = now + timings.election;
        let load = |broker| if broker == 1 { 5 } else { 0 };
        assert_eq!(
            set.update(later, dead, &timings, load),
            Some(ReplicaChange::Elected(2))
        );
        assert_eq!(set.isr(), [0, 1, 2]);
        assert_eq!(set.update(later, dead, &timings, load), None);
        let lagged = later + timings.isr_lag;
        assert_eq!(
            set.update(lagged, dead, &timings, load),
            Some(ReplicaChange::Shrunk(0))
        );
        assert_eq!(set.update(lagged, ALL, &timings, load), None);
        let back = lagged + timings.isr_regain;
        assert_eq!(
            set.update(back, ALL, &timings, load),
            Some(ReplicaChange::Expanded(0))
        );
    }

    #[test]
    fn nobody_outside_the_isr_is_ever_elected() {
        let timings = Timings::at_speed(1.0);
        let now = Instant::now();
        let mut set = ReplicaSet::new(&[0, 1], 1);
        assert!(set.hold_back(1));
        let dead = LiveBrokers(0b10);
        set.update(now, dead, &timings, |_| 0);
        let much_later = now + Duration::from_secs(3600);
        assert_eq!(set.update(much_later, dead, &timings, |_| 0), None);
        assert_eq!(set.leader(), 0);
    }

    #[test]
    fn a_lone_replica_forgets_what_it_had_not_written_down() {
        let mut set = ReplicaSet::new(&[0], 1);
        set.leader_appended(1);
        set.write_checkpoint();
        set.leader_appended(2);
        set.restore_checkpoint(0);
        assert_eq!(set.seen_by(0), (1, 2));
        set.leader_appended(3);
        assert_eq!(set.seen_by(0), (3, 3));
    }
}
