//! What the dashboard was started with. A switch of clusters starts a new one; of a config file that changes meanwhile
//! `settings_reload` takes over what can count at once.
//!
//! The values come from `config`.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::effect::DesktopForm;
use crate::app::input::keyboard_layouts::KeyboardLayouts;
use crate::app::input::keymap::Keymap;
use crate::app::kept_queries::KeptQueries;
use crate::app::kept_view::KeptView;
use crate::app::read_settings::{ContextEntry, SettingOrigin};
use crate::app::row_settings::RowSettings;
use crate::app::schemas::Schemas;
use crate::app::shell_commands::ShellCommand;
use crate::health::{AlertPolicy, HealthOptions, Incident};
use crate::model::{Locator, TimeDisplay, Zone, shell_line};

/// What the dashboard was started with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and any may come with any"
)]
pub struct Settings {
    /// What the header calls the cluster: a context's name, `demo`, or an address.
    pub cluster: String,
    /// The seed addresses, `host:port`.
    pub addresses: Vec<String>,
    /// Observer mode: nothing that changes the cluster is sent (I13).
    pub observer: bool,
    /// The cluster runs in this process and accepts `:fault` lines.
    pub demo: bool,
    /// The dashboard shows itself, until a key is pressed.
    pub tour: bool,
    /// Nobody named a cluster, so that the demo is offered where no broker answers.
    pub offers_demo: bool,
    /// The theme, by its name or its file.
    pub theme: String,
    /// The themes that come with the program.
    pub themes: Vec<String>,
    /// The config file, whether it is there or not; empty where none is read.
    pub config_file: String,
    /// Every setting and where its value came from.
    pub origins: Vec<SettingOrigin>,
    /// The colour of this context's frame, by name or `#rrggbb`, so that nobody mistakes it.
    pub color: Option<String>,
    /// The clusters of the config file, in its order.
    pub contexts: Vec<ContextEntry>,
    /// How health judges.
    pub health: HealthOptions,
    /// How people are alerted.
    pub alerts: AlertSettings,
    /// Incidents of earlier runs, the oldest first.
    pub incidents: Vec<Arc<Incident>>,
    /// The queries that earlier runs kept.
    pub queries: KeptQueries,
    /// Whether clicks and the wheel are the dashboard's from the start, rather than the terminal's.
    pub mouse: bool,
    /// By which layouts a key is known by its place, where another script's letter is typed.
    pub keyboard: KeyboardLayouts,
    /// The commands of the command line, which can be typed too.
    pub shell_commands: Vec<ShellCommand>,
    /// Which key means what.
    pub keymap: Keymap,
    /// Bytes of messages that all open tails keep together.
    pub tail_budget: usize,
    /// How often every broker is asked.
    pub refresh: Duration,
    /// How the values of streams are decoded.
    pub schemas: Schemas,
    /// What the rows of streams show.
    pub rows: RowSettings,
    /// How times are shown at first.
    pub times: TimeDisplay,
    /// How it looked when it was left, which is kept again; `None`: as new, and nothing is kept.
    pub view: Option<KeptView>,
    /// What is opened as soon as a broker has answered.
    pub open: Option<Locator>,
}

/// How people are alerted to findings: not at all, unless something says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertSettings {
    /// Which findings count.
    pub policy: AlertPolicy,
    /// Whether the bell rings.
    pub bell: bool,
    /// By which sequence the terminal shows a notification of the desktop.
    pub desktop: Option<DesktopForm>,
    /// Whether the terminal's title counts what is wrong.
    pub title: bool,
    /// Whether somebody outside of the terminal is told.
    pub outside: bool,
}

impl Settings {
    /// The context of that name.
    pub(super) fn context(&self, name: &str) -> Option<&ContextEntry> {
        let mut contexts = self.contexts.iter();
        contexts.find(|context| context.name == name)
    }

    /// The context that is shown; `None` where there is none, or where other addresses were asked for beside its name.
    pub(super) fn shown_context(&self) -> Option<&ContextEntry> {
        let own = self.context(&self.cluster)?;
        (own.addresses == self.addresses).then_some(own)
    }

    /// That `liftui` command line for the cluster that is shown: pasted elsewhere, it would go to another one.
    pub(super) fn on_this_cluster(&self, line: &str) -> String {
        let words = match self.shown_context() {
            Some(context) => ["--context".to_owned(), context.name.clone()],
            None => ["--addr".to_owned(), self.addresses.join(",")],
        };
        let rest = line.strip_prefix("liftui ").unwrap_or(line);
        format!("liftui {} {rest}", shell_line(&words))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cluster: "127.0.0.1:9292".to_owned(),
            addresses: vec!["127.0.0.1:9292".to_owned()],
            observer: false,
            demo: false,
            offers_demo: false,
            tour: false,
            theme: "auto".to_owned(),
            themes: Vec::new(),
            config_file: String::new(),
            origins: Vec::new(),
            color: None,
            contexts: Vec::new(),
            health: HealthOptions::default(),
            alerts: AlertSettings::default(),
            incidents: Vec::new(),
            queries: KeptQueries::default(),
            mouse: true,
            keyboard: KeyboardLayouts::default(),
            shell_commands: Vec::new(),
            keymap: Keymap::default(),
            tail_budget: 512 * 1024 * 1024,
            refresh: Duration::from_secs(2),
            schemas: Schemas::default(),
            rows: RowSettings::default(),
            times: TimeDisplay {
                zone: Zone::Utc,
                ages: false,
            },
            view: None,
            open: None,
        }
    }
}
