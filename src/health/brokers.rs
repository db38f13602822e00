//! What every broker said last: its outcome, its last good view, and whether it answers at all.
//! What the views say of streams is `streams`' matter.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{BrokerTruth, Known, Reach};
use crate::model::{BrokerId, BrokerView, Cluster, ErrorKind, Failure, Target, Timestamp};

/// The last word of the broker at one address.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    address: Arc<str>,
    /// What it calls itself, or another broker of the client's knowledge.
    id: Option<BrokerId>,
    /// The id it is known by: its own, or that of the broker which is said to listen at its address.
    name: Option<BrokerId>,
    reach: Reach,
    failures: u32,
    failing_since: Option<Timestamp>,
    failure: Option<Failure>,
    asked: Timestamp,
    said: Option<Said>,
    /// Whether the last good view still is what it says: a single missed poll does not change that.
    current: bool,
}

/// A good view.
#[derive(Clone, Debug)]
struct Said {
    at: Timestamp,
    took: Duration,
    cluster: Arc<Cluster>,
}

/// A broker with an id and a view of the cluster.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speaker<'a> {
    /// Its id.
    pub(super) id: &'a BrokerId,
    /// What it says.
    pub(super) cluster: &'a Cluster,
    /// When it collected that: before it waited for its survey of brokers (wire-contract §4.7).
    pub(super) at: Timestamp,
    /// Whether this is what it says now; otherwise it has fallen silent since.
    pub(super) current: bool,
}

/// How the world has changed with an outcome.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    /// Whether the broker begins or ceases to count: all streams need another look.
    pub(super) reach: bool,
    /// What the broker said before, where it has said something new.
    pub(super) before: Option<Arc<Cluster>>,
}

/// All that brokers said.
#[derive(Debug, Default)]
pub(super) struct BrokerBook {
    voices: BTreeMap<Arc<str>, Voice>,
    /// Brokers that only partitions name: no address is known. Since when that is so although all others were asked.
    ghosts: BTreeMap<BrokerId, Option<Timestamp>>,
}

impl BrokerBook {
    /// Takes an outcome; one that is older than the last of its address is dropped.
    pub(super) fn observe(&mut self, view: &BrokerView, missed_polls: u32) -> Option<Change> {
        let voice = self.voices.entry(Arc::clone(&view.address));
        let voice = voice.or_insert_with(|| Voice::new(&view.address));
        if view.at < voice.asked {
            return None;
        }
        let standing = voice.standing();
        let before = voice.said.as_ref().map(|said| Arc::clone(&said.cluster));
        voice.take(view, missed_polls);
        let reach = voice.standing() != standing;
        let named = self.name_voices();
        Some(Change {
            reach: reach || named,
            before,
        })
    }

    /// Gives addresses that never answered the id of the broker that is said to listen there. Returns whether any id
    /// is another one now.
    fn name_voices(&mut self) -> bool {
        let names: Vec<Option<BrokerId>> = self.voices.values().map(|v| self.id_of(v)).collect();
        let mut changed = false;
        for (voice, name) in self.voices.values_mut().zip(names) {
            changed |= voice.name != name;
            voice.name = name;
        }
        changed
    }

