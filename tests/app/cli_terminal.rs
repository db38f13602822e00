//! What a hostile broker gets onto a terminal by way of the command line: nothing that acts on it.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use tonic::Code;

use crate::cli_test_cluster::{TestCluster, bare, finish};
use crate::hostile_broker::{Behaviour, Ending, HostileBroker, Reads};
use crate::pty::{end_of, id_of};
use crate::watchdog::Watchdog;

/// ESC and OSC 52, C1 in UTF-8, DEL, BEL, backspace, CR, direction, joiners, tags.
const HOSTILE: &str = "h\u{1b}]52;c;aGk=\u{7}\u{1b}[2J\u{9b}31m\u{9d}0;x\u{9c}\u{85}\u{8}\r\u{7f}\u{202e}\u{2066}\u{200d}\u{e0041}\u{feff}z";

/// Every command that prints something of a server's.
const COMMANDS: [&str; 29] = [
    "brokers",
    "streams",
    "subjects",
    "verify orders",
    "partitions",
    "partitions orders",
    "describe orders",
    "create other",
    "delete orders --yes",
    "pause orders",
    "resume orders",
    "readonly orders",
    "writable orders",
    "publish orders x",
    "publish-subject orders x",
    "tail orders --to end",
    "tail orders --to end --progress -n 1",
    "cursors",
    "cursor get x orders:0",
    "cursor set x orders:0 1",
    "groups",
    "redrive orders copies --dry-run",
    "redrive orders copies",
    "activity",
    "check --looks 1",
    "bench tail orders --to end",
    "bench publish orders --messages 3",
    "log",
    "config",
];

const FORMS: [&str; 5] = ["table", "json", "ndjson", "csv", "raw"];

/// What a command writes to a terminal, both streams of it.
fn on_terminal(broker: &HostileBroker, line: &str) -> String {
    on_columns(200, broker.home.path(), &broker.address(), line)
}

/// The same on a terminal of so many columns.
fn on_columns(cols: u16, home: &Path, address: &str, line: &str) -> String {
    let pair = native_pty_system()
        .openpty(PtySize {
            rows: 24,
            cols,
            ..PtySize::default()
        })
        .expect("a pseudo-terminal opens");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_liftui"));
    command.env_clear();
    command.env("HOME", home);
    command.env("LIFTUI_ADDR", address);
    command.args(line.split_whitespace());
    let mut child = pair.slave.spawn_command(command).expect("it starts");
    drop(pair.slave);
    let watchdog = Watchdog::over(id_of(&*child));
    let mut reader = pair.master.try_clone_reader().expect("it can be read");
    let mut written = Vec::new();
    // A terminal whose program has ended reads as broken.
    let _end = reader.read_to_end(&mut written);
    drop(watchdog);
    end_of(&mut *child);
    String::from_utf8(written).expect("what a terminal gets is text")
}

#[test]
fn long_names_are_cut_in_the_middle_where_the_terminal_has_no_room() {
    let test = TestCluster::new();
    let name = format!("orders-{}-eu", "of-the-web-shop-".repeat(8));
    test.ok(&format!("create {name} --partitions 2"));
    let home = tempfile::tempdir().expect("a scratch folder");
    let address = test.addresses().join(",");
    for line in ["streams", "partitions", "partitions -o table", "cursors"] {
        for cols in [120, 200] {
            let shown = without_ours(&on_columns(cols, home.path(), &address, line));
            let widest = shown.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(cols.into()), "{line} on {cols}: {shown}");
            let is_listed = line != "cursors";
            let has_both_ends = shown.contains("orde") && shown.contains("-eu");
            assert!(!is_listed || has_both_ends, "{line} on {cols}: {shown}");
        }
    }
    // Whoever reads a pipe gets them whole.
    for form in ["table", "ndjson", "csv", "raw"] {
        let whole = test.ok(&format!("streams -o {form}"));
        assert!(whole.contains(&name), "{form}: {whole}");
    }
}

