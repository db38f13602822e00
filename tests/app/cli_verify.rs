//! `liftui verify`: copies that are equal, one that was made to differ, and those that nobody can read.

use std::process::Stdio;

use liftui::demo::DemoOptions;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::cli_test_cluster::{
    CliOutput, TestCluster, outcome, parse_lines, read_lines, signal, start,
};

/// Three copies of five messages, committed as far as every broker says, and the numbers of the brokers, the leader first.
fn with_messages() -> (TestCluster, [usize; 3]) {
    let test = TestCluster::of(DemoOptions::default());
    test.ok("create orders --replication 3");
    for n in 0..5 {
        test.ok(&format!(
            "publish orders text-{n} -k key-{n} -H n={n} --ack all"
        ));
    }
    let leader = test.cluster().faults().leader("orders", 0);
    let leader = leader.expect("it has a leader");
    let others = [leader % 3 + 1, (leader + 1) % 3 + 1];
    let said = "orders:0: 5 messages equal in 3 copies, up to offset 4\n";
    let equal = (0..50).any(|_| test.line("verify orders -o table").out == said);
    assert!(equal, "{:?}", test.line("verify orders -o table"));
    (test, [leader, others[0], others[1]])
}

fn fault(test: &TestCluster, line: &str) {
    let run = async { test.cluster().faults().run(line) };
    test.block_on(run).expect("it is a fault");
}

fn rows(output: &CliOutput) -> Vec<Value> {
    parse_lines(&output.out)
}

#[test]
fn equal_copies_are_0_and_what_is_not_asked_for_is_not_compared() {
    let (test, _) = with_messages();
    let whole = test.line("verify orders -o ndjson");
    assert_eq!((whole.code, whole.out.as_str()), (0, ""), "{whole:?}");
    let said = "orders:0: 5 messages equal in 3 copies, up to offset 4\n";
    assert_eq!(whole.err, said);
    let rest = test.line("verify orders:0 --from 3 --rate 1000 --dense -o table");
    let said = "orders:0: 2 messages equal in 3 copies, up to offset 4\n";
    assert_eq!((rest.code, rest.out.as_str()), (0, said), "{rest:?}");
    let beyond = test.line("verify orders --from 5 -o table");
    let said = "orders:0: there is nothing to compare\n";
    assert_eq!((beyond.code, beyond.out.as_str()), (0, said), "{beyond:?}");
    let mistyped = test.line("verify orders --from 9999 -o ndjson");
    assert_eq!(
        mistyped.code, 1,
        "a script that asks for nothing is told so"
    );
    let reason = "there is no offset 9999 yet: all have committed up to 4";
    assert!(mistyped.out.contains(reason), "{mistyped:?}");
    let (code, sentence) = test.fails("verify nothing");
    assert_eq!(code, 4, "{sentence}");
    let (code, sentence) = test.fails("verify orders --from -1");
    assert_eq!(code, 2, "{sentence}");
}

#[test]
fn a_copy_that_differs_is_told_with_its_offset_and_what_differs() {
    let (test, [leader, follower, _]) = with_messages();
    fault(&test, &format!("corrupt orders:0 {follower} 2"));
    let found = test.line("verify orders -o ndjson");
    assert_eq!(found.code, 2, "{found:?}");
    let said = "orders:0: 1 difference in 5 messages, up to offset 4\n";
    assert_eq!(found.err, said);
    let [row] = rows(&found).try_into().expect("one row");
    assert_eq!(row["offset"], 2);
    assert_eq!(row["replica"], format!("demo-{follower}"));
    assert_eq!(row["what"], json!(["value"]));
    assert_ne!(row["crc"], row["reference_crc"]);
    assert_eq!(test.line("verify orders --from 3").code, 0);
    // Where the leader's own copy is the odd one, all others differ from it.
    fault(&test, &format!("corrupt orders:0 {leader} 4"));
    let found = test.line("verify orders --from 4 -o ndjson");
    let rows = rows(&found);
    assert_eq!((found.code, rows.len()), (2, 2), "{found:?}");
    assert_eq!(rows[0]["crc"], rows[1]["crc"]);
    let table = test.line("verify orders -o table").out;
    assert!(table.contains("3 differences in 5 messages"), "{table}");
}

