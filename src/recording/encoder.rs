//! Facts in, blocks out: what of a view has changed, chunks in few bytes, and messages only where they are wanted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::block::Block;
use super::record::{ClusterChange, Fact, Record, RecordContent, ViewRecord};
use crate::app::{Event, TailEvent};
use crate::model::{BrokerView, Cluster, Timestamp};
use crate::store::{FrequentList, StatisticsReport};

/// Bytes at which a block is sealed.
const SEAL_BYTES: usize = 256 << 10;

/// How long a block lasts at most: as much is lost where the machine stops.
const SEAL_AFTER: Duration = Duration::from_secs(5);

/// How long blocks need the ones before them at most. A group begins with whole views.
const GROUP: Duration = Duration::from_secs(60);

/// Puts records together into blocks.
#[derive(Debug)]
pub struct BlockBuilder {
    /// Whether what messages hold is recorded.
    messages: bool,
    /// The last good metadata of each broker, by its address.
    clusters: BTreeMap<Arc<str>, Arc<Cluster>>,
    /// When the group began.
    group: Option<Timestamp>,
    starts_group: bool,
    first: Timestamp,
    last: Timestamp,
    raw: Vec<u8>,
}

impl BlockBuilder {
    /// An empty one.
    pub fn new(messages: bool) -> Self {
        Self {
            messages,
            clusters: BTreeMap::new(),
            group: None,
            starts_group: false,
            first: Timestamp::NEVER,
            last: Timestamp::NEVER,
            raw: Vec::new(),
        }
    }

    /// Adds a fact, and returns the block that is full before it, if one is.
    pub fn add(&mut self, at: Timestamp, fact: &Fact) -> Option<Block> {
        // A clock that is set back does not take back what has happened.
        let at = at.max(self.last);
        let is_full = self.raw.len() >= SEAL_BYTES || self.first.age(at) >= SEAL_AFTER;
        let sealed = if is_full { self.seal() } else { None };
        if self.raw.is_empty() {
            self.begin(at);
        }
        let record = Record {
            after: self.last.age(at),
            content: self.content(fact),
        };
        self.last = at;
        // Memory takes what is written, and every record has a form.
        if let Err(error) = ciborium::into_writer(&record, &mut self.raw) {
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

    fn begin(&mut self, at: Timestamp) {
        (self.first, self.last) = (at, at);
        let group = self.group.filter(|begun| begun.age(at) < GROUP);
        self.starts_group = group.is_none();
        if self.starts_group {
            self.group = Some(at);
            self.clusters.clear();
        }
    }

    fn content(&mut self, fact: &Fact) -> RecordContent {
        let event = match fact {
            Fact::Started(settings) => return RecordContent::Started(settings.clone()),
            Fact::Drawn(width, height) => return RecordContent::Drawn(*width, *height),
            Fact::Happened(event) => event,
        };
        match event {
            Event::BrokerView(view) => RecordContent::View(self.view(view)),
            Event::LineParsed(line, _) => RecordContent::Line(line.clone()),
            Event::Tail(tail, TailEvent::Chunk(chunk)) => RecordContent::Chunk {
                tail: *tail,
                older: false,
                chunk: chunk.pack(self.messages),
            },
            Event::Tail(tail, TailEvent::Older(chunk)) => RecordContent::Chunk {
                tail: *tail,
                older: true,
                chunk: chunk.pack(self.messages),
            },
            Event::Statistics(id, Ok((report, is_last))) if !self.messages => {
                let report = Arc::new(without_texts(report));
                RecordContent::Event(Event::Statistics(*id, Ok((report, *is_last))))
            }
            other => RecordContent::Event(other.clone()),
        }
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
