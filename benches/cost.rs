//! The clocks of a bench: time, work, memory. What is measured with them is the benches'.

use std::fs;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::demo_cluster::Outcome;

/// How long something took, and how much work of this process: user and system time together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

impl Cost {
    /// The better of both in each.
    pub(crate) fn best(self, other: Self) -> Self {
        Self {
            wall: self.wall.min(other.wall),
            cpu: self.cpu.min(other.cpu),
        }
    }
}

/// A time in milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Starts to measure.
pub(crate) struct Meter {
    begun: Instant,
    cpu: Duration,
}

impl Meter {
    /// From now on.
    pub(crate) fn start() -> Outcome<Self> {
        Ok(Self {
            begun: Instant::now(),
            cpu: own_cpu()?,
        })
    }

    /// Until now.
    pub(crate) fn stop(&self) -> Outcome<Cost> {
        Ok(Cost {
            wall: self.begun.elapsed(),
            cpu: own_cpu()?.saturating_sub(self.cpu),
        })
    }
}

fn own_cpu() -> Outcome<Duration> {
    Ok(Duration::try_from(clock_gettime(ClockId::ProcessCPUTime))?)
}

/// The work of all children that have ended and were waited for, to a hundredth of a second.
pub(crate) fn childrens_cpu() -> Outcome<Duration> {
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(") ").ok_or("/proc/self/stat is odd")?;
    // proc(5): cutime and cstime are fields 16 and 17, the state behind the name is field 3.
    let ticks = fields.split_whitespace().skip(13).take(2);
    let ticks: Result<Vec<u32>, _> = ticks.map(str::parse).collect();
    Ok(TICK * ticks?.iter().sum())
}

/// What of this process is in memory, in bytes.
pub(crate) fn resident_bytes() -> Outcome<u64> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    let pages = statm
        .split_whitespace()
        .nth(1)
        .ok_or("/proc/self/statm is odd")?;
    Ok(pages.parse::<u64>()? * 4096)
}
