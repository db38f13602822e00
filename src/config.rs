//! The config file, the environment and flags: one value for each setting, and where it came from.
//! A flag beats a context that a flag names, which beats the environment, which beats any other context, which beats the
//! file's top, which beats the default.

mod alert_section;
mod contexts;
mod decode_rule;
mod file;
mod folders;
mod recorder_section;
mod row_setting;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use alert_section::{AlertSeverity, Alerts, DesktopSequence};
pub use decode_rule::DecodeRule;
pub use file::{
    Chords, ConfigError, ConfigFile, ContextSection, MemorySection, Refresh, StreamSection,
    TEMPLATE, TimeForm, TimeSection, TlsFiles,
};
pub use folders::{Folders, expand_home};
pub use row_setting::{RowSetting, TextPlace};

use contexts::{context_name, named_context};

use crate::model::{DEFAULT_PORT, Zone, parse_addresses};

/// How long one request may take where nobody says otherwise.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingSource {
    /// Built in.
    Default,
    /// A key of the config file.
    File,
    /// The context of that name in the config file.
    Context(String),
    /// An environment variable, by name.
    Environment(&'static str),
    /// An option of the command line.
    Flag(&'static str),
}

impl fmt::Display for SettingSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File => f.write_str("config file"),
            Self::Context(name) => write!(f, "context {name}"),
            Self::Environment(variable) => write!(f, "environment, {variable}"),
            Self::Flag(flag) => write!(f, "command line, {flag}"),
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub source: SettingSource,
}

impl<T> Setting<T> {
    /// The first candidate that says something, else the default.
    fn choose<const N: usize>(candidates: [(Option<T>, SettingSource); N], default: T) -> Self {
        let mut candidates = candidates.into_iter();
        let found = candidates.find_map(|(value, source)| {
            Some(Self {
                value: value?,
                source,
            })
        });
        found.unwrap_or(Self {
            value: default,
            source: SettingSource::Default,
        })
    }
}

/// What the command line says about settings; what it does not say is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Seed brokers, completed to `host:port`.
    pub addr: Vec<String>,
    /// The context to use.
    pub context: Option<String>,
    /// TLS, where `--tls` or one of its files is given.
    pub tls: Option<TlsFiles>,
    /// Pairs of an advertised address and the one to dial instead.
    pub advertise: Vec<(String, String)>,
    /// Whether the cluster is only watched.
    pub observe: bool,
    /// How long one request may take.
    pub timeout: Option<Duration>,
    /// Name or file of the theme.
    pub theme: Option<String>,
    /// The zone of times.
    pub zone: Option<Zone>,
    /// Whether times in columns are ages.
    pub ages: bool,
    /// Whether the mouse is left to the terminal.
    pub no_mouse: bool,
    /// Where log lines go.
    pub log: Option<PathBuf>,
}

/// What the environment says about settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `LIFTUI_ADDR`.
    pub addr: Option<String>,
    /// Whether `NO_COLOR` is set and not empty.
    pub no_color: bool,
}

/// How one cluster is reached and treated.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterSettings {
    /// The context whose cluster it is; `None` where its addresses are not those of a context.
    pub context: Option<String>,
    /// Seed brokers, `host:port`, at least one.
    pub addr: Setting<Vec<String>>,
    /// TLS, or `None` for plaintext.
    pub tls: Setting<Option<TlsFiles>>,
    /// Pairs of an advertised address and the one to dial instead.
    pub advertise: Setting<Vec<(String, String)>>,
    /// Whether the cluster is only watched.
    pub observe: Setting<bool>,
    /// How long one request may take.
    pub timeout: Setting<Duration>,
    /// The colour of the dashboard's frame.
    pub color: Setting<Option<String>>,
}

impl ClusterSettings {
    /// A cluster at those addresses, all else as by default.
    pub fn of_addresses(addresses: Vec<String>) -> Self {
        let plain = |value| Setting {
            value,
            source: SettingSource::Default,
        };
        Self {
            context: None,
            addr: plain(addresses),
            tls: Setting::choose([], None),
            advertise: Setting::choose([], Vec::new()),
            observe: Setting::choose([], false),
            timeout: Setting::choose([], TIMEOUT),
            color: Setting::choose([], None),
        }
    }

