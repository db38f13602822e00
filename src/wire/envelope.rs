//! The envelope of messages and acks on NATS (wire-contract §3): encodes messages, decodes both, and looks at every
//! length before it slices. NATS itself is not spoken here.

use std::fmt;

use bytes::Bytes;
use prost::Message as _;

use super::convert::{ack_policy, ack_policy_of};
use super::fields::{Fields, Malformed, Value};
use super::{convert, pb, status};
use crate::model::{Ack, AckPolicy, ErrorKind, Headers, Offset};

/// How every envelope begins.
pub(crate) const MAGIC: [u8; 4] = [0xb9, 0x0e, 0x43, 0xb4];
const VERSION: u8 = 0;
const PLAIN_HEADER: u8 = 8;
const CRC_HEADER: u8 = 12;
const CRC_FLAG: u8 = 1;
const PUBLISH: u8 = 0;
const ACK: u8 = 1;

/// A message as an envelope carries it: the fields that a server keeps of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeMessage {
    /// The offset the message must get on a stream with concurrency control; -1 for any.
    pub expected_offset: Offset,
    /// The key; empty for none.
    pub key: Bytes,
    /// The value.
    pub value: Bytes,
    /// Headers, in the order they stand.
    pub headers: Headers,
    /// The NATS subject the ack goes to; empty for no ack.
    pub ack_inbox: String,
    /// Comes back in the ack.
    pub correlation_id: String,
    /// Who must have stored it before the ack.
    pub ack_policy: AckPolicy,
}

impl Default for EnvelopeMessage {
    fn default() -> Self {
        Self {
            expected_offset: -1,
            key: Bytes::new(),
            value: Bytes::new(),
            headers: Headers::new(),
            ack_inbox: String::new(),
            correlation_id: String::new(),
            ack_policy: AckPolicy::default(),
        }
    }
}

/// What an envelope holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// A message on its way to a stream (type 0).
    Message(EnvelopeMessage),
    /// An ack on its way back (type 1), with what it says went wrong.
    Ack(Box<Ack>, Option<ErrorKind>),
}

/// Why bytes are no envelope. A server stores such bytes whole, as the value of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvelopeError {
    /// Shorter than a header.
    TooShort,
    /// They begin with something else.
    WrongMagic,
    /// A version of the protocol other than 0.
    WrongVersion(u8),
    /// The header claims a length that it cannot have, or that lies beyond the end.
    WrongHeaderLength(u8),
    /// The checksum differs from that of the payload.
    WrongChecksum,
    /// A type that brokers speak among themselves, or that does not exist.
    WrongType(u8),
    /// The payload is not protobuf.
    WrongPayload,
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => f.write_str("shorter than an envelope's header of 8 bytes"),
            Self::WrongMagic => f.write_str("an envelope begins with b9 0e 43 b4"),
            Self::WrongVersion(version) => write!(f, "envelope version {version}, not 0"),
            Self::WrongHeaderLength(length) => {
                write!(f, "an envelope header of {length} bytes does not fit")
            }
            Self::WrongChecksum => f.write_str("the envelope's checksum is wrong"),
            Self::WrongType(number) => {
                write!(
                    f,
                    "an envelope of type {number}, neither a message (0) nor an ack (1)"
                )
            }
            Self::WrongPayload => f.write_str("the envelope's payload is not protobuf"),
        }
    }
}

impl std::error::Error for EnvelopeError {}

impl From<Malformed> for EnvelopeError {
    fn from(_: Malformed) -> Self {
        Self::WrongPayload
    }
}

/// Reads an envelope.
///
/// # Errors
/// Where the bytes are none that a client sends or gets.
pub fn decode(bytes: &[u8]) -> Result<Envelope, EnvelopeError> {
    let (kind, payload) = open(bytes)?;
    match kind {
        PUBLISH => Ok(Envelope::Message(message(payload)?)),
        ACK => {
            let ack = pb::Ack::decode(payload).or(Err(EnvelopeError::WrongPayload))?;
            let error = status::of_ack(&ack);
            Ok(Envelope::Ack(Box::new(convert::ack(ack)), error))
        }
        other => Err(EnvelopeError::WrongType(other)),
    }
}

/// The type and the payload, once everything about the header is checked.
fn open(bytes: &[u8]) -> Result<(u8, &[u8]), EnvelopeError> {
    let (magic, rest) = bytes
        .split_first_chunk::<4>()
        .ok_or(EnvelopeError::TooShort)?;
    let (&[version, length, flags, kind], _) = rest
        .split_first_chunk::<4>()
        .ok_or(EnvelopeError::TooShort)?;
    if *magic != MAGIC {
        return Err(EnvelopeError::WrongMagic);
    }
    if version != VERSION {
        return Err(EnvelopeError::WrongVersion(version));
    }
    let has_checksum = flags & CRC_FLAG != 0;
    if length < PLAIN_HEADER || (has_checksum && length != CRC_HEADER) {
        return Err(EnvelopeError::WrongHeaderLength(length));
    }
    let (header, payload) = bytes
        .split_at_checked(usize::from(length))
        .ok_or(EnvelopeError::WrongHeaderLength(length))?;
    if has_checksum && header.last_chunk::<4>() != Some(&crc32c::crc32c(payload).to_be_bytes()) {
        return Err(EnvelopeError::WrongChecksum);
    }
    Ok((kind, payload))
}

