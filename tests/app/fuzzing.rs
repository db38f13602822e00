//! The properties of `fuzz/` for some seconds on stable: their corpora, the same cut and changed, and bytes of any kind.
//! libFuzzer runs them for as long as one likes: `fuzz/README.md`.

#![expect(clippy::disallowed_methods, reason = "inputs come for a time")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use fastrand::Rng;
use liftui::model::parse_duration;

#[path = "../../fuzz/properties.rs"]
mod properties;

/// Time for each property, after its corpus; `LIFTUI_FUZZ=10m` gives it more.
const TIME: Duration = Duration::from_millis(700);
/// What inputs are made of where they are made of nothing else.
const PIECES: [&[u8]; 12] = [
    b"\"",
    b"[",
    b"{",
    b"}",
    b"\\u",
    b"=",
    b"\xff",
    b"\0",
    b"\x80\x80",
    b"-",
    b"9223372036854775808",
    "é".as_bytes(),
];

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(name);
    let files = fs::read_dir(&folder).expect("each property has a corpus");
    let mut files: Vec<_> = files
        .map(|file| file.expect("it is readable").path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| fs::read(path).expect("it is readable"))
        .collect()
}

/// The bytes with some of them changed, cut out, put in, or taken from another input.
fn mutated(random: &mut Rng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = random.choice(corpus).cloned().unwrap_or_default();
    for _ in 0..random.usize(1..5) {
        let at = random.usize(..=bytes.len());
        let end = random.usize(at..=bytes.len().min(at + 8));
        match random.u8(..6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..end, [random.u8(..)])),
            3 => drop(bytes.splice(
                at..end,
                random.choice(PIECES).unwrap_or_default().iter().copied(),
            )),
            4 => {
                let piece = bytes[at..end].repeat(random.usize(1..20));
                drop(bytes.splice(at..at, piece));
            }
            _ => {
                let other = random.choice(corpus).cloned().unwrap_or_default();
                let from = random.usize(..=other.len());
                drop(bytes.splice(at.., other[from..].iter().copied()));
            }
        }
    }
    bytes
}

#[test]
fn what_is_fuzzed_holds_of_its_corpus_and_of_what_is_like_it() {
    let asked = std::env::var("LIFTUI_FUZZ").ok();
    let time = asked.map_or(TIME, |text| parse_duration(&text).expect("a duration"));
    for (name, _) in properties::PROPERTIES {
        let corpus = corpus(name);
        assert!(!corpus.is_empty(), "{name}");
        for bytes in &corpus {
            properties::check(name, bytes);
        }
        let seed = fastrand::u64(..);
        println!("{name}: seed {seed}");
        let mut random = Rng::with_seed(seed);
        let until = Instant::now() + time;
        while Instant::now() < until {
            let bytes = if random.u8(..8) == 0 {
                (0..random.usize(..64)).map(|_| random.u8(..)).collect()
            } else {
                mutated(&mut random, &corpus)
            };
            let outcome = std::panic::catch_unwind(|| properties::check(name, &bytes));
            assert!(
                outcome.is_ok(),
                "{name}, seed {seed}: {:?}",
                String::from_utf8_lossy(&bytes)
            );
        }
    }
}

#[test]
fn brackets_that_are_open_at_the_limit_are_closed() {
    // A map of CBOR with a number in thirty tags: a line for each that opens, and one for each that ends.
    let mut nested = vec![0xbf, 0x61, 0x61, 0x07, 0x02];
    nested.extend([0xc1; 30]);
    nested.extend([0x05, 0xff]);
    properties::check("decoders", &nested);
}