    fn decide(
        flags: &Overrides,
        environment: &Environment,
        name: Option<&str>,
        context: &ContextSection,
    ) -> Result<Self, ConfigError> {
        let from = || SettingSource::Context(name.unwrap_or_default().to_owned());
        let addr = decide_addr(flags, environment, from(), context)?;
        // Another cluster may be reached as this context's is, but has neither its name nor its colour.
        let is_own = context.addr == addr.value;
        let color = context.color.clone().filter(|_| is_own).map(Some);
        let tls = [
            (flags.tls.clone().map(Some), SettingSource::Flag("--tls")),
            (context.tls.clone().map(Some), from()),
        ];
        let advertise = [
            (
                non_empty(&flags.advertise),
                SettingSource::Flag("--advertise"),
            ),
            (non_empty(&context.advertise), from()),
        ];
        let observe = [
            (
                flags.observe.then_some(true),
                SettingSource::Flag("--observe"),
            ),
            (context.observe, from()),
        ];
        let timeout = [
            (flags.timeout, SettingSource::Flag("--timeout")),
            (context.timeout, from()),
        ];
        Ok(Self {
            context: name.filter(|_| is_own).map(str::to_owned),
            addr,
            tls: Setting::choose(tls, None),
            advertise: Setting::choose(advertise, Vec::new()),
            observe: Setting::choose(observe, false),
            timeout: Setting::choose(timeout, TIMEOUT),
            color: Setting::choose([(color, from())], None),
        })
    }
}

/// Every setting, decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The context in use, where there is one.
    pub context: Setting<Option<String>>,
    /// The cluster to work on.
    pub cluster: ClusterSettings,
    /// Name or file of the theme.
    pub theme: Setting<String>,
    /// The keyboard layout whose keys are known by their place; `auto`, or `none`.
    pub keyboard: Setting<String>,
    /// Whether queries that were typed are kept for later runs.
    pub history: Setting<bool>,
    /// Whether the dashboard takes the mouse.
    pub mouse: Setting<bool>,
    /// Where log lines go.
    pub log: Setting<Option<PathBuf>>,
    /// The zone of times.
    pub zone: Setting<Zone>,
    /// Whether times in columns are ages.
    pub ages: Setting<bool>,
    /// Bytes that all open tails may keep together.
    pub tail_budget: Setting<u64>,
    /// How many of its last minutes a dashboard keeps.
    pub recorder_minutes: Setting<u64>,
    /// Bytes of that at most.
    pub recorder_max: Setting<u64>,
    /// Whether what messages hold is part of it.
    pub recorder_messages: Setting<bool>,
    /// How often every broker is asked for its metadata.
    pub refresh: Setting<Duration>,
    /// What else the file says: streams, alerts, keys, decoders, and the contexts that one can go to.
    pub file: ConfigFile,
}

impl Settings {
    /// Decides every setting.
    ///
    /// # Errors
    /// Where the named context does not exist, or `LIFTUI_ADDR` holds no addresses.
    pub fn decide(
        flags: &Overrides,
        environment: &Environment,
        file: ConfigFile,
    ) -> Result<Self, ConfigError> {
        let context = context_name(flags, environment, &file);
        let known = named_context(context.value.as_deref(), &file.contexts)?;
        let no_color = environment.no_color.then(|| "none".to_owned());
        let theme = [
            (flags.theme.clone(), SettingSource::Flag("--theme")),
            (no_color, SettingSource::Environment("NO_COLOR")),
            (file.theme.clone(), SettingSource::File),
        ];
        let mouse = [
            (
                flags.no_mouse.then_some(false),
                SettingSource::Flag("--no-mouse"),
            ),
            (file.mouse, SettingSource::File),
        ];
        let budget = [(file.memory.tail_budget, SettingSource::File)];
        let refresh = [(file.refresh.metadata, SettingSource::File)];
        let zone = [
            (flags.zone.clone(), SettingSource::Flag("--tz")),
            (file.time.zone.clone(), SettingSource::File),
        ];
        let shows_ages = file.time.show.map(|form| form == TimeForm::Age);
        let ages = [
            (flags.ages.then_some(true), SettingSource::Flag("--age")),
            (shows_ages, SettingSource::File),
        ];
        Ok(Self {
            cluster: ClusterSettings::decide(flags, environment, context.value.as_deref(), &known)?,
            theme: Setting::choose(theme, "auto".to_owned()),
            keyboard: Setting::choose(
                [(file.keyboard.clone(), SettingSource::File)],
                "auto".to_owned(),
            ),
            history: Setting::choose([(file.history, SettingSource::File)], true),
            mouse: Setting::choose(mouse, true),
            log: Setting::choose(
                [(flags.log.clone().map(Some), SettingSource::Flag("--log"))],
                None,
            ),
            tail_budget: Setting::choose(budget, 512 << 20),
            recorder_minutes: Setting::choose([(file.recorder.minutes, SettingSource::File)], 15),
            recorder_max: Setting::choose([(file.recorder.max, SettingSource::File)], 64 << 20),
            recorder_messages: Setting::choose(
                [(file.recorder.messages, SettingSource::File)],
                false,
            ),
            refresh: Setting::choose(refresh, Duration::from_secs(2)),
            zone: Setting::choose(zone, Zone::Local),
            ages: Setting::choose(ages, false),
            context,
            file,
        })
    }

