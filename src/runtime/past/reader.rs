//! A thread that folds what is kept of the last minutes into the state of the time that is wanted.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Builder;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::app::App;
use crate::model::Timestamp;
use crate::recording::{LineParser, Mark, Player, Recording, find_marks, next_mark};
use crate::runtime::recorder::{NOTHING_KEPT, RingReader};

/// How much of the past is folded before it is looked whether anybody still wants it.
const SLICE: Duration = Duration::from_secs(1);

/// Where to go.
#[derive(Clone, Copy, Debug)]
pub(super) enum PastOrder {
    /// To that time.
    Seek(Timestamp),
    /// To the finding or notice before that time.
    MarkBefore(Timestamp),
    /// To the one after it.
    MarkAfter(Timestamp),
}

/// The state of a time.
#[derive(Debug)]
pub(in crate::runtime) struct PastMoment {
    pub(super) app: Box<App>,
    pub(super) at: Timestamp,
    /// When what is kept begins and ends.
    pub(super) begin: Timestamp,
    pub(super) end: Timestamp,
    pub(super) has_messages: bool,
    /// What there is to say of how it was found.
    pub(super) sentence: Option<String>,
}

/// What the thread answers.
#[derive(Debug)]
pub(in crate::runtime) enum PastAnswer {
    /// The state that was wanted.
    Moment(PastMoment),
    /// Nothing is recorded after it: that is now.
    Now,
    /// There is nothing to be shown, and why.
    Failed(&'static str),
}

/// The loop's end of the thread, which ends with it.
#[derive(Debug)]
pub(super) struct PastReader {
    orders: Sender<PastOrder>,
    answers: mpsc::UnboundedReceiver<PastAnswer>,
    _wanted: DropGuard,
}

impl PastReader {
    /// Starts it.
    ///
    /// # Errors
    /// No thread could be had.
    pub(super) fn start(ring: RingReader, parse_line: LineParser) -> io::Result<Self> {
        let (orders, inbox) = channel();
        let (outbox, answers) = mpsc::unbounded_channel();
        let unwanted = CancellationToken::new();
        let mut reading = PastThread {
            ring,
            parse_line,
            unwanted: unwanted.clone(),
            player: None,
            begin: Timestamp::NEVER,
            next: 0,
            marks: None,
        };
        let thread = Builder::new().name("past".to_owned());
        thread.spawn(move || reading.run(&inbox, &outbox))?;
        Ok(Self {
            orders,
            answers,
            _wanted: unwanted.drop_guard(),
        })
    }

    /// Has it go somewhere.
    pub(super) fn order(&self, order: PastOrder) {
        // A thread that has ended is told of by its answers.
        let _ = self.orders.send(order);
    }

    /// What it has found.
    pub(super) async fn answer(&mut self) -> PastAnswer {
        let broken = PastAnswer::Failed("the last minutes cannot be shown");
        self.answers.recv().await.unwrap_or(broken)
    }
}

/// What the thread has.
struct PastThread {
    ring: RingReader,
    parse_line: LineParser,
    unwanted: CancellationToken,
    player: Option<Player>,
    /// When it begins to show something: before that nobody knows what time it is.
    begin: Timestamp,
    /// The number of the block behind those that it has.
    next: usize,
    /// The findings and notices, as long as nothing came since they were looked for.
    marks: Option<Vec<Mark>>,
}

/// Why there is no state to be shown.
type Missing = PastAnswer;

impl PastThread {
    fn run(&mut self, inbox: &Receiver<PastOrder>, outbox: &mpsc::UnboundedSender<PastAnswer>) {
        for order in inbox {
            let found = match order {
                PastOrder::Seek(to) => self.seek(to, None),
                PastOrder::MarkBefore(time) => self.seek_mark(time, false),
                PastOrder::MarkAfter(time) => self.seek_mark(time, true),
            };
            let answer = found.map_or_else(|missing| missing, PastAnswer::Moment);
            if self.unwanted.is_cancelled() || outbox.send(answer).is_err() {
                return;
            }
        }
    }

