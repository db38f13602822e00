//! One `PublishAsync` call at one broker: requests in, answers and the end out. Whose answer it is, `session` knows.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use crate::client::error::Error;
use crate::client::inner::Inner;
use crate::client::transport::Call;
use crate::model::Target;
use crate::wire::pb;
use crate::wire::pb::api_client::ApiClient;
use crate::wire::rpc::Rpc;

/// Tells the calls of one session apart.
pub(super) type CallId = u64;

/// How the correlation ids of messages begin that were sent on a call.
const ID_PREFIX: &str = "liftui-";

/// What happens to a call.
pub(super) enum CallEvent {
    /// An answer to some message.
    Answer(Box<pb::PublishResponse>),
    /// The call is over; nothing follows.
    Ended(Error),
}

/// Where a call sends what happens to it.
pub(super) struct CallSender {
    pub(super) call: CallId,
    pub(super) session: mpsc::Sender<(CallId, CallEvent)>,
}

impl CallSender {
    /// The session is gone where it fails.
    async fn send(
        &self,
        event: CallEvent,
    ) -> Result<(), mpsc::error::SendError<(CallId, CallEvent)>> {
        self.session.send((self.call, event)).await
    }
}

/// Runs the call to its end.
pub(super) async fn run(
    inner: Arc<Inner>,
    address: Arc<str>,
    requests: mpsc::Receiver<pb::PublishRequest>,
    events: CallSender,
) {
    let call = Call {
        rpc: Rpc::PublishAsync,
        target: &Target::Cluster,
        address: &address,
    };
    let error = match exchange(&inner, &call, requests, &events).await {
        Ok(()) => call.cut(),
        Err(error) => error,
    };
    inner.brokers.record_failure(&address, &error);
    // The session may be gone already.
    events.send(CallEvent::Ended(error)).await.ok();
}

async fn exchange(
    inner: &Arc<Inner>,
    call: &Call<'_>,
    requests: mpsc::Receiver<pb::PublishRequest>,
    events: &CallSender,
) -> Result<(), Error> {
    let lease = inner.pool.lease(call.address)?;
    inner.brokers.record_attempt(call.address);
    let mut api =
        ApiClient::new(lease.channel()).max_decoding_message_size(inner.options.max_answer_bytes);
    // A server sends its headers with its first answer, while messages flow already.
    let answers = api.publish_async(ReceiverStream::new(requests)).await;
    let answers = answers.map_err(|status| call.error(status))?.into_inner();
    inner.brokers.record_answer(call.address);
    forward(answers, events)
        .await
        .map_err(|status| call.error(status))
}

async fn forward(
    mut answers: Streaming<pb::PublishResponse>,
    events: &CallSender,
) -> Result<(), Status> {
    while let Some(answer) = answers.message().await? {
        if events
            .send(CallEvent::Answer(Box::new(answer)))
            .await
            .is_err()
        {
            break;
        }
    }
    Ok(())
}

/// What a message of that id is told apart by from all others on the call.
pub(super) fn correlation_id(id: u64) -> String {
    format!("{ID_PREFIX}{id:x}")
}

/// Which message an answer is for. Servers before 1.3 know its id inside the ack alone (wire-contract §1.2).
pub(super) fn answered_id(answer: &pb::PublishResponse) -> Option<u64> {
    let inside = answer.ack.as_ref().map_or("", |ack| &ack.correlation_id);
    let outside = Some(&*answer.correlation_id).filter(|id| !id.is_empty());
    let id = outside.unwrap_or(inside).strip_prefix(ID_PREFIX)?;
    u64::from_str_radix(id, 16).ok()
}
