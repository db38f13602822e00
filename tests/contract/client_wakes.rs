//! A reader is woken for what has come together, not for each message: a server writes one frame a message, and a wake each
//! would cost more than reading them.

use std::future::{Future, poll_fn};
use std::pin::pin;

use liftui::client::{PublisherOptions, SubscriptionItem};
use liftui::model::{StartAt, StopAt};
use liftui::store::ChunkBuilder;

use super::test_cluster::{TestCluster, range, to};

const MESSAGES: u32 = 20_000;

/// Messages for one poll of the reader at least. It is some hundreds on an idle machine; with a wake a message it would be one.
const EACH: u32 = 20;

#[tokio::test]
async fn many_messages_wake_a_reader_once() {
    let test = TestCluster::any().await;
    let stream = test.stream("wakes", 1).await;
    let session = test.client.publish_session(PublisherOptions::default());
    let mut acks = Vec::new();
    for number in 0..MESSAGES {
        let options = to(&stream, 0, &format!("{number:0200}"));
        acks.push(session.publish(options).await.unwrap());
    }
    for ack in acks {
        ack.await.unwrap();
    }
    let last = i64::from(MESSAGES) - 1;
    let spec = range(&stream, 0, StartAt::Earliest, StopAt::Offset(last));
    let mut chunks = test
        .client
        .subscribe_into(spec, ChunkBuilder::new())
        .await
        .unwrap();
    let (mut polls, mut messages) = (0, 0);
    loop {
        let item = {
            let mut next = pin!(chunks.next());
            poll_fn(|context| {
                polls += 1;
                next.as_mut().poll(context)
            })
            .await
        };
        match item {
            Some(SubscriptionItem::Batch(chunk)) => messages += chunk.len(),
            Some(SubscriptionItem::Event(_)) => {}
            None => break,
        }
    }
    assert_eq!(messages, usize::try_from(MESSAGES).unwrap());
    assert!(
        polls <= MESSAGES / EACH,
        "{polls} polls for {MESSAGES} messages"
    );
    test.close().await;
}
