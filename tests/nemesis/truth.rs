//! The truth as the dashboard finds it: every broker polled for itself, doubtful flags probed, and what follows held against
//! what is known to be done to the cluster.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use liftui::client::Observer;
use liftui::health::{
    BrokerTruth, Health, HealthOptions, Known, PartitionTruth, Rule, RuleOptions, Truth, Verdict,
};
use liftui::model::{BrokerView, PartitionId, Probe, StreamName, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::history::Place;
use super::workload::changes::StreamState;
use super::workload::{Run, ticks};

/// How often each broker is asked.
const POLL_EVERY: Duration = Duration::from_millis(100);

/// How often the truth is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What has been so for that long, the truth has to know: 3 s, and the poll that finds it.
const KNOWN_AFTER: Duration = Duration::from_millis(3300);

/// How old a view may be that was on its way when a stream was deleted: with a dead peer a broker takes 3 s for an answer of
/// what it knew before, and as long for the next one.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(7);

/// A broker that answers nothing, though its connections are there, is called silent when it has missed a poll of 2 s
/// and one of 1 s, at the latest.
const SILENT_AFTER: Duration = Duration::from_millis(3500);

/// What comes in.
enum News {
    View(Arc<BrokerView>),
    Probe(Probe),
}

/// Polls, and looks at the truth, until the run is over. `left` says what is still wrong.
pub(crate) async fn watch(run: Arc<Run>, left: watch::Sender<Option<Vec<String>>>) {
    let observer = run.client.observer();
    let (sender, mut news) = mpsc::channel(64);
    let mut pollers = JoinSet::new();
    for address in run.target.addresses() {
        pollers.spawn(poll(observer.clone(), address, sender.clone()));
    }
    let mut probes = JoinSet::new();
    let mut asked = BTreeSet::new();
    let mut judge = Judge::new(Arc::clone(&run));
    let mut pace = ticks(LOOK_EVERY);
    loop {
        tokio::select! {
            () = run.over.cancelled() => return,
            Some(news) = news.recv() => judge.hear(news, &mut asked),
            Some(_) = probes.join_next() => {}
            _ = pace.tick() => {
                let truth = judge.look();
                left.send_replace(found(&truth));
                for place in &truth.doubtful {
                    if asked.insert(place.clone()) {
                        probes.spawn(probe(observer.clone(), place.clone(), sender.clone()));
                    }
                }
            }
        }
    }
}

async fn poll(observer: Observer, address: String, news: mpsc::Sender<News>) {
    let mut pace = ticks(POLL_EVERY);
    loop {
        pace.tick().await;
        let view = observer.fetch_view(&address).await;
        if news.send(News::View(Arc::new(view))).await.is_err() {
            return;
        }
    }
}

async fn probe(observer: Observer, place: Place, news: mpsc::Sender<News>) {
    let probe = observer.probe(&place.0, place.1).await;
    news.send(News::Probe(probe)).await.ok();
}

/// What is wrong, except what was lost for good; `None` before any broker was seen.
fn found(truth: &Truth) -> Option<Vec<String>> {
    let lasting = [
        Rule::LogWentBack,
        Rule::StreamRecreated,
        Rule::CursorBeyondEnd,
        Rule::CursorMovedBack,
        Rule::CursorLag,
        Rule::CursorStalled,
    ];
    let findings = truth.findings.iter();
    let passing = findings.filter(|finding| !lasting.contains(&finding.rule));
    let messages = passing.map(|finding| finding.message.clone());
    (!truth.brokers.is_empty()).then(|| messages.collect())
}

/// The sentence about a stream that is gone and shown all the same.
pub(crate) fn shown_though_deleted(stream: &str) -> String {
    format!("{stream} is shown, and was deleted long ago")
}

/// The leader that the cluster has agreed on, and which ones it had before, until when.
#[derive(Default)]
struct Leaders {
    now: Option<usize>,
    former: HashMap<usize, Instant>,
}

struct Judge {
    run: Arc<Run>,
    health: Health,
    leaders: BTreeMap<(StreamName, PartitionId), Leaders>,
}

impl Judge {
    fn new(run: Arc<Run>) -> Self {
        Self {
            run,
            health: Health::new(HealthOptions::default()),
            leaders: BTreeMap::new(),
        }
    }

    fn hear(&mut self, news: News, asked: &mut BTreeSet<Place>) {
        match news {
            News::View(view) => self.health.observe(&view),
            News::Probe(probe) => {
                asked.remove(&(Arc::clone(&probe.stream), probe.partition));
                self.health.record_probe(&probe);
            }
        }
    }

    /// Looks at the truth as it is now.
    fn look(&mut self) -> Arc<Truth> {
        let truth = self.health.assess(Timestamp::now());
        self.check_brokers(&truth);
        self.check_streams(&truth);
        for place in self.run.names.places() {
            if let Some(partition) = truth.partition(&place.0, place.1) {
                self.check_leader(&place, partition);
            }
        }
        truth
    }

    /// Nothing is well while a broker is dead.
    fn check_brokers(&self, truth: &Truth) {
        let target = &self.run.target;
        for broker in 1..=target.size() {
            let silent = target.silent_since(broker);
            if silent.is_none_or(|since| since.elapsed() < KNOWN_AFTER) {
                continue;
            }
            let id = target.id(broker);
            if RuleOptions::default().verdict(truth) == Verdict::Ok {
                self.wrong(&format!("all is said to be well while {id} is dead"));
            }
            let is_said = truth.broker(id).is_some_and(BrokerTruth::is_answering);
            if is_said && silent.is_some_and(|since| since.elapsed() >= SILENT_AFTER) {
                self.wrong(&format!("{id} is said to answer while it is dead"));
            }
        }
    }

    /// No stream is shown that does not exist.
    fn check_streams(&self, truth: &Truth) {
        for stream in truth.streams.iter() {
            if !stream.name.starts_with(&self.run.names.prefix) {
                continue;
            }
            match self.run.changes.of(&stream.name) {
                Some(StreamState::Exists) => {}
                Some(StreamState::DeletedAt(at)) if at.elapsed() < FORGOTTEN_AFTER => {}
                Some(StreamState::DeletedAt(_)) => {
                    self.wrong(&shown_though_deleted(&stream.name));
                }
                None => self.wrong(&format!("{} is shown, and was never made", stream.name)),
            }
        }
    }

    /// No leader is named that cannot be one.
    fn check_leader(&mut self, place: &Place, truth: &PartitionTruth) {
        let target = &self.run.target;
        let name = format!("{}/{}", place.0, place.1);
        let Some(id) = &truth.leader else {
            return;
        };
        let leader = (1..=target.size()).find(|broker| target.id(*broker) == id);
        let Some(leader) = leader else {
            return self.wrong(&format!(
                "{name} is led by {id}, a broker that there is not"
            ));
        };
        if !truth.replicas.contains(id) {
            self.wrong(&format!("{name} is led by {id}, which holds no replica"));
        }
        let silent = target.silent_since(leader);
        if silent.is_some_and(|since| since.elapsed() >= SILENT_AFTER)
            && truth.leader_reachable == Known::Yes
        {
            self.wrong(&format!(
                "{name} is led by {id}, which is dead and said to answer"
            ));
        }
        let Some(agreed) = target.agreed_leader(place) else {
            return;
        };
        let now = Instant::now();
        let leaders = self.leaders.entry(place.clone()).or_default();
        if leaders.now != Some(agreed) {
            let before = leaders.now.replace(agreed);
            leaders.former.extend(before.map(|before| (before, now)));
        }
        let recent = leaders.former.get(&leader);
        let may_be = leader == agreed || recent.is_some_and(|until| now - *until < KNOWN_AFTER);
        if !may_be {
            let agreed = target.id(agreed);
            self.wrong(&format!("{name} is led by {agreed}, and {id} is shown"));
        }
    }

    fn wrong(&self, sentence: &str) {
        self.run.history.wrong(format!("the truth: {sentence}"));
    }
}
