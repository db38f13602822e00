//! Values that a program decodes, on the real loop with real programs: the one of the guide, ones that fail in each way there is, one
//! that is mended, and none for a recording.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;

use liftui::app::{DecoderCommand, Schemas};
use liftui::client::Client;
use liftui::demo::DemoCluster;
use liftui::model::{AckPolicy, Destination, Operation, PublishOptions};
use liftui::runtime::{Access, DashboardOptions};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use crate::driver::{CAP, Driver, cluster_with, options_on, session};
use crate::scenario_recording::{player, recorded_with};
use crate::watchdog::run_program;

async fn publish(client: &Client, stream: &str, value: &[u8]) {
    let to = Destination::Partition(stream.into(), 0);
    let message = PublishOptions {
        ack_policy: AckPolicy::All,
        ..PublishOptions::new(to, value.to_vec())
    };
    let publish = Operation::Publish(Box::new(message));
    client.perform(publish).await.expect("it is stored");
}

/// An order as the program of the guide reads it.
pub(crate) fn order(number: u32, cents: u64, customer: &str) -> Vec<u8> {
    let parts = [
        &number.to_be_bytes()[..],
        &cents.to_be_bytes(),
        customer.as_bytes(),
    ];
    parts.concat()
}

/// The program of the guide.
pub(crate) fn guide_program() -> String {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/decoders.md"));
    let page = page.expect("the page is there");
    let (_, rest) = page.split_once("```python\n").expect("it has a program");
    let (program, _) = rest.split_once("```").expect("which ends");
    program.to_owned()
}

fn command(words: &[&str], folder: &Path) -> DecoderCommand {
    DecoderCommand {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        folder: folder.to_owned(),
    }
}

/// A dashboard in which these programs decode values.
fn options(cluster: &DemoCluster, decoders: Vec<(&str, DecoderCommand)>) -> DashboardOptions {
    let decoders = decoders.into_iter();
    let decoders = decoders.map(|(stream, command)| (stream.to_owned(), command));
    let mut options = options_on(cluster);
    options.session.settings.schemas = Schemas::new(decoders);
    options
}

