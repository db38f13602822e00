//! Messages that a broker refused without storing them: they go to another one, where that may know better.

use std::sync::Arc;

use tokio::time::Instant;

use super::super::PendingPublish;
use super::super::call::CallId;
use super::PublishSession;
use crate::client::error::Error;
use crate::client::metadata::Existence;
use crate::client::publish::refused_as_missing;
use crate::model::{ErrorKind, Target};
use crate::wire::pb;
use crate::wire::rpc::Rpc;
use crate::wire::status;

/// A message that its broker refused without storing it, and why.
pub(super) struct Refused {
    pub(super) publish: PendingPublish,
    pub(super) error: Error,
}

impl PublishSession {
    /// A broker refused the message. One that has just started knows no stream for seconds (wire-contract §5), and one
    /// that finds no metadata leader cannot resume a paused partition: nothing was stored, and others may know better.
    pub(super) fn on_error(
        &mut self,
        id: u64,
        call: CallId,
        publish: PendingPublish,
        error: &pb::PublishAsyncError,
    ) {
        let kind = status::of_async_error(error);
        let target = publish.target.clone();
        let error = Error::of_kind(kind, Rpc::PublishAsync, target.clone(), &error.message);
        if kind == ErrorKind::NoMetadataLeader {
            self.last_refusal = Some(error);
            self.not_before = Instant::now() + self.backoff.next_wait();
            self.waiting.push_front(publish);
            return self.leave(call);
        }
        if !self.inner.invalidate_if_missing(kind) {
            return publish.complete(Err(error));
        }
        let waiting = self.refused.entry(target.clone()).or_default();
        waiting.push((id, Refused { publish, error }));
        if waiting.len() == 1 {
            let inner = Arc::clone(&self.inner);
            self.lookups.spawn(async move {
                let Target::Partition(stream, partition) = &target else {
                    return (target, Existence::Missing);
                };
                let limit = inner.options.request_timeout;
                let existence = inner.existence(stream, *partition, limit).await;
                (target, existence)
            });
        }
        self.leave(call);
    }

    /// The other brokers have been asked about a partition that one did not know.
    pub(super) fn on_lookup(&mut self, target: &Target, existence: Existence) {
        let mut refused = self.refused.remove(target).unwrap_or_default();
        refused.sort_by_key(|(id, _)| *id);
        for (_, Refused { publish, error }) in refused.into_iter().rev() {
            match existence {
                Existence::Missing => publish.complete(Err(error)),
                Existence::Known => self.waiting.push_front(publish),
                Existence::KnownBefore | Existence::Unclear => {
                    self.last_refusal = Some(refused_as_missing(error, existence));
                    self.waiting.push_front(publish);
                }
            }
        }
        if matches!(existence, Existence::Unclear | Existence::KnownBefore) {
            self.not_before = Instant::now() + self.backoff.next_wait();
        }
    }
}
