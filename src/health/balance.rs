//! How evenly brokers lead and hold partitions, and what would even it.
//!
//! Liftbridge moves no leader on request: a leader changes when the old one is gone for longer than
//! `replica.max.leader.timeout`, and the in-sync replica that leads least takes over; a new partition goes to the brokers
//! that hold the fewest (wire-contract §5).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::election::is_majority;
use super::{Known, Truth};
use crate::model::{Timestamp, counted, first_names};

/// How evenly the brokers of a cluster are loaded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Balance {
    /// Every broker with its load, by name.
    pub brokers: Vec<BrokerLoad>,
    /// Partitions that have a leader.
    pub leaders: usize,
    /// Replicas of all partitions.
    pub replicas: usize,
    /// What stands out and what would even it, sentences.
    pub advice: Vec<String>,
}

/// What one broker carries.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerLoad {
    /// The broker's name.
    pub broker: Arc<str>,
    /// Whether it answers.
    pub is_answering: bool,
    /// Partitions that it leads.
    pub leaders: usize,
    /// Partitions that it holds a replica of.
    pub replicas: usize,
    /// Messages a second of the partitions that it leads; `None` where none of them is known.
    pub rate: Option<f64>,
    /// When it came back last, if that was seen.
    pub back_since: Option<Timestamp>,
}

/// Partitions led by each broker.
type Leads<'a> = BTreeMap<&'a str, usize>;

impl Balance {
    /// How evenly the cluster is loaded now.
    pub fn of(truth: &Truth) -> Self {
        let brokers: Vec<BrokerLoad> = truth
            .brokers
            .iter()
            .filter(|broker| broker.id.is_some())
            .map(|broker| BrokerLoad {
                broker: broker.name().into(),
                is_answering: broker.is_answering(),
                leaders: broker.leaders,
                replicas: broker.partitions,
                rate: broker.rate,
                back_since: broker.back_since,
            })
            .collect();
        let mut balance = Self {
            leaders: brokers.iter().map(|broker| broker.leaders).sum(),
            replicas: brokers.iter().map(|broker| broker.replicas).sum(),
            brokers,
            advice: Vec::new(),
        };
        balance.advice = balance.advice(truth);
        balance
    }

    /// Leaders of each broker if they were spread evenly.
    pub fn even_leaders(&self) -> f64 {
        share(self.leaders, self.brokers.len())
    }

    /// Replicas of each broker if they were spread evenly.
    pub fn even_replicas(&self) -> f64 {
        share(self.replicas, self.brokers.len())
    }

    fn advice(&self, truth: &Truth) -> Vec<String> {
        let idle = self.brokers.iter().filter(|broker| {
            broker.is_answering && broker.leaders == 0 && broker.replicas > 0 && self.leaders > 0
        });
        let mut advice: Vec<String> = idle
            .map(|broker| {
                let why = broker.back_since.map_or(
                    "",
                    |_| ": it came back, and leaders stay where they went meanwhile",
                );
                format!("{} leads 0 of {}{why}", broker.broker, self.leaders)
            })
            .collect();
        advice.extend(self.restart_advice(truth));
        advice.extend(self.placement_advice(truth));
        advice
    }

    /// Which restart would even the leaders.
    fn restart_advice(&self, truth: &Truth) -> Option<String> {
        let answering = self.brokers.iter().filter(|broker| broker.is_answering);
        let leads: Leads<'_> = answering
            .map(|broker| (&*broker.broker, broker.leaders))
            .collect();
        let now = spread(&leads);
        if now < 2 {
            return None;
        }
        let after = |broker: &'_ str| leads_without(broker, &leads, truth);
        let best = leads.keys().map(|broker| (*broker, after(broker)));
        let (broker, after) = best.min_by_key(|(_, after)| spread(after))?;
        let cannot = "Liftbridge moves no leader on request";
        if spread(&after) >= now {
            let text = "No restart would even the leaders: who restarts leads nothing afterwards";
            return Some(format!("{text}; {cannot}"));
        }
        // Nobody would take over what it leads.
        let members = truth.members().count();
        if !is_majority(leads.len() - 1, members) {
            return Some(format!(
                "{cannot}, and without {broker} no majority of {} would be left to elect others",
                counted(members, "broker")
            ));
        }
        let moved: Vec<String> = after
            .iter()
            .map(|(name, leads)| format!("{name} {leads}"))
            .collect();
        Some(format!(
            "{cannot}; {broker} away for longer than an election takes (15s) leaves the leaders at {}",
            moved.join(", ")
        ))
    }

    /// Which streams would have to be made anew to even the replicas.
    fn placement_advice(&self, truth: &Truth) -> Option<String> {
        let answering = || self.brokers.iter().filter(|broker| broker.is_answering);
        let most = answering().max_by_key(|broker| broker.replicas)?;
        let least = answering().min_by_key(|broker| broker.replicas)?;
        if most.replicas - least.replicas < 2 {
            return None;
        }
        let holds = |broker: &str, replicas: &[Arc<str>]| replicas.iter().any(|id| **id == *broker);
        let streams = truth.streams.iter().filter(|stream| !stream.internal);
        let movable = streams.filter(|stream| {
            let mut partitions = stream.partitions.iter();
            partitions.any(|partition| {
                holds(&most.broker, &partition.replicas)
                    && !holds(&least.broker, &partition.replicas)
            })
        });
        let names: Vec<&str> = movable.map(|stream| &*stream.name).collect();
        if names.is_empty() {
            return None;
        }
        let difference = counted(most.replicas - least.replicas, "replica");
        Some(format!(
            "{} holds {difference} less than {}: new partitions go where the fewest are; {} could be made anew, \
             which deletes their messages",
            least.broker,
            most.broker,
            first_names(&names)
        ))
    }
}

/// What each broker would lead once another has led nothing for long enough.
fn leads_without<'a>(gone: &str, leads: &Leads<'a>, truth: &Truth) -> Leads<'a> {
    let mut after = leads.clone();
    let all = truth.streams.iter().flat_map(|stream| &*stream.partitions);
    // A paused partition elects nobody.
    let led = all.filter(|one| one.leader.as_deref() == Some(gone) && one.paused != Known::Yes);
    for partition in led {
        let mut candidates: Vec<&str> = partition.in_sync.iter().map(|id| &**id).collect();
        candidates.retain(|id| *id != gone);
        let next = candidates
            .into_iter()
            .min_by_key(|id| after.get(id).copied().unwrap_or(usize::MAX));
        // Without a candidate it stays what it is: down until its leader is back.
        let Some(next) = next.and_then(|id| after.get_mut(id)) else {
            continue;
        };
        *next += 1;
        if let Some(old) = after.get_mut(gone) {
            *old = old.saturating_sub(1);
        }
    }
    after
}

/// By how many the one that leads most is ahead of the one that leads least.
fn spread(leads: &Leads<'_>) -> usize {
    let most = leads.values().max().copied().unwrap_or_default();
    let least = leads.values().min().copied().unwrap_or_default();
    most - least
}

fn share(all: usize, brokers: usize) -> f64 {
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    if brokers == 0 {
        return 0.0;
    }
    count(all) / count(brokers)
}
