//! Compares copies of a partition message by message: what differs, what one of them lacks, and what explains that.
//! Reads nothing itself. Its memory does not grow with the log.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use super::Aspect;
use crate::model::{Message, Offset, Timestamp};

/// Missing messages that are remembered until it is known whether something explains them.
const MOST_MISSING: usize = 100_000;

/// What a copy has at an offset.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// This message.
    Message(Message),
    /// None.
    Nothing,
    /// Nobody knows: it is not read, or not any more.
    Unread,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) offset: Offset,
    /// The last offset, where it is about several.
    pub(crate) last_offset: Offset,
    /// Which copy, in the order in which they are compared; `None`: all of them.
    pub(crate) replica: Option<usize>,
    pub(crate) aspects: Vec<Aspect>,
    /// Checksums of the copy's message and of the one that it was compared with.
    pub(crate) checksums: Option<(u32, u32)>,
}

/// A message that a copy lacks.
#[derive(Clone, Copy, Debug)]
struct MissingMessage {
    offset: Offset,
    replica: usize,
    /// A hash of its key, where it has one: compaction leaves out what a later message of the key stands for.
    key: Option<u64>,
}

/// The copies of one partition as far as they were compared.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// Where each copy begins: what is older is gone by retention. `None`: it could not be told.
    oldest: Vec<Option<Offset>>,
    /// Whether offsets that no copy holds are wrong.
    is_dense: bool,
    missing: VecDeque<MissingMessage>,
    /// The newest offset at which each copy holds a key of which it lacks an earlier message.
    later: HashMap<(usize, u64), Offset>,
    /// Copies of which it is not known what they hold behind what is compared.
    unread_beyond: Vec<usize>,
    /// Missing messages that found no room, or of which nobody knows whether anything explains them.
    pub(crate) unjudged: u64,
    newest_time: Timestamp,
    /// The offset compared last.
    pub(crate) last: Option<Offset>,
    /// Offsets that no copy holds.
    pub(crate) absent: u64,
    /// Offsets that were compared.
    pub(crate) compared: u64,
}

impl Comparison {
    /// Nothing is compared yet; of each copy it is known where it begins.
    pub(crate) fn new(oldest: Vec<Option<Offset>>, is_dense: bool) -> Self {
        Self {
            oldest,
            is_dense,
            missing: VecDeque::new(),
            later: HashMap::new(),
            unread_beyond: Vec::new(),
            unjudged: 0,
            newest_time: Timestamp::NEVER,
            last: None,
            absent: 0,
            compared: 0,
        }
    }

    /// Compares what the copies have at the next offset that any of them holds. Messages that one of them lacks are told by
    /// [`Comparison::missing`], once it is known whether anything explains that.
    pub(crate) fn compare(&mut self, offset: Offset, found: &[Found]) -> Vec<Difference> {
        let mut differences = Vec::new();
        differences.extend(self.gap_before(offset));
        self.last = Some(offset);
        self.compared += 1;
        let mut reference: Option<&Message> = None;
        for (replica, found) in found.iter().enumerate() {
            let Found::Message(message) = found else {
                continue;
            };
            self.record_key(replica, message);
            match reference {
                None => {
                    reference = Some(message);
                    differences.extend(self.time_going_back(replica, message));
                }
                Some(first) => differences.extend(difference(replica, message, first)),
            }
        }
        if let Some(reference) = reference {
            self.record_missing(offset, found, reference);
        }
        differences
    }

    /// Offsets that no copy holds.
    fn gap_before(&mut self, offset: Offset) -> Option<Difference> {
        let first = self.last?.saturating_add(1);
        let last = offset.saturating_sub(1);
        if first > last {
            return None;
        }
        self.absent += u64::try_from(offset - first).unwrap_or(0);
        self.is_dense.then(|| Difference {
            offset: first,
            last_offset: last,
            replica: None,
            aspects: vec![Aspect::Absent],
            checksums: None,
        })
    }

    fn time_going_back(&mut self, replica: usize, message: &Message) -> Option<Difference> {
        let is_earlier = message.timestamp < self.newest_time;
        self.newest_time = self.newest_time.max(message.timestamp);
        is_earlier.then(|| Difference {
            offset: message.offset,
            last_offset: message.offset,
            replica: Some(replica),
            aspects: vec![Aspect::TimeGoesBack],
            checksums: None,
        })
    }

    /// A copy holds that message, be it behind what is compared.
    pub(crate) fn record_key(&mut self, replica: usize, message: &Message) {
        if self.missing.is_empty() || message.key.is_empty() {
            return;
        }
        if let Some(later) = self.later.get_mut(&(replica, hash(&message.key))) {
            *later = message.offset;
        }
    }

