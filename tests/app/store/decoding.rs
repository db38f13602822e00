//! Bytes as lines: forms are told apart, nothing is lost or rounded, and no input panics or runs away.

use std::collections::BTreeSet;
use std::io::Write;

use liftui::store::Projection;
use liftui::store::decode::{Class, Decoded, Form, Limits, decode};

fn auto(bytes: &[u8]) -> Decoded {
    decode(bytes, Form::Auto, Limits::default())
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
    assert_eq!(decoded.form, Form::Json);
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
        let projection: Projection = path.parse().unwrap();
        assert_eq!(projection.to_string(), path);
        assert!(projection.of(value).is_some(), "{path}");
    }
    let read = |path: &str| {
        path.parse::<Projection>()
            .unwrap()
            .of(value)
            .map(std::borrow::Cow::into_owned)
    };
    assert_eq!(read("a.b[0]").as_deref(), Some("10"));
    assert_eq!(read("a.b[1][\"c\\n\"]").as_deref(), Some("x\ty"));
    assert_eq!(read("a2").as_deref(), Some("true"));
    assert_eq!(read("a.b").as_deref(), Some("[10,{\"c\\n\":\"x\\ty\"}]"));
    assert_eq!(read("a.b[2]"), None);
    assert_eq!(read("z"), None);
    for wrong in ["", "[", "[x]", "a..b", "[\"a", "a[1"] {
        assert!(wrong.parse::<Projection>().is_err(), "{wrong}");
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
    assert_eq!(auto(b"42").form, Form::Text);
}

#[test]
fn other_bytes_are_shown_in_hex() {
    let decoded = auto(&[0, 1, 0xff, b'A']);
    assert_eq!(decoded.form, Form::Hex);
    let expected = format!("00000000  {:<50}...A", "00 01 ff 41");
    assert_eq!(texts(&decoded), [expected]);
    assert_eq!(decode(b"abc", Form::Hex, Limits::default()).form, Form::Hex);
}

#[test]
fn a_form_that_does_not_fit_says_so() {
    let decoded = decode(b"plain", Form::Json, Limits::default());
    assert_eq!(decoded.form, Form::Text);
    assert_eq!(decoded.notes, ["this is not json"]);
}

#[test]
fn compressed_values_are_opened_first() {
    let decoded = auto(&gzip(&gzip(b"{\"a\":1}")));
    assert_eq!(
        (decoded.form, decoded.layers.as_slice(), decoded.size),
        (Form::Json, &["gzip", "gzip"][..], 7)
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
    assert_eq!(broken.form, Form::Hex);
    assert!(broken.notes[0].contains("gzip"), "{:?}", broken.notes);
}

#[test]
fn a_zip_bomb_opens_up_to_the_limit() {
    let limits = Limits::default();
    let decoded = auto(&gzip(&vec![b'0'; 64 << 20]));
    assert_eq!(decoded.size, limits.bytes);
    assert!(
        decoded.notes.iter().any(|note| note.contains("4194304")),
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
        (Form::Json, Limits::default().lines)
    );
    assert!(decoded.notes[0].contains("50000"), "{:?}", decoded.notes);
}

#[test]
fn an_empty_value_is_empty() {
    let decoded = auto(b"");
    assert_eq!((decoded.form, decoded.size), (Form::Text, 0));
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
    ];
    for _ in 0..5_000 {
        let mut bytes = random.choice(&seeds).unwrap().clone();
        for _ in 0..random.usize(..4) {
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(..);
        }
        bytes.truncate(random.usize(..=bytes.len()));
        for form in Form::ALL {
            let decoded = decode(
                &bytes,
                form,
                Limits {
                    bytes: 10_000,
                    lines: 20,
                },
            );
            (0..decoded.lines.len()).for_each(|line| drop(decoded.lines.path(line)));
        }
    }
}
