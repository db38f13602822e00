//! When a broker that has come back is believed again. It answers at once, and what it says is not true for seconds: one
//! that was restarted replays its log of changes, deleted streams included; one that was stopped goes on where it was.

use std::time::Duration;

use super::view_merge::advance;
use crate::model::{Cluster, Timestamp};

/// A broker that names other leaders than the others do is believed after so long all the same: it may be right, and
/// they late.
const BELIEVED_ANYWAY: Duration = Duration::from_secs(15);

/// So late is one believed that knows other streams than who was there all the time: while no metadata leader is elected
/// it stands where its log of changes stood, and a stream can be created or deleted only where a majority hears of it.
const OTHER_STREAMS_BELIEVED: Duration = Duration::from_secs(60);

/// So long after its return a broker is believed that nobody else can confirm.
const BELIEVED_ALONE: Duration = Duration::from_secs(8);

/// A stream that is older than this when one broker alone names it for the first time was not created just now.
const JUST_CREATED: Duration = Duration::from_secs(10);

/// Whether a broker is believed that came back at `since`, from what it says now and what another says who was there all
/// the time.
pub(super) fn is_believed_beside(
    now: (&Cluster, Timestamp),
    since: Timestamp,
    other: &Cluster,
) -> bool {
    let late = if know_same_streams(now.0, other) {
        BELIEVED_ANYWAY
    } else {
        OTHER_STREAMS_BELIEVED
    };
    is_believed_after(late, now, since, other)
}

/// The same where nobody was there all the time, from what it said before it was gone. Of one that is all there is, nobody
/// else can ever know better.
pub(super) fn is_believed_alone(
    now: (&Cluster, Timestamp),
    since: Timestamp,
    before: &Cluster,
    is_only_one: bool,
) -> bool {
    let is_settled = is_only_one || know_same_streams(now.0, before) || is_made_anew(now.0, before);
    let late = if is_settled {
        BELIEVED_ALONE
    } else {
        OTHER_STREAMS_BELIEVED
    };
    is_believed_after(late, now, since, before)
}

/// At once where it says the same as that one, and so long after its return in any case.
fn is_believed_after(
    late: Duration,
    (cluster, at): (&Cluster, Timestamp),
    since: Timestamp,
    same: &Cluster,
) -> bool {
    since.age(at) >= late || agrees(cluster, same)
}

/// Whether the cluster has begun anew since: one of Liftbridge's own streams, which are never deleted, is another one. Only
/// a metadata leader makes these.
fn is_made_anew(now: &Cluster, before: &Cluster) -> bool {
    let mut own = now.streams.values().filter(|stream| stream.is_internal());
    own.any(|stream| {
        let old = before.streams.get(&stream.name);
        old.is_some_and(|old| old.created != stream.created)
    })
}

/// Whether two views know the same streams.
fn know_same_streams(left: &Cluster, right: &Cluster) -> bool {
    let pairs = left.streams.values().zip(right.streams.values());
    left.streams.len() == right.streams.len()
        && pairs
            .into_iter()
            .all(|(left, right)| left.name == right.name && left.created == right.created)
}

/// Whether two views know the same streams under the same leaders.
pub(super) fn agrees(left: &Cluster, right: &Cluster) -> bool {
    let pairs = left.streams.values().zip(right.streams.values());
    left.streams.len() == right.streams.len()
        && pairs.into_iter().all(|(left, right)| {
            let partitions = left.partitions.iter().zip(&right.partitions);
            left.name == right.name
                && left.created == right.created
                && left.partitions.len() == right.partitions.len()
                && partitions
                    .into_iter()
                    .all(|(left, right)| left.id == right.id && left.leader == right.leader)
        })
}

/// Whether a broker that was not missed shows that it was restarted: it lacks one of Liftbridge's own streams, which are
/// never deleted, or all; or it alone names a stream that was not created just now, or before it came back: who replays its
/// log of changes names for a moment what the others do, and streams that are gone thereafter.
pub(super) fn was_restarted(
    now: (&Cluster, Timestamp),
    before: &Cluster,
    other: Option<&Cluster>,
    back_since: Option<Timestamp>,
) -> bool {
    let (cluster, at) = now;
    // An answer that is wholly that of before is shared.
    if std::ptr::eq(cluster, before) {
        return false;
    }
    let lacks = |name: &str| !cluster.streams.contains_key(name);
    // The last stream may have been deleted.
    let lost_all = before.streams.len() > 1 && cluster.streams.is_empty();
    let mut own = before
        .streams
        .values()
        .filter(|stream| stream.is_internal());
    if lost_all || own.any(|stream| lacks(&stream.name)) {
        return true;
    }
    let Some(other) = other else { return false };
    // Side by side: a lookup of each name would take longer than all the rest of an answer.
    let mut known = before.streams.iter().peekable();
    let mut others = other.streams.iter().peekable();
    let is_new = |created: Timestamp| {
        created.age(at) <= JUST_CREATED && back_since.is_none_or(|since| since <= created)
    };
    cluster.streams.values().any(|stream| {
        advance(&mut known, &stream.name).is_none()
            && advance(&mut others, &stream.name).is_none()
            && !is_new(stream.created)
    })
}
