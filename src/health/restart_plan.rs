//! Whether brokers may be restarted now: what speaks against each, and whether waiting helps.
//!
//! What a restart interrupts is worked out as for a loss; what comes back with the broker is left out of it.

use std::sync::Arc;

use super::what_if::{BrokerLoss, LossOutcome, PartitionLoss};
use super::{BrokerTruth, Finding, HealthOptions, Known, PartitionTruth, Reach, Rule, Truth};
use crate::model::{StreamName, Timestamp, counted, first_names};

/// Whether a broker may be restarted now. The order is that of severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RestartSafety {
    /// Nothing is lost, and nothing stops for longer than an election takes.
    Safe,
    /// Not now: something is out of sync or does not answer, and that ends by itself or when it is mended.
    Wait,
    /// It does not answer: it is to be started, or looked after, before any other is restarted.
    Down,
    /// It would lose messages, or stop partitions until the broker is back, and waiting does not change that.
    Dangerous,
}

impl RestartSafety {
    /// The name for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Wait => "wait",
            Self::Down => "down",
            Self::Dangerous => "dangerous",
        }
    }

    /// Whether it may be safe later, by itself or when somebody mends something.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::Wait | Self::Down)
    }
}

/// One thing that a restart would do, or that speaks against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartReason {
    /// How much it weighs.
    pub safety: RestartSafety,
    /// A sentence with numbers.
    pub text: String,
}

/// Whether one broker may be restarted now, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartCheck {
    /// The broker's name.
    pub broker: Arc<str>,
    /// Where it listens, `host:port`.
    pub address: Arc<str>,
    /// Whether it may be restarted.
    pub safety: RestartSafety,
    /// Why, the gravest first.
    pub reasons: Vec<RestartReason>,
    /// Partitions that it leads: another would have to.
    pub leads: usize,
    /// When it came back last, if that was seen.
    pub back_since: Option<Timestamp>,
}

impl RestartCheck {
    /// What a restart of that broker would do now. `allow_downtime`: partitions that stop until it is back, and lose
    /// nothing, are no danger.
    pub fn of(
        broker: &BrokerTruth,
        truth: &Truth,
        options: &HealthOptions,
        allow_downtime: bool,
    ) -> Self {
        let mut reasons = Reasons {
            found: Vec::new(),
            downtime: if allow_downtime {
                RestartSafety::Safe
            } else {
                RestartSafety::Dangerous
            },
        };
        reasons.add_lost_messages(broker.name(), truth);
        reasons.add_own_state(broker);
        // What a restart would stop, the absence of one that is down has stopped already.
        if !broker.reach.is_silent() {
            let loss = BrokerLoss::of(broker, truth, options);
            reasons.add_brokers(broker, truth);
            reasons.add_majority(&loss);
            reasons.add_stopped(&loss, truth);
            reasons.add_out_of_sync(broker.name(), truth);
            reasons.add_stalled_commits(broker.name(), truth);
        }
        let mut found = reasons.found;
        found.sort_by_key(|reason| std::cmp::Reverse(reason.safety));
        Self {
            broker: broker.name().into(),
            address: Arc::clone(&broker.address),
            safety: found
                .first()
                .map_or(RestartSafety::Safe, |reason| reason.safety),
            reasons: found,
            leads: broker.leaders,
            back_since: broker.back_since,
        }
    }

    /// What a restart of each broker would do now, in the order in which they are best restarted: the safe ones first, of
    /// those the ones that did not come back while this was watched, then those that lead least.
    pub fn of_all(truth: &Truth, options: &HealthOptions, allow_downtime: bool) -> Vec<Self> {
        let brokers = truth.brokers.iter().filter(|broker| broker.id.is_some());
        let mut checks: Vec<Self> = brokers
            .map(|broker| Self::of(broker, truth, options, allow_downtime))
            .collect();
        checks.sort_by_key(|check| (check.safety, check.back_since, check.leads));
        checks
    }

    /// Whether the broker has come back at that time or later, is believed, and all that it holds is in sync.
    pub fn is_done_since(&self, begun: Timestamp, truth: &Truth) -> bool {
        let back = self.back_since.is_some_and(|since| since >= begun);
        back && is_in_sync(&self.broker, truth)
    }
}

/// Whether the broker answers, is believed, and every partition that it holds has a leader and all its replicas in sync.
pub fn is_in_sync(broker: &str, truth: &Truth) -> bool {
    let found = truth.broker(broker);
    found.is_some_and(|found| found.is_answering() && !found.catching_up)
        && held_by(broker, truth).all(|(_, partition)| is_whole(partition))
}

