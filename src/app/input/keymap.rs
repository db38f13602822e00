//! Which key means which command, and which key to show for a command: one table, read from `assets/keymap.toml`.
//!
//! A user's own bindings come from the config file.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::app::command::Command;
use crate::app::input::keys::{Chord, Key};
use crate::app::key_context::KeyContext;

const DEFAULTS: &str = include_str!("../../../assets/keymap.toml");

/// A command and the keys that mean it in a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Where.
    pub context: KeyContext,
    /// The keys, one after the other.
    pub chord: Chord,
    /// What they mean.
    pub command: Command,
}

/// All bindings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<NamedBinding>", from = "Vec<NamedBinding>")]
pub struct Keymap {
    bindings: Vec<Binding>,
}

/// A binding as it is recorded: a command by its name.
#[derive(Serialize, Deserialize)]
struct NamedBinding {
    context: KeyContext,
    chord: Chord,
    command: String,
}

impl From<Keymap> for Vec<NamedBinding> {
    fn from(keymap: Keymap) -> Self {
        let named = |binding: Binding| NamedBinding {
            context: binding.context,
            chord: binding.chord,
            command: binding.command.name().to_owned(),
        };
        keymap.bindings.into_iter().map(named).collect()
    }
}

impl From<Vec<NamedBinding>> for Keymap {
    /// What another version of the program calls otherwise has no key here.
    fn from(named: Vec<NamedBinding>) -> Self {
        let bindings = named.into_iter().filter_map(|binding| {
            Some(Binding {
                context: binding.context,
                chord: binding.chord,
                command: Command::from_name(&binding.command)?,
            })
        });
        Self {
            bindings: bindings.collect(),
        }
    }
}

/// What keys mean so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum Resolution {
    /// A command.
    Command(Command),
    /// The beginning of a longer chord.
    Pending,
    /// Nothing.
    Nothing,
}

/// Why a keymap cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeymapError {
    /// The file is not what it should be.
    Malformed(String),
    /// No command has this name.
    UnknownCommand(String),
    /// A text names no key.
    UnknownKey {
        /// What was to be bound.
        command: Command,
        /// The text that names no key.
        key: String,
    },
    /// Two commands want the same keys in the same place.
    Conflict {
        /// The keys.
        keys: String,
        /// The place.
        context: KeyContext,
        /// One command.
        one: Command,
        /// The other.
        other: Command,
    },
}

impl fmt::Display for KeymapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "the keymap cannot be read: {why}"),
            Self::UnknownCommand(name) => {
                write!(f, "\"{name}\" is no command; `liftui keys` lists them")
            }
            Self::UnknownKey { command, key } => {
                write!(
                    f,
                    "\"{key}\", bound to {command}, is no key; a key is like \"ctrl-x d\" or \"f5\""
                )
            }
            Self::Conflict {
                keys,
                context,
                one,
                other,
            } => {
                let place = context.name();
                write!(
                    f,
                    "\"{keys}\" means both {one} and {other} in [{place}]; rebind one of them"
                )
            }
        }
    }
}

impl std::error::Error for KeymapError {}

#[derive(Deserialize)]
#[serde(untagged)]
enum Keys {
    One(String),
    Many(Vec<String>),
}

impl Keys {
    fn into_list(self) -> Vec<String> {
        match self {
            Self::One(key) => vec![key],
            Self::Many(keys) => keys,
        }
    }
}

impl Default for Keymap {
    fn default() -> Self {
        Self::parse(DEFAULTS).expect("assets/keymap.toml is sound: a test reads it")
    }
}

impl Keymap {
    /// Reads a keymap: a section a context, a line a command, one key or a list.
    ///
    /// # Errors
    /// Where a context, command or key is unknown, or two commands want the same keys.
    fn parse(text: &str) -> Result<Self, KeymapError> {
        let sections: BTreeMap<KeyContext, BTreeMap<String, Keys>> =
            toml::from_str(text).map_err(|error| KeymapError::Malformed(error.to_string()))?;
        let mut bindings = Vec::new();
        for (context, commands) in sections {
            for (name, keys) in commands {
                let command = Command::from_name(&name).ok_or(KeymapError::UnknownCommand(name))?;
                bind(&mut bindings, context, command, &keys.into_list())?;
            }
        }
        let keymap = Self { bindings };
        keymap.check_sections()?;
        Ok(keymap)
    }

