//! Single messages of a log, read with subscriptions of their own: where it begins, what stands at an offset, which
//! message is the first of a time. No call tells these.

use std::sync::Arc;
use std::time::Duration;

use super::positions::{LogEnds, StartPosition};
use crate::client::inner::Inner;
use crate::model::{Offset, PartitionId, StreamName, SubscribeSpec, Timestamp};
use crate::wire::grpc_channel::GrpcChannel;
use crate::wire::pb;
use crate::wire::rpc::Rpc;
use crate::wire::status::{self, Meaning};

/// How long one message may take: it is there, or it is not.
const READ_TIMEOUT: Duration = Duration::from_secs(1);

/// Reads single messages of one partition at one broker.
pub(super) struct LogProbe {
    channel: GrpcChannel,
    request: pb::SubscribeRequest,
}

/// Offset and time of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) offset: Offset,
    pub(super) time: Timestamp,
}

/// How a log begins, as a subscription at its oldest message shows.
pub(super) enum OldestProbe {
    /// Nothing came, or not in time.
    Unknown,
    /// This one came, and no other so far.
    Only(Offset),
    /// This one came, and another after it.
    Many,
    /// One came and then the end: the server was asked for the newest first, and knows what that is.
    Backwards,
}

impl Inner {
    /// Offset and time of the first committed message from that offset on, at the partition's leader; `None` where there is
    /// none, or it cannot be had now.
    pub(crate) async fn first_from(
        self: &Arc<Self>,
        stream: &StreamName,
        partition: PartitionId,
        offset: Offset,
    ) -> Option<(Offset, Timestamp)> {
        let leader = self.leader(stream, partition).await.ok()?;
        let channel = self.pool.requests(&leader.address).ok()?;
        let spec = SubscribeSpec::new(Arc::clone(stream), partition);
        let probe = LogProbe::new(channel, &spec);
        let found = probe.first_at(StartPosition::Offset(offset)).await?;
        Some((found.offset, found.time))
    }
}

impl LogProbe {
    /// Probes the partition of a subscription on one of the broker's connections.
    pub(super) fn new(channel: GrpcChannel, spec: &SubscribeSpec) -> Self {
        let request = pb::SubscribeRequest {
            stream: spec.stream.to_string(),
            partition: spec.partition,
            read_isr_replica: spec.isr_replica,
            ..pb::SubscribeRequest::default()
        };
        Self { channel, request }
    }

    /// The first message from that position on; `None` where none comes at once.
    pub(super) async fn first_at(&self, start: StartPosition) -> Option<Found> {
        let (position, offset, time) = start.on_the_wire();
        let request = pb::SubscribeRequest {
            start_position: position.into(),
            start_offset: offset,
            start_timestamp: time,
            ..self.request.clone()
        };
        let reading = async {
            let mut messages = self.open(request).await?;
            let first = messages.message().await.ok()??;
            Some(Found {
                offset: first.offset,
                time: Timestamp(first.timestamp),
            })
        };
        tokio::time::timeout(READ_TIMEOUT, reading).await.ok()?
    }

    /// The first message at or after that time among those committed, found by halving the log: servers look times up
    /// in an index whose newest segment may be empty, and then find nothing (seen on servers).
    pub(super) async fn first_at_time(&self, time: Timestamp, ends: LogEnds) -> Option<Offset> {
        let last = self
            .first_at(StartPosition::Offset(ends.high_watermark))
            .await?;
        if last.time < time {
            return None;
        }
        let first = self.first_at(StartPosition::Earliest).await?;
        if first.time >= time {
            return Some(first.offset);
        }
        // `low` is older than the time, `high` is not. A message that compaction removed counts as the one after it.
        let (mut low, mut high) = (first.offset, last.offset);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let found = self.first_at(StartPosition::Offset(middle)).await?;
            if found.time < time {
                low = found.offset.max(middle);
            } else {
                high = middle;
            }
        }
        Some(high)
    }

    /// The offset from which on all is at or after that time, the end of the log where nothing is; `None` where it cannot be
    /// told, be it that what is not committed yet may be that new.
    pub(super) async fn next_unread(&self, time: Timestamp, ends: LogEnds) -> Option<Offset> {
        if let Some(found) = self.first_at(StartPosition::Time(time)).await {
            return Some(found.offset);
        }
        if ends.high_watermark >= 0
            && let last = self.first_at(StartPosition::Offset(ends.high_watermark))
            && last.await?.time >= time
        {
            return self.first_at_time(time, ends).await;
        }
        ends.uncommitted().is_none().then(|| ends.next())
    }

    /// How the log begins, read forwards or backwards.
    pub(super) async fn oldest(&self, reverse: bool) -> OldestProbe {
        let request = pb::SubscribeRequest {
            start_position: pb::StartPosition::Earliest.into(),
            reverse,
            ..self.request.clone()
        };
        let mut oldest = OldestProbe::Unknown;
        let reading = self.read_oldest(request, &mut oldest);
        tokio::time::timeout(READ_TIMEOUT, reading).await.ok();
        oldest
    }

    /// Reads the first message, and where the order is in question the second; what is known so far stands in `oldest`
    /// whenever this is given up.
    async fn read_oldest(
        &self,
        request: pb::SubscribeRequest,
        oldest: &mut OldestProbe,
    ) -> Option<()> {
        let reverse = request.reverse;
        let mut messages = self.open(request).await?;
        let first = messages.message().await.ok()??.offset;
        *oldest = OldestProbe::Only(first);
        if !reverse {
            return Some(());
        }
        match messages.message().await {
            Ok(Some(_)) => *oldest = OldestProbe::Many,
            Ok(None) => {}
            Err(status) => {
                let meaning = status::of_status(Rpc::Subscribe, status.code(), status.message());
                if meaning == Meaning::OldestReached {
                    *oldest = OldestProbe::Backwards;
                }
            }
        }
        Some(())
    }

    /// Subscribes and takes the handshake.
    async fn open(&self, request: pb::SubscribeRequest) -> Option<tonic::Streaming<pb::Message>> {
        let mut api = pb::api_client::ApiClient::new(self.channel.clone());
        let mut messages = api.subscribe(request).await.ok()?.into_inner();
        messages.message().await.ok()??;
        Some(messages)
    }
}
