//! `check --watch`: the verdict whenever it changes, and alerts as the config file says.
//! Each look is a check of its own, so that what one of them leaves behind the next one knows.

use std::io::Write;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::judge;
use super::report::Report;
use crate::cli::alerts::{self, Receivers};
use crate::cli::args::CheckArgs;
use crate::cli::command_context::CommandContext;
use crate::cli::exit::Result;
use crate::health::{Alert, AlertTracker, Verdict};
use crate::model::Timestamp;

/// Checks until it is interrupted.
pub(super) async fn watch(
    context: &mut CommandContext<'_>,
    args: &CheckArgs,
    every: Duration,
) -> Result {
    let settings = &context.settings.file.alerts;
    let receivers = Receivers::of_config(settings)?;
    let mut tracker = AlertTracker::new(alerts::policy(settings));
    let mut printed = None;
    let mut failed = false;
    let mut looks = interval(every);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let report = judge(context, args).await;
        let state = state(&report);
        if printed.as_ref() != Some(&state) {
            let out = &mut context.console.out;
            report.print(out, args.output)?;
            out.flush()?;
            printed = Some(state);
        }
        if let Some(receivers) = &receivers {
            let due = due(&mut tracker, &report);
            let outcome = notify(receivers, &context.cluster_name(), due).await;
            if let (Err(sentence), false) = (&outcome, failed) {
                context.console.print_error(sentence);
            }
            failed = outcome.is_err();
        }
    }
}

/// What makes a report another one: its verdict and what is wrong, not the numbers in the words.
fn state(report: &Report) -> (Verdict, Vec<(&'static str, String)>) {
    let findings = report.findings.iter();
    let named = findings.map(|one| (one.rule.as_str(), one.target_name()));
    (report.verdict, named.collect())
}

fn due(tracker: &mut AlertTracker, report: &Report) -> Vec<Alert> {
    let now = Timestamp::now();
    match &report.failure {
        Some(failure) => tracker.observe_nobody(failure, now),
        None => tracker.observe(report.root_findings(), report.findings.iter(), now),
    }
}

/// Tells each of them; returns the first thing that went wrong.
async fn notify(
    receivers: &Receivers,
    cluster: &str,
    alerts: Vec<Alert>,
) -> std::result::Result<(), String> {
    let mut outcome = Ok(());
    for alert in &alerts {
        let sent = receivers.notify(cluster, alert).await;
        outcome = outcome.and(sent);
    }
    outcome
}
