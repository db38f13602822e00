//! Hands what happens in the loop to a thread that records it: encoding and writing take no time of keys and frames.
//!
//! Nothing is left out: where the thread is behind, tails wait for it, and their brokers with them (I12). Keys never do.

mod block_ring;
mod panics;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use self::block_ring::BlockRing;
pub(super) use self::block_ring::{KeptBlocks, NOTHING_KEPT};
use crate::app::{App, Event, Settings, TailEvent};
use crate::model::{ErrorKind, Failure, Target, Timestamp};
use crate::recording::{BlockBuilder, Fact};

/// Bytes of messages that may wait to be recorded: a moment of a firehose.
const MOST_WAITING: usize = 32 << 20;

/// How many places what is kept has to begin at: so much of it is dropped at once.
const BEGINNINGS: u32 = 15;

/// How far they are from each other at least.
const BETWEEN_BEGINNINGS: Duration = Duration::from_secs(1);

/// Makes a new file that is its user's alone.
pub type RecordingFile = fn(&Path) -> io::Result<File>;

/// What is recorded, and where to.
#[derive(Clone, Debug)]
pub struct RecorderOptions {
    /// A file to which everything goes, and what it is called; new, or that of a dashboard before this one.
    pub file: Option<(String, Arc<File>)>,
    /// Whether what messages hold is recorded too.
    pub messages: bool,
    /// How much of the past is kept in memory.
    pub kept: Duration,
    /// Bytes of that at most.
    pub most: usize,
    /// How files for what is kept are made.
    pub create: RecordingFile,
    /// The folder for what is kept when the dashboard panics; `None`: nowhere.
    pub panic_folder: Option<PathBuf>,
}

/// What the thread is asked to do.
enum Order {
    Record(Timestamp, Fact),
    Save(String),
    /// Whoever looks at the last minutes gets what is kept from the block of that number on.
    Read(usize, Sender<KeptBlocks>),
    /// A panic ends the program; who waits is told of the file.
    SaveAfterPanic(Sender<String>),
    End,
}

/// The loop's end of a thread that records.
#[derive(Debug)]
pub(super) struct Recorder {
    orders: Sender<Order>,
    backlog: Arc<Backlog>,
    /// What the thread has to say.
    news: mpsc::UnboundedReceiver<Event>,
    thread: JoinHandle<()>,
    /// When what is recorded last got a place to begin at, and how often it does.
    begun: Timestamp,
    between: Duration,
}

/// Reads what is kept of the last minutes.
#[derive(Debug)]
pub(super) struct RingReader(Sender<Order>);

impl RingReader {
    /// All that is kept from the block of that number on, up to now; `None` where recording has ended.
    pub(super) fn read(&self, number: usize) -> Option<KeptBlocks> {
        let (answer, answered) = channel();
        self.0.send(Order::Read(number, answer)).ok()?;
        answered.recv().ok()
    }
}

/// Bytes of messages that wait.
#[derive(Debug, Default)]
struct Backlog {
    bytes: AtomicUsize,
    freed: Notify,
}

impl Recorder {
    /// Begins a recording. Call it from the thread that draws: a panic there ends the program.
    ///
    /// # Errors
    /// The file could not be written, or no thread could be had.
    pub(super) fn start(options: RecorderOptions) -> io::Result<Self> {
        let panic_folder = options.panic_folder.clone();
        let between = (options.kept / BEGINNINGS).max(BETWEEN_BEGINNINGS);
        let builder = BlockBuilder::new(options.messages);
        let mut ring = BlockRing::new(options)?;
        let (orders, inbox) = channel();
        let (news_in, news) = mpsc::unbounded_channel();
        let backlog = Arc::<Backlog>::default();
        let freed = Arc::clone(&backlog);
        let thread = Builder::new().name("recorder".to_owned());
        let thread = thread.spawn(move || {
            record(&inbox, builder, &mut ring, (&freed, &news_in));
            // Nothing waits for who records no more.
            drop(inbox);
            freed.clear();
        })?;
        if let Some(folder) = panic_folder {
            panics::save_on_panic(orders.clone(), folder);
        }
        Ok(Self {
            orders,
            backlog,
            news,
            thread,
            begun: Timestamp::NEVER,
            between,
        })
    }

    /// A dashboard begins.
    pub(super) fn begin(&mut self, settings: &Settings) {
        self.begun = Timestamp::now();
        self.record(Fact::Started(Box::new(settings.clone())));
    }

