//! Where liftui's own files lie: the config file, the log of changes, the history (XDG base directories).
//! Makes no folder and reads no file.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

/// The folders of this user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// Holds `config.toml`.
    pub config: PathBuf,
    /// Holds what liftui itself writes down.
    pub state: PathBuf,
}

impl Folders {
    /// `$XDG_CONFIG_HOME/liftui` and `$XDG_STATE_HOME/liftui`, or their defaults below the home folder. `None` where
    /// the process has no home.
    pub fn of_user() -> Option<Self> {
        let base = etcetera::base_strategy::Xdg::new().ok()?;
        let state = base.state_dir().unwrap_or_else(|| base.data_dir());
        Some(Self {
            config: base.config_dir().join("liftui"),
            state: state.join("liftui"),
        })
    }

    /// The config file that is read where none is named.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The file of what was seen to go wrong in the cluster of that name.
    pub fn incidents(&self, cluster: &str) -> PathBuf {
        self.state.join("incidents").join(file_name(cluster))
    }

    /// The file of where the brokers of the cluster of that name listened last.
    pub fn known_brokers(&self, cluster: &str) -> PathBuf {
        self.state.join("brokers").join(file_name(cluster))
    }

    /// The file of the cursors of the cluster of that name, as they were read last.
    pub fn known_cursors(&self, cluster: &str) -> PathBuf {
        self.state.join("cursors").join(file_name(cluster))
    }

    /// The file of what the user chose for the rows of tails in the cluster of that name.
    pub fn rows(&self, cluster: &str) -> PathBuf {
        self.state.join("rows").join(file_name(cluster))
    }

    /// The file of what the last check saw of the cluster of that name.
    pub fn last_check(&self, cluster: &str) -> PathBuf {
        self.state.join("checks").join(file_name(cluster))
    }

    /// The file of what this user created in the cluster of that name, as far as no broker tells it.
    pub fn created_streams(&self, cluster: &str) -> PathBuf {
        self.state.join("created").join(file_name(cluster))
    }

    /// The file of the queries that were saved or typed in the cluster of that name.
    pub fn queries(&self, cluster: &str) -> PathBuf {
        self.state.join("queries").join(file_name(cluster))
    }

    /// The file of how the dashboard looked when the cluster of that name was left.
    pub fn view(&self, cluster: &str) -> PathBuf {
        self.state.join("views").join(file_name(cluster))
    }

    /// The log of changes that this user made.
    pub fn change_log(&self) -> PathBuf {
        self.state.join("changes.jsonl")
    }
}

/// A path as it was typed outside of a shell: `~` in front is the home folder.
pub fn expand_home(path: &Path) -> PathBuf {
    let (Ok(rest), Ok(home)) = (path.strip_prefix("~"), etcetera::home_dir()) else {
        return path.to_owned();
    };
    home.join(rest)
}

/// A name that every file system takes.
fn file_name(cluster: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name = cluster.replace(|c| !plain(c), "_");
    format!("{name}.json")
}
