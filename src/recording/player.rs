//! Plays a recording: the dashboard as it was at any time of it, forwards and backwards.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::block::Block;
use super::decoder::Decoder;
use super::file::{OpenError, Recording};
use super::record::Fact;
use crate::app::{App, ShellTask};
use crate::model::Timestamp;

/// Reads a line as the command line does.
pub type LineParser = fn(&str) -> Result<ShellTask, String>;

/// How much of a recording lies between two copies of the dashboard that are kept to go back to.
const BETWEEN_CHECKPOINTS: Duration = Duration::from_secs(20);

/// How many copies are kept at most; then every second one is dropped.
const MOST_CHECKPOINTS: usize = 64;

/// How many partitions all copies have together, where that makes fewer: a copy takes memory for each of them.
const MOST_PARTITIONS: usize = 200_000;

/// How many copies are kept however large they are.
const LEAST_CHECKPOINTS: usize = 4;

/// What a step of a recording did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Played {
    /// Something happened to the dashboard.
    Changed,
    /// A frame was drawn: the dashboard is as it was seen.
    Drawn,
}

/// The dashboard at one time of a recording.
#[derive(Clone, Debug)]
pub struct Player {
    recording: Arc<Recording>,
    parse_line: LineParser,
    now: Moment,
    /// What follows in the block that is being played.
    facts: VecDeque<(Timestamp, Fact)>,
    checkpoints: Vec<Moment>,
    /// Whether a block could not be read, where the recording ends then.
    is_broken: bool,
}

/// A dashboard between two blocks.
#[derive(Clone, Debug)]
struct Moment {
    app: Box<App>,
    decoder: Decoder,
    /// The number of the next block.
    block: usize,
    at: Timestamp,
    /// Columns and rows of the last frame.
    size: (u16, u16),
    /// Frames so far.
    frames: u64,
}

impl Player {
    /// The recording at its beginning.
    ///
    /// # Errors
    /// It does not begin as a dashboard does, or its records cannot be read.
    pub fn new(recording: Arc<Recording>, parse_line: LineParser) -> Result<Self, OpenError> {
        let mut decoder = Decoder::default();
        let first = recording.blocks.first().ok_or(OpenError::Empty)?;
        let mut facts = decoder.read(first, parse_line).ok_or(OpenError::Damaged)?;
        let (at, app) = match facts.pop_front() {
            Some((at, Fact::Started(settings))) => (at, App::new(*settings)),
            Some((at, Fact::Continued(settings, known))) => {
                let mut app = App::new(*settings);
                for event in known {
                    app.update(event);
                }
                (at, app)
            }
            Some((_, Fact::Happened(_) | Fact::Numbered(..) | Fact::Drawn(..))) | None => {
                return Err(OpenError::Damaged);
            }
        };
        let now = Moment {
            app: Box::new(app),
            decoder,
            block: 1,
            at,
            size: (0, 0),
            frames: 0,
        };
        Ok(Self {
            recording,
            parse_line,
            now,
            facts,
            checkpoints: Vec::new(),
            is_broken: false,
        })
    }

    /// The recording.
    pub fn recording(&self) -> &Arc<Recording> {
        &self.recording
    }

    /// The dashboard as it is at this time.
    pub fn app(&self) -> &App {
        &self.now.app
    }

    /// The time.
    pub fn at(&self) -> Timestamp {
        self.now.at
    }

    /// Columns and rows of the last frame; of the next one where none was drawn yet.
    pub fn size(&self) -> (u16, u16) {
        if self.now.frames > 0 {
            return self.now.size;
        }
        let next = self.facts.iter().find_map(|(_, fact)| match fact {
            Fact::Drawn(width, height) => Some((*width, *height)),
            Fact::Started(_) | Fact::Continued(..) | Fact::Happened(_) | Fact::Numbered(..) => None,
        });
        next.unwrap_or((80, 24))
    }

    /// Frames so far.
    pub fn frames(&self) -> u64 {
        self.now.frames
    }

