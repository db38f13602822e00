//! Tails under events as the runtime sends them and keys as users press them: selection, memory, phases, queries, seeks.

mod decoding;
mod effects;
mod model;
mod out_of_order;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use liftui::app::{
    App, Area, ConnectionState, Effect, Event, FollowMode, HitTarget, LoopEffect, Overlay, Pane,
    ScanEvent, Settings, Side, Tail, TailEvent, TailId, TailState, Viewport, Window,
};
use liftui::health::Rule;
use liftui::model::{
    Broker, BrokerView, Cluster, EndReason, MessageSink, MessageStamp, Offset, Partition,
    PartitionId, StartAt, Stream, SubscriptionEvent, Timestamp,
};
use liftui::store::{Chunk, ChunkBuilder, MessageRef, Query, QueryRun};

/// Rows of the screen.
const HEIGHT: u16 = 10;
const SECOND: i64 = 1_000_000_000;

/// Messages of one partition, a second apart, with their offset in the value.
fn chunk(partition: PartitionId, offsets: std::ops::Range<Offset>) -> Arc<Chunk> {
    let mut builder = ChunkBuilder::new();
    for offset in offsets {
        builder.stream(b"orders");
        builder.key(b"k");
        builder.value(format!("{{\"id\":{offset}}}").as_bytes());
        let timestamp = Timestamp((offset + 1) * SECOND);
        assert_eq!(
            builder.commit(MessageStamp {
                offset,
                partition,
                timestamp
            }),
            None
        );
    }
    builder.flush().expect("the range is not empty")
}

/// What one broker answers when `orders` has partitions whose logs end at these offsets.
fn view(at: Timestamp, newest: &[Offset]) -> BrokerView {
    let id = || Some("broker".into());
    let partition = |(id, newest): (PartitionId, &Offset)| Partition {
        id,
        leader: Some("broker".into()),
        replicas: ["broker".into()].into(),
        isr: ["broker".into()].into(),
        high_watermark: *newest,
        newest_offset: *newest,
        ..Partition::default()
    };
    let stream = Stream {
        name: "orders".into(),
        subject: "orders".into(),
        created: Timestamp(SECOND),
        partitions: (0..).zip(newest).map(partition).collect(),
    };
    let broker = Broker {
        id: "broker".into(),
        host: "127.0.0.1".into(),
        port: 9292,
        partition_count: 0,
        leader_count: 0,
    };
    let cluster = Cluster {
        answered_by: id(),
        brokers: vec![broker],
        streams: BTreeMap::from([("orders".into(), stream.into())]),
    };
    BrokerView {
        address: "127.0.0.1:9292".into(),
        broker: id(),
        at,
        took: Duration::ZERO,
        result: Ok(Arc::new(cluster)),
    }
}

/// A dashboard that shows one tail, and the effects that it caused since they were last looked at.
struct Dashboard {
    app: App,
    effects: Vec<Effect>,
}

impl Dashboard {
    /// With a tail of so many partitions of `orders`, and a budget that holds so many bytes.
    fn with_budget(partitions: usize, tail_budget: usize) -> Self {
        let settings = Settings {
            tail_budget,
            ..Settings::default()
        };
        Self::with_settings(partitions, settings)
    }

    /// With a tail of so many partitions of `orders`.
    fn with_settings(partitions: usize, settings: Settings) -> Self {
        let mut dashboard = Self {
            app: App::new(settings),
            effects: Vec::new(),
        };
        dashboard.event(Event::Tick(Timestamp(1_000 * SECOND)));
        dashboard.event(Event::Connection(ConnectionState::Connected));
        // The logs are longer than any test reads: nothing is read up to their ends.
        dashboard.poll(&vec![Offset::MAX / 2; partitions]);
        let mut viewport = Viewport::new(80, 24);
        let area = Area {
            x: 0,
            y: 0,
            width: 80,
            height: HEIGHT,
        };
        viewport.add(area, HitTarget::Rows(Pane::Tail));
        viewport.add(area, HitTarget::Rows(Pane::Inspector));
        dashboard.event(Event::Viewport(viewport));
        dashboard.effects();
        dashboard.press("3l");
        dashboard
    }