    /// The settings of another context of the file: flags and environment named the cluster that is left, so they no
    /// longer count. Observing stays where the command line asked for it.
    ///
    /// # Errors
    /// Where there is no such context.
    pub fn cluster_of(&self, name: &str) -> Result<ClusterSettings, ConfigError> {
        let asked = self.cluster.observe.source == SettingSource::Flag("--observe");
        let flags = Overrides {
            observe: asked,
            ..Overrides::default()
        };
        let known = named_context(Some(name), &self.file.contexts)?;
        ClusterSettings::decide(&flags, &Environment::default(), Some(name), &known)
    }
}

fn decide_addr(
    flags: &Overrides,
    environment: &Environment,
    from: SettingSource,
    context: &ContextSection,
) -> Result<Setting<Vec<String>>, ConfigError> {
    let typed = non_empty(&flags.addr);
    let of_context = non_empty(&context.addr);
    let of_named = of_context.clone().filter(|_| flags.context.is_some());
    let is_beaten = typed.is_some() || of_named.is_some();
    // What does not count may say what it likes.
    let in_environment = if is_beaten {
        None
    } else {
        environment_addr(environment)?
    };
    let addr = [
        (typed, SettingSource::Flag("--addr")),
        (of_named, from.clone()),
        (in_environment, SettingSource::Environment("LIFTUI_ADDR")),
        (of_context, from),
    ];
    let local = format!("127.0.0.1:{DEFAULT_PORT}");
    Ok(Setting::choose(addr, vec![local]))
}

fn environment_addr(environment: &Environment) -> Result<Option<Vec<String>>, ConfigError> {
    let typed = environment.addr.as_deref().filter(|text| !text.is_empty());
    let read = typed.map(parse_addresses).transpose();
    read.map_err(|sentence| ConfigError::new(format!("LIFTUI_ADDR: {sentence}")))
}

