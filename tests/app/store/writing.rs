//! Records, tables, formats and comparisons: what leaves the store as text.

use liftui::model::{MessageSink, MessageStamp, Timestamp};
use liftui::store::decode::{DecodeOptions, decode};
use liftui::store::{
    Chunk, ChunkBuilder, ExportForm, LineChange, MessageFormat, Record, RowField, diff,
    write_record,
};
use std::sync::Arc;

use super::{Given, chunks};

fn chunk() -> Arc<Chunk> {
    let given = [
        Given {
            key: b"k\"1".to_vec(),
            headers: vec![("a".into(), b"1".to_vec()), ("b".into(), vec![0xff])],
            time: 1_790_000_000_123_456_789,
            ..Given::value(7, "two\nlines, \u{1}")
        },
        Given::value(8, [0xff, 0x00]),
    ];
    Arc::clone(&chunks(&given)[0])
}

fn export(form: ExportForm) -> String {
    let mut bytes = Vec::new();
    form.write_head(&[], &mut bytes).expect("memory takes it");
    for message in chunk().iter() {
        form.write(&message, &[], &mut bytes)
            .expect("memory takes it");
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn a_record_has_every_field_and_loses_no_byte() {
    let text = export(ExportForm::Ndjson);
    let mut lines = text.lines();
    let first = "{\"stream\":\"orders\",\"partition\":0,\"offset\":7,\"timestamp\":\"2026-09-21T14:13:20.123456789Z\",\
        \"key\":\"k\\\"1\",\"value\":\"two\\nlines, \\u0001\",\
        \"headers\":{\"a\":\"1\",\"b\":{\"base64\":\"/w==\"},\"subject\":\"orders\",\"reply\":\"\"},\
        \"subject\":\"orders\",\"reply_subject\":\"\"}";
    assert_eq!(lines.next(), Some(first));
    assert!(
        lines
            .next()
            .unwrap()
            .contains("\"key\":\"\",\"value_base64\":\"/wA=\"")
    );
}

#[test]
fn headers_and_sizes_that_are_shown_as_columns_are_exported_as_such() {
    let columns = ["header.a", "header.b", "header.none", "size"];
    let columns = columns.map(|field| field.parse::<RowField>().expect("a field"));
    let write = |form: ExportForm| {
        let mut bytes = Vec::new();
        form.write_head(&columns, &mut bytes)
            .expect("memory takes it");
        let chunk = chunk();
        let first = chunk.get(0).expect("a message");
        form.write(&first, &columns, &mut bytes)
            .expect("memory takes it");
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let record = write(ExportForm::Ndjson);
    let expected = r#","columns":{"header.a":"1","header.b":"base64:/w==","size":19}}"#;
    assert!(record.ends_with(&format!("{expected}\n")), "{record}");
    let table = write(ExportForm::Csv);
    let head = table.lines().next().expect("a head line");
    assert!(
        head.ends_with(",header.a,header.b,header.none,size"),
        "{head}"
    );
    assert!(table.ends_with(",1,base64:/w==,,19\n"), "{table}");
}

#[test]
fn what_is_shown_as_columns_stands_in_every_form_that_has_some() {
    let given = [
        Given::value(7, "{\"n\": 1.50,\n \"who\": {\"a\":\n1}, \"s\": \"x\\ny\"}"),
        Given::value(8, "no JSON"),
        Given::value(9, "{\"n\": 1, \"s\": \"y\""),
    ];
    let chunk = Arc::clone(&chunks(&given)[0]);
    let columns = ["value.n", "value.who", "value.s", "value[0]"];
    let columns = columns.map(|field| field.parse::<RowField>().expect("a field"));
    let write = |form: ExportForm| {
        let mut bytes = Vec::new();
        form.write_head(&columns, &mut bytes)
            .expect("memory takes it");
        for message in chunk.iter() {
            let written = form.write(&message, &columns, &mut bytes);
            written.expect("memory takes it");
        }
        String::from_utf8(bytes).expect("text")
    };
    let records = write(ExportForm::Ndjson);
    let found: Vec<serde_json::Value> = records
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON")["columns"].take()
        })
        .collect();
    let expected = [
        r#"{"n":1.50,"who":{"a": 1},"s":"x\ny"}"#,
        "{}",
        r#"{"n":1,"s":"y"}"#,
    ];
    let expected =
        expected.map(|json| serde_json::from_str::<serde_json::Value>(json).expect("JSON"));
    assert_eq!(found, expected);
    let table = write(ExportForm::Csv);
    assert!(
        table.contains("value_base64,value.n,value.who,value.s,value[0]\n"),
        "{table}"
    );
    assert!(
        table.contains(",1.50,\"{\"\"a\"\":\n1}\",\"x\ny\",\n"),
        "{table}"
    );
    assert_eq!(
        write(ExportForm::Raw).lines().last(),
        Some("{\"n\": 1, \"s\": \"y\"")
    );
}

#[test]
fn header_names_that_come_twice_or_are_no_text_are_all_there_by_name() {
    let mut builder = ChunkBuilder::new();
    builder.value(b"v");
    for (name, value) in [
        (&b"b"[..], &b"1"[..]),
        (b"a", b"2"),
        (b"b", b"3"),
        (b"n\xff", b"4"),
        (b"", b"5"),
    ] {
        builder.header(name, value);
    }
    builder.commit(MessageStamp {
        offset: 0,
        partition: 0,
        timestamp: Timestamp(0),
    });
    let chunk = builder.flush().expect("one message");
    let mut line = Vec::new();
    write_record(&chunk.get(0).expect("it is there"), &mut line).expect("memory takes it");
    let line = String::from_utf8(line).expect("text");
    let headers = "\"headers\":{\"\":\"5\",\"a\":\"2\",\"b\":\"1\",\"b\":\"3\",\
        \"n\u{fffd}\":{\"name_base64\":\"bv8=\",\"base64\":\"NA==\"}},";
    assert!(line.contains(headers), "{line}");
    // Published again it would be another name: no server takes this one.
    let refused = Record::parse(&line).expect_err("no server takes it");
    assert!(refused.contains("is not UTF-8"), "{refused}");
}

#[test]
fn headers_are_written_alike_in_whatever_order_a_server_sends_them() {
    let names: [&[u8]; 5] = [b"trace", b"a", b"content-type", b"subject", b"z\xff"];
    let written = |order: &[usize]| {
        let mut builder = ChunkBuilder::new();
        builder.value(b"v");
        builder.subject(b"orders");
        for number in order {
            let value = if *number == 3 {
                b"orders"
            } else {
                names[*number]
            };
            builder.header(names[*number], value);
        }
        builder.commit(MessageStamp {
            offset: 0,
            partition: 0,
            timestamp: Timestamp(0),
        });
        let chunk = builder.flush().expect("one message");
        let message = chunk.get(0).expect("it is there");
        assert_eq!(message.headers_size(), 5 + 5 + 1 + 1 + 12 + 12 + 2 + 2);
        let format = MessageFormat::parse("%h").expect("a format");
        let mut bytes = Vec::new();
        for form in [ExportForm::Ndjson, ExportForm::Csv] {
            form.write(&message, &[], &mut bytes)
                .expect("memory takes it");
        }
        format.write(&message, &mut bytes).expect("memory takes it");
        bytes
    };
    let first = written(&[0, 1, 2, 3, 4]);
    for order in [[4, 3, 2, 1, 0], [2, 0, 4, 1, 3], [3, 1, 0, 4, 2]] {
        assert_eq!(written(&order), first);
    }
}

#[test]
fn a_record_reads_back_as_what_was_published() {
    let text = export(ExportForm::Ndjson);
    for (line, message) in text.lines().zip(chunk().iter()) {
        let record = Record::parse(line).unwrap();
        assert_eq!(
            (&record.key[..], &record.value[..]),
            (message.key(), message.value())
        );
        let headers: Vec<_> = record
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), &value[..]))
            .collect();
        assert_eq!(headers, message.publisher_headers().collect::<Vec<_>>());
        assert_eq!(
            (record.partition, record.offset),
            (Some(0), Some(message.offset()))
        );
    }
    let bare = Record::parse("{\"value\":{\"n\":1.10},\"extra\":0}").unwrap();
    assert_eq!(
        (&bare.value[..], bare.stream, &bare.key[..]),
        (&b"{\"n\":1.10}"[..], None, &b""[..])
    );
    for wrong in [
        "",
        "[]",
        "{\"partition\":\"x\"}",
        "{\"value_base64\":\"?\"}",
        "{\"partition\":99999999999}",
    ] {
        assert!(Record::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn any_bytes_survive_a_record() {
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..300 {
        let mut bytes = |most| {
            (0..random.usize(..most))
                .map(|_| random.u8(..))
                .collect::<Vec<u8>>()
        };
        let given = Given {
            key: bytes(5),
            headers: vec![("h".into(), bytes(5))],
            ..Given::value(0, bytes(40))
        };
        let chunk = &chunks(std::slice::from_ref(&given))[0];
        let mut line = Vec::new();
        write_record(&chunk.get(0).unwrap(), &mut line).unwrap();
        let record = Record::parse(std::str::from_utf8(&line).unwrap()).unwrap();
        assert_eq!(
            (record.key, record.value),
            (given.key.into(), given.value.into())
        );
        assert_eq!(
            record.headers,
            [("h".to_owned(), given.headers[0].1.clone().into())]
        );
    }
}

#[test]
fn a_table_quotes_what_needs_it() {
    let expected = "stream,partition,offset,timestamp,key,value,headers,subject,reply_subject,key_base64,value_base64\n\
        orders,0,7,2026-09-21T14:13:20.123456789Z,\"k\"\"1\",\"two\nlines, \u{1}\",\
        \"{\"\"a\"\":\"\"1\"\",\"\"b\"\":{\"\"base64\"\":\"\"/w==\"\"},\"\"subject\"\":\"\"orders\"\",\"\"reply\"\":\"\"\"\"}\",\
        orders,,,\n\
        orders,0,8,1970-01-01T00:00:00.000000008Z,,,\
        \"{\"\"subject\"\":\"\"orders\"\",\"\"reply\"\":\"\"\"\"}\",orders,,,/wA=\n";
    assert_eq!(export(ExportForm::Csv), expected);
}

#[test]
fn a_format_prints_what_it_names() {
    let format = MessageFormat::parse(r"%t:%p @ %o\t%k=%v %T %h%%\x21\n").unwrap();
    let mut out = Vec::new();
    format.write(&chunk().get(0).unwrap(), &mut out).unwrap();
    let expected =
        b"orders:0 @ 7\tk\"1=two\nlines, \x01 1790000000123 a=1,b=\xff,subject=orders,reply=%!\n";
    assert_eq!(out, expected);
    for wrong in ["%", "%q", "\\", "\\q", "\\x1", "\\xzz"] {
        assert!(MessageFormat::parse(wrong).is_err(), "{wrong}");
    }
}

fn changes(left: &str, right: &str) -> Vec<LineChange> {
    let options = DecodeOptions::default();
    diff(
        &decode(left.as_bytes(), &options).lines,
        &decode(right.as_bytes(), &options).lines,
    )
}

#[test]
fn a_comparison_shows_the_lines_that_differ() {
    let found = changes(
        r#"{"a":1,"b":[1,2,3],"c":4}"#,
        r#"{"a":1,"b":[1,3],"c":5,"d":6}"#,
    );
    let differing: Vec<_> = found
        .iter()
        .filter(|change| !matches!(change, LineChange::Same(..)))
        .collect();
    let expected = [
        LineChange::Left(4),
        LineChange::Left(7),
        LineChange::Right(6),
        LineChange::Right(7),
    ];
    assert_eq!(differing, expected.iter().collect::<Vec<_>>());
}

#[test]
fn a_comparison_passes_over_every_line_once_in_order() {
    let mut random = fastrand::Rng::with_seed(5);
    for _ in 0..300 {
        let mut text = || {
            let lines = random.usize(1..30);
            (0..lines)
                .map(|_| if random.bool() { "a\n" } else { "b\n" })
                .collect::<String>()
        };
        let (left, right) = (text(), text());
        let (mut x, mut y) = (0, 0);
        for change in changes(&left, &right) {
            match change {
                LineChange::Same(l, r) => {
                    assert_eq!((l, r), (x, y));
                    assert_eq!(left.lines().nth(l), right.lines().nth(r));
                    (x, y) = (x + 1, y + 1);
                }
                LineChange::Left(l) => {
                    assert_eq!(l, x);
                    x += 1;
                }
                LineChange::Right(r) => {
                    assert_eq!(r, y);
                    y += 1;
                }
            }
        }
        assert_eq!((x, y), (left.lines().count(), right.lines().count()));
    }
    let numbers = |from: u32| {
        (from..from + 3000)
            .map(|line| line.to_string())
            .collect::<Vec<_>>()
            .join("\n")
    };
    let (far, other) = (numbers(0), numbers(5000));
    assert_eq!(changes(&far, &other).len(), 6000);
}
