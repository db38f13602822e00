//! Reads a stream as a member of a group: `cargo run --example consumer -- localhost:9292 orders billing`.
//! Start several: they share the partitions, and take over those of one that ends. Ctrl-C leaves the group.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

use liftui::client::{Acknowledge, Client, ConnectOptions, ConsumerItem, ConsumerOptions};
use liftui::model::StartAt;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let seed = arguments.next().unwrap_or_else(|| "localhost:9292".into());
    let stream = arguments.next().unwrap_or_else(|| "orders".into());
    let group = arguments.next().unwrap_or_else(|| "example".into());

    let client = Client::connect(ConnectOptions::new([seed])).await?;
    let mut consumer = client
        .join_group(
            ConsumerOptions::new(group, [stream])
                .start(StartAt::Earliest)
                .acknowledge(Acknowledge::Manually),
        )
        .await?;
    println!("joined as {}", consumer.id());
    let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        let item = tokio::select! {
            item = consumer.next() => item,
            _ = &mut interrupted => break,
        };
        match item {
            Some(ConsumerItem::Message(message)) => {
                let value = String::from_utf8_lossy(&message.value);
                println!("{}:{} {value}", message.partition, message.offset);
                // Whatever a message is for is done: from here on it need not come again.
                consumer.acknowledge(&message);
            }
            Some(ConsumerItem::Assigned { partitions, .. }) => println!("reads {partitions:?}"),
            Some(other) => eprintln!("{other:?}"),
            None => break,
        }
    }
    consumer.leave().await?;
    client.close().await;
    Ok(())
}
