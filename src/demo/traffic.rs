//! The workload of `assets/demo.toml`: its streams and what they held before, its producers, and their pace.
//! Consumers, incidents and the contents of messages have files of their own.

mod consumers;
mod encode;
mod generator;
mod incidents;
mod script;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use super::cluster::Cluster;
use super::partition::Partition;
use super::pending_acks::Publication;
use super::stream_spec::StreamSpec;
use super::sync::lock;
use super::{IncidentPace, timings};
use crate::model::{Timestamp, subject_of_partition};
use crate::wire::pb::AckPolicy;
use generator::MessageGenerator;
use incidents::Incidents;
use script::{InitialState, Script, StreamScript};

/// The workload, as it is written.
const SCRIPT: &str = include_str!("../../assets/demo.toml");

/// How often producers send what has become due.
const PRODUCE_INTERVAL: Duration = Duration::from_millis(20);

/// How far apart the messages lie that were there before.
const HISTORY_STEP: Duration = Duration::from_millis(700);

/// A message that is cut off inside its first field, in whatever format.
const POISON: &[u8] = b"\x8f\xa5order\xcf\x00\x00";

/// What incidents do to the traffic.
#[derive(Clone, Debug, Default)]
struct TrafficState {
    /// The stream that gets more for a while, how many times as much, and until when.
    burst: Option<(String, f64, Instant)>,
    /// The cursor that is stalled, and until when.
    stuck: Option<(String, Instant)>,
    /// Streams whose next message is one that nobody can decode.
    poison: Vec<String>,
}

/// The running workload.
#[derive(Debug)]
struct Workload {
    cluster: Arc<Cluster>,
    script: Script,
    state: Mutex<TrafficState>,
}

/// Creates the streams with their history and starts everybody. `rate` is in messages a second.
pub(super) fn start(
    cluster: &Arc<Cluster>,
    rate: Option<u32>,
    incidents: IncidentPace,
) -> io::Result<()> {
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let script: Script = toml::from_str(SCRIPT).map_err(invalid)?;
    let rate = f64::from(rate.unwrap_or(script.rate));
    let workload = Arc::new(Workload {
        cluster: Arc::clone(cluster),
        script,
        state: Mutex::default(),
    });
    for stream in &workload.script.streams {
        workload.create_stream(stream);
    }
    cluster.spawn(Arc::clone(&workload).run_producers(rate));
    cluster.spawn(Arc::clone(&workload).run_consumers());
    cluster.spawn(Arc::clone(&workload).run_heartbeats());
    if incidents != IncidentPace::Never {
        let is_storm = incidents == IncidentPace::Storm;
        cluster.spawn(Incidents::new(workload, is_storm).run());
    }
    Ok(())
}

