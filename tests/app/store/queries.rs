//! The grammar of the query box, what it finds, and that searching a whole chunk finds the same as each message alone.

use std::io::Write as _;
use std::sync::Arc;

use liftui::model::Timestamp;
use liftui::store::{Chunk, FieldIndex, Query, QueryRun, Scan, Store};

use super::{Given, chunk_of, chunks};

fn found(query: &str, chunk: &Chunk) -> Vec<u32> {
    Query::parse(query)
        .expect("the query parses")
        .predicate()
        .scan(chunk, &QueryRun::at(Timestamp(1_000_000_000_000)))
}

fn rich() -> Arc<Chunk> {
    let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    let message = |offset, key: &str, value: &str, headers| Given {
        key: key.into(),
        headers,
        time: offset * 100_000_000_000,
        ..Given::value(offset, value)
    };
    let given = [
        message(0, "user-1", "hello World", vec![]),
        message(1, "user-2", "http://x/y", vec![header("trace", "abc")]),
        message(
            2,
            "",
            "left | right \"quoted\"",
            vec![header("trace", "xyz"), header("retry", "1")],
        ),
        message(3, "abc", &"x".repeat(2000), vec![]),
        message(4, "Ünal", "größe", vec![]),
    ];
    Arc::clone(&chunks(&given)[0])
}

/// UTF-16 of either order, with or without a mark in front.
fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
    let mark = if mark { "\u{feff}" } else { "" };
    let text = format!("{mark}{text}");
    let bytes = |unit: u16| {
        if little {
            unit.to_le_bytes()
        } else {
            unit.to_be_bytes()
        }
    };
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn text_in_another_encoding_is_found_by_what_is_shown_of_it() {
    let latin1 = b"Gr\xfc\xdfe aus K\xf6ln".to_vec();
    let given = [
        Given::value(0, utf16("Hi there", true, false)),
        Given::value(1, utf16("Hi there", false, true)),
        Given::value(2, "Hi there"),
        Given::value(3, latin1.clone()),
        Given {
            key: utf16("Hi key", true, true),
            headers: vec![("note".into(), latin1)],
            ..Given::value(4, "{}")
        },
        Given::value(5, [0x1f, 0x8b, 8, 0, 0xff, 0x48, 0x00, 0x69]),
        Given::value(6, "plain"),
    ];
    let chunk = Arc::clone(&chunks(&given)[0]);
    let table: &[(&str, &[u32])] = &[
        ("hi", &[0, 1, 2, 4]),
        ("Hi", &[0, 1, 2, 4]),
        ("HI", &[]),
        ("\"Hi there\"", &[0, 1, 2]),
        ("~^Hi.t", &[0, 1, 2]),
        ("value:hi", &[0, 1, 2]),
        ("key:hi", &[4]),
        ("grüße", &[3, 4]),
        ("Köln", &[3, 4]),
        ("header.note:aus", &[4]),
        ("~K.ln$", &[3, 4]),
        ("!hi", &[3, 5, 6]),
        ("hi | plain", &[0, 1, 2, 4, 6]),
        ("hi there offset>0", &[1, 2]),
    ];
    for (query, expected) in table {
        assert_eq!(found(query, &chunk), *expected, "{query}");
        let parsed = Query::parse(query).expect("the query parses");
        let run = QueryRun::at(Timestamp(0));
        let alone = (0..).zip(chunk.iter());
        let alone = alone.filter(|(_, message)| parsed.predicate().matches(message, &run));
        let alone: Vec<u32> = alone.map(|(index, _)| index).collect();
        assert_eq!(alone, *expected, "{query} alone");
    }
}

