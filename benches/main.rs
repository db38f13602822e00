//! All benches in one binary, so that they cost one link: `cargo bench -- drain`, `-- search`, `-- latency`, `-- scale`, or
//! all of them where none is named. What each measures stands at the top of its file.

#![expect(
    clippy::disallowed_methods,
    reason = "a bench reads the clock: that is all it does"
)]

mod cost;
mod demo_cluster;
mod drain;
#[path = "../tests/app/hostile.rs"]
mod hostile;
mod latency;
mod scale;
mod search;

use std::env;

use demo_cluster::Outcome;

const BENCHES: [&str; 4] = ["drain", "search", "latency", "scale"];

#[tokio::main]
async fn main() -> Outcome {
    let mut asked: Vec<String> = env::args().skip(1).collect();
    // Cargo adds `--bench`.
    asked.retain(|argument| argument != "--bench");
    let Some((bench, parts)) = asked.split_first() else {
        for bench in BENCHES {
            run(bench, &[]).await?;
        }
        return Ok(());
    };
    run(bench, parts).await
}

async fn run(bench: &str, parts: &[String]) -> Outcome {
    match bench {
        "drain" => drain::run(parts).await,
        "search" => search::run(),
        "latency" => latency::run().await,
        "scale" => scale::run(),
        _ => Err(format!("\"{bench}\" is no bench: there are {}", BENCHES.join(", ")).into()),
    }
}
