//! What has been read of `__cursors`, partition by partition, by this client or by an earlier run: what cannot be read now is
//! known from there, with its age.

use std::collections::BTreeMap;

use crate::model::{
    CursorEntry, CursorId, EventTimes, Offset, Partition, PartitionId, StreamName, Timestamp,
    newest_of,
};

/// One partition of `__cursors` as an earlier run has read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownCursors {
    /// The partition of `__cursors`.
    pub partition: PartitionId,
    /// When that `__cursors` was created: another one of that name holds other cursors.
    pub created: Timestamp,
    /// The offset after the last one that was read.
    pub next: Offset,
    /// When it was read to its end last, or seen to hold nothing newer.
    pub read_at: Timestamp,
    /// The cursors that it holds.
    pub cursors: Vec<CursorEntry>,
}

/// Of more cursors in a partition those are kept that were stored last: each takes some hundred bytes, several times over.
pub(super) const MOST_CURSORS: usize = 100_000;

/// Cursors of a partition by id, and by the stream and partition that they are in.
type Cursors = BTreeMap<(CursorId, StreamName, PartitionId), CursorEntry>;

/// All that is known of `__cursors`.
#[derive(Debug, Default)]
pub(crate) struct CursorLog {
    partitions: BTreeMap<PartitionId, KnownPartition>,
}

/// One partition of it.
#[derive(Debug, Default)]
pub(super) struct KnownPartition {
    /// As this client has read them, and the offset to go on from.
    cursors: Cursors,
    next: Option<Offset>,
    /// As an earlier run left them, until this client has read the partition to its end.
    recalled: Option<KnownCursors>,
    /// When it was read to its end last, or seen to hold nothing newer.
    read_at: Timestamp,
    created: Timestamp,
    /// What its leader said of it when it was found paused.
    paused: Option<LeaderView>,
    /// Whether there are more than are kept.
    left_out: bool,
}

/// What changes when a paused partition is resumed, or something is stored in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LeaderView {
    newest: Offset,
    pause_changed: EventTimes,
}

impl From<&Partition> for LeaderView {
    fn from(partition: &Partition) -> Self {
        Self {
            newest: partition.newest_offset,
            pause_changed: partition.pause_changed,
        }
    }
}

impl CursorLog {
    /// What an earlier run has read of it. What this client has read itself is newer.
    pub(super) fn recall(&mut self, known: Vec<KnownCursors>) {
        for known in known {
            let partition = self.partition(known.partition);
            if !partition.read_at.is_set() {
                partition.recalled = Some(known);
            }
        }
    }

    /// What a later run is to know.
    pub(super) fn known(&self) -> Vec<KnownCursors> {
        let partitions = self.partitions.iter();
        let known = partitions.filter_map(|(id, partition)| partition.known(*id));
        known.collect()
    }

    /// What is known of that partition.
    pub(super) fn partition(&mut self, id: PartitionId) -> &mut KnownPartition {
        self.partitions.entry(id).or_default()
    }
}

impl KnownPartition {
    /// Where reading goes on.
    pub(super) fn next(&self) -> Option<Offset> {
        self.next
    }

    /// A cursor was read, or what is none, at that offset.
    pub(super) fn record(&mut self, offset: Offset, entry: Option<CursorEntry>) {
        self.next = Some(offset.saturating_add(1));
        if let Some(entry) = entry {
            self.cursors.insert(entry.key(), entry);
        }
        if self.cursors.len() > MOST_CURSORS {
            self.leave_out_half();
        }
    }

    /// Forgets the half that was stored first: so few at a time that this costs nothing.
    fn leave_out_half(&mut self) {
        let times: Vec<_> = self.cursors.values().map(|entry| entry.time).collect();
        let most = times.len().div_ceil(2);
        let mut stays = newest_of(times, most);
        self.cursors.retain(|_, entry| stays(entry.time));
        self.left_out = true;
    }

