//! The tasks of a table: its reading, one at a time.

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{Executor, cancel};
use crate::app::{Event, TableEvent, TableExport, TableId, TableSpec, TableView};
use crate::runtime::supervisor::panicked;
use crate::runtime::table::{self, TableDeps};

/// A table's task.
pub(super) struct RunningTable {
    id: TableId,
    views: watch::Sender<TableView>,
    exports: mpsc::UnboundedSender<TableExport>,
    token: CancellationToken,
}

impl Executor {
    pub(super) fn open_table(&mut self, id: TableId, spec: TableSpec, view: TableView) {
        let (views, in_sight) = watch::channel(view);
        let (exports, asked) = mpsc::unbounded_channel();
        let deps = TableDeps {
            id,
            observer: self.observer(),
            spec,
            limit: self.options.session.settings.tail_budget,
            views: in_sight,
            exports: asked,
            outbox: self.outbox.clone(),
        };
        let failed = Event::Table(id, TableEvent::Failed(panicked("reading the table")));
        let token = self.spawn_cancellable(table::run(deps), failed);
        let opened = RunningTable {
            id,
            views,
            exports,
            token,
        };
        cancel(self.table.replace(opened).map(|table| table.token));
    }

    pub(super) fn view_table(&self, id: TableId, view: TableView) {
        if let Some(table) = self.table.as_ref().filter(|table| table.id == id) {
            table.views.send_replace(view);
        }
    }

    pub(super) fn export_table(&self, id: TableId, export: TableExport) {
        let table = self.table.as_ref().filter(|table| table.id == id);
        if let Some(table) = table {
            // A table that has failed says so itself.
            let _has_ended = table.exports.send(export);
        }
    }

    pub(super) fn close_table(&mut self, id: TableId) {
        let is_it = |table: &mut RunningTable| table.id == id;
        cancel(self.table.take_if(is_it).map(|table| table.token));
    }
}
