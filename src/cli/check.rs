//! `liftui check`: health for scripts, with exits and outputs of its own.
//! What is wrong and how bad is `health`'s; how it is printed is `report`'s.
//!
//! Each check leaves behind how far all logs had come, so that the next one sees what has gone back.

mod acknowledged;
mod last_check;
mod report;
mod watch;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use super::args::CheckArgs;
use super::cluster_snapshot::ClusterSnapshot;
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::help;
use super::incidents;
use super::stream_selection;
use crate::health::{
    IncidentRecorder, KnownCursor, KnownFinding, KnownLoss, RuleOptions, Truth, Verdict,
};
use crate::model::Timestamp;
use acknowledged::AcknowledgedLoss;
pub(crate) use last_check::LastCheck;
use report::Report;

/// What a check exits with that could not judge, be it for a wrong command line.
pub(crate) const UNKNOWN: Exit = Exit(3);

/// Between two looks: commits that go on go on within that time.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// Whether a command line that could not be read was meant as a check.
pub(crate) fn is_asked(arguments: &[OsString]) -> bool {
    let lenient = help::command().ignore_errors(true);
    let matches = lenient.try_get_matches_from(arguments);
    matches.is_ok_and(|matches| matches.subcommand_name() == Some("check"))
}

/// Judges the cluster, once or again and again.
pub(crate) async fn check(context: &mut CommandContext<'_>, args: &CheckArgs) -> Result {
    if let Some(every) = args.watch {
        return watch::watch(context, args, every).await;
    }
    let report = judge(context, args).await;
    let out = &mut context.console.out;
    let printed = report.print(out, args.output).and_then(|()| out.flush());
    match printed {
        // The code tells the verdict, whoever reads the words.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Exit(report.verdict.exit_code())),
    }
}

/// Looks, judges, and leaves behind what the next check is to know.
async fn judge(context: &mut CommandContext<'_>, args: &CheckArgs) -> Report {
    let rules = args.rules();
    let cluster = context.cluster_name();
    let mut known = LastCheck::read(&cluster);
    let mut cursors = std::mem::take(&mut known.cursors);
    let acknowledged = known.acknowledged;
    let brokers = known.brokers.clone();
    match look(context, known, args.looks).await {
        Ok(mut snapshot) => {
            let known = args.acknowledge.then(|| acknowledge(&mut snapshot));
            let truth = snapshot.truth();
            cursors.retain(|cursor| cursor.is_of(&truth));
            snapshot.health.recall_cursors(cursors.clone());
            let mut report = match with_streams(rules, &truth, &args.streams) {
                Ok(rules) => assess(&mut snapshot, &rules).await,
                Err(error) => unknown(error),
            };
            report.acknowledged = known;
            let now = Timestamp::now();
            let brokers = broker_ids(&snapshot.truth(), brokers);
            let streams = snapshot.health.known_streams(now);
            let findings = KnownFinding::of_all(report.truth.findings.iter(), now);
            let acknowledged = if args.acknowledge {
                Some(now.0)
            } else {
                acknowledged
            };
            LastCheck {
                brokers,
                streams,
                acknowledged,
                losses: KnownLoss::of_all(&snapshot.truth()),
                findings,
                cursors: if report.unread.is_some() {
                    cursors
                } else {
                    KnownCursor::of_all(&report.truth)
                },
            }
            .write(&cluster, now);
            report
        }
        Err(error) => unknown(error),
    }
}

/// The same rules for the streams that are named, where any are.
fn with_streams(rules: RuleOptions, truth: &Truth, texts: &[String]) -> Result<RuleOptions> {
    if texts.is_empty() {
        return Ok(rules);
    }
    let judged = stream_selection::select(truth, texts)?.into_iter();
    let streams = Some(judged.map(|stream| Arc::clone(&stream.name)).collect());
    Ok(RuleOptions { streams, ..rules })
}

/// Looks so many times, and holds what is seen against what is known. Fails where no broker answers at all.
async fn look(
    context: &mut CommandContext<'_>,
    mut known: LastCheck,
    looks: u32,
) -> Result<ClusterSnapshot> {
    // A dashboard may have watched for longer.
    let incidents = incidents::read(&context.cluster_name());
    let mut findings = std::mem::take(&mut known.findings);
    findings.extend(IncidentRecorder::unfinished(&incidents));
    let mut snapshot = ClusterSnapshot::knowing(context, known, &incidents)?;
    snapshot.health.recall_findings(findings);
    snapshot.look().await?;
    snapshot.look_again(looks - 1, BETWEEN_LOOKS).await;
    Ok(snapshot)
}

/// The ids of the brokers, or those that were known where none has told its own.
fn broker_ids(truth: &Truth, before: BTreeSet<String>) -> BTreeSet<String> {
    let ids = truth.members().filter_map(|broker| broker.id.as_ref());
    let ids: BTreeSet<String> = ids.map(ToString::to_string).collect();
    if ids.is_empty() { before } else { ids }
}

/// Whoever runs this check knows of what is gone: all of it, each of which is told.
fn acknowledge(snapshot: &mut ClusterSnapshot) -> Vec<AcknowledgedLoss> {
    let truth = snapshot.truth();
    let lost = AcknowledgedLoss::of_all(&truth);
    for stream in lost.iter().filter_map(|loss| loss.finding.stream()) {
        snapshot.health.acknowledge(stream);
    }
    lost
}

/// What is told where nothing could be judged.
fn unknown(error: CliError) -> Report {
    Report {
        verdict: Verdict::Unknown,
        findings: Vec::new(),
        truth: Arc::new(Truth::default()),
        failure: error.sentence,
        unread: None,
        judged: None,
        acknowledged: None,
    }
}

/// The verdict over what was seen. Cursors that cannot be read are one thing less that is known: the rest counts.
async fn assess(snapshot: &mut ClusterSnapshot, rules: &RuleOptions) -> Report {
    let unread = match snapshot.read_cursors().await {
        Err(error) => error.sentence,
        Ok(()) => snapshot.cursors.failure().map(|failure| failure.sentence),
    };
    let truth = snapshot.truth();
    let mut verdict = rules.verdict(&truth);
    // Who asks whether all is well is not to hear that of a cluster most of which was not seen.
    let unseen = truth.members().any(|broker| !broker.is_answering());
    if verdict == Verdict::Ok && unseen && rules.weighs_silence() {
        verdict = Verdict::Unknown;
    }
    // They might be behind, and whoever asks about that is not to be told that all is well.
    if verdict == Verdict::Ok && unread.is_some() && rules.weighs_cursors() {
        verdict = Verdict::Unknown;
    }
    Report {
        verdict,
        findings: rules.apply(&truth),
        truth,
        failure: None,
        unread,
        judged: rules.streams.as_ref().map(Vec::len),
        acknowledged: None,
    }
}
