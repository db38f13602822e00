//! The real binary in a pseudo-terminal: it starts, resizes, ends, and leaves the terminal as it was.

#![expect(clippy::disallowed_methods, reason = "waits are capped")]

mod alerts;
mod completion;
mod first_run;
mod hostile;
mod keyboards;
mod locators;
mod memory;
mod queries;
mod settings;
mod soak;

use std::fs;
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use liftui::cli::typed_line;
use liftui::model::{Destination, Operation, PublishOptions};
use liftui::recording::{Player, Recording};
use portable_pty::{Child, CommandBuilder, ExitStatus, PtyPair, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use vt100::{MouseProtocolMode, Parser, Screen};

use crate::driver::cluster_with;
use crate::watchdog::Watchdog;

/// Longer than anything here takes on a busy machine.
const CAP: Duration = Duration::from_secs(30);

/// Nothing listens on the discard port: the dashboard has no broker.
const NOBODY: &str = "127.0.0.1:9";

struct Terminal {
    pair: PtyPair,
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    seen: Parser,
    /// All that it wrote so far.
    written: Vec<u8>,
    news: Receiver<Vec<u8>>,
    /// The line discipline before the binary was started.
    found: String,
}

/// A pseudo-terminal of the usual size.
fn open_pty() -> PtyPair {
    let size = PtySize {
        rows: 24,
        cols: 80,
        ..PtySize::default()
    };
    let pair = native_pty_system().openpty(size);
    pair.expect("a pseudo-terminal opens")
}

impl Terminal {
    fn start(environment: &[(&str, &str)]) -> Self {
        Self::run(&["--addr", NOBODY, "--config", "/dev/null"], environment)
    }

    fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_liftui"));
        command.args(arguments);
        for (name, value) in environment {
            command.env(name, value);
        }
        Self::spawn(command)
    }

    fn spawn(mut command: CommandBuilder) -> Self {
        let pair = open_pty();
        let found = discipline(&pair);
        command.env("TERM", "xterm-256color");
        let child = pair
            .slave
            .spawn_command(command)
            .expect("the binary starts");
        let keys = pair.master.take_writer().expect("the terminal takes keys");
        let reader = pair
            .master
            .try_clone_reader()
            .expect("the terminal can be read");
        let seen = Parser::new(cells(24), cells(80), 0);
        let news = read(reader);
        Self {
            pair,
            child,
            keys,
            seen,
            written: Vec::new(),
            news,
            found,
        }
    }

    fn type_keys(&mut self, keys: &str) {
        self.keys
            .write_all(keys.as_bytes())
            .expect("the terminal takes keys");
    }

    fn signal(&self, signal: Signal) {
        kill_process(id_of(&*self.child), signal).expect("the process takes signals");
    }

    fn resize(&mut self, rows: u16, cols: u16) {
        self.seen.screen_mut().set_size(cells(rows), cells(cols));
        let size = PtySize {
            rows,
            cols,
            ..PtySize::default()
        };
        let resized = self.pair.master.resize(size);
        resized.expect("the terminal can be resized");
    }

    /// Waits until the screen is as wanted.
    fn wait(&mut self, what: &str, wanted: impl Fn(&Screen) -> bool) {
        let deadline = Instant::now() + CAP;
        while !wanted(self.seen.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            let news = self.news.recv_timeout(left);
            let screen = self.seen.screen().contents();
            assert!(news.is_ok(), "never seen: {what}, but\n{screen}");
            let news = news.unwrap_or_default();
            self.seen.process(&news);
            self.written.extend(news);
        }
    }

    /// Presses a key until the screen is as wanted: what is typed while a process takes the terminal again may be lost.
    fn press_until(&mut self, key: &str, what: &str, wanted: impl Fn(&Screen) -> bool) {
        let deadline = Instant::now() + CAP;
        while !wanted(self.seen.screen()) {
            let screen = self.seen.screen().contents();
            assert!(
                Instant::now() < deadline,
                "never seen: {what}, but\n{screen}"
            );
            self.type_keys(key);
            // A dashboard that draws all the time is one that the key may have been lost on too.
            let again = Instant::now() + Duration::from_millis(500);
            let left = || again.saturating_duration_since(Instant::now());
            while let Ok(news) = self.news.recv_timeout(left()) {
                self.seen.process(&news);
                self.written.extend(news);
                if wanted(self.seen.screen()) {
                    return;
                }
            }
        }
    }

    /// Waits until it has written these bytes, which leave nothing on the screen.
    fn wait_for_bytes(&mut self, wanted: &[u8]) {
        let deadline = Instant::now() + CAP;
        let has = |written: &[u8]| written.windows(wanted.len()).any(|bytes| bytes == wanted);
        while !has(&self.written) {
            let left = deadline.saturating_duration_since(Instant::now());
            let news = self.news.recv_timeout(left);
            self.written.extend(news.expect("it goes on writing"));
        }
    }

    fn wait_for_dashboard(&mut self) {
        self.wait("the dashboard", |screen| {
            screen.alternate_screen() && screen.contents().contains("liftui")
        });
    }

    fn wait_for_the_end(&mut self) -> ExitStatus {
        let status = end_of(&mut *self.child);
        self.wait("the modes that were found", is_restored);
        assert_eq!(
            discipline(&self.pair),
            self.found,
            "the line discipline is another"
        );
        status
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Ended already, unless a test failed.
        let _ = self.child.kill();
    }
}

