//! What every command works with: the settings, the cluster, the streams of the process, the form of its output.
//! Dials nothing by itself: clients dial when they are first asked.

use std::path::PathBuf;

use super::args::{Options, OutputArgs, OutputForm, When};
use super::audit_log::ChangeNotes;
use super::exit::{CliError, Result};
use super::known_brokers;
use super::output::{OutputRow, Printer};
use super::stdio::Stdio;
use super::{rows, shown_times};
use crate::app::RowSettings;
use crate::client::{Client, ConnectOptions, Observer, TlsOptions};
use crate::config::{
    ClusterSettings, ConfigError, ConfigFile, Environment, Folders, SettingSource, Settings,
};
use crate::runtime::Access;

/// One command's surroundings.
pub(crate) struct CommandContext<'a> {
    pub(crate) options: &'a Options,
    /// Every setting.
    pub(crate) settings: Settings,
    /// The config file that counts.
    pub(crate) config: ConfigLocation,
    /// What the rows of streams show, by the config file.
    pub(crate) rows: RowSettings,
    /// The streams of the process.
    pub(crate) console: &'a mut Stdio,
    access: Option<Access>,
    /// What is said of changes at the end.
    pub(crate) change_notes: ChangeNotes,
}

impl<'a> CommandContext<'a> {
    /// Reads the environment and the config file, and decides every setting.
    pub(crate) fn open(options: &'a Options, console: &'a mut Stdio) -> Result<Self> {
        let ReadConfig {
            location,
            settings,
            rows,
        } = ReadConfig::read(options)?;
        Ok(Self::with_settings(
            options,
            console,
            location,
            (settings, rows),
        ))
    }

    /// [`CommandContext::open`] for a command that needs no cluster: what is wrong with the config file is said, and stops
    /// nothing.
    pub(crate) fn open_beside_config(options: &'a Options, console: &'a mut Stdio) -> Result<Self> {
        let config = ConfigLocation::find(options)?;
        let file = config.read().unwrap_or_else(|error| {
            console.print_error(&error.to_string());
            ConfigFile::default()
        });
        let rows = rows::configured(&file, &config.path).unwrap_or_else(|error| {
            console.print_error(&error.sentence.unwrap_or_default());
            RowSettings::default()
        });
        let settings = decide(options, file)?;
        Ok(Self::with_settings(
            options,
            console,
            config,
            (settings, rows),
        ))
    }

    fn with_settings(
        options: &'a Options,
        console: &'a mut Stdio,
        config: ConfigLocation,
        (settings, rows): (Settings, RowSettings),
    ) -> Self {
        shown_times::set(&settings);
        Self {
            settings,
            options,
            config,
            rows,
            console,
            access: None,
            change_notes: ChangeNotes::default(),
        }
    }

    /// The half that reads.
    pub(crate) fn observer(&mut self) -> Result<Observer> {
        Ok(self.access()?.observer())
    }

    /// The whole client, refused in observer mode.
    pub(crate) fn client(&mut self) -> Result<Client> {
        match self.access()? {
            Access::Full(client) => Ok(client),
            Access::Observe(_) => Err(CliError::refused(format!(
                "{} is only observed ({}), so nothing was sent",
                self.cluster_name(),
                self.settings.cluster.observe.source,
            ))),
        }
    }

    /// What may be done to the cluster.
    pub(crate) fn access(&mut self) -> Result<Access> {
        if let Some(access) = &self.access {
            return Ok(access.clone());
        }
        let cluster = &self.settings.cluster;
        let options = connect_options(&self.cluster_name(), cluster);
        let opened = access(cluster, impatient(options, cluster))?;
        self.access = Some(opened.clone());
        Ok(opened)
    }

    /// The options that name the cluster, as they are typed; none where it is the one at the default address.
    pub(crate) fn cluster_options(&self) -> Vec<String> {
        let cluster = &self.settings.cluster;
        let mut options = Vec::new();
        if let Some(context) = &self.settings.context.value {
            options.extend(["--context".to_owned(), context.clone()]);
        }
        let by_default = cluster.addr.source == SettingSource::Default;
        let by_context = matches!(cluster.addr.source, SettingSource::Context(_));
        if !by_default && !by_context {
            options.extend(["--addr".to_owned(), cluster.addr.value.join(",")]);
        }
        options
    }

    /// What to call the cluster: the context whose own it is, or its first address.
    pub(crate) fn cluster_name(&self) -> String {
        let cluster = &self.settings.cluster;
        let context = cluster.context.as_ref();
        let name = context.or(cluster.addr.value.first());
        name.cloned().unwrap_or_default()
    }

    /// The form that was asked for, else the one that suits the reader.
    pub(crate) fn form(&self, asked: OutputArgs) -> OutputForm {
        let suits = if self.console.out_is_terminal {
            OutputForm::Table
        } else {
            OutputForm::Ndjson
        };
        asked.output.unwrap_or(suits)
    }

    /// Columns of the terminal that is written to; `None` where there is none.
    pub(crate) fn width(&self) -> Option<usize> {
        self.console.out.columns()
    }

