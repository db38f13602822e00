//! Takes over what a config file says that has changed while the dashboard runs, and says what of it counts at once; the
//! theme and keys that are chosen until the dashboard ends.

use std::collections::{BTreeMap, BTreeSet};

use super::App;
use super::effect::LoopEffect;
use super::notice::Level;
use super::overlays::{Overlay, themes_menu};
use super::read_settings::{ReadSettings, SettingOrigin};
use crate::app::Keymap;
use crate::model::Failure;

/// Settings that count as soon as they are read: all that begin so. Connections, memory and who is alerted are made once.
const COUNT_AT_ONCE: [&str; 8] = [
    "theme",
    "mouse",
    "color",
    "keys.",
    "streams.",
    "time.",
    "decode.",
    "alerts.lag_",
];

impl App {
    /// The config file has changed and was read again, or cannot be read any more.
    pub(super) fn on_settings(&mut self, read: Result<Box<ReadSettings>, Failure>) {
        let read = match read {
            Ok(read) => *read,
            Err(failure) => {
                let text = format!("{}; what it said before still counts", failure.sentence);
                return self.context.notify(Level::Error, text);
            }
        };
        let keymap = match Keymap::default().customised(&read.keys) {
            Ok(keymap) => keymap,
            Err(error) => return self.context.notify(Level::Error, error.to_string()),
        };
        self.show_changes(&read.origins);
        let settings = &mut self.context.settings;
        if settings.theme != read.theme {
            self.context.emit(LoopEffect::SetTheme(read.theme));
        }
        let settings = &mut self.context.settings;
        settings.keymap = keymap;
        settings.color = read.color;
        settings.contexts = read.contexts;
        let has_commands = settings.schemas.have_commands() || read.schemas.have_commands();
        let reads_otherwise = settings.schemas != read.schemas;
        settings.schemas = read.schemas.clone();
        settings.origins = read.origins;
        if settings.times != read.times {
            settings.times = read.times.clone();
            self.context.times = read.times;
        }
        if settings.mouse != read.mouse {
            settings.mouse = read.mouse;
            self.has_mouse = read.mouse;
            self.context.emit(LoopEffect::CaptureMouse(read.mouse));
        }
        self.find_sort_letters();
        self.screens.tails.on_settings(read.rows, read.schemas);
        if reads_otherwise && has_commands {
            self.decode_anew();
        }
        if reads_otherwise {
            self.screens.tails.search_anew(&mut self.context);
        }
        self.cluster.set_health_options(read.health);
    }

    fn show_changes(&mut self, now: &[SettingOrigin]) {
        let changed = changed(&self.context.settings.origins, now);
        let (at_once, later): (Vec<&str>, Vec<&str>) = changed
            .into_iter()
            .partition(|setting| counts_at_once(setting));
        let file = &self.context.settings.config_file;
        let text = match (at_once.as_slice(), later.as_slice()) {
            ([], []) => return,
            (_, []) => format!("{file} was read again: {}", at_once.join(", ")),
            ([], _) => format!(
                "{file} was read again: {} from the next start on",
                later.join(", ")
            ),
            _ => format!(
                "{file} was read again: {}; from the next start on {}",
                at_once.join(", "),
                later.join(", ")
            ),
        };
        self.context.notify(Level::Note, text);
    }

    /// The theme was changed to that one.
    pub(super) fn on_theme(&mut self, name: String) {
        let settings = &mut self.context.settings;
        let kept = settings.origins.iter().find(|one| one.setting == "theme");
        let is_kept = kept.is_none_or(|kept| kept.value == name);
        let text = format!(
            "theme {name} until you quit; theme = \"{name}\" in {} keeps it",
            settings.config_file
        );
        settings.theme = name;
        if !is_kept {
            self.context.notify(Level::Note, text);
        }
    }

    /// Offers the themes.
    pub(super) fn open_themes(&mut self) {
        let menu = themes_menu(&self.context.settings);
        self.overlays.show(Overlay::Menu(menu));
    }

    /// Binds a command to other keys until the dashboard ends: `streams.delete ctrl-x d`.
    pub(super) fn bind_key(&mut self, line: &str) {
        let (command, chord) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let chord = chord.trim();
        if chord.is_empty() {
            let text = "a command and its keys are wanted, as in `bind streams.delete ctrl-x d`";
            return self.context.notify(Level::Error, text);
        }
        let own = BTreeMap::from([(command.to_owned(), vec![chord.to_owned()])]);
        let settings = &mut self.context.settings;
        match settings.keymap.clone().customised(&own) {
            Ok(keymap) => {
                settings.keymap = keymap;
                let text = format!(
                    "{command} is {chord} until you quit; \"{command}\" = \"{chord}\" under [keys] in {} keeps it",
                    settings.config_file
                );
                self.find_sort_letters();
                self.context.notify(Level::Note, text);
            }
            Err(error) => self.context.notify(Level::Error, error.to_string()),
        }
    }
}

fn counts_at_once(setting: &str) -> bool {
    COUNT_AT_ONCE.iter().any(|start| setting.starts_with(start))
}

/// The settings that have another value than before, or are only there before or now.
fn changed<'a>(before: &'a [SettingOrigin], now: &'a [SettingOrigin]) -> BTreeSet<&'a str> {
    let values = |list: &'a [SettingOrigin]| {
        let pairs = list.iter().map(|one| (one.setting.as_str(), &one.value));
        pairs.collect::<BTreeMap<_, _>>()
    };
    let (before, now) = (values(before), values(now));
    let names = before.keys().chain(now.keys());
    names
        .filter(|name| before.get(*name) != now.get(*name))
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(setting: &str, value: &str) -> SettingOrigin {
        SettingOrigin {
            setting: setting.to_owned(),
            value: value.to_owned(),
            from: String::new(),
        }
    }

    #[test]
    fn settings_that_came_went_or_changed_are_named() {
        let before = [
            origin("theme", "dark"),
            origin("mouse", "true"),
            origin("keys.\"a\"", "x"),
        ];
        let now = [
            origin("theme", "light"),
            origin("mouse", "true"),
            origin("time.zone", "utc"),
        ];
        let found: Vec<&str> = changed(&before, &now).into_iter().collect();
        assert_eq!(found, ["keys.\"a\"", "theme", "time.zone"]);
    }

    #[test]
    fn connections_and_memory_are_made_once() {
        for setting in [
            "addr",
            "tls",
            "timeout",
            "observe",
            "memory.tail_budget",
            "refresh.metadata",
        ] {
            assert!(!counts_at_once(setting), "{setting}");
        }
    }
}
