//! Opens the dashboard: turns settings into what the runtime wants, for a cluster, its contexts, or a demo cluster.
//! The dashboard itself is `app`, `ui` and `runtime`.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::alerts::{self, Receivers};
use super::args::Options;
use super::cluster_snapshot::health_options;
use super::command_context::{CommandContext, ReadConfig, open_access};
use super::exit::{CliError, Exit, Result};
use super::saved_state::UserState;
use super::{
    demo, incidents, kept_queries, kept_view, keyboard, known_cursors, logging, private_file,
    recording_file, rows, settings, shown_times, theme, typed_line,
};
use crate::app::{
    ContextEntry, DecodeMethod, DecoderCommand, Keymap, ReadSettings, Schemas, SettingOrigin,
    Settings as AppSettings,
};
use crate::config::{self, ClusterSettings, DecodeRule};
use crate::demo::DemoCluster;
use crate::model::{ErrorKind, Failure, Locator, Target};
use crate::runtime::{
    self, AlertSender, Console, Contexts, DashboardEnd, DashboardOptions, RecorderOptions,
    WatchedConfig,
};
use crate::store::decode::Schema;
use crate::ui::Theme;

/// Shows the cluster of the settings, that place of it at first, until the user ends it.
pub(crate) async fn open(context: &CommandContext<'_>, place: Option<Locator>) -> Result {
    need_terminal(context)?;
    let config = ReadConfig::of(context);
    let parts = DashboardParts::new(&config, context.options)?;
    let settings = &context.settings;
    let name = context.cluster_name();
    let mut first = parts.session(&name, &settings.cluster)?;
    first.settings.open = place;
    let recorder = recording_file::recorder(context)?;
    let is_named = settings.cluster.addr.source != config::SettingSource::Default;
    first.settings.offers_demo = !is_named && first.settings.open.is_none();
    let options = DashboardOptions {
        contexts: Some(contexts(context.options.clone())),
        config: Some(watched_config(context, name, None)),
        saved_state: Arc::new(UserState {
            is_demo: false,
            is_fresh: context.options.start.fresh,
            keeps_typed: settings.history.value,
        }),
        alerts: alert_sender(context)?,
        recorder: recorder.clone(),
        ..dashboard_options(first)
    };
    match show_until_gone(options).await? {
        DashboardEnd::Quit => Ok(Exit::DONE),
        // The terminal was given back, and is taken anew.
        DashboardEnd::Demo => demo::show(context, demo::as_usual(), false, recorder).await,
    }
}

/// Shows a demo cluster, whose console takes `:fault` lines.
pub(crate) async fn open_demo(
    context: &CommandContext<'_>,
    cluster: &DemoCluster,
    tour: bool,
    recorder: Option<RecorderOptions>,
) -> Result {
    let recorder = match recorder {
        Some(recorder) => Some(recorder),
        None => recording_file::recorder(context)?,
    };
    let config = ReadConfig::of(context);
    let parts = DashboardParts::new(&config, context.options)?;
    let settings = ClusterSettings::of_addresses(cluster.addresses());
    let mut first = parts.session(DEMO, &settings)?;
    first.settings.demo = true;
    first.settings.tour = tour;
    first.settings.contexts.clear();
    first.settings.incidents.clear();
    first.cursors.clear();
    first.settings.health.created_min_isr.clear();
    let faults = cluster.faults();
    let console: Console = Arc::new(move |line| {
        let answer = faults.run(&line);
        Box::pin(async move { answer })
    });
    let options = DashboardOptions {
        console: Some(console),
        config: Some(watched_config(context, DEMO.to_owned(), Some(settings))),
        saved_state: Arc::new(UserState {
            is_demo: true,
            is_fresh: context.options.start.fresh,
            keeps_typed: context.settings.history.value,
        }),
        alerts: alert_sender(context)?,
        recorder,
        ..dashboard_options(first)
    };
    show_until_gone(options).await?;
    Ok(Exit::DONE)
}

/// What every dashboard has, whatever it shows.
fn dashboard_options(session: runtime::RuntimeSession) -> DashboardOptions {
    DashboardOptions {
        parse_line: typed_line::parse,
        read_theme: |name| theme::named(name).map_err(local),
        log: Some(Arc::new(logging::last_lines)),
        ..DashboardOptions::new(session)
    }
}

