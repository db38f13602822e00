//! What a reader does when the wire says too little: a gap, a long silence, a broker that others find dead.
#![expect(clippy::disallowed_methods, reason = "silence is measured")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::reader::Reader;
use super::{EndReason, SubscriptionEvent};
use crate::client::core::Core;
use crate::client::error::{Error, Result};
use crate::client::transport::Call;
use crate::model::{
    ErrorKind, MessageSink, Offset, Partition, PartitionId, StreamName, Target, Timestamp,
};
use crate::wire::codec;
use crate::wire::convert;
use crate::wire::intake::Taken;
use crate::wire::pb;
use crate::wire::rpc::Rpc;

/// Silence after which a server asked for older messages is believed not to have understood.
const FORWARDS_AFTER: Duration = Duration::from_secs(2);

/// For so long gaps, once found to be of compaction, are believed to be so.
const BELIEVE_COMPACTION: Duration = Duration::from_secs(5);

/// How long a broker may take to prove that it is alive.
const PROOF: Duration = Duration::from_secs(2);

impl<S: MessageSink> Reader<S> {
    /// At every tick: whether anything came, and whether its absence needs looking into.
    pub(super) async fn look_up(&mut self) {
        let delivered = self.delivered();
        let heard = std::mem::replace(&mut self.delivered_at_tick, delivered) != delivered;
        if heard {
            self.quiet_since = Instant::now();
        }
        self.doubt_compaction();
        let quiet = self.quiet_since.elapsed();
        if quiet >= FORWARDS_AFTER && self.has_older() {
            return self.fail_forwards();
        }
        let limit = self.opener.core.options.silence_limit;
        let due = quiet >= limit && self.looked_after.elapsed() >= limit;
        let suspected = self.is_suspected() && !heard;
        if due || suspected || self.is_past_stop_time() {
            self.look_after_broker().await;
            self.looked_after = Instant::now();
        }
    }

    fn doubt_compaction(&mut self) {
        let over = |since: &mut Instant| since.elapsed() >= BELIEVE_COMPACTION;
        if self.believed_since.take_if(over).is_some() {
            let mut intake = codec::lock(&self.intake);
            intake.course.gaps_expected = intake.course.reverse;
        }
    }

    fn is_suspected(&mut self) -> bool {
        let Some(session) = &mut self.session else {
            return false;
        };
        let suspected = session.lease.suspected.has_changed().unwrap_or(false);
        session.lease.suspected.mark_unchanged();
        suspected
    }

    fn is_past_stop_time(&self) -> bool {
        let stop = codec::lock(&self.intake).course.stop_time;
        stop.is_some_and(|stop| Timestamp::now() > stop)
    }

    /// Asks the broker that is silent whether it lives, still may be read from, and has nothing that it keeps back.
    async fn look_after_broker(&mut self) {
        let Some(session) = &self.session else { return };
        let spec = &self.opener.order.spec;
        let (core, address) = (&self.opener.core, &session.address);
        let answer = core
            .partition_at(address, &spec.stream, spec.partition, PROOF)
            .await;
        match answer {
            Ok(partition) if self.keeps_back(&partition) => {
                let sentence = format!("broker {address} has messages that it does not deliver");
                let target = Target::Broker(Arc::clone(&session.broker));
                self.lose(Error::new(ErrorKind::Unreachable, target, sentence));
            }
            Ok(_) if self.is_past_stop_time() => self.end(EndReason::StopReached),
            Err(error) if error.kind() == ErrorKind::NotLeader => self.find_leader(error).await,
            Err(error) if error.kind().is_retryable() => self.lose(error),
            Ok(_) | Err(_) => {}
        }
    }

    /// Whether committed messages wait on the broker, though it was silent.
    fn keeps_back(&self, partition: &Partition) -> bool {
        let course = codec::lock(&self.intake).course;
        let waiting = |next: Offset| partition.high_watermark >= next && !course.is_past(next);
        !course.reverse && course.next.is_some_and(waiting)
    }

