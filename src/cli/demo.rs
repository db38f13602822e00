//! `liftui demo`: a cluster in this process, with a dashboard on it or without.
//! What the cluster does is `demo`'s.

use std::io::Write;

use super::args::DemoArgs;
use super::command_context::CommandContext;
use super::dashboard;
use super::exit::{CliError, Exit, Result};
use super::stdio::Stdio;
use super::stop_signal::asked_to_stop;
use crate::demo::DemoCluster;

/// Shows a dashboard on the cluster until the user ends it.
pub(crate) async fn show(context: &CommandContext<'_>, args: &DemoArgs) -> Result {
    dashboard::need_terminal(context)?;
    let cluster = start(args).await?;
    let shown = dashboard::open_demo(context, &cluster).await;
    cluster.stop().await;
    shown
}

/// Serves without a dashboard until SIGINT or SIGTERM.
pub(crate) async fn serve(console: &mut Stdio, args: &DemoArgs) -> Result {
    let stopped = asked_to_stop()?;
    let cluster = start(args).await?;
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

async fn start(args: &DemoArgs) -> Result<DemoCluster> {
    let started = DemoCluster::start(args.options()).await;
    started.map_err(|error| {
        CliError::new(
            Exit::FAILED,
            format!("the demo cluster did not start: {error}"),
        )
    })
}