/// The text without what is ours: bold heads, the line of progress, and what the terminal makes of a line's end.
fn without_ours(text: &str) -> String {
    let mut text = text.replace("\r\n", "\n");
    for ours in ["\u{1b}[1m", "\u{1b}[0m", "\u{1b}[K"] {
        text = text.replace(ours, "");
    }
    let begins_with_progress = |line: &str| line.starts_with('\r');
    let lines = text.split('\n').map(|line| {
        if begins_with_progress(line) {
            line.replace('\r', "")
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The characters that act on a terminal, or on how others are read.
fn acting(text: &str) -> Vec<char> {
    let acts = |c: &char| match c {
        '\n' | '\t' => false,
        '\u{200d}'
        | '\u{feff}'
        | '\u{e0041}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    };
    text.chars().filter(acts).collect()
}

fn behaviours() -> Vec<(&'static str, Behaviour)> {
    let refusal = |code| Ending::Status(code, HOSTILE.to_owned());
    let names = Behaviour {
        text: HOSTILE.to_owned(),
        ..Behaviour::default()
    };
    let refuses = Behaviour {
        reads: Reads::Status(Code::Internal, HOSTILE.to_owned()),
        publishes: refusal(Code::Internal),
        changes: refusal(Code::InvalidArgument),
        ..names.clone()
    };
    let knows_nothing = Behaviour {
        metadata: refusal(Code::Unimplemented),
        ..names.clone()
    };
    vec![
        ("names", names),
        ("refusals", refuses),
        ("metadata", knows_nothing),
    ]
}

#[test]
fn no_text_of_a_server_acts_on_the_terminal_of_any_command_in_any_form() {
    let mut met = 0;
    for (what, behaviour) in behaviours() {
        let broker = HostileBroker::start(behaviour);
        for command in COMMANDS {
            let takes_form = ![
                "create",
                "delete",
                "pause",
                "resume",
                "readonly",
                "writable",
                "cursor set",
                "check",
            ]
            .iter()
            .any(|word| command.starts_with(word));
            let mut lines: Vec<String> = if takes_form {
                let lines = FORMS.map(|form| format!("--timeout 1s {command} -o {form}"));
                lines.into()
            } else {
                vec![format!("--timeout 1s {command}")]
            };
            if command.starts_with("check") {
                lines = ["text", "json", "nagios", "prometheus"]
                    .map(|form| format!("--timeout 1s {command} -o {form}"))
                    .into();
            }
            if command.starts_with("tail") {
                lines.push(format!("--timeout 1s {command} -f %t:%p:%k:%v:%h\\n"));
            }
            for line in lines {
                let text = on_terminal(&broker, &line);
                let text = without_ours(&text);
                assert_eq!(
                    acting(&text),
                    Vec::<char>::new(),
                    "{what}: {line}: {text:?}"
                );
                met += usize::from(text.contains("]52;c;"));
            }
        }
    }
    assert!(met > 100, "only {met} of the outputs held anything hostile");
}

#[test]
fn json_on_a_terminal_still_means_the_same() {
    let broker = HostileBroker::start(behaviours().remove(0).1);
    let text = on_terminal(&broker, "tail orders --to end -n 1 -o ndjson");
    let shown: serde_json::Value = serde_json::from_str(text.trim()).expect(&text);
    assert_eq!(shown["value"], HOSTILE);
    let text = on_terminal(&broker, "streams -o json");
    let streams: serde_json::Value = serde_json::from_str(&text).expect(&text);
    let names = streams.as_array().into_iter().flatten();
    assert!(names.into_iter().any(|stream| stream["name"] == HOSTILE));
}

#[test]
fn a_pipe_gets_the_bytes_of_a_message_and_stderr_nothing_that_acts() {
    let broker = HostileBroker::start(behaviours().remove(1).1);
    let run = |line: &str| {
        let arguments: Vec<&str> = line.split(' ').collect();
        let mut command = bare(broker.home.path(), &arguments);
        command.env("LIFTUI_ADDR", broker.address());
        finish(command, b"")
    };
    for line in [
        "--timeout 1s publish orders x",
        "--timeout 1s create x",
        "--timeout 1s tail orders --to end",
    ] {
        let output = run(line);
        assert!(output.err.contains("]52;c;"), "{line}: {output:?}");
        assert_eq!(
            acting(&output.err),
            Vec::<char>::new(),
            "{line}: {output:?}"
        );
    }
    let names = HostileBroker::start(behaviours().remove(0).1);
    let mut command = bare(
        names.home.path(),
        &["tail", "orders", "--to", "0", "-o", "raw"],
    );
    command.env("LIFTUI_ADDR", names.address());
    assert_eq!(
        finish(command, b"").bytes,
        [HOSTILE, "\n"].concat().into_bytes()
    );
}

#[test]
fn the_record_of_a_hostile_cursor_is_one_that_the_client_reads() {
    // Else the commands above would have met nothing.
    let broker = HostileBroker::start(Behaviour::default());
    let mut command = bare(broker.home.path(), &["cursors", "-o", "raw"]);
    command.env("LIFTUI_ADDR", broker.address());
    let output = finish(command, b"");
    assert!(
        output.out.contains("group:text-2\ttext\t0\t1\n"),
        "{output:?}"
    );
}

/// All files below, with what stands in them.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = fs::read(&path).expect("it is ours");
            found.push((path, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    found
}

#[test]
fn no_text_of_a_server_acts_in_the_files_that_are_kept() {
    let refusal = || Ending::Status(Code::Internal, HOSTILE.to_owned());
    let broker = HostileBroker::start(Behaviour {
        text: HOSTILE.to_owned(),
        changes: refusal(),
        publishes: refusal(),
        reads: Reads::Messages,
        ..Behaviour::default()
    });
    for line in [
        "create x",
        "publish orders x",
        "check",
        "redrive orders copies",
        "streams",
    ] {
        let arguments = ["--log", "liftui.log", "-vv"]
            .into_iter()
            .chain(line.split(' '));
        let mut command = bare(broker.home.path(), &arguments.collect::<Vec<_>>());
        command.env("LIFTUI_ADDR", broker.address());
        command.current_dir(broker.home.path());
        finish(command, b"");
    }
    let files = files(broker.home.path());
    let hostile = files.iter().filter(|(_, text)| text.contains("52;c;aGk="));
    assert!(
        hostile.count() >= 2,
        "the log and the log of changes: {files:?}"
    );
    for (path, text) in files {
        let acts = acting(&text);
        assert!(acts.is_empty(), "{}: {acts:?}", path.display());
    }
}
