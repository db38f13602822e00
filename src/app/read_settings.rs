//! What a config file says when it is read while the dashboard runs, and where each setting came from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::row_settings::RowSettings;
use super::schemas::Schemas;
use crate::health::HealthOptions;
use crate::model::TimeDisplay;

/// A setting for people to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingOrigin {
    /// Its name, as in the config file: `time.zone`.
    pub setting: String,
    /// Its value; empty where it has none.
    pub value: String,
    /// Where that came from: the config file, an option, a variable, or the default.
    pub from: String,
}

/// A cluster of the config file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextEntry {
    /// The name of the context.
    pub name: String,
    /// The seed addresses.
    pub addresses: Vec<String>,
    /// Whether it is opened in observer mode.
    pub observer: bool,
}

/// Settings of a config file that was read again, for the cluster that is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReadSettings {
    /// The theme, by its name or its file.
    pub theme: String,
    /// The user's own keys, command to keys.
    pub keys: BTreeMap<String, Vec<String>>,
    /// Whether the mouse is the dashboard's.
    pub mouse: bool,
    /// The colour of this context's frame.
    pub color: Option<String>,
    /// The clusters that can be gone to.
    pub contexts: Vec<ContextEntry>,
    /// What the rows of streams show.
    pub rows: RowSettings,
    /// How the values of streams are decoded.
    pub schemas: Schemas,
    /// How times are shown.
    pub times: TimeDisplay,
    /// How health judges.
    pub health: HealthOptions,
    /// Every setting and where its value came from.
    pub origins: Vec<SettingOrigin>,
}
