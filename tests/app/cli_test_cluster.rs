//! A demo cluster in this process, and the real binary run against it as a user or a script would.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;

use liftui::demo::{DemoCluster, DemoOptions};
use regex::Regex;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::watchdog::{Watchdog, output_of};

/// A cluster, and a user's home.
pub(crate) struct TestCluster {
    runtime: Runtime,
    cluster: Option<DemoCluster>,
    pub(crate) home: TempDir,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct CliOutput {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) bytes: Vec<u8>,
}

impl TestCluster {
    /// Three brokers and no streams but the internal ones, as slow as real ones: what pauses itself does not yet.
    pub(crate) fn new() -> Self {
        Self::of(DemoOptions::default())
    }

    pub(crate) fn of(options: DemoOptions) -> Self {
        let runtime = Runtime::new().expect("a runtime starts");
        let cluster = runtime.block_on(DemoCluster::start(options));
        Self {
            runtime,
            cluster: Some(cluster.expect("the cluster starts")),
            home: tempfile::tempdir().expect("a scratch folder"),
        }
    }

    pub(crate) fn cluster(&self) -> &DemoCluster {
        self.cluster.as_ref().expect("it runs until the end")
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(crate) fn addresses(&self) -> Vec<String> {
        self.cluster().addresses()
    }

    /// The binary with that command line, in a home of its own, on the cluster by its environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bare(self.home.path(), arguments);
        command.env("LIFTUI_ADDR", self.addresses().join(","));
        command
    }

    /// Runs it with nothing on stdin.
    pub(crate) fn run(&self, arguments: &[&str]) -> CliOutput {
        finish(self.command(arguments), b"")
    }

    /// Runs a line of words without blanks or quotes in them.
    pub(crate) fn line(&self, line: &str) -> CliOutput {
        self.run(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs a line so often at most until it prints that: brokers need a moment for what they do by themselves, and such a
    /// line waits for some of it.
    pub(crate) fn line_until(&self, times: usize, line: &str, printed: &str) -> CliOutput {
        let mut outputs = (0..times).map(|_| self.line(line));
        let found = outputs.find(|output| output.out.contains(printed));
        assert!(found.is_some(), "{line} never prints {printed}");
        found.expect("it was printed")
    }

    /// Runs it with that on stdin.
    pub(crate) fn feed(&self, line: &str, input: &[u8]) -> CliOutput {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        finish(self.command(&arguments), input)
    }

    /// Runs a line that is to succeed without a word on stderr, and returns what it printed.
    pub(crate) fn ok(&self, line: &str) -> String {
        let output = self.line(line);
        assert_eq!(
            (output.code, output.err.as_str()),
            (0, ""),
            "{line}: {output:?}"
        );
        output.out
    }

    /// Runs a line that is to fail, and returns its exit code and its sentence.
    pub(crate) fn fails(&self, line: &str) -> (i32, String) {
        let output = self.line(line);
        assert_eq!(output.out, "", "{line}: nothing on stdout");
        let sentence = output.err.strip_suffix('\n').unwrap_or_default();
        assert!(!sentence.contains('\n'), "{line}: one sentence: {sentence}");
        (output.code, sentence.to_owned())
    }

    /// What a line prints, a JSON object a line.
    pub(crate) fn objects(&self, line: &str) -> Vec<Value> {
        parse_lines(&self.ok(line))
    }
}

impl Drop for TestCluster {
    fn drop(&mut self) {
        if let Some(cluster) = self.cluster.take() {
            self.runtime.block_on(cluster.stop());
        }
    }
}

/// The binary in that home, with nothing else of this process's environment that it looks at.
pub(crate) fn bare(home: &std::path::Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_liftui"));
    command.args(arguments).env_clear().env("HOME", home);
    command.env("TZ", "UTC");
    command
}

/// KiB that a command may fill with data, below the bounds of what is read: twice that of a debug build that does much.
const MOST_MEMORY: &str = "204800";

/// The same where it may fill no more memory than any command needs below its bounds: one that wants more is ended by the
/// system, which its exit code shows.
pub(crate) fn frugal(home: &std::path::Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "ulimit -d $0 && exec \"$@\"", MOST_MEMORY]);
    command.arg(env!("CARGO_BIN_EXE_liftui")).args(arguments);
    command.env_clear().env("HOME", home).env("TZ", "UTC");
    command
}

/// Starts it with pipes, leading a group of its own: what it starts ends with it where it hangs.
pub(crate) fn start(mut command: Command) -> Child {
    let piped = command
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    piped.spawn().expect("the binary starts")
}

/// Feeds it, waits for its end and takes what it said; one that hangs is killed, which its exit code shows.
pub(crate) fn finish(command: Command, input: &[u8]) -> CliOutput {
    let mut child = start(command);
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    let input = input.to_vec();
    // It may end without having read everything.
    thread::spawn(move || stdin.write_all(&input).ok());
    outcome(child)
}

/// Waits for its end and takes what it said.
pub(crate) fn outcome(child: Child) -> CliOutput {
    let output = output_of(child);
    CliOutput {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        bytes: output.stdout,
    }
}

/// Reads until the child has written that many lines.
pub(crate) fn read_lines(child: &mut Child, count: usize) -> String {
    let _watchdog = Watchdog::over_child(child);
    let out = child.stdout.as_mut().expect("stdout is a pipe");
    let (mut text, mut lines) = (Vec::new(), 0);
    let mut byte = [0];
    while lines < count && matches!(out.read(&mut byte), Ok(1)) {
        lines += usize::from(byte[0] == b'\n');
        text.push(byte[0]);
    }
    String::from_utf8(text).expect("it writes text")
}

pub(crate) fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("it is running");
}

pub(crate) fn parse_lines(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

/// The text with times and ports replaced by their names, since they differ from run to run.
pub(crate) fn normalised(text: &str) -> String {
    let time = Regex::new(r"\d{4}-\d\d-\d\dT[0-9:.]+Z").expect("a pattern");
    let port = Regex::new(r"127\.0\.0\.1:\d+").expect("a pattern");
    let text = time.replace_all(text, "TIME");
    port.replace_all(&text, "HOST:PORT").into_owned()
}

/// The names of the fields of an object, in order.
pub(crate) fn fields(object: &Value) -> Vec<&str> {
    let object = object.as_object().expect("an object");
    object.keys().map(String::as_str).collect()
}
