//! Hand-made states of the dashboard: a small company's cluster, as events that the runtime would send.
//!
//! Everything goes in as events, so that what tests see is what the loop could bring about.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use liftui::app::{App, ConnectionState, ContextEntry, Effect, Event, Settings, Viewport};
use liftui::model::{
    ActivityEvent, ActivityKind, Broker, BrokerId, BrokerView, Cluster, CursorEntry, ErrorKind,
    EventTimes, Failure, GroupInfo, Offset, Partition, PartitionId, Stream, StreamName, Target,
    Timestamp,
};

/// A Sunday noon; every state is built from here on.
pub(crate) const NOON: Timestamp = Timestamp(1_795_348_800_000_000_000);

/// A stream of the made-up cluster: name, partitions, replicas of each, messages a second in all.
struct Kind {
    name: &'static str,
    partitions: i32,
    replicas: usize,
    rate: i64,
}

const STREAMS: [Kind; 9] = [
    Kind {
        name: "orders-eu",
        partitions: 4,
        replicas: 3,
        rate: 812,
    },
    Kind {
        name: "payments-eu",
        partitions: 2,
        replicas: 3,
        rate: 96,
    },
    Kind {
        name: "refunds-eu",
        partitions: 1,
        replicas: 3,
        rate: 2,
    },
    Kind {
        name: "sensors-eu",
        partitions: 8,
        replicas: 2,
        rate: 375,
    },
    Kind {
        name: "audit-eu",
        partitions: 1,
        replicas: 3,
        rate: 0,
    },
    Kind {
        name: "clicks-of-the-web-shop-in-all-countries",
        partitions: 3,
        replicas: 1,
        rate: 1_440,
    },
    Kind {
        name: "settings",
        partitions: 1,
        replicas: 3,
        rate: 1,
    },
    Kind {
        name: "__activity",
        partitions: 1,
        replicas: 3,
        rate: 0,
    },
    Kind {
        name: "__cursors",
        partitions: 3,
        replicas: 3,
        rate: 4,
    },
];

const BROKERS: [&str; 3] = ["node-1", "node-2", "node-3"];

/// A cluster that changes, and the dashboard that watches it.
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) now: Timestamp,
    /// Messages a second are written so long.
    written: i64,
    /// The broker that is down.
    down: Option<usize>,
    /// Whether the others have noticed: leaders moved, ISRs shrank.
    noticed: bool,
    /// The broker that was down: it leads nothing any more, as no leader moves by itself.
    returned: Option<usize>,
    /// Whether it has caught up since.
    in_sync: bool,
    /// Whether the last in-sync replica leads, not the first.
    last_leads: bool,
    /// Where all logs end, in place of where they do.
    pub(crate) ends: Option<Offset>,
    /// When the cursors were read first.
    cursors_at: Option<Timestamp>,
}

impl World {
    /// Nothing has been heard of any broker.
    pub(crate) fn silent(settings: Settings) -> Self {
        let mut world = Self {
            app: App::new(settings),
            now: NOON,
            written: 0,
            down: None,
            noticed: false,
            returned: None,
            in_sync: true,
            last_leads: false,
            ends: None,
            cursors_at: None,
        };
        world.event(Event::Tick(NOON));
        world
    }

    /// A cluster in which nothing is wrong, watched for half a minute.
    pub(crate) fn healthy() -> Self {
        Self::healthy_with(settings())
    }

    /// The same with other settings.
    pub(crate) fn healthy_with(settings: Settings) -> Self {
        Self::watched(settings, Duration::from_secs(30))
    }

    /// The same, watched for ten minutes: histories are full.
    pub(crate) fn seasoned() -> Self {
        Self::watched(settings(), Duration::from_secs(600))
    }

    /// The same, all logs ending there.
    pub(crate) fn ending_at(end: Offset) -> Self {
        let mut world = Self::silent(settings());
        world.ends = Some(end);
        world.watch(Duration::from_secs(600))
    }

    fn watched(settings: Settings, time: Duration) -> Self {
        Self::silent(settings).watch(time)
    }

    fn watch(self, time: Duration) -> Self {
        let mut world = self;
        world.written = 600 - i64::try_from(time.as_secs()).unwrap();
        world.event(Event::Connection(ConnectionState::Connected));
        world.warm_up(time);
        world.cursors();
        world.run(Duration::from_secs(4));
        world
    }

    /// The same, half a minute after node-2 died; the others have not noticed yet.
    pub(crate) fn without_node_two(mut self) -> Self {
        self.down = Some(1);
        self.run(Duration::from_secs(31));
        self
    }