impl Workload {
    fn state(&self) -> MutexGuard<'_, TrafficState> {
        lock(&self.state)
    }

    /// Creates a stream, fills in what it held before, and leaves it in its state.
    fn create_stream(&self, stream: &StreamScript) {
        // Nothing is there yet that could collide with it.
        self.cluster
            .create(spec(stream, self.cluster.brokers.len()))
            .ok();
        let mut generator = MessageGenerator::new(stream);
        let newest = Timestamp::now();
        for back in (1..=stream.history).rev() {
            let at = newest.minus(HISTORY_STEP * back);
            self.publish(stream, &mut generator, Some(at));
        }
        let name = &stream.name;
        match stream.state {
            InitialState::Normal => {}
            // These fail where the stream could not be created, and then there is nothing to do.
            InitialState::Readonly => drop(self.cluster.set_readonly(name, &[], true)),
            InitialState::Paused => {
                // What was stored long before it was paused is committed.
                self.replicate_all();
                drop(self.cluster.pause(name, &[], false));
            }
            InitialState::UnderReplicated => self.hold_back_follower(name),
        }
    }

    /// Copies to followers at once what was appended, and commits it.
    fn replicate_all(&self) {
        let live = self.cluster.live_brokers();
        for partition in self.cluster.partitions() {
            while partition.replicate(live) {}
        }
    }

    fn hold_back_follower(&self, stream: &str) {
        let Some(partition) = self.cluster.lock().partition(stream, 0) else {
            return;
        };
        let follower = {
            let replicas = &partition.lock().replicas;
            let leader = replicas.agreed.leader;
            replicas.holders().iter().find(|broker| *broker != leader)
        };
        if let Some(follower) = follower {
            partition.hold_back(follower);
        }
    }

    /// Sends what is due, a share at each interval, to streams by their weight.
    async fn run_producers(self: Arc<Self>, rate: f64) {
        let streams = &self.script.streams;
        let producers = streams.iter().map(|s| (s, MessageGenerator::new(s), 0.0));
        let mut producers: Vec<_> = producers.collect();
        let total: f64 = streams.iter().map(|stream| stream.weight).sum();
        let mut last = Instant::now();
        loop {
            timings::wait(PRODUCE_INTERVAL).await;
            let now = Instant::now();
            let passed = (now - last).as_secs_f64();
            last = now;
            for (stream, generator, due) in &mut producers {
                *due += rate * passed * stream.weight / total * self.burst(&stream.name, now);
                while *due >= 1.0 {
                    *due -= 1.0;
                    self.publish(stream, generator, None);
                }
            }
        }
    }

    fn burst(&self, stream: &str, now: Instant) -> f64 {
        let state = self.state();
        let burst = state.burst.as_ref();
        let burst = burst.filter(|(name, _, until)| name == stream && *until > now);
        burst.map_or(1.0, |(_, factor, _)| *factor)
    }

    fn publish(
        &self,
        stream: &StreamScript,
        generator: &mut MessageGenerator<'_>,
        at: Option<Timestamp>,
    ) {
        let mut message = generator.next();
        if self.is_poisoned(&stream.name) {
            message.value = POISON.into();
        }
        let id = message.partition(stream.partitions);
        let Some(partition) = self.cluster.lock().partition(&stream.name, id) else {
            return;
        };
        self.cluster.deliver(&Publication {
            subject: literal_subject(stream, &partition).into(),
            reply: message.reply.into(),
            key: message.key,
            value: message.value,
            headers: message.headers,
            policy: AckPolicy::Leader,
            expected_offset: -1,
            received: at,
            ..Publication::default()
        });
    }

    fn is_poisoned(&self, stream: &str) -> bool {
        let mut state = self.state();
        let before = state.poison.len();
        state.poison.retain(|name| name != stream);
        state.poison.len() < before
    }
}

/// What a producer publishes to: the partition's subject, or one of those that its wildcard stands for.
fn literal_subject(stream: &StreamScript, partition: &Partition) -> String {
    match fastrand::choice(&stream.subjects) {
        Some(chosen) => subject_of_partition(chosen, partition.id),
        None => partition.subject.to_string(),
    }
}

/// Retention works in seconds here, so that the demo's memory has a bound at any rate.
fn spec(stream: &StreamScript, brokers: usize) -> StreamSpec {
    const SEGMENTS: u64 = 8;
    let most = i32::try_from(brokers).unwrap_or(i32::MAX);
    let mut spec = StreamSpec {
        name: stream.name.clone(),
        subject: stream.subject().to_owned(),
        replication: stream.replication.min(most),
        partitions: stream.partitions,
        cleaner: Some(Duration::from_secs(1)),
        min_isr: stream.min_isr,
        concurrency_control: stream.concurrency_control,
        ..StreamSpec::default()
    };
    let partitions = u64::try_from(stream.partitions.max(1)).unwrap_or(1);
    spec.retention.compact = stream.compact;
    spec.retention.bytes = stream.retention / partitions;
    spec.retention.segment_bytes = spec.retention.bytes / SEGMENTS;
    spec
}

#[cfg(test)]
mod tests {
    use super::{SCRIPT, Script};

    #[test]
    fn consumers_and_incidents_name_what_there_is() {
        let script: Script = toml::from_str(SCRIPT).unwrap();
        let streams: Vec<&str> = script.streams.iter().map(|stream| &*stream.name).collect();
        let cursors: Vec<&str> = script
            .consumers
            .iter()
            .map(|consumer| &*consumer.cursor)
            .collect();
        assert!(
            script
                .consumers
                .iter()
                .all(|consumer| streams.contains(&&*consumer.stream))
        );
        for step in script.incidents.iter().flat_map(|incident| &incident.steps) {
            let words: Vec<&str> = step.1.split([' ', ':']).collect();
            let known = match words[0] {
                "poison" | "burst" | "move" | "shrink" | "expand" => streams.contains(&words[1]),
                "stick" => cursors.contains(&words[1]),
                _ => true,
            };
            assert!(known, "{}", step.1);
        }
    }
}
