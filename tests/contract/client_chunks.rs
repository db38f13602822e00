//! Messages that go into chunks are those that come one by one: what neighbours have in common is read once, and what
//! differs between them is not lost.

use liftui::client::SubscriptionItem;
use liftui::model::{Message, PublishOptions, StartAt, StopAt};
use liftui::store::{ChunkBuilder, MessageRef};

use super::test_cluster::{TestCluster, acked, drain, range, to};

/// Everything a message says, headers in an order of their own: servers write them in any.
type Said = (i64, i32, i64, [Vec<u8>; 5], Vec<(Vec<u8>, Vec<u8>)>);

fn of_owned(message: &Message) -> Said {
    let fields: [&[u8]; 5] = [
        &message.key,
        &message.value,
        message.stream.as_bytes(),
        message.subject.as_bytes(),
        message.reply_subject.as_bytes(),
    ];
    let headers = message.headers.iter();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.clone().into_bytes(), value.to_vec()))
        .collect();
    headers.sort();
    let fields = fields.map(<[u8]>::to_vec);
    let (offset, time) = (message.offset, message.timestamp.0);
    (offset, message.partition, time, fields, headers)
}

fn of_chunk(message: &MessageRef<'_>) -> Said {
    let fields: [&[u8]; 5] = [
        message.key(),
        message.value(),
        message.stream().as_bytes(),
        message.subject().as_bytes(),
        message.reply_subject().as_bytes(),
    ];
    let headers = message.headers();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.as_bytes().to_vec(), value.to_vec()))
        .collect();
    headers.sort();
    let fields = fields.map(<[u8]>::to_vec);
    let (offset, time) = (message.offset(), message.timestamp().0);
    (offset, message.partition(), time, fields, headers)
}

#[tokio::test]
async fn chunks_hold_what_single_messages_say() {
    let test = TestCluster::any().await;
    let stream = test.stream("chunks", 2).await;
    let mut random = fastrand::Rng::with_seed(7);
    for number in 0..400 {
        // Some say nothing new, some the same as a while ago, some what no other says.
        let headers = match random.u8(..7) {
            0..=2 => vec![],
            3 => vec![("colour", "blue".to_owned())],
            4 => vec![
                ("subject", "another".to_owned()),
                ("reply", String::new()),
                ("empty", String::new()),
            ],
            5 => vec![("trace", format!("{number:03x}"))],
            _ => vec![("long", "l".repeat(600))],
        };
        let headers = headers.into_iter();
        let options = PublishOptions {
            key: ["", "a", "bb"][random.usize(..3)].into(),
            headers: headers
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            ..to(&stream, 1, &"v".repeat(random.usize(..40)))
        };
        acked(test.client.publish(options).await);
    }
    let spec = range(&stream, 1, StartAt::Earliest, StopAt::Offset(399));
    let single = drain(test.client.subscribe(spec.clone()).await.unwrap()).await;
    let single: Vec<Said> = single.messages.iter().map(of_owned).collect();
    let mut chunks = test
        .client
        .subscribe_into(spec, ChunkBuilder::new())
        .await
        .unwrap();
    let mut together = Vec::new();
    while let Some(item) = chunks.next().await {
        if let SubscriptionItem::Batch(chunk) = item {
            together.extend(chunk.iter().map(|message| of_chunk(&message)));
        }
    }
    assert_eq!(single.len(), 400);
    assert_eq!(together, single);
    test.close().await;
}
