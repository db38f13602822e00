//! Blocks in, facts out: the other half of `encoder`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::block::Block;
use super::player::LineParser;
use super::record::{ClusterChange, Fact, Record, RecordContent, ViewRecord};
use crate::app::{Event, TailEvent};
use crate::model::{BrokerView, Cluster, Timestamp};

/// Cells of a frame at most, more than any screen has: a file may name any size, and a frame of it is drawn.
const MOST_CELLS: u32 = 1 << 20;

fn cells(width: u16, height: u16) -> u32 {
    u32::from(width) * u32::from(height)
}

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
            let fact = match (self.fact(record.content, parse_line)?, record.last_id) {
                (Fact::Happened(event), Some(id)) => Fact::Numbered(id, event),
                (fact, _) => fact,
            };
            facts.push_back((at, fact));
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
            RecordContent::Drawn(width, height) if cells(width, height) <= MOST_CELLS => {
                Fact::Drawn(width, height)
            }
            RecordContent::Drawn(..) => return None,
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::app::Settings;
    use crate::recording::BlockBuilder;

    const AT: Timestamp = Timestamp(1_000);

    fn sealed(facts: &[Fact]) -> Block {
        let mut builder = BlockBuilder::new(true);
        for fact in facts {
            assert_eq!(builder.add(AT, fact), None, "they fit into one block");
        }
        builder.seal().unwrap()
    }

    fn read(block: &Block) -> Option<VecDeque<(Timestamp, Fact)>> {
        Decoder::default().read(block, |line| Err(line.to_owned()))
    }

    #[test]
    fn a_line_is_read_again_and_a_frame_has_a_size_that_there_can_be() {
        let line = Event::LineParsed("create x".to_owned(), Err(String::new()));
        let facts = read(&sealed(&[Fact::Happened(line)])).unwrap();
        let [(AT, Fact::Happened(Event::LineParsed(_, Err(parsed))))] = facts.as_slices().0 else {
            panic!("{facts:?}");
        };
        assert_eq!(parsed, "create x");
        assert!(read(&sealed(&[Fact::Drawn(500, 200)])).is_some());
        assert!(read(&sealed(&[Fact::Drawn(u16::MAX, u16::MAX)])).is_none());
    }

    proptest! {
        #[test]
        fn records_of_any_bytes_are_read_or_not(
            at: proptest::sample::Index,
            bytes in proptest::collection::vec(any::<u8>(), 0..9),
        ) {
            let facts = [
                Fact::Started(Box::default()),
                Fact::Happened(Event::Tick(AT)),
                Fact::Happened(Event::Paste("orders".to_owned())),
            ];
            let mut raw = sealed(&facts).open().unwrap();
            let at = at.index(raw.len());
            let end = raw.len().min(at + bytes.len());
            raw.splice(at..end, bytes);
            let damaged = Block::seal(&raw[..].into(), true, (AT, AT));
            if let Some(facts) = read(&damaged) {
                prop_assert!(facts.len() <= raw.len());
            }
        }
    }

    #[test]
    fn settings_come_back_as_they_were() {
        let settings = Box::new(Settings {
            mouse: false,
            tail_budget: 7,
            ..Settings::default()
        });
        let facts = read(&sealed(&[Fact::Started(settings.clone())])).unwrap();
        let [(_, Fact::Started(back))] = facts.as_slices().0 else {
            panic!("{facts:?}");
        };
        assert_eq!(*back, settings);
    }
}
