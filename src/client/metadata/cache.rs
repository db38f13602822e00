//! The metadata that was fetched last, with a generation that tells whether somebody has refreshed it meanwhile.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::missing_streams::MissingStreams;
use crate::model::{Cluster, PartitionId, StreamName, Timestamp};

/// How the names of Liftbridge's own streams begin.
const INTERNAL: &str = "__";

/// Metadata at hand is believed for so long before it is asked for anew: streams come, go, and come back with another
/// number of partitions.
const MAX_AGE: Duration = Duration::from_secs(10);

/// The latest metadata. Generations tell whether somebody else has refreshed it already.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    latest: Mutex<Option<Cached>>,
    /// Whether any broker has ever named a stream.
    pub(super) had_streams: AtomicBool,
    /// Liftbridge's own streams, as far as they were seen: these are never deleted.
    lasting: Mutex<BTreeSet<StreamName>>,
    /// Streams that were seen, and are called missing.
    missing: Mutex<MissingStreams>,
    /// What each broker answered last, by its address: what is the same in its next answer is shared.
    answers: Mutex<HashMap<Box<str>, Arc<Cluster>>>,
    pub(super) refreshing: tokio::sync::Mutex<()>,
}

/// Metadata and when it was fetched.
#[derive(Clone, Debug)]
pub(crate) struct Cached {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) updated: Timestamp,
    /// Until when it is believed.
    pub(super) fresh_until: Instant,
    pub(super) generation: u64,
}

impl Cache {
    /// The metadata fetched last.
    pub(crate) fn latest(&self) -> Option<Arc<Cluster>> {
        self.cached().map(|cached| cached.cluster)
    }

    /// The same with its time and generation.
    pub(crate) fn cached(&self) -> Option<Cached> {
        let latest = self.latest.lock();
        latest.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts fetches; 0 before the first.
    pub(crate) fn generation(&self) -> u64 {
        self.cached().map_or(0, |cached| cached.generation)
    }

    /// What the broker at that address answered last.
    pub(super) fn answer_of(&self, address: &str) -> Option<Arc<Cluster>> {
        self.lock_answers().get(address).map(Arc::clone)
    }

    /// Keeps what the broker at that address answers now, and returns it: the answer before where nothing has changed.
    /// It was held against `before` while it was read; where another one has come meanwhile, as at the start, where
    /// everybody asks at once, it is held against that. Answers of addresses that are not known any more are forgotten
    /// when another one comes.
    pub(super) fn keep_answer(
        &self,
        address: &str,
        mut cluster: Cluster,
        before: Option<&Arc<Cluster>>,
        is_known: impl Fn(&str) -> bool,
    ) -> Arc<Cluster> {
        let mut answers = self.lock_answers();
        if let Some(latest) = answers.get(address)
            && !before.is_some_and(|before| Arc::ptr_eq(before, latest))
        {
            cluster.share_streams_of(latest);
        }
        if !answers.contains_key(address) {
            answers.retain(|other, _| is_known(other));
        }
        if let Some(before) = answers.get(address).filter(|old| old.shares_all(&cluster)) {
            return Arc::clone(before);
        }
        let cluster = Arc::new(cluster);
        answers.insert(address.into(), Arc::clone(&cluster));
        cluster
    }

    fn lock_answers(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<Cluster>>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps metadata that was just fetched.
    pub(super) fn store(&self, cluster: Arc<Cluster>) {
        if !cluster.streams.is_empty() {
            self.had_streams.store(true, Ordering::Relaxed);
            let from = StreamName::from(INTERNAL);
            let own = cluster.streams.range(from..);
            let own = own.take_while(|(name, _)| name.starts_with(INTERNAL));
            let own = own.map(|(name, _)| Arc::clone(name));
            self.lock_lasting().extend(own);
            self.lock_missing().record_seen(&cluster);
        }
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = latest.as_ref().map_or(0, |cached| cached.generation) + 1;
        *latest = Some(Cached {
            cluster,
            updated: Timestamp::now(),
            fresh_until: Instant::now() + MAX_AGE,
            generation,
        });
    }

    /// Liftbridge's own streams, as far as they were seen.
    pub(super) fn lasting(&self) -> BTreeSet<StreamName> {
        self.lock_lasting().clone()
    }

    /// Most brokers do not know that partition, but so many streams, each; `true` once it is believed to be gone.
    pub(super) fn record_missing(
        &self,
        place: (&StreamName, PartitionId),
        known: Vec<usize>,
    ) -> bool {
        let now = Instant::now();
        self.lock_missing().record_missing(place, known, now)
    }

    /// The stream was deleted by this client.
    pub(crate) fn forget(&self, stream: &str) {
        self.lock_missing().forget(stream);
    }

    fn lock_missing(&self) -> MutexGuard<'_, MissingStreams> {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_lasting(&self) -> MutexGuard<'_, BTreeSet<StreamName>> {
        self.lasting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A broker has said something else: it is asked for anew before it is used again.
    pub(crate) fn invalidate(&self) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cached) = latest.as_mut() {
            cached.fresh_until = Instant::now();
        }
    }
}
