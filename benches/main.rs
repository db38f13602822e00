//! All benches in one binary, so that they cost one link: `cargo bench -- drain`, `-- search`, `-- latency`, `-- scale`, or
//! all of them where none is named; `-- report` writes `docs/benchmarks.md`. What each measures stands at the top of its file.

#![expect(
    clippy::disallowed_methods,
    reason = "a bench reads the clock: that is all it does"
)]

mod cost;
mod demo_cluster;
mod drain;
mod figures;
#[path = "../tests/app/hostile.rs"]
mod hostile;
mod latency;
mod plot;
mod report;
mod scale;
mod search;

use std::env;

use demo_cluster::Outcome;
use mimalloc::MiMalloc;
use tokio::runtime::Builder;

/// That of the binary.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const BENCHES: [&str; 4] = ["drain", "search", "latency", "scale"];

fn main() -> Outcome {
    let mut asked: Vec<String> = env::args().skip(1).collect();
    // Cargo adds `--bench`.
    asked.retain(|argument| argument != "--bench");
    let Some((bench, parts)) = asked.split_first() else {
        return BENCHES.iter().try_for_each(|bench| run(bench, &[]));
    };
    run(bench, parts)
}

/// Runs a bench on threads as the binary has them: one for a command, one beside the one that draws for the dashboard.
fn run(bench: &str, parts: &[String]) -> Outcome {
    match bench {
        "drain" => on(Builder::new_current_thread(), drain::run(parts)),
        "search" => search::run(),
        "latency" => {
            let mut runtime = Builder::new_multi_thread();
            runtime.worker_threads(1);
            on(runtime, latency::run(parts))
        }
        "scale" => scale::run(),
        "report" => on(Builder::new_current_thread(), report::run(parts)),
        // For the report, in a process of its own.
        "memory" => report::tell_memory(parts.first().map_or("", String::as_str)),
        _ => Err(format!(
            "\"{bench}\" is no bench: there are {}, report",
            BENCHES.join(", ")
        )
        .into()),
    }
}

fn on(mut runtime: Builder, bench: impl Future<Output = Outcome>) -> Outcome {
    runtime.enable_all().build()?.block_on(bench)
}
