//! How the dashboard looked when it was left: a file a cluster in the state folder, which only its user may read.
//! Of two dashboards the one that changes something last decides.

use super::state_file;
use crate::app::KeptView;
use crate::config::Folders;

/// What was kept of the cluster; nothing where nothing was, or it cannot be read, which the log tells.
pub(super) fn read(cluster: &str) -> KeptView {
    let path = Folders::of_user().map(|folders| folders.view(cluster));
    state_file::read_or_empty(path, "how the dashboard looked")
}

/// Keeps how it looks.
pub(super) fn keep(cluster: &str, view: &KeptView) {
    if let Some(folders) = Folders::of_user() {
        state_file::replace_or_warn(&folders.view(cluster), view, "how the dashboard looks");
    }
}
