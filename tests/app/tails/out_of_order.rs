//! Several partitions in one tail: by time whatever comes first, and a count of what comes after its neighbours.

use liftui::model::{Offset, PartitionId};

use super::Dashboard;

/// Partition and offset of each message, in the order of the screen, and whether it came late.
fn shown(dashboard: &Dashboard) -> Vec<(PartitionId, Offset, bool)> {
    let tail = dashboard.tail();
    let rows = tail.store().rows_from(0);
    rows.map(|row| {
        (
            row.partition(),
            row.offset(),
            tail.out_of_order().is_late(&row),
        )
    })
    .collect()
}

#[test]
fn what_was_there_before_the_tail_is_never_late() {
    let mut dashboard = Dashboard::new(2);
    dashboard.give(0, 0..40);
    dashboard.poll(&[39, 39]);
    dashboard.give(1, 0..20);
    dashboard.give(1, 20..40);
    let expected = (0..40).flat_map(|offset| [(0, offset, false), (1, offset, false)]);
    assert!(shown(&dashboard).into_iter().eq(expected));
    assert_eq!(dashboard.tail().out_of_order().count(), 0);
}

#[test]
fn live_messages_that_come_after_the_window_are_counted_and_known() {
    let mut dashboard = Dashboard::new(2);
    dashboard.give(0, 0..2);
    dashboard.give(1, 0..2);
    dashboard.poll(&[1, 1]);
    dashboard.give(0, 2..9);
    // Offset 8 is there: 7 is a second older, which is not too old; 2 to 6 are.
    dashboard.give(1, 2..4);
    dashboard.give(1, 4..9);
    assert_eq!(dashboard.tail().out_of_order().count(), 5);
    let late = shown(&dashboard).into_iter().filter(|(_, _, late)| *late);
    assert!(late.eq((2..7).map(|offset| (1, offset, true))));
}

#[test]
fn a_partition_alone_and_one_that_is_read_anew_bring_nothing_late() {
    let mut dashboard = Dashboard::new(2);
    dashboard.give(1, 0..2);
    dashboard.give(0, 0..2);
    dashboard.poll(&[1, 1]);
    dashboard.give(0, 2..9);
    assert_eq!(dashboard.tail().out_of_order().count(), 0);
    dashboard.line("s", "earliest");
    dashboard.give(0, 0..9);
    dashboard.give(1, 0..9);
    assert_eq!(dashboard.tail().out_of_order().count(), 0);
}

#[test]
fn what_left_memory_is_still_counted() {
    let mut dashboard = Dashboard::with_budget(2, 1 << 20);
    dashboard.give(0, 0..2);
    dashboard.give(1, 0..2);
    dashboard.poll(&[1, 1]);
    dashboard.give(0, 2..9);
    dashboard.give(1, 2..4);
    for from in (9..30_000).step_by(1_000) {
        dashboard.give(0, from..from + 1_000);
    }
    assert!(dashboard.tail().store().counters().evicted > 0);
    assert_eq!(dashboard.tail().out_of_order().count(), 2);
    assert!(shown(&dashboard).into_iter().all(|(_, _, late)| !late));
}
