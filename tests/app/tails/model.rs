//! A tail against a simple model: a broker that is a few Vecs, somebody who presses keys, messages that come late, twice
//! or while nothing may be read. Operations are random; what fails is printed in its shortest form, with its seed.

use std::collections::VecDeque;
use std::ops::Range;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use liftui::app::{
    Effect, Event, FollowMode, OlderSpec, ScanEvent, ScanId, TailEvent, TailId, TailSpec,
};
use liftui::model::{
    EndReason, MessageSink, MessageStamp, Offset, PartitionId, StartAt, SubscriptionEvent,
    Timestamp,
};
use liftui::store::{Chunk, ChunkBuilder, MessageId, Query, QueryRun};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;

use super::{Dashboard, HEIGHT, SECOND};

/// Messages in a chunk at most: so many are larger than what is joined.
const AT_ONCE: i64 = 40;
/// Room for about four such chunks.
const BUDGET: usize = 4 * 90_000;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    /// Messages are published to a partition.
    Publish(usize, i64),
    /// A subscription brings what it has, unless it was told to stop.
    Deliver(usize),
    /// What was on its way when it was told to stop comes all the same.
    DeliverLate(usize),
    AnswerOlder,
    AnswerScan,
    Key(char),
    Control(char),
    Query(&'static str),
    Seek(&'static str),
}

fn steps() -> impl Strategy<Value = (usize, Vec<Step>)> {
    let step = prop_oneof![
        4 => (0..3_usize, 1..100_i64).prop_map(|(to, count)| Step::Publish(to, count)),
        6 => (0..3_usize).prop_map(Step::Deliver),
        2 => (0..3_usize).prop_map(Step::DeliverLate),
        4 => Just(Step::AnswerOlder),
        4 => Just(Step::AnswerScan),
        6 => proptest::sample::select(vec!['j', 'k', 'k', 'g', 'g', 'G', ' ', 'f', 'v']).prop_map(Step::Key),
        3 => proptest::sample::select(vec!['d', 'u', 'f', 'b']).prop_map(Step::Control),
        1 => proptest::sample::select(vec!["7", "!3", ""]).prop_map(Step::Query),
        1 => proptest::sample::select(vec!["earliest", "-20", "60", "new"]).prop_map(Step::Seek),
    ];
    (1..4_usize, vec(step, 1..60))
}

fn message(partition: PartitionId, offset: Offset, builder: &mut ChunkBuilder) {
    builder.stream(b"orders");
    builder.value(format!("{offset}{}", "x".repeat(2_000)).as_bytes());
    let full = builder.commit(MessageStamp {
        offset,
        partition,
        timestamp: Timestamp((offset + 1) * SECOND),
    });
    assert_eq!(full, None);
}

fn chunk(partition: PartitionId, offsets: Range<Offset>) -> Arc<Chunk> {
    let mut builder = ChunkBuilder::new();
    offsets.for_each(|offset| message(partition, offset, &mut builder));
    builder.flush().expect("the range is not empty")
}

/// What is read of a partition: forwards from there on, or backwards down to it.
struct Reading {
    left: Range<Offset>,
    backwards: bool,
    ended: bool,
}

/// The cluster and who reads of it.
struct Broker {
    logs: Vec<Offset>,
    tail: Option<TailId>,
    reading: Vec<Reading>,
    throttled: bool,
    /// How many chunks were on their way when reading was to stop.
    on_the_way: usize,
    older: VecDeque<(TailId, OlderSpec)>,
    scans: VecDeque<(ScanId, Arc<Query>, Vec<Arc<Chunk>>)>,
}

impl Broker {
    fn on_effect(&mut self, effect: Effect) {
        match effect {
            Effect::OpenTail(id, spec) => self.open(id, &spec),
            Effect::CloseTail(id) if self.tail == Some(id) => self.tail = None,
            Effect::ThrottleTail(id, throttled) if self.tail == Some(id) => {
                (self.throttled, self.on_the_way) = (throttled, usize::from(throttled));
            }
            Effect::FetchOlder(id, spec) => self.older.push_back((id, spec)),
            Effect::Scan(id, query, chunks) => self.scans.push_back((id, query, chunks)),
            Effect::CancelScan(id) => self.scans.retain(|(scan, ..)| *scan != id),
            Effect::CloseTail(_)
            | Effect::ThrottleTail(..)
            | Effect::IndexFields(..)
            | Effect::DecodeValues(_)
            | Effect::RestartDecoders
            | Effect::Refresh
            | Effect::Probe(_)
            | Effect::Perform(..)
            | Effect::PlanCursorMove(..)
            | Effect::FetchCursors
            | Effect::ReadFirstUnread(_)
            | Effect::FollowActivity(_)
            | Effect::SaveIncidents(_)
            | Effect::ReadLog
            | Effect::AskEvery(_)
            | Effect::ContinueAssessment
            | Effect::SaveQuery(_)
            | Effect::Alert(_)
            | Effect::Export(..)
            | Effect::CancelExport(_)
            | Effect::ReadStatistics(..)
            | Effect::CancelStatistics(_)
            | Effect::OpenTable(..)
            | Effect::ViewTable(..)
            | Effect::ExportTable(..)
            | Effect::CloseTable(_)
            | Effect::ReadKeyHistory(..)
            | Effect::CancelKeyHistory(_)
            | Effect::Verify(..)
            | Effect::CancelVerify(_)
            | Effect::Console(..)
            | Effect::ParseLine(_)
            | Effect::SaveView(_)
            | Effect::SaveRow(..)
            | Effect::Loop(_) => {}
        }
    }

    fn open(&mut self, id: TailId, spec: &TailSpec) {
        (self.tail, self.throttled) = (Some(id), false);
        let reading = self.logs.iter().map(|end| {
            let start = match spec.start {
                StartAt::New => *end,
                StartAt::Latest => end - 1,
                StartAt::Last(count) => end - i64::try_from(count).expect("few"),
                StartAt::Earliest | StartAt::TimeAgo(_) => 0,
                StartAt::Offset(offset) => offset,
                StartAt::Time(time) => time.0 / SECOND - 1,
                start => unreachable!("no tail of this test starts at {start:?}"),
            };
            let start = start.clamp(0, *end);
            let end = if spec.newest_first { *end } else { Offset::MAX };
            Reading {
                left: start..end,
                backwards: spec.newest_first,
                ended: false,
            }
        });
        self.reading = reading.collect();
    }

    /// The next chunk of a partition; an end where it was read backwards to its start.
    fn next(&mut self, number: usize) -> Option<TailEvent> {
        let (end, reading) = (self.logs[number], self.reading.get_mut(number)?);
        let partition = PartitionId::try_from(number).expect("few");
        let left = reading.left.start..reading.left.end.min(end);
        if left.is_empty() {
            let ends = reading.backwards && !std::mem::replace(&mut reading.ended, true);
            return ends.then(|| TailEvent::Subscription {
                stream: "orders".into(),
                partition,
                event: SubscriptionEvent::Ended(EndReason::StopReached),
            });
        }
        let offsets = if reading.backwards {
            let from = left.start.max(left.end - AT_ONCE);
            reading.left.end = from;
            from..left.end
        } else {
            let to = left.end.min(left.start + AT_ONCE);
            reading.left.start = to;
            left.start..to
        };
        Some(TailEvent::Chunk(chunk(partition, offsets)))
    }
}

/// A dashboard, the broker it reads of, and what it should show.
struct World {
    dashboard: Dashboard,
    broker: Broker,
    shown: Shown,
}

/// What stands where.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    rows: Vec<(PartitionId, Offset)>,
    selected: Option<(PartitionId, Offset)>,
    line: usize,
    mode: FollowMode,
    newest_first: bool,
}

