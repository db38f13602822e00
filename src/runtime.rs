//! Wires state, terminal, client and clocks into a running dashboard, and shuts all of it down.
//!
//! Knows no rule about streams or keys (those are `app`'s), neither the demo cluster nor the command line.

mod activity;
mod alerts;
mod channels;
mod clipboard;
mod cluster_watch;
mod config_watch;
mod editor;
mod event_loop;
mod executor;
mod export;
mod first_unread;
mod followed_cursors;
mod frame_limiter;
mod input;
mod key_history;
mod loop_timer;
mod offline;
mod options;
pub(crate) mod pace;
mod past;
mod poller;
mod prober;
pub(crate) mod range_reader;
mod recorder;
mod refresh_request;
mod replay;
mod reverse_reader;
mod row_repainter;
mod scan;
mod screen;
mod signals;
pub(crate) mod statistics;
mod supervisor;
mod table;
mod tail_reader;
mod terminal;
pub(crate) mod value_decoder;
pub(crate) mod verify;

use std::io;
use std::time::Duration;

use event_loop::{EventLoop, LoopCallers, LoopExit};
use executor::Executor;
use recorder::Recorder;
use terminal::RealTerminal;
use tokio::time::timeout;

pub use clipboard::Clipboard;
pub use cluster_watch::{ClusterWatch, WatchedCluster};
pub use first_unread::{first_message, read_first_unread};
pub use options::{
    Access, AlertSender, BoxedFuture, ChangeEnd, ConfigReader, Console, Contexts, DashboardOptions,
    LineParser, LoggedLines, RuntimeSession, SavedState, ThemeReader, WatchedConfig,
};
pub use poller::fetch_views;
pub use recorder::{RecorderOptions, RecordingFile};
pub use replay::{ReplayOptions, replay, replay_on};
pub use screen::{HostEvent, Screen};

/// How long whoever quits waits for a reading of cursors to let go of them.
const CURSORS_KEPT_WITHIN: Duration = Duration::from_millis(200);

/// Why a dashboard ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DashboardEnd {
    /// The user is done, or the system ended it.
    Quit,
    /// The user wants to see the demo instead.
    Demo,
}

/// Shows the dashboard on this process's terminal until the user or the system ends it. The terminal is put back as it
/// was found, whatever happens.
///
/// Call it from the thread that may draw, with [`Runtime::block_on`](tokio::runtime::Runtime::block_on): a panic there
/// ends the program, one in a task does not.
///
/// # Errors
/// The terminal could not be taken over, read or written.
pub async fn run(options: DashboardOptions) -> io::Result<DashboardEnd> {
    let mut terminal = RealTerminal::take_over(options.session.settings.mouse)?;
    run_on(&mut terminal, options).await
}

/// Shows the dashboard on any screen: what the scenario tests drive.
///
/// # Errors
/// The screen could not be read or written.
pub async fn run_on<S: Screen>(
    screen: &mut S,
    mut options: DashboardOptions,
) -> io::Result<DashboardEnd> {
    let recorder = options.recorder.take();
    let mut recorder = recorder.map(Recorder::start).transpose()?;
    let end = loop {
        let known = std::mem::take(&mut options.session.cursors);
        let observer = options.session.access.observer();
        observer.recall_cursors(known).await;
        let (outbox, inbox) = channels::event_channels();
        let executor = Executor::start(&options, outbox);
        let callers = LoopCallers {
            contexts: options.contexts.as_ref(),
            read_theme: options.read_theme,
            recorder: recorder.as_mut(),
        };
        let running = EventLoop::new(screen, &options.session, callers, inbox, executor);
        let ended = running.run().await;
        save_session(&options).await;
        match ended {
            Ok(LoopExit::Quit) => break Ok(DashboardEnd::Quit),
            Ok(LoopExit::Demo) => break Ok(DashboardEnd::Demo),
            Ok(LoopExit::Switch(next)) => options.session = *next,
            Err(error) => break Err(error),
        }
    };
    if let Some(recorder) = recorder {
        recorder.finish().await?;
    }
    end
}

/// Keeps where the brokers of the session listen, and its cursors.
async fn save_session(options: &DashboardOptions) {
    let cluster = &options.session.settings.cluster;
    let observer = options.session.access.observer();
    options
        .saved_state
        .save_brokers(cluster, &observer.brokers());
    if let Ok(known) = timeout(CURSORS_KEPT_WITHIN, observer.known_cursors()).await {
        options.saved_state.save_cursors(cluster, &known);
    }
}

#[cfg(test)]
mod test_support;
