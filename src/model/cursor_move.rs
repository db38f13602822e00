//! Moving a cursor: where it is to go, as it is typed, and what its consumer will read again or skip by that.
//! Where in the log that is, the client finds out.

use std::collections::BTreeMap;

use chrono::TimeZone;

use super::{
    CursorEntry, Offset, Operation, PartitionId, StartAt, StreamName, Timestamp, format_ranges,
    parse_ranges, parse_start,
};

/// Where a cursor is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CursorGoal {
    /// The next message that is read is the first one which a subscription gets that starts there.
    Next(StartAt),
    /// So many offsets on, or back where it is negative; within what the log holds.
    By(i64),
    /// The last offset that was read is this one, be it kept still or not; none beyond the end.
    At(Offset),
}

impl CursorGoal {
    /// The message to read next, as it is typed: a place to start, or `end` for nothing that is there.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse_next<Z: TimeZone>(text: &str, now: Timestamp, zone: &Z) -> Result<Self, String> {
        if text == "end" {
            return Ok(Self::Next(StartAt::New));
        }
        parse_start(text, now, zone).map(Self::Next)
    }
}

/// A cursor and where it is to go, in one partition or in all that it has read of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorMoveSpec {
    /// The cursor's id; of a group's, `__group:` and the group's id.
    pub id: String,
    /// The stream.
    pub stream: StreamName,
    /// The partition; `None`: all that it has read of.
    pub partition: Option<PartitionId>,
    /// Where it goes.
    pub goal: CursorGoal,
}

impl CursorMoveSpec {
    /// Reads what follows `cursor` on the dashboard's command line: `set ID STREAM[:PARTITIONS] --to SEEK`, `--by N` or an
    /// offset; several cursors one after the other, each with its partitions. A spec for each partition that is named.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the line.
    pub fn parse<Z: TimeZone>(line: &str, now: Timestamp, zone: &Z) -> Result<Vec<Self>, String> {
        const FORM: &str = "cursor set ID STREAM:PARTITION --to SEEK, or --by N";
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["set", words @ ..] = words.as_slice() else {
            return Err(format!("write {FORM}"));
        };
        let option = words.iter().position(|word| word.starts_with("--"));
        // An offset stands alone behind the last partition.
        let named = option.unwrap_or(words.len() - words.len() % 2);
        let (cursors, how) = words.split_at_checked(named).unwrap_or((words, &[]));
        if cursors.is_empty() || cursors.len() % 2 != 0 {
            return Err(format!("write {FORM}"));
        }
        let goal = match how {
            ["--to", seek @ ..] if !seek.is_empty() => {
                CursorGoal::parse_next(&seek.join(" "), now, zone)?
            }
            ["--by", count] => CursorGoal::By(number(count)?),
            [offset] if !offset.starts_with("--") => {
                let offset = number(offset)?;
                check_cursor_offset(offset)?;
                CursorGoal::At(offset)
            }
            _ => return Err(format!("where to is missing: {FORM}")),
        };
        let mut specs = Vec::new();
        for pair in cursors.chunks_exact(2) {
            let [id, target] = pair else { continue };
            let (stream, partitions) = stream_and_partitions(target)?;
            if partitions.is_none() && cursors.len() > 2 {
                return Err(format!(
                    "of several cursors name the partitions: {stream}:0,2-4"
                ));
            }
            let partitions = match partitions {
                Some(ids) => ids.into_iter().map(Some).collect(),
                None => vec![None],
            };
            let spec = |partition| Self {
                id: (*id).to_owned(),
                stream: stream.as_str().into(),
                partition,
                goal,
            };
            specs.extend(partitions.into_iter().map(spec));
        }
        let is_one = matches!(specs.as_slice(), [one] if one.partition.is_some());
        if !is_one && matches!(goal, CursorGoal::At(_)) {
            return Err("several partitions at once take --to or --by".to_owned());
        }
        Ok(specs)
    }

