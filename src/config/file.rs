//! The config file (interface.md §5) as it is written: every key that there is, and what is wrong with one that is not.
//! Defaults and precedence are in `config`; nothing here knows the environment or flags.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::alert_section::Alerts;
use super::decode_rule::DecodeRule;
use super::folders::expand_home;
use super::recorder_section::RecorderSection;
use super::row_setting::{RowSetting, spanned_row};
use crate::model::{
    Zone, did_you_mean, format_duration, parse_address, parse_advertise, parse_duration,
    parse_interval, parse_size,
};

/// Bytes of a config file at most: far more than anybody writes.
const MOST_TEXT: usize = 4 << 20;
/// Brokers need time of their own: each answer costs them a look at all their partitions.
const SHORTEST_REFRESH: Duration = Duration::from_millis(200);
/// Colours that every terminal has.
const COLORS: [&str; 10] = [
    "black", "red", "green", "yellow", "blue", "magenta", "cyan", "gray", "darkgray", "white",
];

/// The file that `liftui config init` writes: every key, commented out.
pub const TEMPLATE: &str = include_str!("template.toml");

/// All that a config file may say. What it does not say is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigFile {
    /// The context that is used where none is named.
    pub current_context: Option<String>,
    /// Name or file of the theme.
    pub theme: Option<String>,
    /// The keyboard layout whose keys are known by their place.
    pub keyboard: Option<String>,
    /// Whether queries that were typed are kept for later runs.
    pub history: Option<bool>,
    /// Whether the dashboard takes the mouse.
    pub mouse: Option<bool>,
    /// Clusters by name.
    pub contexts: BTreeMap<String, ContextSection>,
    /// Limits of memory.
    pub memory: MemorySection,
    /// What is kept of the last minutes.
    pub recorder: RecorderSection,
    /// Intervals.
    pub refresh: Refresh,
    /// What the API does not tell of streams, by name.
    pub streams: BTreeMap<String, StreamSection>,
    /// Thresholds of findings.
    pub alerts: Alerts,
    /// Keys by command name: one chord, or several.
    pub keys: BTreeMap<String, Chords>,
    /// How times are shown.
    pub time: TimeSection,
    /// Decoders by stream name or pattern.
    pub decode: BTreeMap<String, DecodeRule>,
}

/// A named cluster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContextSection {
    /// The seed brokers, `host:port`: without any, another cluster would stand under this name.
    #[serde(deserialize_with = "addresses")]
    pub addr: Vec<String>,
    /// Whether it is only watched.
    #[serde(default)]
    pub observe: Option<bool>,
    /// The colour of the dashboard's frame.
    #[serde(default, deserialize_with = "color")]
    pub color: Option<String>,
    /// TLS, where the table is there.
    #[serde(default)]
    pub tls: Option<TlsFiles>,
    /// Pairs of an advertised address and the one to dial instead.
    #[serde(default, deserialize_with = "pairs")]
    pub advertise: Vec<(String, String)>,
    /// How long one request may take.
    #[serde(default, deserialize_with = "interval")]
    pub timeout: Option<Duration>,
}

/// Files of TLS; all left out means TLS with the system's roots.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsFiles {
    /// PEM file of the roots to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// PEM file of the client's certificate.
    pub cert: Option<PathBuf>,
    /// PEM file of the client's key.
    pub key: Option<PathBuf>,
    /// The name that the brokers' certificates carry.
    pub server_name: Option<String>,
}

/// Limits of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemorySection {
    /// Bytes that all open tails may keep together.
    #[serde(deserialize_with = "size")]
    pub tail_budget: Option<u64>,
}

/// Intervals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Refresh {
    /// How often every broker is asked for its metadata.
    #[serde(deserialize_with = "refresh_interval")]
    pub metadata: Option<Duration>,
}

/// How times are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimeSection {
    /// In which zone.
    #[serde(deserialize_with = "zone")]
    pub zone: Option<Zone>,
    /// As clocks or as ages, where they stand in a column.
    pub show: Option<TimeForm>,
}

/// How a time in a column is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeForm {
    /// As clocks show it.
    Clock,
    /// How long ago it was.
    Age,
}

/// What the API does not tell of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StreamSection {
    /// In-sync replicas below which nothing commits.
    pub min_isr: Option<u32>,
    /// What a row shows of its messages.
    #[serde(deserialize_with = "spanned_row")]
    pub row: Option<RowSetting>,
}