pub(crate) fn id_of(child: &(impl Child + ?Sized)) -> Pid {
    let id = child.process_id().and_then(|id| i32::try_from(id).ok());
    id.and_then(Pid::from_raw).expect("the process has an id")
}

/// Waits for its end, which a signal brings about where nothing else does.
#[expect(clippy::disallowed_methods, reason = "a watchdog is over it")]
pub(crate) fn end_of(child: &mut (impl Child + ?Sized)) -> ExitStatus {
    let _watchdog = Watchdog::over(id_of(child));
    child.wait().expect("the process ends")
}

/// Opens the dashboard by a line of the shell, with that environment alone, and quits it; returns the exit code.
pub(crate) fn open_and_quit(line: &str, environment: &[(&str, String)], folder: &Path) -> u32 {
    let mut command = CommandBuilder::new("/bin/sh");
    command.args(["-c", line]);
    command.env_clear();
    command.cwd(folder);
    for (name, value) in environment {
        command.env(name, value);
    }
    let mut terminal = Terminal::spawn(command);
    terminal.wait_for_dashboard();
    terminal.press_until("\x11", "the end", is_restored);
    terminal.wait_for_the_end().exit_code()
}

/// Reads until the terminal is closed; hands on every piece.
fn read(mut reader: Box<dyn Read + Send>) -> Receiver<Vec<u8>> {
    let (tell, news) = channel();
    thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = reader.read(&mut piece) {
            if tell.send(piece[..length].to_vec()).is_err() {
                return;
            }
        }
    });
    news
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a terminal has cells")
}

fn discipline(pair: &PtyPair) -> String {
    format!(
        "{:?}",
        pair.master
            .get_termios()
            .expect("the terminal tells its modes")
    )
}

fn is_restored(screen: &Screen) -> bool {
    !screen.alternate_screen()
        && !screen.hide_cursor()
        && !screen.bracketed_paste()
        && screen.mouse_protocol_mode() == MouseProtocolMode::None
}

#[test]
fn without_a_broker_it_starts_resizes_and_quits() {
    let mut terminal = Terminal::start(&[]);
    terminal.wait_for_dashboard();
    terminal.wait("what is tried", |screen| screen.contents().contains(NOBODY));
    terminal.resize(12, 50);
    terminal.wait("that there is no room", |screen| {
        screen.contents().contains("60")
    });
    terminal.resize(40, 120);
    terminal.wait("the wider screen", |screen| {
        screen
            .rows(0, 120)
            .any(|row| row.trim_end().chars().count() > 80)
    });
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
}

#[test]
fn a_termination_signal_restores_the_terminal() {
    for signal in [Signal::TERM, Signal::HUP] {
        let mut terminal = Terminal::start(&[]);
        terminal.wait_for_dashboard();
        terminal.signal(signal);
        terminal.wait_for_the_end();
    }
}

