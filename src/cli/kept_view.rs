//! How the dashboard looked when it was left: a file a cluster in the state folder, which only its user may read.
//! Of two dashboards the one that changes something last decides.

use super::state_file::StateFile;
use crate::app::KeptView;
use crate::config::Folders;

/// How it looked.
pub(super) const FILE: StateFile<KeptView> =
    StateFile::new(Folders::view, "how the dashboard looked");