/// One chord or several for the same command.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a chord such as \"ctrl-x d\", or a list of chords"
)]
pub enum Chords {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl Chords {
    /// All of them.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(chord) => std::slice::from_ref(chord),
            Self::Several(chords) => chords,
        }
    }
}

/// What is wrong with a config file, in one sentence that names the file and the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(String);

impl ConfigError {
    /// An error with its sentence.
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl ConfigFile {
    /// Reads the file. Paths in it are taken from its own folder.
    ///
    /// # Errors
    /// Where it cannot be read, is no TOML, has an unknown key or a value that the key cannot take.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable =
            |why: String| ConfigError::new(format!("{} cannot be read: {why}", path.display()));
        let opened = std::fs::File::open(path).map_err(|error| unreadable(error.to_string()))?;
        let mut text = String::new();
        // A device has no end.
        let read = opened
            .take((MOST_TEXT + 1) as u64)
            .read_to_string(&mut text);
        if read.map_err(|error| unreadable(error.to_string()))? > MOST_TEXT {
            return Err(unreadable(format!("it holds more than {MOST_TEXT} bytes")));
        }
        let mut file = Self::parse(&text, path)?;
        file.place_paths(path.parent().unwrap_or(Path::new("")));
        Ok(file)
    }

    /// Understands the text of a file; `path` is for the sentence of an error.
    ///
    /// # Errors
    /// As [`ConfigFile::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let mut file: Self = toml::from_str(text).map_err(|error| explain(&error, text, path))?;
        let rows = file.streams.values_mut().filter_map(|one| one.row.as_mut());
        rows.for_each(|row| row.find_places(text));
        let current = file.current_context.as_deref();
        match current.filter(|name| !file.contexts.contains_key(*name)) {
            Some(name) => Err(ConfigError::new(format!(
                "{} line {}: current_context is \"{name}\", which [contexts] lacks{}",
                path.display(),
                line_of_context(text),
                did_you_mean(name, file.contexts.keys().map(String::as_str)),
            ))),
            None => Ok(file),
        }
    }

    fn place_paths(&mut self, folder: &Path) {
        let tls = self.contexts.values_mut().filter_map(|c| c.tls.as_mut());
        let tls = tls.flat_map(|tls| [&mut tls.ca, &mut tls.cert, &mut tls.key]);
        for path in tls.flatten() {
            *path = folder.join(expand_home(path));
        }
        for rule in self.decode.values_mut() {
            rule.place(folder);
        }
    }
}

/// The line in which the current context is named.
fn line_of_context(text: &str) -> usize {
    #[derive(Deserialize)]
    struct Named {
        current_context: toml::Spanned<toml::Value>,
    }
    let named = toml::from_str::<Named>(text);
    named.map_or(1, |named| line_at(text, named.current_context.span().start))
}

fn line_at(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.matches('\n').count() + 1
}

/// The sentence for what `toml` and `serde` found, with the line, and for an unknown key the nearest known one.
fn explain(error: &toml::de::Error, text: &str, path: &Path) -> ConfigError {
    let line = error.span().map_or(1, |span| {
        line_at(text, span.start + offset_in_list(error, text, span.clone()))
    });
    let message =
        known_faults(error.message()).unwrap_or_else(|| error.message().trim().replace('\n', ", "));
    ConfigError::new(format!("{} line {line}: {message}", path.display()))
}

/// An error about an element of a list has the span of the whole list; its sentence begins with the element's text.
fn offset_in_list(error: &toml::de::Error, text: &str, span: std::ops::Range<usize>) -> usize {
    let quoted = error.message().strip_prefix('"');
    let element = quoted.and_then(|rest| rest.split_once('"'));
    let list = text.get(span).filter(|list| list.starts_with('['));
    let at = list
        .zip(element)
        .and_then(|(list, (element, _))| list.find(&format!("\"{element}\"")));
    at.unwrap_or(0)
}

fn known_faults(message: &str) -> Option<String> {
    let no_address = "missing field `addr`";
    if message.starts_with(no_address) {
        return Some("a context needs the address of a broker: addr = [\"HOST:PORT\"]".to_owned());
    }
    unknown_key(message)
        .or_else(|| unknown_choice(message))
        .or_else(|| wrong_type(message))
}

/// What is unknown of a message that begins so, and what is known: every second part between backticks is a name.
fn names_in<'a>(message: &'a str, beginning: &str) -> Option<(&'a str, Vec<&'a str>)> {
    let mut names = message.strip_prefix(beginning)?.split('`').step_by(2);
    let unknown = names.next()?;
    Some((unknown, names.filter(|name| !name.is_empty()).collect()))
}