#[test]
fn a_panic_restores_the_terminal_before_its_message_is_printed() {
    let state = tempfile::tempdir().expect("a folder");
    let mut terminal = Terminal::start(&[
        ("LIFTUI_PANIC", "draw"),
        ("RUST_BACKTRACE", "0"),
        ("XDG_STATE_HOME", &state.path().to_string_lossy()),
    ]);
    assert_eq!(terminal.wait_for_the_end().exit_code(), 101);
    terminal.wait("the message", |screen| {
        screen.contents().contains("LIFTUI_PANIC=draw")
    });
    terminal.wait("where the last minutes are", |screen| {
        screen.contents().contains("`liftui replay` opens it")
    });
    let kept = fs::read_dir(state.path().join("liftui")).expect("it was made");
    let kept: Vec<_> = kept
        .map(|entry| entry.expect("it is there").path())
        .collect();
    let [file] = kept.as_slice() else {
        panic!("not one file: {kept:?}");
    };
    let bytes = fs::read(file).expect("it can be read");
    let recording = Recording::read(bytes).expect("it is a recording");
    assert!(!recording.is_damaged);
    let player = Player::new(Arc::new(recording), typed_line::parse);
    assert!(player.is_ok_and(|mut player| player.next_frame()));
}

#[test]
fn what_is_copied_goes_to_the_terminals_clipboard() {
    let mut terminal = Terminal::start(&[]);
    terminal.wait_for_dashboard();
    terminal.wait("that nobody answers", |screen| {
        screen.contents().contains("No broker answers")
    });
    terminal.type_keys("y");
    // "no broker answers", in the base 64 of OSC 52.
    terminal.wait_for_bytes(b"\x1b]52;c;bm8gYnJva2VyIGFuc3dlcnM=");
    terminal.type_keys("\x03\x03");
    terminal.wait_for_the_end();
}

#[test]
fn ctrl_z_where_nothing_can_stop_the_job_comes_back_by_itself() {
    // The leader of a session has no shell to go back to: the system does not stop it.
    let mut terminal = Terminal::start(&[]);
    terminal.wait_for_dashboard();
    terminal.type_keys("\x1a");
    terminal.wait("the terminal given back", is_restored);
    terminal.wait_for_dashboard();
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
}

#[test]
fn protobuf_types_of_the_config_file_name_fields_in_rows_and_in_the_inspector() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let (cluster, _client) = runtime.block_on(async {
        let (cluster, client) = cluster_with(&["telemetry.raw"]).await;
        let to = Destination::Partition("telemetry.raw".into(), 0);
        // A `google.protobuf.Timestamp` of 4,242 seconds and 7 nanoseconds.
        let publish = PublishOptions::new(to, vec![0x08, 0x92, 0x21, 0x10, 0x07]);
        let publish = client.perform(Operation::Publish(Box::new(publish)));
        publish.await.expect("it is stored");
        (cluster, client)
    });
    let folder = tempfile::tempdir().expect("there is room for files");
    let descriptors = prost_reflect::DescriptorPool::global().encode_to_vec();
    fs::write(folder.path().join("types.binpb"), &descriptors).expect("it is written");
    let types = r#"{ protobuf = "types.binpb", message = "google.protobuf.Timestamp" }"#;
    let config = format!("[decode]\n\"telemetry.*\" = {types}\n");
    let config = config_file(folder.path(), &config);
    let addresses = cluster.addresses().join(",");
    let mut terminal = Terminal::run(&["--addr", &addresses, "--config", &config], &[]);
    terminal.wait("the dashboard", has("3 brokers"));
    terminal.type_keys("3");
    terminal.wait("the stream", has("telemetry.raw"));
    terminal.type_keys("l");
    terminal.wait("the row", has("seconds: 4242"));
    terminal.type_keys("\r");
    terminal.wait("the inspector", has("nanos: 7"));
    terminal.type_keys("\x11");
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
}

/// Whether that text is on the screen.
fn has(text: &'static str) -> impl Fn(&Screen) -> bool {
    move |screen: &Screen| screen.contents().contains(text)
}

/// Writes the config file of that folder; returns its path.
fn config_file(folder: &Path, text: &str) -> String {
    let path = folder.join("config.toml");
    fs::write(&path, text).expect("it is written");
    path.to_str().expect("the path is text").to_owned()
}

