//! Which streams hold messages of which protobuf type, from the config file.
//!
//! Descriptor files are read by the command line; what bytes mean under a schema is `store::decode`'s.

use crate::store::decode::Schema;

/// The types of messages by stream. An exact name beats a pattern, and of patterns the longest one counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schemas(Vec<(String, Schema)>);

impl Schemas {
    /// Types by stream name or by pattern, in which `*` stands for any letters.
    pub fn new(types: impl IntoIterator<Item = (String, Schema)>) -> Self {
        let mut types: Vec<(String, Schema)> = types.into_iter().collect();
        types.sort_by_key(|(pattern, _)| (pattern.contains('*'), std::cmp::Reverse(pattern.len())));
        Self(types)
    }

    /// What the messages of that stream are, where it is known.
    pub fn of(&self, stream: &str) -> Option<&Schema> {
        let mut types = self.0.iter();
        let found = types.find(|(pattern, _)| fits(pattern, stream));
        found.map(|(_, schema)| schema)
    }
}

/// Whether a name is of a pattern.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(rest) = name.strip_prefix(before) else {
        return false;
    };
    let mut ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    ends.any(|at| fits(after, rest.get(at..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_letters() {
        for (pattern, name, fitting) in [
            ("orders", "orders", true),
            ("orders", "orders-eu", false),
            ("telemetry.*", "telemetry.raw.eu", true),
            ("telemetry.*", "telemetry", false),
            ("*-eu", "orders-eu", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
        ] {
            assert_eq!(fits(pattern, name), fitting, "{pattern} {name}");
        }
    }
}