/// serde says ``unknown variant `a`, expected one of `b`, `c` ``, or ``expected `b` or `c` ``.
fn unknown_choice(message: &str) -> Option<String> {
    let (unknown, known) = names_in(message, "unknown variant `")?;
    let hint = did_you_mean(unknown, known.iter().copied());
    Some(format!(
        "\"{unknown}\" is none of {}{hint}",
        known.join(", ")
    ))
}

/// serde says ``invalid type: integer `10`, expected a string``.
fn wrong_type(message: &str) -> Option<String> {
    let rest = message.strip_prefix("invalid type: ")?;
    let (found, expected) = rest.split_once(", expected ")?;
    let (kind, value) = found.split_once(' ').unwrap_or((found, ""));
    let value = value.trim_matches('`');
    let found = match kind {
        "integer" | "boolean" => value.to_owned(),
        "floating" => value.trim_start_matches("point `").to_owned(),
        "string" => format!("the text {value}"),
        "sequence" => "a list".to_owned(),
        "map" => "a table".to_owned(),
        _ => found.to_owned(),
    };
    let expected = match expected.trim() {
        "a string" if kind == "integer" || kind == "floating" || kind == "boolean" => {
            format!("text belongs, in quotes: \"{found}\"")
        }
        "a string" => "text belongs, in quotes".to_owned(),
        "a sequence" if kind == "string" => format!("a list belongs: [{value}]"),
        "a sequence" => "a list belongs, in brackets".to_owned(),
        "a boolean" => "true or false belongs".to_owned(),
        "a map" => "a table belongs".to_owned(),
        other if other.starts_with("struct ") => "a table belongs".to_owned(),
        other if other.len() <= 5 && other.starts_with(['u', 'i']) => {
            "a whole number belongs".to_owned()
        }
        other => format!("{other} belongs"),
    };
    Some(format!("{found} stands where {expected}"))
}

/// serde says ``unknown field `a`, expected one of `b`, `c` ``.
fn unknown_key(message: &str) -> Option<String> {
    let (unknown, known) = names_in(message, "unknown field `")?;
    let hint = did_you_mean(unknown, known.iter().copied());
    if hint.is_empty() {
        return Some(format!(
            "unknown key \"{unknown}\"; there are {}",
            known.join(", ")
        ));
    }
    Some(format!("unknown key \"{unknown}\"{hint}"))
}

pub(super) fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(from)?;
    parse_duration(&text).map(Some).map_err(D::Error::custom)
}

pub(super) fn interval<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(from)?;
    parse_interval(&text).map(Some).map_err(D::Error::custom)
}

/// Every broker is asked so often, and each counts its partitions for it.
fn refresh_interval<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let interval = interval(from)?;
    let is_short = |interval: &Duration| *interval < SHORTEST_REFRESH;
    match interval.filter(is_short) {
        Some(short) => Err(D::Error::custom(format!(
            "\"{}\" is too short: every broker is asked so often; write {} or more",
            format_duration(short),
            format_duration(SHORTEST_REFRESH)
        ))),
        None => Ok(interval),
    }
}

/// A colour as themes have it: a name, the number of one of 256, or `#rrggbb`.
fn color<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    let plain = text.to_lowercase().replace([' ', '-', '_'], "");
    let plain = plain.replace("bright", "light").replace("grey", "gray");
    let hex = plain.strip_prefix('#').unwrap_or_default();
    let is_hex = hex.len() == 6 && hex.bytes().all(|digit| digit.is_ascii_hexdigit());
    let is_known = COLORS.contains(&plain.as_str())
        || plain
            .strip_prefix("light")
            .is_some_and(|name| COLORS.contains(&name) && name != "reset");
    if is_hex || is_known || plain.parse::<u8>().is_ok() {
        return Ok(Some(text));
    }
    Err(D::Error::custom(format!(
        "\"{text}\" is no colour{}; write one of {}, or #ff8800",
        did_you_mean(&plain, COLORS.into_iter()),
        COLORS.join(", ")
    )))
}

fn zone<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Zone>, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

pub(super) fn size<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(from)?;
    parse_size(&text).map(Some).map_err(D::Error::custom)
}

