//! Follows one partition: `cargo run --example tail -- localhost:9292 orders 0`.
//! It goes on where it was cut when its broker dies, and says what was lost.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

use liftui::client::{ConnectOptions, Observer, SubscriptionItem};
use liftui::model::{RetryLimit, StartAt, SubscribeSpec, Target};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let seed = arguments.next().unwrap_or_else(|| "localhost:9292".into());
    let stream = arguments.next().unwrap_or_else(|| "orders".into());
    let partition = arguments.next().map_or(Ok(0), |number| number.parse())?;

    let observer = Observer::connect(ConnectOptions::new([seed])).await?;
    let mut messages = observer
        .subscribe(SubscribeSpec {
            start: StartAt::Last(10),
            give_up: RetryLimit::Never,
            ..SubscribeSpec::new(stream.as_str(), partition)
        })
        .await?;
    let target = Target::Partition(stream.as_str().into(), partition);
    while let Some(item) = messages.next().await {
        match item {
            SubscriptionItem::Batch(message) => {
                let value = String::from_utf8_lossy(&message.value);
                println!("{:>10}  {value}", message.offset);
            }
            SubscriptionItem::Event(event) => {
                if let Some(sentence) = event.sentence(&target) {
                    eprintln!("{sentence}");
                }
            }
        }
    }
    Ok(())
}
