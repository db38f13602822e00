//! Metadata of some streams and consumer groups alone: in a large cluster, much less than all of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use prost::Message as _;
use tonic::Request;

use super::error::Result;
use super::groups::known_groups;
use super::inner::{Api, Inner};
use super::metadata::bad_answer;
use super::observer::Observer;
use crate::model::{BrokerId, Cluster, Target};
use crate::wire::rpc::Rpc;
use crate::wire::{metadata, pb};

/// What [`Observer::fetch_metadata_of`] asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetadataOptions {
    /// Streams to tell of; empty: all.
    pub streams: Vec<String>,
    /// Consumer groups to tell of; empty: none.
    pub groups: Vec<String>,
}

impl MetadataOptions {
    /// Tells of these streams alone.
    #[must_use]
    pub fn streams<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.streams = names.into_iter().map(Into::into).collect();
        self
    }

    /// Tells of these consumer groups.
    #[must_use]
    pub fn groups<S: Into<String>>(mut self, ids: impl IntoIterator<Item = S>) -> Self {
        self.groups = ids.into_iter().map(Into::into).collect();
        self
    }
}

/// What a broker said of the streams and groups that were asked for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Metadata {
    /// The brokers, and those of the streams that it knows.
    pub cluster: Cluster,
    /// Those of the groups that it knows, by id. A group is gone when its last member has left.
    pub groups: BTreeMap<String, ConsumerGroupMetadata>,
}

/// What metadata says of a consumer group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerGroupMetadata {
    /// Its id.
    pub id: String,
    /// The broker that shares the partitions out among its members.
    pub coordinator: BrokerId,
    /// Grows with every change of its members or its coordinator; 0 where it has had one member alone.
    pub epoch: u64,
}

impl ConsumerGroupMetadata {
    /// As a broker answered it.
    pub(super) fn of(group: &pb::ConsumerGroupMetadata) -> Self {
        Self {
            id: group.group_id.clone(),
            coordinator: group.coordinator.as_str().into(),
            epoch: group.epoch,
        }
    }
}

impl Observer {
    /// Metadata of some streams and groups, from whichever broker answers first. Nothing of it is remembered for other
    /// calls. Cancel safe: a call that is dropped has changed nothing.
    ///
    /// # Errors
    /// As [`fetch_metadata`](Self::fetch_metadata).
    pub async fn fetch_metadata_of(&self, options: MetadataOptions) -> Result<Metadata> {
        self.inner().fetch_metadata_of(options).await
    }

    /// What metadata says of one consumer group; where the broker that is asked does not know it, the others tell.
    ///
    /// # Errors
    /// [`NoSuchGroup`](crate::model::ErrorKind::NoSuchGroup): no broker that answers knows it.
    pub async fn consumer_group(&self, id: &str) -> Result<ConsumerGroupMetadata> {
        let group = self.inner().fetch_group(id).await?;
        Ok(ConsumerGroupMetadata::of(&group))
    }
}

impl Inner {
    async fn fetch_metadata_of(self: &Arc<Self>, options: MetadataOptions) -> Result<Metadata> {
        let request = pb::FetchMetadataRequest {
            streams: options.streams,
            groups: options.groups,
        };
        let send = |mut api: Api, _| {
            let request = Request::new(request.clone());
            async move { api.fetch_metadata(request).await }
        };
        let limit = self.options.metadata_timeout;
        let mut answer = self
            .call_any(Rpc::FetchMetadata, &Target::Cluster, limit, send)
            .await?;
        let groups = known_groups(std::mem::take(&mut answer.group_metadata));
        Ok(Metadata {
            groups: groups
                .map(|group| (group.group_id.clone(), ConsumerGroupMetadata::of(&group)))
                .collect(),
            cluster: metadata::read(&answer.encode_to_vec(), None)
                .map_err(|unreadable| bad_answer("that was asked", unreadable))?,
        })
    }
}
