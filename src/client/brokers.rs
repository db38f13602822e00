//! Which brokers are known, and how each has answered so far. Connections to them are `pool`'s.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::advertised;
use super::error::Error;
use super::options::Prefer;
use crate::model::{BrokerId, Cluster, ErrorKind, Failure, Timestamp, parse_address};
use crate::wire::metadata::MOST_BROKERS;

/// Addresses known at once. Brokers differ in whom they list, but somebody who names new ones each time is not followed.
const MOST_KNOWN: usize = 2 * MOST_BROKERS;

/// How this client came to know a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressOrigin {
    /// It is one of the seeds.
    Configured,
    /// A broker's metadata named it.
    Discovered,
    /// An earlier run knew it, partitions name it, and no broker lists it.
    Remembered,
}

/// What is known of one broker's address.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BrokerHealth {
    /// `host:port`, as configured or advertised.
    pub address: Arc<str>,
    /// The broker's id, once it has answered or another broker named it.
    pub id: Option<BrokerId>,
    /// How the address came to be known.
    pub origin: AddressOrigin,
    /// Requests sent to it, or tried to.
    pub attempts: u64,
    /// The latest failure to reach it or to be answered, and when; refusals that it sent itself are answers.
    pub last_error: Option<(Timestamp, Failure)>,
    /// When it answered last.
    pub last_answer: Option<Timestamp>,
    /// How long its latest answer took; `None` before the first.
    pub latency: Option<Duration>,
    /// How many partitions it holds that are not paused, as metadata counts; `None` before any metadata named it.
    pub workload: Option<i32>,
    /// When anything came from it last; `None` since it failed to answer.
    heard: Option<Instant>,
}

impl BrokerHealth {
    fn new(address: &str, origin: AddressOrigin) -> Self {
        Self {
            address: Arc::from(address),
            id: None,
            origin,
            attempts: 0,
            last_error: None,
            last_answer: None,
            latency: None,
            workload: None,
            heard: None,
        }
    }

    /// Whether the latest outcome was an answer.
    pub fn is_answering(&self) -> bool {
        match (self.last_answer, &self.last_error) {
            (Some(answer), Some((error, _))) => answer > *error,
            (answer, None) => answer.is_some(),
            (None, Some(_)) => false,
        }
    }

    fn has_failed_last(&self) -> bool {
        self.last_error.is_some() && !self.is_answering()
    }
}

/// All brokers known so far, by address.
#[derive(Debug)]
pub(crate) struct Brokers {
    prefer: Prefer,
    /// Where brokers of other runs listened: those that nobody has named yet.
    remembered: Mutex<Vec<(BrokerId, String)>>,
    known: Mutex<BTreeMap<Arc<str>, BrokerHealth>>,
}

impl Brokers {
    /// Knows the seeds, `host:port` each, and where other brokers listened in an earlier run.
    pub(crate) fn new(
        seeds: &[String],
        prefer: Prefer,
        remembered: Vec<(BrokerId, String)>,
    ) -> Self {
        let configured = |seed: &String| {
            let health = BrokerHealth::new(seed, AddressOrigin::Configured);
            (Arc::clone(&health.address), health)
        };
        Self {
            prefer,
            remembered: Mutex::new(remembered),
            known: Mutex::new(seeds.iter().map(configured).collect()),
        }
    }

    /// All of them, sorted by address. A seed that is another name of a broker that answers under the address it
    /// advertises is left out.
    pub(crate) fn list(&self) -> Vec<BrokerHealth> {
        let known = self.lock();
        let is_alias = |seed: &BrokerHealth| {
            seed.origin == AddressOrigin::Configured
                && known.values().any(|other| {
                    other.origin == AddressOrigin::Discovered
                        && other.id.is_some()
                        && other.id == seed.id
                        && other.is_answering()
                })
        };
        known
            .values()
            .filter(|broker| !is_alias(broker))
            .cloned()
            .collect()
    }

    /// Addresses to try in turn: in random order, those preferred first, but those that failed last come last.
    pub(crate) fn in_preferred_order(&self) -> Vec<Arc<str>> {
        let mut brokers = self.list();
        fastrand::shuffle(&mut brokers);
        brokers.sort_by_key(|broker| (broker.has_failed_last(), self.preference_rank(broker)));
        brokers.into_iter().map(|broker| broker.address).collect()
    }

    /// The lower, the sooner it is asked.
    fn preference_rank(&self, broker: &BrokerHealth) -> u128 {
        match self.prefer {
            Prefer::Random => 0,
            Prefer::LowLatency => broker.latency.unwrap_or_default().as_nanos(),
            Prefer::LowWorkload => {
                let partitions = broker.workload.unwrap_or(i32::MAX);
                u128::try_from(partitions).unwrap_or_default()
            }
        }
    }

