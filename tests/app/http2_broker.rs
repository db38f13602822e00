//! A broker on raw HTTP/2: it answers metadata as it should, and changes and publishes with what no gRPC server sends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{BufMut, Bytes, BytesMut};
use h2::server::{Connection, SendResponse, handshake};
use h2::{Reason, RecvStream, SendStream};
use liftui::wire::pb;
use prost::Message as _;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tonic::codegen::http::{HeaderMap, HeaderName, HeaderValue, Request, Response};

/// The stream that holds a message.
const SOURCE: &str = "source";

/// What comes where the answer to a change or a publish belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Broken {
    /// A page, with that status of HTTP.
    Page(u16),
    /// GOAWAY with that code, and the connection closed.
    GoAway(Reason),
    /// `RST_STREAM` with that code, before any headers.
    Reset(Reason),
    /// `RST_STREAM` with that code, after headers.
    ResetLate(Reason),
    /// Headers, a message where it says so, and an end without trailers.
    NoTrailers { message: bool },
    /// A message and these trailers.
    Trailers(&'static [(&'static str, &'static [u8])]),
    /// These headers alone, without a message.
    HeadersOnly(&'static [(&'static str, &'static [u8])]),
    /// A message that says it is compressed in a way that there is not.
    Encoded,
    /// These bytes as a message, and a good end.
    Bytes(&'static [u8]),
    /// Nothing: the connection is cut.
    Cut,
}

type Answer = SendResponse<Bytes>;
type Sent = Result<(), h2::Error>;

/// A broker that listens, and the home of whoever meets it.
pub(crate) struct Http2Broker {
    _runtime: Runtime,
    address: SocketAddr,
    broken: Arc<AtomicU64>,
    pub(crate) home: TempDir,
}

impl Http2Broker {
    pub(crate) fn start(answers: Broken) -> Self {
        let runtime = Runtime::new().expect("a runtime starts");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let listener = listener.expect("loopback has ports");
        let address = listener.local_addr().expect("it is bound");
        let broken = Arc::new(AtomicU64::new(0));
        runtime.spawn(accept(listener, answers, Arc::clone(&broken)));
        Self {
            _runtime: runtime,
            address,
            broken,
            home: tempfile::tempdir().expect("a scratch folder"),
        }
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// How many changes and publishes came.
    pub(crate) fn came(&self) -> u64 {
        self.broken.load(Ordering::Relaxed)
    }
}

async fn accept(listener: TcpListener, answers: Broken, came: Arc<AtomicU64>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let address = socket.local_addr().expect("it is connected");
        connections.spawn(serve(socket, address, answers, Arc::clone(&came)));
    }
}

async fn serve(socket: TcpStream, address: SocketAddr, answers: Broken, came: Arc<AtomicU64>) {
    let Ok(mut connection) = handshake(socket).await else {
        return;
    };
    // A subscription that is dropped is reset.
    let mut open = Vec::new();
    while let Some(Ok((request, answer))) = connection.accept().await {
        let path = request.uri().path().to_owned();
        let Some(name) = path.strip_prefix("/proto.API/") else {
            continue;
        };
        // Whoever leaves is no part of the test.
        let sent = match name {
            "FetchMetadata" => good(answer, &metadata(address)),
            "FetchPartitionMetadata" => {
                let asked: pb::FetchPartitionMetadataRequest = read(&mut connection, request).await;
                good(answer, &partition_metadata(&asked.stream))
            }
            "Subscribe" => {
                let asked: pb::SubscribeRequest = read(&mut connection, request).await;
                deliver(answer, &asked.stream).map(|messages| open.push(messages))
            }
            _ => {
                came.fetch_add(1, Ordering::Relaxed);
                if matches!(answers, Broken::Cut) {
                    return;
                }
                take(&mut connection, request).await;
                if let Broken::GoAway(reason) = answers {
                    connection.abrupt_shutdown(reason);
                }
                broken(answer, answers)
            }
        };
        drop(sent);
    }
}

/// Takes the request, so that the client is done with sending.
async fn take(connection: &mut Connection<TcpStream, Bytes>, request: Request<RecvStream>) {
    let mut body = request.into_body();
    tokio::select! {
        _ = body.data() => {}
        _ = std::future::poll_fn(|cx| connection.poll_closed(cx)) => {}
    }
}

/// The request that is the only message of a body.
async fn read<M: prost::Message + Default>(
    connection: &mut Connection<TcpStream, Bytes>,
    request: Request<RecvStream>,
) -> M {
    let mut body = request.into_body();
    let frame = tokio::select! {
        frame = body.data() => frame.and_then(Result::ok).unwrap_or_default(),
        _ = std::future::poll_fn(|cx| connection.poll_closed(cx)) => Bytes::new(),
    };
    M::decode(frame.get(5..).unwrap_or_default()).unwrap_or_default()
}

/// The handshake of a subscription and what the stream holds, and no end.
fn deliver(mut answer: Answer, stream: &str) -> Result<SendStream<Bytes>, h2::Error> {
    let mut messages = answer.send_response(response(200, "application/grpc", &[]), false)?;
    messages.send_data(framed(&[]), false)?;
    if stream == SOURCE {
        let only = pb::Message {
            stream: stream.to_owned(),
            value: "v".into(),
            timestamp: 1,
            ..pb::Message::default()
        };
        messages.send_data(framed(&only.encode_to_vec()), false)?;
    }
    Ok(messages)
}

fn good(answer: Answer, message: &impl prost::Message) -> Sent {
    let message = framed(&message.encode_to_vec());
    finish(answer, &message, &[("grpc-status", b"0")])
}

/// A message as it stands in a body of gRPC.
fn framed(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).expect("it is short"));
    frame.put_slice(message);
    frame.freeze()
}

