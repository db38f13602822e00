//! What stands in a tail without rows: what is missing, why, what to press.

use super::{hint, title};
use crate::app::command::TailCommand;
use crate::app::{App, Pane, Tail, TailState};
use crate::health::Known;
use crate::model::{counted, first_names};
use crate::store::Query;
use crate::ui::format;

/// No row: what is missing, why, what to press.
pub(super) fn nothing(app: &App, tail: &Tail) -> [String; 2] {
    let key = |command: TailCommand| hint(app, command.into(), Pane::Tail.key_contexts());
    let seek = key(TailCommand::Seek);
    let close = key(TailCommand::Close);
    let follow = key(TailCommand::Follow);
    if let Some(failure) = tail.failure() {
        let hint = format!("{follow} tries again   {close} closes");
        return [failure.sentence.clone(), hint];
    }
    if tail.search().query().is_some() && tail.store().kept() > 0 {
        return no_match(tail);
    }
    if tail.replaced().is_some() {
        return [
            "the stream was deleted, and another one of that name was made".to_owned(),
            format!("{follow} tails that one   {close} closes"),
        ];
    }
    match tail.state() {
        TailState::Opening => opening(app, tail),
        TailState::Resuming { failure, .. } => [
            "looking for a broker that serves it".to_owned(),
            failure.sentence.clone(),
        ],
        TailState::Ended { reason, .. } => [
            title::end_text(reason),
            format!("{follow} reads on   {seek} seeks   {close} closes"),
        ],
        TailState::Live if tail.past_end().next().is_some() => past_end(tail, &seek),
        TailState::Live => [
            "no message yet".to_owned(),
            format!("waiting for new ones   {seek} seeks older ones"),
        ],
    }
}

/// Nothing is at the place that was sought.
fn past_end(tail: &Tail, seek: &str) -> [String; 2] {
    let ends = tail.past_end().map(|(one, newest)| {
        let end = match newest {
            ..0 => "is empty".to_owned(),
            newest => format!("ends at {}", format::count(newest)),
        };
        format!("{}:{} {end}", one.stream, one.partition)
    });
    let ends: Vec<String> = ends.collect();
    [
        format!("nothing at {}: {}", tail.start_text(), first_names(&ends)),
        format!("waiting for new ones   {seek} seeks elsewhere"),
    ]
}

fn no_match(tail: &Tail) -> [String; 2] {
    let kept = counted(tail.store().kept(), "message");
    if tail.search().is_scanning() {
        return [format!("looking through {kept}"), String::new()];
    }
    let guess = tail.search().query().and_then(Query::hint);
    [
        format!("none of {kept} matches"),
        guess.unwrap_or_else(|| "esc shows all of them".to_owned()),
    ]
}

/// What an opening waits for: it goes on by itself once there is a leader that answers.
fn opening(app: &App, tail: &Tail) -> [String; 2] {
    let mut partitions = tail.partitions().iter();
    let unreachable = partitions.find_map(|one| {
        let partition = app.truth().partition(&one.stream, one.partition)?;
        (partition.leader_reachable == Known::No).then_some((one, partition))
    });
    let Some((one, partition)) = unreachable else {
        return ["opening the subscription".to_owned(), String::new()];
    };
    let why = match &partition.leader {
        Some(leader) => format!("{leader} does not answer"),
        None => "no broker names a leader".to_owned(),
    };
    [
        format!("{}:{} has no reachable leader", one.stream, one.partition),
        format!("{why}; the tail opens once another one leads"),
    ]
}
