//! Cursors that were moved from here, for a while: whether each stays where it was moved, and what is said where it does not.
//!
//! Offsets alone tell where a cursor stood, where it was moved and where it stands now, and nothing tells who stored that:
//! what follows from them is said, and what does not is said to be unknown.

use std::collections::BTreeMap;
use std::time::Duration;

use super::context::Context;
use super::notice::Level;
use super::row_key::{CursorKey, find_cursor};
use crate::health::Truth;
use crate::model::{
    CursorEntry, CursorMove, Offset, Operation, PartitionId, StreamName, Timestamp, counted,
    exact_age, format_ranges, grouped,
};

/// How long a cursor is watched after it was moved: consumers store theirs every few seconds.
const WATCHED_FOR: Duration = Duration::from_secs(30);

/// The clock is the last tick's: what was read within a second after that may be older than the move.
const BETWEEN_TICKS: Duration = Duration::from_secs(1);

/// The cursors that are moved, or were a short time ago.
#[derive(Clone, Debug, Default)]
pub(super) struct MovedCursors(BTreeMap<CursorKey, WatchedCursor>);

/// A cursor that is watched.
#[derive(Clone, Copy, Debug)]
struct WatchedCursor {
    /// The last offset that was read before; `None` where it never stored one.
    from: Option<Offset>,
    to: Offset,
    /// Offsets read a second before it was moved, where that is known.
    speed: Option<f64>,
    /// When a broker had stored it there; `None` before that.
    moved: Option<Timestamp>,
}

/// What became of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum MoveOutcome {
    /// It stands there.
    Stands,
    /// Its consumer has gone on from there.
    WentOn,
    /// Its consumer has stored its own place over it.
    Overwritten,
    /// The same, or its consumer has read all again up to where it was.
    OverwrittenOrReadAgain,
    /// It stands where no consumer of its comes to, neither from there nor from where it was.
    Elsewhere,
    /// Its consumer may have gone on from there, or from where it was.
    Unknown,
}

/// Where a cursor was moved from and to, and where it stands now.
#[derive(Clone, Copy, Debug)]
struct PlaceAfterMove {
    partition: PartitionId,
    from: Option<Offset>,
    to: Offset,
    at: Offset,
    /// How long after the move that was stored.
    after: Duration,
}

impl MovedCursors {
    /// Whether any is watched.
    pub(super) fn is_watching(&self) -> bool {
        !self.0.is_empty()
    }

    /// These cursors are about to be moved.
    pub(super) fn expect(&mut self, moves: Vec<(CursorKey, CursorMove)>, truth: &Truth) {
        for (key, planned) in moves {
            let watched = WatchedCursor {
                from: planned.from,
                to: planned.to,
                speed: find_cursor(&key, truth).and_then(|cursor| cursor.speed),
                moved: None,
            };
            self.0.insert(key, watched);
        }
    }

    /// Something was done, or not.
    pub(super) fn on_outcome(&mut self, operation: &Operation, is_done: bool, now: Timestamp) {
        let Operation::SetCursor {
            id,
            stream,
            partition,
            ..
        } = operation
        else {
            return;
        };
        let key = (id.as_str().into(), StreamName::clone(stream), *partition);
        let stays = |watched: &WatchedCursor| watched.from == Some(watched.to);
        match self.0.get_mut(&key) {
            Some(watched) if is_done && !stays(watched) => watched.moved = Some(now),
            Some(_) => drop(self.0.remove(&key)),
            None => {}
        }
    }

    /// Cursors were read: says which ones went elsewhere than they were moved to.
    pub(super) fn on_cursors(&mut self, entries: &[CursorEntry], context: &mut Context) {
        let now = context.now;
        let is_recent = |moved: Timestamp| moved.age(now) <= WATCHED_FOR;
        self.0.retain(|_, one| one.moved.is_none_or(is_recent));
        if !self.is_watching() {
            return;
        }
        let mut found: BTreeMap<(String, StreamName, MoveOutcome), Vec<PlaceAfterMove>> =
            BTreeMap::new();
        for entry in entries {
            let key = entry.key();
            let Some((watched, after)) = self.0.get(&key).and_then(|one| one.read_after(entry))
            else {
                continue;
            };
            let outcome = watched.outcome(entry.offset, after);
            if outcome == MoveOutcome::Stands {
                continue;
            }
            let one = PlaceAfterMove {
                partition: entry.partition,
                from: watched.from,
                to: watched.to,
                at: entry.offset,
                after,
            };
            self.0.remove(&key);
            let cursor = match entry.group() {
                Some(group) => format!("the cursor of group {group}"),
                None => format!("cursor {}", entry.id),
            };
            found.entry((cursor, key.1, outcome)).or_default().push(one);
        }
        for ((cursor, stream, outcome), places) in &found {
            if let Some(text) = sentence(cursor, stream, *outcome, places) {
                context.notify(Level::Warning, text);
            }
        }
    }
}

impl WatchedCursor {
    /// This, and how long after the move that was read, where it certainly was after it.
    fn read_after(self, entry: &CursorEntry) -> Option<(Self, Duration)> {
        let moved = self.moved?;
        let is_after = entry.read_at > moved.plus(BETWEEN_TICKS);
        is_after.then(|| (self, moved.age(entry.read_at)))
    }

