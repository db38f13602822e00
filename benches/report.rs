//! Writes `docs/benchmarks.md` and its plots: each figure with the least, the middle and the most of its runs, beside its peer
//! in the same run, at 1, 10 and 100 times the size.
//!
//! `cargo bench -- report` measures on a demo cluster; `--addr HOST:PORT` on a broker that runs already, where it fills streams
//! of its own. `--peer "NAME=COMMAND"` adds another client: the command is called with address, stream and last offset, and is
//! to read everything from the earliest message on.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::cost::{Meter, ms, resident_bytes};
use crate::demo_cluster::{Demo, Outcome};
use crate::drain::{self, DrainBench, Filled};
use crate::figures::{Figure, Point, RUNS, Runs};
use crate::{plot, scale, search};

/// Messages of each drain and search.
const MESSAGES: [u32; 3] = [10_000, 100_000, 1_000_000];
/// Streams of each refresh and frame.
const STREAMS: [u32; 3] = [100, 1_000, 10_000];
/// Where plots and text go, from the folder of the package.
const PLOTS: &str = "assets/benchmarks";
const TEXT: &str = "docs/benchmarks.md";

/// Measures everything and writes the report.
pub(crate) async fn run(asked: &[String]) -> Outcome {
    let argument = |name: &str| asked.iter().skip_while(|one| *one != name).nth(1);
    let mut figures = Vec::new();
    let demo = match argument("--addr") {
        Some(address) => Demo::at(address),
        None => Demo::start(1)?,
    };
    figures.extend(drains(&demo, argument("--peer").map(String::as_str)).await?);
    drop(demo);
    figures.push(memory()?);
    figures.extend(searches()?);
    figures.extend(large_clusters()?);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir_all(folder.join(PLOTS))?;
    for figure in figures.iter().filter(|figure| figure.points.len() > 1) {
        plot::plot(
            figure,
            &folder.join(PLOTS).join(format!("{}.svg", figure.file)),
        )?;
    }
    let text = text(&figures, argument("--addr").is_some())?;
    fs::write(folder.join(TEXT), &text)?;
    Ok(writeln!(io::stdout(), "{text}")?)
}

/// For the report itself, in a process of its own: how much memory that many messages take, in bytes.
pub(crate) fn tell_memory(messages: &str) -> Outcome {
    let messages: u32 = messages.parse()?;
    let before = resident_bytes()?;
    let store = search::store(messages, search::random_text)?;
    let taken = resident_bytes()?.saturating_sub(before);
    writeln!(io::stdout(), "{taken} {}", store.counters().received_bytes)?;
    Ok(())
}

/// Reading streams of three sizes from the earliest message to the last.
async fn drains(demo: &Demo, peer: Option<&str>) -> Outcome<Vec<Figure>> {
    let (mut wall, mut cpu, mut tail, mut other) = (vec![], vec![], vec![], vec![]);
    let other_peer = peer.map(|peer| peer.split_once('=').ok_or("--peer is NAME=COMMAND"));
    let other_peer = other_peer.transpose()?;
    let cluster = DrainBench::connect(demo).await?;
    for size in MESSAGES {
        let stream = format!("report-{}-{size}", std::process::id());
        let bytes = drain::BYTES;
        demo.fill(&format!("{stream} -n {size} --size {bytes} --create"))?;
        let filled: Filled<'_> = (&stream, size);
        let mut runs: [Vec<f64>; 6] = Default::default();
        let mut others = Vec::new();
        for _ in 0..RUNS {
            let bare = cluster.drain_bare(filled).await?;
            let (ours, _store) = cluster.drain_ours(filled).await?;
            let printed = drain::tail_cost(demo, filled)?;
            let measured = [
                ours.wall,
                bare.wall,
                ours.cpu,
                bare.cpu,
                printed.wall,
                bare.wall,
            ];
            for (runs, one) in runs.iter_mut().zip(measured) {
                runs.push(ms(one));
            }
            if let Some((_, command)) = other_peer {
                others.push(ms(peer_wall(command, demo, filled)?));
            }
        }
        let [ours, bare, ours_cpu, bare_cpu, printed, beside] = runs.map(Runs::new);
        let point = |ours, peer| Point {
            size,
            ours,
            peer: Some(peer),
        };
        wall.push(point(ours, bare));
        cpu.push(point(ours_cpu, bare_cpu));
        if other_peer.is_some() {
            other.push(point(printed.clone(), Runs::new(others)));
        }
        tail.push(point(printed, beside));
    }
    let mut figures = drain_figures(wall, cpu, tail);
    if let Some((name, _)) = other_peer {
        figures.push(Figure {
            file: "client",
            title: "Beside another client",
            about: "`liftui tail … -o raw` and a program of that client that reads the same stream and keeps nothing, each a process \
                    of its own: starting and connecting are part of it.",
            bound: "how fast the broker sends",
            unit: "ms",
            counts: "messages",
            // Leaked once, by a bench.
            peer: Some(Box::leak(name.to_owned().into_boxed_str())),
            points: other,
        });
    }
    Ok(figures)
}

