//! Incidents of real servers, replayed second by second: what each broker answered, and what health makes of it. Each
//! prints its table when it is run with `--nocapture`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a recording that cannot be read is a failure, and the tables are to be read"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use liftui::health::{
    BrokerTruth, Health, HealthOptions, IncidentRecorder, Known, Rule, Severity, Truth,
    TruthChanges,
};
use liftui::model::{
    Broker, BrokerView, Cluster, ErrorKind, EventTimes, Failure, Partition, Stream, StreamName,
    Target, Timestamp,
};
use serde_json::Value;

/// The streams that exist in all recordings: what else a broker names was deleted before.
const STREAMS: [&str; 6] = [
    "__activity",
    "__cursors",
    "config",
    "metrics",
    "orders",
    "payments",
];

/// How long the client waits before it says that a broker has not answered.
const PATIENCE: f64 = 3.0;

/// How one node is, as the recording goes on.
#[derive(Clone, Default)]
struct Node {
    partitions: BTreeMap<(String, i32), Partition>,
    brokers: Vec<String>,
    outage: Option<Outage>,
    told: f64,
}

#[derive(Clone, Copy)]
enum Outage {
    Refused,
    Silent { since: f64 },
}

/// A recording being replayed.
pub(crate) struct Replay {
    events: Vec<Value>,
    next: usize,
    end: f64,
    nodes: BTreeMap<String, Node>,
    health: Health,
    /// What brokers have answered since it was asked last.
    views: Vec<Arc<BrokerView>>,
    pub(crate) now: f64,
}

