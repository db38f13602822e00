//! Keys of other scripts as terminals send them to the real binary, and the layout that the user prefers.

use super::{NOBODY, Screen, Terminal, config_file, has};

fn has_not(text: &'static str) -> impl Fn(&Screen) -> bool {
    move |screen: &Screen| screen.contents().contains("liftui") && !screen.contents().contains(text)
}

#[test]
fn letters_chords_and_modified_letters_count_by_their_place() {
    let mut terminal = Terminal::start(&[("LC_ALL", "en_US.UTF-8")]);
    terminal.wait_for_dashboard();
    // M, then alt-m, each where a Russian keyboard types another letter.
    terminal.type_keys("Ь");
    terminal.wait("the mouse let go", has("mouse let go"));
    terminal.type_keys("\x1bь");
    terminal.wait("the mouse taken", has_not("mouse let go"));
    // ctrl-c as terminals send it that tell of ctrl and a letter without a control character of its own.
    terminal.type_keys("\x1b[1089;5u");
    terminal.wait("the question", has("ctrl-c again to quit"));
    terminal.type_keys("\x1b[1089;5u");
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
}

#[test]
fn the_layout_of_the_config_file_or_of_the_locale_decides() {
    let folder = tempfile::tempdir().expect("there is room for files");
    for (text, locale, mouse) in [
        ("keyboard = \"bulgarian\"", "en_US.UTF-8", "П"),
        ("", "bg_BG.UTF-8", "П"),
        ("keyboard = \"russian\"", "bg_BG.UTF-8", "Ь"),
    ] {
        let config = config_file(folder.path(), text);
        let arguments = ["--addr", NOBODY, "--config", &config];
        let mut terminal = Terminal::run(&arguments, &[("LC_ALL", locale)]);
        terminal.wait_for_dashboard();
        terminal.type_keys(mouse);
        terminal.wait("the mouse let go", has("mouse let go"));
        terminal.type_keys("\x11");
        assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
    }
}

#[test]
fn a_layout_can_be_turned_off() {
    let folder = tempfile::tempdir().expect("there is room for files");
    let config = config_file(folder.path(), "keyboard = \"none\"");
    let mut terminal = Terminal::run(&["--addr", NOBODY, "--config", &config], &[]);
    terminal.wait_for_dashboard();
    // What means nothing changes nothing; the key after it does.
    terminal.type_keys("Ь?");
    terminal.wait("the help", has("Keys"));
    assert!(!terminal.seen.screen().contents().contains("mouse let go"));
    terminal.type_keys("\x11");
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
}
