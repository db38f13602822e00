//! The `FetchMetadata` call: its answer read field by field into the model, beside the answer that the same broker gave before.
//!
//! In a large cluster an answer has megabytes, comes every other second, and next to nothing of it is new. So it is held
//! against the one before while it is read, and a stream of which the broker says the same is that stream, shared: no
//! allocation, and whoever looks for changes compares pointers. Brokers send streams and partitions in random order.

mod partition_fields;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

use bytes::Buf;
use prost::Message as _;
use tonic::client::Grpc;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Response, Status};
use tonic_prost::ProstEncoder;

use partition_fields::{Ids, PartitionFields, int32, text};

use super::fields::{Fields, Malformed, Value};
use super::grpc_channel::GrpcChannel;
use super::pb;
use crate::model::{Broker, Cluster, Partition, Stream, StreamName, Timestamp};

/// Answers that name more brokers are no cluster's: each would be asked, and compared with all others.
pub const MOST_BROKERS: usize = 512;
/// Answers of more streams or partitions are refused: each takes some kilobytes once it is known from all brokers.
pub const MOST_PARTITIONS: usize = 100_000;

/// Replicas and in-sync replicas of all partitions.
const MOST_REPLICAS: usize = 20 * MOST_PARTITIONS;

/// Why an answer is no snapshot of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is not protobuf, or not of this message.
    Malformed,
    /// It names more than [`MOST_BROKERS`].
    Brokers,
    /// It has so many streams and partitions, which is more than [`MOST_PARTITIONS`].
    Partitions(usize),
    /// It has more replicas than so many partitions can have.
    Replicas,
}

impl From<Malformed> for Unreadable {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("cannot be read"),
            Self::Brokers => write!(
                f,
                "names more than {MOST_BROKERS} brokers, which is more than are read"
            ),
            Self::Partitions(count) => write!(
                f,
                "has {count} streams and partitions, and no more than {MOST_PARTITIONS} are read"
            ),
            Self::Replicas => write!(
                f,
                "names more than {MOST_REPLICAS} replicas, which is more than are read"
            ),
        }
    }
}

/// Calls `FetchMetadata` at one broker. Streams of which it says the same as `before` are those of `before`.
pub(crate) async fn fetch_metadata(
    channel: GrpcChannel,
    request: pb::FetchMetadataRequest,
    before: Option<Arc<Cluster>>,
    max_answer_bytes: usize,
) -> Result<Response<Result<Cluster, Unreadable>>, Status> {
    let mut grpc = Grpc::new(channel).max_decoding_message_size(max_answer_bytes);
    grpc.ready()
        .await
        .map_err(|error| Status::from_error(error.into()))?;
    let path = PathAndQuery::from_static("/proto.API/FetchMetadata");
    let codec = MetadataCodec { before };
    grpc.unary(Request::new(request), path, codec).await
}

/// Reads the answer where the connection has put it.
#[derive(Clone)]
struct MetadataCodec {
    before: Option<Arc<Cluster>>,
}

impl Codec for MetadataCodec {
    type Encode = pb::FetchMetadataRequest;
    type Decode = Result<Cluster, Unreadable>;
    type Encoder = ProstEncoder<pb::FetchMetadataRequest>;
    type Decoder = Self;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::new(BufferSettings::default())
    }

    fn decoder(&mut self) -> Self::Decoder {
        self.clone()
    }
}

impl Decoder for MetadataCodec {
    type Item = Result<Cluster, Unreadable>;
    type Error = Status;

    fn decode(&mut self, src: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        // It lies in one piece, so that nothing is copied.
        let bytes = src.copy_to_bytes(src.remaining());
        match read(&bytes, self.before.as_deref()) {
            Err(Unreadable::Malformed) => Err(Status::internal("malformed metadata")),
            answer => Ok(Some(answer)),
        }
    }
}

