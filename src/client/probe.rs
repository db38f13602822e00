//! Whether a partition really is paused or readonly: metadata's flags are not the truth (wire-contract §0.2, §0.3).
//! Changes nothing; whom to ask about which partition, and when, is the caller's.

use std::sync::Arc;
use std::time::Duration;

use tonic::{Response, Status};

use super::error::Result;
use super::inner::{Api, Inner};
use super::observer::Observer;
use super::transport::Call;
use crate::model::{
    ErrorKind, Partition, PartitionId, Probe, ProbeState, StreamName, Target, Timestamp,
};
use crate::wire::pb;
use crate::wire::rpc::Rpc;
use crate::wire::status::Meaning;

/// How long an empty partition may take to say that it is readonly, after it took the subscription.
const AFTERTHOUGHT: Duration = Duration::from_millis(300);

impl Observer {
    /// Asks a partition's leader whether it serves it, and where metadata calls it readonly, whether it really refuses
    /// publishes. Never fails as a call: why nobody could tell is in the probe.
    pub async fn probe(&self, stream: &str, partition: PartitionId) -> Probe {
        let stream = StreamName::from(stream);
        let state = match self.inner().serving(&stream, partition).await {
            Ok(state) => state,
            Err(error) if error.kind() == ErrorKind::PartitionPaused => ProbeState::Paused,
            Err(error) => ProbeState::Unknown(error.into()),
        };
        let at = Timestamp::now();
        Probe {
            stream,
            partition,
            at,
            state,
        }
    }
}

impl Inner {
    async fn serving(self: &Arc<Self>, stream: &StreamName, id: PartitionId) -> Result<ProbeState> {
        let partition = Box::new(self.fetch_partition(stream, id).await?);
        let readonly = if partition.readonly_flag {
            Some(self.refuses_publishes(stream, &partition).await?)
        } else {
            None
        };
        Ok(ProbeState::Serving {
            partition,
            readonly,
        })
    }

    /// A readonly partition ends a subscription at its end, and so refuses one that begins behind it: "stop offset is
    /// before start offset", or "end of readonly partition" where it is empty (wire-contract §4.6).
    async fn refuses_publishes(
        self: &Arc<Self>,
        stream: &StreamName,
        partition: &Partition,
    ) -> Result<bool> {
        let leader = self.leader(stream, partition.id).await?;
        let target = Target::Partition(Arc::clone(stream), partition.id);
        let call = Call {
            rpc: Rpc::Subscribe,
            target: &target,
            address: &leader.address,
        };
        let request = pb::SubscribeRequest {
            stream: stream.to_string(),
            partition: partition.id,
            start_position: pb::StartPosition::NewOnly.into(),
            ..pb::SubscribeRequest::default()
        };
        let is_empty = partition.newest_offset < 0;
        let meaning = call.clone();
        let ask = async move |api: Api| match first_answer(api, request, is_empty).await {
            Ok(()) => Ok(Response::new(false)),
            Err(status) => match meaning.meaning(&status) {
                Ok(Meaning::StopBeforeStart | Meaning::ReadonlyEnd) => Ok(Response::new(true)),
                Ok(_) | Err(_) => Err(status),
            },
        };
        self.call(call, self.options.request_timeout, ask).await
    }
}

/// Subscribes, waits for the empty first message, and closes.
async fn first_answer(
    mut api: Api,
    request: pb::SubscribeRequest,
    is_empty: bool,
) -> std::result::Result<(), Status> {
    let mut messages = api.subscribe(request).await?.into_inner();
    messages.message().await?;
    if is_empty && let Ok(next) = tokio::time::timeout(AFTERTHOUGHT, messages.message()).await {
        next?;
    }
    Ok(())
}
