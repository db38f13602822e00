//! What a run says of itself: always the figures, and of what is wrong the first sentences.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;

use super::checker::Verdict;
use super::faults::FaultKind;
use super::history::SendOutcome;
use super::workload::Run;

/// How many sentences of what is wrong are shown.
const SHOWN: usize = 25;

/// The variable that names a file for all that every reader was told.
const HISTORY: &str = "LIFTUI_HISTORY";

/// Writes all that happened, where somebody wants to know.
pub(crate) fn write_history(run: &Run) {
    let Some(path) = std::env::var_os(HISTORY).filter(|path| !path.is_empty()) else {
        return;
    };
    let mut text = String::new();
    for (at, fault) in run.history.faults() {
        writeln!(text, "{:.3} fault {fault}", at.as_secs_f64()).expect("memory takes all");
    }
    for (id, sent) in run.history.all_sent() {
        let (stream, partition) = &sent.place;
        let outcome = &sent.outcome;
        writeln!(text, "sent {id} to {stream}/{partition}: {outcome:?}").expect("memory takes all");
    }
    for ((name, (stream, partition)), reading) in run.history.readings() {
        for entry in reading.entries {
            let (at, member, told) = (entry.at.as_secs_f64(), entry.member, entry.told);
            let line = writeln!(
                text,
                "{at:.3} {name} {member} of {stream}/{partition}: {told:?}"
            );
            line.expect("memory takes all");
        }
    }
    std::fs::write(path, text).expect("the file of the history can be written");
}

/// Says something that every run shows: the harness keeps what macros print, and not what is written here.
pub(crate) fn say(text: &str) {
    writeln!(std::io::stderr(), "nemesis: {text}").expect("standard error is there");
}

/// The figures that the run is judged by.
pub(crate) fn sentence(verdict: &Verdict) -> String {
    format!(
        "lost without being told {}, repeated {}, out of order {}, lost by the servers and told {}, overwritten by a replica {}, \
         readers of logs that nobody can read {}, deletions undone by the servers {}, messages moved by them {}, wrong {}",
        verdict.untold,
        verdict.repeated,
        verdict.misordered,
        verdict.told,
        verdict.overwritten,
        verdict.unreadable,
        verdict.undone,
        verdict.moved,
        verdict.wrong.len()
    )
}

/// All figures, and where something is wrong, when which fault was.
pub(crate) fn print(run: &Run, counts: &BTreeMap<FaultKind, usize>, verdict: &Verdict, seed: u64) {
    if !verdict.wrong.is_empty() {
        for (at, fault) in run.history.faults() {
            say(&format!("{:6.1}s  {fault}", at.as_secs_f64()));
        }
        for sentence in verdict.wrong.iter().take(SHOWN) {
            say(&format!("wrong: {sentence}"));
        }
        if let Some(more) = verdict
            .wrong
            .len()
            .checked_sub(SHOWN)
            .filter(|more| *more > 0)
        {
            say(&format!("wrong: and {more} more"));
        }
    }
    let kinds = counts
        .iter()
        .map(|(kind, count)| format!("{kind:?} {count}"));
    say(&format!("faults: {}", kinds.collect::<Vec<_>>().join(", ")));
    let sent = run.history.all_sent();
    let count = |what: fn(&SendOutcome) -> bool| {
        let outcomes = sent.values().map(|sent| &sent.outcome);
        outcomes.filter(|outcome| what(outcome)).count()
    };
    let acked = count(|outcome| matches!(outcome, SendOutcome::Acked { .. }));
    let unknown = count(|outcome| matches!(outcome, SendOutcome::Unknown));
    let refused = count(|outcome| matches!(outcome, SendOutcome::Refused(_)));
    say(&format!(
        "messages: {} sent, {acked} acked, {unknown} of unknown outcome, {refused} not stored, {} delivered",
        sent.len(),
        verdict.delivered
    ));
    say(&format!("seed {seed}: {}", sentence(verdict)));
}