impl World {
    fn new(partitions: usize) -> Self {
        let dashboard = Dashboard::with_budget(partitions, BUDGET);
        let broker = Broker {
            logs: vec![120; partitions],
            tail: None,
            reading: Vec::new(),
            throttled: false,
            on_the_way: 0,
            older: VecDeque::new(),
            scans: VecDeque::new(),
        };
        let shown = shown(&dashboard);
        let mut world = Self {
            dashboard,
            broker,
            shown,
        };
        world.carry_out();
        world
    }

    fn carry_out(&mut self) {
        for effect in self.dashboard.effects() {
            self.broker.on_effect(effect);
        }
    }

    fn event(&mut self, id: TailId, event: TailEvent) {
        self.dashboard.event(Event::Tail(id, event));
        self.carry_out();
    }

    fn deliver(&mut self, number: usize) -> bool {
        let number = number % self.broker.logs.len();
        let (Some(id), Some(event)) = (self.broker.tail, self.broker.next(number)) else {
            return false;
        };
        self.event(id, event);
        true
    }

    fn answer_older(&mut self) -> bool {
        let Some((id, spec)) = self.broker.older.pop_front() else {
            return false;
        };
        let end = self.broker.logs[usize::try_from(spec.partition).expect("few")];
        let before = spec.before.unwrap_or(end);
        let start = (before - i64::from(spec.count)).max(0);
        let mut at = before;
        while at > start {
            let from = start.max(at - AT_ONCE);
            self.event(id, TailEvent::Older(chunk(spec.partition, from..at)));
            at = from;
        }
        let done = TailEvent::OlderDone {
            stream: spec.stream,
            partition: spec.partition,
            start: (start == 0).then_some(0),
            failure: None,
        };
        self.event(id, done);
        true
    }

