//! Publishes lines of standard input: `seq 1000 | cargo run --example publish -- localhost:9292 orders`.
//! Many are on their way at a time; each says how it ended, and none is sent twice.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

use std::io::BufRead;

use liftui::client::{Client, ConnectOptions, PublisherOptions};
use liftui::model::{AckPolicy, Destination, ErrorKind, PublishOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let seed = arguments.next().unwrap_or_else(|| "localhost:9292".into());
    let stream = arguments.next().unwrap_or_else(|| "orders".into());

    let client = Client::connect(ConnectOptions::new([seed])).await?;
    let publisher = client.publish_session(PublisherOptions::default());
    let mut acks = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let message = PublishOptions {
            ack_policy: AckPolicy::All,
            ..PublishOptions::new(Destination::RoundRobin(stream.as_str().into()), line?)
        };
        acks.push(publisher.publish(message).await?);
    }
    let (mut stored, mut unknown, mut refused) = (0, 0, 0);
    for ack in acks {
        match ack.await {
            Ok(_) => stored += 1,
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => unknown += 1,
            Err(error) => {
                refused += 1;
                eprintln!("{error}");
            }
        }
    }
    println!("{stored} stored, {unknown} stored or not, {refused} not stored");
    publisher.finish().await;
    client.close().await;
    Ok(())
}
