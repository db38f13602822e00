//! Queries that are kept between runs of the real binary, in a file that only its user may read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Terminal, config_file, has, tail_of_one_message};

fn quit(mut terminal: Terminal) {
    terminal.type_keys("\x11");
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
}

/// The one file in which queries of a cluster are kept.
fn kept_in(state: &Path) -> std::path::PathBuf {
    let folder = fs::read_dir(state.join("liftui/queries")).expect("the folder is there");
    let mut files = folder.map(|file| file.expect("it can be read").path());
    let file = files.next().expect("the file is there");
    assert_eq!(files.next(), None);
    file
}

#[test]
fn a_saved_query_and_what_was_typed_are_there_in_the_next_run() {
    let state = tempfile::tempdir().expect("there is room for files");
    let folder = state.path().to_str().expect("the path is text");
    let environment = [("XDG_STATE_HOME", folder)];
    let (alive, mut terminal) = tail_of_one_message(&environment);
    terminal.type_keys("/read");
    terminal.wait("the query", has("/ read"));
    terminal.type_keys("\x13");
    terminal.wait("the box for its name", has("Save a query"));
    terminal.type_keys("mine\r");
    terminal.wait("that it is saved", has("saved \"mine\" for orders"));
    terminal.type_keys("\r");
    terminal.wait("what matches", has("/read  1 matching"));
    quit(terminal);

    let file = kept_in(state.path());
    let mode = fs::metadata(&file).expect("it is there").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let mut terminal = alive.tail(&environment);
    terminal.type_keys("\x0f");
    terminal.wait("the saved query", has("mine"));
    terminal.type_keys("\r");
    terminal.wait("what matches", has("/read  1 matching"));
    terminal.type_keys("/\x15\x1b[A");
    terminal.wait("what was typed", has("/ read"));
    quit(terminal);
}

#[test]
fn what_is_only_typed_is_not_kept_where_the_config_says_so() {
    let state = tempfile::tempdir().expect("there is room for files");
    let config = config_file(state.path(), "history = false\n");
    let folder = state.path().to_str().expect("the path is text");
    let environment = [
        ("XDG_STATE_HOME", folder),
        ("LIFTUI_CONFIG", config.as_str()),
    ];
    let (_alive, mut terminal) = tail_of_one_message(&environment);
    terminal.type_keys("/read\r");
    terminal.wait("what matches", has("/read  1 matching"));
    terminal.type_keys("\x13");
    terminal.wait("the box for its name", has("Save a query"));
    terminal.type_keys("mine\r");
    terminal.wait("that it is saved", has("saved \"mine\" for orders"));
    quit(terminal);
    let text = fs::read_to_string(kept_in(state.path())).expect("it can be read");
    assert!(text.contains("\"mine\""), "{text}");
    assert!(text.contains("\"typed\":[]"), "{text}");
}
