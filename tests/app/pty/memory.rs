//! How the real binary was left is kept in a file that only its user may read; `--fresh` looks past it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{Alive, Terminal, has, tail_of_one_message};

/// A dashboard on that cluster, ended as soon as it shows that text.
fn look(alive: &Alive, state: &str, arguments: &[&str], text: &'static str) {
    let addresses = alive.cluster.addresses().join(",");
    let whole = ["--addr", &addresses, "--config", "/dev/null"];
    let whole = [&whole[..], arguments].concat();
    let mut terminal = Terminal::run(&whole, &[("XDG_STATE_HOME", state)]);
    terminal.wait("the screen", has(text));
    terminal.type_keys("\x11");
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
}

#[test]
fn it_begins_where_it_was_left_unless_it_is_to_be_fresh_or_the_file_is_damaged() {
    let folder = tempfile::tempdir().expect("there is room for files");
    let state = folder.path().to_str().expect("the path is text");
    let (alive, mut terminal) = tail_of_one_message(&[("XDG_STATE_HOME", state)]);
    terminal.type_keys("3*");
    terminal.wait("the favourite", has("★ orders"));
    terminal.type_keys("\x11");
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);

    let views = folder.path().join("liftui/views");
    let mut files = fs::read_dir(&views).expect("the folder is there");
    let file = files.next().expect("a file is there");
    let file = file.expect("it can be read").path();
    let mode = |path: &std::path::Path| {
        let found = fs::metadata(path).expect("it is there").permissions();
        found.mode() & 0o777
    };
    assert_eq!((mode(&file), mode(&views)), (0o600, 0o700));

    look(&alive, state, &[], "★ orders");
    look(&alive, state, &["--fresh"], "FINDINGS");
    look(&alive, state, &[], "★ orders");

    fs::write(&file, "{\"screen\": [").expect("it is damaged");
    let log = folder.path().join("log");
    let log = log.to_str().expect("the path is text");
    look(&alive, state, &["--log", log], "FINDINGS");
    let log = fs::read_to_string(log).expect("there is a log");
    let told = log.matches("how the dashboard looked cannot be read");
    assert_eq!(told.count(), 1, "{log}");
}

#[test]
fn what_rows_show_is_kept_unless_it_is_to_be_fresh() {
    for (arguments, is_kept) in [(&["--fresh"][..], false), (&[], true)] {
        let folder = tempfile::tempdir().expect("there is room for files");
        let state = folder.path().to_str().expect("the path is text");
        let (alive, mut first) = tail_of_one_message(&[]);
        first.type_keys("\x11");
        assert_eq!(first.wait_for_the_end().exit_code(), 0);
        let addresses = alive.cluster.addresses().join(",");
        let whole = ["--addr", &addresses, "--config", "/dev/null"];
        let whole = [&whole[..], arguments].concat();
        let mut terminal = Terminal::run(&whole, &[("XDG_STATE_HOME", state)]);
        terminal.wait("the screen", has("FINDINGS"));
        terminal.type_keys("3");
        terminal.wait("the stream", has("orders"));
        terminal.type_keys("l");
        terminal.wait("the tail", has("following"));
        terminal.type_keys("c");
        terminal.wait("the box", has("key value"));
        terminal.type_keys("\x15size value\r");
        terminal.wait("the column", has("SIZE"));
        terminal.type_keys("\x11");
        assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
        let rows = folder.path().join("liftui/rows");
        assert_eq!(rows.exists(), is_kept, "{arguments:?}");
    }
}
