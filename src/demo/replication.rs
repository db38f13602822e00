//! How far each replica of one partition has come, who leads, who is in sync; pure rules, told the time.
//! Holds no messages: all replicas share one log, and a replica's end is a number.

use tokio::time::Instant;

use super::timings::Timings;

/// A broker of the cluster, by its place in the list: `demo-1` is 0.
pub(super) type BrokerIndex = usize;

/// Which brokers serve, as a set of seats. At most 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LiveBrokers(pub(super) u64);

impl LiveBrokers {
    /// Whether the broker of that seat serves.
    pub(super) fn contains(self, seat: BrokerIndex) -> bool {
        self.0 >> seat & 1 == 1
    }
}

/// What one broker holds of one partition, and what it knows of the high watermark.
#[derive(Debug)]
struct Replica {
    broker: BrokerIndex,
    newest: i64,
    high_watermark: i64,
    /// Kept from fetching by a fault.
    held: bool,
    behind_since: Option<Instant>,
    caught_up_since: Option<Instant>,
}

impl Replica {
    fn fetches(&self, alive: LiveBrokers) -> bool {
        alive.contains(self.broker) && !self.held
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
    pub(super) fn new(seats: &[BrokerIndex], min_isr: usize) -> Self {
        let replica = |seat: &BrokerIndex| Replica {
            broker: *seat,
            newest: -1,
            high_watermark: -1,
            held: false,
            behind_since: None,
            caught_up_since: None,
        };
        Self {
            leader: seats.first().copied().unwrap_or_default(),
            replicas: seats.iter().map(replica).collect(),
            isr: seats.to_vec(),
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
    pub(super) fn seen_by(&self, seat: BrokerIndex) -> (i64, i64) {
        let replica = self.replicas.iter().find(|replica| replica.broker == seat);
        replica.map_or((-1, -1), |replica| (replica.high_watermark, replica.newest))
    }

    /// The leader stored up to `newest`. A lone replica commits at once, unless min ISR asks for more.
    pub(super) fn leader_appended(&mut self, newest: i64) {
        let leader = self.leader;
        if let Some(replica) = self.replica(leader) {
            replica.newest = newest;
        }
        if self.isr.len() == 1 {
            self.commit();
        }
    }

    /// One round of fetches: followers get what the leader has, and learn the high watermark of the round before.
    /// Answers whether another round would change anything.
    pub(super) fn fetch_round(&mut self, alive: LiveBrokers) -> bool {
        if !alive.contains(self.leader) {
            return false;
        }
        let (_, newest) = self.seen_by(self.leader);
        let known = self.high_watermark;
        for replica in self
            .replicas
            .iter_mut()
            .filter(|replica| replica.fetches(alive))
        {
            replica.high_watermark = replica.high_watermark.max(known.min(replica.newest));
            replica.newest = newest;
        }
        self.commit();
        let high_watermark = self.high_watermark;
        let mut followers = self
            .replicas
            .iter()
            .filter(|replica| replica.fetches(alive));
        followers.any(|replica| replica.high_watermark < high_watermark)
    }

    /// Moves the high watermark up to the slowest in-sync replica, if enough are in sync.
    fn commit(&mut self) {
        if self.isr.len() < self.min_isr {
            return;
        }
        let in_sync = self
            .replicas
            .iter()
            .filter(|replica| self.isr.contains(&replica.broker));
        let slowest = in_sync.map(|replica| replica.newest).min().unwrap_or(-1);
        self.high_watermark = self.high_watermark.max(slowest);
        let (leader, high_watermark) = (self.leader, self.high_watermark);
        if let Some(replica) = self.replica(leader) {
            replica.high_watermark = high_watermark;
        }
    }

    fn replica(&mut self, seat: BrokerIndex) -> Option<&mut Replica> {
        self.replicas
            .iter_mut()
            .find(|replica| replica.broker == seat)
    }

    /// Looks for a dead leader, lagging replicas and replicas that are back. `load` tells how much a broker leads already.
    pub(super) fn update(
        &mut self,
        now: Instant,
        alive: LiveBrokers,
        pace: &Timings,
        load: impl Fn(BrokerIndex) -> i32,
    ) -> Option<ReplicaChange> {
        if alive.contains(self.leader) {
            self.leader_lost = None;
            return self
                .shrink_isr(now, alive, pace)
                .or_else(|| self.expand_isr(now, alive, pace));
        }
        let lost = *self.leader_lost.get_or_insert(now);
        if now - lost < pace.election {
            return None;
        }
        self.elect(alive, load)
    }

    /// Chooses the least loaded of the living in-sync replicas, once more than half of the others report the leader's
    /// silence. There is no unclean election (wire-contract §5).
    fn elect(
        &mut self,
        alive: LiveBrokers,
        load: impl Fn(BrokerIndex) -> i32,
    ) -> Option<ReplicaChange> {
        let reporters = self.isr.iter().filter(|seat| alive.contains(**seat));
        let candidates: Vec<BrokerIndex> = reporters.copied().collect();
        if candidates.len() <= (self.isr.len() - 1) / 2 {
            return None;
        }
        let next = candidates.into_iter().min_by_key(|seat| load(*seat))?;
        self.set_leader(next);
        Some(ReplicaChange::Elected(next))
    }

    fn set_leader(&mut self, seat: BrokerIndex) {
        let (_, newest) = self.seen_by(seat);
        self.leader = seat;
        self.leader_lost = None;
        for replica in &mut self.replicas {
            replica.newest = replica.newest.min(newest);
            replica.behind_since = None;
        }
        self.commit();
    }

    /// Hands the leadership over to an in-sync replica that first catches up; false where it holds no in-sync copy.
    pub(super) fn move_to(&mut self, seat: BrokerIndex) -> bool {
        if !self.isr.contains(&seat) {
            return false;
        }
        let (_, newest) = self.seen_by(self.leader);
        if let Some(replica) = self.replica(seat) {
            replica.newest = newest;
        }
        self.set_leader(seat);
        true
    }

    fn shrink_isr(
        &mut self,
        now: Instant,
        alive: LiveBrokers,
        pace: &Timings,
    ) -> Option<ReplicaChange> {
        let leader = self.leader;
        for replica in self
            .replicas
            .iter_mut()
            .filter(|replica| replica.broker != leader)
        {
            if replica.fetches(alive) {
                replica.behind_since = None;
            } else {
                replica.behind_since.get_or_insert(now);
                replica.caught_up_since = None;
            }
        }
        let late = self.replicas.iter().find(|replica| {
            let behind = replica
                .behind_since
                .is_some_and(|since| now - since >= pace.isr_lag);
            behind && self.isr.contains(&replica.broker)
        })?;
        let seat = late.broker;
        self.leave_isr(seat);
        Some(ReplicaChange::Shrunk(seat))
    }

    fn leave_isr(&mut self, seat: BrokerIndex) {
        self.isr.retain(|member| *member != seat);
        self.commit();
    }

    fn expand_isr(
        &mut self,
        now: Instant,
        alive: LiveBrokers,
        pace: &Timings,
    ) -> Option<ReplicaChange> {
        let isr = &self.isr;
        let mut outside = self
            .replicas
            .iter_mut()
            .filter(|replica| !isr.contains(&replica.broker) && replica.fetches(alive));
        let back = outside.find_map(|replica| {
            let since = *replica.caught_up_since.get_or_insert(now);
            (now - since >= pace.isr_regain).then_some(replica.broker)
        });
        let seat = back?;
        let (_, newest) = self.seen_by(self.leader);
        if let Some(replica) = self.replica(seat) {
            replica.newest = newest;
        }
        self.isr.push(seat);
        Some(ReplicaChange::Expanded(seat))
    }

    /// Stops a follower's fetches and takes it out of the ISR at once; false for the leader and for strangers.
    pub(super) fn hold(&mut self, seat: BrokerIndex) -> bool {
        if seat == self.leader {
            return false;
        }
        let Some(replica) = self.replica(seat) else {
            return false;
        };
        replica.held = true;
        replica.caught_up_since = None;
        self.leave_isr(seat);
        true
    }

    /// Lets held followers fetch again.
    pub(super) fn release(&mut self) {
        for replica in &mut self.replicas {
            replica.held = false;
        }
    }

    /// The leader writes its high watermark to its disk.
    pub(super) fn write_checkpoint(&mut self) {
        self.checkpoint = self.high_watermark;
    }

    /// A lone replica that was killed knows no more than its last checkpoint: what was committed since stays unseen until
    /// the next append (wire-contract §5, bug F).
    pub(super) fn restore_checkpoint(&mut self, seat: BrokerIndex) {
        if self.replicas.len() > 1 || self.leader != seat {
            return;
        }
        self.high_watermark = self.checkpoint;
        let checkpoint = self.checkpoint;
        if let Some(replica) = self.replica(seat) {
            replica.high_watermark = checkpoint;
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
        let pace = Timings::at_speed(1.0);
        let now = Instant::now();
        let mut set = ReplicaSet::new(&[0, 1, 2], 1);
        let dead = LiveBrokers(0b110);
        assert_eq!(set.update(now, dead, &pace, |_| 0), None);
        let later = now + pace.election;
        let load = |seat| if seat == 1 { 5 } else { 0 };
        assert_eq!(
            set.update(later, dead, &pace, load),
            Some(ReplicaChange::Elected(2))
        );
        assert_eq!(set.isr(), [0, 1, 2]);
        assert_eq!(set.update(later, dead, &pace, load), None);
        let lagged = later + pace.isr_lag;
        assert_eq!(
            set.update(lagged, dead, &pace, load),
            Some(ReplicaChange::Shrunk(0))
        );
        assert_eq!(set.update(lagged, ALL, &pace, load), None);
        let back = lagged + pace.isr_regain;
        assert_eq!(
            set.update(back, ALL, &pace, load),
            Some(ReplicaChange::Expanded(0))
        );
    }

    #[test]
    fn nobody_outside_the_isr_is_ever_elected() {
        let pace = Timings::at_speed(1.0);
        let now = Instant::now();
        let mut set = ReplicaSet::new(&[0, 1], 1);
        assert!(set.hold(1));
        let dead = LiveBrokers(0b10);
        set.update(now, dead, &pace, |_| 0);
        let much_later = now + Duration::from_secs(3600);
        assert_eq!(set.update(much_later, dead, &pace, |_| 0), None);
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
