//! The list of streams and that of the chosen stream's partitions: rows, order, and what is hidden.
//!
//! What is known of each is the truth's; how it looks, `ui/streams`'s and `ui/partitions`'s.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::app::lists::table::{Column, Listing, Table, ordered};
use crate::health::{PartitionStatus, PartitionTruth, StreamTruth, Truth};
use crate::model::{PartitionId, StreamName};

/// A partition by its stream and number.
pub type PartitionKey = (StreamName, PartitionId);

/// The columns of the list of streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamColumn {
    /// Its name.
    Name,
    /// How many partitions.
    Partitions,
    /// Messages a second.
    Rate,
    /// The rate of the last ten minutes.
    History,
    /// How it is, in words.
    Health,
    /// Offsets given so far.
    Messages,
    /// The NATS subject.
    Subject,
    /// When it was created.
    Created,
}

impl Column for StreamColumn {
    const ALL: &'static [Self] = &[
        Self::Name,
        Self::Partitions,
        Self::Rate,
        Self::History,
        Self::Health,
        Self::Messages,
        Self::Subject,
        Self::Created,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Name => "NAME",
            Self::Partitions => "PARTS",
            Self::Rate => "MSG/S",
            Self::History => "10m",
            Self::Health => "HEALTH",
            Self::Messages => "OFFSETS",
            Self::Subject => "SUBJECT",
            Self::Created => "CREATED",
        }
    }

    fn is_number(self) -> bool {
        match self {
            Self::Partitions | Self::Rate | Self::Messages | Self::Created => true,
            Self::Name | Self::History | Self::Health | Self::Subject => false,
        }
    }

    fn begins_with_greatest(self) -> bool {
        self.is_number() || matches!(self, Self::History | Self::Health)
    }
}

/// The columns of the list of partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionColumn {
    /// Its number.
    Number,
    /// Who leads it.
    Leader,
    /// Who holds a replica.
    Replicas,
    /// Who is in sync.
    Isr,
    /// The newest committed offset.
    HighWatermark,
    /// How many messages are stored beyond it.
    Uncommitted,
    /// Messages a second.
    Rate,
    /// How many messages the slowest replica lacks.
    Lag,
    /// How old the last message is.
    Last,
    /// How it is, in words.
    State,
}

impl Column for PartitionColumn {
    const ALL: &'static [Self] = &[
        Self::Number,
        Self::Leader,
        Self::Replicas,
        Self::Isr,
        Self::HighWatermark,
        Self::Uncommitted,
        Self::Rate,
        Self::Lag,
        Self::Last,
        Self::State,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Number => "#",
            Self::Leader => "LEADER",
            Self::Replicas => "REPLICAS",
            Self::Isr => "ISR",
            Self::HighWatermark => "HW",
            Self::Uncommitted => "+END",
            Self::Rate => "MSG/S",
            Self::Lag => "LAG",
            Self::Last => "LAST",
            Self::State => "STATE",
        }
    }

    fn is_number(self) -> bool {
        match self {
            Self::Number
            | Self::HighWatermark
            | Self::Uncommitted
            | Self::Rate
            | Self::Lag
            | Self::Last => true,
            Self::Leader | Self::Replicas | Self::Isr | Self::State => false,
        }
    }

    fn begins_with_greatest(self) -> bool {
        self != Self::Number && (self.is_number() || self == Self::State)
    }
}

/// The streams, and the partitions of the chosen one.
#[derive(Clone, Debug)]
pub struct Streams {
    /// The streams.
    pub list: Table<StreamName, StreamColumn>,
    /// The partitions of the chosen stream.
    pub partitions: Table<PartitionKey, PartitionColumn>,
    /// Whether Liftbridge's own streams are shown.
    pub internal: bool,
    /// A stream that was just created: chosen as soon as a broker lists it.
    pub(in crate::app) awaited: Option<StreamName>,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            list: Table::sorted_by(StreamColumn::Name),
            partitions: Table::sorted_by(PartitionColumn::Number),
            internal: false,
            awaited: None,
        }
    }
}

/// How many rows the two lists show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heights {
    /// Rows of the list of streams.
    pub streams: usize,
    /// Rows of the list of partitions.
    pub partitions: usize,
}

