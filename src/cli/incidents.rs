//! What the dashboard saw go wrong: a file a cluster in the state folder, and `liftui incidents`.
//! Asks no broker. Where the file cannot be written, the dashboard goes on.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::args::{IncidentsArgs, OutputForm};
use super::cell_format;
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::json::JsonTime;
use super::output::{Column, OutputRow, output_row};
use super::shown_times;
use super::state_file::{self, StateFile};
use crate::config::Folders;
use crate::health::{Incident, IncidentEvent, IncidentEventKind, IncidentRecorder};
use crate::model::Timestamp;

const FILE: StateFile<Vec<Incident>> = StateFile::new(Folders::incidents, "the list of incidents");

output_row! {
    /// One incident.
    struct IncidentRow {
        began: JsonTime,
        ended: JsonTime,
        seconds: u64,
        severity: String,
        title: String,
        touched: BTreeSet<String>,
        uncommitted: i64,
        events: Vec<EventObject>,
    }
}

/// One thing that happened in it.
#[derive(Serialize)]
struct EventObject {
    time: JsonTime,
    kind: IncidentEventKind,
    text: String,
    evidence: Vec<String>,
}

impl OutputRow for IncidentRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::text("BEGAN", |row| cell_format::time(&row.began)),
        Column::number("SECONDS", |row| row.seconds.to_string()),
        Column::text("SEVERITY", |row| row.severity.clone()),
        Column::text("WHAT", |row| row.title.clone()),
        Column::number("WAITED", |row| cell_format::count(Some(row.uncommitted))),
    ];

    fn raw(&self) -> String {
        self.title.clone()
    }
}

impl From<Incident> for IncidentRow {
    fn from(incident: Incident) -> Self {
        Self {
            began: JsonTime(incident.began()),
            ended: JsonTime(incident.ended.map_or(Timestamp::NEVER, Timestamp)),
            seconds: incident.length().as_secs(),
            uncommitted: incident.uncommitted(),
            severity: incident.severity,
            title: incident.title,
            touched: incident.touched,
            events: incident.events.into_iter().map(EventObject::from).collect(),
        }
    }
}

impl From<IncidentEvent> for EventObject {
    fn from(event: IncidentEvent) -> Self {
        Self {
            time: JsonTime(Timestamp(event.at)),
            kind: event.kind,
            text: event.text,
            evidence: event.evidence,
        }
    }
}

/// Keeps the incidents of a cluster. Those that another liftui has kept meanwhile stay.
pub(crate) fn keep(cluster: &str, incidents: &[Arc<Incident>]) {
    FILE.try_in(cluster, |path| write(path, incidents));
}

/// The incidents that were kept of a cluster, the oldest first; none where there is no file or it cannot be read.
pub(crate) fn read(cluster: &str) -> Vec<Arc<Incident>> {
    FILE.read(cluster).into_iter().map(Arc::new).collect()
}

/// Prints what was kept of the cluster, the newest first.
pub(crate) fn print(context: &mut CommandContext<'_>, args: &IncidentsArgs) -> Result {
    let cluster = context.cluster_name();
    let path = FILE.path(&cluster).ok_or_else(|| {
        CliError::new(
            Exit::FAILED,
            "there is no home folder, so no incident was kept",
        )
    })?;
    let read: std::io::Result<Vec<Incident>> = state_file::read(&path);
    let mut incidents = read.map_err(|error| {
        let path = path.display();
        let sentence = format!("{path} cannot be read: {error}; move it away to begin anew");
        CliError::new(Exit::FAILED, sentence)
    })?;
    let is_for_people = args.markdown || context.form(args.output) == OutputForm::Table;
    if incidents.is_empty() && is_for_people {
        let sentence = format!(
            "no incident of {cluster} was kept: a dashboard keeps what it sees go wrong, but for the demo's"
        );
        context.console.print_error(&sentence);
    }
    incidents.reverse();
    incidents.truncate(args.last.unwrap_or(usize::MAX));
    if args.markdown {
        let reports = incidents
            .iter()
            .map(|incident| incident.markdown(&cluster, &shown_times::display().zone));
        let text = reports.collect::<Vec<_>>().join("\n");
        write!(context.console.out, "{text}")?;
        context.console.out.flush()?;
        return Ok(Exit::DONE);
    }
    let rows: Vec<IncidentRow> = incidents.into_iter().map(IncidentRow::from).collect();
    context.printer(args.output).print_all(&rows)?;
    Ok(Exit::DONE)
}

fn write(path: &Path, incidents: &[Arc<Incident>]) -> std::io::Result<()> {
    let mut kept: Vec<Incident> = state_file::read(path).unwrap_or_default();
    kept.retain(|old| !incidents.iter().any(|new| overlaps(old, new)));
    kept.extend(incidents.iter().map(|incident| (**incident).clone()));
    kept.sort_by_key(|incident| incident.began);
    let surplus = kept.len().saturating_sub(IncidentRecorder::MAX_INCIDENTS);
    kept.drain(..surplus);
    state_file::replace(path, &kept)
}

/// Two dashboards that watch one cluster see the same incident, a moment apart.
fn overlaps(one: &Incident, other: &Incident) -> bool {
    let end = |incident: &Incident| incident.ended.unwrap_or(incident.seen);
    one.began <= end(other) && other.began <= end(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept_in(path: &Path) -> std::io::Result<Vec<Incident>> {
        state_file::read(path)
    }

    fn incident(began: i64, ended: i64, title: &str) -> Arc<Incident> {
        Arc::new(Incident {
            began,
            ended: Some(ended),
            seen: ended,
            title: title.to_owned(),
            ..Incident::default()
        })
    }

    #[test]
    fn what_another_dashboard_has_kept_stays_and_the_same_incident_is_kept_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("incidents").join("prod.json");
        write(
            &path,
            &[incident(10, 20, "first"), incident(50, 60, "second")],
        )
        .unwrap();
        write(&path, &[incident(11, 22, "first, seen by another")]).unwrap();
        let kept = kept_in(&path).unwrap();
        let titles: Vec<&str> = kept.iter().map(|one| one.title.as_str()).collect();
        assert_eq!(titles, ["first, seen by another", "second"]);
    }

    #[test]
    fn what_acts_on_a_terminal_is_escaped_in_the_file_and_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prod.json");
        let title = "a\u{1b}[2J\u{9b}31m\u{202e}\u{85}z";
        write(&path, &[incident(10, 20, title)]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{85}']));
        assert_eq!(kept_in(&path).unwrap()[0].title, title);
    }

    #[test]
    fn a_file_that_is_no_list_of_incidents_is_an_error_and_none_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prod.json");
        assert_eq!(kept_in(&path).unwrap(), []);
        std::fs::write(&path, "[{]").unwrap();
        assert!(kept_in(&path).is_err());
    }
}
