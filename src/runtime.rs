//! Wires state, terminal, client and clocks into a running dashboard, and shuts all of it down.
//!
//! Knows no rule about streams or keys (those are `app`'s), neither the demo cluster nor the command line.

mod activity;
mod alerts;
mod channels;
mod clipboard;
mod cluster_watch;
mod editor;
mod event_loop;
mod executor;
mod export;
mod first_unread;
mod frame_gate;
mod input;
mod options;
mod poller;
mod prober;
mod pump;
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
mod terminal;

use std::io;
use std::time::Duration;

use event_loop::{EventLoop, LoopExit};
use executor::{Executor, ExecutorDeps};
use recorder::Recorder;
use terminal::RealTerminal;
use tokio::time::timeout;

pub use clipboard::Clipboard;
pub use cluster_watch::{ClusterWatch, WatchedCluster};
pub use first_unread::{FirstUnread, first_message, read_first_unread};
pub use options::{
    Access, AlertAccess, BrokerAccess, ChangeAccess, ChangeEnd, Console, ConsoleAnswer, Contexts,
    CursorAccess, DashboardOptions, IncidentAccess, LineParser, QueryAccess, RowAccess,
    RuntimeSession, ViewAccess,
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
    options: DashboardOptions,
) -> io::Result<DashboardEnd> {
    let DashboardOptions {
        mut session,
        console,
        parse_line,
        contexts,
        changes,
        incidents,
        rows,
        brokers,
        cursors,
        queries,
        view,
        alerts,
        editor,
        clipboard,
        recorder,
    } = options;
    let mut recorder = recorder.map(Recorder::start).transpose()?;
    let end = loop {
        let known = std::mem::take(&mut session.cursors);
        session.access.observer().recall_cursors(known).await;
        let (outbox, inbox) = channels::event_channels();
        let executor = Executor::start(ExecutorDeps {
            access: session.access.clone(),
            cluster: session.settings.cluster.clone(),
            changes: changes.clone(),
            incidents: incidents.clone(),
            rows: rows.clone(),
            queries: queries.clone(),
            view: view.clone(),
            alerts: alerts.clone(),
            outbox,
            refresh: session.settings.refresh,
            console: console.clone(),
            parse_line,
            editor: editor.clone(),
            clipboard: clipboard.clone(),
        });
        let callers = (contexts.as_ref(), recorder.as_mut());
        let running = EventLoop::new(screen, &session, callers, inbox, executor);
        let ended = running.run().await;
        keep_known(&session, brokers.as_ref(), cursors.as_ref()).await;
        match ended {
            Ok(LoopExit::Quit) => break Ok(DashboardEnd::Quit),
            Ok(LoopExit::Demo) => break Ok(DashboardEnd::Demo),
            Ok(LoopExit::Switch(next)) => session = *next,
            Err(error) => break Err(error),
        }
    };
    if let Some(recorder) = recorder {
        recorder.finish().await?;
    }
    end
}

/// Keeps for later runs where brokers listen, and which cursors there are.
async fn keep_known(
    session: &RuntimeSession,
    brokers: Option<&BrokerAccess>,
    cursors: Option<&CursorAccess>,
) {
    let (observer, cluster) = (session.access.observer(), &session.settings.cluster);
    if let Some(keep) = brokers {
        keep(cluster, &observer.brokers());
    }
    if let Some(keep) = cursors
        && let Ok(known) = timeout(CURSORS_KEPT_WITHIN, observer.known_cursors()).await
    {
        keep(cluster, &known);
    }
}

#[cfg(test)]
mod test_support;
