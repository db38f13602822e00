//! Which streams hold messages of which protobuf type, from the config file.
//!
//! Descriptor files are read by the command line; what bytes mean under a schema is decided in `store::decode`.

use serde::{Deserialize, Serialize};

use crate::health::best_match;
use crate::store::decode::Schema;

/// The types of messages by stream. An exact name beats a pattern, and of patterns the longest one counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schemas(Vec<(String, Schema)>);

impl Schemas {
    /// Types by stream name or by pattern, in which `*` stands for any letters.
    pub fn new(types: impl IntoIterator<Item = (String, Schema)>) -> Self {
        Self(types.into_iter().collect())
    }

    /// What the messages of that stream are, where it is known.
    pub fn of(&self, stream: &str) -> Option<&Schema> {
        let types = self.0.iter();
        best_match(types.map(|(pattern, schema)| (&**pattern, schema)), stream)
    }
}
