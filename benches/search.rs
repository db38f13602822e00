//! What searching a million messages costs beside ripgrep over the same bytes, and what keeping them costs in memory.
//! Only ratios within one run say anything about another machine.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cost::{ms, resident_bytes};
use crate::demo_cluster::Outcome;
use liftui::model::{MessageSink, MessageStamp, Timestamp};
use liftui::store::{Chunk, ChunkBuilder, Query, Scan, Store};

const MESSAGES: u32 = 1_000_000;
pub(crate) const BYTES: usize = 256;
/// Each is measured so often; the best counts, on either side.
const ROUNDS: usize = 7;

/// All of it.
pub(crate) fn run() -> Outcome {
    let mut out = io::stdout().lock();
    let before = resident_bytes()?;
    let kept = store(MESSAGES, random_text)?;
    memory(&kept, before, &mut out)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("values");
    let chunks = chunks_of(&kept);
    write_values(&chunks, &file)?;
    let cores = std::thread::available_parallelism()?.get();
    writeln!(
        out,
        "search of {MESSAGES} x {BYTES} B, best of {ROUNDS}, ms; {cores} cores"
    )?;
    let searches = [
        ("literal", "Needle42", "-F", "Needle42"),
        ("literal, any case", "needle42", "-F", "Needle42"),
        ("rare letter first", "Zebra", "-F", "Zebra"),
        (
            "expression",
            "~z[a-c]{3}d.*9{4}$",
            "-e",
            "z[a-c]{3}d.*9{4}$",
        ),
        (
            "no literal",
            "~[0-9][a-c]{2}[0-9]{5}",
            "-e",
            "[0-9][a-c]{2}[0-9]{5}",
        ),
    ];
    for (name, query, flag, pattern) in searches {
        let theirs = best(|| ripgrep(flag, pattern, &file))?;
        let alone = best(|| scan(query, &chunks, 1))?;
        let all = best(|| scan(query, &chunks, cores))?;
        compare(name, theirs, alone, all, &mut out)?;
    }
    drop((kept, chunks));
    expressions(cores, &mut out)
}

/// A millisecond count and how many messages or lines were found.
pub(crate) type Measured = (Duration, u64);

fn best(mut measure: impl FnMut() -> Outcome<Measured>) -> Outcome<Measured> {
    let mut fastest = measure()?;
    for _ in 1..ROUNDS {
        fastest = fastest.min(measure()?);
    }
    Ok(fastest)
}

fn compare(
    name: &str,
    theirs: Measured,
    alone: Measured,
    all: Measured,
    out: &mut impl Write,
) -> Outcome {
    let ratio = |ours: Measured| ours.0.as_secs_f64() / theirs.0.as_secs_f64();
    writeln!(
        out,
        "  {name:18} rg {:7.1}   one thread {:7.1} ({:.2}x)   all threads {:7.1} ({:.2}x)   found {} / {}",
        ms(theirs.0),
        ms(alone.0),
        ratio(alone),
        ms(all.0),
        ratio(all),
        theirs.1,
        alone.1,
    )?;
    Ok(())
}

pub(crate) fn ripgrep(flag: &str, pattern: &str, file: &Path) -> Outcome<Measured> {
    let begun = Instant::now();
    let output = Command::new("rg")
        .args(["-c", flag, pattern])
        .arg(file)
        .output()?;
    let took = begun.elapsed();
    let count = String::from_utf8(output.stdout)?;
    Ok((took, count.trim().parse().unwrap_or(0)))
}

pub(crate) fn scan(query: &str, chunks: &[Arc<Chunk>], threads: usize) -> Outcome<Measured> {
    let query = Query::parse(query)?;
    let begun = Instant::now();
    let scan = Scan::new(query.predicate().clone(), chunks.to_vec(), Timestamp(0));
    let mut found = 0;
    scan.run(threads, |_, matching| found += matching.len());
    Ok((begun.elapsed(), u64::try_from(found)?))
}