/// An encoded answer to `FetchMetadata` as a snapshot, sorted. Streams the broker does not know are left out, groups are
/// not read.
///
/// # Errors
/// Where it is no such answer, or too large to be that of a cluster.
pub fn read(bytes: &[u8], before: Option<&Cluster>) -> Result<Cluster, Unreadable> {
    let mut fields = Fields::new(bytes);
    let (mut brokers, mut streams, mut unread) = (Vec::new(), Vec::new(), 0);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(_)) if brokers.len() == MOST_BROKERS => {
                return Err(Unreadable::Brokers);
            }
            (1, Value::Bytes(bytes)) => brokers.push(broker(bytes)?),
            (2, Value::Bytes(_)) if streams.len() > MOST_PARTITIONS => unread += 1,
            (2, Value::Bytes(bytes)) => streams.push(bytes),
            (1..=3, Value::Varint(_) | Value::Fixed) => return Err(Unreadable::Malformed),
            _ => {}
        }
    }
    let answered_by = brokers.first().map(|broker| Arc::clone(&broker.id));
    let mut reader = StreamReader::new(before, &brokers);
    brokers.sort_by(|a, b| a.id.cmp(&b.id));
    let mut known = Vec::with_capacity(streams.len());
    for bytes in streams {
        known.extend(reader.read(bytes)?);
    }
    if reader.partitions > MOST_PARTITIONS {
        return Err(Unreadable::Partitions(reader.partitions + unread));
    }
    Ok(Cluster {
        answered_by,
        brokers,
        streams: by_name(known, reader.kept, before),
    })
}

/// The streams by name, of which so many are those of before. Where all are those of before, these are taken as they are: to sort them again takes longer than
/// to read them.
fn by_name(
    streams: Vec<Arc<Stream>>,
    kept: usize,
    before: Option<&Cluster>,
) -> BTreeMap<StreamName, Arc<Stream>> {
    if let Some(before) = before.filter(|before| before.streams.len() == kept) {
        // One that was named twice would hide that another is missing.
        let different: HashSet<*const Stream> = streams.iter().map(Arc::as_ptr).collect();
        if different.len() == kept && streams.len() == kept {
            return before.streams.clone();
        }
    }
    let named = streams
        .into_iter()
        .map(|stream| (Arc::clone(&stream.name), stream));
    named.collect()
}

fn broker(bytes: &[u8]) -> Result<Broker, Unreadable> {
    let broker = pb::Broker::decode(bytes).or(Err(Unreadable::Malformed))?;
    Ok(Broker {
        id: Arc::from(broker.id),
        host: broker.host,
        port: broker.port,
        partition_count: broker.partition_count,
        leader_count: broker.leader_count,
    })
}

/// Reads streams one after the other, and counts what they have.
struct StreamReader<'a> {
    before: Option<&'a Cluster>,
    ids: Ids<'a>,
    /// Streams and partitions so far, and replicas.
    partitions: usize,
    replicas: usize,
    /// Streams that are those of before.
    kept: usize,
    /// The partitions of the stream at hand as they stand in the answer, used again for the next one.
    entries: Vec<(i32, &'a [u8])>,
    fields: PartitionFields<'a>,
}

impl<'a> StreamReader<'a> {
    fn new(before: Option<&'a Cluster>, brokers: &[Broker]) -> Self {
        let known = before.into_iter().flat_map(|before| &before.brokers);
        let mut ids = Ids::default();
        for broker in known.chain(brokers) {
            ids.add(&broker.id);
        }
        Self {
            before,
            ids,
            partitions: 0,
            replicas: 0,
            kept: 0,
            entries: Vec::new(),
            fields: PartitionFields::default(),
        }
    }