#[test]
fn each_kind_of_term_finds_what_it_says() {
    let chunk = rich();
    let table: &[(&str, &[u32])] = &[
        ("", &[0, 1, 2, 3, 4]),
        ("world", &[0]),
        ("World", &[0]),
        ("WORLD", &[]),
        ("abc", &[1, 3]),
        ("!abc", &[0, 2, 4]),
        ("key:abc", &[3]),
        ("key:~^user", &[0, 1]),
        ("header.trace:abc", &[1]),
        ("header.trace:", &[1, 2]),
        ("header.subject:orders", &[0, 1, 2, 3, 4]),
        ("orders", &[]),
        ("value:user", &[]),
        ("http://x", &[1]),
        ("\"left | right\"", &[2]),
        ("\"\\\"quoted\\\"\"", &[2]),
        ("hello | abc", &[0, 1, 3]),
        ("user hello", &[0]),
        ("user !hello | size>1k", &[1, 3]),
        ("~w.r", &[]),
        ("~W.r", &[0]),
        ("~\"hello W\"", &[0]),
        ("~d$", &[0]),
        ("offset>3", &[4]),
        ("offset>=3 offset<4", &[3]),
        ("offset=2", &[2]),
        ("size>=2k", &[3]),
        ("age<8m", &[]),
        ("age<12m", &[3, 4]),
        ("partition:0", &[0, 1, 2, 3, 4]),
        ("partition:1-3", &[]),
        ("!partition:1", &[0, 1, 2, 3, 4]),
        ("ünal", &[4]),
        ("GRÖSSE", &[]),
        ("größe", &[4]),
        ("tracey:abc", &[]),
    ];
    for (query, expected) in table {
        assert_eq!(found(query, &chunk), *expected, "{query}");
    }
}