    /// Whether any of them has ever answered.
    pub(crate) fn has_any_answered(&self) -> bool {
        let known = self.lock();
        known.values().any(|broker| broker.last_answer.is_some())
    }

    /// Whether the latest request to the broker at that address got no answer.
    pub(crate) fn has_failed_last(&self, address: &str) -> bool {
        let known = self.lock();
        known
            .get(address)
            .is_some_and(BrokerHealth::has_failed_last)
    }

    /// Whether that address is one of a broker, as far as anyone has told.
    pub(crate) fn knows(&self, address: &str) -> bool {
        self.lock().contains_key(address)
    }

    /// The id of the broker at that address, where known.
    pub(crate) fn id(&self, address: &str) -> Option<BrokerId> {
        self.lock().get(address)?.id.clone()
    }

    /// Where that broker is reached: as it is listed where it has answered there, else at another address that a broker
    /// of that id has answered at. What a broker advertises may be a name that is not known here, and brokers leave each
    /// other out of their lists for minutes (wire-contract §4.7).
    pub(crate) fn address(&self, id: &str, listed: Option<String>) -> Option<String> {
        let known = self.lock();
        let answers = |address: &str| known.get(address).is_some_and(BrokerHealth::is_answering);
        if listed.as_deref().is_some_and(answers) {
            return listed;
        }
        let same = |broker: &&BrokerHealth| broker.id.as_deref() == Some(id);
        let mut answering = known.values().filter(|broker| broker.is_answering());
        let found = answering.find(same).or_else(|| {
            // Nobody of that id answers: what is listed is as good as what was known before.
            known.values().find(same).filter(|_| listed.is_none())
        });
        found.map(|broker| broker.address.to_string()).or(listed)
    }

    /// The error of a call at that address; where the address is only what a broker says of itself or of another, and
    /// has never answered, with a word on where it comes from.
    pub(crate) fn explain(&self, address: &str, error: Error) -> Error {
        let is_unreached = matches!(
            error.kind(),
            ErrorKind::BadAddress | ErrorKind::Unreachable | ErrorKind::Timeout
        );
        let known = self.lock();
        let Some(broker) = known.get(address).filter(|_| is_unreached) else {
            return error;
        };
        let is_hearsay = broker.origin == AddressOrigin::Discovered && broker.last_answer.is_none();
        let Some(id) = broker.id.as_ref().filter(|_| is_hearsay) else {
            return error;
        };
        if error.kind() == ErrorKind::BadAddress && parse_address(address).is_err() {
            let sentence = format!(
                "broker {id} advertises {address}, which is no address that can be dialled: its configuration has to name \
                 another"
            );
            return error.explained(ErrorKind::BadAddress, sentence);
        }
        let seeds = known
            .values()
            .filter(|broker| broker.origin == AddressOrigin::Configured);
        let seeds: Vec<&str> = seeds.map(|seed| &*seed.address).collect();
        let sentence = advertised::explained(&error.to_string(), address, id, &seeds);
        error.explained(ErrorKind::Unreachable, sentence)
    }

    /// A request to it begins.
    pub(crate) fn record_attempt(&self, address: &str) {
        self.update(address, |broker| broker.attempts += 1);
    }

    /// It has answered, be it with a refusal.
    pub(crate) fn record_answer(&self, address: &str) {
        let now = Timestamp::now();
        self.update(address, |broker| {
            broker.last_answer = Some(now);
            broker.heard = Some(Instant::now());
        });
    }

    /// It says that it is there.
    pub(crate) fn record_heard(&self, address: &str) {
        self.update(address, |broker| broker.heard = Some(Instant::now()));
    }

    /// When anything came from it last; `None` where nothing ever did, or nothing since it failed to answer.
    pub(crate) fn heard(&self, address: &str) -> Option<Instant> {
        self.lock().get(address)?.heard
    }

    /// So long its answer took.
    pub(crate) fn record_latency(&self, address: &str, latency: Duration) {
        self.update(address, |broker| broker.latency = Some(latency));
    }

    /// It could not be reached, or did not answer.
    pub(crate) fn record_failure(&self, address: &str, error: &Error) {
        let at = Timestamp::now();
        self.update(address, |broker| {
            broker.last_error = Some((at, error.into()));
            broker.heard = None;
        });
    }

