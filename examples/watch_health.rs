//! Watches what each broker says of the cluster: `cargo run --example watch_health -- localhost:9292`.
//! Brokers differ in what they believe, so each is asked for itself, and none waits for another.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use liftui::client::{ConnectOptions, Observer};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seeds = std::env::args().skip(1).collect::<Vec<_>>();
    let rounds = std::env::var("ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok());
    let options = if seeds.is_empty() {
        ConnectOptions::default()
    } else {
        ConnectOptions::new(seeds)
    };
    let observer = Observer::connect(options).await?;
    let mut interval = tokio::time::interval(Duration::from_secs(1));
    for round in 0.. {
        if rounds.is_some_and(|rounds: u32| round >= rounds) {
            break;
        }
        interval.tick().await;
        let mut asked = tokio::task::JoinSet::new();
        for broker in observer.brokers() {
            let observer = observer.clone();
            asked.spawn(async move { observer.fetch_view(&broker.address).await });
        }
        while let Some(view) = asked.join_next().await {
            let view = view?;
            match &view.result {
                Ok(cluster) => println!(
                    "{} sees {} brokers and {} streams ({:?})",
                    view.address,
                    cluster.brokers.len(),
                    cluster.streams.len(),
                    view.took
                ),
                Err(failure) => println!("{failure}"),
            }
        }
    }
    Ok(())
}