    fn answer_scan(&mut self) -> bool {
        let Some((id, query, chunks)) = self.broker.scans.pop_front() else {
            return false;
        };
        for (chunk, scanned) in chunks.iter().enumerate() {
            let found = query.predicate().scan(scanned, &QueryRun::at(Timestamp(0)));
            let indices = found.into();
            self.dashboard
                .event(Event::Scan(id, ScanEvent::Matches { chunk, indices }));
        }
        self.dashboard
            .event(Event::Scan(id, ScanEvent::Finished { undecided: 0 }));
        self.carry_out();
        true
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.dashboard
            .event(Event::Key(KeyEvent::new(code, modifiers)));
        self.carry_out();
    }

    /// Does what happens, and returns whether the user did it.
    fn run(&mut self, step: &Step) -> bool {
        match step {
            Step::Publish(to, count) => {
                let to = to % self.broker.logs.len();
                self.broker.logs[to] += count;
            }
            Step::Deliver(of) if !self.broker.throttled => drop(self.deliver(*of)),
            Step::DeliverLate(of) if self.broker.on_the_way > 0 => {
                self.broker.on_the_way -= 1;
                self.deliver(*of);
            }
            Step::Deliver(_) | Step::DeliverLate(_) => {}
            Step::AnswerOlder => drop(self.answer_older()),
            Step::AnswerScan => drop(self.answer_scan()),
            Step::Key(key) => self.key(KeyCode::Char(*key), KeyModifiers::NONE),
            Step::Control(key) => self.key(KeyCode::Char(*key), KeyModifiers::CONTROL),
            Step::Query(text) => self.line("/", text),
            Step::Seek(text) => self.line("s", text),
        }
        matches!(
            step,
            Step::Key(_) | Step::Control(_) | Step::Query(_) | Step::Seek(_)
        )
    }

    fn line(&mut self, key: &str, text: &str) {
        self.dashboard.press(key);
        for _ in 0..4 {
            self.dashboard.key(KeyCode::Backspace);
        }
        self.dashboard.event(Event::Paste(text.into()));
        self.dashboard.key(KeyCode::Enter);
        self.carry_out();
    }
}

