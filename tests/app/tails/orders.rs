//! What a tail orders by itself or at a key: to stay at a message, to go on after a pause, to stop an export.

use std::time::Duration;

use crossterm::event::KeyCode;
use liftui::app::screens::tails::FollowMode;
use liftui::app::{Effect, Event, Progress, TailEvent};
use liftui::model::{EndReason, SubscriptionEvent};

use super::Dashboard;

#[test]
fn a_message_that_is_opened_stays_while_others_come() {
    let mut dashboard = Dashboard::new(1);
    dashboard.give(0, 0..40);
    dashboard.key(KeyCode::Enter);
    dashboard.give(0, 40..60);
    assert_eq!(
        (dashboard.chosen(), dashboard.mode()),
        (39, FollowMode::ScrolledBack)
    );
    dashboard.key(KeyCode::Esc);
    dashboard.press("f");
    assert_eq!(
        (dashboard.chosen(), dashboard.mode()),
        (59, FollowMode::Following)
    );
}

#[test]
fn an_export_is_stopped_by_its_own_key() {
    let mut dashboard = Dashboard::new(1);
    dashboard.give(0, 0..40);
    dashboard.orders();
    dashboard.line("x", "out.ndjson");
    let orders = dashboard.orders();
    let [Effect::Export(id, _)] = orders.as_slice() else {
        panic!("{orders:?}")
    };
    dashboard.happen(Event::Exported(*id, Progress::Going(10)));
    assert_eq!(dashboard.app.tails.exported_so_far(), Some(10));
    dashboard.press("x");
    assert_eq!(dashboard.orders(), [Effect::CancelExport(*id)]);
    // A word that was on its way does not bring it back.
    dashboard.happen(Event::Exported(*id, Progress::Going(20)));
    assert_eq!(dashboard.app.tails.exported_so_far(), None);
    assert!(!dashboard.app.is_busy());
}

#[test]
fn a_paused_partition_is_read_on_once_it_is_known_to_go_on() {
    let mut dashboard = Dashboard::new(1);
    dashboard.give(0, 0..40);
    dashboard.subscription(SubscriptionEvent::Ended(EndReason::Paused));
    dashboard.orders();
    let revive = |dashboard: &mut Dashboard, goes_on: bool| {
        let app = &mut dashboard.app;
        app.tails.revive(|_, _| goes_on, &mut app.context);
        let now = dashboard.app.context.now;
        dashboard.happen(Event::Tick(now));
        dashboard.orders()
    };
    // Word that may be older than the pause is not believed.
    assert_eq!(revive(&mut dashboard, true), []);
    let later = dashboard.app.context.now.plus(Duration::from_secs(5));
    dashboard.happen(Event::Tick(later));
    assert_eq!(revive(&mut dashboard, false), []);
    let orders = revive(&mut dashboard, true);
    assert!(
        matches!(
            orders.as_slice(),
            [Effect::CloseTail(_), Effect::OpenTail(..)]
        ),
        "{orders:?}"
    );
}

#[test]
fn older_messages_are_fetched_of_partitions_that_have_none_in_memory_too() {
    let mut dashboard = Dashboard::new(2);
    dashboard.give(0, 100..140);
    dashboard.orders();
    dashboard.press("g");
    let mut befores = Vec::new();
    for order in dashboard.orders() {
        if let Effect::FetchOlder(_, spec) = order {
            befores.push((spec.partition, spec.before));
        }
    }
    assert_eq!(befores, [(0, Some(100)), (1, None)]);
    for partition in 0..2 {
        let done = TailEvent::OlderDone {
            stream: "orders".into(),
            partition,
            start: (partition == 0).then_some(100),
            failure: None,
        };
        dashboard.happen(Event::Tail(dashboard.id(), done));
    }
    assert!(dashboard.tail().is_at_start());
    dashboard.press("k");
    assert_eq!(dashboard.orders(), []);
}
