//! What happened in one run: every message sent and how that ended, all that each reader was told, in order.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use liftui::client::SubscriptionItem;
use liftui::model::{
    AckPolicy, ErrorKind, Failure, Message, Offset, Outcome, PartitionId, StreamName,
    SubscriptionEvent, Timestamp,
};
use tokio::time::Instant;

/// A partition.
pub(crate) type Place = (StreamName, PartitionId);

/// Which message it is: of which producer, and its number there. The value of the message says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MessageId {
    pub(crate) producer: u16,
    pub(crate) number: u32,
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.producer, self.number)
    }
}

impl FromStr for MessageId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = || {
            let (producer, number) = text.split_once('-')?;
            Some(Self {
                producer: producer.parse().ok()?,
                number: number.parse().ok()?,
            })
        };
        parsed().ok_or_else(|| format!("{text:?} is no message of this run"))
    }
}

/// How a publish ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SendOutcome {
    /// Nobody has answered yet.
    Pending,
    Acked {
        /// The stream that the ack names.
        stream: StreamName,
        offset: Offset,
        time: Timestamp,
    },
    /// It may be stored or not.
    Unknown,
    /// It was not stored, says the client.
    Refused(Failure),
}

/// A message that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) place: Place,
    pub(crate) policy: AckPolicy,
    pub(crate) outcome: SendOutcome,
    /// Its place among all beginnings and ends of publishes: what ended before another began was sent before it.
    pub(crate) began: u64,
    pub(crate) ended: u64,
}

/// What a reader was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Message {
        id: MessageId,
        offset: Offset,
        time: Timestamp,
    },
    Event(SubscriptionEvent),
    /// A message of nobody in this run.
    Stranger(String),
}

/// Something that a reader was told, and when after the beginning of the run.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) at: Duration,
    /// Who read, where several share a partition.
    pub(crate) member: usize,
    pub(crate) told: Told,
}

/// All that one reader was told of one partition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) entries: Vec<Entry>,
    /// The messages among them.
    pub(crate) delivered: BTreeSet<MessageId>,
}

/// Whose reading it is: the name of a tail or a group.
pub(crate) type ReaderName = String;

/// Which messages of a partition any reader was handed, and at which offsets.
pub(crate) fn read_at(
    readings: &BTreeMap<(ReaderName, Place), Reading>,
    place: &Place,
) -> BTreeSet<(MessageId, Offset)> {
    let of_place = readings.iter().filter(|((_, read), _)| read == place);
    let entries = of_place.flat_map(|(_, reading)| &reading.entries);
    let messages = entries.filter_map(|entry| match entry.told {
        Told::Message { id, offset, .. } => Some((id, offset)),
        Told::Event(_) | Told::Stranger(_) => None,
    });
    messages.collect()
}

#[derive(Debug, Default)]
struct Records {
    sent: BTreeMap<MessageId, Sent>,
    clock: u64,
    readings: BTreeMap<(ReaderName, Place), Reading>,
    /// What was wrong at the moment that it was seen.
    wrong: BTreeMap<String, (Duration, Duration)>,
    faults: Vec<(Duration, String)>,
}

/// What has happened so far.
#[derive(Debug)]
pub(crate) struct History {
    began: Instant,
    records: Mutex<Records>,
}

impl History {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            records: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().expect("nobody panics with it")
    }

    /// The time since the run began.
    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// A message is about to be sent.
    pub(crate) fn sending(&self, id: MessageId, place: &Place, policy: AckPolicy) {
        let mut records = self.lock();
        records.clock += 1;
        let sent = Sent {
            place: place.clone(),
            policy,
            outcome: SendOutcome::Pending,
            began: records.clock,
            ended: u64::MAX,
        };
        records.sent.insert(id, sent);
    }

    /// A publish has ended.
    pub(crate) fn sent(&self, id: MessageId, outcome: liftui::client::Result<Outcome>) {
        let outcome = match outcome {
            Ok(Outcome::Acked { ack, .. }) => SendOutcome::Acked {
                stream: ack.stream,
                offset: ack.offset,
                time: ack.received,
            },
            Ok(_) => SendOutcome::Unknown,
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => SendOutcome::Unknown,
            Err(error) => SendOutcome::Refused(error.into()),
        };
        let mut records = self.lock();
        records.clock += 1;
        let clock = records.clock;
        if let Some(sent) = records.sent.get_mut(&id) {
            sent.ended = clock;
            sent.outcome = outcome;
        }
    }

    /// A tail was told something.
    pub(crate) fn read(&self, reader: &str, place: &Place, item: SubscriptionItem<Message>) {
        match item {
            SubscriptionItem::Batch(message) => self.read_message(reader, place, 0, &message),
            SubscriptionItem::Event(event) => self.read_event(reader, place, 0, event),
        }
    }

    /// A reader was handed a message.
    pub(crate) fn read_message(
        &self,
        reader: &str,
        place: &Place,
        member: usize,
        message: &Message,
    ) {
        let told = match String::from_utf8_lossy(&message.value).parse() {
            Ok(id) => Told::Message {
                id,
                offset: message.offset,
                time: message.timestamp,
            },
            Err(why) => Told::Stranger(why),
        };
        self.tell(reader, place, member, told);
    }

    /// A reader was told an event.
    pub(crate) fn read_event(
        &self,
        reader: &str,
        place: &Place,
        member: usize,
        event: SubscriptionEvent,
    ) {
        self.tell(reader, place, member, Told::Event(event));
    }

    fn tell(&self, reader: &str, place: &Place, member: usize, told: Told) {
        let at = self.now();
        let mut records = self.lock();
        let key = (reader.to_owned(), place.clone());
        let reading = records.readings.entry(key).or_default();
        if let Told::Message { id, .. } = &told {
            reading.delivered.insert(*id);
        }
        reading.entries.push(Entry { at, member, told });
    }

    /// Something is wrong. What is said again counts once, with the time of it all.
    pub(crate) fn wrong(&self, sentence: String) {
        let at = self.now();
        let mut records = self.lock();
        records.wrong.entry(sentence).or_insert((at, at)).1 = at;
    }

    /// A fault was done.
    pub(crate) fn fault(&self, what: String) {
        let at = self.now();
        self.lock().faults.push((at, what));
    }

    /// Whether the reader was handed that message.
    pub(crate) fn has_read(&self, reader: &str, place: &Place, id: MessageId) -> bool {
        let records = self.lock();
        let reading = records.readings.get(&(reader.to_owned(), place.clone()));
        reading.is_some_and(|reading| reading.delivered.contains(&id))
    }

    pub(crate) fn outcome(&self, id: MessageId) -> Option<SendOutcome> {
        Some(self.lock().sent.get(&id)?.outcome.clone())
    }

    pub(crate) fn all_sent(&self) -> BTreeMap<MessageId, Sent> {
        self.lock().sent.clone()
    }

    pub(crate) fn readings(&self) -> BTreeMap<(ReaderName, Place), Reading> {
        self.lock().readings.clone()
    }

    pub(crate) fn all_wrong(&self) -> Vec<String> {
        let records = self.lock();
        let mut by_time: Vec<_> = records.wrong.iter().collect();
        by_time.sort_by_key(|(_, (from, _))| *from);
        let wrong = by_time.into_iter().map(|(sentence, (from, to))| {
            let (from, to) = (from.as_secs_f64(), to.as_secs_f64());
            format!("{from:.1}s to {to:.1}s: {sentence}")
        });
        wrong.collect()
    }

    pub(crate) fn faults(&self) -> Vec<(Duration, String)> {
        self.lock().faults.clone()
    }
}