#[tokio::test]
async fn the_program_of_the_guide_decodes_rows_fields_and_what_is_inspected() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, "orders", &order(7, 1234, "Zoë")).await;
    publish(&client, "orders", &order(100_205, 300, "Ada")).await;
    publish(&client, "orders", b"short").await;
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("decode.py"), guide_program()).expect("written");
    let python = command(&["python3", "decode.py"], folder.path());
    // It changes nothing in the cluster: whoever only observes may run it.
    let options = {
        let observer =
            liftui::client::Observer::new(liftui::client::ConnectOptions::new(cluster.addresses()));
        let access = Access::Observe(observer.expect("the addresses are well-formed"));
        let mut options = DashboardOptions::new(session(access, cluster.addresses()));
        options.session.settings.schemas = Schemas::new([("ord*".to_owned(), python)]);
        options
    };
    let mut dashboard = Driver::start(options);
    dashboard.open_tail().await;
    dashboard.wait_for("{\"order\": 7, \"amount\": 12.34").await;
    dashboard
        .wait_for("{\"order\": 100205, \"amount\": 3.0")
        .await;
    dashboard.wait_for_row(&["▸", "short"]).await;
    dashboard.press("enter");
    // A long sentence goes on below.
    dashboard
        .wait_for("decoder  python3: error: unpack_from")
        .await;
    dashboard
        .wait_for_row(&["▏", "offset 0 (actual buffer size is"])
        .await;
    dashboard.press("[ [");
    dashboard.wait_for_row(&["value    json · 16 B"]).await;
    dashboard.wait_for_row(&["decoder  python3"]).await;
    dashboard.wait_for("\"customer\": \"Zo\\u00eb\"").await;
    // Whoever looks for a field of it in a query is told that it is in no value.
    dashboard.press("j enter");
    let unsearched = "queries look at the bytes of a value, not at what python3 makes of them";
    dashboard.wait_for(unsearched).await;
    dashboard.press("b");
    dashboard
        .wait_for_row(&["decoder  python3: the value is shown as"])
        .await;
    dashboard.press("esc /");
    dashboard.type_text("cel: value.order == 7");
    dashboard
        .wait_for_row(&[" queries look at the bytes"])
        .await;
    dashboard.press("enter");
    dashboard.wait_for("none of 3 messages matches").await;
    dashboard
        .wait_for_row(&["   queries look at the bytes of a value, not at what"])
        .await;
    dashboard.press("esc c ctrl-u");
    dashboard.wait_for("tab: value.order  value.amount").await;
    dashboard.type_text("value.order value.amount");
    dashboard.press("enter");
    dashboard.wait_for_row(&["     7   12.34"]).await;
    dashboard.wait_for_row(&["100205    3.0"]).await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn whatever_a_program_does_wrong_is_said_beside_the_value_as_it_is_stored() {
    let here = std::env::temp_dir();
    let shell = |script: &str| command(&["sh", "-c", script], &here);
    let escapes =
        r"while head -c 5 | grep -q .; do printf '\000\000\000\000\012\033[2Jred\007\012x'; done";
    let wrong = [
        (
            "dies",
            shell("echo begin >&2; echo no schema >&2; exit 3"),
            "sh: exited with 3: no schema",
        ),
        (
            "floods",
            shell(r"head -c 5 >&2; printf '\000\000\240\000\000'; head -c 10485760 /dev/zero; cat"),
            "sh: its answer has 10485760 bytes, more than the 1 MiB that are taken",
        ),
        (
            "missing",
            command(&["/nowhere/decode"], &here),
            "decode: it cannot be started: No such file",
        ),
        (
            "hangs",
            shell("cat >/dev/null"),
            "sh: it did not answer within 5s and was killed",
        ),
    ];
    let names: Vec<&str> = wrong
        .iter()
        .map(|(name, ..)| *name)
        .chain(["escapes"])
        .collect();
    let (cluster, client) = cluster_with(&names).await;
    for name in &names {
        publish(&client, name, b"x").await;
    }
    let decoders = wrong
        .iter()
        .map(|(name, command, _)| (*name, command.clone()));
    let decoders = decoders.chain([("escapes", shell(escapes))]).collect();
    let mut dashboard = Driver::start(options(&cluster, decoders));
    dashboard.resize(240, 36);
    dashboard.wait_for("3 brokers").await;
    let open = |dashboard: &Driver, name: &str| {
        dashboard.press(":");
        dashboard.type_text(&format!("open {name}:0@0"));
        dashboard.press("enter");
    };
    for (name, _, expected) in &wrong {
        open(&dashboard, name);
        dashboard.wait_for(&format!("{name}:0 @ 0")).await;
        dashboard.wait_for(&format!("decoder  {expected}")).await;
        dashboard.wait_for_row(&["value    text · 1 B"]).await;
    }
    open(&dashboard, "escapes");
    dashboard.wait_for("␛[2Jred␇ x").await;
    dashboard.wait_for("decoder  sh").await;
    let screen = dashboard.wait_for("␛[2Jred␇").await;
    assert!(
        !screen.contains('\u{1b}') && !screen.contains('\u{7}'),
        "{screen}"
    );
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_table_shows_what_a_program_makes_of_the_latest_values() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    let to = Destination::Partition("orders".into(), 0);
    let message = PublishOptions {
        key: "k-1".into(),
        ack_policy: AckPolicy::All,
        ..PublishOptions::new(to, "x")
    };
    let publish = Operation::Publish(Box::new(message));
    client.perform(publish).await.expect("it is stored");
    let script = r"while head -c 5 | grep -q .; do printf '\000\000\000\000\010one\ntwo\007'; done";
    let shell = command(&["sh", "-c", script], &std::env::temp_dir());
    let mut dashboard = Driver::start(options(&cluster, vec![("orders", shell)]));
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    dashboard.press("T");
    dashboard.wait_for_row(&["k-1", "one two␇"]).await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_program_that_was_mended_is_run_anew_at_a_key() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, "orders", b"x").await;
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("decode.sh");
    fs::write(&script, "echo not yet >&2; exit 1").expect("written");
    let shell = command(&["sh", "decode.sh"], folder.path());
    let mut dashboard = Driver::start(options(&cluster, vec![("orders", shell)]));
    dashboard.open_tail().await;
    dashboard.press("enter");
    dashboard.wait_for("sh: exited with 1: not yet").await;
    let mended = r"while head -c 5 | grep -q .; do printf '\000\000\000\000\006mended'; done";
    fs::write(&script, mended).expect("written");
    dashboard.press("r");
    dashboard.wait_while("not yet").await;
    dashboard.wait_for_row(&["0 ", "mended"]).await;
    dashboard.shut_down().await;
}

