//! Which cursors the dashboard follows where there are very many: each costs some time with every answer of a broker.

use std::borrow::Cow;

use crate::model::CursorEntry;

/// So many are followed at most. A release build judges them in a fraction of a frame.
const MOST_FOLLOWED: usize = 10_000;

/// The cursors that are followed, in their order: all, or those that were stored last.
pub(super) fn followed(cursors: &[CursorEntry]) -> Cow<'_, [CursorEntry]> {
    let Some(over) = cursors
        .len()
        .checked_sub(MOST_FOLLOWED)
        .filter(|over| *over > 0)
    else {
        return Cow::Borrowed(cursors);
    };
    let mut times: Vec<_> = cursors.iter().map(|cursor| cursor.time).collect();
    let (_, oldest, _) = times.select_nth_unstable(over);
    let oldest = *oldest;
    // As many of those that were stored at that very time as there is room for.
    let mut room = MOST_FOLLOWED - cursors.iter().filter(|cursor| cursor.time > oldest).count();
    let mut stays = |cursor: &CursorEntry| {
        let fits = cursor.time == oldest && room > 0;
        room -= usize::from(fits);
        fits || cursor.time > oldest
    };
    let stay = cursors.iter().filter(|cursor| stays(cursor));
    Cow::Owned(stay.cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn cursors(count: i64, time: impl Fn(i64) -> i64) -> Vec<CursorEntry> {
        let cursor = |number| CursorEntry {
            id: format!("{number:06}"),
            stream: "orders".into(),
            partition: 0,
            offset: 0,
            time: Timestamp(time(number)),
            read_at: Timestamp(0),
        };
        (0..count).map(cursor).collect()
    }

    #[test]
    fn of_too_many_those_that_were_stored_last_are_followed_in_their_order() {
        let most = i64::try_from(MOST_FOLLOWED).unwrap();
        let all = cursors(most, |number| number);
        assert_eq!(*followed(&all), all);
        let more = cursors(most + 7, |number| -number);
        assert_eq!(*followed(&more), more[..MOST_FOLLOWED]);
        let at_once = cursors(most + 7, |number| i64::from(number > 9));
        let followed = followed(&at_once);
        assert_eq!(followed.len(), MOST_FOLLOWED);
        assert_eq!(followed[2].id, "000002");
        assert_eq!(followed[3].id, "000010");
    }
}
