//! A stream as a table: the latest message of each key, as long as somebody looks at it.
//!
//! Reading, folding and ordering are the runtime's: here are the order of the rows as it was told last, and what stands in
//! those that are in sight.

use std::collections::HashMap;
use std::sync::Arc;

use super::ScreenState;
use crate::app::app_request::{AppRequest, CopyEntry};
use crate::app::command::ListCommand;
use crate::app::context::Context;
use crate::app::decoded_values::{StoredValue, ValueId, ValueToDecode};
use crate::app::effect::{Effect, KeyHistorySpec, TableExport, TableSpec, TableView};
use crate::app::event::{TableEvent, TableReport};
use crate::app::focus::Pane;
use crate::app::ids::TableId;
use crate::app::inflight::Request;
use crate::app::lists::column::columns;
use crate::app::lists::table::{Listing, Table};
use crate::app::notice::Level;
use crate::app::row_key::{PartitionKey, RowKey};
use crate::app::schemas::Schemas;
use crate::app::viewport::Viewport;
use crate::health::Truth;
use crate::model::{Failure, StopAt, StreamName, format_ranges};
use crate::store::{ExportForm, Query, RowId, TableEntry, TableOrder, TableSort};

columns! {
    /// The columns of a table.
    pub enum KeyColumn {
        /// The key.
        Key = text("KEY"),
        /// The latest value.
        Value = text("VALUE"),
        /// When the latest message was stored.
        Time = worst_first("TIME"),
        /// How many messages there were of the key.
        Changes = number("CHANGES"),
        /// The offset of the latest message.
        Offset = number("OFFSET"),
        /// The partition.
        Partition = ordinal("#"),
    }
}

impl KeyColumn {
    fn sort(self) -> TableSort {
        match self {
            Self::Key => TableSort::Key,
            Self::Value => TableSort::Value,
            Self::Time => TableSort::Time,
            Self::Changes => TableSort::Changes,
            Self::Offset => TableSort::Offset,
            Self::Partition => TableSort::Partition,
        }
    }
}

/// A table that is read.
#[derive(Clone, Debug)]
pub struct OpenTable {
    id: TableId,
    spec: TableSpec,
    /// As of when, as it was typed; `None`: it goes on.
    at: Option<String>,
    report: Option<Arc<TableReport>>,
    failure: Option<Failure>,
    /// What was asked to be shown last.
    view: TableView,
    /// Whether the rows of the list are those of the report.
    is_applied: bool,
}

impl OpenTable {
    /// The stream, and its partitions.
    pub(crate) fn place(&self) -> String {
        let ids: Vec<_> = self.spec.partitions.iter().map(|(_, id)| *id).collect();
        format!("{}:{}", self.stream(), format_ranges(&ids))
    }

    /// The stream.
    pub(crate) fn stream(&self) -> &str {
        let first = self.spec.partitions.first();
        first.map_or("", |(stream, _)| stream)
    }

    /// As of when, as it was typed; `None`: it goes on.
    pub(crate) fn at(&self) -> Option<&str> {
        self.at.as_deref()
    }

    /// Only keys whose latest message this finds.
    pub(crate) fn query(&self) -> Option<&Query> {
        self.spec.query.as_ref()
    }

    /// What is known of it; `None` until some of it was read.
    pub(crate) fn report(&self) -> Option<&TableReport> {
        self.report.as_deref()
    }

    /// Why there is no table.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }
}

/// The screen of tables: one at a time.
#[derive(Clone, Debug)]
pub struct KeyTables {
    open: Option<OpenTable>,
    list: Table<RowId, KeyColumn>,
    shows_deleted: bool,
    /// What stands in the rows that are in sight, and somewhat beyond.
    entries: HashMap<RowId, Arc<TableEntry>>,
}

impl Default for KeyTables {
    fn default() -> Self {
        Self {
            open: None,
            list: Table::new(RowKey::TableRow, KeyColumn::Key),
            shows_deleted: false,
            entries: HashMap::new(),
        }
    }
}

impl KeyTables {
    /// The table that is shown.
    pub fn shown(&self) -> Option<&OpenTable> {
        self.open.as_ref()
    }

    /// Whether both show the same table, as it was opened once.
    pub(in crate::app) fn is_same(&self, other: &Self) -> bool {
        let ids = [self, other].map(|one| one.open.as_ref().map(|open| open.id));
        ids[0].is_some() && ids[0] == ids[1]
    }

    /// Its rows.
    pub fn list(&self) -> &Table<RowId, KeyColumn> {
        &self.list
    }

    /// Whether deleted keys are among them.
    pub(crate) fn shows_deleted(&self) -> bool {
        self.shows_deleted
    }

