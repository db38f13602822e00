//! How far the reading of several partitions came, for the sentence about those that were given up before their end.
//! Each is told by what came of itself: what others brought says nothing of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::read_budget::{came, given_up_sentence};
use crate::model::{
    ErrorKind, Failure, PartitionId, StreamName, SubscribeSpec, Target, counted,
    name_partitions_of, verb_of,
};

/// How many streams a sentence names.
const MOST_NAMED: usize = 4;

/// How far the reading of one partition came.
#[derive(Clone, Debug)]
pub(crate) struct PartitionRead {
    pub(crate) stream: StreamName,
    pub(crate) partition: PartitionId,
    pub(crate) received: u64,
    pub(crate) state: ReadState,
}

/// Whether the end of a partition's range has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ReadState {
    Reading,
    Whole,
    /// It ended before: why has been told.
    Failed,
}

impl PartitionRead {
    /// One that nothing has come of yet.
    pub(crate) fn of(spec: &SubscribeSpec) -> Self {
        Self {
            stream: Arc::clone(&spec.stream),
            partition: spec.partition,
            received: 0,
            state: ReadState::Reading,
        }
    }

    /// What a sentence about it names.
    pub(crate) fn target(&self) -> Target {
        Target::Partition(Arc::clone(&self.stream), self.partition)
    }

    /// So many messages came of it.
    pub(crate) fn add(&mut self, messages: u64) {
        self.received += messages;
    }

    /// Its end came, or it ended before that.
    pub(crate) fn end(&mut self, failed: bool) {
        self.state = if failed {
            ReadState::Failed
        } else {
            ReadState::Whole
        };
    }
}

/// What giving up those whose end has not come says, after the brokers kept them waiting for `limit`.
pub(crate) fn given_up(reads: &[PartitionRead], limit: Duration) -> Failure {
    let of_state = |state| reads.iter().filter(move |read| read.state == state);
    let unfinished: Vec<_> = of_state(ReadState::Reading).collect();
    let target = target_of(&unfinished);
    let what = match *unfinished {
        [_] => target.to_string(),
        _ => counted(unfinished.len(), "partition"),
    };
    let came = match *unfinished {
        [only] => came(only.received),
        _ => came_of_each(&unfinished),
    };
    let whole = match of_state(ReadState::Whole).count() {
        0 => String::new(),
        others => format!(
            "; {} {} read whole",
            counted(others, "other partition"),
            verb_of(others, "were")
        ),
    };
    let sentence = given_up_sentence(&what, unfinished.len(), &came, limit);
    Failure::new(ErrorKind::Timeout, target, sentence + &whole)
}

/// What a sentence about these names: the partition where it is one, else the stream, else the cluster.
fn target_of(reads: &[&PartitionRead]) -> Target {
    match reads {
        [only] => only.target(),
        [first, rest @ ..] if rest.iter().all(|read| read.stream == first.stream) => {
            Target::Stream(Arc::clone(&first.stream))
        }
        _ => Target::Cluster,
    }
}

/// What came of each stream's partitions, those that brought nothing first.
fn came_of_each(reads: &[&PartitionRead]) -> String {
    let mut streams: BTreeMap<(bool, &StreamName), Vec<&PartitionRead>> = BTreeMap::new();
    for read in reads {
        let came = read.received > 0;
        streams.entry((came, &read.stream)).or_default().push(read);
    }
    let more = streams.len().saturating_sub(MOST_NAMED);
    let named = streams.iter().take(MOST_NAMED);
    let mut texts: Vec<_> = named
        .map(|((_, stream), reads)| came_of_stream(stream, reads))
        .collect();
    if more > 0 {
        texts.push(format!("and so on for {}", counted(more, "more stream")));
    }
    texts.join(", ")
}

/// `nothing came of partitions 0-3 of stream "orders"`.
fn came_of_stream(stream: &StreamName, reads: &[&PartitionRead]) -> String {
    let came = came(reads.iter().map(|read| read.received).sum());
    let mut partitions: Vec<_> = reads.iter().map(|read| read.partition).collect();
    partitions.sort_unstable();
    format!("{came} of {}", name_partitions_of(stream, &partitions))
}

#[cfg(test)]
mod tests {
    use super::ReadState::{Failed, Reading, Whole};
    use super::*;

    fn sentence(reads: &[(&str, PartitionId, u64, ReadState)]) -> String {
        let reads: Vec<_> = reads
            .iter()
            .map(|(stream, partition, received, state)| PartitionRead {
                stream: (*stream).into(),
                partition: *partition,
                received: *received,
                state: *state,
            })
            .collect();
        given_up(&reads, Duration::from_secs(5)).sentence
    }

    #[test]
    fn each_partition_is_told_by_what_came_of_itself() {
        assert_eq!(
            sentence(&[
                ("a", 0, 500, Whole),
                ("a", 1, 3, Failed),
                ("b", 2, 0, Reading)
            ]),
            "partition 2 of stream \"b\" was given up before its end: nothing came, and the brokers kept it waiting \
             for 5s (--timeout allows more); 1 other partition was read whole"
        );
        assert_eq!(
            sentence(&[
                ("a", 0, 1, Reading),
                ("b", 3, 0, Reading),
                ("b", 0, 0, Reading),
                ("b", 1, 7, Reading),
                ("b", 2, 0, Reading),
            ]),
            "5 partitions were given up before their end: nothing came of partitions 0,2,3 of stream \"b\", 1 message came \
             of partition 0 of stream \"a\", 7 messages came of partition 1 of stream \"b\", and the brokers kept them \
             waiting for 5s (--timeout allows more)"
        );
    }

    #[test]
    fn many_streams_are_not_all_named() {
        let names: Vec<_> = (10..30).map(|number| number.to_string()).collect();
        let reads: Vec<_> = names.iter().map(|name| (&**name, 0, 0, Reading)).collect();
        let sentence = sentence(&reads);
        assert!(sentence.contains("\"13\""), "{sentence}");
        assert!(!sentence.contains("\"14\""), "{sentence}");
        assert!(
            sentence.contains("and so on for 16 more streams"),
            "{sentence}"
        );
    }
}
