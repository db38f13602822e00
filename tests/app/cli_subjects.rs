//! `liftui subjects`: who stores a subject, and which streams store the same.

use liftui::demo::{DemoOptions, Traffic};
use serde_json::{Value, json};

use crate::cli_test_cluster::{TestCluster, fields};

fn cluster() -> TestCluster {
    let test = TestCluster::of(DemoOptions {
        traffic: Traffic::Quiet,
        ..DemoOptions::default()
    });
    for line in [
        "create orders --partitions 3",
        "create first --subject orders.1",
        "create audit --subject orders.>",
        "create eu --subject *.eu",
        "create apart --subject payments",
    ] {
        test.ok(line);
    }
    test
}

/// The partitions that store a subject.
fn storing(test: &TestCluster, subject: &str) -> Vec<String> {
    let line = format!("subjects {subject} -o raw");
    test.ok(&line).lines().map(str::to_owned).collect()
}

#[test]
fn a_subject_is_stored_by_all_streams_that_it_fits_and_by_partitions_of_their_own_subjects() {
    let test = cluster();
    for (subject, stored_by) in [
        ("orders", &["orders:0"][..]),
        ("orders.1", &["audit:0", "first:0", "orders:1"]),
        ("orders.2", &["audit:0", "orders:2"]),
        ("orders.3", &["audit:0"]),
        ("orders.eu", &["audit:0", "eu:0"]),
        ("orders.eu.new", &["audit:0"]),
        ("payments", &["apart:0"]),
        // Some of what fits a pattern.
        (
            "orders.*",
            &["audit:0", "eu:0", "first:0", "orders:1", "orders:2"],
        ),
    ] {
        assert_eq!(storing(&test, subject), stored_by, "{subject}");
    }
    // It is as it says: one message reaches all three.
    test.ok("publish-subject orders.1 text");
    for stream in ["audit", "first", "orders:1"] {
        let read = test.ok(&format!("tail {stream} --from earliest --to end -f %v\\n"));
        assert_eq!(read, "text\n", "{stream}");
    }
    let rows = test.objects("subjects orders.2");
    let names = [
        "stream",
        "partition",
        "subject",
        "status",
        "paused",
        "readonly",
    ];
    assert_eq!(fields(&rows[0]), names);
    assert_eq!(rows[1]["subject"], "orders.2");
}

#[test]
fn streams_that_store_the_same_are_named_for_each_other() {
    let test = cluster();
    let rows = test.objects("subjects");
    let of = |name: &str| {
        let found = rows.iter().find(|row| row["stream"] == name);
        found.unwrap_or_else(|| panic!("{name} is listed"))
    };
    let overlaps = |name: &str| {
        let others = of(name)["overlaps"].as_array().expect("a list");
        others
            .iter()
            .map(|other| other["stream"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of("orders")["subjects"],
        json!(["orders", "orders.1", "orders.2"])
    );
    assert_eq!(overlaps("orders"), ["audit", "first"]);
    assert_eq!(overlaps("audit"), ["eu", "first", "orders"]);
    assert_eq!(overlaps("eu"), ["audit"]);
    assert_eq!(overlaps("apart"), Vec::<Value>::new());
    let audit = &of("audit")["overlaps"][2];
    let wanted = json!({"stream": "orders", "partition": 1, "subject": "orders.1", "own_subject": "orders.>"});
    assert_eq!(*audit, wanted);
    assert_eq!(of("audit")["overlaps_complete"], true);
    let last = rows.last().expect("there are rows");
    assert!(
        last["stream"]
            .as_str()
            .is_some_and(|name| name.starts_with("__")),
        "{last}"
    );
    let table = test.ok("subjects -o table");
    let line = table.lines().find(|line| line.starts_with("orders "));
    let line = line.unwrap_or_else(|| panic!("it is listed: {table}"));
    assert!(
        line.contains("orders … orders.2") && line.ends_with("audit, first"),
        "{line}"
    );
}

#[test]
fn a_subject_that_nobody_stores_and_one_that_there_cannot_be_are_told() {
    let test = cluster();
    for (line, code, said) in [
        (
            "subjects order",
            4,
            "no stream stores what is published to \"order\"; did you mean \"orders\"?",
        ),
        (
            "subjects x.y.z",
            4,
            "no stream stores what is published to \"x.y.z\"; liftui subjects lists what streams store",
        ),
        (
            "subjects a..b",
            2,
            "\"a..b\" is no subject: nothing stands between two dots, or beside one at an end",
        ),
    ] {
        let (exit, sentence) = test.fails(line);
        assert_eq!(exit, code, "{line}");
        assert!(sentence.ends_with(said), "{line}: {sentence}");
    }
}
