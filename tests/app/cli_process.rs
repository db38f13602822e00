//! The process: addresses that do not answer, signals, pipes, settings and where they come from, help and its kin.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Stdio;
use std::thread;

use liftui::demo::{DemoOptions, IncidentPace, Traffic};
use rustix::process::Signal;
use serde_json::Value;

use crate::cli_test_cluster::{
    CliOutput, TestCluster, bare, finish, normalised, outcome, read_lines, signal, start,
};
use crate::watchdog::{end_of, output_of};

/// Nothing listens on the discard port.
const NOBODY: &str = "127.0.0.1:9";

/// Runs a line with no broker named.
fn alone(line: &str) -> CliOutput {
    let home = tempfile::tempdir().expect("a scratch folder");
    let arguments: Vec<&str> = line.split_whitespace().collect();
    finish(bare(home.path(), &arguments), b"")
}

#[test]
fn where_no_broker_is_the_sentence_says_so_and_the_code_is_3() {
    let commands = [
        "brokers",
        "streams",
        "partitions",
        "describe x",
        "create x",
        "delete x --yes",
        "pause x",
        "resume x",
        "readonly x",
        "publish x y",
        "publish x y --by-key",
        "publish-subject x y",
        "tail x",
        "cursors",
        "cursor get x y:0",
        "cursor set x y:0 1",
        "groups",
        "--observe cursor get x y:0",
        "redrive x y",
        "activity",
        "activity --follow",
        "subjects",
        "verify x",
    ];
    let home = tempfile::tempdir().expect("a scratch folder");
    let running = commands.map(|command| {
        let line = format!("--addr {NOBODY} {command}");
        let arguments: Vec<&str> = line.split(' ').collect();
        (command, start(bare(home.path(), &arguments)))
    });
    for (command, child) in running {
        let output = outcome(child);
        let said = "broker 127.0.0.1:9 refused the connection; is Liftbridge running there? --addr names other brokers\n";
        assert_eq!(output.code, 3, "{command}: {output:?}");
        assert!(output.err.ends_with(said), "{command}: {output:?}");
        assert_eq!(output.err.lines().count(), 1, "{command}: {output:?}");
    }
    let unknown = alone("--addr no-such-host.invalid streams");
    let said = "broker no-such-host.invalid:9292 has a host that cannot be resolved; \
                is the name right? --advertise translates names that are known elsewhere\n";
    assert_eq!((unknown.code, unknown.err.as_str()), (3, said));
    let ipv6 = alone("--addr [::1]:9 streams");
    assert_eq!(ipv6.code, 3, "{ipv6:?}");
    let check = alone(&format!("--addr {NOBODY} check"));
    assert_eq!(
        (check.code, check.out.as_str()),
        (3, "UNKNOWN: broker 127.0.0.1:9 refused the connection\n")
    );
}

#[test]
fn something_else_that_answers_is_told_from_a_broker() {
    let web = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = web.local_addr().expect("its address").port();
    thread::spawn(move || {
        for connection in web.incoming() {
            let Ok(mut connection) = connection else {
                return;
            };
            let mut request = [0; 512];
            let _whatever = connection.read(&mut request);
            let _gone =
                connection.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
            // Closed with bytes unread, it would be reset, and the answer with it.
            let _gone = connection.shutdown(Shutdown::Write);
            let _all = connection.read_to_end(&mut Vec::new());
        }
    });
    let output = alone(&format!("--addr 127.0.0.1:{port} streams"));
    let said = "broker HOST:PORT does not speak gRPC: something else than Liftbridge listens there, or it wants TLS\n";
    assert_eq!((output.code, normalised(&output.err).as_str()), (3, said));
}

