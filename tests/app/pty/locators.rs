//! A locator opens the real binary at its message, typed as a shell takes it.

use super::{Terminal, has, tail_of_one_message};

#[test]
fn a_locator_opens_the_dashboard_at_its_message() {
    let (alive, _terminal) = tail_of_one_message(&[]);
    let place = format!(
        "liftui://{}/orders:0@0",
        alive.cluster.addresses().join(",")
    );
    let arguments = ["--config", "/dev/null", "open", &place];
    let mut terminal = Terminal::run(&arguments, &[]);
    terminal.wait("the message", has("orders:0 @ 0"));
    terminal.wait("its value", has("only read"));
    terminal.type_keys("\x11");
    assert_eq!(terminal.wait_for_the_end().exit_code(), 0);
}
