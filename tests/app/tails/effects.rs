//! What a tail causes by itself or at a key: to stay at a message, to go on after a pause, to stop an export.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use liftui::app::{Effect, Event, FollowMode, Progress, TailEvent};
use liftui::model::{EndReason, Partition, Probe, ProbeState, StartAt, SubscriptionEvent};

use super::{Dashboard, view};
use crate::screens::{header, shown};

#[test]
fn a_message_that_is_opened_stays_while_others_come() {
    let mut dashboard = Dashboard::new(1);
    dashboard.give(0, 0..40);
    dashboard.key(KeyCode::Enter);
    dashboard.give(0, 40..60);
    assert_eq!(
        (dashboard.selected(), dashboard.mode()),
        (39, FollowMode::ScrolledBack)
    );
    dashboard.key(KeyCode::Esc);
    dashboard.press("f");
    assert_eq!(
        (dashboard.selected(), dashboard.mode()),
        (59, FollowMode::Following)
    );
}

#[test]
fn an_export_is_stopped_by_its_own_key() {
    let mut dashboard = Dashboard::new(1);
    dashboard.give(0, 0..40);
    dashboard.effects();
    dashboard.line("x", "out.ndjson");
    let effects = dashboard.effects();
    let [Effect::Export(id, _)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    dashboard.event(Event::Exported(*id, Progress::Going(10)));
    assert_eq!(dashboard.app.tails().exported_so_far(), Some(10));
    dashboard.press("x");
    assert_eq!(dashboard.effects(), [Effect::CancelExport(*id)]);
    // An event that was on its way does not bring it back.
    dashboard.event(Event::Exported(*id, Progress::Going(20)));
    assert_eq!(dashboard.app.tails().exported_so_far(), None);
    assert!(!header(&dashboard.app).contains("exporting"));
}

#[test]
fn a_paused_partition_is_read_on_once_it_is_known_to_go_on() {
    let mut dashboard = Dashboard::new(1);
    dashboard.give(0, 0..40);
    dashboard.subscription(SubscriptionEvent::Ended(EndReason::Paused));
    dashboard.effects();
    let paused = ProbeState::Paused;
    let serving = ProbeState::Serving {
        partition: Box::new(Partition::default()),
        readonly: None,
    };
    // A view that may be older than the pause is not believed.
    assert_eq!(probe(&mut dashboard, serving.clone()), []);
    let later = dashboard.app.now().plus(Duration::from_secs(5));
    dashboard.event(Event::BrokerView(Arc::new(view(later, &[i64::MAX / 2]))));
    assert_eq!(probe(&mut dashboard, paused), []);
    dashboard.event(Event::Tick(later));
    assert_eq!(dashboard.effects(), []);
    let effects = probe(&mut dashboard, serving);
    assert!(
        matches!(
            effects.as_slice(),
            [Effect::CloseTail(_), Effect::OpenTail(..)]
        ),
        "{effects:?}"
    );
}

/// A probe answers how the partition is, and a second passes.
fn probe(dashboard: &mut Dashboard, state: ProbeState) -> Vec<Effect> {
    let now = dashboard.app.now();
    dashboard.event(Event::Probe(Probe {
        stream: "orders".into(),
        partition: 0,
        at: now,
        state,
    }));
    dashboard.event(Event::Tick(now.plus(Duration::from_secs(1))));
    dashboard.effects()
}

#[test]
fn older_messages_are_fetched_of_partitions_that_have_none_in_memory_too() {
    let mut dashboard = Dashboard::new(2);
    dashboard.give(0, 100..140);
    dashboard.effects();
    dashboard.press("g");
    let mut befores = Vec::new();
    for effect in dashboard.effects() {
        if let Effect::FetchOlder(_, spec) = effect {
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
        dashboard.event(Event::Tail(dashboard.id(), done));
    }
    dashboard.press("k");
    assert_eq!(dashboard.effects(), []);
}

fn alt(letter: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(letter), KeyModifiers::ALT)
}

#[test]
fn a_search_of_a_paused_partition_does_not_claim_to_have_looked_at_all() {
    let mut dashboard = Dashboard::new(1);
    dashboard.poll(&[999]);
    dashboard.give(0, 950..1_000);
    dashboard.line("/", "nowhere");
    dashboard.scan_in_vain();
    dashboard.event(Event::Key(alt('f')));
    looked(&mut dashboard, (0, 399));
    dashboard.subscription(SubscriptionEvent::Ended(EndReason::Paused));
    let screen = shown(&dashboard.app);
    assert!(
        screen.contains("none of 400 messages so far matches, 600 to go"),
        "{screen}"
    );
    assert!(screen.contains("paused"), "{screen}");
}

/// What the reader of a partition sends of messages that the query does not find.
fn looked(dashboard: &mut Dashboard, offsets: (i64, i64)) {
    let event = TailEvent::Looked {
        stream: "orders".into(),
        partition: 0,
        offsets,
        messages: u64::try_from(offsets.1 - offsets.0 + 1).expect("not empty"),
        undecided: 0,
    };
    dashboard.event(Event::Tail(dashboard.id(), event));
}

#[test]
fn a_search_through_the_stream_counts_what_it_looked_at_and_stops_at_its_key() {
    let mut dashboard = Dashboard::new(1);
    dashboard.poll(&[999]);
    dashboard.give(0, 950..1_000);
    dashboard.line("/", "nowhere");
    dashboard.scan_in_vain();
    dashboard.effects();
    dashboard.event(Event::Key(alt('f')));
    let effects = dashboard.effects();
    let [Effect::CloseTail(_), Effect::OpenTail(_, spec)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(spec.start, StartAt::Earliest);
    let only = spec.only.as_ref().map(|query| query.text());
    assert_eq!(only, Some("nowhere"));
    looked(&mut dashboard, (0, 399));
    let screen = shown(&dashboard.app);
    assert!(
        screen.contains("none of 400 messages so far matches, 600 to go"),
        "{screen}"
    );
    dashboard.event(Event::Key(alt('f')));
    let id = dashboard.id();
    assert_eq!(dashboard.effects(), [Effect::ThrottleTail(id, true)]);
    let screen = shown(&dashboard.app);
    assert!(
        screen.contains("stopped: none of 400 messages matches, 600 to go"),
        "{screen}"
    );
    assert!(!screen.contains("memory full"), "{screen}");
    dashboard.event(Event::Key(alt('f')));
    assert_eq!(dashboard.effects(), [Effect::ThrottleTail(id, false)]);
    looked(&mut dashboard, (400, 999));
    let screen = shown(&dashboard.app);
    assert!(
        screen.contains("none of all 1,000 messages of orders:0 matches"),
        "{screen}"
    );
    // Nothing is fetched into it that the query does not find.
    dashboard.press("k");
    assert_eq!(dashboard.effects(), []);
    dashboard.key(KeyCode::Esc);
    let effects = dashboard.effects();
    let [Effect::CloseTail(_), Effect::OpenTail(_, opened)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((opened.start, &opened.only), (StartAt::Last(50), &None));
}
