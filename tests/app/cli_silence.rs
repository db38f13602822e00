//! Commands against brokers that never come to an end: each ends by itself, and says how far it came.
#![expect(clippy::disallowed_methods, reason = "what hangs is told by the clock")]

use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

use liftui::runtime::{Access, DashboardOptions};
use tonic::Code;

use crate::cli_test_cluster::{frugal, outcome, start};
use crate::driver::{Driver, client, session};
use crate::hostile_broker::{Behaviour, Ending, HostileBroker, Reads};
use crate::test_screen::Picture;

/// What a command is given.
const TIMEOUT: &str = "2s";
/// That, and a second.
const IN_TIME: Duration = Duration::from_secs(3);

/// Every command that reads messages to some end, with what its sentence has to hold and the codes it may end with: a check
/// judges by the cursors that it got.
const READS: [(&str, &str, &[i32]); 11] = [
    ("check", "cursors are unknown", &[1, 3]),
    ("check -o json", "cursors are unknown", &[1, 3]),
    (
        "cursors",
        "partition 0 of stream \"__cursors\" could not be read",
        &[1],
    ),
    (
        "groups",
        "partition 0 of stream \"__cursors\" could not be read",
        &[1],
    ),
    ("--observe cursor get x orders:0", "could not be read", &[1]),
    (
        "activity",
        "stream \"__activity\" was given up before its end",
        &[1],
    ),
    (
        "tail orders --to end",
        "partition 0 of stream \"orders\" was given up before its end",
        &[1],
    ),
    (
        "tail orders --to 900 --count",
        "partition 0 of stream \"orders\" was given up before its end",
        &[1],
    ),
    (
        "redrive orders copies",
        "partition 0 of stream \"orders\" was given up before its end",
        &[1],
    ),
    (
        "redrive orders copies --dry-run",
        "partition 0 of stream \"orders\" was given up before its end",
        &[1],
    ),
    (
        "bench tail orders",
        "partition 0 of stream \"orders\" was given up before its end",
        &[1],
    ),
];

fn begin(broker: &HostileBroker, line: &str) -> Child {
    // Each in a home of its own, as each leaves files behind.
    let home = broker.home.path().join(line);
    fs::create_dir(&home).expect("a folder can be made");
    let mut arguments = vec!["--timeout", TIMEOUT];
    arguments.extend(line.split(' '));
    let mut command = frugal(&home, &arguments);
    command.env("LIFTUI_ADDR", broker.address());
    start(command)
}

/// How long these commands take side by side where nothing holds them up: a busy machine takes that much longer for what is
/// no waiting.
fn usual<T>(lines: &[(&str, T)]) -> Duration {
    let broker = HostileBroker::start(Behaviour {
        text: "hostile".into(),
        ..Behaviour::default()
    });
    let begun = Instant::now();
    let running: Vec<Child> = lines.iter().map(|(line, _)| begin(&broker, line)).collect();
    for child in running {
        drop(outcome(child));
    }
    begun.elapsed()
}

/// What keeps a reader for ever.
pub(crate) fn endless() -> Vec<Reads> {
    vec![
        Reads::Unopened,
        Reads::Silent,
        Reads::Drip(Duration::from_millis(300)),
        Reads::Repeat,
        Reads::Empty,
        Reads::Status(Code::Unavailable, "not now".into()),
        // A leader whose log ends before what was committed: there is no reader of it.
        Reads::Status(
            Code::Internal,
            "Failed to create stream reader: segment not found".into(),
        ),
    ]
}

#[test]
fn a_read_that_never_comes_to_its_end_is_given_up_and_says_so() {
    let slack = 3 * usual(&READS.map(|(line, said, _)| (line, said)));
    for reads in endless() {
        let what = format!("{reads:?}");
        let broker = HostileBroker::start(Behaviour {
            reads,
            // The broker's own name, so that nothing but the reading is at fault.
            text: "hostile".into(),
            // More than any of them will ever bring.
            messages: 1_000_000,
            ..Behaviour::default()
        });
        let begun = Instant::now();
        let running = READS.map(|(line, said, code)| (line, said, code, begin(&broker, line)));
        for (line, said, code, child) in running {
            let output = outcome(child);
            let all = format!("{}{}", output.out, output.err).replace("\\\"", "\"");
            assert!(code.contains(&output.code), "{what}: {line}: {output:?}");
            assert!(all.contains(said), "{what}: {line}: {output:?}");
        }
        assert!(
            begun.elapsed() < IN_TIME + slack,
            "{what}: {:?}",
            begun.elapsed()
        );
    }
}

#[test]
fn publishes_without_acks_end_and_say_what_is_unknown() {
    let broker = HostileBroker::start(Behaviour {
        publishes: Ending::Never,
        ..Behaviour::default()
    });
    let said = "the bench of stream \"orders\" was given up after ";
    let lines = [
        (
            "bench publish orders --messages 1000000 --in-flight 4",
            said,
        ),
        ("publish orders x", "may have been done or not"),
        ("publish-subject orders x", "may have been done or not"),
        (
            "redrive orders copies",
            "nobody knows whether offsets 0-2 were copied",
        ),
    ];
    let slack = 3 * usual(&[("publish orders x", ""), ("redrive orders copies", "")]);
    let begun = Instant::now();
    let running = lines.map(|(line, said)| (line, said, begin(&broker, line)));
    for (line, said, child) in running {
        let output = outcome(child);
        assert_eq!(output.code, 6, "{line}: {output:?}");
        assert!(output.err.contains(said), "{line}: {output:?}");
    }
    assert!(begun.elapsed() < IN_TIME + slack, "{:?}", begun.elapsed());
}

#[test]
fn the_dashboard_quits_at_once_whatever_its_broker_does() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    for reads in endless() {
        let what = format!("{reads:?}");
        let broker = HostileBroker::start(Behaviour {
            reads,
            text: "hostile".into(),
            messages: 1_000_000,
            ..Behaviour::default()
        });
        runtime.block_on(async {
            let addresses = vec![broker.address()];
            let access = Access::Full(client(addresses.clone()));
            let mut dashboard = Driver::start(DashboardOptions::new(session(access, addresses)));
            dashboard.press("3");
            dashboard.wait_for("orders").await;
            dashboard.press("l");
            let frames = dashboard.picture().frames;
            let drawn = |picture: &Picture| picture.frames > frames;
            dashboard.wait_for_picture("the tail", drawn).await;
            let asked = Instant::now();
            dashboard.press("ctrl-q");
            dashboard.ended().await;
            assert!(asked.elapsed() < IN_TIME, "{what}: {:?}", asked.elapsed());
        });
    }
}
