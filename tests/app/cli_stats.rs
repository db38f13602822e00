//! `liftui stats`: what it counts in every form, what it says it has not read, and how it ends.

use serde_json::Value;

use crate::cli_test_cluster::{TestCluster, parse_lines};

fn with_messages() -> TestCluster {
    let test = TestCluster::new();
    test.ok("create orders --partitions 2");
    let record = |key: &str, kind: &str, size: usize| {
        format!(
            "{{\"key\":\"{key}\",\"value\":\"{}\",\"headers\":{{\"kind\":\"{kind}\"}}}}\n",
            "v".repeat(size)
        )
    };
    let mut first = String::new();
    for number in 0..30 {
        let key = if number % 3 == 0 { "a" } else { "b" };
        first += &record(key, if number < 20 { "paid" } else { "open" }, 10);
    }
    first += "{\"value\":\"no key\"}\n";
    let published = test.feed("publish orders --ndjson -p 0 --ack all", first.as_bytes());
    assert_eq!(published.code, 0, "{published:?}");
    let second = record("c", "paid", 5_000) + &record("c", "paid", 20);
    let published = test.feed("publish orders --ndjson -p 1 --ack all", second.as_bytes());
    assert_eq!(published.code, 0, "{published:?}");
    test
}

fn json(test: &TestCluster, line: &str) -> Value {
    serde_json::from_str(&test.ok(line)).expect("JSON")
}

/// The texts of a list with how many messages each has.
fn counts(list: &Value) -> Vec<(String, u64)> {
    let items = list["top"].as_array().expect("a list").iter();
    let item = |item: &Value| {
        let text = item["text"].as_str().expect("a text").to_owned();
        (text, item["messages"].as_u64().expect("a count"))
    };
    items.map(item).collect()
}

#[test]
fn a_range_is_counted_by_key_header_time_size_and_partition() {
    let test = with_messages();
    let all = json(&test, "stats orders -o json --observe");
    assert_eq!((&all["read"], &all["messages"]), (&33.into(), &33.into()));
    assert_eq!(
        (&all["complete"], &all["keyless"]),
        (&true.into(), &1.into())
    );
    let expected = [("b", 20), ("a", 10), ("c", 2)].map(|(text, count)| (text.to_owned(), count));
    assert_eq!(counts(&all["keys"]), expected);
    assert_eq!(all["keys"]["estimated"], false);
    let headers = [("kind=paid", 22), ("kind=open", 10)];
    let headers = headers.map(|(text, count)| (text.to_owned(), count));
    assert_eq!(counts(&all["header_values"]), headers);
    assert_eq!(counts(&all["headers"]), [("kind".to_owned(), 32)]);
    let largest = &all["largest"][0];
    assert_eq!(
        (&largest["partition"], &largest["offset"]),
        (&1.into(), &0.into())
    );
    let opened = test.ok("tail orders:1 --from 0 --to 0 --count");
    assert_eq!(opened, "1\n", "its offset opens it");
    let partition = &all["partitions"][0];
    assert_eq!(
        (&partition["first_offset"], &partition["last_offset"]),
        (&0.into(), &30.into())
    );
    let intervals = all["times"].as_array().expect("a list").iter();
    let timed: u64 = intervals
        .map(|one| one["messages"].as_u64().expect("a count"))
        .sum();
    assert_eq!(timed, 33);
    let bytes = |value: &Value| value["bytes"].as_u64().expect("bytes");
    let of_partitions = bytes(&all["partitions"][0]) + bytes(&all["partitions"][1]);
    assert_eq!(bytes(&all), of_partitions);
}