    fn record_missing(&mut self, offset: Offset, found: &[Found], reference: &Message) {
        let key = (!reference.key.is_empty()).then(|| hash(&reference.key));
        for (replica, found) in found.iter().enumerate() {
            let begins = self.oldest.get(replica).copied().flatten();
            let is_retained = begins.is_none_or(|oldest| oldest <= offset);
            if !matches!(found, Found::Nothing) || !is_retained {
                continue;
            }
            if self.missing.len() >= MOST_MISSING {
                self.unjudged += 1;
                continue;
            }
            if let Some(key) = key {
                self.later.entry((replica, key)).or_insert(Offset::MIN);
            }
            self.missing.push_back(MissingMessage {
                offset,
                replica,
                key,
            });
        }
    }

    /// Copies that lack a message for whose key nothing later was seen in them: compaction goes further than what is compared.
    pub(crate) fn lacking_keys(&self) -> Vec<usize> {
        let keyed = self.missing.iter().filter(|missing| missing.key.is_some());
        let open = keyed.filter(|missing| !self.is_compacted(missing));
        let mut replicas: Vec<usize> = open.map(|missing| missing.replica).collect();
        replicas.sort_unstable();
        replicas.dedup();
        replicas
    }

    /// What a copy holds behind what is compared could not be read.
    pub(crate) fn record_unread_beyond(&mut self, replica: usize) {
        self.unread_beyond.push(replica);
    }

    /// Whether a later message of its key in the same copy stands for it.
    fn is_compacted(&self, missing: &MissingMessage) -> bool {
        let key = missing.key.map(|key| (missing.replica, key));
        let later = key.and_then(|key| self.later.get(&key));
        later.is_some_and(|later| *later > missing.offset)
    }

    /// Where the first message was missing of which nobody knows yet whether anything explains that.
    pub(crate) fn first_open(&self) -> Option<Offset> {
        self.missing.front().map(|missing| missing.offset)
    }

    /// Messages that a copy lacks, and nothing explains: neither a later message of the key in the same copy, nor that the copy
    /// begins later by now. Where nobody knows where it begins, they are not judged.
    pub(crate) fn missing(&mut self, oldest_now: &[Option<Offset>]) -> Vec<Difference> {
        let mut differences = Vec::new();
        for missing in std::mem::take(&mut self.missing) {
            if self.is_compacted(&missing) {
                continue;
            }
            let may_be_compacted =
                missing.key.is_some() && self.unread_beyond.contains(&missing.replica);
            match oldest_now.get(missing.replica).copied().flatten() {
                Some(oldest) if oldest > missing.offset => {}
                Some(_) if !may_be_compacted => differences.push(Difference {
                    offset: missing.offset,
                    last_offset: missing.offset,
                    replica: Some(missing.replica),
                    aspects: vec![Aspect::Missing],
                    checksums: None,
                }),
                Some(_) | None => self.unjudged += 1,
            }
        }
        self.later.clear();
        differences
    }
}

fn difference(replica: usize, message: &Message, reference: &Message) -> Option<Difference> {
    let aspects = [
        (Aspect::Key, message.key != reference.key),
        (Aspect::Value, message.value != reference.value),
        (Aspect::Headers, message.headers != reference.headers),
        (Aspect::Timestamp, message.timestamp != reference.timestamp),
    ];
    let differing = aspects.into_iter().filter(|(_, differs)| *differs);
    let aspects: Vec<Aspect> = differing.map(|(aspect, _)| aspect).collect();
    (!aspects.is_empty()).then(|| Difference {
        offset: message.offset,
        last_offset: message.offset,
        replica: Some(replica),
        aspects,
        checksums: Some((checksum(message), checksum(reference))),
    })
}

/// CRC-32C over key, value, headers and time, each behind its length.
fn checksum(message: &Message) -> u32 {
    let add = |crc: u32, bytes: &[u8]| {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        crc32c::crc32c_append(crc32c::crc32c_append(crc, &length.to_be_bytes()), bytes)
    };
    let mut crc = add(add(0, &message.key), &message.value);
    for (name, value) in &message.headers {
        crc = add(add(crc, name.as_bytes()), value);
    }
    crc32c::crc32c_append(crc, &message.timestamp.0.to_be_bytes())
}

