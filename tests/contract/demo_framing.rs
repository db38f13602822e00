//! How the demo cuts what it answers into DATA frames, counted on raw HTTP/2: a frame a message as grpc-go does it, unless
//! it is told to fill frames.

use bytes::{BufMut, Bytes, BytesMut};
use liftui::demo::{DemoOptions, Framing};
use liftui::wire::pb;
use prost::Message as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::codegen::http::{HeaderMap, Request};

use super::demo_stub::timed;
use super::test_cluster::{CAP, TestCluster, lively};

const MESSAGES: i64 = 100;
/// The longest frame that grpc-go writes.
const LONGEST: usize = 16_384;
const LARGE: usize = 40_000;

async fn filled(framing: Framing) -> (TestCluster, String) {
    let test = TestCluster::demo(DemoOptions {
        brokers: 1,
        framing,
        ..lively()
    })
    .await;
    let stream = test.stream("framed", 1).await.to_string();
    let mut stub = test.stub().await;
    for number in 0..MESSAGES {
        let last = number + 1 == MESSAGES;
        let request = pb::PublishRequest {
            stream: stream.clone(),
            value: vec![b'x'; if last { LARGE } else { 10 }].into(),
            ..pb::PublishRequest::default()
        };
        stub.publish(timed(request)).await.expect("it takes it");
    }
    (test, stream)
}

/// Calls on a connection whose windows have room for everything; the payloads of the DATA frames, and the trailers.
async fn call(address: &str, rpc: &str, message: &[u8]) -> (Vec<Bytes>, HeaderMap) {
    let socket = TcpStream::connect(address).await.expect("it listens");
    let mut builder = h2::client::Builder::new();
    builder
        .initial_window_size(1 << 20)
        .initial_connection_window_size(1 << 20)
        .max_frame_size(1 << 20);
    let (mut send, connection) = builder.handshake::<_, Bytes>(socket).await.expect("HTTP/2");
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    let request = Request::post(format!("http://{address}/proto.API/{rpc}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .expect("a request");
    let (answer, mut body) = send.send_request(request, false).expect("it is open");
    let mut bytes = BytesMut::new();
    bytes.put_u8(0);
    bytes.put_u32(u32::try_from(message.len()).expect("it is short"));
    bytes.put_slice(message);
    body.send_data(bytes.freeze(), true).expect("it is open");
    let mut answer = answer.await.expect("an answer").into_body();
    let mut frames = Vec::new();
    while let Some(frame) = answer.data().await {
        frames.push(frame.expect("data"));
    }
    let trailers = answer.trailers().await.expect("an end");
    (frames, trailers.unwrap_or_default())
}

async fn subscribe(test: &TestCluster, stream: &str) -> (Vec<Bytes>, HeaderMap) {
    let request = pb::SubscribeRequest {
        stream: stream.to_owned(),
        start_position: pb::StartPosition::Earliest.into(),
        stop_position: pb::StopPosition::StopLatest.into(),
        ..pb::SubscribeRequest::default()
    };
    let request = request.encode_to_vec();
    let reading = call(&test.addresses[0], "Subscribe", &request);
    timeout(CAP, reading).await.expect("it ends")
}

/// The offsets of the messages in those bytes; the handshake has none.
fn offsets(frames: &[Bytes]) -> Vec<i64> {
    let all = frames.concat();
    let (mut rest, mut offsets) = (&all[..], Vec::new());
    while let Some((prefix, after)) = rest.split_at_checked(5) {
        let len = u32::from_be_bytes(prefix[1..].try_into().expect("four bytes"));
        let (message, after) = after.split_at(usize::try_from(len).expect("it is short"));
        if !message.is_empty() {
            offsets.push(pb::Message::decode(message).expect("a message").offset);
        }
        rest = after;
    }
    offsets
}

#[tokio::test]
async fn the_demo_sends_a_frame_a_message_as_real_servers_do() {
    let (test, stream) = filled(Framing::GrpcGo).await;
    let (frames, trailers) = subscribe(&test, &stream).await;
    assert!(offsets(&frames).into_iter().eq(0..MESSAGES));
    let lens: Vec<usize> = frames.iter().map(Bytes::len).collect();
    let small = usize::try_from(MESSAGES).expect("few");
    // The handshake, each small message, and the large one in pieces.
    for frame in &frames[..small] {
        let len = u32::from_be_bytes(frame[1..5].try_into().expect("four bytes"));
        assert_eq!(frame.len(), 5 + usize::try_from(len).expect("short"));
    }
    let large = &lens[small..];
    assert_eq!(large[..large.len() - 1], [LONGEST, LONGEST]);
    assert!(large.iter().sum::<usize>() > LARGE, "{large:?}");
    // The end comes after all of it, in the servers' words.
    assert_eq!(trailers["grpc-status"], "8");
}

#[tokio::test]
async fn an_answer_of_one_message_is_cut_as_long_messages_are() {
    let (test, _) = filled(Framing::GrpcGo).await;
    for number in 0..200 {
        test.stream(&format!("many-{number}"), 1).await;
    }
    let request = pb::FetchMetadataRequest::default().encode_to_vec();
    let answering = call(&test.addresses[0], "FetchMetadata", &request);
    let (frames, trailers) = timeout(CAP, answering).await.expect("it ends");
    let all = frames.concat();
    let answer = pb::FetchMetadataResponse::decode(&all[5..]).expect("metadata");
    assert!(answer.stream_metadata.len() > 200);
    let (last, before) = frames.split_last().expect("it has an answer");
    assert!(!before.is_empty() && before.iter().all(|frame| frame.len() == LONGEST));
    assert!(last.len() <= LONGEST);
    assert_eq!(trailers["grpc-status"], "0");
}

#[tokio::test]
async fn in_bulk_the_demo_fills_its_frames() {
    let (test, stream) = filled(Framing::Bulk).await;
    let (frames, _) = subscribe(&test, &stream).await;
    assert!(offsets(&frames).into_iter().eq(0..MESSAGES));
    assert!(frames.len() < 10, "{} frames", frames.len());
}
