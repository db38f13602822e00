//! Finds the messages of one chunk that satisfy a list of terms, with as little work a message as the terms allow.
//! What a term means for one message is `predicate`'s.

use std::ops::Range;

use super::{Field, Needle, QueryRun, Term, Test, all_match};
use crate::store::chunk::{Chunk, MessageEntry, narrow, wide};
use crate::store::decode::is_plain;
use crate::store::message::MessageRef;

/// Indexes of the messages for which all terms hold, growing.
pub(super) fn scan(terms: &[Term], chunk: &Chunk, run: &QueryRun) -> Vec<u32> {
    if terms.iter().any(|term| refuses(term, chunk)) {
        return Vec::new();
    }
    match terms.iter().find_map(sweepable) {
        Some((field, needle)) => ChunkScan {
            terms,
            chunk,
            run,
            field,
            needle,
        }
        .run(),
        None => one_by_one(terms, chunk, run),
    }
}

/// Whether no message of the chunk can satisfy the term.
fn refuses(term: &Term, chunk: &Chunk) -> bool {
    match &term.test {
        Test::Partition(partitions) => {
            term.negated == partitions.binary_search(&chunk.partition()).is_ok()
        }
        Test::Contains(..) | Test::Offset(..) | Test::Size(..) | Test::Age(..) | Test::Cel(_) => {
            false
        }
    }
}

/// What can be searched for in the whole arena at once. The headers that the broker put there are not in it.
fn sweepable(term: &Term) -> Option<(&Field, &Needle)> {
    let Test::Contains(field, needle) = &term.test else {
        return None;
    };
    let in_arena = match field {
        Field::Any | Field::Key | Field::Value => true,
        Field::Header(name) => !matches!(&**name, "subject" | "reply"),
    };
    (in_arena && !term.negated && needle.can_sweep()).then_some((field, needle))
}

fn one_by_one(terms: &[Term], chunk: &Chunk, run: &QueryRun) -> Vec<u32> {
    let messages = chunk.iter().enumerate();
    let messages = messages.take_while(|_| !run.is_cancelled());
    let matching = messages.filter(|(_, message)| all_match(terms, message, run));
    matching.map(|(index, _)| narrow(index)).collect()
}

/// One pass over the arena. Each message with a hit is looked at once, then the search goes on behind it.
struct ChunkScan<'a> {
    terms: &'a [Term],
    chunk: &'a Chunk,
    run: &'a QueryRun,
    field: &'a Field,
    needle: &'a Needle,
}

impl ChunkScan<'_> {
    fn run(&self) -> Vec<u32> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(hit) = self.needle.find(&self.chunk.arena, from) {
            if self.run.is_cancelled() {
                break;
            }
            let Some((index, entry)) = self.message_at(hit.start) else {
                break;
            };
            if self.is_match(entry, &hit) {
                found.push(narrow(index));
            }
            from = entry.span().end.max(hit.start + 1);
        }
        if !self.grows() {
            found.reverse();
        }
        self.add_other_text(&mut found);
        found
    }

    /// Text in another encoding than the needle's has other bytes: those messages are looked at one by one.
    fn add_other_text(&self, found: &mut Vec<u32>) {
        if self.chunk.is_plain() {
            return;
        }
        let has_other_text = |message: &MessageRef<'_>| {
            let headers = message.publisher_headers().map(|(_, value)| value);
            let mut fields = [message.key(), message.value()].into_iter().chain(headers);
            fields.any(|field| !is_plain(field))
        };
        let messages = (0..).zip(self.chunk.iter());
        let others = messages
            .take_while(|_| !self.run.is_cancelled())
            .filter(|(index, _)| found.binary_search(index).is_err())
            .filter(|(_, message)| {
                has_other_text(message) && all_match(self.terms, message, self.run)
            });
        let others: Vec<u32> = others.map(|(index, _)| index).collect();
        found.extend(others);
        found.sort_unstable();
    }

    /// Whether the bytes lie in the order of offsets; a newest-first subscription writes them the other way round.
    fn grows(&self) -> bool {
        let entries = &self.chunk.entries;
        entries.first().map(|entry| entry.start) <= entries.last().map(|entry| entry.start)
    }

    /// The message that holds this byte. Messages without bytes hold none.
    fn message_at(&self, at: usize) -> Option<(usize, &MessageEntry)> {
        let entries = &self.chunk.entries;
        let index = if self.grows() {
            entries
                .partition_point(|entry| wide(entry.start) <= at)
                .checked_sub(1)?
        } else {
            entries.partition_point(|entry| wide(entry.start) > at)
        };
        Some((index, entries.get(index)?))
    }

    /// A hit that lies in the value is a match as it stands; any other may span two fields or only begin a match.
    fn is_match(&self, entry: &MessageEntry, hit: &Range<usize>) -> bool {
        let value = entry.value_span();
        let in_value = hit.start >= value.start && hit.end <= value.end;
        let looks_there = matches!(self.field, Field::Any | Field::Value);
        let is_match = in_value && looks_there && self.needle.finds_matches();
        let message = MessageRef {
            chunk: self.chunk,
            entry,
        };
        is_match && self.terms.len() == 1 || all_match(self.terms, &message, self.run)
    }
}
