//! How soon a key shows while a tail takes in all that the broker can send and a query runs over it: the real loop, on a
//! screen that knows when each frame was drawn. The demo cluster is another process.

use std::fs::File;
use std::io::{self, Write};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::cost::ms;
use crate::demo_cluster::{Demo, Outcome};
use crate::hostile;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use liftui::app::Settings;
use liftui::client::{Client, ConnectOptions};
use liftui::model::{Operation, StreamOptions};
use liftui::runtime::{
    Access, DashboardOptions, HostEvent, RecorderOptions, RuntimeSession, Screen, run_on,
};
use liftui::ui::Theme;
use ratatui::backend::TestBackend;
use ratatui::{Frame, Terminal};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

const MESSAGES: u32 = 2_000_000;
/// The same as JSON.
const OBJECTS: u32 = 1_000_000;
/// Times that reading begins anew, and keys that are pressed each time, while it lasts.
const ROUNDS: usize = 12;
const PRESSES: usize = 32;
/// Between two keys: faster than anybody types, and not in step with frames.
const PAUSE: Duration = Duration::from_millis(23);
/// No screen takes so long.
const CAP: Duration = Duration::from_secs(20);
/// Found in one of a hundred messages of random letters.
const QUERY: &str = "zab";
const SIZE: (u16, u16) = (200, 50);

/// All of it; with `recorded` once more while a recorder keeps the last minutes, as every dashboard of the binary has it.
pub(crate) async fn run(parts: &[String]) -> Outcome {
    let demo = Demo::start(1)?;
    demo.fill(&format!("latency -n {MESSAGES} --size 256 --create"))?;
    demo.fill(&format!(
        "json -n {OBJECTS} --size 256 --value json --create"
    ))?;
    let client = Client::new(ConnectOptions::new([&demo.addresses]))?;
    client.perform(create("hostile")).await?;
    hostile::publish(&client).await;
    tell(
        measure(options(&demo, client.clone())).await?,
        &mut io::stdout().lock(),
    )?;
    if !parts.iter().any(|part| part == "recorded") {
        return Ok(());
    }
    let options = DashboardOptions {
        recorder: Some(RecorderOptions {
            file: None,
            messages: false,
            kept: Duration::from_secs(15 * 60),
            most: 64 << 20,
            create: |path| File::create_new(path),
            panic_folder: None,
        }),
        ..options(&demo, client)
    };
    writeln!(io::stdout().lock(), "the same with a recorder:")?;
    tell(measure(options).await?, &mut io::stdout().lock())
}

/// Plays the user of one dashboard.
async fn measure(options: DashboardOptions) -> Outcome<Latencies> {
    let (mut screen, mut driver) = BenchScreen::new()?;
    let player = tokio::spawn(async move {
        let latencies = play(&mut driver).await;
        driver.host_events.send(HostEvent::Shutdown).ok();
        latencies.map_err(|error| error.to_string())
    });
    run_on(&mut screen, options).await?;
    Ok(player.await??)
}

fn create(stream: &str) -> Operation {
    Operation::Create(Box::new(StreamOptions {
        name: stream.to_owned(),
        ..StreamOptions::default()
    }))
}

fn options(demo: &Demo, client: Client) -> DashboardOptions {
    let settings = Settings {
        cluster: "bench".into(),
        addresses: vec![demo.addresses.clone()],
        ..Settings::default()
    };
    DashboardOptions::new(RuntimeSession {
        access: Access::Full(client),
        settings,
        theme: Theme::default(),
        cursors: Vec::new(),
    })
}

/// What was measured.
#[derive(Default)]
struct Latencies {
    /// How long each key took, and which it was.
    presses: Vec<(Duration, char)>,
    first_matches: Vec<Duration>,
    hostile: Vec<Duration>,
    /// From the key that reads all of the objects to the frame that counts the last of them.
    drained: Duration,
    frames_per_second: Vec<f64>,
    /// The tail's title while keys were pressed.
    titles: Vec<String>,
}

async fn play(driver: &mut Driver) -> Outcome<Latencies> {
    let mut latencies = Latencies::default();
    driver.wait("1 broker").await?;
    // First, while memory has room for a second tail.
    hostile_messages(driver, &mut latencies).await?;
    driver.keys("3");
    driver.wait("STREAMS").await?;
    driver.keys("Gl");
    driver.wait(" latency:0 ").await?;
    for _ in 0..ROUNDS {
        round(driver, &mut latencies).await?;
    }
    let texts = ["zabc", "~z[a-c]{3}d", "cel: value.contains(\"zabcd\")"];
    first_matches(driver, &texts, &mut latencies).await?;
    // Memory has no room for both.
    driver.keys("X3");
    driver.wait("STREAMS").await?;
    driver.keys("gjl");
    driver.wait(" json:0 ").await?;
    driver.keys("s");
    let begun = Instant::now();
    driver.keys("earliest\n");
    driver.wait("kept 1,000,000").await?;
    latencies.drained = begun.elapsed();
    let expressions = [
        "cel: value.amount > 500",
        "cel: value.amount == 777",
        "cel: value.id == \"o-0300000\"",
    ];
    first_matches(driver, &expressions, &mut latencies).await?;
    Ok(latencies)
}

