//! Notices of what has changed in the cluster: one when an incident begins, one when it gets worse, one when it is over.
//! What changes outside of incidents is told by itself: streams that come and go, leaders that move.

use crate::app::context::Context;
use crate::app::notice::Level;
use crate::health::{
    Incident, IncidentChange, IncidentEventKind, IncidentNews, IncidentRecorder, LeaderChange,
    TruthChanges,
};
use crate::model::{StreamName, exact_age, without_asides};

/// Notifies the user of what differs.
pub(super) fn notify(
    recorder: &IncidentRecorder,
    news: &IncidentNews,
    changes: &TruthChanges,
    context: &mut Context,
) {
    streams(&changes.appeared, "appeared", context);
    streams(&changes.gone, "is gone", context);
    if news.changes.is_empty() {
        leaders(&news.leaders, context);
    }
    for change in &news.changes {
        match *change {
            IncidentChange::Ended(at) => {
                if let Some(incident) = recorder.find(at) {
                    context.notify(Level::Note, ended(incident));
                }
            }
            IncidentChange::Began(at) | IncidentChange::Worse(at) => {
                let is_news = !recorder.is_first_look(context.now);
                if let Some(incident) = recorder.find(at).filter(|_| is_news) {
                    context.notify(Level::Error, began(incident));
                }
            }
        }
    }
}

/// The worst of it, and what has come of that so far.
fn began(incident: &Incident) -> String {
    let events = incident.events.iter().rev();
    let mut named = events.filter(|event| event.text == incident.title);
    match named.find_map(|event| event.evidence.first()) {
        // What stands in brackets the finding has: what to do or to leave alone stands at the end, and a notice has one line.
        Some(evidence) => format!("{} · {}", incident.title, without_asides(evidence, " (")),
        None => incident.title.clone(),
    }
}

fn ended(incident: &Incident) -> String {
    let length = exact_age(incident.length());
    let mut events = incident.events.iter();
    if events.any(|event| event.kind == IncidentEventKind::Isr) {
        return format!("over after {length}, all in sync again: {}", incident.title);
    }
    format!("over after {length}: {}", incident.title)
}

fn streams(names: &[StreamName], what: &str, context: &mut Context) {
    let text = match names {
        [] => return,
        [one] => format!("stream {one} {what}"),
        [first, rest @ ..] => format!("stream {first} {what}, and {} more", rest.len()),
    };
    context.notify(Level::Note, text);
}

fn leaders(moved: &[LeaderChange], context: &mut Context) {
    let first = moved.iter().find(|change| !change.internal);
    let Some(LeaderChange {
        stream,
        partition,
        to,
        ..
    }) = first.or(moved.first())
    else {
        return;
    };
    let text = match moved.len() {
        1 => format!("{to} leads {stream}:{partition} now"),
        count => format!("{count} leaders moved, that of {stream}:{partition} to {to}"),
    };
    context.notify(Level::Warning, text);
}