    /// Takes in what the broker at `address` says of the cluster. A broker that moved to another address is forgotten under
    /// the old one. Returns whether it is believed: who listens where another broker did in an earlier run may belong to
    /// another cluster.
    pub(crate) fn learn_brokers(&self, address: &str, cluster: &Cluster) -> bool {
        let mut known = self.lock();
        if is_stranger(address, cluster, &known) {
            known.remove(address);
            return false;
        }
        if let Some(broker) = known.get_mut(address) {
            broker.id.clone_from(&cluster.answered_by);
        }
        for broker in &cluster.brokers {
            let listed = broker.address();
            known.retain(|at, other| {
                other.origin == AddressOrigin::Configured
                    || other.id.as_ref() != Some(&broker.id)
                    || **at == *listed
            });
            if known.len() >= MOST_KNOWN && !known.contains_key(&*listed) {
                continue;
            }
            let health = known
                .entry(Arc::from(&*listed))
                .or_insert_with(|| BrokerHealth::new(&listed, AddressOrigin::Discovered));
            health.id = Some(Arc::clone(&broker.id));
            health.workload = Some(broker.partition_count);
        }
        self.look_where_they_were(cluster, &mut known);
        true
    }

    /// Whether an earlier run alone knows that address, and nobody has answered there in this one: silence there says nothing.
    pub(crate) fn is_only_remembered(&self, address: &str) -> bool {
        let known = self.lock();
        known.get(address).is_some_and(|broker| {
            broker.origin == AddressOrigin::Remembered && broker.last_answer.is_none()
        })
    }

    /// Adds brokers that partitions name and that nobody lists, where an earlier run knew them.
    fn look_where_they_were(
        &self,
        cluster: &Cluster,
        known: &mut BTreeMap<Arc<str>, BrokerHealth>,
    ) {
        let mut remembered = self
            .remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        remembered.retain(|(id, address)| {
            if known.values().any(|broker| broker.id.as_ref() == Some(id)) {
                return false;
            }
            let partitions = cluster
                .streams
                .values()
                .flat_map(|stream| &stream.partitions);
            if !partitions
                .flat_map(|one| &*one.replicas)
                .any(|replica| replica == id)
            {
                return true;
            }
            let mut health = BrokerHealth::new(address, AddressOrigin::Remembered);
            health.id = Some(Arc::clone(id));
            // A seed that has not told its name is that broker, as far as anybody knows.
            let at = known.entry(Arc::clone(&health.address)).or_insert(health);
            at.id.get_or_insert_with(|| Arc::clone(id));
            false
        });
    }

