//! How long things take in the demo cluster, and how many times faster than with real servers.
#![expect(
    clippy::disallowed_methods,
    reason = "the demo plays servers that wait: elections, lag and cache times are its subject"
)]

use std::time::Duration;

use tokio::time::Instant;

/// The durations of one cluster, already divided by its speed. At speed 1 they are those of a recorded cluster of three:
/// `replica.max.leader.timeout` 15 s, `replica.max.lag.time` 5 s, `metadata.cache.max.age` 2 min.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timings {
    /// From an append at the leader to its arrival at a follower.
    pub(super) replication: Duration,
    /// From the death of a partition's leader to the election of the next.
    pub(super) election: Duration,
    /// How long an in-sync replica may lag before the leader takes it out of the ISR.
    pub(super) isr_lag: Duration,
    /// How long a replica outside the ISR has to be caught up before it is taken back.
    pub(super) isr_regain: Duration,
    /// From the death of the metadata leader to the next; also a lone broker's way back to itself.
    pub(super) controller_election: Duration,
    /// How long followers take a dead metadata leader for alive.
    pub(super) controller_silence: Duration,
    /// How long a new metadata leader is known before it listens.
    pub(super) controller_begins: Duration,
    /// How long a broker waits for the metadata leader's answer where the caller set no deadline.
    pub(super) propagation: Duration,
    /// From the restart of a broker to the first connection it accepts.
    pub(super) port_closed: Duration,
    /// From the restart of a broker until it has replayed the metadata; until then it knows no stream.
    pub(super) replay: Duration,
    /// The last part of that, in which it shows streams that were deleted long ago.
    pub(super) ghosts: Duration,
    /// As `replay`, of a broker with an empty folder: it gets all of it from the metadata leader.
    pub(super) replay_emptied: Duration,
    /// How long a broker that was stopped goes on by what it knew, at most.
    pub(super) stale: Duration,
    /// How old a broker's list of brokers may grow before it asks around again.
    pub(super) cache_age: Duration,
    /// How long it waits for silent brokers when the caller set no deadline (wire-contract §0.5).
    pub(super) broker_poll: Duration,
    /// How long a consumer may be silent before its group drops it.
    pub(super) consumer_timeout: Duration,
    /// How long reports about a group's coordinator count together.
    pub(super) coordinator_timeout: Duration,
    /// How often elections, ISRs, pauses and groups are looked at.
    pub(super) housekeeping: Duration,
    /// Idle time after which a `__cursors` partition pauses itself.
    pub(super) cursors_idle: Duration,
    /// How often a leader writes its high watermark to its disk.
    pub(super) checkpoint: Duration,
    /// How often retention runs where a stream names no interval of its own.
    pub(super) cleaner: Duration,
    /// How long a half-closed `PublishAsync` waits for its last acks (wire-contract §4.4).
    pub(super) drain: Duration,
    /// How much faster than a real cluster this one lives.
    #[cfg(feature = "dashboard")]
    speed: f64,
}

impl Timings {
    /// The times of a cluster that runs `speed` times as fast as a real one.
    pub(super) fn at_speed(speed: f64) -> Self {
        let speed = if speed.is_finite() && speed > 0.0 {
            speed
        } else {
            1.0
        };
        let scaled = |millis: u64| Duration::from_millis(millis).div_f64(speed);
        Self {
            replication: scaled(2).max(Duration::from_millis(1)),
            election: scaled(15_200),
            isr_lag: scaled(5_200),
            isr_regain: scaled(1_400),
            controller_election: scaled(2_400),
            controller_silence: scaled(1_200),
            controller_begins: scaled(300),
            propagation: scaled(5_000),
            port_closed: scaled(250),
            replay: scaled(6_800),
            ghosts: scaled(1_000),
            replay_emptied: scaled(3_000),
            stale: scaled(6_000),
            cache_age: scaled(120_000),
            broker_poll: scaled(3_000),
            consumer_timeout: scaled(15_000),
            coordinator_timeout: scaled(15_000),
            housekeeping: scaled(100).max(Duration::from_millis(5)),
            cursors_idle: scaled(60_000),
            checkpoint: scaled(5_000),
            cleaner: scaled(300_000),
            drain: scaled(5_000),
            #[cfg(feature = "dashboard")]
            speed,
        }
    }

    /// A duration of a real cluster, as this one lives it.
    #[cfg(feature = "dashboard")]
    pub(super) fn scaled(&self, duration: Duration) -> Duration {
        duration.div_f64(self.speed)
    }
}

/// Waits out a duration that is already this cluster's own.
pub(super) async fn wait(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Waits until then; for ever where there is no such time.
pub(super) async fn wait_until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