    /// The stream in these bytes; `None` where the broker does not know it.
    fn read(&mut self, bytes: &'a [u8]) -> Result<Option<Arc<Stream>>, Unreadable> {
        let head = StreamHead::read(bytes, &mut self.entries)?;
        self.partitions += head.partitions.max(1);
        // Where there are too many, the others are counted, to be told.
        let is_known = head.error == pb::stream_metadata::Error::Ok as i32;
        if self.partitions > MOST_PARTITIONS || !is_known {
            return Ok(None);
        }
        let name = text(head.name)?;
        let before = self.before.and_then(|before| before.streams.get(name));
        if let Some(before) = before
            && head.matches(before)
            && self.matches(&before.partitions)?
        {
            self.kept += 1;
            return Ok(Some(Arc::clone(before)));
        }
        let kept = |old: Option<&Arc<str>>, new: &str| match old {
            Some(old) if **old == *new => Arc::clone(old),
            _ => Arc::from(new),
        };
        Ok(Some(Arc::new(Stream {
            name: kept(before.map(|before| &before.name), name),
            subject: kept(before.map(|before| &before.subject), text(head.subject)?),
            created: Timestamp(head.created),
            partitions: self.partitions()?,
        })))
    }

    /// Whether the partitions at hand are those.
    fn matches(&mut self, before: &[Partition]) -> Result<bool, Unreadable> {
        if before.len() != self.entries.len() {
            return Ok(false);
        }
        let replicas = self.replicas;
        for ((id, bytes), before) in self.entries.iter().zip(before) {
            self.fields.read(bytes)?;
            if *id != before.id || !self.fields.matches(before) {
                // They are read, and counted, once more.
                self.replicas = replicas;
                return Ok(false);
            }
            count_replicas(&mut self.replicas, &self.fields)?;
        }
        Ok(true)
    }

    fn partitions(&mut self) -> Result<Vec<Partition>, Unreadable> {
        let mut partitions = Vec::with_capacity(self.entries.len());
        for (id, bytes) in &self.entries {
            self.fields.read(bytes)?;
            count_replicas(&mut self.replicas, &self.fields)?;
            partitions.push(self.fields.partition(*id, &mut self.ids)?);
        }
        Ok(partitions)
    }
}

fn count_replicas(count: &mut usize, fields: &PartitionFields<'_>) -> Result<(), Unreadable> {
    *count += fields.listed;
    (*count <= MOST_REPLICAS)
        .then_some(())
        .ok_or(Unreadable::Replicas)
}

/// A stream but for its partitions.
#[derive(Default)]
struct StreamHead<'a> {
    name: &'a [u8],
    subject: &'a [u8],
    error: i32,
    created: i64,
    /// How many there are, those of one number counted each.
    partitions: usize,
}

impl<'a> StreamHead<'a> {
    /// Reads the stream, and puts its partitions into `entries`, sorted; of two of one number the later counts.
    fn read(bytes: &'a [u8], entries: &mut Vec<(i32, &'a [u8])>) -> Result<Self, Malformed> {
        let (mut head, mut fields) = (Self::default(), Fields::new(bytes));
        entries.clear();
        while let Some((number, value)) = fields.next()? {
            match (number, value) {
                (1, Value::Bytes(bytes)) => head.name = bytes,
                (2, Value::Bytes(bytes)) => head.subject = bytes,
                (3, Value::Varint(error)) => head.error = int32(error),
                (4, Value::Bytes(bytes)) => {
                    head.partitions += 1;
                    if entries.len() <= MOST_PARTITIONS {
                        entries.push(entry(bytes)?);
                    }
                }
                (5, Value::Varint(time)) => head.created = time.cast_signed(),
                (1..=5, _) => return Err(Malformed),
                _ => {}
            }
        }
        entries.sort_by_key(|(id, _)| *id);
        entries.dedup_by(|later, earlier| {
            let is_same = later.0 == earlier.0;
            if is_same {
                *earlier = *later;
            }
            is_same
        });
        Ok(head)
    }

    fn matches(&self, stream: &Stream) -> bool {
        self.subject == stream.subject.as_bytes() && self.created == stream.created.0
    }
}

/// An entry of the map of partitions: its number, and the partition.
fn entry(bytes: &[u8]) -> Result<(i32, &[u8]), Malformed> {
    let (mut id, mut partition, mut fields) = (0, &[][..], Fields::new(bytes));
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Varint(key)) => id = int32(key),
            (2, Value::Bytes(bytes)) => partition = bytes,
            (1..=2, _) => return Err(Malformed),
            _ => {}
        }
    }
    Ok((id, partition))
}

#[cfg(test)]
mod tests;
