//! Turns effects into tasks, each under a token that ends it, and ends all of them within a second.
//!
//! Decides nothing: what to do is in the effect, what an answer means in `app`.

mod asking;
mod decoding;
mod lines;
mod ranges;
mod state_writer;
mod tables;
mod tails;
mod terminal;

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::decoding::Decoders;
use self::ranges::RunningRead;
use self::state_writer::StateWriter;
use self::tables::RunningTable;
use super::alerts::AlertQueue;
use super::channels::EventSender;
use super::export;
use super::options::{Access, DashboardOptions};
use super::prober::{self, PartitionKey};
use super::refresh_request::RefreshRequest;
use super::supervisor::panicked;
use crate::app::{
    Effect, Event, ExportSpec, LoopEffect, OlderSpec, Progress, RequestId, ScanId, TailEvent,
    TailId,
};
use crate::client::Observer;
use crate::health::Alert;
use crate::model::{CursorMoveSpec, ErrorKind, Failure, Operation, Outcome, Target};

/// How long running tasks get to end by themselves.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// A tail's tasks.
struct OpenTail {
    throttled: watch::Sender<bool>,
    token: CancellationToken,
}

/// Owns every task of one cluster's dashboard.
pub(super) struct Executor {
    options: Box<DashboardOptions>,
    outbox: EventSender,
    tasks: TaskTracker,
    token: CancellationToken,
    tails: HashMap<TailId, OpenTail>,
    scans: HashMap<ScanId, CancellationToken>,
    /// Whose turn it is to scan.
    scanning: Arc<Semaphore>,
    exports: HashMap<RequestId, CancellationToken>,
    statistics: RunningRead,
    /// The table that is read: one at a time.
    table: Option<RunningTable>,
    key_history: RunningRead,
    verification: RunningRead,
    decoders: Decoders,
    state_writer: StateWriter,
    /// Alerts that wait to be handed on.
    alerts: Option<AlertQueue>,
    activity: Option<CancellationToken>,
    cursors: Option<CancellationToken>,
    refresh: RefreshRequest,
    asked_every: watch::Sender<Duration>,
    probes: mpsc::Sender<Vec<PartitionKey>>,
}

impl Executor {
    /// Starts asking the brokers; answers go to `outbox`.
    pub(super) fn start(options: &DashboardOptions, outbox: EventSender) -> Self {
        let (probes, wanted) = prober::queue();
        let tasks = TaskTracker::new();
        let executor = Self {
            token: CancellationToken::new(),
            tails: HashMap::new(),
            scans: HashMap::new(),
            scanning: Arc::new(Semaphore::new(1)),
            exports: HashMap::new(),
            statistics: RunningRead::default(),
            table: None,
            key_history: RunningRead::default(),
            verification: RunningRead::default(),
            decoders: Decoders::default(),
            state_writer: StateWriter::start(options, outbox.clone(), &tasks),
            alerts: None,
            activity: None,
            cursors: None,
            refresh: RefreshRequest::new(),
            asked_every: watch::Sender::new(options.session.settings.refresh),
            probes,
            tasks,
            options: Box::new(options.clone()),
            outbox,
        };
        executor.start_asking(wanted);
        executor.watch_config();
        executor
    }

