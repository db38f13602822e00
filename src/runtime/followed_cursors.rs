//! Which cursors the dashboard follows where there are very many: each costs some time with every answer of a broker.

use crate::model::{CursorEntry, newest_of};

/// So many are followed at most. A release build judges them in a fraction of a frame.
pub(super) const MOST_FOLLOWED: usize = 10_000;

/// The cursors that were stored last, so many at most and in their order, and how many there are beside them.
pub(super) fn stored_last(cursors: Vec<CursorEntry>, most: usize) -> (Vec<CursorEntry>, usize) {
    let over = cursors.len().saturating_sub(most);
    if over == 0 {
        return (cursors, 0);
    }
    let times = cursors.iter().map(|cursor| cursor.time).collect();
    let mut stays = newest_of(times, most);
    let stay = cursors.into_iter().filter(|cursor| stays(cursor.time));
    (stay.collect(), over)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn cursors(count: i64, time: impl Fn(i64) -> i64) -> Vec<CursorEntry> {
        let cursor = |number| CursorEntry {
            id: format!("{number:03}").into(),
            stream: "orders".into(),
            partition: 0,
            offset: 0,
            time: Timestamp(time(number)),
            read_at: Timestamp(0),
        };
        (0..count).map(cursor).collect()
    }

    #[test]
    fn of_too_many_those_that_were_stored_last_stay_in_their_order() {
        let all = cursors(100, |number| number);
        assert_eq!(stored_last(all.clone(), 100), (all.clone(), 0));
        assert_eq!(stored_last(all.clone(), 97), (all[3..].to_vec(), 3));
        let turned = cursors(100, |number| -number);
        assert_eq!(stored_last(turned.clone(), 7), (turned[..7].to_vec(), 93));
        let (stay, left_out) = stored_last(cursors(100, |number| i64::from(number > 9)), 93);
        let ids: Vec<&str> = stay.iter().map(|cursor| &*cursor.id).collect();
        assert_eq!(
            (left_out, &ids[..4]),
            (7, &["000", "001", "002", "010"][..])
        );
    }
}
