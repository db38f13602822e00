//! Queries made to hurt: each ends, in little memory, and says where it found no answer.

use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use liftui::model::Timestamp;
use liftui::store::{Query, QueryRun, Scan};

use super::chunk_of;

/// Far longer than anything here takes, on a machine that is busy with other things too.
const GENEROUS: Duration = Duration::from_secs(120);

/// Runs it on a thread with the stack of a worker, and gives up on it where it does not end.
fn ends<T: Send + 'static>(what: &str, run: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, waiting) = mpsc::channel();
    let thread = thread::Builder::new().stack_size(2 << 20);
    let running = thread.spawn(move || done.send(run()));
    drop(running.expect("a thread"));
    waiting.recv_timeout(GENEROUS).expect(what)
}

/// What matches, and how many messages were not decided.
fn run(expression: &str, values: &[&str]) -> (Vec<u32>, u64) {
    let chunk = chunk_of(values);
    let text = format!("cel: {expression}");
    ends(expression, move || {
        let query = Query::parse(&text).expect("a query");
        let run = QueryRun::at(Timestamp(0));
        let found = query.predicate().scan(&chunk, &run);
        (found, run.undecided())
    })
}

fn numbers(count: usize) -> String {
    let numbers: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    format!("[{}]", numbers.join(","))
}

/// `expression` over and over: `[[1, 2]].map(a, a + a).map(a, a + a)`
fn repeated(start: &str, step: &str, times: usize) -> String {
    format!("{start}{} != null", step.repeat(times))
}

#[test]
fn an_expression_without_an_end_is_given_up() {
    let many = numbers(20_000);
    let deep = format!("{}{}", "{\"a\":".repeat(5000), "1") + &"}".repeat(5000);
    let deep_lists = "[".repeat(5000) + &"]".repeat(5000);
    let long_text = format!("\"{}\"", "x".repeat(3 << 20));
    let table = [
        (repeated("[[1,2,3,4,5,6,7,8,9,10]]", ".map(a, a+a+a+a+a+a+a+a+a+a)", 7), "{}"),
        ("value.all(x, value.exists(y, x == y))".into(), &many),
        ("value.exists(x, value.exists(y, 1 / 0 == y))".into(), &many),
        ("value.exists(x, value.all(y, y >= 0) && x < 0)".into(), &many),
        ("value.map(x, value).size() > 0".into(), &many),
        ("value.map(x, value.filter(y, y > x)).size() > 0".into(), &many),
        ("value.filter(x, value.exists_one(y, y == x)).size() > 0".into(), &many),
        ("value.all(x, x in value)".into(), &many),
        ("value.all(x, value == value)".into(), &many),
        ("[value].map(a, a + a + a).map(a, a + a + a).map(a, a + a + a).map(a, a + a + a).size() > 9".into(), &*many),
        (repeated("[value]", ".map(a, a + a)", 12), &long_text),
        ("value.map(x, {x: value}).size() > 0".into(), &many),
        ("[1,2,3,4,5,6,7,8,9].all(a, value.all(b, string(value) != 'x' || value.size() > 0 && value.map(c, c) == value))".into(), &many),
        ("value == value".into(), &deep),
        ("value == value".into(), &deep_lists),
        ("[0,1,2,3,4,5,6,7,8,9].map(a, [0,1,2,3,4,5,6,7,8,9].map(b, [0,1,2,3,4,5,6,7,8,9].map(c, [0,1,2,3,4,5,6,7,8,9].map(d, [0,1,2,3,4,5,6,7,8,9].map(e, [0,1,2,3,4,5,6,7,8,9].map(f, f)))))).size() > 0".into(), "{}"),
    ];
    for (expression, value) in table {
        assert_eq!(run(&expression, &[value]), (vec![], 1), "{expression}");
        // Not knowing is no "no" either.
        let negated = format!("!cel: {expression}");
        let chunk = chunk_of(&[value]);
        let found = ends(&expression, move || {
            let query = Query::parse(&negated).unwrap();
            query.predicate().scan(&chunk, &QueryRun::at(Timestamp(0)))
        });
        assert!(found.is_empty(), "{expression}");
    }
}

