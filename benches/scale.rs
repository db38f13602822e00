//! What a cluster of 10,000 streams of 4 partitions costs the dashboard's loop: everything here delays a key.
//! The frames of a small cluster stand beside it, for the ratio.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cost::ms;
use crate::demo_cluster::Outcome;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use liftui::app::{App, ConnectionState, Effect, Event, Settings};
use liftui::model::{
    Broker, BrokerId, BrokerView, Cluster, EventTimes, Partition, Stream, StreamName, Timestamp,
};
use liftui::ui::{self, RowCache, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const BROKERS: [&str; 3] = ["node-1", "node-2", "node-3"];
const PARTITIONS: i32 = 4;
/// Polls of all brokers; the dearest and the middle one of each kind of event are told.
const ROUNDS: usize = 15;

/// All of it.
pub(crate) fn run() -> Outcome {
    let mut out = io::stdout().lock();
    writeln!(out, "ms, middle and worst of {ROUNDS} rounds")?;
    for (streams, busy) in [(100, 100), (10_000, 0), (10_000, 200), (10_000, 10_000)] {
        measure(streams, busy, &mut out)?;
    }
    Ok(())
}

/// Streams in all, and how many of them grow between two polls.
fn measure(streams: usize, busy: usize, out: &mut impl Write) -> Outcome {
    writeln!(out, "{streams} streams, {busy} of them busy")?;
    for (name, first, mut rest) in sample(streams, busy)? {
        rest.sort();
        let (middle, worst) = (rest[rest.len() / 2], rest[rest.len() - 1]);
        writeln!(
            out,
            "  {name:<6} {:>8.2} {:>8.2}   first {:>8.2}",
            ms(middle),
            ms(worst),
            ms(first)
        )?;
    }
    Ok(())
}

/// A kind of event with the steps that follow it, or a single one of all these, the longest that the first round of it took, which meets everything for the first time, and how long
/// each of the others took.
pub(crate) type Sample = (&'static str, Duration, Vec<Duration>);

/// How long each kind of event takes, with so many streams of which so many grow between two polls.
pub(crate) fn sample(streams: usize, busy: usize) -> Outcome<Vec<Sample>> {
    let mut context = Context::new()?;
    let mut times: Vec<(&'static str, Vec<Duration>)> = ["view", "tick", "key", "frame", "event"]
        .map(|name| (name, Vec::new()))
        .into();
    let ids: Vec<BrokerId> = BROKERS.map(Arc::from).into();
    // What a broker says unchanged is shared with its answer before.
    let mut known = BROKERS.map(|_| BTreeMap::new());
    // As the poller does it, so that no view is freed by the loop.
    let mut last_views = VecDeque::new();
    for round in 0..ROUNDS {
        let now =
            Timestamp(1_795_348_800_000_000_000).plus(Duration::from_secs(2) * round.try_into()?);
        let new = if round == 0 { streams } else { busy };
        for (by, known) in known.iter_mut().enumerate() {
            known.extend((0..new).map(|number| stream(number, round, &ids)));
            let view = view(by, known.clone(), now);
            last_views.push_back(Arc::clone(&view));
            times[0].1.push(context.take(Event::BrokerView(view)));
        }
        last_views.drain(..last_views.len().saturating_sub(2 * BROKERS.len()));
        times[1].1.push(context.take(Event::Tick(now)));
        let key = KeyEvent::new(KeyCode::Char('j'), KeyModifiers::NONE);
        times[2].1.push(context.take(Event::Key(key)));
        times[3].1.push(context.draw()?);
        times[4].1.push(std::mem::take(&mut context.longest));
    }
    let parted = times.into_iter().map(|(name, mut times)| {
        let rest = times.split_off(times.len() / ROUNDS);
        let first = times.iter().max().copied().unwrap_or_default();
        (name, first, rest)
    });
    Ok(parted.collect())
}

/// The dashboard without its loop.
struct Context {
    app: App,
    terminal: Terminal<TestBackend>,
    rows: RowCache,
    /// The longest that a single event took: for so long no key is answered.
    longest: Duration,
}

impl Context {
    fn new() -> Outcome<Self> {
        let mut app = App::new(Settings::default());
        app.update(Event::Connection(ConnectionState::Connected));
        app.update(Event::Key(KeyEvent::new(
            KeyCode::Char('3'),
            KeyModifiers::NONE,
        )));
        let terminal = Terminal::new(TestBackend::new(120, 36))?;
        Ok(Self {
            app,
            terminal,
            rows: RowCache::default(),
            longest: Duration::ZERO,
        })
    }

    /// The event, and all steps that follow it in a large cluster.
    fn take(&mut self, event: Event) -> Duration {
        let mut next = Some(event);
        let mut took = Duration::ZERO;
        while let Some(event) = next {
            let begin = Instant::now();
            let effects = self.app.update(event);
            let elapsed = begin.elapsed();
            took += elapsed;
            self.longest = self.longest.max(elapsed);
            let goes_on = effects.contains(&Effect::ContinueAssessment);
            next = goes_on.then_some(Event::ContinueAssessment);
        }
        took
    }

    fn draw(&mut self) -> Outcome<Duration> {
        let theme = Theme::named("dark").ok_or("no dark theme")?;
        let mut offered = None;
        let begin = Instant::now();
        self.terminal
            .draw(|frame| offered = Some(ui::draw(frame, &self.app, &theme, &mut self.rows)))?;
        let took = begin.elapsed();
        if let Some(viewport) = offered {
            self.app.update(Event::Viewport(viewport));
        }
        Ok(took)
    }
}

/// What one broker says.
fn view(by: usize, streams: BTreeMap<StreamName, Arc<Stream>>, now: Timestamp) -> Arc<BrokerView> {
    let ids: Vec<BrokerId> = BROKERS.map(Arc::from).into();
    let broker = |id: &BrokerId| Broker {
        id: Arc::clone(id),
        host: "127.0.0.1".into(),
        port: 9292,
        partition_count: 0,
        leader_count: 0,
    };
    let cluster = Cluster {
        answered_by: Some(Arc::clone(&ids[by])),
        brokers: ids.iter().map(broker).collect(),
        streams,
    };
    Arc::new(BrokerView {
        address: Arc::from(format!("127.0.0.1:{}", 9292 + by)),
        broker: Some(Arc::clone(&ids[by])),
        at: now,
        took: Duration::from_millis(1),
        result: Ok(Arc::new(cluster)),
    })
}

fn stream(number: usize, round: usize, ids: &[BrokerId]) -> (StreamName, Arc<Stream>) {
    let name: StreamName = Arc::from(format!("service-{number:05}.events"));
    let offset = i64::try_from(round * 100).unwrap_or_default();
    let partition = |id| Partition {
        id,
        leader: Some(Arc::clone(&ids[number % ids.len()])),
        replicas: ids.into(),
        isr: ids.into(),
        high_watermark: offset,
        newest_offset: offset,
        paused_flag: false,
        readonly_flag: false,
        received: EventTimes {
            first: Timestamp(1),
            latest: Timestamp(offset),
        },
        pause_changed: EventTimes::default(),
        readonly_changed: EventTimes::default(),
    };
    let stream = Stream {
        name: Arc::clone(&name),
        subject: Arc::clone(&name),
        created: Timestamp(1),
        partitions: (0..PARTITIONS).map(partition).collect(),
    };
    (name, Arc::new(stream))
}
