//! A partition of a `FetchMetadata` answer as it stands on the wire, beside the partition that it was before.

use std::collections::HashMap;
use std::sync::Arc;

use super::{MOST_BROKERS, Unreadable};
use crate::model::{BrokerId, EventTimes, Partition, Timestamp};
use crate::wire::fields::{Fields, Malformed, Value};

/// A partition as it stands in the answer: its lists sorted, its texts not looked at yet.
#[derive(Default)]
pub(super) struct PartitionFields<'a> {
    leader: &'a [u8],
    replicas: Vec<&'a [u8]>,
    isr: Vec<&'a [u8]>,
    /// Replicas and in-sync replicas as they were listed, repeated ones included.
    pub(super) listed: usize,
    high_watermark: i64,
    newest_offset: i64,
    paused: bool,
    readonly: bool,
    received: EventTimes,
    pause_changed: EventTimes,
    readonly_changed: EventTimes,
}

impl<'a> PartitionFields<'a> {
    /// Reads another partition in place of the last.
    pub(super) fn read(&mut self, bytes: &'a [u8]) -> Result<(), Malformed> {
        self.clear();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match (number, value) {
                (2, Value::Bytes(bytes)) => self.leader = bytes,
                (3, Value::Bytes(bytes)) => self.replicas.push(bytes),
                (4, Value::Bytes(bytes)) => self.isr.push(bytes),
                (5, Value::Varint(offset)) => self.high_watermark = offset.cast_signed(),
                (6, Value::Varint(offset)) => self.newest_offset = offset.cast_signed(),
                (7, Value::Varint(flag)) => self.paused = flag != 0,
                (8, Value::Varint(flag)) => self.readonly = flag != 0,
                (9, Value::Bytes(bytes)) => read_times(bytes, &mut self.received)?,
                (10, Value::Bytes(bytes)) => read_times(bytes, &mut self.pause_changed)?,
                (11, Value::Bytes(bytes)) => read_times(bytes, &mut self.readonly_changed)?,
                // Its number is the key of its entry.
                (1, Value::Varint(_)) => {}
                (1..=11, _) => return Err(Malformed),
                _ => {}
            }
        }
        self.listed = self.replicas.len() + self.isr.len();
        for list in [&mut self.replicas, &mut self.isr] {
            list.sort_unstable();
            list.dedup();
        }
        Ok(())
    }

    fn clear(&mut self) {
        let (mut replicas, mut isr) = (
            std::mem::take(&mut self.replicas),
            std::mem::take(&mut self.isr),
        );
        replicas.clear();
        isr.clear();
        *self = Self {
            replicas,
            isr,
            ..Self::default()
        };
    }

    /// Whether it is that partition, but for the number.
    pub(super) fn matches(&self, partition: &Partition) -> bool {
        let same = |ids: &[BrokerId], bytes: &[&[u8]]| {
            ids.iter().map(|id| id.as_bytes()).eq(bytes.iter().copied())
        };
        let leader = partition.leader.as_deref().unwrap_or_default();
        self.high_watermark == partition.high_watermark
            && self.newest_offset == partition.newest_offset
            && self.paused == partition.paused_flag
            && self.readonly == partition.readonly_flag
            && self.received == partition.received
            && self.pause_changed == partition.pause_changed
            && self.readonly_changed == partition.readonly_changed
            && self.leader == leader.as_bytes()
            && same(&partition.replicas, &self.replicas)
            && same(&partition.isr, &self.isr)
    }

    pub(super) fn partition(&self, id: i32, ids: &mut Ids<'a>) -> Result<Partition, Unreadable> {
        let leader = Some(self.leader).filter(|id| !id.is_empty());
        Ok(Partition {
            id,
            leader: leader.map(|id| ids.shared(id)).transpose()?,
            replicas: ids.all(&self.replicas)?,
            isr: ids.all(&self.isr)?,
            high_watermark: self.high_watermark,
            newest_offset: self.newest_offset,
            paused_flag: self.paused,
            readonly_flag: self.readonly,
            received: self.received,
            pause_changed: self.pause_changed,
            readonly_changed: self.readonly_changed,
        })
    }
}

fn read_times(bytes: &[u8], times: &mut EventTimes) -> Result<(), Malformed> {
    let mut fields = Fields::new(bytes);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Varint(time)) => times.first = Timestamp(time.cast_signed()),
            (2, Value::Varint(time)) => times.latest = Timestamp(time.cast_signed()),
            (1..=2, _) => return Err(Malformed),
            _ => {}
        }
    }
    Ok(())
}

/// The ids of brokers in one answer, and lists of them, each stored once: they stand in every partition, several times.
#[derive(Default)]
pub(super) struct Ids<'a> {
    ids: Vec<BrokerId>,
    lists: HashMap<Box<[&'a [u8]]>, Arc<[BrokerId]>>,
}

impl<'a> Ids<'a> {
    pub(super) fn add(&mut self, id: &BrokerId) {
        if !self.ids.contains(id) {
            self.ids.push(Arc::clone(id));
        }
    }

    fn all(&mut self, ids: &[&'a [u8]]) -> Result<Arc<[BrokerId]>, Unreadable> {
        if let Some(known) = self.lists.get(ids) {
            return Ok(Arc::clone(known));
        }
        let list: Result<Arc<[BrokerId]>, _> = ids.iter().map(|id| self.shared(id)).collect();
        let list = list?;
        self.lists.insert(ids.into(), Arc::clone(&list));
        Ok(list)
    }

    /// There are few brokers: looking through them costs less than hashing.
    fn shared(&mut self, id: &[u8]) -> Result<BrokerId, Unreadable> {
        if let Some(known) = self.ids.iter().find(|known| known.as_bytes() == id) {
            return Ok(Arc::clone(known));
        }
        // Those of the answer before are among them.
        if self.ids.len() >= 2 * MOST_BROKERS {
            return Err(Unreadable::Brokers);
        }
        let id: BrokerId = Arc::from(text(id)?);
        self.ids.push(Arc::clone(&id));
        Ok(id)
    }
}

pub(super) fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).or(Err(Malformed))
}

/// A number of the wire as the 32 bits that are meant.
#[expect(
    clippy::cast_possible_truncation,
    reason = "protobuf says that the lower 32 bits count"
)]
pub(super) fn int32(value: u64) -> i32 {
    value.cast_signed() as i32
}
