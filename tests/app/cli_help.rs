//! What works without a cluster and beside a broken config file, what ends with its reader, and what a copied command does.

use std::fs;

use crate::cli_test_cluster::{TestCluster, bare, finish, outcome, read_lines, start};
use crate::watchdog::run_program;

#[test]
fn help_of_a_command_is_its_long_help() {
    let home = tempfile::tempdir().expect("a scratch folder");
    let run = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        finish(bare(home.path(), &words), b"")
    };
    for command in ["tail", "publish", "cursor set", "bench tail", "redrive"] {
        let help = run(&format!("help {command}"));
        assert_eq!(help.code, 0, "{help:?}");
        assert_eq!(help.out, run(&format!("{command} --help")).out, "{command}");
    }
    assert_eq!(run("help").out, run("--help").out);
    let unknown = run("help tial");
    assert_eq!(unknown.code, 2, "{unknown:?}");
}

#[test]
fn what_needs_no_cluster_works_beside_a_broken_config_and_says_what_is_wrong() {
    let home = tempfile::tempdir().expect("a scratch folder");
    let config = home.path().join("broken.toml");
    let path = config.to_str().expect("a plain path");
    let run = |text: &str, line: &str, input: &[u8]| {
        fs::write(&config, text).expect("it is written");
        let words = ["--config", path].into_iter().chain(line.split(' '));
        finish(bare(home.path(), &words.collect::<Vec<_>>()), input)
    };
    for broken in [
        "theme = \n",
        "bogus = 1\n",
        "[contexts.a]\naddr = [\"h:99999\"]\n",
    ] {
        for (line, input) in [
            ("keys -o raw", &b""[..]),
            ("log", b""),
            ("envelope encode v", b""),
        ] {
            let output = run(broken, line, input);
            assert_eq!(output.code, 0, "{line}: {output:?}");
            assert!(
                output.err.contains("broken.toml line "),
                "{line}: {output:?}"
            );
        }
        let check = run(broken, "keys --check", b"");
        assert_eq!(check.code, 2, "{check:?}");
    }
    let conflict = run("[keys]\n\"no.such\" = \"x\"\n", "keys -o raw", b"");
    assert_eq!(conflict.code, 0, "{conflict:?}");
    assert!(conflict.out.contains("quit"), "{conflict:?}");
    assert!(conflict.err.contains("no.such"), "{conflict:?}");
}

#[test]
fn who_follows_a_quiet_stream_ends_when_its_reader_has_left() {
    let test = TestCluster::new();
    test.ok("create quiet");
    test.feed("publish quiet --lines -o raw", b"1\n2\n3\n");
    for line in ["tail quiet -f %o\\n", "activity --follow"] {
        let mut follow = start(test.command(&line.split(' ').collect::<Vec<_>>()));
        read_lines(&mut follow, 1);
        // Nothing more comes, so that nothing is written that could fail.
        drop(follow.stdout.take());
        let output = outcome(follow);
        assert_eq!(output.code, 0, "{line}: {output:?}");
    }
}

#[test]
fn a_copied_deletion_runs_in_a_script() {
    let test = TestCluster::new();
    test.ok("create gone");
    let copied = liftui::model::Operation::Delete {
        stream: "gone".into(),
    };
    let words = copied.argv();
    let output = test.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((output.code, output.err.as_str()), (0, ""), "{output:?}");
    assert_eq!(test.fails("describe gone").0, 4);
}

#[test]
fn what_a_publish_cannot_mean_is_refused_with_its_remedy() {
    let test = TestCluster::new();
    test.ok("create one");
    for name in ["subject", "reply"] {
        let (code, sentence) = test.fails(&format!("publish one v -H {name}=x"));
        assert_eq!(code, 2, "{sentence}");
        assert!(sentence.contains("overwrites"), "{sentence}");
    }
    for field in ["value", "key"] {
        let both = format!("{{\"value\":\"a\",\"{field}\":\"a\",\"{field}_base64\":\"Yg==\"}}\n");
        let output = test.feed("publish one --ndjson", both.as_bytes());
        assert_eq!(output.code, 1, "{output:?}");
        assert!(output.err.contains("and this has both"), "{output:?}");
    }
    let elsewhere = b"{\"value\":\"a\",\"partition\":7}\n";
    let output = test.feed("publish one --ndjson", elsewhere);
    assert_eq!(output.code, 4, "{output:?}");
    assert!(output.err.contains("-p N"), "{output:?}");
    assert!(output.err.contains("--by-key"), "{output:?}");
    let large = test.feed("publish one", "x".repeat(1_200_000).as_bytes());
    assert_eq!(large.code, 1, "{large:?}");
    assert!(large.err.contains("max_payload is 1 MiB"), "{large:?}");
    assert_eq!(test.ok("tail one --to end --count"), "0\n");
}

#[test]
fn a_tour_without_brokers_to_spare_is_refused_with_its_reason() {
    let home = tempfile::tempdir().expect("a scratch folder");
    let tour = finish(
        bare(home.path(), &["demo", "--tour", "--brokers", "2"]),
        b"",
    );
    assert_eq!(tour.code, 2, "{tour:?}");
    assert!(tour.err.contains("it needs 3 brokers"), "{tour:?}");
    let headless = finish(bare(home.path(), &["demo", "--tour", "--headless"]), b"");
    assert_eq!(headless.code, 2, "{headless:?}");
}

#[test]
fn the_version_is_one_line_and_the_long_one_names_the_commit_that_is_built() {
    let home = tempfile::tempdir().expect("a scratch folder");
    let run = |option| finish(bare(home.path(), &[option]), b"").out;
    let short = format!("liftui {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run("-V"), short);
    let long = run("--version");
    let rest = long.strip_prefix(&short).expect("it begins alike");
    let (commit, features) = rest.split_once('\n').expect("two lines follow");
    assert_eq!(features, "features  dashboard\n");
    let commit = commit.strip_prefix("commit    ").expect("the commit");
    let git = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        git.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
        let output = run_program(&mut git).filter(|output| output.status.success());
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    // Where it was built of a package there is no repository.
    let Some(head) = git(&["log", "-1", "--date=short", "--format=%H (%cd)"]) else {
        return assert!(!commit.is_empty());
    };
    let ((hash, date), (full, day)) = (
        commit.split_once(' ').expect(commit),
        head.split_once(' ').expect("a commit has both"),
    );
    assert!(
        full.starts_with(hash) && hash.len() >= 7,
        "{commit}: {head}"
    );
    assert_eq!(date, day);
}
