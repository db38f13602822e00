//! What stands in a tail without rows: what is missing, why, what to press.

use super::{hint, title};
use crate::app::command::TailCommand;
use crate::app::screens::tails::SearchProgress;
use crate::app::{App, Pane, Tail, TailState};
use crate::health::Known;
use crate::model::{counted, first_names};
use crate::ui::format;

/// No row: what is missing, why, what to press.
pub(super) fn nothing(app: &App, tail: &Tail) -> Vec<String> {
    let key = |command: TailCommand| hint(app, command.into(), Pane::Tail.key_contexts());
    let seek = key(TailCommand::Seek);
    let close = key(TailCommand::Close);
    let follow = key(TailCommand::Follow);
    if let Some(failure) = tail.failure() {
        let hint = format!("{follow} tries again   {close} closes");
        return vec![failure.sentence.clone(), hint];
    }
    let search = key(TailCommand::SearchStream);
    if tail.search().query().is_some() && tail.store().kept() > 0 {
        return no_match(app, tail, &search);
    }
    if let Some(progress) = tail.stream_search_progress(app.truth())
        && tail.looked_at() > 0
    {
        return nothing_found(app, tail, progress, &search);
    }
    nothing_read(app, tail, [&seek, &close, &follow]).into()
}

/// No message was read: what reading waits for, or why it ended.
fn nothing_read(app: &App, tail: &Tail, [seek, close, follow]: [&str; 3]) -> [String; 2] {
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
        TailState::Live if tail.past_end().next().is_some() => past_end(tail, seek),
        TailState::Live if tail.removed_to().next().is_some() => removed(tail, seek),
        TailState::Live if may_have_older(app, tail) => [
            "no message yet".to_owned(),
            format!("waiting for new ones   {seek} seeks older ones"),
        ],
        TailState::Live => [
            "no message yet".to_owned(),
            "waiting for the first one".to_owned(),
        ],
    }
}

/// Whether a message was ever stored there, as far as is known.
fn may_have_older(app: &App, tail: &Tail) -> bool {
    let mut partitions = tail.partitions().iter();
    partitions.any(|one| {
        let known = app.truth().partition(&one.stream, one.partition);
        known.is_none_or(|known| known.newest_offset.is_none_or(|newest| newest >= 0))
    })
}

/// What was there was removed before it could be read.
fn removed(tail: &Tail, seek: &str) -> [String; 2] {
    let removed = tail.removed_to().map(|(one, to)| {
        let to = format::count(to);
        format!("{}:{} up to {to}", one.stream, one.partition)
    });
    let removed: Vec<String> = removed.collect();
    [
        format!(
            "no message is kept any more; removed: {}",
            first_names(&removed)
        ),
        format!("waiting for new ones   {seek} seeks elsewhere"),
    ]
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

/// None of the messages in memory matches: which these are, and how to look through the others.
fn no_match(app: &App, tail: &Tail, search: &str) -> Vec<String> {
    let kept = counted(tail.store().kept(), "message");
    if tail.search().is_scanning() {
        return vec![format!("looking through {kept}")];
    }
    let mut lines = vec![format!("none of {kept} matches")];
    if app
        .playback()
        .is_some_and(|playback| !playback.has_messages)
    {
        lines.push("keys, values and headers were not recorded".to_owned());
    } else {
        lines.extend(tail.query_mistake(&app.settings().schemas));
    }
    lines.push(looked_through(app, tail));
    if app.playback().is_none() {
        lines.push(format!("{search} looks through the whole stream"));
    }
    lines.push("esc shows these messages".to_owned());
    lines
}

/// Which messages are in memory: of one partition by their offsets, and by when they were stored.
fn looked_through(app: &App, tail: &Tail) -> String {
    let offsets = match tail.partitions() {
        [only] => tail.store().offsets(&only.stream, only.partition),
        _ => None,
    };
    let offsets = offsets.map(|(first, last)| {
        let (first, last) = (format::count(first), format::count(last));
        format!(" {first} to {last}")
    });
    let time = |at| app.times().short(at, app.now());
    let times = tail.store().times();
    let times = times.map(|(first, last)| format!(", {} to {}", time(first), time(last)));
    format!(
        "these are {}{}{}",
        tail.name(),
        offsets.unwrap_or_default(),
        times.unwrap_or_default()
    )
}

/// A search through the stream has found nothing so far, or nothing at all.
fn nothing_found(app: &App, tail: &Tail, progress: SearchProgress, search: &str) -> Vec<String> {
    let looked_at = counted(tail.looked_at(), "message");
    let left = |left: Option<u64>| match left {
        Some(left) => format!(", {} to go", format::count_u64(left)),
        None => String::new(),
    };
    match progress {
        SearchProgress::Searching(to_go) => vec![
            format!("none of {looked_at} so far matches{}", left(to_go)),
            format!("{search} stops   esc goes back to where the tail was"),
        ],
        SearchProgress::Stopped(to_go) => vec![
            format!("stopped: none of {looked_at} matches{}", left(to_go)),
            format!("{search} goes on   esc goes back to where the tail was"),
        ],
        SearchProgress::Whole => {
            let mut lines = vec![format!(
                "none of all {looked_at} of {} matches",
                tail.name()
            )];
            lines.extend(tail.query_mistake(&app.settings().schemas));
            lines.push("esc goes back to where the tail was".to_owned());
            lines
        }
    }
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
