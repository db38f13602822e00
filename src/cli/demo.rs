//! `liftui demo`: a cluster in this process, with a dashboard on it or without.
//! What the cluster does is `demo`'s.

use std::io::Write;

use super::args::DemoArgs;
use super::check::LastCheck;
use super::command_context::CommandContext;
use super::dashboard;
use super::exit::{CliError, Exit, Result};
use super::stdio::Stdio;
use super::stop_signal::asked_to_stop;
use crate::app::TOUR_BROKERS;
use crate::demo::{DemoCluster, DemoOptions, IncidentPace, Traffic};
use crate::runtime::RecorderOptions;

/// Shows a dashboard on the cluster until the user ends it. Where a dashboard before it was recorded, that goes on.
pub(crate) async fn show(
    context: &CommandContext<'_>,
    options: DemoOptions,
    tour: bool,
    recorder: Option<RecorderOptions>,
) -> Result {
    if tour && options.brokers < TOUR_BROKERS {
        return Err(CliError::usage(format!(
            "the tour takes a broker away, and the rest have to elect leaders: it needs {TOUR_BROKERS} brokers"
        )));
    }
    dashboard::need_terminal(context)?;
    let cluster = start(options).await?;
    let shown = dashboard::open_demo(context, &cluster, tour, recorder).await;
    cluster.stop().await;
    shown
}

/// Serves without a dashboard until SIGINT or SIGTERM.
pub(crate) async fn serve(console: &mut Stdio, args: &DemoArgs) -> Result {
    let stopped = asked_to_stop()?;
    let cluster = start(args.options()).await?;
    writeln!(
        console.out,
        "listening on {}",
        cluster.addresses().join(",")
    )?;
    console.out.flush()?;
    stopped.await;
    cluster.stop().await;
    Ok(Exit::DONE)
}

/// The cluster that `liftui demo` starts without options.
pub(crate) fn as_usual() -> DemoOptions {
    DemoOptions {
        traffic: Traffic::Workload {
            rate: None,
            incidents: IncidentPace::default(),
        },
        ..DemoOptions::default()
    }
}

async fn start(options: DemoOptions) -> Result<DemoCluster> {
    let started = DemoCluster::start(options).await;
    let cluster = started.map_err(|error| {
        CliError::new(
            Exit::FAILED,
            format!("the demo cluster did not start: {error}"),
        )
    })?;
    // Each is a new one: that the streams of the one before it at these ports are gone is no loss.
    for address in cluster.addresses() {
        LastCheck::forget_demo(&address);
    }
    Ok(cluster)
}
