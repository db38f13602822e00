//! The lists of cursors and of consumer groups, and how fetching them went.
//!
//! Lags are worked out in `health`. Cursors are polled: no broker announces that one moved.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::ScreenState;
use crate::app::context::Context;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::lists::column::columns;
use crate::app::lists::rows_basis::PtrEq;
use crate::app::lists::table::{Listing, Table, ordered};
use crate::app::row_key::{CursorKey, RowKey};
use crate::app::viewport::Viewport;
use crate::health::{CursorTruth, Truth};
use crate::model::{Failure, GroupInfo, Timestamp};

columns! {
    /// The columns of the list of cursors.
    pub(crate) enum CursorColumn {
        /// The cursor's id, or its group.
        Id = text("CURSOR"),
        /// The partition that it reads.
        Partition = text("PARTITION"),
        /// Messages behind.
        Lag = number("LAG"),
        /// How long ago the first unread message was stored.
        LagTime = number("BEHIND"),
        /// When it will have caught up.
        Drain = number("TO DRAIN"),
        /// Messages read a second.
        Speed = number("MSG/S"),
        /// The last offset that it read.
        Offset = number("OFFSET"),
        /// When it was stored last.
        Stored = number("STORED"),
    }
}

columns! {
    /// The columns of the list of groups.
    pub(crate) enum GroupColumn {
        /// Id of the group.
        Id = text("GROUP"),
        /// Who is in it.
        Members = number("MEMBERS"),
        /// Worst lag of its cursors.
        Lag = number("LAG"),
        /// What it reads.
        Streams = text("STREAMS"),
        /// Which broker coordinates it.
        Coordinator = text("COORDINATOR"),
        /// Epoch of the group.
        Epoch = number("EPOCH"),
    }
}

/// How the last fetch of something went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum FetchState {
    /// Nothing was fetched yet.
    #[default]
    Never,
    /// The last fetch, at that time, succeeded.
    Fetched(Timestamp),
    /// Fetching failed at that time; what is shown is older.
    Failed(Timestamp, Failure),
}

impl FetchState {
    /// How it went just now.
    pub(super) fn of<T>(result: &Result<T, Failure>, now: Timestamp) -> Self {
        match result {
            Ok(_) => Self::Fetched(now),
            Err(failure) => Self::Failed(now, failure.clone()),
        }
    }
}

/// Cursors and groups.
#[derive(Clone, Debug)]
pub(crate) struct Cursors {
    list: Table<CursorKey, CursorColumn, PtrEq<[CursorTruth]>>,
    group_list: Table<String, GroupColumn, GroupSource>,
    groups: Arc<Vec<GroupInfo>>,
    fetch_state: FetchState,
    group_fetch_state: FetchState,
    fetched_at: Timestamp,
    /// How many were read and are not followed.
    left_out: usize,
    /// The worst lag of each group that stores cursors, in messages.
    group_lags: BTreeMap<String, i64>,
}

/// What the rows of groups are made from: groups, and their lags.
type GroupSource = (PtrEq<Vec<GroupInfo>>, PtrEq<[CursorTruth]>);

/// How often cursors are fetched while they are shown, and while they are not.
const INTERVAL_SHOWN: Duration = Duration::from_secs(3);
const INTERVAL_HIDDEN: Duration = Duration::from_secs(15);

impl Default for Cursors {
    fn default() -> Self {
        Self {
            list: Table::new(RowKey::Cursor, CursorColumn::Lag),
            group_list: Table::new(RowKey::Group, GroupColumn::Id),
            groups: Arc::default(),
            fetch_state: FetchState::Never,
            group_fetch_state: FetchState::Never,
            fetched_at: Timestamp::NEVER,
            left_out: 0,
            group_lags: BTreeMap::new(),
        }
    }
}

impl Cursors {
    /// The cursors.
    pub(crate) fn list(&self) -> &Table<CursorKey, CursorColumn, PtrEq<[CursorTruth]>> {
        &self.list
    }

    /// The groups.
    pub(crate) fn group_list(&self) -> &Table<String, GroupColumn, GroupSource> {
        &self.group_list
    }

    /// Takes up the order, the selection and the filters of others.
    pub(in crate::app) fn show_like(&mut self, others: &Self) {
        self.list = others.list.clone();
        self.group_list = others.group_list.clone();
    }

    /// Selects a cursor.
    pub(in crate::app) fn select(&mut self, cursor: CursorKey) {
        self.list.select(cursor);
    }

    /// How fetching the cursors went.
    pub(crate) fn fetch_state(&self) -> &FetchState {
        &self.fetch_state
    }

    /// How fetching the groups went.
    pub(crate) fn group_fetch_state(&self) -> &FetchState {
        &self.group_fetch_state
    }

    /// All groups, in no order.
    pub(crate) fn groups(&self) -> &[GroupInfo] {
        &self.groups
    }

    /// The group of that id.
    pub(crate) fn group(&self, id: &str) -> Option<&GroupInfo> {
        self.groups.iter().find(|group| group.id == id)
    }

    /// Fetches both, where that is due.
    pub(in crate::app) fn on_tick(&mut self, shown: bool, context: &mut Context) {
        let every = if shown {
            INTERVAL_SHOWN
        } else {
            INTERVAL_HIDDEN
        };
        if self.fetched_at.age(context.now) >= every {
            self.fetch(context);
        }
    }