fn drain_figures(wall: Vec<Point>, cpu: Vec<Point>, tail: Vec<Point>) -> Vec<Figure> {
    const BARE: Option<&str> = Some("bare loop");
    vec![
        Figure {
            file: "drain",
            title: "Taking messages off the wire",
            about: "Messages of 256 B from one broker into the store that tails show and search, in time. The bare loop is tonic and \
                    prost as generated: it counts messages and keeps nothing.",
            bound: "how fast the broker writes frames, of which grpc-go makes one a message",
            unit: "ms",
            counts: "messages",
            peer: BARE,
            points: wall,
        },
        Figure {
            file: "drain-cpu",
            title: "Taking messages off the wire, in work",
            about: "The same, as user and system time of the process that reads.",
            bound: "decoding each message once, and copying its bytes once",
            unit: "ms of CPU",
            counts: "messages",
            peer: BARE,
            points: cpu,
        },
        Figure {
            file: "tail",
            title: "`liftui tail`",
            about: "`liftui tail STREAM --from earliest --to end -o raw`, written to nowhere, as a process of its own, beside the bare \
                    loop, which is connected already.",
            bound: "starting and connecting for few messages, the broker for many",
            unit: "ms",
            counts: "messages",
            peer: BARE,
            points: tail,
        },
    ]
}

fn peer_wall(command: &str, demo: &Demo, (stream, messages): Filled<'_>) -> Outcome<Duration> {
    let mut words = command.split_whitespace();
    let program = words.next().ok_or("--peer names no command")?;
    let meter = Meter::start()?;
    let status = Command::new(program)
        .args(words)
        .args([&demo.addresses, stream, &(messages - 1).to_string()])
        .stdout(Stdio::null())
        .status()?;
    if !status.success() {
        return Err(format!("{command} failed").into());
    }
    Ok(meter.stop()?.wall)
}

fn memory() -> Outcome<Figure> {
    let mut points = Vec::new();
    for size in MESSAGES {
        let (mut taken, mut payload) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let told = Command::new(env::current_exe()?)
                .args(["memory", &size.to_string()])
                .output()?;
            let told = String::from_utf8(told.stdout)?;
            let (one, other) = told.trim().split_once(' ').ok_or("no memory was told")?;
            let mib = |text: &str| Outcome::Ok(text.parse::<f64>()? / 1024.0 / 1024.0);
            taken.push(mib(one)?);
            payload.push(mib(other)?);
        }
        points.push(Point {
            size,
            ours: Runs::new(taken),
            peer: Some(Runs::new(payload)),
        });
    }
    Ok(Figure {
        file: "memory",
        title: "Keeping messages",
        about: "What a process has resident more than before for messages of 256 B in the store, beside the bytes of their keys, \
                values, headers and names.",
        bound: "the bytes themselves: what neighbours have in common is kept once",
        unit: "MiB",
        counts: "messages",
        peer: Some("their bytes"),
        points,
    })
}

/// Searching messages of random text beside ripgrep over the same bytes, and expressions over JSON.
fn searches() -> Outcome<Vec<Figure>> {
    let has_peer = Command::new("rg").arg("--version").output().is_ok();
    let (mut literal, mut pattern, mut cel) = (vec![], vec![], vec![]);
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("values");
    for size in MESSAGES {
        let kept = search::store(size, search::random_text)?;
        let chunks = search::chunks_of(&kept);
        search::write_values(&chunks, &file)?;
        let kinds = [
            ("Needle42", ["-F", "Needle42"], &mut literal),
            (
                "~[0-9][a-c]{2}[0-9]{5}",
                ["-e", "[0-9][a-c]{2}[0-9]{5}"],
                &mut pattern,
            ),
        ];
        for (query, [flag, text], points) in kinds {
            let (mut ours, mut theirs) = (vec![], vec![]);
            for _ in 0..RUNS {
                ours.push(ms(search::scan(query, &chunks, 1)?.0));
                if has_peer {
                    theirs.push(ms(search::ripgrep(flag, text, &file)?.0));
                }
            }
            points.push(Point {
                size,
                ours: Runs::new(ours),
                peer: has_peer.then(|| Runs::new(theirs)),
            });
        }
        drop((kept, chunks));
        let kept = search::store(size, search::random_json)?;
        let chunks = search::chunks_of(&kept);
        let runs =
            (0..RUNS).map(|_| Ok(ms(search::scan("cel: value.amount > 500", &chunks, 1)?.0)));
        cel.push(Point {
            size,
            ours: Runs::new(runs.collect::<Outcome<_>>()?),
            peer: None,
        });
    }
    let peer = has_peer.then_some("rg");
    let figure = |file, title, about, bound, peer, points| Figure {
        file,
        title,
        about,
        bound,
        unit: "ms",
        counts: "messages",
        peer,
        points,
    };
    Ok(vec![
        figure(
            "search-text",
            "Searching for a text",
            "`Needle42` in keys, values, headers and subjects of messages of 256 B, on one thread, beside ripgrep over a file of the \
             values, which includes starting it. The dashboard searches on all cores.",
            "reading memory",
            peer,
            literal,
        ),
        figure(
            "search-pattern",
            "Searching for a pattern without a literal",
            "`~[0-9][a-c]{2}[0-9]{5}`, the same way.",
            "the automaton of the regular expression, a byte at a time",
            peer,
            pattern,
        ),
        figure(
            "search-expression",
            "Searching by an expression",
            "`cel: value.amount > 500` over JSON of 256 B, on one thread.",
            "finding the field in each value",
            None,
            cel,
        ),
    ])
}

