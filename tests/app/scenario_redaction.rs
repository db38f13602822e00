//! A recording is handed on without what it names, and shows the same findings.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use liftui::app::App;
use liftui::client::Client;
use liftui::model::{AckPolicy, Destination, Operation, PublishOptions, StreamOptions, Timestamp};
use liftui::recording::Player;
use liftui::runtime::RecorderOptions;
use liftui::ui::RowCache;

use crate::cli_test_cluster::{CliOutput, bare, finish};
use crate::driver::{Driver, client};
use crate::scenario_recording::{
    busy_cluster, frame, open, player, recorded, ring, save, start, walk_through_faults,
};
use crate::test_screen::text_of;

/// What is typed, published or named nowhere but in this test.
const OWN: [&str; 9] = [
    "acme-invoices",
    "acme.eu.invoices",
    "acme-billing",
    "customer-4711",
    "mellon",
    "traceparent-x",
    "00-abcdef",
    "no-such-thing",
    "hidden draft",
];

/// Streams of the demo whose names are words of the program, too: `:settings` is a command.
const COMMON: [&str; 1] = ["settings"];

fn redact(folder: &Path, from: &Path, to: &Path) -> CliOutput {
    let [from, to] = [from, to].map(|path| path.to_string_lossy().into_owned());
    finish(bare(folder, &["replay", &from, "--redact", &to]), b"")
}

/// A stream, a message and a cursor that name somebody.
async fn name_somebody(client: &Client) {
    let create = Operation::Create(Box::new(StreamOptions {
        name: "acme-invoices".to_owned(),
        subject: "acme.eu.invoices".to_owned(),
        partitions: Some(1),
        replication_factor: Some(3),
        ..StreamOptions::default()
    }));
    client.perform(create).await.expect("it is made");
    let to = Destination::Partition("acme-invoices".into(), 0);
    let message = PublishOptions {
        ack_policy: AckPolicy::All,
        key: "customer-4711".into(),
        headers: vec![("traceparent-x".to_owned(), "00-abcdef".into())],
        ..PublishOptions::new(to, "speak mellon and enter")
    };
    let publish = Operation::Publish(Box::new(message));
    client.perform(publish).await.expect("it is stored");
    let set = Operation::SetCursor {
        id: "acme-billing".to_owned(),
        stream: "acme-invoices".into(),
        partition: 0,
        offset: 0,
    };
    client.perform(set).await.expect("it is set");
}

/// Types names into the filter, the command line, a form and the query of a tail, and has copies compared.
async fn type_names(dashboard: &mut Driver) {
    dashboard.press("3");
    dashboard.wait_for_row(&["acme-invoices", "●"]).await;
    dashboard.press(":");
    dashboard.type_text("verify acme-invoices:0");
    dashboard.press("enter");
    dashboard.wait_for("Copies of acme-invoices:0").await;
    dashboard.wait_while("Comparing:").await;
    dashboard.press("esc esc");
    dashboard.wait_while("Copies of").await;
    dashboard.press("3 /");
    dashboard.type_text("acme-inv");
    dashboard.press("enter");
    dashboard.wait_for_row(&["acme-invoices", "●"]).await;
    dashboard.press("enter enter");
    dashboard.wait_for("acme-invoices:0 ▏").await;
    dashboard.wait_for("mellon").await;
    dashboard.press("/");
    dashboard.type_text("mellon");
    dashboard.press("enter");
    dashboard.wait_for("1 matching of 1").await;
    dashboard.press(":");
    dashboard.type_text("tail acme-invoices:0 --from earliest");
    dashboard.press("enter");
    dashboard.wait_for("from earliest").await;
    dashboard.press(":");
    dashboard.type_text("tail no-such-thing");
    dashboard.press("enter");
    dashboard.wait_for("\"no-such-thing\"").await;
    dashboard.press("p");
    dashboard.wait_for("publish").await;
    dashboard.press("tab tab tab");
    dashboard.type_text("hidden draft");
    dashboard.press("esc 4");
    dashboard.wait_for("acme-billing").await;
    dashboard.press("3 tab esc esc");
}

/// The letters of all keys that were pressed, one behind the other.
fn letters(raw: &[u8]) -> String {
    // A text of four letters, and one of one letter after it.
    let key = b"\x64Char\x61";
    let keys = raw
        .windows(key.len() + 1)
        .filter(|bytes| bytes.starts_with(key));
    keys.map(|bytes| char::from(bytes[key.len()])).collect()
}

/// The rules and severities of what is found.
fn findings(app: &App) -> Vec<String> {
    let findings = app.truth().findings.iter();
    let mut kinds: Vec<String> = findings
        .map(|one| format!("{:?} {:?} {}", one.rule, one.severity, one.partitions.len()))
        .collect();
    kinds.sort();
    kinds
}