#[test]
fn a_wrong_command_line_is_2_and_one_sentence() {
    for (line, said) in [
        (
            "--addr a:b streams",
            "\"a:b\" is not a broker's address: its port is not a number from 1 to 65535; write HOST:PORT, as in 10.0.0.1:9292",
        ),
        (
            "--addr ::1 streams",
            "\"::1\" is not a broker's address: an IPv6 address stands in brackets, as in [::1]:9292; write HOST:PORT, as in 10.0.0.1:9292",
        ),
        (
            "--advertise a streams",
            "\"a\" is not ADVERTISED=DIALLED, as in broker-1:9292=localhost:19292",
        ),
        (
            "--timeout 5 streams",
            "\"5\" is not a duration; write one like 500ms, 10s, 5m, 2h or 7d",
        ),
        (
            "--timeout 0s streams",
            "\"0s\" is no time at all; write some, like 500ms or 10s",
        ),
        (
            "--context prod streams",
            "there is no context \"prod\" in the config file",
        ),
        (
            "--config /nonexistent streams",
            "/nonexistent cannot be read: No such file or directory",
        ),
        (
            "tail x --from end",
            "\"end\" is a place to stop (--to), not to start",
        ),
        (
            "tail x --to -5",
            "\"-5\" is no place to stop; write an offset, end, @TIME or @-15m",
        ),
        (
            "tail x -q ~(",
            "--query \"~(\": this is no regular expression: unclosed group",
        ),
        (
            "create x --retention-age -5s",
            "\"-5s\" is not a duration; write one like 500ms, 10s, 5m, 2h or 7d",
        ),
        (
            "--tls-ca /nonexistent streams",
            "cannot read /nonexistent for TLS: No such file or directory",
        ),
        (
            "--tls-cert x streams",
            "a client certificate needs its key too",
        ),
        ("publish x y -H z", "\"z\" is not NAME=VALUE"),
        (
            "publish x y --lines",
            "[VALUE] and --lines exclude each other",
        ),
        (
            "publish x y -p 1 --by-key",
            "--partition and --by-key exclude each other",
        ),
        (
            "cursor set me orders 5",
            "\"orders\" is not STREAM:PARTITION, as in orders:0; all partitions at once take --to or --by",
        ),
        (
            "demo --headless --brokers 0",
            "\"0\" brokers cannot be: from 1 to 32",
        ),
        (
            "demo --headless --rate -1",
            "--rate \"-1\": not in 0..=4294967295",
        ),
        (
            "demo --rate 5 --quiet-traffic",
            "--rate and --quiet-traffic exclude each other",
        ),
        (
            "tial x",
            "there is no command \"tial\"; did you mean \"tail\"?",
        ),
        (
            "",
            "the dashboard needs a terminal; liftui --help lists the commands for scripts",
        ),
        (
            "demo",
            "the dashboard needs a terminal; liftui --help lists the commands for scripts",
        ),
    ] {
        let output = alone(line);
        assert_eq!(
            (output.code, output.err.as_str(), output.out.as_str()),
            (2, &*format!("{said}\n"), ""),
            "{line}"
        );
    }
    assert_eq!(alone("check --frobnicate").code, 3);
}

#[test]
fn an_ipv6_broker_and_an_advertised_address_are_dialled() {
    let test = TestCluster::of(DemoOptions {
        brokers: 1,
        ..DemoOptions::default()
    });
    let broker = test.addresses().remove(0);
    let Ok(door) = TcpListener::bind("[::1]:0") else {
        eprintln!("skipped: this machine has no IPv6 loopback");
        return;
    };
    let address = door.local_addr().expect("its address").to_string();
    let to = broker.clone();
    thread::spawn(move || forward(&door, &to));
    let output = test.run(&["--addr", &address, "brokers", "-o", "raw"]);
    assert_eq!(output.code, 0, "{output:?}");
    // The address that it was reached at, or the one that it advertises, as soon as that has answered too.
    let names = [&address, &broker].map(|name| format!("{name}\n"));
    assert!(names.contains(&output.out), "{output:?}");
    let override_ = format!("{broker}={address}");
    let output = test.run(&["--addr", &address, "--advertise", &override_, "create", "x"]);
    assert_eq!(
        (output.code, output.out.as_str()),
        (0, "created stream \"x\"\n")
    );
    let mixed = format!("{NOBODY},{broker}");
    assert_eq!(test.run(&["-a", &mixed, "streams", "-o", "raw"]).code, 0);
}