    /// Brokers whose views can be used, one view each, sorted by id.
    pub(super) fn speakers(&self) -> Vec<Speaker<'_>> {
        let mut best: BTreeMap<&BrokerId, Speaker<'_>> = BTreeMap::new();
        for speaker in self.voices.values().filter_map(Voice::speaker) {
            let held = best.entry(speaker.id).or_insert(speaker);
            if (held.current, held.at) < (speaker.current, speaker.at) {
                *held = speaker;
            }
        }
        best.into_values().collect()
    }

    /// Names brokers that partitions have and for which there is no address; those named no more are forgotten.
    pub(super) fn set_ghosts<'a>(
        &mut self,
        named: impl Iterator<Item = &'a BrokerId>,
        now: Timestamp,
    ) {
        let all_asked = self.all_asked();
        let since = |id: &BrokerId| {
            let noted = self.ghosts.get(id).copied().flatten();
            all_asked.then_some(noted.unwrap_or(now))
        };
        let unknown = named.filter(|id| !self.knows(id));
        self.ghosts = unknown.map(|id| (BrokerId::clone(id), since(id))).collect();
    }

    /// Whether the broker answers. One that has no address, since nobody lists it, can not: that is a `No`, as soon as
    /// everybody who is listed was asked.
    pub(super) fn answers(&self, id: &str) -> Known {
        let mut own = self.voices_of(id);
        match own.by_ref().map(Voice::rank).max() {
            Some(Rank::Answering) => Known::Yes,
            Some(Rank::Awaited) => Known::Unknown,
            None if self.is_listed(id) || !self.all_asked() => Known::Unknown,
            Some(Rank::Silent) | None => Known::No,
        }
    }

    /// Since when that broker does not answer; `None` where it does or that is unknown.
    pub(super) fn silent_since(&self, id: &str) -> Option<Timestamp> {
        match self.voices_of(id).max_by_key(|voice| voice.rank()) {
            Some(voice) => voice.reach.silent_since(),
            None => self.ghosts.get(id).copied().flatten(),
        }
    }

    /// Whether so many brokers are silent that the rest is no majority: no metadata leader, so no election.
    pub(super) fn lacks_majority(&self) -> bool {
        let members = self.members();
        let silent = members.iter().filter(|id| self.answers(id) == Known::No);
        members.len() > 1 && silent.count() * 2 >= members.len()
    }

    /// The newest good view's time.
    pub(super) fn as_of(&self) -> Option<Timestamp> {
        let said = self.voices.values().filter_map(|v| v.said.as_ref());
        said.map(|said| said.at).max()
    }

    /// All brokers, without what has to be counted in the streams: sorted by id, those without one last.
    pub(super) fn truths(&self) -> Vec<BrokerTruth> {
        let mut by_name: BTreeMap<(bool, String), &Voice> = BTreeMap::new();
        for voice in self.voices.values() {
            let id = voice.name.clone();
            let name = id.as_deref().unwrap_or(&voice.address).to_owned();
            let held = by_name.entry((id.is_none(), name)).or_insert(voice);
            if (held.rank(), held.asked) < (voice.rank(), voice.asked) {
                *held = voice;
            }
        }
        let mut truths: Vec<BrokerTruth> = by_name.into_values().map(|v| self.truth(v)).collect();
        self.add_unasked(&mut truths);
        truths.extend(self.ghosts.iter().map(|(id, since)| ghost(id, *since)));
        truths.sort_by(|a, b| (a.id.is_none(), a.name()).cmp(&(b.id.is_none(), b.name())));
        truths
    }

    fn truth(&self, voice: &Voice) -> BrokerTruth {
        let id = voice.name.clone();
        let listed_by = id.as_ref().map(|id| self.listed_by(id)).unwrap_or_default();
        BrokerTruth {
            address: Arc::clone(&voice.address),
            reach: voice.reach,
            failures: voice.failures,
            failure: voice.failure.clone(),
            failing_since: voice.failing_since,
            latency: voice.said.as_ref().map(|said| said.took),
            last_answer: voice.said.as_ref().map(|said| said.at),
            listed_by,
            ..BrokerTruth::unasked(id)
        }
    }

    /// Brokers that a current view lists and that no voice belongs to.
    fn add_unasked(&self, truths: &mut Vec<BrokerTruth>) {
        for broker in self.current().flat_map(|said| &said.cluster.brokers) {
            if truths
                .iter()
                .any(|truth| truth.id.as_ref() == Some(&broker.id))
            {
                continue;
            }
            truths.push(BrokerTruth {
                address: broker.address().into(),
                listed_by: self.listed_by(&broker.id),
                ..BrokerTruth::unasked(Some(BrokerId::clone(&broker.id)))
            });
        }
    }

    /// The voice's id; where it never answered, that of the broker that is said to listen at its address.
    fn id_of(&self, voice: &Voice) -> Option<BrokerId> {
        let own = voice.id.clone();
        own.or_else(|| {
            let mut listed = self.current().flat_map(|said| &said.cluster.brokers);
            let found = listed.find(|broker| broker.address() == *voice.address)?;
            Some(BrokerId::clone(&found.id))
        })
    }

    fn listed_by(&self, id: &BrokerId) -> Vec<BrokerId> {
        let others = self.speakers().into_iter();
        others
            .filter(|s| s.current && s.id != id && s.cluster.broker(id).is_some())
            .map(|speaker| BrokerId::clone(speaker.id))
            .collect()
    }

    /// Brokers that make up the cluster as far as anyone knows: listed, answering or holding replicas.
    fn members(&self) -> Vec<BrokerId> {
        let listed = self.current().flat_map(|said| &said.cluster.brokers);
        let own = self.voices.values().filter_map(|voice| voice.name.as_ref());
        let all = listed
            .map(|broker| &broker.id)
            .chain(own)
            .chain(self.ghosts.keys());
        let mut members: Vec<BrokerId> = all.cloned().collect();
        members.sort_unstable();
        members.dedup();
        members
    }

    fn knows(&self, id: &str) -> bool {
        self.voices_of(id).next().is_some() || self.is_listed(id)
    }

    fn is_listed(&self, id: &str) -> bool {
        self.current().any(|said| said.cluster.broker(id).is_some())
    }

    /// Whether somebody answers, and everybody who is listed was asked: until then, another list may name more.
    fn all_asked(&self) -> bool {
        let asked = |id: &str| {
            self.voices_of(id)
                .any(|voice| voice.rank() != Rank::Awaited)
        };
        let mut listed = self.current().flat_map(|said| &said.cluster.brokers);
        self.current().next().is_some() && listed.all(|broker| asked(&broker.id))
    }

    fn voices_of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Voice> {
        let all = self.voices.values();
        all.filter(move |voice| voice.name.as_deref() == Some(id))
    }

    fn current(&self) -> impl Iterator<Item = &Said> {
        let current = self.voices.values().filter(|voice| voice.current);
        current.filter_map(|voice| voice.said.as_ref())
    }
}

