//! The lists of cursors and of consumer groups, and how reading them went.
//!
//! Lags are worked out in `health`; reading is ordered now and then, since nobody tells when a cursor moves.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use crate::app::lists::table::{Column, Listing, Table, ordered};
use crate::app::{Context, Effect};
use crate::health::{CursorTruth, Truth};
use crate::model::{Failure, GroupInfo, PartitionId, StreamName, Timestamp};

/// A cursor by id and partition.
pub type CursorKey = (String, StreamName, PartitionId);

/// The columns of the list of cursors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorColumn {
    /// The cursor's id, or its group.
    Id,
    /// The partition that it reads.
    Partition,
    /// The last offset that it read.
    Offset,
    /// Messages behind.
    Lag,
    /// How long ago the first unread message was stored.
    LagTime,
    /// Messages read a second.
    Speed,
    /// When it will have caught up.
    Drain,
    /// When it was stored last.
    Stored,
}

impl Column for CursorColumn {
    const ALL: &'static [Self] = &[
        Self::Id,
        Self::Partition,
        Self::Lag,
        Self::LagTime,
        Self::Drain,
        Self::Speed,
        Self::Offset,
        Self::Stored,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Id => "CURSOR",
            Self::Partition => "PARTITION",
            Self::Offset => "OFFSET",
            Self::Lag => "LAG",
            Self::LagTime => "BEHIND",
            Self::Speed => "MSG/S",
            Self::Drain => "DRAINED",
            Self::Stored => "STORED",
        }
    }

    fn is_number(self) -> bool {
        match self {
            Self::Id | Self::Partition => false,
            Self::Offset | Self::Lag | Self::LagTime | Self::Speed | Self::Drain | Self::Stored => {
                true
            }
        }
    }
}

/// The columns of the list of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupColumn {
    /// Its id.
    Id,
    /// Who is in it.
    Members,
    /// Worst lag of its cursors.
    Lag,
    /// What it reads.
    Streams,
    /// Which broker coordinates it.
    Coordinator,
    /// Its epoch.
    Epoch,
}

impl Column for GroupColumn {
    const ALL: &'static [Self] = &[
        Self::Id,
        Self::Members,
        Self::Lag,
        Self::Streams,
        Self::Coordinator,
        Self::Epoch,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Id => "GROUP",
            Self::Members => "MEMBERS",
            Self::Lag => "LAG",
            Self::Streams => "STREAMS",
            Self::Coordinator => "COORDINATOR",
            Self::Epoch => "EPOCH",
        }
    }

    fn is_number(self) -> bool {
        match self {
            Self::Members | Self::Lag | Self::Epoch => true,
            Self::Id | Self::Streams | Self::Coordinator => false,
        }
    }
}

/// How reading something went that is read now and then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// It was not read yet.
    #[default]
    Never,
    /// It was read at that time.
    Read(Timestamp),
    /// Reading failed at that time; what is shown is older.
    Failed(Timestamp, Failure),
}

/// Cursors and groups.
#[derive(Debug)]
pub struct Cursors {
    /// The cursors.
    pub list: Table<CursorKey, CursorColumn>,
    /// The groups.
    pub group_list: Table<String, GroupColumn>,
    groups: Arc<Vec<GroupInfo>>,
    reading: Reading,
    reading_groups: Reading,
    ordered: Timestamp,
}

/// How often cursors are read while they are looked at, and while they are not.
const SHOWN: Duration = Duration::from_secs(3);
const HIDDEN: Duration = Duration::from_secs(15);

impl Default for Cursors {
    fn default() -> Self {
        Self {
            list: Table::sorted_by(CursorColumn::Lag),
            group_list: Table::sorted_by(GroupColumn::Id),
            groups: Arc::default(),
            reading: Reading::Never,
            reading_groups: Reading::Never,
            ordered: Timestamp::NEVER,
        }
    }
}

impl Cursors {
    /// How reading the cursors went.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// How reading the groups went.
    pub fn reading_groups(&self) -> &Reading {
        &self.reading_groups
    }

    /// The group of that id.
    pub fn group(&self, id: &str) -> Option<&GroupInfo> {
        self.groups.iter().find(|group| group.id == id)
    }

    /// The chosen group, if it is there.
    pub fn chosen_group(&self) -> Option<&GroupInfo> {
        self.group(self.group_list.chosen()?)
    }