fn addresses<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    if texts.is_empty() {
        return Err(D::Error::custom(
            "a context needs the address of a broker: addr = [\"HOST:PORT\"]",
        ));
    }
    let read: Result<_, String> = texts.iter().map(|text| parse_address(text)).collect();
    read.map_err(D::Error::custom)
}

fn pairs<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, String)>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let read: Result<_, String> = texts.iter().map(|text| parse_advertise(text)).collect();
    read.map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConfigFile, String> {
        ConfigFile::parse(text, Path::new("config.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_told_with_what_belongs_there() {
        for (text, why) in [
            (
                "[alerts]\nafter = 10\n",
                "10 stands where text belongs, in quotes: \"10\"",
            ),
            (
                "[alerts]\ncommand = \"notify\"\n",
                "the text \"notify\" stands where a list belongs: [\"notify\"]",
            ),
            (
                "history = \"yes\"\n",
                "the text \"yes\" stands where true or false belongs",
            ),
            (
                "theme = [\"dark\"]\n",
                "a list stands where text belongs, in quotes",
            ),
            ("alerts = 1\n", "1 stands where a table belongs"),
        ] {
            let sentence = parse(text).unwrap_err();
            assert!(sentence.ends_with(why), "{text}: {sentence}");
        }
        let sentence = parse("[alerts]\nseverity = \"critcal\"\n").unwrap_err();
        assert!(
            sentence.contains("\"critcal\" is none of")
                && sentence.ends_with("did you mean \"critical\"?"),
            "{sentence}"
        );
    }

    #[test]
    fn every_key_that_the_template_shows_is_understood() {
        let shown = |line: &str| line.strip_prefix('#').unwrap_or(line).to_owned();
        let explained = |line: &&str| !line.starts_with("# ");
        let lines: Vec<String> = TEMPLATE.lines().filter(explained).map(shown).collect();
        let file = parse(&lines.join("\n")).expect("the template is right");
        let prod = &file.contexts["prod"];
        assert_eq!(prod.addr, ["10.0.0.1:9292", "10.0.0.2:9292"]);
        assert_eq!(prod.observe, Some(true));
        assert_eq!(file.memory.tail_budget, Some(512 << 20));
        assert_eq!(file.refresh.metadata, Some(Duration::from_secs(2)));
        assert_eq!(file.streams["orders"].min_isr, Some(2));
        let row = file.streams["orders"].row.as_ref().expect("a row");
        assert!(row.text().starts_with("{value.order} "));
        let row = file.streams["sensors*"].row.as_ref().expect("a row");
        assert_eq!(row.text(), "value.sensor value.reading header.unit");
        assert_eq!(file.time.zone, "Europe/Berlin".parse().ok());
        assert_eq!(file.time.show, Some(TimeForm::Age));
        assert_eq!(file.alerts.lag_time, Some(Duration::from_secs(300)));
        assert_eq!(file.keys["streams.delete"].all(), ["ctrl-x d"]);
        let protobuf = &file.decode["telemetry.*"];
        assert!(
            matches!(protobuf, DecodeRule::Protobuf { message, .. } if message == "acme.Reading")
        );
        let command = &file.decode["audit.*"];
        assert!(matches!(command, DecodeRule::Command { words, .. } if words.len() == 2));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_nearest_known_one() {
        let sentence = parse("theme = \"dark\"\n\n[memory]\ntail_buget = \"1G\"\n").unwrap_err();
        let expected =
            "config.toml line 4: unknown key \"tail_buget\"; did you mean \"tail_budget\"?";
        assert_eq!(sentence, expected);
        let sentence = parse("[refresh]\nxyzzy = 1").unwrap_err();
        assert_eq!(
            sentence,
            "config.toml line 2: unknown key \"xyzzy\"; there are metadata"
        );
        let sentence = parse("[contexts.prod.tls]\ncert_file = \"x\"").unwrap_err();
        assert!(sentence.starts_with("config.toml line 2: unknown key \"cert_file\""));
    }

    #[test]
    fn a_wrong_value_is_named_with_its_line() {
        let sentence = parse("[alerts]\nlag_time = \"5 minutes ago\"").unwrap_err();
        assert!(sentence.starts_with("config.toml line 2: \"5 minutes ago\" is not a duration"));
        let sentence = parse("[refresh]\nmetadata = \"0s\"").unwrap_err();
        assert!(sentence.starts_with("config.toml line 2: \"0s\" is no time at all"));
        let sentence = parse("[contexts.a]\naddr = [\"x:y\"]").unwrap_err();
        assert!(sentence.starts_with("config.toml line 2: \"x:y\" is not a broker's address"));
        let sentence = parse("theme = ").unwrap_err();
        assert!(sentence.starts_with("config.toml line 1: "), "{sentence}");
        assert!(!sentence.contains('\n'));
    }

    #[test]
    fn a_fault_is_named_with_the_line_that_it_stands_in() {
        for (text, line) in [
            (
                "\n\ncurrent_context = \"b\"\n[contexts.a]\naddr = [\"a:1\"]",
                3,
            ),
            ("[contexts.a]\naddr = [\n  \"a:1\",\n  \"b:99999\",\n]", 4),
            (
                "[contexts.a]\naddr = [\"a:1\"]\nadvertise = [\n\"a:1=b:1\",\n\"c\"\n]",
                5,
            ),
            ("[contexts.a]\n\naddr = []", 3),
            ("[refresh]\n# often\nmetadata = \"1ms\"", 3),
        ] {
            let error = ConfigFile::parse(text, Path::new("c")).unwrap_err();
            let said = error.to_string();
            assert!(
                said.starts_with(&format!("c line {line}: ")),
                "{text}: {said}"
            );
        }
    }

    #[test]
    fn each_byte_of_a_row_has_its_place_in_the_file() {
        let text = "[streams.a]\nrow = \"{key} {vlue}\"\n[streams.b]\nrow = [\"key\",\n  \"vlue\"]\n\
            [streams.c]\nrow = \"\\u007bvlue}\"";
        let file = parse(text).expect("the rows are not judged here");
        for (stream, at, line, column) in [
            ("a", 7, 2, 15),
            ("b", 4, 5, 4),
            ("b", 1, 4, 10),
            ("c", 1, 7, 7),
        ] {
            let row = file.streams[stream].row.as_ref().expect("a row");
            let place = row.place(at);
            assert_eq!((place.line, place.column), (line, column), "{stream} {at}");
        }
        let sentence = parse("[streams.a]\nrow = 5").unwrap_err();
        assert!(sentence.starts_with("config.toml line 2: "), "{sentence}");
        assert!(sentence.contains("a list of fields"), "{sentence}");
    }

    #[test]
    fn what_would_mislead_or_flood_is_refused_with_its_line_and_a_remedy() {
        for (text, line, remedy) in [
            (
                "[contexts.prod]\ncolor = \"red\"",
                1,
                "addr = [\"HOST:PORT\"]",
            ),
            ("\n[contexts.prod]\naddr = []", 3, "addr = [\"HOST:PORT\"]"),
            (
                "[contexts.prod]\naddr = [\"a\"]\ncolor = \"rde\"",
                3,
                "did you mean \"red\"?",
            ),
            (
                "[contexts.prod]\naddr = [\"a\"]\ncolor = \"\"",
                3,
                "#ff8800",
            ),
            ("[refresh]\nmetadata = \"1ms\"", 2, "write 200ms or more"),
        ] {
            let sentence = parse(text).unwrap_err();
            let place = format!("config.toml line {line}: ");
            assert!(sentence.starts_with(&place), "{text}: {sentence}");
            assert!(sentence.contains(remedy), "{text}: {sentence}");
        }
        for color in [
            "red",
            "Light Blue",
            "bright-red",
            "#ff8800",
            "208",
            "dark_grey",
        ] {
            let text = format!("[contexts.a]\naddr = [\"a\"]\ncolor = \"{color}\"");
            assert_eq!(parse(&text).err(), None, "{color}");
        }
    }

    #[test]
    fn the_current_context_must_exist() {
        let sentence =
            parse("current_context = \"prd\"\n[contexts.prod]\naddr = [\"a\"]").unwrap_err();
        assert!(
            sentence.ends_with("lacks; did you mean \"prod\"?"),
            "{sentence}"
        );
    }

    #[test]
    fn paths_are_taken_from_the_folder_of_the_file() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("config.toml");
        std::fs::write(
            &path,
            "[contexts.a]\naddr = [\"a\"]\ntls = { ca = \"ca.pem\", cert = \"~/c.pem\" }",
        )
        .expect("written");
        let file = ConfigFile::read(&path).expect("read");
        let tls = file.contexts["a"].tls.clone().expect("tls");
        assert_eq!(tls.ca, Some(folder.path().join("ca.pem")));
        let home = etcetera::home_dir().expect("a home");
        assert_eq!(tls.cert, Some(home.join("c.pem")));
    }
}