fn forward(door: &TcpListener, to: &str) {
    for near in door.incoming() {
        let (Ok(near), Ok(far)) = (near, TcpStream::connect(to)) else {
            return;
        };
        let ends = (
            near.try_clone().expect("a handle"),
            far.try_clone().expect("a handle"),
        );
        thread::spawn(move || pump(near, far));
        thread::spawn(move || pump(ends.1, ends.0));
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    let _ended = std::io::copy(&mut from, &mut to);
    to.shutdown(Shutdown::Write).ok();
}

#[test]
fn sigint_ends_a_tail_with_130_and_a_broken_pipe_ends_it_quietly() {
    let test = TestCluster::of(DemoOptions {
        traffic: Traffic::Workload {
            rate: None,
            incidents: IncidentPace::Usual,
        },
        ..DemoOptions::default()
    });
    let mut tail = start(test.command(&["tail", "clicks", "-f", "%o\\n"]));
    read_lines(&mut tail, 3);
    signal(&tail, Signal::INT);
    assert_eq!(outcome(tail).code, 130);
    let mut tail = start(test.command(&["tail", "orders"]));
    read_lines(&mut tail, 1);
    drop(tail.stdout.take());
    let output = outcome(tail);
    assert_eq!((output.code, output.err.as_str()), (0, ""));
    let mut watch = start(test.command(&["check", "--watch=1s", "-o", "nagios"]));
    read_lines(&mut watch, 1);
    drop(watch.stdout.take());
    let output = outcome(watch);
    assert_eq!((output.code, output.err.as_str()), (0, ""));
    let verdict = test.line("check --rule broker-silent").code;
    let unread = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        writer
    };
    for (command, code) in [
        (&["check", "--rule", "broker-silent"][..], verdict),
        (&["check", "--watch=1s"], 0),
        (&["stats", "orders"], 0),
        (&["bench", "tail", "orders"], 0),
    ] {
        let child = test.command(command).stdout(unread()).spawn();
        let status = end_of(&mut child.expect("it runs"));
        assert_eq!(status.code(), Some(code), "{command:?}");
    }
    let mut follow = start(test.command(&["activity", "--follow"]));
    assert!(read_lines(&mut follow, 2).contains("create_stream"));
    signal(&follow, Signal::INT);
    assert_eq!(outcome(follow).code, 130);
    let streams = test.ok("streams -o raw");
    for name in [
        "orders", "payments", "sensors", "settings", "clicks", "archive",
    ] {
        assert!(streams.lines().any(|line| line == name), "{streams}");
    }
    let cursors = test.objects("cursors orders");
    assert!(
        cursors
            .iter()
            .any(|cursor| cursor["lag"].as_i64() > Some(0)),
        "{cursors:?}"
    );
    let groups = test.objects("groups");
    let names = crate::cli_test_cluster::fields(&groups[0]);
    let known = "id coordinator epoch members streams lag lag_seconds";
    assert_eq!(names.join(" "), known);
}

#[test]
fn a_headless_demo_serves_until_it_is_asked_to_stop() {
    let home = tempfile::tempdir().expect("a scratch folder");
    for (name, how) in [("SIGINT", Signal::INT), ("SIGTERM", Signal::TERM)] {
        let arguments = [
            "demo",
            "--headless",
            "--port",
            "0",
            "--quiet-traffic",
            "--brokers",
            "2",
        ];
        let mut demo = start(bare(home.path(), &arguments));
        let line = read_lines(&mut demo, 1);
        let addresses = line
            .trim_end()
            .strip_prefix("listening on ")
            .expect("the first line");
        assert_eq!(addresses.split(',').count(), 2, "{line}");
        let output = finish(
            bare(home.path(), &["--addr", addresses, "brokers", "-o", "raw"]),
            b"",
        );
        assert_eq!(
            (output.code, output.out.lines().count()),
            (0, 2),
            "{output:?}"
        );
        signal(&demo, how);
        let output = outcome(demo);
        assert_eq!((output.code, output.err.as_str()), (0, ""), "{name}");
    }
}

