//! `liftui exporter`: what it serves of the demo cluster and of one that is gone, in both formats, and whom it does not let hold it up.

#![expect(clippy::disallowed_methods, reason = "waits are capped")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Instant;

use liftui::demo::{DemoOptions, IncidentPace, Traffic};
use liftui::health::Rule;
use regex::Regex;
use rustix::process::Signal;
use serde_json::Value;

use crate::cli_test_cluster::{TestCluster, bare, read_lines, signal};
use crate::screens::picture_of_metrics;
use crate::watchdog::{CAP, end_of};

/// An exporter that ends with the test.
struct Exporter {
    child: Child,
    address: String,
}

/// What it answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Exporter {
    /// One that asks every broker five times a second.
    fn start(test: &TestCluster, options: &[&str]) -> Self {
        let base = ["exporter", "--listen", "127.0.0.1:0", "--every", "200ms"];
        let command = test.command(&[&base, options].concat());
        Self::spawn(command)
    }

    fn spawn(mut command: std::process::Command) -> Self {
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let line = read_lines(&mut child, 1);
        let address = line.strip_prefix("listening on http://");
        let address = address.and_then(|rest| rest.strip_suffix("/metrics\n"));
        let address = address.expect(&line);
        Self {
            address: address.to_owned(),
            child,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(CAP)).expect("it has a cap");
        stream
    }

    /// Sends that, and reads until the connection ends.
    fn send(&self, request: &str) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).expect("it is sent");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("it is answered");
        let text = String::from_utf8(bytes).expect("it is text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        Answer {
            status: status.expect("a status"),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    fn get(&self, path: &str, accept: &str) -> Answer {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\n\r\n"
        ))
    }

    fn samples(&self) -> Samples {
        Samples::of(&self.get("/metrics", "text/plain").body)
    }

    /// Scrapes until that holds.
    fn wait_until(&self, what: &str, holds: impl Fn(&Samples) -> bool) -> Samples {
        let begun = Instant::now();
        loop {
            let samples = self.samples();
            if holds(&samples) {
                return samples;
            }
            assert!(begun.elapsed() < CAP, "never seen: {what}: {samples:?}");
        }
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        // Ended already, unless a test failed.
        let _ = self.child.kill();
        let _ = end_of(&mut self.child);
    }
}

/// Samples by name and labels as they are written.
#[derive(Debug)]
struct Samples(BTreeMap<String, f64>);

impl Samples {
    fn of(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let mut samples = BTreeMap::new();
        for line in lines {
            let (series, value) = line.rsplit_once(' ').expect(line);
            let before = samples.insert(series.to_owned(), value.parse().expect(line));
            assert_eq!(before, None, "{series} is there twice");
        }
        Self(samples)
    }

    fn get(&self, series: &str) -> Option<f64> {
        self.0.get(series).copied()
    }

    /// How many there are of that name.
    fn count(&self, name: &str) -> usize {
        let names = self.0.keys().map(|series| name_of(series));
        names.filter(|one| *one == name).count()
    }

    fn names(&self) -> BTreeSet<&str> {
        self.0.keys().map(|series| name_of(series)).collect()
    }
}

fn name_of(series: &str) -> &str {
    series.split('{').next().unwrap_or(series)
}

fn fault(test: &TestCluster, line: &str) {
    let run = async { test.cluster().faults().run(line) };
    test.block_on(run).expect("it is a fault");
}

#[test]
fn what_brokers_report_is_served_and_messages_are_counted_from_when_it_began() {
    let test = TestCluster::new();
    test.ok("create orders --partitions 2 --replication 3");
    for _ in 0..3 {
        test.ok("publish orders before -p 1 --ack all");
    }
    let exporter = Exporter::start(&test, &[]);
    let series = |name: &str, more: &str| {
        format!("liftbridge_{name}{{stream=\"orders\",partition=\"1\"{more}}}")
    };
    let samples = exporter.wait_until("the cursors were read", |samples| {
        samples.get("liftbridge_cursors_known").is_some()
            && samples
                .get(&series("partition_messages_total", ""))
                .is_some()
    });
    for (series, value) in [
        (series("partition_newest_offset", ""), 2.0),
        (series("partition_high_watermark", ""), 2.0),
        (series("partition_uncommitted_messages", ""), 0.0),
        (series("partition_messages_total", ""), 0.0),
        (series("partition_has_leader", ""), 1.0),
        (series("partition_replicas", ""), 3.0),
        (series("partition_isr", ""), 3.0),
        (series("partition_paused", ""), 0.0),
        (series("partition_readonly", ""), 0.0),
        (series("replica_in_sync", ",broker=\"demo-1\""), 1.0),
        (series("replica_in_sync", ",broker=\"demo-3\""), 1.0),
        ("liftbridge_broker_up{broker=\"demo-2\"}".to_owned(), 1.0),
        ("liftbridge_leaderless_partitions".to_owned(), 0.0),
        ("liftbridge_leader_unreachable_partitions".to_owned(), 0.0),
    ] {
        assert_eq!(samples.get(&series), Some(value), "{series}");
    }
    assert_eq!(samples.count("liftbridge_replica_lag_messages"), 4);
    assert!(!samples.0.keys().any(|series| series.contains("__cursors")));
    for _ in 0..2 {
        test.ok("publish orders after -p 1 --ack all");
    }
    exporter.wait_until("two more", |samples| {
        samples.get(&series("partition_messages_total", "")) == Some(2.0)
    });
    test.ok("readonly orders -p 1");
    exporter.wait_until("it is readonly", |samples| {
        samples.get(&series("partition_readonly", "")) == Some(1.0)
    });
}

