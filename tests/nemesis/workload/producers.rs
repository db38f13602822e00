//! Who publishes: each message once, whatever becomes of it, and what became of it is recorded.

use std::sync::Arc;
use std::time::Duration;

use liftui::client::{Client, PublisherOptions};
use liftui::model::{AckPolicy, Destination, PublishOptions};
use tokio::task::JoinSet;

use super::{PARTITIONS, Run, ticks};
use crate::history::{MessageId, Place, SendOutcome};

/// How long a message waits for its ack.
const DEADLINE: Duration = Duration::from_secs(2);

/// The producer of the last message of the first partition; each other partition has one of its own.
const LAST: u16 = 900;

/// A producer of messages to some partitions in turn.
struct Producer {
    run: Arc<Run>,
    client: Client,
    number: u16,
    places: Vec<Place>,
    policy: AckPolicy,
    every: Duration,
    /// Messages at once, then as long a pause as it takes for their retention to remove them.
    burst: u32,
}

impl Producer {
    fn message(&self, number: u32) -> (MessageId, Place) {
        let id = MessageId {
            producer: self.number,
            number,
        };
        let at = number as usize % self.places.len();
        (id, self.places[at].clone())
    }

    fn begin(&self, id: MessageId, place: &Place) -> PublishOptions {
        self.run.history.sending(id, place, self.policy);
        options(id, place, self.policy)
    }

    /// Sends one message after the other.
    async fn publish_each(self) {
        let mut interval = ticks(self.every);
        for number in 0.. {
            if number % self.burst == 0 {
                tokio::select! {
                    _ = interval.tick() => {}
                    () = self.run.quiet.cancelled() => return,
                }
            }
            let (id, place) = self.message(number);
            let options = self.begin(id, &place);
            let outcome = self.client.publish(options).await;
            self.run.history.sent(id, outcome);
        }
    }

    /// Sends without waiting, in one session.
    async fn publish_session(self) {
        let session = self.client.publish_session(PublisherOptions::default());
        let mut acks = JoinSet::new();
        let mut interval = ticks(self.every);
        for number in 0.. {
            tokio::select! {
                _ = interval.tick() => {}
                () = self.run.quiet.cancelled() => break,
            }
            let (id, place) = self.message(number);
            match session.publish(self.begin(id, &place)).await {
                Ok(ack) => {
                    let run = Arc::clone(&self.run);
                    acks.spawn(async move { run.history.sent(id, ack.await) });
                }
                Err(error) => self.run.history.sent(id, Err(error)),
            }
            while acks.try_join_next().is_some() {}
        }
        while acks.join_next().await.is_some() {}
        session.finish().await;
    }
}

fn options(id: MessageId, place: &Place, policy: AckPolicy) -> PublishOptions {
    let to = Destination::Partition(Arc::clone(&place.0), place.1);
    PublishOptions {
        ack_policy: policy,
        deadline: Some(DEADLINE),
        ..PublishOptions::new(to, id.to_string())
    }
}

/// Starts all producers.
pub(crate) fn start(run: &Arc<Run>, tasks: &mut JoinSet<()>) {
    let names = &run.names;
    let main = |partition| (Arc::clone(&names.main), partition);
    let singles = (0..PARTITIONS).map(|partition| (Arc::clone(&names.single), partition));
    let brief = (Arc::clone(&names.brief), 0);
    let shared = || (Arc::clone(&names.shared), 0);
    let pause = Duration::from_secs_f64(2.5 * run.target.scale());
    let mut number = 0;
    let mut producer = |client: &Client, places, policy, every| {
        number += 1;
        Producer {
            run: Arc::clone(run),
            client: client.clone(),
            number,
            places,
            policy,
            every,
            burst: 1,
        }
    };
    let often = Duration::from_millis(15);
    let seldom = Duration::from_millis(40);
    let (direct, proxied) = (&run.client, &run.proxied);
    let all = (0..PARTITIONS).map(main).collect();
    tasks.spawn(producer(direct, vec![main(0)], AckPolicy::Leader, often).publish_each());
    tasks.spawn(producer(direct, vec![main(1)], AckPolicy::All, often).publish_each());
    tasks.spawn(producer(proxied, vec![main(2)], AckPolicy::All, often).publish_each());
    tasks.spawn(producer(direct, all, AckPolicy::All, often).publish_session());
    for single in singles {
        tasks.spawn(producer(direct, vec![single], AckPolicy::All, seldom).publish_each());
    }
    tasks.spawn(producer(proxied, vec![shared()], AckPolicy::All, seldom).publish_session());
    tasks.spawn(producer(direct, vec![shared()], AckPolicy::All, often).publish_each());
    let bursts = Producer {
        burst: 20,
        ..producer(direct, vec![brief], AckPolicy::All, pause)
    };
    tasks.spawn(bursts.publish_each());
}

/// Publishes a last message to each partition, as often as it takes until it is acked; who reads it has read all.
pub(crate) async fn publish_last(run: &Arc<Run>, place: &Place) -> MessageId {
    let mut interval = ticks(Duration::from_millis(100));
    let producers = run.names.places().into_iter().zip(LAST..);
    let mut producers = producers.filter(|(other, _)| other == place);
    let (_, producer) = producers.next().expect("it is published to");
    for number in 0.. {
        interval.tick().await;
        let id = MessageId { producer, number };
        // Acks of another stream come to a unary publish on a shared subject: a session tells them apart.
        let session = run.client.publish_session(PublisherOptions::default());
        run.history.sending(id, place, AckPolicy::All);
        let outcome = match session.publish(options(id, place, AckPolicy::All)).await {
            Ok(ack) => ack.await,
            Err(error) => Err(error),
        };
        run.history.sent(id, outcome);
        if matches!(run.history.outcome(id), Some(SendOutcome::Acked { .. })) {
            return id;
        }
    }
    unreachable!("it is tried for ever")
}
