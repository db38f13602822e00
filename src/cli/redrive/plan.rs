//! Which messages are copied: positions pinned when a redrive begins, so that one that is resumed means the same ones.
//! The plan is the first line of the journal.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::journal::{Journal, JournalProgress};
use crate::cli::args::RedriveArgs;
use crate::cli::exit::{CliError, Result};
use crate::cli::partition_spec::PartitionSpec;
use crate::client::{Observer, by_key};
use crate::model::{
    Cluster, ErrorKind, Failure, Offset, PartitionId, PinnedStart, StartAt, StopAt, StreamName,
    SubscribeSpec, Target, Timestamp,
};
use crate::store::MessageRef;

/// What the command line asks for, and of which streams: a journal goes on only where all of it is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RequestedCopy {
    from: String,
    partitions: Vec<PartitionId>,
    to: String,
    start: String,
    stop: String,
    query: String,
    /// When the streams were created: a stream of the same name that was made anew is another one.
    created: [i64; 2],
    /// How many partitions the streams have.
    counts: [usize; 2],
}

impl RequestedCopy {
    /// What these arguments ask for.
    pub(super) fn from_arguments(
        args: &RedriveArgs,
        from: &PartitionSpec,
        cluster: &Cluster,
    ) -> Self {
        let names = [from.stream.as_ref(), args.to_stream.as_str()];
        let streams = names.map(|name| cluster.stream(name));
        let start = args.from.as_ref().map_or("earliest", |start| &start.text);
        let stop = args.to.as_ref().map_or("end", |stop| &stop.text);
        let query = args.query.as_ref().map_or("", |query| query.text());
        Self {
            from: names[0].to_owned(),
            partitions: from.partitions.clone(),
            to: names[1].to_owned(),
            start: start.to_owned(),
            stop: stop.to_owned(),
            query: query.to_owned(),
            created: streams.map(|stream| stream.map_or(0, |stream| stream.created.0)),
            counts: streams.map(|stream| stream.map_or(0, |stream| stream.partitions.len())),
        }
    }
}

/// Where the range of a partition begins, once that cannot move any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PartitionStart {
    Earliest,
    Offset(Offset),
    /// Unix nanoseconds.
    Time(i64),
}

/// The messages of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PartitionRange {
    pub(super) partition: PartitionId,
    start: PartitionStart,
    /// The last offset; -1 where there is none.
    pub(super) end: Offset,
    /// No message after this time, in Unix nanoseconds.
    until: Option<i64>,
}

impl PartitionRange {
    /// What is still to be read; `None` where that is nothing.
    pub(super) fn spec(
        &self,
        stream: &StreamName,
        progress: Option<&JournalProgress>,
    ) -> Option<SubscribeSpec> {
        let resumed = progress.and_then(JournalProgress::next);
        let start = match (resumed, self.start) {
            (Some(next), _) => StartAt::Offset(next),
            (None, PartitionStart::Earliest) => StartAt::Earliest,
            (None, PartitionStart::Offset(offset)) => StartAt::Offset(offset),
            (None, PartitionStart::Time(nanos)) => StartAt::Time(Timestamp(nanos)),
        };
        if let StartAt::Offset(offset) = start
            && offset > self.end
        {
            return None;
        }
        let until = self.until.map(Timestamp);
        (self.end >= 0).then(|| SubscribeSpec {
            start,
            stop: until.map_or(StopAt::Latest, StopAt::Time),
            ..SubscribeSpec::new(Arc::clone(stream), self.partition)
        })
    }
}

/// All that is copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RedrivePlan {
    asked: RequestedCopy,
    /// By partition.
    pub(super) ranges: Vec<PartitionRange>,
}

impl RedrivePlan {
    /// Pins every position by the ends of the partitions as they are now.
    pub(super) async fn make(
        observer: &Observer,
        args: &RedriveArgs,
        asked: RequestedCopy,
        partitions: Vec<PartitionId>,
    ) -> Result<Self> {
        let now = Timestamp::now();
        let mut ranges = Vec::with_capacity(partitions.len());
        for partition in partitions {
            let found = observer.fetch_partition(&asked.from, partition).await;
            let found = found.map_err(|error| {
                if error.kind() == ErrorKind::PartitionPaused {
                    return is_paused(error.target().clone());
                }
                error.into()
            })?;
            let start = args.from.as_ref().map(|from| from.value);
            let nth_last = if let Some(StartAt::Last(count)) = start {
                observer.nth_last(&asked.from, partition, count).await?
            } else {
                None
            };
            let start = nth_last.map(StartAt::Offset).or(start);
            let start = start.unwrap_or(StartAt::Earliest);
            ranges.push(range(partition, found.high_watermark, start, args, now));
        }
        Ok(Self { asked, ranges })
    }

    /// The plan of an earlier run, where this run asks for the same.
    pub(super) fn checked_against(self, asked: &RequestedCopy, journal: &Journal) -> Result<Self> {
        if self.asked == *asked {
            return Ok(self);
        }
        let path = journal.path().unwrap_or(Path::new(""));
        Err(CliError::refused(format!(
            "{} is the journal of another redrive: {}; name another --journal, or remove it",
            path.display(),
            difference(&self.asked, asked)
        )))
    }

    /// The partition that a message goes to: the same where both streams have as many, else the one of its key.
    pub(super) fn target(
        &self,
        message: &MessageRef<'_>,
        cluster: &Cluster,
        to: &str,
    ) -> PartitionId {
        let count = cluster.partition_count(to).unwrap_or(1);
        if self.asked.counts[0] == self.asked.counts[1] {
            return message.partition();
        }
        if !message.key().is_empty() {
            return by_key(message.key(), count);
        }
        let count = PartitionId::try_from(count).unwrap_or(PartitionId::MAX);
        message.partition() % count.max(1)
    }
}

/// What a paused partition ends with.
pub(super) fn is_paused(target: Target) -> Failure {
    let sentence = format!("{target} is paused, so it cannot be read; liftui resume wakes it");
    Failure::new(ErrorKind::PartitionPaused, target, sentence)
}

fn range(
    partition: PartitionId,
    newest: Offset,
    start: StartAt,
    args: &RedriveArgs,
    now: Timestamp,
) -> PartitionRange {
    let stop = args.to.as_ref().map_or(StopAt::Latest, |to| to.value);
    let start = match start.pinned(newest, now) {
        PinnedStart::Earliest => PartitionStart::Earliest,
        PinnedStart::Offset(offset) => PartitionStart::Offset(offset),
        PinnedStart::Time(time) => PartitionStart::Time(time.0),
    };
    let (end, until) = match stop {
        StopAt::Never | StopAt::Latest | StopAt::Newest => (newest, None),
        StopAt::Offset(offset) => (offset.min(newest), None),
        StopAt::Time(time) => (newest, (time < now).then_some(time.0)),
    };
    PartitionRange {
        partition,
        start,
        end,
        until,
    }
}

fn difference(before: &RequestedCopy, asked: &RequestedCopy) -> String {
    let differs = |name: &str, before: &str, asked: &str| {
        (before != asked).then(|| format!("its {name} is \"{before}\""))
    };
    let different = differs("FROM", &before.from, &asked.from)
        .or_else(|| differs("TO", &before.to, &asked.to))
        .or_else(|| differs("--from", &before.start, &asked.start))
        .or_else(|| differs("--to", &before.stop, &asked.stop))
        .or_else(|| differs("query", &before.query, &asked.query));
    different.unwrap_or_else(|| {
        if before.partitions == asked.partitions {
            "a stream was made anew since".to_owned()
        } else {
            "its partitions are others".to_owned()
        }
    })
}
