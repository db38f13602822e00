//! Which of very many things are the newest, where there is room for so many alone.

use super::Timestamp;

/// Tells of each of these times whether it is among so many of the newest; each is asked about once, in any order. Of those
/// that are as old as the oldest of these, the ones that are asked about first are.
pub(crate) fn newest_of(mut times: Vec<Timestamp>, most: usize) -> impl FnMut(Timestamp) -> bool {
    let over = times.len().saturating_sub(most);
    let oldest = (over > 0 && over < times.len()).then(|| *times.select_nth_unstable(over).1);
    let newer = times.iter().filter(|time| Some(**time) > oldest).count();
    let mut room = most.saturating_sub(newer);
    move |time| {
        let fits = Some(time) == oldest && room > 0;
        room -= usize::from(fits);
        over == 0 || fits || oldest.is_some_and(|oldest| time > oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest(times: &[i64], most: usize) -> Vec<i64> {
        let all: Vec<_> = times.iter().copied().map(Timestamp).collect();
        let mut is_newest = newest_of(all.clone(), most);
        let newest = all.into_iter().filter(|time| is_newest(*time));
        newest.map(|time| time.0).collect()
    }

    #[test]
    fn the_newest_stay_in_their_order_and_of_the_same_age_the_first() {
        assert_eq!(newest(&[3, 1, 2], 3), [3, 1, 2]);
        assert_eq!(newest(&[3, 1, 2], 9), [3, 1, 2]);
        assert_eq!(newest(&[3, 1, 2], 2), [3, 2]);
        assert_eq!(newest(&[1, 1, 5, 1, 5], 3), [1, 5, 5]);
        assert_eq!(newest(&[3, 1, 2], 0), [0; 0]);
        assert_eq!(newest(&[], 2), [0; 0]);
    }
}
