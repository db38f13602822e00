//! How many series there may be of what a cluster may have many of, and what was left out for that.

use crate::cli::exporter::exposition::{Family, Labels, Metric};

const DROPPED: Metric = Metric::gauge(
    "liftui_dropped_series",
    "Series left out for --max-series, by what they are of",
);

/// What a series is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SeriesOf {
    Finding,
    Group,
    Cursor,
    Stream,
}

impl SeriesOf {
    const ALL: [Self; 4] = [Self::Finding, Self::Group, Self::Cursor, Self::Stream];

    fn as_str(self) -> &'static str {
        match self {
            Self::Finding => "finding",
            Self::Group => "group",
            Self::Cursor => "cursor",
            Self::Stream => "stream",
        }
    }
}

/// Counts down.
#[derive(Debug)]
pub(super) struct SeriesLimit {
    left: usize,
    dropped: [usize; SeriesOf::ALL.len()],
}

impl SeriesLimit {
    /// So many, and no more.
    pub(super) fn new(most: usize) -> Self {
        Self {
            left: most,
            dropped: [0; SeriesOf::ALL.len()],
        }
    }

    /// Whether there is room for so many at once: a stream is there whole or not at all. What finds none is counted.
    pub(super) fn takes(&mut self, count: usize, of: SeriesOf) -> bool {
        if let Some(left) = self.left.checked_sub(count) {
            self.left = left;
            return true;
        }
        for (dropped, one) in self.dropped.iter_mut().zip(SeriesOf::ALL) {
            if one == of {
                *dropped += count;
            }
        }
        false
    }

    /// What was left out.
    pub(super) fn family(&self) -> Family {
        let mut family = Family::new(DROPPED);
        for (dropped, of) in self.dropped.iter().zip(SeriesOf::ALL) {
            family.push(&Labels::default().with("of", of.as_str()), dropped);
        }
        family
    }
}