    /// Records what happens now, before it happens to the app.
    pub(super) fn record_event(&mut self, event: &Event, app: &App) {
        if let Event::Tick(now) = event
            && self.begun.age(*now) >= self.between
        {
            self.begun = *now;
            let settings = Box::new(app.settings_of_now());
            self.record(Fact::Continued(settings, Vec::new()));
        }
        // What programs make of values is what messages hold, and no program runs when this is played.
        if !matches!(event, Event::ValueDecoded(..)) {
            self.record(Fact::Happened(event.clone()));
        }
    }

    /// Records one fact.
    pub(super) fn record(&self, fact: Fact) {
        let bytes = message_bytes(&fact);
        self.backlog.bytes.fetch_add(bytes, Ordering::Relaxed);
        if self
            .orders
            .send(Order::Record(Timestamp::now(), fact))
            .is_err()
        {
            self.backlog.clear();
        }
    }

    /// Writes what is kept to a file; what became of it is among the news.
    pub(super) fn save(&self, path: String) {
        // A thread that has ended has said why.
        let _ = self.orders.send(Order::Save(path));
    }

    /// Who reads what is kept, on a thread that may wait.
    pub(super) fn reader(&self) -> RingReader {
        RingReader(self.orders.clone())
    }

    /// Whether more messages may come.
    pub(super) fn has_room(&self) -> bool {
        self.backlog.bytes.load(Ordering::Relaxed) < MOST_WAITING
    }

    /// What the thread has to say, and that there is room for more messages where there was none.
    pub(super) async fn news(&mut self) -> Option<Event> {
        let is_full = !self.has_room();
        tokio::select! {
            Some(event) = self.news.recv() => Some(event),
            () = self.backlog.freed.notified(), if is_full => None,
            else => std::future::pending().await,
        }
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// It was not all written, and nobody was shown that yet.
    pub(super) async fn finish(mut self) -> io::Result<()> {
        let _ = self.orders.send(Order::End);
        let thread = self.thread;
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            return Err(io::Error::other("the recording was not finished"));
        }
        match self.news.try_recv() {
            Ok(Event::Failed(failure)) => Err(io::Error::other(failure)),
            Ok(_) | Err(_) => Ok(()),
        }
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

/// Records until the loop has ended.
fn record(
    inbox: &Receiver<Order>,
    mut builder: BlockBuilder,
    ring: &mut BlockRing,
    (backlog, news): (&Backlog, &mpsc::UnboundedSender<Event>),
) {
    // After the loop has ended nobody reads the news.
    let send = |event| drop(news.send(event));
    for order in inbox {
        let kept = match order {
            Order::Record(at, fact) => {
                let sealed = builder.add(at, &fact);
                backlog.free(message_bytes(&fact));
                ring.keep(sealed)
            }
            Order::Save(path) => {
                let kept = ring.keep(builder.seal());
                send(saved(&path, ring.save(&path)));
                kept
            }
            Order::Read(number, answer) => {
                let kept = ring.keep(builder.seal());
                // Whoever asked may have gone back to now.
                drop(answer.send(ring.kept_from(number)));
                kept
            }
            Order::SaveAfterPanic(answer) => {
                let kept = ring.keep(builder.seal());
                if let Some(path) = ring.save_after_panic() {
                    drop(answer.send(path));
                }
                kept
            }
            Order::End => {
                let kept = ring.keep(builder.seal());
                kept.unwrap_or_else(|failure| send(Event::Failed(failure)));
                return;
            }
        };
        kept.unwrap_or_else(|failure| send(Event::Failed(failure)));
    }
}

fn saved(path: &str, saved: io::Result<Timestamp>) -> Event {
    match saved {
        Ok(since) => Event::Recorded {
            path: path.to_owned(),
            since,
        },
        Err(error) => {
            let why = if error.kind() == io::ErrorKind::AlreadyExists {
                "it exists already; name another file".to_owned()
            } else {
                error.to_string()
            };
            let sentence = format!("\"{path}\" was not written: {why}");
            Event::Failed(Failure::new(ErrorKind::Local, Target::Cluster, sentence))
        }
    }
}

fn message_bytes(fact: &Fact) -> usize {
    match fact {
        Fact::Happened(Event::Tail(_, TailEvent::Chunk(chunk) | TailEvent::Older(chunk))) => {
            chunk.bytes()
        }
        Fact::Happened(_)
        | Fact::Numbered(..)
        | Fact::Started(_)
        | Fact::Continued(..)
        | Fact::Drawn(..) => 0,
    }
}