    /// The line that moves this cursor, but for where to.
    pub fn line_of(cursor: &CursorEntry) -> String {
        Self::line_of_each([cursor])
    }

    /// The line that moves these cursors, but for where to: partitions of one cursor together.
    pub fn line_of_each<'a>(cursors: impl IntoIterator<Item = &'a CursorEntry>) -> String {
        let mut partitions: BTreeMap<(&str, &str), Vec<PartitionId>> = BTreeMap::new();
        for cursor in cursors {
            let own = partitions.entry((&cursor.id, &cursor.stream)).or_default();
            own.push(cursor.partition);
        }
        let each = partitions.into_iter().map(|((id, stream), mut ids)| {
            ids.sort_unstable();
            ids.dedup();
            format!("{id} {stream}:{}", format_ranges(&ids))
        });
        let each: Vec<String> = each.collect();
        format!("set {} --to ", each.join(" "))
    }

    /// Setting it so in one partition.
    pub fn setting(&self, moved: &CursorMove) -> Operation {
        Operation::SetCursor {
            id: self.id.clone(),
            stream: StreamName::clone(&self.stream),
            partition: moved.partition,
            offset: moved.to,
        }
    }
}

/// What moving one cursor would do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CursorMove {
    /// The partition that it reads.
    pub partition: PartitionId,
    /// The last offset that was read by now; `None` where it never stored one.
    pub from: Option<Offset>,
    /// The same after the move: one less than the first message to read.
    pub to: Offset,
    /// When the message was stored that would be read next without the move; `None` where there is none, or nobody can say.
    pub next_before: Option<Timestamp>,
    /// The same with the move.
    pub next_after: Option<Timestamp>,
    /// The newest committed offset: beyond it there is nothing to read again. `None` where that is unknown.
    #[cfg_attr(feature = "dashboard", serde(default))]
    pub newest: Option<Offset>,
}

impl CursorMove {
    /// A move from one offset to another.
    pub fn new(partition: PartitionId, from: Option<Offset>, to: Offset) -> Self {
        Self {
            partition,
            from,
            to,
            next_before: None,
            next_after: None,
            newest: None,
        }
    }

    /// Offsets that are read again (negative) or skipped; `None` for a cursor that never stored one.
    pub fn change(&self) -> Option<i64> {
        // Below -1 there is as little to read as at it, and other clients store what they like; beyond the end, too.
        let (from, to) = (self.from?.max(-1), self.to.max(-1));
        let end = self.newest.unwrap_or(Offset::MAX).max(to);
        Some(to.saturating_sub(from.min(end)))
    }

    /// How many offsets are read again or skipped, and which of the two; `None` where neither is so, or nobody can say.
    pub fn effect(&self) -> Option<(u64, &'static str)> {
        match self.change()? {
            0 => None,
            change @ ..0 => Some((change.unsigned_abs(), "read again")),
            change => Some((change.unsigned_abs(), "skipped")),
        }
    }
}

/// Reads `STREAM:PARTITIONS`, as in `orders:0,2-4`, or `STREAM`.
fn stream_and_partitions(text: &str) -> Result<(String, Option<Vec<PartitionId>>), String> {
    let Some((stream, partitions)) = text.rsplit_once(':') else {
        return Ok((text.to_owned(), None));
    };
    if stream.is_empty() {
        return Err(format!(
            "\"{text}\" is not STREAM:PARTITION, as in orders:0"
        ));
    }
    Ok((stream.to_owned(), Some(parse_ranges(partitions)?)))
}

/// Reads `STREAM:PARTITION` or `STREAM`.
///
/// # Errors
/// A sentence that says what is wrong with the text.
pub fn stream_or_partition(text: &str) -> Result<(String, Option<PartitionId>), String> {
    match stream_partition(text) {
        Ok((stream, partition)) => Ok((stream, Some(partition))),
        Err(_) if !text.is_empty() && !text.contains(':') => Ok((text.to_owned(), None)),
        Err(sentence) => Err(sentence),
    }
}