/// All that the truth of any frame names.
fn named(mut player: Player) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    while player.next_frame() {
        let truth = player.app().truth();
        let streams = truth.streams.iter().filter(|stream| !stream.internal);
        names.extend(streams.map(|stream| stream.name.to_string()));
        for broker in &truth.brokers {
            names.extend([broker.name().to_owned(), broker.address.to_string()]);
            names.extend(
                broker
                    .address
                    .rsplit_once(':')
                    .map(|(host, _)| host.to_owned()),
            );
        }
        names.extend(
            truth
                .cursors
                .iter()
                .map(|cursor| cursor.entry.id.to_string()),
        );
    }
    names.retain(|name| !name.is_empty() && !COMMON.contains(&name.as_str()));
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redacted_recording_names_nothing_and_finds_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let [whole, redacted] = ["whole", "redacted"].map(|name| folder.path().join(name));
    let cluster = busy_cluster().await;
    name_somebody(&client(cluster.addresses())).await;
    let (mut dashboard, _) = recorded(&cluster, &whole, true);
    type_names(&mut dashboard).await;
    walk_through_faults(&mut dashboard).await;
    dashboard.shut_down().await;
    let output = redact(folder.path(), &whole, &redacted);
    assert_eq!(output.code, 0, "{output:?}");

    let (original, raw) = (open(&whole).decompressed(), open(&redacted).decompressed());
    let has = |raw: &[u8], name: &str| {
        let mut windows = raw.windows(name.len());
        windows.any(|bytes| bytes.eq_ignore_ascii_case(name.as_bytes()))
    };
    for name in OWN {
        let is_recorded = has(&original, name) || letters(&original).contains(name);
        assert!(is_recorded, "{name} was recorded");
        assert!(!letters(&raw).contains(name), "{name} was typed");
    }
    let names = named(player(&whole));
    assert!(names.len() > 15, "{names:?}");
    for name in names.iter().map(String::as_str).chain(OWN) {
        assert!(!has(&raw, name), "{name} is there still");
    }

    let (mut before, mut after) = (player(&whole), player(&redacted));
    let mut most = 0;
    while before.next_frame() {
        assert!(after.next_frame(), "no frame is missing");
        let found = findings(before.app());
        assert_eq!(findings(after.app()), found, "frame {}", before.frames());
        most = most.max(found.len());
        let text = text_of(&frame(&after, &mut RowCache::default()));
        let mut all = names.iter().map(String::as_str).chain(OWN);
        let shown = all.find(|name| text.contains(name));
        assert_eq!(shown, None, "frame {}:\n{text}", before.frames());
    }
    assert!(!after.next_frame() && !after.is_broken());
    assert!(most > 2, "a broker died");
    let tails = |player: &Player| player.app().tails().all().len();
    assert_eq!(tails(&after), tails(&before), "tails are opened again");

    let again = redact(folder.path(), &whole, &redacted);
    assert_eq!(again.code, 5, "{again:?}");
    assert!(again.err.contains("is not overwritten"), "{again:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&redacted)
            .expect("it was written")
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_recording_begins_in_the_middle_no_letter_is_taken_for_a_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let cluster = busy_cluster().await;
    name_somebody(&client(cluster.addresses())).await;
    // No more than what stands behind the last of its beginnings, of which there is one each second.
    let recorder = RecorderOptions {
        kept: Duration::from_secs(15),
        most: 1,
        ..ring()
    };
    let (mut dashboard, _) = start(&cluster, recorder);
    type_names(&mut dashboard).await;
    let path = |number| folder.path().join(format!("part-{number}.rec"));
    let mut number = 0;
    // Until what is kept begins in the middle, and has letters in it.
    loop {
        number += 1;
        // Into the box of a tail, which a dashboard that begins in the middle does not have.
        dashboard.press("6 /");
        dashboard.type_text("mellon");
        dashboard.press("esc esc");
        save(&mut dashboard, &path(number), "has all since").await;
        let typed = letters(&open(&path(number)).decompressed());
        let mut kept = player(&path(number));
        let begins = kept.app().now();
        let has_frames = kept.next_frame();
        if begins != Timestamp::NEVER && typed.contains("mellon") && has_frames {
            break;
        }
    }
    dashboard.shut_down().await;
    let redacted = folder.path().join("redacted.rec");
    let output = redact(folder.path(), &path(number), &redacted);
    assert_eq!(output.code, 0, "{output:?}");
    // The letters of the keymap are there.
    let typed = letters(&open(&redacted).decompressed());
    assert!(
        !typed.contains("mellon") && !typed.contains("xxxxxx"),
        "{typed}"
    );
    assert!(player(&redacted).next_frame());
}