    /// Whether printed output may have colours.
    pub(crate) fn colours(&self) -> bool {
        match self.options.color {
            When::Always => true,
            When::Never => false,
            When::Auto => self.console.out_is_terminal && !no_color(),
        }
    }

    /// A printer for this command's objects.
    pub(crate) fn printer<R: OutputRow>(&mut self, asked: OutputArgs) -> Printer<'_, R> {
        let form = self.form(asked);
        let colours = self.colours();
        Printer::new(&mut self.console.out, form, colours)
    }
}

/// A client of that cluster, or an observer where it is only watched.
pub(crate) fn open_access(name: &str, cluster: &ClusterSettings) -> Result<Access> {
    access(cluster, connect_options(name, cluster))
}

fn access(cluster: &ClusterSettings, options: ConnectOptions) -> Result<Access> {
    // Nothing is dialled yet: what is wrong are addresses and files, as they were named.
    let opened = if cluster.observe.value {
        Observer::new(options).map(Access::Observe)
    } else {
        Client::new(options).map(Access::Full)
    };
    opened.map_err(|error| CliError::usage(error.to_string()))
}

fn connect_options(name: &str, cluster: &ClusterSettings) -> ConnectOptions {
    let tls = cluster.tls.value.clone().map(|files| TlsOptions {
        ca: files.ca,
        cert: files.cert,
        key: files.key,
        server_name: files.server_name,
        rustls: None,
    });
    ConnectOptions {
        seeds: cluster.addr.value.clone(),
        request_timeout: cluster.timeout.value,
        tls,
        advertise: cluster.advertise.value.clone(),
        remembered: known_brokers::read(name),
        // Whoever looks at a tail decides how long it may be silent.
        resubscribe_limit: None,
        ..ConnectOptions::default()
    }
}

/// For one command: who waits in front of it wants to know soon that nobody is there. A dashboard goes on looking.
fn impatient(options: ConnectOptions, cluster: &ClusterSettings) -> ConnectOptions {
    let limit = cluster.timeout.value;
    let asked = matches!(cluster.timeout.source, SettingSource::Flag(_));
    ConnectOptions {
        first_contact: options.connect_timeout.min(limit),
        connect_timeout: options.connect_timeout.min(limit),
        metadata_timeout: if asked {
            limit
        } else {
            options.metadata_timeout
        },
        ..options
    }
}

/// The config file, and what it, the environment and the options decide together.
#[derive(Clone, Debug)]
pub(crate) struct ReadConfig {
    pub(crate) location: ConfigLocation,
    pub(crate) settings: Settings,
    /// What the rows of streams show.
    pub(crate) rows: RowSettings,
}

impl ReadConfig {
    /// Reads the environment and the config file, and decides every setting.
    pub(crate) fn read(options: &Options) -> Result<Self> {
        let location = ConfigLocation::find(options)?;
        let file = location.read()?;
        let rows = rows::configured(&file, &location.path)?;
        Ok(Self {
            settings: decide(options, file)?,
            location,
            rows,
        })
    }

    /// What a command has read already.
    pub(crate) fn of(context: &CommandContext<'_>) -> Self {
        Self {
            location: context.config.clone(),
            settings: context.settings.clone(),
            rows: context.rows.clone(),
        }
    }
}

fn decide(options: &Options, file: ConfigFile) -> Result<Settings> {
    let environment = Environment {
        addr: std::env::var("LIFTUI_ADDR").ok(),
        no_color: no_color(),
    };
    Ok(Settings::decide(&options.overrides(), &environment, file)?)
}

/// Where the config file is.
#[derive(Clone, Debug)]
pub(crate) struct ConfigLocation {
    pub(crate) path: PathBuf,
    /// Whether it was named: then it must be there.
    pub(crate) named: bool,
    /// Who named it.
    pub(crate) source: SettingSource,
}

impl ConfigLocation {
    /// What it holds; nothing where there is none and none was named.
    fn read(&self) -> std::result::Result<ConfigFile, ConfigError> {
        if self.named || self.path.exists() {
            ConfigFile::read(&self.path)
        } else {
            Ok(ConfigFile::default())
        }
    }

    /// The file that was named, else the user's own.
    pub(crate) fn find(options: &Options) -> Result<Self> {
        let variable = std::env::var_os("LIFTUI_CONFIG").filter(|name| !name.is_empty());
        let flag = options.config.clone();
        let flag = flag.map(|path| (path, SettingSource::Flag("--config")));
        let variable =
            variable.map(|path| (path.into(), SettingSource::Environment("LIFTUI_CONFIG")));
        if let Some((path, source)) = flag.or(variable) {
            return Ok(Self {
                path,
                named: true,
                source,
            });
        }
        let folders = Folders::of_user()
            .ok_or_else(|| CliError::usage("there is no home folder: name a file with --config"))?;
        Ok(Self {
            path: folders.config_file(),
            named: false,
            source: SettingSource::Default,
        })
    }
}

fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