/// A dashboard with the newest message of a stream in its tail.
fn tail_of_one_message(environment: &[(&str, &str)]) -> (Alive, Terminal) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let cluster = runtime.block_on(async {
        let (cluster, client) = cluster_with(&["orders"]).await;
        let to = Destination::Partition("orders".into(), 0);
        let publish = PublishOptions::new(to, b"only read".to_vec());
        let publish = client.perform(Operation::Publish(Box::new(publish)));
        publish.await.expect("it is stored");
        cluster
    });
    let alive = Alive {
        _runtime: runtime,
        cluster,
    };
    let terminal = alive.tail(environment);
    (alive, terminal)
}

/// A cluster with the threads that it runs on: both end with it.
struct Alive {
    _runtime: tokio::runtime::Runtime,
    cluster: liftui::demo::DemoCluster,
}

impl Alive {
    /// A dashboard with the newest message of its stream in a tail; its config file is the one that the environment names.
    fn tail(&self, environment: &[(&str, &str)]) -> Terminal {
        let addresses = self.cluster.addresses().join(",");
        let mut named = environment.iter();
        let config = named.find(|(name, _)| *name == "LIFTUI_CONFIG");
        let config = config.map_or("/dev/null", |(_, path)| *path);
        let arguments = ["--addr", &addresses, "--config", config];
        let mut terminal = Terminal::run(&arguments, environment);
        terminal.wait("the dashboard", has("3 brokers"));
        terminal.type_keys("3");
        terminal.wait("the stream", has("orders"));
        terminal.type_keys("l");
        terminal.wait("the message", has("only read"));
        terminal
    }
}

#[test]
fn keys_that_end_programs_end_the_editor_alone_and_its_file_is_gone() {
    let folder = tempfile::tempdir().expect("there is room for files");
    let scratch = folder.path().to_str().expect("the path is text");
    // What follows the command is the file's name.
    let editor = "sh -c 'printf EDIT%s ING; exec cat' ";
    let (_cluster, mut terminal) =
        tail_of_one_message(&[("EDITOR", editor), ("VISUAL", ""), ("TMPDIR", scratch)]);
    let files = || fs::read_dir(folder.path()).expect("it can be read").count();
    for (times, key, signal) in [(1, "\x03", "signal: 2"), (2, "\x1c", "signal: 3")] {
        terminal.type_keys("e");
        // What an editor wrote before stays on the screen below.
        terminal.wait("the editor", |screen| {
            let written = screen.contents().matches("EDITING").count();
            !screen.alternate_screen() && written == times
        });
        assert_eq!(files(), 1);
        terminal.type_keys(key);
        terminal.wait("the dashboard again", |screen| {
            screen.contents().contains(signal) && screen.contents().contains("only read")
        });
        assert_eq!(files(), 0, "the file is gone");
    }
    terminal.type_keys("\x11");
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
}

#[test]
fn a_message_that_was_only_read_in_the_editor_opens_no_form() {
    let editor = "sh -c 'printf EDITING; exec sleep 0.1' ";
    let (_cluster, mut terminal) = tail_of_one_message(&[("EDITOR", editor), ("VISUAL", "")]);
    terminal.type_keys("e");
    terminal.wait("the editor", |screen| screen.contents().contains("EDITING"));
    terminal.wait("the dashboard again", |screen| {
        screen.contents().contains("only read")
    });
    terminal.type_keys("2");
    terminal.wait("another screen, and no form", |screen| {
        screen.contents().contains("BROKERS")
    });
    terminal.type_keys("\x11");
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
}

#[test]
fn ctrl_l_draws_everything_anew() {
    let mut terminal = Terminal::start(&[]);
    terminal.wait_for_dashboard();
    // What another program wrote to the terminal.
    terminal.seen.process(b"\x1b[2J\x1b[Hforeign");
    terminal.type_keys("\x0c");
    terminal.wait("the dashboard", |screen| {
        let text = screen.contents();
        text.contains("liftui") && !text.contains("foreign")
    });
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
}

