//! Whatever happens to a cluster, in whatever order: what is told of it was so. A small model of three real brokers and
//! one partition lives through random histories; health sees what the brokers would answer, and is held against the model.

use std::sync::Arc;

use fastrand::Rng;
use liftui::health::{Finding, Known, Rule, Severity, Truth};
use liftui::model::{EventTimes, Partition, ProbeState};

use super::world::{World, at as time, id, ids, led_by};

/// Seconds until a leader takes a broker that does not fetch out of the ISR; until followers elect another leader.
const SHRINKS_AFTER: u32 = 5;
const ELECTS_AFTER: u32 = 12;
/// Seconds for which a broker that was stopped believes what it knew.
const CATCHES_UP: u32 = 2;
/// Seconds after which a consumer that does not move is stalled.
const STALLED_AFTER: u32 = 60;
/// Seconds after which a poll that is not answered is given up.
const PATIENCE: u32 = 3;

/// One broker of the model.
#[derive(Clone, Default)]
struct Node {
    /// Messages by number: those that two logs share are the same.
    log: Vec<u32>,
    high_watermark: usize,
    is_dead: bool,
    is_stopped: bool,
    /// Seconds for which it has been like that, or has been back.
    lasts: u32,
    /// What it knows of who leads and who is in sync.
    leader: usize,
    isr: Vec<usize>,
}

impl Node {
    fn answers(&self) -> bool {
        !self.is_dead && !self.is_stopped
    }
}

/// Three brokers with a replica each; 0 stands for none of them.
struct Model {
    nodes: Vec<Node>,
    leader: usize,
    isr: Vec<usize>,
    written: u32,
    /// The longest log that was ever committed.
    committed: Vec<u32>,
    /// Whether a leader ever lacked what had been committed.
    lost: bool,
    /// How often something really changed.
    changes: u32,
    reader: Reader,
    pause: Pause,
}

/// Whether the partition is paused, and what brokers report of it.
#[derive(Default)]
struct Pause {
    is_paused: bool,
    /// It is reported as paused from the first time on, for ever.
    was_paused: bool,
    /// When that changed last, and when a message came last.
    changed: u32,
    received: u32,
}

/// A consumer that stores how far it has read.
#[derive(Default)]
struct Reader {
    is_stuck: bool,
    offset: Option<usize>,
    /// When it stored that.
    stored: u32,
}

impl Model {
    fn new() -> Self {
        let node = Node {
            leader: 1,
            isr: vec![1, 2, 3],
            lasts: 100,
            ..Node::default()
        };
        Self {
            nodes: vec![node; 4],
            leader: 1,
            isr: vec![1, 2, 3],
            written: 0,
            committed: Vec::new(),
            lost: false,
            changes: 0,
            reader: Reader::default(),
            pause: Pause::default(),
        }
    }

    /// Something happens to a broker.
    fn fault(&mut self, rng: &mut Rng) {
        let number = rng.usize(1..=3);
        let node = &mut self.nodes[number];
        let before = (node.is_dead, node.is_stopped);
        match rng.u8(..5) {
            0 if node.answers() => node.is_dead = true,
            1 if node.answers() => node.is_stopped = true,
            2 if node.is_dead => node.is_dead = false,
            3 if node.is_dead => {
                node.is_dead = false;
                node.log.clear();
                node.high_watermark = 0;
            }
            4 if node.is_stopped => node.is_stopped = false,
            _ => {}
        }
        if (node.is_dead, node.is_stopped) != before {
            node.lasts = 0;
            self.changes += 1;
        }
    }

    /// Somebody pauses the partition, or publishes to it while it is paused.
    fn pause(&mut self, seconds: u32) {
        if self.serves(self.leader) {
            self.pause.is_paused = !self.pause.is_paused;
            self.pause.was_paused = true;
            self.pause.changed = seconds;
            self.changes += 1;
        }
    }

    /// Whether that broker answers, and knows what is so.
    fn serves(&self, number: usize) -> bool {
        let node = &self.nodes[number];
        node.answers() && node.lasts > CATCHES_UP
    }

    /// A second passes.
    fn pass(&mut self, rng: &mut Rng, seconds: u32) {
        for node in &mut self.nodes {
            node.lasts += 1;
        }
        self.elect();
        self.lost |= self.has_lost();
        if self.serves(self.leader) && !self.pause.is_paused {
            self.replicate(rng.u32(1..5));
            self.pause.received = seconds;
        }
        let (leader, isr) = (self.leader, self.isr.clone());
        for node in &mut self.nodes[1..] {
            if node.answers() && node.lasts > CATCHES_UP {
                (node.leader, node.isr) = (leader, isr.clone());
            }
        }
    }

