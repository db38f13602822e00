//! Runs a query over many chunks off the caller's loop: in order, with known progress, and stopped at once.
//! What matches is the predicate's; where matches are kept is the store's.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use super::chunk::Chunk;
use super::predicate::{Predicate, QueryRun};
use crate::model::Timestamp;

/// The indexes of the messages of one chunk that match, growing.
pub type Matching = Arc<[u32]>;

/// A predicate on its way through chunks. Shared between the threads that run it and whoever may cancel it.
#[derive(Debug)]
pub struct Scan {
    predicate: Predicate,
    chunks: Vec<Arc<Chunk>>,
    run: QueryRun,
    next: AtomicUsize,
}

impl Scan {
    /// A scan of these chunks, the first one first; ages are taken at `now`.
    pub fn new(predicate: Predicate, chunks: Vec<Arc<Chunk>>, now: Timestamp) -> Self {
        Self {
            predicate,
            chunks,
            run: QueryRun::at(now),
            next: AtomicUsize::new(0),
        }
    }

    /// How many chunks there are to look at.
    pub fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Whether there is nothing to look at.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Stops it: every thread ends at the message it is at.
    pub fn cancel(&self) {
        self.run.cancel();
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.run.is_cancelled()
    }

    /// How many messages it could not decide so far, because the expression costs too much there.
    pub fn undecided(&self) -> u64 {
        self.run.undecided()
    }

    /// Looks at the next chunk that no thread has taken; `None` when there is none, or when cancelled.
    pub fn step(&self) -> Option<(usize, Matching)> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let chunk = self.chunks.get(number).filter(|_| !self.is_cancelled())?;
        let matching = self.predicate.scan(chunk, &self.run);
        (!self.is_cancelled()).then(|| (number, matching.into()))
    }

    /// Looks at all chunks on so many threads and blocks until done. `deliver` gets the number of each chunk and what
    /// matches in it, in the order of the chunks. Returns whether it came to the end.
    pub fn run(&self, threads: usize, mut deliver: impl FnMut(usize, Matching)) -> bool {
        if threads <= 1 {
            while let Some((number, matching)) = self.step() {
                deliver(number, matching);
            }
            return !self.is_cancelled();
        }
        std::thread::scope(|scope| {
            let (results, arrivals) = mpsc::channel();
            for _ in 0..threads {
                let results = results.clone();
                scope.spawn(move || {
                    let mut steps = std::iter::from_fn(|| self.step());
                    steps.try_for_each(|step| results.send(step))
                });
            }
            drop(results);
            in_order(arrivals.iter(), &mut deliver);
        });
        !self.is_cancelled()
    }
}

/// Hands on what comes in any order in the order of its numbers.
fn in_order(
    arrivals: impl Iterator<Item = (usize, Matching)>,
    deliver: &mut impl FnMut(usize, Matching),
) {
    let mut early = BTreeMap::new();
    let mut next = 0;
    for (number, matching) in arrivals {
        early.insert(number, matching);
        while let Some(matching) = early.remove(&next) {
            deliver(next, matching);
            next += 1;
        }
    }
}
