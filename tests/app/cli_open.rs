//! `open` where nothing is to be opened: each reason in one sentence, with its exit code. That it opens is `pty`'s.

use super::cli_test_cluster::TestCluster;

#[test]
fn what_cannot_be_opened_is_said_with_the_exit_code_of_its_kind() {
    let test = TestCluster::new();
    test.ok("create orders --replication 3 --partitions 2");
    test.ok("publish orders one -p 1 --ack all");
    for (line, code, sentence) in [
        (
            "open ordres:1@0",
            4,
            "stream \"ordres\" does not exist; did you mean \"orders\"?",
        ),
        (
            "open orders:5@0",
            4,
            "partition 5 of stream \"orders\" does not exist; its partitions are 0 to 1",
        ),
        (
            "open orders:1@7",
            4,
            "orders:1 has no message 7: its newest one is 0",
        ),
        (
            "open orders:0@0",
            4,
            "orders:0 has no message 0: it is empty",
        ),
        ("open orders:1@soon", 2, "is no place in a stream"),
        ("open :curs", 2, "there is no screen \"curs\""),
        (
            "open orders?cel:%20value.",
            2,
            "the expression does not parse",
        ),
        (
            "open liftui://prod/orders",
            2,
            "there is no context \"prod\" here",
        ),
        (
            "open liftui://127.0.0.1:1/orders --addr 127.0.0.1:2",
            2,
            "leave --addr and --context out",
        ),
        ("open liftui://127.0.0.1:9/orders", 3, "127.0.0.1:9"),
        // All of it is there but a terminal.
        ("open orders:1@0", 2, "needs a terminal"),
    ] {
        let found = test.line(line);
        assert_eq!(found.code, code, "{line}: {found:?}");
        assert!(found.err.contains(sentence), "{line}: {}", found.err);
        assert_eq!(
            found.err.trim_end().lines().count(),
            1,
            "{line}: {}",
            found.err
        );
    }
}

#[test]
fn a_context_is_looked_for_at_its_own_address_whatever_the_environment_says() {
    let test = TestCluster::new();
    test.ok("create orders --replication 3");
    let config = test.home.path().join("contexts.toml");
    std::fs::write(&config, "[contexts.gone]\naddr = [\"127.0.0.1:1\"]\n").expect("it is written");
    let config = config.to_str().expect("the path is text");
    let found = test.run(&["open", "liftui://gone/orders:0@0", "--config", config]);
    assert_eq!(found.code, 3, "{found:?}");
    assert!(found.err.contains("127.0.0.1:1"), "{found:?}");
}