/// A pipe named `alive` in that folder: its lines, until everybody has closed it who writes to it. It is read on a thread that
/// nobody waits for: opening it takes as long as nobody writes.
pub(crate) fn pipe(folder: &Path) -> UnboundedReceiver<String> {
    let path = folder.join("alive");
    let made = run_program(Command::new("mkfifo").arg(&path));
    assert!(made.expect("mkfifo runs").status.success());
    let (lines, read) = unbounded_channel();
    std::thread::spawn(move || {
        let file = fs::File::open(path).expect("it is there");
        for line in BufReader::new(file).lines() {
            let sent = lines.send(line.expect("it is text"));
            sent.expect("the test reads to the end");
        }
    });
    read
}

#[tokio::test]
async fn programs_and_what_they_have_started_end_with_the_dashboard() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, "orders", b"x").await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut alive = pipe(folder.path());
    // Both hold the pipe open, and neither looks at its input.
    let script = "exec 9>alive; echo begun >&9; sleep 10000 & sleep 10000";
    let shell = command(&["sh", "-c", script], folder.path());
    let mut dashboard = Driver::start(options(&cluster, vec![("orders", shell)]));
    dashboard.open_tail().await;
    dashboard.press("enter");
    dashboard.wait_for("sh has not answered yet").await;
    let begun = timeout(CAP, alive.recv()).await.expect("it begins");
    assert_eq!(begun.as_deref(), Some("begun"));
    dashboard.shut_down().await;
    let ended = timeout(CAP, alive.recv()).await.expect("all have ended");
    assert_eq!(ended, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_program_is_run_for_a_recording_which_has_nothing_of_what_one_made() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, "orders", b"x").await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("decoded.rec");
    let script = r"while head -c 5 | grep -q .; do printf '\000\000\000\000\007secret!'; done";
    let shell = command(&["sh", "-c", script], folder.path());
    let (mut dashboard, _) = recorded_with(options(&cluster, vec![("orders", shell)]), &path, true);
    dashboard.open_tail().await;
    dashboard.wait_for("secret!").await;
    dashboard.shut_down().await;

    let recording = crate::scenario_recording::open(&path);
    let raw = recording.decompressed();
    let answer = b"secret!";
    // The command itself is a setting.
    let found = raw.windows(answer.len()).filter(|bytes| bytes == answer);
    let commands = raw.windows(8).filter(|bytes| bytes == b"\\007secr");
    assert_eq!(found.count(), commands.count());
    let mut player = player(&path);
    player.seek(recording.end());
    let mut replay = Driver::replay(player, (120, 36));
    replay.press("space enter");
    replay.wait_for("decoder  sh is not run on what was").await;
    assert!(!replay.picture().text.contains("secret!"));
    replay.shut_down().await;
}
