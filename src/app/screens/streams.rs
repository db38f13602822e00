//! The list of streams and that of the selected stream's partitions: rows, order, and what is hidden.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::ScreenState;
use crate::app::context::Context;
use crate::app::focus::Pane;
use crate::app::kept_view::{KeptView, MOST_KEPT};
use crate::app::lists::column::columns;
use crate::app::lists::rows_basis::PtrEq;
use crate::app::lists::table::{Listing, Table, ordered};
use crate::app::notice::Level;
use crate::app::row_key::{PartitionKey, RowKey};
use crate::app::viewport::Viewport;
use crate::health::{PartitionStatus, PartitionTruth, StreamTruth, Truth};
use crate::model::{PartitionId, StreamName};

columns! {
    /// The columns of the list of streams.
    pub enum StreamColumn {
        /// Name of the stream.
        Name = text("NAME"),
        /// How many partitions.
        Partitions = number("PARTS"),
        /// Messages a second.
        Rate = number("MSG/S"),
        /// The rate of the last ten minutes.
        History = worst_first("10m"),
        /// How it is, in words.
        Health = worst_first("HEALTH"),
        /// Offsets given so far.
        Messages = number("OFFSETS"),
        /// The NATS subject.
        Subject = text("SUBJECT"),
        /// When it was created.
        Created = number("CREATED"),
    }
}

columns! {
    /// The columns of the list of partitions.
    pub enum PartitionColumn {
        /// Number of the partition.
        Number = ordinal("#"),
        /// Which broker leads it.
        Leader = text("LEADER"),
        /// Which brokers have a replica.
        Replicas = text("REPLICAS"),
        /// Which replicas are in sync.
        Isr = text("ISR"),
        /// The newest committed offset.
        HighWatermark = number("HW"),
        /// How many messages are stored beyond it.
        Uncommitted = number("UNCOMMITTED"),
        /// Messages a second.
        Rate = number("MSG/S"),
        /// How many messages the slowest replica lacks.
        Lag = number("LAG"),
        /// How old the last message is.
        Last = number("LAST"),
        /// How it is, in words.
        State = worst_first("STATE"),
    }
}

/// What is shown of the streams, but for the filter: all of them, which stand first, whether internal ones are among them.
type StreamSource = (PtrEq<[Arc<StreamTruth>]>, PtrEq<BTreeSet<String>>, bool);

/// The streams, and the partitions of the selected one.
#[derive(Clone, Debug)]
pub struct Streams {
    list: Table<StreamName, StreamColumn, StreamSource>,
    partitions: Table<PartitionKey, PartitionColumn, PtrEq<StreamTruth>>,
    shows_internal: bool,
    /// Streams that stand first, whether they are there or not.
    favourites: Arc<BTreeSet<String>>,
    /// A stream that was just created: selected as soon as a broker lists it.
    awaited: Option<StreamName>,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            list: Table::new(RowKey::Stream, StreamColumn::Name),
            partitions: Table::new(RowKey::Partition, PartitionColumn::Number),
            shows_internal: false,
            favourites: Arc::default(),
            awaited: None,
        }
    }
}

impl Streams {
    /// The streams.
    pub fn list(&self) -> &Table<StreamName, StreamColumn, StreamSource> {
        &self.list
    }

    /// The partitions of the selected stream.
    pub fn partitions(&self) -> &Table<PartitionKey, PartitionColumn, PtrEq<StreamTruth>> {
        &self.partitions
    }

