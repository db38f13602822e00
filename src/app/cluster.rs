//! What is known of the cluster: the link, the truth, and what changed between two truths.
//!
//! What follows from the views is `health`'s business; this asks for more where the truth is in doubt.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::app::notice::Level;
use crate::app::{Context, Effect, Link};
use crate::health::{Health, HealthOptions, PartitionTruth, StreamTruth, Truth};
use crate::model::{BrokerId, BrokerView, CursorEntry, Probe, StreamName, Timestamp};

/// The cluster as the dashboard knows it. The last good word of every broker stays (I8).
#[derive(Debug)]
pub struct ClusterState {
    link: Link,
    truth: Arc<Truth>,
    health: Health,
}

/// How fresh the truth is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// No broker has answered yet.
    Nothing,
    /// The newest answer is so old as it should be.
    Live {
        /// When the newest good view came.
        as_of: Timestamp,
    },
    /// No broker has answered for a while; what is shown is the last that was known.
    Stale {
        /// When the newest good view came.
        as_of: Timestamp,
    },
}

/// In a cluster of more partitions what several brokers say is weighed once a second, not each word on its own: keys come
/// first, and nobody reads faster.
const WEIGHED_AT_ONCE: usize = 4_000;

/// How many polls may be missed before what is shown counts as stale.
const MISSED_POLLS: u32 = 3;

impl ClusterState {
    /// Nothing is known; these addresses are tried first.
    pub fn new(options: HealthOptions, addresses: Vec<String>) -> Self {
        Self {
            link: Link::Trying {
                addresses,
                attempt: 1,
            },
            truth: Arc::default(),
            health: Health::new(options),
        }
    }

    /// How finding a first broker goes.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// What holds, as far as anyone can know.
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// How fresh that is.
    pub fn freshness(&self, context: &Context) -> Freshness {
        let Some(as_of) = self.truth.as_of else {
            return Freshness::Nothing;
        };
        let limit = context.settings.refresh * MISSED_POLLS;
        if as_of.age(context.now) > limit {
            Freshness::Stale { as_of }
        } else {
            Freshness::Live { as_of }
        }
    }

    /// Takes how finding a first broker goes.
    pub fn on_link(&mut self, link: Link, context: &mut Context) {
        if link == Link::Up && self.link != Link::Up {
            context.order(Effect::FetchCursors);
        }
        self.link = link;
    }

    /// Takes one broker's answer.
    pub fn on_view(&mut self, view: &Arc<BrokerView>, context: &mut Context) {
        self.health.observe(view);
        if self.truth.totals.partitions <= WEIGHED_AT_ONCE {
            self.assess(context);
        }
    }

    /// Takes a leader's word on one partition.
    pub fn on_probe(&mut self, probe: &Probe, context: &mut Context) {
        self.health.probe(probe);
        if self.truth.totals.partitions <= WEIGHED_AT_ONCE {
            self.assess(context);
        }
    }

    /// Takes all cursors as they were just read.
    pub fn on_cursors(&mut self, cursors: &[CursorEntry], context: &mut Context) {
        self.health.cursors(cursors, context.now);
        self.assess(context);
    }

    /// Time has passed: ages count, and partitions in doubt are asked about.
    pub fn on_tick(&mut self, context: &mut Context) {
        self.assess(context);
        if !self.truth.doubtful.is_empty() {
            context.order(Effect::Probe(self.truth.doubtful.clone()));
        }
    }

    fn assess(&mut self, context: &mut Context) {
        let next = self.health.assess(context.now);
        if self.truth.as_of.is_some() && !Arc::ptr_eq(&next, &self.truth) {
            tell_changes(&self.truth, &next, context);
        }
        self.truth = next;
    }
}

/// Says which streams came and went, which brokers fell silent or came back, and which leaders moved.
fn tell_changes(before: &Truth, after: &Truth, context: &mut Context) {
    tell_streams(before, after, context);
    for broker in &after.brokers {
        let Some(old) = before.broker(broker.name()) else {
            continue;
        };
        if broker.reach.is_silent() && old.is_answering() {
            let led = broker.leaders;
            let text = format!(
                "{} does not answer · {led} partitions lead there",
                broker.name()
            );
            context.say(Level::Error, text);
        }
        if broker.is_answering() && old.reach.is_silent() {
            context.say(Level::Note, format!("{} answers again", broker.name()));
        }
    }
}

