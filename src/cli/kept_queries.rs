//! Queries that the dashboard keeps: a file a cluster in the state folder, which only its user may read.
//! Several dashboards may run side by side: each change is made to what the file holds then.

use std::path::Path;

use super::state_file::{self, StateFile};
use crate::app::{KeptQueries, QueryChange};
use crate::config::Folders;

const FILE: StateFile<KeptQueries> = StateFile::new(Folders::queries, "the list of queries");

/// What was kept of the cluster; nothing where nothing was, or it cannot be read. What was only typed may be left out.
pub(super) fn read(cluster: &str, with_typed: bool) -> KeptQueries {
    let kept = FILE.read(cluster);
    if with_typed {
        kept
    } else {
        kept.without_typed()
    }
}

/// Keeps what became of a query; one that was only typed may be left out.
pub(super) fn keep(cluster: &str, change: &QueryChange, with_typed: bool) {
    if with_typed || !matches!(change, QueryChange::Typed(_)) {
        FILE.try_in(cluster, |path| keep_in(path, change));
    }
}

/// A file that cannot be read is left as it is: what it holds may be worth more than this change.
fn keep_in(path: &Path, change: &QueryChange) -> std::io::Result<()> {
    let mut kept: KeptQueries = state_file::read(path)?;
    kept.apply(change);
    state_file::replace(path, &kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::SavedQuery;

    fn saved(name: &str) -> QueryChange {
        QueryChange::Saved(SavedQuery {
            name: name.to_owned(),
            stream: None,
            query: "key:\u{1b}[2J".to_owned(),
        })
    }

    #[test]
    fn what_another_dashboard_has_saved_stays_and_nobody_else_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queries").join("prod.json");
        for change in [saved("one"), saved("two"), QueryChange::Typed("x".into())] {
            keep_in(&path, &change).unwrap();
        }
        let kept: KeptQueries = state_file::read(&path).unwrap();
        let mut expected = KeptQueries::default();
        expected.apply(&saved("one"));
        expected.apply(&saved("two"));
        expected.apply(&QueryChange::Typed("x".into()));
        assert_eq!(kept, expected);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains('\u{1b}'), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            assert_eq!(mode(path.parent().unwrap()), 0o700);
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prod.json");
        std::fs::write(&path, "[{]").unwrap();
        keep_in(&path, &saved("one")).unwrap_err();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "[{]");
    }
}