    fn elect(&mut self) {
        let old = &self.nodes[self.leader];
        // Nobody fetches from a paused leader, so that nobody misses it.
        if self.pause.is_paused || old.answers() || old.lasts < ELECTS_AFTER {
            return;
        }
        let answering = self.nodes[1..].iter().filter(|node| node.answers()).count();
        let can = |number: &usize| {
            let node = &self.nodes[*number];
            node.answers() && node.lasts > CATCHES_UP
        };
        let next = self.isr.iter().copied().find(can);
        if let Some(next) = next.filter(|_| answering >= 2) {
            self.leader = next;
            self.isr = vec![next];
            self.changes += 1;
        }
    }

    /// The leader stores messages, followers take them, what all in-sync replicas have is committed.
    fn replicate(&mut self, count: u32) {
        let leader = self.leader;
        for _ in 0..count {
            self.written += 1;
            let number = self.written;
            self.nodes[leader].log.push(number);
        }
        let log = self.nodes[leader].log.clone();
        for number in (1..=3).filter(|number| *number != leader) {
            let node = &mut self.nodes[number];
            let fetches = node.answers() && node.lasts > CATCHES_UP;
            if fetches {
                node.log.clone_from(&log);
            }
            let was_in = self.isr.contains(&number);
            if fetches && !was_in {
                self.isr.push(number);
                self.changes += 1;
            } else if was_in && !node.answers() && node.lasts >= SHRINKS_AFTER {
                self.isr.retain(|one| *one != number);
                self.changes += 1;
            }
        }
        self.isr.sort_unstable();
        let in_sync = self.isr.iter().map(|number| self.nodes[*number].log.len());
        let committed = in_sync.min().unwrap_or(0);
        for number in 1..=3 {
            let node = &mut self.nodes[number];
            if number == leader || node.answers() && node.lasts > CATCHES_UP {
                node.high_watermark = committed.min(node.log.len());
            }
        }
        let committed = &log[..committed];
        if !self.committed.starts_with(committed) {
            self.committed = committed.to_vec();
        }
    }

    /// Whether the leader's log lacks what was committed once.
    fn has_lost(&self) -> bool {
        !self.nodes[self.leader].log.starts_with(&self.committed)
    }

    fn views(&self, world: &mut World, seconds: u32) {
        let at = f64::from(seconds);
        for number in 1..=3 {
            let node = &self.nodes[number];
            if node.is_dead {
                world.refuse(at, number);
            } else if node.is_stopped {
                if node.lasts >= PATIENCE {
                    world.miss(at, number);
                }
            } else {
                let end = |length: usize| i64::try_from(length).expect("a short log") - 1;
                let latest = |seconds: u32| EventTimes {
                    latest: time(f64::from(seconds)),
                    ..EventTimes::default()
                };
                let is_leader = number == self.leader;
                let partition = Partition {
                    isr: ids(&node.isr).into(),
                    high_watermark: end(node.high_watermark),
                    newest_offset: end(node.log.len()),
                    paused_flag: self.pause.was_paused,
                    pause_changed: latest(self.pause.changed),
                    received: latest(if is_leader { self.pause.received } else { 0 }),
                    ..led_by(node.leader)
                };
                world.report(at, number, vec![partition]);
            }
        }
    }

    /// What the leader answers to who asks it for the partition alone.
    fn probe(&self, world: &mut World, seconds: u32) {
        if !self.serves(self.leader) {
            return;
        }
        let serving = || ProbeState::Serving {
            partition: Box::new(led_by(self.leader)),
            readonly: None,
        };
        let state = if self.pause.is_paused {
            ProbeState::Paused
        } else {
            serving()
        };
        world.probe(f64::from(seconds), state);
    }

    /// What is said of a pause was so.
    fn check_pause(&self, truth: &Truth, seconds: u32, context: &str) {
        let Some(orders) = truth.partition("orders", 0) else {
            return;
        };
        let known = Known::from(self.pause.is_paused);
        let is_new = seconds - self.pause.changed <= 1;
        // A leader that is silent, or does not know yet what is so, can be asked nothing: what was known stands.
        if self.serves(self.leader) && !is_new && self.calm() > CATCHES_UP {
            assert!(
                orders.paused == known || orders.paused == Known::Unknown,
                "{context}: paused is {:?}",
                orders.paused
            );
        }
    }

    /// The consumer reads what is committed, or is stuck; its cursor is read while two brokers answer.
    fn read(&mut self, world: &mut World, rng: &mut Rng, seconds: u32) {
        if rng.u8(..60) == 0 {
            self.reader.is_stuck = !self.reader.is_stuck;
            self.changes += 1;
        }
        let end = self.nodes[self.leader].high_watermark.checked_sub(1);
        if !self.reader.is_stuck && self.reader.offset < end && self.nodes[self.leader].answers() {
            (self.reader.offset, self.reader.stored) = (end, seconds);
        }
        if let Some(offset) = self.reader.offset {
            let offset = i64::try_from(offset).expect("a short log");
            world.cursor_stored(f64::from(seconds), f64::from(self.reader.stored), offset);
        }
    }

