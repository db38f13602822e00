//! A panic of the dashboard leaves its last minutes in a file: a bug report is then one file.

use std::io::{Write, stderr};
use std::panic::{self, PanicHookInfo};
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use super::Order;

/// How long the file is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// From now on, after the message of a panic of this thread, the last minutes are written to that folder.
pub(super) fn save_on_panic(orders: Sender<Order>, folder: PathBuf) {
    let drawing = thread::current().id();
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
        before(panic);
        if thread::current().id() != drawing {
            return;
        }
        let (answer, answered) = channel();
        let is_asked = orders.send(Order::SaveAfterPanic(answer)).is_ok();
        if let Some(path) = answered.recv_timeout(PATIENCE).ok().filter(|_| is_asked) {
            // Where stderr is gone, nobody is left to be told.
            let _ = writeln!(
                stderr(),
                "liftui: what happened before is in {path}; `liftui replay` opens it, and a bug report may have it"
            );
        } else if is_asked {
            tracing::error!(folder = %folder.display(), "the last minutes were not written");
        }
    }));
}