/// Whether it has a leader that serves it, and no replica is missing.
fn is_whole(partition: &PartitionTruth) -> bool {
    !partition.status.lacks_leader() && partition.missing().next().is_none()
}

/// The partitions that the broker holds a replica of.
fn held_by<'a>(
    broker: &'a str,
    truth: &'a Truth,
) -> impl Iterator<Item = (&'a StreamName, &'a PartitionTruth)> {
    let all = truth.streams.iter().flat_map(|stream| {
        let partitions = stream.partitions.iter();
        partitions.map(|partition| (&stream.name, partition))
    });
    all.filter(move |(_, partition)| partition.replicas.iter().any(|id| &**id == broker))
}

/// What is said of a broker that does not answer, and of one that holds what others have lost.
const DOWN: &str = "it does not answer: start it first if it is down, and look why if it runs";
const HOLDS_MORE: &str = "it does not answer: save what it holds before it is started";

/// What was found while it is put together.
struct Reasons {
    found: Vec<RestartReason>,
    /// What it weighs that a partition stops until the broker is back.
    downtime: RestartSafety,
}

impl Reasons {
    fn add(&mut self, safety: RestartSafety, text: impl Into<String>) {
        let text = text.into();
        self.found.push(RestartReason { safety, text });
    }

    /// Logs that went back: whoever still holds more must not be restarted, since it follows its leader then and cuts
    /// off the rest (wire-contract §5).
    fn add_lost_messages(&mut self, broker: &str, truth: &Truth) {
        let (mut cut_off, mut went_back) = (Vec::new(), Vec::new());
        let mut more = 0_i64;
        for (stream, partition) in held_by(broker, truth) {
            let Some(loss) = &partition.log_loss else {
                continue;
            };
            let place = format!("{stream}:{}", partition.id);
            match loss.holders.iter().find(|(id, _)| &**id == broker) {
                Some((_, newest)) => {
                    more = more.saturating_add(newest.saturating_sub(loss.to));
                    cut_off.push(place);
                }
                None => went_back.push(place),
            }
        }
        let (held, them) = (
            counted(more, "message"),
            if more == 1 { "it" } else { "them" },
        );
        match cut_off.as_slice() {
            [] => {}
            [place] => {
                let text = format!(
                    "{place}: it holds {held} that its leader lost; a restart cuts {them} off"
                );
                self.add(RestartSafety::Dangerous, text);
            }
            places => {
                let (count, names) = (counted(places.len(), "partition"), first_names(places));
                let text = format!(
                    "it holds {held} that the leaders of {count} lost, and a restart cuts {them} off: {names}"
                );
                self.add(RestartSafety::Dangerous, text);
            }
        }
        let text = match went_back.as_slice() {
            [] => return,
            [place] => format!(
                "{place} went back and nobody has acknowledged that: save what others hold first"
            ),
            places => format!(
                "{} went back and nobody has acknowledged that, so save what others hold first: {}",
                counted(places.len(), "partition"),
                first_names(places)
            ),
        };
        self.add(RestartSafety::Dangerous, text);
    }

    /// Who does not answer us may run all the same, and be the last one in sync: only who is heard may be restarted.
    fn add_own_state(&mut self, broker: &BrokerTruth) {
        let text = match broker.reach {
            Reach::Silent { .. } => {
                // A start cuts off what only it holds, as a restart does.
                let is_dangerous = self.found.iter().any(|it| it.safety > RestartSafety::Down);
                let text = if is_dangerous { HOLDS_MORE } else { DOWN };
                return self.add(RestartSafety::Down, text);
            }
            Reach::Answering if broker.catching_up => "it has just come back and catches up",
            Reach::Answering => return,
            Reach::AddressUnknown { .. } => "nobody knows where it listens, so nobody has asked it",
            Reach::NotAskedYet => "it was not asked yet",
        };
        self.add(RestartSafety::Wait, text);
    }

    /// What its leaders have and nobody else may be lost with them.
    fn add_stalled_commits(&mut self, broker: &str, truth: &Truth) {
        let stalled = truth.findings.iter();
        let stalled = stalled.filter(|finding| finding.rule == Rule::CommitStalled);
        let stalled: Vec<String> = stalled
            .filter(|finding| {
                held_by(broker, truth).any(|(stream, partition)| {
                    finding.stream() == Some(&**stream)
                        && finding.partitions.contains(&partition.id)
                })
            })
            .map(Finding::target_name)
            .collect();
        if !stalled.is_empty() {
            let text = format!("messages are not committed yet: {}", first_names(&stalled));
            self.add(RestartSafety::Wait, text);
        }
    }

