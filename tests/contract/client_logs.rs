//! Logs as servers come to hold them after a broker was emptied, and what a subscription makes of them.

use liftui::client::{Client, ConnectOptions, Subscription, SubscriptionItem};
use liftui::model::{
    OwnedMessages, RetryLimit, StartAt, StopAt, SubscribeSpec, SubscriptionEvent, Timestamp,
};

use super::scripted_log::{STREAM, ScriptedLog};
use super::test_cluster::{CAP, range};

const SECOND: i64 = 1_000_000_000;

/// Times of so many messages, a millisecond apart.
fn times(from: i64, count: i64) -> impl Iterator<Item = i64> {
    (0..count).map(move |number| from + number * 1_000_000)
}

async fn open(broker: &ScriptedLog) -> (Client, Subscription<OwnedMessages>) {
    open_at(broker, StartAt::Earliest).await
}

async fn open_at(broker: &ScriptedLog, start: StartAt) -> (Client, Subscription<OwnedMessages>) {
    let client = Client::connect(ConnectOptions::new(vec![broker.address.clone()]));
    let client = client.await.expect("it answers");
    let spec = SubscribeSpec {
        give_up: RetryLimit::Never,
        ..range(STREAM, 0, start, StopAt::Never)
    };
    let reading = client.subscribe(spec).await.expect("it is there");
    (client, reading)
}

/// What comes up to the message of that time: offsets of messages, and rewinds.
async fn read_to(
    reading: &mut Subscription<OwnedMessages>,
    last: i64,
) -> (Vec<i64>, Vec<(i64, i64)>) {
    let (mut offsets, mut rewinds) = (Vec::new(), Vec::new());
    let read = async {
        while let Some(item) = reading.next().await {
            match item {
                SubscriptionItem::Batch(message) => {
                    offsets.push(message.offset);
                    if message.timestamp.0 == last {
                        break;
                    }
                }
                SubscriptionItem::Event(SubscriptionEvent::Rewound { from, to }) => {
                    rewinds.push((from, to));
                }
                SubscriptionItem::Event(_) => {}
            }
        }
    };
    let within = tokio::time::timeout(2 * CAP, read);
    within
        .await
        .unwrap_or_else(|_| panic!("{rewinds:?} {:?}", offsets.last()));
    (offsets, rewinds)
}

#[tokio::test]
async fn what_a_replica_holds_of_a_log_that_was_left_is_not_read_again() {
    let old: Vec<i64> = times(SECOND, 1_000).collect();
    let broker = ScriptedLog::serve(old.clone()).await;
    let (client, mut reading) = open(&broker).await;
    let (offsets, _) = read_to(&mut reading, old[999]).await;
    assert_eq!(offsets.len(), 1_000);
    // The broker was emptied, and began anew.
    let new: Vec<i64> = times(1_000 * SECOND, 3).collect();
    broker.replace(new.clone());
    let (offsets, rewinds) = read_to(&mut reading, new[2]).await;
    assert_eq!((offsets, rewinds), (vec![0, 1, 2], vec![(1_000, 0)]));
    // Another leads: behind a little of the new log it holds what it had of the old one, not all, and goes on from there.
    let later: Vec<i64> = times(1_001 * SECOND, 5).collect();
    let mixed = [&new[..], &later[..1], &old[4..600], &later[1..]].concat();
    broker.replace(mixed);
    let (offsets, rewinds) = read_to(&mut reading, later[4]).await;
    let [(4, to)] = rewinds[..] else {
        panic!("{rewinds:?}");
    };
    // As near to where the old log ends as the samples of it are to each other.
    assert!((580..=600).contains(&to), "went on at {to}");
    let expected: Vec<i64> = std::iter::once(3).chain(to..604).collect();
    assert_eq!(offsets, expected);
    client.close().await;
}

/// What an outage took of a log before anything of it was delivered: first offset delivered, and gaps told.
async fn first_after_outage(
    broker: &ScriptedLog,
    start: StartAt,
    meanwhile: impl FnOnce(),
) -> (i64, Vec<(i64, i64)>) {
    let (client, mut reading) = open_at(broker, start).await;
    meanwhile();
    let mut gaps = Vec::new();
    let read = async {
        loop {
            match reading.next().await.expect("it goes on") {
                SubscriptionItem::Batch(message) => return message.offset,
                SubscriptionItem::Event(SubscriptionEvent::Gap { from, to }) => {
                    gaps.push((from, to));
                }
                SubscriptionItem::Event(_) => {}
            }
        }
    };
    let first = tokio::time::timeout(2 * CAP, read).await.expect("in time");
    client.close().await;
    (first, gaps)
}

#[tokio::test]
async fn what_retention_takes_before_the_first_delivery_is_told_if_it_came_after_the_opening() {
    let old: Vec<i64> = times(SECOND, 3).collect();
    let new: Vec<i64> = times(SECOND, 10).collect();
    for start in [StartAt::Earliest, StartAt::Time(Timestamp(SECOND))] {
        let broker = ScriptedLog::serve(old.clone()).await;
        broker.hold_back(3);
        let met = first_after_outage(&broker, start, || {
            broker.replace_and_clean(new.clone(), 7);
        });
        assert_eq!(met.await, (7, vec![(3, 6)]), "{start:?}");
        // What was stored at the opening is not asked for by who begins at the oldest.
        let broker = ScriptedLog::serve(old.clone()).await;
        broker.hold_back(3);
        let met = first_after_outage(&broker, start, || {
            broker.replace_and_clean(new.clone(), 2);
        });
        assert_eq!(met.await, (2, vec![]), "{start:?}");
    }
}
