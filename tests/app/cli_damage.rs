//! What must not be lost or misreported where servers, disks, readers and files are bad: journals, the log of changes, exit
//! codes after sending, input without an end, files that others could read.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use rustix::process::Signal;
use serde_json::Value;
use tonic::Code;

use crate::cli_test_cluster::{
    CliOutput, TestCluster, bare, finish, outcome, parse_lines, signal, start,
};
use crate::hostile_broker::{Behaviour, Ending, HostileBroker};

fn run(broker: &HostileBroker, line: &str) -> CliOutput {
    let arguments: Vec<&str> = line.split(' ').collect();
    let mut command = bare(broker.home.path(), &arguments);
    command.env("LIFTUI_ADDR", broker.address());
    finish(command, b"")
}

fn log(broker: &HostileBroker) -> Vec<Value> {
    parse_lines(&run(broker, "log").out)
}

fn where_changes_end(ending: Ending) -> HostileBroker {
    HostileBroker::start(Behaviour {
        changes: ending.clone(),
        publishes: ending,
        ..Behaviour::default()
    })
}

#[test]
fn a_change_without_an_answer_is_of_unknown_outcome_in_the_log_too() {
    for ending in [
        Ending::Never,
        Ending::Status(Code::Unavailable, "gone".into()),
    ] {
        let broker = where_changes_end(ending);
        for line in [
            "create x",
            "pause orders",
            "publish orders v",
            "cursor set c orders:0 1",
        ] {
            let output = run(&broker, &format!("--timeout 1s {line}"));
            assert_eq!(output.code, 6, "{line}: {output:?}");
        }
        let outcomes: Vec<Value> = log(&broker).iter().map(|e| e["outcome"].clone()).collect();
        assert_eq!(outcomes, ["unknown"; 4]);
    }
}

#[test]
fn a_change_that_is_interrupted_leaves_a_line_and_a_sentence() {
    let broker = where_changes_end(Ending::Never);
    let mut command = bare(broker.home.path(), &["--timeout", "60s", "create", "x"]);
    command.env("LIFTUI_ADDR", broker.address());
    let child = start(command);
    while broker.changes() == 0 {
        std::thread::yield_now();
    }
    signal(&child, Signal::INT);
    let output = outcome(child);
    assert_eq!(output.code, 130, "{output:?}");
    assert!(
        output.err.contains("create x was sent, outcome unknown"),
        "{output:?}"
    );
    let entries = log(&broker);
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(
        (&entries[0]["command"], &entries[0]["outcome"]),
        (&"create x".into(), &"unknown".into())
    );
}

#[test]
fn a_bad_byte_costs_one_line_of_the_log_of_changes() {
    let broker = HostileBroker::start(Behaviour::default());
    for name in ["one", "two", "three"] {
        assert_eq!(run(&broker, &format!("create {name}")).code, 0);
    }
    let path = broker.home.path().join(".local/state/liftui/changes.jsonl");
    let mut bytes = fs::read(&path).expect("it was written");
    let lines: Vec<usize> = bytes
        .iter()
        .enumerate()
        .filter(|(_, b)| **b == b'\n')
        .map(|(at, _)| at)
        .collect();
    // Both lines of the second change.
    bytes[lines[1] + 5] = 0xff;
    bytes[lines[2] + 5] = 0xff;
    fs::write(&path, bytes).expect("it can be written");
    let commands: Vec<Value> = log(&broker).iter().map(|e| e["command"].clone()).collect();
    assert_eq!(commands, ["create one", "create three"]);
}

#[test]
fn what_a_server_answers_that_is_no_answer_leaves_the_outcome_unknown() {
    let broker = where_changes_end(Ending::Status(Code::Internal, String::new()));
    let output = run(&broker, "pause orders");
    assert_eq!(output.code, 1, "{output:?}");
    assert!(
        !output.err.trim_end().ends_with(':'),
        "the sentence ends: {output:?}"
    );
    let broker = HostileBroker::start(Behaviour {
        publishes: Ending::Empty,
        ..Behaviour::default()
    });
    for line in ["publish orders v", "publish-subject orders v"] {
        let output = run(&broker, line);
        assert_eq!(output.code, 6, "{line}: {output:?}");
    }
}

#[test]
fn what_was_stored_is_said_where_it_cannot_be_printed() {
    let broker = HostileBroker::start(Behaviour::default());
    for (line, input, said) in [
        ("publish orders v", "", "1 message stored"),
        ("publish orders --lines", "a\nb\nc\n", "stored"),
        ("create x", "", "created stream \"x\""),
        ("redrive orders copies", "", "3 messages copied"),
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        let words = arguments.join(" ");
        let binary = env!("CARGO_BIN_EXE_liftui");
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &format!("{binary} {words} > /dev/full")]);
        shell
            .env("HOME", broker.home.path())
            .env("LIFTUI_ADDR", broker.address());
        let output = finish(shell, input.as_bytes());
        assert_eq!(output.code, 1, "{line}: {output:?}");
        assert!(output.err.contains(said), "{line}: {output:?}");
    }
}

