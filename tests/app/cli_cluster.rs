//! One-shot commands on a cluster that is only partly there: dead leaders, unreadable streams, brokers that know less
//! than others.
#![expect(clippy::disallowed_methods, reason = "what hangs is told by the clock")]

use std::time::{Duration, Instant};

use liftui::client::{ConnectOptions, Observer};
use liftui::demo::DemoOptions;
use serde_json::Value;

use crate::cli_test_cluster::TestCluster;

/// Nothing here may take as long as it takes somebody to think that it hangs.
const SOON: Duration = Duration::from_secs(25);

fn with_one_cursors_partition() -> TestCluster {
    let test = TestCluster::of(DemoOptions {
        cursor_partitions: Some(1),
        ..DemoOptions::default()
    });
    test.ok("create orders --replication 3");
    test.ok("publish orders hello");
    test.ok("cursor set billing orders:0 0");
    test
}

/// The number of the broker that leads the only partition of a stream.
fn leader(test: &TestCluster, stream: &str) -> usize {
    let partitions = test.objects(&format!("partitions {stream}"));
    let name = partitions[0]["leader"].as_str().expect("it has a leader");
    let number = name.strip_prefix("demo-").and_then(|n| n.parse().ok());
    number.expect("demo-1 and so on")
}

/// Kills the leader of `__cursors` and one more, so that nobody is elected in its place.
fn lose_cursors_for_good(test: &TestCluster) {
    let dead = leader(test, "__cursors");
    for number in [dead, dead % 3 + 1] {
        test.cluster().faults().kill(number).expect("it runs");
    }
}

#[test]
fn a_check_judges_the_rest_where_nobody_leads_the_cursors() {
    let test = with_one_cursors_partition();
    lose_cursors_for_good(&test);
    let begun = Instant::now();
    let output = test.line("check");
    assert!(begun.elapsed() < SOON, "{output:?}");
    assert_eq!(output.code, 2, "{output:?}");
    assert!(
        output.out.starts_with("CRITICAL: 1 of 3 brokers answer, "),
        "{output:?}"
    );
    let unknown =
        "unknown  cursors are unknown: partition 0 of stream \"__cursors\" could not be read: ";
    assert!(
        output.out.lines().any(|line| line.starts_with(unknown)),
        "{output:?}"
    );
}

#[test]
fn lists_of_cursors_and_groups_end_where_nobody_leads_the_cursors() {
    let test = with_one_cursors_partition();
    lose_cursors_for_good(&test);
    for line in ["cursors", "groups"] {
        let begun = Instant::now();
        let output = test.line(line);
        assert!(begun.elapsed() < SOON, "{output:?}");
        let said = "partition 0 of stream \"__cursors\" could not be read: ";
        assert!(output.code > 0 && output.out.is_empty(), "{output:?}");
        assert!(output.err.contains(said), "{output:?}");
    }
}

#[test]
fn a_check_without_cursors_calls_nothing_well_that_it_did_not_see() {
    let test = with_one_cursors_partition();
    let faults = test.cluster().faults();
    faults.garbage("__cursors", 0).expect("it is there");
    let json = test.line("check -o json");
    let told: Value = serde_json::from_str(&json.out).expect("one object");
    assert_eq!(
        (json.code, &told["status"]),
        (3, &"UNKNOWN".into()),
        "{json:?}"
    );
    let error = told["error"].as_str().unwrap_or_default();
    let said = "cursors are unknown: partition 0 of stream \"__cursors\" could not be read: ";
    assert!(error.starts_with(said), "{json:?}");
    let nagios = test.line("check -o nagios");
    assert!(
        nagios
            .out
            .starts_with("LIFTBRIDGE UNKNOWN - 3 of 3 brokers answer, "),
        "{nagios:?}"
    );
    assert!(nagios.out.contains(said), "{nagios:?}");
    let metrics = test.line("check -o prometheus");
    assert!(
        metrics.out.contains("\nliftbridge_cursors_known 0\n"),
        "{metrics:?}"
    );
    // Who does not weigh cursors is told of them, and gets a verdict over the rest.
    let rest = test.line("check --rule cursor-lag=ignore --rule cursor-stalled=note");
    assert_eq!(rest.code, 0, "{rest:?}");
    assert!(rest.out.starts_with("OK: "), "{rest:?}");
    assert!(
        rest.out.contains("\nunknown  cursors are unknown: "),
        "{rest:?}"
    );
}

