//! `liftui config`: every setting with the place it came from, and `config init`.
//! What settings there are is `config`'s.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::{ConfigArgs, ConfigTask, Options};
use super::command_context::{CommandContext, ConfigLocation, ReadConfig};
use super::exit::{CliError, Exit, Result};
use super::output::{Column, OutputRow, output_row, plain};
use super::stdio::Stdio;
use super::{dashboard, theme};
use crate::app::SettingOrigin;
use crate::config::{
    Alerts, ConfigFile, DecodeRule, Setting, SettingSource, Settings, TEMPLATE, TlsFiles,
};
use crate::model::{format_duration, shell_line};

output_row! {
    /// A setting.
    struct SettingRow {
        setting: String,
        value: Value,
        from: String,
    }
}

impl OutputRow for SettingRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::text("SETTING", |row| row.setting.clone()),
        Column::text("VALUE", |row| plain(&row.value)),
        Column::text("FROM", |row| row.from.clone()),
    ];

    fn raw(&self) -> String {
        format!("{}\t{}", self.setting, plain(&self.value))
    }
}

/// Prints the settings, or writes the first config file.
pub(crate) fn perform(args: ConfigArgs, options: &Options, console: &mut Stdio) -> Result {
    if let Some(ConfigTask::Init) = args.task {
        return init(&ConfigLocation::find(options)?.path, console);
    }
    let mut context = CommandContext::open(options, console)?;
    let mut rows = SettingRows::new(&context.config);
    rows.settings(&context.settings);
    rows.rest_of_file(&context.settings.file);
    let rows = rows.rows;
    context.printer(args.output).print_all(&rows)?;
    // What only a dashboard needs is found wrong here already.
    theme::named(&context.settings.theme.value)?;
    dashboard::keymap(&context.settings.file)?;
    Ok(Exit::DONE)
}

/// Every setting with its value and where that came from, for people.
pub(crate) fn origins(config: &ReadConfig) -> Vec<SettingOrigin> {
    let mut rows = SettingRows::new(&config.location);
    rows.settings(&config.settings);
    rows.rest_of_file(&config.settings.file);
    let rows = rows.rows.into_iter();
    let file = config.location.path.display().to_string();
    rows.map(|row| SettingOrigin {
        value: plain(&row.value),
        setting: row.setting,
        // The first row says where the file is.
        from: row.from.replace(&file, "config file"),
    })
    .collect()
}

fn init(path: &Path, console: &mut Stdio) -> Result {
    write_new(path).map_err(|error| {
        let why = if error.kind() == io::ErrorKind::AlreadyExists {
            "exists already and is left as it is".to_owned()
        } else {
            format!("cannot be written: {error}")
        };
        CliError::new(Exit::FAILED, format!("{} {why}", path.display()))
    })?;
    writeln!(console.out, "{}", path.display())?;
    Ok(Exit::DONE)
}

fn write_new(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(TEMPLATE.as_bytes())
}

/// The lines of the table, in the order of the config file.
struct SettingRows {
    file: String,
    rows: Vec<SettingRow>,
}

impl SettingRows {
    fn new(location: &ConfigLocation) -> Self {
        let file = location.path.display().to_string();
        let missing = if location.path.exists() {
            ""
        } else {
            "; there is no such file"
        };
        let from = format!("{}{missing}", location.source);
        let mut rows = Self {
            file,
            rows: Vec::new(),
        };
        rows.push("config", json!(rows.file), from);
        rows
    }

    fn add<T>(&mut self, name: &str, setting: &Setting<T>, show: impl FnOnce(&T) -> Value) {
        let from = match &setting.source {
            SettingSource::File => self.file.clone(),
            SettingSource::Context(context) => format!("{}, context {context}", self.file),
            other @ (SettingSource::Default
            | SettingSource::Environment(_)
            | SettingSource::Flag(_)) => other.to_string(),
        };
        self.push(name, show(&setting.value), from);
    }

