//! How two lists of lines differ: what only the first has, what only the second has, what both have.
//! What a line is and when two are equal is the caller's to say.

/// Which of two messages a line is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Both, or there is only one message.
    Both,
    /// The first alone.
    First,
    /// The second alone.
    Second,
}

/// Pairs of lines that are compared at most; beyond, what is not equal from either end is all different.
const MOST_PAIRS: usize = 4_000_000;

/// Merges two lists so that what is equal stands once.
pub(super) fn merge<T>(
    mut first: Vec<T>,
    mut second: Vec<T>,
    same: impl Fn(&T, &T) -> bool,
) -> Vec<(Side, T)> {
    let head = first
        .iter()
        .zip(&second)
        .take_while(|(a, b)| same(a, b))
        .count();
    let rest = |list: &[T]| list.len() - head;
    let most = rest(&first).min(rest(&second));
    let ends = first.iter().rev().zip(second.iter().rev()).take(most);
    let tail = ends.take_while(|(a, b)| same(a, b)).count();

    let last = first.split_off(first.len() - tail);
    second.truncate(second.len() - tail);
    let own_second = second.split_off(head);
    let own_first = first.split_off(head);

    let both = |line| (Side::Both, line);
    let mut merged: Vec<(Side, T)> = first.into_iter().map(both).collect();
    merged.extend(merge_middle(own_first, own_second, same));
    merged.extend(last.into_iter().map(both));
    merged
}

/// The longest common subsequence stands once; what either list has besides comes in between, the first one's first.
fn merge_middle<T>(first: Vec<T>, second: Vec<T>, same: impl Fn(&T, &T) -> bool) -> Vec<(Side, T)> {
    let common = Common::of(&first, &second, &same);
    let mut merged = Vec::with_capacity(first.len().max(second.len()));
    let mut ours = first.into_iter().enumerate().peekable();
    let mut theirs = second.into_iter().enumerate().peekable();
    loop {
        let side = match (ours.peek(), theirs.peek()) {
            (None, None) => return merged,
            (Some((i, a)), Some((j, b))) => {
                if common.is_known() && same(a, b) {
                    Side::Both
                } else if common.after(i + 1, *j) >= common.after(*i, j + 1) {
                    Side::First
                } else {
                    Side::Second
                }
            }
            (Some(_), None) => Side::First,
            (None, Some(_)) => Side::Second,
        };
        let line = match side {
            Side::First => ours.next(),
            Side::Second => theirs.next(),
            Side::Both => {
                theirs.next();
                ours.next()
            }
        };
        merged.extend(line.map(|(_, line)| (side, line)));
    }
}

/// How many lines two lists have in common from any pair of places on.
struct Common {
    lengths: Vec<u32>,
    width: usize,
}

impl Common {
    fn of<T>(first: &[T], second: &[T], same: &impl Fn(&T, &T) -> bool) -> Self {
        let width = second.len() + 1;
        if first.len() * second.len() > MOST_PAIRS {
            return Self {
                lengths: Vec::new(),
                width,
            };
        }
        let mut lengths = vec![0; (first.len() + 1) * width];
        for (i, a) in first.iter().enumerate().rev() {
            for (j, b) in second.iter().enumerate().rev() {
                let at = i * width + j;
                lengths[at] = if same(a, b) {
                    lengths[at + width + 1] + 1
                } else {
                    lengths[at + width].max(lengths[at + 1])
                };
            }
        }
        Self { lengths, width }
    }

    fn is_known(&self) -> bool {
        !self.lengths.is_empty()
    }

    fn after(&self, i: usize, j: usize) -> u32 {
        self.lengths.get(i * self.width + j).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(first: &str, second: &str) -> String {
        let lines = |text: &str| text.chars().collect::<Vec<_>>();
        let merged = merge(lines(first), lines(second), |a, b| a == b);
        let sign = |side| match side {
            Side::Both => ' ',
            Side::First => '-',
            Side::Second => '+',
        };
        merged
            .into_iter()
            .flat_map(|(side, c)| [sign(side), c])
            .collect()
    }

    #[test]
    fn what_is_equal_stands_once() {
        assert_eq!(merged("abc", "abc"), " a b c");
        assert_eq!(merged("abc", "axc"), " a-b+x c");
        assert_eq!(merged("", "ab"), "+a+b");
        assert_eq!(merged("abcd", "bd"), "-a b-c d");
        assert_eq!(merged("xaybz", "aqb"), "-x a-y+q b-z");
        assert_eq!(merged("aaa", "aa"), " a a-a");
    }

    #[test]
    fn either_side_can_be_read_out_of_the_merge() {
        let (first, second) = ("the quick brown fox", "a quicker brown dog");
        let lines = |text: &str| text.chars().collect::<Vec<_>>();
        let merged = merge(lines(first), lines(second), |a, b| a == b);
        let only = |other: Side| {
            let kept = merged.iter().filter(|(side, _)| *side != other);
            kept.map(|(_, c)| *c).collect::<String>()
        };
        assert_eq!(only(Side::Second), first);
        assert_eq!(only(Side::First), second);
    }
}
