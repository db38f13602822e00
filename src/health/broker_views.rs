//! A stream as the brokers tell it: who knows it, in which incarnation, and what each says of its partitions.
//! Whom of them to believe is decided in `witness`.

use std::collections::btree_map;
use std::iter::Peekable;

use super::brokers::Speaker;
use super::leader::Word;
use crate::model::{BrokerId, PartitionId, Stream, StreamName};

/// What a broker says of a stream; `None`: it does not know it.
type Saying<'a> = (Speaker<'a>, Option<&'a Stream>);

/// Goes through what all brokers say in the order of names, since looking each name up anew would take longer than all
/// the rest.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    streams: Vec<Peekable<btree_map::Iter<'a, StreamName, Stream>>>,
    sayings: Vec<Saying<'a>>,
}

impl<'a> Walk<'a> {
    /// Stands before the first stream.
    pub(super) fn new(speakers: &[Speaker<'a>]) -> Self {
        let streams = speakers
            .iter()
            .map(|speaker| speaker.cluster.streams.iter());
        Self {
            streams: streams.map(Iterator::peekable).collect(),
            sayings: speakers.iter().map(|speaker| (*speaker, None)).collect(),
        }
    }

    /// Goes on to that stream, which must not come before the one asked for last.
    pub(super) fn to(&mut self, name: &StreamName) -> &[Saying<'a>] {
        for (streams, saying) in self.streams.iter_mut().zip(&mut self.sayings) {
            saying.1 = advance(streams, name);
        }
        &self.sayings
    }
}

/// Goes on to the entry of that name and returns it, if there is one.
pub(super) fn advance<'a, T>(
    entries: &mut Peekable<impl Iterator<Item = (&'a StreamName, T)>>,
    name: &StreamName,
) -> Option<T> {
    while entries.next_if(|(known, _)| *known < name).is_some() {}
    entries
        .next_if(|(known, _)| *known == name)
        .map(|(_, entry)| entry)
}

/// The brokers that know the latest incarnation of a stream.
#[derive(Debug)]
pub(super) struct Told<'a> {
    speakers: Vec<(Speaker<'a>, &'a Stream)>,
    /// Brokers that answer and do not know it.
    ignorant: Vec<&'a BrokerId>,
}

impl<'a> Told<'a> {
    /// What all say together; `None` where there is no such stream.
    ///
    /// It exists where any answering broker knows it, or where none answers and any ever knew it. A later incarnation
    /// of the same name hides an earlier one.
    pub(super) fn new(sayings: &[Saying<'a>]) -> Option<Self> {
        let anybody = sayings.iter().any(|(speaker, _)| speaker.current);
        let known = sayings
            .iter()
            .any(|(speaker, stream)| speaker.current && stream.is_some());
        if anybody && !known {
            return None;
        }
        let streams = sayings.iter().filter_map(|(_, stream)| *stream);
        let created = streams.map(|stream| stream.created).max()?;
        let mut told = Self {
            speakers: Vec::with_capacity(sayings.len()),
            ignorant: Vec::new(),
        };
        for (speaker, stream) in sayings {
            match stream.filter(|stream| stream.created == created) {
                Some(stream) => told.speakers.push((*speaker, stream)),
                None if speaker.current => told.ignorant.push(speaker.id),
                None => {}
            }
        }
        Some(told)
    }

    /// The stream as the freshest view has it.
    pub(super) fn freshest(&self) -> Option<&'a Stream> {
        let freshest = self.speakers.iter().max_by_key(|(speaker, _)| speaker.at);
        freshest.map(|(_, stream)| *stream)
    }

    /// The numbers of all partitions that anybody knows, sorted.
    pub(super) fn partition_ids(&self) -> Vec<PartitionId> {
        let streams = self
            .speakers
            .iter()
            .flat_map(|(_, stream)| &stream.partitions);
        let mut ids: Vec<PartitionId> = streams.map(|partition| partition.id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// What each says of that partition.
    pub(super) fn words(&self, id: PartitionId) -> impl Iterator<Item = Word<'a>> {
        self.speakers.iter().filter_map(move |(by, stream)| {
            let partition = stream.partition(id)?;
            Some(Word { by: *by, partition })
        })
    }

    /// Brokers among these that answer and do not know the stream.
    pub(super) fn ignorant_of(&self, replicas: &[BrokerId]) -> Vec<BrokerId> {
        let ignorant = self.ignorant.iter().copied();
        ignorant
            .filter(|id| replicas.contains(id))
            .cloned()
            .collect()
    }
}
