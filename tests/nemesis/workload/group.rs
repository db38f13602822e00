//! A consumer group of three members, each of which leaves and joins again now and then.

use std::sync::Arc;
use std::time::Duration;

use liftui::client::{Consumer, ConsumerItem, ConsumerOptions};
use liftui::model::{ErrorKind, StartAt};
use tokio::task::JoinSet;

use super::{MEMBERS, Run, ticks};

/// The name of the group in the history.
pub(crate) const NAME: &str = "group";

/// Starts all members.
pub(crate) fn start(run: &Arc<Run>, tasks: &mut JoinSet<()>) {
    for member in 0..MEMBERS {
        tasks.spawn(take_part(Arc::clone(run), member));
    }
}

async fn take_part(run: Arc<Run>, member: usize) {
    while let Some(mut consumer) = join(&run, member).await {
        loop {
            tokio::select! {
                item = consumer.next() => match item {
                    Some(item) => record(&run, member, item),
                    None => return,
                },
                () = run.rejoin[member].notified() => break,
                () = run.over.cancelled() => return,
            }
        }
        // Where the group cannot be left now it finds out by itself.
        consumer.leave().await.ok();
    }
}

/// Joins, as often as it takes.
async fn join(run: &Arc<Run>, member: usize) -> Option<Consumer> {
    let names = &run.names;
    let client = if member == 0 {
        &run.proxied
    } else {
        &run.client
    };
    let mut pace = ticks(Duration::from_millis(200));
    loop {
        let streams = [Arc::clone(&names.main), Arc::clone(&names.single)];
        let options = ConsumerOptions {
            start: Some(StartAt::Earliest),
            checkpoint_every: Some(Duration::from_millis(500)),
            ..ConsumerOptions::new(names.group.clone(), streams)
        };
        match run
            .over
            .run_until_cancelled(client.join_group(options))
            .await?
        {
            Ok(consumer) => return Some(consumer),
            Err(error) if error.kind() == ErrorKind::NoSuchStream => {
                run.history.wrong(format!("member {member} joins: {error}"));
            }
            Err(_) => {}
        }
        pace.tick().await;
    }
}

fn record(run: &Run, member: usize, item: ConsumerItem) {
    match item {
        ConsumerItem::Message(message) => {
            let place = (Arc::clone(&message.stream), message.partition);
            run.history.read_message(NAME, &place, member, &message);
        }
        ConsumerItem::Event {
            stream,
            partition,
            event,
        } => run
            .history
            .read_event(NAME, &(stream, partition), member, event),
        // What the group says of itself, and what may be added to that.
        ConsumerItem::Assigned { .. }
        | ConsumerItem::HeartbeatFailed(_)
        | ConsumerItem::CheckpointFailed(_)
        | _ => {}
    }
}
