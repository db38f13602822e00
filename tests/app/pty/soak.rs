//! The dashboard for a while: the real binary on a storm of messages, under random keys. What it takes stays flat.
//! `LIFTUI_SOAK=30m cargo test --release --test app soak -- --nocapture` for longer; without it some seconds.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use fastrand::Rng;
use liftui::model::parse_duration;
use rustix::process::Signal;

use super::{CAP, Terminal};
use crate::cli_test_cluster::{bare, read_lines, signal, start};
use crate::watchdog::end_of;

const USUAL: Duration = Duration::from_secs(30);

/// Keys that look around, search, freeze, seek and open things; none that ends the dashboard, writes or changes anything.
const KEYS: [&str; 40] = [
    "j", "j", "k", "k", "g", "G", "\t", "\r", "1", "2", "3", "4", "5", "6", "7", " ", "f", "v",
    "/", "a", "o", "\x1b", "\x1b", "l", "l", "b", "w", "]", "[", "<", ">", "X", "\x04", "\x15",
    "m", "=", "s", "-5\r", "0", "?",
];

/// What a process takes.
#[derive(Clone, Copy, Debug, Default)]
struct Usage {
    resident_kib: u64,
    threads: u64,
    descriptors: u64,
    tasks: u64,
}

impl Usage {
    fn of(process: u32, log: &Path) -> Self {
        let folder = Path::new("/proc").join(process.to_string());
        let status = fs::read_to_string(folder.join("status")).expect("it is running");
        let number = |name: &str| {
            let mut lines = status.lines();
            let line = lines.find_map(|line| line.strip_prefix(name));
            let digits = line.and_then(|line| line.split_whitespace().next());
            digits
                .and_then(|digits| digits.parse().ok())
                .expect("it stands there")
        };
        let descriptors = fs::read_dir(folder.join("fd")).expect("it is ours").count();
        Self {
            resident_kib: number("VmRSS:"),
            threads: number("Threads:"),
            descriptors: u64::try_from(descriptors).expect("few"),
            tasks: tasks(log),
        }
    }

    fn max(self, other: Self) -> Self {
        Self {
            resident_kib: self.resident_kib.max(other.resident_kib),
            threads: self.threads.max(other.threads),
            descriptors: self.descriptors.max(other.descriptors),
            tasks: self.tasks.max(other.tasks),
        }
    }
}

/// How many tasks were running when the log was written last; 0 before it was.
fn tasks(log: &Path) -> u64 {
    /// More than any line has.
    const TAIL: u64 = 4096;
    let Ok(mut file) = File::open(log) else {
        return 0;
    };
    let length = file.metadata().expect("it is a file").len();
    let from = SeekFrom::Start(length.saturating_sub(TAIL));
    file.seek(from).expect("it can be read");
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).expect("it can be read");
    let text = String::from_utf8_lossy(&bytes);
    let last = text.rsplit("running tasks=").next();
    let number = last.and_then(|rest| rest.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// A demo cluster in a process of its own.
struct Storm(Child);

impl Drop for Storm {
    fn drop(&mut self) {
        signal(&self.0, Signal::TERM);
        end_of(&mut self.0);
    }
}

/// Presses random keys for so long, and returns what was taken at most.
fn play(terminal: &mut Terminal, random: &mut Rng, time: Duration, log: &Path) -> Usage {
    let process = terminal.child.process_id().expect("it is running");
    let until = Instant::now() + time;
    let mut most = Usage::default();
    while Instant::now() < until {
        terminal.type_keys(random.choice(KEYS).expect("there are keys"));
        let pause = Duration::from_millis(random.u64(5..60));
        while let Ok(news) = terminal.news.recv_timeout(pause) {
            terminal.seen.process(&news);
            let screen = terminal.seen.screen().contents();
            assert!(!screen.contains("liftui broke"), "{screen}");
            if random.u8(..4) == 0 {
                break;
            }
        }
        most = most.max(Usage::of(process, log));
    }
    most
}

#[test]
fn what_it_takes_stays_flat_under_a_storm_and_random_keys() {
    let asked = std::env::var("LIFTUI_SOAK").ok();
    let time = asked.map_or(USUAL, |text| {
        parse_duration(&text).expect("a duration, as 30m")
    });
    let seed = fastrand::u64(..);
    println!("soak: seed {seed}, for {time:?}");
    let home = tempfile::tempdir().expect("a scratch folder");
    let mut storm = start(bare(home.path(), &["demo", "--headless", "--storm"]));
    let line = read_lines(&mut storm, 1);
    let _storm = Storm(storm);
    let addresses = line
        .trim()
        .strip_prefix("listening on ")
        .expect("it says where");
    let config = home.path().join("liftui.toml");
    fs::write(&config, "[memory]\ntail_budget = \"4MiB\"\n").expect("it is written");
    let config = config.to_str().expect("a plain path");
    let environment = [
        ("HOME", home.path().to_str().expect("a plain path")),
        ("EDITOR", "true"),
    ];
    let log = home.path().join("liftui.log");
    let log_name = log.to_str().expect("a plain path");
    let mut terminal = Terminal::run(
        &[
            "--observe",
            "--addr",
            addresses,
            "--config",
            config,
            "--log",
            log_name,
            "-v",
        ],
        &environment,
    );
    terminal.wait("brokers", |screen| screen.contents().contains("broker"));

    let mut random = Rng::with_seed(seed);
    // Every screen was seen, tails are open and what they may keep is kept.
    let warm = play(&mut terminal, &mut random, time / 2, &log);
    let most = play(&mut terminal, &mut random, time / 2, &log);
    println!("soak: at first {warm:?}, then {most:?}");
    let flat = |at_first: u64, then: u64, slack: u64| then <= at_first + at_first / 4 + slack;
    assert!(
        flat(warm.resident_kib, most.resident_kib, 40 << 10),
        "{warm:?}, {most:?}"
    );
    assert!(
        flat(warm.descriptors, most.descriptors, 8),
        "{warm:?}, {most:?}"
    );
    assert!(flat(warm.threads, most.threads, 8), "{warm:?}, {most:?}");
    assert!(warm.tasks > 0, "the log tells how many tasks run");
    assert!(flat(warm.tasks, most.tasks, 16), "{warm:?}, {most:?}");

    let asked = Instant::now();
    terminal.type_keys("\x11");
    let status = terminal.wait_for_the_end();
    assert_eq!(status.exit_code(), 0, "{status:?}");
    assert!(asked.elapsed() < CAP / 6, "{:?} to quit", asked.elapsed());
}
