//! Bytes as lines: forms are told apart, nothing is lost or rounded, and no input panics or runs away.

use std::collections::BTreeSet;
use std::io::Write;

use liftui::store::JsonPath;
use liftui::store::decode::{Class, DecodeOptions, Decoded, Format, Schema, decode};

fn auto(bytes: &[u8]) -> Decoded {
    decode(bytes, &DecodeOptions::default())
}

fn read_as(form: Format, bytes: &[u8]) -> Decoded {
    decode(
        bytes,
        &DecodeOptions {
            form,
            ..DecodeOptions::default()
        },
    )
}

fn texts(decoded: &Decoded) -> Vec<String> {
    (0..decoded.lines.len())
        .map(|line| decoded.lines.text(line).to_owned())
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

#[test]
fn json_is_drawn_with_its_digits_its_paths_and_its_folds() {
    let decoded =
        auto(br#"{"id":12345678901234567890123,"items":[1,{"odd key":1.10}],"none":[],"x":null}"#);
    assert_eq!(decoded.form, Format::Json);
    let expected = [
        "{",
        "\"id\": 12345678901234567890123,",
        "\"items\": [",
        "1,",
        "{",
        "\"odd key\": 1.10",
        "}",
        "],",
        "\"none\": [],",
        "\"x\": null",
        "}",
    ];
    assert_eq!(texts(&decoded), expected);
    let lines = &decoded.lines;
    assert_eq!(lines.path(0).as_deref(), Some(""));
    assert_eq!(lines.path(1).as_deref(), Some("id"));
    assert_eq!(lines.path(5).as_deref(), Some("items[1][\"odd key\"]"));
    assert_eq!(lines.path(6).as_deref(), Some("items[1]"));
    assert_eq!(lines.path(7).as_deref(), Some("items"));
    assert_eq!(lines.fold(2), Some((3..8, 2)));
    assert_eq!(lines.visible(&BTreeSet::from([2])), [0, 1, 2, 8, 9, 10]);
    let first: Vec<_> = lines.tokens(1).collect();
    assert_eq!(first[0], (Class::Key, "\"id\""));
    assert_eq!(first[2], (Class::Number, "12345678901234567890123"));
    assert_eq!((lines.depth(1), lines.depth(5)), (1, 3));
}

#[test]
fn a_path_finds_what_its_line_shows() {
    let value = br#"{"a":{"b":[10,{"c\n":"x\ty"}]},"a2":true}"#;
    let decoded = auto(value);
    for line in 1..decoded.lines.len() - 1 {
        let path = decoded.lines.path(line).unwrap();
        let projection: JsonPath = path.parse().unwrap();
        assert_eq!(projection.to_string(), path);
        assert!(projection.select(value).is_some(), "{path}");
    }
    let read = |path: &str| {
        path.parse::<JsonPath>()
            .unwrap()
            .select(value)
            .map(std::borrow::Cow::into_owned)
    };
    assert_eq!(read("a.b[0]").as_deref(), Some("10"));
    assert_eq!(read("a.b[1][\"c\\n\"]").as_deref(), Some("x\ty"));
    assert_eq!(read("a2").as_deref(), Some("true"));
    assert_eq!(read("a.b").as_deref(), Some("[10,{\"c\\n\":\"x\\ty\"}]"));
    assert_eq!(read("a.b[2]"), None);
    assert_eq!(read("z"), None);
    for wrong in ["", "[", "[x]", "a..b", "[\"a", "a[1"] {
        assert!(wrong.parse::<JsonPath>().is_err(), "{wrong}");
    }
}

#[test]
fn text_is_read_in_its_encoding() {
    assert_eq!(texts(&auto("one\ntwo\n".as_bytes())), ["one", "two"]);
    let utf16: Vec<u8> = "größe ok"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let decoded = auto(&utf16);
    assert_eq!(
        (texts(&decoded), decoded.layers),
        (vec!["größe ok".to_owned()], vec!["utf-16le"])
    );
    let decoded = auto(b"gr\xf6\xdfe des Hauses");
    assert_eq!(
        (texts(&decoded), decoded.layers),
        (vec!["größe des Hauses".to_owned()], vec!["latin-1"])
    );
    assert_eq!(auto(b"42").form, Format::Text);
}

#[test]
fn other_bytes_are_shown_in_hex() {
    let decoded = auto(&[0, 1, 0xff, b'A']);
    assert_eq!(decoded.form, Format::Hex);
    let expected = format!("00000000  {:<50}...A", "00 01 ff 41");
    assert_eq!(texts(&decoded), [expected]);
    assert_eq!(read_as(Format::Hex, b"abc").form, Format::Hex);
}

#[test]
fn a_form_that_does_not_fit_says_so() {
    let decoded = read_as(Format::Json, b"plain");
    assert_eq!(decoded.form, Format::Text);
    assert_eq!(decoded.notes, ["this is not json"]);
}

#[test]
fn compressed_values_are_opened_first() {
    let decoded = auto(&gzip(&gzip(b"{\"a\":1}")));
    assert_eq!(
        (decoded.form, decoded.layers.as_slice(), decoded.size),
        (Format::Json, &["gzip", "gzip"][..], 7)
    );
    let zstd = ruzstd::encoding::compress_to_vec(
        &b"some text"[..],
        ruzstd::encoding::CompressionLevel::Fastest,
    );
    assert_eq!(
        (texts(&auto(&zstd)), auto(&zstd).layers),
        (vec!["some text".to_owned()], vec!["zstd"])
    );
    let broken = auto(&[0x1f, 0x8b, 8, 0, 0xff]);
    assert_eq!(broken.form, Format::Hex);
    assert!(broken.notes[0].contains("gzip"), "{:?}", broken.notes);
}

#[test]
fn a_zip_bomb_opens_up_to_the_limit() {
    let limits = DecodeOptions::default();
    let decoded = auto(&gzip(&vec![b'0'; 64 << 20]));
    assert_eq!(decoded.size, limits.bytes);
    assert!(
        decoded.notes.iter().any(|note| note.contains("4194304")),
        "{:?}",
        decoded.notes
    );
}

/// 64 MiB of zeros in a frame of 2 KiB; the window decides how much of it has to be kept.
fn zstd_bomb(window: u8) -> Vec<u8> {
    let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, window];
    for block in 0..512 {
        let header = (128_u32 << 10) << 3 | 1 << 1 | u32::from(block == 511);
        bomb.extend_from_slice(&header.to_le_bytes()[..3]);
        bomb.push(b'0');
    }
    bomb
}

#[test]
fn a_zstd_bomb_opens_up_to_the_limit_or_is_refused() {
    let decoded = auto(&zstd_bomb(13 << 3));
    assert_eq!(
        (decoded.layers.as_slice(), decoded.size),
        (&["zstd"][..], DecodeOptions::default().bytes)
    );
    let decoded = auto(&zstd_bomb(20 << 3));
    assert_eq!((decoded.form, decoded.layers.len()), (Format::Hex, 0));
    assert!(
        decoded.notes[0].contains("1073741824"),
        "{:?}",
        decoded.notes
    );
}

#[test]
fn a_broken_off_stream_shows_what_there_is() {
    let whole = gzip("line\n".repeat(10_000).as_bytes());
    let decoded = auto(&whole[..whole.len() - 9]);
    assert_eq!(decoded.form, Format::Text);
    assert!(
        decoded.notes[0].contains("breaks off"),
        "{:?}",
        decoded.notes
    );
}

#[test]
fn deep_json_is_shown_up_to_the_limit() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let decoded = auto(deep.as_bytes());
    assert_eq!(
        (decoded.form, decoded.lines.len()),
        (Format::Json, DecodeOptions::default().lines)
    );
    assert!(decoded.notes[0].contains("50000"), "{:?}", decoded.notes);
}