/// How much a voice says of its broker, where one broker has several addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Awaited,
    Silent,
    Answering,
}

impl Voice {
    fn new(address: &Arc<str>) -> Self {
        Self {
            address: Arc::clone(address),
            id: None,
            name: None,
            reach: Reach::NotAskedYet,
            failures: 0,
            failing_since: None,
            failure: None,
            asked: Timestamp::default(),
            said: None,
            current: false,
        }
    }

    fn take(&mut self, view: &BrokerView, missed_polls: u32) {
        self.asked = view.at;
        match &view.result {
            Ok(cluster) => self.answered(view, cluster),
            Err(failure) => self.failed(view, failure, missed_polls),
        }
    }

    fn answered(&mut self, view: &BrokerView, cluster: &Arc<Cluster>) {
        let id = cluster.answered_by.as_ref().or(view.broker.as_ref());
        self.id = id.cloned().or_else(|| self.id.take());
        self.reach = Reach::Answering;
        self.failures = 0;
        self.failing_since = None;
        self.failure = None;
        self.current = true;
        self.said = Some(Said {
            at: view.at,
            took: view.took,
            cluster: Arc::clone(cluster),
        });
    }

    fn failed(&mut self, view: &BrokerView, failure: &Failure, missed_polls: u32) {
        self.id = self.id.take().or_else(|| view.broker.clone());
        self.failures = self.failures.saturating_add(1);
        let since = *self.failing_since.get_or_insert(view.at);
        let silent = match Silence::of(failure.kind) {
            Silence::AtOnce => true,
            Silence::Repeated => self.failures >= missed_polls || self.reach.is_silent(),
            Silence::Never => false,
        };
        if silent {
            self.reach = Reach::Silent { since };
        } else if Silence::of(failure.kind) == Silence::Never {
            self.reach = Reach::Answering;
        }
        self.current &= !silent && self.failures < missed_polls;
        self.failure = Some(failure.clone());
    }

    /// What must be equal before and after an outcome, lest all streams need another look.
    fn standing(&self) -> (Rank, bool) {
        (self.rank(), self.current)
    }

    fn speaker(&self) -> Option<Speaker<'_>> {
        let said = self.said.as_ref()?;
        Some(Speaker {
            id: self.name.as_ref()?,
            cluster: &said.cluster,
            at: said.at.minus(said.took),
            current: self.current,
        })
    }

    fn rank(&self) -> Rank {
        match self.reach {
            Reach::NotAskedYet => Rank::Awaited,
            Reach::Silent { .. } => Rank::Silent,
            Reach::Answering => Rank::Answering,
        }
    }
}

/// What a failure says about whether the broker is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Silence {
    /// Nothing that speaks Liftbridge is there.
    AtOnce,
    /// No answer in time: it may be slow, or wait for a stale survey (wire-contract §0.5).
    Repeated,
    /// It is there, and said no.
    Never,
}

impl Silence {
    fn of(kind: ErrorKind) -> Self {
        let nobody_there = matches!(
            kind,
            ErrorKind::Unreachable
                | ErrorKind::NotLiftbridge
                | ErrorKind::Tls
                | ErrorKind::BadAddress
        );
        let too_late = matches!(
            kind,
            ErrorKind::Timeout
                | ErrorKind::OutcomeUnknown
                | ErrorKind::Closed
                | ErrorKind::Refused
                | ErrorKind::Local
        );
        match (nobody_there, too_late) {
            (true, _) => Self::AtOnce,
            (false, true) => Self::Repeated,
            (false, false) => Self::Never,
        }
    }
}

impl BrokerTruth {
    fn unasked(id: Option<BrokerId>) -> Self {
        Self {
            id,
            address: Arc::default(),
            reach: Reach::NotAskedYet,
            failures: 0,
            failure: None,
            failing_since: None,
            latency: None,
            last_answer: None,
            partitions: 0,
            leaders: 0,
            rate: None,
            listed_by: Vec::new(),
        }
    }
}

fn ghost(id: &BrokerId, since: Option<Timestamp>) -> BrokerTruth {
    let unasked = BrokerTruth::unasked(Some(BrokerId::clone(id)));
    let Some(since) = since else {
        return unasked;
    };
    let sentence = format!("no broker that answers lists {id}, so its address is unknown");
    let target = Target::Broker(BrokerId::clone(id));
    BrokerTruth {
        reach: Reach::Silent { since },
        failure: Some(Failure::new(ErrorKind::Unreachable, target, sentence)),
        ..unasked
    }
}
