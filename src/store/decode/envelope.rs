//! A NATS envelope of Liftbridge as a tree of lines: who publishes one to a subject that is stored with its bytes as
//! they are, or with a bad header, finds it as the value of a message (wire-contract §3). Nothing here opens it for use.

use super::Reading;
use super::lines::Class;
use super::raw_protobuf::{fields, write};
use super::scalar::{Scalar, quoted};

const MAGIC: [u8; 4] = [0xb9, 0x0e, 0x43, 0xb4];

/// The fields of the payloads that are public, by number less 1 (the API's `Message` and `Ack`).
const MESSAGE: [&str; 12] = [
    "offset",
    "key",
    "value",
    "timestamp",
    "stream",
    "partition",
    "subject",
    "replySubject",
    "headers",
    "ackInbox",
    "correlationId",
    "ackPolicy",
];
const ACK: [&str; 10] = [
    "stream",
    "partitionSubject",
    "msgSubject",
    "offset",
    "ackInbox",
    "correlationId",
    "ackPolicy",
    "receptionTimestamp",
    "commitTimestamp",
    "ackError",
];
/// What the types mean, by number (wire-contract §3).
const TYPES: [&str; 15] = [
    "publish",
    "ack",
    "replication request",
    "replication response",
    "raft join request",
    "raft join response",
    "leader epoch offset request",
    "leader epoch offset response",
    "propagated request",
    "propagated response",
    "server info request",
    "server info response",
    "partition status request",
    "partition status response",
    "partition notification",
];

impl Reading<'_> {
    /// Reads it as an envelope where it begins like one, however broken the rest is.
    pub(super) fn envelope(&mut self) -> bool {
        let [m0, m1, m2, m3, version, header, flags, kind, ..] = *self.bytes else {
            return false;
        };
        if [m0, m1, m2, m3] != MAGIC {
            return false;
        }
        let payload = self.bytes.get(usize::from(header)..);
        self.writer.open("{");
        self.writer.key(&quoted("version"));
        self.writer.number(version);
        self.writer.key(&quoted("type"));
        self.writer.number(kind);
        self.writer
            .remark(TYPES.get(usize::from(kind)).copied().unwrap_or("unknown"));
        self.checksum(flags, payload);
        self.writer.key(&quoted("payload"));
        if let Some(payload) = payload {
            self.payload(kind, payload);
        } else {
            self.writer.leaf(Scalar::Word("null"));
            self.writer
                .remark("the header claims to be longer than the whole");
        }
        self.writer.close("}");
        true
    }

    fn checksum(&mut self, flags: u8, payload: Option<&[u8]>) {
        self.writer.key(&quoted("crc"));
        let stored = self.bytes.get(8..12).filter(|_| flags & 1 == 1);
        let Some(stored) = stored.and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()) else {
            return self.writer.leaf(Scalar::Word("null"));
        };
        let stored = u32::from_be_bytes(stored);
        self.writer
            .scalar(Class::Number, &format!("{stored:#010x}"));
        let right = payload.is_some_and(|payload| crc32c::crc32c(payload) == stored);
        self.writer.remark(if right { "right" } else { "wrong" });
    }

    fn payload(&mut self, kind: u8, payload: &[u8]) {
        let names: &[&str] = match kind {
            0 => &MESSAGE,
            1 => &ACK,
            _ => &[],
        };
        let name = |number: u64| {
            let place = usize::try_from(number).unwrap_or_default().checked_sub(1);
            let name = place.and_then(|place| names.get(place));
            name.map_or_else(|| number.to_string(), |name| quoted(name))
        };
        match fields(payload).filter(|_| self.whole) {
            Some(fields) => write(&fields, &name, 0, &mut self.writer),
            None => self.writer.leaf(Scalar::Bytes(payload)),
        }
    }
}
