//! Which texts come most often, in bounded memory: the sketch of Misra and Gries, which counts a group of texts at most and, when
//! there are too many, takes the same from each count. What it took is how far any count may be off, and that is never more than all
//! that was counted divided by how many are kept.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use serde::{Deserialize, Serialize};

/// Texts that are kept when there are too many of them.
const KEPT: usize = 4_096;
/// Bytes that are kept of a long text: the others are told apart by their hash.
const LONGEST: usize = 128;

/// A text, whole or by its beginning, its length and its hash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ItemKey {
    start: Box<[u8]>,
    rest: Option<(usize, u64)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct ItemCount {
    messages: u64,
    bytes: u64,
}

/// Counts of texts.
#[derive(Debug)]
pub(in crate::store) struct FrequentItems {
    counts: HashMap<ItemKey, ItemCount>,
    hasher: RandomState,
    /// Texts that are kept when there are too many of them.
    kept: usize,
    /// What was taken from each count, and so may be missing from it.
    missing: u64,
}

impl Default for FrequentItems {
    fn default() -> Self {
        Self::with_kept(KEPT)
    }
}

/// A text that comes often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrequentItem {
    /// The text, or its beginning.
    pub text: Vec<u8>,
    /// Whether more of it followed.
    pub is_cut: bool,
    /// Messages at least.
    pub messages: u64,
    /// Messages at most: as many as at least, where the count is exact.
    pub messages_max: u64,
    /// Bytes of these messages, at least.
    pub bytes: u64,
}

impl FrequentItems {
    /// Nothing yet; of too many texts so many are kept.
    pub(in crate::store) fn with_kept(kept: usize) -> Self {
        Self {
            counts: HashMap::new(),
            hasher: RandomState::new(),
            kept,
            missing: 0,
        }
    }

    /// Counts a message of so many bytes under that text.
    pub(in crate::store) fn add(&mut self, text: &[u8], bytes: u64) {
        let key = self.key(text);
        let count = self.counts.entry(key).or_default();
        count.messages += 1;
        count.bytes += bytes;
        if self.counts.len() > 2 * self.kept {
            self.prune();
        }
    }

    fn key(&self, text: &[u8]) -> ItemKey {
        let (start, rest) = text.split_at(text.len().min(LONGEST));
        ItemKey {
            start: start.into(),
            rest: (!rest.is_empty()).then(|| (text.len(), self.hasher.hash_one(text))),
        }
    }

    /// Takes from each count that of the first one which is not kept.
    fn prune(&mut self) {
        let mut counts: Vec<u64> = self.counts.values().map(|count| count.messages).collect();
        let (_, taken, _) = counts.select_nth_unstable_by(self.kept, |one, other| other.cmp(one));
        let taken = *taken;
        self.missing += taken;
        self.counts.retain(|_, count| {
            count.messages = count.messages.saturating_sub(taken);
            count.messages > 0
        });
    }

    /// Whether counts are estimates: texts have been left out.
    pub(super) fn is_estimated(&self) -> bool {
        self.missing > 0
    }

    /// How many different texts were seen: all, or at least so many where counts are estimates.
    pub(super) fn distinct(&self) -> usize {
        if self.is_estimated() {
            return 2 * self.kept + 1;
        }
        self.counts.len()
    }

    /// Those that come most often, at most so many; of equal ones the first by name.
    pub(in crate::store) fn top(&self, most: usize) -> Vec<FrequentItem> {
        let mut items: Vec<_> = self.counts.iter().collect();
        let by_count = |one: &(&ItemKey, &ItemCount), other: &(&ItemKey, &ItemCount)| {
            let messages = other.1.messages.cmp(&one.1.messages);
            messages.then_with(|| one.0.start.cmp(&other.0.start))
        };
        if items.len() > most {
            items.select_nth_unstable_by(most, by_count);
            items.truncate(most);
        }
        items.sort_by(by_count);
        let item = |(key, count): (&ItemKey, &ItemCount)| FrequentItem {
            text: whole_characters(&key.start, key.rest.is_some()).to_vec(),
            is_cut: key.rest.is_some(),
            messages: count.messages,
            messages_max: count.messages + self.missing,
            bytes: count.bytes,
        };
        items.into_iter().map(item).collect()
    }
}

/// The text, without the rest of a character that was cut.
fn whole_characters(text: &[u8], is_cut: bool) -> &[u8] {
    match std::str::from_utf8(text) {
        Err(error) if is_cut && error.error_len().is_none() => {
            text.get(..error.valid_up_to()).unwrap_or(text)
        }
        Ok(_) | Err(_) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_texts_are_counted_exactly() {
        let mut items = FrequentItems::default();
        for text in ["b", "a", "b", "c", "b", "c"] {
            items.add(text.as_bytes(), 10);
        }
        let top = items.top(2);
        let counts: Vec<_> = top
            .iter()
            .map(|item| (&*item.text, item.messages, item.messages_max, item.bytes))
            .collect();
        assert_eq!(counts, [(&b"b"[..], 3, 3, 30), (b"c", 2, 2, 20)]);
        assert_eq!((items.distinct(), items.is_estimated()), (3, false));
    }

    #[test]
    fn of_very_many_texts_the_frequent_ones_are_found_and_their_counts_lie_between_both_bounds() {
        let mut items = FrequentItems::default();
        let (total, often) = (200_000_u64, 5_000);
        for number in 0..total {
            items.add(format!("once-{number}").as_bytes(), 1);
            if number % (total / often) == 0 {
                items.add(b"often", 1);
            }
        }
        let top = items.top(1).remove(0);
        assert_eq!(top.text, b"often");
        assert!(
            top.messages <= often && often <= top.messages_max,
            "{top:?}"
        );
        let most_off = (total + often) / u64::try_from(KEPT).unwrap();
        assert!(top.messages_max - top.messages <= most_off, "{top:?}");
        assert!(items.is_estimated() && items.counts.len() <= 2 * KEPT);
        assert_eq!(items.distinct(), 2 * KEPT + 1);
    }

    #[test]
    fn long_texts_are_told_apart_by_what_is_not_kept_of_them() {
        let mut items = FrequentItems::default();
        let long = |end: &str| "x".repeat(500) + end;
        items.add(long("a").as_bytes(), 1);
        items.add(long("b").as_bytes(), 1);
        items.add(long("a").as_bytes(), 1);
        let top = items.top(5);
        let counts: Vec<u64> = top.iter().map(|item| item.messages).collect();
        assert_eq!(counts, [2, 1]);
        assert!(
            top.iter()
                .all(|item| item.is_cut && item.text.len() == LONGEST)
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let mut items = FrequentItems::default();
        let text = "ä".repeat(LONGEST);
        items.add(format!("x{text}").as_bytes(), 1);
        let top = items.top(1);
        assert!(top[0].is_cut);
        let whole = "ä".repeat((LONGEST - 1) / 2);
        assert_eq!(top[0].text, format!("x{whole}").as_bytes());
    }
}