    /// Carries out an effect, or hands back what is for the loop.
    pub(super) fn carry_out(&mut self, effect: Effect) -> Option<LoopEffect> {
        match effect {
            Effect::Refresh => self.refresh.send(),
            Effect::AskEvery(every) => drop(self.asked_every.send_replace(every)),
            Effect::ContinueAssessment => self.send(Event::ContinueAssessment),
            Effect::Probe(partitions) => self.probe(partitions),
            Effect::OpenTail(id, spec) => self.open_tail(id, spec),
            Effect::ThrottleTail(id, throttled) => self.throttle_tail(id, throttled),
            Effect::CloseTail(id) => self.close_tail(id),
            Effect::FetchOlder(id, spec) => self.fetch_older(id, spec),
            Effect::Scan(id, query, chunks) => self.scan(id, &query, chunks),
            Effect::IndexFields(id, chunks, schemas) => self.index_fields(id, chunks, schemas),
            Effect::CancelScan(id) => cancel(self.scans.remove(&id)),
            Effect::DecodeValues(values) => self.decode_values(values),
            Effect::RestartDecoders => self.restart_decoders(),
            Effect::Perform(id, operation) => self.perform(id, operation),
            Effect::PlanCursorMove(id, specs) => self.plan_cursor_move(id, specs),
            Effect::FetchCursors => self.read_cursors(),
            Effect::ReadFirstUnread(cursors) => self.read_first_unread(cursors),
            Effect::FollowActivity(on) => self.follow_activity(on),
            Effect::Export(id, spec) => self.export(id, spec),
            Effect::CancelExport(id) => cancel(self.exports.remove(&id)),
            Effect::ReadStatistics(id, spec, options) => self.read_statistics(id, spec, options),
            Effect::CancelStatistics(id) => self.statistics.cancel(id),
            Effect::OpenTable(id, spec, view) => self.open_table(id, spec, view),
            Effect::ViewTable(id, view) => self.view_table(id, view),
            Effect::ExportTable(id, export) => self.export_table(id, export),
            Effect::CloseTable(id) => self.close_table(id),
            Effect::ReadKeyHistory(id, spec) => self.read_key_history(id, spec),
            Effect::CancelKeyHistory(id) => self.key_history.cancel(id),
            Effect::Verify(id, spec) => self.verify(id, spec),
            Effect::CancelVerify(id) => self.verification.cancel(id),
            Effect::Console(id, line) => self.console(id, line),
            Effect::ParseLine(line) => self.parse_line(line),
            Effect::ReadLog => self.read_log(),
            Effect::SaveIncidents(incidents) => self.state_writer.save_incidents(incidents),
            Effect::SaveRow(streams, row) => self.state_writer.save_row(streams, row),
            Effect::SaveQuery(change) => self.state_writer.save_query(change),
            Effect::SaveView(view) => self.state_writer.save_view(view),
            Effect::Alert(alert) => self.alert(*alert),
            Effect::Loop(effect) => return Some(effect),
        }
        None
    }

    /// Ends everything; what does not end within a second is left to the runtime.
    pub(super) async fn shut_down(self) {
        self.token.cancel();
        // It comes to the end of what it has to write: what was chosen last is kept too.
        drop(self.state_writer);
        self.tasks.close();
        if timeout(SHUTDOWN_TIMEOUT, self.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "left tasks behind");
        }
    }

    /// Runs a task until it is done or all of them end; after a panic an event says at what.
    fn spawn(&self, doing: &str, work: impl Future<Output = ()> + Send + 'static) {
        self.spawn_or(&self.token, work, Event::Failed(panicked(doing)));
    }

    fn send(&self, event: Event) {
        let outbox = self.outbox.clone();
        self.spawn(
            "handing on an answer",
            async move { outbox.send(event).await },
        );
    }

    /// Runs a task until it is done or the token is cancelled; after a panic it sends this event.
    fn spawn_or(
        &self,
        token: &CancellationToken,
        work: impl Future<Output = ()> + Send + 'static,
        broken: Event,
    ) {
        let working = self
            .tasks
            .spawn(token.clone().run_until_cancelled_owned(work));
        let outbox = self.outbox.clone();
        self.tasks.spawn(async move {
            if !working.await.is_err_and(|error| error.is_panic()) {
                return;
            }
            tracing::error!("a task panicked");
            if matches!(broken, Event::Tail(..)) {
                // What the tail has read already comes before.
                outbox.send_tail(broken).await;
            } else {
                outbox.send(broken).await;
            }
        });
    }

    /// Runs with a token of its own, which ends it, and which it cancels when it is done; after a panic it sends this
    /// event, so that whoever asked does not wait for ever.
    fn spawn_cancellable(
        &self,
        work: impl Future<Output = ()> + Send + 'static,
        broken: Event,
    ) -> CancellationToken {
        let token = self.token.child_token();
        let done = token.clone().drop_guard();
        let work = async move {
            let _done = done;
            work.await;
        };
        self.spawn_or(&token, work, broken);
        token
    }

    /// Runs a task and sends its result, a panic included: whoever asked must not wait for ever.
    fn spawn_answer<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl Future<Output = Result<T, Failure>> + Send + 'static,
        to_event: impl FnOnce(Result<T, Failure>) -> Event + Send + 'static,
    ) {
        let (outbox, working) = (self.outbox.clone(), self.tasks.spawn(work));
        let answer = async move {
            let result = working.await.unwrap_or_else(|_| Err(panicked(doing)));
            outbox.send(to_event(result)).await;
        };
        self.spawn("handing on an answer", answer);
    }

    fn observer(&self) -> Observer {
        self.options.session.access.observer()
    }

    fn cluster(&self) -> String {
        self.options.session.settings.cluster.clone()
    }

    fn perform(&self, id: RequestId, operation: Operation) {
        let access = self.options.session.access.clone();
        let saved_state = Arc::clone(&self.options.saved_state);
        let cluster = self.cluster();
        let changing = self.tasks.spawn(async move {
            let end = saved_state.begin_change(&cluster, &operation);
            let outcome = perform(access, operation).await;
            let written = end.map_or(Ok(()), |end| end(&outcome));
            (outcome, written)
        });
        let outbox = self.outbox.clone();
        self.spawn("handing on an answer", async move {
            let broken = |_| (Err(panicked("changing the cluster")), Ok(()));
            let (outcome, written) = changing.await.unwrap_or_else(broken);
            outbox.send(Event::Done(id, outcome)).await;
            // Last, so that it is not hidden by what was done.
            if let Err(sentence) = written {
                let failure = Failure::new(ErrorKind::Local, Target::Cluster, sentence);
                outbox.send(Event::Failed(failure)).await;
            }
        });
    }

    fn plan_cursor_move(&self, id: RequestId, specs: Vec<CursorMoveSpec>) {
        let Access::Full(client) = self.options.session.access.clone() else {
            return;
        };
        let outbox = self.outbox.clone();
        let planned = async move {
            let moves = async {
                let mut moves = Vec::new();
                for spec in &specs {
                    moves.extend(client.plan_cursor_moves(spec).await?);
                }
                Ok(moves)
            };
            let moves: crate::client::Result<_> = moves.await;
            let moves = moves.map_err(Failure::from);
            outbox.send(Event::CursorMovePlanned(id, moves)).await;
        };
        let failed = Event::CursorMovePlanned(id, Err(panicked("looking at the log")));
        self.spawn_or(&self.token, planned, failed);
    }

    fn export(&mut self, id: RequestId, spec: ExportSpec) {
        let failed = Event::Exported(id, Progress::Failed(panicked("writing the export")));
        let writing = export::run(id, spec, self.outbox.clone());
        let writing = self.spawn_cancellable(writing, failed);
        self.exports.retain(|_, export| !export.is_cancelled());
        self.exports.insert(id, writing);
    }

    /// Hands an alert to whoever is told outside of the terminal.
    fn alert(&mut self, alert: Alert) {
        let Some(sender) = self.options.alerts.clone() else {
            return;
        };
        if self.alerts.is_none() {
            let (cluster, outbox) = (self.cluster(), self.outbox.clone());
            let (queue, work) = AlertQueue::new(cluster, sender, outbox);
            self.spawn("sending alerts", work);
            self.alerts = Some(queue);
        }
        let waiting = self.alerts.as_mut();
        if let Some(failure) = waiting.and_then(|queue| queue.add(alert)) {
            self.send(Event::Failed(failure));
        }
    }
}