    fn settings(&mut self, settings: &Settings) {
        let cluster = &settings.cluster;
        self.add("context", &settings.context, |name| json!(name));
        self.add("addr", &cluster.addr, |addr| json!(addr.join(",")));
        self.add("tls", &cluster.tls, |tls| json!(tls.as_ref().map(tls_text)));
        self.add("advertise", &cluster.advertise, |pairs| {
            let texts = pairs.iter().map(|(left, right)| format!("{left}={right}"));
            let texts: Vec<String> = texts.collect();
            json!((!texts.is_empty()).then(|| texts.join(",")))
        });
        self.add("observe", &cluster.observe, |on| json!(on));
        self.add("timeout", &cluster.timeout, duration);
        self.add("color", &cluster.color, |color| json!(color));
        self.add("theme", &settings.theme, |theme| json!(theme));
        self.add("history", &settings.history, |on| json!(on));
        self.add("keyboard", &settings.keyboard, |name| json!(name));
        self.add("mouse", &settings.mouse, |on| json!(on));
        self.add("log", &settings.log, |log| json!(log));
        self.add("memory.tail_budget", &settings.tail_budget, |bytes| {
            json!(bytes)
        });
        self.add("recorder.minutes", &settings.recorder_minutes, |minutes| {
            json!(minutes)
        });
        self.add("recorder.max", &settings.recorder_max, |bytes| json!(bytes));
        self.add("recorder.messages", &settings.recorder_messages, |on| {
            json!(on)
        });
        self.add("refresh.metadata", &settings.refresh, duration);
        self.add("time.zone", &settings.zone, |zone| json!(zone.to_string()));
        self.add("time.show", &settings.ages, |ages| {
            json!(if *ages { "age" } else { "clock" })
        });
    }

    fn rest_of_file(&mut self, file: &ConfigFile) {
        for (name, facts) in &file.streams {
            if facts.min_isr.is_some() || facts.row.is_none() {
                self.of_file(&format!("streams.{name}.min_isr"), json!(facts.min_isr));
            }
            if let Some(row) = &facts.row {
                self.of_file(&format!("streams.{name}.row"), json!(row.text()));
            }
        }
        if let Some(messages) = file.alerts.lag_messages {
            self.of_file("alerts.lag_messages", json!(messages));
        }
        if let Some(time) = &file.alerts.lag_time {
            self.of_file("alerts.lag_time", duration(time));
        }
        self.alerts(&file.alerts);
        for (command, chords) in &file.keys {
            let chords = json!(chords.all().join(", "));
            self.of_file(&format!("keys.\"{command}\""), chords);
        }
        for (pattern, decode) in &file.decode {
            let value = match decode {
                DecodeRule::Protobuf { file, message } => {
                    format!("{message} of {}", file.display())
                }
                DecodeRule::Avro(file) => file.display().to_string(),
                DecodeRule::Command { words, .. } => shell_line(words),
            };
            self.of_file(&format!("decode.\"{pattern}\""), json!(value));
        }
    }

    /// How people are alerted, where that is set.
    fn alerts(&mut self, alerts: &Alerts) {
        let words = |words: String| (!words.is_empty()).then_some(words);
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let desktop = alerts.desktop.map(|one| format!("{one:?}").to_lowercase());
        let severity = alerts.severity.map(|one| format!("{one:?}").to_lowercase());
        let quiet = alerts.quiet;
        let quiet = quiet.map(|(from, to)| format!("{}-{}", clock(from), clock(to)));
        let values = [
            ("bell", alerts.bell.then(|| json!(true))),
            ("desktop", desktop.map(|text| json!(text))),
            ("title", alerts.title.then(|| json!(true))),
            (
                "command",
                words(shell_line(&alerts.command)).map(|text| json!(text)),
            ),
            // What follows the host may be a secret.
            (
                "webhook",
                alerts.webhook.as_deref().map(|url| json!(host_of(url))),
            ),
            ("severity", severity.map(|text| json!(text))),
            ("after", alerts.after.as_ref().map(duration)),
            ("quiet", quiet.map(|text| json!(text))),
            ("timeout", alerts.timeout.as_ref().map(duration)),
        ];
        for (name, value) in values {
            if let Some(value) = value {
                self.of_file(&format!("alerts.{name}"), value);
            }
        }
    }

    fn of_file(&mut self, name: &str, value: Value) {
        self.push(name, value, self.file.clone());
    }

    fn push(&mut self, name: &str, value: Value, from: String) {
        let setting = name.to_owned();
        self.rows.push(SettingRow {
            setting,
            value,
            from,
        });
    }
}

/// A URL without what follows its host.
fn host_of(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}/…")
}

fn duration(duration: &Duration) -> Value {
    json!(format_duration(*duration))
}

fn tls_text(tls: &TlsFiles) -> String {
    let roots = match &tls.ca {
        Some(path) => path.display().to_string(),
        None => "system's roots".into(),
    };
    let named = |label: &str, text: Option<String>| text.map(|text| format!(", {label} {text}"));
    let path =
        |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let parts = [
        named("cert", path(&tls.cert)),
        named("key", path(&tls.key)),
        named("server name", tls.server_name.clone()),
    ];
    roots + &parts.into_iter().flatten().collect::<String>()
}
