//! What holds of every input that somebody else writes: bytes of a server, of a message, of a file, typed text.
//! libFuzzer runs these in `fuzz_targets`, and `cargo test` the same ones for some seconds, from the same corpora.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::Utc;
use liftui::app::Keymap;
use liftui::config::ConfigFile;
use liftui::model::{MessageSink, MessageStamp, Timestamp, parse_start, parse_stop};
use liftui::store::decode::{DecodeOptions, Format, decode, summary};
use liftui::store::{Chunk, ChunkBuilder, JsonPath, Query, QueryRun, Record};
use liftui::ui::Theme;
use liftui::wire::envelope::{self, Envelope};
use liftui::wire::recorded::read_recorded;
use liftui::wire::{metadata as wire_metadata, pb};
use prost::Message as _;

/// What takes any bytes and panics where something does not hold.
type Property = fn(&[u8]);

/// All of them, each with the name of its target and of its corpus.
pub(crate) const PROPERTIES: [(&str, Property); 11] = [
    ("envelope", envelope),
    ("subscription", subscription),
    ("metadata", metadata),
    ("query", query),
    ("seek", seek),
    ("config", config),
    ("keymap", keymap),
    ("json", json),
    ("decoders", decoders),
    ("records", records),
    ("themes", themes),
];

/// Checks the property of that name.
///
/// # Panics
/// Where it does not hold, or there is none of that name.
pub(crate) fn check(name: &str, bytes: &[u8]) {
    let mut properties = PROPERTIES.iter();
    let found = properties.find(|(known, _)| *known == name);
    let (_, property) = found.expect("the target has a property");
    property(bytes);
}

/// An instant that does not move: the same input always means the same.
const NOW: Timestamp = Timestamp(1_700_000_000_000_000_000);

/// An envelope that can be read is the same when it is written and read again.
fn envelope(bytes: &[u8]) {
    let Ok(Envelope::Message(message)) = envelope::decode(bytes) else {
        return;
    };
    for checksum in [false, true] {
        let written = envelope::encode(&message, checksum);
        let again = envelope::decode(&written);
        assert_eq!(again, Ok(Envelope::Message(message.clone())));
    }
}

/// Bytes as messages of a subscription: a length of one byte before each.
fn frames(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    while let Some((length, rest)) = bytes.split_first() {
        let (frame, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        frames.push(frame);
        bytes = rest;
    }
    frames
}

/// Messages are read as prost reads them, each at most once, in the order of their offsets; what prost refuses is not kept.
fn subscription(bytes: &[u8]) {
    let Some((mode, bytes)) = bytes.split_first() else {
        return;
    };
    let frames = frames(bytes);
    let next = (mode & 2 != 0).then(|| i64::from(mode >> 2));
    let read = read_recorded(ChunkBuilder::new(), &frames, next, mode & 1 != 0);
    let expected = frames.iter().map(|frame| pb::Message::decode(*frame));
    // prost refuses texts that are not UTF-8; they are read all the same.
    let Ok(expected) = expected.collect::<Result<Vec<_>, _>>() else {
        return;
    };
    for chunk in read.batches {
        let chunk: Arc<Chunk> = chunk;
        let mut last = None;
        for message in chunk.iter() {
            assert!(last.is_none_or(|last| last < message.offset()));
            last = Some(message.offset());
            let known = expected.iter().any(|one| {
                one.offset == message.offset()
                    && *one.key == *message.key()
                    && *one.value == *message.value()
                    && one.timestamp == message.timestamp().0
            });
            assert!(known, "{} is as prost reads it", message.id());
            assert!(message.headers().count() <= frames.iter().map(|frame| frame.len() + 2).sum());
        }
    }
}

/// An answer becomes a snapshot of sorted partitions within its bounds, or is refused.
fn metadata(bytes: &[u8]) {
    match wire_metadata::read(bytes, None) {
        Ok(cluster) => {
            let again = wire_metadata::read(bytes, Some(&cluster)).expect("the same answer");
            assert!(cluster.shares_all(&again), "nothing has changed");
            assert!(cluster.brokers.len() <= wire_metadata::MOST_BROKERS);
            for (name, stream) in &cluster.streams {
                assert_eq!(*name, stream.name);
                assert!(stream.partitions.is_sorted_by_key(|partition| partition.id));
            }
        }
        Err(refused) => assert!(!refused.to_string().is_empty()),
    }
}

/// Some messages to be searched.
fn searched() -> Arc<Chunk> {
    let mut builder = ChunkBuilder::new();
    for (offset, value) in (0..).zip([
        br#"{"amount":501,"items":[1,2,{"n":null}],"text":"left | right"}"#.as_slice(),
        b"hello World",
        b"\xff\x00\xfe",
        b"",
    ]) {
        builder.key(b"user-1");
        builder.stream(b"orders");
        builder.subject(b"orders.eu");
        builder.header(b"trace", b"abc");
        builder.value(value);
        let stamp = MessageStamp {
            offset,
            partition: 0,
            timestamp: NOW,
        };
        assert!(builder.commit(stamp).is_none());
    }
    builder.flush().expect("there are messages")
}

/// A query is parsed or refused at a place in it; parsed again it finds the same, and never more than there is.
fn query(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(query) = Query::parse(text) else {
        return;
    };
    let chunk = searched();
    let scan = |query: &Query| query.predicate().scan(&chunk, &QueryRun::at(NOW));
    let found = scan(&query);
    assert!(found.is_sorted() && found.len() <= chunk.len());
    let again = Query::parse(query.text()).expect("its own text is a query");
    assert_eq!(scan(&again), found);
}

/// Where to start and stop, or one sentence.
fn seek(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let refused = [
        parse_start(text, NOW, &Utc).err(),
        parse_stop(text, NOW, &Utc).err(),
    ];
    for sentence in refused.into_iter().flatten() {
        assert!(!sentence.is_empty());
    }
}

/// A config file is understood, or the sentence names it.
fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Err(error) = ConfigFile::parse(text, Path::new("liftui.toml")) {
        assert!(error.to_string().contains("liftui.toml"), "{error}");
    }
}

