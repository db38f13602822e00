//! What brokers are called where there is little room: by what differs in their names.

use super::Truth;

/// Brokers by what differs in their names: `1 2 3` for `node-1`, `node-2`, `node-3`.
#[derive(Clone, Debug)]
pub struct ShortNames {
    cut: usize,
}

impl ShortNames {
    /// What differs in the names of all known brokers.
    pub fn of(truth: &Truth) -> Self {
        let ids = truth
            .brokers
            .iter()
            .filter_map(|broker| broker.id.as_deref());
        let ids: Vec<&str> = ids.collect();
        Self {
            cut: common_prefix(&ids).len(),
        }
    }

    /// The short name of a broker.
    pub fn get<'a>(&self, id: &'a str) -> &'a str {
        id.get(self.cut..).unwrap_or(id)
    }
}

/// What is common to all names up to a `-`, `.` or `_`: brokers `node-1`, `node-2` differ in `1` and `2` alone. Empty
/// where cutting it would leave one of them without a name.
fn common_prefix<'a>(names: &[&'a str]) -> &'a str {
    let Some((first, rest)) = names.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return "";
    };
    let common = first
        .char_indices()
        .map(|(at, c)| at + c.len_utf8())
        .take_while(|end| {
            first
                .get(..*end)
                .is_some_and(|head| rest.iter().all(|name| name.starts_with(head)))
        });
    let longest = common.last().and_then(|end| first.get(..end)).unwrap_or("");
    let end = longest.rfind(['-', '.', '_']).map_or(0, |at| at + 1);
    let prefix = first.get(..end).unwrap_or("");
    if names.iter().any(|name| name.len() == prefix.len()) {
        ""
    } else {
        prefix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_told_apart_by_what_differs() {
        assert_eq!(common_prefix(&["node-1", "node-2", "node-13"]), "node-");
        assert_eq!(common_prefix(&["a.b.1", "a.c.1"]), "a.");
        assert_eq!(common_prefix(&["alpha", "beta"]), "");
        assert_eq!(common_prefix(&["node-", "node-1"]), "");
        assert_eq!(common_prefix(&["node-1"]), "");
    }
}