/// What became of the streams: one walk over two sorted lists, which goes past what they share.
fn tell_streams(before: &Truth, after: &Truth, context: &mut Context) {
    let mut changes = Changes::default();
    let (mut old, mut new) = (before.streams.as_slice(), after.streams.as_slice());
    loop {
        match (old.split_first(), new.split_first()) {
            (Some((was, rest)), Some((is, others))) => match was.name.cmp(&is.name) {
                Ordering::Equal => {
                    changes.compare(was, is);
                    (old, new) = (rest, others);
                }
                Ordering::Less => {
                    changes.gone.take(was);
                    old = rest;
                }
                Ordering::Greater => {
                    changes.appeared.take(is);
                    new = others;
                }
            },
            (Some((was, rest)), None) => {
                changes.gone.take(was);
                old = rest;
            }
            (None, Some((is, others))) => {
                changes.appeared.take(is);
                new = others;
            }
            (None, None) => break,
        }
    }
    changes.tell(context);
}

/// What differs between the streams of two truths.
#[derive(Default)]
struct Changes {
    appeared: Names,
    gone: Names,
    /// The first leader that moved and how many more did; those of Liftbridge's own streams apart.
    moves: Option<(String, BrokerId, usize)>,
    internal_moves: Option<(String, BrokerId, usize)>,
}

/// The first of some streams, and how many more there are. Liftbridge's own do not count.
#[derive(Default)]
struct Names {
    first: Option<StreamName>,
    more: usize,
}

impl Names {
    fn take(&mut self, stream: &StreamTruth) {
        if stream.internal {
            return;
        }
        match self.first {
            None => self.first = Some(Arc::clone(&stream.name)),
            Some(_) => self.more += 1,
        }
    }

    fn tell(&self, what: &str, context: &mut Context) {
        let Some(first) = &self.first else { return };
        let text = match self.more {
            0 => format!("stream {first} {what}"),
            more => format!("stream {first} {what}, and {more} more"),
        };
        context.say(Level::Note, text);
    }
}

impl Changes {
    /// Shared values are the same in both truths: in a large cluster nearly all are.
    fn compare(&mut self, old: &Arc<StreamTruth>, new: &Arc<StreamTruth>) {
        if Arc::ptr_eq(old, new) {
            return;
        }
        let moves = if new.internal {
            &mut self.internal_moves
        } else {
            &mut self.moves
        };
        for partition in new.partitions.iter() {
            if let Some((place, leader)) = moved(old, new, partition) {
                match moves {
                    None => *moves = Some((place, leader, 0)),
                    Some((_, _, more)) => *more += 1,
                }
            }
        }
    }

    fn tell(self, context: &mut Context) {
        self.appeared.tell("appeared", context);
        self.gone.tell("is gone", context);
        let internal = self.internal_moves.as_ref();
        let all = [self.moves.as_ref(), internal].into_iter().flatten();
        let count: usize = all.clone().map(|(_, _, more)| more + 1).sum();
        match (all.into_iter().next(), count) {
            (None, _) => {}
            (Some((place, leader, _)), 1) => {
                context.say(Level::Warning, format!("{place} is led by {leader} now"));
            }
            (Some((place, leader, _)), all) => {
                let text = format!("{all} leaders moved, that of {place} to {leader}");
                context.say(Level::Warning, text);
            }
        }
    }
}

/// Where a leader moved, and to whom.
fn moved(
    old: &StreamTruth,
    stream: &StreamTruth,
    new: &PartitionTruth,
) -> Option<(String, BrokerId)> {
    let from = old.partition(new.id)?.leader.as_ref()?;
    let to = new.leader.as_ref()?;
    let same = from == to || old.created != stream.created;
    (!same).then(|| (format!("{}:{}", stream.name, new.id), Arc::clone(to)))
}