    /// The broker does not lead: it may be a replica that is read on purpose, or the leader moved.
    async fn find_leader(&mut self, error: Error) {
        let core = Arc::clone(&self.opener.core);
        let generation = core.metadata.generation();
        let fresh = tokio::time::timeout(PROOF, core.refresh_metadata(generation)).await;
        let (Ok(Ok(cluster)), Some(session)) = (fresh, &self.session) else {
            return;
        };
        let spec = &self.opener.order.spec;
        let Some(partition) = cluster.partition(&spec.stream, spec.partition) else {
            return;
        };
        let still = if spec.isr_replica {
            partition.isr.contains(&session.broker)
        } else {
            partition.leader.as_ref() == Some(&session.broker)
        };
        if !still {
            self.lose(error);
        }
    }

    /// A message came whose predecessors are missing: compaction if older messages are still there, loss if not.
    pub(super) async fn explain_gap(&mut self) {
        let (from, to) = {
            let intake = codec::lock(&self.intake);
            (intake.course.next, intake.held_offset())
        };
        if let (Some(from), Some(to)) = (from, to) {
            if self.oldest().await.is_some_and(|oldest| oldest < from) {
                self.believed_since = Some(Instant::now());
                codec::lock(&self.intake).course.gaps_expected = true;
            } else {
                self.tell(SubscriptionEvent::Gap { from, to: to - 1 });
                codec::lock(&self.intake).note_loss();
            }
        }
        let kept = codec::lock(&self.intake).keep_held();
        match kept {
            Ok(Taken::Full) => self.hand_on_full(),
            Ok(Taken::Stopped) => self.end(EndReason::StopReached),
            Ok(_) | Err(_) => {}
        }
    }

    async fn oldest(&mut self) -> Option<Offset> {
        let session = self.session.as_ref()?;
        let spec = &self.opener.order.spec;
        let request = pb::SubscribeRequest {
            stream: spec.stream.to_string(),
            partition: spec.partition,
            read_isr_replica: spec.isr_replica,
            start_position: pb::StartPosition::Earliest.into(),
            ..pb::SubscribeRequest::default()
        };
        let channel = session.lease.channel();
        tokio::time::timeout(PROOF, first_offset(channel, request))
            .await
            .ok()?
    }

    /// The server was asked for the newest first and reads forwards.
    pub(super) fn fail_forwards(&mut self) {
        let target = self.opener.target.clone();
        let sentence =
            format!("the server cannot read {target} newest first: it is older than API 2.0");
        let error = Error::new(ErrorKind::Unsupported, target, sentence);
        self.end(EndReason::Failed(error.into()));
    }
}

/// The offset of the first message that a subscription delivers after its handshake.
async fn first_offset(
    channel: tonic::transport::Channel,
    request: pb::SubscribeRequest,
) -> Option<Offset> {
    let mut api = pb::api_client::ApiClient::new(channel);
    let mut messages = api.subscribe(request).await.ok()?.into_inner();
    messages.message().await.ok()??;
    Some(messages.message().await.ok()??.offset)
}

impl Core {
    /// The partition as the broker at that address tells it, which must lead it.
    pub(crate) async fn partition_at(
        &self,
        address: &str,
        stream: &StreamName,
        partition: PartitionId,
        wait: Duration,
    ) -> Result<Partition> {
        let target = Target::Partition(Arc::clone(stream), partition);
        let call = Call {
            rpc: Rpc::FetchPartitionMetadata,
            target: &target,
            address,
        };
        let request = pb::FetchPartitionMetadataRequest {
            stream: stream.to_string(),
            partition,
        };
        let answer = self.call(call, wait, async |mut api| {
            api.fetch_partition_metadata(request).await
        });
        let metadata = answer.await?.metadata.unwrap_or_default();
        Ok(convert::partition(metadata))
    }
}
