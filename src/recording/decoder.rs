//! Blocks in, facts out: the other half of `encoder`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::block::Block;
use super::player::LineParser;
use super::record::{ClusterChange, Fact, Record, RecordContent, ViewRecord};
use crate::app::{Event, TailEvent};
use crate::model::{BrokerView, Cluster, Timestamp};

/// Reads blocks one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Decoder {
    /// The last good metadata of each broker, by its address.
    clusters: BTreeMap<Arc<str>, Arc<Cluster>>,
}

impl Decoder {
    /// The facts of the next block, each with its time; `None` where they cannot be read.
    pub(super) fn read(
        &mut self,
        block: &Block,
        parse_line: LineParser,
    ) -> Option<VecDeque<(Timestamp, Fact)>> {
        let raw = block.open()?;
        let mut rest = raw.as_slice();
        let mut at = block.first;
        let mut facts = VecDeque::new();
        if block.starts_group {
            self.clusters.clear();
        }
        while !rest.is_empty() {
            let record: Record = ciborium::from_reader(&mut rest).ok()?;
            at = at.plus(record.after);
            facts.push_back((at, self.fact(record.content, parse_line)?));
        }
        Some(facts)
    }

    fn fact(&mut self, content: RecordContent, parse_line: LineParser) -> Option<Fact> {
        Some(match content {
            RecordContent::Started(settings) => Fact::Started(settings),
            RecordContent::Continued { settings, known } => {
                let known = known.into_iter();
                let known: Option<_> = known.map(|one| self.event(one, parse_line)).collect();
                Fact::Continued(settings, known?)
            }
            RecordContent::Drawn(width, height) => Fact::Drawn(width, height),
            RecordContent::Event(_)
            | RecordContent::View(_)
            | RecordContent::Chunk { .. }
            | RecordContent::Line(_) => Fact::Happened(self.event(content, parse_line)?),
        })
    }

    fn event(&mut self, content: RecordContent, parse_line: LineParser) -> Option<Event> {
        Some(match content {
            RecordContent::Started(_)
            | RecordContent::Continued { .. }
            | RecordContent::Drawn(..) => return None,
            RecordContent::Event(event) => event,
            RecordContent::View(view) => Event::BrokerView(Arc::new(self.view(view)?)),
            RecordContent::Chunk { tail, older, chunk } => {
                let chunk = Arc::new(chunk.unpack()?);
                let event = if older {
                    TailEvent::Older(chunk)
                } else {
                    TailEvent::Chunk(chunk)
                };
                Event::Tail(tail, event)
            }
            RecordContent::Line(line) => {
                let task = parse_line(&line);
                Event::LineParsed(line, task)
            }
        })
    }

    fn view(&mut self, view: ViewRecord) -> Option<BrokerView> {
        let result = match view.result {
            Ok(change) => Ok(self.cluster(&view.address, change)?),
            Err(failure) => Err(failure),
        };
        Some(BrokerView {
            address: view.address,
            broker: view.broker,
            at: view.at,
            took: view.took,
            result,
        })
    }

    fn cluster(&mut self, address: &Arc<str>, change: ClusterChange) -> Option<Arc<Cluster>> {
        let mut streams = match self.clusters.get(address) {
            Some(before) if change.goes_on => before.streams.clone(),
            None if change.goes_on => return None,
            _ => BTreeMap::new(),
        };
        for name in &change.removed {
            streams.remove(name);
        }
        for stream in change.changed {
            streams.insert(Arc::clone(&stream.name), stream);
        }
        let cluster = Arc::new(Cluster {
            answered_by: change.answered_by,
            brokers: change.brokers,
            streams,
        });
        self.clusters
            .insert(Arc::clone(address), Arc::clone(&cluster));
        Some(cluster)
    }
}
