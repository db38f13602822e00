//! `liftui check`: what it sees by a second look, and beside what the last check left.

use liftui::demo::DemoOptions;

use crate::cli_test_cluster::{CliOutput, TestCluster, bare, finish};
use crate::driver::client;

/// A stream with three replicas and some messages, and the number of the broker that leads it.
fn with_messages() -> (TestCluster, usize) {
    let test = TestCluster::of(DemoOptions::default());
    test.ok("create orders --replication 3");
    for _ in 0..5 {
        test.ok("publish orders text --ack all");
    }
    let orders = test.objects("partitions orders").remove(0);
    let leader = orders["leader"].as_str().expect("it has a leader");
    let number = leader.rsplit('-').next().expect("a number");
    (test, number.parse().expect("a number"))
}

fn fault(test: &TestCluster, line: &str) {
    let faults = test.cluster().faults();
    let done = test.block_on(async { faults.run(line) });
    assert!(done.is_ok(), "{done:?}");
}

/// A cluster whose leader was emptied after a check, and the first check that finds it.
fn wiped() -> (TestCluster, CliOutput) {
    let (test, leader) = with_messages();
    assert_eq!(test.line("check").code, 0);
    fault(&test, &format!("wipe {leader}"));
    // The brokers need a moment until one leads again; each check waits for a second itself.
    let found = test.line_until(30, "check", "orders:0 went back from 4 to");
    (test, found)
}

#[test]
fn what_went_back_since_the_last_check_is_found_until_somebody_knows_of_it() {
    let (test, found) = wiped();
    assert_eq!(found.code, 2, "{found:?}");
    assert!(found.out.contains("still hold"), "{found:?}");
    let again = test.line("check --looks 1");
    assert!(
        again.code == 2 && again.out.contains("orders:0 went back"),
        "later checks find it too: {again:?}"
    );
    let seen = finding(&test, "log-went-back");
    let known = test.line("check --acknowledge --looks 1");
    let message = seen["message"].as_str().expect("it says what");
    let mut lines = known.out.lines();
    assert!(
        !lines
            .next()
            .is_some_and(|line| line.starts_with("CRITICAL"))
    );
    let told = known.out.split_once(&format!("known    {message}\n"));
    let (_, told) = told.expect("it says what it took as known");
    for line in seen["detail"].as_array().expect("lines") {
        let line = line.as_str().expect("a line");
        if line.starts_with("liftui saw it before") {
            continue;
        }
        assert!(told.contains(line), "{line} is in {told}");
    }
    assert!(told.contains("partition 0 was held by demo-"), "{told}");
    assert!(told.contains(" up to 4"), "{told}");
    let later = test.line("check --looks 1");
    assert!(!later.out.contains("went back"), "{later:?}");
    let nothing = test.line("check --acknowledge --looks 1 -o json");
    assert!(nothing.out.contains("\"acknowledged\":[]"), "{nothing:?}");
}

/// A check of the context `prod`, whose brokers are those of that cluster.
fn check_as_prod(test: &TestCluster, config: &std::path::Path, options: &str) -> CliOutput {
    let addresses = test.addresses();
    let of_prod = format!("[contexts.prod]\naddr = {addresses:?}\n");
    std::fs::write(config, of_prod).expect("it is written");
    let config = config.to_str().expect("a plain path");
    let words = ["-c", "prod", "--config", config, "check", "--looks", "1"];
    let words: Vec<&str> = words
        .into_iter()
        .chain(options.split_whitespace())
        .collect();
    let home = std::path::Path::new(config).parent().expect("a folder");
    finish(bare(home, &words), b"")
}

#[test]
fn a_cluster_that_was_set_up_anew_is_told_of_until_somebody_knows() {
    let home = tempfile::tempdir().expect("a scratch folder");
    let config = home.path().join("config.toml");
    {
        let before = TestCluster::of(DemoOptions::default());
        before.ok("create orders");
        before.ok("publish orders text --ack all");
        assert_eq!(check_as_prod(&before, &config, "").code, 0);
    }
    let anew = TestCluster::of(DemoOptions::default());
    let first = check_as_prod(&anew, &config, "");
    assert_eq!(first.code, 2, "{first:?}");
    assert!(first.out.contains("1 stream vanished: orders"), "{first:?}");
    for look in ["the second", "the third"] {
        let later = check_as_prod(&anew, &config, "");
        let said = (
            later.code,
            later.out.lines().next(),
            later.out.contains("1 stream vanished: orders"),
        );
        assert_eq!(
            said,
            (2, first.out.lines().next(), true),
            "{look}: {later:?}"
        );
    }
    let known = check_as_prod(&anew, &config, "--acknowledge");
    assert!(
        known.out.contains("known    1 stream vanished: orders\n"),
        "{known:?}"
    );
    assert!(known.out.contains("1 offset was given"), "{known:?}");
    let later = check_as_prod(&anew, &config, "");
    assert_eq!(later.code, 0, "{later:?}");
}

