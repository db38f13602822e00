//! `liftui table`: the latest message of each key in every form, as of then, and what it does where memory is short.

use serde_json::Value;

use crate::cli_test_cluster::{TestCluster, parse_lines};

/// Two partitions; in the first `a` changes twice, `b` is deleted, `c` comes last, and one message has no key.
fn with_settings() -> TestCluster {
    let test = TestCluster::new();
    test.ok("create settings --partitions 2");
    let first = r#"
{"key":"b","value":"{\"on\":true}"}
{"key":"a","value":"1"}
{"value":"no key"}
{"key":"a","value":"22"}
{"key":"b","value":""}
{"key_base64":"/wA=","value_base64":"/w=="}
{"key":"a","value":"333"}
{"key":"c","value":"4444"}
"#;
    let published = test.feed(
        "publish settings --ndjson -p 0 --ack all",
        first.trim_start().as_bytes(),
    );
    assert_eq!(published.code, 0, "{published:?}");
    test.ok("publish settings other -k a -p 1 --ack all");
    test
}

/// What a line prints that ends well, whatever it says besides.
fn printed(test: &TestCluster, line: &str) -> String {
    let run = test.line(line);
    assert_eq!(run.code, 0, "{line}: {run:?}");
    run.out
}

/// Key, partition, value and changes of each row.
fn rows(text: &str) -> Vec<String> {
    let text_of = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let row = |row: Value| {
        let (key, value) = (text_of(&row["key"]), text_of(&row["value"]));
        format!("{key}:{}={value} x{}", row["partition"], row["changes"])
    };
    parse_lines(text).into_iter().map(row).collect()
}

#[test]
fn each_key_has_a_row_with_its_latest_message_and_the_number_of_its_changes() {
    let test = with_settings();
    let run = test.line("table settings -o ndjson --observe");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(
        rows(&run.out),
        ["a:0=333 x3", "a:1=other x1", "c:0=4444 x1", "-:0=- x1"]
    );
    assert!(
        run.err
            .contains("1 message of stream \"settings\" without a key"),
        "{run:?}"
    );
    let binary = parse_lines(&run.out).pop().expect("a row");
    assert_eq!(
        (&binary["key_base64"], &binary["value_base64"]),
        (&"/wA=".into(), &"/w==".into())
    );
    let all = printed(&test, "table settings:0 --deleted --sort time -o ndjson");
    assert_eq!(
        rows(&all),
        ["c:0=4444 x1", "a:0=333 x3", "-:0=- x1", "b:0=- x2"]
    );
    let deleted = parse_lines(&all).pop().expect("a row");
    assert_eq!(
        (&deleted["deleted"], &deleted["value"], &deleted["offset"]),
        (&true.into(), &Value::Null, &4.into())
    );
    let most = printed(&test, "table settings --sort changes --reverse -o json");
    let most: Vec<Value> = serde_json::from_str(&most).expect("JSON");
    let last = most.last().expect("a row");
    assert_eq!((&last["key"], &last["changes"]), (&"a".into(), &3.into()));
}

#[test]
fn a_table_is_as_of_then_and_a_query_is_about_the_latest_message() {
    let test = with_settings();
    let then = printed(&test, "table settings:0 --at 3 -o ndjson");
    assert_eq!(rows(&then), ["a:0=22 x2", "b:0={\"on\":true} x1"]);
    let beyond = printed(&test, "table settings:0 --at 1000000 -q key:a -o ndjson");
    assert_eq!(
        rows(&beyond),
        ["a:0=333 x3"],
        "what is yet to come is not waited for"
    );
    let none = printed(&test, "table settings -q value:22 -o ndjson");
    assert_eq!(rows(&none), [""; 0], "22 was the value of a once");
    let time = parse_lines(&then)[0]["timestamp"]
        .as_str()
        .expect("a time")
        .to_owned();
    let at_time = printed(
        &test,
        &format!("table settings:0 --at @{time} --deleted -o ndjson"),
    );
    assert!(
        rows(&at_time).contains(&"a:0=22 x2".to_owned()),
        "{at_time}"
    );
}

#[test]
fn tables_csv_and_raw_print_the_same_rows() {
    let test = with_settings();
    let table = printed(&test, "table settings:0 -o table --deleted");
    let mut lines = table.lines();
    let head: Vec<&str> = lines.next().expect("a head").split_whitespace().collect();
    assert_eq!(head, ["KEY", "#", "OFFSET", "TIME", "CHANGES", "VALUE"]);
    let row = |key: &str| {
        table
            .lines()
            .find(|line| line.starts_with(key))
            .expect("a row")
    };
    assert!(
        row("b ").ends_with("deleted") && row("c ").ends_with("4444"),
        "{table}"
    );
    assert!(row("/wA=").ends_with("/w=="), "{table}");
    let csv = printed(&test, "table settings:0 -o csv");
    let head =
        "stream,partition,key,key_base64,value,value_base64,offset,timestamp,changes,deleted";
    assert_eq!(csv.lines().next(), Some(head));
    assert!(csv.contains("\nsettings,0,a,,333,,6,"), "{csv}");
    assert_eq!(printed(&test, "table settings -q key:c -o raw"), "4444\n");
    assert_eq!(
        printed(&test, "table settings -q nowhere -o json").trim(),
        "[\n]"
    );
}

#[test]
fn where_memory_is_short_values_are_read_again_and_too_many_keys_are_refused() {
    let test = TestCluster::new();
    test.ok("create settings");
    let record = |number: usize| {
        let key = number * 7 % 20;
        format!(
            "{{\"key\":\"key-{key:02}\",\"value\":\"{number} {}\"}}\n",
            "v".repeat(2_000)
        )
    };
    let records: String = (0..60).map(record).collect();
    let published = test.feed("publish settings --ndjson --ack all", records.as_bytes());
    assert_eq!(published.code, 0, "{published:?}");
    for form in ["ndjson", "csv", "raw", "json"] {
        let whole = printed(&test, &format!("table settings -o {form}"));
        let short = test.line(&format!("table settings -o {form} --memory 16k"));
        assert_eq!(
            (short.code, &short.out),
            (0, &whole),
            "{form}: {}",
            short.err
        );
        let times = "the messages are read 4 times more";
        assert!(short.err.contains(times), "{}", short.err);
    }
    let refused = test.line("table settings --memory 2k");
    assert_eq!((refused.code, &*refused.out), (1, ""), "{refused:?}");
    assert!(
        refused
            .err
            .contains("the keys of \"settings\" take more than 1.9 KiB"),
        "{}",
        refused.err
    );
    assert!(refused.err.contains("--memory"), "{}", refused.err);
}

#[test]
fn what_is_no_table_is_said_with_the_exit_code_of_its_kind() {
    let test = with_settings();
    for (line, code, sentence) in [
        ("table settigns", 4, "did you mean \"settings\"?"),
        ("table settings:7", 4, "partition 7"),
        ("table settings --sort size", 2, "--sort"),
        ("table settings --at sometime", 2, "\"sometime\""),
        ("table", 2, "STREAM"),
    ] {
        let (found, said) = test.fails(line);
        assert_eq!(found, code, "{line}: {said}");
        assert!(said.contains(sentence), "{line}: {said}");
    }
    test.ok("pause settings -p 1");
    let paused = test.line("table settings -o ndjson");
    assert_eq!((paused.code, rows(&paused.out).len()), (1, 3), "{paused:?}");
    assert!(
        paused
            .err
            .contains("partition 1 of stream \"settings\" is paused"),
        "{paused:?}"
    );
}
