//! The company of `assets/demo.toml`: its streams and what they held before, its producers, and their pace.
//! Consumers, incidents and the shapes of values have files of their own.

mod consumers;
mod incidents;
mod script;
mod values;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::admin::StreamRequest;
use super::cluster::Cluster;
use super::faults::Faults;
use super::partition::Partition;
use super::pending_acks::Publication;
use super::settings::StreamSettings;
use super::{subject, timings};
use crate::model::Timestamp;
use crate::wire::pb::AckPolicy;
use incidents::Incidents;
use script::{InitialState, Script, StreamScript};
use values::MessageGenerator;

/// The company, as it is written.
const SCRIPT: &str = include_str!("../../assets/demo.toml");

/// How often producers send what has become due.
const BEAT: Duration = Duration::from_millis(20);

/// How far apart the messages lie that were there before.
const HISTORY_STEP: Duration = Duration::from_millis(700);

/// What incidents do to the traffic.
#[derive(Clone, Debug, Default)]
struct TrafficState {
    /// The stream that gets more for a while, how many times as much, and until when.
    burst: Option<(String, f64, Instant)>,
    /// The cursor that stands still, and until when.
    stuck: Option<(String, Instant)>,
    /// Streams whose next message is one that nobody can decode.
    poison: Vec<String>,
}

/// The running company.
#[derive(Debug)]
struct Workload {
    cluster: Arc<Cluster>,
    script: Script,
    state: Mutex<TrafficState>,
}

/// Creates the streams with their history and starts everybody. `rate` is in messages a second.
pub(super) fn start(cluster: &Arc<Cluster>, rate: Option<u32>, storm: bool) -> io::Result<()> {
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let script: Script = toml::from_str(SCRIPT).map_err(invalid)?;
    let rate = f64::from(rate.unwrap_or(script.rate));
    let company = Workload {
        cluster: Arc::clone(cluster),
        script,
        state: Mutex::default(),
    };
    let company = Arc::new(company);
    for stream in &company.script.streams {
        company.create_stream(stream);
    }
    super::spawn(cluster, Arc::clone(&company).produce(rate));
    super::spawn(cluster, Arc::clone(&company).consume());
    super::spawn(cluster, Arc::clone(&company).keep_groups());
    let faults = Faults::new(Arc::clone(cluster));
    super::spawn(cluster, Incidents::new(company, faults, storm).play());
    Ok(())
}

impl Workload {
    fn state(&self) -> MutexGuard<'_, TrafficState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates a stream, fills in what it held before, and leaves it as it stands.
    fn create_stream(&self, stream: &StreamScript) {
        let most = i32::try_from(self.cluster.brokers.len()).unwrap_or(i32::MAX);
        let wish = StreamRequest {
            name: stream.name.clone(),
            subject: stream.subject().to_owned(),
            replication: stream.replication.min(most),
            partitions: stream.partitions,
            settings: settings(stream),
            ..StreamRequest::default()
        };
        // Nothing is there yet that could collide with it.
        self.cluster.create(&wish).ok();
        let mut draft = MessageGenerator::new(stream);
        let newest = Timestamp::now();
        for back in (1..=stream.history).rev() {
            let at = newest.minus(HISTORY_STEP * back);
            self.publish(stream, &mut draft, Some(at));
        }
        self.set_initial_state(stream);
    }

    fn set_initial_state(&self, stream: &StreamScript) {
        let name = &stream.name;
        match stream.state {
            InitialState::Normal => {}
            // These fail where the stream could not be created, and then there is nothing to leave.
            InitialState::Readonly => drop(self.cluster.set_readonly(name, &[], true)),
            InitialState::Paused => drop(self.cluster.pause(name, &[], false)),
            InitialState::UnderReplicated => self.hold_back_follower(name),
        }
    }

    fn hold_back_follower(&self, stream: &str) {
        let Some(partition) = self.cluster.lock().partition(stream, 0) else {
            return;
        };
        let leader = partition.lock().replicas.leader();
        let follower = partition
            .lock()
            .replicas
            .brokers()
            .find(|seat| *seat != leader);
        if let Some(follower) = follower {
            partition.hold_back(follower);
        }
    }

    /// Sends what is due, each beat a share, to streams by their weight.
    async fn produce(self: Arc<Self>, rate: f64) {
        let mut drafts: Vec<MessageGenerator<'_>> = self
            .script
            .streams
            .iter()
            .map(MessageGenerator::new)
            .collect();
        let total: f64 = self.script.streams.iter().map(|stream| stream.weight).sum();
        let mut due = vec![0.0; drafts.len()];
        let mut last = Instant::now();
        loop {
            timings::wait(BEAT).await;
            let now = Instant::now();
            let passed = (now - last).as_secs_f64();
            last = now;
            for ((stream, draft), due) in self.script.streams.iter().zip(&mut drafts).zip(&mut due)
            {
                *due += rate * passed * stream.weight / total * self.burst(&stream.name, now);
                while *due >= 1.0 {
                    *due -= 1.0;
                    self.publish(stream, draft, None);
                }
            }
        }
    }

    fn burst(&self, stream: &str, now: Instant) -> f64 {
        let mood = self.state();
        let burst = mood.burst.as_ref();
        let burst = burst.filter(|(name, _, until)| name == stream && *until > now);
        burst.map_or(1.0, |(_, factor, _)| *factor)
    }

    fn publish(
        &self,
        stream: &StreamScript,
        draft: &mut MessageGenerator<'_>,
        at: Option<Timestamp>,
    ) {
        let mut message = draft.next();
        if self.is_poisoned(&stream.name) {
            message.value = POISON.into();
        }
        let chosen = message.partition(stream.partitions);
        let Some(partition) = self.cluster.lock().partition(&stream.name, chosen) else {
            return;
        };
        let subject = literal(stream, &partition);
        self.cluster.deliver(&Publication {
            subject: &subject,
            reply: &message.reply,
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
        let mut mood = self.state();
        let before = mood.poison.len();
        mood.poison.retain(|name| name != stream);
        mood.poison.len() < before
    }
}

/// A message that is cut off inside its first field, in whatever format.
const POISON: &[u8] = b"\x8f\xa5order\xcf\x00\x00";

/// What a producer publishes to: the partition's subject, or one of those that its wildcard stands for.
fn literal(stream: &StreamScript, partition: &Partition) -> String {
    match fastrand::choice(&stream.subjects) {
        Some(chosen) => subject::of_partition(chosen, partition.id),
        None => partition.subject.to_string(),
    }
}

/// Retention works in seconds here, so that the demo's memory has a bound at any rate.
fn settings(stream: &StreamScript) -> StreamSettings {
    const SEGMENTS: u64 = 8;
    let mut settings = StreamSettings::server_defaults();
    settings.cleaner = Some(Duration::from_secs(1));
    settings.min_isr = stream.min_isr;
    settings.concurrency_control = stream.concurrency_control;
    settings.retention.compact = stream.compact;
    let partitions = u64::try_from(stream.partitions.max(1)).unwrap_or(1);
    settings.retention.bytes = stream.retention.0 / partitions;
    settings.retention.segment_bytes = settings.retention.bytes / SEGMENTS;
    settings
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
