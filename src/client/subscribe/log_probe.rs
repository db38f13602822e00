//! Single messages of a log, read with subscriptions of their own: where it begins, what stands at an offset, which
//! message is the first of a time. No call tells these.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::connector::Connector;
use super::positions::{LogEnds, StartPosition};
use crate::client::error::Result;
use crate::client::inner::Inner;
use crate::model::{Offset, PartitionId, StartAt, StreamName, SubscribeSpec, Timestamp};
use crate::wire::grpc_channel::GrpcChannel;
use crate::wire::pb;
use crate::wire::rpc::Rpc;
use crate::wire::status::{self, Meaning};

/// How long one message may take: it is there, or it is not.
const READ_TIMEOUT: Duration = Duration::from_secs(1);

/// How long the second message of a reversed read may take: a server that reads forwards is silent there for ever.
const REVERSED_TIMEOUT: Duration = Duration::from_millis(300);

/// How much wider each window of the log is than the one after it, where messages are counted backwards.
const WIDER: i64 = 4;

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
    /// It was not taken, or it ended.
    Unknown,
    /// This one came, and no other so far.
    Only(Offset),
    /// The server took the subscription and brought nothing in time.
    Nothing,
    /// This one came, and another after it.
    Many,
    /// One came and then the end: the server was asked for the newest first, and knows what that is.
    Backwards,
}

impl Inner {
    /// Where the last `count` committed messages of a partition begin, as its leader tells; `None` where it holds none.
    pub(crate) async fn nth_last(
        self: &Arc<Self>,
        stream: &StreamName,
        partition: PartitionId,
        count: u64,
    ) -> Result<Option<Offset>> {
        let log = self.committed_log(stream, partition).await?;
        Ok(log.nth_last(count).await)
    }

    /// The committed part of a partition's log.
    pub(crate) async fn committed_log(
        self: &Arc<Self>,
        stream: &StreamName,
        partition: PartitionId,
    ) -> Result<CommittedLog> {
        Ok(CommittedLog {
            ends: LogEnds::of(&self.fetch_partition(stream, partition).await?),
            probe: self.leader_probe(stream, partition).await?,
        })
    }

    /// Offset and time of the first committed message from that offset on, at the partition's leader; `None` where there is
    /// none, or it cannot be had now.
    pub(crate) async fn first_from(
        self: &Arc<Self>,
        stream: &StreamName,
        partition: PartitionId,
        offset: Offset,
    ) -> Option<(Offset, Timestamp)> {
        let probe = self.leader_probe(stream, partition).await.ok()?;
        probe.first_from(offset).await
    }

    async fn leader_probe(
        self: &Arc<Self>,
        stream: &StreamName,
        partition: PartitionId,
    ) -> Result<LogProbe> {
        let leader = self.leader(stream, partition).await?;
        let channel = self.pool.requests(&leader.address)?;
        let spec = SubscribeSpec::new(Arc::clone(stream), partition);
        Ok(LogProbe::new(channel, &spec))
    }
}

/// What is committed of one partition, as its leader holds it.
pub(crate) struct CommittedLog {
    probe: LogProbe,
    ends: LogEnds,
}

impl CommittedLog {
    /// Its newest offset; -1 where nothing is committed.
    pub(crate) fn newest_committed(&self) -> Offset {
        self.ends.high_watermark
    }

    /// Offset and time of the first message from that offset on; `None` where there is none yet, or it cannot be had now.
    pub(crate) async fn first_from(&self, offset: Offset) -> Option<(Offset, Timestamp)> {
        if offset > self.newest_committed() {
            return None;
        }
        self.probe.first_from(offset.max(0)).await
    }

    /// The offset of the first message of that time or later; `None` where there is none yet.
    pub(crate) async fn first_since(&self, time: Timestamp) -> Option<Offset> {
        let found = self.probe.next_unread(time, self.ends).await;
        found.filter(|offset| *offset <= self.newest_committed())
    }

    /// Where the last `count` messages begin; `None` where none is kept.
    pub(crate) async fn nth_last(&self, count: u64) -> Option<Offset> {
        self.probe.nth_last(count, self.newest_committed()).await
    }
}

impl Connector {
    /// Where the last N messages begin, if those are what is asked for.
    pub(super) async fn nth_last(&self, ends: Option<LogEnds>, address: &str) -> Option<Offset> {
        let newest = ends?.high_watermark;
        let StartAt::Last(count) = self.request.spec.start else {
            return None;
        };
        self.probe(address)?.nth_last(count, newest).await
    }
}