    /// Whether the recording ends here because what follows cannot be read.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Does what was recorded next; `None` at the end.
    pub fn step(&mut self) -> Option<Played> {
        if self.facts.is_empty() {
            self.open_next()?;
        }
        let (at, fact) = self.facts.pop_front()?;
        self.now.at = at;
        Some(self.now.play(fact))
    }

    /// Plays on up to that time, all that belongs to it included; returns whether a frame was drawn on the way.
    pub fn advance(&mut self, until: Timestamp) -> bool {
        let mut drawn = false;
        while self.next_at().is_some_and(|next| next <= until) {
            drawn |= self.step() == Some(Played::Drawn);
        }
        drawn
    }

    /// Plays on up to the next frame; `false` where there is none.
    pub fn next_frame(&mut self) -> bool {
        std::iter::from_fn(|| self.step()).any(|played| played == Played::Drawn)
    }

    /// Goes back to the frame before this one.
    pub fn previous_frame(&mut self) {
        let wanted = self.now.frames.saturating_sub(1).max(1);
        self.go_back(|moment| moment.frames < wanted);
        while self.now.frames < wanted && self.next_frame() {}
    }

    /// Goes to that time.
    pub fn seek(&mut self, to: Timestamp) {
        self.rewind(to);
        self.advance(to);
    }

    /// Goes back to a time from which that one can be reached, where it lies before this.
    pub fn rewind(&mut self, to: Timestamp) {
        if to < self.now.at {
            self.go_back(|moment| moment.at <= to);
        }
    }

    /// What was recorded since; it follows what is there without a gap.
    pub fn append(&mut self, blocks: Vec<Block>) {
        Arc::make_mut(&mut self.recording).blocks.extend(blocks);
        self.is_broken = false;
    }

    /// When the next record was made.
    pub fn next_at(&mut self) -> Option<Timestamp> {
        if self.facts.is_empty() {
            self.open_next()?;
        }
        self.facts.front().map(|(at, _)| *at)
    }

    /// Goes back to the last copy for which this holds, or to the beginning.
    fn go_back(&mut self, is_before: impl Fn(&Moment) -> bool) {
        let kept = self.checkpoints.iter().rev().find(|one| is_before(one));
        if let Some(kept) = kept {
            self.now = kept.clone();
            self.facts.clear();
        } else if let Ok(begin) = Self::new(Arc::clone(&self.recording), self.parse_line) {
            (self.now, self.facts) = (begin.now, begin.facts);
        }
        self.is_broken = false;
    }

    fn open_next(&mut self) -> Option<()> {
        while self.facts.is_empty() {
            self.keep_checkpoint();
            let block = self.recording.blocks.get(self.now.block)?;
            let Some(facts) = self.now.decoder.read(block, self.parse_line) else {
                self.is_broken = true;
                return None;
            };
            self.now.block += 1;
            self.facts = facts;
        }
        Some(())
    }

    fn keep_checkpoint(&mut self) {
        let last = self.checkpoints.last();
        let since = last.map_or(self.recording.begin(), |last| last.at);
        if since.plus(BETWEEN_CHECKPOINTS) > self.now.at {
            return;
        }
        let partitions = self.now.app.truth().totals.partitions.max(1);
        let most = (MOST_PARTITIONS / partitions).clamp(LEAST_CHECKPOINTS, MOST_CHECKPOINTS);
        if self.checkpoints.len() >= most {
            let mut number = 0;
            self.checkpoints.retain(|_| {
                number += 1;
                number % 2 == 1
            });
        }
        self.checkpoints.push(self.now.clone());
    }
}

impl Moment {
    fn play(&mut self, fact: Fact) -> Played {
        match fact {
            Fact::Started(settings) => *self.app = App::new(*settings),
            Fact::Happened(event) => {
                self.app.update(event);
            }
            Fact::Numbered(last_id, event) => {
                self.app.set_last_id(last_id);
                self.app.update(event);
            }
            // It is like this already.
            Fact::Continued(..) => {}
            Fact::Drawn(width, height) => {
                self.size = (width, height);
                self.frames += 1;
                return Played::Drawn;
            }
        }
        Played::Changed
    }
}
