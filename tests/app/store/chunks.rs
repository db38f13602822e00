//! What goes into a chunk comes out of it, whatever order the wire has it in.

use liftui::model::{MessageSink, MessageStamp, Timestamp};
use liftui::store::{ChunkBuilder, write_record};

use super::{Given, chunks, feed};

#[test]
fn a_message_comes_back_as_it_was_read() {
    let given = Given {
        partition: 3,
        offset: 7,
        time: 11,
        key: b"user-1".to_vec(),
        value: b"{}".to_vec(),
        headers: vec![
            ("trace".into(), b"abc".to_vec()),
            ("long".into(), vec![b'x'; 300]),
        ],
    };
    let chunk = &chunks(&[given])[0];
    let message = chunk.get(0).unwrap();
    assert_eq!(
        (message.partition(), message.offset(), message.timestamp()),
        (3, 7, Timestamp(11))
    );
    assert_eq!(
        (message.key(), message.value()),
        (&b"user-1"[..], &b"{}"[..])
    );
    assert_eq!(
        (
            &**message.stream(),
            message.subject(),
            message.reply_subject()
        ),
        ("orders", "orders", "")
    );
    let headers: Vec<_> = message.headers().collect();
    let long = [b'x'; 300];
    let expected: Vec<(&str, &[u8])> = vec![
        ("long", &long),
        ("trace", b"abc"),
        ("subject", b"orders"),
        ("reply", b""),
    ];
    assert_eq!(headers, expected);
    assert_eq!(message.size(), 6 + 2 + 5 + 3 + 4 + 300);
}

#[test]
fn fields_may_come_in_any_order_and_twice() {
    let mut builder = ChunkBuilder::new();
    builder.header(b"a", b"1");
    builder.value(b"old value");
    builder.key(b"old key");
    builder.value(b"value");
    builder.header(b"subject", b"not the subject");
    builder.key(b"key");
    builder.subject(b"s");
    builder.commit(MessageStamp::default());
    let chunk = builder.flush().unwrap();
    let message = chunk.get(0).unwrap();
    assert_eq!(
        (message.key(), message.value()),
        (&b"key"[..], &b"value"[..])
    );
    let headers: Vec<_> = message.headers().collect();
    let expected: Vec<(&str, &[u8])> = vec![("a", b"1"), ("subject", b"not the subject")];
    assert_eq!(headers, expected);
    assert_eq!(chunk.payload_bytes(), 3 + 5 + 4 + 1 + 1 + 7 + 15);
}

#[test]
fn a_discarded_message_leaves_nothing() {
    let mut builder = ChunkBuilder::new();
    builder.value(b"never seen");
    builder.header(b"a", b"b");
    builder.discard();
    assert_eq!(builder.flush(), None);
    assert!(feed(&mut builder, &Given::value(1, "seen")).is_none());
    let chunk = builder.flush().unwrap();
    assert_eq!((chunk.len(), chunk.payload_bytes()), (1, 4));
}

#[test]
fn chunks_are_sealed_by_size_and_by_count() {
    let small: Vec<Given> = (0..10_000)
        .map(|offset| Given::value(offset, "x"))
        .collect();
    let lengths: Vec<usize> = chunks(&small).iter().map(|chunk| chunk.len()).collect();
    assert_eq!(lengths, [4096, 4096, 1808]);
    let large: Vec<Given> = (0..2000)
        .map(|offset| Given::value(offset, [b'x'; 256]))
        .collect();
    let sealed = chunks(&large);
    assert!(
        sealed
            .iter()
            .all(|chunk| chunk.payload_bytes() <= 256 * 1024)
    );
    assert_eq!(sealed[0].len(), 1024);
}

#[test]
fn a_large_message_gets_a_chunk_of_its_own() {
    let given = [
        Given::value(0, "before"),
        Given::value(1, vec![b'x'; 1 << 20]),
        Given::value(2, "after"),
    ];
    let lengths: Vec<usize> = chunks(&given).iter().map(|chunk| chunk.len()).collect();
    assert_eq!(lengths, [1, 1, 1]);
}

#[test]
fn a_newest_first_subscription_makes_chunks_in_the_order_of_offsets() {
    let given: Vec<Given> = (0..100)
        .rev()
        .map(|offset| Given::value(offset, offset.to_string()))
        .collect();
    let chunk = &chunks(&given)[0];
    assert_eq!((chunk.first_offset(), chunk.last_offset()), (0, 99));
    let values: Vec<_> = chunk
        .iter()
        .map(|message| message.value().to_vec())
        .collect();
    assert_eq!(values[7], b"7");
    assert_eq!(chunk.find(42), Some(42));
}

#[test]
fn a_change_of_partition_begins_a_new_chunk() {
    let other = Given {
        partition: 1,
        ..Given::value(0, "b")
    };
    let sealed = chunks(&[Given::value(0, "a"), other]);
    let partitions: Vec<i32> = sealed.iter().map(|chunk| chunk.partition()).collect();
    assert_eq!(partitions, [0, 1]);
}

#[test]
fn a_message_costs_forty_bytes_beside_its_own() {
    let given: Vec<Given> = (0..100_000)
        .map(|offset| Given::value(offset, [b'x'; 256]))
        .collect();
    let sealed = chunks(&given);
    let overhead: usize = sealed
        .iter()
        .map(|chunk| chunk.bytes() - chunk.payload_bytes())
        .sum();
    assert!(overhead <= 40 * given.len(), "{}", overhead / given.len());
}

#[test]
fn a_header_name_that_is_no_text_survives_when_chunks_are_joined() {
    let chunk_at = |offset| {
        let mut builder = ChunkBuilder::new();
        builder.header(b"\xff\xfe", b"odd");
        builder.value(b"v");
        let stamp = MessageStamp {
            offset,
            ..MessageStamp::default()
        };
        assert_eq!(builder.commit(stamp), None);
        builder.flush().expect("one message")
    };
    let joined = chunk_at(0).joined(&chunk_at(1)).expect("two messages");
    for message in joined.iter() {
        let mut record = Vec::new();
        write_record(&message, &mut record).expect("memory takes all");
        let record = String::from_utf8(record).expect("JSON is text");
        assert!(record.contains("//4="), "its bytes in base64: {record}");
    }
}
