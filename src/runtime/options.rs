//! What a dashboard is started with: whom to ask, what to show, and callbacks for what the runtime may not know.
//!
//! Reads neither config nor environment, but for `$EDITOR`.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use crate::app::{Event, KeptRow, KeptView, QueryChange, ReadSettings, Settings, ShellTask};
use crate::client::{BrokerHealth, Client, KnownCursors, Observer};
use crate::health::{Alert, Incident};
use crate::model::{ErrorKind, Failure, Operation, Outcome, Target};
use crate::ui::Theme;

/// What may be done to the cluster, as a type: an observer has no call that changes anything (I13).
#[derive(Clone, Debug)]
pub enum Access {
    /// Everything.
    Full(Client),
    /// Reading alone.
    Observe(Observer),
}

impl Access {
    /// The half that reads.
    pub fn observer(&self) -> Observer {
        match self {
            Self::Full(client) => client.observer(),
            Self::Observe(observer) => observer.clone(),
        }
    }
}

/// A future that can be kept in a struct.
pub type BoxedFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Answers one line of the demo cluster's console, with what to show or with what is wrong with the line.
pub type Console = Arc<dyn Fn(String) -> BoxedFuture<Result<String, String>> + Send + Sync>;

/// Reads a line as the command line does: what it means in the dashboard, or what is wrong with it.
pub type LineParser = fn(&str) -> Result<ShellTask, String>;

/// The theme of a name or a file, for this terminal.
pub type ThemeReader = fn(&str) -> Result<Theme, Failure>;

/// Reads the config file again for the cluster of that name. Does no I/O but reading files.
pub type ConfigReader = Arc<dyn Fn(&str) -> Result<ReadSettings, Failure> + Send + Sync>;

/// The last lines that this program has logged, the oldest first.
pub type LoggedLines = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

/// A config file that is read again when it changes.
#[derive(Clone)]
pub struct WatchedConfig {
    /// Where it is; it may not be there.
    pub path: PathBuf,
    /// Who reads it.
    pub read: ConfigReader,
}

impl fmt::Debug for WatchedConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WatchedConfig").field(&self.path).finish()
    }
}

/// Makes what is needed for a context of the config file. Does no I/O but reading files: brokers are dialled later.
pub type Contexts = Arc<dyn Fn(&str) -> Result<RuntimeSession, Failure> + Send + Sync>;

/// Called when a change has ended, with how; returns a sentence where that was not written down.
pub type ChangeEnd = Box<dyn FnOnce(&Result<Outcome, Failure>) -> Result<(), String> + Send>;

/// Keeps for later runs what a dashboard has of the cluster of that name. Each method does nothing unless it is overridden:
/// that is not kept then.
pub trait SavedState: Send + Sync {
    /// A change of the cluster is about to be sent; what comes back is called when it has ended.
    fn begin_change(&self, _cluster: &str, _operation: &Operation) -> Option<ChangeEnd> {
        None
    }

    /// All incidents that are remembered, the oldest first.
    fn save_incidents(&self, _cluster: &str, _incidents: &[Arc<Incident>]) {}

    /// What the rows of those streams show; `None`: no longer.
    fn save_row(&self, _cluster: &str, _streams: &str, _row: Option<KeptRow>) {}

    /// What became of a query.
    fn save_query(&self, _cluster: &str, _change: &QueryChange) {}

    /// How the dashboard looks.
    fn save_view(&self, _cluster: &str, _view: &KeptView) {}

    /// Where the brokers listen, when a session ends.
    fn save_brokers(&self, _cluster: &str, _brokers: &[BrokerHealth]) {}

    /// The cursors, when a session ends.
    fn save_cursors(&self, _cluster: &str, _cursors: &[KnownCursors]) {}
}

/// Nothing is kept.
impl SavedState for () {}

/// Hands an alert about the cluster of that name to whoever is told outside of the terminal; returns what went wrong.
pub type AlertSender = Arc<dyn Fn(&str, Alert) -> BoxedFuture<Result<(), String>> + Send + Sync>;

/// One cluster to show, and how.
#[derive(Clone, Debug)]
pub struct RuntimeSession {
    /// Whom to ask.
    pub access: Access,
    /// The settings of the app.
    pub settings: Settings,
    /// How it looks.
    pub theme: Theme,
    /// Its cursors, as an earlier run has read them.
    pub cursors: Vec<KnownCursors>,
}

/// What a dashboard is started with.
#[derive(Clone)]
pub struct DashboardOptions {
    /// The cluster to begin with.
    pub session: RuntimeSession,
    /// The demo cluster's console, where there is one.
    pub console: Option<Console>,
    /// The parser of the command line, for lines that are typed in the dashboard.
    pub parse_line: LineParser,
    /// Who reads themes that are chosen while it runs.
    pub read_theme: ThemeReader,
    /// The config file, where changes of it are to count while it runs.
    pub config: Option<WatchedConfig>,
    /// What this program has logged, where it is kept.
    pub log: Option<LoggedLines>,
    /// The other contexts of the config file, where there is one.
    pub contexts: Option<Contexts>,
    /// What is kept for later runs.
    pub saved_state: Arc<dyn SavedState>,
    /// Who is alerted outside of the terminal, where anybody is.
    pub alerts: Option<AlertSender>,
    /// The command that edits a file; through a shell.
    pub editor: String,
    /// How text reaches the clipboard.
    pub clipboard: super::clipboard::Clipboard,
    /// What is recorded, where anything is.
    pub recorder: Option<super::recorder::RecorderOptions>,
}

impl DashboardOptions {
    /// Shows one cluster, without a console or other contexts, edited in `$VISUAL` or `$EDITOR`.
    pub fn new(session: RuntimeSession) -> Self {
        Self {
            session,
            console: None,
            parse_line: |line| Err(format!("\"{line}\" cannot be read here")),
            read_theme: built_in_theme,
            config: None,
            log: None,
            contexts: None,
            saved_state: Arc::new(()),
            alerts: None,
            editor: super::editor::preferred(),
            clipboard: super::clipboard::Clipboard::of_environment(),
            recorder: None,
        }
    }
}

/// A theme that comes with the program.
pub(super) fn built_in_theme(name: &str) -> Result<Theme, Failure> {
    Theme::named(name).ok_or_else(|| {
        let sentence = format!("no theme \"{name}\" comes with liftui");
        Failure::new(ErrorKind::Local, Target::Cluster, sentence)
    })
}

/// Draws in the theme of that name from now on, where it can be read.
pub(super) fn set_theme(theme: &mut Theme, read: ThemeReader, name: String) -> Event {
    match read(&name) {
        Ok(chosen) => {
            *theme = chosen;
            Event::ThemeSet(name)
        }
        Err(failure) => Event::Failed(failure),
    }
}

impl fmt::Debug for DashboardOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DashboardOptions")
            .field("session", &self.session)
            .field("editor", &self.editor)
            .finish_non_exhaustive()
    }
}
