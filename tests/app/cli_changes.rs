//! Commands that change the cluster: what they say, how they end, what is refused before it is sent.

use std::time::Duration;

use liftui::demo::{AckFault, DemoOptions};

use crate::cli_test_cluster::{TestCluster, normalised};

#[test]
fn each_change_says_in_one_line_what_was_done() {
    let test = TestCluster::new();
    for (line, said) in [
        (
            "create orders --partitions 4 --replication all",
            "created stream \"orders\"",
        ),
        (
            "pause orders -p 0,2-3 --resume-all",
            "paused partitions 0,2,3 of stream \"orders\"",
        ),
        (
            "resume orders -p 2",
            "resumed partition 2 of stream \"orders\"",
        ),
        ("resume orders", "resumed stream \"orders\""),
        (
            "readonly orders -p 1",
            "partition 1 of stream \"orders\" refuses messages now",
        ),
        (
            "readonly orders -p 0,1",
            "partitions 0,1 of stream \"orders\" refuse messages now",
        ),
        ("writable orders", "stream \"orders\" takes messages again"),
        (
            "cursor set me orders:3 -1",
            "cursor \"me\" is at -1 of orders:3",
        ),
        ("delete orders --yes", "deleted stream \"orders\""),
    ] {
        assert_eq!(test.ok(line), format!("{said}\n"), "{line}");
    }
    let log: Vec<String> = test
        .objects("log")
        .iter()
        .map(|entry| format!("{} {}", entry["outcome"], entry["command"]))
        .collect();
    assert_eq!(log.len(), 9);
    assert_eq!(
        log[1],
        "\"done\" \"pause orders --partitions 0,2,3 --resume-all\""
    );
}

#[test]
fn what_a_server_refuses_is_1() {
    let test = TestCluster::new();
    test.ok("create orders");
    test.ok("readonly orders");
    for (line, said) in [
        ("create orders", "stream \"orders\" exists already"),
        (
            "create many --replication 9",
            "stream \"many\": the server refused CreateStream: Invalid replicationFactor 9, cluster size 3",
        ),
        (
            "publish orders x",
            "partition 0 of stream \"orders\" is readonly: make it writable first",
        ),
    ] {
        assert_eq!(test.fails(line), (1, said.into()), "{line}");
    }
    test.ok("create checked --concurrency-control");
    let (code, sentence) = test.fails("publish checked x --expect-offset 7");
    assert_eq!(code, 1, "{sentence}");
    test.ok("publish checked x --expect-offset 0");
}

#[test]
fn what_no_server_takes_is_5_and_never_sent() {
    let test = TestCluster::new();
    test.ok("create orders");
    for line in [
        "create x --partitions -1",
        "create x --partitions 0",
        "create x --replication -2",
        "create x --replication 0",
        "create x --retention-bytes -5",
        "create x --retention-messages -7",
        "create x --segment-bytes -5",
        "create x --compact-goroutines -1",
        "create x --min-isr -1",
        "bench publish x --create --partitions -1",
        "bench publish x --create --replication 0",
        "publish orders x --expect-offset -5",
        "publish orders x --by-key --key k --expect-offset -5",
        "create a/b",
        "create a\\b",
        "create a..b",
        "create __cursors",
        "create x --subject a..b",
        "publish-subject a..b x",
        "delete orders",
    ] {
        let (code, sentence) = test.fails(line);
        assert_eq!(code, 5, "{line}: {sentence}");
    }
    for arguments in [
        &["create", ""][..],
        &["create", "with blank"],
        &["publish", "", "x"],
        &["publish-subject", "", "x"],
        &["cursor", "get", "", "orders:0"],
        &["cursor", "set", "", "orders:0", "1"],
    ] {
        let output = test.run(arguments);
        assert_eq!(output.code, 5, "{arguments:?}: {output:?}");
    }
    let streams = test.ok("streams -o raw");
    assert_eq!(streams, "orders\n__activity\n__cursors\n");
}

#[test]
fn an_unknown_outcome_is_6_and_nothing_is_sent_again() {
    let test = TestCluster::of(DemoOptions {
        brokers: 1,
        speed: 10.0,
        ..DemoOptions::default()
    });
    test.ok("create orders");
    test.cluster().faults().acks(AckFault::Lose);
    let (code, sentence) = test.fails("publish-subject nobody x --timeout 300ms");
    let sent =
        "PublishToSubject on subject \"nobody\" was sent, but broker HOST:PORT did not answer ";
    let unknown = ": it may have been done or not";
    assert_eq!(code, 6, "{sentence}");
    assert!(normalised(&sentence).starts_with(sent), "{sentence}");
    assert!(sentence.ends_with(unknown), "{sentence}");
    let bulk = test.feed("publish orders --lines --timeout 300ms", b"a\nb\n");
    assert_eq!(bulk.code, 6, "{bulk:?}");
    assert!(bulk.err.starts_with("line 1: "), "{bulk:?}");
    let said = "; 0 messages stored, 1 of unknown outcome\n";
    assert!(bulk.err.ends_with(said), "{bulk:?}");
    test.cluster().faults().heal();
    assert_eq!(test.ok("tail orders --count"), "1\n");
    let log = normalised(&test.ok("log -o raw"));
    assert!(
        log.ends_with("publish orders --lines (1 message, 0 B)\n"),
        "{log}"
    );
}

#[test]
fn a_stalled_broker_is_given_up_after_the_timeout() {
    let test = TestCluster::of(DemoOptions {
        brokers: 1,
        ..DemoOptions::default()
    });
    let stall = test.cluster().faults().stall(1, Duration::from_secs(3_600));
    assert!(stall.is_ok());
    let (code, sentence) = test.fails("streams --timeout 200ms");
    let said = "broker HOST:PORT did not answer within 200 ms";
    assert_eq!((code, normalised(&sentence).as_str()), (3, said));
}

