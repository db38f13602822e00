//! Which brokers are known, and how each has answered so far. Connections to them are `pool`'s.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::error::Error;
use super::options::Prefer;
use crate::model::{BrokerId, Cluster, Failure, Timestamp};

/// How this client came to know a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressOrigin {
    /// It is one of the seeds.
    Configured,
    /// A broker's metadata named it.
    Discovered,
}

/// What is known of one broker's address.
#[derive(Clone, Debug, PartialEq)]
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
    known: Mutex<BTreeMap<Arc<str>, BrokerHealth>>,
}

impl Brokers {
    /// Knows the seeds, `host:port` each.
    pub(crate) fn new(seeds: &[String], prefer: Prefer) -> Self {
        let configured = |seed: &String| {
            let health = BrokerHealth::new(seed, AddressOrigin::Configured);
            (Arc::clone(&health.address), health)
        };
        Self {
            prefer,
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

    /// The id of the broker at that address, where known.
    pub(crate) fn id(&self, address: &str) -> Option<BrokerId> {
        self.lock().get(address)?.id.clone()
    }

    /// Where that broker is reached: as it is listed, unless only a seed of that id answers, as where it advertises a
    /// name that is not known here. Brokers leave each other out of their lists for minutes (wire-contract §4.7).
    pub(crate) fn address(&self, id: &str, listed: Option<String>) -> Option<String> {
        let known = self.lock();
        let is_dead = |address: &str| {
            let broker = known.get(address);
            broker.is_some_and(BrokerHealth::has_failed_last)
        };
        if listed.as_deref().is_some_and(|listed| !is_dead(listed)) {
            return listed;
        }
        let mut same = known
            .values()
            .filter(|broker| broker.id.as_deref() == Some(id));
        let answering = same.find(|broker| broker.is_answering());
        answering
            .map(|broker| broker.address.to_string())
            .or(listed)
    }

    /// A request to it begins.
    pub(crate) fn record_attempt(&self, address: &str) {
        self.update(address, |broker| broker.attempts += 1);
    }

    /// It has answered, be it with a refusal.
    pub(crate) fn record_answer(&self, address: &str) {
        let now = Timestamp::now();
        self.update(address, |broker| broker.last_answer = Some(now));
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
        });
    }

    /// Takes in what the broker at `address` says of the cluster. A broker that moved to another address is
    /// forgotten under the old one.
    pub(crate) fn learn_brokers(&self, address: &str, cluster: &Cluster) {
        self.update(address, |broker| broker.id.clone_from(&cluster.answered_by));
        let mut known = self.lock();
        for broker in &cluster.brokers {
            let listed = broker.address();
            known.retain(|at, other| {
                other.origin == AddressOrigin::Configured
                    || other.id.as_ref() != Some(&broker.id)
                    || **at == *listed
            });
            let health = known
                .entry(Arc::from(&*listed))
                .or_insert_with(|| BrokerHealth::new(&listed, AddressOrigin::Discovered));
            health.id = Some(Arc::clone(&broker.id));
            health.workload = Some(broker.partition_count);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Broker, ErrorKind, Target};

    fn cluster(answered_by: &str, brokers: &[(&str, u16)]) -> Cluster {
        let broker = |(id, port): &(&str, u16)| Broker {
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
        let brokers = Brokers::new(&["localhost:1".into()], Prefer::Random);
        brokers.learn_brokers("localhost:1", &cluster("a", &[("a", 1), ("b", 2)]));
        assert_eq!(
            addresses(&brokers),
            ["127.0.0.1:1", "127.0.0.1:2", "localhost:1"]
        );
        brokers.record_answer("127.0.0.1:1");
        assert_eq!(addresses(&brokers), ["127.0.0.1:1", "127.0.0.1:2"]);
    }

    #[test]
    fn a_broker_that_moved_is_forgotten_where_it_was() {
        let brokers = Brokers::new(&["127.0.0.1:1".into()], Prefer::Random);
        brokers.learn_brokers("127.0.0.1:1", &cluster("a", &[("a", 1), ("b", 2)]));
        brokers.learn_brokers("127.0.0.1:1", &cluster("a", &[("a", 1), ("b", 3)]));
        assert_eq!(addresses(&brokers), ["127.0.0.1:1", "127.0.0.1:3"]);
    }

    #[test]
    fn brokers_that_failed_last_are_tried_last() {
        let brokers = Brokers::new(&["a:1".into(), "b:1".into(), "c:1".into()], Prefer::Random);
        let error = Error::new(ErrorKind::Unreachable, Target::Cluster, "gone");
        brokers.record_failure("b:1", &error);
        for _ in 0..20 {
            assert_eq!(&*brokers.in_preferred_order()[2], "b:1");
        }
    }
}