    /// The keymap with a user's own keys, command to keys: each replaces all keys of its command wherever it is bound.
    ///
    /// # Errors
    /// Where a command or key is unknown, or a user's keys mean something else already in a place where both count.
    pub fn customised(mut self, own: &BTreeMap<String, Vec<String>>) -> Result<Self, KeymapError> {
        let mut changed = Vec::new();
        for (name, keys) in own {
            let command = Command::from_name(name)
                .ok_or_else(|| KeymapError::UnknownCommand(name.clone()))?;
            let mut contexts: Vec<_> = self
                .bindings_of(command)
                .map(|binding| binding.context)
                .collect();
            contexts.dedup();
            self.bindings.retain(|binding| binding.command != command);
            for context in contexts {
                bind(&mut self.bindings, context, command, keys)?;
            }
            changed.push(command);
        }
        self.check_sections()?;
        self.check_across(&changed)?;
        Ok(self)
    }

    /// All bindings, section by section.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// What these keys mean where these contexts count, the closest first.
    pub(in crate::app) fn resolve(&self, contexts: &[KeyContext], pressed: &[Key]) -> Resolution {
        for context in contexts {
            let mut here = self
                .bindings
                .iter()
                .filter(|binding| binding.context == *context);
            if let Some(found) = here.clone().find(|binding| binding.chord.is(pressed)) {
                return Resolution::Command(found.command);
            }
            if here.any(|binding| binding.chord.begins_with(pressed)) {
                return Resolution::Pending;
            }
        }
        Resolution::Nothing
    }

    /// The keys to show for a command where these contexts count: the first ones that do mean it there.
    pub(crate) fn hint(&self, contexts: &[KeyContext], command: Command) -> Option<String> {
        let found = contexts.iter().find_map(|context| {
            let mut here = self
                .bindings_of(command)
                .filter(|binding| binding.context == *context);
            here.find(|binding| self.means(contexts, binding))
        });
        found.map(|binding| binding.chord.to_string())
    }

    /// All keys of a command where these contexts count.
    pub(crate) fn hints(&self, contexts: &[KeyContext], command: Command) -> Vec<&Chord> {
        let all = self
            .bindings_of(command)
            .filter(|binding| contexts.contains(&binding.context));
        let real = all.filter(|binding| self.means(contexts, binding));
        real.map(|binding| &binding.chord).collect()
    }

    fn means(&self, contexts: &[KeyContext], binding: &Binding) -> bool {
        let meant = self.resolve(contexts, binding.chord.keys());
        meant == Resolution::Command(binding.command)
    }

    fn bindings_of(&self, command: Command) -> impl Iterator<Item = &Binding> {
        self.bindings
            .iter()
            .filter(move |binding| binding.command == command)
    }

    /// Within a section no keys may mean two things, nor begin what means another.
    fn check_sections(&self) -> Result<(), KeymapError> {
        let mut by_context: HashMap<KeyContext, Vec<&Binding>> = HashMap::new();
        for binding in &self.bindings {
            let before = by_context.entry(binding.context).or_default();
            if let Some(other) = before.iter().find(|other| clash(other, binding)) {
                return Err(conflict(other, binding, binding.context));
            }
            before.push(binding);
        }
        Ok(())
    }

    /// Defaults may hide more general ones on purpose; a user's own keys may not, nor be hidden.
    fn check_across(&self, changed: &[Command]) -> Result<(), KeymapError> {
        let own = self
            .bindings
            .iter()
            .filter(|binding| changed.contains(&binding.command));
        for binding in own {
            let other = self
                .bindings
                .iter()
                .find(|other| clash(other, binding) && binding.context.overlaps(other.context));
            if let Some(other) = other {
                return Err(conflict(other, binding, other.context));
            }
        }
        Ok(())
    }
}

