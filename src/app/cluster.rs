//! What is known of the cluster: the link, the truth, and what changed between two truths.
//!
//! What follows from the views is `health`'s business; this asks for more where the truth is in doubt.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::notice::Level;
use super::{Desk, Effect, Link};
use crate::health::{Health, HealthOptions, PartitionTruth, StreamTruth, Truth};
use crate::model::{BrokerId, CursorEntry, Probe, StreamName, Timestamp, View};

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
    pub fn freshness(&self, desk: &Desk) -> Freshness {
        let Some(as_of) = self.truth.as_of else {
            return Freshness::Nothing;
        };
        let limit = desk.settings.refresh * MISSED_POLLS;
        if as_of.age(desk.now) > limit {
            Freshness::Stale { as_of }
        } else {
            Freshness::Live { as_of }
        }
    }

    /// Takes how finding a first broker goes.
    pub fn on_link(&mut self, link: Link, desk: &mut Desk) {
        if link == Link::Up && self.link != Link::Up {
            desk.order(Effect::FetchCursors);
        }
        self.link = link;
    }

    /// Takes one broker's answer.
    pub fn on_view(&mut self, view: &Arc<View>, desk: &mut Desk) {
        self.health.observe(view);
        self.assess(desk);
    }

    /// Takes a leader's word on one partition.
    pub fn on_probe(&mut self, probe: &Probe, desk: &mut Desk) {
        self.health.probe(probe);
        self.assess(desk);
    }

    /// Takes all cursors as they were just read.
    pub fn on_cursors(&mut self, cursors: &[CursorEntry], desk: &mut Desk) {
        self.health.cursors(cursors, desk.now);
        self.assess(desk);
    }

    /// Time has passed: ages count, and partitions in doubt are asked about.
    pub fn on_tick(&mut self, desk: &mut Desk) {
        self.assess(desk);
        if !self.truth.doubtful.is_empty() {
            desk.order(Effect::Probe(self.truth.doubtful.clone()));
        }
    }

    fn assess(&mut self, desk: &mut Desk) {
        let next = self.health.assess(desk.now);
        if self.truth.as_of.is_some() && !Arc::ptr_eq(&next, &self.truth) {
            tell_changes(&self.truth, &next, desk);
        }
        self.truth = next;
    }
}

/// Says which streams came and went, which brokers fell silent or came back, and which leaders moved.
fn tell_changes(before: &Truth, after: &Truth, desk: &mut Desk) {
    let names = |truth: &Truth| -> BTreeSet<StreamName> {
        let own = truth.streams.iter().filter(|stream| !stream.internal);
        own.map(|stream| Arc::clone(&stream.name)).collect()
    };
    let (had, has) = (names(before), names(after));
    tell_streams("appeared", has.difference(&had), desk);
    tell_streams("is gone", had.difference(&has), desk);
    tell_leaders(before, after, desk);
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
            desk.say(Level::Error, text);
        }
        if broker.is_answering() && old.reach.is_silent() {
            desk.say(Level::Note, format!("{} answers again", broker.name()));
        }
    }
}

fn tell_streams<'a>(what: &str, mut names: impl Iterator<Item = &'a StreamName>, desk: &mut Desk) {
    let Some(first) = names.next() else { return };
    let others = names.count();
    let text = match others {
        0 => format!("stream {first} {what}"),
        _ => format!("stream {first} {what}, and {others} more"),
    };
    desk.say(Level::Note, text);
}

fn tell_leaders(before: &Truth, after: &Truth, desk: &mut Desk) {
    let own_first = |internal| {
        after
            .streams
            .iter()
            .filter(move |one| one.internal == internal)
    };
    let streams = own_first(false).chain(own_first(true));
    let mut moves = streams.flat_map(|stream| {
        let old = before.stream(&stream.name);
        let partitions = stream.partitions.iter();
        partitions.filter_map(move |partition| moved(old?, stream, partition))
    });
    let Some((place, leader)) = moves.next() else {
        return;
    };
    match moves.count() {
        0 => desk.say(Level::Warning, format!("{place} is led by {leader} now")),
        more => {
            let all = more + 1;
            let text = format!("{all} leaders moved, that of {place} to {leader}");
            desk.say(Level::Warning, text);
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
