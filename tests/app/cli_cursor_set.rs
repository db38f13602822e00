//! `cursor set` with `--to` and `--by`: what it says before, and what it does.

use liftui::demo::DemoOptions;
use liftui::wire::pb;
use pb::api_client::ApiClient;
use serde_json::Value;

use super::cli_test_cluster::TestCluster;
use super::driver::client;
use super::watchdog::end_of;

/// Stream `orders` with two partitions of ten messages, and consumer `billing`, which has read eight of each.
fn cluster() -> TestCluster {
    let test = TestCluster::of(DemoOptions::default());
    test.ok("create orders --replication 3 --partitions 2");
    for partition in 0..2 {
        for number in 0..10 {
            test.ok(&format!("publish orders {number} -p {partition} --ack all"));
        }
        test.ok(&format!("cursor set billing orders:{partition} 7"));
    }
    test
}

fn at(test: &TestCluster, partition: usize) -> String {
    let found = test.line(&format!("cursor get billing orders:{partition} -o raw"));
    // Servers tell a cursor at -1 from none by nothing.
    let place = if found.code == 4 { "-1" } else { &found.out };
    place.trim().to_owned()
}

#[test]
fn a_dry_run_says_what_would_be_read_again_and_changes_nothing() {
    let test = cluster();
    let rows = test.objects("cursor set billing orders --to -5 --dry-run");
    let of = |row: &Value, name: &str| row[name].clone();
    for (partition, row) in rows.iter().enumerate() {
        assert_eq!(of(row, "partition"), partition);
        assert_eq!((of(row, "from"), of(row, "to")), (7.into(), 4.into()));
        let counts = (of(row, "read_again"), of(row, "skipped"));
        assert_eq!(counts, (3.into(), 0.into()));
        assert!(row["seconds"].as_f64() < Some(0.0), "{row}");
        assert!(row["next"].is_string(), "{row}");
        assert_eq!(at(&test, partition), "7");
    }
    assert_eq!(rows.len(), 2);
    let table = test.ok("cursor set billing orders:0 --to end --dry-run -o table");
    assert!(table.contains("2 skipped"), "{table}");
    // Nothing is there to read next.
    let end = &test.objects("cursor set billing orders:0 --to end --dry-run")[0];
    assert_eq!((of(end, "to"), of(end, "next")), (9.into(), Value::Null));
    // It changes nothing, so an observer may ask.
    let observed = test.ok("--observe cursor set billing orders --by 1 --dry-run -o raw");
    assert_eq!(observed, "8\n8\n");
}

#[test]
fn a_cursor_goes_to_a_place_or_by_a_count_in_one_partition_or_in_all() {
    let test = cluster();
    let times = test.objects("tail orders:0 --from 3 --to 3");
    let third = times[0]["timestamp"].as_str().expect("a time").to_owned();
    for (how, next) in [
        ("--to earliest", 0),
        ("--to 2", 2),
        ("--to latest", 9),
        ("--to end", 10),
        ("--to -4", 6),
        ("--by -3", 5),
        ("--by 100", 10),
        ("--by -100", 0),
        ("--to @-1h", 0),
    ] {
        test.ok("cursor set billing orders:0 7");
        let said = test.line(&format!("cursor set billing orders:0 {how}"));
        assert_eq!(at(&test, 0), (next - 1).to_string(), "{how}: {said:?}");
        let counts_as_none = said.err.contains("counts as never stored");
        assert_eq!(counts_as_none, next == 0, "{how}: {said:?}");
    }
    test.ok("cursor set billing orders:0 7");
    let said = test.ok(&format!("cursor set billing orders:0 --to @{third}"));
    assert_eq!(
        said,
        "cursor \"billing\" is at 2 of orders:0: 5 messages will be read again\n"
    );
    test.ok("cursor set billing orders --to end");
    assert_eq!((at(&test, 0), at(&test, 1)), ("9".into(), "9".into()));
}

#[test]
fn places_that_are_not_there_change_nothing() {
    let test = cluster();
    for (command, exit, sentence) in [
        (
            "cursor set billing orders:0 --to 11",
            2,
            "there is no message 11 yet: the newest is 9",
        ),
        (
            "cursor set billing orders:0 10",
            2,
            "there is no message 10 yet: the newest is 9",
        ),
        (
            "cursor set billing orders:0 999999 --dry-run",
            2,
            "there is no message 999999 yet: the newest is 9",
        ),
        (
            "cursor set billing orders 5",
            2,
            "all partitions at once take --to or --by",
        ),
        (
            "cursor set nobody orders --to end",
            4,
            "has read nothing of orders",
        ),
        (
            "cursor set nobody orders:0 --by 1",
            4,
            "has read nothing of orders",
        ),
        (
            "cursor set billing orders:0 -9",
            5,
            "-1 where it has read none: -9 is neither",
        ),
        ("cursor set billing orders:0", 2, "OFFSET"),
        (
            "cursor set billing orders:0 1 --to end",
            2,
            "exclude each other",
        ),
        (
            "--observe cursor set billing orders --to end",
            5,
            "only observed",
        ),
    ] {
        let (code, said) = test.fails(command);
        assert_eq!(code, exit, "{command}: {said}");
        assert!(said.contains(sentence), "{command}: {said}");
    }
    assert_eq!((at(&test, 0), at(&test, 1)), ("7".into(), "7".into()));
}