fn expressions(cores: usize, out: &mut impl Write) -> Outcome {
    let kept = store(MESSAGES, random_json)?;
    let chunks = chunks_of(&kept);
    writeln!(
        out,
        "expressions over {MESSAGES} x {BYTES} B of JSON, messages/s"
    )?;
    for expression in [
        "value.amount > 500",
        "value.cur == \"EUR\" && key.startsWith(\"user\")",
        "value.cur == \"EUR\" && value.note.contains(\"zab\")",
        "offset > 500",
    ] {
        let query = format!("cel: {expression}");
        let (alone, found) = scan(&query, &chunks, 1)?;
        let (all, _) = scan(&query, &chunks, cores)?;
        let rate = |took: Duration| f64::from(MESSAGES) / took.as_secs_f64();
        writeln!(
            out,
            "  {expression:50} one thread {:9.0}   all threads {:9.0}   found {found}",
            rate(alone),
            rate(all),
        )?;
    }
    Ok(())
}

/// What the process takes more than before, beside what the messages hold.
fn memory(store: &Store, before: u64, out: &mut impl Write) -> Outcome {
    let payload = store.counters().received_bytes;
    let allowed = payload + 40 * u64::from(MESSAGES) + (32 << 20);
    let taken = resident_bytes()?.saturating_sub(before);
    writeln!(
        out,
        "memory: {taken} B resident for {payload} B of payload, {} % of what is allowed; {} B counted",
        taken * 100 / allowed,
        store.bytes(),
    )?;
    Ok(())
}

pub(crate) fn store(
    messages: u32,
    mut value: impl FnMut(&mut fastrand::Rng, i64, &mut Vec<u8>),
) -> Outcome<Store> {
    let mut random = fastrand::Rng::with_seed(42);
    let mut builder = ChunkBuilder::new();
    let mut store = Store::new();
    let mut bytes = Vec::new();
    for offset in 0..i64::from(messages) {
        bytes.clear();
        value(&mut random, offset, &mut bytes);
        builder.key(b"user-7");
        builder.value(&bytes);
        builder.stream(b"orders");
        builder.subject(b"orders");
        builder.header(b"subject", b"orders");
        builder.header(b"reply", b"");
        let stamp = MessageStamp {
            offset,
            partition: 0,
            timestamp: Timestamp(offset),
        };
        if let Some(chunk) = builder.commit(stamp) {
            store.push(&chunk);
        }
    }
    builder.flush().iter().for_each(|chunk| store.push(chunk));
    if store.len() != usize::try_from(messages)? {
        return Err("messages are missing".into());
    }
    Ok(store)
}

/// Letters and digits; one message in ten thousand holds what is looked for.
pub(crate) fn random_text(random: &mut fastrand::Rng, offset: i64, into: &mut Vec<u8>) {
    into.extend((0..BYTES).map(|_| {
        let c = random.u8(..36);
        if c < 10 { b'0' + c } else { b'a' + c - 10 }
    }));
    if offset % 10_000 == 0 {
        into[100..108].copy_from_slice(b"Needle42");
        into[150..155].copy_from_slice(b"zabcd");
        into[252..].copy_from_slice(b"9999");
    }
}

pub(crate) fn random_json(random: &mut fastrand::Rng, offset: i64, into: &mut Vec<u8>) {
    let amount = random.u32(..1000);
    let user = random.u32(..100);
    let currency = if random.bool() { "EUR" } else { "USD" };
    let note: String = (0..BYTES).map(|_| random.alphanumeric()).collect();
    let head = format!(
        "{{\"id\":\"o-{offset:07}\",\"user\":{{\"id\":{user},\"tags\":[1,2,3]}},\"cur\":\"{currency}\",\
         \"amount\":{amount},\"note\":\""
    );
    let room = BYTES - head.len() - 2;
    into.extend_from_slice(head.as_bytes());
    into.extend_from_slice(&note.as_bytes()[..room]);
    into.extend_from_slice(b"\"}");
}

pub(crate) fn chunks_of(store: &Store) -> Vec<Arc<Chunk>> {
    let mut store = store.clone();
    store.begin_query();
    store
        .unasked(usize::MAX)
        .into_iter()
        .map(|(_, chunk)| chunk)
        .collect()
}

pub(crate) fn write_values(chunks: &[Arc<Chunk>], file: &Path) -> Outcome {
    let mut out = BufWriter::new(fs::File::create(file)?);
    for message in chunks.iter().flat_map(|chunk| chunk.iter()) {
        out.write_all(message.value())?;
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}
