//! Consumer groups as far as they can be found without a member noticing: the API lists none (wire-contract §4.7).
//! Being a member is `consumer`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tonic::Request;

use super::Observer;
use super::cursors::{LogItem, ReadLimit, up_to_now};
use super::error::{Error, Result};
use super::inner::{Api, Inner};
use super::metadata::OTHERS_TIMEOUT;
use super::transport::Call;
use crate::model::{
    ActivityEvent, ActivityKind, CursorEntry, EndReason, ErrorKind, GroupInfo, Offset, StreamName,
    Target, grouped,
};
use crate::wire::internal::{self, ACTIVITY};
use crate::wire::pb;
use crate::wire::rpc::Rpc;

/// What metadata says of groups, by their ids.
type Groups = BTreeMap<String, pb::ConsumerGroupMetadata>;

/// Names of groups, members and streams that `__activity` may tell of: of more, nothing is known for certain.
const MOST_NAMES: usize = 100_000;
/// Groups that there may be: metadata is asked for each.
const MOST_GROUPS: usize = 10_000;

/// What `__activity` has told of groups so far, so that each reading goes on where the one before ended.
#[derive(Debug, Default)]
pub(crate) struct GroupLog {
    groups: BTreeMap<String, Members>,
    next: Option<Offset>,
    latest_id: u64,
    /// How many names there are.
    names: usize,
}

#[derive(Clone, Debug, Default)]
struct Members {
    consumers: BTreeSet<String>,
    streams: BTreeSet<StreamName>,
}

impl GroupLog {
    fn apply_event(&mut self, event: ActivityEvent) {
        if event.id <= self.latest_id {
            return;
        }
        self.latest_id = event.id;
        // Too many already: nothing is taken back, so that this stays known.
        if self.names > MOST_NAMES {
            return;
        }
        let known = self.groups.len();
        match event.kind {
            ActivityKind::JoinGroup {
                group,
                consumer,
                streams,
            } => {
                let members = self.groups.entry(group).or_default();
                self.names += usize::from(members.consumers.insert(consumer));
                for stream in streams {
                    self.names += usize::from(members.streams.insert(stream));
                }
            }
            ActivityKind::LeaveGroup {
                group, consumer, ..
            } => {
                let members = self.groups.entry(group).or_default();
                self.names -= usize::from(members.consumers.remove(&consumer));
            }
            ActivityKind::CreateStream { .. }
            | ActivityKind::DeleteStream { .. }
            | ActivityKind::PauseStream { .. }
            | ActivityKind::ResumeStream { .. }
            | ActivityKind::SetReadonly { .. }
            | ActivityKind::MoveCursorBack { .. }
            | ActivityKind::Unknown { .. } => {}
        }
        self.names += self.groups.len() - known;
    }
}

impl Observer {
    /// All groups that joins, leaves and cursors tell of, with what metadata says of each. Asks for no assignments,
    /// which would keep a dead member alive. Without an activity stream, or while it is paused, members are unknown
    /// and only groups with cursors are sure to be found.
    ///
    /// # Errors
    /// Where no broker answers.
    pub async fn groups(&self) -> Result<Vec<GroupInfo>> {
        let limit = self.inner().options.request_timeout;
        self.groups_within(limit).await
    }

    /// As [`groups`](Self::groups), reading for so long at most: what was not read to its end by then counts as unknown.
    ///
    /// # Errors
    /// As [`groups`](Self::groups).
    pub async fn groups_within(&self, limit: Duration) -> Result<Vec<GroupInfo>> {
        let limit = ReadLimit::new(limit);
        let inner = self.inner();
        let mut log = inner.groups.lock().await;
        let is_read = inner.read_group_log(&mut log, limit).await?;
        let cursors = match inner.read_cursors(false, limit).await {
            Err(error) if error.kind() == ErrorKind::CursorsDisabled => Vec::new(),
            reading => reading?.entries,
        };
        let found = gather(&log, &cursors);
        let are_known = log.names <= MOST_NAMES && found.len() <= MOST_GROUPS;
        drop(log);
        if !are_known {
            return Err(too_many());
        }
        let ids = found.keys().cloned().collect();
        let metadata = inner.fetch_groups(ids).await?;
        let group = |(id, members)| describe(id, members, &metadata, is_read);
        Ok(found.into_iter().map(group).collect())
    }
}