#[test]
fn cel_asks_the_fields_of_a_message_and_of_its_json() {
    let json = |offset, value: &str| Given {
        key: b"user-7".to_vec(),
        ..Given::value(offset, value)
    };
    let trace = vec![("trace".to_owned(), b"abc".to_vec())];
    let given = [
        json(
            0,
            r#"{"amount":501,"cur":"EUR","items":[{"n":1},{"n":2}],"big":18446744073709551615}"#,
        ),
        json(
            1,
            r#"{"amount":500.5,"nested":{"a":{"b":"\u00e9"}},"none":null}"#,
        ),
        json(2, r#"{"amount":"501"}"#),
        json(3, "[1,2,3]"),
        json(4, "plain text"),
        json(5, "{not json"),
        Given {
            headers: trace,
            time: 1_700_000_000_000_000_000,
            ..json(6, "42")
        },
    ];
    let chunk = &chunks(&given)[0];
    let table: &[(&str, &[u32])] = &[
        ("value.amount > 500", &[0, 1]),
        ("value.amount == '501'", &[2]),
        (
            "has(value.cur) && value.cur == \"EUR\" && key.startsWith(\"user\")",
            &[0],
        ),
        ("value.items[1].n == 2", &[0]),
        ("value.items.exists(i, i.n > 1)", &[0]),
        ("size(value.items) == 2", &[0]),
        ("value.big > 18446744073709551614u", &[0]),
        ("value.nested.a.b == 'é'", &[1]),
        ("value.none == null", &[1]),
        ("'amount' in value", &[0, 1, 2]),
        ("value.all(k, k != 'amount')", &[3]),
        ("value.nested == {'a': {'b': 'é'}}", &[1]),
        ("value[2] == 3", &[3]),
        ("value == [1, 2, 3]", &[3]),
        ("value.contains('plain')", &[4]),
        ("'some plain text'.contains(value)", &[4]),
        ("'501' == value.amount && key.contains('ser')", &[2]),
        ("value.contains('plain') && key == 'nobody'", &[]),
        ("value.amount == '501' || value.contains('plain')", &[2, 4]),
        ("value.nested.a.b.startsWith('é') == true", &[1]),
        ("value == '{not json'", &[5]),
        ("value == 42", &[6]),
        ("headers.trace == 'abc' && headers.subject == subject", &[6]),
        (
            "offset >= 5 && partition == 0 && stream == 'orders'",
            &[5, 6],
        ),
        ("size == 16", &[4, 6]),
        ("timestamp > timestamp('2023-11-14T00:00:00Z')", &[6]),
        (
            "timestamp - timestamp('2023-11-14T22:13:20Z') < duration('1s')",
            &[0, 1, 2, 3, 4, 5, 6],
        ),
        ("value.amount", &[]),
        ("1 / 0 == 1", &[]),
    ];
    for (expression, expected) in table {
        assert_eq!(
            found(&format!("cel: {expression}"), chunk),
            *expected,
            "{expression}"
        );
    }
    assert_eq!(
        found("partition:0 !cel: offset < 6 || offset > 6", chunk),
        [6]
    );
}

#[test]
fn no_number_matches_by_rounding() {
    let values = [
        "{\"id\":5}",
        "{\"id\":9007199254740993}",
        "{\"id\":9007199254740992.0}",
        "{\"id\":18446744073709551615}",
        "{\"id\":18446744073709551616}",
        "{\"id\":18446744073709551617}",
        "{\"id\":1e400}",
        "{\"id\":0.1}",
        "{\"id\":5.0}",
    ];
    let chunk = chunk_of(&values);
    let table: &[(&str, &[u32])] = &[
        ("value.id == 5", &[0, 8]),
        ("value.id == 9007199254740993", &[1]),
        ("value.id == 9007199254740992", &[2]),
        ("9007199254740992.0 == value.id", &[2]),
        ("value.id == 18446744073709551615u", &[3]),
        ("value.id == 18446744073709551616.0", &[4]),
        ("value.id > 18446744073709551615u", &[4, 5, 6]),
        ("value.id > 9007199254740992 && value.id < 1e19", &[1]),
        (
            "value.id in [5, 9007199254740992, 18446744073709551615u]",
            &[0, 2, 3, 8],
        ),
        ("[5, 1].exists(n, value.id == n)", &[0, 8]),
        ("value.id != 9007199254740992", &[0, 1, 3, 4, 5, 6, 7, 8]),
        ("value.id == 0.1", &[7]),
        ("!(value.id <= 18446744073709551616.0)", &[5, 6]),
    ];
    for (expression, matching) in table {
        let query = format!("cel: {expression}");
        assert_eq!(found(&query, &chunk), *matching, "{query}");
    }
}

#[test]
fn an_expression_that_does_not_parse_says_where() {
    for (query, at) in [
        ("cel:", 0),
        ("a cel: ", 2),
        ("cel: offset >", 13),
        ("cel: vlaue.a > 1", 5),
        ("cel: key.foo()", 9),
        ("a cel: value.id == 18446744073709551616", 19),
        ("cel: value.id > 9007199254740993.0", 16),
    ] {
        let error = Query::parse(query).unwrap_err();
        assert_eq!(error.at, at, "{query}: {error}");
    }
}

#[test]
fn a_deep_expression_is_refused_or_evaluated_on_a_small_stack() {
    let nested =
        |left: &str, right: &str, times| left.repeat(times) + "offset" + &right.repeat(times);
    let expressions = [
        nested("(", ")", 900) + " == 0",
        nested("1 + ", "", 450) + " == 0",
        nested("", "+1", 900) + " == 0",
        nested("!", "", 1800),
        nested("[", "]", 900) + " == 0",
        nested("", ".a", 900),
        nested("true ? 1 : ", "", 170) + " == 0",
        nested("true || ", "== 0", 1) + &" || true".repeat(200),
    ];
    for expression in expressions {
        let text = format!("cel: {expression}");
        let thread = std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(move || {
                if let Ok(query) = Query::parse(&text) {
                    drop(
                        query
                            .predicate()
                            .scan(&chunk_of(&["{}"]), &QueryRun::at(Timestamp(0))),
                    );
                }
            });
        thread.unwrap().join().unwrap();
    }
}

#[test]
fn what_does_not_parse_says_where_and_why() {
    let table = [
        ("abc \"open", 4),
        ("a ~[b", 2),
        ("a |", 2),
        ("| a", 0),
        ("a offset>x", 2),
        ("size>1q", 0),
        ("partition:x", 0),
        ("age<5", 0),
        ("a !", 2),
        ("~(a{1000}){1000}", 0),
    ];
    for (query, at) in table {
        let error = Query::parse(query).unwrap_err();
        assert_eq!(error.at, at, "{query}: {error}");
        assert!(
            !error.sentence.is_empty() && !error.sentence.contains('\n'),
            "{query}: {error}"
        );
    }
}

#[test]
fn a_match_never_spans_two_messages_or_two_fields() {
    let chunk = chunk_of(&["needle", "nee", "dle", "a needle b", "need"]);
    assert_eq!(found("needle", &chunk), [0, 3]);
    assert_eq!(found("Needle", &chunk), [0; 0]);
    assert_eq!(found("~nee.*dle", &chunk), [0, 3]);
    let split = Given {
        key: b"nee".to_vec(),
        ..Given::value(0, "dle")
    };
    assert_eq!(found("needle", &chunks(&[split])[0]), [0; 0]);
}

/// Searching the arena of a chunk finds what looking at each message finds.
#[test]
fn a_sweep_agrees_with_one_by_one() {
    let queries = [
        "ab",
        "AB",
        "~a[bc]{2}",
        "~ab$",
        "~^ca",
        "~b.*a",
        "!ab",
        "key:ab",
        "value:bc | header.h:ab",
        "ab !header.h:a",
        "~(ab|cc)a*",
        "~[ab][bc][ca]+$",
        "~^[a-c]{2}",
        "~(a|b)(?:b|c){1,2}a?",
        "~.{3}a",
        "~\\bab\\b",
        "~(?-u:[^a]){3}",
        "~(?i)AB",
        "~a",
        "offset>5 ab",
        "\"\"",
    ];
    for seed in 0..40 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut word = |most: usize| -> Vec<u8> {
            let length = random.usize(..most);
            (0..length)
                .map(|_| *random.choice(b"abcAB\n").unwrap())
                .collect()
        };
        let mut given: Vec<Given> = (0..50)
            .map(|offset| Given {
                key: word(4),
                headers: vec![("h".into(), word(4)), ("i".into(), word(3))],
                ..Given::value(offset, word(12))
            })
            .collect();
        if seed % 2 == 1 {
            given.reverse();
        }
        let chunk = &chunks(&given)[0];
        for query in queries {
            let parsed = Query::parse(query).unwrap();
            let alone = (0..).zip(chunk.iter());
            let alone = alone.filter(|(_, message)| {
                parsed
                    .predicate()
                    .matches(message, &QueryRun::at(Timestamp(0)))
            });
            let alone: Vec<u32> = alone.map(|(index, _)| index).collect();
            assert_eq!(found(query, chunk), alone, "{query}");
        }
    }
}