    /// The selected stream, if it is there.
    pub(crate) fn selected_stream<'a>(&self, truth: &'a Truth) -> Option<&'a StreamTruth> {
        truth.stream(self.list.selected()?)
    }

    /// The selected partition, if it is there.
    pub(crate) fn selected_partition<'a>(&self, truth: &'a Truth) -> Option<&'a PartitionTruth> {
        let (stream, id) = self.partitions.selected()?;
        truth.partition(stream, *id)
    }

    /// Shows a stream, and selects it or a partition of it.
    pub(in crate::app) fn show(&mut self, stream: StreamName, partition: Option<PartitionId>) {
        self.shows_internal |= stream.starts_with("__");
        self.list.filter_mut().clear();
        self.partitions.filter_mut().clear();
        self.select(stream, partition);
    }

    /// Selects that stream as soon as a broker lists it.
    pub(in crate::app) fn await_stream(&mut self, stream: StreamName) {
        self.awaited = Some(stream);
    }

    /// Shows Liftbridge's own streams, or hides them.
    pub(super) fn toggle_internal(&mut self) {
        self.shows_internal = !self.shows_internal;
    }

    /// Whether Liftbridge's own streams are shown.
    pub(in crate::app) fn shows_internal(&self) -> bool {
        self.shows_internal
    }

    /// Streams that stand first.
    pub(crate) fn favourites(&self) -> &BTreeSet<String> {
        &self.favourites
    }

    /// Takes up what an earlier run showed.
    pub(in crate::app) fn restore(&mut self, kept: &KeptView) {
        self.shows_internal = kept.internal;
        let favourites = kept.favourites.iter().take(MOST_KEPT).cloned();
        self.favourites = Arc::new(favourites.collect());
    }

    /// Makes the selected stream a favourite, or one like the others again.
    pub(super) fn toggle_favourite(&mut self, context: &mut Context) {
        let Some(stream) = self.list.selected().cloned() else {
            return;
        };
        self.list.keep_selected();
        if Arc::make_mut(&mut self.favourites).remove(&*stream) {
            let text = format!("{stream} is a favourite no longer");
            return context.notify(Level::Note, text);
        }
        if self.favourites.len() >= MOST_KEPT {
            let text = format!("{MOST_KEPT} favourites are the most");
            return context.notify(Level::Warning, text);
        }
        Arc::make_mut(&mut self.favourites).insert(stream.to_string());
        let text = format!("{stream} is a favourite: it stands first");
        context.notify(Level::Note, text);
    }

    fn select(&mut self, stream: StreamName, partition: Option<PartitionId>) {
        self.list.select(Arc::clone(&stream));
        if let Some(partition) = partition {
            self.partitions.reset();
            self.partitions.select((stream, partition));
        }
    }

    fn select_awaited(&mut self, truth: &Truth) {
        let created = self.awaited.take_if(|name| truth.stream(name).is_some());
        if let Some(name) = created {
            if !self.list.filter().passes(&[&name]) {
                self.list.filter_mut().clear();
            }
            self.select(name, None);
        }
    }

    fn stream_rows(&self, truth: &Truth, faults_only: bool) -> Vec<StreamName> {
        let filter = self.list.filter();
        let streams = truth.streams.iter().map(Arc::as_ref);
        let shown = streams.filter(|stream: &&StreamTruth| {
            let visible = self.shows_internal || !stream.internal;
            let wanted = !faults_only || is_faulty(stream.status.worst);
            visible && wanted && filter.passes(&[&stream.name, &stream.subject])
        });
        let key = |stream: &StreamTruth| Arc::clone(&stream.name);
        let mut rows = ordered(shown, self.list.sort(), compare_streams, key);
        if !self.favourites.is_empty() {
            rows.sort_by_key(|name| !self.favourites.contains(&**name));
        }
        rows
    }

    fn update_streams(&mut self, truth: &Truth, faults_only: bool, height: usize) {
        let source = (
            PtrEq::of(&truth.streams),
            PtrEq::of(&self.favourites),
            self.shows_internal,
        );
        let basis = self.list.basis(source, faults_only);
        if self.list.keeps_rows_of(&basis, height) {
            return;
        }
        let hidden = if self.shows_internal {
            0
        } else {
            truth.totals.internal
        };
        let total = truth.streams.len().saturating_sub(hidden);
        let rows = self.stream_rows(truth, faults_only);
        self.list.set_rows_of(basis, rows, total, height);
    }

    fn update_partitions(&mut self, truth: &Truth, faults_only: bool, height: usize) {
        let shown = self.partitions.selected().map(|(stream, _)| stream);
        if shown.is_some() && shown != self.list.selected() {
            self.partitions.reset();
        }
        let selected = self.list.selected();
        let Some(stream) = selected.and_then(|name| truth.shared_stream(name)) else {
            return self.partitions.set_rows(Vec::new(), 0, height);
        };
        let basis = self.partitions.basis(PtrEq::of(stream), faults_only);
        if self.partitions.keeps_rows_of(&basis, height) {
            return;
        }
        let rows = self.partition_rows(stream, faults_only);
        self.partitions
            .set_rows_of(basis, rows, stream.partitions.len(), height);
    }

    fn partition_rows(&self, stream: &StreamTruth, faults_only: bool) -> Vec<PartitionKey> {
        let filter = self.partitions.filter();
        let shown = stream.partitions.iter().filter(|partition| {
            let leader = partition.leader.as_deref().unwrap_or_default();
            let texts = [&partition.id.to_string(), leader, partition.status.as_str()];
            filter.passes(&texts) && (!faults_only || is_faulty(partition.status))
        });
        let key = |partition: &PartitionTruth| (Arc::clone(&stream.name), partition.id);
        ordered(shown, self.partitions.sort(), compare_partitions, key)
    }
}

impl ScreenState for Streams {
    fn list_in(&self, pane: Pane) -> Option<&dyn Listing> {
        if pane == Pane::Partitions {
            return Some(&self.partitions);
        }
        Some(&self.list)
    }

    fn list_in_mut(&mut self, pane: Pane) -> Option<&mut dyn Listing> {
        if pane == Pane::Partitions {
            return Some(&mut self.partitions);
        }
        Some(&mut self.list)
    }

    fn targets(&self, pane: Pane) -> Vec<RowKey> {
        self.list_in(pane)
            .map_or_else(Vec::new, Listing::target_rows)
    }

    fn update_rows(&mut self, truth: &Truth, faults_only: bool, viewport: &Viewport) {
        self.select_awaited(truth);
        self.update_streams(truth, faults_only, viewport.rows(Pane::Streams));
        self.update_partitions(truth, faults_only, viewport.rows(Pane::Partitions));
    }
}

