//! Settings while the dashboard runs: a config file that changes, themes and keys chosen for now, where each value came from,
//! and what the program has logged.

use std::fs;
use std::path::Path;

use vt100::{Cell, Screen};

use super::{Terminal, config_file, has};

/// What stands on top of the form that creates.
const FORM: &str = "unique in the cluster";

const BEFORE: &str = "theme = \"dark\"\n[memory]\ntail_budget = \"64MiB\"\n";

/// A demo whose config file is in that folder, and where the file is.
fn demo_in(folder: &Path) -> (String, Terminal) {
    let config = config_file(folder, BEFORE);
    let home = folder.to_str().expect("the path is text");
    let mut terminal = Terminal::run(
        &["--config", &config, "demo", "--fresh"],
        &[("HOME", home), ("COLORTERM", "truecolor")],
    );
    terminal.wait("the demo with its streams", has("10 streams"));
    (config, terminal)
}

#[test]
fn a_config_file_that_changes_counts_at_once_where_it_can() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let (config, mut terminal) = demo_in(folder.path());
    let after = "theme = \"light\"\n[memory]\ntail_budget = \"128MiB\"\n\
         [keys]\n\"streams.create\" = \"ctrl-x c\"\n[time]\nzone = \"Asia/Kathmandu\"\n";
    fs::write(&config, after).expect("it can be written");
    let expected = [
        "was read again: keys.\"streams.create\", theme, time.zone",
        "from the next start on memory.tail_budget",
    ];
    terminal.type_keys("\x0e");
    terminal.wait("what counts and what does not yet", |screen| {
        let words = screen.contents().replace('│', " ");
        let text = words.split_whitespace().collect::<Vec<_>>().join(" ");
        expected.iter().all(|expected| text.contains(expected))
    });
    terminal.type_keys("q3\x18c");
    terminal.wait("the form behind the new keys", has(FORM));
    terminal.type_keys("\x1b");
    terminal.wait("the list below it", |screen| !has(FORM)(screen));
    terminal.type_keys(":settings\r");
    terminal.wait("the settings and where they come from", |screen| {
        let text = screen.contents();
        let row = |name: &str, value: &str| {
            text.lines()
                .any(|row| row.contains(name) && row.contains(value))
        };
        row("theme", "light") && row("time.zone", "Asia/Kathmandu") && row("history", "default")
    });
    terminal.type_keys("q");
    fs::write(&config, "theme = 7\n").expect("it can be written");
    terminal.type_keys("\x0e");
    terminal.wait("what is wrong with it", |screen| {
        let text = screen.contents();
        text.contains("line 1") && text.contains("what it said before still counts")
    });
    terminal.type_keys("\x11");
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
}

#[test]
fn a_theme_and_a_key_are_chosen_for_as_long_as_it_runs() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let (_config, mut terminal) = demo_in(folder.path());
    let brand = |screen: &Screen| screen.cell(0, 1).map(Cell::fgcolor);
    let dark = brand(terminal.seen.screen());
    terminal.type_keys(":theme light\r");
    terminal.wait("another colour, and how to keep it", |screen| {
        brand(screen) != dark && screen.contents().contains("theme = \"light\" in")
    });
    terminal.type_keys(":theme no-such\r");
    terminal.wait("what is there instead", has("no-such"));
    terminal.type_keys(":bind streams.create x\r");
    terminal.wait("how to keep it", has("streams.create is x until you quit"));
    terminal.type_keys("3x");
    terminal.wait("the form behind the new key", has(FORM));
    terminal.type_keys("\x1b");
    terminal.wait("the list below it", |screen| !has(FORM)(screen));
    terminal.type_keys(":bind streams.create j\r");
    terminal.wait("that j is taken", has("\"j\" means both"));
    terminal.type_keys(":log\r");
    terminal.wait("what was logged", has("What liftui has logged"));
    terminal.type_keys("\x11");
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
}