#[test]
fn a_broker_that_only_other_brokers_list_is_asked_too() {
    let test = TestCluster::new();
    let (first, faults) = (test.addresses().swap_remove(0), test.cluster().faults());
    faults.kill(3).expect("it runs");
    faults.age_listing(1).expect("it is there");
    let observer = Observer::new(ConnectOptions::new([first.clone()])).expect("an address");
    let known = test.block_on(observer.fetch_metadata());
    assert_eq!(known.expect("it answers").brokers.len(), 2);
    test.block_on(async { faults.restart(3) })
        .expect("it is down");
    let all_answer = || {
        let brokers = test.objects(&format!("--addr {first} brokers"));
        let answering = brokers.iter().filter(|broker| broker["reachable"] == true);
        answering.count() == 3
    };
    let begun = Instant::now();
    while !all_answer() {
        assert!(begun.elapsed() < SOON, "the third is never asked");
    }
}

/// A broker that has just started answers, and knows no stream for seconds.
#[test]
fn what_the_first_broker_does_not_know_yet_is_looked_for_at_the_others() {
    let test = TestCluster::of(DemoOptions {
        speed: 0.5,
        cursor_partitions: Some(1),
        ..DemoOptions::default()
    });
    for stream in ["orders:1", "orders", "archive"] {
        test.ok(&format!("create {stream} --replication 3 --partitions 2"));
    }
    test.ok("publish orders hello -p 1 --ack all");
    // Who serves is not what this is about: the third leads nothing.
    let faults = test.cluster().faults();
    let led = ["orders:1", "orders", "archive"].map(|stream| [(stream, 0), (stream, 1)]);
    for (stream, partition) in led.into_iter().flatten().chain([("__cursors", 0)]) {
        faults
            .move_leader(stream, partition, 1)
            .expect("all hold it");
    }
    // A cursor is stored when all in-sync replicas have it.
    faults.shrink_isr("__cursors", 0, 3).expect("it follows");
    let (young, address) = (3, test.addresses().swap_remove(2));
    faults.kill(young).expect("it runs");
    test.block_on(async { faults.restart(young) })
        .expect("it is down");
    let observer = Observer::new(ConnectOptions::new([address.clone()])).expect("an address");
    let streams_of_the_young = || {
        let view = test.block_on(observer.fetch_view(&address));
        view.result.ok().map(|told| told.streams.len())
    };
    let begun = Instant::now();
    while streams_of_the_young().is_none() {
        assert!(begun.elapsed() < SOON, "it does not come back");
    }
    let line = |line: &str| test.line(&format!("--addr {address} {line}"));
    assert_eq!(line("tail orders:1 --to end -o raw").out, "");
    assert_eq!(line("tail orders:0-1 --to end -o raw").out, "hello\n");
    assert_eq!(
        line("bench tail orders --from earliest -n 1 -o raw").code,
        0
    );
    let redrive = line("redrive orders archive --dry-run");
    assert_eq!(redrive.code, 0, "{redrive:?}");
    let set = line("cursor set billing orders:1 0");
    assert_eq!(set.code, 0, "{set:?}");
    let missing = line("tail ordres --to end");
    assert_eq!(missing.code, 4, "{missing:?}");
    assert_eq!(
        streams_of_the_young(),
        Some(0),
        "all that was while it knew nothing"
    );
}

#[test]
fn since_when_is_not_known_from_one_look() {
    let test = TestCluster::of(DemoOptions::default());
    test.ok("create orders --replication 3");
    test.cluster().faults().kill(2).expect("it runs");
    let brokers = test.objects("brokers");
    let silent = brokers.iter().find(|broker| broker["reachable"] == false);
    assert_eq!(silent.expect("one is down")["since"], Value::Null);
    let check: Value = serde_json::from_str(&test.line("check -o json").out).expect("it is JSON");
    let findings = check["findings"].as_array().expect("they are a list");
    assert!(!findings.is_empty());
    let undated = findings.iter().all(|found| found["since"] == Value::Null);
    assert!(undated, "{check}");
}

/// The dashboard lets partitions of which only the log has grown take turns, from 4,000 on; who asks once has no turns.
#[test]
fn a_list_of_streams_has_every_rate_however_many_partitions_there_are() {
    const STREAMS: usize = 5;
    let test = TestCluster::of(DemoOptions {
        brokers: 1,
        ..DemoOptions::default()
    });
    for number in 0..STREAMS {
        test.ok(&format!("create wide-{number} --partitions 1000"));
    }
    let streams = test.objects("streams");
    assert_eq!(
        streams.len(),
        STREAMS + 2,
        "those and two of Liftbridge's own"
    );
    for stream in &streams {
        assert_eq!(stream["rate"], 0.0, "{stream}");
    }
}
