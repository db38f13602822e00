//! Starts and ends the tasks of tails: reading their partitions, fetching older messages, scans and the index of fields.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Executor, OpenTail, cancel, local, older_failed};
use crate::app::{Event, OlderSpec, ScanEvent, ScanId, Schemas, TailEvent, TailId, TailSpec};
use crate::model::{PartitionId, StreamName, Timestamp};
use crate::runtime::reverse_reader::ReadSource;
use crate::runtime::scan;
use crate::runtime::supervisor::panicked;
use crate::runtime::tail_reader::{self, TailReader};
use crate::store::{Chunk, Query, Scan};

/// Partitions of one tail: each is a session at a broker, with buffers on both sides.
const MOST_TAILED: usize = 1_000;

impl Executor {
    fn source(&self, stream: StreamName, partition: PartitionId) -> ReadSource {
        let observer = self.observer();
        ReadSource {
            observer,
            stream,
            partition,
        }
    }

    pub(super) fn open_tail(&mut self, tail: TailId, spec: TailSpec) {
        if spec.partitions.len() > MOST_TAILED {
            let sentence = format!(
                "a tail reads at most {MOST_TAILED} partitions at once, and these are {}: open some of them",
                spec.partitions.len()
            );
            return self.send(Event::Tail(tail, TailEvent::Failed(local(&sentence))));
        }
        let token = self.token.child_token();
        let (throttle, throttled) = watch::channel(false);
        let turn = || Arc::clone(&self.scanning);
        let filter = spec
            .only
            .map(|query| scan::MessageFilter::new(query, turn()));
        for (stream, partition) in spec.partitions {
            let reader = TailReader {
                tail,
                source: self.source(stream, partition),
                outbox: self.outbox.clone(),
                throttled: throttled.clone(),
                filter: filter.clone(),
                refresh: self.refresh.clone(),
            };
            let broken = Event::Tail(tail, TailEvent::Failed(panicked("reading the tail")));
            if spec.newest_first {
                self.spawn_or(&token, reader.newest_first(spec.start, spec.stop), broken);
            } else {
                self.spawn_or(&token, reader.follow(spec.start, spec.stop), broken);
            }
        }
        self.tails.insert(
            tail,
            OpenTail {
                throttled: throttle,
                token,
            },
        );
    }

    pub(super) fn throttle_tail(&self, id: TailId, throttled: bool) {
        if let Some(tail) = self.tails.get(&id) {
            tail.throttled.send_replace(throttled);
        }
    }

    pub(super) fn close_tail(&mut self, id: TailId) {
        cancel(self.tails.remove(&id).map(|tail| tail.token));
    }

    pub(super) fn fetch_older(&self, id: TailId, spec: OlderSpec) {
        let Some(tail) = self.tails.get(&id) else {
            return;
        };
        let source = self.source(Arc::clone(&spec.stream), spec.partition);
        let failed = older_failed(id, &spec);
        let fetching = tail_reader::fetch_older(id, spec, source, self.outbox.clone());
        self.spawn_or(&tail.token, fetching, failed);
    }

    pub(super) fn index_fields(&self, id: ScanId, chunks: Vec<Arc<Chunk>>, schemas: Schemas) {
        let indexing = scan::index_fields(id, chunks, schemas, self.outbox.clone());
        self.spawn("looking for fields", indexing);
    }

    pub(super) fn scan(&mut self, id: ScanId, query: &Query, chunks: Vec<Arc<Chunk>>) {
        let scan = Scan::new(query.predicate().clone(), chunks, Timestamp::now());
        let (turn, outbox) = (Arc::clone(&self.scanning), self.outbox.clone());
        let failed = Event::Scan(id, ScanEvent::Failed);
        let running = self.spawn_cancellable(scan::run(id, scan, turn, outbox), failed);
        self.scans.retain(|_, scan| !scan.is_cancelled());
        self.scans.insert(id, running);
    }
}