/// Groups of the log and of cursors, together.
/// That there are more groups than are read.
fn too_many() -> Error {
    let most = grouped(i64::try_from(MOST_GROUPS).unwrap_or(i64::MAX));
    let sentence = format!(
        "there are more than {most} consumer groups or joins of them, and no more are read"
    );
    Error::new(ErrorKind::BadAnswer, Target::Cluster, sentence)
}

fn gather(log: &GroupLog, cursors: &[CursorEntry]) -> BTreeMap<String, Members> {
    let mut found = log.groups.clone();
    for cursor in cursors {
        if let Some(group) = cursor.group() {
            let members = found.entry(group.to_owned()).or_default();
            members.streams.insert(Arc::clone(&cursor.stream));
        }
    }
    found
}

fn describe(id: String, members: Members, metadata: &Groups, is_read: bool) -> GroupInfo {
    let known = metadata.get(&id);
    GroupInfo {
        coordinator: known.map(|group| group.coordinator.clone()),
        epoch: known.map(|group| group.epoch),
        // A group is gone from metadata when its last member has left.
        members: match known {
            None => Some(Vec::new()),
            Some(_) => is_read.then(|| members.consumers.into_iter().collect()),
        },
        streams: members.streams.into_iter().collect(),
        id,
    }
}

impl Inner {
    /// Reads what is new in `__activity`; `false` where there is none to read, or it is paused: what it holds beyond
    /// what was read before is unknown then.
    async fn read_group_log(
        self: &Arc<Self>,
        log: &mut GroupLog,
        limit: ReadLimit,
    ) -> Result<bool> {
        let request = up_to_now(ACTIVITY, 0, log.next);
        let read = self
            .read_until_end(request, limit, |item| match item {
                LogItem::Message(message) => {
                    log.next = Some(message.offset + 1);
                    if let Some(event) = internal::activity(&message) {
                        log.apply_event(event);
                    }
                }
                LogItem::Rewound => *log = GroupLog::default(),
            })
            .await;
        match read {
            Ok(end) => Ok(end != EndReason::Paused),
            // Without it members are unknown; groups with cursors are found all the same.
            Err(error) if error.kind() != ErrorKind::Closed => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What metadata says of one group.
    pub(crate) async fn fetch_group(
        self: &Arc<Self>,
        id: &str,
    ) -> Result<pb::ConsumerGroupMetadata> {
        let mut groups = self.fetch_groups(vec![id.to_owned()]).await?;
        groups.remove(id).ok_or_else(|| {
            let target = Target::Group(id.to_owned());
            Error::of_kind(ErrorKind::NoSuchGroup, Rpc::FetchMetadata, target, "")
        })
    }

    /// What metadata says of these groups; those that no broker knows are left out. A group that one does not know may
    /// have lost its last member, or the broker has just started and knows none for seconds: the others tell.
    pub(crate) async fn fetch_groups(self: &Arc<Self>, ids: Vec<String>) -> Result<Groups> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut known = self.groups_known_to_any(&ids).await?;
        let unknown: Vec<String> = ids
            .into_iter()
            .filter(|id| !known.contains_key(id))
            .collect();
        if !unknown.is_empty() {
            known.extend(self.groups_known_to_all(&unknown).await);
        }
        Ok(known)
    }

    /// What whichever broker answers first says of these groups.
    async fn groups_known_to_any(self: &Arc<Self>, ids: &[String]) -> Result<Groups> {
        let request = about(ids);
        let send = |mut api: Api, _| {
            let request = Request::new(request.clone());
            async move { api.fetch_metadata(request).await }
        };
        let limit = self.options.metadata_timeout;
        let answer = self
            .call_any(Rpc::FetchMetadata, &Target::Cluster, limit, send)
            .await?;
        Ok(known_in(answer))
    }

    /// What all brokers together say of these groups, as far as they answer soon.
    async fn groups_known_to_all(self: &Arc<Self>, ids: &[String]) -> Groups {
        let mut answers = JoinSet::new();
        for address in self.brokers.in_preferred_order() {
            let (inner, request) = (Arc::clone(self), Request::new(about(ids)));
            answers.spawn(async move {
                let call = Call {
                    rpc: Rpc::FetchMetadata,
                    target: &Target::Cluster,
                    address: &address,
                };
                let answer = inner.call(call, OTHERS_TIMEOUT, async |mut api: Api| {
                    api.fetch_metadata(request).await
                });
                answer.await.map(known_in).unwrap_or_default()
            });
        }
        let mut known = Groups::new();
        while let Some(answer) = answers.join_next().await {
            known.extend(answer.unwrap_or_default());
        }
        known
    }
}

/// The question about these groups. It names one stream, since naming none asks for all.
fn about(ids: &[String]) -> pb::FetchMetadataRequest {
    pb::FetchMetadataRequest {
        streams: vec![ACTIVITY.to_owned()],
        groups: ids.to_vec(),
    }
}

fn known_in(answer: pb::FetchMetadataResponse) -> Groups {
    known_groups(answer.group_metadata)
        .map(|group| (group.group_id.clone(), group))
        .collect()
}

/// Those of the groups that the broker knows.
pub(super) fn known_groups(
    groups: Vec<pb::ConsumerGroupMetadata>,
) -> impl Iterator<Item = pb::ConsumerGroupMetadata> {
    let known = pb::consumer_group_metadata::Error::Ok as i32;
    groups.into_iter().filter(move |group| group.error == known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn repeated_events_do_not_bring_a_member_back() {
        let mut log = GroupLog::default();
        let event = |id, kind| ActivityEvent {
            id,
            time: Timestamp(0),
            kind,
        };
        let join = ActivityKind::JoinGroup {
            group: "g".into(),
            consumer: "c".into(),
            streams: vec!["s".into()],
        };
        let leave = ActivityKind::LeaveGroup {
            group: "g".into(),
            consumer: "c".into(),
            expired: true,
        };
        log.apply_event(event(5, join.clone()));
        assert_eq!(log.groups["g"].consumers.len(), 1);
        log.apply_event(event(8, leave));
        log.apply_event(event(5, join));
        assert!(log.groups["g"].consumers.is_empty());
        assert_eq!(log.groups["g"].streams.len(), 1);
        assert_eq!(log.names, 2, "the group and its stream");
    }

    #[test]
    fn names_are_taken_up_to_a_bound_and_that_there_are_more_stays_known() {
        let mut log = GroupLog::default();
        for id in 0..u64::try_from(MOST_NAMES).unwrap() {
            let (time, consumer) = (Timestamp(0), id.to_string());
            let join = |consumer| ActivityKind::JoinGroup {
                group: "g".into(),
                consumer,
                streams: Vec::new(),
            };
            let kind = join(consumer);
            log.apply_event(ActivityEvent {
                id: id + 1,
                time,
                kind,
            });
        }
        assert_eq!(log.names, MOST_NAMES + 1);
        let leave = ActivityKind::LeaveGroup {
            group: "g".into(),
            consumer: "0".into(),
            expired: false,
        };
        let (id, time) = (u64::MAX, Timestamp(0));
        log.apply_event(ActivityEvent {
            id,
            time,
            kind: leave,
        });
        assert_eq!(log.names, MOST_NAMES + 1);
    }
}
