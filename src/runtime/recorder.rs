//! Hands what happens in the loop to a thread that records it: encoding and writing take no time of keys and frames.
//!
//! Nothing is left out: where the thread is behind, tails wait for it, and their brokers with them (I12). Keys never do.

use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use tokio::sync::Notify;

use crate::app::{Event, TailEvent};
use crate::model::{ErrorKind, Failure, Target, Timestamp};
use crate::recording::{Block, BlockBuilder, Fact, Head, write_head};

/// Bytes of messages that may wait to be recorded: a moment of a firehose.
const MOST_WAITING: usize = 32 << 20;

/// What is recorded, and where to.
#[derive(Clone, Debug)]
pub struct RecorderOptions {
    /// The file, which is empty, and what it is called.
    pub file: (String, Arc<File>),
    /// Whether what messages hold is recorded too.
    pub messages: bool,
}

/// The loop's end of a thread that records.
#[derive(Debug)]
pub(super) struct Recorder {
    facts: Sender<(Timestamp, Fact)>,
    backlog: Arc<Backlog>,
    failure: Arc<Mutex<Option<Failure>>>,
    thread: JoinHandle<()>,
}

/// Bytes of messages that wait.
#[derive(Debug, Default)]
struct Backlog {
    bytes: AtomicUsize,
    freed: Notify,
}

impl Recorder {
    /// Begins a recording.
    ///
    /// # Errors
    /// The file could not be written, or no thread could be had.
    pub(super) fn start(options: RecorderOptions) -> io::Result<Self> {
        let (name, file) = options.file;
        let mut writer = Writer { name, file };
        let head = Head {
            liftui: env!("CARGO_PKG_VERSION").to_owned(),
            messages: options.messages,
        };
        write_head(&head, &mut writer.file)?;
        let (facts, inbox) = channel();
        let backlog = Arc::<Backlog>::default();
        let failure = Arc::<Mutex<Option<Failure>>>::default();
        let (freed, failed) = (Arc::clone(&backlog), Arc::clone(&failure));
        let builder = BlockBuilder::new(options.messages);
        let thread = Builder::new().name("recorder".to_owned());
        let thread = thread.spawn(move || {
            if let Err(error) = record(&inbox, builder, &mut writer, &freed) {
                let sentence = format!("{} is recorded no further: {error}", writer.name);
                let failure = Failure::new(ErrorKind::Local, Target::Cluster, sentence);
                *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
            }
            // Nothing waits for who records no more.
            drop(inbox);
            freed.clear();
        })?;
        Ok(Self {
            facts,
            backlog,
            failure,
            thread,
        })
    }

    /// Records what happens now.
    pub(super) fn record(&self, fact: Fact) {
        let bytes = message_bytes(&fact);
        self.backlog.bytes.fetch_add(bytes, Ordering::Relaxed);
        if self.facts.send((Timestamp::now(), fact)).is_err() {
            self.backlog.clear();
        }
    }

    /// Whether more messages may come.
    pub(super) fn has_room(&self) -> bool {
        self.backlog.bytes.load(Ordering::Relaxed) < MOST_WAITING
    }

    /// Waits until more messages may come.
    pub(super) async fn room(&self) {
        while !self.has_room() {
            self.backlog.freed.notified().await;
        }
    }

    /// Why nothing is recorded any more, once.
    pub(super) fn take_failure(&self) -> Option<Failure> {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take()
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// It was not all written, and nobody was shown that yet.
    pub(super) async fn finish(self) -> io::Result<()> {
        let Self {
            facts,
            failure,
            thread,
            ..
        } = self;
        drop(facts);
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            return Err(io::Error::other("the recording was not finished"));
        }
        let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure
            .take()
            .map_or(Ok(()), |failure| Err(io::Error::other(failure)))
    }
}

impl Backlog {
    fn free(&self, bytes: usize) {
        if bytes > 0 {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.freed.notify_one();
        }
    }

    fn clear(&self) {
        self.bytes.store(0, Ordering::Relaxed);
        self.freed.notify_one();
    }
}

/// Where blocks go.
struct Writer {
    name: String,
    file: Arc<File>,
}

impl Writer {
    fn write(&mut self, block: Option<Block>) -> io::Result<()> {
        let Some(block) = block else {
            return Ok(());
        };
        // In one piece, so that a file that is copied meanwhile is cut between blocks as a rule.
        let mut bytes = Vec::with_capacity(block.size());
        block.write(&mut bytes)?;
        self.file.write_all(&bytes)
    }
}

/// Records until the loop has ended.
fn record(
    inbox: &Receiver<(Timestamp, Fact)>,
    mut builder: BlockBuilder,
    writer: &mut Writer,
    backlog: &Backlog,
) -> io::Result<()> {
    for (at, fact) in inbox {
        let sealed = builder.add(at, &fact);
        backlog.free(message_bytes(&fact));
        writer.write(sealed)?;
    }
    writer.write(builder.seal())
}

fn message_bytes(fact: &Fact) -> usize {
    match fact {
        Fact::Happened(Event::Tail(_, TailEvent::Chunk(chunk) | TailEvent::Older(chunk))) => {
            chunk.bytes()
        }
        Fact::Happened(_) | Fact::Started(_) | Fact::Drawn(..) => 0,
    }
}
