//! `liftui exporter`: what is true of the cluster, for Prometheus. The cluster is watched as the dashboard watches it, and a
//! scrape formats what is known: no scrape asks a broker.

mod exposition;
mod message_counters;
mod metrics;
mod page;
mod server;

use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::timeout;

use super::args::ExporterArgs;
use super::check::LastCheck;
use super::cluster_snapshot::health_options;
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::incidents;
use super::stop_signal::asked_to_stop;
use super::{known_brokers, known_cursors};
use crate::health::{Health, IncidentRecorder};
use crate::model::Timestamp;
use crate::runtime::ClusterWatch;
use metrics::ProcessStart;
use page::Exporter;

/// How long the end waits for a reading of cursors to let go of them.
const CURSORS_KEPT_WITHIN: Duration = Duration::from_millis(200);

/// Serves until it is asked to end, and then keeps for later runs where brokers and cursors were.
pub(crate) async fn exporter(context: &mut CommandContext<'_>, args: &ExporterArgs) -> Result {
    let stopped = asked_to_stop()?;
    let listener = TcpListener::bind(&args.listen).await;
    let listener = listener.map_err(|error| cannot_listen(&args.listen, &error))?;
    let cluster = context.cluster_name();
    let observer = context.observer()?;
    observer.recall_cursors(known_cursors::read(&cluster)).await;
    let mut health = Health::new(health_options(&context.settings.file, &cluster));
    // What was wrong when an earlier run ended has been so since then.
    let incidents = incidents::read(&cluster);
    LastCheck::read(&cluster).recall_logs(&incidents, &mut health);
    health.recall_findings(IncidentRecorder::unfinished(&incidents));
    let exporter = Arc::new(Exporter::new(args, ProcessStart(Timestamp::now())));
    let address = listener.local_addr()?;
    writeln!(context.console.out, "listening on http://{address}/metrics")?;
    context.console.out.flush()?;
    let watch = ClusterWatch::start(observer.clone(), health, args.every);
    tokio::select! {
        () = stopped => {}
        never = follow(watch, &exporter) => match never {},
        never = server::serve(listener, Arc::clone(&exporter)) => match never {},
    }
    known_brokers::keep(&cluster, &observer.brokers());
    if let Ok(known) = timeout(CURSORS_KEPT_WITHIN, observer.known_cursors()).await {
        known_cursors::keep(&cluster, &known);
    }
    Ok(Exit::DONE)
}

/// Hands on what is known of the cluster, for ever.
async fn follow(mut watch: ClusterWatch, exporter: &Exporter) -> Infallible {
    loop {
        let known = watch.next().await;
        exporter.update(known);
    }
}

fn cannot_listen(address: &str, error: &io::Error) -> CliError {
    let sentence = if error.kind() == io::ErrorKind::AddrInUse {
        format!("{address} is in use already; --listen names another address")
    } else {
        format!("cannot listen at {address}: {error}; --listen names another address")
    };
    CliError::new(Exit::FAILED, sentence)
}
