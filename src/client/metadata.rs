//! The cluster's metadata: fetched from whichever broker answers first, cached with a generation, asked for leaders.
//! What each single broker says is `views`'.
#![expect(
    clippy::disallowed_methods,
    reason = "attempts wait, and the cache is stamped"
)]

mod cache;
mod existence;
mod missing_streams;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

pub(crate) use cache::Cache;
pub(crate) use existence::Existence;

use super::backoff::Backoff;
use super::error::{Error, Result};
use super::inner::Inner;
use super::retry::MAX_DEADLINE;
use super::transport::Call;
use crate::model::{Broker, BrokerId, Cluster, ErrorKind, PartitionId, StreamName, Target};
use crate::wire::metadata::{Unreadable, fetch_metadata};
use crate::wire::pb::FetchMetadataRequest;
use crate::wire::rpc::Rpc;

/// A broker that has not answered by then is not waited for alone: the next one is asked too.
const ASK_NEXT_AFTER: Duration = Duration::from_millis(700);

/// How long other brokers may take to say whether they know a stream or a group that one broker does not.
pub(super) const OTHERS_TIMEOUT: Duration = Duration::from_secs(1);

/// How long that may take while there is some to go on with.
const RENEWAL_TIMEOUT: Duration = Duration::from_millis(500);

/// Who leads a partition, and the generation of the metadata that says so.
#[derive(Clone, Debug)]
pub(crate) struct Leader {
    pub(crate) broker: BrokerId,
    pub(crate) address: String,
    pub(crate) generation: u64,
}