#[test]
fn a_broker_that_dies_is_told_and_then_that_nobody_answers() {
    let test = TestCluster::new();
    test.ok("create orders --replication 3");
    let exporter = Exporter::start(&test, &[]);
    let up = "liftbridge_broker_up{broker=\"demo-2\"}";
    exporter.wait_until("it answers", |samples| samples.get(up) == Some(1.0));
    assert_eq!(exporter.get("/healthz", "").body, "ok\n");
    fault(&test, "kill 2");
    let finding =
        "liftbridge_finding{rule=\"broker-silent\",severity=\"critical\",target=\"demo-2\"}";
    let samples = exporter.wait_until("it is silent", |samples| samples.get(finding) == Some(1.0));
    assert_eq!(samples.get(up), Some(0.0));
    let count = "liftbridge_findings{rule=\"broker-silent\",severity=\"critical\"}";
    assert_eq!(samples.get(count), Some(1.0));
    fault(&test, "kill 1");
    fault(&test, "kill 3");
    let begun = Instant::now();
    let sick = loop {
        let answer = exporter.get("/healthz", "");
        if answer.status != 200 {
            break answer;
        }
        assert!(begun.elapsed() < CAP, "it is never sick");
    };
    assert_eq!(sick.status, 503);
    let sentence = sick.body.strip_suffix('\n').expect("a line");
    assert!(
        sentence.starts_with("no broker has answered for "),
        "{sick:?}"
    );
    assert!(sentence.contains("refused the connection"), "{sick:?}");
    let samples = exporter.samples();
    let newest = "liftbridge_partition_newest_offset{stream=\"orders\",partition=\"0\"}";
    assert!(samples.get(newest).is_some(), "the last that was known");
    let age = samples.get("liftbridge_truth_age_seconds");
    assert!(age.is_some_and(|age| age > 1.0), "with its age: {age:?}");
}

#[test]
fn the_picture_of_the_guide_is_what_a_scrape_serves() {
    let test = TestCluster::new();
    test.ok("create orders --partitions 2 --replication 3");
    for _ in 0..5 {
        test.ok("publish orders value -p 1 --ack all");
    }
    test.ok("cursor set billing orders:1 1");
    let exporter = Exporter::start(&test, &[]);
    fault(&test, "kill 2");
    // What is the same each time.
    let shown = [
        "liftbridge_broker_up",
        "liftbridge_finding",
        "liftbridge_partition_newest_offset",
        "liftbridge_cursor_offset",
        "liftbridge_cursor_lag_messages",
    ];
    let lag = "liftbridge_cursor_lag_messages{";
    let finding = "liftbridge_finding{rule=\"broker-silent\"";
    let begun = Instant::now();
    let body = loop {
        let body = exporter.get("/metrics", "text/plain").body;
        if body.contains(lag) && body.contains(finding) {
            break body;
        }
        assert!(begun.elapsed() < CAP, "never seen: {body}");
    };
    let is_of = |line: &&str| {
        let name = line.split(' ').nth(2).filter(|_| line.starts_with('#'));
        let name = name.unwrap_or_else(|| name_of(line));
        shown.contains(&name)
            && !line.contains("partition=\"0\"")
            && (!line.starts_with("liftbridge_finding{") || line.starts_with(finding))
    };
    let lines: Vec<&str> = body.lines().filter(is_of).collect();
    picture_of_metrics("exporter", "curl -s http://127.0.0.1:9393/metrics", &lines);
}