/// Reads `STREAM:PARTITION`; a stream's own name may hold colons.
///
/// # Errors
/// A sentence that says what is wrong with the text.
pub fn stream_partition(text: &str) -> Result<(String, PartitionId), String> {
    let parts = text.rsplit_once(':').and_then(|(stream, partition)| {
        let digits = !stream.is_empty() && partition.bytes().all(|byte| byte.is_ascii_digit());
        let partition = partition.parse().ok().filter(|_| digits)?;
        Some((stream.to_owned(), partition))
    });
    parts.ok_or_else(|| format!("\"{text}\" is not STREAM:PARTITION, as in orders:0"))
}

/// Whether a cursor can stand at that offset: at that of a message, or at -1, before all of them.
///
/// # Errors
/// A sentence that says why it cannot.
pub fn check_cursor_offset(offset: Offset) -> Result<(), String> {
    if offset < -1 {
        return Err(format!(
            "a cursor is at the offset of a message, or at -1 where it has read none: {offset} is neither"
        ));
    }
    Ok(())
}

fn number(text: &str) -> Result<i64, String> {
    text.parse()
        .map_err(|_not_a_number| format!("\"{text}\" is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Vec<(String, Option<PartitionId>, CursorGoal)>, String> {
        let specs = CursorMoveSpec::parse(line, Timestamp(0), &chrono::Utc)?;
        let one = |spec: CursorMoveSpec| {
            let cursor = format!("{} {}", spec.id, spec.stream);
            (cursor, spec.partition, spec.goal)
        };
        Ok(specs.into_iter().map(one).collect())
    }

    #[test]
    fn a_line_says_which_cursor_and_where_to() {
        let earliest = CursorGoal::Next(StartAt::Earliest);
        for (line, expected) in [
            (
                "set billing orders --to earliest",
                vec![("billing orders", None, earliest)],
            ),
            (
                "set billing orders --to end",
                vec![("billing orders", None, CursorGoal::Next(StartAt::New))],
            ),
            (
                "set billing orders:2 --by -5",
                vec![("billing orders", Some(2), CursorGoal::By(-5))],
            ),
            (
                "set billing orders:2 17",
                vec![("billing orders", Some(2), CursorGoal::At(17))],
            ),
            (
                "set billing orders:0,2 stock items:1 --to earliest",
                vec![
                    ("billing orders", Some(0), earliest),
                    ("billing orders", Some(2), earliest),
                    ("stock items", Some(1), earliest),
                ],
            ),
        ] {
            let specs = parse(line).expect(line);
            let specs: Vec<_> = specs
                .iter()
                .map(|(cursor, id, goal)| (&**cursor, *id, *goal))
                .collect();
            assert_eq!(specs, expected, "{line}");
        }
        for wrong in [
            "",
            "get billing orders:0",
            "set",
            "set billing",
            "set billing orders",
            "set billing orders --to",
            "set billing orders --by much",
            "set billing orders 17",
            "set billing orders:0,1 17",
            "set billing orders:0 -2",
            "set billing orders: --by 1",
            "set billing orders --to soon",
            "set billing orders stock items --to end",
            "set billing orders:0 stock --to end",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_partitions_of_a_cursor_stand_together_in_its_line() {
        let entry = |id: &str, stream: &str, partition| CursorEntry {
            id: id.into(),
            stream: stream.into(),
            partition,
            offset: 0,
            time: Timestamp(0),
            read_at: Timestamp(0),
        };
        let marked = [
            entry("billing", "orders", 3),
            entry("stock", "items", 1),
            entry("billing", "orders", 0),
            entry("billing", "orders", 1),
            entry("billing", "orders", 2),
        ];
        let line = CursorMoveSpec::line_of_each(&marked);
        assert_eq!(line, "set billing orders:0-3 stock items:1 --to ");
        let line = format!("{line}end");
        assert_eq!(parse(&line).expect("it is whole").len(), 5);
    }
}