#[test]
fn a_cluster_without_activity_or_cursors_says_so() {
    let test = TestCluster::of(DemoOptions {
        brokers: 1,
        activity: false,
        cursor_partitions: Some(0),
        ..DemoOptions::default()
    });
    let said = "this cluster keeps no activity stream (activity.stream.enabled is false)";
    assert_eq!(test.fails("activity"), (4, said.into()));
    assert_eq!(test.ok("cursors"), "");
    test.ok("create orders");
    for line in ["cursor get me orders:0", "cursor set me orders:0 -1"] {
        let (code, sentence) = test.fails(line);
        assert_eq!(code, 1, "{line}: {sentence}");
    }
}

#[test]
fn a_change_that_cannot_be_written_down_is_made_and_says_so_once() {
    let test = TestCluster::new();
    let folder = test.home.path().join(".local/state");
    std::fs::create_dir_all(folder.parent().expect("it has one")).expect("it is made");
    std::fs::write(&folder, "").expect("a file is where the folder would be");
    let file = folder.join("liftui/changes.jsonl");
    let said = format!(
        "the change was not written down for \"liftui log\": {} cannot be written: ",
        file.display()
    );
    for line in [
        "create orders --partitions 4",
        "publish orders v -p 0",
        "publish orders v -p 1",
        "cursor set c orders:0 0",
        "cursor set c orders:1 0",
        "cursor set c orders --to end",
        "pause orders",
        "delete orders --yes",
    ] {
        let output = test.line(line);
        assert_eq!(output.code, 0, "{line}: {output:?}");
        assert_ne!(output.out, "", "{line}: {output:?}");
        assert_eq!(output.err.matches(&said).count(), 1, "{line}: {output:?}");
        assert!(output.err.contains("set XDG_STATE_HOME"), "{output:?}");
        assert!(!output.err.contains("os error"), "{output:?}");
    }
}

#[test]
fn an_offset_that_no_server_looked_at_is_said_once() {
    let test = TestCluster::new();
    test.ok("create plain");
    let said = "stream \"plain\" stored the message at offset 0 and not at 3: it has no concurrency control, so nothing was checked\n";
    let output = test.line("publish plain v --expect-offset 3 -o raw");
    assert_eq!((output.code, output.out.as_str()), (0, "0\n"));
    assert_eq!(output.err, said);
    test.ok("publish plain v --expect-offset 1");
    let output = test.feed("publish plain --lines --expect-offset 9 -o raw", b"a\nb\n");
    assert_eq!((output.code, output.out.as_str()), (0, "2\n3\n"));
    assert_eq!(
        output.err,
        said.replace("offset 0", "offset 2").replace("at 3", "at 9")
    );
    test.ok("create checked --concurrency-control");
    test.ok("publish checked v --expect-offset 0");
}

#[test]
fn a_header_is_given_once() {
    let test = TestCluster::new();
    test.ok("create orders");
    let (code, sentence) = test.fails("publish orders v -H a=1 -H b=1 -H a=2");
    let said = "the header \"a\" is given twice, and a message has each name once";
    assert_eq!((code, sentence.as_str()), (2, said));
    assert_eq!(test.ok("tail orders --to end --count"), "0\n");
    test.ok("publish orders v -H a=1 -H b=1");
}

#[test]
fn where_nothing_was_stored_there_is_no_head_over_nothing() {
    let test = TestCluster::new();
    for form in ["table", "csv", "ndjson", "raw"] {
        let (code, sentence) = test.fails(&format!("publish nowhere v -o {form}"));
        assert_eq!(code, 4, "{form}: {sentence}");
    }
    test.ok("create orders");
    let output = test.ok("publish orders v --ack none -o csv");
    assert!(
        output.starts_with("stream,"),
        "without an error it is a document: {output}"
    );
}

#[test]
fn partitions_may_stand_behind_the_stream_as_with_other_commands() {
    let test = TestCluster::new();
    test.ok("create orders --partitions 3");
    test.ok("create a:1");
    let paused = |stream: &str| -> Vec<bool> {
        let rows = test.objects(&format!("partitions {stream}"));
        rows.iter().map(|row| row["paused"] == true).collect()
    };
    assert_eq!(
        test.ok("pause orders:1-2"),
        "paused partitions 1,2 of stream \"orders\"\n"
    );
    assert_eq!(paused("orders"), [false, true, true]);
    test.ok("resume orders:2");
    assert_eq!(paused("orders"), [false, true, false]);
    test.ok("readonly orders:0");
    assert_eq!(test.objects("partitions orders")[0]["readonly"], true);
    test.ok("writable orders:0");
    assert_eq!(test.ok("publish orders:2 x -o raw"), "0\n");
    assert_eq!(test.ok("tail orders:2 --to end -f %v"), "x");
    let (code, said) = test.fails("publish orders:0,2 x");
    assert!(
        code == 2 && said.starts_with("a message goes to one partition"),
        "{said}"
    );
    let (code, said) = test.fails("pause orders:7");
    assert!(code == 4 && said.contains("partition 7"), "{said}");
    assert_eq!(test.fails("pause ordres:0").0, 4);
    // A stream of exactly that name wins.
    assert_eq!(test.ok("pause a:1"), "paused stream \"a:1\"\n");
    let observed = test.fails("--observe pause orders:0");
    assert_eq!(observed.0, 5, "{observed:?}");
}