fn non_empty<T: Clone>(list: &[T]) -> Option<Vec<T>> {
    (!list.is_empty()).then(|| list.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> ConfigFile {
        ConfigFile::parse(text, std::path::Path::new("c")).expect(text)
    }

    const PROD: &str = "current_context = \"prod\"\ntheme = \"dark\"\n[contexts.prod]\n\
        addr = [\"prod\"]\nobserve = true\n[contexts.dev]\naddr = [\"dev\"]";

    #[test]
    fn a_flag_beats_the_environment_which_beats_the_context_which_beats_the_default() {
        let mut flags = Overrides::default();
        let mut environment = Environment::default();
        let decide = |flags: &_, environment: &_, text| {
            let settings = Settings::decide(flags, environment, file(text)).expect("decided");
            (
                settings.cluster.addr.value.concat(),
                settings.cluster.addr.source,
            )
        };
        let found = decide(&flags, &environment, "");
        assert_eq!(found, ("127.0.0.1:9292".into(), SettingSource::Default));
        let found = decide(&flags, &environment, PROD);
        assert_eq!(
            found,
            ("prod:9292".into(), SettingSource::Context("prod".into()))
        );
        environment.addr = Some("env:1".into());
        let found = decide(&flags, &environment, PROD);
        assert_eq!(
            found,
            ("env:1".into(), SettingSource::Environment("LIFTUI_ADDR"))
        );
        flags.addr = vec!["flag:1".into()];
        let found = decide(&flags, &environment, PROD);
        assert_eq!(found, ("flag:1".into(), SettingSource::Flag("--addr")));
    }

    #[test]
    fn a_context_that_a_flag_names_beats_the_environment_and_names_only_its_own_cluster() {
        let decide = |context: Option<&str>, addr: &[&str], variable: &str| {
            let flags = Overrides {
                context: context.map(str::to_owned),
                addr: addr.iter().map(|one| (*one).to_owned()).collect(),
                ..Overrides::default()
            };
            let environment = Environment {
                addr: Some(variable.to_owned()),
                ..Environment::default()
            };
            let cluster = Settings::decide(&flags, &environment, file(PROD)).expect("decided");
            let cluster = cluster.cluster;
            (cluster.addr.value.concat(), cluster.context)
        };
        let named = |name: &str| Some(name.to_owned());
        let found = decide(Some("dev"), &[], "env:1");
        assert_eq!(found, ("dev:9292".into(), named("dev")));
        // Nobody asks whether a variable that is beaten could be read.
        let found = decide(Some("dev"), &[], "env:port");
        assert_eq!(found, ("dev:9292".into(), named("dev")));
        let found = decide(Some("dev"), &["flag:1"], "env:1");
        assert_eq!(found, ("flag:1".into(), None));
        let found = decide(Some("dev"), &["dev:9292"], "env:1");
        assert_eq!(found, ("dev:9292".into(), named("dev")));
        let found = decide(None, &[], "env:1");
        assert_eq!(
            found,
            ("env:1".into(), None),
            "prod is only the current one"
        );
        let found = decide(None, &[], "");
        assert_eq!(found, ("prod:9292".into(), named("prod")));
    }

    #[test]
    fn the_colour_of_a_context_is_that_of_its_own_cluster_only() {
        let text = "current_context = \"dev\"\n[contexts.dev]\naddr = [\"dev\"]\ncolor = \"red\"";
        let decide = |flags: Overrides| {
            let nothing = Environment::default();
            let settings = Settings::decide(&flags, &nothing, file(text)).expect("decided");
            settings.cluster.color.value
        };
        assert_eq!(decide(Overrides::default()), Some("red".to_owned()));
        let elsewhere = Overrides {
            addr: vec!["flag:1".to_owned()],
            ..Overrides::default()
        };
        assert_eq!(decide(elsewhere), None);
    }

    #[test]
    fn the_only_context_is_the_cluster_where_nobody_names_one() {
        let one = "[contexts.prod]\naddr = [\"prod\"]\nobserve = true";
        let two = format!("{one}\n[contexts.dev]\naddr = [\"dev\"]");
        let mut flags = Overrides::default();
        let decide = |flags: &_, environment: &_, text: &str| {
            let settings = Settings::decide(flags, environment, file(text)).expect("decided");
            let cluster = settings.cluster;
            let observes = cluster.observe.value;
            (
                settings.context.value,
                cluster.addr.value.concat(),
                observes,
            )
        };
        let nothing = Environment::default();
        let found = decide(&flags, &nothing, one);
        assert_eq!(found, (Some("prod".into()), "prod:9292".into(), true));
        let found = decide(&flags, &nothing, &two);
        assert_eq!(found, (None, "127.0.0.1:9292".into(), false));
        let environment = Environment {
            addr: Some("env:1".into()),
            ..Environment::default()
        };
        let found = decide(&flags, &environment, one);
        assert_eq!(found, (None, "env:1".into(), false));
        flags.addr = vec!["flag:1".into()];
        let found = decide(&flags, &nothing, one);
        assert_eq!(found, (None, "flag:1".into(), false));
    }

    #[test]
    fn an_unknown_context_is_named_with_the_nearest() {
        let flags = Overrides {
            context: Some("prdo".into()),
            ..Overrides::default()
        };
        let error = Settings::decide(&flags, &Environment::default(), file(PROD)).unwrap_err();
        let expected = "there is no context \"prdo\" in the config file; did you mean \"prod\"?";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn observing_by_flag_stays_when_the_context_changes() {
        let flags = Overrides {
            observe: true,
            addr: vec!["elsewhere:1".into()],
            ..Overrides::default()
        };
        let decided = Settings::decide(&flags, &Environment::default(), file(PROD));
        let dev = decided.and_then(|settings| settings.cluster_of("dev"));
        let dev = dev.expect("dev is a context");
        assert!(dev.observe.value);
        assert_eq!(dev.addr.value, ["dev:9292"]);
    }
}
