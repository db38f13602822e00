//! `liftui check`: health for scripts, with exits and outputs of its own.
//! What is wrong and how bad is `health`'s; how it is printed is `report`'s.

mod report;

use std::ffi::OsString;

use super::args::CheckArgs;
use super::cluster_snapshot::ClusterSnapshot;
use super::command_context::CommandContext;
use super::exit::{Exit, Result};
use super::help;
use crate::health::{RuleOptions, Truth, Verdict};
use report::Report;

/// What a check exits with that could not judge, be it for a wrong command line.
pub(crate) const UNKNOWN: Exit = Exit(3);

/// Whether a command line that could not be read was meant as a check.
pub(crate) fn is_asked(arguments: &[OsString]) -> bool {
    let lenient = help::command().ignore_errors(true);
    let matches = lenient.try_get_matches_from(arguments);
    matches.is_ok_and(|matches| matches.subcommand_name() == Some("check"))
}

/// Judges the cluster once.
pub(crate) async fn check(session: &mut CommandContext<'_>, args: &CheckArgs) -> Result {
    let rules = args.rules();
    let report = match ClusterSnapshot::take_snapshot(session).await {
        Ok(snapshot) => assess(snapshot, &rules).await,
        Err(trouble) => Report {
            verdict: Verdict::Unknown,
            findings: Vec::new(),
            truth: std::sync::Arc::new(Truth::default()),
            trouble: trouble.sentence,
            unread: None,
        },
    };
    let out = &mut session.console.out;
    report.print(out, args.output)?;
    out.flush()?;
    Ok(Exit(report.verdict.exit_code()))
}

/// The verdict over what was seen. Cursors that cannot be read are one thing less that is known: the rest counts.
async fn assess(mut snapshot: ClusterSnapshot, rules: &RuleOptions) -> Report {
    let unread = match snapshot.read_cursors().await {
        Err(error) => error.sentence,
        Ok(()) => snapshot
            .unread
            .first()
            .map(|(_, failure)| failure.sentence.clone()),
    };
    let truth = snapshot.truth();
    let mut verdict = rules.verdict(&truth);
    // They might be behind, and whoever asks about that is not to be told that all is well.
    if verdict == Verdict::Ok && unread.is_some() && rules.weighs_cursors() {
        verdict = Verdict::Unknown;
    }
    Report {
        verdict,
        findings: rules.apply(&truth),
        truth,
        trouble: None,
        unread,
    }
}