/// From the key that chooses a hostile message to the frame that shows it.
async fn hostile_messages(driver: &mut Driver, latencies: &mut Latencies) -> Outcome {
    driver.keys("3");
    driver.wait("STREAMS").await?;
    driver.wait("latency ").await?;
    driver.keys("gl");
    driver.wait("hostile:0 ").await?;
    // Opening stays at the message that is chosen then: the last one is to be there first.
    let last = hostile::messages().len() - 1;
    driver.wait(&format!("hostile:0 @ {last}")).await?;
    driver.keys("\n");
    driver.wait("] next").await?;
    for offset in (0..last).rev() {
        let title = format!("hostile:0 @ {offset}");
        latencies
            .hostile
            .push(driver.press('[', |text| text.contains(&title)).await?);
    }
    Ok(())
}

/// Reads everything anew, with a query, and presses keys meanwhile.
async fn round(driver: &mut Driver, latencies: &mut Latencies) -> Outcome {
    driver.keys("s");
    driver.keys("earliest\n");
    driver.wait("from earliest").await?;
    driver.keys("f/");
    driver.keys(&format!("\u{15}{QUERY}\n"));
    driver.wait("matching").await?;
    let (begun, frames) = (Instant::now(), driver.frames());
    for _ in 0..PRESSES / 4 {
        let presses = &mut latencies.presses;
        let shown = driver.press('?', |text| text.contains(" Keys  ")).await?;
        presses.push((shown, '?'));
        let closed = |text: &str| !text.contains(" Keys  ");
        presses.push((driver.press('\u{1b}', closed).await?, '\u{1b}'));
        driver.press('/', |_| true).await?;
        let typed = driver.press('X', |text| text.contains("zabX")).await?;
        presses.push((typed, 'X'));
        let erased = |text: &str| !text.contains("zabX");
        presses.push((driver.press('\u{8}', erased).await?, '\u{8}'));
        driver.press('\u{1b}', |_| true).await?;
    }
    let drawn = f64::from(u32::try_from(driver.frames() - frames)?);
    latencies
        .frames_per_second
        .push(drawn / begun.elapsed().as_secs_f64());
    let text = driver.text();
    let title = text.lines().find(|line| line.contains("following"));
    latencies
        .titles
        .push(title.unwrap_or_default().trim().to_owned());
    Ok(())
}

/// From the key that begins a query to the first row that matches it, everything being in memory already.
async fn first_matches(
    driver: &mut Driver,
    queries: &[&str],
    latencies: &mut Latencies,
) -> Outcome {
    for query in queries {
        driver.keys("/\u{15}");
        driver.keys(query);
        let took = driver.press('\n', has_match).await?;
        latencies.first_matches.push(took);
    }
    Ok(())
}

/// Whether the title counts a match.
fn has_match(text: &str) -> bool {
    let title = text.lines().find(|line| line.contains(" matching"));
    title.is_some_and(|title| !title.contains(" 0 matching"))
}

fn tell(mut latencies: Latencies, out: &mut impl Write) -> Outcome {
    latencies.presses.sort_unstable();
    let at = |percent: usize| latencies.presses[(latencies.presses.len() - 1) * percent / 100].0;
    let most = latencies
        .frames_per_second
        .iter()
        .copied()
        .fold(0.0, f64::max);
    writeln!(
        out,
        "key to changed frame, {} keys while reading: p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms, longest {:.1} ms; \
         required p99 16 ms",
        latencies.presses.len(),
        ms(at(50)),
        ms(at(90)),
        ms(at(99)),
        ms(at(100)),
    )?;
    let slowest = latencies.presses.iter().rev().take(8);
    let slowest: Vec<String> = slowest
        .map(|(took, key)| format!("{:.1} ({})", ms(*took), key.escape_default()))
        .collect();
    writeln!(out, "the slowest keys, ms: {}", slowest.join(", "))?;
    writeln!(
        out,
        "frames a second, the most in a round: {most:.1}; required 60"
    )?;
    let first: Vec<String> = latencies
        .first_matches
        .iter()
        .map(|took| format!("{:.1}", ms(*took)))
        .collect();
    writeln!(
        out,
        "first match on screen, ms: {}; required 30",
        first.join(", ")
    )?;
    let hostile = latencies.hostile.iter().max().copied().unwrap_or_default();
    writeln!(
        out,
        "the longest that a hostile message took to show: {:.1} ms",
        ms(hostile)
    )?;
    writeln!(
        out,
        "{OBJECTS} messages read to the last in {:.0} ms",
        ms(latencies.drained)
    )?;
    for title in &latencies.titles {
        writeln!(out, "  {title}")?;
    }
    Ok(())
}