    /// The chosen cursor, if it is there.
    pub fn chosen<'a>(&self, truth: &'a Truth) -> Option<&'a CursorTruth> {
        truth
            .cursors
            .iter()
            .find(|cursor| Some(&key(cursor)) == self.list.chosen())
    }

    /// Orders them to be read, where that is due.
    pub fn on_tick(&mut self, shown: bool, context: &mut Context) {
        let every = if shown { SHOWN } else { HIDDEN };
        if self.ordered.age(context.now) >= every {
            self.read(context);
        }
    }

    /// Orders them to be read now.
    pub fn read(&mut self, context: &mut Context) {
        self.ordered = context.now;
        context.order(Effect::FetchCursors);
    }

    /// Notes how reading the cursors went; what they say goes into the truth.
    pub fn on_cursors(&mut self, failure: Option<&Failure>, now: Timestamp) {
        self.reading = reading(failure, now);
    }

    /// Takes the groups as they were just read.
    pub fn on_groups(&mut self, groups: Result<Arc<Vec<GroupInfo>>, Failure>, now: Timestamp) {
        self.reading_groups = reading(groups.as_ref().err(), now);
        if let Ok(groups) = groups {
            self.groups = groups;
        }
    }

    /// Works the rows of both lists out anew.
    pub fn settle(&mut self, truth: &Truth, faulty: bool, cursors: usize, groups: usize) {
        let filter = self.list.filter();
        let shown = truth.cursors.iter().filter(|cursor| {
            let behind = cursor.still_since.is_some() || cursor.lag.is_none_or(|lag| lag > 0);
            (!faulty || behind) && filter.passes(&[cursor.entry.id.as_str(), &cursor.entry.stream])
        });
        let rows = ordered(shown.collect(), self.list.sort(), compare_cursors, key);
        self.list.set_rows(rows, truth.cursors.len(), cursors);
        let filter = self.group_list.filter();
        let shown = self
            .groups
            .iter()
            .filter(|group| filter.passes(&[&group.id]));
        let order =
            |column, one: &GroupInfo, other: &GroupInfo| compare_groups(column, one, other, truth);
        let sort = self.group_list.sort();
        let rows = ordered(shown.collect(), sort, order, |group| group.id.clone());
        self.group_list.set_rows(rows, self.groups.len(), groups);
    }
}

/// The identity of a cursor.
pub fn key(cursor: &CursorTruth) -> CursorKey {
    let entry = &cursor.entry;
    (entry.id.clone(), Arc::clone(&entry.stream), entry.partition)
}

/// The worst lag of a group's cursors, in messages.
pub fn lag_of_group(truth: &Truth, group: &str) -> Option<i64> {
    let own = truth
        .cursors
        .iter()
        .filter(|cursor| cursor.entry.group() == Some(group));
    own.filter_map(|cursor| cursor.lag).max()
}

fn reading(failure: Option<&Failure>, now: Timestamp) -> Reading {
    failure.map_or(Reading::Read(now), |failure| {
        Reading::Failed(now, failure.clone())
    })
}

fn compare_cursors(column: CursorColumn, one: &CursorTruth, other: &CursorTruth) -> Ordering {
    let behind = |cursor: &CursorTruth| cursor.lag_time.map(|lag| lag.at_least);
    let speed = |cursor: &CursorTruth| cursor.speed.unwrap_or(-1.0);
    match column {
        CursorColumn::Id => one.entry.id.cmp(&other.entry.id),
        CursorColumn::Partition => {
            let streams = one.entry.stream.cmp(&other.entry.stream);
            streams.then(one.entry.partition.cmp(&other.entry.partition))
        }
        CursorColumn::Offset => other.entry.offset.cmp(&one.entry.offset),
        CursorColumn::Lag => other.lag.cmp(&one.lag),
        CursorColumn::LagTime => behind(other).cmp(&behind(one)),
        CursorColumn::Speed => speed(other).total_cmp(&speed(one)),
        CursorColumn::Drain => other.drain.cmp(&one.drain),
        CursorColumn::Stored => other.entry.time.cmp(&one.entry.time),
    }
}

fn compare_groups(
    column: GroupColumn,
    one: &GroupInfo,
    other: &GroupInfo,
    truth: &Truth,
) -> Ordering {
    let members = |group: &GroupInfo| group.members.as_ref().map(Vec::len);
    match column {
        GroupColumn::Id => one.id.cmp(&other.id),
        GroupColumn::Members => members(other).cmp(&members(one)),
        GroupColumn::Lag => lag_of_group(truth, &other.id).cmp(&lag_of_group(truth, &one.id)),
        GroupColumn::Streams => one.streams.cmp(&other.streams),
        GroupColumn::Coordinator => one.coordinator.cmp(&other.coordinator),
        GroupColumn::Epoch => other.epoch.cmp(&one.epoch),
    }
}
