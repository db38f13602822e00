//! Goes to screens, panes, brokers and streams, and carries out what screens and overlays ask the app for.

use super::App;
use super::app_request::{AppRequest, QueryRequest};
use super::effect::TableSpec;
use super::focus::{Pane, Screen};
use super::kept_queries::QueryChange;
use super::overlays::confirm::Confirm;
use super::overlays::form::{create_form, publish_again, publish_form};
use super::overlays::save_query::SaveQuery;
use super::overlays::{Overlay, copy_menu, query_menu};
use super::row_key::PartitionKey;
use super::screens::streams::has_faults;
use crate::health::BrokerTruth;
use crate::model::{Offset, PartitionId, StartAt, StreamName};

impl App {
    /// Does what screens and overlays ask for, and what follows from that.
    pub(super) fn carry_out_requests(&mut self) {
        loop {
            let requests = self.context.take_requests();
            if requests.is_empty() {
                return;
            }
            for request in requests {
                self.carry_out(request);
            }
        }
    }

    /// Tails a partition from that message on; says so where it is gone.
    pub(super) fn tail_from(&mut self, partition: PartitionKey, offset: Offset) {
        let (tails, context) = (&mut self.screens.tails, &mut self.context);
        let start = (StartAt::Offset(offset), offset.to_string());
        tails.open_at(vec![partition], Some(start), None, context);
        tails.want_message(offset);
        self.descend(Pane::Tail);
    }

    fn carry_out(&mut self, request: AppRequest) {
        match request {
            AppRequest::Run(command) => self.run(command),
            AppRequest::RunWith(command, argument) => self.run_with(command, &argument),
            AppRequest::Descend(pane) => self.descend(pane),
            AppRequest::GoBack => drop(self.focus.back()),
            AppRequest::ShowBroker(name) => self.show_broker(&name),
            AppRequest::ToggleColumn(number) => self.toggle_column(number),
            AppRequest::ShowCursor(cursor) => {
                self.screens.cursors.select(cursor);
                self.descend(Pane::Cursors);
            }
            AppRequest::ShowStream(stream, partition) => self.show_stream(stream, partition),
            AppRequest::Acknowledge(stream) => {
                self.cluster.acknowledge(&stream, &mut self.context);
            }
            AppRequest::Tail(partitions) => {
                self.screens.tails.open(partitions, &mut self.context);
                self.descend(Pane::Tail);
            }
            AppRequest::TailFrom(partition, offset) => self.tail_from(partition, offset),
            AppRequest::Table(spec, at) => self.open_table(spec, at),
            AppRequest::ShowKeyHistory(spec) => self.show_key_history(spec),
            AppRequest::ShowSubjects(Some(stream)) => self.show_subjects_of(&stream),
            AppRequest::ShowSubjects(None) => self.show_subjects(""),
            AppRequest::ShowDetail(target) => self.overlays.show_detail(target),
            AppRequest::CopyMenu(entries) => {
                if !entries.is_empty() {
                    self.overlays.show(Overlay::Menu(copy_menu(entries)));
                }
            }
            AppRequest::Confirm(operations, left_out) => {
                let question = Confirm::new(operations, left_out);
                self.overlays.show(Overlay::Confirm(question));
            }
            AppRequest::ExpectMoves(moves) => {
                self.moved_cursors.expect(moves, self.cluster.truth());
            }
            AppRequest::TypeCommand(line) => self.open_command_line(&line),
            AppRequest::Publish(target) => {
                if !self.context.forbids_change() {
                    self.overlays.show_form(publish_form(target));
                }
            }
            AppRequest::PublishAgain(message, value) => {
                let form = publish_again(&message, value.as_deref());
                self.overlays.show(Overlay::Form(Box::new(form)));
            }
            AppRequest::CreateStream => {
                if !self.context.forbids_change() {
                    self.overlays.show_form(create_form());
                }
            }
            AppRequest::Query(request) => self.carry_out_query(request),
        }
    }

    fn open_table(&mut self, mut spec: TableSpec, at: Option<String>) {
        let schemas = &self.context.settings.schemas;
        spec.query = spec.query.map(|query| schemas.reading_query(query));
        self.screens.table.open(spec, at, &mut self.context);
        self.descend(Pane::Table);
    }

    fn carry_out_query(&mut self, request: QueryRequest) {
        let tails = &mut self.screens.tails;
        match request {
            QueryRequest::Menu(saved, typed) => {
                self.overlays.show(Overlay::Menu(query_menu(saved, typed)));
            }
            QueryRequest::Search(query) => tails.search_for(&query, &mut self.context),
            QueryRequest::Name(query, streams) => {
                let question = SaveQuery::new(query, streams);
                self.overlays.show(Overlay::SaveQuery(question));
            }
            QueryRequest::Save(query) => match tails.saved_in_place_of(&query) {
                Some(before) if before.query != query.query => {
                    let before = Some(before.query.clone());
                    let question = Confirm::of_query(QueryChange::Saved(query), before);
                    self.overlays.show(Overlay::Confirm(question));
                }
                Some(_) | None => {
                    tails.change_queries(QueryChange::Saved(query), &mut self.context);
                }
            },
            QueryRequest::Confirm(change) => {
                let question = Confirm::of_query(change, None);
                self.overlays.show(Overlay::Confirm(question));
            }
            QueryRequest::Change(change) => tails.change_queries(change, &mut self.context),
        }
    }

    /// Shows a screen, with the focus where it was there.
    pub(super) fn show_screen(&mut self, screen: Screen) {
        self.focus.show(screen);
        self.on_shown();
    }

    /// Focuses the next pane of this screen, or the previous; each tail on it is one.
    pub(super) fn cycle_panes(&mut self, forward: bool) {
        let tails = &mut self.screens.tails;
        if self.focus.pane() == Pane::Tail && tails.focus_next_pane(forward) {
            return;
        }
        self.focus.cycle(forward);
        if self.focus.pane() == Pane::Tail {
            tails.focus_outer_pane(forward);
        }
        self.on_shown();
    }

    /// Shows a broker in the list of brokers, one level deeper. What has hidden it does so no longer.
    pub(super) fn show_broker(&mut self, name: &str) {
        let broker = self.cluster.truth().broker(name);
        if broker.is_none_or(BrokerTruth::is_answering) {
            self.screens.faults_only.remove(&Screen::Brokers);
        }
        self.screens.brokers.show(name);
        self.descend(Pane::Brokers);
    }

    /// Shows a stream, with its partitions in focus where one is named. What has hidden it does so no longer: whatever is done
    /// next is done to the row that is selected.
    pub(super) fn show_stream(&mut self, stream: StreamName, partition: Option<PartitionId>) {
        let found = self.cluster.truth().stream(&stream);
        if !found.is_some_and(|found| has_faults(found, partition)) {
            self.screens.faults_only.remove(&Screen::Streams);
        }
        self.screens.streams.show(stream, partition);
        self.descend(match partition {
            Some(_) => Pane::Partitions,
            None => Pane::Streams,
        });
    }

    pub(super) fn descend(&mut self, pane: Pane) {
        self.focus.descend(pane);
        self.on_shown();
    }

    pub(super) fn on_shown(&mut self) {
        let pane = self.focus.pane();
        self.screens.of_mut(pane).on_shown(&mut self.context);
    }
}