/// What a refresh and a frame cost the dashboard's loop, by streams of 4 partitions.
fn large_clusters() -> Outcome<Vec<Figure>> {
    let (mut rest, mut busy, mut frames) = (vec![], vec![], vec![]);
    for size in STREAMS {
        let streams = usize::try_from(size)?;
        let of = |samples: &[scale::Sample], name: &str| {
            let sample = samples.iter().find(|sample| sample.0 == name);
            let times = sample.map(|(_, _, times)| times.iter().copied().map(ms).collect());
            Outcome::Ok(Runs::new(times.ok_or("no such event")?))
        };
        let point = |ours| Point {
            size,
            ours,
            peer: None,
        };
        let at_rest = scale::sample(streams, 0)?;
        rest.push(point(of(&at_rest, "view")?));
        frames.push(point(of(&at_rest, "frame")?));
        let samples = scale::sample(streams, streams)?;
        busy.push(point(of(&samples, "view")?));
    }
    let figure = |file, title, about, bound, points| Figure {
        file,
        title,
        about,
        bound,
        unit: "ms",
        counts: "streams",
        peer: None,
        points,
    };
    Ok(vec![
        figure(
            "refresh",
            "An answer in which nothing has changed",
            "What the loop takes to take in what one of three brokers answers of streams of 4 partitions, nothing of which has \
             changed. It is decoded elsewhere.",
            "comparing one pointer a stream",
            rest,
        ),
        figure(
            "refresh-busy",
            "An answer in which everything has changed",
            "The same where each partition has grown.",
            "merging what three brokers say of each partition",
            busy,
        ),
        figure(
            "frame",
            "A frame",
            "Drawing the screen of streams, 120 columns by 36 rows.",
            "the cells of the screen",
            frames,
        ),
    ])
}

/// The report.
fn text(figures: &[Figure], is_given: bool) -> Outcome<String> {
    let broker = if is_given {
        "a broker that ran already"
    } else {
        "the demo cluster, another process on the same machine, which frames messages as grpc-go does"
    };
    let mut text = format!(
        "# Benchmarks\n\n\
         Written by `cargo bench -- report`. Each figure is the middle of {RUNS} runs or more, the least and the most of them behind \
         it. Peers were measured in turn with it, in the same run; only ratios say something about another machine. The broker was \
         {broker}.\n\n| | |\n|---|---|\n"
    );
    for (what, value) in machine()? {
        writeln!(text, "| {what} | {value} |")?;
    }
    for figure in figures {
        write!(text, "\n{}", figure.section())?;
    }
    Ok(text)
}

/// What it was measured on, and with what.
fn machine() -> Outcome<Vec<(&'static str, String)>> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = field(&memory, "MemTotal").and_then(|text| text.split(' ').next()?.parse().ok());
    let memory = memory.map(|kib: u32| format!("{} GiB", kib.div_ceil(1 << 20)));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let first_line = |program: &str| {
        let told = Command::new(program).arg("--version").output().ok()?;
        let told = String::from_utf8(told.stdout).ok()?;
        told.lines().next().map(str::to_owned)
    };
    let unknown = || "unknown".to_owned();
    let cores = std::thread::available_parallelism()?;
    Ok(vec![
        (
            "processor",
            field(&cpu, "model name").unwrap_or_else(unknown),
        ),
        ("cores", cores.to_string()),
        ("memory", memory.unwrap_or_else(unknown)),
        ("kernel", kernel.trim().to_owned()),
        (
            "liftui",
            first_line(env!("CARGO_BIN_EXE_liftui"))
                .map_or_else(unknown, |told| told.replace("liftui ", "")),
        ),
        ("rustc", first_line("rustc").unwrap_or_else(unknown)),
        (
            "ripgrep",
            first_line("rg").unwrap_or_else(|| "not at hand".to_owned()),
        ),
    ])
}