    fn update(&self, address: &str, change: impl FnOnce(&mut BrokerHealth)) {
        if let Some(broker) = self.lock().get_mut(address) {
            change(broker);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, BrokerHealth>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether who answers at a remembered address is not who listened there, or knows nobody of this cluster.
fn is_stranger(address: &str, cluster: &Cluster, known: &BTreeMap<Arc<str>, BrokerHealth>) -> bool {
    let Some(broker) = known
        .get(address)
        .filter(|it| it.origin == AddressOrigin::Remembered)
    else {
        return false;
    };
    let lists_another = cluster.brokers.iter().any(|listed| {
        let at = known.get(&*listed.address());
        listed.address() != address && at.is_some_and(|other| other.id.as_ref() == Some(&listed.id))
    });
    broker.id != cluster.answered_by || !lists_another
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Broker, ErrorKind, Target};

    fn cluster(answered_by: &str, brokers: &[(&str, i32)]) -> Cluster {
        let broker = |(id, port): &(&str, i32)| Broker {
            id: Arc::from(*id),
            host: "127.0.0.1".into(),
            port: *port,
            partition_count: 0,
            leader_count: 0,
        };
        Cluster {
            answered_by: Some(Arc::from(answered_by)),
            brokers: brokers.iter().map(broker).collect(),
            ..Cluster::default()
        }
    }

    fn addresses(brokers: &Brokers) -> Vec<String> {
        let list = brokers.list();
        list.iter().map(|b| b.address.to_string()).collect()
    }

    #[test]
    fn a_seed_by_another_name_gives_way_to_the_advertised_address_once_that_answers() {
        let brokers = Brokers::new(&["localhost:1".into()], Prefer::Random, Vec::new());
        brokers.learn_brokers("localhost:1", &cluster("a", &[("a", 1), ("b", 2)]));
        assert_eq!(
            addresses(&brokers),
            ["127.0.0.1:1", "127.0.0.1:2", "localhost:1"]
        );
        brokers.record_answer("127.0.0.1:1");
        assert_eq!(addresses(&brokers), ["127.0.0.1:1", "127.0.0.1:2"]);
    }

    #[test]
    fn an_address_that_has_answered_beats_one_that_never_did() {
        let brokers = Brokers::new(&["seed:1".into()], Prefer::Random, Vec::new());
        let mut told = cluster("a", &[("a", 1)]);
        told.brokers[0].host = "pod-0.internal".into();
        brokers.learn_brokers("seed:1", &told);
        let listed = || Some("pod-0.internal:1".to_owned());
        assert_eq!(brokers.address("a", listed()), listed(), "nobody answered");
        brokers.record_answer("seed:1");
        assert_eq!(brokers.address("a", listed()).as_deref(), Some("seed:1"));
        brokers.record_answer("pod-0.internal:1");
        assert_eq!(brokers.address("a", listed()), listed());
        // Left out of the others' lists for two minutes after its return.
        assert!(brokers.address("a", None).is_some());
        assert_eq!(brokers.address("b", None), None);
    }

    #[test]
    fn an_advertised_address_that_never_answered_is_explained() {
        let brokers = Brokers::new(&["seed:1".into()], Prefer::Random, Vec::new());
        let mut told = cluster("a", &[("a", 1)]);
        told.brokers[0].host = "pod-0.internal".into();
        brokers.learn_brokers("seed:1", &told);
        let error = || Error::new(ErrorKind::BadAddress, Target::Cluster, "cannot be resolved");
        let explained = brokers.explain("pod-0.internal:1", error());
        assert_eq!(explained.kind(), ErrorKind::Unreachable);
        let sentence = explained.to_string();
        for part in [
            "broker a",
            "seed:1",
            "--advertise pod-0.internal:1=HOST:PORT",
        ] {
            assert!(sentence.contains(part), "{sentence}");
        }
        assert_eq!(
            brokers.explain("seed:1", error()).kind(),
            ErrorKind::BadAddress
        );
    }

    #[test]
    fn who_is_named_and_not_listed_is_looked_for_where_it_was() {
        let was = |id: &str, address: &str| (Arc::from(id), address.to_owned());
        let remembered = vec![was("b", "127.0.0.1:2"), was("gone", "127.0.0.1:9")];
        let brokers = Brokers::new(&["127.0.0.1:1".into()], Prefer::Random, remembered);
        let mut told = cluster("a", &[("a", 1)]);
        let partition = crate::model::Partition {
            replicas: ["a".into(), "b".into()].into(),
            ..Default::default()
        };
        let stream = crate::model::Stream {
            name: "orders".into(),
            subject: "orders".into(),
            created: Timestamp::default(),
            partitions: vec![partition],
        };
        told.streams = [(Arc::clone(&stream.name), stream.into())].into();
        brokers.learn_brokers("127.0.0.1:1", &told);
        assert_eq!(addresses(&brokers), ["127.0.0.1:1", "127.0.0.1:2"]);
        assert!(brokers.is_only_remembered("127.0.0.1:2"));
        // Listed elsewhere, it is forgotten where it was.
        brokers.learn_brokers("127.0.0.1:1", &cluster("a", &[("a", 1), ("b", 3)]));
        assert_eq!(addresses(&brokers), ["127.0.0.1:1", "127.0.0.1:3"]);
    }

    #[test]
    fn who_answers_where_another_was_or_knows_nobody_is_a_stranger() {
        for (answers, lists, is_believed) in [
            ("b", &[("b", 2), ("a", 1)][..], true),
            ("c", &[("c", 2), ("a", 1)], false),
            ("b", &[("b", 2), ("x", 7)], false),
        ] {
            let brokers = Brokers::new(&["127.0.0.1:1".into()], Prefer::Random, Vec::new());
            brokers.learn_brokers("127.0.0.1:1", &cluster("a", &[("a", 1)]));
            let mut health = BrokerHealth::new("127.0.0.1:2", AddressOrigin::Remembered);
            health.id = Some("b".into());
            brokers.lock().insert(Arc::clone(&health.address), health);
            let learnt = brokers.learn_brokers("127.0.0.1:2", &cluster(answers, lists));
            assert_eq!(learnt, is_believed, "{answers} {lists:?}");
        }
    }

    #[test]
    fn a_broker_that_moved_is_forgotten_where_it_was() {
        let brokers = Brokers::new(&["127.0.0.1:1".into()], Prefer::Random, Vec::new());
        brokers.learn_brokers("127.0.0.1:1", &cluster("a", &[("a", 1), ("b", 2)]));
        brokers.learn_brokers("127.0.0.1:1", &cluster("a", &[("a", 1), ("b", 3)]));
        assert_eq!(addresses(&brokers), ["127.0.0.1:1", "127.0.0.1:3"]);
    }

    #[test]
    fn brokers_that_failed_last_are_tried_last() {
        let brokers = Brokers::new(
            &["a:1".into(), "b:1".into(), "c:1".into()],
            Prefer::Random,
            Vec::new(),
        );
        let error = Error::new(ErrorKind::Unreachable, Target::Cluster, "gone");
        brokers.record_failure("b:1", &error);
        for _ in 0..20 {
            assert_eq!(&*brokers.in_preferred_order()[2], "b:1");
        }
    }
}