    /// What stands in a row; `None` where that has not come yet.
    pub fn entry(&self, id: RowId) -> Option<&TableEntry> {
        self.entries.get(&id).map(AsRef::as_ref)
    }

    /// Begins to read a table, unless it is open already.
    pub(in crate::app) fn open(
        &mut self,
        spec: TableSpec,
        at: Option<String>,
        context: &mut Context,
    ) {
        if let Some(open) = &self.open
            && open.spec == spec
            && open.failure.is_none()
            && spec.stop == StopAt::Never
        {
            return;
        }
        self.close(context);
        self.list.reset();
        let id = context.new_table_id();
        let view = TableView {
            order: self.order(),
            ..TableView::default()
        };
        context.emit(Effect::OpenTable(id, spec.clone(), view.clone()));
        self.open = Some(OpenTable {
            id,
            spec,
            at,
            report: None,
            failure: None,
            view,
            is_applied: true,
        });
    }

    /// Ends the reading.
    pub(in crate::app) fn close(&mut self, context: &mut Context) {
        if let Some(open) = self.open.take() {
            context.emit(Effect::CloseTable(open.id));
            self.entries.clear();
        }
    }

    /// Something came of a table; what comes for one that was closed is dropped (I5).
    pub(in crate::app) fn on_event(
        &mut self,
        id: TableId,
        event: TableEvent,
        context: &mut Context,
    ) {
        let Some(open) = self.open.as_mut().filter(|open| open.id == id) else {
            return context.count_late_answer();
        };
        match event {
            TableEvent::Report(report) => {
                open.report = Some(report);
                open.is_applied = false;
            }
            TableEvent::Entries(entries) => self.entries.extend(entries),
            TableEvent::Failed(failure) => {
                context.notify_failure(&failure);
                open.failure = Some(failure);
            }
        }
    }

    fn order(&self) -> TableOrder {
        let (column, reversed) = self.list.sort();
        TableOrder {
            sort: column.sort(),
            reversed,
            deleted: self.shows_deleted,
        }
    }

    /// Says what is in sight now, where that is something else than before.
    pub(in crate::app) fn send_view(&mut self, context: &mut Context) {
        let height = context.viewport.rows(Pane::Table).max(1);
        let (order, filter) = (self.order(), self.list.filter().text().to_owned());
        let from = self.list.state().top().saturating_sub(height);
        // A page above and one below: who pages through it sees no empty rows.
        let rows = self.list.rows().iter().skip(from).take(3 * height);
        let rows: Vec<RowId> = rows.copied().collect();
        let Some(open) = &mut self.open else {
            return;
        };
        let view = TableView {
            order,
            filter,
            rows,
        };
        if view == open.view {
            return;
        }
        self.entries.retain(|id, _| view.rows.contains(id));
        context.emit(Effect::ViewTable(open.id, view.clone()));
        open.view = view;
    }

    /// Shows deleted keys, or hides them.
    pub(in crate::app) fn toggle_deleted(&mut self) {
        self.shows_deleted = !self.shows_deleted;
    }

    /// Writes the rows that are shown to a file, in the form that its name ends in; asks for a name where there is none.
    pub(in crate::app) fn export(&self, path: &str, context: &mut Context) {
        let Some(open) = &self.open else {
            return;
        };
        let path = path.trim();
        if path.is_empty() {
            let line = format!("export {}-table.ndjson", open.stream());
            return context.request(AppRequest::TypeCommand(line));
        }
        let id = context.begin_request(Request::Export);
        let export = TableExport {
            id,
            path: path.to_owned(),
            form: ExportForm::of_path(path),
        };
        context.emit(Effect::ExportTable(open.id, export));
    }

    /// The values in sight that are whole, where a program decodes them.
    pub(in crate::app) fn values_in_sight(&self, schemas: &Schemas) -> Vec<ValueToDecode> {
        let Some(open) = &self.open else {
            return Vec::new();
        };
        let Some(command) = schemas.command_of(open.stream()) else {
            return Vec::new();
        };
        let entries = open.view.rows.iter().filter_map(|id| self.entry(*id));
        let values = entries.filter_map(|entry| {
            let value = entry.value.as_ref()?;
            let is_whole = value.len() == entry.size && !entry.is_deleted();
            is_whole.then(|| ValueToDecode {
                id: ValueId::of_entry(open.stream(), entry),
                command: Arc::clone(command),
                value: StoredValue::Alone(Arc::clone(value)),
            })
        });
        values.collect()
    }

    fn selected_entry(&self) -> Option<&TableEntry> {
        self.entry(*self.list.selected()?)
    }