    /// Whether there are more than are kept.
    pub(super) fn has_left_out(&self) -> bool {
        self.left_out
    }

    /// The log went back: what was read of it before is no longer so.
    pub(super) fn forget(&mut self) {
        self.cursors.clear();
        self.recalled = None;
        self.left_out = false;
    }

    /// `__cursors` was created then. What was recalled of another one is forgotten.
    pub(super) fn record_creation(&mut self, created: Timestamp) {
        if created.is_set() {
            self.created = created;
            self.recalled.take_if(|known| known.created != created);
        }
    }

    /// It was read to its end.
    pub(super) fn record_end(&mut self, now: Timestamp) {
        self.recalled = None;
        self.paused = None;
        self.read_at = now;
    }

    /// It is paused, and its leader says so of it. Where nothing was stored since it was read, what was read still holds.
    pub(super) fn record_pause(&mut self, leader: Option<&Partition>, now: Timestamp) {
        self.paused = leader.map(LeaderView::from);
        if self.paused.is_some_and(|view| view.newest < self.end()) {
            self.read_at = now;
        }
    }

    /// Whether it was paused when it was read last.
    pub(super) fn was_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Whether nothing has happened to it since it was found paused.
    pub(super) fn is_still_paused(&self, leader: &Partition) -> bool {
        // Without a time, a pause and a resume would go unseen: brokers forget them when they restart.
        leader.pause_changed.latest.is_set() && self.paused == Some(LeaderView::from(leader))
    }

    /// When it was read to its end last, or seen to hold nothing newer; never, where it was not.
    pub(super) fn read_at(&self) -> Timestamp {
        let recalled = self.recalled.as_ref();
        recalled.map_or(self.read_at, |known| known.read_at.max(self.read_at))
    }

    /// The offset after the last one that is known.
    fn end(&self) -> Offset {
        let recalled = self.recalled.as_ref().map_or(0, |known| known.next);
        recalled.max(self.next.unwrap_or(0))
    }

    /// The cursors, and when they were known to be so.
    pub(super) fn entries(&self) -> Vec<CursorEntry> {
        let read_at = self.read_at();
        let own = self.cursors.iter();
        let mut cursors: BTreeMap<_, _> = own.map(|(key, entry)| (key.clone(), entry)).collect();
        for old in self.recalled.iter().flat_map(|known| &known.cursors) {
            let known = cursors.entry(old.key()).or_insert(old);
            if known.time < old.time {
                *known = old;
            }
        }
        let entries = cursors.into_values();
        entries
            .map(|entry| CursorEntry {
                read_at,
                ..entry.clone()
            })
            .collect()
    }

