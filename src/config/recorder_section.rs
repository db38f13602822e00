//! The section `[recorder]` of the config file: what a dashboard keeps of its last minutes.

use serde::Deserialize;

use super::file::size;

/// What is kept of the last minutes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecorderSection {
    /// How many minutes.
    pub minutes: Option<u64>,
    /// Bytes at most.
    #[serde(deserialize_with = "size")]
    pub max: Option<u64>,
    /// Whether what messages hold is kept too.
    pub messages: Option<bool>,
}