#[test]
fn without_a_broker_it_serves_that_and_nothing_that_it_does_not_know() {
    let home = tempfile::tempdir().expect("a scratch folder");
    let line = "exporter --listen 127.0.0.1:0 --every 200ms --addr 127.0.0.1:9";
    let arguments: Vec<&str> = line.split(' ').collect();
    let exporter = Exporter::spawn(bare(home.path(), &arguments));
    let up = "liftbridge_broker_up{broker=\"127.0.0.1:9\"}";
    let samples = exporter.wait_until("it was asked", |samples| samples.get(up).is_some());
    assert_eq!(samples.get(up), Some(0.0));
    for unknown in [
        "liftbridge_truth_age_seconds",
        "liftbridge_streams",
        "liftbridge_cursors_known",
        "liftbridge_broker_leaders",
        "liftbridge_broker_answer_age_seconds",
    ] {
        assert_eq!(samples.count(unknown), 0, "{unknown}");
    }
    let health = exporter.get("/healthz", "");
    let said = "no broker has answered yet: broker 127.0.0.1:9 refused the connection\n";
    assert_eq!((health.status, health.body.as_str()), (503, said));
}

#[test]
fn streams_are_chosen_and_what_is_too_much_is_left_out_whole_and_counted() {
    let test = TestCluster::new();
    for name in ["orders-a", "orders-b", "payments"] {
        test.ok(&format!("create {name} --partitions 2"));
    }
    let newest = "liftbridge_partition_newest_offset";
    let chosen = Exporter::start(&test, &["--streams", "orders-*"]);
    let samples = chosen.wait_until("both", |samples| samples.count(newest) == 4);
    assert!(!samples.0.keys().any(|series| series.contains("payments")));
    assert_eq!(samples.get("liftbridge_partitions"), Some(9.0), "all count");
    let internal = Exporter::start(&test, &["--internal"]);
    internal.wait_until("three of Liftbridge's own", |samples| {
        samples.count(newest) == 9
    });
    // A stream of two partitions with one replica each has 22 series at most.
    let small = Exporter::start(&test, &["--max-series", "50"]);
    let samples = small.wait_until("two streams", |samples| samples.count(newest) == 4);
    assert!(!samples.0.keys().any(|series| series.contains("payments")));
    let dropped = "liftui_dropped_series{of=\"stream\"}";
    assert_eq!(samples.get(dropped), Some(22.0));
    assert_eq!(samples.count("liftbridge_broker_up"), 3, "these stay");
}

#[test]
fn names_that_would_act_on_a_terminal_do_not_leave_it() {
    let test = TestCluster::new();
    let created = test.run(&["create", "odd\u{1b}[31m\"name"]);
    assert_eq!(created.code, 0, "{created:?}");
    let exporter = Exporter::start(&test, &[]);
    let odd = "liftbridge_partition_newest_offset{stream=\"odd\u{fffd}{1b}[31m\\\"name\",partition=\"0\"}";
    exporter.wait_until("its series", |samples| samples.get(odd).is_some());
    let scrape = exporter.get("/metrics", "").body;
    assert!(!scrape.contains('\u{1b}'));
}

#[test]
fn both_formats_hold_the_same_and_have_heads_of_their_own() {
    let test = TestCluster::new();
    test.ok("create orders");
    let exporter = Exporter::start(&test, &[]);
    exporter.wait_until("a stream", |samples| {
        samples.count("liftbridge_partition_messages_total") == 1
    });
    let accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
    let open = exporter.get("/metrics", accept);
    let plain = exporter.get("/metrics", "text/plain");
    let kind = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert!(open.head.contains(kind), "{}", open.head);
    let kind = "content-type: text/plain; version=0.0.4; charset=utf-8";
    assert!(plain.head.contains(kind), "{}", plain.head);
    assert!(open.body.ends_with("# EOF\n") && !plain.body.contains("# EOF"));
    let counter = "# TYPE liftbridge_partition_messages counter\n# UNIT liftbridge_partition_messages messages\n";
    assert!(open.body.contains(counter));
    let counter = "# TYPE liftbridge_partition_messages_total counter\nlift";
    assert!(plain.body.contains(counter));
    let names = |text: &str| -> BTreeSet<String> { Samples::of(text).0.into_keys().collect() };
    assert_eq!(names(&open.body), names(&plain.body));
    let head = exporter.send("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    let page = exporter.get("/", "");
    assert!(page.body.contains("href=\"/metrics\""), "{page:?}");
    assert_eq!(exporter.get("/nothing", "").status, 404);
}

#[test]
fn nobody_holds_it_up_neither_slowly_nor_with_much_nor_with_many() {
    let test = TestCluster::new();
    let exporter = Exporter::start(&test, &[]);
    let posted =
        exporter.send("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000000\r\n\r\n");
    assert_eq!(posted.status, 405, "without its body: {posted:?}");
    assert_eq!(exporter.send("nonsense\r\n\r\n").status, 400);
    let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(20_000));
    let much = exporter.send(&long);
    assert!([414, 431].contains(&much.status), "{much:?}");
    let lines = "a: b\r\n".repeat(100);
    let many = exporter.send(&format!("GET / HTTP/1.1\r\n{lines}\r\n"));
    assert_eq!(many.status, 431, "{many:?}");
    // More than it has room for, and none of them says anything.
    let mut idle: Vec<TcpStream> = (0..80).map(|_| exporter.connect()).collect();
    let mut slow = exporter.connect();
    slow.write_all(b"GET /metrics HTTP/1.1\r\nHos")
        .expect("it is sent");
    assert_eq!(exporter.get("/", "").status, 200);
    let mut rest = Vec::new();
    idle[0].read_to_end(&mut rest).ok();
    assert_eq!(rest, b"", "the oldest was dropped");
    // What never ends its head is ended.
    slow.read_to_end(&mut rest).ok();
    let end = String::from_utf8_lossy(&rest);
    assert!(end.is_empty() || end.starts_with("HTTP/1.1 408"), "{end}");
}