/// Lines of a command and its keys: all are bound, or one sentence says why not.
fn keymap(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut own: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (command, key) in text.lines().filter_map(|line| line.split_once('=')) {
        own.entry(command.trim().to_owned())
            .or_default()
            .push(key.trim().to_owned());
    }
    match Keymap::default().customised(&own) {
        Ok(keymap) => assert!(!keymap.bindings().is_empty()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Levels that `serde_json` goes down.
const SERDE_DEPTH: usize = 100;

/// The scanner takes for JSON what `serde_json` takes for JSON, and follows a path into anything.
fn json(bytes: &[u8]) {
    let path: JsonPath = "items[0].n".parse().expect("a path");
    drop(path.select(bytes));
    let looks = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let brackets = bytes.iter().filter(|byte| matches!(byte, b'[' | b'{'));
    if !matches!(looks, Some(b'{' | b'[')) || brackets.count() > SERDE_DEPTH {
        return;
    }
    let options = DecodeOptions {
        form: Format::Json,
        ..DecodeOptions::default()
    };
    let decoded = decode(bytes, &options);
    let is_json = serde_json::from_slice::<serde_json::Value>(bytes);
    // Numbers that serde_json cannot hold are JSON all the same.
    let out_of_range = is_json
        .as_ref()
        .is_err_and(|error| error.to_string().contains("out of range"));
    // A lone half of a surrogate pair is JSON by its grammar.
    let surrogate = is_json.as_ref().is_err_and(|error| {
        let error = error.to_string();
        error.contains("surrogate") || error.contains("hex escape")
    });
    if !out_of_range && !surrogate {
        assert_eq!(decoded.form == Format::Json, is_json.is_ok());
    }
}

/// Every decoder draws something within its limits, whatever the bytes.
fn decoders(bytes: &[u8]) {
    for form in Format::ALL {
        let options = DecodeOptions {
            form,
            bytes: 10_000,
            lines: 50,
            ..DecodeOptions::default()
        };
        let decoded = decode(bytes, &options);
        assert!(decoded.form != Format::Auto);
        // What is open where the limit is reached is closed, a line a level.
        let is_cut = decoded.lines.len() > options.lines;
        let open = if is_cut {
            decoded.lines.depth(options.lines - 1) + 1
        } else {
            0
        };
        assert!(
            decoded.lines.len() <= options.lines + open + 2,
            "{form}: {}",
            decoded.lines.len()
        );
        for line in 0..decoded.lines.len() {
            drop(decoded.lines.path(line));
            assert!(!decoded.lines.text(line).contains('\n'));
        }
    }
    drop(summary(bytes, None));
}

/// A line of NDJSON is a record, or one sentence says why not.
fn records(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Err(sentence) = Record::parse(text) {
        assert!(!sentence.is_empty());
    }
}

/// A theme is understood, or one sentence says why not.
fn themes(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Err(sentence) = Theme::parse(text) {
        assert!(!sentence.is_empty());
    }
}