    fn outcome(self, at: Offset, after: Duration) -> MoveOutcome {
        let to = self.to;
        if at == to {
            return MoveOutcome::Stands;
        }
        let Some(from) = self.from else {
            return if at < to {
                MoveOutcome::Overwritten
            } else {
                MoveOutcome::WentOn
            };
        };
        if to < from {
            return match at {
                _ if at < to => MoveOutcome::Elsewhere,
                _ if at < from => MoveOutcome::WentOn,
                _ => MoveOutcome::OverwrittenOrReadAgain,
            };
        }
        match at {
            _ if at < from => MoveOutcome::Elsewhere,
            _ if at < to => MoveOutcome::Overwritten,
            _ if self.can_have_read(at.saturating_sub(from), after) => MoveOutcome::Unknown,
            _ => MoveOutcome::WentOn,
        }
    }

    /// Whether it may have read so many offsets meanwhile, at twice its speed.
    fn can_have_read(self, offsets: i64, after: Duration) -> bool {
        let count = Duration::from_secs(u64::try_from(offsets).unwrap_or(0)).as_secs_f64();
        let speed = self.speed;
        speed.is_none_or(|speed| count <= 2.0 * speed * (after + BETWEEN_TICKS).as_secs_f64())
    }
}

/// What became of the move of a cursor, where that is news: where to and where it stands, what to do, and why.
fn sentence(
    cursor: &str,
    stream: &str,
    outcome: MoveOutcome,
    found: &[PlaceAfterMove],
) -> Option<String> {
    let first = found.first()?;
    let (to, at) = (grouped(first.to), grouped(first.at));
    let later = exact_age(first.after);
    let ids: Vec<PartitionId> = found.iter().map(|one| one.partition).collect();
    let places = format_ranges(&ids);
    let what = match found {
        [_] => {
            format!("{cursor} was moved to {to} of {stream}:{places} and is at {at} {later} later")
        }
        _ => format!(
            "{cursor} was moved on {stream}:{places} and is elsewhere {later} later, on {} at {at} and not at {to}",
            first.partition
        ),
    };
    let from = first.from.map_or_else(|| "nowhere".to_owned(), grouped);
    let again = first.at.saturating_sub(first.to);
    Some(match outcome {
        MoveOutcome::Stands | MoveOutcome::WentOn => return None,
        MoveOutcome::Overwritten => {
            format!(
                "{what}: stop its consumer and move it again; it runs, and has stored its own place"
            )
        }
        MoveOutcome::OverwrittenOrReadAgain => format!(
            "{what}: stop its consumer and move it again; it runs, and has stored its own place, unless it has read {} again since",
            counted(again, "offset")
        ),
        MoveOutcome::Elsewhere => {
            format!("{what}: somebody else has moved it, too; it came from {from}")
        }
        MoveOutcome::Unknown => format!(
            "{what}: nobody can tell whether its consumer went on from there or from {from}; stop it first to be sure"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(from: Option<Offset>, to: Offset, at: Offset, speed: Option<f64>) -> MoveOutcome {
        let moved = Some(Timestamp(0));
        let watched = WatchedCursor {
            from,
            to,
            speed,
            moved,
        };
        watched.outcome(at, Duration::from_secs(4))
    }

    #[test]
    fn offsets_tell_what_became_of_a_move_as_far_as_they_can() {
        for (from, to, at, expected) in [
            (Some(900), 100, 100, MoveOutcome::Stands),
            (Some(900), 100, 130, MoveOutcome::WentOn),
            (Some(900), 100, 899, MoveOutcome::WentOn),
            (Some(900), 100, 900, MoveOutcome::OverwrittenOrReadAgain),
            (Some(900), 100, 905, MoveOutcome::OverwrittenOrReadAgain),
            (Some(900), 100, 99, MoveOutcome::Elsewhere),
            (Some(900), 1_500, 1_500, MoveOutcome::Stands),
            (Some(900), 1_500, 900, MoveOutcome::Overwritten),
            (Some(900), 1_500, 905, MoveOutcome::Overwritten),
            (Some(900), 1_500, 899, MoveOutcome::Elsewhere),
            // At ten a second it has not read 600 within these seconds.
            (Some(900), 1_500, 1_501, MoveOutcome::WentOn),
            (Some(900), 910, 950, MoveOutcome::Unknown),
            (None, 50, 50, MoveOutcome::Stands),
            (None, 50, 60, MoveOutcome::WentOn),
            (None, 50, 3, MoveOutcome::Overwritten),
        ] {
            let found = outcome(from, to, at, Some(10.0));
            assert_eq!(found, expected, "{from:?} to {to}, at {at}");
        }
        assert_eq!(outcome(Some(900), 1_500, 1_501, None), MoveOutcome::Unknown);
    }

    #[test]
    fn partitions_of_the_same_fate_are_one_sentence() {
        let found = |partition| PlaceAfterMove {
            partition,
            from: Some(1_900),
            to: 100,
            at: 1_905,
            after: Duration::from_secs(4),
        };
        let outcome = MoveOutcome::OverwrittenOrReadAgain;
        let one = sentence("cursor billing", "orders", outcome, &[found(2)]);
        let expected = "cursor billing was moved to 100 of orders:2 and is at 1,905 4s later: stop its consumer and move it \
            again; it runs, and has stored its own place, unless it has read 1,805 offsets again since";
        assert_eq!(one.as_deref(), Some(expected));
        let all = [found(0), found(1), found(2)];
        let several = sentence("cursor billing", "orders", outcome, &all).unwrap_or_default();
        let expected = "cursor billing was moved on orders:0-2 and is elsewhere 4s later, on 0 at 1,905 and not at 100: stop";
        assert!(several.starts_with(expected), "{several}");
    }
}