#[test]
fn an_empty_value_is_empty() {
    let decoded = auto(b"");
    assert_eq!((decoded.form, decoded.size), (Format::Text, 0));
}

#[test]
fn arbitrary_bytes_never_panic() {
    let mut random = fastrand::Rng::with_seed(7);
    let seeds: Vec<Vec<u8>> = vec![
        gzip(b"{\"a\":[1,2,{\"b\":null}]}"),
        ruzstd::encoding::compress_to_vec(
            &[b'x'; 300][..],
            ruzstd::encoding::CompressionLevel::Fastest,
        ),
        br#"{"a":[1,2,{"b":"\u00e9"}]}"#.to_vec(),
        "größe".encode_utf16().flat_map(u16::to_be_bytes).collect(),
        vec![0; 40],
        vec![
            0x82, 0xa1, b'a', 0xcd, 0x01, 0x00, 0xa1, b'b', 0x92, 0xc3, 0xc4, 0x02, 0xff, 0x00,
        ],
        vec![
            0xbf, 0x61, b'a', 0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0xc1,
            0x05, 0xff,
        ],
        b"\xb9\x0e\x43\xb4\x00\x0c\x01\x00\x00\x00\x00\x00\x12\x01k\x1a\x03\x08\x01\x10R\x01i"
            .to_vec(),
        vec![
            8, 2, 2, 6, b'a', b'b', b'c', 4, 2, b'k', 3, 2, b'l', 5, 0, 0,
        ],
        vec![6, 0, 0, 0],
    ];
    let schema = Schema::avro(
        r#"{"type":"record","name":"N","fields":[
            {"name":"n","type":"int"},{"name":"o","type":["null","string","N"]},
            {"name":"m","type":["null",{"type":"map","values":"long"}]},
            {"name":"l","type":{"type":"array","items":"N"}}]}"#,
    );
    let schema = schema.expect("it is one");
    for number in 0..5_000 {
        let mut bytes = random.choice(&seeds).unwrap().clone();
        for _ in 0..random.usize(..4) {
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(..);
        }
        bytes.truncate(random.usize(..=bytes.len()));
        for form in Format::ALL {
            let options = DecodeOptions {
                form,
                schema: Some(&schema).filter(|_| number % 2 == 0),
                bytes: 10_000,
                lines: 5 + number % 16,
                ..DecodeOptions::default()
            };
            let decoded = decode(&bytes, &options);
            for line in 0..decoded.lines.len() {
                drop(decoded.lines.path(line));
            }
        }
    }
}