#[test]
fn a_process_that_is_continued_takes_the_terminal_again_and_goes_on_listening() {
    let mut terminal = Terminal::start(&[]);
    terminal.wait_for_dashboard();
    for key in ["?", "\x1b"] {
        terminal.signal(Signal::STOP);
        terminal.signal(Signal::CONT);
        let help = key == "?";
        terminal.press_until(key, "what the key does", |screen| {
            screen.contents().contains("Keys") == help && screen.contents().contains("liftui")
        });
    }
    // After an escape that was pressed once too often a q would be alt-q.
    terminal.press_until("q", "the end", is_restored);
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
}

#[test]
fn a_terminal_that_vanishes_ends_the_dashboard_without_a_word() {
    // Several: that somebody reads from the terminal when it vanishes is a matter of luck.
    thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(vanish);
        }
    });
}

fn vanish() {
    let pair = open_pty();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_liftui"));
    command.args(["--addr", NOBODY, "--config", "/dev/null"]);
    command.env("TERM", "xterm-256color");
    let mut child = pair
        .slave
        .spawn_command(command)
        .expect("the binary starts");
    drop(pair.slave);
    let watchdog = Watchdog::over(id_of(&*child));
    let mut reader = pair.master.try_clone_reader().expect("it can be read");
    let mut drawn = Parser::new(cells(24), cells(80), 0);
    let mut piece = [0; 4096];
    while !drawn.screen().contents().contains("liftui") {
        let length = reader.read(&mut piece).expect("it goes on writing");
        drawn.process(&piece[..length]);
    }
    drop(watchdog);
    // No reader is left, nor anyone who types.
    drop(reader);
    drop(pair.master);
    let status = end_of(&mut *child);
    assert_eq!(status.exit_code(), 0, "{status:?}");
}

/// Whether clicks and the wheel are reported to the dashboard that is shown.
fn takes_mouse(screen: &Screen) -> bool {
    screen.alternate_screen() && screen.mouse_protocol_mode() != MouseProtocolMode::None
}

/// Whether the dashboard is shown and the mouse is the terminal's.
fn leaves_mouse(screen: &Screen) -> bool {
    screen.contents().contains("mouse let go")
        && screen.alternate_screen()
        && screen.mouse_protocol_mode() == MouseProtocolMode::None
}

#[test]
fn the_mouse_let_go_stays_the_terminals_after_the_editor_and_after_a_stop() {
    let editor = "sh -c 'printf EDITING; exec sleep 0.1' ";
    let (_cluster, mut terminal) = tail_of_one_message(&[("EDITOR", editor), ("VISUAL", "")]);
    terminal.wait("the mouse taken", takes_mouse);
    terminal.type_keys("M");
    terminal.wait("the mouse let go", leaves_mouse);
    terminal.type_keys("e");
    terminal.wait("the editor", |screen| screen.contents().contains("EDITING"));
    terminal.wait("the dashboard again", leaves_mouse);
    terminal.type_keys("\x1a");
    terminal.wait("the terminal given back", is_restored);
    terminal.wait("the dashboard again", leaves_mouse);
    terminal.type_keys("M");
    terminal.wait("the mouse taken back", takes_mouse);
    terminal.type_keys("\x1a");
    terminal.wait("the terminal given back", is_restored);
    terminal.wait("the mouse taken again", takes_mouse);
    terminal.press_until("\x11", "the end", is_restored);
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
}

#[test]
fn an_option_and_the_config_file_leave_the_mouse_to_the_terminal() {
    let folder = tempfile::tempdir().expect("there is room for files");
    let config = config_file(folder.path(), "mouse = false\n");
    for arguments in [
        ["--addr", NOBODY, "--config", "/dev/null", "--no-mouse"].as_slice(),
        ["--addr", NOBODY, "--config", &config].as_slice(),
    ] {
        let mut terminal = Terminal::run(arguments, &[]);
        terminal.wait("the mouse left alone", leaves_mouse);
        let asked = b"\x1b[?1000h";
        let has_asked = terminal
            .written
            .windows(asked.len())
            .any(|one| one == asked);
        assert!(!has_asked, "it was never taken");
        terminal.type_keys("M");
        terminal.wait("the mouse taken", takes_mouse);
        terminal.type_keys("q");
        assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
    }
}