/// The config file, read again for the cluster that is shown: the first one, which is that of the options or a demo, or a
/// context.
fn watched_config(
    context: &CommandContext<'_>,
    first: String,
    demo: Option<ClusterSettings>,
) -> WatchedConfig {
    let options = context.options.clone();
    let read = move |shown: &str| {
        let mut config = ReadConfig::read(&options)?;
        if let Some(demo) = &demo {
            config.settings.cluster = demo.clone();
        } else if shown != first {
            config.settings.cluster = config.settings.cluster_of(shown)?;
        }
        let mut read = DashboardParts::new(&config, &options)?.read_settings(shown);
        if demo.is_some() {
            read.contexts.clear();
        }
        Ok(read)
    };
    WatchedConfig {
        path: context.config.path.clone(),
        read: Arc::new(move |shown| read(shown).map_err(local)),
    }
}

/// What went wrong here, and at no broker.
fn local(error: CliError) -> Failure {
    let sentence = error.sentence.unwrap_or_default();
    Failure::new(ErrorKind::Local, Target::Cluster, sentence)
}

/// Who is alerted outside of the terminal.
fn alert_sender(context: &CommandContext<'_>) -> Result<Option<AlertSender>> {
    let receivers = Receivers::of_config(&context.settings.file.alerts)?;
    Ok(receivers.map(alerts::sender))
}

/// Shows it until the user ends it, or the terminal is gone: then nobody is left to be told.
async fn show_until_gone(options: DashboardOptions) -> Result<DashboardEnd> {
    // Of all that a dashboard is made of the caller keeps nothing.
    until_gone(Box::pin(runtime::run(options)).await)
}

/// What was shown; where the terminal is gone, nobody is left to be told.
pub(super) fn until_gone<T>(shown: io::Result<T>) -> Result<T> {
    match shown {
        Err(error) if is_gone(&error) => Err(CliError::broken_pipe()),
        shown => Ok(shown?),
    }
}

/// Whether an error of a terminal means that it was closed: what is written to it then fails, and what is read ends.
fn is_gone(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) {
        return true;
    }
    let kind = error.kind();
    kind == io::ErrorKind::BrokenPipe || kind == io::ErrorKind::UnexpectedEof
}

/// Where there is no terminal, says so before anything is started.
pub(crate) fn need_terminal(context: &CommandContext<'_>) -> Result<()> {
    if context.console.out_is_terminal && context.console.in_is_terminal {
        return Ok(());
    }
    Err(CliError::usage(
        "the dashboard needs a terminal; liftui --help lists the commands for scripts",
    ))
}

/// Goes to another context of the config file, as the file is then.
fn contexts(options: Options) -> Contexts {
    Arc::new(move |name| {
        let open = || {
            let config = ReadConfig::read(&options)?;
            let cluster = config.settings.cluster_of(name)?;
            DashboardParts::new(&config, &options)?.session(name, &cluster)
        };
        open().map_err(local)
    })
}

/// What stays the same whichever cluster is shown.
struct DashboardParts {
    config: ReadConfig,
    /// Whether how it was left counts for nothing.
    fresh: bool,
    settings: AppSettings,
    theme: Theme,
}

impl DashboardParts {
    fn new(config: &ReadConfig, options: &Options) -> Result<Self> {
        let settings = &config.settings;
        let contexts = settings.file.contexts.iter();
        let budget = usize::try_from(settings.tail_budget.value).unwrap_or(usize::MAX);
        Ok(Self {
            config: config.clone(),
            fresh: options.start.fresh,
            settings: AppSettings {
                shell_commands: typed_line::commands(),
                contexts: contexts
                    .map(|(name, entry)| ContextEntry {
                        name: name.clone(),
                        addresses: entry.addr.clone(),
                        observer: entry.observe.unwrap_or(false),
                    })
                    .collect(),
                mouse: settings.mouse.value,
                alerts: alerts::settings(&settings.file.alerts),
                keyboard: keyboard::layouts(&settings.keyboard.value)?,
                keymap: keymap(&settings.file)?,
                schemas: schemas(&settings.file)?,
                rows: config.rows.clone(),
                theme: settings.theme.value.clone(),
                themes: theme::names(&settings.theme.value),
                config_file: config.location.path.display().to_string(),
                tail_budget: budget,
                refresh: settings.refresh.value,
                times: shown_times::of_settings(settings),
                ..AppSettings::default()
            },
            theme: theme::named(&settings.theme.value)?,
        })
    }

    /// What of the file may count while that cluster is shown.
    fn read_settings(&self, name: &str) -> ReadSettings {
        let settings = &self.config.settings;
        let cluster = &settings.cluster;
        let keys = settings.file.keys.iter();
        ReadSettings {
            theme: self.settings.theme.clone(),
            keys: keys
                .map(|(command, chords)| (command.clone(), chords.all().to_vec()))
                .collect(),
            mouse: self.settings.mouse,
            color: cluster.color.value.clone(),
            contexts: self.settings.contexts.clone(),
            rows: self.settings.rows.clone(),
            schemas: self.settings.schemas.clone(),
            times: self.settings.times.clone(),
            health: health_options(&settings.file, name),
            origins: self.origins(name, cluster),
        }
    }

