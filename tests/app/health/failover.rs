//! The recording of a real failover, told as views: what is true at each step.

use liftui::health::{Known, PartitionStatus, PartitionTruth, Reach, Rule};
use liftui::model::{BrokerId, Cluster, ErrorKind, Partition};
use serde::Deserialize;

use super::world::{World, at, cluster, failure, found, id, ids, rules, stream};

#[derive(Deserialize)]
struct Recording {
    events: Vec<Event>,
}

#[derive(Clone, Deserialize)]
struct Event {
    #[serde(rename = "t")]
    seconds: f64,
    what: String,
    via: Option<BrokerName>,
    md: Option<Metadata>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Metadata {
    Said {
        brokers: Vec<BrokerName>,
        leader: String,
        isr: Vec<String>,
        hw: i64,
    },
    Failed {
        code: String,
    },
}

/// `node-1`, by its number.
#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(try_from = "String")]
struct BrokerName(usize);

impl TryFrom<String> for BrokerName {
    type Error = std::num::ParseIntError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.trim_start_matches("node-").parse().map(Self)
    }
}

/// The recording as it goes on: what each broker said last is what it says again at each step, as in polls.
struct Replay {
    world: World,
    events: std::iter::Peekable<std::vec::IntoIter<Event>>,
    said: [Option<Cluster>; 3],
    killed: bool,
    now: f64,
}

impl Replay {
    fn new() -> Self {
        let text = include_str!("../../golden/failover.json");
        let recording: Recording = serde_json::from_str(text).expect("the recording is whole");
        Self {
            world: World::default(),
            events: recording.events.into_iter().peekable(),
            said: [None, None, None],
            killed: false,
            now: 0.0,
        }
    }

    /// Goes on to the end of that time, or to what the named broker says then.
    fn until(&mut self, seconds: f64, via: Option<usize>) -> PartitionTruth {
        while let Some(event) = self.events.next_if(|event| event.seconds <= seconds) {
            self.now = event.seconds;
            self.tell(&event);
            if via.is_some() && event.via == via.map(BrokerName) && self.now >= seconds {
                break;
            }
        }
        self.world.orders(self.now)
    }

    fn tell(&mut self, event: &Event) {
        self.killed |= event.what == "killed leader";
        match (&event.md, event.via) {
            (Some(said @ Metadata::Said { .. }), None) => {
                self.said = [1, 2, 3].map(|by| metadata(by, said));
            }
            (Some(said @ Metadata::Said { .. }), Some(BrokerName(by))) => {
                self.killed &= by != 2;
                self.said[by - 1] = metadata(by, said);
            }
            (Some(Metadata::Failed { code }), Some(BrokerName(by))) => {
                if code == "DEADLINE_EXCEEDED" {
                    self.world.miss(self.now, by);
                }
            }
            (_, _) => {}
        }
        self.poll();
    }

    fn poll(&mut self) {
        for by in 1..=3 {
            let late = by == 3 && (5.0..6.1).contains(&self.now);
            if by == 2 && self.killed {
                let refused = Err(failure(ErrorKind::Unreachable));
                self.world.observe(self.now, by, refused);
            } else if !late && let Some(said) = self.said[by - 1].clone() {
                self.world.observe(self.now, by, Ok(said));
            }
        }
    }
}

fn metadata(by: usize, said: &Metadata) -> Option<Cluster> {
    let Metadata::Said {
        brokers,
        leader,
        isr,
        hw,
    } = said
    else {
        return None;
    };
    let listed: Vec<usize> = brokers.iter().map(|name| name.0).collect();
    let partition = Partition {
        leader: (!leader.is_empty()).then(|| BrokerId::from(leader.as_str())),
        replicas: ids(&[1, 2, 3]).into(),
        isr: isr.iter().map(|name| name.as_str().into()).collect(),
        high_watermark: *hw,
        newest_offset: *hw,
        ..Partition::default()
    };
    let streams = vec![stream("orders", vec![partition])];
    Some(cluster(by, &listed, streams))
}

#[test]
fn a_real_failover_is_found_as_it_was() {
    let mut replay = Replay::new();

    let before = replay.until(3.02, None);
    assert_eq!(before.status, PartitionStatus::Serving);
    assert_eq!(before.leader, Some(id(2)));

    let killed = replay.until(3.03, None);
    assert_eq!(killed.status, PartitionStatus::LeaderUnreachable);
    assert_eq!((killed.leader, killed.isr.len()), (Some(id(2)), 3));

    let elected = replay.until(19.38, Some(1));
    assert_eq!(elected.leader, Some(id(3)), "the first report is enough");
    assert_eq!(elected.status, PartitionStatus::UnderReplicated);
    assert_eq!(
        elected.in_sync[..],
        ids(&[1, 3]),
        "who is dead is not in sync"
    );

    let first_report = replay.until(23.6, Some(1));
    assert_eq!(first_report.isr.len(), 3, "the leader has not said so yet");
    assert!(first_report.disagreement.is_some());

    let short = replay.until(23.9, None);
    assert_eq!(short.isr[..], ids(&[1, 3]));
    assert_eq!(short.status, PartitionStatus::UnderReplicated);
    assert_eq!(short.missing().collect::<Vec<_>>(), [&id(2)]);

    let returned = replay.until(30.54, None);
    assert_eq!(
        returned.leader,
        Some(id(3)),
        "who has just started knows nothing"
    );
    assert_eq!(returned.isr[..], ids(&[1, 3]));

    let whole = replay.until(38.68, None);
    assert_eq!(whole.status, PartitionStatus::Serving);
    assert_eq!(whole.isr[..], ids(&[1, 2, 3]));
    assert_eq!(rules(&replay.world.truth(38.68)), []);
}

#[test]
fn a_killed_broker_is_down_whatever_the_others_list() {
    let mut replay = Replay::new();
    replay.until(3.03, None);
    let truth = replay.world.truth(3.04);
    let dead = truth.broker("node-2").unwrap();
    assert_eq!(dead.reach, Reach::Silent { since: at(3.02) });
    assert_eq!((dead.leaders, dead.listed_by.clone()), (1, ids(&[1, 3])));
    let finding = found(&truth, Rule::LeaderUnreachable).unwrap();
    assert_eq!(finding.message, "orders:0 has no reachable leader");
    assert!(finding.detail[1].starts_with("elects node-1 or node-3 within 15s by default"));
    assert_eq!(finding.since, at(3.02), "since it answered last");

    replay.until(6.34, None);
    let truth = replay.world.truth(6.34);
    assert_eq!(truth.broker("node-2").unwrap().listed_by, ids(&[1]));
}

#[test]
fn a_survivor_that_misses_one_poll_is_not_called_dead() {
    let mut replay = Replay::new();
    replay.until(5.04, None);
    let truth = replay.world.truth(5.05);
    let late = truth.broker("node-3").unwrap();
    assert_eq!((late.reach, late.failures), (Reach::Answering, 1));
    assert!(found(&truth, Rule::NoMetadataLeader).is_none());
    let partition = truth.partition("orders", 0).unwrap();
    assert_eq!(partition.leader_reachable, Known::No);
}

#[test]
fn the_best_known_offsets_stand_while_the_leader_is_dead() {
    let mut replay = Replay::new();
    let dark = replay.until(6.34, None);
    assert_eq!(dark.high_watermark, Some(4));
    assert_eq!(dark.source, Some(id(3)));
    assert_eq!(dark.rate, None);
}