    /// Fetches both now.
    pub(in crate::app) fn fetch(&mut self, context: &mut Context) {
        self.fetched_at = context.now;
        context.emit(Effect::FetchCursors);
    }

    /// The cursors were fetched, or not; health gets them too.
    pub(in crate::app) fn on_cursors<T>(&mut self, result: &Result<T, Failure>, now: Timestamp) {
        self.fetch_state = FetchState::of(result, now);
        if result.is_ok() {
            self.left_out = 0;
        }
    }

    /// So many cursors are there beside those that are followed.
    pub(in crate::app) fn on_left_out(&mut self, count: usize) {
        self.left_out = count;
    }

    /// How many there are beside those that are followed.
    pub(crate) fn left_out(&self) -> usize {
        self.left_out
    }

    /// The worst lag of a group's cursors, in messages.
    pub(crate) fn group_lag(&self, group: &str) -> Option<i64> {
        self.group_lags.get(group).copied()
    }

    /// The groups were fetched, or not.
    pub(in crate::app) fn on_groups(
        &mut self,
        result: Result<Arc<Vec<GroupInfo>>, Failure>,
        now: Timestamp,
    ) {
        self.group_fetch_state = FetchState::of(&result, now);
        if let Ok(groups) = result {
            self.groups = groups;
        }
    }

    fn update_cursors(&mut self, truth: &Truth, faults_only: bool, height: usize) {
        let source = PtrEq::of(truth.cursors.shared());
        let basis = self.list.basis(source, faults_only);
        if self.list.keeps_rows_of(&basis, height) {
            return;
        }
        let filter = self.list.filter();
        let shown = truth.cursors.iter().filter(|cursor| {
            let behind = cursor.stalled_since.is_some() || cursor.lag.is_none_or(|lag| lag > 0);
            let texts = [&*cursor.entry.id, &cursor.entry.stream];
            (!faults_only || behind) && filter.passes(&texts)
        });
        let rows = ordered(shown, self.list.sort(), compare_cursors, |one| {
            one.entry.key()
        });
        self.list
            .set_rows_of(basis, rows, truth.cursors.len(), height);
    }

    fn update_groups(&mut self, truth: &Truth, height: usize) {
        let cursors = PtrEq::of(truth.cursors.shared());
        let basis = self
            .group_list
            .basis((PtrEq::of(&self.groups), cursors), false);
        if self.group_list.keeps_rows_of(&basis, height) {
            return;
        }
        self.group_lags = lags_of_groups(truth);
        let filter = self.group_list.filter();
        let groups = self.groups.iter();
        let shown = groups.filter(|group| filter.passes(&[&group.id]));
        let lags = &self.group_lags;
        let compare =
            |column, one: &GroupInfo, other: &GroupInfo| compare_groups(column, one, other, lags);
        let sort = self.group_list.sort();
        let rows = ordered(shown, sort, compare, |group| group.id.clone());
        self.group_list
            .set_rows_of(basis, rows, self.groups.len(), height);
    }
}

impl ScreenState for Cursors {
    fn list_in(&self, pane: Pane) -> Option<&dyn Listing> {
        if pane == Pane::Groups {
            return Some(&self.group_list);
        }
        Some(&self.list)
    }

    fn list_in_mut(&mut self, pane: Pane) -> Option<&mut dyn Listing> {
        if pane == Pane::Groups {
            return Some(&mut self.group_list);
        }
        Some(&mut self.list)
    }

    fn targets(&self, pane: Pane) -> Vec<RowKey> {
        self.list_in(pane)
            .map_or_else(Vec::new, Listing::target_rows)
    }

    fn update_rows(&mut self, truth: &Truth, faults_only: bool, viewport: &Viewport) {
        self.update_cursors(truth, faults_only, viewport.rows(Pane::Cursors));
        self.update_groups(truth, viewport.rows(Pane::Groups));
    }

    fn on_shown(&mut self, context: &mut Context) {
        self.fetch(context);
    }
}

/// The worst lag of each group's cursors, in messages.
fn lags_of_groups(truth: &Truth) -> BTreeMap<String, i64> {
    let mut lags = BTreeMap::new();
    // Worst first: what is there already is no less.
    for cursor in &truth.cursors {
        let Some((group, lag)) = cursor.entry.group().zip(cursor.lag) else {
            continue;
        };
        if !lags.contains_key(group) {
            lags.insert(group.to_owned(), lag);
        }
    }
    lags
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
        CursorColumn::Drain => other.time_to_drain.cmp(&one.time_to_drain),
        CursorColumn::Stored => other.entry.time.cmp(&one.entry.time),
    }
}

fn compare_groups(
    column: GroupColumn,
    one: &GroupInfo,
    other: &GroupInfo,
    lags: &BTreeMap<String, i64>,
) -> Ordering {
    let members = |group: &GroupInfo| group.members.as_ref().map(Vec::len);
    match column {
        GroupColumn::Id => one.id.cmp(&other.id),
        GroupColumn::Members => members(other).cmp(&members(one)),
        GroupColumn::Lag => lags.get(&other.id).cmp(&lags.get(&one.id)),
        GroupColumn::Streams => one.streams.cmp(&other.streams),
        GroupColumn::Coordinator => one.coordinator.cmp(&other.coordinator),
        GroupColumn::Epoch => other.epoch.cmp(&one.epoch),
    }
}
