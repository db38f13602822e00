//! `--tz` and `--age`: times of every command in one zone, and read again as they were printed.

use std::fs;

use crate::cli_test_cluster::{TestCluster, finish};

fn with_orders() -> TestCluster {
    let test = TestCluster::new();
    test.ok("create orders");
    let published = test.feed("publish orders --lines", b"a\nb\nc\n");
    assert_eq!(published.code, 0, "{published:?}");
    test
}

/// What a line prints in that zone of the machine.
fn in_zone(test: &TestCluster, zone: &str, words: &[&str]) -> String {
    let mut command = test.command(words);
    command.env("TZ", zone);
    let output = finish(command, b"");
    assert_eq!((output.code, output.err.as_str()), (0, ""), "{words:?}");
    output.out
}

#[test]
fn a_printed_time_means_the_same_message_again_in_every_zone() {
    let test = with_orders();
    let dates = |zone: &str, local: &str| {
        let words = [
            "tail", "orders", "--to", "end", "--tz", zone, "-f", "%v %d\\n",
        ];
        in_zone(&test, local, &words)
    };
    for (zone, local, offset) in [
        ("Asia/Kathmandu", "UTC", "+05:45"),
        ("utc", "Asia/Tokyo", "+00:00"),
        ("local", "Asia/Tokyo", "+09:00"),
        ("-03:30", "UTC", "-03:30"),
    ] {
        let printed = dates(zone, local);
        for line in printed.lines() {
            let (value, date) = line.split_once(' ').expect("a value and a date");
            assert!(date.ends_with(offset), "{zone}: {date}");
            let at = format!("@{date}");
            let words = ["tail", "orders", "--from", &at, "--to", &at, "-o", "raw"];
            assert_eq!(in_zone(&test, "UTC", &words), format!("{value}\n"));
        }
        // The table leaves out what is less than a millisecond, and the offset: the zone says it.
        let words = ["tail", "orders", "--to", "end", "--tz", zone, "-o", "table"];
        let table = in_zone(&test, local, &words);
        let row = table.lines().nth(2).expect("three rows");
        let time = row.split_whitespace().nth(2).expect("a time");
        let at = format!("@{time}");
        let words = [
            "tail", "orders", "--tz", zone, "--from", &at, "--to", "end", "-o", "raw",
        ];
        let found = in_zone(&test, local, &words);
        assert!(found.ends_with("b\nc\n"), "{zone}: {table}{found}");
    }
}

#[test]
fn lists_are_in_the_zone_that_is_asked_for_and_records_stay_in_utc() {
    let test = with_orders();
    let config = test.home.path().join("times.toml");
    fs::write(
        &config,
        "[time]\nzone = \"Asia/Kathmandu\"\nshow = \"age\"\n",
    )
    .expect("written");
    let config = config.to_str().expect("a plain path");
    let list = test.ok(&format!("activity --config {config} -o table"));
    assert!(list.contains("+05:45"), "{list}");
    let json = test.ok(&format!("activity --config {config} -o ndjson"));
    assert!(json.contains("Z\"") && !json.contains("+05:45"), "{json}");
    let plain = test.ok("activity -o table");
    assert!(plain.contains('Z') && !plain.contains("+05:45"), "{plain}");
    let record = test.ok(&format!("tail orders --config {config} --to end -n 1"));
    assert!(record.contains("Z\""), "{record}");
    let aged = test.ok(&format!("tail orders --config {config} --to end -o table"));
    let age = aged
        .lines()
        .nth(1)
        .and_then(|row| row.split_whitespace().nth(2));
    assert!(
        age.is_some_and(|age| age.starts_with('-') && age.ends_with('s')),
        "{aged}"
    );
    let flagged = test.ok("tail orders --age --to end -f %d|");
    assert!(flagged.starts_with('-'), "{flagged}");
    let settings = test.ok(&format!("config --config {config} -o raw"));
    assert!(
        settings.contains("time.zone\tAsia/Kathmandu\n"),
        "{settings}"
    );
    assert!(settings.contains("time.show\tage\n"), "{settings}");
}

#[test]
fn a_zone_that_there_is_not_is_named_with_the_one_meant() {
    let test = TestCluster::new();
    let wrong = test.line("streams --tz Europe/Berlni");
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(
        wrong.err.contains("did you mean \"Europe/Berlin\"?"),
        "{wrong:?}"
    );
    let config = test.home.path().join("times.toml");
    fs::write(&config, "[time]\nzone = \"mars\"\n").expect("written");
    let (code, sentence) = test.fails(&format!("streams --config {}", config.display()));
    assert_eq!(code, 2);
    assert!(
        sentence.contains("line 2: there is no time zone \"mars\""),
        "{sentence}"
    );
}