/// The end of a request for older messages that panicked: the tail asks again when it is scrolled up.
fn older_failed(tail: TailId, spec: &OlderSpec) -> Event {
    let event = TailEvent::OlderDone {
        stream: Arc::clone(&spec.stream),
        partition: spec.partition,
        start: None,
        failure: Some(panicked("fetching older messages")),
    };
    Event::Tail(tail, event)
}

fn cancel(token: Option<CancellationToken>) {
    if let Some(token) = token {
        token.cancel();
    }
}

async fn perform(access: Access, operation: Operation) -> Result<Outcome, Failure> {
    match access {
        Access::Full(client) => Ok(client.perform(operation).await?),
        Access::Observe(_) => {
            let sentence = "observer mode: nothing that changes the cluster is sent";
            Err(Failure::new(ErrorKind::Refused, Target::Cluster, sentence))
        }
    }
}

fn local(sentence: &str) -> Failure {
    Failure::new(ErrorKind::Local, Target::Cluster, sentence)
}

#[cfg(test)]
mod tests {
    use super::super::channels::event_channels;
    use super::super::options::RuntimeSession;
    use super::*;
    use crate::app::Settings;
    use crate::client::ConnectOptions;
    use crate::ui::Theme;

    /// Nobody is asked, and nothing is kept.
    pub(super) fn options() -> DashboardOptions {
        let observer = Observer::new(ConnectOptions::new(["127.0.0.1:9"])).unwrap();
        DashboardOptions::new(RuntimeSession {
            access: Access::Observe(observer),
            settings: Settings {
                cluster: "test".into(),
                ..Settings::default()
            },
            theme: Theme::default(),
            cursors: Vec::new(),
        })
    }

    #[tokio::test]
    async fn a_tail_is_told_that_its_request_for_older_messages_panicked() {
        let (outbox, mut inbox) = event_channels();
        let executor = Executor::start(&options(), outbox);
        let spec = OlderSpec {
            stream: "orders".into(),
            partition: 2,
            before: None,
            count: 1,
        };
        let failed = older_failed(TailId(7), &spec);
        let work = async { panic!("as a test wants it") };
        executor.spawn_or(&executor.token, work, failed.clone());
        assert_eq!(inbox.tails.recv().await, Some(failed));
        executor.shut_down().await;
    }
}
