//! What the lists print: field names, forms, and what is said of a name that does not exist.

use crate::cli_test_cluster::{TestCluster, fields, normalised};

/// Two streams, a paused partition, a readonly one, two cursors.
fn furnished() -> TestCluster {
    let test = TestCluster::new();
    test.ok("create orders --partitions 2 --replication 3");
    test.ok("create archive --subject old.things");
    test.ok("publish orders hello --ack all");
    test.ok("pause orders -p 1");
    test.ok("readonly archive");
    test.ok("cursor set invoices orders:0 0");
    test
}

#[test]
fn objects_have_the_fields_that_scripts_know() {
    let test = furnished();
    let first = |line: &str| test.objects(line).remove(0);
    let expected = [
        (
            "brokers",
            "id address reachable since latency_ms partitions leaders listed_by error",
        ),
        (
            "streams",
            "name subject created partitions messages rate status internal paused readonly",
        ),
        (
            "partitions",
            "stream partition leader replicas isr high_watermark newest_offset paused readonly flags status \
             replica_lag last_message views",
        ),
        (
            "cursors",
            "id group stream partition offset lag lag_seconds drain_seconds as_of",
        ),
        ("cursor get invoices orders:0", "id stream partition offset"),
        ("activity", "id time event stream partitions"),
        ("config", "setting value from"),
        ("keys", "context keys command help"),
        ("log", "time cluster command outcome detail"),
        (
            "publish orders x",
            "stream partition offset subject reception commit correlation_id",
        ),
        (
            "tail orders:0 --to end",
            "stream partition offset timestamp key value headers subject reply_subject",
        ),
        ("check -o json", "status findings"),
    ];
    for (line, names) in expected {
        let object = if line.starts_with("check") {
            let output = test.line(line);
            serde_json::from_str(&output.out).expect("one object")
        } else {
            first(line)
        };
        let names: Vec<&str> = names.split_whitespace().collect();
        assert_eq!(fields(&object), names, "{line}");
    }
    let partition = first("partitions orders");
    let (_, view) = partition["views"]
        .as_object()
        .expect("views")
        .iter()
        .next()
        .expect("one");
    assert_eq!(
        fields(view),
        ["high_watermark", "newest_offset", "age_ms", "error"]
    );
}