/// Whether a stream, or that partition of it, is among those with faults.
pub(in crate::app) fn has_faults(stream: &StreamTruth, partition: Option<PartitionId>) -> bool {
    let is_among = |id| {
        stream
            .partition(id)
            .is_some_and(|one| is_faulty(one.status))
    };
    is_faulty(stream.status.worst) && partition.is_none_or(is_among)
}

/// Whether that is something to mend. Paused is not: somebody wanted it.
fn is_faulty(status: PartitionStatus) -> bool {
    status.lacks_leader() || status.lacks_replicas()
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
        PartitionColumn::Isr => one.in_sync.len().cmp(&other.in_sync.len()),
        PartitionColumn::HighWatermark => other.high_watermark.cmp(&one.high_watermark),
        PartitionColumn::Uncommitted => other.uncommitted().cmp(&one.uncommitted()),
        PartitionColumn::Rate => rate(other).total_cmp(&rate(one)),
        PartitionColumn::Lag => worst_lag(other).cmp(&worst_lag(one)),
        PartitionColumn::Last => other.last_message.cmp(&one.last_message),
        PartitionColumn::State => other.status.cmp(&one.status),
    }
}

/// How many messages the slowest replica lacks, of those that report it.
pub(crate) fn worst_lag(partition: &PartitionTruth) -> Option<i64> {
    partition.replica_lag().filter_map(|(_, lag)| lag).max()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::app::command::ListCommand;
    use crate::app::input::editor::TextInput;

    /// What may change which rows are shown, and in which order.
    #[derive(Clone, Copy, Debug)]
    enum Change {
        Truth(u8),
        Sort(usize),
        Filter(char),
        Clear,
        Select(u8, Option<PartitionId>),
        Favourite(u8),
        Internal,
        FaultsOnly,
    }

    fn changes() -> impl Strategy<Value = (Pane, Change)> {
        let change = prop_oneof![
            (0..4_u8).prop_map(Change::Truth),
            (0..10_usize).prop_map(Change::Sort),
            prop::char::range('0', '3').prop_map(Change::Filter),
            Just(Change::Clear),
            (0..4_u8, prop::option::of(0..4_i32)).prop_map(|(name, id)| Change::Select(name, id)),
            (0..4_u8).prop_map(Change::Favourite),
            Just(Change::Internal),
            Just(Change::FaultsOnly),
        ];
        (
            prop_oneof![Just(Pane::Streams), Just(Pane::Partitions)],
            change,
        )
    }

    /// Some streams, one of them internal, whose partitions differ in what lists sort by.
    fn truth(number: u8) -> Truth {
        let stream = |name: u8| {
            let partition = |id: i32| PartitionTruth {
                id,
                high_watermark: Some(i64::from((id * 7 + i32::from(number)) % 5)),
                status: if (id + i32::from(name + number)) % 3 == 0 {
                    PartitionStatus::Leaderless
                } else {
                    PartitionStatus::Serving
                },
                ..PartitionTruth::default()
            };
            let partitions: Arc<[PartitionTruth]> = (0..4).map(partition).collect();
            Arc::new(StreamTruth {
                name: Arc::from(format!("s{name}")),
                internal: name == 0,
                messages: Some(i64::from(name * 3 + number) % 4),
                partitions,
                ..StreamTruth::default()
            })
        };
        Truth {
            streams: (0..4 - number % 2).map(stream).collect(),
            ..Truth::default()
        }
    }

    proptest! {
        #[test]
        fn rows_that_are_kept_are_those_that_would_be_made_anew(
            changes in prop::collection::vec(changes(), 1..30)
        ) {
            let (mut screen, mut number, mut faults_only) = (Streams::default(), 0, false);
            let mut shown = truth(number);
            let viewport = Viewport::new(120, 36);
            for (pane, change) in changes {
                let list = screen.list_in_mut(pane).expect("a list");
                match change {
                    Change::Truth(next) => {
                        number = next;
                        shown = truth(number);
                    }
                    Change::Sort(column) => list.sort_by_number(column),
                    Change::Filter(letter) => {
                        list.run(ListCommand::Filter, 10);
                        list.filter_mut().type_text(TextInput::Paste(&letter.to_string()));
                    }
                    Change::Clear => {
                        list.filter_mut().clear();
                    }
                    Change::Select(name, id) => screen.select(Arc::from(format!("s{name}")), id),
                    Change::Favourite(name) => {
                        Arc::make_mut(&mut screen.favourites).insert(format!("s{name}"));
                    }
                    Change::Internal => screen.toggle_internal(),
                    Change::FaultsOnly => faults_only = !faults_only,
                }
                // Rows of a copy are not those of what it was made from.
                let mut anew = screen.clone();
                screen.update_rows(&shown, faults_only, &viewport);
                anew.update_rows(&truth(number), faults_only, &viewport);
                prop_assert_eq!(screen.list.rows(), anew.list.rows());
                prop_assert_eq!(screen.partitions.rows(), anew.partitions.rows());
                prop_assert_eq!(screen.partitions.selected(), anew.partitions.selected());
            }
        }
    }
}
