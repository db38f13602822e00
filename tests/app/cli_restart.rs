//! `liftui restart-plan` and `liftui balance`: what is safe, what is refused, and a rolling restart by a command.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;

use liftui::demo::DemoOptions;

use crate::cli_test_cluster::{CliOutput, TestCluster};
use crate::watchdog::{CAP, run_program};

/// A stream with three replicas, and no other but Liftbridge's own.
fn replicated() -> TestCluster {
    let test = TestCluster::of(DemoOptions::default());
    test.ok("create orders --replication 3 --partitions 3");
    test.ok("publish orders text --ack all");
    test
}

fn fault(test: &TestCluster, line: &str) {
    let faults = test.cluster().faults();
    let done = test.block_on(async { faults.run(line) });
    assert!(done.is_ok(), "{done:?}");
}

#[test]
fn all_in_sync_is_safe_and_what_has_one_replica_is_dangerous() {
    let test = replicated();
    let rows = test.objects("restart-plan");
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row["state"] == "safe"), "{rows:?}");
    test.ok("create lone --replication 1");
    let leader = test.objects("partitions lone")[0]["leader"].clone();
    let leader = leader.as_str().expect("it has a leader").to_owned();
    let output = test.line(&format!("restart-plan {leader}"));
    assert_eq!(output.code, 5, "{output:?}");
    assert!(output.out.contains("with no other replica"), "{output:?}");
    let allowed = test.line(&format!("restart-plan {leader} --allow-downtime"));
    assert_eq!(allowed.code, 0, "{allowed:?}");
}

#[test]
fn a_silent_broker_is_waited_for() {
    let test = replicated();
    fault(&test, "kill 2");
    let output = test.line("restart-plan demo-1 --wait --give-up-after 1s");
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.err.contains("waits: demo-1: "), "{output:?}");
    assert!(output.out.contains("demo-2 does not answer"), "{output:?}");
    let down = test.line("restart-plan demo-2 -o json");
    assert_eq!(down.code, 1, "{down:?}");
    assert!(down.out.contains("\"state\":\"down\""), "{down:?}");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| test.line("restart-plan demo-1 --wait"));
        fault(&test, "restart 2");
        let output = waiting.join().expect("it ends");
        assert_eq!(output.code, 0, "{output:?}");
    });
}

#[test]
fn a_broker_that_does_not_exist_is_told_with_what_was_meant() {
    let test = replicated();
    let (code, sentence) = test.fails("restart-plan demo-11");
    assert_eq!(code, 4);
    assert!(
        sentence.contains("there is no broker \"demo-11\""),
        "{sentence}"
    );
    assert!(sentence.contains("demo-1"), "{sentence}");
}

/// Runs a plan whose command asks this process for the restart by one pipe, and waits for it by another.
fn roll(test: &TestCluster, arguments: &[&str]) -> CliOutput {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let pipes = ["asked", "done"].map(|name| folder.path().join(name));
    let made = run_program(Command::new("mkfifo").args(&pipes));
    assert!(made.expect("mkfifo runs").status.success());
    let [asked, done] = &pipes;
    // Open for both, so that nobody waits for somebody to open the other end.
    let open = |pipe| fs::File::options().read(true).write(true).open(pipe);
    let [asking, mut returned] = [asked, done].map(|pipe| open(pipe).expect("a pipe"));
    let command = format!(
        "echo $LIFTUI_BROKER > {}; read _ < {}; echo $LIFTUI_BROKER $LIFTUI_BROKER_HOST:$LIFTUI_BROKER_PORT",
        asked.display(),
        done.display()
    );
    let options = ["--in-sync-for", "2s", "-o", "ndjson"];
    let mut line = vec!["restart-plan", "--exec", &command];
    line.extend(options.iter().chain(arguments));
    let (tell, news) = channel();
    let end = tell.clone();
    // Nobody waits for this thread: the pipe never ends.
    thread::spawn(move || {
        let mut brokers = BufReader::new(asking).lines().map_while(Result::ok);
        brokers.all(|broker| tell.send(Some(broker)).is_ok())
    });
    thread::scope(|scope| {
        let rolling = scope.spawn(move || {
            let output = test.run(&line);
            end.send(None).ok();
            output
        });
        while let Some(broker) = news.recv_timeout(CAP).expect("it goes on") {
            let number = broker.strip_prefix("demo-").expect("a broker");
            fault(test, &format!("kill {number}"));
            fault(test, &format!("restart {number}"));
            returned.write_all(b"\n").expect("the command reads");
        }
        rolling.join().expect("it ends")
    })
}

#[test]
fn all_brokers_are_restarted_one_after_another_by_a_command() {
    let test = replicated();
    let output = roll(&test, &["--yes"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(output.out.matches("\"restarted\"").count(), 3, "{output:?}");
    for number in 1..=3 {
        let ran = format!("demo-{number} 127.0.0.1:");
        assert!(output.err.contains(&ran), "{ran}: {output:?}");
        let back = format!("demo-{number}: back and in sync");
        assert!(output.err.contains(&back), "{back}: {output:?}");
    }
    assert_eq!(test.line("check").code, 0);
}

#[test]
fn a_command_that_fails_and_a_danger_end_it() {
    let test = replicated();
    let failed = test.run(&["restart-plan", "--exec", "exit 7", "--yes"]);
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(
        failed.err.contains("nothing more is restarted"),
        "{failed:?}"
    );
    test.ok("create lone --replication 1");
    let leader = test.objects("partitions lone")[0]["leader"].clone();
    let leader = leader.as_str().expect("it has a leader").to_owned();
    let refused = test.run(&["restart-plan", &leader, "--exec", "true", "--yes"]);
    assert_eq!(refused.code, 5, "{refused:?}");
    assert!(refused.err.contains("is dangerous"), "{refused:?}");
    assert_eq!(refused.out, "");
}

#[test]
fn nothing_is_restarted_unasked_or_by_an_observer() {
    let test = replicated();
    let (code, sentence) = test.fails("restart-plan --exec true");
    assert_eq!(code, 5);
    assert!(sentence.contains("say --yes"), "{sentence}");
    let (code, sentence) = test.fails("restart-plan --exec true --yes --observe");
    assert_eq!(code, 5);
    assert!(sentence.contains("only observed"), "{sentence}");
}

#[test]
fn the_balance_counts_leaders_and_replicas() {
    let test = replicated();
    let rows = test.objects("balance");
    assert_eq!(rows.len(), 3);
    let leaders: u64 = rows.iter().filter_map(|row| row["leaders"].as_u64()).sum();
    let partitions = test.objects("partitions").len();
    assert_eq!(usize::try_from(leaders), Ok(partitions));
    assert!(test.ok("balance -o table").contains("LEADS"));
}

#[test]
fn a_command_that_does_not_end_is_killed_and_told() {
    let test = replicated();
    let output = test.run(&[
        "restart-plan",
        "demo-1",
        "--exec",
        "exec sleep 1000",
        "--yes",
        "--give-up-after",
        "2s",
    ]);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.err.contains("did not end within 2s"), "{output:?}");
}