    /// The others have to be there, or one more would be missing.
    fn add_brokers(&mut self, broker: &BrokerTruth, truth: &Truth) {
        // An address that never told who listens there may be another name of a broker that answers.
        let others = truth.brokers.iter().filter(|other| other.id.is_some());
        for other in others.filter(|other| other.name() != broker.name()) {
            let text = match other.reach {
                Reach::Silent { .. } => "does not answer: it is to be started first",
                Reach::Answering if other.catching_up => "has just come back and catches up",
                Reach::Answering => continue,
                Reach::AddressUnknown { .. } => "has an address that nobody knows",
                Reach::NotAskedYet => "was not asked yet",
            };
            self.add(RestartSafety::Wait, format!("{} {text}", other.name()));
        }
    }

    fn add_majority(&mut self, loss: &BrokerLoss) {
        if loss.keeps_majority {
            return;
        }
        let text = format!(
            "{} of {} brokers is no majority: nothing is elected, created or changed until it is back",
            loss.left, loss.brokers
        );
        // All brokers of a small cluster may be there: waiting does not help.
        let all_others = loss.left + 1 == loss.brokers;
        let safety = if all_others {
            self.downtime
        } else {
            RestartSafety::Wait
        };
        self.add(safety, text);
    }

    /// Partitions that would stop until the broker is back.
    fn add_stopped(&mut self, loss: &BrokerLoss, truth: &Truth) {
        let names = |wanted: &dyn Fn(&PartitionLoss, &PartitionTruth) -> bool| {
            let mut names = Vec::new();
            for one in &loss.partitions {
                let found = truth.partition(&one.stream, one.partition);
                if found.is_some_and(|found| wanted(one, found)) {
                    names.push(format!("{}:{}", one.stream, one.partition));
                }
            }
            names
        };
        let is_alone = |found: &PartitionTruth| found.replicas.len() < 2;
        let alone = names(&|_, found| is_alone(found));
        let last = names(&|one, found| one.outcome == LossOutcome::Leaderless && !is_alone(found));
        let below = |one: &PartitionLoss| one.outcome == LossOutcome::BelowMinIsr;
        let below_when_whole = names(&|one, found| below(one) && is_whole(found));
        let below_now = names(&|one, found| below(one) && !is_whole(found));
        let downtime = self.downtime;
        for (safety, places, what) in [
            (
                RestartSafety::Wait,
                last,
                "would have no leader: it holds their only copy in sync",
            ),
            (
                downtime,
                alone,
                "with no other replica: no read or write until it is back",
            ),
            (
                downtime,
                below_when_whole,
                "below minimum ISR until it is back: nothing commits",
            ),
            (
                RestartSafety::Wait,
                below_now,
                "would fall below minimum ISR: nothing would commit",
            ),
        ] {
            if !places.is_empty() {
                let count = counted(places.len(), "partition");
                self.add(safety, format!("{count} {what}: {}", first_names(&places)));
            }
        }
    }

    /// Partitions of the broker that lack a leader or a replica.
    fn add_out_of_sync(&mut self, broker: &str, truth: &Truth) {
        let places = |wanted: &dyn Fn(&PartitionTruth) -> bool| {
            let held = held_by(broker, truth).filter(|(_, partition)| wanted(partition));
            held.map(|(stream, partition)| format!("{stream}:{}", partition.id))
                .collect::<Vec<_>>()
        };
        let no_leader = |partition: &PartitionTruth| partition.status.lacks_leader();
        let behind = |partition: &PartitionTruth| !no_leader(partition) && !is_whole(partition);
        let unknown = |partition: &PartitionTruth| {
            is_whole(partition) && partition.leader_reachable == Known::Unknown
        };
        for (places, what) in [
            (places(&no_leader), "without a leader that answers"),
            (places(&behind), "not in sync"),
            (
                places(&unknown),
                "of whose leader nobody knows whether it answers",
            ),
        ] {
            if !places.is_empty() {
                let count = counted(places.len(), "partition");
                let text = format!("{count} {what}: {}", first_names(&places));
                self.add(RestartSafety::Wait, text);
            }
        }
    }
}