    fn known(&self, partition: PartitionId) -> Option<KnownCursors> {
        let read_at = Some(self.read_at()).filter(|at| at.is_set())?;
        let recalled = self.recalled.as_ref();
        Some(KnownCursors {
            partition,
            created: recalled.map_or(self.created, |known| known.created),
            next: self.end(),
            read_at,
            cursors: self.entries(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, offset: Offset, time: i64) -> CursorEntry {
        CursorEntry {
            id: id.into(),
            stream: "orders".into(),
            partition: 0,
            offset,
            time: Timestamp(time),
            read_at: Timestamp::NEVER,
        }
    }

    fn recalled(cursors: Vec<CursorEntry>, next: Offset) -> CursorLog {
        let mut log = CursorLog::default();
        log.recall(vec![KnownCursors {
            partition: 0,
            created: Timestamp(1),
            next,
            read_at: Timestamp(50),
            cursors,
        }]);
        log.partition(0).record_creation(Timestamp(1));
        log
    }

    fn paused(newest: Offset, changed: i64) -> Partition {
        let latest = Timestamp(changed);
        Partition {
            newest_offset: newest,
            pause_changed: EventTimes {
                first: latest,
                latest,
            },
            ..Partition::default()
        }
    }

    fn offsets(log: &mut CursorLog) -> Vec<(Offset, i64)> {
        let entries = log.partition(0).entries();
        let entries = entries.iter();
        entries.map(|it| (it.offset, it.read_at.0)).collect()
    }

    #[test]
    fn what_was_recalled_holds_as_of_its_own_time_until_the_partition_is_read() {
        let mut log = recalled(vec![entry("a", 5, 10), entry("b", 6, 11)], 9);
        assert_eq!(offsets(&mut log), [(5, 50), (6, 50)]);
        log.partition(0).record(9, Some(entry("a", 7, 60)));
        assert_eq!(offsets(&mut log), [(7, 50), (6, 50)]);
        log.partition(0).record_end(Timestamp(70));
        assert_eq!(offsets(&mut log), [(7, 70)]);
    }

    #[test]
    fn a_paused_partition_that_stored_nothing_since_is_as_good_as_read_now() {
        let mut log = recalled(vec![entry("a", 5, 10)], 9);
        log.partition(0)
            .record_pause(Some(&paused(8, 20)), Timestamp(80));
        assert_eq!(offsets(&mut log), [(5, 80)]);
        log.partition(0)
            .record_pause(Some(&paused(9, 20)), Timestamp(90));
        assert_eq!(offsets(&mut log), [(5, 80)]);
        log.partition(0).record_pause(None, Timestamp(95));
        assert_eq!(offsets(&mut log), [(5, 80)]);
    }

    #[test]
    fn a_paused_partition_is_left_alone_as_long_as_its_leader_says_the_same() {
        let mut log = CursorLog::default();
        let partition = log.partition(0);
        assert!(!partition.is_still_paused(&paused(8, 20)));
        partition.record_pause(Some(&paused(8, 20)), Timestamp(80));
        assert!(partition.is_still_paused(&paused(8, 20)));
        assert!(!partition.is_still_paused(&paused(9, 20)));
        assert!(!partition.is_still_paused(&paused(8, 21)));
        partition.record_pause(Some(&paused(8, 0)), Timestamp(80));
        assert!(!partition.is_still_paused(&paused(8, 0)));
        partition.record_end(Timestamp(90));
        assert!(!partition.is_still_paused(&paused(8, 20)));
    }

    #[test]
    fn cursors_of_another_stream_of_that_name_are_forgotten() {
        let mut log = recalled(vec![entry("a", 5, 10)], 9);
        log.partition(0).record_creation(Timestamp(2));
        assert_eq!(offsets(&mut log), []);
        assert_eq!(log.partition(0).read_at(), Timestamp::NEVER);
        assert_eq!(log.known(), []);
    }

    #[test]
    fn what_is_kept_is_what_is_recalled() {
        let mut log = CursorLog::default();
        log.partition(0).record_creation(Timestamp(1));
        log.partition(0).record(8, Some(entry("a", 5, 10)));
        assert_eq!(log.known(), []);
        log.partition(0).record_end(Timestamp(50));
        let mut later = CursorLog::default();
        later.recall(log.known());
        assert_eq!(later.known(), log.known());
        later.partition(0).record_creation(Timestamp(1));
        assert_eq!(later.known(), log.known());
    }

    #[test]
    fn of_too_many_cursors_those_stored_last_are_kept_and_that_is_known() {
        let mut log = CursorLog::default();
        let known = log.partition(0);
        for number in 0..=i64::try_from(MOST_CURSORS).unwrap() {
            assert!(!known.has_left_out());
            known.record(number, Some(entry(&number.to_string(), number, number)));
        }
        assert!(known.has_left_out());
        let offsets: Vec<Offset> = known.entries().iter().map(|one| one.offset).collect();
        assert_eq!(offsets.len(), MOST_CURSORS / 2 + 1);
        assert_eq!(offsets.iter().min(), Some(&50_000));
    }
}