    /// The same once leaders have moved and ISRs shrank.
    pub(crate) fn after_the_election(self) -> Self {
        let mut world = self.without_node_two();
        world.noticed = true;
        world.read_cursors();
        world.run(Duration::from_secs(16));
        world
    }

    /// node-2 is down from now on; the others have not noticed yet.
    pub(crate) fn fail_node_two(&mut self) {
        self.down = Some(1);
    }

    /// node-2 answers again, and is in sync after a while.
    pub(crate) fn bring_back(&mut self) {
        self.down = None;
        self.run(Duration::from_secs(30));
    }

    /// The others have noticed who is down: leaders move, ISRs shrink.
    pub(crate) fn elect_leaders(&mut self) {
        self.noticed = true;
    }

    /// node-2 answers again, leads nothing and is behind.
    pub(crate) fn restart_node_two(&mut self) {
        self.down = None;
        self.returned = Some(1);
        self.in_sync = false;
    }

    /// node-2 has all that it missed.
    pub(crate) fn catch_node_two_up(&mut self) {
        self.in_sync = true;
    }

    /// Other leaders are elected although nothing is wrong.
    pub(crate) fn move_leaders(&mut self) {
        self.last_leads = true;
    }

    /// Gives an event to the app, and all steps that follow it in a large cluster.
    pub(crate) fn event(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = self.app.update(event);
        while let Some(at) = effects
            .iter()
            .position(|effect| *effect == Effect::ContinueAssessment)
        {
            effects.remove(at);
            effects.extend(self.app.update(Event::ContinueAssessment));
        }
        effects
    }

    /// Presses keys, each by its name: `j`, `enter`, `ctrl-c`, with a moment after each.
    pub(crate) fn press(&mut self, keys: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for key in keys.split_whitespace() {
            effects.extend(self.burst(key));
            effects.extend(self.event(Event::KeysQuiet));
        }
        effects
    }

    /// Presses keys as fast as a terminal pastes.
    pub(crate) fn burst(&mut self, keys: &str) -> Vec<Effect> {
        let keys = keys.split_whitespace();
        keys.flat_map(|key| self.event(Event::Key(key_named(key))))
            .collect()
    }