#[test]
fn what_is_given_up_says_nothing_of_the_next_message() {
    let many = numbers(20_000);
    let expression = "value.all(x, value.exists(y, x == y))";
    assert_eq!(run(expression, &["[1]", &many, "[2]"]), (vec![0, 2], 1));
}

#[test]
fn large_messages_are_decided_as_long_as_little_is_asked() {
    let objects = (0..20_000).map(|number| format!("{{\"id\":{number},\"tags\":[\"a\",\"b\"]}}"));
    let objects = objects.collect::<Vec<_>>().join(",");
    let value = format!(
        "{{\"items\":[{objects}],\"name\":\"{}\"}}",
        "n".repeat(1 << 20)
    );
    for expression in [
        "value.items.exists(item, item.id == 19999)",
        "value.items.all(item, 'a' in item.tags && has(item.id))",
        "value.items.filter(item, item.id % 2 == 0).size() == 10000",
        "value.items.map(item, item.id)[19999] == 19999",
        "value.items[5].tags[1] == 'b' && value.name.startsWith('nnn') && size(value.items) == 20000",
        "value.items.exists_one(item, item.id == 7)",
        "value.name.matches('^n+$') && value == value",
    ] {
        assert_eq!(run(expression, &[&value]), (vec![0], 0), "{expression}");
    }
}

#[test]
fn loops_find_what_they_found_without_a_budget() {
    let value =
        r#"{"a":[3,1,2],"o":[{"k":"x","n":[1,2]},{"k":"y","n":[]}],"m":{"p":1,"q":2},"i":1}"#;
    let table = [
        "value.a.map(x, x * 2) == [6, 2, 4]",
        "value.a.filter(x, x > 1) == [3, 2]",
        "value.a.map(x, x > 1, x + 1) == [4, 3]",
        "value.a.exists_one(x, x == 3)",
        "!value.a.exists_one(x, x > 1)",
        "value.a.all(x, value.a.exists(y, y == x))",
        "value.o.map(o, o.n.map(n, n + value.i)) == [[2, 3], []]",
        "value.o.exists(o, has(o.k) && o.k == 'x' && o.n[value.i] == 2)",
        "value.o.map(o, {o.k: o.n.size()}) == [{'x': 2}, {'y': 0}]",
        "value.m.all(k, value.m[k] > 0)",
        "value.o.map(o, [o.k] + [string(o.n.size())]) == [['x', '2'], ['y', '0']]",
        "value.o.all(o, o.k.matches('^[xy]$'))",
        "matches(value.o[0].k, 'x|z')",
        "value.a.exists(x, 1 / (x - 1) == 1)",
        "value.a.map(value, value + 1) == [4, 2, 3]",
        "value.a.map(x, x > 2 ? 'big' : 'small')[0] == 'big'",
        "optional.of(value.a).value().size() == 3",
        "value.a.map(x, optional.of(x).orValue(0)) == value.a",
        "[value.a, value.a].map(l, l[0] + l[1]) == [4, 4]",
    ];
    for expression in table {
        assert_eq!(run(expression, &[value]), (vec![0], 0), "{expression}");
    }
}

#[test]
fn a_scan_is_cancelled_inside_an_expression() {
    let many = numbers(20_000);
    // Uncancelled, each of these messages takes its whole budget.
    let values = vec![&*many; 2000];
    let chunk = chunk_of(&values);
    let query = Query::parse("cel: value.all(x, value.exists(y, x == y))").unwrap();
    let scan = Arc::new(Scan::new(
        query.predicate().clone(),
        vec![chunk],
        Timestamp(0),
    ));
    let begun = Arc::new(Barrier::new(2));
    let (scanning, start) = (Arc::clone(&scan), Arc::clone(&begun));
    let canceller = thread::spawn(move || {
        begun.wait();
        scan.cancel();
    });
    let whole = ends("a cancelled scan", move || {
        start.wait();
        scanning.run(1, |_, _| {})
    });
    canceller.join().unwrap();
    assert!(!whole);
}

