//! Commands that read a range of which retention or compaction has taken a part, or all of it.

use serde_json::Value;

use crate::cli_test_cluster::{TestCluster, parse_lines};

/// Makes a stream of which retention or compaction takes a part, and waits until it keeps at most so many messages.
fn kept(test: &TestCluster, stream: &str, options: &str, records: &str, count: u32) {
    test.ok(&format!(
        "create {stream} --segment-bytes 512 --cleaner-interval 50ms {options}"
    ));
    let published = test.feed(
        &format!("publish {stream} --ndjson -o raw"),
        records.as_bytes(),
    );
    assert_eq!(published.code, 0, "{published:?}");
    // Each look starts a process: this is minutes.
    let is_kept = (0..2_000).any(|_| {
        let kept = test.line(&format!("tail {stream} --to end --count")).out;
        kept.trim().parse::<u32>().is_ok_and(|kept| kept <= count)
    });
    assert!(is_kept, "{stream} keeps more");
}

#[test]
fn a_range_that_retention_took_whole_is_done_with_a_word_about_it() {
    let test = TestCluster::new();
    let record = "{\"value\":\"0123456789\"}\n";
    let options = "--retention-age 1s --segment-age 1s";
    kept(&test, "emptied", options, &record.repeat(20), 0);
    test.ok("create copies");
    for (line, first) in [
        ("tail emptied --to end --count", 0),
        ("tail emptied --from 0 --to end", 0),
        ("tail emptied --from -10 --to end", 10),
        ("redrive emptied copies --dry-run", 0),
        ("redrive emptied copies --dry-run --from -5", 15),
    ] {
        let output = test.line(line);
        let said = format!("offsets {first} to 19 were removed before they could be read");
        assert_eq!(output.code, 0, "{line}: {output:?}");
        assert!(output.err.contains(&said), "{line}: {output:?}");
    }
    for line in [
        "tail emptied --from @-1h --to end",
        "stats emptied --from @-1h",
    ] {
        let output = test.line(line);
        let said = "keeps no message any more: those at offsets up to 19 were removed";
        assert_eq!(output.code, 0, "{line}: {output:?}");
        let told = output.out + &output.err;
        assert!(told.contains(said), "{line}: {told}");
    }
    for line in [
        "tail emptied --to 5",
        "tail emptied --from earliest --to 5",
        "tail emptied --from -500 --to 5",
        "tail emptied --from @-1h --to 5",
        "stats emptied --to 5",
    ] {
        let output = test.line(line);
        assert_eq!(output.code, 0, "{line}: {output:?}");
        let told = output.out + &output.err;
        assert!(told.contains("removed"), "{line}: {told}");
        assert!(!told.contains("waiting"), "{line}: {told}");
    }
    let bench = test.line("bench tail emptied -o json");
    let report: Value = serde_json::from_str(&bench.out).expect("a report");
    let counts = (&report[0]["received"], &report[0]["missing"]);
    assert_eq!(counts, (&Value::from(0), &Value::from(20)), "{bench:?}");
}

#[test]
fn a_range_before_what_is_kept_is_told_wherever_it_begins() {
    let test = TestCluster::new();
    let record = "{\"value\":\"0123456789\"}\n";
    kept(
        &test,
        "cut",
        "--retention-messages 20",
        &record.repeat(100),
        20,
    );
    for from in [
        "",
        "--from earliest",
        "--from -500",
        "--from -3",
        "--from @-1h",
        "--from 0",
    ] {
        let output = test.line(&format!("tail cut {from} --to 5"));
        let said = "offsets 0 to 5 were removed before they could be read";
        assert_eq!(output.code, 0, "{from}: {output:?}");
        assert!(output.err.contains(said), "{from}: {output:?}");
    }
    let output = test.line("tail cut --from @-1h --to 99 --count");
    assert_eq!(&*output.err, "", "nothing of it is missing");
}

#[test]
fn the_last_messages_are_as_many_as_were_asked_for_on_a_compacted_stream() {
    let test = TestCluster::new();
    let record = |key: &str| format!("{{\"key\":\"{key}\",\"value\":\"0123456789\"}}\n");
    let rare: String = (0..15).map(|count| record(&format!("k{count}"))).collect();
    let records = rare + &record("often").repeat(200);
    let options = "--compact --segment-age 1s";
    kept(&test, "sparse", options, &records, 16);
    test.ok("create copies");
    for (count, kept) in [(1, 1), (10, 10), (16, 16), (50, 16)] {
        let tail = format!("tail sparse --from -{count} --to end --count");
        assert_eq!(test.ok(&tail), format!("{kept}\n"), "{tail}");
        let redrive = format!("redrive sparse copies --dry-run --from -{count}");
        let rows = parse_lines(&test.line(&redrive).out);
        assert_eq!(rows[0]["matched"], kept, "{redrive}");
    }
}

#[test]
fn a_cursor_goes_back_no_further_than_what_is_kept() {
    let test = TestCluster::new();
    let record = "{\"value\":\"0123456789\"}\n";
    let options = "--retention-age 1s --segment-age 1s";
    kept(&test, "emptied", options, &record.repeat(20), 0);
    for how in ["--to 0", "--to earliest", "--by -5"] {
        test.ok("cursor set billing emptied:0 15");
        let output = test.line(&format!("cursor set billing emptied:0 {how} --dry-run"));
        let is_told = output.err.contains("keeps no message before offset 20");
        assert_eq!(is_told, how.starts_with("--by"), "{output:?}");
        let rows = parse_lines(&output.out);
        assert_eq!(
            (&rows[0]["to"], &rows[0]["skipped"]),
            (&19.into(), &4.into()),
            "{how}"
        );
    }
}