#[test]
fn a_reader_that_leaves_does_not_stop_a_publish() {
    let broker = HostileBroker::start(Behaviour::default());
    let lines = "line\n".repeat(20_000);
    let arguments = ["publish", "orders", "--lines"];
    let mut command = bare(broker.home.path(), &arguments);
    command.env("LIFTUI_ADDR", broker.address());
    let mut child = start(command);
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    let feeding =
        std::thread::spawn(move || std::io::Write::write_all(&mut stdin, lines.as_bytes()));
    let output = outcome(child);
    feeding.join().expect("it is fed").expect("all is read");
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(broker.published(), 20_000);
}

#[test]
fn a_file_that_is_no_journal_is_refused_and_left_as_it_is() {
    let broker = HostileBroker::start(Behaviour::default());
    let home = broker.home.path();
    let long = vec![b'x'; 100_000];
    for content in [
        &b"my notes, without an end of line"[..],
        b"my notes\nin lines\n",
        b"{\"finished\":null}\n",
        b"\"finished\"\n",
        b"\xff\xfe\n",
        b"{\"plan\":{\"other\":1}}\n",
        &long,
    ] {
        let path = home.join("notes");
        fs::write(&path, content).expect("it can be written");
        let output = run(
            &broker,
            &format!("redrive orders copies --journal {}", path.display()),
        );
        assert_eq!(output.code, 1, "{output:?}");
        assert!(
            output.err.contains("notes: "),
            "it names the file: {output:?}"
        );
        assert_eq!(fs::read(&path).expect("it is there"), content);
    }
    for path in ["/dev/null", "/dev/zero", "/tmp"] {
        let output = run(&broker, &format!("redrive orders copies --journal {path}"));
        assert_eq!(output.code, 1, "{output:?}");
        assert!(output.err.contains(path), "{output:?}");
    }
    assert_eq!(broker.published(), 0);
}

#[test]
fn input_without_an_end_is_refused_with_a_sentence() {
    let broker = HostileBroker::start(Behaviour::default());
    for (line, code, said) in [
        (
            "publish orders --file /dev/zero",
            5,
            "/dev/zero holds more than",
        ),
        (
            "publish orders --lines --file /dev/zero",
            5,
            "line 1 of /dev/zero holds more than",
        ),
        (
            "publish orders --ndjson --file /dev/zero",
            5,
            "line 1 of /dev/zero holds more than",
        ),
        ("publish orders --file /", 2, "/ cannot be read: "),
        (
            "--config /dev/zero streams",
            2,
            "/dev/zero cannot be read: it holds more than",
        ),
    ] {
        let output = run(&broker, line);
        assert_eq!(output.code, code, "{line}: {output:?}");
        assert!(output.err.contains(said), "{line}: {output:?}");
    }
    let mut command = bare(broker.home.path(), &["envelope", "decode"]);
    command.stdin(fs::File::open("/dev/zero").expect("it is there"));
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = outcome(command.spawn().expect("it starts"));
    assert_eq!(output.code, 1, "{output:?}");
    assert!(
        output
            .err
            .contains("stdin cannot be read: it holds more than"),
        "{output:?}"
    );
    assert_eq!(broker.published(), 0);
}

/// The files and folders below, with the modes that others than their user have none of.
fn modes(path: &Path) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path).expect("a folder").flatten() {
        let mode = entry.metadata().expect("it is there").permissions().mode();
        found.push((entry.path().display().to_string(), mode & 0o777));
        if entry.path().is_dir() {
            found.extend(modes(&entry.path()));
        }
    }
    found
}

#[test]
fn what_is_written_down_is_for_its_user_alone() {
    let test = TestCluster::new();
    test.ok("create from");
    test.ok("create to");
    test.ok("publish from x");
    test.line("check");
    test.line("redrive from to");
    let home = test.home.path();
    let log = home.join("log");
    test.line(&format!("--log {} streams", log.display()));
    let journal = home.join("named/journal");
    test.line(&format!("redrive from to --journal {}", journal.display()));
    let state = modes(&home.join(".local/state"));
    assert!(state.len() > 2, "{state:?}");
    for (path, mode) in state {
        let wanted = if Path::new(&path).is_dir() {
            0o700
        } else {
            0o600
        };
        assert_eq!(mode, wanted, "{path}: {mode:o}");
    }
    for path in [log, journal] {
        let mode = fs::metadata(&path)
            .expect("it was made")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn names_that_look_like_options_are_names_in_commands_that_are_written_down() {
    let broker = HostileBroker::start(Behaviour::default());
    for line in [
        "create --subject s -- --log=x",
        "publish --lines -- --log=x",
    ] {
        run(&broker, line);
    }
    let mut command = bare(broker.home.path(), &["publish", "--lines", "--", "--log=x"]);
    command.env("LIFTUI_ADDR", broker.address());
    finish(command, b"v\n");
    let commands: Vec<Value> = log(&broker).iter().map(|e| e["command"].clone()).collect();
    let publishes = "publish --lines -- --log=x (1 message, 1 B)";
    assert_eq!(commands, ["create --subject s -- --log=x", publishes]);
}