/// Field numbers as in wire-contract §2.2; what a server ignores is ignored here.
fn message(payload: &[u8]) -> Result<EnvelopeMessage, EnvelopeError> {
    let mut message = EnvelopeMessage {
        expected_offset: 0,
        ..EnvelopeMessage::default()
    };
    let mut fields = Fields::new(payload);
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Varint(offset)) => message.expected_offset = offset.cast_signed(),
            (2, Value::Bytes(key)) => message.key = Bytes::copy_from_slice(key),
            (3, Value::Bytes(value)) => message.value = Bytes::copy_from_slice(value),
            (9, Value::Bytes(entry)) => message.headers.push(header(entry)?),
            (10, Value::Bytes(inbox)) => message.ack_inbox = text(inbox)?,
            (11, Value::Bytes(id)) => message.correlation_id = text(id)?,
            (12, Value::Varint(policy)) => {
                message.ack_policy = ack_policy_of(super::subscription_decoder::int32(policy));
            }
            (1..=3 | 9..=12, _) => return Err(EnvelopeError::WrongPayload),
            _ => {}
        }
    }
    Ok(message)
}

fn header(entry: &[u8]) -> Result<(String, Bytes), EnvelopeError> {
    let (mut name, mut value) = (String::new(), Bytes::new());
    let mut fields = Fields::new(entry);
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(bytes)) => name = text(bytes)?,
            (2, Value::Bytes(bytes)) => value = Bytes::copy_from_slice(bytes),
            _ => {}
        }
    }
    Ok((name, value))
}

fn text(bytes: &[u8]) -> Result<String, EnvelopeError> {
    String::from_utf8(bytes.to_vec()).or(Err(EnvelopeError::WrongPayload))
}

/// The envelope of a message, ready to be published on the subject of a stream. `checksum` adds a CRC-32C of the
/// payload, which servers check; no official client writes one.
pub fn encode(message: &EnvelopeMessage, checksum: bool) -> Vec<u8> {
    let payload = payload(message);
    let (length, flags) = if checksum {
        (CRC_HEADER, CRC_FLAG)
    } else {
        (PLAIN_HEADER, 0)
    };
    let mut bytes = MAGIC.to_vec();
    bytes.extend([VERSION, length, flags, PUBLISH]);
    if checksum {
        bytes.extend(crc32c::crc32c(&payload).to_be_bytes());
    }
    bytes.extend(payload);
    bytes
}

/// Fields in the order of their numbers, defaults left out, headers in their own order: the bytes of the Go client.
fn payload(message: &EnvelopeMessage) -> Vec<u8> {
    let mut bytes = Vec::new();
    number(&mut bytes, 1, message.expected_offset.cast_unsigned());
    text_field(&mut bytes, 2, &message.key);
    text_field(&mut bytes, 3, &message.value);
    for (name, value) in &message.headers {
        let mut entry = Vec::new();
        text_field(&mut entry, 1, name.as_bytes());
        text_field(&mut entry, 2, value);
        tag(&mut bytes, 9, 2);
        varint(&mut bytes, entry.len() as u64);
        bytes.extend(entry);
    }
    text_field(&mut bytes, 10, message.ack_inbox.as_bytes());
    text_field(&mut bytes, 11, message.correlation_id.as_bytes());
    let policy = i32::from(ack_policy(message.ack_policy));
    number(&mut bytes, 12, u64::from(policy.cast_unsigned()));
    bytes
}

fn number(bytes: &mut Vec<u8>, field: u8, value: u64) {
    if value != 0 {
        tag(bytes, field, 0);
        varint(bytes, value);
    }
}

fn text_field(bytes: &mut Vec<u8>, field: u8, value: &[u8]) {
    if !value.is_empty() {
        tag(bytes, field, 2);
        varint(bytes, value.len() as u64);
        bytes.extend_from_slice(value);
    }
}

/// Field numbers up to 15 take one byte, and the message has none above.
fn tag(bytes: &mut Vec<u8>, field: u8, wire_type: u8) {
    bytes.push(field << 3 | wire_type);
}

fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> EnvelopeMessage {
        EnvelopeMessage {
            expected_offset: 0,
            key: Bytes::from_static(b"k"),
            value: Bytes::from_static(b"v"),
            ack_inbox: "i".into(),
            correlation_id: "c".into(),
            ack_policy: AckPolicy::All,
            ..EnvelopeMessage::default()
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_go_client() {
        // wire-contract §3, golden bytes
        let golden =
            b"\xb9\x0e\x43\xb4\x00\x08\x00\x00\x12\x01k\x1a\x01v\x52\x01i\x5a\x01c\x60\x01";
        assert_eq!(encode(&sample(), false), golden);
        assert_eq!(decode(golden), Ok(Envelope::Message(sample())));
    }

    #[test]
    fn a_checksum_is_checked_where_it_is_flagged() {
        let mut bytes = encode(&sample(), true);
        assert_eq!(decode(&bytes), Ok(Envelope::Message(sample())));
        bytes[11] ^= 1;
        assert_eq!(decode(&bytes), Err(EnvelopeError::WrongChecksum));
    }

    #[test]
    fn a_header_length_beyond_the_end_is_no_slice() {
        let error = decode(b"\xb9\x0e\x43\xb4\x00\xff\x00\x00");
        assert_eq!(error, Err(EnvelopeError::WrongHeaderLength(255)));
        let error = decode(b"\xb9\x0e\x43\xb4\x00\x07\x00\x00");
        assert_eq!(error, Err(EnvelopeError::WrongHeaderLength(7)));
        assert_eq!(decode(b"\xb9\x0e"), Err(EnvelopeError::TooShort));
    }
}