impl Streams {
    /// The chosen stream, if it is there.
    pub fn chosen<'a>(&self, truth: &'a Truth) -> Option<&'a StreamTruth> {
        truth.stream(self.list.chosen()?)
    }

    /// The chosen partition, if it is there.
    pub fn chosen_partition<'a>(&self, truth: &'a Truth) -> Option<&'a PartitionTruth> {
        let (stream, id) = self.partitions.chosen()?;
        truth.partition(stream, *id)
    }

    /// Chooses a stream, and a partition of it.
    pub fn choose(&mut self, stream: StreamName, partition: Option<PartitionId>) {
        self.list.choose(Arc::clone(&stream));
        if let Some(partition) = partition {
            self.partitions.reset();
            self.partitions.choose((stream, partition));
        }
    }

    /// Works the rows of both lists out anew.
    pub fn settle(&mut self, truth: &Truth, faulty: bool, heights: Heights) {
        let created = self.awaited.take_if(|name| truth.stream(name).is_some());
        if let Some(name) = created {
            if !self.list.filter().passes(&[&name]) {
                self.list.filter_mut().clear();
            }
            self.choose(name, None);
        }
        let rows = self.stream_rows(truth, faulty);
        let hidden = if self.internal {
            0
        } else {
            truth.totals.internal
        };
        let of = truth.streams.len().saturating_sub(hidden);
        self.list.set_rows(rows, of, heights.streams);
        self.settle_partitions(truth, faulty, heights.partitions);
    }

    fn settle_partitions(&mut self, truth: &Truth, faulty: bool, height: usize) {
        let chosen = self.list.chosen().cloned();
        let shown = self
            .partitions
            .chosen()
            .map(|(stream, _)| Arc::clone(stream));
        if shown.is_some() && shown != chosen {
            self.partitions.reset();
        }
        let Some(stream) = self.chosen(truth) else {
            return self.partitions.set_rows(Vec::new(), 0, height);
        };
        let texts = |partition: &PartitionTruth| {
            let leader = partition.leader.as_deref().unwrap_or_default().to_owned();
            [
                partition.id.to_string(),
                leader,
                partition.status.as_str().to_owned(),
            ]
        };
        let filter = self.partitions.filter();
        let shown = stream.partitions.iter().filter(|partition| {
            let texts = texts(partition);
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            filter.passes(&texts) && (!faulty || is_faulty(partition.status))
        });
        let key = |partition: &PartitionTruth| (Arc::clone(&stream.name), partition.id);
        let sort = self.partitions.sort();
        let rows = ordered(shown.collect(), sort, compare_partitions, key);
        let of = stream.partitions.len();
        self.partitions.set_rows(rows, of, height);
    }

    fn stream_rows(&self, truth: &Truth, faulty: bool) -> Vec<StreamName> {
        let filter = self.list.filter();
        let shown = truth
            .streams
            .iter()
            .map(Arc::as_ref)
            .filter(|stream: &&StreamTruth| {
                let visible = self.internal || !stream.internal;
                let wanted = !faulty || is_faulty(stream.status.worst);
                visible && wanted && filter.passes(&[&stream.name, &stream.subject])
            });
        ordered(
            shown.collect(),
            self.list.sort(),
            compare_streams,
            |stream| Arc::clone(&stream.name),
        )
    }
}

/// Whether that is something to mend. Paused is not: somebody wanted it.
pub fn is_faulty(status: PartitionStatus) -> bool {
    status.is_dark() || status.is_short()
}

fn compare_streams(column: StreamColumn, one: &StreamTruth, other: &StreamTruth) -> Ordering {
    let rate = |stream: &StreamTruth| stream.rate.unwrap_or(-1.0);
    match column {
        StreamColumn::Name => one.name.cmp(&other.name),
        StreamColumn::Partitions => other.partitions.len().cmp(&one.partitions.len()),
        StreamColumn::Rate | StreamColumn::History => rate(other).total_cmp(&rate(one)),
        StreamColumn::Health => other.status.worst.cmp(&one.status.worst),
        StreamColumn::Messages => other.messages.cmp(&one.messages),
        StreamColumn::Subject => one.subject.cmp(&other.subject),
        StreamColumn::Created => other.created.cmp(&one.created),
    }
}

fn compare_partitions(
    column: PartitionColumn,
    one: &PartitionTruth,
    other: &PartitionTruth,
) -> Ordering {
    let rate = |partition: &PartitionTruth| partition.rate.unwrap_or(-1.0);
    match column {
        PartitionColumn::Number => one.id.cmp(&other.id),
        PartitionColumn::Leader => one.leader.cmp(&other.leader),
        PartitionColumn::Replicas => one.replicas.cmp(&other.replicas),
        PartitionColumn::Isr => one.isr.len().cmp(&other.isr.len()),
        PartitionColumn::HighWatermark => other.high_watermark.cmp(&one.high_watermark),
        PartitionColumn::Uncommitted => other.uncommitted().cmp(&one.uncommitted()),
        PartitionColumn::Rate => rate(other).total_cmp(&rate(one)),
        PartitionColumn::Lag => worst_lag(other).cmp(&worst_lag(one)),
        PartitionColumn::Last => other.last_message.cmp(&one.last_message),
        PartitionColumn::State => other.status.cmp(&one.status),
    }
}

/// How many messages the slowest replica lacks, of those that tell.
pub fn worst_lag(partition: &PartitionTruth) -> Option<i64> {
    partition
        .replica_lag
        .iter()
        .filter_map(|(_, lag)| *lag)
        .max()
}
