//! Reads a stream as a table for the dashboard: folds its messages, keeps its rows in order, and hands over what is in sight,
//! a few times a second. What takes long, ordering and writing rows, has a thread of its own.
//!
//! What a row is, and what decides the order, is `store`'s.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use super::channels::EventSender;
use super::export::{failed, write_file};
use super::range_reader::{LONGEST_SILENCE, RangeItem, RangeReader, Source};
use super::supervisor::panicked;
use crate::app::lists::filter::passes;
use crate::app::{
    Event, Progress, TableEvent, TableExport, TableId, TableProgress, TableReport, TableSpec,
    TableView,
};
use crate::client::Observer;
use crate::model::{
    ErrorKind, Failure, Offset, PartitionId, StartAt, StopAt, Target, Timestamp, counted,
};
use crate::store::{KeyTable, RowId, RowOrder, TableRecord, TableRow, TooManyKeys};

/// How often the screen is told what is new, at most.
const REPORT_EVERY: Duration = Duration::from_millis(250);
/// How many times longer than putting the rows in order nothing is put in order anew.
const REST: u32 = 4;
/// After so long without a message all is taken for read that was there.
const QUIET: Duration = Duration::from_secs(2);

/// What a table is made of.
pub(super) struct TableDeps {
    pub(super) id: TableId,
    pub(super) observer: Observer,
    pub(super) spec: TableSpec,
    /// Bytes of memory that it may take.
    pub(super) limit: usize,
    /// What is in sight.
    pub(super) views: watch::Receiver<TableView>,
    /// Files to write.
    pub(super) exports: mpsc::UnboundedReceiver<TableExport>,
    pub(super) outbox: EventSender,
}

/// A table that is read.
struct TableTask {
    deps: TableDeps,
    view: TableView,
    order: RowOrder,
    /// The newest message of each partition when reading began, as far as it is known.
    ends: Vec<(PartitionId, Offset)>,
    is_over: bool,
    /// When the last message came.
    last_item: Instant,
}

/// Reads a table until it is closed.
pub(super) async fn run(deps: TableDeps) {
    let (id, outbox) = (deps.id, deps.outbox.clone());
    let mut task = TableTask::new(deps);
    if let Err(failure) = task.run().await {
        outbox
            .send(Event::Table(id, TableEvent::Failed(failure)))
            .await;
    }
}

impl TableTask {
    fn new(mut deps: TableDeps) -> Self {
        let known = deps.observer.metadata();
        let end = |(stream, id): &Source| {
            let partition = known.as_ref()?.partition(stream, *id)?;
            Some((*id, partition.high_watermark))
        };
        let view = deps.views.borrow_and_update().clone();
        Self {
            ends: deps.spec.partitions.iter().filter_map(end).collect(),
            view,
            deps,
            order: RowOrder::default(),
            is_over: false,
            last_item: Instant::now(),
        }
    }

    fn range(&self) -> RangeReader {
        let (observer, spec) = (&self.deps.observer, &self.deps.spec);
        if spec.stop == StopAt::Never {
            return RangeReader::follow(observer, &spec.partitions);
        }
        let ends = (StartAt::Earliest, spec.stop);
        RangeReader::begin(observer, &spec.partitions, ends, LONGEST_SILENCE)
    }

