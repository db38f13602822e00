//! Copies from stream to stream, begun, broken off and gone on with; and envelopes, made and looked into.

use liftui::demo::AckFault;
use rustix::process::Signal;
use serde_json::Value;

use crate::cli_test_cluster::{TestCluster, bare, finish, outcome, parse_lines, signal, start};

fn with_messages(count: usize) -> TestCluster {
    let test = TestCluster::new();
    test.ok("create from --partitions 2");
    test.ok("create to --partitions 2");
    let line = |number| {
        format!(
            "{{\"key\":\"k{number}\",\"value\":\"{number}\",\"headers\":{{\"h\":\"{number}\"}}}}\n"
        )
    };
    let lines = (0..count).map(line).collect::<Vec<String>>().concat();
    let output = test.feed(
        "publish from --ndjson --round-robin -o raw",
        lines.as_bytes(),
    );
    assert_eq!(output.code, 0, "{output:?}");
    test
}

fn values(test: &TestCluster, stream: &str) -> Vec<String> {
    let output = test.run(&["tail", stream, "--to", "end", "-f", "%p/%k/%v\n"]);
    let mut values: Vec<String> = output.out.lines().map(str::to_owned).collect();
    values.sort();
    values
}

fn sum(rows: &str, field: &str) -> i64 {
    let rows = parse_lines(rows);
    rows.iter()
        .filter_map(|row: &Value| row[field].as_i64())
        .sum()
}

#[test]
fn all_that_is_there_is_copied_once_with_key_and_headers() {
    let test = with_messages(700);
    let dry = test.line("redrive from to --dry-run");
    assert_eq!(sum(&dry.out, "matched"), 700);
    let said = "700 messages would be copied from \"from\" to \"to\"; nothing was sent\n";
    assert_eq!((dry.code, dry.err.as_str()), (0, said));
    assert_eq!(test.ok("tail to --count"), "0\n");
    let rows = test.ok("redrive from to");
    assert_eq!((sum(&rows, "published"), sum(&rows, "earlier")), (700, 0));
    assert_eq!(values(&test, "to"), values(&test, "from"));
    let headers = test.run(&["tail", "to:0", "--to", "0", "-f", "%h"]);
    assert_eq!(headers.out, "h=0,subject=to,reply=");
}

#[test]
fn a_part_is_copied_by_place_and_query_to_where_its_keys_belong() {
    let test = with_messages(60);
    test.ok("create one");
    let rows = test.ok("redrive from:1 one --from 10 --to 19 -q !key:k31");
    assert_eq!(sum(&rows, "published"), 9);
    test.ok("create three --partitions 3");
    test.ok("redrive from three --from -5");
    for line in values(&test, "three") {
        let key = line.split('/').nth(1).expect("a key");
        let output = test.line(&format!("tail three --key {key} --to end --count"));
        assert_eq!(output.out, "1\n", "{line}");
    }
}

#[test]
fn a_redrive_that_was_killed_goes_on_and_sends_nothing_twice() {
    let test = with_messages(400);
    let journal = test.home.path().join("journal");
    let journal = journal.to_str().expect("a plain path");
    // Twenty seconds for all of it: long enough to be broken off twice on a busy machine.
    let arguments = [
        "redrive",
        "from",
        "to",
        "--rate",
        "20",
        "--journal",
        journal,
    ];
    for deadly in [Signal::KILL, Signal::INT] {
        let before = test.ok("tail to --count");
        let mut child = start(test.command(&arguments));
        while test.ok("tail to --count") == before {
            let ended = child.try_wait().expect("it can be looked at");
            assert_eq!(ended, None, "it is not done yet");
        }
        signal(&child, deadly);
        let output = outcome(child);
        assert_eq!(
            output.code,
            if deadly == Signal::INT { 130 } else { -1 },
            "{output:?}"
        );
    }
    let last = test.run(&["redrive", "from", "to", "--journal", journal]);
    let unknown = sum(&last.out, "unknown");
    assert_eq!(last.code, if unknown > 0 { 6 } else { 0 }, "{last:?}");
    let copied = values(&test, "to");
    let mut once = copied.clone();
    once.dedup();
    assert_eq!(copied, once, "nothing is there twice");
    let missing = 400 - i64::try_from(copied.len()).expect("few");
    assert!(
        (0..=unknown).contains(&missing),
        "{missing} missing, {unknown} unknown"
    );
    let again = test.run(&["redrive", "from", "to", "--journal", journal]);
    assert_eq!(sum(&again.out, "published"), 0, "{again:?}");
    let other = test.run(&["redrive", "from", "to", "-q", "x", "--journal", journal]);
    assert_eq!(other.code, 5, "{other:?}");
}