    fn origins(&self, name: &str, cluster: &ClusterSettings) -> Vec<SettingOrigin> {
        let mut config = self.config.clone();
        if config.settings.file.contexts.contains_key(name) {
            config.settings.context.value = Some(name.to_owned());
        }
        config.settings.cluster = cluster.clone();
        settings::origins(&config)
    }

    fn session(&self, name: &str, cluster: &ClusterSettings) -> Result<runtime::RuntimeSession> {
        Ok(runtime::RuntimeSession {
            access: open_access(name, cluster)?,
            settings: AppSettings {
                cluster: name.to_owned(),
                health: health_options(&self.config.settings.file, name),
                origins: self.origins(name, cluster),
                incidents: incidents::read(name),
                rows: self.settings.rows.clone().with_kept(if self.fresh {
                    BTreeMap::new()
                } else {
                    rows::FILE.read(name)
                }),
                queries: kept_queries::read(name, self.config.settings.history.value),
                view: (!self.fresh).then(|| kept_view::FILE.read(name)),
                addresses: cluster.addr.value.clone(),
                observer: cluster.observe.value,
                color: cluster.color.value.clone(),
                ..self.settings.clone()
            },
            theme: self.theme.clone(),
            cursors: known_cursors::read(name),
        })
    }
}

/// What the demo cluster is called.
const DEMO: &str = "demo";

/// Bytes of a descriptor file at most.
const MOST_DESCRIPTORS: u64 = 64 << 20;

/// The keymap with the user's own keys.
pub(crate) fn keymap(file: &config::ConfigFile) -> Result<Keymap> {
    let own = file.keys.iter();
    let own = own.map(|(command, chords)| (command.clone(), chords.all().to_vec()));
    let keymap = Keymap::default().customised(&own.collect());
    keymap.map_err(|error| CliError::usage(error.to_string()))
}

/// The decoders that the config file names, with what its descriptor files and Avro schemas say.
pub(crate) fn schemas(file: &config::ConfigFile) -> Result<Schemas> {
    let read = |(streams, rule): (&String, &DecodeRule)| {
        let wrong = |why: String| CliError::usage(format!("decode \"{streams}\": {why}"));
        let read = |path: &Path| {
            let bytes = private_file::read_file_within(path, MOST_DESCRIPTORS);
            bytes.map_err(|error| wrong(format!("{}: {error}", path.display())))
        };
        let (path, schema) = match rule {
            DecodeRule::Protobuf { file, message } => (file, Schema::new(&read(file)?, message)),
            DecodeRule::Avro(file) => (file, Schema::avro(&String::from_utf8_lossy(&read(file)?))),
            DecodeRule::Command { words, folder } => {
                let command = decoder_command(words, folder);
                return Ok((streams.clone(), DecodeMethod::from(command)));
            }
        };
        let schema = schema.map_err(|why| wrong(format!("{}: {why}", path.display())))?;
        Ok((streams.clone(), schema.into()))
    };
    let decoders: Result<Vec<_>> = file.decode.iter().map(read).collect();
    Ok(Schemas::new(decoders?))
}

/// A program that decodes values, as the config file names it.
pub(crate) fn decoder_command(words: &[String], folder: &Path) -> DecoderCommand {
    DecoderCommand {
        words: words.to_vec(),
        folder: folder.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_file_without_an_end_is_refused_with_a_sentence() {
        let text = "[decode.orders]\nprotobuf = \"/dev/zero\"\nmessage = \"x.Y\"\n";
        let file = config::ConfigFile::parse(text, Path::new("config.toml")).unwrap();
        let sentence = schemas(&file).unwrap_err().sentence.unwrap();
        assert!(sentence.contains("it holds more than"), "{sentence}");
    }

    #[test]
    fn a_file_that_is_no_schema_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("o.avsc");
        std::fs::write(&path, "{\"type\":\"record\"}").unwrap();
        let text = format!("[decode.orders]\navro = \"{}\"\n", path.display());
        let file = config::ConfigFile::parse(&text, Path::new("config.toml")).unwrap();
        let sentence = schemas(&file).unwrap_err().sentence.unwrap();
        assert!(
            sentence.contains("o.avsc: \"name\" is missing"),
            "{sentence}"
        );
    }
}