    /// Types text, letter by letter.
    pub(crate) fn write(&mut self, text: &str) -> Vec<Effect> {
        let key = |letter| Event::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE));
        text.chars()
            .flat_map(|letter| self.event(key(letter)))
            .collect()
    }

    /// The frame offered this.
    pub(crate) fn viewport(&mut self, viewport: Viewport) {
        self.event(Event::Viewport(viewport));
    }

    /// Lets time pass: every broker is asked every two seconds.
    pub(crate) fn run(&mut self, time: Duration) -> Vec<Effect> {
        let mut effects = Vec::new();
        for second in 0..time.as_secs() {
            self.now = self.now.plus(Duration::from_secs(1));
            self.written += 1;
            if second % 2 == 1 {
                effects.extend(self.poll());
            }
            effects.extend(self.event(Event::Tick(self.now)));
        }
        effects
    }

    /// The same, asked every five seconds: enough for histories.
    fn warm_up(&mut self, time: Duration) {
        for _ in 0..time.as_secs() / 5 {
            self.now = self.now.plus(Duration::from_secs(5));
            self.written += 5;
            self.event(Event::Tick(self.now));
            self.poll();
        }
    }

    /// For a moment brokers answer that all logs are empty: whoever reads them has read them up to their ends.
    pub(crate) fn catch_up(&mut self) {
        self.ends = Some(-1);
        self.now = self.now.plus(Duration::from_secs(1));
        self.poll();
        self.event(Event::Tick(self.now));
        self.ends = None;
        self.poll();
    }

    fn poll(&mut self) -> Vec<Effect> {
        let views: Vec<BrokerView> = (0..BROKERS.len())
            .map(|broker| self.view_of(broker))
            .collect();
        views
            .into_iter()
            .flat_map(|view| self.event(Event::BrokerView(Arc::new(view))))
            .collect()
    }

    /// What a broker would answer now.
    pub(crate) fn view_of(&self, number: usize) -> BrokerView {
        let down = self.down == Some(number);
        let refused = || {
            let broker = Target::Broker(BROKERS[number].into());
            let sentence = format!("broker {} refused the connection", BROKERS[number]);
            Failure::new(ErrorKind::Unreachable, broker, sentence)
        };
        BrokerView {
            address: address(number).into(),
            broker: Some(BROKERS[number].into()),
            at: self.now,
            took: Duration::from_millis(4 + number as u64),
            result: if down {
                Err(refused())
            } else {
                Ok(Arc::new(self.cluster(number)))
            },
        }
    }

    /// The view of one broker: of the logs that it stores, its own ends.
    fn cluster(&self, number: usize) -> Cluster {
        let broker = |number: usize| Broker {
            id: BROKERS[number].into(),
            host: format!("10.0.0.{}", number + 1),
            port: 9292,
            partition_count: 12,
            leader_count: 7,
        };
        let streams = STREAMS.iter().map(|kind| {
            let stream = self.stream(kind, number);
            (Arc::clone(&stream.name), stream.into())
        });
        Cluster {
            answered_by: Some(BROKERS[number].into()),
            brokers: (0..BROKERS.len()).map(broker).collect(),
            streams: streams.collect(),
        }
    }

    fn stream(&self, kind: &Kind, number: usize) -> Stream {
        Stream {
            name: kind.name.into(),
            subject: kind.name.replace('-', ".").into(),
            created: NOON.minus(Duration::from_secs(86_400 * 12)),
            partitions: (0..kind.partitions)
                .map(|id| self.partition(kind, id, number))
                .collect(),
        }
    }

    fn partition(&self, kind: &Kind, id: PartitionId, number: usize) -> Partition {
        let first = usize::try_from(id).unwrap() % BROKERS.len();
        let place = |step: usize| (first + step) % BROKERS.len();
        let mut replicas: Vec<usize> = (0..kind.replicas).map(place).collect();
        let behind = self.returned.filter(|_| !self.in_sync);
        let lost = self.down.filter(|_| self.noticed).or(behind);
        let isr: Vec<usize> = replicas
            .iter()
            .copied()
            .filter(|one| Some(*one) != lost || kind.replicas == 1)
            .collect();
        let leader = if self.last_leads {
            isr.last()
        } else {
            let others = |one: &&usize| Some(**one) != self.returned;
            isr.iter().find(others).or(isr.first())
        };
        let leader = leader.copied();
        replicas.sort_unstable();
        let holds = replicas.contains(&number);
        let each = written(kind, self.written) / i64::from(kind.partitions);
        let end = if let Some(end) = self.ends {
            end
        } else if holds && behind == Some(number) {
            each + i64::from(id) * 37 - 240
        } else if holds {
            each + i64::from(id) * 37 - 1
        } else {
            -1
        };
        let names = |ids: &[usize]| {
            let mut names: Vec<BrokerId> = ids.iter().map(|one| BROKERS[*one].into()).collect();
            names.sort();
            names
        };
        let leads = leader == Some(number);
        let seen = EventTimes {
            first: NOON,
            latest: self.now.minus(Duration::from_secs(1)),
        };
        Partition {
            id,
            leader: leader.map(|one| BROKERS[one].into()),
            replicas: names(&replicas).into(),
            isr: names(&isr).into(),
            high_watermark: end,
            newest_offset: end,
            received: if leads && kind.rate > 0 {
                seen
            } else {
                EventTimes::default()
            },
            ..Partition::default()
        }
    }

    /// A cursor that was stored a moment ago.
    pub(crate) fn cursor(
        &self,
        id: &str,
        stream: &str,
        partition: PartitionId,
        offset: Offset,
    ) -> CursorEntry {
        let first = self.cursors_at.unwrap_or(self.now);
        CursorEntry {
            id: id.into(),
            stream: stream.into(),
            partition,
            offset,
            time: first.minus(Duration::from_secs(9)),
            read_at: self.now,
        }
    }

    /// No cursor is on `orders-eu` any more: the group there reads elsewhere.
    pub(crate) fn cursors_elsewhere(&mut self) {
        let entries = vec![
            self.cursor("billing", "payments-eu", 0, 16_000),
            self.cursor("billing", "payments-eu", 1, 28_000),
            self.cursor(
                "__group:shipping",
                "clicks-of-the-web-shop-in-all-countries",
                0,
                0,
            ),
            self.cursor("dashboards", "sensors-eu", 3, 28_000),
        ];
        self.event(Event::Cursors(Ok(Arc::new(entries))));
    }

    /// They stand where they stood when they were read first.
    fn read_cursors(&mut self) {
        let mut entries = vec![
            self.cursor("billing", "payments-eu", 0, 16_000),
            self.cursor("billing", "payments-eu", 1, 28_000),
            self.cursor("__group:shipping", "orders-eu", 0, 121_000),
            self.cursor("__group:shipping", "orders-eu", 1, 110_300),
            self.cursor("dashboards", "sensors-eu", 3, 28_000),
        ];
        // Where all logs end elsewhere, none of these would stand in them.
        entries.retain(|_| self.ends.is_none());
        self.event(Event::Cursors(Ok(Arc::new(entries))));
    }

    fn cursors(&mut self) {
        self.cursors_at = Some(self.now);
        self.read_cursors();
        let group = GroupInfo {
            id: "shipping".to_owned(),
            coordinator: Some("node-3".to_owned()),
            epoch: Some(7),
            members: Some(vec!["ship-a".to_owned(), "ship-b".to_owned()]),
            streams: vec!["orders-eu".into()],
        };
        self.event(Event::Groups(Ok(Arc::new(vec![group]))));
    }

    /// Some events of the cluster's own journal.
    pub(crate) fn activity(&mut self) {
        let at = |seconds| self.now.minus(Duration::from_secs(seconds));
        let stream = || StreamName::from("orders-eu");
        let kinds = vec![
            (
                90_000,
                ActivityKind::CreateStream {
                    stream: stream(),
                    partitions: vec![0, 1, 2, 3],
                },
            ),
            (
                4_000,
                ActivityKind::PauseStream {
                    stream: stream(),
                    partitions: vec![0, 1],
                    resume_all: false,
                },
            ),
            (
                3_900,
                ActivityKind::ResumeStream {
                    stream: stream(),
                    partitions: vec![0],
                },
            ),
            (
                300,
                ActivityKind::SetReadonly {
                    stream: "audit-eu".into(),
                    partitions: vec![0],
                    readonly: true,
                },
            ),
            (
                40,
                ActivityKind::JoinGroup {
                    group: "shipping".to_owned(),
                    consumer: "ship-a".to_owned(),
                    streams: vec![stream()],
                },
            ),
            (
                5,
                ActivityKind::LeaveGroup {
                    group: "shipping".to_owned(),
                    consumer: "ship-c".to_owned(),
                    expired: true,
                },
            ),
        ];
        let event = |(id, (age, kind))| ActivityEvent {
            id,
            time: at(age),
            kind,
        };
        let events: Vec<ActivityEvent> = (3_u64..).step_by(4).zip(kinds).map(event).collect();
        self.event(Event::Activity(Ok(Arc::new(events))));
    }
}

