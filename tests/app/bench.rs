//! `liftui bench` and a `tail` that nobody reads, as the real binary, against brokers of the demo cluster.

use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use liftui::demo::{AckFault, DemoCluster, DemoOptions, Framing};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::driver::{CAP, client};
use crate::hostile;
use crate::watchdog::output_of;

async fn cluster() -> DemoCluster {
    let options = DemoOptions {
        brokers: 1,
        // What is looked at here are amounts, and the cluster shares its thread with the test.
        framing: Framing::Bulk,
        ..DemoOptions::default()
    };
    DemoCluster::start(options).await.expect("it starts")
}

fn liftui(cluster: &DemoCluster, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_liftui"));
    command
        .args(["--config", "/dev/null", "--addr"])
        .arg(cluster.addresses().join(","))
        .args(arguments.split_whitespace())
        .stdin(Stdio::null());
    command
}

async fn run(cluster: &DemoCluster, arguments: &str) -> Output {
    let mut command = liftui(cluster, arguments);
    ended(spawn(command.stderr(Stdio::piped()))).await
}

fn told(output: &Output) -> Value {
    let told = serde_json::from_slice(&output.stdout);
    assert!(told.is_ok(), "{}", sentence(output));
    told.unwrap_or_default()
}

fn sentence(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn as_many_as_were_acked_are_read() {
    let cluster = cluster().await;
    let published = run(
        &cluster,
        "bench publish orders -n 3000 --size 128 --value json --create --partitions 3 --by-key -o ndjson",
    )
    .await;
    assert_eq!(published.status.code(), Some(0), "{}", sentence(&published));
    let told_of_publish = told(&published);
    assert_eq!(told_of_publish["acked"], 3000);
    assert_eq!(told_of_publish["unknown"], 0);
    assert!(told_of_publish["p99_ms"].as_f64() >= told_of_publish["p50_ms"].as_f64());

    let read = told(&run(&cluster, "bench tail orders -o ndjson").await);
    assert_eq!(
        (&read["received"], &read["missing"]),
        (&3000.into(), &0.into())
    );
    assert_eq!(read["bytes"], told_of_publish["bytes"]);
    assert_eq!(
        read["p50_ms"],
        Value::Null,
        "none of them was stored while it read"
    );

    let rich = run(
        &cluster,
        "tail orders --to end --count -q cel:value.amount<500",
    )
    .await;
    let rich: u32 = String::from_utf8_lossy(&rich.stdout)
        .trim()
        .parse()
        .unwrap();
    assert!(
        (1000..2000).contains(&rich),
        "amounts are spread evenly: {rich}"
    );
    cluster.stop().await;
}

#[tokio::test]
async fn a_table_says_the_same_to_eyes() {
    let cluster = cluster().await;
    let published = run(&cluster, "bench publish orders -n 1200 --create -o table").await;
    let table = String::from_utf8_lossy(&published.stdout);
    assert!(
        table.starts_with("orders: 1,200 messages of 256 B acked by the leader in "),
        "{table}"
    );
    assert!(
        table.contains("messages/s") && table.contains("p99.9 "),
        "{table}"
    );
    assert_eq!(sentence(&published), "created stream \"orders\"\n");
    cluster.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_not_made_unasked() {
    let cluster = cluster().await;
    for arguments in ["bench publish ordres -n 10", "bench tail ordres"] {
        let refused = run(&cluster, arguments).await;
        assert_eq!(refused.status.code(), Some(4), "{}", sentence(&refused));
        assert!(
            sentence(&refused).contains("ordres"),
            "{}",
            sentence(&refused)
        );
        assert!(refused.stdout.is_empty());
    }
    cluster.stop().await;
}

#[tokio::test]
async fn an_observer_publishes_nothing() {
    let cluster = cluster().await;
    let refused = run(&cluster, "--observe bench publish orders -n 10 --create").await;
    assert_eq!(refused.status.code(), Some(5), "{}", sentence(&refused));
    let there = run(&cluster, "streams -o raw").await;
    assert!(!String::from_utf8_lossy(&there.stdout).contains("orders"));
    cluster.stop().await;
}

#[tokio::test]
async fn acks_that_never_come_are_told_as_unknown() {
    let cluster = cluster().await;
    let made = run(&cluster, "create orders").await;
    assert!(made.status.success(), "{}", sentence(&made));
    cluster.faults().acks(AckFault::Lose);
    let unknown = run(
        &cluster,
        "--timeout 200ms bench publish orders -n 50 -o ndjson",
    )
    .await;
    assert_eq!(unknown.status.code(), Some(6), "{}", sentence(&unknown));
    assert_eq!(
        (
            told(&unknown)["acked"].as_u64(),
            told(&unknown)["unknown"].as_u64()
        ),
        (Some(0), Some(50))
    );
    cluster.stop().await;
}

#[tokio::test]
async fn an_interrupted_bench_tells_what_it_measured() {
    let cluster = cluster().await;
    let slow = "bench publish orders -n 1000000 --rate 200 --create -o ndjson";
    let child = spawn(liftui(&cluster, slow).stderr(Stdio::null()));
    // It has begun when its stream has messages.
    wait_for(&cluster, "orders", 20).await;
    interrupt(&child);
    let ended = ended(child).await;
    assert_eq!(ended.status.code(), Some(130));
    let told = told(&ended);
    assert!(told["acked"].as_u64() >= Some(20), "{told}");
    assert_eq!(
        told["unknown"], 0,
        "what was in flight is waited for: {told}"
    );
    cluster.stop().await;
}

#[tokio::test]
async fn a_tail_that_nobody_reads_keeps_little_and_loses_nothing() {
    const MESSAGES: u64 = 60_000;
    const SIZE: u64 = 1000;
    let cluster = cluster().await;
    let filled = format!("bench publish orders -n {MESSAGES} --size {SIZE} --create -o ndjson");
    assert_eq!(told(&run(&cluster, &filled).await)["acked"], MESSAGES);
    let all = "tail orders --from earliest --to end -o raw";
    let silent = spawn(liftui(&cluster, all).stderr(Stdio::null()));
    let at_rest = rests(&silent).await;
    assert!(
        at_rest < 40 << 20,
        "{at_rest} bytes for a reader that does not read"
    );

    let other = told(&run(&cluster, "bench tail orders -o ndjson").await);
    assert_eq!(
        other["received"], MESSAGES,
        "another subscriber is not held up"
    );
    assert!(
        rests(&silent).await < at_rest + (4 << 20),
        "it does not grow"
    );

    let read = ended(silent).await;
    assert_eq!(
        u64::try_from(read.stdout.len()).unwrap(),
        MESSAGES * (SIZE + 1),
        "all of them, a line each"
    );
    assert_eq!(read.status.code(), Some(0));
    cluster.stop().await;
}

#[tokio::test]
async fn hostile_messages_are_a_line_each() {
    let cluster = cluster().await;
    assert!(run(&cluster, "create hostile").await.status.success());
    hostile::publish(&client(cluster.addresses())).await;
    let printed = run(&cluster, "tail hostile --from earliest --to end -o table").await;
    assert_eq!(printed.status.code(), Some(0), "{}", sentence(&printed));
    let table = String::from_utf8(printed.stdout).expect("it is text");
    let lines: Vec<&str> = table.lines().skip(1).collect();
    assert_eq!(lines.len(), hostile::messages().len());
    assert!(lines.iter().all(|line| line.len() < 20_000), "each is cut");
    assert!(
        !table.contains(|c: char| c.is_control() && c != '\n'),
        "nothing acts on a terminal"
    );
    cluster.stop().await;
}

fn spawn(command: &mut Command) -> Child {
    command
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

/// Waits for its end beside the cluster, and takes what it said.
async fn ended(child: Child) -> Output {
    let output = spawn_blocking(move || output_of(child));
    output.await.expect("nothing panics there")
}

fn interrupt(child: &Child) {
    let id = i32::try_from(child.id()).expect("a process id");
    let id = Pid::from_raw(id).expect("a process id");
    kill_process(id, Signal::INT).expect("it runs");
}

/// Waits until the stream has so many messages.
async fn wait_for(cluster: &DemoCluster, stream: &str, messages: u64) {
    let there = async {
        loop {
            let counted = run(cluster, &format!("tail {stream} --count")).await;
            let counted = String::from_utf8_lossy(&counted.stdout)
                .trim()
                .parse::<u64>();
            if counted.is_ok_and(|count| count >= messages) {
                return;
            }
        }
    };
    timeout(CAP, there).await.expect("messages come");
}

/// Waits until the process neither reads from the network nor writes any more, and returns what of it is in memory.
async fn rests(child: &Child) -> u64 {
    let work = |id: u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).expect("it runs");
        let fields: Vec<String> = stat.split_whitespace().map(str::to_owned).collect();
        (fields[13].clone(), fields[14].clone())
    };
    let resident = |id: u32| {
        let statm = fs::read_to_string(format!("/proc/{id}/statm")).expect("it runs");
        let fields = statm.split_whitespace();
        let pages: Vec<u64> = fields
            .map(|pages| pages.parse().expect("a number"))
            .collect();
        // Pages of the binary itself are shared, and a debug build has many.
        (pages[1] - pages[2]) * 4096
    };
    let id = child.id();
    let still = async {
        let mut looks = tokio::time::interval(Duration::from_millis(300));
        looks.tick().await;
        let mut before = (work(id), resident(id));
        loop {
            looks.tick().await;
            let now = (work(id), resident(id));
            if now == before && now.1 > 1 << 20 {
                return now.1;
            }
            before = now;
        }
    };
    timeout(CAP, still).await.expect("it comes to rest")
}