fn bind(
    bindings: &mut Vec<Binding>,
    context: KeyContext,
    command: Command,
    keys: &[String],
) -> Result<(), KeymapError> {
    for key in keys {
        let chord = Chord::parse(key).ok_or_else(|| KeymapError::UnknownKey {
            command,
            key: key.clone(),
        })?;
        bindings.push(Binding {
            context,
            chord,
            command,
        });
    }
    Ok(())
}

fn clash(one: &Binding, other: &Binding) -> bool {
    let same_keys =
        one.chord.begins_with(other.chord.keys()) || other.chord.begins_with(one.chord.keys());
    one.command != other.command && same_keys
}

fn conflict(one: &Binding, other: &Binding, context: KeyContext) -> KeymapError {
    KeymapError::Conflict {
        keys: other.chord.to_string(),
        context,
        one: one.command,
        other: other.command,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::command::{ClusterCommand, Motion};

    fn key(name: &str) -> Vec<Key> {
        Chord::parse(name).unwrap().keys().to_vec()
    }

    fn own(command: &str, keys: &str) -> BTreeMap<String, Vec<String>> {
        BTreeMap::from([(command.to_owned(), vec![keys.to_owned()])])
    }

    const STREAMS: &[KeyContext] = &[KeyContext::Streams, KeyContext::List, KeyContext::Global];

    #[test]
    fn every_command_has_a_key() {
        let keymap = Keymap::default();
        for command in Command::ALL {
            assert!(
                keymap.bindings_of(*command).next().is_some(),
                "{command} has no key"
            );
        }
    }

    #[test]
    fn the_closest_context_decides() {
        let keymap = Keymap::default();
        let list = &[KeyContext::List, KeyContext::Global];
        assert_eq!(
            keymap.resolve(STREAMS, &key("l")),
            Resolution::Command(ClusterCommand::Tail.into())
        );
        assert_eq!(
            keymap.resolve(list, &key("l")),
            Resolution::Command(Motion::Right.into())
        );
        assert_eq!(keymap.resolve(list, &key("f12")), Resolution::Nothing);
    }

    #[test]
    fn a_hint_is_a_key_that_works_there() {
        let keymap = Keymap::default();
        let shown = keymap.hint(STREAMS, Motion::Right.into());
        assert_eq!(shown.as_deref(), Some("→"), "l means tail among streams");
        assert_eq!(
            keymap.hint(&[KeyContext::Text], ClusterCommand::Delete.into()),
            None
        );
    }

    #[test]
    fn a_rebound_command_answers_to_its_new_keys_alone() {
        let keymap = Keymap::default()
            .customised(&own("streams.delete", "ctrl-x d"))
            .unwrap();
        assert_eq!(keymap.resolve(STREAMS, &key("ctrl-x")), Resolution::Pending);
        let both = key("ctrl-x d");
        assert_eq!(
            keymap.resolve(STREAMS, &both),
            Resolution::Command(ClusterCommand::Delete.into())
        );
        assert_eq!(keymap.resolve(STREAMS, &key("D")), Resolution::Nothing);
    }

    #[test]
    fn a_users_key_that_means_something_else_is_an_error() {
        for (command, keys) in [
            ("streams.delete", "l"),
            ("app.refresh", "z"),
            ("streams.create", "j k"),
            ("app.refresh", "j"),
        ] {
            let error = Keymap::default()
                .customised(&own(command, keys))
                .unwrap_err();
            assert!(
                matches!(error, KeymapError::Conflict { .. }),
                "{command}: {error}"
            );
        }
    }

    #[test]
    fn places_that_never_meet_may_share_a_key() {
        let keymap = Keymap::default().customised(&own("streams.delete", "ctrl-r"));
        assert!(
            keymap
                .unwrap()
                .customised(&own("tail.seek", "ctrl-r"))
                .is_ok()
        );
    }

    #[test]
    fn what_is_unknown_is_named() {
        let error = Keymap::default()
            .customised(&own("streams.remove", "x"))
            .unwrap_err();
        assert_eq!(error, KeymapError::UnknownCommand("streams.remove".into()));
        let error = Keymap::default()
            .customised(&own("streams.delete", "hyper-x"))
            .unwrap_err();
        assert!(error.to_string().contains("\"hyper-x\""), "{error}");
    }
}
