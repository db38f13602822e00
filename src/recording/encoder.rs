//! Facts in, blocks out: what of a view has changed, chunks in few bytes, and messages only where they are wanted.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::block::Block;
use super::known_events::KnownEvents;
use super::record::{ClusterChange, Fact, Record, RecordContent, ViewRecord};
use super::redaction::{Names, Redacted, Vocabulary};
use super::segments::Segments;
use crate::app::{Event, TableEvent, TailEvent};
use crate::model::{BrokerView, Cluster, ErrorKind, Failure, Target, Timestamp};
use crate::store::{FrequentList, StatisticsReport};

/// Bytes at which a block is sealed.
const SEAL_BYTES: usize = 256 << 10;

/// How long a block lasts at most: as much is lost where the machine stops.
const SEAL_AFTER: Duration = Duration::from_secs(1);

/// Puts records together into blocks.
#[derive(Debug)]
pub struct BlockBuilder {
    /// Whether what messages hold is recorded.
    messages: bool,
    /// The names that stand in the place of others, where any do.
    names: Option<RefCell<Names>>,
    /// The last good metadata of each broker, by its address.
    clusters: BTreeMap<Arc<str>, Arc<Cluster>>,
    /// What a dashboard would have to be told that begins here.
    known: KnownEvents,
    starts_group: bool,
    first: Timestamp,
    last: Timestamp,
    raw: Segments,
}

impl BlockBuilder {
    /// An empty one.
    pub fn new(messages: bool) -> Self {
        Self {
            messages,
            names: None,
            clusters: BTreeMap::new(),
            known: KnownEvents::default(),
            starts_group: false,
            first: Timestamp::NEVER,
            last: Timestamp::NEVER,
            raw: Segments::default(),
        }
    }

    /// An empty one that replaces names and texts, and leaves out what messages hold.
    pub(super) fn redacting(names: Names) -> Self {
        Self {
            names: Some(RefCell::new(names)),
            ..Self::new(false)
        }
    }

    /// The names that it has come across, and what stands in their place.
    pub(super) fn take_names(&mut self) -> Names {
        self.names.take().unwrap_or_default().into_inner()
    }

    /// What stands in the place of a typed text.
    pub(super) fn typed(&self, text: &str, vocabulary: Vocabulary<'_>) -> String {
        let names = self.names.as_ref();
        let typed = names.map(|names| names.borrow_mut().typed(text, vocabulary));
        typed.unwrap_or_else(|| text.to_owned())
    }

    /// A dashboard that begins here would have to be told of that.
    pub(super) fn remember(&mut self, event: &Event) {
        self.known.record(event);
    }

    /// Adds a fact, and returns the block that is full before it, if one is.
    pub fn add(&mut self, at: Timestamp, fact: &Fact) -> Option<Block> {
        // A clock that is set back does not take back what has happened.
        let at = at.max(self.last);
        let begins = matches!(fact, Fact::Started(_) | Fact::Continued(..));
        let is_full = self.raw.len() >= SEAL_BYTES || self.first.age(at) >= SEAL_AFTER;
        let sealed = if is_full || begins { self.seal() } else { None };
        if self.raw.is_empty() {
            (self.first, self.last) = (at, at);
            self.starts_group = begins;
        }
        if begins {
            // Views are whole again: nothing before this is needed to read what follows.
            self.clusters.clear();
        }
        let record = Record {
            after: self.last.age(at),
            content: self.content(fact),
            last_id: match fact {
                Fact::Numbered(last_id, _) => Some(*last_id),
                Fact::Started(_) | Fact::Continued(..) | Fact::Happened(_) | Fact::Drawn(..) => {
                    None
                }
            },
        };
        self.last = at;
        let written = match &self.names {
            Some(names) => ciborium::into_writer(&Redacted::new(&record, names), &mut self.raw),
            None => ciborium::into_writer(&record, &mut self.raw),
        };
        // Memory takes what is written, and every record has a form.
        if let Err(error) = written {
            tracing::error!(%error, "a record was not made");
        }
        sealed
    }

    /// What was added since the last block, if anything.
    pub fn seal(&mut self) -> Option<Block> {
        if self.raw.is_empty() {
            return None;
        }
        let block = Block::seal(&self.raw, self.starts_group, (self.first, self.last));
        self.raw.clear();
        Some(block)
    }

    fn content(&mut self, fact: &Fact) -> RecordContent {
        match fact {
            Fact::Started(settings) => {
                self.known = KnownEvents::default();
                RecordContent::Started(settings.clone())
            }
            Fact::Continued(settings, _) => {
                let known = self.known.events();
                RecordContent::Continued {
                    settings: settings.clone(),
                    known: known.iter().map(|event| self.event(event)).collect(),
                }
            }
            Fact::Drawn(width, height) => RecordContent::Drawn(*width, *height),
            Fact::Happened(event) | Fact::Numbered(_, event) => {
                self.known.record(event);
                self.event(event)
            }
        }
    }