#[test]
fn a_loss_stays_as_it_was_first_seen_while_the_log_grows_past_it() {
    let (test, _) = wiped();
    let first = finding(&test, "log-went-back");
    for count in [3, 10] {
        for _ in 0..count {
            test.ok("publish orders later --ack leader");
        }
        let later = finding(&test, "log-went-back");
        assert_eq!(later["message"], first["message"], "after {count} more");
        let partition = test.objects("partitions orders").remove(0);
        assert_ne!(partition["status"], "serving");
    }
    test.line("check --acknowledge --looks 1");
    assert!(!test.line("check").out.contains("went back"));
}

#[test]
fn commits_that_stand_still_show_at_the_second_look() {
    let (test, leader) = with_messages();
    let follower = leader % 3 + 1;
    // Until its leader takes it out of the ISR, nothing is committed.
    fault(&test, &format!("kill {follower}"));
    test.ok("publish orders text --ack leader");
    let stalled = "1 partition whose commits wait for it: orders:0";
    let twice = test.line("check");
    assert!(twice.code == 2 && twice.out.contains(stalled), "{twice:?}");
}

#[test]
fn fewer_looks_than_one_are_refused() {
    let test = TestCluster::new();
    let (code, sentence) = test.fails("check --looks 0");
    assert_eq!(code, 3, "a check that could not judge: {sentence}");
    assert!(sentence.contains("looks"), "{sentence}");
}

#[test]
fn a_tail_waits_for_what_is_stored_to_be_committed_as_long_as_it_may() {
    let (test, leader) = with_messages();
    let follower = leader % 3 + 1;
    fault(&test, &format!("kill {follower}"));
    test.ok("publish orders late --ack leader");
    let (code, sentence) = test.fails("tail orders --to end --wait-committed --timeout 1s");
    assert_eq!(code, 1);
    assert!(
        sentence.contains("1 message is still not committed after 1s"),
        "{sentence}"
    );
    // The leader takes the dead follower out of the ISR after a while.
    let out = test.ok("tail orders --to end --wait-committed --timeout 50s -o raw");
    assert!(out.ends_with("late\n"), "{out}");
    let (code, sentence) = test.fails("tail orders --wait-committed");
    assert_eq!(code, 2);
    assert!(sentence.contains("--to end"), "{sentence}");
}

#[test]
fn where_brokers_listen_is_kept_for_a_later_run() {
    let test = TestCluster::new();
    test.ok("brokers");
    let folder = test.home.path().join(".local/state/liftui/brokers");
    let files = || std::fs::read_dir(&folder).expect("it was kept");
    let path = files().next().expect("one cluster").expect("a file").path();
    let kept = std::fs::read_to_string(path).expect("it can be read");
    for address in test.addresses() {
        assert!(kept.contains(&address), "{address}: {kept}");
        // Whichever of its addresses is asked for, it is the same cluster.
        for name in [address.clone(), address.replace("127.0.0.1", "localhost")] {
            test.ok(&format!("brokers --addr {name}"));
            assert_eq!(files().count(), 1, "{name}");
        }
    }
}

/// The finding of that rule.
fn finding(test: &TestCluster, rule: &str) -> serde_json::Value {
    let output = test.line("check -o json");
    let report: serde_json::Value = serde_json::from_str(&output.out).expect("it is JSON");
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let found = findings.into_iter().find(|one| one["rule"] == rule);
    assert!(found.is_some(), "no {rule} in {output:?}");
    found.unwrap_or_default()
}

#[test]
fn what_the_last_check_found_is_as_old_as_it_says() {
    let test = TestCluster::of(DemoOptions::default());
    fault(&test, "kill 2");
    let first = finding(&test, "broker-silent");
    let second = finding(&test, "broker-silent");
    let third = finding(&test, "broker-silent");
    assert!(first["since"].is_null(), "one look dates nothing: {first}");
    assert!(second["since"].is_string(), "{second}");
    assert_eq!(second["since"], third["since"]);
    let detail = second["detail"].to_string();
    assert!(detail.contains("liftui saw it before"), "{detail}");
}

#[test]
fn the_min_isr_of_a_stream_that_this_user_created_is_known() {
    let test = TestCluster::of(DemoOptions::default());
    test.ok("create strict --replication 3 --min-isr 3");
    test.ok("create lenient --replication 3");
    let leader = test.objects("partitions strict")[0]["leader"].clone();
    let follower = if leader == "demo-1" { 2 } else { 1 };
    fault(&test, &format!("kill {follower}"));
    let found = finding(&test, "below-min-isr");
    assert_eq!(found["target"], "strict:0", "{found}");
    test.ok("delete strict --yes");
}