/// What the frames looked like, and when the last one was done.
#[derive(Clone, Default)]
struct Picture {
    text: String,
    frames: u64,
    drawn: Option<Instant>,
}

/// Where the player sits.
struct Driver {
    host_events: mpsc::UnboundedSender<HostEvent>,
    picture: watch::Receiver<Picture>,
}

impl Driver {
    fn key(&self, letter: char) {
        let (code, held) = match letter {
            '\n' => (KeyCode::Enter, KeyModifiers::NONE),
            '\u{1b}' => (KeyCode::Esc, KeyModifiers::NONE),
            '\u{8}' => (KeyCode::Backspace, KeyModifiers::NONE),
            '\u{15}' => (KeyCode::Char('u'), KeyModifiers::CONTROL),
            letter => (KeyCode::Char(letter), KeyModifiers::NONE),
        };
        self.host_events
            .send(HostEvent::Input(Event::Key(KeyEvent::new(code, held))))
            .ok();
    }

    fn keys(&self, letters: &str) {
        letters.chars().for_each(|letter| self.key(letter));
    }

    /// Presses a key and tells how long it took until a frame was as it should be, then pauses.
    async fn press(&mut self, letter: char, wanted: impl Fn(&str) -> bool) -> Outcome<Duration> {
        let before = self.frames();
        let begun = Instant::now();
        self.key(letter);
        let so = |picture: &Picture| picture.frames > before && wanted(&picture.text);
        if timeout(CAP, self.picture.wait_for(so)).await.is_err() {
            return Err(format!("{letter:?} never showed, but\n{}", self.text()).into());
        }
        let drawn = self.picture.borrow().drawn;
        sleep(PAUSE).await;
        Ok(drawn.unwrap_or(begun).saturating_duration_since(begun))
    }

    async fn wait(&mut self, wanted: &str) -> Outcome {
        let so = |picture: &Picture| picture.text.contains(wanted);
        if timeout(CAP, self.picture.wait_for(so)).await.is_err() {
            return Err(format!("{wanted:?} never showed, but\n{}", self.text()).into());
        }
        Ok(())
    }

    fn frames(&self) -> u64 {
        self.picture.borrow().frames
    }

    fn text(&self) -> String {
        self.picture.borrow().text.clone()
    }
}

/// A screen that keeps the last frame as text.
struct BenchScreen {
    screen: Terminal<TestBackend>,
    host_events: mpsc::UnboundedReceiver<HostEvent>,
    picture: watch::Sender<Picture>,
}

impl BenchScreen {
    fn new() -> Outcome<(Self, Driver)> {
        let (send, host_events) = mpsc::unbounded_channel();
        let (picture, look) = watch::channel(Picture::default());
        let screen = Terminal::new(TestBackend::new(SIZE.0, SIZE.1))?;
        let screen = Self {
            screen,
            host_events,
            picture,
        };
        let driver = Driver {
            host_events: send,
            picture: look,
        };
        Ok((screen, driver))
    }
}

impl Screen for BenchScreen {
    fn announce(&mut self, _announcement: &liftui::app::Announcement) -> io::Result<()> {
        Ok(())
    }

    fn set_title(&mut self, _title: &str) -> io::Result<()> {
        Ok(())
    }

    fn capture_mouse(&mut self, _on: bool) -> io::Result<()> {
        Ok(())
    }

    fn draw(&mut self, paint: &mut dyn FnMut(&mut Frame<'_>)) -> io::Result<()> {
        self.screen.draw(paint).map_err(io::Error::other)?;
        let drawn = Instant::now();
        let buffer = self.screen.backend().buffer();
        let rows = buffer.content().chunks(usize::from(SIZE.0));
        let mut text = String::new();
        for row in rows {
            text.extend(row.iter().map(ratatui::buffer::Cell::symbol));
            text.push('\n');
        }
        self.picture.send_modify(|picture| {
            picture.text = text;
            picture.frames += 1;
            picture.drawn = Some(drawn);
        });
        Ok(())
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<HostEvent> {
        let cue = self.host_events.poll_recv(context);
        cue.map(|cue| cue.unwrap_or(HostEvent::Shutdown))
    }

    fn enter(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn repaint(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn leave(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn copy(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn stop(&mut self) -> io::Result<()> {
        Ok(())
    }
}
