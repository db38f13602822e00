//! `tail` with a readable row: from the config file or the command line, and what is wrong with one.

use std::fs;

use serde_json::Value;

use crate::cli_test_cluster::TestCluster;

const LINES: &[u8] = b"{\"order\":7,\"customer\":{\"name\":\"Zo\\u00eb\"},\"amount\":12.5}\n\
    {\"order\":100205,\"customer\":{\"name\":\"Ada\"},\"amount\":3}\n\
    {\"order\":12,\"amount\":1249.75}\n";

fn with_orders() -> TestCluster {
    let test = TestCluster::new();
    test.ok("create orders");
    let published = test.feed("publish orders --lines -k user-7 -H unit=EUR", LINES);
    assert_eq!(published.code, 0, "{published:?}");
    test
}

/// The table without its times.
fn table(test: &TestCluster, words: &[&str]) -> Vec<String> {
    let mut all = vec!["tail", "orders", "--to", "end"];
    all.extend(words);
    let output = test.run(&all);
    assert_eq!((output.code, output.err.as_str()), (0, ""), "{words:?}");
    let lines = output.out.lines().map(|line| {
        let row = line.get(30..).unwrap_or_default();
        row.to_owned()
    });
    lines.collect()
}

fn write_config(test: &TestCluster, toml: &str) -> String {
    let path = test.home.path().join("rows.toml");
    fs::write(&path, toml).expect("written");
    path.to_str().expect("a plain path").to_owned()
}

#[test]
fn a_row_lines_up_and_says_what_is_missing() {
    let test = with_orders();
    let shown = [
        " order  customer.name   amount",
        "     7  Zoë              12.5",
        "100205  Ada               3",
        "    12  –              1249.75",
    ];
    let typed = table(
        &test,
        &[
            "--row",
            "{value.order} {value.customer.name} {value.amount}",
        ],
    );
    assert_eq!(typed, shown);
    let listed = table(
        &test,
        &[
            "--row",
            "value.order, value.customer.name, value.amount",
            "-o",
            "table",
        ],
    );
    assert_eq!(listed, shown);
    let worded = table(
        &test,
        &["--row", "#{value.order} {header.unit} {value.amount}/{key}"],
    );
    assert_eq!(worded[3], "#    12  EUR   1249.75/user-7");
}

#[test]
fn a_row_of_the_config_is_what_a_table_shows_and_nothing_else_changes() {
    let test = with_orders();
    let config = write_config(
        &test,
        "[streams.\"ord*\"]\nrow = [\"value.amount\", \"header.unit\"]\n",
    );
    let shown = table(&test, &["--config", &config, "-o", "table"]);
    assert_eq!(
        shown,
        [
            " amount  unit",
            "  12.5   EUR",
            "   3     EUR",
            "1249.75  EUR"
        ]
    );
    let raw = table(&test, &["--config", &config, "--row", "key value"]);
    assert!(
        raw[1].starts_with("user-7          {\"order\":7,"),
        "{raw:?}"
    );
    let records = |words: &[&str]| {
        let mut all = vec!["tail", "orders", "--to", "end"];
        all.extend(words);
        test.run(&all).out
    };
    assert_eq!(
        records(&["--config", &config]),
        records(&[]),
        "records are records"
    );
    let settings = test.run(&["config", "--config", &config, "-o", "raw"]);
    let line = "streams.ord*.row\tvalue.amount header.unit";
    assert!(settings.out.lines().any(|own| own == line), "{settings:?}");
}

#[test]
fn a_bad_row_is_named_with_file_line_and_place() {
    let test = with_orders();
    for (text, place, what) in [
        (
            "[streams.orders]\nrow = \"{value.order} {vlue}\"",
            "line 2, column 23",
            "did you mean \"value\"?",
        ),
        (
            "\n[streams.a]\nrow = [\n  \"key\",\n  \"header.\",\n]",
            "line 5, column 4",
            "\"header.\" is no header",
        ),
        (
            "[streams.a]\nmin_isr = 1\nrow = \"{key\"",
            "line 3, column 8",
            "the } that closes this field is missing",
        ),
        (
            "[streams.a]\nrow = \"\"",
            "line 2, column 8",
            "a row without a field says nothing",
        ),
        (
            "[streams.a]\nrow = \"only text\"",
            "line 2, column 8",
            "there is no field \"only\"",
        ),
    ] {
        let config = write_config(&test, text);
        for line in ["streams", "tail orders --to end", "config"] {
            let (code, sentence) = test.fails(&format!("{line} --config {config}"));
            assert_eq!(code, 2, "{sentence}");
            assert!(
                sentence.starts_with(&format!("{config} {place}: ")),
                "{text}: {sentence}"
            );
            assert!(sentence.contains(what), "{text}: {sentence}");
        }
    }
    let wrong = test.run(&["tail", "orders", "--row", "{value.order} {vlue}"]);
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(
        wrong
            .err
            .contains("at character 16: there is no field \"vlue\""),
        "{wrong:?}"
    );
    let (code, sentence) = test.fails("tail orders --to end --row key -o json");
    assert_eq!(code, 2, "{sentence}");
}