#[test]
fn a_cursor_beyond_the_end_is_said_to_be_that() {
    let test = TestCluster::of(DemoOptions::default());
    test.ok("create orders --replication 3");
    test.ok("publish orders text --ack all");
    let client = client(test.addresses());
    for (id, offset) in [("invoices", 500), ("reports", 1)] {
        let stored = test.block_on(client.set_cursor(id, "orders", 0, offset));
        stored.expect("other clients store what they like");
    }
    let cursors = test.objects("cursors orders");
    let of = |id: &str| cursors.iter().find(|cursor| cursor["id"] == id).cloned();
    let beyond = of("invoices").expect("it is listed");
    assert_eq!(beyond["beyond_end"], true, "{beyond}");
    assert!(beyond["lag"].is_null(), "{beyond}");
    let reads = of("reports").expect("it is listed");
    assert_eq!((reads.get("beyond_end"), &reads["lag"]), (None, &0.into()));
    assert!(
        test.ok("cursors orders -o table")
            .contains("beyond the end")
    );
    finding(&test, "cursor-beyond-end");
}

#[test]
fn a_consumer_that_is_behind_stays_in_the_verdict_while_its_cursor_is_paused() {
    let test = TestCluster::of(DemoOptions {
        cursor_partitions: Some(1),
        ..DemoOptions::default()
    });
    let config = test.home.path().join(".config/liftui/config.toml");
    std::fs::create_dir_all(config.parent().expect("a folder")).expect("it is made");
    std::fs::write(&config, "[alerts]\nlag_messages = 3\n").expect("it is written");
    test.ok("create orders --replication 3");
    for _ in 0..6 {
        test.ok("publish orders text --ack all");
    }
    test.ok("cursor set billing orders:0 1");
    finding(&test, "cursor-lag");
    test.ok("pause __cursors");

    // Nothing was stored since it was read, so that is how it still stands.
    let again = finding(&test, "cursor-lag");
    assert!(!again["detail"].to_string().contains("as of"), "{again}");
    let cursors = test.line("cursors");
    assert_eq!((cursors.code, cursors.err.as_str()), (0, ""), "{cursors:?}");
    assert!(cursors.out.contains("\"billing\""), "{cursors:?}");
    let offset = test.line("--observe cursor get billing orders:0 -o raw");
    assert_eq!((offset.code, offset.out.trim()), (0, "1"), "{offset:?}");

    // Who has never read it knows nothing, and does not say that all is well.
    let state = test.home.path().join(".local/state");
    std::fs::remove_dir_all(state).expect("it was kept there");
    let check = test.line("check");
    assert_eq!(check.code, 3, "{check:?}");
    let said =
        "cursors are unknown: partition 0 of __cursors is paused, and what it holds was not read";
    assert!(check.out.contains(said), "{check:?}");
    let cursors = test.line("cursors");
    assert_eq!((cursors.code, cursors.out.as_str()), (0, ""), "{cursors:?}");
    assert!(
        cursors.err.contains("are not shown: it is paused"),
        "{cursors:?}"
    );
}

#[test]
fn a_cursor_that_was_moved_back_between_two_checks_is_found_until_it_is_there_again() {
    let (test, _) = with_messages();
    test.ok("cursor set billing orders:0 3");
    let moved = |line: &CliOutput| line.out.contains("moved back");
    let first = test.line("check --looks 1");
    assert!(!moved(&first), "{first:?}");
    test.ok("cursor set billing orders:0 1");
    for _ in 0..2 {
        let found = test.line("check --looks 1");
        assert!(moved(&found), "{found:?}");
    }
    // On its way there it is still told where it was moved to, not where it has come to since.
    test.ok("cursor set billing orders:0 2");
    test.line("check --looks 1");
    let finding = finding(&test, "cursor-moved-back");
    assert_eq!(finding["severity"], "warning");
    let detail = finding["detail"].to_string();
    assert!(detail.contains("from 3 to 1"), "{detail}");
    test.ok("cursor set billing orders:0 3");
    let caught_up = test.line("check --looks 1");
    assert!(!moved(&caught_up), "{caught_up:?}");
    // Another stream of that name has another log.
    test.ok("delete orders --yes");
    test.ok("create orders --replication 3");
    test.ok("publish orders text --ack all");
    test.ok("cursor set billing orders:0 0");
    let anew = test.line("check --looks 1");
    assert!(!moved(&anew), "{anew:?}");
}