    fn new(partitions: usize) -> Self {
        Self::with_budget(partitions, 512 << 20)
    }

    /// A broker answers that the logs end at these offsets, and a second passes.
    fn poll(&mut self, newest: &[Offset]) {
        let now = self.app.now();
        self.event(Event::BrokerView(Arc::new(view(now, newest))));
        self.event(Event::Tick(now.plus(Duration::from_secs(1))));
    }

    fn event(&mut self, event: Event) {
        self.effects.extend(self.app.update(event));
    }

    /// What was caused since this was asked last; what helps with typing a query is nobody's matter here.
    fn effects(&mut self) -> Vec<Effect> {
        let mut effects = std::mem::take(&mut self.effects);
        effects.retain(|effect| !matches!(effect, Effect::IndexFields(..)));
        effects
    }

    /// The scans that were asked for find nothing.
    fn scan_in_vain(&mut self) {
        for effect in self.effects() {
            if let Effect::Scan(id, ..) = effect {
                self.event(Event::Scan(id, ScanEvent::Finished { undecided: 0 }));
            }
        }
    }

    fn tail(&self) -> &Tail {
        self.app.tails().shown().expect("a tail is open")
    }

    fn id(&self) -> TailId {
        self.tail().id()
    }

    fn give(&mut self, partition: PartitionId, offsets: std::ops::Range<Offset>) {
        self.event(Event::Tail(
            self.id(),
            TailEvent::Chunk(chunk(partition, offsets)),
        ));
    }

    fn subscription(&mut self, event: SubscriptionEvent) {
        let (stream, partition) = ("orders".into(), 0);
        let event = TailEvent::Subscription {
            stream,
            partition,
            event,
        };
        self.event(Event::Tail(self.id(), event));
    }

