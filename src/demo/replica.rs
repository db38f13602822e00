//! What one broker has of one partition: its copy of the log, how far it knows it committed, and what it knows of the
//! agreement where that is not the newest. What follows from it for the others is `replication.rs`.

use tokio::time::Instant;

use super::broker_set::{BrokerIndex, BrokerSet};
use super::log::{Log, Retention};
use super::pending_acks::{PendingAcks, Publication};
use crate::model::EventTimes;

/// Whether a partition's log can be read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogState {
    Open,
    Paused,
    Deleted,
}

/// What the brokers have agreed on about one partition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Agreement {
    /// The broker that leads, dead or alive: until an election the dead one stays named.
    pub(super) leader: BrokerIndex,
    /// The leadership, by the place of its election in the cluster's log.
    pub(super) epoch: u64,
    /// The brokers in sync.
    pub(super) isr: BrokerSet,
    pub(super) log_state: LogState,
    pub(super) readonly: bool,
    /// How often the log was closed: a reader opened before the last time has ended.
    pub(super) times_closed: u64,
    /// The flag of the metadata, which stays once a partition was paused (wire-contract §0.2).
    pub(super) paused_flag: bool,
    /// The flag of the metadata, which stays after a resume made the partition writable (wire-contract §0.3).
    pub(super) readonly_flag: bool,
}

impl Agreement {
    /// The agreement at the creation of a partition: all that hold it are in sync.
    pub(super) fn on_creation(leader: BrokerIndex, epoch: u64, holders: BrokerSet) -> Self {
        Self {
            leader,
            epoch,
            isr: holders,
            log_state: LogState::Open,
            readonly: false,
            times_closed: 0,
            paused_flag: false,
            readonly_flag: false,
        }
    }

    /// Whether the partition is neither paused nor deleted.
    pub(super) fn is_open(&self) -> bool {
        self.log_state == LogState::Open
    }
}

/// What a broker goes by that has not heard of the newest agreement.
#[derive(Debug)]
pub(super) struct Outdated {
    pub(super) knows: Agreement,
    /// Whether it leads or follows by that, or has only just learnt that there is the partition.
    pub(super) is_started: bool,
}

/// How far a leader knows one of its followers to have come.
#[derive(Clone, Copy, Debug)]
struct Fetched {
    epoch: u64,
    offset: i64,
}

/// One broker's part of a partition. A broker that holds no copy has an empty log.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) log: Log,
    pub(super) high_watermark: i64,
    /// What the broker's disk says of the high watermark.
    checkpoint: i64,
    fetched: Fetched,
    /// Kept from fetching by a fault.
    pub(super) held_back: bool,
    pub(super) behind_since: Option<Instant>,
    pub(super) caught_up_since: Option<Instant>,
    /// When it received messages as a leader, was paused and made readonly, since it started.
    pub(super) received: EventTimes,
    pub(super) pause_times: EventTimes,
    pub(super) readonly_times: EventTimes,
    /// Acks that wait for the commit, while it leads.
    pub(super) pending_acks: PendingAcks,
    /// Messages that wait for it on their way, while it is stopped.
    pub(super) missed: Vec<Publication<'static>>,
    /// None where it goes by the newest agreement.
    pub(super) outdated: Option<Box<Outdated>>,
}

impl Default for Replica {
    fn default() -> Self {
        Self {
            log: Log::default(),
            high_watermark: -1,
            checkpoint: -1,
            fetched: Fetched {
                epoch: 0,
                offset: -1,
            },
            held_back: false,
            behind_since: None,
            caught_up_since: None,
            received: EventTimes::default(),
            pause_times: EventTimes::default(),
            readonly_times: EventTimes::default(),
            pending_acks: PendingAcks::default(),
            missed: Vec::new(),
            outdated: None,
        }
    }
}

impl Replica {
    /// Moves the high watermark up, never down.
    pub(super) fn commit(&mut self, through: i64) {
        self.high_watermark = self.high_watermark.max(through);
        self.pending_acks.send_committed(self.high_watermark);
    }

    /// How far the leader of that leadership knows it to be.
    pub(super) fn fetched_in(&self, epoch: u64) -> i64 {
        if self.fetched.epoch == epoch {
            self.fetched.offset
        } else {
            -1
        }
    }

    /// Gets what the leader has and it has not. What is committed it learns of the request before; so a leader that has
    /// less than it does stands still for it.
    pub(super) fn fetch(
        &mut self,
        leader: &Self,
        epoch: u64,
        known_high_watermark: i64,
        retention: &Retention,
    ) {
        for message in leader.log.messages_from(self.log.next_offset()) {
            self.log.append_copy(retention, message);
        }
        let newest = self.log.newest();
        self.commit(known_high_watermark.min(newest));
        let offset = self.fetched_in(epoch).max(newest);
        self.fetched = Fetched { epoch, offset };
    }

    /// The leader forgets how far it is.
    pub(super) fn forget_fetched(&mut self) {
        self.fetched.epoch = 0;
    }

    /// Writes the high watermark to the disk.
    pub(super) fn write_checkpoint(&mut self) {
        self.checkpoint = self.high_watermark;
    }

    /// Loses what the broker had in memory: it was killed.
    pub(super) fn forget_memory(&mut self) {
        self.high_watermark = self.checkpoint;
        self.received = EventTimes::default();
        self.pause_times = EventTimes::default();
        self.readonly_times = EventTimes::default();
        self.pending_acks.clear();
        self.missed.clear();
    }

    /// Loses what the broker had on its disk.
    pub(super) fn empty(&mut self) {
        self.log = Log::default();
        self.high_watermark = -1;
        self.checkpoint = -1;
    }

    /// Drops what the leader does not have: all after `last`, or what is not committed where the leader did not tell.
    pub(super) fn truncate_after(&mut self, last: Option<i64>) {
        let last = last.unwrap_or_else(|| self.high_watermark.min(self.log.newest()));
        self.log.truncate(last + 1);
        self.pending_acks.clear();
    }
}