fn response(status: u16, kind: &'static str, fields: &[(&str, &[u8])]) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = status.try_into().expect("a status of HTTP");
    *response.headers_mut() = map(fields);
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert("content-type", kind);
    response
}

fn map(fields: &[(&str, &[u8])]) -> HeaderMap {
    let fields = fields.iter().map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        (name, HeaderValue::from_bytes(value).expect("a value"))
    });
    fields.collect()
}

fn finish(mut answer: Answer, body: &[u8], trailers: &[(&str, &[u8])]) -> Sent {
    let mut stream = answer.send_response(response(200, "application/grpc", &[]), false)?;
    stream.send_data(Bytes::copy_from_slice(body), false)?;
    stream.send_trailers(map(trailers))
}

fn broken(mut answer: Answer, how: Broken) -> Sent {
    let grpc = |fields| response(200, "application/grpc", fields);
    match how {
        Broken::Page(status) => {
            let page = response(status, "text/html", &[]);
            let mut stream = answer.send_response(page, false)?;
            stream.send_data(Bytes::from_static(b"<html>Bad Gateway</html>"), true)?;
        }
        Broken::GoAway(_) | Broken::Cut => {}
        Broken::Reset(reason) => answer.send_reset(reason),
        Broken::ResetLate(reason) => {
            let mut stream = answer.send_response(grpc(&[]), false)?;
            stream.send_reset(reason);
        }
        Broken::NoTrailers { message } => {
            let mut stream = answer.send_response(grpc(&[]), false)?;
            let body = if message { framed(&[]) } else { Bytes::new() };
            stream.send_data(body, true)?;
        }
        Broken::Trailers(trailers) => return finish(answer, &framed(&[]), trailers),
        Broken::HeadersOnly(fields) => {
            answer.send_response(grpc(fields), true)?;
        }
        Broken::Encoded => {
            let head = grpc(&[("grpc-encoding", b"nonsense")]);
            let mut stream = answer.send_response(head, false)?;
            stream.send_data(Bytes::from_static(&[1, 0, 0, 0, 1, 7]), false)?;
            stream.send_trailers(map(&[("grpc-status", b"0")]))?;
        }
        Broken::Bytes(bytes) => return finish(answer, bytes, &[("grpc-status", b"0")]),
    }
    Ok(())
}

/// The partition of a stream: only the source holds a message.
fn partition(stream: &str) -> pb::PartitionMetadata {
    let newest = if stream == SOURCE { 0 } else { -1 };
    pb::PartitionMetadata {
        leader: "raw".into(),
        replicas: vec!["raw".into()],
        isr: vec!["raw".into()],
        high_watermark: newest,
        newest_offset: newest,
        ..pb::PartitionMetadata::default()
    }
}

fn partition_metadata(stream: &str) -> pb::FetchPartitionMetadataResponse {
    pb::FetchPartitionMetadataResponse {
        metadata: Some(partition(stream)),
    }
}

fn metadata(address: SocketAddr) -> pb::FetchMetadataResponse {
    let streams = ["orders", SOURCE, "__cursors"].map(|name| pb::StreamMetadata {
        name: name.into(),
        subject: name.into(),
        partitions: [(0, partition(name))].into(),
        ..pb::StreamMetadata::default()
    });
    pb::FetchMetadataResponse {
        brokers: vec![pb::Broker {
            id: "raw".into(),
            host: address.ip().to_string(),
            port: i32::from(address.port()),
            ..pb::Broker::default()
        }],
        stream_metadata: streams.into(),
        group_metadata: Vec::new(),
    }
}
