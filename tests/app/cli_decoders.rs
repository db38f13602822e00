//! `tail` with rows that a program decodes: what it makes of values, what it does not, and that it ends with the command.

use std::fs;
use std::process::Command;

use rustix::process::Signal;

use crate::cli_test_cluster::{CliOutput, TestCluster, finish, outcome, signal, start};
use crate::scenario_decoders::{guide_program, order, pipe};

/// A cluster with these values in `orders`, and a config file by which that command decodes them.
fn with_values(values: &[&[u8]], command: &str) -> TestCluster {
    let test = TestCluster::new();
    test.ok("create orders");
    for value in values {
        let published = test.feed("publish orders", value);
        assert_eq!(published.code, 0, "{published:?}");
    }
    let folder = test.home.path().join(".config/liftui");
    fs::create_dir_all(&folder).expect("it is made");
    fs::write(folder.join("decode.py"), guide_program()).expect("it is written");
    let config = format!("[decode]\n\"ord*\" = {{ command = {command} }}\n");
    fs::write(folder.join("config.toml"), config).expect("it is written");
    test
}

/// The binary, which finds programs as this process does.
fn command(test: &TestCluster, words: &[&str]) -> Command {
    let mut command = test.command(words);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// `tail orders --to end` with these words, without the place and the time of each row.
fn tail(test: &TestCluster, words: &[&str]) -> (Vec<String>, CliOutput) {
    let mut all = vec!["tail", "orders", "--to", "end"];
    all.extend(words);
    let output = finish(command(test, &all), b"");
    assert_eq!(output.code, 0, "{output:?}");
    let lines = output.out.lines();
    let lines = lines.map(|line| line.get(30..).unwrap_or_default().to_owned());
    (lines.collect(), output)
}

const PYTHON: &str = r#"["python3", "decode.py"]"#;

#[test]
fn rows_are_of_what_the_program_makes_of_values_and_of_others_as_they_are_stored() {
    let values = [order(7, 1234, "Zoë"), order(100_205, 300, "Ada")];
    let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
    let test = with_values(&[values[0], b"short", b"brief", values[1]], PYTHON);
    let (shown, output) = tail(
        &test,
        &["--row", "{value.order} {value.amount} {value.customer}"],
    );
    let rows = [
        " order  amount  customer",
        "     7   12.34  Zoë",
        "     –       –  –",
        "     –       –  –",
        "100205    3.0   Ada",
    ];
    assert_eq!(shown, rows);
    let errors: Vec<&str> = output.err.lines().collect();
    let [first, last] = errors.as_slice() else {
        panic!("{errors:?}");
    };
    assert!(
        first.starts_with("orders:0 @ 1: python3: error: unpack_from requires a buffer"),
        "{first}"
    );
    assert!(first.ends_with("is shown as it is stored"), "{first}");
    assert_eq!(*last, "python3 did not decode 2 values");
    let (shown, _) = tail(&test, &["--row", "value"]);
    assert_eq!(
        shown[1],
        r#"{"order": 7, "amount": 12.34, "customer": "Zo\u00eb"}"#
    );
    assert_eq!(shown[2], "short");
    // What is misspelt is told of the values that were decoded, and of the headers of all.
    for (row, told) in [
        (
            "value.ordre",
            "no message of 2 has value.ordre; value.order?",
        ),
        ("header.x", "no message of 4 has header.x"),
    ] {
        let (_, output) = tail(&test, &["--row", row]);
        assert_eq!(output.err.lines().last(), Some(told), "{output:?}");
    }
    // What shows nothing of values runs no program.
    let (_, output) = tail(&test, &["--row", "offset key"]);
    assert_eq!(output.err, "");
}

#[test]
fn of_a_program_that_decodes_nothing_no_field_is_called_misspelt() {
    let test = with_values(&[b"short"], PYTHON);
    let (_, output) = tail(&test, &["--row", "value.order"]);
    assert!(!output.err.contains("no message"), "{output:?}");
    assert_eq!(output.err.lines().count(), 1, "{output:?}");
}

#[test]
fn a_query_for_what_only_the_program_shows_says_so() {
    let test = with_values(&[&order(7, 1234, "Zoë")], PYTHON);
    let (shown, output) = tail(&test, &["--row", "value", "-q", "cel: value.order == 7"]);
    assert_eq!(shown, ["VALUE"]);
    let said = "queries look at the bytes of a value, not at what python3 makes of them\n";
    assert_eq!(output.err, said);
    let (_, output) = tail(&test, &["-q", "cel: offset == 0"]);
    assert_eq!(output.err, "");
    test.ok("create copies");
    for words in [
        &["stats", "orders", "-o", "json"][..],
        &["table", "orders"],
        &["redrive", "orders", "copies", "--dry-run"],
    ] {
        let words = [words, &["-q", "cel: value.order == 7"]].concat();
        let output = finish(command(&test, &words), b"");
        assert!(output.err.starts_with(said), "{words:?}: {output:?}");
        assert!(!output.err.contains("no message of"), "{output:?}");
    }
}

#[test]
fn the_command_stands_among_the_settings_and_a_wrong_one_is_told_with_its_line() {
    let test = with_values(&[], r#"["./decode.py", "a b"]"#);
    let path = test.home.path().join(".config/liftui/decode.py");
    let settings = test.objects("config -o ndjson");
    let decode = settings
        .iter()
        .find(|one| one["setting"] == "decode.\"ord*\"");
    let decode = decode.expect("it is there");
    assert_eq!(decode["value"], format!("{} 'a b'", path.display()));
    assert!(
        decode["from"]
            .as_str()
            .is_some_and(|from| from.ends_with("config.toml"))
    );
    let wrong = with_values(&[], "[]");
    let (code, sentence) = wrong.fails("tail orders --to end");
    assert_eq!(code, 2);
    assert!(
        sentence.contains("config.toml line 2: the command names no program"),
        "{sentence}"
    );
}

#[test]
fn what_hangs_is_ended_with_the_command_at_once() {
    let test = with_values(
        &[b"x"],
        r#"["sh", "-c", "exec 9>alive; echo begun >&9; sleep 10000 & sleep 10000"]"#,
    );
    let mut alive = pipe(&test.home.path().join(".config/liftui"));
    let tail = start(command(&test, &["tail", "orders", "--row", "value"]));
    assert_eq!(alive.blocking_recv().as_deref(), Some("begun"));
    signal(&tail, Signal::INT);
    assert_eq!(outcome(tail).code, 130);
    assert_eq!(alive.blocking_recv(), None, "all have ended");
}
