//! What is said of logs that went back: from where to where, who still holds what is missing, and what not to do.

use std::collections::BTreeMap;

use super::join;
use crate::health::LogLoss;
use crate::model::{BrokerId, Offset, PartitionId, counted, grouped, verb_of};

/// A partition whose log went back.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lost {
    pub(super) partition: PartitionId,
    pub(super) loss: LogLoss,
    /// The newest offset that its leader has now, or had when it answered last.
    pub(super) newest: Offset,
    /// Whether any of those answers that still held more.
    pub(super) holder_answers: bool,
}

/// `went back from 3,712 to 420`, and below it what each partition lost and what to leave alone.
pub(super) fn words(lost: &[Lost]) -> (String, Vec<String>) {
    match lost {
        [Lost { loss: one, .. }] => {
            let said = format!("went back from {} to {}", offset(one.from), offset(one.to));
            let leads = format!("{} leads it with that log", one.leader);
            let detail = advice(lost).into_iter().chain([leads]);
            (said, detail.collect())
        }
        many => {
            let sum = total(many.iter().map(|one| missing(one.loss.from, one.loss.to)));
            let said = format!("went back by {}", counted(sum, "message"));
            let each = many.iter().map(
                |Lost {
                     partition, loss, ..
                 }| {
                    let (from, to) = (offset(loss.from), offset(loss.to));
                    format!("{partition}: from {from} to {to}, led by {}", loss.leader)
                },
            );
            (said, advice(many).into_iter().chain(each).collect())
        }
    }
}

/// Whether a replica's log still goes further than its leader's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Ahead,
    /// It did when it answered last.
    Silent,
    Overtaken,
    NobodyHolds,
}

/// A replica that holds more than its leader is cut to its length when it is restarted: until somebody has saved what it
/// has, that must not happen. Once the leader has stored as much again, the logs differ below the same offsets.
fn advice(partitions: &[Lost]) -> Vec<String> {
    let mut groups: BTreeMap<(State, Vec<&BrokerId>), (i64, i64)> = BTreeMap::new();
    for one in partitions {
        let loss = &one.loss;
        let most = loss.holders.iter().map(|(_, newest)| *newest).max();
        let (state, more) = match most {
            None => (State::NobodyHolds, missing(loss.from, loss.to)),
            Some(most) if one.newest < most => {
                let state = if one.holder_answers {
                    State::Ahead
                } else {
                    State::Silent
                };
                (state, missing(most, loss.to))
            }
            Some(most) => (State::Overtaken, missing(most, loss.to)),
        };
        let brokers = loss.holders.iter().map(|(broker, _)| broker).collect();
        // Replicas may hold what was never committed, beyond what the log is known to have lost.
        let uncommitted = missing(most.unwrap_or(loss.from), loss.from);
        let sums = groups.entry((state, brokers)).or_default();
        sums.0 = sums.0.saturating_add(more);
        sums.1 = sums.1.saturating_add(uncommitted);
    }
    let sentences = groups.into_iter().map(|((state, brokers), sums)| {
        let (more, uncommitted) = sums;
        let missing = format!(
            "{} that {} missing",
            counted(more, "message"),
            verb_of(more, "are")
        );
        let more = grouped(more);
        let (verb, them, start) = match brokers.as_slice() {
            [_] => ("holds", "it", "it is"),
            _ => ("hold", "them", "they are"),
        };
        let names = join(brokers, " and ");
        let among = match uncommitted {
            0 => String::new(),
            count => format!(" ({} of them not known as committed)", grouped(count)),
        };
        match state {
            State::Ahead => {
                format!("{names} still {verb} {more} more{among}: do not restart {them}")
            }
            State::Silent => {
                format!(
                    "{names} held {more} more{among} when heard last: save that before {start} started"
                )
            }
            State::Overtaken => {
                format!("{names} held {more} more{among}; other messages have their offsets by now")
            }
            State::NobodyHolds => {
                format!("no replica that answers holds the {missing}")
            }
        }
    });
    sentences.collect()
}

fn missing(from: Offset, to: Offset) -> i64 {
    from.saturating_sub(to).max(0)
}

fn total(counts: impl Iterator<Item = i64>) -> i64 {
    counts.fold(0, i64::saturating_add)
}

fn offset(offset: Offset) -> String {
    if offset < 0 {
        return "nothing".into();
    }
    grouped(offset)
}
