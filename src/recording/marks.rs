//! Where in a recording something worth a look begins: findings and notices.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::file::{OpenError, Recording};
use super::player::{LineParser, Played, Player};
use crate::app::App;
use crate::model::Timestamp;

/// A time of a recording at which a finding or a notice came up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The time.
    pub at: Timestamp,
    /// What came up, unsanitised: it may quote a broker.
    pub text: String,
}

/// Plays a whole recording and notes what came up; of all that came up between two frames the first counts.
///
/// # Errors
/// The recording cannot be played at all.
pub fn find_marks(
    recording: Arc<Recording>,
    parse_line: LineParser,
) -> Result<Vec<Mark>, OpenError> {
    let mut player = Player::new(recording, parse_line)?;
    let mut marks = Vec::new();
    let mut findings = BTreeSet::new();
    let mut notice = None;
    while let Some(played) = player.step() {
        if played != Played::Drawn {
            continue;
        }
        let app = player.app();
        let text = new_finding(app, &mut findings);
        let text = new_notice(app, &mut notice).or(text);
        if let Some(text) = text {
            let at = player.at();
            marks.push(Mark { at, text });
        }
    }
    Ok(marks)
}

/// When the first of them after a time came up, or the last one before it.
///
/// # Errors
/// None did, as the sentence says.
pub fn next_mark(marks: &[Mark], time: Timestamp, forward: bool) -> Result<Timestamp, String> {
    let mut marks = marks.iter().map(|mark| mark.at);
    let found = if forward {
        marks.find(|at| *at > time)
    } else {
        marks.rev().find(|at| *at < time)
    };
    let where_to = if forward { "after" } else { "before" };
    found.ok_or_else(|| format!("no finding or notice comes up {where_to} this time"))
}

/// The worst finding that was not there before.
fn new_finding(app: &App, known: &mut BTreeSet<String>) -> Option<String> {
    let findings = || app.truth().root_findings();
    let mut new = findings().filter(|finding| !known.contains(&finding.message));
    let new = new.next().map(|finding| finding.message.clone());
    *known = findings().map(|finding| finding.message.clone()).collect();
    new
}

/// The newest notice, where it was not there before.
fn new_notice(app: &App, known: &mut Option<(Timestamp, String)>) -> Option<String> {
    let newest = app.notices().history().next_back();
    let newest = newest.map(|notice| (notice.at, notice.text.clone()));
    if newest == *known {
        return None;
    }
    known.clone_from(&newest);
    newest.map(|(_, text)| text)
}