#[test]
fn a_reader_that_has_left_leaves_no_partition_unset() {
    let test = cluster();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = test.command(&["cursor", "set", "billing", "orders", "--to", "end"]);
    let child = command.stdout(writer).spawn();
    let status = end_of(&mut child.expect("it runs"));
    assert_eq!(status.code(), Some(0));
    assert_eq!((at(&test, 0), at(&test, 1)), ("9".into(), "9".into()));
}

#[test]
fn a_cursor_that_its_consumer_has_just_stored_may_be_stored_again() {
    let test = cluster();
    // What this user has set himself is no consumer's.
    test.ok("cursor set billing orders:0 6");
    let client = client(test.addresses());
    for how in ["4", "--to 5", "--by 1 --dry-run"] {
        let stored = client.set_cursor("billing", "orders", 0, 8);
        test.block_on(stored).expect("it is stored");
        let output = test.line(&format!("cursor set billing orders:0 {how}"));
        let told = "cursor \"billing\" of orders:0 was stored";
        assert!(output.err.contains(told), "{how}: {output:?}");
        assert!(output.err.contains("stop it first"), "{how}: {output:?}");
    }
    // Nobody has stored this one.
    test.ok("cursor set other orders:0 4");
}

#[test]
fn partitions_that_are_left_out_are_named() {
    let test = cluster();
    test.ok("cursor set billing orders:1 -1");
    let output = test.line("cursor set billing orders --to end");
    assert_eq!(output.code, 0, "{output:?}");
    let said = "cursor \"billing\" has read nothing of orders:1 and is left as it is there";
    assert!(output.err.contains(said), "{output:?}");
    assert_eq!(at(&test, 0), "9");
}

/// Stores a cursor as a client may that checks nothing: at the broker that takes it.
fn store_unchecked(test: &TestCluster, partition: i32, offset: i64) {
    let request = pb::SetCursorRequest {
        stream: "orders".to_owned(),
        partition,
        cursor_id: "billing".to_owned(),
        offset,
    };
    let stored = test.block_on(async {
        for address in test.addresses() {
            let client = ApiClient::connect(format!("http://{address}")).await;
            let mut client = client.expect("the broker answers");
            if client.set_cursor(request.clone()).await.is_ok() {
                return true;
            }
        }
        false
    });
    assert!(stored, "one of them leads");
}

#[test]
fn a_cursor_that_another_client_stored_below_the_log_is_moved_with_the_rest() {
    let test = cluster();
    store_unchecked(&test, 1, -9);
    let output = test.line("cursor set billing orders --to end");
    let said = "orders:1: 10 messages will be skipped";
    assert!(output.out.contains(said), "{output:?}");
    assert!(!output.err.contains("left as it is"), "{output:?}");
    assert_eq!((at(&test, 0), at(&test, 1)), ("9".into(), "9".into()));
}

#[test]
fn where_nobody_says_where_a_log_ends_an_offset_is_taken_as_it_is() {
    let test = cluster();
    test.ok("pause orders:0");
    let set = test.line("cursor set other orders:0 500");
    assert_eq!(set.code, 0, "{set:?}");
}

#[test]
fn what_is_said_of_a_move_by_a_count_is_what_becomes_of_it() {
    let test = cluster();
    let client = client(test.addresses());
    for (from, by, said) in [
        (7, "-3", ": 3 messages will be read again\n"),
        (7, "1", ": 1 message will be skipped\n"),
        (
            7,
            "100",
            "orders:0 goes by +2, and not by +100: its log ends at offset 9\n",
        ),
        (
            7,
            "-100",
            "orders:0 goes by -8, and not by -100: its log keeps no message before offset 0\n",
        ),
        (7, "-100", ": up to 8 messages will be read again\n"),
        // Beyond the end there is nothing that could be read again.
        (50, "-5", ": no message will be read again or skipped\n"),
    ] {
        let stored = client.set_cursor("billing", "orders", 0, from);
        test.block_on(stored).expect("it is stored");
        let output = test.line(&format!("cursor set billing orders:0 --by {by}"));
        let told = output.out.clone() + &output.err;
        assert!(told.contains(said), "{from} {by}: {told}");
    }
    let stored = client.set_cursor("billing", "orders", 0, 50);
    test.block_on(stored).expect("it is stored");
    let table = test.line("cursor set billing orders:0 --by -5 --dry-run -o table");
    assert!(table.out.contains("nothing read again"), "{table:?}");
}

#[test]
fn a_partition_that_cannot_be_moved_by_a_count_is_not_said_to_be() {
    let test = cluster();
    test.ok("cursor set billing orders:1 -1");
    let output = test.line("cursor set billing orders --by 1");
    assert!(
        output
            .err
            .contains("a partition by itself takes --to, or an offset"),
        "{output:?}"
    );
    assert!(test.line("cursor set billing orders:1 --by 1").code != 0);
    assert_eq!(test.line("cursor set billing orders:1 --to 2").code, 0);
}