    /// The partition of the selected row.
    fn selected_partition(&self) -> Option<PartitionKey> {
        let (open, entry) = (self.open.as_ref()?, self.selected_entry()?);
        let partitions = &mut open.spec.partitions.iter();
        partitions.find(|(_, id)| *id == entry.partition).cloned()
    }

    /// Shows what became of the selected key.
    fn open_history(&self, context: &mut Context) {
        let (Some(open), Some(entry)) = (&self.open, self.selected_entry()) else {
            return;
        };
        let Some((stream, partition)) = self.selected_partition() else {
            return;
        };
        let stop = if open.spec.stop == StopAt::Never {
            StopAt::Latest
        } else {
            open.spec.stop
        };
        let schema = context.settings.schemas.of(&stream).cloned();
        context.request(AppRequest::ShowKeyHistory(KeyHistorySpec {
            stream,
            partition,
            key: Arc::clone(&entry.key),
            stop,
            schema,
        }));
    }

    fn copies_of(&self, entry: &TableEntry) -> Vec<CopyEntry> {
        let Some((stream, partition)) = self.selected_partition() else {
            return Vec::new();
        };
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
        let whole = entry
            .value
            .as_ref()
            .filter(|value| value.len() == entry.size);
        let mut copies = Vec::new();
        if let Some(value) = whole.and_then(|value| text(value)) {
            copies.push(CopyEntry::new("value", value));
        }
        let place = format!("{stream}:{partition}");
        if let Some(key) = text(&entry.key) {
            copies.push(CopyEntry::new("key", key));
        }
        copies.push(CopyEntry::new("place", format!("{place}@{}", entry.offset)));
        let offset = entry.offset.to_string();
        let options = ["--from", offset.as_str(), "-n", "1"];
        copies.push(CopyEntry::command(&["tail"], &[&place], &options));
        copies
    }
}

impl ScreenState for KeyTables {
    fn list_in(&self, _pane: Pane) -> Option<&dyn Listing> {
        Some(&self.list)
    }

    fn list_in_mut(&mut self, _pane: Pane) -> Option<&mut dyn Listing> {
        Some(&mut self.list)
    }

    /// What is done to streams and partitions is done to that of the row.
    fn selected(&self, _pane: Pane) -> Option<RowKey> {
        self.selected_partition().map(RowKey::Partition)
    }

    fn update_rows(&mut self, _truth: &Truth, _faults_only: bool, viewport: &Viewport) {
        let height = viewport.rows(Pane::Table);
        let Some(open) = &mut self.open else {
            return;
        };
        match open.report.as_ref().filter(|_| !open.is_applied) {
            Some(report) => {
                let totals = report.totals;
                let hidden = if self.shows_deleted {
                    0
                } else {
                    totals.deleted
                };
                let total = usize::try_from(totals.keys - hidden).unwrap_or(usize::MAX);
                self.list.set_rows(report.order.to_vec(), total, height);
                open.is_applied = true;
            }
            None => self.list.keep_rows(height),
        }
    }

    fn run_list_command(
        &mut self,
        pane: Pane,
        command: ListCommand,
        _truth: &Truth,
        context: &mut Context,
    ) {
        match command {
            ListCommand::Open | ListCommand::Describe => {
                self.keep_selected(pane);
                self.open_history(context);
            }
            ListCommand::Copy => match self.selected_entry().map(|entry| self.copies_of(entry)) {
                Some(copies) => {
                    if let Some(first) = copies.into_iter().next() {
                        context.copy(first.label, first.text);
                    }
                }
                None => context.notify(Level::Note, "no key is chosen here"),
            },
            ListCommand::CopyMenu => {
                let copies = self.selected_entry().map(|entry| self.copies_of(entry));
                context.request(AppRequest::CopyMenu(copies.unwrap_or_default()));
            }
            ListCommand::Deleted => self.toggle_deleted(),
            ListCommand::Mark
            | ListCommand::Filter
            | ListCommand::NextMatch
            | ListCommand::PreviousMatch
            | ListCommand::Sort
            | ListCommand::Columns
            | ListCommand::Reverse
            | ListCommand::FaultsOnly
            | ListCommand::Internal => self.list.run(command, context.viewport.rows(pane)),
        }
    }
}

/// The partitions as a table that goes on; `None` where they are of several streams.
pub(in crate::app) fn live_spec(partitions: Vec<PartitionKey>) -> Option<TableSpec> {
    let stream = StreamName::clone(&partitions.first()?.0);
    let is_one = partitions.iter().all(|(name, _)| *name == stream);
    is_one.then_some(TableSpec {
        partitions,
        stop: StopAt::Never,
        query: None,
    })
}
