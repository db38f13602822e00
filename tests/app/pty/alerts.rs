//! What the real binary makes its terminal do when a demo broker dies: the bell, a notification, the title.

use super::{config_file, tail_of_one_message};

#[test]
fn the_bell_rings_a_notification_shows_and_the_title_counts_until_the_end() {
    let folder = tempfile::tempdir().expect("there is room for files");
    for (desktop, begins) in [
        ("osc9", "\x1b]9;liftui: 127.0.0.1"),
        ("osc777", "\x1b]777;notify;liftui;127.0.0.1"),
    ] {
        let text = format!(
            "[alerts]\nafter = \"0s\"\nbell = true\ntitle = true\ndesktop = \"{desktop}\"\n"
        );
        let config = config_file(folder.path(), &text);
        let environment = [("LIFTUI_CONFIG", config.as_str()), ("TMUX", "")];
        let (alive, mut terminal) = tail_of_one_message(&environment);
        // The title that it had is put aside before it gets another one.
        terminal.wait_for_bytes(b"\x1b[22;0t\x1b]0;liftui 127.0.0.1");
        alive.cluster.faults().run("kill 2").expect("it dies");
        terminal.wait_for_bytes(format!("\x07{begins}").as_bytes());
        terminal.wait_for_bytes(b"critical");
        terminal.type_keys("\x11");
        assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
        terminal.wait_for_bytes(b"\x1b[23;0t");
    }
}