    fn seek(&mut self, to: Timestamp, sentence: Option<String>) -> Result<PastMoment, Missing> {
        self.read_up_to(to)?;
        let unwanted = self.unwanted.clone();
        let player = self.player.as_mut().ok_or(NO_PAST)?;
        let recording = player.recording();
        let end = recording.end();
        let (begin, has_messages) = (self.begin, recording.head.messages);
        if to > end {
            return Err(PastAnswer::Now);
        }
        let at = to.max(begin);
        player.rewind(at);
        while player.next_at().is_some_and(|next| next <= at) && !unwanted.is_cancelled() {
            let slice = player.next_at().unwrap_or(at).plus(SLICE);
            player.advance(slice.min(at));
        }
        let is_first = to < begin;
        let sentence = sentence.or_else(|| is_first.then(|| BEGINNING.to_owned()));
        Ok(PastMoment {
            app: Box::new(player.app().clone()),
            at,
            begin,
            end,
            has_messages,
            sentence,
        })
    }

    /// Goes to the next finding or notice, or to the one before that time.
    fn seek_mark(&mut self, time: Timestamp, forward: bool) -> Result<PastMoment, Missing> {
        let mut found = self.known_mark(time, forward);
        if found.is_err() {
            // What came since may have one; what lies before the time is known already.
            let until = if forward { Timestamp::now() } else { time };
            self.read_up_to(until)?;
            self.find_marks()?;
            found = self.known_mark(time, forward);
        }
        match found {
            Ok(at) => self.seek(at, None),
            Err(sentence) => {
                let player = self.player.as_ref().ok_or(NO_PAST)?;
                let end = player.recording().end();
                self.seek(time.min(end), Some(sentence))
            }
        }
    }

    fn known_mark(&self, time: Timestamp, forward: bool) -> Result<Timestamp, String> {
        next_mark(self.marks.as_deref().unwrap_or_default(), time, forward)
    }

    /// Looks for the findings and notices of all that is there, unless that was done.
    fn find_marks(&mut self) -> Result<(), Missing> {
        if self.marks.is_none() {
            let player = self.player.as_ref().ok_or(NO_PAST)?;
            let recording = Arc::clone(player.recording());
            let marks = find_marks(recording, self.parse_line);
            self.marks = Some(marks.unwrap_or_default());
        }
        Ok(())
    }

    /// Has all that is kept up to that time, as far as it was recorded.
    fn read_up_to(&mut self, time: Timestamp) -> Result<(), Missing> {
        let has = self.player.as_ref().map(|player| player.recording().end());
        if has.is_some_and(|end| end >= time) {
            return Ok(());
        }
        let kept = self.ring.read(self.next).ok_or(ENDED)?;
        let follows = kept.first == self.next;
        let kept = if follows || self.player.is_none() {
            kept
        } else {
            // More has happened since than is kept: what is there is all that can be shown.
            self.player = None;
            self.ring.read(0).ok_or(ENDED)?
        };
        self.next = kept.first + kept.blocks.len();
        if !kept.blocks.is_empty() {
            self.marks = None;
        }
        if let Some(player) = &mut self.player {
            player.append(kept.blocks);
            return Ok(());
        }
        if kept.blocks.is_empty() {
            return Err(NO_PAST);
        }
        let recording = Recording::new(kept.head, kept.blocks);
        let player = Player::new(Arc::new(recording), self.parse_line);
        let mut player = player.map_err(|_unreadable| UNREADABLE)?;
        while player.app().now() == Timestamp::NEVER && player.step().is_some() {}
        self.begin = player.at();
        self.player = Some(player);
        Ok(())
    }
}

/// What is said where nothing lies behind what is shown.
const BEGINNING: &str = "nothing is kept from before this time";

const ENDED: PastAnswer =
    PastAnswer::Failed("the last minutes cannot be shown: recording has ended");

const UNREADABLE: PastAnswer =
    PastAnswer::Failed("the last minutes cannot be shown: what is kept of them is damaged");

const NO_PAST: PastAnswer = PastAnswer::Failed(NOTHING_KEPT);