/// Messages written in so many seconds: between half the stream's rate and one and a half of it, up and down in four
/// minutes, each stream at its own time.
fn written(kind: &Kind, seconds: i64) -> i64 {
    let at = seconds + i64::try_from(kind.name.len()).unwrap() * 17;
    let percent_seconds = |at: i64| {
        let in_wave = at % 240;
        let half = in_wave.min(120);
        let rest = in_wave - half;
        let up = 50 * half + 50 * half * half / 120;
        let down = 150 * rest - 50 * rest * rest / 120;
        at / 240 * 24_000 + up + down
    };
    kind.rate * percent_seconds(at) / 100
}

/// What the made-up dashboard is started with.
pub(crate) fn settings() -> Settings {
    Settings {
        cluster: "prod".to_owned(),
        addresses: (0..BROKERS.len()).map(address).collect(),
        contexts: vec![
            context("prod", "10.0.0.1:9292", false),
            context("staging", "10.9.0.1:9292", true),
        ],
        ..Settings::default()
    }
}

fn context(name: &str, address: &str, observer: bool) -> ContextEntry {
    ContextEntry {
        name: name.to_owned(),
        addresses: vec![address.to_owned()],
        observer,
    }
}

fn address(number: usize) -> String {
    format!("10.0.0.{}:9292", number + 1)
}

fn key_named(name: &str) -> KeyEvent {
    let modifiers = [
        ("ctrl-", KeyModifiers::CONTROL),
        ("alt-", KeyModifiers::ALT),
    ];
    let modifiers = modifiers
        .into_iter()
        .find_map(|(prefix, modifiers)| Some((modifiers, name.strip_prefix(prefix)?)));
    let (modifiers, name) = modifiers.unwrap_or((KeyModifiers::NONE, name));
    let mut letters = name.chars();
    let code = match (letters.next(), letters.next()) {
        (Some(only), None) => KeyCode::Char(only),
        _ => match name {
            "enter" => KeyCode::Enter,
            "esc" => KeyCode::Esc,
            "tab" => KeyCode::Tab,
            "space" => KeyCode::Char(' '),
            "down" => KeyCode::Down,
            "up" => KeyCode::Up,
            "left" => KeyCode::Left,
            "right" => KeyCode::Right,
            "backspace" => KeyCode::Backspace,
            other => panic!("no key is called {other}"),
        },
    };
    KeyEvent::new(code, modifiers)
}