    async fn run(&mut self) -> Result<(), Failure> {
        let mut range = self.range();
        let mut table = KeyTable::new(&self.deps.spec.partitions, self.deps.limit);
        let mut next_report = Instant::now();
        // What is known of a table of which nothing has come is told too, and once more when it has been quiet.
        let mut is_new = true;
        loop {
            tokio::select! {
                biased;
                changed = self.deps.views.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    table = self.change_view(table).await?;
                }
                Some(export) = self.deps.exports.recv() => {
                    table = self.export(table, export).await?;
                }
                () = sleep_until(next_report), if is_new => {
                    let begun = Instant::now();
                    is_new = self.progress(&table) == TableProgress::Reading;
                    table = self.report(table).await?;
                    next_report = Instant::now() + REPORT_EVERY.max(begun.elapsed() * REST);
                }
                item = range.next(), if !self.is_over => {
                    is_new = true;
                    self.take(item, &mut table)?;
                    // A large stream would leave no room for others on this thread.
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    fn take(&mut self, item: Option<RangeItem>, table: &mut KeyTable) -> Result<(), Failure> {
        self.last_item = Instant::now();
        match item {
            None => self.is_over = true,
            Some(RangeItem::Chunk(chunk)) => {
                let query = self.deps.spec.query.as_ref();
                let added = table.add_chunk(&chunk, query, Timestamp::now());
                added.map_err(|refused| self.too_many(refused))?;
            }
            Some(RangeItem::Event((stream, partition), event)) => {
                table.apply_event(&stream, partition, &event);
            }
            Some(RangeItem::Failed((stream, partition), sentence)) => {
                table.fail(&stream, partition, sentence);
            }
        }
        Ok(())
    }

    fn too_many(&self, refused: TooManyKeys) -> Failure {
        let stream = self.deps.spec.partitions.first();
        let target = stream.map_or(Target::Cluster, |(stream, _)| {
            Target::Stream(Arc::clone(stream))
        });
        let sentence = format!(
            "{target} is no table here: {} take more than memory.tail_budget allows, without their values; show fewer \
             partitions of it",
            counted(refused.keys, "key")
        );
        Failure::new(ErrorKind::Local, target, sentence)
    }

    fn progress(&self, table: &KeyTable) -> TableProgress {
        let is_read = |(partition, end): &(PartitionId, Offset)| {
            let mut readings = table.readings();
            let reading = readings.find(|reading| reading.partition == *partition);
            *end < 0 || reading.is_some_and(|reading| reading.last >= Some(*end))
        };
        let all_known = self.ends.len() == self.deps.spec.partitions.len();
        let is_quiet = self.last_item.elapsed() >= QUIET;
        if self.is_over {
            TableProgress::Done
        } else if is_quiet || all_known && self.ends.iter().all(is_read) {
            TableProgress::Live
        } else {
            TableProgress::Reading
        }
    }

    /// Something else is in sight.
    async fn change_view(&mut self, table: KeyTable) -> Result<KeyTable, Failure> {
        let view = self.deps.views.borrow_and_update().clone();
        let is_ordered_anew = view.order != self.view.order || view.filter != self.view.filter;
        self.view = view;
        if is_ordered_anew {
            return self.report(table).await;
        }
        self.send_entries(&table).await;
        Ok(table)
    }

    /// Puts the rows in order and tells what is known.
    async fn report(&mut self, table: KeyTable) -> Result<KeyTable, Failure> {
        let view = self.view.clone();
        let (table, order) = apart("putting the rows in order", move || {
            let order = ordered(&table, &view);
            (table, RowOrder::from(order))
        })
        .await?;
        self.order = order;
        let notes = table.readings().filter_map(|reading| reading.note.clone());
        let report = TableReport {
            totals: table.totals(),
            order: self.order.clone(),
            keeps_values: table.keeps_values(),
            progress: self.progress(&table),
            notes: notes.collect(),
        };
        self.send(TableEvent::Report(Arc::new(report))).await;
        self.send_entries(&table).await;
        Ok(table)
    }

    async fn send_entries(&self, table: &KeyTable) {
        let rows = self.view.rows.iter();
        let entries = rows.filter_map(|id| Some((*id, Arc::new(table.entry(*id)?))));
        let entries: Vec<_> = entries.collect();
        if !entries.is_empty() {
            self.send(TableEvent::Entries(entries)).await;
        }
    }

    async fn send(&self, event: TableEvent) {
        let event = Event::Table(self.deps.id, event);
        self.deps.outbox.send(event).await;
    }

    /// Writes the rows that are shown, as they are now.
    async fn export(&self, table: KeyTable, export: TableExport) -> Result<KeyTable, Failure> {
        let (id, order) = (export.id, self.order.clone());
        let (table, progress) = apart("writing the table", move || {
            let progress = write(&table, &order, &export);
            (table, progress)
        })
        .await?;
        self.deps.outbox.send(Event::Exported(id, progress)).await;
        Ok(table)
    }
}

/// Does it on a thread of its own, which may take its time.
async fn apart<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    spawn_blocking(work).await.map_err(|_panic| panicked(doing))
}

fn ordered(table: &KeyTable, view: &TableView) -> Vec<RowId> {
    let keep = |row: &TableRow<'_>| {
        let key = String::from_utf8_lossy(row.key());
        let value = String::from_utf8_lossy(row.value().unwrap_or_default());
        passes(&view.filter, &[&key, &value])
    };
    if view.filter.is_empty() {
        return table.order(&view.order, |_| true);
    }
    table.order(&view.order, keep)
}

fn write(table: &KeyTable, order: &RowOrder, export: &TableExport) -> Progress {
    if !table.keeps_values() {
        let sentence =
            "values found no room in memory: `liftui table` writes them, as it reads them again";
        return Progress::Failed(Failure::new(ErrorKind::Local, Target::Cluster, sentence));
    }
    let written = write_file(&export.path, |mut out| {
        TableRecord::write_head(export.form, &mut out)?;
        let mut written = 0;
        for row in order.iter().filter_map(|id| table.row(*id)) {
            let value = row.value().unwrap_or_default();
            TableRecord::write(&row, value, export.form, &mut out)?;
            written += 1;
        }
        Ok(written)
    });
    match written {
        Ok(messages) => Progress::Finished {
            messages,
            path: export.path.clone(),
        },
        Err(error) => Progress::Failed(failed(&export.path, &error)),
    }
}