#[test]
fn a_demo_at_the_ports_of_another_one_has_lost_nothing() {
    let home = tempfile::tempdir().expect("a scratch folder");
    let mut port = "0".to_owned();
    for run in ["the first", "the second"] {
        let words = ["demo", "--headless", "--brokers", "1", "--port", &port];
        let mut demo = start(bare(home.path(), &words));
        let line = read_lines(&mut demo, 1);
        let address = line.trim_end().strip_prefix("listening on ");
        let address = address.expect("the first line").to_owned();
        let output = finish(bare(home.path(), &["--addr", &address, "check"]), b"");
        for word in ["vanished", "anew"] {
            assert!(!output.out.contains(word), "{run}: {output:?}");
        }
        port = address.rsplit(':').next().expect("a port").to_owned();
        signal(&demo, Signal::TERM);
        assert_eq!(outcome(demo).code, 0, "{run}");
    }
}

#[test]
fn every_setting_is_shown_with_its_source() {
    let home = tempfile::tempdir().expect("a scratch folder");
    let run = |arguments: &[&str]| finish(bare(home.path(), arguments), b"");
    let setting = |output: &CliOutput, name: &str| -> Value {
        let rows = crate::cli_test_cluster::parse_lines(&output.out);
        rows.into_iter()
            .find(|row| row["setting"] == name)
            .expect("the setting")
    };
    let init = run(&["config", "init"]);
    let path = home.path().join(".config/liftui/config.toml");
    assert_eq!(
        (init.code, init.out.trim_end()),
        (0, path.to_str().expect("plain"))
    );
    let again = run(&["config", "init"]);
    assert_eq!(again.code, 1);
    assert!(
        again.err.ends_with("exists already and is left as it is\n"),
        "{again:?}"
    );
    let own = home.path().join("own.toml");
    fs::write(
        &own,
        "current_context = \"prod\"\n[contexts.prod]\naddr = [\"a\", \"b:1\"]\nobserve = true\n",
    )
    .expect("written");
    let own = own.to_str().expect("plain");
    let output = run(&["--config", own, "config"]);
    let named = setting(&output, "config");
    assert_eq!(named["from"], "command line, --config");
    let addr = setting(&output, "addr");
    assert_eq!(addr["value"], "a:9292,b:1");
    assert_eq!(addr["from"], format!("{own}, context prod"));
    let mut command = bare(home.path(), &["config"]);
    command
        .env("LIFTUI_CONFIG", own)
        .env("LIFTUI_ADDR", "c")
        .env("NO_COLOR", "1");
    let output = finish(command, b"");
    assert_eq!(setting(&output, "addr")["from"], "environment, LIFTUI_ADDR");
    assert_eq!(
        setting(&output, "config")["from"],
        "environment, LIFTUI_CONFIG"
    );
    assert_eq!(setting(&output, "theme")["from"], "environment, NO_COLOR");
    let output = run(&["--config", own, "--addr", "d", "config"]);
    assert_eq!(setting(&output, "addr")["from"], "command line, --addr");
    let near = run(&["--config", own, "-c", "prdo", "streams"]);
    let said = "there is no context \"prdo\" in the config file; did you mean \"prod\"?\n";
    assert_eq!((near.code, near.err.as_str()), (2, said));
    let observed = run(&["--config", own, "create", "x"]);
    assert_eq!(
        (observed.code, observed.err.as_str()),
        (
            5,
            "prod is only observed (context prod), so nothing was sent\n"
        )
    );
    fs::write(own, "[refresh]\nmetdata = \"1s\"\n").expect("written");
    let wrong = run(&["--config", own, "streams"]);
    assert_eq!(wrong.code, 2);
    assert!(
        wrong
            .err
            .ends_with("line 2: unknown key \"metdata\"; did you mean \"metadata\"?\n"),
        "{wrong:?}"
    );
    fs::write(own, "[keys]\n\"streams.delete\" = \"q\"\n").expect("written");
    assert_eq!(run(&["--config", own, "keys", "--check"]).code, 2);
    let fine = run(&["keys", "--check"]);
    assert!(
        fine.code == 0 && fine.out.ends_with("bindings, no conflict\n"),
        "{fine:?}"
    );
}