#[test]
fn the_truth_about_partitions_is_told_in_every_form() {
    let test = furnished();
    let orders = test.objects("partitions orders");
    assert_eq!(orders[0]["paused"], false);
    assert_eq!(orders[0]["newest_offset"], 0);
    assert_eq!(orders[0]["status"], "serving");
    assert_eq!(orders[1]["paused"], true);
    assert_eq!(orders[1]["status"], "paused");
    assert_eq!(orders[1]["flags"], serde_json::json!(["paused"]));
    let archive = test.objects("partitions archive");
    assert_eq!(archive[0]["readonly"], true);
    let table = test.ok("streams -o table");
    let line = |name: &str| {
        let found = table.lines().find(|line| line.starts_with(name));
        found.unwrap_or_default().to_owned()
    };
    assert!(line("archive").contains("  readonly  "), "{table}");
    let paused = test.objects("streams -o ndjson");
    for stream in paused.iter().filter(|stream| stream["paused"] != 0) {
        let line = line(stream["name"].as_str().expect("a name"));
        assert!(line.contains("paused  "), "{line}");
    }
    let table = test.ok("partitions archive -o table");
    assert!(table.starts_with("STREAM   #  LEADER"), "{table}");
    assert_eq!(
        test.ok("partitions orders -o raw"),
        "orders\t0\norders\t1\n"
    );
    assert_eq!(
        test.ok("streams -o raw"),
        "archive\norders\n__activity\n__cursors\n"
    );
    let csv = test.ok("streams -o csv");
    assert!(csv.starts_with(
        "name,subject,created,partitions,messages,rate,status,internal,paused,readonly\n"
    ));
    assert!(
        normalised(&csv).contains("\narchive,old.things,TIME,1,0,"),
        "{csv}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&test.ok("streams -o json")).expect("one document");
    assert_eq!(json.as_array().map(Vec::len), Some(4));
    let described = test.ok("describe orders -o table");
    let views = described.lines().filter(|line| line.ends_with(" ago"));
    let views: Vec<&str> = views.filter(|line| line.contains("demo-")).collect();
    assert_eq!(views.len(), 6, "two partitions, three brokers: {described}");
    let described = test.objects("describe orders").remove(0);
    assert_eq!(described["partitions"].as_array().map(Vec::len), Some(2));
    assert_eq!(described["partitions"][0]["oldest_offset"], 0);
    let cursors = test.objects("cursors orders");
    assert_eq!((cursors.len(), &cursors[0]["offset"]), (1, &0.into()));
    assert!(test.objects("cursors archive").is_empty());
    assert!(test.ok("groups").is_empty());
    let empty = test.ok("groups -o json");
    assert_eq!(empty, "[\n]\n");
    let events: Vec<_> = test.objects("activity");
    let ids: Vec<i64> = events
        .iter()
        .filter_map(|event| event["id"].as_i64())
        .collect();
    assert!(ids.is_sorted() && ids.len() >= 6, "{ids:?}");
}

#[test]
fn a_name_that_does_not_exist_is_4_and_the_one_meant_is_named() {
    let test = furnished();
    let meant = "stream \"ordres\" does not exist; did you mean \"orders\"?".to_owned();
    for line in [
        "partitions ordres",
        "describe ordres",
        "tail ordres",
        "tail ordres:0",
        "pause ordres",
        "pause ordres -p 0",
        "resume ordres",
        "readonly ordres",
        "writable ordres",
        "publish ordres x",
        "publish ordres x --by-key",
        "delete ordres --yes",
        "cursor set me ordres:0 1",
        "cursor get me ordres:0",
        "redrive ordres archive",
        "redrive archive ordres",
    ] {
        assert_eq!(test.fails(line), (4, meant.clone()), "{line}");
    }
    let partition = |line: &str| test.fails(line);
    let sentence = "partition 9 of stream \"orders\" does not exist; its partitions are 0 to 1";
    assert_eq!(partition("tail orders:9"), (4, sentence.into()));
    assert_eq!(partition("cursor set me orders:9 1"), (4, sentence.into()));
    assert_eq!(partition("cursor get me orders:9"), (4, sentence.into()));
    let sentence = "partition 9 of stream \"orders\" does not exist";
    for line in [
        "pause orders -p 9",
        "resume orders -p 9",
        "publish orders x -p 9",
    ] {
        assert_eq!(partition(line), (4, sentence.into()), "{line}");
    }
    assert_eq!(
        test.fails("cursor get nobody orders:0"),
        (4, "cursor \"nobody\" has read nothing of orders:0".into())
    );
    test.ok("cursor set invoices orders:0 0");
    for line in [
        "cursor get invoces orders:0",
        "cursor set invoces orders --to earliest",
    ] {
        let (code, sentence) = test.fails(line);
        assert_eq!(code, 4, "{line}: {sentence}");
        assert!(
            sentence.ends_with("; did you mean \"invoices\"?"),
            "{line}: {sentence}"
        );
    }
    // Its name is right, and the partition is one that it has not read.
    let (_, sentence) = test.fails("cursor get invoices orders:1");
    assert!(
        sentence.ends_with("has read nothing of orders:1"),
        "{sentence}"
    );
}

#[test]
fn an_observer_reads_everything_and_sends_nothing() {
    let test = furnished();
    let address = normalised(&test.addresses()[0]);
    for line in [
        "create x",
        "delete orders --yes",
        "pause orders",
        "resume orders",
        "readonly orders",
        "writable archive",
        "publish orders x",
        "publish-subject orders x",
        "cursor set me orders:0 1",
        "tail orders --resume",
        "redrive orders archive",
    ] {
        let (code, sentence) = test.fails(&format!("--observe {line}"));
        let expected =
            format!("{address} is only observed (command line, --observe), so nothing was sent");
        assert_eq!((code, normalised(&sentence)), (5, expected), "{line}");
    }
    for line in [
        "brokers",
        "streams",
        "partitions",
        "describe orders",
        "cursors",
        "groups",
        "activity",
        "tail orders:0 --to end",
        "cursor get invoices orders:0",
    ] {
        test.ok(&format!("--observe {line}"));
    }
    assert_eq!(
        test.line("--observe redrive archive orders --dry-run").code,
        0
    );
}

/// An incident as the dashboard keeps it, with what a newer liftui may have added.
const KEPT: &str = r#"[{"began":1795348000000000000,"ended":1795348058000000000,"seen":1795348058000000000,
    "title":"node-2 does not answer","severity":"critical","touched":["node-2","orders"],"uncommitted":{"orders":40},
    "events":[{"at":1795348000000000000,"kind":"critical","text":"node-2 does not answer","evidence":["refused | so"]},
    {"at":1795348020000000000,"kind":"leader","text":"node-1 leads orders:0, before it node-2"}],"newer":true}]"#;