fn shown(dashboard: &Dashboard) -> Shown {
    let (tail, window) = (dashboard.tail(), dashboard.window());
    let mut rows: Vec<_> = tail
        .store()
        .rows_from(0)
        .map(|message| (message.partition(), message.offset()))
        .collect();
    let newest_first = {
        let first = tail.view().rows(tail.store(), 0, 1);
        let first = first
            .first()
            .map(|message| (message.partition(), message.offset()));
        rows.len() > 1 && first == rows.last().copied()
    };
    if newest_first {
        rows.reverse();
    }
    let height = usize::from(HEIGHT);
    assert_eq!(window.rows, rows.len());
    assert!(
        rows.is_empty() || (window.top..window.top + height).contains(&window.selected),
        "{window:?}"
    );
    assert!(
        window.top <= rows.len().saturating_sub(height),
        "{window:?}"
    );
    let selected = tail
        .selected()
        .map(|message| (message.partition(), message.offset()));
    assert_eq!(rows.get(window.selected).copied(), selected);
    let drawn = tail.view().rows(tail.store(), window.top, height);
    let drawn = drawn
        .iter()
        .map(|message| (message.partition(), message.offset()));
    assert!(drawn.eq(rows.iter().copied().skip(window.top).take(height)));
    Shown {
        selected,
        line: window.selected - window.top,
        mode: dashboard.mode(),
        newest_first,
        rows,
    }
}

impl World {
    /// What must hold after anything that happens.
    fn check(&mut self, by_user: bool) {
        let now = shown(&self.dashboard);
        let newest = if now.newest_first {
            now.rows.first()
        } else {
            now.rows.last()
        };
        if now.mode == FollowMode::Following {
            assert_eq!(
                now.selected.as_ref(),
                newest,
                "it follows the newest message"
            );
        }
        let before = &self.shown;
        if !by_user {
            assert_eq!(
                now.mode, before.mode,
                "only the user changes what is followed"
            );
        }
        // Where a seek begins, the end of the list is selected, whatever comes there, until the user selects another.
        let ends = [before.rows.first(), before.rows.last()];
        let at_end = ends.contains(&before.selected.as_ref());
        let stays = match now.mode {
            FollowMode::Following => false,
            FollowMode::Frozen => !by_user,
            FollowMode::ScrolledBack => !by_user && !at_end,
        };
        let place = before
            .selected
            .and_then(|selected| now.rows.iter().position(|row| *row == selected));
        if let (true, Some(place)) = (stays && before.rows.len() > usize::from(HEIGHT), place) {
            assert_eq!(
                now.selected, before.selected,
                "the selected message stays selected"
            );
            let last_top = now.rows.len().saturating_sub(HEIGHT.into());
            let line = place - place.saturating_sub(before.line).min(last_top);
            assert_eq!(now.line, line, "and keeps its line");
        }
        self.check_whole();
        self.shown = now;
    }

    /// No message is missing between two that are kept, but for those that the subscription is still to bring.
    fn check_whole(&self) {
        let store = self.dashboard.tail().store();
        for (partition, reading) in (0..).zip(&self.broker.reading) {
            let Some((first, last)) = store.offsets("orders", partition) else {
                continue;
            };
            let is_missing = |offset: &Offset| {
                let id = MessageId {
                    stream: "orders".into(),
                    partition,
                    offset: *offset,
                };
                store.get(&id).is_none() && !reading.left.contains(offset)
            };
            let missing: Vec<Offset> = (first..=last).filter(is_missing).collect();
            assert!(
                missing.is_empty(),
                "{missing:?} of partition {partition}, {first} to {last}"
            );
        }
    }

    /// Whatever happened: who follows sees the newest messages of all partitions once everything has come.
    fn check_end(&mut self) {
        self.line("/", "");
        self.broker.logs.iter_mut().for_each(|end| *end += 1);
        if self.dashboard.mode() == FollowMode::Following {
            self.key(KeyCode::Char('k'), KeyModifiers::NONE);
        }
        self.key(KeyCode::Char('f'), KeyModifiers::NONE);
        loop {
            let mut more = self.answer_older() | self.answer_scan();
            for number in 0..self.broker.logs.len() {
                assert!(!self.broker.throttled, "who follows is never held back");
                more |= self.deliver(number);
            }
            if !more {
                break;
            }
        }
        assert_eq!(self.dashboard.mode(), FollowMode::Following);
        let highest = self.broker.logs.iter().max().map(|end| end - 1);
        assert_eq!(Some(self.dashboard.selected()), highest);
        self.check_whole();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_happens_it_shows_what_the_broker_has_and_stays_where_it_is((partitions, steps) in steps()) {
        let mut world = World::new(partitions);
        for step in &steps {
            let by_user = world.run(step);
            world.check(by_user);
        }
        world.check_end();
    }
}
