//! `liftui trace`: one story out of several streams, in the order of time, and what it says where there is none.

use crate::cli_test_cluster::{TestCluster, parse_lines};

/// Three streams in which two orders are dealt with, one after the other.
fn with_two_orders() -> TestCluster {
    let test = TestCluster::new();
    for stream in ["orders --partitions 2", "payments", "shipping", "unrelated"] {
        test.ok(&format!("create {stream}"));
    }
    let publish = |target: &str, order: u32, step: &str| {
        let record = format!(
            "{{\"key\":\"o-{order}\",\"value\":\"{{\\\"order\\\":{order},\\\"step\\\":\\\"{step}\\\"}}\",\"headers\":{{\"trace-id\":\"t{order}\"}}}}\n"
        );
        let done = test.feed(
            &format!("publish {target} --ndjson --ack all"),
            record.as_bytes(),
        );
        assert_eq!(done.code, 0, "{done:?}");
    };
    publish("orders -p 1", 7, "placed");
    publish("orders -p 0", 8, "placed");
    publish("payments", 7, "paid");
    publish("unrelated", 9, "nothing");
    publish("shipping", 7, "sent");
    publish("orders -p 1", 7, "closed");
    test
}

#[test]
fn messages_of_several_streams_are_told_as_one_story() {
    let test = with_two_orders();
    for query in ["header.trace-id:t7", "key:o-7", "cel:value.order==7"] {
        let lines = test.ok(&format!("trace {query} -o ndjson --observe"));
        let found = parse_lines(&lines);
        let steps = found.iter().map(|message| {
            let value = message["value"].as_str().expect("a text");
            let step = value.rsplit('"').nth(1).expect("a step").to_owned();
            (
                message["stream"].as_str().expect("a stream").to_owned(),
                step,
            )
        });
        let expected = [
            ("orders", "placed"),
            ("payments", "paid"),
            ("shipping", "sent"),
            ("orders", "closed"),
        ];
        let expected = expected.map(|(stream, step)| (stream.to_owned(), step.to_owned()));
        assert_eq!(steps.collect::<Vec<_>>(), expected, "{query}");
        let gaps: Vec<Option<f64>> = found.iter().map(|line| line["gap_ms"].as_f64()).collect();
        assert_eq!(gaps[0], None, "nothing came before: {lines}");
        assert!(
            gaps[1..].iter().all(|gap| gap.is_some_and(|gap| gap > 0.0)),
            "{lines}"
        );
    }
    let of_two = test.ok("trace header.trace-id:t7 ord* shipping -o ndjson");
    assert_eq!(of_two.lines().count(), 3, "{of_two}");
}

#[test]
fn a_table_shows_the_time_between_messages_and_their_places_in_it() {
    let test = with_two_orders();
    let table = test.ok("trace header.trace-id:t7 -o table");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 5, "{table}");
    for head in ["STREAM", "OFFSET", "TIME", "GAP", "0 ──"] {
        assert!(lines[0].contains(head), "{head} in {table}");
    }
    let gaps = lines.iter().filter(|line| line.contains(" +"));
    assert_eq!(gaps.count(), 3, "the first has none before it: {table}");
    assert!(lines[1..].iter().all(|line| line.contains('●')), "{table}");
    let column = |line: &str| line.chars().position(|c| c == '●').expect("a place");
    let places: Vec<usize> = lines[1..].iter().map(|line| column(line)).collect();
    assert!(places.is_sorted() && places[0] < places[3], "{table}");
}

#[test]
fn a_story_that_is_not_there_is_said_with_where_it_was_looked_for() {
    let test = with_two_orders();
    let none = test.line("trace header.trace-id:t99 -o table");
    assert_eq!((none.code, none.out.as_str()), (4, ""), "{none:?}");
    assert!(
        none.err.contains("finds no message of the last hour"),
        "{none:?}"
    );
    assert!(none.err.contains("--from earliest"), "{none:?}");
    let none = test.line("trace header.trace-id:t7 shipping --from earliest --to @-1h");
    assert_eq!(none.code, 4, "{none:?}");
    assert!(
        none.err.contains("finds no message of the range"),
        "{none:?}"
    );
    let none = test.line("trace header.trace-id:t7 nothing*");
    assert_eq!(none.code, 4, "{none:?}");
}

#[test]
fn where_there_may_be_more_it_says_so() {
    let test = with_two_orders();
    let two = test.line("trace header.trace-id:t7 -n 2 -o ndjson");
    assert_eq!((two.code, two.out.lines().count()), (0, 2), "{two:?}");
    assert!(
        two.err.contains("stopped at 2 messages, there may be more"),
        "{two:?}"
    );
    let all = test.line("trace header.trace-id:t7 -n 5 -o ndjson");
    assert_eq!((all.code, all.err.as_str()), (0, ""), "{all:?}");
}

#[test]
fn what_is_paused_is_left_out_and_said_and_fails_what_names_it() {
    let test = with_two_orders();
    test.ok("pause unrelated");
    let found = test.line("trace header.trace-id:t7 -o ndjson");
    assert_eq!((found.code, found.out.lines().count()), (0, 4), "{found:?}");
    let sentence = "is paused and was not read; liftui resume wakes it";
    assert!(found.err.contains(sentence), "{found:?}");
    let none = test.line("trace header.trace-id:t99");
    assert_eq!(none.code, 4, "{none:?}");
    let named = test.line("trace header.trace-id:t99 unrelated");
    assert_eq!(named.code, 1, "{named:?}");
    assert!(named.err.contains("finds no message"), "{named:?}");
}

#[test]
fn what_is_yet_to_come_is_not_waited_for() {
    let test = with_two_orders();
    test.ok("create empty");
    let found = test.line("trace header.trace-id:t7 orders shipping empty --to 100 -o ndjson");
    assert_eq!((found.code, found.out.lines().count()), (0, 3), "{found:?}");
    let (code, sentence) = test.fails("trace key:a orders --from 5 --to 2");
    assert_eq!(code, 2);
    assert!(
        sentence.contains("offset 2 comes before offset 5"),
        "{sentence}"
    );
}