#[test]
fn a_redrive_without_acks_says_what_is_unknown_and_does_not_send_it_again() {
    let test = with_messages(10);
    test.cluster().faults().acks(AckFault::Lose);
    let output = test.line("redrive from:0 to --timeout 300ms");
    assert_eq!(output.code, 6, "{output:?}");
    let said = "partition 0 of stream \"from\": nobody knows whether offsets 0-4 were copied; what may be there is not sent again\n";
    assert!(output.err.starts_with(said), "{output:?}");
    test.cluster().faults().heal();
    let again = test.line("redrive from:0 to");
    assert_eq!(
        (again.code, sum(&again.out, "published")),
        (6, 0),
        "{again:?}"
    );
    assert_eq!(test.ok("tail to --count"), "5\n");
}

#[test]
fn a_redrive_goes_on_after_what_stopped_it_is_mended() {
    let test = with_messages(10);
    test.ok("readonly to -p 1");
    let (code, output) = (1, test.line("redrive from to"));
    assert_eq!(output.code, code, "{output:?}");
    assert!(
        output
            .err
            .contains("partition 1 of stream \"to\" is readonly"),
        "{output:?}"
    );
    test.ok("writable to");
    let rows = test.ok("redrive from to");
    assert_eq!((sum(&rows, "earlier"), sum(&rows, "published")), (5, 5));
    assert_eq!(values(&test, "to"), values(&test, "from"));
    assert_eq!(test.fails("redrive from from").0, 2);
}

#[test]
fn an_envelope_is_made_and_read_back() {
    let home = tempfile::tempdir().expect("a scratch folder");
    let run = |arguments: &[&str], input: &[u8]| finish(bare(home.path(), arguments), input);
    let words =
        "envelope encode v -k k --ack all --ack-inbox i --correlation-id c --expect-offset 0";
    let words: Vec<&str> = words.split(' ').collect();
    // The bytes of the Go client (wire-contract §3).
    let golden = "b90e43b40008000012016b1a01765201695a01636001\n";
    let made = run(&words, b"");
    assert_eq!((made.code, made.out.as_str()), (0, golden));
    let fields = "{\"type\":\"message\",\"key\":\"k\",\"value\":\"v\",\"headers\":{},\"expected_offset\":0,\
        \"ack_inbox\":\"i\",\"correlation_id\":\"c\",\"ack_policy\":\"all\"}\n";
    let read = run(&["envelope", "decode"], golden.as_bytes());
    assert_eq!((read.code, read.out.as_str()), (0, fields));
    let spaced = b"B9 0E 43 B4 00 08 00 00\n12 01 6b 1a 01 76 52 01 69 5a 01 63 60 01\n";
    assert_eq!(run(&["envelope", "decode"], spaced).out, fields);
    let twice = golden.repeat(2);
    assert_eq!(
        run(&["envelope", "decode"], twice.as_bytes()).out,
        fields.repeat(2)
    );
    let binary = run(
        &["envelope", "encode", "--binary", "--crc", "-H", "a=b"],
        &[0, 255, 10],
    );
    assert_eq!(
        binary.bytes.get(..8),
        Some(&b"\xb9\x0e\x43\xb4\x00\x0c\x01\x00"[..])
    );
    let raw = run(&["envelope", "decode", "-o", "raw"], &binary.bytes);
    assert_eq!(raw.bytes, [0, 255, 10]);
    let ack = b"b90e43b4000800010a0173";
    let ack = run(&["envelope", "decode"], ack);
    assert!(
        ack.out
            .starts_with("{\"type\":\"ack\",\"stream\":\"s\",\"offset\":0,"),
        "{ack:?}"
    );
    for (input, said) in [
        (
            &b"hello"[..],
            "shorter than an envelope's header of 8 bytes\n",
        ),
        (b"hello envelope", "an envelope begins with b9 0e 43 b4\n"),
        (b"", "there is no envelope on stdin\n"),
        (
            b"b90e43b400ff0000",
            "an envelope header of 255 bytes does not fit\n",
        ),
    ] {
        let output = run(&["envelope", "decode"], input);
        assert_eq!((output.code, output.err.as_str()), (1, said));
    }
}

#[test]
fn a_dry_run_ends_as_the_run_would_where_the_target_is_readonly() {
    let test = with_messages(10);
    test.ok("readonly to -p 1");
    let said = "partition 1 of stream \"to\" is readonly: make it writable first\n";
    let dry = test.line("redrive from to --dry-run");
    let run = test.line("redrive from to");
    assert_eq!((dry.code, run.code), (1, 1), "{dry:?} {run:?}");
    assert!(run.err.ends_with(said), "{run:?}");
    let found =
        "10 messages of \"from\" found, and not all would be copied to \"to\"; nothing was sent\n";
    assert_eq!(dry.err, format!("{found}{said}"));
    // Only where they go counts, and a publish resumes what is paused.
    test.ok("pause to -p 0");
    let dry = test.line("redrive from:0 to --dry-run");
    assert_eq!(dry.code, 0, "{dry:?}");
    assert!(dry.err.contains("5 messages would be copied"), "{dry:?}");
}