fn hash(key: &[u8]) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(offset: Offset, key: &'static str, value: &'static str) -> Found {
        Found::Message(Message {
            offset,
            key: key.into(),
            value: value.into(),
            timestamp: Timestamp(offset * 10),
            ..Message::default()
        })
    }

    fn from_zero(copies: usize) -> Comparison {
        Comparison::new(vec![Some(0); copies], false)
    }

    #[test]
    fn equal_copies_differ_in_nothing_and_each_aspect_is_told() {
        let mut comparison = from_zero(3);
        let equal = [message(0, "k", "v"), message(0, "k", "v"), Found::Unread];
        assert_eq!(comparison.compare(0, &equal), []);
        let mut late = message(1, "k", "v");
        if let Found::Message(message) = &mut late {
            message.timestamp = Timestamp(11);
            message.headers = vec![("a".into(), "b".into())];
        }
        let differ = [message(1, "k", "v"), message(1, "q", "w"), late];
        let found = comparison.compare(1, &differ);
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.replica, one.aspects.clone()))
            .collect();
        assert_eq!(
            told,
            [
                (Some(1), vec![Aspect::Key, Aspect::Value]),
                (Some(2), vec![Aspect::Headers, Aspect::Timestamp]),
            ]
        );
        let checksums = found[0].checksums.unwrap();
        assert_ne!(checksums.0, checksums.1);
        assert_eq!(comparison.missing(&[Some(0); 3]), []);
    }

    #[test]
    fn a_missing_message_is_told_unless_compaction_or_retention_explains_it() {
        let lacking = |offset, key| [message(offset, key, "v"), Found::Nothing];
        let both = |offset, key| [message(offset, key, "v"), message(offset, key, "v")];
        let missing = |mut comparison: Comparison, oldest| {
            let found = comparison.missing(&[Some(0), oldest]);
            found
                .iter()
                .map(|one| (one.offset, one.replica))
                .collect::<Vec<_>>()
        };
        let mut comparison = from_zero(2);
        comparison.compare(0, &lacking(0, "a"));
        comparison.compare(1, &lacking(1, "b"));
        comparison.compare(2, &lacking(2, ""));
        comparison.compare(3, &both(3, "a"));
        assert_eq!(comparison.first_open(), Some(0));
        assert_eq!(missing(comparison, Some(0)), [(1, Some(1)), (2, Some(1))]);

        // A later message of the key in another copy explains nothing.
        let mut comparison = from_zero(2);
        comparison.compare(0, &lacking(0, "a"));
        comparison.compare(1, &lacking(1, "a"));
        assert_eq!(missing(comparison, Some(0)), [(0, Some(1)), (1, Some(1))]);

        // Retention took it before, or meanwhile.
        let mut comparison = Comparison::new(vec![Some(0), Some(5)], false);
        comparison.compare(4, &lacking(4, ""));
        assert_eq!(missing(comparison, Some(5)), []);
        let mut comparison = from_zero(2);
        comparison.compare(4, &lacking(4, ""));
        assert_eq!(missing(comparison, Some(5)), []);
    }

    #[test]
    fn compaction_goes_further_than_what_is_compared() {
        let lacking = [message(0, "a", "v"), Found::Nothing];
        let mut comparison = from_zero(2);
        comparison.compare(0, &lacking);
        assert_eq!(comparison.lacking_keys(), [1]);
        let Found::Message(later) = message(7, "a", "v") else {
            panic!("it is one");
        };
        comparison.record_key(1, &later);
        assert_eq!(comparison.lacking_keys(), [0; 0]);
        assert_eq!(comparison.missing(&[Some(0); 2]), []);
        assert_eq!(comparison.unjudged, 0);
        // Where that could not be read, nobody knows.
        let mut comparison = from_zero(2);
        comparison.compare(0, &lacking);
        comparison.record_unread_beyond(1);
        assert_eq!(comparison.missing(&[Some(0); 2]), []);
        assert_eq!(comparison.unjudged, 1);
    }

    #[test]
    fn what_a_copy_lacks_that_does_not_say_where_it_begins_is_not_judged() {
        let mut comparison = Comparison::new(vec![None; 2], false);
        comparison.compare(0, &[message(0, "", "v"), Found::Nothing]);
        assert_eq!(comparison.missing(&[Some(0), None]), []);
        assert_eq!(comparison.unjudged, 1);
    }

    #[test]
    fn the_leader_may_be_the_one_that_lacks_a_message() {
        let mut comparison = from_zero(2);
        comparison.compare(0, &[Found::Nothing, message(0, "", "v")]);
        let found = comparison.missing(&[Some(0), Some(0)]);
        assert_eq!((found.len(), found[0].replica), (1, Some(0)));
    }

    #[test]
    fn what_no_copy_holds_is_counted_and_wrong_only_where_nothing_is_compacted() {
        for (is_dense, told) in [(false, 0), (true, 1)] {
            let mut comparison = Comparison::new(vec![Some(3); 2], is_dense);
            assert_eq!(
                comparison.compare(3, &[message(3, "", ""), message(3, "", "")]),
                []
            );
            let found = comparison.compare(7, &[message(7, "", ""), message(7, "", "")]);
            assert_eq!((found.len(), comparison.absent), (told, 3));
            if let Some(gap) = found.first() {
                assert_eq!((gap.offset, gap.last_offset, gap.replica), (4, 6, None));
            }
        }
    }

    #[test]
    fn a_time_that_goes_back_is_told_once_however_many_copies_have_it() {
        let mut comparison = from_zero(2);
        comparison.compare(9, &[message(9, "", ""), message(9, "", "")]);
        let mut early = message(10, "", "");
        if let Found::Message(message) = &mut early {
            message.timestamp = Timestamp(1);
        }
        let found = comparison.compare(10, &[early.clone(), early]);
        assert_eq!(
            (found.len(), &*found[0].aspects),
            (1, &[Aspect::TimeGoesBack][..])
        );
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let mut comparison = from_zero(2);
        for offset in 0..100_003 {
            comparison.compare(offset, &[message(offset, "", ""), Found::Nothing]);
        }
        assert_eq!(comparison.unjudged, 3);
    }
}
