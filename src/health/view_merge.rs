//! Merges the brokers' views: who knows which stream, in which incarnation.
//! Whom of them to believe is decided in `leader`.

use std::cmp::Ordering;
use std::collections::btree_map;
use std::iter::Peekable;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use super::claim::Claim;
use crate::model::{BrokerId, Cluster, Partition, PartitionId, Stream, StreamName, Timestamp};

/// Merge-joins the brokers' sorted stream maps: a lookup of each name anew would take longer than all the rest.
#[derive(Debug)]
pub(super) struct ViewMergeJoin<'a> {
    views: Vec<(Claim<'a, Cluster>, Streams<'a>)>,
}

/// The streams that are left, once the first one was asked for.
type Streams<'a> = Option<Peekable<btree_map::Range<'a, StreamName, Arc<Stream>>>>;

impl<'a> ViewMergeJoin<'a> {
    /// Begins before the first stream.
    pub(super) fn new(views: &[Claim<'a, Cluster>]) -> Self {
        Self {
            views: views.iter().map(|view| (*view, None)).collect(),
        }
    }

    /// Advances to that stream, which must not sort before the last one asked for; `None` where it does not exist.
    pub(super) fn seek(&mut self, name: &StreamName) -> Option<StreamClaims<'a>> {
        let mut claims = Vec::with_capacity(self.views.len());
        let mut unaware = Vec::new();
        for (view, streams) in &mut self.views {
            let all = &view.value.streams;
            let from = (Bound::Included(&**name), Bound::Unbounded);
            let streams = streams.get_or_insert_with(|| all.range::<str, _>(from).peekable());
            match advance(streams, name) {
                Some(stream) => claims.push(view.with(&**stream)),
                None if view.current => unaware.push(view.broker),
                None => {}
            }
        }
        StreamClaims::new(claims, unaware)
    }
}

/// A majority that does not name a stream of this age has not failed to hear of its creation.
const JUST_CREATED: Duration = Duration::from_secs(10);

/// Streams that are compared to find out whether two brokers have heard of the same changes.
const COMPARED: usize = 16;

/// From when on a stream is gone that some broker still names; `None` where it is not. A majority that knows the cluster and
/// not that stream has heard of its deletion: who names it is late, as one is for minutes that cannot follow the metadata
/// leader. One that was emptied knows nothing, and says nothing about a stream.
pub(super) fn believed_deleted_at(
    views: &[Claim<'_, Cluster>],
    name: &StreamName,
    claims: &StreamClaims<'_>,
) -> Option<Timestamp> {
    if claims.unaware.is_empty() {
        return None;
    }
    let created = claims.created()?;
    let names_it = |cluster: &Cluster| {
        let stream = cluster.streams.get(name);
        stream.is_some_and(|stream| stream.created == created)
    };
    let named_by: Vec<&Cluster> = views
        .iter()
        .map(|view| view.value)
        .filter(|cluster| names_it(cluster))
        .collect();
    let informed = views.iter().filter(|view| {
        let knows_others = named_by.iter().any(|one| share_a_stream(view.value, one));
        view.current && !view.value.streams.contains_key(name) && knows_others
    });
    (2 * informed.count() > views.len()).then(|| created.plus(JUST_CREATED))
}

/// Whether two views have a stream in common.
fn share_a_stream(one: &Cluster, other: &Cluster) -> bool {
    // Liftbridge's own are never deleted, and sort before most others.
    let mut streams = one.streams.values().take(COMPARED);
    streams.any(|stream| {
        let same = other.streams.get(&stream.name);
        same.is_some_and(|same| same.created == stream.created)
    })
}

/// Skips what sorts before that name, and returns the entry of that name if there is one.
pub(super) fn advance<'a, T>(
    entries: &mut Peekable<impl Iterator<Item = (&'a StreamName, T)>>,
    name: &StreamName,
) -> Option<T> {
    while let Some((known, _)) = entries.peek() {
        let order = if Arc::ptr_eq(known, name) {
            Ordering::Equal
        } else {
            (*known).cmp(name)
        };
        match order {
            Ordering::Less => entries.next(),
            Ordering::Equal => return entries.next().map(|(_, entry)| entry),
            Ordering::Greater => return None,
        };
    }
    None
}

/// What the brokers say of the latest incarnation of a stream.
#[derive(Debug)]
pub(super) struct StreamClaims<'a> {
    claims: Vec<Claim<'a, Stream>>,
    /// Brokers that answer and do not know that incarnation, sorted.
    unaware: Vec<&'a BrokerId>,
}

impl<'a> StreamClaims<'a> {
    /// A stream exists where any answering broker knows it, or where none answers and any ever knew it. A later
    /// incarnation of the same name hides an earlier one.
    fn new(mut claims: Vec<Claim<'a, Stream>>, mut unaware: Vec<&'a BrokerId>) -> Option<Self> {
        if !unaware.is_empty() && !claims.iter().any(|claim| claim.current) {
            return None;
        }
        let latest = claims.iter().map(|claim| claim.value.created).max()?;
        let is_outdated = |claim: &Claim<'_, Stream>| claim.value.created < latest;
        let outdated = claims.iter().filter(|claim| is_outdated(claim));
        unaware.extend(
            outdated
                .filter(|claim| claim.current)
                .map(|claim| claim.broker),
        );
        unaware.sort_unstable();
        claims.retain(|claim| !is_outdated(claim));
        Some(Self { claims, unaware })
    }

    /// The stream as the freshest view has it.
    pub(super) fn freshest(&self) -> Option<&'a Stream> {
        let freshest = self.claims.iter().max_by_key(|claim| claim.at);
        freshest.map(|claim| claim.value)
    }

    /// When the stream was created.
    pub(super) fn created(&self) -> Option<Timestamp> {
        self.freshest().map(|stream| stream.created)
    }

    /// The brokers that answer and have named it since that time.
    pub(super) fn current_since(&self, time: Timestamp) -> impl Iterator<Item = &'a BrokerId> {
        let fresh = self.claims.iter();
        let fresh = fresh.filter(move |claim| claim.current && claim.at > time);
        fresh.map(|claim| claim.broker)
    }

    /// The numbers of all partitions that any broker knows, sorted.
    pub(super) fn partition_ids(&self) -> Vec<PartitionId> {
        let partitions = self.claims.iter().flat_map(|claim| &claim.value.partitions);
        let mut ids: Vec<PartitionId> = partitions.map(|partition| partition.id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// What each broker says of that partition.
    pub(super) fn of_partition(
        &self,
        id: PartitionId,
    ) -> impl Iterator<Item = Claim<'a, Partition>> {
        let claims = self.claims.iter();
        claims.filter_map(move |claim| Some(claim.with(claim.value.partition(id)?)))
    }

    /// Those of the replicas that answer and do not know the stream.
    pub(super) fn unaware_among(&self, replicas: &[BrokerId]) -> Vec<BrokerId> {
        let unaware = self.unaware.iter().copied();
        unaware
            .filter(|id| replicas.contains(id))
            .cloned()
            .collect()
    }
}