#[test]
fn a_regular_expression_that_is_too_large_is_refused_where_it_is_written() {
    for query in [
        r"cel: value.matches('\\w{1000}')",
        "cel: value.matches('((a{1000}){1000}){1000}')",
        "cel: matches(key, '(')",
        "cel: value.all(x, x.matches('[a-z]{100000}'))",
        "cel: key.matches()",
        r"~\w{10000}",
        r"~a ~b ~c ~d ~e ~f ~g ~h ~i ~j ~k ~l ~m ~n ~o ~p ~q",
    ] {
        let error = ends(query, move || Query::parse(query).unwrap_err());
        assert!(!error.sentence.is_empty(), "{query}");
    }
    // One that stands in a message is bounded where it is met.
    let large = r#"{"re":"(\\w{300}){300}","text":"x"}"#;
    assert_eq!(run("value.text.matches(value.re)", &[large]).0, [0; 0]);
}

/// Zeros and ones, in an order without an end that any engine could make use of.
fn bits(count: usize) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let bit = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if state & 1 == 0 { '0' } else { '1' }
    };
    (0..count).map(bit).collect()
}

#[test]
fn a_search_that_would_take_minutes_is_given_up() {
    let value = format!("bits {}", bits(1 << 20));
    let costly = "(?:[01]?){2000}[01]{2000}x";
    for (query, undecided) in [
        (format!("~{costly}"), 1),
        (format!("!~{costly}"), 1),
        (format!("value:~{costly}"), 1),
        (format!("cel: value.matches('{costly}')"), 1),
        // Nothing of it is in the key.
        (format!("key:~{costly}"), 0),
    ] {
        let chunk = chunk_of(&[&value]);
        let text = query.clone();
        let found = ends(&query, move || {
            let query = Query::parse(&text).expect("a query");
            let run = QueryRun::at(Timestamp(0));
            (query.predicate().scan(&chunk, &run), run.undecided())
        });
        assert_eq!(found, (vec![], undecided), "{query}");
    }
}

#[test]
fn large_messages_are_searched_as_long_as_the_expression_is_no_trap() {
    let value = format!("{} Straße {}x", bits(1 << 20), "word ".repeat(1 << 18));
    for query in [
        "~[01]{500}",
        r"~\w{20}",
        r"~(?i)STRASSE|straße",
        r"~\bStraße\b",
        "~\"(word ){20}x$\"",
        "~\"(?:0|1)+ Str.{2,200}d\"",
        "straße",
    ] {
        let chunk = chunk_of(&[&value]);
        let found = ends(query, move || {
            let query = Query::parse(query).expect("a query");
            let run = QueryRun::at(Timestamp(0));
            (query.predicate().scan(&chunk, &run), run.undecided())
        });
        assert_eq!(found, (vec![0], 0), "{query}");
    }
}

#[test]
fn any_query_is_parsed_or_refused_at_once() {
    for query in [
        "\"".repeat(100_000),
        "\"\" ".repeat(5_000),
        "a\"".repeat(8_000),
        "~\"a\"".repeat(4_000),
        "!".repeat(16_000),
        "| ".repeat(8_000),
        "x ".repeat(8_000),
        "~\\w{20} ".repeat(2_000),
        format!("cel: {}", "[".repeat(4_000)),
        format!("cel: {}", "value.all(x, ".repeat(300)),
        format!("cel: {}true", "true ? ".repeat(500)),
        format!("cel: {}", "{1:".repeat(1_300)),
        format!("cel: {}", "a.b(".repeat(1_000)),
    ] {
        let name = query.chars().take(40).collect::<String>();
        drop(ends(&name, move || Query::parse(&query).map(drop)));
    }
}

#[test]
fn nothing_of_an_expression_is_evaluated_while_it_is_parsed() {
    // The functions of the hidden branches are looked for too.
    for query in [
        "cel: false && key.nosuch()",
        "cel: value.all(x, nosuch(x))",
        "cel: true || [1].map(x, optional.nosuch(x)) == []",
    ] {
        let error = Query::parse(query).unwrap_err();
        assert!(error.sentence.contains("nosuch"), "{query}: {error}");
    }
}