#[test]
fn a_context_on_the_command_line_is_the_cluster_that_is_asked_and_named() {
    let home = tempfile::tempdir().expect("a scratch folder");
    let own = home.path().join("own.toml");
    let text = format!("current_context = \"dev\"\n[contexts.dev]\naddr = [\"{NOBODY}\"]\n");
    fs::write(&own, text).expect("written");
    let own = own.to_str().expect("plain");
    let run = |line: &str| {
        let words = ["--config", own].into_iter().chain(line.split(' '));
        let mut command = bare(home.path(), &words.collect::<Vec<_>>());
        command.env("LIFTUI_ADDR", "127.0.0.1:7");
        finish(command, b"")
    };
    let asks = |line: &str, address: &str| {
        let output = run(line);
        let refused = format!("broker {address} refused the connection");
        assert_eq!(output.code, 3, "{line}: {output:?}");
        assert!(output.err.contains(&refused), "{line}: {output:?}");
    };
    asks("-c dev streams", NOBODY);
    asks("streams -c dev", NOBODY);
    asks("streams", "127.0.0.1:7");
    asks("-c dev -a 127.0.0.1:5 streams", "127.0.0.1:5");
    let is_named = |line: &str, name: &str| {
        let output = run(&format!("--observe {line} create x"));
        let said =
            format!("{name} is only observed (command line, --observe), so nothing was sent\n");
        assert_eq!(output.err, said, "{line}");
    };
    is_named("-c dev", "dev");
    is_named("--color never", "127.0.0.1:7");
    is_named("-c dev -a 127.0.0.1:5", "127.0.0.1:5");
}

#[test]
fn colours_come_only_where_they_are_asked_for() {
    let test = TestCluster::new();
    assert!(!test.ok("streams -o table").contains('\u{1b}'));
    assert!(
        test.ok("streams -o table --color always")
            .starts_with("\u{1b}[1m")
    );
    assert!(!test.ok("streams -o table --color never").contains('\u{1b}'));
}

#[test]
fn help_version_man_page_and_completions_are_there() {
    let version = alone("-V");
    assert_eq!(
        version.out,
        format!("liftui {}\n", env!("CARGO_PKG_VERSION"))
    );
    let short = alone("-h").out;
    for command in [
        "brokers",
        "publish-subject",
        "redrive",
        "envelope",
        "cursor",
        "check",
        "man",
    ] {
        assert!(
            short.contains(&format!("\n  {command} ")),
            "{command} in {short}"
        );
    }
    assert!(short.contains("--addr"), "{short}");
    let tail = alone("tail -h").out;
    assert!(
        tail.contains("--isr-replica") && !tail.contains("--tls-ca"),
        "{tail}"
    );
    let tail = alone("tail --help").out;
    assert!(
        tail.contains("--tls-ca") && tail.contains("Examples:"),
        "{tail}"
    );
    let page = alone("man").out;
    for part in [
        ".SH NAME",
        ".SH OPTIONS",
        ".SS liftui tail",
        ".SS liftui cursor set",
        ".SH SEEK",
        ".SH EXIT STATUS",
        ".SH EXAMPLES",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = alone(&format!("completions {shell}"));
        assert!(
            output.code == 0 && output.out.contains("redrive"),
            "{shell}"
        );
    }
}

/// The device that is always full is Linux's.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_with_what_could_not_be_written() {
    let home = tempfile::tempdir().expect("a scratch folder");
    for line in [
        &["keys"][..],
        &["log", "-o", "json"],
        &["completions", "bash"],
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full");
        let mut command = bare(home.path(), line);
        command.stdout(full.expect("it is there"));
        let output = command.stderr(Stdio::piped()).spawn().map(output_of);
        let output = output.expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{line:?}: {said}");
        assert_eq!(
            said, "standard output could not be written: No space left on device\n",
            "{line:?}"
        );
    }
}