#[test]
fn what_a_message_holds_does_not_act_on_the_terminal() {
    let test = TestCluster::new();
    test.ok("create orders");
    let hostile = b"{\"a\":\"\\u001b[2Jx\\u0007\",\"b\":\"\xe2\x80\xaetxt\"}\n";
    let published = test.feed("publish orders --lines", hostile);
    assert_eq!(published.code, 0, "{published:?}");
    let shown = table(&test, &["--row", "value.a value.b"]);
    assert_eq!(shown[1], "␛[2Jx␇  \\u{202e}txt");
}

#[test]
fn a_row_of_avro_is_read_by_the_schema_that_the_config_file_names() {
    let test = TestCluster::new();
    test.ok("create orders");
    let schema = r#"{"type":"record","name":"Order","fields":[{"name":"order","type":"long"},{"name":"note","type":"string"}]}"#;
    fs::write(test.home.path().join("order.avsc"), schema).expect("written");
    test.ok("create copies");
    let published = test.feed("publish orders", b"\x0e\x04hi");
    assert_eq!(published.code, 0, "{published:?}");
    let config = write_config(&test, "[decode.orders]\navro = \"order.avsc\"\n");
    let shown = table(
        &test,
        &["--config", &config, "--row", "{value.order} {value.note}"],
    );
    assert_eq!(shown, ["order  note", "    7  hi"]);
    // So are queries.
    for (query, count) in [
        ("cel: value.order == 7 && value.note.startsWith(\"h\")", 1),
        ("cel: value.order > 7", 0),
    ] {
        for words in [
            &["tail", "orders", "--to", "end", "-o", "ndjson", "-q", query][..],
            &["trace", query, "orders", "-o", "ndjson"],
        ] {
            let found = test.run(&[words, &["--config", &config]].concat());
            assert_eq!(found.out.lines().count(), count, "{words:?}: {found:?}");
            assert!(
                !found.err.contains("no message of 1"),
                "{words:?}: {found:?}"
            );
        }
        let run = |words: &[&str]| {
            let found = test.run(&[words, &["-q", query, "--config", &config]].concat());
            serde_json::from_str::<Value>(&found.out).unwrap_or_else(|_| panic!("{found:?}"))
        };
        let counted = &run(&["stats", "orders", "-o", "json"])["messages"];
        assert_eq!(counted, count, "{query}");
        let copied = &run(&["redrive", "orders", "copies", "--dry-run", "-o", "json"]);
        assert_eq!(copied[0]["matched"], count, "{query}");
    }
    let wrong = write_config(&test, "[decode.orders]\navro = \"gone.avsc\"\n");
    let output = test.run(&["tail", "orders", "--config", &wrong, "--row", "key"]);
    assert_eq!(output.code, 2, "{output:?}");
    assert!(output.err.contains("gone.avsc"), "{output:?}");
}

#[test]
fn every_command_with_a_query_tells_a_field_that_no_message_has() {
    let test = with_orders();
    test.ok("create copies");
    let query = "cel: value.ammount > 5";
    for words in [
        &["tail", "orders", "--to", "end", "-q", query][..],
        &["trace", query, "orders"],
        &["table", "orders", "-q", query],
        &["stats", "orders", "-q", query, "-o", "json"],
        &["redrive", "orders", "copies", "-q", query, "--dry-run"],
        &["redrive", "orders", "copies", "-q", query],
    ] {
        let output = test.run(words);
        let told = output
            .err
            .matches("no message of 3 has value.ammount; value.amount?")
            .count();
        assert_eq!(told, 1, "{words:?}: {output:?}");
    }
}

#[test]
fn a_field_that_no_message_has_is_told_once_at_the_end_and_changes_nothing_else() {
    let test = with_orders();
    let missing = "no message of 3 has value.ammount; value.amount?";
    for (words, printed) in [
        (&["-q", "cel: value.ammount > 5"][..], 0),
        (&["-q", "cel: value.ammount > 5", "--count"], 1),
        (&["--row", "{value.ammount} {key}"], 4),
        (
            &["-q", "cel: value.amount > 100", "--row", "value.order"],
            2,
        ),
    ] {
        let mut all = vec!["tail", "orders", "--to", "end"];
        all.extend(words);
        let output = test.run(&all);
        assert_eq!(output.code, 0, "{words:?}: {output:?}");
        assert_eq!(output.out.lines().count(), printed, "{words:?}: {output:?}");
        let told = output.err.matches(missing).count();
        let is_misspelt = words.iter().any(|word| word.contains("ammount"));
        assert_eq!(told, usize::from(is_misspelt), "{words:?}: {output:?}");
    }
    let never = test.run(&[
        "tail",
        "orders",
        "--to",
        "end",
        "-q",
        "cel: value.amount == \"x\"",
    ]);
    let sentence = "value.amount is a number in each of 3 messages, never text";
    assert!(never.err.contains(sentence), "{never:?}");
}
