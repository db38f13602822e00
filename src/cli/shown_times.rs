//! How this process shows times, and in which zone it reads those that are typed: one for all of its output.
//! Settings decide it; JSON, CSV and records stay in UTC.

use std::ffi::OsString;
use std::sync::OnceLock;

use super::args::{ClusterTask, Invocation, Task};
use crate::config::{SettingSource, Settings};
use crate::model::{TimeDisplay, Timestamp, Zone};

static DISPLAY: OnceLock<TimeDisplay> = OnceLock::new();
/// The zone of lists, which are in UTC where nobody has said otherwise.
static OF_LISTS: OnceLock<Zone> = OnceLock::new();

/// From now on times are shown as the settings say.
pub(crate) fn set(settings: &Settings) {
    let _first = DISPLAY.set(of_settings(settings));
    if settings.zone.source != SettingSource::Default {
        let _first = OF_LISTS.set(settings.zone.value.clone());
    }
}

/// How these settings show times.
pub(crate) fn of_settings(settings: &Settings) -> TimeDisplay {
    TimeDisplay {
        zone: settings.zone.value.clone(),
        ages: settings.ages.value,
    }
}

/// How times are shown.
pub(crate) fn display() -> TimeDisplay {
    DISPLAY.get().cloned().unwrap_or_default()
}

/// A time of a list in full.
pub(crate) fn in_list(time: Timestamp) -> String {
    let Some(zone) = OF_LISTS.get() else {
        return time.to_rfc3339();
    };
    let zone = zone.clone();
    TimeDisplay { zone, ages: false }.rfc3339(time)
}

/// The task with the times that were typed read in the zone that the settings have named: they were read before these were known.
pub(crate) fn in_zone(task: ClusterTask, arguments: &[OsString]) -> ClusterTask {
    if display().zone == Zone::Local {
        return task;
    }
    match Invocation::read(arguments).map(|invocation| invocation.task) {
        Ok(Some(Task::Cluster(task))) => task,
        Ok(_) | Err(_) => task,
    }
}