impl Inner {
    /// Fresh metadata from any broker, within the metadata timeout.
    pub(crate) async fn fetch_metadata(self: &Arc<Self>) -> Result<Arc<Cluster>> {
        let begun = Instant::now();
        let deadline = begun + self.options.metadata_timeout.min(MAX_DEADLINE);
        let mut backoff = Backoff::of_request();
        loop {
            match self.fetch_from_any(deadline).await {
                Ok(cluster) => return Ok(cluster),
                Err(error) if !is_transient(&error) => return Err(error),
                Err(error) => {
                    let wait = backoff.next_wait();
                    let again = Instant::now() + wait;
                    if again >= deadline || self.has_given_up_first_contact(again - begun) {
                        return Err(error);
                    }
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// Whether no broker has answered at all, and one was looked for that long.
    pub(crate) fn has_given_up_first_contact(&self, spent: Duration) -> bool {
        spent >= self.options.first_contact && !self.brokers.has_any_answered()
    }

    /// Asks one broker after the other, each a little after the one before, until the first answers.
    async fn fetch_from_any(self: &Arc<Self>, deadline: Instant) -> Result<Arc<Cluster>> {
        let mut waiting = self.brokers.in_preferred_order().into_iter();
        let mut asked: JoinSet<Result<Arc<Cluster>>> = JoinSet::new();
        let mut last_error = None;
        loop {
            if let Some(address) = waiting.next() {
                let inner = Arc::clone(self);
                let left = deadline.saturating_duration_since(Instant::now());
                asked.spawn(async move { inner.fetch_from(&address, left).await });
            }
            let more = waiting.len() > 0;
            let answer = tokio::select! {
                answer = asked.join_next() => answer,
                () = tokio::time::sleep(ASK_NEXT_AFTER), if more => continue,
            };
            match answer {
                Some(Ok(Ok(cluster))) => {
                    self.metadata.store(Arc::clone(&cluster));
                    return Ok(cluster);
                }
                Some(Ok(Err(error))) => last_error = Some(more_telling(last_error, error)),
                Some(Err(_)) => {}
                None if more => {}
                None => return Err(last_error.unwrap_or_else(Error::closed)),
            }
        }
    }

    /// Asks exactly that broker. Never a deadline on the wire: with a dead peer and a stale cache a server sits out
    /// any deadline, and answers after 3 s where there is none (wire-contract §0.5).
    pub(crate) async fn fetch_from(&self, address: &str, wait: Duration) -> Result<Arc<Cluster>> {
        let call = Call {
            rpc: Rpc::FetchMetadata,
            target: &Target::Cluster,
            address,
        };
        let before = self.metadata.answer_of(address);
        let request = FetchMetadataRequest::default();
        let answer = self.fetch_at(call, wait, request, before.clone());
        let mut cluster = answer
            .await
            .map_err(|error| not_liftbridge(error, address))?;
        replace_wildcards(&mut cluster, address);
        if !self.brokers.learn_brokers(address, &cluster) {
            let sentence = format!("another broker listens at {address} now than did before");
            return Err(Error::new(ErrorKind::BadAnswer, Target::Cluster, sentence));
        }
        let is_known = |address: &str| self.brokers.knows(address);
        let kept = self
            .metadata
            .keep_answer(address, cluster, before.as_ref(), is_known);
        Ok(kept)
    }

    /// One request for metadata at one broker; streams of which it says the same as `before` are those of `before`.
    async fn fetch_at(
        &self,
        call: Call<'_>,
        wait: Duration,
        request: FetchMetadataRequest,
        before: Option<Arc<Cluster>>,
    ) -> Result<Cluster> {
        let (most, address) = (self.options.max_answer_bytes, call.address);
        let send = |channel| fetch_metadata(channel, request, before, most);
        let answer = self.call_on_channel(call, wait, send).await?;
        answer.map_err(|unreadable| bad_answer(address, unreadable))
    }

    /// What the broker at that address says of one stream. Nothing of it is remembered.
    pub(crate) async fn fetch_stream_from(
        &self,
        address: &str,
        stream: &StreamName,
    ) -> Result<Cluster> {
        let target = Target::Stream(Arc::clone(stream));
        let call = Call {
            rpc: Rpc::FetchMetadata,
            target: &target,
            address,
        };
        let request = FetchMetadataRequest {
            streams: vec![stream.to_string()],
            groups: Vec::new(),
        };
        let wait = self.options.metadata_timeout;
        let mut cluster = self.fetch_at(call, wait, request, None).await?;
        replace_wildcards(&mut cluster, address);
        Ok(cluster)
    }

    /// Metadata newer than `generation`: one fetch for all who found the same metadata wanting.
    pub(crate) async fn refresh_metadata(
        self: &Arc<Self>,
        generation: u64,
    ) -> Result<Arc<Cluster>> {
        let _one_at_a_time = self.metadata.refreshing.lock().await;
        match self.metadata.cached() {
            Some(cached) if cached.generation > generation => Ok(cached.cluster),
            _ => self.fetch_metadata().await,
        }
    }

    /// The metadata at hand, fetched where there is none; fetched anew where it is old and some broker answers soon.
    pub(crate) async fn cached_metadata(self: &Arc<Self>) -> Result<Arc<Cluster>> {
        let Some(cached) = self.metadata.cached() else {
            return self.refresh_metadata(0).await;
        };
        if Instant::now() < cached.fresh_until {
            return Ok(cached.cluster);
        }
        let renewal = self.refresh_metadata(cached.generation);
        match tokio::time::timeout(RENEWAL_TIMEOUT, renewal).await {
            Ok(Ok(cluster)) => Ok(cluster),
            Ok(Err(_)) | Err(_) => Ok(cached.cluster),
        }
    }

    /// Metadata that knows the partition, fetched anew once where the one at hand does not.
    pub(crate) async fn metadata_with(
        self: &Arc<Self>,
        stream: &StreamName,
        partition: PartitionId,
    ) -> Result<Arc<Cluster>> {
        let cluster = self.cached_metadata().await?;
        if cluster.partition(stream, partition).is_some() {
            return Ok(cluster);
        }
        let generation = self.metadata.generation();
        self.refresh_knowing(generation, stream, partition).await
    }

    /// Metadata newer than `generation`, of a broker that knows the partition, if there is one: brokers learn of new
    /// streams one after the other, and one that has just started knows none for seconds (wire-contract §5).
    pub(crate) async fn refresh_knowing(
        self: &Arc<Self>,
        mut generation: u64,
        stream: &StreamName,
        partition: PartitionId,
    ) -> Result<Arc<Cluster>> {
        let mut backoff = Backoff::of_request();
        loop {
            let (existence, cluster) = self.look_for(generation, stream, partition).await?;
            if existence != Existence::KnownBefore {
                return Ok(cluster);
            }
            tokio::time::sleep(backoff.next_wait()).await;
            generation = self.metadata.generation();
        }
    }

    /// The leader that most brokers name; `None` where they do not agree. A leader that was stopped and goes on takes itself
    /// for the leader for seconds, and says so like any other (wire-contract §5).
    pub(crate) async fn agreed_leader(
        self: &Arc<Self>,
        stream: &StreamName,
        partition: PartitionId,
    ) -> Option<BrokerId> {
        let mut asked: JoinSet<Option<(BrokerId, BrokerId)>> = JoinSet::new();
        for address in self.brokers.in_preferred_order() {
            let (inner, stream) = (Arc::clone(self), Arc::clone(stream));
            asked.spawn(async move {
                let own = inner.fetch_stream_from(&address, &stream);
                let own = tokio::time::timeout(OTHERS_TIMEOUT, own).await.ok()?.ok()?;
                let leader = own.partition(&stream, partition)?.leader.clone()?;
                Some((own.answered_by?, leader))
            });
        }
        let most = self.known_brokers().len() / 2 + 1;
        let mut named = BTreeMap::new();
        while let Some(answer) = asked.join_next().await {
            named.extend(answer.ok().flatten());
            let leaders: BTreeSet<&BrokerId> = named.values().collect();
            let votes =
                |leader: &&&BrokerId| named.values().filter(|named| named == *leader).count();
            if let Some(leader) = leaders.iter().find(|leader| votes(leader) >= most) {
                return Some(Arc::clone(leader));
            }
        }
        None
    }

    /// The ids of all brokers ever heard of.
    fn known_brokers(&self) -> BTreeSet<BrokerId> {
        let known = self.brokers.list().into_iter();
        known.filter_map(|broker| broker.id).collect()
    }

    /// The leader of a partition, as the metadata at hand has it; as fresh metadata has it where that has none.
    pub(crate) async fn leader(
        self: &Arc<Self>,
        stream: &StreamName,
        partition: PartitionId,
    ) -> Result<Leader> {
        let cluster = self.metadata_with(stream, partition).await?;
        let mut found = self.leader_in(&cluster, stream, partition);
        if let Err(error) = &found
            && error.kind() == ErrorKind::NoLeader
        {
            let generation = self.metadata.generation();
            let fresh = self.refresh_knowing(generation, stream, partition).await?;
            found = self.leader_in(&fresh, stream, partition);
        }
        let (broker, address) = found?;
        Ok(Leader {
            broker,
            address,
            generation: self.metadata.generation(),
        })
    }

    /// The id and address of a partition's leader in that metadata.
    pub(crate) fn leader_in(
        &self,
        cluster: &Cluster,
        stream: &StreamName,
        partition: PartitionId,
    ) -> Result<(BrokerId, String)> {
        let leader = leader_named(cluster, stream, partition)?;
        self.reach_leader(cluster, leader, stream, partition)
    }

    /// The id and address of that leader of a partition.
    pub(crate) fn reach_leader(
        &self,
        cluster: &Cluster,
        leader: BrokerId,
        stream: &StreamName,
        partition: PartitionId,
    ) -> Result<(BrokerId, String)> {
        let listed = cluster.broker(&leader).map(Broker::address);
        let address = self.brokers.address(&leader, listed);
        let target = || Target::Partition(Arc::clone(stream), partition);
        let unknown = || Error::of_kind(ErrorKind::NoLeader, Rpc::FetchMetadata, target(), "");
        Ok((leader, address.ok_or_else(unknown)?))
    }
}

/// The id of a partition's leader in that metadata.
fn leader_named(
    cluster: &Cluster,
    stream: &StreamName,
    partition: PartitionId,
) -> Result<BrokerId> {
    let target = Target::Partition(Arc::clone(stream), partition);
    let fail = |kind| Error::of_kind(kind, Rpc::FetchMetadata, target.clone(), "");
    let found = cluster
        .stream(stream)
        .ok_or_else(|| fail(ErrorKind::NoSuchStream))?
        .partition(partition)
        .ok_or_else(|| fail(ErrorKind::NoSuchPartition))?;
    found
        .leader
        .clone()
        .ok_or_else(|| fail(ErrorKind::NoLeader))
}

/// Brokers that listen everywhere and say so can be reached where the one was that said it: `0.0.0.0` and `::` are no
/// addresses to dial.
fn replace_wildcards(cluster: &mut Cluster, asked: &str) {
    let host = asked.rsplit_once(':').map_or(asked, |(host, _)| host);
    for broker in &mut cluster.brokers {
        if matches!(&*broker.host, "" | "0.0.0.0" | "::" | "[::]") {
            broker.host = host.trim_matches(['[', ']']).into();
        }
    }
}

/// Whether asking again a little later may help.
fn is_transient(error: &Error) -> bool {
    error.kind().is_retryable()
}

/// Of the failures of several brokers the one that says most: that something answered, though not Liftbridge.
fn more_telling(before: Option<Error>, error: Error) -> Error {
    match before {
        Some(before) if !is_transient(&before) && is_transient(&error) => before,
        _ => error,
    }
}

/// The error where an answer of that broker is not that of a cluster.
pub(super) fn bad_answer(address: &str, unreadable: Unreadable) -> Error {
    let sentence = format!("the answer of broker {address} {unreadable}");
    let target = Target::Broker(address.into());
    Error::new(ErrorKind::BadAnswer, target, sentence)
}

/// A server that does not know this call is none of Liftbridge's.
fn not_liftbridge(error: Error, address: &str) -> Error {
    if error.kind() != ErrorKind::Unsupported {
        return error;
    }
    let sentence = format!("broker {address} speaks gRPC, but is not Liftbridge");
    Error::new(
        ErrorKind::NotLiftbridge,
        Target::Broker(address.into()),
        sentence,
    )
    .caused_by(error)
}