/// How far a log reaches that was read before and left, in the one that is read now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeftLog {
    /// It holds it up to the message before that offset.
    EndsBefore(Offset),
    /// It may hold it up to there, and cannot be read that far yet.
    Uncommitted(Offset),
    /// It does not hold what was delivered last of it.
    Unknown,
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

    /// Offset and time of the first message from that offset on.
    async fn first_from(&self, offset: Offset) -> Option<(Offset, Timestamp)> {
        let found = self.first_at(StartPosition::Offset(offset)).await?;
        Some((found.offset, found.time))
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

    /// Finds which of these messages the log holds, the last of them first.
    pub(super) async fn end_of_known(
        &self,
        known: &[(Offset, Timestamp)],
        ends: LogEnds,
    ) -> LeftLog {
        for (offset, delivered) in known.iter().rev().copied() {
            if offset > ends.high_watermark {
                if offset < ends.next() {
                    return LeftLog::Uncommitted(offset.saturating_add(1));
                }
                continue;
            }
            let found = self.first_at(StartPosition::Offset(offset)).await;
            if found.is_some_and(|found| (found.offset, found.time) == (offset, delivered)) {
                return LeftLog::EndsBefore(offset.saturating_add(1));
            }
        }
        LeftLog::Unknown
    }

    /// The offset behind the last of these messages that is committed in the log; `None` where it holds none of them. Found by
    /// halving: a log that was read before holds them up to where it ends, or goes on with others.
    pub(super) async fn end_of_samples(
        &self,
        samples: Vec<(Offset, Timestamp)>,
        ends: LogEnds,
    ) -> Option<Offset> {
        // Of two logs that were read a sample each may stand at one offset.
        let mut times: BTreeMap<Offset, Vec<Timestamp>> = BTreeMap::new();
        for (offset, time) in samples {
            if offset <= ends.high_watermark {
                times.entry(offset).or_default().push(time);
            }
        }
        let times: Vec<_> = times.into_iter().collect();
        let (mut low, mut high) = (0, times.len());
        let mut end = None;
        while low < high {
            let middle = low + (high - low) / 2;
            let (offset, delivered) = times.get(middle)?;
            let found = self.first_at(StartPosition::Offset(*offset)).await;
            let is_held = found
                .is_some_and(|found| found.offset == *offset && delivered.contains(&found.time));
            if is_held {
                end = Some(offset.saturating_add(1));
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        end
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

    /// Where the last `count` messages up to that offset begin, the oldest one where fewer are kept; `None` where none is,
    /// or it cannot be told now. Offsets do not tell: compaction leaves gaps.
    pub(super) async fn nth_last(&self, count: u64, newest: Offset) -> Option<Offset> {
        if count == 0 || newest < 0 {
            return None;
        }
        let mut missing = Offset::try_from(count).unwrap_or(Offset::MAX);
        let mut width = missing;
        let mut before = newest.saturating_add(1);
        let mut oldest = None;
        loop {
            let from = before.saturating_sub(width).max(0);
            let found = self.count(from, before).await?;
            if found >= missing {
                return self.skip(from, found - missing).await;
            }
            let oldest = match oldest {
                Some(oldest) => oldest,
                None => *oldest.insert(self.first_at(StartPosition::Earliest).await?.offset),
            };
            if from <= oldest {
                return Some(oldest);
            }
            if before > newest
                && let Some(first) = self.nth_last_reversed(count, newest).await
            {
                return Some(first);
            }
            missing -= found;
            before = from;
            width = width.saturating_mul(WIDER);
        }
    }

    /// How many messages there are from one offset on and before another, at or after which there is one.
    async fn count(&self, from: Offset, before: Offset) -> Option<Offset> {
        let mut messages = self.open(self.at_offset(from)).await?;
        let mut count = 0;
        loop {
            let next = tokio::time::timeout(READ_TIMEOUT, messages.message());
            let offset = next.await.ok()?.ok()??.offset;
            if offset < before {
                count += 1;
            }
            if offset >= before - 1 {
                return Some(count);
            }
        }
    }

    /// The offset of the message that follows so many from there on.
    async fn skip(&self, from: Offset, count: Offset) -> Option<Offset> {
        let mut messages = self.open(self.at_offset(from)).await?;
        let mut offset = None;
        for _ in 0..=count {
            let next = tokio::time::timeout(READ_TIMEOUT, messages.message());
            offset = Some(next.await.ok()?.ok()??.offset);
        }
        offset
    }

    /// [`LogProbe::nth_last`] in one call of a server that can read newest first; `None` where it does not. It has to begin
    /// with the newest message: inside a segment that was compacted servers begin elsewhere (seen on servers).
    async fn nth_last_reversed(&self, count: u64, newest: Offset) -> Option<Offset> {
        let mut messages = self.open(self.reversed_from(newest)).await?;
        let mut last = newest.saturating_add(1);
        for _ in 0..count {
            match tokio::time::timeout(REVERSED_TIMEOUT, messages.message()).await {
                Ok(Ok(Some(message))) if last > newest && message.offset != newest => return None,
                Ok(Ok(Some(message))) if message.offset < last => last = message.offset,
                Ok(Err(status)) if last <= newest && is_oldest(&status) => break,
                Ok(_) | Err(_) => return None,
            }
        }
        Some(last)
    }

    /// Whether the server, asked for the newest messages up to that offset first, says that there is none.
    pub(super) async fn has_none_reversed(&self, newest: Offset) -> bool {
        let reading = async {
            let mut messages = self.open(self.reversed_from(newest)).await?;
            messages.message().await.err()
        };
        let ended = tokio::time::timeout(REVERSED_TIMEOUT, reading).await;
        matches!(ended, Ok(Some(status)) if is_oldest(&status))
    }

    fn reversed_from(&self, newest: Offset) -> pb::SubscribeRequest {
        pb::SubscribeRequest {
            reverse: true,
            ..self.at_offset(newest)
        }
    }

    fn at_offset(&self, offset: Offset) -> pb::SubscribeRequest {
        pb::SubscribeRequest {
            start_position: pb::StartPosition::Offset.into(),
            start_offset: offset,
            ..self.request.clone()
        }
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
        if !reverse {
            *oldest = OldestProbe::Nothing;
        }
        let Ok(Some(first)) = messages.message().await else {
            *oldest = OldestProbe::Unknown;
            return None;
        };
        *oldest = OldestProbe::Only(first.offset);
        if !reverse {
            return Some(());
        }
        match messages.message().await {
            Ok(Some(_)) => *oldest = OldestProbe::Many,
            Err(status) if is_oldest(&status) => *oldest = OldestProbe::Backwards,
            Ok(None) | Err(_) => {}
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

/// Whether a status says that a reversed subscription has come to the oldest message.
fn is_oldest(status: &tonic::Status) -> bool {
    let meaning = status::of_status(Rpc::Subscribe, status.code(), status.message());
    meaning == Meaning::OldestReached
}