#[test]
fn any_text_parses_or_is_refused_and_never_panics() {
    let mut random = fastrand::Rng::with_seed(1);
    let chunk = rich();
    let pieces = [
        "~", "!", "\"", "\\", ":", "|", " ", "key", "header.", "offset", ">", "<=", "5m", "(", "[",
        "é", "age",
    ];
    for _ in 0..3000 {
        let length = random.usize(..8);
        let text: String = (0..length)
            .map(|_| random.choice(pieces).unwrap())
            .collect();
        match Query::parse(&text) {
            Ok(query) => drop(query.predicate().scan(&chunk, &QueryRun::at(Timestamp(0)))),
            Err(error) => assert!(text.is_char_boundary(error.at), "{text}"),
        }
    }
}

fn numbered() -> Vec<Arc<Chunk>> {
    let given: Vec<Given> = (0..20_000)
        .map(|offset| Given::value(offset, offset.to_string()))
        .collect();
    chunks(&given)
}

#[test]
fn a_scan_delivers_in_order_on_any_number_of_threads() {
    for threads in [1, 4] {
        let query = Query::parse("777").unwrap();
        let scan = Scan::new(query.predicate().clone(), numbered(), Timestamp(0));
        let mut matches = 0;
        let mut order = Vec::new();
        assert!(scan.run(threads, |number, matching| {
            order.push(number);
            matches += matching.len();
        }));
        assert_eq!(order, (0..scan.len()).collect::<Vec<_>>());
        assert_eq!(
            matches,
            (0..20_000)
                .filter(|n: &i32| n.to_string().contains("777"))
                .count()
        );
    }
}