#[test]
fn it_ends_by_either_signal_and_a_port_in_use_is_a_sentence() {
    let test = TestCluster::new();
    for end in [Signal::INT, Signal::TERM] {
        let exporter = Exporter::start(&test, &[]);
        signal(&exporter.child, end);
        let mut exporter = exporter;
        assert_eq!(end_of(&mut exporter.child).code(), Some(0), "{end:?}");
    }
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port();
    let (code, sentence) = test.fails(&format!("exporter --listen 127.0.0.1:{port}"));
    let said = format!("127.0.0.1:{port} is in use already; --listen names another address");
    assert_eq!((code, sentence), (1, said));
    for (line, said) in [
        (
            "exporter --listen 9393",
            "\"9393\" is no address to listen at; write HOST:PORT, as in 127.0.0.1:9393",
        ),
        (
            "exporter --every 10ms",
            "\"10ms\" is too often; write 200ms or more",
        ),
    ] {
        let (code, sentence) = test.fails(line);
        assert_eq!(code, 2, "{line}");
        assert!(sentence.ends_with(said), "{line}: {sentence}");
    }
}

fn asset(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).expect("it is there")
}

/// The metrics that expressions name.
fn named_in(text: &str) -> BTreeSet<String> {
    let name = Regex::new(r"\b(liftbridge|liftui|process)_[a-z_]+\b").expect("a pattern");
    let found = name.find_iter(text);
    found.map(|one| one.as_str().to_owned()).collect()
}

/// The expressions and queries of a dashboard.
fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let (true, Value::String(text)) = (["expr", "query"].contains(&&**name), value) {
                    found.push(text.clone());
                }
                expressions(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| expressions(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn dashboard_alerts_and_docs_name_metrics_that_the_demo_has() {
    let test = TestCluster::of(DemoOptions {
        traffic: Traffic::Workload {
            rate: None,
            incidents: IncidentPace::Usual,
        },
        ..DemoOptions::default()
    });
    let exporter = Exporter::start(&test, &[]);
    let samples = exporter.wait_until("cursors, groups and a finding", |samples| {
        samples.count("liftbridge_cursor_lag_seconds") > 0
            && samples.count("liftbridge_group_lag_seconds") > 0
            && samples.count("liftbridge_finding") > 0
    });
    let served = samples.names();
    let is_served = |name: &str| served.contains(name);

    let dashboard: Value =
        serde_json::from_str(&asset("assets/grafana/liftui.json")).expect("it is JSON");
    let mut found = Vec::new();
    expressions(&dashboard, &mut found);
    let named = named_in(&found.join("\n"));
    assert!(named.len() > 20, "{named:?}");
    let unknown: Vec<_> = named.iter().filter(|name| !is_served(name)).collect();
    assert!(unknown.is_empty(), "the dashboard names {unknown:?}");

    let alerts = asset("assets/prometheus/alerts.yml");
    let lines = alerts.lines().filter(|line| line.contains("expr: "));
    let lines: Vec<&str> = lines.collect();
    let named = named_in(&lines.join("\n"));
    let unknown: Vec<_> = named.iter().filter(|name| !is_served(name)).collect();
    assert!(unknown.is_empty(), "an alert names {unknown:?}");
    for rule in Rule::ALL {
        let by_rule = format!("rule=\"{}\"", rule.as_str());
        let count = lines.iter().filter(|line| line.contains(&by_rule)).count();
        assert_eq!(count, 1, "one alert on {}", rule.as_str());
    }

    let docs = asset("docs/exporter.md");
    let undocumented: Vec<_> = served
        .iter()
        .filter(|name| !docs.contains(**name))
        .collect();
    assert!(undocumented.is_empty(), "docs lack {undocumented:?}");
    let gone: Vec<_> = named_in(&docs)
        .into_iter()
        .filter(|name| !is_served(name))
        .collect();
    assert!(gone.is_empty(), "docs name {gone:?}");
}