#[test]
fn what_differs_in_many_offsets_is_a_row_of_a_table_and_a_line_each_for_programs() {
    let test = TestCluster::of(DemoOptions::default());
    test.ok("create orders --replication 3");
    let lines: Vec<String> = (0..300).map(|n| format!("text-{n}\n")).collect();
    let lines = lines.concat();
    let published = test.feed("publish orders --lines --ack all", lines.as_bytes());
    assert_eq!(published.code, 0, "{published:?}");
    let equal = (0..50).any(|_| {
        test.line("verify orders -o table")
            .out
            .contains("300 messages equal")
    });
    assert!(equal, "{:?}", test.line("verify orders -o table"));
    let leader = test.cluster().faults().leader("orders", 0);
    let leader = leader.expect("it has a leader");
    let [one, other] = [leader % 3 + 1, (leader + 1) % 3 + 1];
    for offset in 40..140 {
        fault(&test, &format!("corrupt orders:0 {one} {offset}"));
        fault(&test, &format!("corrupt orders:0 {other} {offset}"));
    }
    fault(&test, &format!("corrupt orders:0 {one} 200"));
    let table = test.line("verify orders -o table");
    assert_eq!(table.code, 2, "{table:?}");
    let lines: Vec<&str> = table.out.lines().collect();
    assert_eq!(lines.len(), 4, "{}", table.out);
    assert!(
        lines[1].contains("40-139") && lines[1].contains("100 offsets"),
        "{table:?}"
    );
    for number in [one, other] {
        assert!(lines[1].contains(&format!("demo-{number}")), "{table:?}");
    }
    assert!(lines[2].contains("  200  "), "{table:?}");
    assert!(
        lines[3].starts_with("orders:0: 201 differences in 300"),
        "{table:?}"
    );
    assert_eq!(rows(&test.line("verify orders -o ndjson")).len(), 201);
    // Where each second offset differs, no row spans another, and the rest is counted.
    for offset in 141..270 {
        if offset % 2 == 0 {
            fault(&test, &format!("corrupt orders:0 {one} {offset}"));
        }
    }
    let table = test.line("verify orders -o table").out;
    assert!(table.lines().count() <= 53, "{table}");
    assert!(
        table.contains("more are not listed: -o ndjson lists all"),
        "{table}"
    );
}

#[test]
fn who_is_not_in_sync_or_does_not_answer_is_not_counted_as_equal() {
    let (test, [_, out, dead]) = with_messages();
    fault(&test, &format!("shrink orders:0 {out}"));
    let shrunk = test.line("verify orders -o ndjson");
    assert_eq!(shrunk.code, 1, "{shrunk:?}");
    let [row] = rows(&shrunk).try_into().expect("one row");
    assert_eq!(row["what"], json!(["not_verified"]));
    assert_eq!(row["replica"], format!("demo-{out}"));
    assert_eq!(row["reason"], "it is not in sync");
    let said = "orders:0: 5 messages equal in 2 copies, up to offset 4; 1 copy was not verified to the end\n";
    assert_eq!(shrunk.err, said);
    fault(&test, &format!("kill {dead}"));
    let killed = test.line("verify orders -o ndjson");
    assert_eq!(killed.code, 1, "{killed:?}");
    let reasons: Vec<String> = rows(&killed)
        .iter()
        .map(|row| row["reason"].to_string())
        .collect();
    let silent = reasons.iter().filter(|why| why.contains("does not answer"));
    assert_eq!((silent.count(), reasons.len()), (1, 2), "{reasons:?}");
    let only = "orders:0: 5 messages of the only copy that could be read, up to offset 4";
    assert!(killed.err.starts_with(only), "{killed:?}");
}

#[test]
fn what_is_not_a_message_ends_the_reading_of_a_copy_and_is_told() {
    let (test, _) = with_messages();
    fault(&test, "garbage orders:0");
    let whole = "not_verified";
    let found = test.line_until(50, "verify orders -o ndjson", whole);
    assert_eq!(found.code, 1, "{found:?}");
    for row in rows(&found) {
        assert_eq!((&row["what"], &row["offset"]), (&json!([whole]), &json!(5)));
    }
}

#[test]
fn interrupted_it_says_where_to_go_on() {
    let (test, [_, follower, _]) = with_messages();
    test.ok("create other");
    fault(&test, &format!("corrupt orders:0 {follower} 0"));
    let arguments = ["verify", "orders", "other", "--rate", "1", "-o", "ndjson"];
    let mut command = test.command(&arguments);
    command.stdin(Stdio::null());
    let mut child = start(command);
    let first = read_lines(&mut child, 1);
    assert!(first.contains("\"offset\":0"), "{first}");
    signal(&child, Signal::INT);
    let output = outcome(child);
    assert_eq!(output.code, 130, "{output:?}");
    let options = format!("--rate 1 -o ndjson --addr {}", test.addresses().join(","));
    let go_on = format!(
        "stopped: go on with liftui verify orders:0 --from 1 {options}, then with liftui verify other:0 {options}\n"
    );
    assert!(output.err.ends_with(&go_on), "{output:?}");
}

#[test]
fn what_other_replicas_hold_of_a_lost_log_is_seen_by_the_first_command_ever() {
    let (test, [leader, ..]) = with_messages();
    fault(&test, &format!("wipe {leader}"));
    // The brokers need a moment until one leads again; each look takes half a second.
    let lost = "which its leader has lost";
    let found = test.line_until(60, "verify orders -o ndjson", lost);
    assert_eq!(found.code, 1, "{found:?}");
    let folder = test.home.path().join(".local/state/liftui/checks");
    assert!(!folder.exists(), "no check was there before");
}
