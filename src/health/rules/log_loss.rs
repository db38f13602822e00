//! What is said of logs that went back: from where to where, who still holds what is missing, and what not to do.

use std::collections::BTreeMap;

use super::join;
use crate::health::LogLoss;
use crate::model::{BrokerId, Offset, PartitionId, Timestamp, counted, grouped, verb_of};

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
            let message = format!("went back from {} to {}", offset(one.from), offset(one.to));
            let leads = format!("{} leads it with that log", one.leader);
            let detail = advice(lost).into_iter().chain([leads]);
            (message, detail.collect())
        }
        many => {
            let sum = total(many.iter().map(|one| missing(one.loss.from, one.loss.to)));
            let message = format!("went back by {}", counted(sum, "message"));
            let each = many.iter().map(
                |Lost {
                     partition, loss, ..
                 }| {
                    let (from, to) = (offset(loss.from), offset(loss.to));
                    format!("{partition}: from {from} to {to}, led by {}", loss.leader)
                },
            );
            (message, advice(many).into_iter().chain(each).collect())
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
    /// Its log was cut since to that of the leader.
    Cut,
    NobodyHolds,
}

/// A replica that holds more than its leader is cut to its length when it is restarted: until somebody has saved what it
/// has, that must not happen. Once the leader has stored as much again, the logs differ below the same offsets.
fn advice(partitions: &[Lost]) -> Vec<String> {
    let groups = groups_of(partitions).into_iter();
    groups
        .map(|((state, brokers), sums)| sentence(state, &brokers, &sums))
        .collect()
}

/// What partitions lost, by what became of it and at whom.
fn groups_of(partitions: &[Lost]) -> BTreeMap<(State, Vec<&BrokerId>), Sums> {
    let mut groups: BTreeMap<(State, Vec<&BrokerId>), Sums> = BTreeMap::new();
    for one in partitions {
        for (state, brokers, most) in holders(one) {
            let loss = &one.loss;
            let sums = groups.entry((state, brokers)).or_default();
            let more = missing(most.unwrap_or(loss.from), loss.to);
            sums.more = sums.more.saturating_add(more);
            // Replicas may hold what was never committed, beyond what the log is known to have lost.
            let uncommitted = missing(most.unwrap_or(loss.from), loss.from);
            sums.uncommitted = sums.uncommitted.saturating_add(uncommitted);
            let cut_at = loss.cut.iter().map(|cut| cut.at).max();
            sums.cut_at = sums.cut_at.max(cut_at);
            sums.is_held |= !loss.holders.is_empty();
        }
    }
    groups
}

fn sentence(state: State, brokers: &[&BrokerId], sums: &Sums) -> String {
    let (verb, them, start, were) = match brokers {
        [_] => ("holds", "it", "it is", "was"),
        _ => ("hold", "them", "they are", "were"),
    };
    let names = join(brokers.iter().copied(), " and ");
    let more = grouped(sums.more);
    let among = match sums.uncommitted {
        0 => String::new(),
        count => format!(" ({} of them not known as committed)", grouped(count)),
    };
    match state {
        State::Ahead => {
            format!("{names} still {verb} {more} more{among}: do not restart {them}")
        }
        State::Silent => format!(
            "{names} held {more} more{among} when heard last: save that before {start} started"
        ),
        State::Overtaken => {
            format!("{names} held {more} more{among}; other messages have their offsets by now")
        }
        State::Cut => {
            let at = sums.cut_at.unwrap_or_default().to_utc_text();
            let left = if sums.is_held {
                ""
            } else {
                ": no replica that answers holds it any more"
            };
            format!(
                "{names} held {more} more{among} and {were} cut to the leader's log by {at}{left}"
            )
        }
        State::NobodyHolds => format!(
            "no replica that answers holds the {} that {} missing",
            counted(sums.more, "message"),
            verb_of(sums.more, "are")
        ),
    }
}

/// What a group of partitions lost, and what became of it.
#[derive(Default)]
struct Sums {
    more: i64,
    uncommitted: i64,
    /// When the last of the replicas was seen cut.
    cut_at: Option<Timestamp>,
    /// Whether others hold it still.
    is_held: bool,
}

/// Brokers in one state, and the newest offset of any of them.
type Holders<'a> = (State, Vec<&'a BrokerId>, Option<Offset>);

/// Who held more of a partition, those that do still first.
fn holders(one: &Lost) -> Vec<Holders<'_>> {
    let loss = &one.loss;
    let mut found = Vec::new();
    let most = loss.holders.iter().map(|(_, newest)| *newest).max();
    if let Some(most) = most {
        let state = match one.newest < most {
            true if one.holder_answers => State::Ahead,
            true => State::Silent,
            false => State::Overtaken,
        };
        let brokers = loss.holders.iter().map(|(broker, _)| broker).collect();
        found.push((state, brokers, Some(most)));
    }
    let most = loss.cut.iter().map(|cut| cut.newest).max();
    if let Some(most) = most {
        let brokers = loss.cut.iter().map(|cut| &cut.broker).collect();
        found.push((State::Cut, brokers, Some(most)));
    }
    if found.is_empty() {
        found.push((State::NobodyHolds, Vec::new(), None));
    }
    found
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
