//! What this process costs, under the names that Prometheus' own clients use. What the system does not tell is left out.

use std::fs;
use std::time::Duration;

#[cfg(unix)]
use rustix::process::{Resource, getrlimit};
#[cfg(unix)]
use rustix::time::{ClockId, clock_gettime};

use crate::cli::exporter::exposition::{Family, Metric, MetricKind};
use crate::model::Timestamp;

const CPU: Metric = Metric::new(
    "process_cpu_seconds",
    MetricKind::Counter,
    "seconds",
    "CPU time spent, user and system",
);
const START: Metric = Metric::seconds(
    "process_start_time_seconds",
    "When the process began, since 1970",
);
const RESIDENT: Metric = Metric::new(
    "process_resident_memory_bytes",
    MetricKind::Gauge,
    "bytes",
    "Memory in use",
);
const VIRTUAL: Metric = Metric::new(
    "process_virtual_memory_bytes",
    MetricKind::Gauge,
    "bytes",
    "Addresses in use",
);
const OPEN_FILES: Metric = Metric::gauge("process_open_fds", "Open files and connections");
const MOST_FILES: Metric = Metric::gauge("process_max_fds", "Open files and connections at most");

/// When the process began.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli::exporter) struct ProcessStart(pub(in crate::cli::exporter) Timestamp);

impl ProcessStart {
    /// What the process costs now.
    pub(super) fn families(self) -> [Family; 6] {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let files = fs::read_dir("/proc/self/fd").ok();
        let began = u64::try_from(self.0.0).ok().map(Duration::from_nanos);
        [
            Family::of_known(CPU, cpu_time().map(|time| time.as_secs_f64())),
            Family::of_known(START, began.map(|began| began.as_secs_f64())),
            Family::of_known(RESIDENT, bytes_of(&status, "VmRSS:")),
            Family::of_known(VIRTUAL, bytes_of(&status, "VmSize:")),
            // One of them is the folder that is read.
            Family::of_known(
                OPEN_FILES,
                files.map(|files| files.count().saturating_sub(1)),
            ),
            Family::of_known(MOST_FILES, most_files()),
        ]
    }
}

#[cfg(unix)]
fn most_files() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

#[cfg(unix)]
fn cpu_time() -> Option<Duration> {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let nanos = u32::try_from(time.tv_nsec).ok()?;
    Some(Duration::new(seconds, nanos))
}

#[cfg(not(unix))]
fn most_files() -> Option<u64> {
    None
}

#[cfg(not(unix))]
fn cpu_time() -> Option<Duration> {
    None
}

/// A size in Linux' account of a process, which is in KiB.
fn bytes_of(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let size: u64 = line.split_whitespace().next()?.parse().ok()?;
    size.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_where_the_system_tells_them() {
        let status = "Name:\tliftui\nVmSize:\t  2048 kB\nVmRSS:\t  12 kB\n";
        assert_eq!(bytes_of(status, "VmRSS:"), Some(12_288));
        assert_eq!(bytes_of(status, "VmSwap:"), None);
        assert_eq!(bytes_of("", "VmRSS:"), None);
    }
}
