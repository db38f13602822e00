//! The generated client as tests of the demo cluster use it: deadlines on the wire, subscriptions read to their end.
//! Never the client of this crate: a fake is not proved by what it is to prove.

use std::time::Duration;

use liftui::demo::DemoCluster;
use liftui::wire::pb;
use pb::api_client::ApiClient;
use serde_json::{Value, json};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// The generated client of one broker.
pub(crate) type Stub = ApiClient<Channel>;

/// How long a call may take that is meant to answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long a call may take that is meant not to answer.
pub(crate) const SILENCE: Duration = Duration::from_millis(300);

/// A request with a deadline on the wire.
pub(crate) fn within<T>(time: Duration, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(time);
    request
}

/// A request with a deadline that it will not reach.
pub(crate) fn timed<T>(message: T) -> Request<T> {
    within(PATIENCE, message)
}

/// A status as the recordings write it: texts of deadlines are the caller's own.
pub(crate) fn outcome(status: &Status) -> Value {
    let expired = status.code() == Code::Cancelled && status.message() == "Timeout expired";
    let code = if expired {
        Code::DeadlineExceeded
    } else {
        status.code()
    };
    let message = if code == Code::DeadlineExceeded {
        ""
    } else {
        status.message()
    };
    json!({ "code": code_name(code), "message": message })
}

fn code_name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() && name != "O" {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name.replace("O_K", "OK")
}

/// What a subscription brought.
pub(crate) struct Read {
    /// Whether the first message was empty.
    pub(crate) handshake: bool,
    pub(crate) messages: Vec<pb::Message>,
    pub(crate) end: Value,
}

/// Reads a subscription to its end; `begun` is called when the handshake is there.
pub(crate) async fn read(
    mut stub: Stub,
    request: pb::SubscribeRequest,
    time: Duration,
    begun: impl AsyncFnOnce(),
) -> Read {
    let nothing = pb::Message::default();
    let mut read = Read {
        handshake: false,
        messages: Vec::new(),
        end: Value::Null,
    };
    let mut begun = Some(begun);
    let mut stream = match stub.subscribe(within(time, request)).await {
        Ok(response) => response.into_inner(),
        Err(status) => {
            read.end = outcome(&status);
            return read;
        }
    };
    loop {
        match stream.message().await {
            Ok(Some(message)) if message == nothing && !read.handshake => {
                read.handshake = true;
                if let Some(begun) = begun.take() {
                    begun().await;
                }
            }
            Ok(Some(message)) => read.messages.push(message),
            Ok(None) => read.end = json!({ "code": "OK", "message": "" }),
            Err(status) => read.end = outcome(&status),
        }
        if !read.end.is_null() {
            return read;
        }
    }
}

/// A client of the broker at that address.
pub(crate) async fn connect(address: &str) -> Stub {
    Stub::connect(format!("http://{address}")).await.unwrap()
}

/// One that connects when it is first used, and again when its connection broke.
pub(crate) fn connect_lazily(address: &str) -> Stub {
    let endpoint = Channel::from_shared(format!("http://{address}")).unwrap();
    Stub::new(endpoint.connect_lazy())
}

/// One for each broker of that cluster, in their order.
pub(crate) fn stubs(demo: &DemoCluster) -> Vec<Stub> {
    let addresses = demo.addresses();
    addresses.iter().map(|at| connect_lazily(at)).collect()
}

/// Creates a stream of one partition on that many brokers.
pub(crate) async fn create(stub: &mut Stub, name: &str, replication_factor: i32) {
    let request = pb::CreateStreamRequest {
        name: name.to_owned(),
        subject: name.to_owned(),
        replication_factor,
        ..Default::default()
    };
    stub.create_stream(timed(request)).await.unwrap();
}

/// A message for the first partition of a stream.
pub(crate) fn message(stream: &str, value: &str) -> pb::PublishRequest {
    pb::PublishRequest {
        stream: stream.to_owned(),
        value: bytes::Bytes::copy_from_slice(value.as_bytes()),
        ..Default::default()
    }
}

/// What a broker says of the first partition of a stream; none where it does not know it.
pub(crate) async fn partition_at(stub: &mut Stub, stream: &str) -> Option<pb::PartitionMetadata> {
    let streams = vec![stream.to_owned()];
    let request = pb::FetchMetadataRequest {
        streams,
        groups: Vec::new(),
    };
    let answer = stub.fetch_metadata(timed(request)).await.ok()?.into_inner();
    answer.stream_metadata.first()?.partitions.get(&0).cloned()
}

/// The code and text of a refusal; an answer counts as `OK`. Deadlines are told by either side, so without their text.
pub(crate) fn words<T>(answer: Result<tonic::Response<T>, Status>) -> (Code, String) {
    match answer {
        Ok(_) => (Code::Ok, String::new()),
        Err(status) => words_of(&status),
    }
}

/// The same of a status.
pub(crate) fn words_of(status: &Status) -> (Code, String) {
    if outcome(status)["code"] == "DEADLINE_EXCEEDED" {
        return (Code::DeadlineExceeded, String::new());
    }
    (status.code(), status.message().to_owned())
}

/// Compares refusals with what servers are known to say.
pub(crate) fn said((found, words): (Code, String), code: Code, text: &str) {
    assert_eq!((found, words), (code, text.to_owned()));
}