#[test]
fn binary_forms_are_told_apart_and_drawn_as_trees() {
    let messagepack = [
        0x82, 0xa1, b'a', 0xcd, 0x01, 0x00, 0xa1, b'b', 0x92, 0xc3, 0xc4, 0x02, 0xff, 0x00,
    ];
    let decoded = auto(&messagepack);
    assert_eq!(decoded.form, Format::MessagePack);
    assert_eq!(
        texts(&decoded),
        [
            "{",
            "\"a\": 256,",
            "\"b\": [",
            "true,",
            "0xff00  2 bytes",
            "]",
            "}"
        ]
    );
    assert_eq!(decoded.lines.path(3).as_deref(), Some("b[0]"));

    let cbor = [
        0xbf, 0x61, b'a', 0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0xc1, 0x05,
        0xff,
    ];
    let decoded = auto(&cbor);
    assert_eq!(decoded.form, Format::Cbor);
    let expected = [
        "{",
        "\"a\": 18446744073709551615,",
        "2: {",
        "tag 1: 5",
        "}",
        "}",
    ];
    assert_eq!(texts(&decoded), expected);

    let protobuf = [
        0x08, 0x96, 0x01, 0x12, 0x02, b'o', b'k', 0x1a, 0x02, 0x08, 0x01, 0x25, 0, 0, 0x80, 0x3f,
    ];
    let decoded = auto(&protobuf);
    assert_eq!(decoded.form, Format::Protobuf);
    let expected = [
        "{",
        "1: 150,",
        "2: \"ok\",",
        "3: {",
        "1: 1",
        "},",
        "4: 1065353216  fixed32, or 1",
        "}",
    ];
    assert_eq!(texts(&decoded), expected);
}

#[test]
fn a_schema_names_the_fields_of_a_protobuf_message() {
    let set = prost_reflect::DescriptorPool::global().encode_to_vec();
    let schema = Schema::new(&set, "google.protobuf.Field").unwrap();
    let options = DecodeOptions {
        schema: Some(&schema),
        ..DecodeOptions::default()
    };
    let decoded = decode(
        &[0x08, 0x09, 0x18, 0x7b, 0x22, 0x03, b'a', b'b', b'c'],
        &options,
    );
    let expected = [
        "{",
        "kind: 9,  TYPE_STRING",
        "number: 123,",
        "name: \"abc\"",
        "}",
    ];
    assert_eq!(
        (decoded.form, texts(&decoded)),
        (Format::Protobuf, expected.map(String::from).to_vec())
    );
    let other = decode(b"{\"a\":1}", &options);
    assert_eq!(other.form, Format::Json);
    assert!(
        other.notes[0].contains("google.protobuf.Field"),
        "{:?}",
        other.notes
    );
    let error = Schema::new(&set, "google.protobuf.Feild").unwrap_err();
    assert!(
        error.contains("Feild") && error.contains("google.protobuf."),
        "{error}"
    );
    assert!(Schema::new(b"nonsense", "a").is_err());
}

/// The bytes are wire-contract §3's golden ones, of the Go client.
#[test]
fn an_unopened_envelope_is_recognised() {
    let mut envelope =
        b"\xb9\x0e\x43\xb4\x00\x08\x00\x00\x12\x01k\x1a\x01vR\x01iZ\x01c\x60\x01".to_vec();
    let decoded = auto(&envelope);
    assert_eq!(decoded.form, Format::Envelope);
    let expected = [
        "{",
        "\"version\": 0,",
        "\"type\": 0,  publish",
        "\"crc\": null,",
        "\"payload\": {",
        "\"key\": \"k\",",
        "\"value\": \"v\",",
        "\"ackInbox\": \"i\",",
        "\"correlationId\": \"c\",",
        "\"ackPolicy\": 1",
        "}",
        "}",
    ];
    assert_eq!(texts(&decoded), expected);
    let crc = crc32c::crc32c(&envelope[8..]).to_be_bytes();
    envelope.splice(8..8, crc);
    envelope[5..7].copy_from_slice(&[12, 1]);
    assert!(texts(&auto(&envelope))[3].ends_with("right"));
    envelope[9] ^= 1;
    assert!(texts(&auto(&envelope))[3].ends_with("wrong"));
    envelope[5] = 200;
    assert!(texts(&auto(&envelope))[4].ends_with("longer than the whole"));
}

#[test]
fn deep_and_lying_binary_is_refused() {
    let deep = vec![0x91; 100_000];
    assert_ne!(
        read_as(Format::MessagePack, &deep).form,
        Format::MessagePack
    );
    let deep = vec![0x81; 100_000];
    assert_ne!(read_as(Format::Cbor, &deep).form, Format::Cbor);
    let lying = [0xdd, 0xff, 0xff, 0xff, 0xff, 0x01];
    assert_eq!(auto(&lying).form, Format::Hex);
    let lying = [0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    assert_eq!(auto(&lying).form, Format::Hex);
}
