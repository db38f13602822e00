//! What `--version` says: the version, the commit with its date, and the features, as `build.rs` found them.

/// The version in many words; `-V` prints its first line alone.
pub(super) const LONG: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit    ",
    env!("LIFTUI_COMMIT"),
    "\nfeatures  ",
    env!("LIFTUI_FEATURES"),
);
