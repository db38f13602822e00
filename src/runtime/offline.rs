//! What becomes of effects of a dashboard that shows what was recorded: what only looks is done, what asks a broker is refused.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::channels::{EventReceiver, EventSender, event_channels};
use super::clipboard::Clipboard;
use super::options::LineParser;
use super::scan;
use crate::app::{
    Effect, Event, LoopEffect, OlderSpec, Progress, ScanId, Schemas, TableEvent, TableExport,
    TailEvent,
};
use crate::model::{ErrorKind, Failure, Target, Timestamp};
use crate::store::{Chunk, Query, Scan};

/// What an effect comes to.
pub(super) enum OfflineOutcome {
    /// Nothing, or what comes later by itself.
    Nothing,
    /// This happens to the dashboard.
    Happened(Event),
    /// It is for whoever has the terminal.
    ForLoop(LoopEffect),
}

/// Carries out effects without any broker.
pub(super) struct Offline {
    parse_line: LineParser,
    clipboard: Clipboard,
    /// What scans find in kept messages, and what became of copies, comes through here.
    outbox: EventSender,
    inbox: EventReceiver,
    scanning: Arc<Semaphore>,
    scans: JoinSet<()>,
    tasks: JoinSet<()>,
}

/// What is answered to whatever would ask a broker.
pub(super) fn refused(sentence: &str) -> Failure {
    Failure::new(ErrorKind::Refused, Target::Cluster, sentence)
}

fn no_older(spec: OlderSpec, refusal: Failure) -> TailEvent {
    TailEvent::OlderDone {
        stream: spec.stream,
        partition: spec.partition,
        start: None,
        failure: Some(refusal),
    }
}

/// What of the loop's own effects is done where nothing is live.
fn for_loop(effect: LoopEffect, refusal: Failure) -> OfflineOutcome {
    match effect {
        LoopEffect::Edit(id, _) => OfflineOutcome::Happened(Event::Edited(id, Err(refusal))),
        LoopEffect::SwitchContext(..) | LoopEffect::OpenDemo => {
            OfflineOutcome::Happened(Event::Failed(refusal))
        }
        LoopEffect::SaveRecording(_) | LoopEffect::Announce(_) | LoopEffect::SetTitle(_) => {
            OfflineOutcome::Nothing
        }
        LoopEffect::Copy(..)
        | LoopEffect::SetTheme(_)
        | LoopEffect::Repaint
        | LoopEffect::CaptureMouse(_)
        | LoopEffect::Suspend
        | LoopEffect::Replay(_)
        | LoopEffect::Quit => OfflineOutcome::ForLoop(effect),
    }
}

impl Offline {
    /// Nothing is under way.
    pub(super) fn new(parse_line: LineParser, clipboard: Clipboard) -> Self {
        let (outbox, inbox) = event_channels();
        Self {
            parse_line,
            clipboard,
            outbox,
            inbox,
            scanning: Arc::new(Semaphore::new(1)),
            scans: JoinSet::new(),
            tasks: JoinSet::new(),
        }
    }

    /// What came of effects that took their time.
    pub(super) async fn event(&mut self) -> Event {
        match self.inbox.control.recv().await {
            Some(event) => event,
            // The other end is here too.
            None => std::future::pending().await,
        }
    }

    /// Carries out an effect, as far as that can be done here; what asks a broker is refused so.
    pub(super) fn carry_out(&mut self, effect: Effect, refusal: Failure) -> OfflineOutcome {
        let event = match effect {
            Effect::OpenTail(id, _) => Event::Tail(id, TailEvent::Failed(refusal)),
            Effect::FetchOlder(id, spec) => Event::Tail(id, no_older(spec, refusal)),
            Effect::Perform(id, _) => Event::Done(id, Err(refusal)),
            Effect::PlanCursorMove(id, _) => Event::CursorMovePlanned(id, Err(refusal)),
            Effect::Export(id, _) | Effect::ExportTable(_, TableExport { id, .. }) => {
                Event::Exported(id, Progress::Failed(refusal))
            }
            Effect::ReadStatistics(id, ..) => Event::Statistics(id, Err(refusal)),
            Effect::OpenTable(id, ..) => Event::Table(id, TableEvent::Failed(refusal)),
            Effect::ReadKeyHistory(id, _) => Event::KeyHistory(id, Err(refusal)),
            Effect::Verify(id, _) => Event::Verification(id, Err(refusal)),
            Effect::ReadLog => Event::LogRead(Vec::new()),
            Effect::Console(id, _) => Event::Console(id, Err(refusal.sentence)),
            Effect::ParseLine(line) => {
                let task = (self.parse_line)(&line);
                Event::LineParsed(line, task)
            }
            Effect::IndexFields(id, chunks, schemas) => {
                return self.index_fields(id, chunks, schemas);
            }
            Effect::Scan(id, query, chunks) => return self.scan(id, &query, chunks),
            Effect::Loop(effect) => return for_loop(effect, refusal),
            // These are for brokers or for later runs, and nobody waits for an answer.
            Effect::Refresh
            | Effect::AskEvery(_)
            | Effect::ContinueAssessment
            | Effect::Probe(_)
            | Effect::ThrottleTail(..)
            | Effect::CloseTail(_)
            | Effect::CancelScan(_)
            | Effect::DecodeValues(_)
            | Effect::RestartDecoders
            | Effect::FetchCursors
            | Effect::ReadFirstUnread(_)
            | Effect::FollowActivity(_)
            | Effect::SaveIncidents(_)
            | Effect::SaveRow(..)
            | Effect::SaveQuery(_)
            | Effect::SaveView(_)
            | Effect::Alert(_)
            | Effect::CancelStatistics(_)
            | Effect::CancelExport(_)
            | Effect::ViewTable(..)
            | Effect::CloseTable(_)
            | Effect::CancelKeyHistory(_)
            | Effect::CancelVerify(_) => return OfflineOutcome::Nothing,
        };
        OfflineOutcome::Happened(event)
    }

    /// Looks for matches in what was recorded. One at a time: a new one takes the place of the one before.
    fn scan(&mut self, id: ScanId, query: &Query, chunks: Vec<Arc<Chunk>>) -> OfflineOutcome {
        let scan = Scan::new(query.predicate().clone(), chunks, Timestamp::now());
        let (turn, outbox) = (Arc::clone(&self.scanning), self.outbox.clone());
        self.scans.abort_all();
        self.scans.spawn(scan::run(id, scan, turn, outbox));
        OfflineOutcome::Nothing
    }

    /// Elsewhere: a live dashboard may go on in the same loop.
    fn index_fields(
        &mut self,
        id: ScanId,
        chunks: Vec<Arc<Chunk>>,
        schemas: Schemas,
    ) -> OfflineOutcome {
        let outbox = self.outbox.clone();
        self.spawn(scan::index_fields(id, chunks, schemas, outbox));
        OfflineOutcome::Nothing
    }

    /// [`Clipboard::copy`]; its event comes from here.
    pub(super) fn copy(
        &mut self,
        what: String,
        text: String,
        sent: Result<(), Failure>,
    ) -> Option<Event> {
        let (clipboard, outbox) = (self.clipboard.clone(), self.outbox.clone());
        clipboard.copy(what, text, sent, outbox, |copying| {
            self.spawn(copying);
        })
    }

    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(task);
    }
}
