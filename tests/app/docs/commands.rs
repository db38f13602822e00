//! Every command that README and guide show runs against a demo cluster, and exits as the comment beside it says.

#![expect(clippy::disallowed_methods, reason = "waits are capped")]

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use std::time::Instant;

use liftui::demo::{DemoOptions, IncidentPace, Traffic};
use regex::Regex;
use rustix::process::{Pid, Signal, kill_process_group};

use super::markdown::{Page, guide};
use crate::cli_test_cluster::{CliOutput, TestCluster, finish, outcome, start};
use crate::pty::open_and_quit;
use crate::watchdog::{CAP, Watchdog, run_program};

/// Lines that are not run, by what they contain, with the reason.
const SKIPPED: [(&str, &str); 7] = [
    ("cargo ", "it builds or installs"),
    ("ssh ", "it restarts brokers of a real cluster"),
    ("10.0.0.1", "nobody listens there"),
    ("broker-1:9292", "nobody listens there"),
    ("curl ", "it asks an exporter that does not run here"),
    (
        "incidents --last 1",
        "it has no incident to print in a cluster that nobody watched",
    ),
    ("config init", "it writes into the home folder"),
];

/// Verdicts on what is not the page's matter, as the health of the cluster: any of them is one.
const VERDICTS: [(&str, &[i32]); 3] = [
    ("liftui check", &[0, 1, 2]),
    ("liftui trace", &[0, 1, 4]),
    ("liftui restart-plan", &[0, 1, 5]),
];

/// What begins a dashboard.
const DASHBOARDS: [&str; 5] = [
    "liftui --addr",
    "liftui demo",
    "liftui open",
    "liftui replay",
    "liftui -c",
];

#[test]
fn commands_of_the_readme_do_what_they_say() {
    let run = run_page(&Page::read("README.md"));
    assert!(run >= 10, "{run} commands");
}

#[test]
fn commands_of_the_guide_do_what_they_say() {
    let run: usize = guide().iter().map(run_page).sum();
    assert!(run >= 50, "{run} commands");
}

/// Runs the commands of a page one after the other, on a cluster of its own; returns how many.
fn run_page(page: &Page) -> usize {
    let lines = page.code("sh");
    let lacks_jq = run_program(Command::new("jq").arg("--version")).is_none();
    let is_skipped = |line: &str| {
        let part = SKIPPED.iter().find(|(part, _)| line.contains(part));
        part.is_some() || (lacks_jq && line.contains("| jq "))
    };
    let lines: Vec<&str> = lines.into_iter().filter(|line| !is_skipped(line)).collect();
    if lines.is_empty() {
        return 0;
    }
    let test = demo();
    if page.name == "docs/broker-died.md" {
        test.cluster().faults().kill(2).expect("it runs");
    }
    for line in &lines {
        run_line(line, &test, &page.name);
    }
    lines.len()
}

/// The demo as it is, with what pages name besides its own streams.
fn demo() -> TestCluster {
    let traffic = Traffic::Workload {
        rate: None,
        incidents: IncidentPace::Usual,
    };
    let test = TestCluster::of(DemoOptions {
        traffic,
        ..DemoOptions::default()
    });
    test.ok("create orders-eu");
    test.ok("create ship-1");
    test.ok("cursor set billing orders:0 5");
    wait_for_consumers(&test);
    let folder = test.home.path().join(".config/liftui");
    fs::create_dir_all(&folder).expect("it is made");
    let addresses = test.addresses().join("\", \"");
    let config = format!("[contexts.prod]\naddr = [\"{addresses}\"]\n");
    fs::write(folder.join("config.toml"), config).expect("it is written");
    test
}

/// Until the consumer whose cursor the guide moves has stored how far it is, in each partition.
fn wait_for_consumers(test: &TestCluster) {
    let deadline = Instant::now() + CAP;
    let stored = || {
        let cursors = test.objects("cursors orders -o ndjson");
        let of_it = cursors.iter().filter(|cursor| cursor["id"] == "invoices");
        of_it.filter(|cursor| !cursor["offset"].is_null()).count()
    };
    while stored() < 4 {
        assert!(
            Instant::now() < deadline,
            "invoices never read all of orders"
        );
    }
}

fn run_line(line: &str, test: &TestCluster, page: &str) {
    static COMMENT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\s{2,}# (.*)$").expect("it is one"));
    let comment = COMMENT.captures(line).map(|found| found[1].to_owned());
    let command = COMMENT.replace(line, "").into_owned();
    let named = comment.as_deref().and_then(named_exit);
    let shows = !command.contains("--redact");
    if shows && DASHBOARDS.iter().any(|start| command.starts_with(start)) || command == "liftui" {
        let code = open_and_quit(&in_shell(&command), &environment(test), test.home.path());
        return assert_eq!(code, 0, "{page}: {command}");
    }
    let follows = follows(&command);
    let output = if follows {
        interrupted(&command, test)
    } else {
        finish(shell(&command, test), b"")
    };
    let verdict = VERDICTS
        .iter()
        .find(|(start, _)| command.starts_with(start));
    let is_right = match (named, verdict) {
        (Some(code), _) => output.code == code,
        // The last of a pipe may have come to its end by itself.
        (None, _) if follows => [0, 130].contains(&output.code),
        (None, Some((_, codes))) => codes.contains(&output.code),
        (None, None) => output.code == 0,
    };
    assert!(is_right, "{page}: {line}: {output:?}");
}

/// The exit code that a comment names.
fn named_exit(comment: &str) -> Option<i32> {
    let rest = comment.split_once("exit ")?.1;
    let digits = rest.split(|char: char| !char.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// Whether a command goes on until it is interrupted.
fn follows(command: &str) -> bool {
    let tails = command.starts_with("liftui tail");
    let ends = [" --to ", " -n ", " --count"];
    let serves = command.contains("--watch") || command.starts_with("liftui exporter");
    serves || (tails && !ends.iter().any(|option| command.contains(option)))
}

/// Runs it until it has printed something, then interrupts all of it as a terminal does.
fn interrupted(command: &str, test: &TestCluster) -> CliOutput {
    let mut child = start(shell(command, test));
    let watchdog = Watchdog::over_child(&child);
    let mut out = child.stdout.take().expect("stdout is a pipe");
    // Bytes of messages need not be text.
    let mut byte = [0];
    while out.read(&mut byte).is_ok_and(|read| read > 0) && byte != *b"\n" {}
    drop(watchdog);
    child.stdout = Some(out);
    kill_process_group(Pid::from_child(&child), Signal::INT).expect("it is running");
    outcome(child)
}

fn shell(command: &str, test: &TestCluster) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &in_shell(command)]).env_clear();
    shell.envs(environment(test)).current_dir(test.home.path());
    shell
}

/// The shell itself outlives an interrupt, so that the exit code is the command's.
fn in_shell(command: &str) -> String {
    format!("trap : INT\n{command}")
}

/// What a user of that cluster has, with the binary as `liftui`.
fn environment(test: &TestCluster) -> Vec<(&'static str, String)> {
    let folder = Path::new(env!("CARGO_BIN_EXE_liftui")).parent();
    let folder = folder.expect("it lies in one").display();
    let path = std::env::var("PATH").expect("there is one");
    vec![
        ("PATH", format!("{folder}:{path}")),
        ("HOME", test.home.path().display().to_string()),
        ("TZ", "UTC".to_owned()),
        ("LIFTUI_ADDR", test.addresses().join(",")),
    ]
}