pub(crate) fn at(seconds: f64) -> Timestamp {
    Timestamp(1_800_000_000_000_000_000).plus(Duration::from_secs_f64(seconds))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn names(value: &Value) -> Vec<Arc<str>> {
    let list = value.as_array().into_iter().flatten();
    let mut names: Vec<Arc<str>> = list.map(|name| text(name).into()).collect();
    names.sort();
    names
}

fn partition(id: i32, recorded: &Value) -> Partition {
    let flags = text(&recorded[5]);
    let none = EventTimes::default();
    Partition {
        id,
        leader: Some(text(&recorded[0]).into()),
        replicas: names(&recorded[1]).into(),
        isr: names(&recorded[2]).into(),
        high_watermark: recorded[3].as_i64().unwrap(),
        newest_offset: recorded[4].as_i64().unwrap(),
        paused_flag: flags.contains('P'),
        readonly_flag: flags.contains('R'),
        received: none,
        pause_changed: none,
        readonly_changed: none,
    }
}

impl Replay {
    pub(crate) fn of(incident: &str) -> Self {
        let path = format!(
            "{}/tests/golden/incidents/{incident}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let recorded = std::fs::read_to_string(path).unwrap();
        let recorded: Value = serde_json::from_str(&recorded).unwrap();
        let mut events = recorded["events"].as_array().unwrap().clone();
        // Recorded when the waiting was over, a silence began when the broker was asked.
        for event in &mut events {
            if let Some(since) = event.get("since").cloned() {
                event["t"] = since;
            }
        }
        events.sort_by(|a, b| {
            a["t"]
                .as_f64()
                .unwrap()
                .total_cmp(&b["t"].as_f64().unwrap())
        });
        let mut answers = events.iter().filter(|event| event["what"] == "metadata");
        Self {
            end: answers.next_back().unwrap()["t"].as_f64().unwrap(),
            events,
            next: 0,
            nodes: BTreeMap::new(),
            health: Health::new(HealthOptions::default()),
            views: Vec::new(),
            now: 0.0,
        }
    }

    /// What brokers have answered since this was asked last.
    pub(crate) fn take_views(&mut self) -> Vec<Arc<BrokerView>> {
        std::mem::take(&mut self.views)
    }

    /// The truth a second later; `None` when the recording is over.
    pub(crate) fn second(&mut self) -> Option<Arc<Truth>> {
        self.now += 1.0;
        if self.now > self.end {
            return None;
        }
        while let Some(event) = self.events.get(self.next).cloned() {
            let time = event["t"].as_f64().unwrap();
            if time > self.now {
                break;
            }
            self.next += 1;
            self.record(&event, time);
        }
        // Who says the same as a second ago is not in the recording.
        let names: Vec<String> = self.nodes.keys().cloned().collect();
        for name in names {
            let node = &self.nodes[&name];
            if node.told <= self.now - 1.0 {
                self.tell(&name, self.now);
            }
        }
        Some(self.health.assess(at(self.now)))
    }

    fn record(&mut self, event: &Value, time: f64) {
        let name = text(&event["via"]);
        match event["what"].as_str().unwrap() {
            "metadata" => {
                let node = self.nodes.entry(name.clone()).or_default();
                node.outage = None;
                if let Some(brokers) = event["brokers"].as_array() {
                    node.brokers = brokers.iter().map(text).collect();
                }
                for gone in event["gone"].as_array().into_iter().flatten() {
                    let gone = text(gone);
                    node.partitions.retain(|(stream, _), _| *stream != gone);
                }
                for (key, recorded) in event["partitions"].as_object().into_iter().flatten() {
                    let (stream, id) = key.rsplit_once(':').unwrap();
                    let id = id.parse().unwrap();
                    node.partitions
                        .insert((stream.to_owned(), id), partition(id, recorded));
                }
                self.tell(&name, time);
            }
            "no answer" => {
                self.nodes.entry(name.clone()).or_default().outage = Some(Outage::Refused);
                self.tell(&name, time);
            }
            "silent" => {
                let since = event["since"].as_f64().unwrap();
                self.nodes.entry(name).or_default().outage = Some(Outage::Silent { since });
            }
            _ => {}
        }
    }

    fn tell(&mut self, name: &str, time: f64) {
        let node = self.nodes.get_mut(name).unwrap();
        node.told = time;
        let target = Target::Broker(name.into());
        let failure = |kind, words: &str| {
            let sentence = format!("broker {name} {words}");
            Err(Failure::new(kind, target.clone(), sentence))
        };
        let result = match node.outage {
            None => Ok(Arc::new(cluster(name, node))),
            Some(Outage::Refused) => failure(ErrorKind::Unreachable, "refused the connection"),
            Some(Outage::Silent { since }) if time - since >= PATIENCE => {
                failure(ErrorKind::Timeout, "did not answer within 3 s")
            }
            Some(Outage::Silent { .. }) => return,
        };
        let address = format!("127.0.0.1:{}", name.trim_start_matches("node-"));
        let view = Arc::new(BrokerView {
            address: address.into(),
            broker: Some(name.into()),
            at: at(time),
            took: Duration::from_millis(5),
            result,
        });
        self.health.observe(&view);
        self.views.push(view);
    }
}

fn cluster(name: &str, node: &Node) -> Cluster {
    let broker = |id: &String| Broker {
        id: id.as_str().into(),
        host: "127.0.0.1".into(),
        port: id.trim_start_matches("node-").parse().unwrap(),
        partition_count: 0,
        leader_count: 0,
    };
    let mut streams: BTreeMap<StreamName, Stream> = BTreeMap::new();
    for ((stream, _), partition) in &node.partitions {
        let name = StreamName::from(stream.as_str());
        let stream = streams.entry(Arc::clone(&name)).or_insert_with(|| Stream {
            subject: Arc::clone(&name),
            name,
            created: Timestamp(1),
            partitions: Vec::new(),
        });
        stream.partitions.push(partition.clone());
    }
    Cluster {
        answered_by: Some(name.into()),
        brokers: node.brokers.iter().map(broker).collect(),
        streams: streams
            .into_iter()
            .map(|(name, stream)| (name, Arc::new(stream)))
            .collect(),
    }
}

/// What the screen says: the findings that stand for themselves.
fn said(truth: &Truth) -> Vec<String> {
    let own = truth.findings.iter().filter(|it| it.cause.is_none());
    own.map(|it| format!("{} {}", it.severity.as_str(), it.message))
        .collect()
}

/// What holds in every incident: no ghost, no offset that falls, no broker called down that answers.
pub(super) struct Watch {
    ends: BTreeMap<(String, i32), (i64, i64)>,
    table: Vec<String>,
    pub(super) recorder: IncidentRecorder,
    last: Arc<Truth>,
    /// When second 0 was.
    beginning: Timestamp,
}

impl Watch {
    fn new() -> Self {
        Self::beginning(at(0.0))
    }

    pub(super) fn beginning(beginning: Timestamp) -> Self {
        Self {
            beginning,
            ends: BTreeMap::new(),
            table: Vec::new(),
            recorder: IncidentRecorder::default(),
            last: Arc::default(),
        }
    }

    pub(super) fn look(&mut self, now: f64, truth: &Arc<Truth>, down: &[&str]) {
        let changes = TruthChanges::between(&self.last, truth);
        let time = self.beginning.plus(Duration::from_secs_f64(now));
        self.recorder.record(truth, &changes, time);
        self.last = Arc::clone(truth);
        let said = said(truth);
        if self
            .table
            .last()
            .is_none_or(|last| !last.ends_with(&said.join("; ")))
        {
            self.table.push(format!("{now:>5.0}  {}", said.join("; ")));
        }
        for stream in truth.streams.iter() {
            assert!(
                STREAMS.contains(&&*stream.name),
                "{now}: ghost {}",
                stream.name
            );
            for partition in stream.partitions.iter() {
                let key = (stream.name.to_string(), partition.id);
                let newest = partition.newest_offset.unwrap_or(-1);
                let high = partition.high_watermark.unwrap_or(-1);
                let (before_newest, before_high) = self.ends.get(&key).copied().unwrap_or((-1, -1));
                if partition.log_loss.is_none() {
                    assert!(
                        high >= before_high,
                        "{now}: {key:?} high watermark {before_high} -> {high}"
                    );
                    // What was not committed may be cut by an election.
                    assert!(
                        newest >= before_high.min(before_newest),
                        "{now}: {key:?} {before_newest} -> {newest}"
                    );
                }
                self.ends.insert(key, (newest, high));
            }
        }
        let silent: BTreeSet<&str> = truth
            .brokers
            .iter()
            .filter(|broker| broker.reach.is_silent())
            .map(BrokerTruth::name)
            .collect();
        for broker in silent {
            assert!(down.contains(&broker), "{now}: {broker} called down");
        }
    }

    pub(super) fn print(&self, incident: &str) {
        println!("{incident}");
        for line in &self.table {
            println!("{line}");
        }
        for incident in self.recorder.incidents() {
            println!("{}", incident.markdown("recorded", &Utc));
        }
    }

    /// All of it was one incident, of which this was the worst and these happened, in order.
    pub(super) fn expect_incident(&self, title: &str, events: &[&str]) {
        let incidents = self.recorder.incidents();
        assert_eq!(incidents.len(), 1, "{incidents:#?}");
        let incident = incidents.first().unwrap();
        assert!(incident.title.contains(title), "{}", incident.title);
        let mut told = incident.events.iter();
        for event in events {
            assert!(
                told.any(|told| told.text.contains(event)),
                "{event} in {:#?}",
                incident.events
            );
        }
    }
}

pub(super) fn has(truth: &Truth, rule: Rule) -> bool {
    truth.findings.iter().any(|finding| finding.rule == rule)
}

pub(super) fn worst(truth: &Truth) -> Option<Severity> {
    truth.findings.iter().map(|finding| finding.severity).max()
}

pub(super) fn leader(truth: &Truth, stream: &str, id: i32) -> String {
    let partition = truth.partition(stream, id).unwrap();
    partition.leader.as_deref().unwrap_or_default().to_owned()
}

#[test]
fn a_leader_that_was_emptied_is_found_while_the_others_still_hold_its_data() {
    let (mut replay, mut watch) = (Replay::of("wipe"), Watch::new());
    let mut told_at = None;
    while let Some(truth) = replay.second() {
        let now = replay.now;
        watch.look(now, &truth, if now < 16.0 { &["node-3"] } else { &[] });
        if (12.0..).contains(&now) {
            assert!(worst(&truth) >= Some(Severity::Warning), "{now}: all well");
        }
        if told_at.is_none() && has(&truth, Rule::LogWentBack) {
            told_at = Some(now);
            let finding = truth.findings.first().unwrap();
            assert!(
                finding.message.starts_with("orders:0-2 went back by "),
                "{finding:?}"
            );
            let detail = finding.detail.join("\n");
            assert!(detail.contains("node-1 and node-2 still hold"), "{detail}");
            assert!(detail.contains("do not restart them"), "{detail}");
        }
        if (13.0..17.0).contains(&now) {
            let orders = truth.partition("orders", 1).unwrap();
            assert_eq!(orders.leader_reachable, Known::No, "{now}");
        }
        if now > 20.0 {
            assert_eq!(
                worst(&truth),
                Some(Severity::Critical),
                "{now}: stays until acknowledged"
            );
        }
    }
    watch.print("wipe");
    watch.expect_incident(
        "orders:0-2 went back by",
        &[
            "node-3 does not answer",
            "orders:0-2 have no reachable leader",
            "ISR of __activity:0 is 2 of 3, without node-3",
            "orders:0-2 went back by",
            "with node-3 again",
        ],
    );
    assert!(
        watch.recorder.current().next().is_some(),
        "nobody knows of the loss"
    );
    let told_at = told_at.expect("it is told");
    assert!((17.15..=19.15).contains(&told_at), "told at {told_at}");
}

#[test]
fn a_leader_that_died_and_returns_brings_no_ghosts_and_no_false_alarm() {
    let (mut replay, mut watch) = (Replay::of("restart"), Watch::new());
    while let Some(truth) = replay.second() {
        let now = replay.now;
        watch.look(
            now,
            &truth,
            if (10.0..36.0).contains(&now) {
                &["node-3"]
            } else {
                &[]
            },
        );
        if (12.0..44.0).contains(&now) {
            assert!(worst(&truth) >= Some(Severity::Warning), "{now}: all well");
        }
        assert!(!has(&truth, Rule::LogWentBack), "{now}");
        if now > 28.0 {
            assert_ne!(leader(&truth, "orders", 1), "node-3", "{now}");
        }
    }
    watch.print("restart");
    watch.expect_incident(
        "node-3 does not answer",
        &[
            "payments:0,1 commit nothing",
            "node-1 leads orders:1,2, before it node-3",
            "node-3 is back and catches up",
            "over after 25s: node-3 does not answer",
            "with node-3 again",
        ],
    );
    assert!(watch.recorder.current().next().is_none(), "it is over");
}

#[test]
fn two_of_three_that_died_are_not_taken_for_serving_and_what_is_cut_is_told() {
    let (mut replay, mut watch) = (Replay::of("two"), Watch::new());
    let mut went_back = false;
    while let Some(truth) = replay.second() {
        let now = replay.now;
        let down: &[&str] = match now {
            _ if now < 46.0 => &["node-1", "node-3"],
            _ if now < 67.0 => &["node-1", "node-3"],
            _ => &[],
        };
        watch.look(now, &truth, down);
        if (13.0..46.0).contains(&now) {
            assert_eq!(worst(&truth), Some(Severity::Critical), "{now}: all well");
            assert!(has(&truth, Rule::NoMetadataLeader), "{now}");
            let served = truth.partition("metrics", 0).unwrap();
            assert_eq!(served.in_sync.len(), 1, "{now}: effective ISR");
        }
        went_back |= has(&truth, Rule::LogWentBack);
    }
    watch.print("two");
    watch.expect_incident(
        "orders:0-2 went back by",
        &[
            "node-3 does not answer",
            "no majority of brokers answers",
            ": no majority of brokers answers",
            "went back by",
        ],
    );
    assert!(
        went_back,
        "the elected leader holds less than the survivor had"
    );
}

#[test]
fn a_stopped_leader_that_goes_on_is_not_believed_before_it_has_heard() {
    let (mut replay, mut watch) = (Replay::of("stop"), Watch::new());
    while let Some(truth) = replay.second() {
        let now = replay.now;
        watch.look(
            now,
            &truth,
            if (10.0..152.0).contains(&now) {
                &["node-3"]
            } else {
                &[]
            },
        );
        if (15.0..150.0).contains(&now) {
            let said = has(&truth, Rule::BrokerSilent) || has(&truth, Rule::BrokerFailing);
            assert!(
                said && worst(&truth) >= Some(Severity::Warning),
                "{now}: all well"
            );
        }
        if (16.0..150.0).contains(&now) {
            assert!(has(&truth, Rule::BrokerSilent), "{now}: it does not answer");
        }
        if now > 31.0 {
            assert_ne!(leader(&truth, "orders", 1), "node-3", "{now}");
        }
        assert!(!has(&truth, Rule::LogWentBack), "{now}");
    }
    watch.print("stop");
    watch.expect_incident(
        "node-3 does not answer",
        &[
            "payments:0,1 commit nothing",
            "node-3 does not answer",
            "node-3 is back and catches up",
        ],
    );
}
