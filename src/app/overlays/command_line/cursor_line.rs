//! A line that moves cursors: what is wrong with it, and the same for all partitions of a cursor.

use super::command_of;
use crate::app::command::Argument;
use crate::app::context::Context;
use crate::health::Truth;
use crate::model::CursorMoveSpec;

/// What is wrong with a line that moves cursors: it is long, and kept until it is right.
pub(super) fn wrong_place(line: &str, context: &Context) -> Option<String> {
    let moves = moved_cursors(line).filter(|rest| !rest.is_empty())?;
    CursorMoveSpec::parse(moves, context.now, &context.times.zone).err()
}

/// What follows `cursor` on a line that moves cursors.
fn moved_cursors(line: &str) -> Option<&str> {
    let (word, rest) = line.trim().split_once(char::is_whitespace)?;
    let command = command_of(word)?;
    (command.argument() == Argument::Cursor).then(|| rest.trim_start())
}

/// The line with all partitions of the cursor in place of those that it names, and how many these are; `None` where it
/// names no cursor, or several, or all partitions already.
pub(crate) fn in_all_partitions(line: &str, truth: &Truth) -> Option<(String, usize)> {
    let rest = moved_cursors(line)?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let ["set", id, target, ..] = words.as_slice() else {
        return None;
    };
    let (stream, _) = target.rsplit_once(':')?;
    let is_alone = words.get(3).is_none_or(|next| next.starts_with("--"));
    let entries = truth.cursors.iter().map(|cursor| &cursor.entry);
    let own = entries.filter(|entry| *entry.id == **id && *entry.stream == *stream);
    let count = own.count();
    (is_alone && count > 1).then(|| (line.replacen(target, stream, 1), count))
}