    /// What is said of the consumer was so.
    fn check_reader(&self, truth: &Truth, seconds: u32, context: &str) {
        let found = |rule| truth.findings.iter().any(|finding| finding.rule == rule);
        let read = self.reader.offset.map_or(0, |offset| offset + 1);
        let longest = self.nodes[1..].iter().map(|node| node.log.len()).max();
        if found(Rule::CursorStalled) {
            let stood = seconds - self.reader.stored;
            assert!(stood >= STALLED_AFTER, "{context}: stalled after {stood} s");
            assert!(
                longest > Some(read),
                "{context}: stalled with nothing to read"
            );
        }
        if found(Rule::CursorBeyondEnd) {
            assert!(self.lost, "{context}: beyond an end that never went back");
        }
    }

    /// Seconds since the last change that a poll could show.
    fn calm(&self) -> u32 {
        let lasts = self.nodes[1..].iter().map(|node| node.lasts);
        lasts.min().unwrap_or(0)
    }
}

fn level(truth: &Truth) -> Option<Severity> {
    truth.findings.iter().map(|finding| finding.severity).max()
}

fn check(model: &Model, truth: &Truth, context: &str) {
    let lost = truth.findings.iter().any(|it| it.rule == Rule::LogWentBack);
    assert!(
        !lost || model.lost,
        "{context}: called lost though no leader ever lacked anything"
    );
    let Some(orders) = truth.partition("orders", 0) else {
        return;
    };
    if level(truth) < Some(Severity::Warning) {
        let leader = orders.leader.as_ref();
        let leads = (1..=3).find(|number| leader == Some(&id(*number)));
        let node = leads.map(|number| &model.nodes[number]);
        // A broker that was stopped shows when the poll is given up.
        let serves = node.is_some_and(|node| node.answers() || node.lasts <= PATIENCE);
        assert!(serves, "{context}: all well without a leader");
        assert_eq!(orders.leader_reachable, Known::Yes, "{context}");
        for broker in orders.isr.iter() {
            let number = (1..=3)
                .find(|number| id(*number) == *broker)
                .expect("one of three");
            let node = &model.nodes[number];
            assert!(
                node.answers() || node.lasts <= PATIENCE,
                "{context}: all well while {broker} of the ISR is silent"
            );
        }
        assert!(
            !(model.has_lost() && model.calm() > 4),
            "{context}: all well after a loss"
        );
    }
    if !lost && model.calm() > CATCHES_UP + 4 {
        let leader = id(model.leader);
        assert_eq!(orders.leader, Some(leader), "{context}");
    }
}

#[test]
fn whatever_happens_what_is_told_of_it_was_so() {
    let (mut stalled, mut paused) = (0, 0);
    for seed in 0..150 {
        let mut rng = Rng::with_seed(seed);
        let (mut model, mut world) = (Model::new(), World::default());
        let mut ends = (-1, -1);
        let mut levels = 0;
        let mut last = None;
        for seconds in 1..=120 {
            if seconds > 3 && rng.u8(..12) == 0 {
                model.fault(&mut rng);
            }
            if seconds > 3 && rng.u8(..25) == 0 {
                model.pause(seconds);
            }
            model.pass(&mut rng, seconds);
            model.views(&mut world, seconds);
            model.read(&mut world, &mut rng, seconds);
            let truth: Arc<Truth> = world.truth(f64::from(seconds));
            let context = format!("seed {seed}, second {seconds}");
            check(&model, &truth, &context);
            model.check_pause(&truth, seconds, &context);
            let is_paused = truth.partition("orders", 0).map(|orders| orders.paused);
            paused += usize::from(is_paused == Some(Known::Yes));
            if !truth.doubtful.is_empty() {
                model.probe(&mut world, seconds);
            }
            model.check_reader(&truth, seconds, &context);
            let is_stalled = |it: &Finding| it.rule == Rule::CursorStalled;
            stalled += usize::from(truth.findings.iter().any(is_stalled));
            levels += u32::from(level(&truth) != last);
            last = level(&truth);
            if let Some(orders) = truth.partition("orders", 0) {
                let high = orders.high_watermark.unwrap_or(-1);
                if orders.log_loss.is_none() {
                    assert!(
                        high >= ends.0,
                        "{context}: high watermark {} -> {high}",
                        ends.0
                    );
                }
                ends = (high, orders.newest_offset.unwrap_or(-1));
            }
        }
        // A level changes where something did, once: no finding comes and goes by itself.
        assert!(
            levels <= model.changes,
            "seed {seed}: {levels} changes of level, {} of the cluster",
            model.changes
        );
    }
    assert!(stalled > 0, "no consumer was ever stuck");
    assert!(paused > 0, "nothing was ever paused");
}
