//! The first minute: nobody names a cluster, and one context needs no name.

use std::fs;
use std::net::TcpListener;
use std::sync::Arc;

use liftui::cli::typed_line;
use liftui::recording::{Player, Recording};

use super::{Terminal, config_file, has};
use crate::cli_test_cluster::TestCluster;

/// Where commands look for a broker where nobody names one.
const DEFAULT: &str = "127.0.0.1:9292";

#[test]
fn where_nobody_was_named_and_nobody_answers_a_key_opens_the_demo() {
    if TcpListener::bind(DEFAULT).is_err() {
        println!("SKIPPED: something listens at {DEFAULT}");
        return;
    }
    let home = tempfile::tempdir().expect("a scratch folder");
    let home = home.path().to_str().expect("the path is text");
    let mut terminal = Terminal::run(
        &[
            "--config",
            "/dev/null",
            "--record",
            &format!("{home}/both.rec"),
        ],
        &[("HOME", home), ("LIFTUI_ADDR", "")],
    );
    terminal.wait(
        "the offer",
        has("L                       a demo, in this process"),
    );
    terminal.type_keys("L");
    terminal.wait("the demo with its streams", |screen| {
        let text = screen.contents();
        text.contains("liftui demo") && text.contains("3 brokers") && text.contains("10 streams")
    });
    terminal.type_keys(":fault kill 2\r");
    terminal.wait(
        "that it is one's own to break",
        has("demo-2 does not answer"),
    );
    terminal.type_keys("\x11");
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);

    let recorded = fs::read(format!("{home}/both.rec")).expect("it was recorded");
    let recording = Recording::read(recorded).expect("it is a recording");
    assert!(!recording.is_damaged, "both dashboards are in it");
    let player = Player::new(Arc::new(recording), typed_line::parse);
    let mut player = player.expect("it begins with the first");
    assert!(player.app().truth().as_of.is_none());
    while player.next_frame() {}
    assert_eq!(player.app().truth().brokers.len(), 3);
}

#[test]
fn the_tour_breaks_the_demo_until_a_key_takes_over() {
    let home = tempfile::tempdir().expect("a scratch folder");
    let home = home.path().to_str().expect("the path is text");
    let arguments = ["--config", "/dev/null", "demo", "--tour"];
    let mut terminal = Terminal::run(&arguments, &[("HOME", home)]);
    terminal.wait("the first caption", has("1: three brokers"));
    terminal.wait("that a broker died", has("demo-2 does not answer"));
    terminal.type_keys("2");
    terminal.wait("that the screen is one's own", |screen| {
        let text = screen.contents();
        text.contains("BROKERS")
            && text.contains("the tour is over")
            && text.contains("restart plan")
    });
    terminal.type_keys("\x11");
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
}

#[test]
fn the_only_context_of_the_config_file_is_opened_without_a_question() {
    let test = TestCluster::new();
    let addresses = test.addresses().join("\", \"");
    let config = format!("[contexts.staging]\naddr = [\"{addresses}\"]\n");
    let config = config_file(test.home.path(), &config);
    let home = test.home.path().to_str().expect("the path is text");
    let mut terminal = Terminal::run(
        &["--config", &config],
        &[("HOME", home), ("LIFTUI_ADDR", "")],
    );
    terminal.wait(
        "the cluster under its name",
        has("liftui staging ▏3 brokers"),
    );
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
}