    fn event(&mut self, event: &Event) -> RecordContent {
        if let Event::BrokerView(view) = event {
            return RecordContent::View(self.view(view));
        }
        if let Event::LineParsed(line, _) = event {
            return RecordContent::Line(line.clone());
        }
        if let Event::Tail(tail, TailEvent::Chunk(chunk) | TailEvent::Older(chunk)) = event {
            let mut chunk = chunk.pack(self.messages);
            if let Some(names) = &self.names {
                chunk.rename_subjects(|subject| names.borrow_mut().name("subject", subject));
            }
            return RecordContent::Chunk {
                tail: *tail,
                older: matches!(event, Event::Tail(_, TailEvent::Older(_))),
                chunk,
            };
        }
        if let Event::Table(id, _) = event
            && !self.messages
        {
            let event = Event::Table(*id, TableEvent::Failed(not_recorded()));
            return RecordContent::Event(event);
        }
        if let Event::KeyHistory(id, _) = event
            && !self.messages
        {
            return RecordContent::Event(Event::KeyHistory(*id, Err(not_recorded())));
        }
        if let Event::Statistics(id, Ok((report, is_last))) = event
            && !self.messages
        {
            let report = Arc::new(without_texts(report));
            return RecordContent::Event(Event::Statistics(*id, Ok((report, *is_last))));
        }
        RecordContent::Event(event.clone())
    }

    fn view(&mut self, view: &BrokerView) -> ViewRecord {
        ViewRecord {
            address: Arc::clone(&view.address),
            broker: view.broker.clone(),
            at: view.at,
            took: view.took,
            result: match &view.result {
                Ok(cluster) => Ok(self.change(&view.address, cluster)),
                Err(failure) => Err(failure.clone()),
            },
        }
    }

    /// What differs from the last metadata of that broker. Streams that did not change are shared between them.
    fn change(&mut self, address: &Arc<str>, cluster: &Arc<Cluster>) -> ClusterChange {
        let before = self
            .clusters
            .insert(Arc::clone(address), Arc::clone(cluster));
        let before = before.as_ref();
        let is_same = |stream: &Arc<_>, known: &Arc<_>| Arc::ptr_eq(stream, known);
        let changed = cluster.streams.iter().filter(|(name, stream)| {
            let known = before.and_then(|before| before.streams.get(*name));
            !known.is_some_and(|known| is_same(stream, known))
        });
        let removed = before.into_iter().flat_map(|before| before.streams.keys());
        ClusterChange {
            answered_by: cluster.answered_by.clone(),
            brokers: cluster.brokers.clone(),
            goes_on: before.is_some(),
            changed: changed.map(|(_, stream)| Arc::clone(stream)).collect(),
            removed: removed
                .filter(|name| !cluster.streams.contains_key(*name))
                .cloned()
                .collect(),
        }
    }
}

/// What a table shows in a recording without messages: its rows are nothing else.
fn not_recorded() -> Failure {
    let sentence = "what tables hold is recorded with --record-messages alone";
    Failure::new(ErrorKind::Refused, Target::Cluster, sentence)
}

/// A report whose lists say how often each text came, and not which.
fn without_texts(report: &StatisticsReport) -> StatisticsReport {
    let mut report = report.clone();
    let fill = |list: &mut FrequentList| {
        for item in &mut list.items {
            item.text.fill(b'.');
        }
    };
    fill(&mut report.keys);
    fill(&mut report.headers);
    fill(&mut report.header_values);
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{RequestId, TableId};
    use crate::store::{KeyHistory, TableEntry};

    /// Events with what a table and the history of a key hold.
    fn of_tables() -> [Event; 2] {
        let entry = TableEntry {
            partition: 0,
            key: Arc::from(b"the key".as_slice()),
            value: Some(Arc::from(b"the value".as_slice())),
            size: 9,
            offset: 7,
            time: Timestamp::NEVER,
            changes: 1,
        };
        let row = serde_json::from_str(r#"{"partition":0,"row":0}"#).unwrap();
        let entries = vec![(row, Arc::new(entry))];
        let history = KeyHistory::new("settings".into(), 0);
        [
            Event::Table(TableId(1), TableEvent::Entries(entries)),
            Event::KeyHistory(RequestId(2), Ok((Arc::new(history), true))),
        ]
    }

    #[test]
    fn what_tables_hold_is_recorded_with_messages_alone() {
        for event in of_tables() {
            let without = format!("{:?}", BlockBuilder::new(false).event(&event));
            assert!(without.contains("--record-messages"), "{without}");
            assert!(
                !without.contains("Entry") && !without.contains("versions"),
                "{without}"
            );
            let with = format!("{:?}", BlockBuilder::new(true).event(&event));
            assert_eq!(with, format!("{:?}", RecordContent::Event(event)));
        }
    }
}
