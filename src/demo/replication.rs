//! How far each replica of one partition has come, who leads, who is in sync; pure rules, told the time.
//! Holds no messages: all replicas share one log, and a replica's end is a number.

use tokio::time::Instant;

use super::timings::Pace;

/// A broker of the cluster, by its place in the list: `demo-1` is 0.
pub(super) type BrokerIndex = usize;

/// Which brokers serve, as a set of seats. At most 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Alive(pub(super) u64);

impl Alive {
    /// Whether the broker of that seat serves.
    pub(super) fn has(self, seat: BrokerIndex) -> bool {
        self.0 >> seat & 1 == 1
    }
}

/// What one broker holds of one partition, and what it knows of the high watermark.
#[derive(Debug)]
struct Replica {
    seat: BrokerIndex,
    newest: i64,
    high_watermark: i64,
    /// Kept from fetching by a fault.
    held: bool,
    behind_since: Option<Instant>,
    in_step_since: Option<Instant>,
}

impl Replica {
    fn fetches(&self, alive: Alive) -> bool {
        alive.has(self.seat) && !self.held
    }
}

/// What housekeeping changed in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
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
            seat: *seat,
            newest: -1,
            high_watermark: -1,
            held: false,
            behind_since: None,
            in_step_since: None,
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
    pub(super) fn seats(&self) -> impl Iterator<Item = BrokerIndex> {
        self.replicas.iter().map(|replica| replica.seat)
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
        let replica = self.replicas.iter().find(|replica| replica.seat == seat);
        replica.map_or((-1, -1), |replica| (replica.high_watermark, replica.newest))
    }

    /// The leader stored up to `newest`. A lone replica commits at once, unless min ISR asks for more.
    pub(super) fn appended(&mut self, newest: i64) {
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
    pub(super) fn advance(&mut self, alive: Alive) -> bool {
        if !alive.has(self.leader) {
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
            .filter(|replica| self.isr.contains(&replica.seat));
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
            .find(|replica| replica.seat == seat)
    }

    /// Looks for a dead leader, lagging replicas and replicas that are back. `load` tells how much a broker leads already.
    pub(super) fn look_after(
        &mut self,
        now: Instant,
        alive: Alive,
        pace: &Pace,
        load: impl Fn(BrokerIndex) -> i32,
    ) -> Option<Change> {
        if alive.has(self.leader) {
            self.leader_lost = None;
            return self
                .shrink(now, alive, pace)
                .or_else(|| self.expand(now, alive, pace));
        }
        let lost = *self.leader_lost.get_or_insert(now);
        if now - lost < pace.election {
            return None;
        }
        self.elect(alive, load)
    }

    /// Chooses the least loaded of the living in-sync replicas, once more than half of the others report the leader's
    /// silence. There is no unclean election (wire-contract §5).
    fn elect(&mut self, alive: Alive, load: impl Fn(BrokerIndex) -> i32) -> Option<Change> {
        let reporters = self.isr.iter().filter(|seat| alive.has(**seat));
        let candidates: Vec<BrokerIndex> = reporters.copied().collect();
        if candidates.len() <= (self.isr.len() - 1) / 2 {
            return None;
        }
        let next = candidates.into_iter().min_by_key(|seat| load(*seat))?;
        self.lead(next);
        Some(Change::Elected(next))
    }

    fn lead(&mut self, seat: BrokerIndex) {
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
        self.lead(seat);
        true
    }

    fn shrink(&mut self, now: Instant, alive: Alive, pace: &Pace) -> Option<Change> {
        let leader = self.leader;
        for replica in self
            .replicas
            .iter_mut()
            .filter(|replica| replica.seat != leader)
        {
            if replica.fetches(alive) {
                replica.behind_since = None;
            } else {
                replica.behind_since.get_or_insert(now);
                replica.in_step_since = None;
            }
        }
        let late = self.replicas.iter().find(|replica| {
            let behind = replica
                .behind_since
                .is_some_and(|since| now - since >= pace.isr_lag);
            behind && self.isr.contains(&replica.seat)
        })?;
        let seat = late.seat;
        self.leave_isr(seat);
        Some(Change::Shrunk(seat))
    }

    fn leave_isr(&mut self, seat: BrokerIndex) {
        self.isr.retain(|member| *member != seat);
        self.commit();
    }

    fn expand(&mut self, now: Instant, alive: Alive, pace: &Pace) -> Option<Change> {
        let isr = &self.isr;
        let mut outside = self
            .replicas
            .iter_mut()
            .filter(|replica| !isr.contains(&replica.seat) && replica.fetches(alive));
        let back = outside.find_map(|replica| {
            let since = *replica.in_step_since.get_or_insert(now);
            (now - since >= pace.isr_regain).then_some(replica.seat)
        });
        let seat = back?;
        let (_, newest) = self.seen_by(self.leader);
        if let Some(replica) = self.replica(seat) {
            replica.newest = newest;
        }
        self.isr.push(seat);
        Some(Change::Expanded(seat))
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
        replica.in_step_since = None;
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
    pub(super) fn came_back(&mut self, seat: BrokerIndex) {
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

    use super::{Alive, Change, ReplicaSet};
    use crate::demo::timings::Pace;

    const ALL: Alive = Alive(0b111);

    #[test]
    fn the_high_watermark_waits_for_the_slowest_in_sync_replica() {
        let mut set = ReplicaSet::new(&[0, 1, 2], 1);
        set.appended(4);
        assert_eq!(set.seen_by(0), (-1, 4));
        assert!(set.advance(ALL));
        assert_eq!(set.seen_by(0), (4, 4));
        assert_eq!(set.seen_by(1), (-1, 4));
        assert!(!set.advance(ALL));
        assert_eq!(set.seen_by(1), (4, 4));
        set.appended(5);
        set.advance(Alive(0b011));
        assert_eq!(set.seen_by(0), (4, 5));
    }

    #[test]
    fn too_few_in_sync_replicas_commit_nothing() {
        let mut set = ReplicaSet::new(&[0], 2);
        set.appended(0);
        set.advance(ALL);
        assert_eq!(set.high_watermark(), -1);
    }

    #[test]
    fn a_dead_leader_is_replaced_from_the_isr_after_a_while() {
        let pace = Pace::at_speed(1.0);
        let now = Instant::now();
        let mut set = ReplicaSet::new(&[0, 1, 2], 1);
        let dead = Alive(0b110);
        assert_eq!(set.look_after(now, dead, &pace, |_| 0), None);
        let later = now + pace.election;
        let load = |seat| if seat == 1 { 5 } else { 0 };
        assert_eq!(
            set.look_after(later, dead, &pace, load),
            Some(Change::Elected(2))
        );
        assert_eq!(set.isr(), [0, 1, 2]);
        assert_eq!(set.look_after(later, dead, &pace, load), None);
        let lagged = later + pace.isr_lag;
        assert_eq!(
            set.look_after(lagged, dead, &pace, load),
            Some(Change::Shrunk(0))
        );
        assert_eq!(set.look_after(lagged, ALL, &pace, load), None);
        let back = lagged + pace.isr_regain;
        assert_eq!(
            set.look_after(back, ALL, &pace, load),
            Some(Change::Expanded(0))
        );
    }

    #[test]
    fn nobody_outside_the_isr_is_ever_elected() {
        let pace = Pace::at_speed(1.0);
        let now = Instant::now();
        let mut set = ReplicaSet::new(&[0, 1], 1);
        assert!(set.hold(1));
        let dead = Alive(0b10);
        set.look_after(now, dead, &pace, |_| 0);
        let much_later = now + Duration::from_secs(3600);
        assert_eq!(set.look_after(much_later, dead, &pace, |_| 0), None);
        assert_eq!(set.leader(), 0);
    }

    #[test]
    fn a_lone_replica_forgets_what_it_had_not_written_down() {
        let mut set = ReplicaSet::new(&[0], 1);
        set.appended(1);
        set.write_checkpoint();
        set.appended(2);
        set.came_back(0);
        assert_eq!(set.seen_by(0), (1, 2));
        set.appended(3);
        assert_eq!(set.seen_by(0), (3, 3));
    }
}