    fn key(&mut self, code: KeyCode) {
        self.event(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    fn press(&mut self, keys: &str) {
        keys.chars().for_each(|key| self.key(KeyCode::Char(key)));
    }

    /// A key that opens a line, the line, and Enter.
    fn line(&mut self, key: &str, text: &str) {
        self.press(key);
        self.event(Event::Paste(text.into()));
        self.key(KeyCode::Enter);
    }

    fn selected(&self) -> Offset {
        self.tail()
            .selected()
            .expect("a message is chosen")
            .offset()
    }

    fn mode(&self) -> FollowMode {
        self.tail().view().mode()
    }

    fn window(&self) -> Window {
        self.tail()
            .view()
            .window(self.tail().store(), HEIGHT.into())
    }
}

#[test]
fn a_tail_opens_at_its_last_messages_and_once() {
    let mut dashboard = Dashboard::new(2);
    let effects = dashboard.effects();
    let [Effect::OpenTail(id, spec)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((spec.start, spec.partitions.len()), (StartAt::Last(50), 2));
    assert_eq!(dashboard.id(), *id);
    dashboard.press("3");
    dashboard.key(KeyCode::Enter);
    dashboard.press("gl3");
    dashboard.key(KeyCode::Tab);
    dashboard.press("l");
    let tails = dashboard.app.tails();
    assert_eq!((tails.all().len(), tails.shown_index()), (2, 0));
}

#[test]
fn what_was_stored_after_its_leader_was_asked_is_no_loss() {
    let mut dashboard = Dashboard {
        app: App::new(Settings::default()),
        effects: Vec::new(),
    };
    let at = |millis: i64| Timestamp(1_000 * SECOND + millis * 1_000_000);
    dashboard.event(Event::Tick(at(0)));
    dashboard.event(Event::Connection(ConnectionState::Connected));
    let says = |dashboard: &mut Dashboard, millis, newest| {
        let view = view(at(millis), &[newest]);
        dashboard.event(Event::BrokerView(Arc::new(view)));
    };
    let losses = |dashboard: &Dashboard| {
        let findings = dashboard.app.truth().findings.iter();
        let losses = findings.filter(|finding| finding.rule == Rule::LogWentBack);
        losses.map(|loss| loss.message.clone()).collect::<Vec<_>>()
    };
    says(&mut dashboard, 0, 530);
    dashboard.press("3l");
    // Asked in the middle of a second, and the messages come at its end: the clock of the app still stands at its beginning.
    says(&mut dashboard, 500, 532);
    dashboard.give(0, 500..540);
    dashboard.event(Event::Tick(at(1_000)));
    assert_eq!(losses(&dashboard), Vec::<String>::new());
    says(&mut dashboard, 2_500, 550);
    dashboard.event(Event::Tick(at(3_000)));
    assert_eq!(losses(&dashboard), Vec::<String>::new());
    says(&mut dashboard, 4_500, 520);
    dashboard.event(Event::Tick(at(5_000)));
    assert_eq!(losses(&dashboard), ["orders:0 went back from 550 to 520"]);
}

#[test]
fn following_chooses_the_newest_message_at_the_bottom() {
    let mut dashboard = Dashboard::new(1);
    dashboard.give(0, 0..3);
    assert_eq!((dashboard.selected(), dashboard.window().top), (2, 0));
    dashboard.give(0, 3..40);
    assert_eq!((dashboard.selected(), dashboard.window().top), (39, 30));
}

#[test]
fn the_row_under_the_cursor_stays_while_messages_come() {
    let mut dashboard = Dashboard::new(1);
    dashboard.give(0, 0..40);
    dashboard.press("kkk");
    let before = dashboard.window();
    dashboard.give(0, 40..90);
    let after = dashboard.window();
    assert_eq!(
        (dashboard.mode(), dashboard.selected()),
        (FollowMode::ScrolledBack, 36)
    );
    assert_eq!(after.selected - after.top, before.selected - before.top);
    dashboard.press("G");
    assert_eq!(
        (dashboard.mode(), dashboard.selected()),
        (FollowMode::Following, 89)
    );
}

#[test]
fn frozen_stays_frozen_and_shows_how_far_behind_it_is() {
    let mut dashboard = Dashboard::new(1);
    dashboard.give(0, 0..40);
    dashboard.press(" ");
    dashboard.give(0, 40..60);
    assert_eq!(
        (dashboard.mode(), dashboard.selected()),
        (FollowMode::Frozen, 39)
    );
    let tail = dashboard.tail();
    let behind = tail.view().behind(tail.store(), HEIGHT.into());
    assert_eq!((behind.messages, behind.time.as_secs()), (20, 20));
    dashboard.press("G");
    assert_eq!(
        (dashboard.mode(), dashboard.selected()),
        (FollowMode::Frozen, 59)
    );
    dashboard.press(" ");
    assert_eq!(dashboard.mode(), FollowMode::Following);
}

#[test]
fn a_full_memory_stops_a_frozen_tail_and_lets_go_of_the_oldest_of_a_following_one() {
    let mut dashboard = Dashboard::with_budget(1, 3 * chunk(0, 10_000..12_000).bytes());
    for from in [10_000, 12_000, 14_000, 16_000] {
        dashboard.give(0, from..from + 2_000);
    }
    let evicted = dashboard.tail().store().counters().evicted;
    assert!(evicted >= 2_000);
    assert!(!dashboard.tail().is_throttled());

    dashboard.effects();
    dashboard.press(" ");
    let id = dashboard.id();
    assert_eq!(dashboard.effects(), [Effect::ThrottleTail(id, true)]);
    dashboard.give(0, 18_000..20_000);
    assert_eq!(dashboard.tail().store().counters().evicted, evicted);

    dashboard.press(" ");
    assert_eq!(dashboard.effects(), [Effect::ThrottleTail(id, false)]);
    assert!(dashboard.tail().store().counters().evicted > evicted);
}

#[test]
fn scrolling_up_fetches_older_messages_until_there_are_none() {
    let mut dashboard = Dashboard::new(1);
    dashboard.give(0, 100..150);
    dashboard.effects();
    dashboard.press("k");
    let effects = dashboard.effects();
    let [Effect::FetchOlder(id, spec)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((spec.before, spec.partition), (Some(100), 0));
    dashboard.press("k");
    assert_eq!(dashboard.effects(), []);

    let row = dashboard.window().selected;
    dashboard.event(Event::Tail(*id, TailEvent::Older(chunk(0, 60..100))));
    let (stream, start) = ("orders".into(), Some(60));
    let done = TailEvent::OlderDone {
        stream,
        partition: 0,
        start,
        failure: None,
    };
    dashboard.event(Event::Tail(*id, done));
    assert_eq!(
        (dashboard.window().selected, dashboard.selected()),
        (row + 40, 147)
    );
    dashboard.press("g");
    assert_eq!((dashboard.selected(), dashboard.effects()), (60, vec![]));
}

#[test]
fn past_the_newest_message_left_in_memory_it_reads_on() {
    let mut dashboard = Dashboard::with_budget(1, 2 * chunk(0, 10_000..12_000).bytes());
    dashboard.give(0, 14_000..16_000);
    dashboard.give(0, 16_000..18_000);
    dashboard.press("g");
    let id = dashboard.id();
    dashboard.event(Event::Tail(id, TailEvent::Older(chunk(0, 12_000..14_000))));
    assert_eq!(
        dashboard.tail().store().offsets("orders", 0),
        Some((12_000, 15_999))
    );
    dashboard.effects();
    dashboard.press("GG");
    let effects = dashboard.effects();
    let [Effect::CloseTail(old), Effect::OpenTail(new, spec)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((*old, *new), (id, dashboard.id()));
    assert_eq!(spec.start, StartAt::Time(Timestamp(16_000 * SECOND)));
}

#[test]
fn what_comes_for_a_tail_that_was_read_anew_is_dropped_and_counted() {
    let mut dashboard = Dashboard::new(1);
    let id = dashboard.id();
    dashboard.line("s", "earliest");
    dashboard.event(Event::Tail(id, TailEvent::Chunk(chunk(0, 0..9))));
    assert_eq!(
        (dashboard.app.late_answers(), dashboard.tail().store().len()),
        (1, 0)
    );
}

#[test]
fn a_seek_begins_at_its_first_message_and_stays_there() {
    let mut dashboard = Dashboard::new(2);
    dashboard.effects();
    dashboard.line("s", "@-15m");
    let effects = dashboard.effects();
    assert!(matches!(
        effects.as_slice(),
        [Effect::CloseTail(_), Effect::OpenTail(..)]
    ));
    dashboard.give(1, 20..40);
    dashboard.give(0, 10..40);
    assert_eq!(
        (dashboard.mode(), dashboard.selected()),
        (FollowMode::ScrolledBack, 10)
    );
    assert_eq!(dashboard.tail().start_text(), "@-15m");
}

#[test]
fn a_query_shows_what_scans_find_and_matches_new_messages_too() {
    let mut dashboard = Dashboard::new(1);
    dashboard.give(0, 0..30);
    dashboard.effects();
    dashboard.line("/", "7");
    let scanned = |dashboard: &mut Dashboard| {
        let effects = dashboard.effects();
        let [Effect::Scan(id, query, chunks), ..] = effects.as_slice() else {
            panic!("{effects:?}")
        };
        for (chunk, scanned) in chunks.iter().enumerate() {
            let indices = query
                .predicate()
                .scan(scanned, &QueryRun::at(Timestamp(0)))
                .into();
            dashboard.event(Event::Scan(*id, ScanEvent::Matches { chunk, indices }));
        }
        dashboard.event(Event::Scan(*id, ScanEvent::Finished { undecided: 0 }));
    };
    assert!(dashboard.app.awaits_match(), "a frame waits for it");
    scanned(&mut dashboard);
    assert!(!dashboard.app.awaits_match());
    assert_eq!(
        (dashboard.tail().store().len(), dashboard.selected()),
        (3, 27)
    );
    dashboard.give(0, 30..40);
    scanned(&mut dashboard);
    assert_eq!(dashboard.selected(), 37);
    dashboard.key(KeyCode::Esc);
    assert_eq!(dashboard.tail().store().len(), 40);
}

#[test]
fn a_large_value_is_not_copied_and_the_command_that_reads_it_is_offered() {
    let mut dashboard = Dashboard::new(1);
    let id = dashboard.id();
    let mut builder = ChunkBuilder::new();
    builder.value(&vec![0xff; 50 << 20]);
    let full = builder.commit(MessageStamp::default());
    let chunk = full.or_else(|| builder.flush()).unwrap();
    dashboard.event(Event::Tail(id, TailEvent::Chunk(chunk)));
    dashboard.effects();
    dashboard.press("y");
    assert!(dashboard.effects().is_empty(), "nothing is copied");
    let told = dashboard.app.notices().history().next_back().unwrap();
    assert!(told.text.contains("51200 KiB"), "{}", told.text);
    dashboard.press("Y");
    dashboard.key(KeyCode::Enter);
    let effects = dashboard.effects();
    let [Effect::Loop(LoopEffect::Copy(_, copied))] = effects.as_slice() else {
        panic!("no small text is offered");
    };
    assert!(copied.len() < 1000);
}

#[test]
fn a_scan_that_broke_is_told_and_shows_all_messages_again() {
    let mut dashboard = Dashboard::new(1);
    dashboard.give(0, 0..30);
    dashboard.effects();
    dashboard.line("/", "7");
    let effects = dashboard.effects();
    let [Effect::Scan(id, ..), ..] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(dashboard.tail().store().len(), 0);
    dashboard.event(Event::Scan(*id, ScanEvent::Failed));
    assert_eq!(dashboard.tail().store().len(), 30);
    assert_eq!(dashboard.tail().search().query(), None);
    let told = dashboard.app.notices().history().next_back().unwrap();
    assert!(told.text.contains("broke"), "{}", told.text);
}

#[test]
fn a_wrong_query_leaves_the_last_good_one() {
    let mut dashboard = Dashboard::new(1);
    dashboard.line("/", "good");
    dashboard.line("/", " ~[");
    let tail = dashboard.tail();
    assert!(tail.prompt().is_some_and(|prompt| prompt.error().is_some()));
    assert_eq!(tail.search().query().map(Query::text), Some("good"));
}

#[test]
fn a_query_that_lacks_cel_is_guessed_while_it_is_typed() {
    let mut dashboard = Dashboard::new(1);
    dashboard.press("/value.id==5");
    let guess = |dashboard: &Dashboard| {
        let prompt = dashboard.tail().prompt().expect("a line is open");
        prompt.guess().map(str::to_owned)
    };
    let sentence = guess(&dashboard).expect("it looks like an expression");
    assert!(sentence.ends_with("cel: value.id==5"), "{sentence}");
    for _ in 0.."value.id==5".len() {
        dashboard.key(KeyCode::Backspace);
    }
    dashboard.press("plain");
    assert_eq!(guess(&dashboard), None);
}

#[test]
fn every_printable_key_is_typed_while_a_line_is_open() {
    let mut dashboard = Dashboard::new(1);
    dashboard.press("/q1:?");
    let prompt = dashboard.tail().prompt().expect("a line is open");
    assert_eq!(prompt.text(), "q1:?");
    dashboard.key(KeyCode::Esc);
    assert!(dashboard.tail().prompt().is_none());
}

#[test]
fn newest_first_turns_the_screen_and_keeps_the_choice() {
    let mut dashboard = Dashboard::new(1);
    dashboard.give(0, 0..40);
    dashboard.press("kkkkkv");
    assert_eq!((dashboard.selected(), dashboard.window().selected), (34, 5));
    dashboard.press("g");
    assert_eq!(
        (dashboard.selected(), dashboard.mode()),
        (39, FollowMode::Following)
    );
    let tail = dashboard.tail();
    let rows = tail.view().rows(tail.store(), 0, 3);
    let offsets: Vec<Offset> = rows.iter().map(MessageRef::offset).collect();
    assert_eq!(offsets, [39, 38, 37]);
}

#[test]
fn an_ended_tail_shows_why_and_reads_on_when_it_is_to_follow() {
    let mut dashboard = Dashboard::new(1);
    dashboard.give(0, 0..40);
    dashboard.subscription(SubscriptionEvent::Ended(EndReason::Paused));
    let state = dashboard.tail().state();
    assert!(matches!(
        state,
        TailState::Ended {
            partitions: 1,
            reason: EndReason::Paused
        }
    ));
    dashboard.effects();
    dashboard.press("f");
    let effects = dashboard.effects();
    let [Effect::CloseTail(_), Effect::OpenTail(_, spec)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(spec.start, StartAt::Time(Timestamp(40 * SECOND)));
    dashboard.give(0, 39..45);
    assert_eq!(dashboard.tail().store().len(), 45);
}

#[test]
fn the_inspector_shows_the_chosen_message_and_keeps_its_folds() {
    let mut dashboard = Dashboard::new(1);
    dashboard.give(0, 0..40);
    dashboard.press("k");
    dashboard.key(KeyCode::Enter);
    assert_eq!(dashboard.app.focus().pane(), Pane::Inspector);
    let shown = |dashboard: &Dashboard| {
        let inspector = dashboard.app.tails().inspector();
        let message = inspector.message().expect("a message is shown").message();
        (message.offset(), inspector.rows(10).count())
    };
    assert_eq!(shown(&dashboard), (38, 3));
    dashboard.key(KeyCode::Enter);
    dashboard.press("[");
    assert_eq!(shown(&dashboard), (37, 1));
    dashboard.key(KeyCode::Enter);
    dashboard.press("ja");
    let columns: Vec<String> = dashboard
        .tail()
        .columns()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(columns, ["value.id"]);
}

#[test]
fn two_marked_messages_are_compared() {
    let mut dashboard = Dashboard::new(1);
    dashboard.give(0, 0..40);
    dashboard.press("=");
    assert_eq!(dashboard.app.focus().pane(), Pane::Tail);
    dashboard.press("mk=");
    assert_eq!(dashboard.app.focus().pane(), Pane::Inspector);
    let inspector = dashboard.app.tails().inspector();
    let sides: Vec<Side> = (0..4).map(|line| inspector.content().side(line)).collect();
    assert_eq!(sides, [Side::Both, Side::First, Side::Second, Side::Both]);
    dashboard.key(KeyCode::Esc);
    assert!(dashboard.app.tails().inspector().compared_with().is_none());
}

#[test]
fn an_edited_value_comes_back_as_a_form() {
    let mut dashboard = Dashboard::new(1);
    dashboard.give(0, 0..2);
    dashboard.effects();
    dashboard.press("e");
    let effects = dashboard.effects();
    let [Effect::Loop(LoopEffect::Edit(id, text))] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(text, "{\"id\":1}");
    dashboard.event(Event::Edited(*id, Ok("changed".into())));
    let Some(Overlay::Form(form)) = dashboard.app.overlay() else {
        panic!("a form is open")
    };
    assert_eq!(form.value_text().as_deref(), Some("changed"));
}

#[test]
fn closing_the_last_tail_leaves() {
    let mut dashboard = Dashboard::new(1);
    let id = dashboard.id();
    dashboard.effects();
    dashboard.press("X");
    assert_eq!(dashboard.effects(), [Effect::CloseTail(id)]);
    assert_ne!(dashboard.app.focus().pane(), Pane::Tail);
}