#[test]
fn a_cancelled_scan_delivers_nothing_more() {
    let query = Query::parse("7").unwrap();
    let scan = Scan::new(query.predicate().clone(), numbered(), Timestamp(0));
    let mut delivered = 0;
    let whole = scan.run(1, |_, _| {
        delivered += 1;
        scan.cancel();
    });
    assert!(!whole);
    assert_eq!(delivered, 1);
}

#[test]
fn a_query_narrows_a_store_to_what_matches_as_scans_come_in() {
    let mut store = Store::new();
    for chunk in &numbered() {
        store.push(chunk);
    }
    let query = Query::parse("777").unwrap();
    store.begin_query();
    assert_eq!((store.len(), store.unscanned_len()), (0, 20_000));
    let newest = store.unasked(1);
    assert_eq!(newest[0].1.last_offset(), 19_999);
    for (key, chunk) in newest.into_iter().chain(store.unasked(usize::MAX)) {
        store.accept(
            key,
            query
                .predicate()
                .scan(&chunk, &QueryRun::at(Timestamp(0)))
                .into(),
        );
    }
    assert!(store.unasked(1).is_empty());
    let values: Vec<Vec<u8>> = store
        .rows_from(0)
        .map(|message| message.value().to_vec())
        .collect();
    let expected: Vec<i32> = (0..20_000)
        .filter(|n| n.to_string().contains("777"))
        .collect();
    assert_eq!(values.len(), expected.len());
    let third = store.at(2).unwrap();
    assert_eq!(third.offset(), i64::from(expected[2]));
    assert_eq!(store.position(&third.id()), Some(2));
    store.end_query();
    assert_eq!(store.len(), 20_000);
}

#[test]
fn an_answer_to_an_older_query_is_dropped() {
    let mut store = Store::new();
    store.push(&chunk_of(&["a", "b"]));
    store.begin_query();
    let (old, _) = store.unasked(1).remove(0);
    store.begin_query();
    store.accept(old, Arc::from([0]));
    assert_eq!(store.len(), 0);
}

/// JSON as a producer compresses it.
fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory takes it");
    encoder.finish().expect("it is whole")
}

#[test]
fn expressions_look_into_every_form_that_has_fields() {
    let values: [&[u8]; 7] = [
        br#"{"state":"paid","amount":600,"items":[1,2]}"#,
        // MessagePack, CBOR, behind the header of a registry, compressed.
        b"\x83\xa5state\xa4paid\xa6amount\xcd\x02\x58\xa5items\x92\x01\x02",
        b"\xa3estatedpaidfamount\x19\x02\x58eitems\x82\x01\x02",
        b"\0\0\0\0\x2a{\"state\":\"paid\",\"amount\":600,\"items\":[1,2]}",
        &gzip(r#"{"state":"paid","amount":600,"items":[1,2]}"#),
        // Another state, no form at all.
        b"\x83\xa5state\xa4open\xa6amount\xcd\x02\x57\xa5items\x90",
        b"\xf5\xc0\0\x01\x02\xff paid",
    ];
    let given = (0..).zip(values);
    let given: Vec<Given> = given
        .map(|(offset, value)| Given::value(offset, value))
        .collect();
    let chunk = &chunks(&given)[0];
    for (query, expected) in [
        ("cel: value.state == \"paid\"", &[0, 1, 2, 3, 4][..]),
        ("cel: value.amount == 600", &[0, 1, 2, 3, 4]),
        ("cel: value.amount < 600", &[5]),
        (
            "cel: size(value.items) == 2 && 2 in value.items",
            &[0, 1, 2, 3, 4],
        ),
        ("cel: has(value.state) && value.state != \"paid\"", &[5]),
    ] {
        assert_eq!(found(query, chunk), expected, "{query}");
    }
    let index = FieldIndex::of([chunk]);
    let mistake = |query: &str| {
        let query = Query::parse(query).expect("it parses");
        query.mistake(&index, None)
    };
    assert_eq!(
        mistake("cel: value.state == \"x\" || value.amount > 5"),
        None
    );
    let misspelt = mistake("cel: value.ammount > 5");
    let expected = "no message of 7 has value.ammount; value.amount?";
    assert_eq!(misspelt.as_deref(), Some(expected));
}
