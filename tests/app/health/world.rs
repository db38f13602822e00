//! A made-up cluster whose brokers report what a test wants, at the times that it wants.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use liftui::health::{Finding, Health, HealthOptions, PartitionTruth, Rule, Truth};
use liftui::model::{
    Broker, BrokerId, BrokerView, Cluster, CursorEntry, ErrorKind, Failure, Partition, Probe,
    ProbeState, Stream, Target, Timestamp,
};

/// So many seconds after the world began.
pub(super) fn at(seconds: f64) -> Timestamp {
    Timestamp(1).plus(Duration::from_secs_f64(seconds))
}

pub(super) fn id(number: usize) -> BrokerId {
    format!("node-{number}").into()
}

pub(super) fn ids(numbers: &[usize]) -> Vec<BrokerId> {
    numbers.iter().map(|number| id(*number)).collect()
}

fn address(number: usize) -> Arc<str> {
    format!("10.0.0.{number}:9292").into()
}

/// Partition 0 with three replicas in sync, as its leader sees it.
pub(super) fn led_by(leader: usize) -> Partition {
    Partition {
        leader: Some(id(leader)),
        replicas: ids(&[1, 2, 3]).into(),
        isr: ids(&[1, 2, 3]).into(),
        high_watermark: 9,
        newest_offset: 9,
        ..Partition::default()
    }
}

pub(super) fn stream(name: &str, partitions: Vec<Partition>) -> Stream {
    Stream {
        name: name.into(),
        subject: name.into(),
        created: at(0.0),
        partitions,
    }
}

/// The view of one broker: the brokers that it lists, and streams.
pub(super) fn cluster(by: usize, listed: &[usize], streams: Vec<Stream>) -> Cluster {
    let broker = |number: &usize| Broker {
        id: id(*number),
        host: format!("10.0.0.{number}"),
        port: 9292,
        partition_count: 0,
        leader_count: 0,
    };
    Cluster {
        answered_by: Some(id(by)),
        brokers: listed.iter().map(broker).collect(),
        streams: streams
            .into_iter()
            .map(|stream| (Arc::clone(&stream.name), stream.into()))
            .collect(),
    }
}

pub(super) fn failure(kind: ErrorKind) -> Failure {
    let refused = kind == ErrorKind::Unreachable;
    let sentence = if refused {
        "connection refused"
    } else {
        "no answer in time"
    };
    Failure::new(kind, Target::Cluster, sentence)
}

/// Health, and the reports that it gets.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) health: Health,
    /// What each broker answered last: where it says the same again the client hands on the same value.
    answers: BTreeMap<usize, Arc<Cluster>>,
}

impl World {
    pub(super) fn new(options: HealthOptions) -> Self {
        Self {
            health: Health::new(options),
            answers: BTreeMap::new(),
        }
    }

    pub(super) fn observe(&mut self, seconds: f64, by: usize, result: Result<Cluster, Failure>) {
        self.observe_after(seconds, 0.004, by, result);
    }

    /// What a broker says at an address that is not the one it advertises, as a seed may be.
    pub(super) fn observe_elsewhere(
        &mut self,
        seconds: f64,
        by: usize,
        address: &str,
        cluster: Cluster,
    ) {
        self.health.observe(&Arc::new(BrokerView {
            address: address.into(),
            broker: Some(id(by)),
            at: at(seconds),
            took: Duration::from_millis(4),
            result: Ok(Arc::new(cluster)),
        }));
    }

    fn observe_after(
        &mut self,
        seconds: f64,
        took: f64,
        by: usize,
        result: Result<Cluster, Failure>,
    ) {
        let result = result.map(|cluster| self.shared(by, cluster));
        self.health.observe(&Arc::new(BrokerView {
            address: address(by),
            broker: result.is_ok().then(|| id(by)),
            at: at(seconds),
            took: Duration::from_secs_f64(took),
            result,
        }));
    }

    fn shared(&mut self, by: usize, mut cluster: Cluster) -> Arc<Cluster> {
        let before = self.answers.entry(by).or_default();
        for (name, stream) in &mut cluster.streams {
            if let Some(same) = before.streams.get(name).filter(|old| *old == stream) {
                *stream = Arc::clone(same);
            }
        }
        if !before.shares_all(&cluster) {
            *before = Arc::new(cluster);
        }
        Arc::clone(before)
    }

    /// No answer came in so many seconds.
    pub(super) fn miss_after(&mut self, seconds: f64, took: f64, by: usize) {
        self.observe_after(seconds, took, by, Err(failure(ErrorKind::Timeout)));
    }

    /// A broker that lists all three reports this of stream `orders`.
    pub(super) fn report(&mut self, seconds: f64, by: usize, partitions: Vec<Partition>) {
        let view = cluster(by, &[1, 2, 3], vec![stream("orders", partitions)]);
        self.observe(seconds, by, Ok(view));
    }

    /// These brokers report the same, one right after the other.
    pub(super) fn report_all(&mut self, seconds: f64, brokers: &[usize], partition: &Partition) {
        for by in brokers {
            self.report(seconds, *by, vec![partition.clone()]);
        }
    }

    pub(super) fn refuse(&mut self, seconds: f64, by: usize) {
        self.observe(seconds, by, Err(failure(ErrorKind::Unreachable)));
    }

    pub(super) fn miss(&mut self, seconds: f64, by: usize) {
        self.observe(seconds, by, Err(failure(ErrorKind::Timeout)));
    }

    pub(super) fn probe(&mut self, seconds: f64, state: ProbeState) {
        self.health.record_probe(&Probe {
            stream: "orders".into(),
            partition: 0,
            at: at(seconds),
            state,
        });
    }

    pub(super) fn cursor(&mut self, seconds: f64, offset: i64) {
        self.cursor_stored(seconds, seconds, offset);
    }

    /// A cursor that was stored then is read.
    pub(super) fn cursor_stored(&mut self, seconds: f64, stored: f64, offset: i64) {
        let entry = CursorEntry {
            id: "billing".into(),
            stream: "orders".into(),
            partition: 0,
            offset,
            time: at(stored),
            read_at: at(seconds),
        };
        self.health.record_cursors(&[entry]);
    }

    pub(super) fn truth(&mut self, seconds: f64) -> Arc<Truth> {
        self.health.assess(at(seconds))
    }

    /// Partition 0 of `orders`.
    pub(super) fn orders(&mut self, seconds: f64) -> PartitionTruth {
        let truth = self.truth(seconds);
        truth
            .partition("orders", 0)
            .expect("reported before")
            .clone()
    }
}

pub(super) fn found(truth: &Truth, rule: Rule) -> Option<&Finding> {
    truth.findings.iter().find(|finding| finding.rule == rule)
}

pub(super) fn rules(truth: &Truth) -> Vec<Rule> {
    truth.findings.iter().map(|finding| finding.rule).collect()
}
