//! Whether the group has kept up while faults came: what a tail was handed, some member is handed soon after.

use std::collections::BTreeMap;
use std::time::Duration;

use liftui::model::SubscriptionEvent;

use super::history::{MessageId, Place, Reading, Told};

/// When each message was delivered first.
fn first_deliveries(reading: &Reading) -> BTreeMap<MessageId, Duration> {
    let mut first = BTreeMap::new();
    for entry in &reading.entries {
        if let Told::Message { id, .. } = &entry.told {
            first.entry(*id).or_insert(entry.at);
        }
    }
    first
}

/// Since when the group could be handed a message of the log that it read at `until`, if it went on between `from` and then:
/// servers go from one log to another, and what stands in the one that a tail read is not in the other.
fn in_this_log_since(group: &Reading, from: Duration, until: Duration) -> Duration {
    let meanwhile = |at: Duration| from < at && at <= until;
    let told = group.entries.iter().filter(|entry| meanwhile(entry.at));
    let mut went_on = false;
    let mut since = from;
    for entry in told {
        match entry.told {
            Told::Message { .. } => went_on = true,
            Told::Event(SubscriptionEvent::Rewound { .. }) if went_on => since = entry.at,
            Told::Event(_) | Told::Stranger(_) => {}
        }
    }
    since
}

/// The end of the last time between `from` and `until` that the tail was handed nothing for longer than allowed: while nobody
/// leads a partition no member can be handed anything either.
fn readable_since(
    times: &[Duration],
    from: Duration,
    until: Duration,
    allowed: Duration,
) -> Duration {
    let pauses = times.iter().zip(times.iter().skip(1));
    let pauses = pauses.filter(|(began, _)| from <= **began && **began < until);
    let mut long = pauses.filter(|(began, ended)| ended.saturating_sub(**began) > allowed);
    let ended = long.next_back().map(|(_, ended)| *ended);
    ended.unwrap_or(from).min(until)
}

/// The longest that the group was behind a tail of that partition with one message, as a sentence where it is longer than
/// allowed. What no member was ever handed is another rule's.
pub(crate) fn stall(
    place: &Place,
    group: &Reading,
    tail: &Reading,
    allowed: Duration,
) -> Option<String> {
    let (handed, tail) = (first_deliveries(group), first_deliveries(tail));
    let mut times: Vec<Duration> = tail.values().copied().collect();
    times.sort_unstable();
    let behind = tail.iter().filter_map(|(id, at)| {
        let handed_at = *handed.get(id)?;
        let later = handed_at.saturating_sub(*at);
        if later <= allowed {
            return Some((later, *at, *id));
        }
        let since = in_this_log_since(group, *at, handed_at);
        let since = since.max(readable_since(&times, *at, handed_at, allowed));
        Some((handed_at.saturating_sub(since), *at, *id))
    });
    let (later, at, id) = behind.max()?;
    (later > allowed).then(|| {
        let (stream, partition) = place;
        format!(
            "{:.1}s: the group was handed {id} of {stream}/{partition} {:.1} s after a tail was",
            at.as_secs_f64(),
            later.as_secs_f64(),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use liftui::model::Timestamp;

    use super::*;
    use crate::history::Entry;

    fn reading(times: &[u64]) -> Reading {
        let entry = |(number, seconds): (u64, &u64)| Entry {
            at: Duration::from_secs(*seconds),
            member: 0,
            told: Told::Message {
                id: format!("1-{number}").parse().expect("an id"),
                offset: 0,
                time: Timestamp::NEVER,
            },
        };
        Reading {
            entries: (0..).zip(times).map(entry).collect(),
            ..Reading::default()
        }
    }

    #[test]
    fn what_was_in_another_log_meanwhile_is_not_late() {
        let place: Place = (Arc::from("main"), 0);
        let tail = reading(&[1, 2, 3]);
        let with_rewind = |times: &[u64], rewound: u64| {
            let mut group = reading(times);
            group.entries.push(Entry {
                at: Duration::from_secs(rewound),
                member: 0,
                told: Told::Event(SubscriptionEvent::Rewound { from: 9, to: 0 }),
            });
            group.entries.sort_by_key(|entry| entry.at);
            stall(&place, &group, &tail, Duration::from_secs(12))
        };
        assert_eq!(with_rewind(&[1, 40, 3], 39), None);
        let stood_still = with_rewind(&[41, 40, 42], 39);
        assert!(stood_still.is_some(), "nothing came before the log changed");
    }

    #[test]
    fn a_group_is_not_late_with_what_nobody_could_read() {
        let place: Place = (Arc::from("main"), 0);
        let found = |group: &[u64], tail: &[u64]| {
            let allowed = Duration::from_secs(12);
            stall(&place, &reading(group), &reading(tail), allowed)
        };
        // Its leader died when the tail alone had read the first one; the tail read on a little later than the group.
        assert_eq!(found(&[18, 18, 18], &[1, 19, 20]), None);
        assert_eq!(found(&[25, 26, 27], &[1, 17, 18]), None);
        let said = found(&[30, 31, 32], &[1, 17, 18]).expect("it stood still after that");
        assert!(
            said.starts_with("18.0s: the group was handed 1-2 of main/0 14.0 s"),
            "{said}"
        );
    }

    #[test]
    fn a_group_that_stood_still_while_a_tail_read_on_is_found() {
        let place: Place = (Arc::from("main"), 0);
        let tail = reading(&[1, 2, 3]);
        let found = |group| stall(&place, &reading(group), &tail, Duration::from_secs(12));
        assert_eq!(found(&[1, 5, 15]), None);
        let said = found(&[1, 20, 4]).expect("it stood still");
        assert!(
            said.starts_with("2.0s: the group was handed 1-1 of main/0 18.0 s"),
            "{said}"
        );
    }
}