#[test]
fn a_query_and_a_range_narrow_what_is_counted_and_each_form_has_the_same_numbers() {
    let test = with_messages();
    let some = json(&test, "stats ord*:0 -q key:b --from 6 --to 11 -o json");
    assert_eq!(
        (&some["read"], &some["messages"]),
        (&6.into(), &4.into()),
        "{some}"
    );
    let rows = parse_lines(&test.ok("stats orders:0 -o ndjson"));
    assert_eq!(
        (&rows[0]["kind"], &rows[0]["messages"]),
        (&"total".into(), &31.into())
    );
    let key = rows.iter().find(|row| row["kind"] == "key").expect("a key");
    assert_eq!((&key["text"], &key["messages"]), (&"b".into(), &20.into()));
    let csv = test.ok("stats orders:0 -o csv");
    let head =
        "kind,stream,partition,offset,time,text,text_base64,messages,messages_max,bytes,is_cut";
    assert_eq!(csv.lines().next(), Some(head));
    assert!(csv.contains("\nkey,,,,,b,,20,20,"), "{csv}");
    let table = test.ok("stats orders -o table --top 1");
    assert!(table.contains("keys: 3 different"), "{table}");
    assert!(table.contains("orders:1 @ 0"), "{table}");
    assert!(!table.contains("messages read"), "all was counted: {table}");
    let some = test.ok("stats orders:0 --from 6 --to 11 -q key:b -o table");
    for head in ["keys: 1 different", "largest messages", "by time, every"] {
        let line = some.lines().find(|line| line.starts_with(head));
        let says = line.is_some_and(|line| line.ends_with(", of 4 of 6 messages read"));
        assert!(says, "{head}: {some}");
    }
    let part = test.ok("stats orders:0 --from 21 -o table");
    assert!(part.contains("different, of 10 messages read"), "{part}");
    let whole = test.ok("stats orders --to 1000000 -o table");
    assert!(
        whole.contains("33 messages"),
        "what is yet to come is not waited for: {whole}"
    );
    let empty = json(&test, "stats orders -q nowhere -o json");
    assert_eq!(
        (&empty["messages"], &empty["times"]),
        (&0.into(), &Value::Array(vec![]))
    );
}

#[test]
fn of_a_key_whose_end_was_not_kept_none_is_shown() {
    let test = TestCluster::new();
    test.ok("create orders");
    let words: Vec<String> = (0..150).map(|number| format!("w{number:03}")).collect();
    let line = format!("{{\"key\":\"{}\",\"value\":\"v\"}}\n", words.join(" "));
    let published = test.feed("publish orders --ndjson --ack all", line.as_bytes());
    assert_eq!(published.code, 0, "{published:?}");
    let table = test.ok("stats orders -o table");
    assert!(table.contains("w006 w007… "), "{table}");
}

#[test]
fn what_cannot_be_counted_is_said_with_the_exit_code_of_its_kind() {
    let test = with_messages();
    for (line, code, sentence) in [
        ("stats orders -o raw", 2, "statistics have no raw form"),
        ("stats nothing-*", 4, "no stream fits \"nothing-*\""),
        ("stats ordres", 4, "did you mean \"orders\"?"),
        ("stats orders --top 0", 2, "--top"),
        ("stats orders --every 1ms", 2, "counted by the second"),
        ("stats orders --every 1500ms", 2, "counted by the second"),
    ] {
        let (found, said) = test.fails(line);
        assert_eq!(found, code, "{line}: {said}");
        assert!(said.contains(sentence), "{line}: {said}");
    }
    test.ok("pause orders -p 1");
    let paused = test.line("stats orders -o json");
    let whole: Value = serde_json::from_str(&paused.out).expect("JSON");
    assert_eq!((paused.code, &whole["complete"]), (1, &false.into()));
    assert_eq!(whole["read"], 31, "the others are counted");
    assert!(
        paused
            .err
            .contains("partition 1 of stream \"orders\" is paused"),
        "{paused:?}"
    );
}

#[test]
fn messages_that_are_stored_and_not_committed_are_told_and_not_counted() {
    let test = TestCluster::new();
    test.ok("create orders --replication 3");
    test.ok("publish orders one --ack all");
    let leader = test.objects("partitions orders").remove(0);
    let leader = leader["leader"].as_str().expect("a leader");
    let number: usize = leader
        .rsplit('-')
        .next()
        .and_then(|n| n.parse().ok())
        .expect("a number");
    let faults = test.cluster().faults();
    let line = format!("kill {}", number % 3 + 1);
    test.block_on(async { faults.run(&line) })
        .expect("it is killed");
    test.ok("publish orders late --ack leader");
    let all = json(&test, "stats orders -o json");
    assert_eq!((&all["read"], &all["complete"]), (&1.into(), &true.into()));
    assert_eq!(all["partitions"][0]["uncommitted"], 1, "{all}");
}