#[test]
fn incidents_are_printed_for_scripts_and_for_the_post_mortem() {
    let test = TestCluster::new();
    assert_eq!(test.ok("incidents"), "", "none is no error");
    let folder = test.home.path().join(".local/state/liftui/incidents");
    std::fs::create_dir_all(&folder).expect("a folder");
    // This machine has one name, whichever of its addresses is asked for.
    let address = test.addresses()[0].replace("127.0.0.1", "localhost");
    let name = address.replace(':', "_");
    let file = folder.join(format!("{name}.json"));
    std::fs::write(&file, KEPT).expect("a file");
    let incident = test.objects("incidents").remove(0);
    assert_eq!(
        fields(&incident),
        [
            "began",
            "ended",
            "seconds",
            "severity",
            "title",
            "touched",
            "uncommitted",
            "events"
        ]
    );
    assert_eq!(
        (&incident["seconds"], &incident["uncommitted"]),
        (&serde_json::json!(58), &serde_json::json!(40))
    );
    let report = test.ok("incidents --markdown");
    for expected in [
        ": node-2 does not answer\n",
        "- **Length:** 58s\n",
        "40 messages (orders 40)",
        "| **broken:** node-2 does not answer | refused \\| so |",
        "| node-1 leads orders:0, before it node-2 |  |",
    ] {
        assert!(report.contains(expected), "{expected}: {report}");
    }
    assert_eq!(test.ok("incidents --last 0"), "");
    std::fs::write(&file, "not JSON").expect("a file");
    let (code, sentence) = test.fails("incidents");
    assert!(code == 1 && sentence.contains("move it away"), "{sentence}");
}

#[test]
fn a_broker_that_is_gone_is_shown_and_weighs_in_the_check() {
    let test = TestCluster::new();
    test.ok("create orders --replication 3");
    let healthy = test.line("check");
    assert_eq!(healthy.code, 0, "{healthy:?}");
    assert!(
        healthy.out.starts_with("OK: 3 of 3 brokers answer, "),
        "{healthy:?}"
    );
    test.cluster().faults().kill(2).expect("it runs");
    let brokers = test.line("brokers");
    let gone = crate::cli_test_cluster::parse_lines(&brokers.out);
    let gone = gone.iter().find(|broker| broker["reachable"] == false);
    assert!(
        gone.is_some_and(|broker| broker["error"].is_string()),
        "{brokers:?}"
    );
    let words = [("OK", 0), ("WARNING", 1), ("CRITICAL", 2), ("UNKNOWN", 3)];
    let json = test.line("check -o json");
    let told: serde_json::Value = serde_json::from_str(&json.out).expect("one object");
    let word = words.iter().find(|(word, _)| told["status"] == *word);
    assert_eq!(word.map(|(_, code)| *code), Some(json.code), "{json:?}");
    assert_ne!(json.code, 0, "{json:?}");
    let finding = &told["findings"][0];
    assert_eq!(
        fields(finding),
        [
            "severity", "rule", "target", "message", "detail", "since", "cause"
        ]
    );
    for (form, says) in [
        ("nagios", "LIFTBRIDGE "),
        ("prometheus", "# HELP liftbridge_status "),
    ] {
        let output = test.line(&format!("check -o {form}"));
        assert!(
            output.out.starts_with(says) && output.code == json.code,
            "{output:?}"
        );
    }
}

#[test]
fn tables_stay_in_line_whatever_the_names_and_however_they_come() {
    let test = TestCluster::new();
    let long = "a-very-long-name-of-a-stream-of-the-web-shop-in-all-countries";
    test.ok(&format!("create {long}-2 --partitions 12"));
    test.ok("create short");
    test.ok(&format!("create {long}"));
    test.ok("pause short");
    test.ok(&format!("cursor set {long}-reader short:0 0"));
    for (line, column) in [
        ("activity -o table", "PARTITIONS"),
        ("streams -o table", "SUBJECT"),
        ("cursors -o table", "STREAM"),
    ] {
        let table = test.ok(line);
        let head = table.lines().next().expect("a head");
        let at = head.find(column).expect("the column");
        for row in table.lines().skip(1).filter(|row| row.len() > at) {
            let (before, cell) = row.split_at(at);
            assert!(
                before.ends_with("  ") && !cell.starts_with(' '),
                "{line}: {column} in\n{table}"
            );
        }
        assert!(table.contains(long), "{table}");
    }
}

#[test]
fn a_rate_that_nobody_knows_is_no_unit_without_a_number() {
    let test = TestCluster::new();
    test.ok("create orders");
    let faults = test.cluster().faults();
    let leader = faults.leader("orders", 0).expect("somebody leads it");
    faults.kill(leader).expect("it runs");
    let output = test.line("describe orders -o table");
    assert!(output.out.contains("\nrate        –\n"), "{output:?}");
}
